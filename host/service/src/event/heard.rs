//! Which events bots can hear of, under the names that `bot.toml` and subscriptions give them.

/// Every event of a room or of a bot itself.
const HEARD: &[&str] = &[
    "approval-decided",
    "bot-called",
    "bot-config-changed",
    "bot-grants-changed",
    "command-invoked",
    "file-added",
    "file-deleted",
    "message-acted",
    "message-completed",
    "message-created",
    "message-deleted",
    "message-edited",
    "pin-added",
    "pin-removed",
    "reaction-added",
    "reaction-removed",
    "room-bot-changed",
    "room-changed",
    "room-closed",
    "room-created",
    "room-deleted",
    "room-member-changed",
    "room-member-joined",
    "room-member-left",
    "room-opened",
    "thread-changed",
    "timer-fired",
];

/// Whether a bot can hear of an event of this name.
pub fn is_heard(name: &str) -> bool {
    HEARD.binary_search(&name).is_ok()
}

/// The name of an event in `bot.toml` and in the contract with components: `message.created` is `message-created`.
pub fn contract_name(kind: &str) -> String {
    kind.replace(['.', '_'], "-")
}

/// Whether a bot always hears of an event of this kind: it is about the bot itself, or what it asked for.
pub fn is_own(kind: &str) -> bool {
    matches!(
        kind,
        "approval.decided"
            | "bot.called"
            | "bot.config_changed"
            | "bot.grants_changed"
            | "command.invoked"
            | "message.acted"
            | "timer.fired"
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_can_be_looked_up() {
        assert!(super::HEARD.is_sorted());
        assert!(super::is_heard("message-created") && !super::is_heard("message.created"));
    }
}
