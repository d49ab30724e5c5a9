//! The contract as data: which interfaces there are, which functions, and which operation each one is.
//!
//! Written down once more because a decision about an upload must not depend on a parser of WIT; a
//! test compares it with `wit/0.1.0/bot.wit`.

/// The package of the contract.
pub const PACKAGE: &str = "mesh:bot";
/// The version this host serves. Components made for any 0.1.x load, if they use only these functions.
pub const VERSION: &str = "0.1.0";
/// The interface every bot exports.
pub const HANDLER: &str = "handler";
/// What the handler must contain.
pub const HANDLER_FUNCTIONS: [&str; 2] = ["start", "on-event"];

/// Every function a bot can import: interface, function, operation of the API.
pub const FUNCTIONS: &[(&str, &str, &str)] = &[
    ("log", "write", "bot_log.write"),
    ("config", "get", "bot_config.get"),
    ("auth", "whoami", "auth.whoami"),
    ("meshes", "get", "mesh.get"),
    ("meshes", "role-list", "role.list"),
    ("meshes", "permission-check", "permission.check"),
    ("rooms", "list", "room.list"),
    ("rooms", "get", "room.get"),
    ("rooms", "create", "room.create"),
    ("rooms", "join", "room.join"),
    ("rooms", "leave", "room.leave"),
    ("rooms", "room-member-list", "room_member.list"),
    ("rooms", "room-member-add", "room_member.add"),
    ("rooms", "room-member-remove", "room_member.remove"),
    ("messages", "post", "message.post"),
    ("messages", "get", "message.get"),
    ("messages", "list", "message.list"),
    ("messages", "edit", "message.edit"),
    ("messages", "delete", "message.delete"),
    ("messages", "thread-list", "thread.list"),
    ("messages", "thread-get", "thread.get"),
    ("messages", "thread-replies", "thread.replies"),
    ("messages", "reaction-add", "reaction.add"),
    ("messages", "reaction-remove", "reaction.remove"),
    ("messages", "append", "message.append"),
    ("messages", "act", "message.act"),
    ("members", "list", "member.list"),
    ("members", "get", "member.get"),
    ("bots", "list", "bot.list"),
    ("bots", "get", "bot.get"),
    ("bots", "status", "bot.status"),
    ("bots", "explain", "bot.explain"),
    ("bots", "bot-grant-list", "bot_grant.list"),
    ("bots", "bot-limit-get", "bot_limit.get"),
    ("bots", "bot-subscription-get", "bot_subscription.get"),
    ("bots", "bot-subscription-put", "bot_subscription.put"),
    ("events", "sync", "event.sync"),
    ("events", "room-event-list", "room_event.list"),
    ("kv", "get", "kv.get"),
    ("kv", "put", "kv.put"),
    ("kv", "delete", "kv.delete"),
    ("kv", "list", "kv.list"),
    ("files", "list", "file.list"),
    ("files", "get", "file.get"),
    ("files", "download", "file.download"),
    ("files", "upload", "file.upload"),
    ("files", "delete", "file.delete"),
    ("timers", "list", "timer.list"),
    ("timers", "create", "timer.create"),
    ("timers", "cancel", "timer.cancel"),
    ("http", "fetch", "outbound.fetch"),
    ("approvals", "list", "approval.list"),
    ("approvals", "request", "approval.request"),
    ("approvals", "get", "approval.get"),
    ("approvals", "cancel", "approval.cancel"),
    ("approvals", "approval-rule-list", "approval_rule.list"),
    ("calls", "call", "bot.call"),
    ("calls", "answer", "bot_call.answer"),
    ("secrets", "read", "bot_secret.read"),
    ("docs", "ops", "docs.ops"),
];

/// Methods of the contract's resources, and the operations behind them. Whoever holds a resource was allowed to have it.
pub const METHODS: &[(&str, &str, &str)] = &[
    ("files", "[method]reader.read", "file.download"),
    ("files", "[method]writer.write", "file.upload"),
    ("files", "[method]writer.finish", "file.upload"),
];

/// Interfaces of WASI 0.2 that a bot may import. They are linked without directories, environment,
/// arguments or input; standard output and error go to the bot's log.
pub const WASI: &[&str] = &[
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stderr",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stderr",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/wall-clock",
    "wasi:filesystem/preopens",
    "wasi:filesystem/types",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:random/insecure",
    "wasi:random/insecure-seed",
    "wasi:random/random",
];

/// The operation behind an imported function of `mesh:bot`.
pub fn operation(interface: &str, function: &str) -> Option<&'static str> {
    FUNCTIONS
        .iter()
        .chain(METHODS)
        .find(|(of, name, _)| *of == interface && *name == function)
        .map(|(_, _, operation)| *operation)
}

