package bot

import (
	"encoding/json"
	"iter"
)

// Draft is a message to be sent.
type Draft struct {
	RoomID string
	// Text is CommonMark, at most 64 KiB.
	Text string
	// ThreadID sends it in a thread of the room; empty for none.
	ThreadID string
	// ReplyTo is the message that it answers; empty for none.
	ReplyTo string
	// Files of this bot that come along: uploaded to the room, and not shown by a message yet.
	Files []string
	// Actions are buttons under it, at most 10; [Handlers.OnAction] is told when somebody presses one.
	Actions []Action
}

// Change is what becomes other of a message, and at least one thing does.
type Change struct {
	// Text is all of the new text; empty for the text as it is.
	Text string
	// Actions are buttons in place of those that it has: nil for those, and an empty list for none.
	Actions []Action
}

// Messages are for posting, reading, changing and deleting messages, and for reactions; see [Mesh].
type Messages struct{ host host }

// Post posts a text to a room. Needs message.post.
func (s Messages) Post(room, text string) (Message, error) {
	return s.Send(Draft{RoomID: room, Text: text})
}

// Send posts a message with everything that a draft can say. Needs message.post.
func (s Messages) Send(draft Draft) (Message, error) { return s.host.MessagePost(draft, false) }

// Stream posts a message of which more is to come: people see it while it is written. The text of the draft is its
// beginning, and may be empty. Needs message.post and message.edit.
func (s Messages) Stream(draft Draft) (*MessageWriter, error) {
	message, err := s.host.MessagePost(draft, true)
	if err != nil {
		return nil, err
	}
	return &MessageWriter{Message: message, host: s.host, text: []byte(draft.Text), sent: len(draft.Text)}, nil
}

// Get gives one message. Needs message.read.
func (s Messages) Get(message string) (Message, error) { return s.host.MessageGet(message) }

// List gives the messages of a room, newest first. Needs message.read.
func (s Messages) List(room string, size ...PageSize) iter.Seq2[Message, error] {
	return pages(size, func(page PageRequest) (Page[Message], error) { return s.host.MessageList(room, page) })
}

// Edit changes the text of one of the bot's own messages. Needs message.edit.
func (s Messages) Edit(message, text string) (Message, error) {
	return s.Change(message, Change{Text: text})
}

// Change changes the text of one of the bot's own messages, its buttons, or both. Needs message.edit.
func (s Messages) Change(message string, change Change) (Message, error) {
	return s.host.MessageEdit(message, change)
}

// Press presses a button under a message; its author is told, with these values: nil, or anything that becomes a JSON
// object. Needs message.react.
func (s Messages) Press(message, action string, values any) error {
	if values == nil {
		return s.host.MessageAct(message, action, "")
	}
	encoded, err := json.Marshal(values)
	if err != nil {
		return err
	}
	return s.host.MessageAct(message, action, string(encoded))
}

// Delete deletes a message. Needs message.delete.
func (s Messages) Delete(message string) error { return s.host.MessageDelete(message) }

// React puts an emoji on a message. Needs message.react.
func (s Messages) React(message, emoji string) error { return s.host.ReactionAdd(message, emoji) }

// Unreact takes the bot's own emoji off a message. Needs message.react.
func (s Messages) Unreact(message, emoji string) error { return s.host.ReactionRemove(message, emoji) }

// Threads of rooms; see [Mesh]. All of it needs message.read.
type Threads struct{ host host }

// Get gives one thread.
func (s Threads) Get(thread string) (Thread, error) { return s.host.ThreadGet(thread) }

// List gives the threads of a room.
func (s Threads) List(room string, size ...PageSize) iter.Seq2[Thread, error] {
	return pages(size, func(page PageRequest) (Page[Thread], error) { return s.host.ThreadList(room, page) })
}

// Replies gives what was said in a thread, oldest first.
func (s Threads) Replies(thread string, size ...PageSize) iter.Seq2[Message, error] {
	return pages(size, func(page PageRequest) (Page[Message], error) { return s.host.ThreadReplies(thread, page) })
}
