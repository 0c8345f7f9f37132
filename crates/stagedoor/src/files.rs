//! Files that commands write.

use anyhow::{Context, Result};
use std::io::Write;
use std::path::Path;
use tempfile::NamedTempFile;

/// Writes a file for its owner only, whole or not at all: a reader never sees half of it, and what a full
/// disk cut short does not look whole. What was there before goes, and no link is followed.
///
/// # Errors
/// The file cannot be written.
pub(crate) fn replace(file: &Path, bytes: &[u8]) -> Result<()> {
    let context = || format!("cannot write {}", file.display());
    let folder = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut beside = NamedTempFile::new_in(folder).with_context(context)?;
    beside.write_all(bytes).with_context(context)?;
    beside.persist(file).with_context(context)?;
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::replace;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn a_file_is_its_owners_alone_and_no_link_is_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (file, theirs) = (folder.path().join("report.html"), folder.path().join("theirs"));
        fs::write(&theirs, "open").unwrap();
        symlink(&theirs, &file).unwrap();
        replace(&file, b"who has what").unwrap();
        assert_eq!(fs::read_to_string(&theirs).unwrap(), "open");
        assert_eq!(fs::read_to_string(&file).unwrap(), "who has what");
        assert_eq!(fs::symlink_metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
