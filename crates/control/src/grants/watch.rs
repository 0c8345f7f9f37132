//! Looking whether the grant table changed, for a process that is called rather than run.

use super::{GrantsError, with_grants};
use crate::door::Door;
use crate::plane::LiveMap;
use crate::ports::GrantTable;
use access::map::{AccessMap, GrantsFrom};
use access::reason::ReasonCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Puts the grants of the store's table in force whenever it changed.
///
/// Whoever changes the table has everything read afterwards, so whatever looks once it took that
/// work, and before it plans, plans by the changed table.
#[derive(Debug)]
pub struct GrantWatch {
    /// The map as it was parsed, without rows of the table.
    parsed: Arc<AccessMap>,
    table: Arc<dyn GrantTable>,
    live: LiveMap,
    door: Option<Door>,
    /// The version of the table at the last look, whether it fitted the map or not.
    seen: AtomicU64,
}

impl GrantWatch {
    /// Watches the table for a plane that goes by `in_force`, and for its door if it has one.
    /// `None` if the map takes no grants from the table.
    pub fn new(
        parsed: AccessMap,
        in_force: &AccessMap,
        table: Arc<dyn GrantTable>,
        live: LiveMap,
        door: Option<Door>,
    ) -> Option<Self> {
        let Some(GrantsFrom::StoreAt(seen)) = in_force.grants_from else { return None };
        Some(Self { parsed: Arc::new(parsed), table, live, door, seen: seen.into() })
    }

    /// Looks, and puts in force what it finds. A table that cannot be read, or whose rows do not fit
    /// the map, leaves the last good grants in force, as a map on disk does that will not do.
    pub async fn look(&self) {
        let version = match self.table.grants_version().await {
            Ok(version) => version,
            Err(error) => {
                tracing::warn!(%error, "the grants stay as they are");
                return;
            }
        };
        if version == self.seen.load(Ordering::Relaxed) {
            return;
        }
        if let Err(error) = self.take().await {
            let code = ReasonCode::MapRefused;
            tracing::error!(%code, %error, "the grant table is refused; the last good grants stay in force");
            if matches!(error, Refused::Grants(GrantsError::Store(_))) {
                return;
            }
        }
        self.seen.store(version, Ordering::Relaxed);
    }

    async fn take(&self) -> Result<(), Refused> {
        let map = with_grants(AccessMap::clone(&self.parsed), &*self.table).await?;
        let (code, digest) = (ReasonCode::MapReplaced, map.digest.clone());
        let map = Arc::new(map);
        match &self.door {
            Some(door) => door.replace_map(map)?,
            None => self.live.replace(map),
        }
        tracing::info!(%code, to = %digest, "the grants of the changed table are in force");
        Ok(())
    }
}

/// A changed table was not put in force.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error(transparent)]
    Grants(#[from] GrantsError),
    #[error(transparent)]
    Door(#[from] crate::door::DoorError),
}

#[cfg(test)]
mod tests;
