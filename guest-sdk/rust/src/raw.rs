//! The bindings of `mesh:bot` as `wit-bindgen` makes them, for what the rest of this crate does not
//! offer. [`crate::export!`] and the types of this crate are built on them.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    clippy::allow_attributes_without_reason,
    reason = "generated code; the WIT package is its documentation"
)]

wit_bindgen::generate!({
    path: "wit",
    world: "bot",
    generate_all,
    pub_export_macro: true,
    export_macro_name: "export_raw",
    default_bindings_module: "mesh_bot::raw",
    additional_derives: [PartialEq],
});
