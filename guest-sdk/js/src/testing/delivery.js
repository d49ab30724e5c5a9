// What a mesh would not hand to the bot at all. A test that hands it over anyway would prove something
// that never happens, so it fails and says which line of `bot.toml` is missing.

/** News about the bot itself, which always comes. */
const ALWAYS = [
  "command-invoked",
  "approval-decided",
  "message-acted",
  "bot-called",
  "timer-fired",
  "bot-config-changed",
  "bot-grants-changed",
  "gap",
  "other",
];

export class Delivery {
  #manifest;

  /** Without a manifest everything is handed over. */
  constructor(manifest) {
    this.#manifest = manifest;
  }

  expectHeard(type, data) {
    if (this.#manifest === null || ALWAYS.includes(type)) return;
    const { hears, subscribe } = this.#manifest;
    // Whoever asks for new messages gets those that came bit by bit too.
    const names = type === "message-completed" ? [type, "message-created"] : [type];
    if (subscribe.length > 0 && !names.some((name) => subscribe.includes(name))) {
      throw new Error(`bot.toml: the bot does not subscribe to \`${type}\`, so it would never get this event`);
    }
    if (hears === "all" || (hears === "mentions" && data?.mentionsMe)) return;
    throw new Error(`bot.toml: the bot hears ${hears} only, so it would never get this event`);
  }

  expectCommand(name) {
    if (this.#manifest === null || this.#manifest.commands.some((command) => command.name === name)) return;
    throw new Error(`bot.toml: there is no command \`${name}\``);
  }
}
