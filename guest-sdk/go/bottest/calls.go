package bottest

import (
	"encoding/json"
	"errors"
	"time"

	"the-mesh.dev/bot"
)

// longestCall is how long somebody waits who does not say it.
const longestCall = 30 * time.Second

// answered is what the bot answered: JSON, or what it says in place of that.
type answered struct {
	document string
	failure  error
}

func (w *world) BotCall(id, method, input string, _ time.Duration) (string, error) {
	others, err := w.asking()
	if err != nil {
		return "", err
	}
	if others == nil {
		return "", &bot.NotFoundError{What: id}
	}
	answer, err := others(id, method, json.RawMessage(input))
	switch {
	case errors.Is(err, bot.ErrNotFound):
		return "", err
	case err != nil:
		return "", &bot.FailedError{Why: err.Error()}
	}
	return encoded(answer)
}

// asking is who answers for other bots.
func (w *world) asking() (func(bot, method string, input json.RawMessage) (any, error), error) {
	defer w.lock()()
	return w.others, w.permit("command.invoke")
}

func (w *world) BotCallAnswer(_, document string, failure error) error {
	defer w.lock()()
	if err := w.permit("bot.state"); err != nil {
		return err
	}
	w.answered = &answered{document, failure}
	return nil
}

// takeAnswer is what the bot answered last.
func (w *world) takeAnswer() (string, error) {
	defer w.lock()()
	last := w.answered
	w.answered = nil
	switch {
	case last == nil:
		return "", errors.New("nobody waits for the answer any more")
	case last.failure != nil:
		return "", &bot.FailedError{Why: last.failure.Error()}
	}
	return last.document, nil
}
