"""The conformance bot in Python: what `tests/conformance/README.md` says, in its order."""

from __future__ import annotations

import json
import logging
import random
from collections.abc import Callable
from datetime import timedelta
from itertools import dropwhile, islice

from words import or_word

from mesh_bot import (
    Action,
    Bot,
    Command,
    Decision,
    Failed,
    Message,
    Press,
    Reaction,
    Reject,
    Retry,
    SecretHeader,
    TimerFired,
)

log = logging.getLogger(__name__)


def plain(value: object) -> str:
    """JSON with the keys in order and without spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


class Conform(Bot):
    """For each command there is a method, which gives the answer, if there is one."""

    def __init__(self) -> None:
        self.heard = 0
        self.retried = False

    def on_message(self, message: Message) -> None:
        self.heard += 1

    def on_mention(self, mention: Message) -> None:
        word, _, rest = mention.text_without_mention.partition(" ")
        command: Callable[[Message, str], str | None] | None = getattr(self, f"do_{word}", None)
        answer = command(mention, rest) if command else None
        if answer is not None:
            self.mesh.reply(mention, answer)

    def on_edit(self, message: Message) -> None:
        if message.text.startswith("watch "):
            self.mesh.messages.post(message.room_id, f"edited: {message.text.removeprefix('watch ')}")

    def on_reaction(self, reaction: Reaction) -> None:
        if not reaction.removed:
            self.mesh.messages.post(reaction.room_id, f"{reaction.emoji} by {reaction.by.name}")

    def on_action(self, press: Press) -> None:
        value = "nothing" if press.value is None else press.value
        text = f"{press.by.name} pressed {press.action} with {value} and {plain(press.values)}"
        self.mesh.messages.change(press.message.id, text=text, actions=[])

    def on_command(self, command: Command) -> None:
        text = f"{command.by.name} called {command.name} with {command.text} and {plain(command.arguments)}"
        self.mesh.messages.post(command.room_id, text)

    def on_timer(self, timer: TimerFired) -> None:
        if timer.room_id is not None:
            self.mesh.messages.post(timer.room_id, f"reminder: {timer.data['text']}")

    def on_decision(self, decision: Decision) -> None:
        if decision.room_id is not None and decision.operation is None:
            self.mesh.messages.post(decision.room_id, f"it is {decision.state}")

    # --- Messages ---

    def do_echo(self, mention: Message, rest: str) -> str:
        return rest

    def do_thread(self, mention: Message, rest: str) -> None:
        self.mesh.messages.post(mention.room_id, rest, thread=mention.thread_to_reply_in)

    def do_react(self, mention: Message, rest: str) -> None:
        self.mesh.react(mention, rest)

    def do_edit(self, mention: Message, rest: str) -> None:
        first = self.mesh.reply(mention, "first")
        self.mesh.messages.edit(first.id, "second")

    def do_stream(self, mention: Message, rest: str) -> None:
        with self.mesh.reply_streaming(mention) as answer:
            for at, word in enumerate(rest.split(" ")):
                answer.write(f" {word}" if at else word)
                answer.flush()

    def do_buttons(self, mention: Message, rest: str) -> None:
        actions = [Action("yes", "Yes", style="primary", value="1"), Action("no", "No")]
        self.mesh.reply(mention, "choose", actions=actions)

    @or_word
    def do_press(self, mention: Message, rest: str) -> str:
        self.mesh.messages.press(rest, "yes", {"by": "me"})
        return "pressed"

    def do_delete(self, mention: Message, rest: str) -> None:
        gone = self.mesh.reply(mention, "gone")
        self.mesh.messages.delete(gone.id)

    def do_heard(self, mention: Message, rest: str) -> str:
        return str(self.heard)

    # --- The store ---

    def do_count(self, mention: Message, rest: str) -> str:
        return str(self.mesh.kv.update("count", lambda count: count + 1, default=0))

    def do_remember(self, mention: Message, rest: str) -> str:
        key, _, value = rest.partition(" ")
        self.mesh.kv.put(key, value)
        return "ok"

    def do_recall(self, mention: Message, rest: str) -> str:
        return str(self.mesh.kv.get(rest, "nothing"))

    def do_forget(self, mention: Message, rest: str) -> str:
        return json.dumps(self.mesh.kv.delete(rest))

    def do_keys(self, mention: Message, rest: str) -> str:
        return ", ".join(entry.key for entry in self.mesh.kv.list(rest))

    def do_bytes(self, mention: Message, rest: str) -> str:
        wanted = bytes(i % 256 for i in range(int(rest)))
        self.mesh.kv.put_bytes("bytes", wanted)
        found = self.mesh.kv.get_bytes("bytes")
        right = sum(a == b for a, b in zip(wanted, found.value if found else b"", strict=False))
        return f"{right} of {rest}"

    @or_word
    def do_claim(self, mention: Message, rest: str) -> str:
        self.mesh.kv.put_if_absent(rest, True)
        return "mine"

    # --- The bot, the room, the mesh ---

    def do_greeting(self, mention: Message, rest: str) -> str:
        return str(self.mesh.config().get("greeting", "none"))

    @or_word
    def do_secret(self, mention: Message, rest: str) -> str:
        secret = self.mesh.secret(rest)
        log.info("%s", secret)
        return f"{len(secret)} characters"

    def do_whoami(self, mention: Message, rest: str) -> str:
        return self.mesh.whoami().actor.name

    def do_may(self, mention: Message, rest: str) -> str:
        return json.dumps(self.mesh.may(rest, mention.room_id))

    def do_members(self, mention: Message, rest: str) -> str:
        return ", ".join(sorted(member.actor.name for member in self.mesh.members.list()))

    def do_history(self, mention: Message, rest: str) -> str:
        newest = self.mesh.messages.list(mention.room_id)
        before = dropwhile(lambda message: message.seq >= mention.seq, newest)
        texts = [message.text for message in islice(before, int(rest))]
        return " / ".join(reversed(texts))

    @or_word
    def do_get(self, mention: Message, rest: str) -> str:
        return self.mesh.messages.get(rest).text

    @or_word
    def do_post(self, mention: Message, rest: str) -> None:
        self.mesh.messages.post(mention.room_id, rest)

    @or_word
    def do_room(self, mention: Message, rest: str) -> str:
        return self.mesh.rooms.create(rest).name

    # --- Files, timers, questions, others outside ---

    def do_file(self, mention: Message, rest: str) -> None:
        name, _, text = rest.partition(" ")
        with self.mesh.files.upload(mention.room_id, name) as upload:
            upload.write(text.encode())
        self.mesh.reply(mention, "here", files=[upload.file.id])

    def do_shown(self, mention: Message, rest: str) -> str:
        return ", ".join(file.name for file in self.mesh.messages.get(rest).files) or "none"

    @or_word
    def do_size(self, mention: Message, rest: str) -> str:
        with self.mesh.files.download(rest, piece=1000) as source:
            return str(sum(len(piece) for piece in iter(lambda: source.read(1000), b"")))

    def do_timers(self, mention: Message, rest: str) -> str:
        # As many as a page has, so that no other is asked for.
        return str(sum(1 for _ in islice(self.mesh.timers.list(), 50)))

    def do_remind(self, mention: Message, rest: str) -> None:
        seconds, _, text = rest.partition(" ")
        at = mention.created_at + timedelta(seconds=int(seconds))
        self.mesh.timers.once(at, {"text": text}, room=mention.room_id)

    def do_ask(self, mention: Message, rest: str) -> None:
        self.mesh.approvals.ask(rest, room=mention.room_id)

    @or_word
    def do_fetch(self, mention: Message, rest: str) -> str:
        response = self.mesh.fetch(rest)
        return f"{response.status}: {response.text}"

    @or_word
    def do_sendsecret(self, mention: Message, rest: str) -> str:
        url, _, name = rest.partition(" ")
        response = self.mesh.fetch(url, secrets=[SecretHeader("authorization", name, prefix="Bearer ")])
        return f"{response.status}: {response.text}"

    # --- How it may end ---

    def do_random(self, mention: Message, rest: str) -> str:
        return str(random.randrange(2**53))

    def do_log(self, mention: Message, rest: str) -> str:
        log.warning("%s", rest)
        return "logged"

    def do_fail(self, mention: Message, rest: str) -> None:
        raise Failed(rest)

    def do_retry(self, mention: Message, rest: str) -> str:
        if not self.retried:
            self.retried = True
            raise Retry(timedelta(milliseconds=100))
        return "again"

    def do_reject(self, mention: Message, rest: str) -> None:
        raise Reject(rest)

    def do_panic(self, mention: Message, rest: str) -> None:
        # Exceptions are caught; this is none that anybody should catch.
        raise SystemExit("as ordered")
