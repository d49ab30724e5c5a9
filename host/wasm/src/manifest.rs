//! The manifest inside a component: custom section `mesh:bot`.

/// The custom section's name.
pub(crate) const SECTION: &str = "mesh:bot";

/// The component with a manifest appended as a custom section, for uploads that bring it beside.
///
/// Only for components that [`crate::inspect()`] accepted without a manifest: a second, different one
/// makes the next inspection refuse the result. The digest changes with it.
pub fn embed_manifest(component: &[u8], toml: &str) -> Vec<u8> {
    let mut content = Vec::with_capacity(toml.len() + SECTION.len() + 5);
    push_leb128(&mut content, SECTION.len());
    content.extend_from_slice(SECTION.as_bytes());
    content.extend_from_slice(toml.as_bytes());
    let mut whole = Vec::with_capacity(component.len() + content.len() + 6);
    whole.extend_from_slice(component);
    whole.push(0);
    push_leb128(&mut whole, content.len());
    whole.extend_from_slice(&content);
    whole
}

fn push_leb128(bytes: &mut Vec<u8>, mut number: usize) {
    loop {
        let low = number.to_le_bytes()[0] & 0x7f;
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return;
        }
        bytes.push(low | 0x80);
    }
}
