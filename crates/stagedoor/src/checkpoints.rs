//! Where checkpoints of the audit log are kept, outside of the store.

use anyhow::Result;
use async_trait::async_trait;
use aws::Aws;
use control::audit::{Checkpoint, CheckpointPlace, PlaceError};
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What makes a word an S3 bucket.
const S3: &str = "s3://";

/// Where they are kept, as settings name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CheckpointLocation {
    /// A file that is only appended to.
    File(PathBuf),
    /// Objects of a bucket, below a prefix that ends with a slash or is empty.
    S3 { bucket: String, prefix: String },
}

impl CheckpointLocation {
    /// Reads `FILE` or `s3://BUCKET/PREFIX`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let Some(rest) = text.strip_prefix(S3) else {
            return match text {
                "" => Err("it is empty: write FILE, or s3://BUCKET/PREFIX".to_owned()),
                path => Ok(Self::File(PathBuf::from(path))),
            };
        };
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let is_allowed =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
        if bucket.len() < 3 || bucket.len() > 63 || !bucket.chars().all(is_allowed) {
            return Err(format!("`{bucket}` is no name of a bucket: write s3://BUCKET/PREFIX"));
        }
        let prefix = prefix.trim_matches('/');
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
        if !prefix.chars().all(is_plain) {
            return Err(format!("the prefix `{prefix}` has more than letters, digits, `-_./`"));
        }
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        Ok(Self::S3 { bucket: bucket.to_owned(), prefix })
    }

    /// The place itself.
    pub(crate) fn open(&self, aws: &Aws) -> Arc<dyn CheckpointPlace> {
        match self {
            Self::File(path) => Arc::new(CheckpointFile(path.clone())),
            Self::S3 { bucket, prefix } => Arc::new(aws.checkpoints(bucket, prefix)),
        }
    }
}

impl fmt::Display for CheckpointLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::S3 { bucket, prefix } => write!(f, "{S3}{bucket}/{prefix}"),
        }
    }
}

/// One checkpoint a line.
#[derive(Debug)]
struct CheckpointFile(PathBuf);

impl CheckpointFile {
    fn failed(&self, what: &dyn fmt::Display) -> PlaceError {
        PlaceError { place: self.0.display().to_string(), message: what.to_string() }
    }
}

#[async_trait]
impl CheckpointPlace for CheckpointFile {
    async fn keep(&self, checkpoint: &Checkpoint) -> Result<(), PlaceError> {
        append(&self.0, &checkpoint.line()).map_err(|error| self.failed(&error))
    }

    async fn all(&self) -> Result<Vec<Checkpoint>, PlaceError> {
        let file = match File::open(&self.0) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(self.failed(&error)),
        };
        let mut all = Vec::new();
        for (number, line) in BufReader::new(file).lines().enumerate() {
            let line = line.map_err(|error| self.failed(&error))?;
            let read = serde_json::from_str(&line).map_err(|error| {
                self.failed(&format!("line {} is no checkpoint: {error}", number + 1))
            })?;
            all.push(read);
        }
        Ok(all)
    }
}

/// Appends a line and has it on the disk before it returns.
fn append(path: &Path, line: &str) -> io::Result<()> {
    let is_new = !path.exists();
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    file.write_all(line.as_bytes())?;
    file.sync_all()?;
    // A new name is only safe once its folder is.
    if is_new && cfg!(unix) {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    #[test]
    fn a_file_and_a_bucket_are_told_apart() {
        let s3 = |bucket: &str, prefix: &str| CheckpointLocation::S3 {
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
        };
        for (text, location, shown) in [
            ("a/b.jsonl", CheckpointLocation::File("a/b.jsonl".into()), "a/b.jsonl"),
            ("s3://my-log", s3("my-log", ""), "s3://my-log/"),
            ("s3://my-log/stage/door/", s3("my-log", "stage/door/"), "s3://my-log/stage/door/"),
        ] {
            assert_eq!(CheckpointLocation::parse(text), Ok(location.clone()));
            assert_eq!(location.to_string(), shown);
        }
        for bad in ["", "s3://", "s3://A", "s3://my-log/a b", "s3://my_log/x"] {
            assert!(CheckpointLocation::parse(bad).is_err(), "{bad}");
        }
    }

    #[tokio::test]
    async fn a_file_keeps_every_checkpoint_in_order_and_tells_a_line_that_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoints.jsonl");
        let file = CheckpointFile(path.clone());
        assert_eq!(file.all().await, Ok(vec![]));
        let of = |second| {
            Checkpoint::of(Timestamp::from_second(second).unwrap(), vec![], "k".to_owned())
        };
        file.keep(&of(1)).await.unwrap();
        file.keep(&of(2)).await.unwrap();
        assert_eq!(file.all().await, Ok(vec![of(1), of(2)]));
        append(&path, "torn").unwrap();
        let error = file.all().await.unwrap_err().to_string();
        assert!(error.contains("line 3 is no checkpoint"), "{error}");
    }
}
