// `bot.toml`, read as strictly as a mesh reads it: a key that no mesh knows is an error.

import { parse } from "smol-toml";

const TABLES = [
  "schema",
  "bot",
  "runtime",
  "events",
  "commands",
  "capabilities",
  "egress",
  "secrets",
  "limits",
  "config",
];
const ABOUT = ["name", "version", "description", "publisher", "license"];
const RUNTIME = ["backend", "instances", "ordering"];
const EVENTS = ["subscribe", "hears", "from_bots"];
const COMMAND = ["name", "description", "arguments", "acts_for"];
const CAPABILITY = ["permission", "on", "reason", "required"];
const SECRET = ["name", "reason", "hosts"];
const EGRESS = ["hosts"];
const HEARS = ["mentions", "commands", "all"];

/** Reads a manifest. The error is a sentence about what is wrong. */
export function parseManifest(text) {
  const manifest = parse(text);
  only(manifest, TABLES, "the manifest");
  if (manifest.schema !== 1) throw new TypeError(`schema is ${manifest.schema}, and only 1 is known`);
  const bot = only(manifest.bot, ABOUT, "[bot]");
  if (typeof bot.name !== "string" || bot.name.length === 0) throw new TypeError("[bot] needs a name");
  only(manifest.runtime ?? {}, RUNTIME, "[runtime]");
  const events = only(manifest.events ?? {}, EVENTS, "[events]");
  const hears = events.hears ?? "mentions";
  if (!HEARS.includes(hears)) throw new TypeError(`hears is \`${hears}\`, and only ${HEARS.join(", ")} are known`);
  return {
    bot,
    hears,
    subscribe: events.subscribe ?? [],
    commands: each(manifest.commands, COMMAND, "[[commands]]", "name"),
    capabilities: each(manifest.capabilities, CAPABILITY, "[[capabilities]]", "permission"),
    hosts: only(manifest.egress ?? {}, EGRESS, "[egress]").hosts ?? [],
    secrets: each(manifest.secrets, SECRET, "[[secrets]]", "name"),
  };
}

function each(tables, known, where, needed) {
  for (const table of tables ?? []) {
    only(table, known, where);
    if (typeof table[needed] !== "string") throw new TypeError(`each of ${where} needs a ${needed}`);
  }
  return tables ?? [];
}

function only(table, known, where) {
  if (typeof table !== "object" || table === null) throw new TypeError(`${where} is missing or no table`);
  const unknown = Object.keys(table).find((key) => !known.includes(key));
  if (unknown !== undefined) throw new TypeError(`${where} has no key \`${unknown}\``);
  return table;
}
