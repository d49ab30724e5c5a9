package bottest_test

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"the-mesh.dev/bot"
	"the-mesh.dev/bot/bottest"
)

// diary writes down what a bot is given.
type diary struct{ seen []string }

func (d *diary) note(format string, values ...any) error {
	d.seen = append(d.seen, fmt.Sprintf(format, values...))
	return nil
}

func (d *diary) handlers() bot.Handlers {
	return bot.Handlers{
		Start:     func(*bot.Mesh) error { return d.note("start") },
		OnMention: func(_ *bot.Mesh, msg bot.Message) error { return d.note("mention %s", msg.TextWithoutMention()) },
		OnMessage: func(_ *bot.Mesh, msg bot.Message) error { return d.note("message %s", msg.Text) },
		OnEdit:    func(_ *bot.Mesh, msg bot.Message) error { return d.note("edit %d %s", msg.Revision, msg.Text) },
		OnReaction: func(_ *bot.Mesh, r bot.Reaction) error {
			return d.note("%s by %s, removed: %t", r.Emoji, r.By.Name, r.Removed)
		},
		OnAction: func(_ *bot.Mesh, p bot.Press) error {
			return d.note("%s pressed %s %q %s", p.By.Name, p.Action, p.Value, string(p.Values))
		},
		OnCommand: func(_ *bot.Mesh, c bot.Command) error {
			return d.note("%s %q %s by %s", c.Name, c.Text, string(c.Arguments), c.By.Name)
		},
		OnTimer:         func(_ *bot.Mesh, f bot.Firing) error { return d.note("timer %s", f.Data) },
		OnDecision:      func(_ *bot.Mesh, c bot.Decision) error { return d.note("%s %s %d", c.State, c.Choice, c.Status) },
		OnConfigChanged: func(*bot.Mesh) error { return d.note("config") },
		OnEvent:         func(_ *bot.Mesh, e bot.Event) error { return d.note("other %T", e.Payload) },
	}
}

