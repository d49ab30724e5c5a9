package bot

import (
	"encoding/json"
	"log/slog"
)

// Mesh is the mesh a bot is in: everything it can ask for starts here.
//
// Every call asks the mesh, which decides each time whether the bot may; nothing is cached here.
type Mesh struct {
	// Messages are for posting, reading, changing and deleting messages, and for reactions.
	Messages Messages
	// Threads, and what was said in them.
	Threads Threads
	// Rooms, and who is in them.
	Rooms Rooms
	// Members are the people and bots of the mesh.
	Members Members
	// KV is the bot's own store, which outlives every instance.
	KV KV
	// Files of rooms.
	Files Files
	// Timers of the bot, which outlive every instance.
	Timers Timers
	// Approvals are questions to people.
	Approvals Approvals
	// OwnBot is what the mesh knows about this bot: its state, grants and limits, and why it may not.
	OwnBot OwnBot
	// Log writes lines to the bot's log, which its keeper can read. Lines over the mesh's limits are dropped and counted.
	Log *slog.Logger

	host host
}

func newMesh(host host) *Mesh {
	return &Mesh{
		Messages:  Messages{host},
		Threads:   Threads{host},
		Rooms:     Rooms{host},
		Members:   Members{host},
		KV:        KV{host},
		Files:     Files{host},
		Timers:    Timers{host},
		Approvals: Approvals{host},
		OwnBot:    OwnBot{host},
		Log:       slog.New(&logHandler{write: host.Log}),
		host:      host,
	}
}

// Reply answers a message where it stands: in its thread if it is in one, and as a reply to it. Needs message.post.
func (m *Mesh) Reply(to Message, text string) (Message, error) {
	return m.Messages.Send(to.Draft(text))
}

// ReplyStreaming answers a message where it stands, bit by bit: people see the answer while it is written. Needs
// message.post and message.edit.
//
//	answer, err := m.ReplyStreaming(msg)
//	if err != nil {
//		return err
//	}
//	for word := range words {
//		fmt.Fprint(answer, word, " ")
//	}
//	return answer.Finish()
func (m *Mesh) ReplyStreaming(to Message) (*MessageWriter, error) {
	return m.Messages.Stream(to.Draft(""))
}

// React puts an emoji on a message. Needs message.react.
func (m *Mesh) React(to Message, emoji string) error {
	return m.Messages.React(to.ID, emoji)
}

// Config gives the bot's settings as a type of its own. Secrets are never in them.
//
//	type settings struct {
//		Greeting string `json:"greeting"`
//	}
//	own, err := m.Config[settings]()
func (m *Mesh) Config[T any]() (T, error) {
	settings, err := m.host.ConfigGet()
	return answer[T]("the settings", settings, err)
}

// Secret gives a secret that bot.toml names, as a person entered it; a [*NotFoundError] until then. Needs bot.state.
//
// The mesh takes it out of the bot's log and of its errors, where it stands there as it is.
func (m *Mesh) Secret(name string) (string, error) { return m.host.SecretRead(name) }

// Whoami says who this bot is in the mesh.
func (m *Mesh) Whoami() (Identity, error) { return m.host.Whoami() }

// About gives name and description of the mesh. Needs mesh.read.
func (m *Mesh) About() (MeshInfo, error) { return m.host.MeshGet() }

// Roles gives the roles of the mesh and what each may do, as the operation role.list answers. Needs mesh.read.
func (m *Mesh) Roles[T any]() (T, error) {
	roles, err := m.host.RoleList()
	return answer[T]("the roles", roles, err)
}

// PermissionQuestion asks whether the bot has a permission on something.
type PermissionQuestion struct {
	// Permission such as message.post.
	Permission string
	// Resource is the id of what it would be used on.
	Resource string
}

// May says whether this bot may use a permission on a resource right now. Needs mesh.read.
func (m *Mesh) May(permission, resource string) (bool, error) {
	answers, err := m.MayEach([]PermissionQuestion{{permission, resource}})
	return len(answers) == 1 && answers[0], err
}

// MayEach answers up to 100 questions with one call, in their order. Needs mesh.read.
func (m *Mesh) MayEach(questions []PermissionQuestion) ([]bool, error) {
	return m.host.PermissionCheck(questions)
}

// Sync gives rooms, unread counts and positions, as the operation event.sync answers; with the cursor of an earlier
// answer, everything since.
func (m *Mesh) Sync[T any](cursor string) (T, error) {
	answered, err := m.host.EventSync(cursor)
	return answer[T]("event.sync", answered, err)
}

// Operations gives the operations that this bot may use, as docs.ops answers.
func (m *Mesh) Operations[T any]() (T, error) {
	operations, err := m.host.DocsOps()
	return answer[T]("the operations", operations, err)
}

// answer reads what the mesh answered with, if it did.
func answer[T any](what, document string, err error) (T, error) {
	if err != nil {
		var none T
		return none, err
	}
	return parse[T](what, []byte(document))
}

// parse reads a JSON document.
func parse[T any](what string, document []byte) (T, error) {
	var value T
	if err := json.Unmarshal(document, &value); err != nil {
		return value, &MalformedError{What: what, Err: err}
	}
	return value, nil
}
