//! What comes out is a component with its manifest; what cannot become one is refused.

use mesh_pack::{Error, componentize, embed_manifest, manifest};
use wasmparser::{Payload, Validator};

/// The least that is a bot: it always has no error, and takes no notice of anything.
const BOT: &str = r#"(module
    (import "wasi_snapshot_preview1" "random_get" (func (param i32 i32) (result i32)))
    (import "mesh:bot/log@0.1.0" "write" (func (param i32 i32 i32)))
    (memory (export "memory") 1)
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0))
    (func (export "mesh:bot/handler@0.1.0#start") (result i32) (i32.const 0))
    (func (export "mesh:bot/handler@0.1.0#on-event") (param i32) (result i32) (i32.const 0)))"#;

fn bytes(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("text that is WebAssembly")
}

fn imports(component: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    for payload in wasmparser::Parser::new(0).parse_all(component) {
        match payload.expect("a component") {
            Payload::ComponentImportSection(section) => {
                names.extend(
                    section
                        .into_iter()
                        .map(|import| import.expect("an import").name.name.to_owned()),
                );
            }
            Payload::ModuleSection { .. } => break,
            _ => {}
        }
    }
    names
}

#[test]
fn a_module_becomes_a_component_that_imports_what_it_uses() {
    let component = componentize(&bytes(BOT)).expect("a component");
    Validator::new().validate_all(&component).expect("a valid component");
    let imports = imports(&component);
    assert!(imports.iter().any(|name| name == "mesh:bot/log@0.1.0"), "{imports:?}");
    assert!(
        imports.iter().any(|name| name.starts_with("wasi:random/")),
        "{imports:?}"
    );
    assert!(
        !imports.iter().any(|name| name.starts_with("mesh:bot/kv")),
        "{imports:?}"
    );
}

#[test]
fn what_is_no_bot_is_refused() {
    let without_handler = bytes(&BOT.replace("#on-event", "#on-events"));
    assert!(matches!(componentize(&without_handler), Err(Error::NotBot(_))));
    let of_another_world = bytes(&BOT.replace("mesh:bot/log", "mesh:bot/logs"));
    assert!(matches!(componentize(&of_another_world), Err(Error::NotBot(_))));
    assert!(matches!(componentize(&bytes("(component)")), Err(Error::NotModule)));
    assert!(matches!(componentize(b"#!/bin/sh"), Err(Error::NotBot(_))));
}

#[test]
fn a_manifest_is_added_and_replaced() {
    for plain in [bytes("(component)"), componentize(&bytes(BOT)).expect("a component")] {
        assert_eq!(manifest(&plain), None);
        let long = format!("schema = 1 # {}", "ä".repeat(20_000));
        let first = embed_manifest(&plain, &long).expect("a component");
        assert_eq!(manifest(&first).as_deref(), Some(long.as_str()));
        let second = embed_manifest(&first, "schema = 1").expect("a component");
        assert_eq!(manifest(&second).as_deref(), Some("schema = 1"));
        assert_eq!(second, embed_manifest(&plain, "schema = 1").expect("a component"));
        assert!(second.starts_with(&plain));
        Validator::new().validate_all(&second).expect("a valid component");
    }
}

#[test]
fn sections_around_the_manifest_stay() {
    let text = r#"(component (@custom "a" "1") (@custom "mesh:bot" "old") (core module (@custom "mesh:bot" "inner")) (@custom "b" "2"))"#;
    let component = bytes(text);
    assert_eq!(manifest(&component).as_deref(), Some("old"));
    let without = bytes(&text.replace(r#"(@custom "mesh:bot" "old")"#, ""));
    let expected = embed_manifest(&without, "new").expect("a component");
    assert_eq!(embed_manifest(&component, "new").expect("a component"), expected);
}

#[test]
fn only_whole_components_have_manifests() {
    let module = bytes(r#"(module (@custom "mesh:bot" "schema = 1"))"#);
    assert!(matches!(
        embed_manifest(&module, "schema = 1"),
        Err(Error::NotComponent)
    ));
    assert_eq!(manifest(&module), None);
    let whole = embed_manifest(&bytes("(component)"), "schema = 1").expect("a component");
    let half = &whole[..whole.len() - 3];
    assert!(matches!(embed_manifest(half, "schema = 1"), Err(Error::Unreadable(_))));
    assert_eq!(manifest(half), None);
    assert_eq!(manifest(&bytes(r#"(component (@custom "mesh:bot" "\ff"))"#)), None);
}
