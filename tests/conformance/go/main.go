// Conform-go is the conformance bot in Go; tests/conformance/README.md says what it does.
package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"strings"

	"the-mesh.dev/bot"
)

func main() { bot.Run(newBot()) }

// conform is what an instance keeps in memory.
type conform struct {
	// heard counts the messages without a mention.
	heard int
	// retried says that this instance has seen retry.
	retried bool
}

func newBot() bot.Handlers {
	c := &conform{}
	return bot.Handlers{
		OnMention:  c.onMention,
		OnMessage:  c.onMessage,
		OnEdit:     onEdit,
		OnReaction: onReaction,
		OnAction:   onAction,
		OnCommand:  onCommand,
		OnTimer:    onTimer,
		OnDecision: onDecision,
	}
}

func (c *conform) onMention(m *bot.Mesh, msg bot.Message) error {
	name, rest, _ := strings.Cut(msg.TextWithoutMention(), " ")
	command, known := commands[name]
	if !known {
		return nil
	}
	return command(request{m, c, msg, rest})
}

func (c *conform) onMessage(*bot.Mesh, bot.Message) error {
	c.heard++
	return nil
}

func onEdit(m *bot.Mesh, msg bot.Message) error {
	rest, watched := strings.CutPrefix(msg.Text, "watch ")
	if !watched {
		return nil
	}
	return post(m, msg.RoomID, "edited: "+rest)
}

func onReaction(m *bot.Mesh, reaction bot.Reaction) error {
	if reaction.Removed {
		return nil
	}
	return post(m, reaction.RoomID, reaction.Emoji+" by "+reaction.By.Name)
}

func onAction(m *bot.Mesh, press bot.Press) error {
	values, err := sorted(press.Values)
	if err != nil {
		return err
	}
	value := cmp.Or(press.Value, "nothing")
	text := press.By.Name + " pressed " + press.Action + " with " + value + " and " + values
	_, err = m.Messages.Change(press.Message.ID, bot.Change{Text: text, Actions: []bot.Action{}})
	return err
}

func onCommand(m *bot.Mesh, command bot.Command) error {
	arguments, err := sorted(command.Arguments)
	if err != nil {
		return err
	}
	return post(m, command.RoomID, command.By.Name+" called "+command.Name+" with "+command.Text+" and "+arguments)
}

// reminder is what a timer carries.
type reminder struct {
	Text string `json:"text"`
}

func onTimer(m *bot.Mesh, firing bot.Firing) error {
	carried, err := firing.Decode[reminder]()
	if err != nil {
		return err
	}
	return post(m, firing.RoomID, "reminder: "+carried.Text)
}

// onDecision speaks of questions, not of calls that had to wait.
func onDecision(m *bot.Mesh, decision bot.Decision) error {
	if decision.RoomID == "" || decision.Operation != "" {
		return nil
	}
	return post(m, decision.RoomID, "it is "+decision.State)
}

func post(m *bot.Mesh, room, text string) error {
	_, err := m.Messages.Post(room, text)
	return err
}

// sorted writes a JSON object with its keys in order and without spaces; null without one.
func sorted(object json.RawMessage) (string, error) {
	if object == nil {
		return "null", nil
	}
	decoder := json.NewDecoder(bytes.NewReader(object))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return "", err
	}
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return strings.TrimSpace(text.String()), err
}
