package bot

import (
	"errors"
	"log/slog"
	"slices"
	"testing"
)

func TestLogLinesHaveFields(t *testing.T) {
	var lines []string
	log := slog.New(&logHandler{write: func(level slog.Level, text string) {
		lines = append(lines, level.String()+" "+text)
	}})
	log.Warn("3 tries", "room", "room_1", "name", "Ada L", "nothing", "", "count", 3, "err", errors.New("a=b"))
	log.Debug("plain")
	log.With("bot", "echo").WithGroup("call").With("n", 1).Info("made", slog.Group("to", "room", "r"), slog.Attr{})
	log.Log(t.Context(), LevelTrace, "deep")
	want := []string{
		`WARN 3 tries room=room_1 name="Ada L" nothing="" count=3 err="a=b"`,
		"DEBUG plain",
		"INFO made bot=echo call.n=1 call.to.room=r",
		"DEBUG-4 deep",
	}
	if !slices.Equal(lines, want) {
		t.Errorf("got %q, want %q", lines, want)
	}
}
