//! Grants that are kept beside the map's text.

use super::StoreError;
use access::map::{Gives, GroupRef, TableGrant};
use async_trait::async_trait;
use std::fmt;

/// The grant table as it was at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GrantReading {
    /// Raised by every change; 0 of a table that was never written.
    pub version: u64,
    /// The rows, by group and what they give.
    pub rows: Vec<TableGrant>,
}

/// The table of grants, the same for all replicas. A table that cannot be read is an error, never
/// an empty table: what is not granted is taken away.
#[async_trait]
pub trait GrantTable: Send + Sync + fmt::Debug {
    /// How often the table was changed. Costs next to nothing, so that a pass can ask each time.
    async fn grants_version(&self) -> Result<u64, StoreError>;

    /// The whole table, with the version it has.
    async fn grants(&self) -> Result<GrantReading, StoreError>;

    /// Writes a row, in the place of the one for the same group and gift; answers with that one.
    async fn put_grant(&self, row: &TableGrant) -> Result<Option<TableGrant>, StoreError>;

    /// Takes away the row of this group and gift, and answers with it.
    async fn delete_grant(
        &self,
        group: &GroupRef,
        gives: &Gives,
    ) -> Result<Option<TableGrant>, StoreError>;
}
