//! Used assertions.

use crate::microseconds;
use crate::prune::{Lapsing, prune};
use crate::sqlite::SqliteStore;
use async_trait::async_trait;
use control::ports::{ReplayCache, StoreError};
use jiff::Timestamp;
use rusqlite::params;
use sha2::{Digest, Sha256};

#[async_trait]
impl ReplayCache for SqliteStore {
    async fn claim(
        &self,
        issuer: &str,
        assertion_id: &str,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let digest = digest(issuer, assertion_id);
        let (until, now) = (microseconds::ceil(until), microseconds::floor(now));
        self.write("claim an assertion", move |transaction| {
            prune(transaction, Lapsing::UsedAssertions, now)?;
            let claimed = transaction
                .prepare_cached(
                    "INSERT INTO used_assertion (digest, until) VALUES (?1, ?2)
                     ON CONFLICT (digest) DO UPDATE SET until = excluded.until
                     WHERE used_assertion.until <= ?3",
                )?
                .execute(params![digest, until, now])?;
            Ok(claimed == 1)
        })
        .await
    }

    async fn is_claimed(
        &self,
        issuer: &str,
        assertion_id: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (digest, now) = (digest(issuer, assertion_id), microseconds::floor(now));
        self.glance("look for a used assertion", |connection| {
            connection
                .prepare_cached(
                    "SELECT EXISTS (SELECT 1 FROM used_assertion WHERE digest = ?1 AND until > ?2)",
                )?
                .query_row(params![digest, now], |row| row.get(0))
        })
    }
}

/// One value for issuer and assertion id. The length in front keeps `a` + `bc` from `ab` + `c`.
fn digest(issuer: &str, assertion_id: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update((issuer.len() as u64).to_be_bytes());
    hash.update(issuer);
    hash.update(assertion_id);
    hash.finalize().into()
}
