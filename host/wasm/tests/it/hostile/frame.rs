//! Random code in a sound frame: memory is handed out, the handler answers as it should, and imports are called
//! with addresses that are mostly good. So the code gets to do something.

use std::fmt::Write as _;

use wasmparser::{ExternalKind, Parser, Payload, TypeRef, ValType};

use super::chance::Chance;
use super::smith;
use crate::guest::{contract, encode};

/// The functions that the frame calls.
const EXPORTS: &str = r#"(module
    (func (export "in-start") (param i32 i32) (result i32) unreachable)
    (func (export "in-event") (param i32 i32) (result i32) unreachable))"#;

/// What an argument is cut to: a flag, a case, an aligned address, an address, anything.
const MASKS: [&str; 6] = ["1", "7", "0x3ff8", "0x3ff8", "0x3fff", "-1"];

/// A component of a module whose functions are random.
pub(super) fn component(chance: &mut Chance) -> Option<Vec<u8>> {
    let module = smith::module(chance, EXPORTS)?;
    let found = Functions::of(&module)?;
    let mut text = smith::text(&module)?;
    for (import, params) in found.imports.iter().enumerate() {
        // What the random code calls is the frame's function around the import.
        for call in ["call", "return_call"] {
            text = text.replace(&format!(" {call} {import}\n"), &format!(" {call} $frame{import}\n"));
        }
        let _ = write!(text, "{}", around(import, params, chance));
    }
    text.push_str(&handler(&found, chance));
    let (resolve, world) = contract("bot");
    encode(wat::parse_str(text).ok()?, resolve, world)
}

/// What is known of a module's functions.
struct Functions {
    /// The imported ones: their types, and what they take.
    imports: Vec<(u32, Vec<ValType>)>,
    in_start: u32,
    in_event: u32,
}

impl Functions {
    fn of(module: &[u8]) -> Option<Self> {
        let (mut types, mut imports, mut exports) = (Vec::new(), Vec::new(), [None; 2]);
        for payload in Parser::new(0).parse_all(module) {
            match payload.ok()? {
                Payload::TypeSection(section) => {
                    for one in section.into_iter_err_on_gc_types() {
                        types.push(one.ok()?.params().to_vec());
                    }
                }
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        if let TypeRef::Func(of) = import.ok()?.ty {
                            imports.push((of, types.get(of as usize)?.clone()));
                        }
                    }
                }
                Payload::ExportSection(section) => {
                    for export in section {
                        let export = export.ok()?;
                        let place = ["in-start", "in-event"].iter().position(|name| *name == export.name);
                        if let (Some(place), ExternalKind::Func) = (place, export.kind) {
                            exports[place] = Some(export.index);
                        }
                    }
                }
                _ => {}
            }
        }
        Some(Self {
            imports,
            in_start: exports[0]?,
            in_event: exports[1]?,
        })
    }
}

/// A function like this import that calls it with numbers cut to something sensible.
fn around(import: usize, (of, params): &(u32, Vec<ValType>), chance: &mut Chance) -> String {
    let mut text = format!("(func $frame{import} (type {of})");
    for (at, param) in params.iter().enumerate() {
        let _ = write!(text, " local.get {at}");
        if *param == ValType::I32 {
            let _ = write!(text, " i32.const {} i32.and", chance.pick(&MASKS));
        }
    }
    let _ = writeln!(text, " call {import})");
    text
}

/// The exports of a bot. What is written where the answer stands is mostly, not always, a good answer.
fn handler(found: &Functions, chance: &mut Chance) -> String {
    let answer = if chance.one_in(5) {
        ""
    } else {
        "(i64.store (i32.const 0) (i64.const 0)) (i64.store (i32.const 8) (i64.const 0))"
    };
    let in_start = if chance.one_in(4) {
        format!("(drop (call {} (i32.const 64) (i32.const 4096)))", found.in_start)
    } else {
        String::new()
    };
    let times = 1 + chance.below(3);
    let in_event = format!("(drop (call {} (local.get $event) (i32.const 4096)))", found.in_event).repeat(times);
    format!(
        r#"(export "memory" (memory 0))
        (global $frame_free (mut i32) (i32.const 16384))
        (func (export "cabi_realloc") (param $old i32) (param $was i32) (param $align i32) (param $size i32) (result i32)
            (local $at i32)
            (local.set $at (i32.and (i32.add (global.get $frame_free) (i32.const 7)) (i32.const -8)))
            (global.set $frame_free (i32.add (local.get $at) (local.get $size)))
            (local.get $at))
        (func (export "mesh:bot/handler@0.1.0#start") (result i32)
            (drop (memory.grow (i32.const 1)))
            {in_start}
            (i32.store (i32.const 0) (i32.const 0))
            (i32.const 0))
        (func (export "mesh:bot/handler@0.1.0#on-event") (param $event i32) (result i32)
            {in_event}
            {answer}
            (global.set $frame_free (i32.const 16384))
            (i32.const 0)))"#
    )
}
