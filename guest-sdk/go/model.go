package bot

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Actor is somebody who does things in a mesh.
type Actor struct {
	ID string
	// Kind is person, bot, remote or server.
	Kind string
	// Name is the display name in this mesh.
	Name string
}

// Message is something said in a room.
type Message struct {
	ID     string
	RoomID string
	// ThreadID is the thread that this message replies in; empty outside of threads.
	ThreadID string
	// ReplyTo is the message that this one answers; empty without one.
	ReplyTo string
	Author  Actor
	// Text is CommonMark. Empty when Redacted.
	Text      string
	CreatedAt time.Time
	// EditedAt is zero when it was never edited.
	EditedAt time.Time
	// Revision rises by one with every change; the first is 1.
	Revision uint64
	// Seq is its position in the room's stream.
	Seq uint64
	// Trust is owner, local, federated or untrusted: written by the server, never by the author.
	Trust string
	// Hops is how many bots stand between this message and the person who caused it.
	Hops       int
	MentionsMe bool
	// Redacted says that the text was deleted or hidden after the event was written.
	Redacted  bool
	Reactions []ReactionCount
	// Files are those that it shows.
	Files []Attachment
	// Streaming says that its author is still writing it.
	Streaming bool
	// Actions are its buttons.
	Actions []Action
}

// Action is a button under a message.
type Action struct {
	// ID names it in its message: 1 to 64 of a to z, 0 to 9, _ and -.
	ID string
	// Label stands on it: 1 to 80 characters.
	Label string
	// Style is [Plain], [Primary] or [Danger].
	Style Style
	// Value is what its author is told with it, at most 2,000 bytes; empty for none.
	Value string
}

// Style is how a button looks.
type Style string

const (
	// Plain is like any other.
	Plain Style = ""
	// Primary is the one to press.
	Primary Style = "primary"
	// Danger does harm.
	Danger Style = "danger"
)

// ReactionCount is how often an emoji is on a message.
type ReactionCount struct {
	Emoji string
	Count int
	Mine  bool
}

// Attachment is a file that a message shows; [Files] has its bytes.
type Attachment struct {
	ID   string
	Name string
	// MediaType by its first bytes, such as image/png; never what somebody says it is.
	MediaType string
	// Size in bytes.
	Size int64
}

// Draft is what [Messages.Send] needs to answer this message where it stands: in its thread if it is in one, and as a
// reply to it.
func (msg Message) Draft(text string) Draft {
	return Draft{RoomID: msg.RoomID, Text: text, ThreadID: msg.ThreadID, ReplyTo: msg.ID}
}

// Thread is the id of the thread that this message replies in, or else of the one that begins with it: a reply to that
// starts the thread.
func (msg Message) Thread() string {
	if msg.ThreadID != "" {
		return msg.ThreadID
	}
	_, number, _ := strings.Cut(msg.ID, "_")
	return "thread_" + number
}

// TextWithoutMention is the text without the handle it begins with, and without the colon or comma after it.
//
// A handle is @ and then a to z, 0 to 9, _, . or -. Only one at the very beginning is taken off, whosever it is; a text
// that begins otherwise comes back as it is, trimmed.
func (msg Message) TextWithoutMention() string {
	text := strings.TrimSpace(msg.Text)
	afterSign, begins := strings.CutPrefix(text, "@")
	if !begins {
		return text
	}
	rest := strings.TrimLeftFunc(afterSign, inHandle)
	next, _ := utf8.DecodeRuneInString(rest)
	if len(rest) == len(afterSign) || unicode.IsLetter(next) || unicode.IsNumber(next) {
		return text
	}
	if strings.HasPrefix(rest, ":") || strings.HasPrefix(rest, ",") {
		rest = rest[1:]
	}
	return strings.TrimSpace(rest)
}

func inHandle(letter rune) bool {
	return 'a' <= letter && letter <= 'z' || '0' <= letter && letter <= '9' || strings.ContainsRune("_.-", letter)
}

// Member is somebody in the mesh.
type Member struct {
	ID     string
	Actor  Actor
	Handle string
	// Role is creator, admin, moderator, bot, member, guest or pending.
	Role     string
	JoinedAt time.Time
}

// Room is a place to talk in.
type Room struct {
	ID      string
	MeshID  string
	Name    string
	Slug    string
	Purpose string
	// Kind is chat, announcement or direct.
	Kind string
	// JoinRule is public, request, team, private or direct.
	JoinRule string
	Archived bool
	// MyRole is the bot's room role: owner, moderator, participant or read_only; empty when it is not in the room.
	MyRole      string
	MemberCount int
}

// RoomMember is somebody in a room.
type RoomMember struct {
	RoomID   string
	Member   Member
	RoomRole string
}

// Thread is a conversation that began with a message.
type Thread struct {
	ID     string
	RoomID string
	// RootID is the message that it began with.
	RootID     string
	Title      string
	Resolved   bool
	Locked     bool
	ReplyCount int
	// LastReplyAt is zero while there is none.
	LastReplyAt time.Time
}

// Identity is who a bot is in its mesh.
type Identity struct {
	Actor    Actor
	MemberID string
	MeshID   string
	Role     string
}

// MeshInfo is name and description of a mesh.
type MeshInfo struct{ ID, Name, Slug, Description string }
