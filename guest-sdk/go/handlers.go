package bot

import (
	"fmt"
	"log/slog"
	"runtime/debug"
)

// Handlers are what a bot does. Those that are nil do nothing, so a bot sets only those it needs.
//
// What the mesh does with the error that a handler gives is told by [OutcomeOf].
type Handlers struct {
	// Start runs once in each instance, before its first event. An error stops the bot.
	Start func(m *Mesh) error

	// OnMention gets messages that mention this bot. If it is nil, OnMessage gets them. A message that came bit by bit
	// comes once, when it is complete.
	OnMention func(m *Mesh, msg Message) error

	// OnMessage gets messages that do not mention this bot. Only bots that hear everything get those.
	OnMessage func(m *Mesh, msg Message) error

	// OnEdit gets messages whose text changed, in their new revision.
	OnEdit func(m *Mesh, msg Message) error

	// OnReaction is told that an emoji was put on a message or taken off it.
	OnReaction func(m *Mesh, r Reaction) error

	// OnAction is told that somebody pressed a button under a message of this bot. Its buttons stay until the bot
	// changes the message.
	OnAction func(m *Mesh, p Press) error

	// OnCommand answers one of the bot's slash commands, with a message in its room.
	OnCommand func(m *Mesh, c Command) error

	// OnCall answers what somebody asks this bot for and waits for. The value is the answer, anything that can be written
	// as JSON; every error is told to whoever asked, and the event is done. Needs bot.state.
	OnCall func(m *Mesh, c Call) (any, error)

	// OnTimer is told that a timer of the bot has fired.
	OnTimer func(m *Mesh, f Firing) error

	// OnDecision is told what came of a question that the bot asked, or of a call that it had to ask about.
	OnDecision func(m *Mesh, d Decision) error

	// OnConfigChanged is told that the bot's settings or secrets changed. Read them again.
	OnConfigChanged func(m *Mesh) error

	// OnEvent gets everything else: deletions, threads, people and rooms that come and go, changed rights, gaps, and
	// what later versions of the mesh may send. Look at the type of its payload.
	OnEvent func(m *Mesh, e Event) error
}

// Handle gives an event to the handler for it. A panic becomes an error.
func (h Handlers) Handle(m *Mesh, e Event) (err error) {
	defer recovered(m, &err)
	return h.dispatch(m, e)
}

// Begin runs Start, if there is one. A panic becomes an error.
func (h Handlers) Begin(m *Mesh) (err error) {
	defer recovered(m, &err)
	return call(h.Start, m)
}

func (h Handlers) dispatch(m *Mesh, e Event) error {
	switch payload := e.Payload.(type) {
	case MessageCreated:
		return h.said(m, payload.Message)
	case MessageCompleted:
		return h.said(m, payload.Message)
	case MessageActed:
		press := payload.Press
		press.By = e.Actor
		return callWith(h.OnAction, m, press)
	case MessageEdited:
		if payload.Message.Redacted {
			return nil
		}
		return callWith(h.OnEdit, m, payload.Message)
	case ReactionAdded:
		return callWith(h.OnReaction, m, Reaction{payload.RoomID, payload.MessageID, payload.Emoji, e.Actor, false})
	case ReactionRemoved:
		return callWith(h.OnReaction, m, Reaction{payload.RoomID, payload.MessageID, payload.Emoji, e.Actor, true})
	case CommandInvoked:
		command := payload.Command
		command.By = e.Actor
		return callWith(h.OnCommand, m, command)
	case BotCalled:
		asked := payload.Call
		asked.By = e.Actor
		return h.answer(m, asked)
	case TimerFired:
		return callWith(h.OnTimer, m, payload.Firing)
	case ApprovalDecided:
		return callWith(h.OnDecision, m, payload.Decision)
	case ConfigChanged:
		return call(h.OnConfigChanged, m)
	default:
		return callWith(h.OnEvent, m, e)
	}
}

func (h Handlers) said(m *Mesh, msg Message) error {
	switch {
	case msg.Redacted:
		return nil // Deleted before the bot saw it: there is nothing left to answer.
	case msg.MentionsMe && h.OnMention != nil:
		return h.OnMention(m, msg)
	}
	return callWith(h.OnMessage, m, msg)
}

func call(handler func(*Mesh) error, m *Mesh) error {
	if handler == nil {
		return nil
	}
	return handler(m)
}

func callWith[T any](handler func(*Mesh, T) error, m *Mesh, what T) error {
	if handler == nil {
		return nil
	}
	return handler(m, what)
}

// recovered makes a panic an error, and leaves its stack in the log.
func recovered(m *Mesh, err *error) {
	if panicked := recover(); panicked != nil {
		*err = fmt.Errorf("panic: %v", panicked)
		m.host.Log(slog.LevelError, fmt.Sprintf("panic: %v\n%s", panicked, debug.Stack()))
	}
}
