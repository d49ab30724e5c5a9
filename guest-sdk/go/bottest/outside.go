package bottest

import (
	"maps"
	"net/url"
	"slices"

	"the-mesh.dev/bot"
)

var methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

func (w *world) HTTPFetch(request bot.Request) (bot.Response, error) {
	outside, request, err := w.outgoing(request)
	if err != nil {
		return bot.Response{}, err
	}
	return outside(request)
}

// outgoing is the request as it leaves, with its secrets, and who answers it.
func (w *world) outgoing(request bot.Request) (func(bot.Request) (bot.Response, error), bot.Request, error) {
	defer w.lock()()
	if err := w.permit("bot.network"); err != nil {
		return nil, request, err
	}
	if !slices.Contains(methods, request.Method) {
		return nil, request, &bot.InvalidError{Why: "`method` is GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS"}
	}
	target, err := url.Parse(request.URL)
	if err != nil || target.Hostname() == "" {
		return nil, request, &bot.InvalidError{Why: "`url` is no URL"}
	}
	if !w.permissive && !reaches(w.manifest.Egress.Hosts, target.Hostname()) {
		return nil, request, denied("bot.toml does not name the host `" + target.Hostname() + "` under `[egress]`")
	}
	request.Header = maps.Clone(request.Header)
	if request.Header == nil {
		request.Header = bot.Header{}
	}
	for _, header := range request.Secrets {
		secret, err := w.secretFor(header.Secret, target.Hostname())
		if err != nil {
			return nil, request, err
		}
		request.Header[header.Name] = append(request.Header[header.Name], header.Prefix+secret)
	}
	request.Secrets = nil
	if w.outside == nil {
		return nil, request, &bot.UnavailableError{Why: "the test mesh reaches nobody; see HandleHTTP"}
	}
	return w.outside, request, nil
}

func (w *world) secretFor(name, host string) (string, error) {
	named, found := w.manifest.secret(name)
	switch {
	case !found && !w.permissive:
		return "", denied("bot.toml does not name the secret `" + name + "`")
	case len(named.Hosts) > 0 && !reaches(named.Hosts, host):
		return "", denied("the secret `" + name + "` is not for `" + host + "`")
	}
	if secret, entered := w.secrets[name]; entered {
		return secret, nil
	}
	return "", &bot.NotFoundError{What: name}
}
