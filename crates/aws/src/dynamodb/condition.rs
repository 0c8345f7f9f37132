//! What AWS says of the table.

use super::DynamoStore;
use aws_sdk_dynamodb::types::TableDescription;
use control::ports::StoreError;

/// A table as AWS describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableCondition {
    /// `ACTIVE` and others (API `TableStatus`).
    pub status: Option<String>,
    /// How many items it had within the last six hours or so.
    pub items: Option<u64>,
    /// Their size in bytes, likewise.
    pub bytes: Option<u64>,
    /// Whether it must be unprotected before it can be deleted.
    pub deletion_protected: bool,
    /// ARN of the KMS key that encrypts it; absent: AWS's own.
    pub key: Option<String>,
}

impl DynamoStore {
    /// What AWS says of the table. Changes nothing.
    ///
    /// # Errors
    /// There is no such table, or AWS cannot be asked.
    pub async fn condition(&self) -> Result<TableCondition, StoreError> {
        Ok(condition(&self.describe("look at the table").await?))
    }
}

fn condition(table: &TableDescription) -> TableCondition {
    let number = |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok());
    TableCondition {
        status: table.table_status().map(|status| status.as_str().to_owned()),
        items: number(table.item_count()),
        bytes: number(table.table_size_bytes()),
        deletion_protected: table.deletion_protection_enabled().unwrap_or(false),
        key: table.sse_description().and_then(|sse| sse.kms_master_key_arn()).map(str::to_owned),
    }
}
