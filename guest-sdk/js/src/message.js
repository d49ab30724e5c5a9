/** A message as the contract has it, and what a bot often wants of its text. */
export class Message {
  constructor(raw) {
    Object.assign(this, raw);
  }

  get textWithoutMention() {
    return withoutMention(this.text.trim());
  }

  // A thread has the id of the message it stands under, but for the prefix, and its first reply opens it.
  get threadToReplyIn() {
    return this.threadId ?? `thread_${this.id.slice(this.id.indexOf("_") + 1)}`;
  }
}

// Takes off only a handle at the very beginning. A letter or digit right behind it, which no handle can
// have, means that it was none.
function withoutMention(text) {
  const handle = /^@[a-z0-9_.-]+/.exec(text)?.[0];
  if (handle === undefined) return text;
  const rest = text.slice(handle.length);
  return /^[\p{L}\p{N}]/u.test(rest) ? text : rest.replace(/^[:,]/, "").trimStart();
}
