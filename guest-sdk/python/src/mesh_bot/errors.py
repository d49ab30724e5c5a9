"""Why something did not work.

A handler may raise any of these, or let them through. What the mesh then does:

=================================  ==================================================================
The handler                        Then
=================================  ==================================================================
returns                            the event is done, the next one of the room comes
raises `RateLimited` or `Retry`    the event comes again after that time
raises `Pending`                   the event is done; the mesh makes the call itself once a person agrees
raises `Reject`                    the event goes to the dead letters at once
raises anything else               a failure: logged, tried again a few times, then dead letters
=================================  ==================================================================
"""

from __future__ import annotations

from datetime import timedelta


class MeshError(Exception):
    """What a call to the mesh can raise; `str()` of it is a sentence for people."""


class Denied(MeshError):
    """The mesh refuses. Nothing happened and nothing was spent."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"denied by {reason}: {detail}" if detail else f"denied by {reason}")
        self.reason = reason
        """`role`, `room_role`, `override`, `rank`, `ownership`, `policy`, `grant`, `scope`, `ucan` or `human_only`."""
        self.detail = detail
        """A sentence for people: what was refused and what would have to change."""


class NotFound(MeshError):
    """Absent, or not visible to this bot."""

    def __init__(self, what: str) -> None:
        super().__init__(f"not found: {what}")
        self.what = what


class Invalid(MeshError):
    """The input is wrong; asking again changes nothing."""

    def __init__(self, why: str) -> None:
        super().__init__(f"invalid: {why}")
        self.why = why


class Conflict(MeshError):
    """The thing is in another state than the call needs. A compare-and-set that came too late raises it."""

    def __init__(self, why: str) -> None:
        super().__init__(f"conflict: {why}")
        self.why = why


class RateLimited(MeshError):
    """Ask again after `wait`."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(f"too many calls, ask again in {milliseconds(wait)} ms")
        self.wait = wait


class Pending(MeshError):
    """Held for a person to decide; `on_decision` tells what came of it."""

    def __init__(self, approval_id: str) -> None:
        super().__init__(f"waiting for a person to decide ({approval_id})")
        self.approval_id = approval_id


class Unavailable(MeshError):
    """The mesh could not do it now."""

    def __init__(self, why: str) -> None:
        super().__init__(f"not available now: {why}")
        self.why = why


class Malformed(MeshError):
    """A stored value or an answer does not have the shape that was expected."""

    def __init__(self, why: str) -> None:
        super().__init__(f"unexpected shape: {why}")
        self.why = why


class Retry(Exception):
    """Raise it to get this event again, after `wait`."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(f"to be tried again in {milliseconds(wait)} ms")
        self.wait = wait


class Reject(Exception):
    """Raise it when the bot will never handle this event, for this reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"rejected: {reason}")
        self.reason = reason


class Failed(Exception):
    """Raise it when the bot failed in a way that needs no traceback. Its text becomes the failure as it is.

    `Mesh.call` raises it too: its text is what the other bot says in place of an answer."""


def milliseconds(time: timedelta) -> int:
    """A time as the contract has it."""
    return max(0, round(time / timedelta(milliseconds=1)))
