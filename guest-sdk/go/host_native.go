//go:build !wasip1

package bot

import (
	"log/slog"
	"time"
)

// Host is what stands behind a [Mesh]: one method for each function of the contract, named after the operations. In a
// component these are the imports of mesh:bot, which the linker leaves out where a bot does not use them. Natively it is
// whatever a test puts there; package bottest has a whole mesh. Empty texts, zero times and nil mean that a field is
// absent; answers that are texts are JSON documents.
type Host interface {
	Log(level slog.Level, text string)
	ConfigGet() (string, error)
	Whoami() (Identity, error)
	SecretRead(name string) (string, error)

	MeshGet() (MeshInfo, error)
	RoleList() (string, error)
	PermissionCheck(questions []PermissionQuestion) ([]bool, error)

	RoomList(page PageRequest) (Page[Room], error)
	RoomGet(room string) (Room, error)
	RoomCreate(room NewRoom) (Room, error)
	RoomJoin(room string) error
	RoomLeave(room string) error
	RoomMemberList(room string, page PageRequest) (Page[RoomMember], error)
	RoomMemberAdd(room, member string) (RoomMember, error)
	RoomMemberRemove(room, member string) error

	MessagePost(draft Draft, streaming bool) (Message, error)
	MessageGet(message string) (Message, error)
	MessageList(room string, page PageRequest) (Page[Message], error)
	MessageEdit(message string, change Change) (Message, error)
	MessageAppend(message string, offset uint64, text string, last bool) (length uint64, err error)
	// MessageAct takes the values as JSON.
	MessageAct(message, action, values string) error
	MessageDelete(message string) error
	ThreadList(room string, page PageRequest) (Page[Thread], error)
	ThreadGet(thread string) (Thread, error)
	ThreadReplies(thread string, page PageRequest) (Page[Message], error)
	ReactionAdd(message, emoji string) error
	ReactionRemove(message, emoji string) error

	MemberList(page PageRequest) (Page[Member], error)
	MemberGet(member string) (Member, error)

	BotList(page PageRequest) (string, error)
	BotGet(bot string) (string, error)
	BotStatus() (string, error)
	BotExplain(operation, resource string) (string, error)
	BotGrantList() (string, error)
	BotLimitGet() (string, error)
	BotSubscriptionGet() (string, error)
	BotSubscriptionPut(events, rooms []string) (string, error)

	// BotCall takes the input as JSON. What the other bot says in place of an answer is a [*FailedError].
	BotCall(bot, method, input string, timeout time.Duration) (string, error)
	// BotCallAnswer takes the answer as JSON, or what is said in its place.
	BotCallAnswer(call, answer string, failure error) error

	EventSync(cursor string) (string, error)
	RoomEventList(room string, after uint64, limit int) (string, error)

	KVGet(key string) (value Versioned[[]byte], found bool, err error)
	KVPut(key string, value []byte, expected *uint64) (version uint64, err error)
	KVDelete(key string) (bool, error)
	KVList(prefix string, page PageRequest) (Page[Entry], error)

	FileList(room string, page PageRequest) (Page[File], error)
	FileGet(file string) (File, error)
	FileDownload(file string) (FileSource, error)
	FileUpload(room, name string) (FileTarget, error)
	FileDelete(file string) error

	// TimerCreate takes the timer's data as JSON.
	TimerCreate(timer NewTimer, data string) (string, error)
	TimerList(page PageRequest) (string, error)
	TimerCancel(timer string) error

	HTTPFetch(request Request) (Response, error)

	ApprovalList(state string, page PageRequest) (string, error)
	// ApprovalRequest takes the operation's input as JSON.
	ApprovalRequest(request ApprovalRequest, input string) (string, error)
	ApprovalGet(approval string) (string, error)
	ApprovalCancel(approval string) (string, error)

	DocsOps() (string, error)
}

// FileSource is a file on its way out of a [Host].
type FileSource interface {
	// Read gives the next bytes, at most so many; none at the end.
	Read(most int) ([]byte, error)
	// Drop says that nobody reads on.
	Drop()
}

// FileTarget is a file on its way into a [Host].
type FileTarget interface {
	// Write adds bytes.
	Write(bytes []byte) error
	// Finish makes the file. Only once.
	Finish() (File, error)
	// Drop forgets what was written and not finished.
	Drop()
}

// NewMesh makes the handle of a bot in a mesh of a test's own. Natively only.
func NewMesh(host Host) *Mesh { return newMesh(host) }

type (
	host       = Host
	fileSource = FileSource
	fileTarget = FileTarget
)
