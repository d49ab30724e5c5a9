import { MeshError, toRaw } from "../errors.js";
import { approvals } from "./approvals.js";
import { calls } from "./calls.js";
import { files } from "./files.js";
import { http } from "./http.js";
import { kv } from "./kv.js";
import { messages } from "./messages.js";
import { bots, config, auth, docs, events, members, meshes, secrets } from "./own.js";
import { rooms } from "./rooms.js";
import { timers } from "./timers.js";

const INTERFACES = {
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

/** What a test mesh answers, in the shape in which a component gets its imports. */
export function importsOf(state) {
  const imports = {};
  for (const [name, functionsOf] of Object.entries(INTERFACES)) imports[name] = asImported(functionsOf(state));
  return imports;
}

// Everything is copied on its way in and out, as it is between a component and its host.
function asImported(functions) {
  return Object.fromEntries(
    Object.entries(functions).map(([name, call]) => [
      name,
      (...args) => {
        try {
          const result = call(...structuredClone(args));
          return isResource(result) ? resource(result) : structuredClone(result);
        } catch (error) {
          throw error instanceof MeshError ? toRaw(error) : error;
        }
      },
    ]),
  );
}

function isResource(value) {
  return typeof value === "object" && value !== null && "drop" in value;
}

function resource({ drop, ...methods }) {
  return { ...asImported(methods), [Symbol.dispose]: drop };
}
