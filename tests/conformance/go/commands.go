package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"the-mesh.dev/bot"
)

// request is a message that mentions the bot, without the mention and the command.
type request struct {
	m    *bot.Mesh
	c    *conform
	msg  bot.Message
	rest string
}

// commands by their names.
var commands = map[string]func(request) error{
	"echo":       func(r request) error { return r.answer(r.rest) },
	"thread":     inThread,
	"react":      func(r request) error { return r.m.React(r.msg, r.rest) },
	"edit":       edit,
	"stream":     stream,
	"buttons":    buttons,
	"press":      press,
	"delete":     remove,
	"heard":      func(r request) error { return r.answer(strconv.Itoa(r.c.heard)) },
	"count":      count,
	"remember":   remember,
	"recall":     recall,
	"forget":     forget,
	"keys":       keys,
	"bytes":      bytesBack,
	"claim":      func(r request) error { return r.answerOr("mine", r.m.KV.PutIfAbsent(r.rest, true)) },
	"greeting":   greeting,
	"secret":     secret,
	"whoami":     whoami,
	"may":        may,
	"members":    members,
	"history":    history,
	"get":        get,
	"post":       postPlain,
	"room":       room,
	"file":       file,
	"shown":      shown,
	"size":       size,
	"timers":     timers,
	"remind":     remind,
	"ask":        ask,
	"fetch":      func(r request) error { return r.fetch(bot.Request{URL: r.rest}) },
	"sendsecret": sendSecret,
	"random":     func(r request) error { return r.answer(strconv.FormatInt(rand.Int64N(1<<53), 10)) },
	"log":        logLine,
	"fail":       func(r request) error { return errors.New(r.rest) },
	"retry":      retry,
	"reject":     func(r request) error { return bot.Reject(r.rest) },
	"panic":      panicking,
}

func (r request) answer(text string) error {
	_, err := r.m.Reply(r.msg, text)
	return err
}

// answerOr answers the word for the error, if there is one.
func (r request) answerOr(text string, err error) error {
	if err == nil {
		return r.answer(text)
	}
	word, known := wordFor(err)
	if !known {
		return err
	}
	return r.answer(word)
}

func wordFor(err error) (string, bool) {
	for _, kind := range []error{
		bot.ErrDenied, bot.ErrNotFound, bot.ErrInvalid, bot.ErrConflict, bot.ErrRateLimited, bot.ErrPending, bot.ErrUnavailable,
	} {
		if errors.Is(err, kind) {
			return kind.Error(), true
		}
	}
	return "", false
}

func inThread(r request) error {
	_, err := r.m.Messages.Send(bot.Draft{RoomID: r.msg.RoomID, ThreadID: r.msg.Thread(), Text: r.rest})
	return err
}

func edit(r request) error {
	first, err := r.m.Reply(r.msg, "first")
	if err != nil {
		return err
	}
	_, err = r.m.Messages.Edit(first.ID, "second")
	return err
}

func stream(r request) error {
	answer, err := r.m.ReplyStreaming(r.msg)
	if err != nil {
		return err
	}
	for at, word := range strings.Split(r.rest, " ") {
		if at > 0 {
			word = " " + word
		}
		if _, err := io.WriteString(answer, word); err != nil {
			return err
		}
		if err := answer.Flush(); err != nil {
			return err
		}
	}
	return answer.Finish()
}

func buttons(r request) error {
	draft := r.msg.Draft("choose")
	draft.Actions = []bot.Action{
		{ID: "yes", Label: "Yes", Style: bot.Primary, Value: "1"},
		{ID: "no", Label: "No"},
	}
	_, err := r.m.Messages.Send(draft)
	return err
}

func press(r request) error {
	return r.answerOr("pressed", r.m.Messages.Press(r.rest, "yes", map[string]string{"by": "me"}))
}

func remove(r request) error {
	gone, err := r.m.Reply(r.msg, "gone")
	if err != nil {
		return err
	}
	return r.m.Messages.Delete(gone.ID)
}

func count(r request) error {
	sum, err := r.m.KV.Update("count", func(sum int) int { return sum + 1 })
	if err != nil {
		return err
	}
	return r.answer(strconv.Itoa(sum))
}

func remember(r request) error {
	key, value, _ := strings.Cut(r.rest, " ")
	if err := r.m.KV.Put(key, value); err != nil {
		return err
	}
	return r.answer("ok")
}

func recall(r request) error {
	value, found, err := r.m.KV.Get[json.RawMessage](r.rest)
	if err != nil {
		return err
	}
	if !found {
		return r.answer("nothing")
	}
	var text string
	if json.Unmarshal(value, &text) != nil {
		text = string(value)
	}
	return r.answer(text)
}

func forget(r request) error {
	was, err := r.m.KV.Delete(r.rest)
	if err != nil {
		return err
	}
	return r.answer(strconv.FormatBool(was))
}

func keys(r request) error {
	var names []string
	for entry, err := range r.m.KV.List(r.rest) {
		if err != nil {
			return err
		}
		names = append(names, entry.Key)
	}
	return r.answer(strings.Join(names, ", "))
}

func bytesBack(r request) error {
	wanted, err := strconv.Atoi(r.rest)
	if err != nil {
		return err
	}
	written := make([]byte, wanted)
	for i := range written {
		written[i] = byte(i % 256)
	}
	if err := r.m.KV.PutBytes("bytes", written); err != nil {
		return err
	}
	read, _, err := r.m.KV.GetBytes("bytes")
	if err != nil {
		return err
	}
	same := 0
	for i, value := range read.Value {
		if i < wanted && value == written[i] {
			same++
		}
	}
	return r.answer(fmt.Sprintf("%d of %d", same, wanted))
}

