//! Makes a bot of a core module: `pack CORE.wasm bot.toml OUT.wasm`.

use std::{env, error::Error, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let paths: Vec<_> = env::args_os().skip(1).collect();
    let [module, manifest, bot] = paths.as_slice() else {
        return Err("use: pack CORE.wasm bot.toml OUT.wasm".into());
    };
    let component = mesh_pack::componentize(&fs::read(module)?)?;
    fs::write(
        bot,
        mesh_pack::embed_manifest(&component, &fs::read_to_string(manifest)?)?,
    )?;
    Ok(())
}
