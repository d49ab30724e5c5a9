/** The custom section of a component that holds its manifest. */
const SECTION = "mesh:bot";

/** A component with the text of its `bot.toml` inside. */
export function withManifest(component, manifest) {
  const name = Buffer.from(SECTION);
  const content = Buffer.concat([leb128(name.length), name, Buffer.from(manifest)]);
  return Buffer.concat([component, Buffer.of(0), leb128(content.length), content]);
}

function leb128(number) {
  const bytes = [];
  for (let rest = number; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
}