func greeting(r request) error {
	settings, err := r.m.Config[struct {
		Greeting *string `json:"greeting"`
	}]()
	if err != nil {
		return err
	}
	if settings.Greeting == nil {
		return r.answer("none")
	}
	return r.answer(*settings.Greeting)
}

func secret(r request) error {
	value, err := r.m.Secret(r.rest)
	if err == nil {
		r.m.Log.Info(value)
	}
	return r.answerOr(fmt.Sprintf("%d characters", utf8.RuneCountInString(value)), err)
}

func whoami(r request) error {
	me, err := r.m.Whoami()
	if err != nil {
		return err
	}
	return r.answer(me.Actor.Name)
}

func may(r request) error {
	allowed, err := r.m.May(r.rest, r.msg.RoomID)
	if err != nil {
		return err
	}
	return r.answer(strconv.FormatBool(allowed))
}

func members(r request) error {
	everyone, err := bot.Collect(r.m.Members.List())
	if err != nil {
		return err
	}
	var names []string
	for _, member := range everyone {
		names = append(names, member.Actor.Name)
	}
	slices.Sort(names)
	return r.answer(strings.Join(names, ", "))
}

func history(r request) error {
	wanted, err := strconv.Atoi(r.rest)
	if err != nil {
		return err
	}
	var texts []string
	for msg, err := range r.m.Messages.List(r.msg.RoomID) {
		if err != nil {
			return err
		}
		if len(texts) == wanted {
			break
		}
		if msg.Seq < r.msg.Seq {
			texts = append(texts, msg.Text)
		}
	}
	slices.Reverse(texts)
	return r.answer(strings.Join(texts, " / "))
}

func get(r request) error {
	msg, err := r.m.Messages.Get(r.rest)
	return r.answerOr(msg.Text, err)
}

// postPlain answers only when something went wrong.
func postPlain(r request) error {
	if err := post(r.m, r.msg.RoomID, r.rest); err != nil {
		return r.answerOr("", err)
	}
	return nil
}

// room answers only when something went wrong.
func room(r request) error {
	if _, err := r.m.Rooms.Create(bot.NewRoom{Name: r.rest, JoinRule: "public"}); err != nil {
		return r.answerOr("", err)
	}
	return nil
}

func file(r request) error {
	name, text, _ := strings.Cut(r.rest, " ")
	made, err := r.m.Files.Upload(r.msg.RoomID, name, strings.NewReader(text))
	if err != nil {
		return err
	}
	draft := r.msg.Draft("here")
	draft.Files = []string{made.ID}
	_, err = r.m.Messages.Send(draft)
	return err
}

func shown(r request) error {
	msg, err := r.m.Messages.Get(r.rest)
	if err != nil {
		return err
	}
	if len(msg.Files) == 0 {
		return r.answer("none")
	}
	var names []string
	for _, file := range msg.Files {
		names = append(names, file.Name)
	}
	return r.answer(strings.Join(names, ", "))
}

func size(r request) error {
	bytes, err := downloaded(r.m, r.rest)
	return r.answerOr(strconv.Itoa(bytes), err)
}

// downloaded counts the bytes of a file, 1000 at a time.
func downloaded(m *bot.Mesh, id string) (int, error) {
	reader, err := m.Files.Open(id)
	if err != nil {
		return 0, err
	}
	defer reader.Close()
	piece := make([]byte, 1000)
	for total := 0; ; {
		read, err := reader.Read(piece)
		total += read
		if err == io.EOF {
			return total, nil
		}
		if err != nil {
			return total, err
		}
	}
}

// timers counts those of the first page, and asks for no other.
func timers(r request) error {
	const most = 50
	count := 0
	for _, err := range r.m.Timers.List(most) {
		if err != nil {
			return err
		}
		if count++; count == most {
			break
		}
	}
	return r.answer(strconv.Itoa(count))
}

func remind(r request) error {
	number, text, _ := strings.Cut(r.rest, " ")
	seconds, err := strconv.Atoi(number)
	if err != nil {
		return err
	}
	_, err = r.m.Timers.Create(bot.NewTimer{
		At:     r.msg.CreatedAt.Add(time.Duration(seconds) * time.Second),
		RoomID: r.msg.RoomID,
		Data:   reminder{text},
	})
	return err
}

func ask(r request) error {
	_, err := r.m.Approvals.Request(bot.ApprovalRequest{Question: r.rest, RoomID: r.msg.RoomID})
	return err
}

func sendSecret(r request) error {
	url, name, _ := strings.Cut(r.rest, " ")
	return r.fetch(bot.Request{
		URL:     url,
		Secrets: []bot.SecretHeader{{Name: "authorization", Prefix: "Bearer ", Secret: name}},
	})
}

func (r request) fetch(request bot.Request) error {
	response, err := r.m.Fetch(request)
	return r.answerOr(fmt.Sprintf("%d: %s", response.Status, response.Body), err)
}

func logLine(r request) error {
	r.m.Log.Warn(r.rest)
	return r.answer("logged")
}

func retry(r request) error {
	if !r.c.retried {
		r.c.retried = true
		return bot.Retry(100 * time.Millisecond)
	}
	return r.answer("again")
}

// panicking ends the instance: the SDK makes a panic of the handler itself an error, but no goroutine's.
func panicking(request) error {
	go panic("as was asked for")
	select {}
}
