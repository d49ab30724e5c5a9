package main

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"the-mesh.dev/bot"
	"the-mesh.dev/bot/bottest"
)

// answers hands each command to the bot, and gives what it posted.
func answers(t *testing.T, test *bottest.Mesh, commands ...string) []string {
	t.Helper()
	before := len(test.Replies())
	for _, command := range commands {
		if err := test.Mention(command); err != nil {
			t.Errorf("%s: %v", command, err)
		}
	}
	return test.Replies()[before:]
}

func check(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestMessages(t *testing.T) {
	test := bottest.New(t, newBot)
	check(t, answers(t, test, "echo hello  you", "edit", "delete", "thread there", "nothing of that", "post plain"),
		"hello  you", "second", "there", "plain")
	posts := test.Posts()
	if posts[0].ReplyTo == "" || posts[2].ReplyTo != "" || posts[2].ThreadID == "" || posts[3].ReplyTo != "" {
		t.Errorf("only answers are replies: %+v", posts)
	}
	if err := test.By("Ada").InThread("thread_1").Mention("thread deep"); err != nil {
		t.Fatal(err)
	}
	if last := test.Posts()[4]; last.ThreadID != "thread_1" {
		t.Errorf("not in the thread: %+v", last)
	}
	answers(t, test, "react 🎉")
	if made := test.Reactions(); len(made) != 1 || made[0].Emoji != "🎉" {
		t.Errorf("reactions: %v", made)
	}
	check(t, answers(t, test, "get "+posts[0].ID, "get msg_0", "history 1", "history 2"),
		"hello  you", "not found", "not found", "@bot history 1 / not found")
}

func TestWritingAndButtons(t *testing.T) {
	test := bottest.New(t, newBot)
	check(t, answers(t, test, "stream one two", "buttons"), "one two", "choose")
	if err := test.By("Bob").PressWith("yes", map[string]int{"b": 1, "a": 2}); err != nil {
		t.Fatal(err)
	}
	check(t, test.Replies(), "one two", `Bob pressed yes with 1 and {"a":2,"b":1}`)
	check(t, answers(t, test, "press "+test.Posts()[1].ID), "conflict")
}

func TestWhatIsHeard(t *testing.T) {
	test := bottest.New(t, newBot)
	for range 2 {
		if err := test.Message("hm"); err != nil {
			t.Fatal(err)
		}
	}
	check(t, answers(t, test, "heard"), "2")
	said := test.Messages()[0].ID
	for _, err := range []error{
		test.By("Bob").Edit(said, "unwatched"),
		test.By("Bob").Edit(said, "watch this"),
		test.By("Bob").React(said, "👍"),
		test.By("Bob").Command("measure", "twice"),
		test.By("Bob").CommandWith("measure", map[string]any{"z": "<", "depth": 3}),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	check(t, test.Replies()[1:], "edited: this", "👍 by Bob", "Bob called measure with twice and null",
		`Bob called measure with  and {"depth":3,"z":"<"}`)
}

func TestStore(t *testing.T) {
	test := bottest.New(t, newBot)
	check(t, answers(t, test, "count", "count", "remember a/1 x y", "remember a/2 z", "recall a/1", "recall b", "keys a/",
		"forget a/1", "forget a/1", "bytes 1000", "claim c", "claim c"),
		"1", "2", "ok", "ok", "x y", "nothing", "a/1, a/2", "true", "false", "1000 of 1000", "mine", "conflict")
}

func TestItself(t *testing.T) {
	test := bottest.New(t, newBot)
	check(t, answers(t, test, "greeting", "secret TOKEN", "secret OTHER", "whoami", "members", "room new", "log careful"),
		"none", "not found", "denied", "bot", "Ada, bot", "denied", "logged")
	for _, err := range []error{
		test.Configure(map[string]string{"greeting": "hej"}),
		test.TellSecret("TOKEN", "åbcdefg"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	check(t, answers(t, test, "greeting", "secret TOKEN"), "hej", "7 characters")
	check(t, answers(t, test, "may message.post", "may room.create"), "true", "false")
	first, second := answers(t, test, "random"), answers(t, test, "random")
	if slices.Equal(first, second) {
		t.Errorf("twice the same: %v", first)
	}
	if log := test.Log(); len(log) != 2 || log[0].Text != "careful" || log[1].Text != "åbcdefg" {
		t.Errorf("log: %v", log)
	}
}

func TestFiles(t *testing.T) {
	test := bottest.New(t, newBot)
	check(t, answers(t, test, "file a.txt some text"), "here")
	check(t, answers(t, test, "shown "+test.Posts()[0].ID, "shown "+test.Messages()[0].ID), "a.txt", "none")
	large := test.AddFile("general", "large", []byte(strings.Repeat("x", 2500)))
	check(t, answers(t, test, "size "+large.ID, "size file_0"), "2500", "not found")
}

func TestLater(t *testing.T) {
	test := bottest.New(t, newBot)
	check(t, answers(t, test, "timers", "remind 30 tea", "ask may I?", "timers"), "0", "1")
	timers, asked := test.Timers(), test.Asked()
	if len(timers) != 1 || len(asked) != 1 || asked[0].Question != "may I?" {
		t.Fatalf("timers %v, asked %v", timers, asked)
	}
	if err := errors.Join(test.Fire(timers[0].ID), test.Decide(asked[0].ID, "approved", "")); err != nil {
		t.Fatal(err)
	}
	check(t, test.Replies()[2:], "reminder: tea", "it is approved")
	for range 51 {
		answers(t, test, "remind 60 water")
	}
	check(t, answers(t, test, "timers"), "50")
}

func TestOutside(t *testing.T) {
	test := bottest.New(t, newBot)
	test.HandleHTTP(func(request bot.Request) (bot.Response, error) {
		return bot.Response{Status: 418, Body: []byte(request.URL + " " + request.Header.Get("Authorization"))}, nil
	})
	if err := test.TellSecret("TOKEN", "abc"); err != nil {
		t.Fatal(err)
	}
	check(t, answers(t, test, "fetch http://localhost/", "fetch http://example.org/", "sendsecret http://localhost/ TOKEN"),
		"418: http://localhost/ ", "denied", "418: http://localhost/ Bearer abc")
}

func TestOutcomes(t *testing.T) {
	test := bottest.New(t, newBot)
	for command, want := range map[string]bot.Outcome{
		"fail it broke":   {Kind: bot.Failed, Why: "it broke"},
		"reject not mine": {Kind: bot.Rejected, Why: "not mine"},
		"retry":           {Kind: bot.RetryAfter, Wait: 100 * time.Millisecond},
	} {
		if got := bot.OutcomeOf(test.Mention(command)); got != want {
			t.Errorf("%s: got %+v, want %+v", command, got, want)
		}
	}
	check(t, answers(t, test, "retry"), "again")
	for permission, err := range map[string]error{
		"pending":      &bot.PendingError{ApprovalID: "approval_1"},
		"rate limited": &bot.RateLimitedError{Wait: time.Second},
		"invalid":      &bot.InvalidError{Why: "so"},
		"unavailable":  &bot.UnavailableError{Why: "so"},
	} {
		test.Fail("message.read", err)
		check(t, answers(t, test, "get msg_1"), permission)
	}
}
