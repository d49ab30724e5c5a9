"""Write bots for The Mesh in Python.

A bot is a class. It compiles to a WebAssembly component, and its tests run natively on a mesh in memory,
`mesh_bot.testing.TestMesh`.

    from mesh_bot import Bot, Message


    class Echo(Bot):
        def on_mention(self, mention: Message) -> None:
            self.mesh.reply(mention, f"echo: {mention.text_without_mention}")

What a bot may rely on:

- Events of one room come one at a time and in order.
- Memory is a cache. The mesh may drop an instance whenever no event is being handled; what must last goes to `mesh.kv`.
- An event may come twice, after a crash for instance. A call that writes takes effect once for each event, counted in
  the order of the calls: let what a handler writes follow from the event.
- A refusal is an answer: it is the exception `Denied`, and says what would have to change.
"""

from .bot import Bot
from .errors import (
    Conflict,
    Denied,
    Failed,
    Invalid,
    Malformed,
    MeshError,
    NotFound,
    Pending,
    RateLimited,
    Reject,
    Retry,
    Unavailable,
)
from .events import (
    Ack,
    Call,
    Command,
    ConfigChanged,
    Decision,
    Event,
    Gap,
    GrantsChanged,
    MessageCompleted,
    MessageCreated,
    MessageDeleted,
    MessageEdited,
    Outcome,
    Payload,
    Press,
    Reaction,
    Rejected,
    RetryAfter,
    RoomClosed,
    RoomMemberJoined,
    RoomMemberLeft,
    RoomOpened,
    ThreadChanged,
    TimerFired,
    Unknown,
)
from .files import FileWriter
from .host import SecretHeader
from .kv import Versioned
from .mesh import Mesh
from .models import (
    Action,
    Actor,
    Attachment,
    Entry,
    File,
    Identity,
    Member,
    MeshInfo,
    Message,
    ReactionCount,
    Room,
    RoomMember,
    Thread,
)
from .outbound import Response
from .writer import MessageWriter

__all__ = [
    "Ack",
    "Action",
    "Actor",
    "Attachment",
    "Bot",
    "Call",
    "Command",
    "ConfigChanged",
    "Conflict",
    "Decision",
    "Denied",
    "Entry",
    "Event",
    "Failed",
    "File",
    "FileWriter",
    "Gap",
    "GrantsChanged",
    "Identity",
    "Invalid",
    "Malformed",
    "Member",
    "Mesh",
    "MeshError",
    "MeshInfo",
    "Message",
    "MessageCompleted",
    "MessageCreated",
    "MessageDeleted",
    "MessageEdited",
    "MessageWriter",
    "NotFound",
    "Outcome",
    "Payload",
    "Pending",
    "Press",
    "RateLimited",
    "Reaction",
    "ReactionCount",
    "Reject",
    "Rejected",
    "Response",
    "Retry",
    "RetryAfter",
    "Room",
    "RoomClosed",
    "RoomMember",
    "RoomMemberJoined",
    "RoomMemberLeft",
    "RoomOpened",
    "SecretHeader",
    "Thread",
    "ThreadChanged",
    "TimerFired",
    "Unavailable",
    "Unknown",
    "Versioned",
]
