// What a component exports. Only `mesh-bot build` reads this file: its imports exist nowhere else.

import "./globals.js";
import * as approvals from "mesh:bot/approvals@0.1.0";
import * as auth from "mesh:bot/auth@0.1.0";
import * as bots from "mesh:bot/bots@0.1.0";
import * as calls from "mesh:bot/calls@0.1.0";
import * as config from "mesh:bot/config@0.1.0";
import * as docs from "mesh:bot/docs@0.1.0";
import * as events from "mesh:bot/events@0.1.0";
import * as files from "mesh:bot/files@0.1.0";
import * as http from "mesh:bot/http@0.1.0";
import * as kv from "mesh:bot/kv@0.1.0";
import * as log from "mesh:bot/log@0.1.0";
import * as members from "mesh:bot/members@0.1.0";
import * as meshes from "mesh:bot/meshes@0.1.0";
import * as messages from "mesh:bot/messages@0.1.0";
import * as rooms from "mesh:bot/rooms@0.1.0";
import * as secrets from "mesh:bot/secrets@0.1.0";
import * as timers from "mesh:bot/timers@0.1.0";
import { expectBot } from "../bot.js";
import { sendTo } from "../log.js";
import { Runner } from "../runner.js";
import { useHostRandomness } from "./random.js";

const imports = {
  approvals,
  auth,
  bots,
  calls,
  config,
  docs,
  events,
  files,
  http,
  kv,
  members,
  meshes,
  messages,
  rooms,
  secrets,
  timers,
};

/** The interface `handler` of a bot. An error is thrown as a string: that is what the contract has. */
export function exported(bot) {
  const runner = new Runner(expectBot(bot), imports);
  return {
    start() {
      useHostRandomness();
      sendTo((level, line) => log.write(level, line));
      inWords(() => runner.start());
    },
    onEvent(event) {
      return inWords(() => runner.onEvent(event));
    },
  };
}

function inWords(call) {
  try {
    return call();
  } catch (error) {
    throw error.message;
  }
}
