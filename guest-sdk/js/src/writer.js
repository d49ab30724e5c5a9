import { text as words } from "./arguments.js";
import { ConflictError } from "./errors.js";

/** The least that is sent at once, unless the bot says so. */
const LEAST = 64;

/** A message that people see while it is being written. */
export class MessageWriter {
  #imports;
  #text;
  #sent;
  #offset;
  // What is there is not what this writes.
  #apart = false;

  constructor(imports, message, text) {
    this.#imports = imports;
    this.message = message;
    this.#text = text;
    this.#sent = text.length;
    this.#offset = bytesOf(text);
  }

  write(text) {
    this.#text += typeof text === "string" ? text : words(text, "the text");
    if (this.#text.length - this.#sent >= Math.max(LEAST, this.#sent / 8)) this.flush();
    return this;
  }

  flush() {
    // Half of a letter waits for its other half.
    const end = this.#text.length - (/[\uD800-\uDBFF]$/.test(this.#text) ? 1 : 0);
    if (end > this.#sent) this.#send(end, false);
  }

  finish() {
    this.#send(this.#text.length, true);
    if (!this.#apart) return;
    this.#imports.messages.edit(this.message.id, { text: words(this.#text, "the text"), actions: null });
  }

  #send(end, last) {
    if (this.#apart) return;
    const text = words(this.#text.slice(this.#sent, end), "the text");
    try {
      this.#imports.messages.append(this.message.id, this.#offset, text, last);
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      this.#apart = true;
      return;
    }
    this.#sent = end;
    this.#offset += bytesOf(text);
  }
}

function bytesOf(text) {
  return new TextEncoder().encode(text).length;
}
