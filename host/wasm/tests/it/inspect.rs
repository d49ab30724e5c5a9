//! What the inspection says about good, bad and broken files.

use std::time::Duration;

use mesh_wasm::{Digest, InspectionBounds, Refused, inspect};
use proptest::prelude::*;

use crate::guest::{Guest, KV_GET, LOG, component, with_section};

fn look(bytes: &[u8]) -> Result<mesh_wasm::Inspection, Refused> {
    inspect(bytes, &InspectionBounds::default())
}

/// The component with a manifest behind it.
fn embed_manifest(component: &[u8], toml: &str) -> Vec<u8> {
    with_section(component.to_vec(), "mesh:bot", toml.as_bytes())
}

fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("text")
}

#[test]
fn a_bot_is_read_and_its_imports_are_named_by_operation() {
    let bytes = Guest::echo().importing(KV_GET).importing(LOG).build();
    let seen = look(&bytes).expect("accepted");
    let operations: Vec<_> = seen
        .imports
        .iter()
        .map(|import| import.operation().expect("operation"))
        .collect();
    assert_eq!(operations, ["kv.get", "bot_log.write", "message.post"]);
    assert_eq!(seen.imports[0].interface, "mesh:bot/kv");
    assert_eq!(seen.imports[0].version, "0.1.0");
    assert_eq!((seen.size, seen.sha256), (bytes.len() as u64, Digest::of(&bytes)));
    assert_eq!(seen.manifest, None);
}

#[test]
fn the_manifest_is_found_outside_and_inside() {
    let plain = Guest::echo().build();
    let beside = embed_manifest(&plain, "schema = 1\n");
    assert_eq!(
        look(&beside).expect("accepted").manifest.as_deref(),
        Some("schema = 1\n")
    );

    let inside = component(with_section(Guest::echo().module(), "mesh:bot", b"schema = 1\n"), "bot");
    assert_eq!(
        look(&inside).expect("accepted").manifest.as_deref(),
        Some("schema = 1\n")
    );

    let twice_the_same = embed_manifest(&inside, "schema = 1\n");
    assert!(look(&twice_the_same).is_ok());
    assert_eq!(
        look(&embed_manifest(&inside, "schema = 2\n")),
        Err(Refused::ManifestTwice)
    );

    let long = "#".repeat((64 << 10) + 1);
    assert_eq!(
        look(&embed_manifest(&plain, &long)),
        Err(Refused::ManifestTooLarge {
            size: long.len(),
            limit: 64 << 10
        })
    );
    assert!(look(&embed_manifest(&plain, &long[1..])).is_ok());
    assert_eq!(
        look(&with_section(plain, "mesh:bot", b"\xff")),
        Err(Refused::ManifestNotText)
    );
}

#[test]
fn a_manifest_in_a_nested_component_is_not_ours() {
    let nested = with_section(b"\0asm\x0d\0\x01\0".to_vec(), "mesh:bot", b"schema = 9\n");
    let mut whole = Guest::echo().build();
    whole.push(4);
    whole.push(u8::try_from(nested.len()).expect("short"));
    whole.extend_from_slice(&nested);
    assert_eq!(look(&whole).expect("accepted").manifest, None);
}

#[test]
fn other_files_are_told_apart() {
    assert_eq!(look(b""), Err(Refused::NotWasm));
    assert_eq!(look(b"PK\x03\x04 a zip"), Err(Refused::NotWasm));
    assert_eq!(look(b"\x7fELF and so on"), Err(Refused::Precompiled));
    assert_eq!(look(&Guest::echo().module()), Err(Refused::CoreModule));
    assert!(matches!(look(b"\0asm"), Err(Refused::Invalid(_))));
    assert_eq!(look(&wat("(component)")), Err(Refused::NoHandler));
    let small = InspectionBounds {
        size: 10,
        ..InspectionBounds::default()
    };
    assert!(matches!(
        inspect(&Guest::echo().build(), &small),
        Err(Refused::TooLarge { limit: 10, .. })
    ));
}

