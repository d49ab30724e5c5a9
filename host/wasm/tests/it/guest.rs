//! Small bots written as WebAssembly text, turned into components against the contract.

use std::sync::LazyLock;

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::{PackageId, Resolve, WorldId};

/// Where the text and the room of a `message-created` event are, from the event's address.
pub(crate) const EVENT_ROOM: u32 = 64;
pub(crate) const EVENT_TEXT: u32 = 120;

/// Imports a guest may want, as lines of WebAssembly text.
pub(crate) const POST: &str = r#"(import "mesh:bot/messages@0.1.0" "post" (func $post (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))"#;
pub(crate) const KV_GET: &str = r#"(import "mesh:bot/kv@0.1.0" "get" (func $kv_get (param i32 i32 i32)))"#;
pub(crate) const LOG: &str = r#"(import "mesh:bot/log@0.1.0" "write" (func $log (param i32 i32 i32)))"#;

pub(crate) const TIMER: &str =
    r#"(import "wasi:clocks/monotonic-clock@0.2.6" "subscribe-duration" (func $timer (param i64) (result i32)))"#;
pub(crate) const WAIT: &str = r#"(import "wasi:io/poll@0.2.6" "[method]pollable.block" (func $wait (param i32)))"#;
pub(crate) const STDOUT: &str = r#"(import "wasi:cli/stdout@0.2.6" "get-stdout" (func $stdout (result i32)))"#;
pub(crate) const PRINT: &str = r#"(import "wasi:io/streams@0.2.6" "[method]output-stream.blocking-write-and-flush"
    (func $print (param i32 i32 i32 i32)))"#;
pub(crate) const EXIT: &str = r#"(import "wasi:cli/exit@0.2.6" "exit" (func $exit (param i32)))"#;
pub(crate) const RANDOM: &str =
    r#"(import "wasi:random/random@0.2.6" "get-random-bytes" (func $random (param i64 i32)))"#;

/// The contract and the parts of WASI that tests use.
const LAB: &str = "
    package mesh:lab;
    package wasi:io@0.2.6 {
        interface error { resource error; }
        interface poll { resource pollable { block: func(); } }
        interface streams {
            use error.{error};
            variant stream-error { last-operation-failed(error), closed }
            resource output-stream {
                blocking-write-and-flush: func(contents: list<u8>) -> result<_, stream-error>;
            }
        }
    }
    package wasi:clocks@0.2.6 {
        interface monotonic-clock {
            use wasi:io/poll@0.2.6.{pollable};
            subscribe-duration: func(when: u64) -> pollable;
        }
    }
    package wasi:cli@0.2.6 {
        interface stdout { use wasi:io/streams@0.2.6.{output-stream}; get-stdout: func() -> output-stream; }
        interface exit { exit: func(status: result); }
    }
    package wasi:random@0.2.6 {
        interface random { get-random-bytes: func(len: u64) -> list<u8>; }
    }
    world lab {
        include mesh:bot/bot@0.1.0;
        import wasi:clocks/monotonic-clock@0.2.6;
        import wasi:cli/stdout@0.2.6;
        import wasi:cli/exit@0.2.6;
        import wasi:random/random@0.2.6;
    }";

/// A guest in parts. Every part is WebAssembly text.
pub(crate) struct Guest {
    pub(crate) imports: String,
    /// Further definitions of the module.
    pub(crate) items: String,
    /// Runs in `start`, before it answers ok.
    pub(crate) start: String,
    /// Runs in `on-event` with the event's address in `$event`, before it answers `ack`.
    pub(crate) on_event: String,
    pub(crate) pages: u32,
}

impl Default for Guest {
    fn default() -> Self {
        Self {
            imports: String::new(),
            items: String::new(),
            start: String::new(),
            on_event: String::new(),
            pages: 2,
        }
    }
}

impl Guest {
    /// A guest that does this with every event.
    pub(crate) fn on_event(code: &str) -> Self {
        Self {
            on_event: code.into(),
            ..Self::default()
        }
    }

    pub(crate) fn importing(mut self, import: &str) -> Self {
        self.imports.push_str(import);
        self
    }

