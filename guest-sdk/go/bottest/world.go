package bottest

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"the-mesh.dev/bot"
)

// world is the state of a test mesh. Its methods that are those of [bot.Host] are what the bot is answered.
type world struct {
	mutex sync.Mutex
	me    bot.Actor

	manifest   *Manifest
	permissive bool
	granted    map[string]bool
	failing    map[string]error
	answers    map[string]string
	outside    func(bot.Request) (bot.Response, error)
	others     func(bot, method string, input json.RawMessage) (any, error)
	answered   *answered

	config    string
	secrets   map[string]string
	rooms     []*bot.Room
	members   []bot.Member
	messages  []*bot.Message
	reactions []Reaction
	kv        map[string]bot.Versioned[[]byte]
	files     []*file
	timers    []*timer
	approvals []*approval
	lines     []Line

	count   uint64
	elapsed time.Duration
}

var _ bot.Host = (*world)(nil)

var (
	// began is when each test mesh begins. Its clock only moves when something happens.
	began       = time.UnixMilli(1_700_000_000_000).UTC()
	serverActor = bot.Actor{ID: "server", Kind: "server", Name: "server"}
)

func newWorld() *world {
	w := &world{
		me:      bot.Actor{ID: "bot_1", Kind: "bot", Name: "bot"},
		granted: map[string]bool{},
		failing: map[string]error{},
		answers: map[string]string{},
		config:  "{}",
		secrets: map[string]string{},
		kv:      map[string]bot.Versioned[[]byte]{},
	}
	w.members = append(w.members, memberOf(w.me, "bot"))
	w.actor("Ada")
	w.room("general")
	return w
}

// lock is for goroutines of a bot; use it with defer w.lock()().
func (w *world) lock() (unlock func()) {
	w.mutex.Lock()
	return w.mutex.Unlock
}

func (w *world) adopt(manifest *Manifest) {
	defer w.lock()()
	w.manifest = manifest
	for _, capability := range manifest.Capabilities {
		w.granted[capability.Permission] = true
	}
}

// permit says whether the bot has a permission.
func (w *world) permit(permission string) error {
	if err := w.failing[permission]; err != nil {
		return err
	}
	if !w.permissive && !w.granted[permission] {
		return denied("the manifest does not ask for `" + permission + "`")
	}
	return nil
}

func (w *world) configure(settings string) {
	defer w.lock()()
	w.config = settings
}

func (w *world) tell(name, value string) {
	defer w.lock()()
	w.secrets[name] = value
}

func (w *world) advance(by time.Duration) {
	defer w.lock()()
	w.elapsed += by
}

// tick is the position and the time of the next event.
func (w *world) tick() (uint64, time.Time) {
	defer w.lock()()
	return w.next(), w.now()
}

func (w *world) next() uint64 {
	w.count++
	return w.count
}

func (w *world) now() time.Time {
	return began.Add(w.elapsed + time.Duration(w.count)*time.Millisecond)
}

func (w *world) newID(kind string) string {
	defer w.lock()()
	return w.id(kind)
}

func (w *world) id(kind string) string { return fmt.Sprintf("%s_%d", kind, w.next()) }

// actor is somebody of this name, who joins if they are new.
func (w *world) actor(name string) bot.Actor {
	defer w.lock()()
	for _, member := range w.members {
		if member.Actor.Name == name {
			return member.Actor
		}
	}
	actor := bot.Actor{ID: w.id("person"), Kind: "person", Name: name}
	w.members = append(w.members, memberOf(actor, "member"))
	return actor
}

func memberOf(actor bot.Actor, role string) bot.Member {
	return bot.Member{
		ID:       "member_" + actor.ID,
		Actor:    actor,
		Handle:   strings.ReplaceAll(strings.ToLower(actor.Name), " ", "-"),
		Role:     role,
		JoinedAt: began,
	}
}

func (w *world) Log(level slog.Level, text string) {
	defer w.lock()()
	w.lines = append(w.lines, Line{level, text})
}

func (w *world) ConfigGet() (string, error) {
	defer w.lock()()
	return w.config, nil
}

func (w *world) Whoami() (bot.Identity, error) {
	return bot.Identity{Actor: w.me, MemberID: "member_bot_1", MeshID: "mesh_1", Role: "bot"}, nil
}

