//! Copies of fetched metadata, beside the store.

use super::bounded;
use crate::store_location::StoreLocation;
use access::ids::IdpKey;
use anyhow::{Context, Result};
use aws_lc_rs::digest::{SHA256, digest};
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

/// The folder with the copies; none beside a table.
#[derive(Debug, Clone)]
pub(crate) struct Copies(Option<PathBuf>);

impl Copies {
    /// Beside this store: `stagedoor.db` has `stagedoor.db.idp/`.
    pub(crate) fn of(store: &StoreLocation) -> Self {
        Self(store.file().map(|file| {
            let mut folder = file.as_os_str().to_owned();
            folder.push(".idp");
            PathBuf::from(folder)
        }))
    }

    /// The last good metadata from this address, if there is any.
    pub(super) fn get(&self, key: &IdpKey, url: &str) -> Option<Vec<u8>> {
        bounded(&self.file(key, url)?).ok()
    }

    /// Keeps metadata in place of what was kept; whole or not at all.
    pub(super) fn put(&self, key: &IdpKey, url: &str, bytes: &[u8]) -> Result<()> {
        let (Some(folder), Some(file)) = (&self.0, self.file(key, url)) else { return Ok(()) };
        let context = || format!("cannot write {}", file.display());
        fs::create_dir_all(folder).with_context(context)?;
        let mut temporary = tempfile::NamedTempFile::new_in(folder).with_context(context)?;
        temporary.write_all(bytes).with_context(context)?;
        temporary.persist(&file).with_context(context)?;
        Ok(())
    }

    /// The address is part of the name: when the map names another one, the old copy is of somebody
    /// else.
    fn file(&self, key: &IdpKey, url: &str) -> Option<PathBuf> {
        let mut name = format!("{key}-");
        for byte in digest(&SHA256, url.as_bytes()).as_ref().iter().take(8) {
            let _ = write!(name, "{byte:02x}");
        }
        name.push_str(".xml");
        Some(self.0.as_ref()?.join(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_belongs_to_its_provider_and_its_address() {
        let folder = tempfile::tempdir().unwrap();
        let copies = Copies::of(&StoreLocation::File(folder.path().join("stagedoor.db")));
        let (corp, other) = (IdpKey::parse("corp").unwrap(), IdpKey::parse("other").unwrap());
        assert_eq!(copies.get(&corp, "https://a"), None);
        copies.put(&corp, "https://a", b"one").unwrap();
        copies.put(&corp, "https://a", b"two").unwrap();
        assert_eq!(copies.get(&corp, "https://a").as_deref(), Some(b"two".as_slice()));
        assert_eq!(copies.get(&corp, "https://b"), None);
        assert_eq!(copies.get(&other, "https://a"), None);
        let names: Vec<_> = fs::read_dir(folder.path().join("stagedoor.db.idp"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        assert_eq!(names.len(), 1, "{names:?}");
        assert!(names[0].starts_with("corp-"), "{names:?}");
    }
}
