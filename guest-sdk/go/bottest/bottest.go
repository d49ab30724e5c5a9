// Package bottest is a mesh in memory, to test a bot on with go test, without a server.
//
//	func TestGreets(t *testing.T) {
//		test := bottest.New(t, newBot)
//		if err := test.By("Bob").InRoom("kitchen").Mention("hi"); err != nil {
//			t.Fatal(err)
//		}
//		if got := test.Replies(); !slices.Equal(got, []string{"hello, Bob"}) {
//			t.Errorf("got %q", got)
//		}
//
//		test.Deny("message.post", "the room is read only")
//		if err := test.Mention("hi"); !errors.Is(err, bot.ErrDenied) {
//			t.Errorf("got %v", err)
//		}
//	}
//
// The mesh has one room, general, with the bot and a person called Ada in it; more people and rooms appear when they are
// named. The bot starts before its first event. It may do what its bot.toml asks for and nothing else, so a capability
// that was forgotten fails a test rather than a deployment.
//
// What the mesh leaves out answers [bot.ErrUnavailable], unless [Mesh.Answer] says something else. It does not know the
// resource patterns of a manifest: a capability counts for everything.
package bottest

import (
	"encoding/json"
	"log/slog"
	"os"
	"testing"
	"time"

	"the-mesh.dev/bot"
)

// Mesh is a bot in a small mesh that exists only in memory.
//
// Methods that hand the bot an event give the error of its handler; [bot.OutcomeOf] says what a mesh does with it.
type Mesh struct {
	t      testing.TB
	newBot func() bot.Handlers
	world  *world
	mesh   *bot.Mesh
	// running is nil until the bot has started.
	running *bot.Handlers
}

// Option changes what [New] makes.
type Option func(*Mesh)

// New makes a mesh that grants everything that bot.toml in the folder of the test asks for. A manifest that is missing
// or wrong ends the test. newBot makes a fresh bot, once for each instance.
func New(t testing.TB, newBot func() bot.Handlers, options ...Option) *Mesh {
	t.Helper()
	test := &Mesh{t: t, newBot: newBot, world: newWorld()}
	test.mesh = bot.NewMesh(test.world)
	for _, option := range options {
		option(test)
	}
	if test.world.manifest == nil {
		text, err := os.ReadFile("bot.toml")
		if err != nil {
			t.Fatalf("the bot has no manifest: %v", err)
		}
		test.adopt(string(text))
	}
	return test
}

// WithManifest takes this text in place of that of bot.toml.
func WithManifest(text string) Option {
	return func(test *Mesh) {
		test.t.Helper()
		test.adopt(text)
	}
}

// Permissive allows everything, whatever the manifest says; it needs none.
func Permissive() Option {
	return func(test *Mesh) {
		test.world.manifest = &Manifest{}
		test.world.permissive = true
	}
}

func (test *Mesh) adopt(text string) {
	test.t.Helper()
	manifest, err := ParseManifest(text)
	if err != nil {
		test.t.Fatalf("bot.toml: %v", err)
	}
	test.world.adopt(manifest)
}

// Deny refuses a permission from now on; detail is the sentence that the bot gets to see.
func (test *Mesh) Deny(permission, detail string) {
	test.Fail(permission, &bot.DeniedError{Reason: "grant", Detail: detail})
}

// Fail answers every call that needs a permission with an error from now on.
func (test *Mesh) Fail(permission string, err error) {
	defer test.world.lock()()
	test.world.failing[permission] = err
}

// Allow allows a permission from now on, whether the manifest asks for it or not.
func (test *Mesh) Allow(permission string) {
	defer test.world.lock()()
	delete(test.world.failing, permission)
	test.world.granted[permission] = true
}

// Answer says what an operation answers that the mesh leaves out, such as bot.status; the value is written as JSON.
func (test *Mesh) Answer(operation string, value any) {
	test.t.Helper()
	defer test.world.lock()()
	test.world.answers[operation] = test.encode("the answer", value)
}

// HandleHTTP answers the bot's HTTP requests, to hosts that the manifest names. Secrets stand in their headers.
func (test *Mesh) HandleHTTP(handler func(bot.Request) (bot.Response, error)) {
	defer test.world.lock()()
	test.world.outside = handler
}

// HandleCalls answers what the bot asks other bots. The value is written as JSON, and an error is what the other bot
// says in place of an answer; with [bot.ErrNotFound] there is no such bot, as for all of them without this.
func (test *Mesh) HandleCalls(handler func(bot, method string, input json.RawMessage) (any, error)) {
	defer test.world.lock()()
	test.world.others = handler
}

// Configure gives the bot settings, and tells it so if it has started.
func (test *Mesh) Configure(settings any) error {
	test.t.Helper()
	test.world.configure(test.encode("the settings", settings))
	return test.changed()
}

// TellSecret enters a secret, as a person would, and tells the bot so if it has started.
func (test *Mesh) TellSecret(name, value string) error {
	test.t.Helper()
	test.world.tell(name, value)
	return test.changed()
}

func (test *Mesh) changed() error {
	if test.running == nil {
		return nil
	}
	return test.Event(bot.ConfigChanged{})
}

// Start starts the bot if it has not started; events do this by themselves.
func (test *Mesh) Start() error {
	if test.running != nil {
		return nil
	}
	handlers := test.newBot()
	if err := handlers.Begin(test.mesh); err != nil {
		return err
	}
	test.running = &handlers
	return nil
}

// Restart ends the instance and takes a fresh one: what the bot had in memory is forgotten, what is in the store stays.
func (test *Mesh) Restart() error {
	test.running = nil
	return test.Start()
}