func (w *world) SecretRead(name string) (string, error) {
	defer w.lock()()
	if err := w.permit("bot.state"); err != nil {
		return "", err
	}
	named, found := w.manifest.secret(name)
	switch {
	case !found && !w.permissive:
		return "", denied("bot.toml does not name the secret `" + name + "`")
	case len(named.Hosts) > 0:
		return "", denied("this secret goes into requests to its hosts; the bot itself does not see it")
	}
	if secret, entered := w.secrets[name]; entered {
		return secret, nil
	}
	return "", &bot.NotFoundError{What: name}
}

func (w *world) MeshGet() (bot.MeshInfo, error) {
	defer w.lock()()
	return bot.MeshInfo{ID: "mesh_1", Name: "Test", Slug: "test"}, w.permit("mesh.read")
}

func (w *world) PermissionCheck(questions []bot.PermissionQuestion) ([]bool, error) {
	defer w.lock()()
	if err := w.permit("mesh.read"); err != nil {
		return nil, err
	}
	var answers []bool
	for _, question := range questions {
		answers = append(answers, w.permit(question.Permission) == nil)
	}
	return answers, nil
}

func (w *world) MemberList(page bot.PageRequest) (bot.Page[bot.Member], error) {
	defer w.lock()()
	if err := w.permit("member.read"); err != nil {
		return bot.Page[bot.Member]{}, err
	}
	return paged(w.members, page)
}

func (w *world) MemberGet(id string) (bot.Member, error) {
	defer w.lock()()
	if err := w.permit("member.read"); err != nil {
		return bot.Member{}, err
	}
	for _, member := range w.members {
		if member.ID == id {
			return member, nil
		}
	}
	return bot.Member{}, &bot.NotFoundError{What: id}
}

// What a test says with [Mesh.Answer], and otherwise is not there.

func (w *world) RoleList() (string, error) { return w.answer("role.list", "mesh.read") }

func (w *world) BotList(bot.PageRequest) (string, error) { return w.answer("bot.list", "member.read") }

func (w *world) BotGet(string) (string, error) { return w.answer("bot.get", "member.read") }

func (w *world) BotStatus() (string, error) { return w.answer("bot.status", "bot.operate") }

func (w *world) BotExplain(string, string) (string, error) {
	return w.answer("bot.explain", "bot.operate")
}

func (w *world) BotGrantList() (string, error) { return w.answer("bot_grant.list", "bot.operate") }

func (w *world) BotLimitGet() (string, error) { return w.answer("bot_limit.get", "bot.operate") }

func (w *world) BotSubscriptionGet() (string, error) {
	return w.answer("bot_subscription.get", "bot.state")
}

func (w *world) BotSubscriptionPut([]string, []string) (string, error) {
	return w.answer("bot_subscription.put", "bot.state")
}

func (w *world) EventSync(string) (string, error) { return w.answer("event.sync", "") }

func (w *world) RoomEventList(string, uint64, int) (string, error) {
	return w.answer("room_event.list", "message.read")
}

func (w *world) DocsOps() (string, error) { return w.answer("docs.ops", "") }

func (w *world) answer(operation, permission string) (string, error) {
	defer w.lock()()
	if permission != "" {
		if err := w.permit(permission); err != nil {
			return "", err
		}
	}
	if answer, said := w.answers[operation]; said {
		return answer, nil
	}
	return "", &bot.UnavailableError{Why: "the test mesh has no `" + operation + "`"}
}

func denied(detail string) error { return &bot.DeniedError{Reason: "grant", Detail: detail} }

// paged is one page of a list; the cursor is the position to go on from.
func paged[T any](all []T, page bot.PageRequest) (bot.Page[T], error) {
	start := 0
	if page.Cursor != "" {
		at, err := strconv.Atoi(page.Cursor)
		if err != nil || at < 0 || at > len(all) {
			return bot.Page[T]{}, &bot.InvalidError{Why: "no such cursor"}
		}
		start = at
	}
	limit := page.Limit
	if limit == 0 {
		limit = 50
	}
	if limit < 1 || limit > 200 {
		return bot.Page[T]{}, &bot.InvalidError{Why: "a page has 1 to 200 entries"}
	}
	end := min(start+limit, len(all))
	made := bot.Page[T]{Items: append([]T(nil), all[start:end]...)}
	if end < len(all) {
		made.Next = strconv.Itoa(end)
	}
	return made, nil
}
