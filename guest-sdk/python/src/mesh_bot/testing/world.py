"""What a mesh in memory answers."""

from __future__ import annotations

from .about import AboutCalls
from .calls import CallCalls
from .kept import KeptCalls
from .outside import OutsideCalls
from .talk import TalkCalls


class World(TalkCalls, KeptCalls, OutsideCalls, CallCalls, AboutCalls):
    """All of it: `mesh_bot.host.Host`."""
