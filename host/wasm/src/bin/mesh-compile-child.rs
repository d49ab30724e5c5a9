//! The compile child by itself, for tests and tools that are not the server.

fn main() {
    mesh_wasm::compile::compile_child_main()
}
