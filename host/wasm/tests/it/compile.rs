//! Compiling in a child process, and a cache that cannot be fooled.

use std::cell::Cell;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use mesh_wasm::compile::{CompileError, Compiler, CompilerConfig};
use mesh_wasm::{Allowed, CallEnd, Digest, Instance, Limits};

use crate::guest::Guest;
use crate::recorder::{Bench, Recorder};

fn config(folder: &Path) -> CompilerConfig {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_mesh-compile-child"));
    CompilerConfig {
        program,
        ..CompilerConfig::new(folder.to_owned(), [7; 32].into()).expect("configuration")
    }
}

/// Loads the component and says whether it had to be compiled.
async fn load(compiler: &Compiler, bytes: &[u8]) -> Result<(wasmtime::component::Component, bool), CompileError> {
    let read = Cell::new(false);
    let component = compiler
        .load(Digest::of(bytes), async {
            read.set(true);
            Ok(bytes.to_vec())
        })
        .await?;
    Ok((component, read.get()))
}

fn files(folder: &Path, kind: &str) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder)
        .expect("folder")
        .map(|entry| entry.expect("entry").path());
    paths
        .filter(|path| path.extension().is_some_and(|of| of == kind))
        .collect()
}

#[tokio::test]
async fn the_child_compiles_once_and_the_result_runs() {
    let (folder, bench, bytes) = (
        tempfile::tempdir().expect("folder"),
        Bench::new(),
        Guest::echo().build(),
    );
    let compiler = Compiler::new(&bench.engine, config(folder.path())).expect("compiler");
    let (component, was_compiled) = load(&compiler, &bytes).await.expect("loads");
    assert!(was_compiled);
    let linked = bench.linker.link(&component, &Allowed::everything()).expect("links");
    let called = Instance::start(&linked, Recorder::new(Limits::default())).await;
    assert!(matches!(called.end, CallEnd::Started), "{}", called.end);
    assert!(!load(&compiler, &bytes).await.expect("loads").1);
    // Another start of the server finds it too.
    let again = Compiler::new(&bench.engine, config(folder.path())).expect("compiler");
    assert!(!load(&again, &bytes).await.expect("loads").1);
    assert_eq!(files(folder.path(), "part"), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn damaged_foreign_and_unsigned_code_is_compiled_again() {
    let (folder, bench, bytes) = (
        tempfile::tempdir().expect("folder"),
        Bench::new(),
        Guest::echo().build(),
    );
    let compiler = Compiler::new(&bench.engine, config(folder.path())).expect("compiler");
    load(&compiler, &bytes).await.expect("loads");
    let code = files(folder.path(), "cwasm").remove(0);
    let signature = files(folder.path(), "mac").remove(0);

    let mut damaged = fs::read(&code).expect("code");
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    fs::write(&code, &damaged).expect("write");
    assert!(load(&compiler, &bytes).await.expect("loads").1, "one flipped bit");

    fs::write(&code, b"").expect("write");
    assert!(load(&compiler, &bytes).await.expect("loads").1, "empty code");

    fs::remove_file(&signature).expect("remove");
    assert!(load(&compiler, &bytes).await.expect("loads").1, "no signature");

    fs::write(&signature, "not hexadecimal").expect("write");
    assert!(load(&compiler, &bytes).await.expect("loads").1, "nonsense signature");

    // The signed code of one component in the place of another.
    let other = Guest::default().build();
    load(&compiler, &other).await.expect("loads");
    let name = Digest::of(&other).to_string();
    for kind in ["cwasm", "mac"] {
        let theirs = files(folder.path(), kind)
            .into_iter()
            .find(|path| path.to_string_lossy().contains(&name));
        fs::copy(theirs.expect("file"), if kind == "mac" { &signature } else { &code }).expect("copy");
    }
    assert!(
        load(&compiler, &bytes).await.expect("loads").1,
        "code of another component"
    );

    let other_key = CompilerConfig {
        key: [8; 32].into(),
        ..config(folder.path())
    };
    let foreign = Compiler::new(&bench.engine, other_key).expect("compiler");
    assert!(load(&foreign, &bytes).await.expect("loads").1, "another server's key");
}

#[tokio::test]
async fn many_at_once_compile_once() {
    let (folder, bench, bytes) = (
        tempfile::tempdir().expect("folder"),
        Bench::new(),
        Guest::echo().build(),
    );
    let compiler = Compiler::new(&bench.engine, config(folder.path())).expect("compiler");
    let (a, b, c) = tokio::join!(
        load(&compiler, &bytes),
        load(&compiler, &bytes),
        load(&compiler, &bytes)
    );
    let count = [a, b, c]
        .into_iter()
        .filter(|loaded| loaded.as_ref().expect("loads").1)
        .count();
    assert_eq!(count, 1);
}

#[tokio::test]
async fn failures_say_why() {
    let (folder, bench) = (tempfile::tempdir().expect("folder"), Bench::new());
    let compiler = Compiler::new(&bench.engine, config(folder.path())).expect("compiler");
    let broken = b"\0asm\x0d\0\x01\0\xff".to_vec();
    assert!(matches!(load(&compiler, &broken).await, Err(CompileError::Rejected(_))));

    let wrong = compiler.load(Digest::of(b"other"), async { Ok(broken.clone()) }).await;
    assert!(matches!(wrong, Err(CompileError::WrongBytes(_))));

    let gone = compiler
        .load(Digest::of(b"gone"), async { Err(io::Error::other("gone")) })
        .await;
    assert!(matches!(gone, Err(CompileError::Io(_))));
    assert_eq!(fs::read_dir(folder.path()).expect("folder").count(), 0);
}

#[tokio::test]
async fn the_child_is_bounded() {
    // Functions enough to keep a compiler busy for a while.
    let body = "(i32.add (i32.mul (local.get 0) (i32.const 3)) (i32.const 1)) (local.set 0)".repeat(4_000);
    let items = format!("(func (param i32) (result i32) {body} (local.get 0))").repeat(60);
    let heavy = Guest {
        items,
        ..Guest::default()
    }
    .build();
    let (folder, bench) = (tempfile::tempdir().expect("folder"), Bench::new());

    let hurried = CompilerConfig {
        timeout: Duration::from_millis(50),
        ..config(folder.path())
    };
    let compiler = Compiler::new(&bench.engine, hurried).expect("compiler");
    let began = Instant::now();
    assert!(matches!(load(&compiler, &heavy).await, Err(CompileError::Timeout(_))));
    assert!(began.elapsed() < Duration::from_secs(5));

    let small = CompilerConfig {
        memory: 48 << 20,
        ..config(folder.path())
    };
    let compiler = Compiler::new(&bench.engine, small).expect("compiler");
    let failed = load(&compiler, &heavy)
        .await
        .map(|_| ())
        .expect_err("too little memory");
    assert!(
        matches!(
            failed,
            CompileError::Died(_) | CompileError::Rejected(_) | CompileError::Io(_)
        ),
        "{failed}"
    );

    let brief = CompilerConfig {
        cpu_seconds: 0,
        ..config(folder.path())
    };
    let compiler = Compiler::new(&bench.engine, brief).expect("compiler");
    assert!(matches!(load(&compiler, &heavy).await, Err(CompileError::Died(_))));
    assert_eq!(fs::read_dir(folder.path()).expect("folder").count(), 0);
}

#[tokio::test]
async fn the_sweep_keeps_what_is_listed() {
    let (folder, bench) = (tempfile::tempdir().expect("folder"), Bench::new());
    let compiler = Compiler::new(&bench.engine, config(folder.path())).expect("compiler");
    let (kept, gone) = (Guest::echo().build(), Guest::default().build());
    load(&compiler, &kept).await.expect("loads");
    load(&compiler, &gone).await.expect("loads");
    fs::write(
        folder
            .path()
            .join(format!("{}-0000000000000000.cwasm", Digest::of(&kept))),
        b"old engine",
    )
    .expect("write");
    assert_eq!(compiler.sweep(vec![Digest::of(&kept)]).await.expect("sweep"), 3);
    assert!(!load(&compiler, &kept).await.expect("loads").1);
    assert!(load(&compiler, &gone).await.expect("loads").1);
}

/// wasmtime joins components inside a component with adapters that use two memories at once.
#[tokio::test]
async fn a_component_made_of_components_compiles() {
    let composed = wat::parse_str(
        r#"(component
            (component $taker
                (core module $code
                    (memory (export "memory") 1)
                    (func (export "take") (param i32 i32))
                    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0)))
                (core instance $code (instantiate $code))
                (func (export "take") (param "text" string)
                    (canon lift (core func $code "take") (memory $code "memory") (realloc (func $code "realloc")))))
            (component $giver
                (import "take" (func $take (param "text" string)))
                (core module $memory (memory (export "memory") 1))
                (core instance $memory (instantiate $memory))
                (core func $lowered (canon lower (func $take) (memory $memory "memory")))
                (core module $code
                    (import "" "take" (func $take (param i32 i32)))
                    (func (export "run") (call $take (i32.const 0) (i32.const 5))))
                (core instance $code (instantiate $code (with "" (instance (export "take" (func $lowered))))))
                (func (export "run") (canon lift (core func $code "run"))))
            (instance $taker (instantiate $taker))
            (instance $giver (instantiate $giver (with "take" (func $taker "take"))))
            (export "run" (func $giver "run")))"#,
    )
    .expect("text");
    let (folder, bench) = (tempfile::tempdir().expect("folder"), Bench::new());
    let compiler = Compiler::new(&bench.engine, config(folder.path())).expect("compiler");
    load(&compiler, &composed)
        .await
        .map(|_| ())
        .expect("compiles and loads");
}
