//! The store that replicas share.

use crate::company::REGION;
use access::ids::Region;
use anyhow::{Context, Result, bail};
use aws::{Aws, Simulator};
use control::ports::{AuditEntry, AuditLog};
use dynamodb_peer::Peer;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use store::SqliteStore;
use tokio::runtime::Runtime;

/// More entries than any run writes.
const ALL: u32 = 1_000_000;

/// The table's name.
const TABLE: &str = "stagedoor";

/// A store that replicas share.
#[derive(Debug)]
pub enum Table {
    /// A SQLite file on one machine.
    File(PathBuf),
    /// A table of a DynamoDB on loopback.
    DynamoDb(Peer),
}

impl Table {
    /// The store of this name, new: `sqlite` or `dynamodb`.
    ///
    /// # Errors
    /// There is no such store, or it cannot be made.
    pub fn of(name: &str, folder: &Path) -> Result<Self> {
        match name {
            "sqlite" => {
                let path = folder.join("stagedoor.db");
                SqliteStore::open(&path).context("the store")?;
                Ok(Self::File(path))
            }
            "dynamodb" => {
                let peer = dynamodb_peer::start()?;
                let made = table(&peer)?;
                runtime()?.block_on(made.create_table()).context("the table cannot be made")?;
                Ok(Self::DynamoDb(peer))
            }
            _ => bail!("there is no store {name}"),
        }
    }

    /// What `--store` gets.
    pub fn location(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::DynamoDb(_) => format!("dynamodb:{TABLE}"),
        }
    }

    /// Where it is reached, if over a network.
    pub fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::File(_) => None,
            Self::DynamoDb(peer) => Some((Ipv4Addr::LOCALHOST, peer.port().ok()?).into()),
        }
    }

    /// Variables for replicas that reach it at an address, its own or another one.
    pub fn environment(&self, address: Option<SocketAddr>) -> Vec<(String, String)> {
        match (self, address) {
            (Self::DynamoDb(_), Some(address)) => {
                vec![("AWS_ENDPOINT_URL_DYNAMODB".to_owned(), format!("http://{address}"))]
            }
            _ => Vec::new(),
        }
    }

    /// The whole audit log, oldest first.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn audit(&self) -> Result<Vec<AuditEntry>> {
        let newest = match self {
            Self::File(path) => {
                let store = SqliteStore::open(path).context("the store")?;
                runtime()?.block_on(store.newest(ALL))
            }
            Self::DynamoDb(peer) => {
                let table = table(peer)?;
                runtime()?.block_on(table.newest(ALL))
            }
        };
        let mut entries = newest.context("the audit log")?;
        entries.reverse();
        Ok(entries)
    }
}

fn table(peer: &Peer) -> Result<aws::DynamoStore> {
    let simulator = Simulator {
        url: peer.endpoint.clone(),
        region: Region::parse(REGION)?,
        access_key_id: "AKIASTAGEDOOR".to_owned(),
        secret_access_key: "anything".to_owned(),
    };
    Ok(Aws::simulated(&simulator).store(TABLE))
}

fn runtime() -> Result<Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().context("a runtime")
}
