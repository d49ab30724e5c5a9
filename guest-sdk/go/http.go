package bot

import (
	"strings"
	"time"
)

// Header holds the fields of a request or a response: names and their values. It is like that of package net/http,
// which is far larger than most bots; names are found whatever their case.
type Header map[string][]string

// Get gives the first value of a field; empty if there is none.
func (h Header) Get(name string) string {
	for field, values := range h {
		if len(values) > 0 && strings.EqualFold(field, name) {
			return values[0]
		}
	}
	return ""
}

// SecretHeader is a field whose value ends in a secret of this bot, which the bot itself does not get to see.
type SecretHeader struct {
	// Name of the field.
	Name string
	// Prefix is what stands before the secret, such as "Bearer ".
	Prefix string
	// Secret is the name that bot.toml gives it.
	Secret string
}

// Request is an HTTP request to a host that bot.toml names and an administrator allowed.
type Request struct {
	// Method is GET if empty.
	Method string
	// URL begins with https://.
	URL     string
	Header  Header
	Secrets []SecretHeader
	Body    []byte
	// Timeout is at most, and if 0, 30 seconds.
	Timeout time.Duration
}

// Response is any answer of the other side, whatever its status.
type Response struct {
	Status int
	Header Header
	// Body has at most 8 MiB.
	Body []byte
}

// OK says whether the status is 200 to 299.
func (r Response) OK() bool { return 200 <= r.Status && r.Status < 300 }

// Decode reads the body as JSON.
func (r Response) Decode[T any]() (T, error) { return parse[T]("the response", r.Body) }

// Fetch makes an HTTP request. Redirects are not followed. Needs bot.network.
func (m *Mesh) Fetch(request Request) (Response, error) {
	if request.Method == "" {
		request.Method = "GET"
	}
	return m.host.HTTPFetch(request)
}