func permissive(t *testing.T, handlers bot.Handlers) *bottest.Mesh {
	return bottest.New(t, func() bot.Handlers { return handlers }, bottest.Permissive())
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAMessageIsSeenWhileItIsWritten(t *testing.T) {
	test := permissive(t, bot.Handlers{})
	answer, err := test.Mesh().Messages.Stream(bot.Draft{RoomID: test.Room("general").ID})
	check(t, err)
	fmt.Fprint(answer, "one")
	equal(t, test.Replies(), "")
	check(t, answer.Flush())
	equal(t, test.Replies(), "one")
	if !test.Posts()[0].Streaming {
		t.Error("it is complete too early")
	}
	long := strings.Repeat("é", 40)
	_, err = io.WriteString(answer, long)
	check(t, err)
	equal(t, test.Replies(), "one"+long)
	// Half of a letter waits for its other half.
	_, err = answer.Write([]byte("\xc3"))
	check(t, err)
	check(t, answer.Flush())
	equal(t, test.Replies(), "one"+long)
	_, err = answer.Write([]byte("\xa9"))
	check(t, err)
	check(t, answer.Finish())
	equal(t, test.Replies(), "one"+long+"é")
	if test.Posts()[0].Streaming {
		t.Error("it is not complete")
	}
}

func TestWhatIsWrittenLastStays(t *testing.T) {
	test := permissive(t, bot.Handlers{})
	answer, err := test.Mesh().Messages.Stream(bot.Draft{RoomID: test.Room("general").ID, Text: "one"})
	check(t, err)
	_, err = test.Mesh().Messages.Edit(answer.Message.ID, "something else")
	check(t, err)
	fmt.Fprint(answer, " two")
	check(t, answer.Flush())
	equal(t, test.Replies(), "something else")
	check(t, answer.Finish())
	equal(t, test.Replies(), "one two")
}

func TestButtons(t *testing.T) {
	d := &diary{}
	test := permissive(t, d.handlers())
	messages := test.Mesh().Messages
	asked, err := messages.Send(bot.Draft{RoomID: test.Room("general").ID, Text: "Well?", Actions: []bot.Action{
		{ID: "yes", Label: "Yes", Style: bot.Primary, Value: "7"}, {ID: "no", Label: "No"},
	}})
	check(t, err)
	check(t, test.By("Bob").PressWith("yes", map[string]int{"why": 1}))
	check(t, test.Press("no"))
	equal(t, d.seen, "start", `Bob pressed yes "7" {"why":1}`, `Ada pressed no "" `)
	check(t, messages.Press(asked.ID, "yes", nil))
	if err := messages.Press(asked.ID, "maybe", nil); !errors.Is(err, bot.ErrConflict) {
		t.Errorf("got %v", err)
	}
	changed, err := messages.Change(asked.ID, bot.Change{Text: "Now?"})
	check(t, err)
	if len(changed.Actions) != 2 {
		t.Errorf("the buttons are gone: %+v", changed)
	}
	changed, err = messages.Change(asked.ID, bot.Change{Actions: []bot.Action{}})
	check(t, err)
	if changed.Text != "Now?" || len(changed.Actions) != 0 {
		t.Errorf("got %+v", changed)
	}
	if _, err := messages.Change(asked.ID, bot.Change{}); !errors.Is(err, bot.ErrInvalid) {
		t.Errorf("got %v", err)
	}
}

func TestEachEventHasItsHandler(t *testing.T) {
	d := &diary{}
	test := permissive(t, d.handlers())
	check(t, test.Mention("hi"))
	check(t, test.Message("ho"))
	said := test.Messages()[1].ID
	check(t, test.By("Bob").Edit(said, "hu"))
	check(t, test.By("Bob").React(said, "🎉"))
	check(t, test.By("Bob").Unreact(said, "🎉"))
	check(t, test.Command("measure", "twice"))
	check(t, test.By("Bob").CommandWith("measure", map[string]int{"depth": 3}))
	check(t, test.Configure(map[string]string{}))
	check(t, test.Event(bot.GrantsChanged{}))
	check(t, test.Event(bot.MessageCreated{Message: bot.Message{MentionsMe: true, Redacted: true}}))
	check(t, test.Event(bot.MessageEdited{Message: bot.Message{Redacted: true}}))
	equal(t, d.seen, "start", "mention hi", "message ho", "edit 2 hu", "🎉 by Bob, removed: false",
		"🎉 by Bob, removed: true", `measure "twice"  by Ada`, `measure "" {"depth":3} by Bob`, "config",
		"other bot.GrantsChanged")
}

func TestWithoutAHandlerNothingHappens(t *testing.T) {
	test := permissive(t, bot.Handlers{})
	for _, payload := range []bot.Payload{
		bot.MessageCreated{}, bot.MessageEdited{}, bot.ReactionAdded{}, bot.ReactionRemoved{}, bot.CommandInvoked{},
		bot.TimerFired{}, bot.ApprovalDecided{}, bot.ConfigChanged{}, bot.Gap{}, bot.Other{},
	} {
		check(t, test.Event(payload))
	}
	d := &diary{}
	handlers := d.handlers()
	handlers.OnMention = nil
	check(t, permissive(t, handlers).Mention("hi"))
	equal(t, d.seen, "start", "message @bot hi")
}

func TestAPanicIsAnErrorAndTheInstanceLivesOn(t *testing.T) {
	heard := 0
	test := permissive(t, bot.Handlers{OnMessage: func(*bot.Mesh, bot.Message) error {
		heard++
		panic(fmt.Sprint("at ", heard))
	}})
	for _, want := range []string{"panic: at 1", "panic: at 2"} {
		if err := test.Message("hm"); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	log := test.Log()
	if len(log) != 2 || log[0].Level != slog.LevelError || !strings.Contains(log[0].Text, "bottest_test.go") {
		t.Errorf("the stack is not in the log: %v", log)
	}
	failing := permissive(t, bot.Handlers{Start: func(*bot.Mesh) error { panic("early") }})
	if err := failing.Start(); err == nil || err.Error() != "panic: early" {
		t.Errorf("got %v", err)
	}
}

func TestARestartForgetsMemoryAndKeepsTheStore(t *testing.T) {
	instances := 0
	test := bottest.New(t, func() bot.Handlers {
		instances++
		return bot.Handlers{}
	}, bottest.Permissive())
	check(t, test.Message("hi"))
	check(t, test.Mesh().KV.Put("key", "value"))
	check(t, test.Restart())
	if value, found := test.Stored[string]("key"); instances != 2 || !found || value != "value" {
		t.Errorf("%d instances, %q, %t", instances, value, found)
	}
	test.Store("key", 7)
	if _, _, err := test.Mesh().KV.Get[string]("key"); !errors.Is(err, bot.ErrMalformed) {
		t.Errorf("got %v", err)
	}
}

func TestTheStoreComparesAndSets(t *testing.T) {
	kv := permissive(t, bot.Handlers{}).Mesh().KV
	if _, found, err := kv.Get[int]("n"); found || err != nil {
		t.Errorf("%t, %v", found, err)
	}
	if n, err := kv.Update("n", func(n int) int { return n + 1 }); n != 1 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if err := kv.PutIfAbsent("n", 9); !errors.Is(err, bot.ErrConflict) {
		t.Errorf("got %v", err)
	}
	read, _, err := kv.GetVersioned[int]("n")
	check(t, err)
	check(t, kv.Put("n", 5))
	if _, err := kv.PutIfUnchanged("n", 6, read.Version); !errors.Is(err, bot.ErrConflict) {
		t.Errorf("got %v", err)
	}
	if err := kv.PutBytes("big", make([]byte, 300*1024)); !errors.Is(err, bot.ErrInvalid) {
		t.Errorf("got %v", err)
	}
	if err := kv.Put("n", func() {}); !errors.Is(err, bot.ErrMalformed) {
		t.Errorf("got %v", err)
	}
	first, err := kv.Delete("n")
	check(t, err)
	second, err := kv.Delete("n")
	check(t, err)
	if !first || second {
		t.Error("it is deleted once")
	}
}

func TestAnUpdateBeginsAgainWhenAnotherWasFaster(t *testing.T) {
	kv := permissive(t, bot.Handlers{}).Mesh().KV
	rivals := 3
	sum, err := kv.Update("n", func(n int) int {
		if rivals > 0 {
			rivals--
			check(t, kv.Put("n", n+10))
		}
		return n + 1
	})
	if sum != 31 || err != nil {
		t.Errorf("%d, %v", sum, err)
	}
	_, err = kv.Update("n", func(n int) int {
		check(t, kv.Put("n", n))
		return n
	})
	if !errors.Is(err, bot.ErrConflict) {
		t.Errorf("got %v", err)
	}
}

func TestListsAreWalkedPageByPage(t *testing.T) {
	kv := permissive(t, bot.Handlers{}).Mesh().KV
	for n := range 7 {
		check(t, kv.Put(fmt.Sprintf("a/%d", n), n))
	}
	check(t, kv.Put("b", 0))
	entries, err := bot.Collect(kv.List("a/", bot.PageSize(3)))
	check(t, err)
	var keys []string
	for _, entry := range entries {
		keys = append(keys, entry.Key)
	}
	equal(t, keys, "a/0", "a/1", "a/2", "a/3", "a/4", "a/5", "a/6")
	for range kv.List("a/") {
		break
	}
	if _, err := bot.Collect(kv.List("", bot.PageSize(201))); !errors.Is(err, bot.ErrInvalid) {
		t.Errorf("got %v", err)
	}
}

func TestRightsCanBeTakenAndGivenBack(t *testing.T) {
	test := permissive(t, bot.Handlers{})
	m, room := test.Mesh(), test.Room("general").ID
	may := func() bool {
		allowed, err := m.May("message.post", room)
		check(t, err)
		return allowed
	}
	test.Deny("message.post", "the room is read only")
	_, err := m.Messages.Post(room, "hi")
	if err == nil || err.Error() != "denied by grant: the room is read only" || may() {
		t.Errorf("got %v", err)
	}
	test.Allow("message.post")
	_, err = m.Messages.Post(room, "hi")
	check(t, err)
	if !may() {
		t.Error("it may again")
	}
	test.Fail("message.post", &bot.UnavailableError{Why: "maintenance"})
	if _, err = m.Messages.Post(room, "hi"); !errors.Is(err, bot.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
	equal(t, test.Replies(), "hi")
}

func TestRoomsAndMessagesAreThereAfterwards(t *testing.T) {
	test := permissive(t, bot.Handlers{})
	m := test.Mesh()
	room, err := m.Rooms.Create(bot.NewRoom{Name: "Tea", JoinRule: "public"})
	check(t, err)
	posted, err := m.Messages.Send(bot.Draft{RoomID: room.ID, Text: "first", ThreadID: "thread_1"})
	check(t, err)
	edited, err := m.Messages.Edit(posted.ID, "second")
	check(t, err)
	if edited.Revision != 2 || !edited.EditedAt.After(edited.CreatedAt) {
		t.Errorf("got %+v", edited)
	}
	check(t, m.React(posted, "🍵"))
	check(t, m.React(posted, "🍵"))
	if made := test.Reactions(); !slices.Equal(made, []bottest.Reaction{{MessageID: posted.ID, Emoji: "🍵"}}) {
		t.Errorf("got %v", made)
	}
	check(t, m.Messages.Unreact(posted.ID, "🍵"))
	replies, err := bot.Collect(m.Threads.Replies("thread_1"))
	check(t, err)
	thread, err := m.Threads.Get("thread_1")
	check(t, err)
	if len(replies) != 1 || replies[0].Text != "second" || thread.ReplyCount != 1 || len(test.Reactions()) != 0 {
		t.Errorf("got %v, %v", replies, thread)
	}
	check(t, m.Messages.Delete(posted.ID))
	if _, err := m.Messages.Get(posted.ID); !errors.Is(err, bot.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	check(t, m.Rooms.Leave(room.ID))
	if _, err := m.Messages.Post(room.ID, "outside"); !errors.Is(err, bot.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	check(t, test.By("Bob").InRoom("kitchen").InThread("thread_9").TrustedAs("federated").Message("hm"))
	last := test.Messages()[0]
	if last.Author.Name != "Bob" || last.ThreadID != "thread_9" || last.Trust != "federated" {
		t.Errorf("got %+v", last)
	}
	if _, err := m.Messages.Edit(last.ID, "mine"); !errors.Is(err, bot.ErrDenied) {
		t.Errorf("got %v", err)
	}
}

func TestSettingsHaveAType(t *testing.T) {
	type settings struct {
		Greeting string `json:"greeting"`
	}
	test := permissive(t, bot.Handlers{})
	check(t, test.Configure(settings{"hi"}))
	own, err := test.Mesh().Config[settings]()
	if err != nil || own.Greeting != "hi" {
		t.Errorf("%v, %v", own, err)
	}
	check(t, test.Configure(map[string]int{"greeting": 1}))
	if _, err := test.Mesh().Config[settings](); !errors.Is(err, bot.ErrMalformed) {
		t.Errorf("got %v", err)
	}
}

func TestFilesGoOutAndIn(t *testing.T) {
	test := permissive(t, bot.Handlers{})
	m, room := test.Mesh(), test.Room("general").ID
	content := strings.Repeat("0123456789", 20_000)
	made, err := m.Files.Upload(room, "digits", strings.NewReader(content))
	check(t, err)
	if made.Size != int64(len(content)) || string(test.FileContent(made.ID)) != content {
		t.Errorf("got %+v", made)
	}
	back, err := m.Files.Download(made.ID)
	if err != nil || string(back) != content {
		t.Errorf("%d bytes came back, %v", len(back), err)
	}
	reader, err := m.Files.Open(made.ID)
	check(t, err)
	if read, err := io.ReadAll(reader); err != nil || string(read) != content {
		t.Errorf("%d bytes came back, %v", len(read), err)
	}
	check(t, reader.Close())
	if _, err := reader.Read(make([]byte, 1)); err == nil {
		t.Error("it is closed")
	}
	draft := bot.Draft{RoomID: room, Files: []string{made.ID}}
	posted, err := m.Messages.Send(draft)
	check(t, err)
	shown := []bot.Attachment{{ID: made.ID, Name: "digits", MediaType: "application/octet-stream", Size: 200_000}}
	kept, err := m.Messages.Get(posted.ID)
	if err != nil || !slices.Equal(posted.Files, shown) || !slices.Equal(kept.Files, shown) {
		t.Errorf("%v, %v, %v", posted.Files, kept.Files, err)
	}
	if _, err := m.Messages.Send(draft); !errors.Is(err, bot.ErrInvalid) {
		t.Errorf("a file is shown once: %v", err)
	}
	writer, err := m.Files.Create(room, "forgotten")
	check(t, err)
	check(t, writer.Close())
	if _, err := writer.Finish(); err == nil {
		t.Error("it is closed")
	}
	if listed, err := bot.Collect(m.Files.List(room)); err != nil || len(listed) != 1 {
		t.Errorf("%v, %v", listed, err)
	}
	check(t, m.Files.Delete(made.ID))
	if _, err := m.Files.Get(made.ID); !errors.Is(err, bot.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	if kept, err := m.Messages.Get(posted.ID); err != nil || len(kept.Files) != 0 || len(posted.Files) != 1 {
		t.Errorf("%v, %v, %v", kept.Files, posted.Files, err)
	}
	if picture := test.AddFile("general", "a", []byte("\x89PNG\r\n\x1a\n")); picture.MediaType != "image/png" {
		t.Errorf("got %+v", picture)
	}
}

func TestTimersFireWhenTheyAreDue(t *testing.T) {
	d := &diary{}
	test := permissive(t, d.handlers())
	m := test.Mesh()
	at := func(wait time.Duration, data string) bot.Timer {
		timer, err := m.Timers.Create(bot.NewTimer{At: test.Now().Add(wait), Data: data})
		check(t, err)
		return timer
	}
	at(2*time.Hour, "second")
	at(time.Hour, "first")
	check(t, m.Timers.Cancel(at(time.Hour, "cancelled").ID))
	again, err := m.Timers.Create(bot.NewTimer{Cron: "0 9 * * 1", Zone: "Europe/Berlin", RoomID: test.Room("general").ID})
	check(t, err)
	check(t, test.Advance(30*time.Minute))
	check(t, test.Advance(2*time.Hour))
	check(t, test.Fire(again.ID))
	check(t, test.Fire(again.ID))
	equal(t, d.seen, "start", `timer "first"`, `timer "second"`, "timer null", "timer null")
	listed, err := bot.Collect(m.Timers.List())
	if err != nil || len(listed) != 1 || listed[0].Zone != "Europe/Berlin" || len(test.Timers()) != 1 {
		t.Errorf("%v, %v", listed, err)
	}
	for _, wrong := range []bot.NewTimer{
		{}, {At: time.Now(), Cron: "* * * * *"}, {At: time.Now(), Zone: "UTC"}, {At: time.Now(), RoomID: "room_0"},
		{At: time.Now(), Data: strings.Repeat("x", 17*1024)},
	} {
		if _, err := m.Timers.Create(wrong); !errors.Is(err, bot.ErrInvalid) {
			t.Errorf("%+v: got %v", wrong, err)
		}
	}
}

func TestTimersAreListedPageByPage(t *testing.T) {
	test := permissive(t, bot.Handlers{})
	timers := test.Mesh().Timers
	if listed, err := bot.Collect(timers.List()); err != nil || len(listed) != 0 {
		t.Errorf("%v, %v", listed, err)
	}
	var made []string
	for range 60 {
		timer, err := timers.Create(bot.NewTimer{At: test.Now().Add(time.Hour)})
		check(t, err)
		made = append(made, timer.ID)
	}
	for _, size := range [][]bot.PageSize{nil, {7}, {200}} {
		var listed []string
		for timer, err := range timers.List(size...) {
			check(t, err)
			listed = append(listed, timer.ID)
		}
		equal(t, listed, made...)
	}
	if _, err := bot.Collect(timers.List(201)); !errors.Is(err, bot.ErrInvalid) {
		t.Errorf("got %v", err)
	}
}

func TestPeopleDecide(t *testing.T) {
	d := &diary{}
	test := permissive(t, d.handlers())
	m := test.Mesh()
	tea, err := m.Approvals.Request(bot.ApprovalRequest{Question: "tea?", Choices: []string{"green", "black"}})
	check(t, err)
	held, err := m.Approvals.Request(bot.ApprovalRequest{Operation: "room.create", Input: map[string]string{"name": "x"}})
	check(t, err)
	if string(held.Held) != `{"operation":"room.create","input":{"name":"x"}}` || held.ExpiresAt.Sub(held.CreatedAt) != 24*time.Hour {
		t.Errorf("got %+v", held)
	}
	check(t, test.Decide(tea.ID, "approved", "green"))
	check(t, test.Decide(held.ID, "approved", ""))
	late, err := m.Approvals.Request(bot.ApprovalRequest{Question: "still?"})
	check(t, err)
	if asked := test.Asked(); len(asked) != 1 || asked[0].ID != late.ID {
		t.Errorf("got %v", asked)
	}
	if cancelled, err := m.Approvals.Cancel(late.ID); err != nil || cancelled.State != "cancelled" {
		t.Errorf("%v, %v", cancelled, err)
	}
	if _, err := m.Approvals.Cancel(late.ID); !errors.Is(err, bot.ErrConflict) {
		t.Errorf("got %v", err)
	}
	approved, err := bot.Collect(m.Approvals.List("approved", bot.PageSize(1)))
	if err != nil || len(approved) != 2 || approved[1].Choice != "green" {
		t.Errorf("%v, %v", approved, err)
	}
	equal(t, d.seen, "start", "approved green 0", "approved  200")
}

const manifest = `
schema = 1
[bot]
name = "narrow"
[egress]
hosts = ["example.org", "*.example.com"]
[[capabilities]]
permission = "bot.network"
[[capabilities]]
permission = "bot.state"
[[secrets]]
name = "OPEN"
[[secrets]]
name = "SEALED"
hosts = ["a.example.com"]
`

func TestTheManifestBoundsTheBot(t *testing.T) {
	test := bottest.New(t, func() bot.Handlers { return bot.Handlers{} }, bottest.WithManifest(manifest))
	m := test.Mesh()
	if _, err := m.Messages.Post(test.Room("general").ID, "hi"); !errors.Is(err, bot.ErrDenied) {
		t.Errorf("got %v", err)
	}
	fetch := func(url string, secrets ...bot.SecretHeader) error {
		_, err := m.Fetch(bot.Request{URL: url, Secrets: secrets})
		return err
	}
	if err := fetch("https://example.org/"); !errors.Is(err, bot.ErrUnavailable) {
		t.Errorf("nobody answers: %v", err)
	}
	var proof string
	test.HandleHTTP(func(request bot.Request) (bot.Response, error) {
		proof = request.Method + " " + request.Header.Get("Authorization")
		return bot.Response{Status: 200, Body: []byte(`{"n": 1}`)}, nil
	})
	sealed := bot.SecretHeader{Name: "authorization", Prefix: "Bearer ", Secret: "SEALED"}
	if err := fetch("https://a.example.com/", sealed); !errors.Is(err, bot.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	check(t, test.TellSecret("SEALED", "s"))
	check(t, test.TellSecret("OPEN", "o"))
	check(t, fetch("https://a.example.com/", sealed))
	if proof != "GET Bearer s" {
		t.Errorf("got %q", proof)
	}
	for _, url := range []string{"https://example.com/", "https://notexample.org/", "https://a.example.org/"} {
		if err := fetch(url); !errors.Is(err, bot.ErrDenied) {
			t.Errorf("%s: got %v", url, err)
		}
	}
	if err := fetch("https://b.example.com/", sealed); !errors.Is(err, bot.ErrDenied) {
		t.Errorf("got %v", err)
	}
	if err := fetch("nonsense"); !errors.Is(err, bot.ErrInvalid) {
		t.Errorf("got %v", err)
	}
	if open, err := m.Secret("OPEN"); err != nil || open != "o" {
		t.Errorf("%s, %v", open, err)
	}
	for _, name := range []string{"SEALED", "OTHER"} {
		if _, err := m.Secret(name); !errors.Is(err, bot.ErrDenied) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	response, err := m.Fetch(bot.Request{URL: "https://example.org"})
	check(t, err)
	if read, err := response.Decode[map[string]int](); err != nil || read["n"] != 1 || !response.OK() {
		t.Errorf("%v, %v", read, err)
	}
}

func TestWhatIsLeftOutCanBeSaid(t *testing.T) {
	test := permissive(t, bot.Handlers{})
	type status struct {
		State string `json:"state"`
	}
	if _, err := test.Mesh().OwnBot.Status[status](); !errors.Is(err, bot.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
	test.Answer("bot.status", status{"ready"})
	if got, err := test.Mesh().OwnBot.Status[status](); err != nil || got.State != "ready" {
		t.Errorf("%v, %v", got, err)
	}
	test.Answer("bot.list", map[string]any{"items": []status{{"idle"}, {"ready"}}})
	if bots, err := bot.Collect(test.Mesh().OwnBot.List[status]()); err != nil || len(bots) != 2 {
		t.Errorf("%v, %v", bots, err)
	}
}

func TestSlipsInAManifestAreFound(t *testing.T) {
	if _, err := bottest.ParseManifest(manifest); err != nil {
		t.Fatal(err)
	}
	for right, wrong := range map[string]string{
		"schema = 1":                 "schema = 2",
		"name = \"narrow\"":          "nome = \"narrow\"",
		"permission = \"bot.state\"": "permision = \"bot.state\"",
		"[egress]":                   "[events]\nhears = \"everything\"\n[egress]",
		"[bot]":                      "[runtime]\nbackend = \"docker\"\n[bot]",
	} {
		if _, err := bottest.ParseManifest(strings.Replace(manifest, right, wrong, 1)); err == nil {
			t.Errorf("%s: no error", wrong)
		}
	}
}
