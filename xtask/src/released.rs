//! `wit/released`: the versions of the contract that are out, each with the digest of its text. A released version is
//! never edited: a change of any byte of its folder is an error here, and so is a folder that is gone.

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};
use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

const LIST: &str = "wit/released";

/// Every released version that is not what it was.
pub(crate) fn wrong(root: &Path) -> Result<Vec<String>> {
    let list = fs::read_to_string(root.join(LIST)).context(LIST)?;
    let mut wrong = Vec::new();
    for line in list.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let Some((version, digest)) = line.split_once(' ') else {
            wrong.push(format!("{LIST}: `{line}` is not a version and a digest"));
            continue;
        };
        match folder_digest(&root.join("wit").join(version)) {
            Ok(found) if found == digest => {}
            Ok(found) => wrong.push(format!(
                "wit/{version} is released and was changed; its digest is {found}. A change needs a new version"
            )),
            Err(error) => wrong.push(format!("wit/{version} is released and cannot be read: {error:#}")),
        }
    }
    Ok(wrong)
}

/// The line for `wit/released` when a version comes out.
pub(crate) fn line(root: &Path, version: &str) -> Result<String> {
    Ok(format!("{version} {}", folder_digest(&root.join("wit").join(version))?))
}

/// SHA-256 over the names and texts of a folder's files, in order.
fn folder_digest(folder: &Path) -> Result<String> {
    let mut files = files(folder)?;
    files.sort();
    let mut sum = Sha256::new();
    for file in files {
        let name = file.strip_prefix(folder)?.to_string_lossy().into_owned();
        let text = fs::read(&file)?;
        for part in [name.as_bytes(), &text] {
            sum.update((part.len() as u64).to_be_bytes());
            sum.update(part);
        }
    }
    let mut hex = String::new();
    for byte in sum.finalize() {
        write!(hex, "{byte:02x}")?;
    }
    Ok(hex)
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_released_version_is_never_edited() -> Result<()> {
        let root = tempfile::tempdir()?;
        let root = root.path();
        for version in ["0.1.0", "0.2.0"] {
            let folder = root.join("wit").join(version);
            fs::create_dir_all(folder.join("deps"))?;
            fs::write(folder.join("bot.wit"), "package mesh:bot;")?;
            fs::write(folder.join("deps/other.wit"), "package other:other;")?;
        }
        fs::write(root.join(LIST), "# none is out\n")?;
        assert_eq!(wrong(root)?, Vec::<String>::new());

        let out = format!("# one is out\n{}\n", line(root, "0.1.0")?);
        fs::write(root.join(LIST), &out)?;
        fs::write(root.join("wit/0.2.0/bot.wit"), "package mesh:bot@0.2.0;")?;
        assert_eq!(wrong(root)?, Vec::<String>::new(), "what is not out may change");

        fs::write(root.join("wit/0.1.0/deps/other.wit"), "package other:other;\n")?;
        let found = wrong(root)?;
        assert!(found.len() == 1 && found[0].contains("was changed"), "{found:?}");

        fs::remove_dir_all(root.join("wit/0.1.0"))?;
        let found = wrong(root)?;
        assert!(found.len() == 1 && found[0].contains("cannot be read"), "{found:?}");
        Ok(())
    }
}