#[test]
fn sockets_and_unknown_imports_are_refused_by_name() {
    let sockets = wat(r#"(component (import "wasi:sockets/tcp@0.2.6" (instance)))"#);
    let Err(Refused::Sockets(names)) = look(&sockets) else {
        panic!()
    };
    assert_eq!(names, ["wasi:sockets/tcp@0.2.6"]);

    let foreign = wat(r#"(component
            (import "wasi:io/poll@0.2.3" (instance))
            (import "evil:host/shell@1.0.0" (instance (export "run" (func))))
            (import "mesh:bot/kv@0.9.0" (instance))
            (import "mesh:bot/kv@0.1.4" (instance (export "get" (func)) (export "drop-all" (func))))
            (import "plain" (func)))"#);
    let Err(Refused::UnknownImports(names)) = look(&foreign) else {
        panic!()
    };
    assert_eq!(
        names,
        [
            "evil:host/shell@1.0.0",
            "mesh:bot/kv@0.9.0",
            "mesh:bot/kv@0.1.4 drop-all",
            "plain"
        ]
    );
}

#[test]
fn a_handler_must_be_whole() {
    let half = wat(r#"(component
            (component $inner (import "f" (func)) (export "start" (func 0)))
            (core module $m (func (export "f")))
            (core instance $i (instantiate $m))
            (func $f (canon lift (core func $i "f")))
            (instance $handler (instantiate $inner (with "f" (func $f))))
            (export "mesh:bot/handler@0.1.0" (instance $handler)))"#);
    assert_eq!(look(&half), Err(Refused::NoHandler));
}

#[test]
fn features_beyond_the_engines_are_refused() {
    for module in [
        "(module (memory 1 1 shared))",
        "(module (memory i64 1))",
        "(module (func (param v128) (result v128) (i8x16.relaxed_swizzle (local.get 0) (local.get 0))))",
        "(module (type (struct)))",
        "(module (tag))",
    ] {
        let whole = wat(&format!(
            "(component (core {})",
            module.strip_prefix('(').expect("paren")
        ));
        assert!(matches!(look(&whole), Err(Refused::Invalid(_))), "{module}");
    }
}

/// A component with one component in it.
fn nest(inner: &[u8]) -> Vec<u8> {
    let mut outer = b"\0asm\x0d\0\x01\0\x04".to_vec();
    let size = u32::try_from(inner.len()).expect("small");
    // Five bytes are always enough, and allowed.
    outer.extend([0, 7, 14, 21].map(|shift| (size >> shift).to_le_bytes()[0] | 0x80));
    outer.push((size >> 28).to_le_bytes()[0]);
    outer.extend_from_slice(inner);
    outer
}

#[test]
fn depth_and_numbers_are_bounded() {
    let deep = wat(&format!("{}{}", "(component ".repeat(9), ")".repeat(9)));
    assert!(matches!(look(&deep), Err(Refused::TooComplex(_))));
    let deeper = (0..2000).fold(b"\0asm\x0d\0\x01\0".to_vec(), |inner, _| nest(&inner));
    assert!(matches!(look(&deeper), Err(Refused::TooComplex(_))));
    let many = wat(&format!("(component {})", "(core module)".repeat(65)));
    assert!(matches!(look(&many), Err(Refused::TooComplex(_))));
    let imports: String = (0..1001).fold(String::new(), |all, n| all + &format!("(import \"a{n}\" (func))"));
    assert!(matches!(
        look(&wat(&format!("(component {imports})"))),
        Err(Refused::TooComplex(_))
    ));
    let table = format!(
        "(component (core module (func (param i32) (block (br_table {} (local.get 0))))))",
        "0 ".repeat(70_000)
    );
    assert!(matches!(look(&wat(&table)), Err(Refused::TooComplex(_))));
}

#[test]
fn time_is_bounded() {
    let body = "(drop (i32.const 1))".repeat(300_000);
    let large = wat(&format!("(component (core module (func {body})))"));
    let hurry = InspectionBounds {
        time: Duration::ZERO,
        ..InspectionBounds::default()
    };
    assert_eq!(inspect(&large, &hurry), Err(Refused::TooSlow));
}

#[test]
fn every_truncation_of_a_bot_is_refused_without_panic() {
    let whole = embed_manifest(&Guest::echo().build(), "schema = 1\n");
    for length in 0..whole.len() {
        if let Ok(seen) = look(&whole[..length]) {
            // A component that ends at a section's end can be whole: only the manifest is missing.
            assert_eq!(seen.manifest, None, "{length}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..600), kind in 0..3_usize) {
        let header: &[u8] = [&b""[..], b"\0asm\x0d\0\x01\0", b"\0asm\x01\0\0\0"][kind];
        let _ = look(&[header, &bytes].concat());
    }

    #[test]
    fn mutated_bots_never_panic(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4), 1..12)) {
        let mut bytes = embed_manifest(&Guest::echo().importing(LOG).build(), "schema = 1\n");
        for (at, byte, how) in changes {
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes[at] = bytes[at].wrapping_add(1),
                2 => { bytes.remove(at); }
                _ => bytes.insert(at, byte),
            }
        }
        let _ = look(&bytes);
    }
}
