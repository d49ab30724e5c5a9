/** The methods a bot can have, by which it is told what happens. */
const HANDLERS = new Set([
  "onMention",
  "onMessage",
  "onEdit",
  "onReaction",
  "onAction",
  "onCommand",
  "onCall",
  "onTimer",
  "onDecision",
  "onConfigChanged",
  "onEvent",
]);

const made = new WeakSet();

/** Makes a bot of an object with handlers, or of a function that makes one for each instance. */
export function defineBot(handlers) {
  if (typeof handlers !== "function") checked(handlers);
  const bot = { create: typeof handlers === "function" ? () => checked(handlers()) : () => Object.create(handlers) };
  made.add(bot);
  return Object.freeze(bot);
}

/** Says what is wrong if this is not what `defineBot` gave. */
export function expectBot(bot) {
  if (made.has(bot)) return bot;
  throw new TypeError("this is no bot: the main module has to `export default defineBot({ … })`");
}

// Slips that would otherwise only show as a bot that never answers.
function checked(handlers) {
  if (typeof handlers !== "object" || handlers === null) throw new TypeError("a bot is an object with handlers");
  for (const name in handlers) {
    if (/^on[A-Z]/.test(name) && !HANDLERS.has(name)) {
      throw new TypeError(`there is no handler \`${name}\`; there are ${[...HANDLERS].join(", ")}`);
    }
    if (name !== "start" && !HANDLERS.has(name)) continue;
    if (typeof handlers[name] !== "function") throw new TypeError(`\`${name}\` has to be a function`);
    if (handlers[name].constructor.name === "AsyncFunction") throw new TypeError(notAsync(name));
  }
  return handlers;
}

/** Why a handler may not give a promise. */
export function notAsync(name) {
  return `\`${name}\` is async, and handlers are not: calls of the mesh answer at once, and nobody waits for a promise`;
}
