import { ConflictError, InvalidError } from "../errors.js";
import { paged } from "./paged.js";

export function files(state) {
  return {
    list: state.gated("file.read", "file.list", (room, page) => {
      state.joined(room);
      const { items, nextCursor } = paged(
        state.files
          .filter((file) => file.roomId === room)
          .reverse()
          .map(described),
        page,
      );
      return { files: items, nextCursor };
    }),
    get: state.gated("file.read", "file.get", (id) => described(state.find(state.files, id))),
    download: state.gated("file.read", "file.download", (id) => reader(state.find(state.files, id).bytes)),
    upload: state.gated("file.upload", "file.upload", (room, name) => writer(state, state.joined(room).id, name)),
    delete: state.gated("file.manage", "file.delete", (id) => {
      state.files.splice(state.files.indexOf(state.find(state.files, id)), 1);
      for (const kept of state.messages) kept.files = kept.files.filter((file) => file.id !== id);
    }),
  };
}

/** Keeps a file, as if somebody had uploaded it. */
export function keepFile(state, roomId, name, bytes) {
  const file = {
    id: state.id("file"),
    roomId,
    name,
    mediaType: isText(bytes) ? "text/plain" : "application/octet-stream",
    size: bytes.length,
    createdAt: state.now,
    messageId: null,
    bytes,
  };
  state.files.push(file);
  return described(file);
}

/** A file as the message that it came with shows it. */
export function attachment({ id, name, mediaType, size }) {
  return { id, name, mediaType, size };
}

function described({ messageId, bytes, ...file }) {
  return file;
}

function reader(bytes) {
  let at = 0;
  return {
    read(most) {
      if (most < 1) throw new InvalidError("read at least one byte");
      const chunk = bytes.slice(at, at + most);
      at += chunk.length;
      return chunk;
    },
    drop() {},
  };
}

function writer(state, roomId, name) {
  let bytes = [];
  return {
    write(chunk) {
      if (bytes === null) throw new ConflictError("the file is finished");
      bytes.push(...chunk);
    },
    finish() {
      if (bytes === null) throw new ConflictError("the file is finished");
      const file = keepFile(state, roomId, name, Uint8Array.from(bytes));
      bytes = null;
      return file;
    },
    drop() {},
  };
}

function isText(bytes) {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return !bytes.includes(0);
  } catch {
    return false;
  }
}
