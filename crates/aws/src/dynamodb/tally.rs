//! The count of what happens, which orders the passes of all replicas.
//!
//! One item, which is added to about twice for each pass of up to fifty people. A partition
//! takes a thousand writes a second; AWS lets nobody make that many profiles in an hour.

use super::DynamoStore;
use super::failure::damaged;
use super::item::Item;
use super::keys::Key;
use control::ports::StoreError;

const NUMBER: &str = "number";

fn key() -> Key {
    Key::new("tally", "tally")
}

impl DynamoStore {
    /// Counts one more thing, and says how many there are now. Whoever reads a ticket afterwards
    /// gets this number or a higher one.
    ///
    /// A call whose answer is lost is repeated: then a number is left out, which nobody minds.
    pub(super) async fn next(&self, operation: &'static str) -> Result<u64, StoreError> {
        let item = self.add(operation, &key(), NUMBER, 1).await?;
        self.number(operation, &item)
    }

    /// How many things have happened.
    pub(super) async fn now(&self, operation: &'static str) -> Result<u64, StoreError> {
        match self.get(operation, &key()).await? {
            Some(item) => self.number(operation, &item),
            None => Ok(0),
        }
    }

    fn number(&self, operation: &'static str, item: &Item) -> Result<u64, StoreError> {
        let number = item.number(NUMBER);
        number.map_err(|damage| damaged(&self.table, operation, Some(&key()), &damage))
    }
}
