package bot

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Call is what somebody asks this bot for and waits for, 30 seconds at most.
type Call struct {
	// ID names it.
	ID string
	// Method is what is asked for, in this bot's own words.
	Method string
	// Input is what it is asked with, a JSON document.
	Input json.RawMessage
	// By is who asks: a person or a bot.
	By Actor
	// Hops is how many bots stand between this call and the person who caused it.
	Hops int
	// Deadline is when nobody waits any more.
	Deadline time.Time
}

// Decode reads what the bot is asked with.
func (c Call) Decode[T any]() (T, error) { return parse[T]("the call's input", c.Input) }

// Call asks a bot of this mesh for something and waits for its answer: 30 seconds at most, or as long as timeout says,
// and never longer than whoever asked this bot waits. Needs command.invoke.
//
// What the other bot says in place of an answer is a [*FailedError]. A bot that waits handles nothing else meanwhile,
// unless bot.toml gives it several instances.
//
//	text, err := m.Call[string](translator, "translate", "guten Tag")
func (m *Mesh) Call[T any](bot, method string, input any, timeout ...time.Duration) (T, error) {
	var longest time.Duration
	if len(timeout) > 0 {
		longest = timeout[0]
	}
	encoded, err := json.Marshal(input)
	if err != nil {
		var none T
		return none, &MalformedError{What: "the call's input", Err: err}
	}
	answered, err := m.host.BotCall(bot, method, string(encoded), longest)
	return answer[T]("the bot's answer", answered, err)
}

// answer has the bot answer. Whoever asked hears of every failure, so the event is done with that.
func (h Handlers) answer(m *Mesh, call Call) error {
	answer, failed := h.answerTo(m, call)
	err := m.host.BotCallAnswer(call.ID, answer, failed)
	if errors.Is(err, ErrConflict) {
		return nil // Nobody waits any more.
	}
	return err
}

// answerTo is the answer as JSON. A panic is a failure too.
func (h Handlers) answerTo(m *Mesh, call Call) (answer string, err error) {
	defer recovered(m, &err)
	if h.OnCall == nil {
		return "", fmt.Errorf("this bot does not answer `%s`", call.Method)
	}
	value, err := h.OnCall(m, call)
	if err != nil {
		return "", err
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		return "", &MalformedError{What: "the answer", Err: err}
	}
	return string(encoded), nil
}
