package bottest

import (
	"fmt"
	"slices"

	"the-mesh.dev/bot"
)

// mostText is how many bytes a message may have.
const mostText = 64 * 1024

// keep remembers a message that somebody said, with an id and a position of its own.
func (w *world) keep(message bot.Message) bot.Message {
	defer w.lock()()
	return w.say(message)
}

func (w *world) say(message bot.Message) bot.Message {
	message.ID = w.id("msg")
	message.Seq = w.next()
	message.CreatedAt = w.now()
	message.Revision = 1
	w.messages = append(w.messages, &message)
	return message
}

// edit changes a message, whosever it is.
func (w *world) edit(id, text string) (bot.Message, error) {
	defer w.lock()()
	message, err := w.findMessage(id)
	if err != nil {
		return bot.Message{}, err
	}
	return w.change(message, bot.Change{Text: text}), nil
}

func (w *world) change(message *bot.Message, change bot.Change) bot.Message {
	if change.Text != "" {
		message.Text = change.Text
		message.Streaming = false
	}
	if change.Actions != nil {
		message.Actions = slices.Clone(change.Actions)
	}
	message.Revision++
	w.next()
	message.EditedAt = w.now()
	return *message
}

// saidBy gives an actor's messages, or everybody's.
func (w *world) saidBy(actor string) []bot.Message {
	defer w.lock()()
	return w.those(func(message *bot.Message) bool { return actor == "" || message.Author.ID == actor })
}

func (w *world) those(wanted func(*bot.Message) bool) []bot.Message {
	var found []bot.Message
	for _, message := range w.messages {
		if wanted(message) {
			found = append(found, *message)
		}
	}
	return found
}

func (w *world) findMessage(id string) (*bot.Message, error) {
	for _, message := range w.messages {
		if message.ID == id {
			return message, nil
		}
	}
	return nil, &bot.NotFoundError{What: id}
}

func (w *world) MessagePost(draft bot.Draft, streaming bool) (bot.Message, error) {
	defer w.lock()()
	if err := w.permit("message.post"); err != nil {
		return bot.Message{}, err
	}
	if _, err := w.inside(draft.RoomID); err != nil {
		return bot.Message{}, err
	}
	if len(draft.Text) > mostText {
		return bot.Message{}, &bot.InvalidError{Why: "a message has at most 64 KiB"}
	}
	if draft.Text == "" && len(draft.Files) == 0 && !streaming {
		return bot.Message{}, &bot.InvalidError{Why: "a message has a text, or files"}
	}
	if err := check(draft.Actions); err != nil {
		return bot.Message{}, err
	}
	files, err := w.show(draft.RoomID, draft.Files)
	if err != nil {
		return bot.Message{}, err
	}
	return w.say(bot.Message{
		RoomID:   draft.RoomID,
		ThreadID: draft.ThreadID,
		ReplyTo:  draft.ReplyTo,
		Author:   w.me,
		Text:     draft.Text,
		Trust:    "local",
		Hops:     1,
		Files:    files,

		Streaming: streaming,
		Actions:   slices.Clone(draft.Actions),
	}), nil
}

// check says whether a message may have these buttons.
func check(actions []bot.Action) error {
	if len(actions) > 10 {
		return &bot.InvalidError{Why: "a message has at most 10 buttons"}
	}
	for at, action := range actions {
		same := func(other bot.Action) bool { return other.ID == action.ID }
		if action.ID == "" || action.Label == "" || slices.ContainsFunc(actions[:at], same) {
			return &bot.InvalidError{Why: "each button has an id of its own, and a label"}
		}
	}
	return nil
}

func (w *world) MessageGet(id string) (bot.Message, error) {
	defer w.lock()()
	if err := w.permit("message.read"); err != nil {
		return bot.Message{}, err
	}
	message, err := w.findMessage(id)
	if err != nil {
		return bot.Message{}, err
	}
	return *message, nil
}

func (w *world) MessageList(room string, page bot.PageRequest) (bot.Page[bot.Message], error) {
	defer w.lock()()
	if err := w.permit("message.read"); err != nil {
		return bot.Page[bot.Message]{}, err
	}
	if _, err := w.inside(room); err != nil {
		return bot.Page[bot.Message]{}, err
	}
	messages := w.those(func(message *bot.Message) bool { return message.RoomID == room })
	slices.Reverse(messages)
	return paged(messages, page)
}

func (w *world) MessageEdit(id string, change bot.Change) (bot.Message, error) {
	defer w.lock()()
	message, err := w.own(id)
	switch {
	case err != nil:
		return bot.Message{}, err
	case change.Text == "" && change.Actions == nil:
		return bot.Message{}, &bot.InvalidError{Why: "there is a text, or there are buttons"}
	case change.Text == "" && message.Streaming:
		return bot.Message{}, &bot.ConflictError{Why: "more of the text is to come"}
	}
	if err := check(change.Actions); err != nil {
		return bot.Message{}, err
	}
	return w.change(message, change), nil
}

