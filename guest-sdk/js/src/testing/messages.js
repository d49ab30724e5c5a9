import { ConflictError, DeniedError, InvalidError, NotFoundError } from "../errors.js";
import { attachment } from "./files.js";
import { message } from "./message.js";
import { paged } from "./paged.js";

/** The longest text of a message, in bytes. */
const LONGEST = 64 * 1024;

export function messages(state) {
  return {
    post: state.gated("message.post", "message.post", (draft) => post(state, draft)),
    get: state.gated("message.read", "message.get", (id) => state.find(state.messages, id)),
    list: state.gated("message.read", "message.list", (room, page) => {
      state.joined(room);
      return pageOf(state.messages.filter((kept) => kept.roomId === room).reverse(), page);
    }),
    edit: state.gated("message.edit", "message.edit", (id, change) => edit(own(state, id), change, state.now)),
    append: state.gated("message.edit", "message.append", (id, offset, text, last) =>
      append(own(state, id), offset, text, last),
    ),
    act: state.gated("message.react", "message.act", (id, action) => {
      const { actions } = state.find(state.messages, id);
      if (!actions.some((button) => button.id === action)) throw new ConflictError("this message has no such button");
    }),
    delete: state.gated("message.delete", "message.delete", (id) => {
      state.messages.splice(state.messages.indexOf(own(state, id)), 1);
    }),
    threadList: state.gated("message.read", "thread.list", (room, page) => {
      state.joined(room);
      const { items, nextCursor } = paged(
        threads(state).filter((thread) => thread.roomId === room),
        page,
      );
      return { threads: items, nextCursor };
    }),
    threadGet: state.gated("message.read", "thread.get", (id) => state.find(threads(state), id)),
    threadReplies: state.gated("message.read", "thread.replies", (id, page) =>
      pageOf(
        state.messages.filter((kept) => kept.threadId === id),
        page,
      ),
    ),
    reactionAdd: state.gated("message.react", "reaction.add", (id, emoji) => {
      state.find(state.messages, id);
      if (!made(state, id, emoji)) state.reactions.push({ messageId: id, emoji });
    }),
    reactionRemove: state.gated("message.react", "reaction.remove", (id, emoji) => {
      state.find(state.messages, id);
      state.reactions = state.reactions.filter((reaction) => reaction !== made(state, id, emoji));
    }),
  };
}

function post(state, { room, text, thread, replyTo, files, streaming, actions }) {
  state.joined(room);
  if ((files.length === 0 && !streaming) || text !== "") checkText(text);
  checkActions(actions);
  const shown = files.map((id) => state.find(state.files, id));
  for (const file of shown) {
    if (file.roomId !== room) throw new NotFoundError(file.id);
    if (file.messageId !== null) throw new ConflictError(`\`${file.id}\` is shown by another message`);
  }
  const draft = message(text, { roomId: room, threadId: thread, replyTo, author: state.me, hops: 1 });
  const kept = state.keep({ ...draft, files: shown.map(attachment), streaming, actions });
  for (const file of shown) file.messageId = kept.id;
  return kept;
}

function edit(kept, { text, actions }, now) {
  if (text === null && actions === null) throw new InvalidError("there is a text, or there are buttons");
  if (text === null && kept.streaming) throw new ConflictError("more of the text is to come");
  if (text !== null) {
    checkText(text);
    Object.assign(kept, { text, streaming: false });
  }
  if (actions !== null) {
    checkActions(actions);
    kept.actions = actions;
  }
  return Object.assign(kept, { revision: kept.revision + 1, editedAt: now });
}

function append(kept, offset, text, last) {
  const there = bytesOf(kept.text);
  if (!kept.streaming || offset !== there) throw new ConflictError(`the text has ${there} bytes`);
  if (there + bytesOf(text) > LONGEST) throw new InvalidError("a message has at most 64 KiB");
  Object.assign(kept, { text: kept.text + text, streaming: !last, revision: kept.revision + 1 });
  return there + bytesOf(text);
}

function checkActions(actions) {
  if (actions.length > 10) throw new InvalidError("a message has at most 10 buttons");
  const named = new Set(actions.map(({ id }) => id));
  if (named.size < actions.length || actions.some(({ id, label }) => id === "" || label === "")) {
    throw new InvalidError("each button has an id of its own, and a label");
  }
}

function bytesOf(text) {
  return new TextEncoder().encode(text).length;
}

function own(state, id) {
  const kept = state.find(state.messages, id);
  if (kept.author.id === state.me.id) return kept;
  throw new DeniedError("ownership", "only its author may change a message");
}

function checkText(text) {
  if (text === "") throw new InvalidError("a message has a text");
  if (bytesOf(text) > LONGEST) throw new InvalidError("a message has at most 64 KiB");
}

function made(state, id, emoji) {
  return state.reactions.find((reaction) => reaction.messageId === id && reaction.emoji === emoji);
}

// A thread is there as soon as something was said in it.
function threads(state) {
  const named = new Map();
  for (const { threadId, roomId, createdAt } of state.messages) {
    if (threadId === null) continue;
    const thread = named.get(threadId) ?? {
      id: threadId,
      roomId,
      rootId: threadId.replace("thread", "message"),
      title: "",
      resolved: false,
      locked: false,
      replyCount: 0,
      lastReplyAt: null,
    };
    named.set(threadId, { ...thread, replyCount: thread.replyCount + 1, lastReplyAt: createdAt });
  }
  return [...named.values()];
}

function pageOf(all, page) {
  const { items, nextCursor } = paged(all, page);
  return { messages: items, nextCursor };
}
