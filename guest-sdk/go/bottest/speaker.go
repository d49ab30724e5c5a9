package bottest

import (
	"encoding/json"

	"the-mesh.dev/bot"
)

// Speaker is somebody about to do something; see [Mesh.By].
type Speaker struct {
	test                      *Mesh
	name, room, thread, trust string
}

// By is somebody of that name; they join the mesh if they are new.
func (test *Mesh) By(name string) Speaker {
	return Speaker{test: test, name: name, room: "general", trust: "local"}
}

// InRoom says where: in the room of this name, which is made if it is not there.
func (s Speaker) InRoom(name string) Speaker {
	s.room = name
	return s
}

// InThread says where: in a thread with this id.
func (s Speaker) InThread(id string) Speaker {
	s.thread = id
	return s
}

// TrustedAs says with which trust: owner, local, federated or untrusted.
func (s Speaker) TrustedAs(trust string) Speaker {
	s.trust = trust
	return s
}

// Mention mentions the bot, with this text after its handle.
func (s Speaker) Mention(text string) error { return s.say("@bot "+text, true) }

// Message says something without mentioning the bot.
func (s Speaker) Message(text string) error { return s.say(text, false) }

func (s Speaker) say(text string, mentionsMe bool) error {
	author := s.test.world.actor(s.name)
	message := s.test.world.keep(bot.Message{
		RoomID:     s.test.Room(s.room).ID,
		ThreadID:   s.thread,
		Author:     author,
		Text:       text,
		Trust:      s.trust,
		MentionsMe: mentionsMe,
	})
	return s.test.eventBy(author, bot.MessageCreated{Message: message})
}

// Edit changes the text of a message. One that is not there ends the test.
func (s Speaker) Edit(message, text string) error {
	s.test.t.Helper()
	edited, err := s.test.world.edit(message, text)
	if err != nil {
		s.test.t.Fatal(err)
	}
	return s.test.eventBy(s.test.world.actor(s.name), bot.MessageEdited{Message: edited})
}

// React puts an emoji on a message.
func (s Speaker) React(message, emoji string) error {
	return s.test.eventBy(s.test.world.actor(s.name), bot.ReactionAdded{
		RoomID: s.test.Room(s.room).ID, MessageID: message, Emoji: emoji,
	})
}

// Unreact takes an emoji off a message.
func (s Speaker) Unreact(message, emoji string) error {
	return s.test.eventBy(s.test.world.actor(s.name), bot.ReactionRemoved{
		RoomID: s.test.Room(s.room).ID, MessageID: message, Emoji: emoji,
	})
}

// Press presses a button of the bot's newest message that has it. One that is not there ends the test.
func (s Speaker) Press(action string) error { return s.press(action, nil) }

// PressWith presses a button with values: anything that becomes a JSON object.
func (s Speaker) PressWith(action string, values any) error {
	s.test.t.Helper()
	return s.press(action, json.RawMessage(s.test.encode("the values", values)))
}

func (s Speaker) press(action string, values json.RawMessage) error {
	s.test.t.Helper()
	message, value, found := s.test.world.button(action)
	if !found {
		s.test.t.Fatalf("no message of the bot has the button %s", action)
	}
	return s.test.eventBy(s.test.world.actor(s.name), bot.MessageActed{Press: bot.Press{
		Message: message,
		Action:  action,
		Value:   value,
		Values:  values,
	}})
}

// Command calls one of the bot's slash commands, with this text behind it.
func (s Speaker) Command(name, text string) error { return s.call(name, text, nil) }

// CommandWith calls one of the bot's slash commands with arguments by name: anything that becomes a JSON object.
func (s Speaker) CommandWith(name string, arguments any) error {
	s.test.t.Helper()
	return s.call(name, "", json.RawMessage(s.test.encode("the arguments", arguments)))
}

// Call asks the bot for something, as [Mesh.Call] does.
func (s Speaker) Call[T any](method string, input any) (T, error) {
	s.test.t.Helper()
	var value T
	err := s.test.eventBy(s.test.world.actor(s.name), bot.BotCalled{Call: bot.Call{
		ID:       s.test.world.newID("botcall"),
		Method:   method,
		Input:    json.RawMessage(s.test.encode("the input", input)),
		Deadline: s.test.Now().Add(longestCall),
	}})
	if err != nil {
		return value, err
	}
	answer, err := s.test.world.takeAnswer()
	if err != nil {
		return value, err
	}
	if err := json.Unmarshal([]byte(answer), &value); err != nil {
		s.test.t.Fatalf("the answer to %s: %v", method, err)
	}
	return value, nil
}

func (s Speaker) call(name, text string, arguments json.RawMessage) error {
	return s.test.eventBy(s.test.world.actor(s.name), bot.CommandInvoked{Command: bot.Command{
		Name:        name,
		Text:        text,
		Arguments:   arguments,
		RoomID:      s.test.Room(s.room).ID,
		ReplyHandle: s.test.world.newID("cmdcall"),
	}})
}