    /// Answers every message with its own text, in its room.
    pub(crate) fn echo() -> Self {
        Self::on_event(&format!(
            "(call $post
                (i32.load offset={EVENT_ROOM} (local.get $event)) (i32.load offset={} (local.get $event))
                (i32.load offset={EVENT_TEXT} (local.get $event)) (i32.load offset={} (local.get $event))
                (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
                (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 2048))
             ;; Keep the case of the result and of its error where a test can see them.
             (i32.store8 (i32.const 4096) (i32.load8_u (i32.const 2048)))",
            EVENT_ROOM + 4,
            EVENT_TEXT + 4,
        ))
        .importing(POST)
    }

    /// The core module. Addresses 0 to 8191 are for results, the rest is handed out by `realloc`,
    /// which begins anew with each event.
    pub(crate) fn module(&self) -> Vec<u8> {
        let text = format!(
            r#"(module
                {imports}
                (memory (export "memory") {pages})
                (global $free (mut i32) (i32.const 8192))
                {items}
                (func (export "cabi_realloc") (param $old i32) (param $was i32) (param $align i32) (param $size i32) (result i32)
                    (local $at i32)
                    (local.set $at (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
                    (global.set $free (i32.add (local.get $at) (local.get $size)))
                    (local.get $at))
                (func (export "mesh:bot/handler@0.1.0#start") (result i32)
                    {start}
                    (i32.store (i32.const 0) (i32.const 0))
                    (i32.const 0))
                (func (export "mesh:bot/handler@0.1.0#on-event") (param $event i32) (result i32)
                    (local $i i32)
                    (i64.store (i32.const 0) (i64.const 0))
                    (i64.store (i32.const 8) (i64.const 0))
                    {on_event}
                    (global.set $free (i32.const 8192))
                    (i32.const 0)))"#,
            imports = self.imports,
            items = self.items,
            start = self.start,
            on_event = self.on_event,
            pages = self.pages,
        );
        wat::parse_str(text).expect("the guest's text")
    }

    /// The component, for a guest that imports from WASI too.
    pub(crate) fn build_with_wasi(&self) -> Vec<u8> {
        component(self.module(), "lab")
    }

    /// The component.
    pub(crate) fn build(&self) -> Vec<u8> {
        component(self.module(), "bot")
    }
}

/// Makes a core module a component of a world of the contract.
pub(crate) fn component(module: Vec<u8>, world: &str) -> Vec<u8> {
    let (resolve, world) = contract(world);
    encode(module, resolve, world).expect("component")
}

/// A world of the contract.
pub(crate) fn contract(world: &str) -> (&'static Resolve, WorldId) {
    static CONTRACT: LazyLock<(Resolve, [PackageId; 2])> = LazyLock::new(|| {
        let mut resolve = Resolve::default();
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit/0.1.0");
        let (bot, _) = resolve.push_dir(folder).expect("the contract parses");
        let lab = resolve.push_str("lab.wit", LAB).expect("the lab parses");
        (resolve, [bot, lab])
    });
    let (resolve, [bot, lab]) = &*CONTRACT;
    let package = if world == "lab" { lab } else { bot };
    (resolve, resolve.select_world(&[*package], Some(world)).expect("world"))
}

/// Makes a core module a component of any world, if its imports and exports fit.
pub(crate) fn encode(mut module: Vec<u8>, resolve: &Resolve, world: WorldId) -> Option<Vec<u8>> {
    embed_component_metadata(&mut module, resolve, world, StringEncoding::UTF8).ok()?;
    ComponentEncoder::default().module(&module).ok()?.encode().ok()
}

/// The module with a custom section inserted at its end.
pub(crate) fn with_section(mut module: Vec<u8>, name: &str, data: &[u8]) -> Vec<u8> {
    let mut content = vec![u8::try_from(name.len()).expect("short name")];
    content.extend_from_slice(name.as_bytes());
    content.extend_from_slice(data);
    module.push(0);
    let mut size = content.len();
    while size >= 0x80 {
        module.push(size.to_le_bytes()[0] | 0x80);
        size >>= 7;
    }
    module.push(size.to_le_bytes()[0]);
    module.extend_from_slice(&content);
    module
}
