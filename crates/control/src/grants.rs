//! Grants of the store's table, put together with those of the map.

mod watch;

pub use watch::GrantWatch;

use crate::ports::{CallError, FailureKind, GrantReading, GrantTable, StoreError};
use access::map::{AccessMap, BadRows, GrantsFrom, MAX_ROWS};

/// The map cannot be put together with the grant table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GrantsError {
    /// The table cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nobody ever wrote to the table. A store that was lost, or a wrong one, looks like that, and
    /// would take from people what the table gave them.
    #[error(
        "the map says `grants_from: store`, and the grant table of this store was never written: name \
         the right store, or write the first row with `stagedoor mapping put`"
    )]
    NeverWritten,
    /// The table has more than [`MAX_ROWS`] rows.
    #[error("the grant table has {0} rows, and {MAX_ROWS} are the most: delete some")]
    TooMany(usize),
    /// Rows do not fit the map.
    #[error("{0}: correct them with `stagedoor mapping`, or the map")]
    Rows(BadRows),
}

impl From<GrantsError> for CallError {
    fn from(error: GrantsError) -> Self {
        match error {
            GrantsError::Store(error) => error.into(),
            other => Self {
                service: "store",
                operation: "read the grant table",
                kind: FailureKind::Store,
                aws_code: None,
                message: other.to_string(),
            },
        }
    }
}

/// The map, as it was parsed, with the rows of the table if it takes grants from there.
///
/// # Errors
/// The table cannot be read, was never written, or does not fit the map.
pub async fn with_grants(map: AccessMap, table: &dyn GrantTable) -> Result<AccessMap, GrantsError> {
    if map.grants_from != Some(GrantsFrom::Store) {
        return Ok(map);
    }
    let GrantReading { version, rows } = read(table).await?;
    map.with_table(version, &rows).map_err(GrantsError::Rows)
}

/// How many rows of the table the map takes now; `None` if it takes none from there.
///
/// # Errors
/// As [`with_grants`].
pub async fn rows_taken(
    map: &AccessMap,
    table: &dyn GrantTable,
) -> Result<Option<usize>, GrantsError> {
    if map.grants_from.is_none() {
        return Ok(None);
    }
    let GrantReading { version, rows } = read(table).await?;
    map.with_table(version, &rows).map_err(GrantsError::Rows)?;
    Ok(Some(rows.len()))
}

async fn read(table: &dyn GrantTable) -> Result<GrantReading, GrantsError> {
    let reading = table.grants().await?;
    if reading.version == 0 {
        return Err(GrantsError::NeverWritten);
    }
    if reading.rows.len() > MAX_ROWS {
        return Err(GrantsError::TooMany(reading.rows.len()));
    }
    Ok(reading)
}
