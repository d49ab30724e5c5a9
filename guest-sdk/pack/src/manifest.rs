use crate::{Error, Result};
use std::ops::Range;
use wasmparser::{Encoding, Parser, Payload};

/// The custom section that a bot's `bot.toml` is in.
const SECTION: &str = "mesh:bot";

/// Puts a manifest at the end of a component, in place of those that are there.
pub fn embed_manifest(component: &[u8], bot_toml: &str) -> Result<Vec<u8>> {
    let mut made = Vec::with_capacity(component.len() + bot_toml.len() + 32);
    let mut kept = 0;
    for section in sections(component)? {
        made.extend_from_slice(&component[kept..section.whole.start]);
        kept = section.whole.end;
    }
    made.extend_from_slice(&component[kept..]);
    append(&mut made, bot_toml.as_bytes());
    Ok(made)
}

/// The manifest of a component, as its author wrote it; the last one, if there are several.
///
/// Only the component's own section counts, not those of the modules in it. None also for what is no component, and for
/// text that is no UTF-8.
pub fn manifest(component: &[u8]) -> Option<String> {
    let found = sections(component).ok()?.pop()?;
    String::from_utf8(component[found.data].to_vec()).ok()
}

/// A manifest's place among the bytes of a component.
struct Section {
    /// With its id, size and name.
    whole: Range<usize>,
    data: Range<usize>,
}

/// The manifests of a component, in order.
fn sections(component: &[u8]) -> Result<Vec<Section>> {
    let mut found = Vec::new();
    let mut depth = 0_u32;
    // Where the section before ended, and so where this one begins: payloads do not tell of id and size.
    let mut end = 0;
    for payload in Parser::new(0).parse_all(component) {
        let payload = payload?;
        match &payload {
            Payload::Version { encoding, .. } if depth == 0 && *encoding != Encoding::Component => {
                return Err(Error::NotComponent);
            }
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::CustomSection(custom) if depth == 0 && custom.name() == SECTION => found.push(Section {
                whole: end..custom.range().end,
                data: custom.data_offset()..custom.data_offset() + custom.data().len(),
            }),
            _ => {}
        }
        if let Some((_, range)) = payload.as_section() {
            end = range.end;
        } else if let Payload::Version { range, .. } = &payload {
            end = range.end;
        }
    }
    Ok(found)
}

/// Adds a custom section: id 0, its size, its name's length and its name, its bytes.
fn append(component: &mut Vec<u8>, data: &[u8]) {
    let mut content = Vec::with_capacity(data.len() + 16);
    unsigned(&mut content, SECTION.len());
    content.extend_from_slice(SECTION.as_bytes());
    content.extend_from_slice(data);
    component.push(0);
    unsigned(component, content.len());
    component.extend_from_slice(&content);
}

/// LEB128, as WebAssembly writes lengths.
fn unsigned(to: &mut Vec<u8>, mut number: usize) {
    loop {
        let low = number.to_le_bytes()[0] & 0x7f;
        number >>= 7;
        if number == 0 {
            to.push(low);
            return;
        }
        to.push(low | 0x80);
    }
}
