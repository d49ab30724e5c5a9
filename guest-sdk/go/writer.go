package bot

import (
	"errors"
	"unicode/utf8"
)

// leastSent is the least that is sent at once, in bytes, unless the bot says so.
const leastSent = 64

// MessageWriter is a message that people see while it is being written; see [Mesh.ReplyStreaming] and
// [Messages.Stream]. It is an [io.Writer] and an [io.StringWriter]. What is written is text.
//
// What is written is sent in pieces that grow with the text, so that a long message takes no more than about fifty
// calls. Call [MessageWriter.Finish] at the end: other bots hear of the message then, and people whom it mentions are
// notified. A message that gets nothing more for a minute is closed by the mesh.
//
// When the event comes again after a crash, the same text goes on where the first try stopped. Where the second try
// writes something else, the message ends with that.
type MessageWriter struct {
	// Message as it was posted.
	Message Message

	host host
	text []byte
	sent int
	// apart says that what is there is not what this writes.
	apart bool
}

// Write adds text.
func (w *MessageWriter) Write(text []byte) (int, error) {
	w.text = append(w.text, text...)
	return len(text), w.sendEnough()
}

// WriteString adds text.
func (w *MessageWriter) WriteString(text string) (int, error) {
	w.text = append(w.text, text...)
	return len(text), w.sendEnough()
}

func (w *MessageWriter) sendEnough() error {
	if len(w.text)-w.sent < max(leastSent, w.sent/8) {
		return nil
	}
	return w.Flush()
}

// Flush shows what was written up to now.
func (w *MessageWriter) Flush() error {
	end := wholeRunes(w.text)
	if end <= w.sent {
		return nil
	}
	return w.send(end, false)
}

// Finish says that the message is complete.
func (w *MessageWriter) Finish() error {
	if err := w.send(len(w.text), true); err != nil || !w.apart {
		return err
	}
	_, err := w.host.MessageEdit(w.Message.ID, Change{Text: string(w.text)})
	return err
}

func (w *MessageWriter) send(end int, last bool) error {
	if w.apart {
		return nil
	}
	_, err := w.host.MessageAppend(w.Message.ID, uint64(w.sent), string(w.text[w.sent:end]), last)
	switch {
	case errors.Is(err, ErrConflict):
		w.apart = true
		return nil
	case err != nil:
		return err
	}
	w.sent = end
	return nil
}

// wholeRunes is how much of a text can be sent: a rune of which only the beginning was written waits for its end.
func wholeRunes(text []byte) int {
	for tail := 1; tail < utf8.UTFMax && tail <= len(text); tail++ {
		begin := len(text) - tail
		if utf8.RuneStart(text[begin]) {
			if !utf8.FullRune(text[begin:]) {
				return begin
			}
			break
		}
	}
	return len(text)
}