// Mention has Ada mention the bot in general, with this text after the handle.
func (test *Mesh) Mention(text string) error { return test.By("Ada").Mention(text) }

// Message has Ada say something in general without mentioning the bot.
func (test *Mesh) Message(text string) error { return test.By("Ada").Message(text) }

// Press has Ada press a button of the bot's newest message that has it. One that is not there ends the test.
func (test *Mesh) Press(action string) error { return test.By("Ada").Press(action) }

// Command has Ada call one of the bot's slash commands in general, with this text behind it.
func (test *Mesh) Command(name, text string) error { return test.By("Ada").Command(name, text) }

// Call has Ada ask the bot for something; the input is written as JSON. Gives its answer, or what it says in place of one
// as a [*bot.FailedError]. An answer of another shape ends the test.
func (test *Mesh) Call[T any](method string, input any) (T, error) {
	test.t.Helper()
	return test.By("Ada").Call[T](method, input)
}

// Event hands the bot any event, caused by Ada.
func (test *Mesh) Event(payload bot.Payload) error {
	return test.eventBy(test.world.actor("Ada"), payload)
}

func (test *Mesh) eventBy(actor bot.Actor, payload bot.Payload) error {
	if err := test.Start(); err != nil {
		return err
	}
	seq, at := test.world.tick()
	return test.running.Handle(test.mesh, bot.Event{Stream: "test", Seq: seq, At: at, Actor: actor, Payload: payload})
}

// Now is the time in the mesh. It moves when something happens, and with [Mesh.Advance].
func (test *Mesh) Now() time.Time {
	defer test.world.lock()()
	return test.world.now()
}

// Advance lets time pass, and fires the timers that are due then, in order. It stops at the first error. Timers with
// Cron are left out; use [Mesh.Fire].
func (test *Mesh) Advance(by time.Duration) error {
	test.world.advance(by)
	for {
		timer, found := test.world.due()
		if !found {
			return nil
		}
		if err := test.Fire(timer); err != nil {
			return err
		}
	}
}

// Fire fires a timer, whether it is due or not.
func (test *Mesh) Fire(timer string) error {
	test.t.Helper()
	firing, err := test.world.fire(timer)
	if err != nil {
		test.t.Fatal(err)
	}
	return test.eventBy(serverActor, bot.TimerFired{Firing: firing})
}

// Timers gives those that have still to fire, in the order they were made.
func (test *Mesh) Timers() []bot.Timer { return test.world.pendingTimers() }

// Asked gives the questions to people that nobody has decided, oldest first.
func (test *Mesh) Asked() []bot.Approval { return test.world.asked() }

// Decide has Ada decide a question: approved or rejected, with the choice where there are some. A call that waited for
// it is not made, but its status is 200 when it was approved.
func (test *Mesh) Decide(approval, state, choice string) error {
	test.t.Helper()
	decision, err := test.world.decide(approval, state, choice)
	if err != nil {
		test.t.Fatal(err)
	}
	return test.Event(bot.ApprovalDecided{Decision: decision})
}

// Posts gives the messages that the bot has posted and not deleted, oldest first.
func (test *Mesh) Posts() []bot.Message { return test.world.saidBy(test.world.me.ID) }

// Replies gives the texts of [Mesh.Posts].
func (test *Mesh) Replies() []string {
	var texts []string
	for _, post := range test.Posts() {
		texts = append(texts, post.Text)
	}
	return texts
}

// Messages gives everybody's messages, oldest first.
func (test *Mesh) Messages() []bot.Message { return test.world.saidBy("") }

// Reaction is an emoji that the bot has put on a message.
type Reaction struct{ MessageID, Emoji string }

// Reactions gives those that the bot has made.
func (test *Mesh) Reactions() []Reaction {
	defer test.world.lock()()
	return append([]Reaction(nil), test.world.reactions...)
}

// Stored gives a value in the bot's store, and whether it is there. One of another shape ends the test.
func (test *Mesh) Stored[T any](key string) (value T, found bool) {
	test.t.Helper()
	stored, found := test.world.stored(key)
	if !found {
		return value, false
	}
	if err := json.Unmarshal(stored, &value); err != nil {
		test.t.Fatalf("the value stored at %s: %v", key, err)
	}
	return value, true
}

// Store puts a value into the bot's store, as an earlier instance would have.
func (test *Mesh) Store(key string, value any) {
	test.t.Helper()
	test.world.store(key, []byte(test.encode("the value", value)))
}

// AddFile puts a file of Ada's into a room.
func (test *Mesh) AddFile(room, name string, content []byte) bot.File {
	return test.world.addFile(test.Room(room).ID, name, content)
}

// FileContent gives the bytes of a file. One that is not there ends the test.
func (test *Mesh) FileContent(file string) []byte {
	test.t.Helper()
	content, err := test.world.content(file)
	if err != nil {
		test.t.Fatal(err)
	}
	return content
}

// Line is a line in the bot's log.
type Line struct {
	Level slog.Level
	Text  string
}

// Log gives the lines in the bot's log.
func (test *Mesh) Log() []Line {
	defer test.world.lock()()
	return append([]Line(nil), test.world.lines...)
}

// Room gives a room by its name; it is made if it is not there, with the bot in it.
func (test *Mesh) Room(name string) bot.Room { return test.world.room(name) }

// Mesh is the handle that the bot gets, to call parts of the bot directly.
func (test *Mesh) Mesh() *bot.Mesh { return test.mesh }

func (test *Mesh) encode(what string, value any) string {
	test.t.Helper()
	encoded, err := json.Marshal(value)
	if err != nil {
		test.t.Fatalf("%s: %v", what, err)
	}
	return string(encoded)
}
