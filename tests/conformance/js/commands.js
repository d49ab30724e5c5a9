import { log, MeshError, Reject, Retry } from "mesh-bot";

/** Each command, called on the instance with the mention, the mesh and what stood behind the command. */
export const commands = Object.assign(Object.create(null), {
  echo: ({ mention, mesh, rest }) => mesh.reply(mention, rest),

  thread({ mention, mesh, rest }) {
    mesh.messages.send({ room: mention.roomId, text: rest, thread: mention.threadToReplyIn });
  },

  react: ({ mention, mesh, rest }) => mesh.react(mention, rest),

  edit({ mention, mesh }) {
    const { id } = mesh.reply(mention, "first");
    mesh.messages.edit(id, "second");
  },

  stream({ mention, mesh, rest }) {
    const answer = mesh.replyStreaming(mention);
    rest.split(" ").forEach((word, at) => answer.write(at === 0 ? word : ` ${word}`).flush());
    answer.finish();
  },

  buttons: ({ mention, mesh }) =>
    mesh.reply(mention, "choose", {
      actions: [
        { id: "yes", label: "Yes", style: "primary", value: "1" },
        { id: "no", label: "No" },
      ],
    }),

  press: ({ mention, mesh, rest }) =>
    answerOrWord(mention, mesh, () => (mesh.messages.press(rest, "yes", { by: "me" }), "pressed")),

  delete({ mention, mesh }) {
    const { id } = mesh.reply(mention, "gone");
    mesh.messages.delete(id);
  },

  heard({ mention, mesh }) {
    mesh.reply(mention, this.heard);
  },

  count: ({ mention, mesh }) =>
    mesh.reply(
      mention,
      mesh.kv.update("count", (count = 0) => count + 1),
    ),

  remember({ mention, mesh, rest }) {
    const [key, value] = split(rest);
    mesh.kv.put(key, value);
    mesh.reply(mention, "ok");
  },

  recall: ({ mention, mesh, rest }) => mesh.reply(mention, mesh.kv.get(rest) ?? "nothing"),

  forget: ({ mention, mesh, rest }) => mesh.reply(mention, mesh.kv.delete(rest)),

  keys: ({ mention, mesh, rest }) => mesh.reply(mention, [...mesh.kv.list(rest)].map(({ key }) => key).join(", ")),

  bytes({ mention, mesh, rest }) {
    const wanted = Number(rest);
    mesh.kv.putBytes(
      "bytes",
      Uint8Array.from({ length: wanted }, (_, i) => i % 256),
    );
    const { value } = mesh.kv.getBytes("bytes");
    if (value.length === wanted && value.every((byte, i) => byte === i % 256))
      mesh.reply(mention, `${wanted} of ${wanted}`);
  },

  claim: ({ mention, mesh, rest }) => answerOrWord(mention, mesh, () => (mesh.kv.putIfAbsent(rest, true), "mine")),

  greeting({ mention, mesh }) {
    mesh.reply(mention, this.greeting ?? "none");
  },

  secret: ({ mention, mesh, rest }) =>
    answerOrWord(mention, mesh, () => {
      const secret = mesh.secret(rest);
      log.info(secret);
      return `${[...secret].length} characters`;
    }),

  whoami: ({ mention, mesh }) => mesh.reply(mention, mesh.whoami().actor.name),

  may: ({ mention, mesh, rest }) => mesh.reply(mention, mesh.may(rest, mention.roomId)),

  members({ mention, mesh }) {
    const names = [...mesh.members.list()].map(({ actor }) => actor.name);
    mesh.reply(mention, names.sort().join(", "));
  },

  history({ mention, mesh, rest }) {
    const texts = [];
    for (const { seq, text } of mesh.messages.list(mention.roomId)) {
      if (texts.length === Number(rest)) break;
      if (seq < mention.seq) texts.unshift(text);
    }
    mesh.reply(mention, texts.join(" / "));
  },

  get: ({ mention, mesh, rest }) => answerOrWord(mention, mesh, () => mesh.messages.get(rest).text),

  post({ mention, mesh, rest }) {
    answerOrWord(mention, mesh, () => void mesh.messages.post(mention.roomId, rest));
  },

  room({ mention, mesh, rest }) {
    answerOrWord(mention, mesh, () => void mesh.rooms.create({ name: rest }));
  },

  file({ mention, mesh, rest }) {
    const [name, content] = split(rest);
    const { id } = mesh.files.upload(mention.roomId, name, content);
    mesh.reply(mention, "here", { files: [id] });
  },

  shown({ mention, mesh, rest }) {
    const names = mesh.messages.get(rest).files.map(({ name }) => name);
    mesh.reply(mention, names.join(", ") || "none");
  },

  size: ({ mention, mesh, rest }) =>
    answerOrWord(mention, mesh, () =>
      [...mesh.files.chunks(rest, 1000)].reduce((size, chunk) => size + chunk.length, 0),
    ),

  // As many as a page has, so that no other is asked for.
  timers: ({ mention, mesh }) => mesh.reply(mention, mesh.timers.list().take(50).length),

  remind({ mention, mesh, rest }) {
    const [seconds, text] = split(rest);
    mesh.timers.set({ at: mention.createdAt + Number(seconds) * 1000, room: mention.roomId, data: { text } });
  },

  ask: ({ mention, mesh, rest }) => mesh.approvals.ask({ question: rest, room: mention.roomId }),

  fetch: ({ mention, mesh, rest }) => answerOrWord(mention, mesh, () => shown(mesh.fetch(rest))),

  sendsecret({ mention, mesh, rest }) {
    const [url, secret] = split(rest);
    const secrets = { authorization: { prefix: "Bearer ", secret } };
    answerOrWord(mention, mesh, () => shown(mesh.fetch(url, { secrets })));
  },

  random: ({ mention, mesh }) => mesh.reply(mention, Math.floor(Math.random() * 2 ** 53)),

  log({ mention, mesh, rest }) {
    log.warn(rest);
    mesh.reply(mention, "logged");
  },

  fail({ rest }) {
    throw new Error(rest);
  },

  retry({ mention, mesh }) {
    if (!this.retried) {
      this.retried = true;
      throw new Retry(100);
    }
    mesh.reply(mention, "again");
  },

  reject({ rest }) {
    throw new Reject(rest);
  },

  // What a handler throws ends no instance; a stack that is used up does.
  panic() {
    const deeper = (depth) => deeper(depth + 1) + 1;
    deeper(0);
  },
});

/** Answers what `ask` gives, if anything, or the word for the error that the mesh gave. */
function answerOrWord(mention, mesh, ask) {
  let answer;
  try {
    answer = ask();
  } catch (error) {
    if (!(error instanceof MeshError)) throw error;
    answer = error.kind;
  }
  if (answer !== undefined) mesh.reply(mention, answer);
}

/** The first word, and the rest behind it. */
function split(text) {
  const [, word, rest] = /^(\S*)\s?(.*)$/s.exec(text);
  return [word, rest];
}

function shown(response) {
  return `${response.status}: ${response.text()}`;
}
