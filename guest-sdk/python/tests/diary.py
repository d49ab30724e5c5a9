"""A bot that writes down what it is given, and fails as it is told."""

from __future__ import annotations

from datetime import timedelta

from mesh_bot import (
    Bot,
    Command,
    Decision,
    Event,
    Failed,
    Message,
    Pending,
    Press,
    RateLimited,
    Reaction,
    Reject,
    Retry,
    TimerFired,
)


class Diary(Bot):
    def __init__(self) -> None:
        self.seen: list[str] = []

    def start(self) -> None:
        self.seen.append("start")

    def on_mention(self, mention: Message) -> None:
        self.seen.append(f"mention {mention.text_without_mention}")
        match mention.text_without_mention:
            case "retry":
                raise Retry(timedelta(seconds=2))
            case "reject":
                raise Reject("not mine")
            case "limited":
                raise RateLimited(timedelta(milliseconds=70))
            case "pending":
                raise Pending("approval_1")
            case "fail":
                raise Failed("it broke")
            case "slip":
                raise KeyError("slip")

    def on_message(self, message: Message) -> None:
        self.seen.append(f"message {message.text}")

    def on_edit(self, message: Message) -> None:
        self.seen.append(f"edit {message.text} {message.revision}")

    def on_reaction(self, reaction: Reaction) -> None:
        self.seen.append(f"{reaction.emoji} by {reaction.by.name}, removed: {reaction.removed}")

    def on_action(self, press: Press) -> None:
        self.seen.append(f"{press.action} {press.value} {press.values} by {press.by.name}")

    def on_command(self, command: Command) -> None:
        self.seen.append(f"/{command.name} {command.text} {command.arguments} by {command.by.name}")

    def on_timer(self, timer: TimerFired) -> None:
        self.seen.append(f"timer {timer.data}")

    def on_decision(self, decision: Decision) -> None:
        self.seen.append(f"{decision.state} {decision.choice} by {decision.by.name}")

    def on_config_changed(self) -> None:
        self.seen.append(f"config {self.mesh.config()}")

    def on_event(self, event: Event) -> None:
        self.seen.append(type(event.payload).__name__)
