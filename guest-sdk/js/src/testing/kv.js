import { ConflictError, InvalidError } from "../errors.js";
import { paged } from "./paged.js";

/** The largest value, in bytes. */
const LARGEST = 256 * 1024;

export function kv(state) {
  return {
    get: state.gated("bot.state", "kv.get", (key) => state.kv.get(key) ?? null),
    put: state.gated("bot.state", "kv.put", (key, bytes, expected) => put(state, key, bytes, expected)),
    delete: state.gated("bot.state", "kv.delete", (key) => state.kv.delete(key)),
    list: state.gated("bot.state", "kv.list", (prefix, page) => {
      const entries = [...state.kv]
        .filter(([key]) => key.startsWith(prefix))
        .map(([key, { bytes, version }]) => ({ key, size: bytes.length, version }))
        .sort((one, other) => (one.key < other.key ? -1 : 1));
      const { items, nextCursor } = paged(entries, page);
      return { entries: items, nextCursor };
    }),
  };
}

function put(state, key, bytes, expected) {
  if (bytes.length > LARGEST) throw new InvalidError("a value has at most 256 KiB");
  const stored = state.kv.get(key)?.version ?? 0;
  if (expected !== null && expected !== stored) throw new ConflictError(`\`${key}\` is at version ${stored}`);
  const version = state.next();
  state.kv.set(key, { bytes, version });
  return version;
}
