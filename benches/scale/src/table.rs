//! The store that replicas share.

use anyhow::{Context, Result, bail};
use control::ports::{AuditEntry, AuditLog};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use store::SqliteStore;

/// More entries than any run writes.
const ALL: u32 = 1_000_000;

/// A store that replicas share.
#[derive(Debug)]
pub enum Table {
    /// A SQLite file on one machine.
    File(PathBuf),
}

impl Table {
    /// A new file in a folder.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn start(folder: &Path) -> Result<Self> {
        let path = folder.join("stagedoor.db");
        SqliteStore::open(&path).context("the store")?;
        Ok(Self::File(path))
    }

    /// The store of this name, new: `sqlite`.
    ///
    /// # Errors
    /// There is no such store, or it cannot be made.
    pub fn of(name: &str, folder: &Path) -> Result<Self> {
        match name {
            "sqlite" => Self::start(folder),
            _ => bail!("there is no store {name}"),
        }
    }

    /// What `--store` gets.
    pub fn location(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
        }
    }

    /// Where it is reached, if over a network.
    pub fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::File(_) => None,
        }
    }

    /// Variables for replicas that reach it at another address.
    pub fn environment(&self, _address: Option<SocketAddr>) -> Vec<(String, String)> {
        match self {
            Self::File(_) => Vec::new(),
        }
    }

    /// The whole audit log, oldest first.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn audit(&self) -> Result<Vec<AuditEntry>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let mut entries = match self {
            Self::File(path) => {
                let store = SqliteStore::open(path).context("the store")?;
                runtime.block_on(store.newest(ALL)).context("the audit log")?
            }
        };
        entries.reverse();
        Ok(entries)
    }
}