/// Whether the contract has this interface, with functions or only types.
pub fn has_interface(interface: &str) -> bool {
    interface == "types" || FUNCTIONS.iter().any(|(of, _, _)| *of == interface)
}

/// The linker's name of an interface, whichever 0.1.x the component was made for.
pub(crate) fn full_name(interface: &str) -> String {
    format!("{PACKAGE}/{interface}@{VERSION}")
}

/// An interface name taken apart: `mesh:bot/kv@0.1.0` is `mesh:bot`, `kv`, `0.1.0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InterfaceName<'a> {
    pub(crate) package: &'a str,
    pub(crate) interface: &'a str,
    pub(crate) version: &'a str,
}

impl<'a> InterfaceName<'a> {
    pub(crate) fn parse(name: &'a str) -> Option<Self> {
        let (path, version) = name.split_once('@').unwrap_or((name, ""));
        let (package, interface) = path.split_once('/')?;
        Some(Self {
            package,
            interface,
            version,
        })
    }

    /// Whether this is `mesh:bot` in a version this host serves.
    pub(crate) fn is_mesh(&self) -> bool {
        self.package == PACKAGE && is_release(self.version, "0.1.")
    }

    /// Whether this is an interface of WASI 0.2 that bots may have.
    pub(crate) fn is_allowed_wasi(&self) -> bool {
        is_release(self.version, "0.2.")
            && WASI
                .iter()
                .any(|name| name.split_once('/') == Some((self.package, self.interface)))
    }
}

/// Whether a version is the prefix and then a plain number: no pre-release, no build.
fn is_release(version: &str, prefix: &str) -> bool {
    version
        .strip_prefix(prefix)
        .is_some_and(|patch| patch.parse::<u16>().is_ok_and(|n| n.to_string() == patch))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// The doc comment of each function in the WIT begins with its operation in backquotes.
    #[test]
    fn the_table_is_the_contract() {
        let mut resolve = wit_parser::Resolve::default();
        let (package, _) = resolve
            .push_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit/0.1.0"))
            .expect("the contract parses");
        let world = resolve.select_world(&[package], Some("bot")).expect("world");
        let (mut written, mut methods) = (Vec::new(), BTreeSet::new());
        for item in resolve.worlds[world].imports.values() {
            let wit_parser::WorldItem::Interface { id, .. } = item else {
                panic!("only interfaces are imported")
            };
            let interface = &resolve.interfaces[*id];
            for function in interface.functions.values() {
                if function.kind.resource().is_some() {
                    methods.insert((interface.name.clone().expect("name"), function.name.clone()));
                    continue;
                }
                let docs = function.docs.contents.as_deref().unwrap_or_default();
                let operation = docs.split('`').nth(1).expect("an operation in backquotes");
                let interface = interface.name.clone().expect("name");
                written.push((interface, function.name.clone(), operation.to_owned()));
            }
        }
        let mut table: Vec<_> = FUNCTIONS
            .iter()
            .map(|(i, f, o)| ((*i).to_owned(), (*f).to_owned(), (*o).to_owned()))
            .collect();
        written.sort();
        table.sort();
        assert_eq!(table, written);
        let known = METHODS.iter().map(|(i, f, _)| ((*i).to_owned(), (*f).to_owned()));
        assert_eq!(known.collect::<BTreeSet<_>>(), methods);
        assert!(has_interface("types") && !has_interface("handler"));
    }

    #[test]
    fn names_and_versions() {
        let name = InterfaceName::parse("mesh:bot/kv@0.1.7").expect("name");
        assert!(name.is_mesh());
        for other in [
            "mesh:bot/kv@0.2.0",
            "mesh:bot/kv",
            "mesh:bot/kv@0.1.0-rc1",
            "mesh:bot/kv@0.1.",
            "evil:bot/kv@0.1.0",
        ] {
            assert!(!InterfaceName::parse(other).expect("name").is_mesh(), "{other}");
        }
        assert!(
            InterfaceName::parse("wasi:io/streams@0.2.6")
                .expect("name")
                .is_allowed_wasi()
        );
        assert!(
            !InterfaceName::parse("wasi:sockets/tcp@0.2.6")
                .expect("name")
                .is_allowed_wasi()
        );
        assert!(
            !InterfaceName::parse("wasi:io/streams@0.3.0")
                .expect("name")
                .is_allowed_wasi()
        );
        assert_eq!(InterfaceName::parse("plain"), None);
    }
}
