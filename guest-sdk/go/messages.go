package bot

import "iter"

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
}

// Messages are for posting, reading, changing and deleting messages, and for reactions; see [Mesh].
type Messages struct{ host host }

// Post posts a text to a room. Needs message.post.
func (s Messages) Post(room, text string) (Message, error) {
	return s.Send(Draft{RoomID: room, Text: text})
}

// Send posts a message with everything that a draft can say. Needs message.post.
func (s Messages) Send(draft Draft) (Message, error) { return s.host.MessagePost(draft) }

// Get gives one message. Needs message.read.
func (s Messages) Get(message string) (Message, error) { return s.host.MessageGet(message) }

// List gives the messages of a room, newest first. Needs message.read.
func (s Messages) List(room string, size ...PageSize) iter.Seq2[Message, error] {
	return pages(size, func(page PageRequest) (Page[Message], error) { return s.host.MessageList(room, page) })
}

// Edit changes the text of one of the bot's own messages. Needs message.edit.
func (s Messages) Edit(message, text string) (Message, error) {
	return s.host.MessageEdit(message, text)
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
