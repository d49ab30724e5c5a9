import { id, json, list, optionalId, optionalText, text as words } from "./arguments.js";
import { Message } from "./message.js";
import { Pages } from "./pages.js";
import { MessageWriter } from "./writer.js";

/** Posting, reading, changing and deleting messages, and reactions. */
export class Messages {
  #imports;

  constructor(imports) {
    this.#imports = imports;
  }

  post(room, text) {
    return this.send({ room, text });
  }

  send(draft) {
    return this.#post(draft, false);
  }

  stream({ text = "", ...draft }) {
    const beginning = words(text, "the text");
    return new MessageWriter(this.#imports, this.#post({ ...draft, text: beginning }, true), beginning);
  }

  #post({ room, text, thread, replyTo, files = [], actions = [] }, streaming) {
    return new Message(
      this.#imports.messages.post({
        room: id(room, "a room"),
        text: words(text, "the text"),
        thread: optionalId(thread, "a thread"),
        replyTo: optionalId(replyTo, "a message"),
        files: list(files, "files", id),
        streaming,
        actions: list(actions, "actions", actionOf),
      }),
    );
  }

  get(message) {
    return new Message(this.#imports.messages.get(id(message, "a message")));
  }

  list(room) {
    const named = id(room, "a room");
    return new Pages((page) => pageOfMessages(this.#imports.messages.list(named, page)));
  }

  edit(message, text) {
    return this.change(message, { text: words(text, "the text") });
  }

  change(message, { text, actions }) {
    const change = {
      text: optionalText(text, "the text"),
      actions: actions === undefined ? null : list(actions, "actions", actionOf),
    };
    return new Message(this.#imports.messages.edit(id(message, "a message"), change));
  }

  press(message, action, values) {
    const named = words(action, "the id of a button");
    this.#imports.messages.act(id(message, "a message"), named, values === undefined ? null : json(values, "values"));
  }

  delete(message) {
    this.#imports.messages.delete(id(message, "a message"));
  }

  react(message, emoji) {
    this.#imports.messages.reactionAdd(id(message, "a message"), words(emoji, "an emoji"));
  }

  unreact(message, emoji) {
    this.#imports.messages.reactionRemove(id(message, "a message"), words(emoji, "an emoji"));
  }
}

function actionOf({ id: name, label, style = "plain", value }) {
  return {
    id: words(name, "the id of a button"),
    label: words(label, "the label of a button"),
    style: words(style, "the style of a button"),
    value: optionalText(value, "the value of a button"),
  };
}

export function pageOfMessages({ messages, nextCursor }) {
  return { items: messages.map((raw) => new Message(raw)), nextCursor };
}
