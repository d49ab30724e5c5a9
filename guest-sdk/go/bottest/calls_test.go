package bottest_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"the-mesh.dev/bot"
	"the-mesh.dev/bot/bottest"
)

type weight struct {
	By    string `json:"by"`
	Grams int    `json:"grams"`
}

// scales weigh words, and have another bot translate them before if they are asked to.
func scales() bot.Handlers {
	return bot.Handlers{OnCall: func(m *bot.Mesh, c bot.Call) (any, error) {
		switch c.Method {
		case "weigh":
			word, err := c.Decode[string]()
			return weight{c.By.Name, len(word)}, err
		case "translate":
			return m.Call[string]("bot_2", "translate", c.Input, time.Second)
		case "later":
			return nil, bot.Retry(time.Second)
		case "function":
			return func() {}, nil
		case "panic":
			panic("too heavy")
		}
		return nil, fmt.Errorf("what is `%s`?", c.Method)
	}}
}

func TestABotAnswers(t *testing.T) {
	test := permissive(t, scales())
	if got, err := test.By("Bob").Call[weight]("weigh", "tea"); err != nil || got != (weight{"Bob", 3}) {
		t.Errorf("got %v, %v", got, err)
	}
	for method, want := range map[string]string{
		"boil":     "what is `boil`?",
		"later":    "to be tried again in 1000 ms",
		"panic":    "panic: too heavy",
		"function": "unexpected shape of the answer: json: unsupported type: func()",
	} {
		_, err := test.Call[any](method, nil)
		if !errors.Is(err, bot.ErrFailed) || err.Error() != want {
			t.Errorf("%s: got %v", method, err)
		}
	}
	if log := test.Log(); len(log) != 1 || !strings.HasPrefix(log[0].Text, "panic: too heavy\n") {
		t.Errorf("got %v", log)
	}
	if _, err := test.Call[any]("weigh", 7); !errors.Is(err, bot.ErrFailed) {
		t.Errorf("got %v", err)
	}
}

func TestABotWithoutAHandlerSaysSo(t *testing.T) {
	_, err := permissive(t, bot.Handlers{}).Call[any]("weigh", nil)
	if !errors.Is(err, bot.ErrFailed) || err.Error() != "this bot does not answer `weigh`" {
		t.Errorf("got %v", err)
	}
}

func TestAnAnswerThatNobodyWaitsForIsDone(t *testing.T) {
	test := permissive(t, scales())
	test.Fail("bot.state", &bot.ConflictError{Why: "nobody waits"})
	check(t, test.Event(bot.BotCalled{Call: bot.Call{Method: "weigh", Input: json.RawMessage(`"tea"`)}}))
	test.Deny("bot.state", "not here")
	if _, err := test.Call[any]("weigh", "tea"); !errors.Is(err, bot.ErrDenied) {
		t.Errorf("got %v", err)
	}
}

func TestOtherBotsAreAsked(t *testing.T) {
	test := permissive(t, scales())
	if _, err := test.Mesh().Call[string]("bot_2", "translate", "Tee"); !errors.Is(err, bot.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	test.HandleCalls(func(id, method string, input json.RawMessage) (any, error) {
		switch {
		case id != "bot_2":
			return nil, &bot.NotFoundError{What: id}
		case string(input) != `"Tee"`:
			return nil, errors.New("I do not know that word")
		}
		return method + "d: tea", nil
	})
	if got, err := test.Call[string]("translate", "Tee"); err != nil || got != "translated: tea" {
		t.Errorf("got %q, %v", got, err)
	}
	_, err := test.Mesh().Call[string]("bot_2", "translate", "Kaffee")
	if failed, is := errors.AsType[*bot.FailedError](err); !is || failed.Why != "I do not know that word" {
		t.Errorf("got %v", err)
	}
	if _, err := test.Mesh().Call[string]("bot_3", "translate", "Tee"); !errors.Is(err, bot.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	if _, err := test.Mesh().Call[int]("bot_2", "translate", "Tee"); !errors.Is(err, bot.ErrMalformed) {
		t.Errorf("got %v", err)
	}
	test.Deny("command.invoke", "not here")
	if _, err := test.Mesh().Call[string]("bot_2", "translate", "Tee"); !errors.Is(err, bot.ErrDenied) {
		t.Errorf("got %v", err)
	}
}

func TestTheManifestAllowsAnswering(t *testing.T) {
	manifest := "schema = 1\n[bot]\nname = \"scales\"\nversion = \"0.1.0\"\n"
	test := bottest.New(t, scales, bottest.WithManifest(manifest))
	if _, err := test.Call[any]("weigh", "tea"); !errors.Is(err, bot.ErrDenied) {
		t.Errorf("got %v", err)
	}
}