// own gives a message that the bot may change.
func (w *world) own(id string) (*bot.Message, error) {
	if err := w.permit("message.edit"); err != nil {
		return nil, err
	}
	message, err := w.findMessage(id)
	if err != nil {
		return nil, err
	}
	if message.Author != w.me {
		return nil, &bot.DeniedError{Reason: "ownership", Detail: "only its author may change a message"}
	}
	return message, nil
}

func (w *world) MessageAppend(id string, offset uint64, text string, last bool) (uint64, error) {
	defer w.lock()()
	message, err := w.own(id)
	switch {
	case err != nil:
		return 0, err
	case !message.Streaming || offset != uint64(len(message.Text)):
		return 0, &bot.ConflictError{Why: fmt.Sprintf("the text has %d bytes", len(message.Text))}
	case len(message.Text)+len(text) > mostText:
		return 0, &bot.InvalidError{Why: "a message has at most 64 KiB"}
	}
	message.Text += text
	message.Streaming = !last
	message.Revision++
	return uint64(len(message.Text)), nil
}

func (w *world) MessageAct(id, action, _ string) error {
	defer w.lock()()
	if err := w.permit("message.react"); err != nil {
		return err
	}
	message, err := w.findMessage(id)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(message.Actions, func(button bot.Action) bool { return button.ID == action }) {
		return &bot.ConflictError{Why: "this message has no such button"}
	}
	return nil
}

// button finds the newest message of the bot that has a button, and what that carries.
func (w *world) button(action string) (bot.Message, string, bool) {
	defer w.lock()()
	for _, message := range slices.Backward(w.messages) {
		for _, button := range message.Actions {
			if message.Author == w.me && button.ID == action {
				return *message, button.Value, true
			}
		}
	}
	return bot.Message{}, "", false
}

func (w *world) MessageDelete(id string) error {
	defer w.lock()()
	if err := w.permit("message.delete"); err != nil {
		return err
	}
	message, err := w.findMessage(id)
	if err != nil {
		return err
	}
	w.messages = slices.DeleteFunc(w.messages, func(kept *bot.Message) bool { return kept == message })
	return nil
}

// ThreadList gives the threads that something was said in.
func (w *world) ThreadList(room string, page bot.PageRequest) (bot.Page[bot.Thread], error) {
	defer w.lock()()
	if err := w.permit("message.read"); err != nil {
		return bot.Page[bot.Thread]{}, err
	}
	var threads []bot.Thread
	for _, message := range w.messages {
		known := slices.ContainsFunc(threads, func(thread bot.Thread) bool { return thread.ID == message.ThreadID })
		if message.RoomID == room && message.ThreadID != "" && !known {
			threads = append(threads, w.thread(message.ThreadID, room))
		}
	}
	return paged(threads, page)
}

func (w *world) ThreadGet(id string) (bot.Thread, error) {
	defer w.lock()()
	if err := w.permit("message.read"); err != nil {
		return bot.Thread{}, err
	}
	for _, message := range w.messages {
		if message.ThreadID == id {
			return w.thread(id, message.RoomID), nil
		}
	}
	return bot.Thread{}, &bot.NotFoundError{What: id}
}

func (w *world) thread(id, room string) bot.Thread {
	replies := w.those(func(message *bot.Message) bool { return message.ThreadID == id })
	return bot.Thread{
		ID:          id,
		RoomID:      room,
		ReplyCount:  len(replies),
		LastReplyAt: replies[len(replies)-1].CreatedAt,
	}
}

func (w *world) ThreadReplies(id string, page bot.PageRequest) (bot.Page[bot.Message], error) {
	defer w.lock()()
	if err := w.permit("message.read"); err != nil {
		return bot.Page[bot.Message]{}, err
	}
	return paged(w.those(func(message *bot.Message) bool { return message.ThreadID == id }), page)
}

func (w *world) ReactionAdd(id, emoji string) error {
	return w.react(id, func(reaction Reaction) {
		if !slices.Contains(w.reactions, reaction) {
			w.reactions = append(w.reactions, reaction)
		}
	}, emoji)
}

func (w *world) ReactionRemove(id, emoji string) error {
	return w.react(id, func(reaction Reaction) {
		w.reactions = slices.DeleteFunc(w.reactions, func(made Reaction) bool { return made == reaction })
	}, emoji)
}

func (w *world) react(id string, change func(Reaction), emoji string) error {
	defer w.lock()()
	if err := w.permit("message.react"); err != nil {
		return err
	}
	if _, err := w.findMessage(id); err != nil {
		return err
	}
	change(Reaction{id, emoji})
	return nil
}
