import { bytes as octets, count, id, text } from "./arguments.js";
import { answer } from "./imports.js";
import { Pages } from "./pages.js";

/** How many bytes move with one call, unless the bot says otherwise. */
const CHUNK = 64 * 1024;

/** Files of rooms, moved in pieces. */
export class Files {
  #imports;

  constructor(imports) {
    this.#imports = imports;
  }

  list(room) {
    const named = id(room, "a room");
    return new Pages((page) => {
      const { files, nextCursor } = this.#imports.files.list(named, page);
      return { items: files, nextCursor };
    });
  }

  get(file) {
    return this.#imports.files.get(id(file, "a file"));
  }

  *chunks(file, most = CHUNK) {
    const size = count(most, "the size of a piece", 0xffffffff);
    const reader = this.#imports.files.download(id(file, "a file"));
    try {
      for (;;) {
        const chunk = answer(() => reader.read(size));
        if (chunk.length === 0) return;
        yield chunk;
      }
    } finally {
      reader[Symbol.dispose]();
    }
  }

  download(file) {
    const chunks = [...this.chunks(file)];
    const whole = new Uint8Array(chunks.reduce((size, chunk) => size + chunk.length, 0));
    let at = 0;
    for (const chunk of chunks) {
      whole.set(chunk, at);
      at += chunk.length;
    }
    return whole;
  }

  upload(room, name, content) {
    const upload = this.begin(room, name);
    try {
      for (const piece of isOnePiece(content) ? [content] : content) upload.write(piece);
      return upload.finish();
    } finally {
      upload.dispose();
    }
  }

  begin(room, name) {
    return new Upload(this.#imports.files.upload(id(room, "a room"), text(name, "a file's name")));
  }

  delete(file) {
    this.#imports.files.delete(id(file, "a file"));
  }
}

/** A file that is being written. Nobody sees it before it is finished. */
class Upload {
  #writer;

  constructor(writer) {
    this.#writer = writer;
  }

  write(content) {
    const all = octets(content, "a file's bytes");
    for (let at = 0; at < all.length; at += CHUNK) {
      answer(() => this.#writer.write(all.subarray(at, at + CHUNK)));
    }
  }

  finish() {
    return answer(() => this.#writer.finish());
  }

  dispose() {
    this.#writer?.[Symbol.dispose]();
    this.#writer = undefined;
  }

  [Symbol.dispose]() {
    this.dispose();
  }
}

function isOnePiece(content) {
  return typeof content === "string" || content instanceof Uint8Array || content instanceof ArrayBuffer;
}
