package toml

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

func (r *reader) value() (any, error) {
	switch r.next() {
	case '"', '\'':
		return r.str()
	case '[':
		return r.list()
	case '{':
		return r.inline()
	default:
		return r.scalar()
	}
}

var (
	integer = regexp.MustCompile(`^([+-]?(0|[1-9](_?[0-9])*)|0x[0-9A-Fa-f](_?[0-9A-Fa-f])*|0o[0-7](_?[0-7])*|0b[01](_?[01])*)$`)
	float   = regexp.MustCompile(`^[+-]?(0|[1-9](_?[0-9])*)(\.[0-9](_?[0-9])*)?([eE][+-]?[0-9](_?[0-9])*)?$`)
	special = regexp.MustCompile(`^([+-]?)(inf|nan)$`)
)

// scalar reads a number or a truth value.
func (r *reader) scalar() (any, error) {
	rest := r.text[r.at:]
	end := strings.IndexAny(rest, " \t\n,]}#")
	if end < 0 {
		end = len(rest)
	}
	word := rest[:end]
	r.at += end
	plain := strings.ReplaceAll(word, "_", "")
	switch {
	case word == "":
		return nil, fmt.Errorf("a value is missing")
	case word == "true" || word == "false":
		return word == "true", nil
	case integer.MatchString(word):
		number, err := strconv.ParseInt(plain, 0, 64)
		if err != nil {
			return nil, fmt.Errorf("`%s` is too large", word)
		}
		return number, nil
	case float.MatchString(word):
		return strconv.ParseFloat(plain, 64)
	case special.MatchString(word):
		if strings.HasSuffix(word, "nan") {
			return math.NaN(), nil
		}
		return math.Inf(map[bool]int{true: -1, false: 1}[word[0] == '-']), nil
	}
	return nil, fmt.Errorf("`%s` is no value", word)
}

// list reads [a, b].
func (r *reader) list() (any, error) {
	r.at++
	items := []any{}
	for {
		r.skipLines()
		if r.next() == ']' {
			r.at++
			return items, nil
		}
		item, err := r.value()
		if err != nil {
			return nil, err
		}
		items = append(items, item)
		r.skipLines()
		switch r.next() {
		case ',':
			r.at++
		case ']':
		default:
			return nil, fmt.Errorf("`,` or `]` is missing")
		}
	}
}

// inline reads { a = b }.
func (r *reader) inline() (any, error) {
	r.at++
	inner := &reader{text: r.text, at: r.at, root: Table{}, state: map[string]definition{}}
	defer func() { r.at = inner.at }()
	inner.skipSpace()
	if inner.next() == '}' {
		inner.at++
		return inner.root, nil
	}
	for {
		if err := inner.pair(inner.root, ""); err != nil {
			return nil, err
		}
		inner.skipSpace()
		switch inner.next() {
		case ',':
			inner.at++
		case '}':
			inner.at++
			return inner.root, nil
		default:
			return nil, fmt.Errorf("`,` or `}` is missing")
		}
	}
}

// str reads a text in one or three quotes.
func (r *reader) str() (any, error) {
	quote := r.next()
	if three := strings.Repeat(string(quote), 3); strings.HasPrefix(r.text[r.at:], three) {
		return r.lines(quote, three)
	}
	return r.quoted(quote)
}

// quoted reads a text in one quote, which ends on its line.
func (r *reader) quoted(quote byte) (string, error) {
	r.at++
	var text strings.Builder
	for {
		switch next := r.next(); {
		case r.at == len(r.text) || next == '\n':
			return "", fmt.Errorf("a text has no end")
		case next == quote:
			r.at++
			return text.String(), nil
		case next == '\\' && quote == '"':
			if err := r.escape(&text); err != nil {
				return "", err
			}
		default:
			text.WriteByte(next)
			r.at++
		}
	}
}

// lines reads a text in three quotes, which may have several lines.
func (r *reader) lines(quote byte, three string) (string, error) {
	r.at += 3
	if r.next() == '\n' {
		r.at++
	}
	var text strings.Builder
	for {
		rest := r.text[r.at:]
		switch {
		case rest == "":
			return "", fmt.Errorf("a text has no end")
		case strings.HasPrefix(rest, three):
			// Up to two quotes may stand right before the three that end it.
			more := min(len(rest)-len(strings.TrimLeft(rest, string(quote))), 5) - 3
			text.WriteString(rest[:more])
			r.at += 3 + more
			return text.String(), nil
		case rest[0] == '\\' && quote == '"' && strings.HasPrefix(strings.TrimLeft(rest[1:], " \t"), "\n"):
			r.at = len(r.text) - len(strings.TrimLeft(rest[1:], " \t\n"))
		case rest[0] == '\\' && quote == '"':
			if err := r.escape(&text); err != nil {
				return "", err
			}
		default:
			text.WriteByte(rest[0])
			r.at++
		}
	}
}

var escapes = map[byte]string{
	'b': "\b", 't': "\t", 'n': "\n", 'f': "\f", 'r': "\r", '"': `"`, '\\': `\`,
}

func (r *reader) escape(text *strings.Builder) error {
	r.at++
	letter := r.next()
	r.at = min(r.at+1, len(r.text))
	if plain, known := escapes[letter]; known {
		text.WriteString(plain)
		return nil
	}
	digits := map[byte]int{'u': 4, 'U': 8}[letter]
	if digits == 0 || r.at+digits > len(r.text) {
		return fmt.Errorf("`\\%c` is no escape", letter)
	}
	code, err := strconv.ParseUint(r.text[r.at:r.at+digits], 16, 32)
	if err != nil || !utf8.ValidRune(rune(code)) {
		return fmt.Errorf("`\\%c%s` is no character", letter, r.text[r.at:r.at+digits])
	}
	r.at += digits
	text.WriteRune(rune(code))
	return nil
}
