package bot

import (
	"encoding/json"
	"time"
)

// Event is something that happened. Stream and Seq together are its identity.
type Event struct {
	Stream string
	// Seq is its position in the stream.
	Seq uint64
	At  time.Time
	// Actor is who caused it.
	Actor   Actor
	Payload Payload
}

// Payload is what happened: one of [MessageCreated], [MessageCompleted], [MessageEdited],
// [MessageDeleted], [MessageActed], [ReactionAdded], [ReactionRemoved], [ThreadChanged], [RoomMemberJoined], [RoomMemberLeft], [RoomOpened], [RoomClosed],
// [CommandInvoked], [ApprovalDecided], [TimerFired], [BotCalled], [ConfigChanged], [GrantsChanged], [Gap] and [Other].
type Payload interface{ payload() }

type (
	// MessageCreated is a new message.
	MessageCreated struct{ Message Message }
	// MessageCompleted is a message that came bit by bit and has all of its text now.
	MessageCompleted struct{ Message Message }
	// MessageActed is the pressing of a button under a message of this bot.
	MessageActed struct{ Press Press }
	// MessageEdited is a message whose text changed.
	MessageEdited struct{ Message Message }
	// MessageDeleted tells of messages that are gone.
	MessageDeleted struct {
		RoomID     string
		MessageIDs []string
	}
	// ReactionAdded is an emoji put on a message, by the event's actor.
	ReactionAdded struct{ RoomID, MessageID, Emoji string }
	// ReactionRemoved is an emoji taken off a message, by the event's actor.
	ReactionRemoved struct{ RoomID, MessageID, Emoji string }
	// ThreadChanged is a thread that is new, or whose state changed.
	ThreadChanged struct{ Thread Thread }
	// RoomMemberJoined is somebody who came into a room.
	RoomMemberJoined struct{ Member RoomMember }
	// RoomMemberLeft is somebody who left a room.
	RoomMemberLeft struct{ RoomID, MemberID, Reason string }
	// RoomOpened is a room that the bot can see from now on.
	RoomOpened struct{ Room Room }
	// RoomClosed is a room that the bot does not see any more.
	RoomClosed struct{ RoomID, Reason string }
	// CommandInvoked is a call of one of the bot's slash commands.
	CommandInvoked struct{ Command Command }
	// ApprovalDecided is what came of a question to people.
	ApprovalDecided struct{ Decision Decision }
	// TimerFired is a timer of the bot that was due.
	TimerFired struct{ Firing Firing }
	// BotCalled is a question to the bot, whose answer somebody waits for.
	BotCalled struct{ Call Call }
	// ConfigChanged says that the bot's settings or secrets changed.
	ConfigChanged struct{}
	// GrantsChanged says that the bot's rights changed.
	GrantsChanged struct{}
	// Gap says that the log no longer reaches back to where the bot stopped.
	Gap struct {
		Stream         string
		FromSeq, ToSeq uint64
	}
	// Other is an event that this version of the contract has no case for.
	Other struct {
		Name string
		Data json.RawMessage
	}
)

func (MessageCreated) payload()   {}
func (MessageCompleted) payload() {}
func (MessageActed) payload()     {}
func (MessageEdited) payload()    {}
func (MessageDeleted) payload()   {}
func (ReactionAdded) payload()    {}
func (ReactionRemoved) payload()  {}
func (ThreadChanged) payload()    {}
func (RoomMemberJoined) payload() {}
func (RoomMemberLeft) payload()   {}
func (RoomOpened) payload()       {}
func (RoomClosed) payload()       {}
func (CommandInvoked) payload()   {}
func (ApprovalDecided) payload()  {}
func (TimerFired) payload()       {}
func (BotCalled) payload()        {}
func (ConfigChanged) payload()    {}
func (GrantsChanged) payload()    {}
func (Gap) payload()              {}
func (Other) payload()            {}

// Reaction is an emoji put on a message or taken off it.
type Reaction struct {
	RoomID    string
	MessageID string
	// Emoji as text.
	Emoji string
	// By is who reacted.
	By Actor
	// Removed says that it was taken off rather than put on.
	Removed bool
}

// Press is the pressing of a button under a message of this bot.
type Press struct {
	// Message as it is now.
	Message Message
	// Action is the id of the button.
	Action string
	// Value is what the button carried when it was pressed; empty without one.
	Value string
	// Values are what came along, a JSON object; nil without.
	Values json.RawMessage
	// By is who pressed it.
	By Actor
	// Hops is how many bots stand between this press and the person who caused it.
	Hops int
}

// Command is a slash command of this bot that somebody called in a room.
type Command struct {
	// Name is what bot.toml calls it.
	Name string
	// Text is what stood behind it, as it was typed.
	Text string
	// Arguments by name, a JSON object that fits the command's schema. Nil when it was only typed.
	Arguments json.RawMessage
	// RoomID is the room to answer in.
	RoomID string
	// By is who called it.
	By Actor
	// ReplyHandle names the call; whoever called was told the same one.
	ReplyHandle string
	// Hops is how many bots stand between this call and the person who caused it.
	Hops int
}

// Decision is what came of a question to people.
type Decision struct {
	ApprovalID string
	// RoomID is the room that it is about; empty without one.
	RoomID string
	// Operation is the call that waited; empty for a plain question.
	Operation string
	// State is approved, rejected, cancelled or expired.
	State string
	// Choice is the answer, where there were some to choose from.
	Choice string
	// Status is what the call came to, as an HTTP status; 0 when it was not made.
	Status int
}

// Firing is a timer of this bot that was due.
type Firing struct {
	TimerID string
	// RoomID is the room that it is about; empty without one.
	RoomID string
	// DueAt may be a while ago.
	DueAt time.Time
	// Data is what the timer was made with.
	Data json.RawMessage
}

// Decode reads what the timer was made with.
func (f Firing) Decode[T any]() (T, error) { return parse[T]("the timer's data", f.Data) }
