package bot

import "iter"

// OwnBot is what the mesh knows about bots; see [Mesh]. Answers are those of the operations named, read into a type of
// the caller, such as map[string]any.
type OwnBot struct{ host host }

// Status is bot.status of this bot: state, version, last error, lag. Needs bot.operate.
func (s OwnBot) Status[T any]() (T, error) {
	status, err := s.host.BotStatus()
	return answer[T]("bot.status", status, err)
}

// Explain is bot.explain: which layer allows or refuses this bot an operation on a resource. Needs bot.operate.
func (s OwnBot) Explain[T any](operation, resource string) (T, error) {
	explained, err := s.host.BotExplain(operation, resource)
	return answer[T]("bot.explain", explained, err)
}

// Grants is bot_grant.list: what this bot asked for and what was decided. Needs bot.operate.
func (s OwnBot) Grants[T any]() (T, error) {
	grants, err := s.host.BotGrantList()
	return answer[T]("bot_grant.list", grants, err)
}

// Limits is bot_limit.get: this bot's limits and what it uses of them. Needs bot.operate.
func (s OwnBot) Limits[T any]() (T, error) {
	limits, err := s.host.BotLimitGet()
	return answer[T]("bot_limit.get", limits, err)
}

// Subscription is bot_subscription.get: which events this bot is handed. Needs bot.state.
func (s OwnBot) Subscription[T any]() (T, error) {
	subscription, err := s.host.BotSubscriptionGet()
	return answer[T]("bot_subscription.get", subscription, err)
}

// Subscribe is bot_subscription.put: from now on only these events of those that bot.toml subscribes to, and only of
// these rooms of those that the bot is in; nil means all. Needs bot.state.
func (s OwnBot) Subscribe(events, rooms []string) error {
	_, err := s.host.BotSubscriptionPut(events, rooms)
	return err
}

// List is bot.list: the bots of the mesh. Needs member.read.
func (s OwnBot) List[T any](size ...PageSize) iter.Seq2[T, error] {
	return jsonPages[T](size, "bot.list", s.host.BotList)
}

// Get is bot.get: another bot, or this one. Needs member.read.
func (s OwnBot) Get[T any](bot string) (T, error) {
	found, err := s.host.BotGet(bot)
	return answer[T]("bot.get", found, err)
}
