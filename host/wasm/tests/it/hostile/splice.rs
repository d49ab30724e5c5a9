//! Real components, and the same with a core module that was changed.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use wasm_mutate::WasmMutate;
use wasmparser::{Parser, Payload};

use super::chance::Chance;
use crate::guest::{self, Guest};

/// Work of the mutator before it gives up.
const FUEL: u64 = 1_000;
/// Largest real bot whose code is changed; compiling a large one takes longer than a test has for it.
const CHANGED: usize = 96 << 10;

/// Components to begin with: small ones made here, and those that toolchains made.
pub(super) struct Corpus {
    small: Vec<Vec<u8>>,
    real: Vec<Vec<u8>>,
}

impl Corpus {
    pub(super) fn new() -> Self {
        let mut real: Vec<_> = real().into_iter().map(|path| fs::read(path).expect("guest")).collect();
        real.sort_by_key(Vec::len);
        Self { small: small(), real }
    }

    /// One of them. Small ones come often, the largest seldom.
    pub(super) fn component(&self, chance: &mut Chance) -> &[u8] {
        if chance.one_in(3) {
            let end = 1 + chance.below(self.real.len());
            &self.real[chance.below(end)]
        } else {
            chance.pick::<Vec<u8>>(&self.small)
        }
    }

    /// One of them with a core module that the mutator changed up to eight times.
    pub(super) fn changed(&self, chance: &mut Chance) -> Option<Vec<u8>> {
        let fit = self.real.partition_point(|real| real.len() <= CHANGED);
        let whole = if fit > 0 && chance.one_in(20) {
            &self.real[chance.below(fit)]
        } else {
            chance.pick(&self.small)
        };
        let modules = modules(whole);
        let place = chance.pick(&modules).clone();
        let mut module = whole[place.clone()].to_vec();
        for _ in 0..=chance.below(8) {
            module = mutant(&module, chance).unwrap_or(module);
        }
        replaced(whole, place, &module)
    }
}

/// Bots that do something of everything.
fn small() -> Vec<Vec<u8>> {
    let grow = "(drop (memory.grow (i32.const 1)))";
    let deep = Guest {
        items: "(func $deep (param i32) (result i32)
            (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 0))
                (else (i32.add (i32.const 1) (call $deep (i32.sub (local.get 0) (i32.const 1)))))))"
            .into(),
        ..Guest::on_event("(drop (call $deep (i32.const 100)))")
    };
    let table = Guest {
        items: "(table 4 funcref) (elem (i32.const 0) $one $two) (type $f (func (result i32)))
            (func $one (result i32) (i32.const 1)) (func $two (result i32) (i32.const 2))
            (data (i32.const 1024) \"some words that stand in memory\")"
            .into(),
        ..Guest::on_event("(drop (call_indirect (type $f) (i32.const 1)))")
    };
    let sum = "(loop $again (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $again (i32.lt_u (local.get $i) (i32.const 1000))))";
    let read = "(call $kv_get (i32.const 0) (i32.const 1) (i32.const 2048))";
    let log = "(call $log (i32.const 2) (i32.const 4096) (i32.const 100))";
    vec![
        Guest::echo().build(),
        Guest::on_event(grow).build(),
        deep.build(),
        table.build(),
        Guest::on_event(sum).build(),
        Guest::on_event(read).importing(guest::KV_GET).build(),
        Guest::on_event(log).importing(guest::LOG).build(),
        Guest::on_event("(drop (call $stdout))")
            .importing(guest::STDOUT)
            .importing(guest::PRINT)
            .build_with_wasi(),
    ]
}

/// The components that were built from `tests/guests` and `tests/conformance`.
fn real() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folders = ["tests/guests/target/wasm32-wasip2/release", "dist/conformance"];
    let entries = folders
        .iter()
        .filter_map(|folder| fs::read_dir(root.join(folder)).ok())
        .flatten();
    let paths = entries.map(|entry| entry.expect("entry").path());
    let found: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|kind| kind == "wasm"))
        // Python's has twenty megabytes, nearly all of them the interpreter's.
        .filter(|path| fs::metadata(path).is_ok_and(|file| file.len() < 8 << 20))
        .collect();
    assert!(!found.is_empty(), "build them first: scripts/build-guest tests/guests");
    found
}

/// Where the core modules directly inside a component are, without their heads.
fn modules(component: &[u8]) -> Vec<Range<usize>> {
    let (mut found, mut depth) = (Vec::new(), 0);
    for payload in Parser::new(0).parse_all(component) {
        match payload.expect("a real component") {
            Payload::Version { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::ModuleSection { unchecked_range, .. } if depth == 1 => found.push(unchecked_range),
            _ => {}
        }
    }
    found
}

fn mutant(module: &[u8], chance: &mut Chance) -> Option<Vec<u8>> {
    let mut mutate = WasmMutate::default();
    mutate
        .seed(chance.number())
        .fuel(FUEL)
        .preserve_semantics(chance.one_in(2));
    mutate.run(module).ok()?.next()?.ok()
}

/// The component with another module in this place.
fn replaced(component: &[u8], place: Range<usize>, module: &[u8]) -> Option<Vec<u8>> {
    let head = place.start.checked_sub(1 + number(place.len()).len())?;
    // Somebody who writes lengths longer than need be would have to be read more carefully.
    (component[head] == 1).then_some(())?;
    let mut whole = component[..=head].to_vec();
    whole.extend(number(module.len()));
    whole.extend_from_slice(module);
    whole.extend_from_slice(&component[place.end..]);
    Some(whole)
}

/// A number as WebAssembly writes lengths (unsigned LEB128).
fn number(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    bytes.push(value.to_le_bytes()[0]);
    bytes
}
