//! Files that commands write.

use anyhow::{Context, Result, anyhow};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use tempfile::NamedTempFile;

/// Writes a file for its owner only, whole or not at all: a reader never sees half of it, and what a full
/// disk cut short does not look whole. What was there before goes, and no link is followed. Into what the
/// system itself keeps, such as `/dev/stdout` or the pipe of a process substitution, is written; not if it
/// stands for a regular file, over whose beginning what comes by standard output would go.
///
/// # Errors
/// The file cannot be written; there is a folder, a pipe, a socket or a device.
pub(crate) fn replace(file: &Path, bytes: &[u8]) -> Result<()> {
    let context = || format!("cannot write {}", file.display());
    let folder = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if is_the_systems(folder) {
        if fs::metadata(file).is_ok_and(|there| there.is_file()) {
            return Err(anyhow!("it stands for a regular file; name that file itself"))
                .with_context(context);
        }
        let mut file = OpenOptions::new().write(true).open(file).with_context(context)?;
        return file.write_all(bytes).with_context(context);
    }
    match fs::symlink_metadata(file) {
        Ok(there) if !there.is_file() && !there.is_symlink() => {
            return Err(anyhow!("there is something that is no regular file"))
                .with_context(context);
        }
        // The error of the file beside would name that one.
        Err(_) if !folder.is_dir() => {
            return Err(anyhow!("there is no folder {}", folder.display())).with_context(context);
        }
        _ => {}
    }
    let mut beside = NamedTempFile::new_in(folder).with_context(context)?;
    beside.write_all(bytes).with_context(context)?;
    beside.persist(file).with_context(context)?;
    Ok(())
}

/// Whether only the system makes names there. Others can plant a link or a pipe anywhere else.
fn is_the_systems(folder: &Path) -> bool {
    cfg!(unix)
        && folder
            .canonicalize()
            .is_ok_and(|folder| folder == Path::new("/dev") || folder.starts_with("/proc"))
}

#[cfg(all(test, unix))]
mod tests {
    use super::replace;
    use std::fs;
    use std::io::Read;
    use std::os::fd::AsRawFd;
    use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
    use std::os::unix::net::UnixListener;

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

    #[test]
    fn what_is_no_file_is_not_replaced_by_one() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("socket");
        let _listens = UnixListener::bind(&socket).unwrap();
        let told = format!("{:#}", replace(&socket, b"x").unwrap_err());
        let name = socket.display();
        assert_eq!(
            told,
            format!("cannot write {name}: there is something that is no regular file")
        );
        assert!(fs::symlink_metadata(&socket).unwrap().file_type().is_socket());
        let nowhere = folder.path().join("none").join("report.html");
        let told = format!("{:#}", replace(&nowhere, b"x").unwrap_err());
        assert!(
            told.ends_with(&format!("there is no folder {}", folder.path().join("none").display())),
            "{told}"
        );
    }

    #[test]
    fn a_descriptor_of_the_process_is_written_into() {
        let (mut reads, writes) = std::io::pipe().unwrap();
        let file = format!("/proc/self/fd/{}", writes.as_raw_fd());
        replace(file.as_ref(), b"who has what").unwrap();
        drop(writes);
        let mut told = String::new();
        reads.read_to_string(&mut told).unwrap();
        assert_eq!(told, "who has what");
    }
}
