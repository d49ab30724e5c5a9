import { Message } from "../message.js";

/** A message by Ada in the room `room_1`, for functions that need no mesh. */
export function message(text, fields = {}) {
  return new Message({
    id: "message_1",
    roomId: "room_1",
    threadId: null,
    replyTo: null,
    author: { id: "person_1", kind: "person", name: "Ada" },
    text,
    createdAt: 0,
    editedAt: null,
    revision: 1,
    seq: 1,
    trust: "local",
    hops: 0,
    mentionsMe: false,
    redacted: false,
    reactions: [],
    files: [],
    streaming: false,
    actions: [],
    ...fields,
  });
}
