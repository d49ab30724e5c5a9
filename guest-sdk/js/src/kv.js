import { bytes as octets, count, json, text } from "./arguments.js";
import { ConflictError, MalformedError } from "./errors.js";
import { Pages } from "./pages.js";

/** How often `update` begins again when another writer was faster. */
const ATTEMPTS = 8;

/** The bot's own store. Values are JSON; `getBytes` and `putBytes` take them as they are. */
export class Kv {
  #imports;

  constructor(imports) {
    this.#imports = imports;
  }

  get(key) {
    return this.getVersioned(key)?.value;
  }

  getVersioned(key) {
    const found = this.getBytes(key);
    if (!found) return undefined;
    try {
      return { value: JSON.parse(new TextDecoder().decode(found.value)), version: found.version };
    } catch (error) {
      throw new MalformedError(`the value stored at \`${key}\`: ${error.message}`);
    }
  }

  put(key, value) {
    return this.putBytes(key, json(value, "a stored value"));
  }

  putIfAbsent(key, value) {
    return this.putIfUnchanged(key, value, 0);
  }

  putIfUnchanged(key, value, version) {
    return this.#put(key, octets(json(value, "a stored value")), count(version, "a version"));
  }

  update(key, change) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return this.#tryUpdate(key, change);
      } catch (error) {
        if (!(error instanceof ConflictError) || attempt === ATTEMPTS) throw error;
      }
    }
  }

  delete(key) {
    return this.#imports.kv.delete(text(key, "a key"));
  }

  list(prefix = "") {
    const beginning = text(prefix, "a prefix");
    return new Pages((page) => {
      const { entries, nextCursor } = this.#imports.kv.list(beginning, page);
      return { items: entries, nextCursor };
    });
  }

  getBytes(key) {
    const found = this.#imports.kv.get(text(key, "a key"));
    return found ? { value: found.bytes, version: found.version } : undefined;
  }

  putBytes(key, bytes) {
    return this.#put(key, octets(bytes, "stored bytes"), null);
  }

  #put(key, bytes, expected) {
    return this.#imports.kv.put(text(key, "a key"), bytes, expected);
  }

  #tryUpdate(key, change) {
    const found = this.getVersioned(key);
    const value = change(found?.value);
    this.putIfUnchanged(key, value, found?.version ?? 0);
    return value;
  }
}
