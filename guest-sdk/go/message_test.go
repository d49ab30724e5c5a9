package bot

import "testing"

func TestOnlyALeadingHandleIsTakenOff(t *testing.T) {
	for text, want := range map[string]string{
		"@echo hello":          "hello",
		"@echo":                "",
		"@echo\nhello":         "hello",
		"@echo: hello":         "hello",
		"@my_bot-2.0, hello":   "hello",
		"@echo @echo hello":    "@echo hello",
		" hello @echo ":        "hello @echo",
		"@ echo":               "@ echo",
		"@echoÉ hello":         "@echoÉ hello",
		"a@echo hello":         "a@echo hello",
		"@echo  spaces inside": "spaces inside",
		"":                     "",
	} {
		if got := (Message{Text: text}).TextWithoutMention(); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestAMessageIsInAThreadOrBeginsOne(t *testing.T) {
	if got := (Message{ID: "msg_1", ThreadID: "thread_2"}).Thread(); got != "thread_2" {
		t.Errorf("got %s", got)
	}
	if got := (Message{ID: "msg_1"}).Thread(); got != "thread_1" {
		t.Errorf("got %s", got)
	}
	draft := Message{ID: "msg_1", RoomID: "room_1", ThreadID: "thread_2"}.Draft("yes")
	if draft.ReplyTo != "msg_1" || draft.RoomID != "room_1" || draft.ThreadID != "thread_2" || draft.Text != "yes" {
		t.Errorf("got %+v", draft)
	}
}
