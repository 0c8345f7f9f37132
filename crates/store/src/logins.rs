//! Sign-ins that were begun here.

use crate::microseconds;
use crate::prune::{Lapsing, prune};
use crate::sqlite::{SqliteStore, parsed};
use access::ids::{IdpKey, TeamKey};
use async_trait::async_trait;
use control::ports::{LoginRequests, PendingLogin, StoreError};
use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};

#[async_trait]
impl LoginRequests for SqliteStore {
    async fn begin(&self, login: &PendingLogin, now: Timestamp) -> Result<(), StoreError> {
        let login = login.clone();
        let now = microseconds::floor(now);
        self.write("remember a sign-in", move |transaction| {
            transaction
                .prepare_cached(
                    "INSERT INTO pending_login (request_id, browser, idp, team, expires)
                     VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute(params![
                    login.request_id,
                    login.browser,
                    login.idp.as_str(),
                    login.team.as_ref().map(TeamKey::as_str),
                    microseconds::floor(login.expires),
                ])?;
            prune(transaction, Lapsing::PendingLogins, now)?;
            Ok(())
        })
        .await
    }

    async fn take(
        &self,
        request_id: &str,
        now: Timestamp,
    ) -> Result<Option<PendingLogin>, StoreError> {
        let request_id = request_id.to_owned();
        let now = microseconds::floor(now);
        self.write("take a sign-in", move |transaction| {
            let taken = transaction
                .prepare_cached(
                    "DELETE FROM pending_login WHERE request_id = ?1 AND expires > ?2
                     RETURNING request_id, browser, idp, team, expires",
                )?
                .query_row(params![request_id, now], pending_login)
                .optional()?;
            prune(transaction, Lapsing::PendingLogins, now)?;
            Ok(taken)
        })
        .await
    }
}

fn pending_login(row: &Row<'_>) -> rusqlite::Result<PendingLogin> {
    Ok(PendingLogin {
        request_id: row.get(0)?,
        browser: row.get(1)?,
        idp: parsed(2, IdpKey::parse(row.get::<_, String>(2)?))?,
        team: row.get::<_, Option<String>>(3)?.map(|t| parsed(3, TeamKey::parse(t))).transpose()?,
        expires: microseconds::read(4, row.get(4)?)?,
    })
}
