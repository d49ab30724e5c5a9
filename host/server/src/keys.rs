//! The data folder (0700) and the server's secret keys (0600).

use anyhow::{Context as _, Result, ensure};
use mesh_service::Keys;
use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
};

/// Makes the folder if it is not there.
pub(crate) fn data_folder(path: &Path) -> Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.with_context(|| format!("cannot make the data folder {}", path.display()))
}

/// Reads the keys, or makes them at the first start.
pub(crate) fn load(folder: &Path) -> Result<Keys> {
    let path = folder.join("keys");
    if !path.exists() {
        let bytes = mesh_service::clock::random::<96>();
        let part = folder.join("keys.new");
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&part)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        fs::rename(&part, &path)?;
    }
    let mode = fs::metadata(&path)?.permissions().mode();
    ensure!(
        mode & 0o077 == 0,
        "{} can be read by others; run `chmod 600 {0}`",
        path.display()
    );
    let bytes = fs::read(&path)?;
    ensure!(
        bytes.len() == 96,
        "{} is damaged: it has {} bytes, not 96",
        path.display(),
        bytes.len()
    );
    let mut keys = Keys {
        cursor: [0; 32],
        code_cache: [0; 32],
        secrets: [0; 32],
    };
    keys.cursor.copy_from_slice(&bytes[..32]);
    keys.code_cache.copy_from_slice(&bytes[32..64]);
    keys.secrets.copy_from_slice(&bytes[64..]);
    Ok(keys)
}
