package bot

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"unicode"
)

// LevelTrace is for what only helps when following every step; it is below [slog.LevelDebug].
const LevelTrace = slog.LevelDebug - 4

// logHandler writes each record as one line: the message, then its attributes as key=value. Time and level are kept
// by the mesh.
type logHandler struct {
	write func(slog.Level, string)
	// fields are attributes that every line has, written out.
	fields string
	// group stands before the keys, with a dot at its end.
	group string
}

func (h *logHandler) Enabled(context.Context, slog.Level) bool { return true }

func (h *logHandler) Handle(_ context.Context, record slog.Record) error {
	var line strings.Builder
	line.WriteString(record.Message)
	line.WriteString(h.fields)
	record.Attrs(func(attr slog.Attr) bool {
		writeField(&line, h.group, attr)
		return true
	})
	h.write(record.Level, line.String())
	return nil
}

func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	var fields strings.Builder
	for _, attr := range attrs {
		writeField(&fields, h.group, attr)
	}
	return &logHandler{h.write, h.fields + fields.String(), h.group}
}

func (h *logHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return &logHandler{h.write, h.fields, h.group + name + "."}
}

// writeField adds an attribute to a line, quoted where it would otherwise be unclear.
func writeField(line *strings.Builder, group string, attr slog.Attr) {
	value := attr.Value.Resolve()
	if value.Kind() == slog.KindGroup {
		if attr.Key != "" {
			group += attr.Key + "."
		}
		for _, inner := range value.Group() {
			writeField(line, group, inner)
		}
		return
	}
	if attr.Equal(slog.Attr{}) {
		return
	}
	text := fmt.Sprint(value.Any())
	if text == "" || strings.ContainsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || r == '"' || r == '=' }) {
		text = strconv.Quote(text)
	}
	line.WriteString(" " + group + attr.Key + "=" + text)
}
