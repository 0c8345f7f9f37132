//! A reading of the directories, and a file that keeps one.

use crate::cli::StoreArg;
use crate::codes;
use crate::exit::BadConfiguration;
use crate::output::API_VERSION;
use crate::{compose, files, mapfile};
use access::shell::CommandLine;
use access::snapshot::Snapshot;
use anyhow::Result;
use aws::Aws;
use control::plane::Plane;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::Path;

/// The most bytes of a file that keeps a reading.
const MAX_BYTES: u64 = 1 << 30;

/// A kept reading.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Kept {
    api_version: String,
    kind: String,
    /// When it was read.
    pub(super) read_at: Timestamp,
    pub(super) snapshot: Snapshot,
}

const KIND: &str = "DirectoryReading";

impl Kept {
    pub(super) fn new(read_at: Timestamp, snapshot: Snapshot) -> Self {
        Self { api_version: API_VERSION.to_owned(), kind: KIND.to_owned(), read_at, snapshot }
    }

    /// Writes the file.
    pub(super) fn write(&self, path: &Path) -> Result<()> {
        files::replace(path, &serde_json::to_vec(self)?)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`BadConfiguration`] that says what to do.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let bad = |why: String| {
            let place = path.display().to_string();
            let make = CommandLine::of(&["directory", "show"]).with("--save", &place);
            let message = format!("{place}: {why}; make one with `{make}`");
            BadConfiguration::new(codes::READING_INVALID, message)
        };
        let size = fs::metadata(path).map_err(|error| bad(error.to_string()))?.len();
        if size > MAX_BYTES {
            return Err(bad("it is larger than any reading".to_owned()).into());
        }
        let text = fs::read(path).map_err(|error| bad(error.to_string()))?;
        let kept: Self = serde_json::from_slice(&text)
            .map_err(|error| bad(format!("it is no reading of a directory ({error})")))?;
        if kept.kind != KIND {
            return Err(bad(format!("it is a {} and no {KIND}", kept.kind)).into());
        }
        Ok(kept)
    }
}

/// The plane of a command that only reads the directories.
pub(super) async fn plane(map: &Path, store: &StoreArg) -> Result<Plane> {
    let map = mapfile::load(map)?;
    let aws = Aws::connect().await;
    let store = compose::readable_store(&store.store, &aws).await?;
    compose::plane(map, aws, store).await
}
