"""The handle of a bot on its mesh."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from ._json import parse, write
from .approvals import Approvals
from .errors import milliseconds
from .files import Files
from .host import Host, OutboundRequest, SecretHeader
from .kv import Kv
from .messages import Messages, Threads
from .models import Action, Identity, MeshInfo, Message
from .outbound import Response
from .own_bot import OwnBot
from .rooms import Members, Rooms
from .timers import Timers
from .writer import MessageWriter


class Mesh:
    """The mesh a bot is in: everything it can ask for starts here.

    Every call asks the mesh, which decides each time whether the bot may; nothing is cached here. What it cannot do
    raises a `MeshError`.
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        self.messages = Messages(host)
        """Posting, reading, changing and deleting messages, and reactions."""
        self.threads = Threads(host)
        """Threads and what was said in them."""
        self.rooms = Rooms(host)
        """Rooms and who is in them."""
        self.members = Members(host)
        """The people and bots of the mesh."""
        self.kv = Kv(host)
        """The bot's own store, which outlives every instance."""
        self.files = Files(host)
        """Files of rooms."""
        self.timers = Timers(host)
        """The bot's own timers."""
        self.approvals = Approvals(host)
        """Questions to people."""
        self.own_bot = OwnBot(host)
        """What the mesh knows about this bot: its state, grants and limits, and why it may not."""

    def reply(
        self, to: Message, text: str, *, files: Iterable[str] = (), actions: Iterable[Action] = ()
    ) -> Message:
        """Answers a message where it stands: in its thread if it is in one, and as a reply to it."""
        return self.messages.post(to.room_id, text, thread=to.thread_id, reply_to=to.id, files=files, actions=actions)

    def reply_streaming(self, to: Message) -> MessageWriter:
        """Answers a message where it stands, bit by bit: people see the answer while it is written.

        Needs `message.post` and `message.edit`.

            with self.mesh.reply_streaming(mention) as answer:
                for word in words:
                    answer.write(f"{word} ")
        """
        return self.messages.stream(to.room_id, thread=to.thread_id, reply_to=to.id)

    def react(self, to: Message, emoji: str) -> None:
        """Puts an emoji on a message."""
        self.messages.react(to.id, emoji)

    def config(self) -> dict[str, Any]:
        """The bot's settings. Secrets are never in them."""
        settings: dict[str, Any] = parse(self._host.config_get())
        return settings

    def secret(self, name: str) -> str:
        """A secret that `bot.toml` names, as a person entered it; raises `NotFound` until then. Needs `bot.state`.

        The mesh takes it out of the bot's log and of its errors, where it stands there as it is. A secret that
        `bot.toml` gives hosts cannot be read, only sent, with `fetch`.
        """
        return self._host.secret_read(name)

    def whoami(self) -> Identity:
        """Who this bot is in the mesh."""
        return self._host.whoami()

    def about(self) -> MeshInfo:
        """Name and description of the mesh. Needs `mesh.read`."""
        return self._host.mesh_get()

    def roles(self) -> dict[str, Any]:
        """The roles of the mesh and what each may do, as the operation `role.list` answers.

        Needs `mesh.read`.
        """
        roles: dict[str, Any] = parse(self._host.role_list())
        return roles

    def may(self, permission: str, resource: str) -> bool:
        """Whether this bot may use a permission, such as `message.post`, on what has this id, right now.

        Needs `mesh.read`.
        """
        return self.may_each([(permission, resource)])[0]

    def may_each(self, questions: Iterable[tuple[str, str]]) -> list[bool]:
        """Answers up to 100 questions, each a permission and an id, with one call and in their order.

        Needs `mesh.read`.
        """
        return self._host.permission_check(list(questions))

    def sync(self, cursor: str | None = None) -> dict[str, Any]:
        """Rooms, unread counts and positions, as the operation `event.sync` answers; with the cursor of an earlier
        answer, everything since."""
        answer: dict[str, Any] = parse(self._host.event_sync(cursor))
        return answer

    def operations(self) -> dict[str, Any]:
        """The operations this bot may use, as `docs.ops` answers."""
        answer: dict[str, Any] = parse(self._host.docs_ops())
        return answer

    def call(self, bot: str, method: str, input: Any = None, *, timeout: timedelta | None = None) -> Any:
        """Asks a bot of this mesh for something and waits for its answer. Needs `command.invoke`.

        It waits 30 seconds at most, or as long as `timeout` says, and never longer than whoever asked this bot. What
        the other bot says in place of an answer is raised as `Failed`. A bot that waits handles nothing else meanwhile,
        unless `bot.toml` gives it several instances.

            text = self.mesh.call(translator, "translate", {"text": mention.text})
        """
        most = None if timeout is None else milliseconds(timeout)
        return parse(self._host.bot_call(bot, method, write(input), most))

    def fetch(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        secrets: Iterable[SecretHeader] = (),
        body: str | bytes = b"",
        json: Any = None,
        timeout: timedelta | None = None,
    ) -> Response:
        """Asks a server outside. Needs `bot.network`, and the host under `[egress]` in `bot.toml`.

        `url` begins with `https://`. The body is `body`, or `json` written as JSON. Any answer of the other side is a
        response, whatever its status; redirects are not followed. The timeout is at most 30 seconds, which it also is
        without one. A secret header ends in a secret that the bot does not get to see:

            mesh.fetch(url, secrets=[SecretHeader("authorization", "TOKEN", prefix="Bearer ")])
        """
        named = list((headers or {}).items())
        if json is not None:
            body = write(json)
            named.append(("content-type", "application/json"))
        request = OutboundRequest(
            method,
            url,
            named,
            list(secrets),
            body.encode() if isinstance(body, str) else body,
            None if timeout is None else milliseconds(timeout),
        )
        answer = self._host.fetch(request)
        return Response(answer.status, answer.headers, answer.body)
