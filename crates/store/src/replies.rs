//! Requests with idempotency keys.

use crate::microseconds;
use crate::prune::{Lapsing, prune};
use crate::sqlite::SqliteStore;
use async_trait::async_trait;
use control::ports::{Begun, Replies, Reply, StoreError};
use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};

#[async_trait]
impl Replies for SqliteStore {
    async fn begin_request(
        &self,
        key: &str,
        request: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Begun, StoreError> {
        let (key, request) = (key.to_owned(), request.to_owned());
        let (now, until) = (microseconds::floor(now), microseconds::floor(until));
        self.write("begin a request", move |transaction| {
            prune(transaction, Lapsing::Replies, now)?;
            let known: Option<(String, Option<u16>, Option<String>)> = transaction
                .prepare_cached(
                    "SELECT request, status, body FROM reply WHERE key = ?1 AND until > ?2",
                )?
                .query_row(params![key, now], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
                .optional()?;
            Ok(match known {
                Some((asked, ..)) if asked != request => Begun::OtherRequest,
                Some((_, Some(status), Some(body))) => Begun::Answered(Reply { status, body }),
                Some(_) => Begun::UnderWay,
                None => {
                    transaction
                        .prepare_cached(
                            "INSERT INTO reply (key, request, until) VALUES (?1, ?2, ?3)
                             ON CONFLICT (key) DO UPDATE SET request = excluded.request,
                                 until = excluded.until, status = NULL, body = NULL",
                        )?
                        .execute(params![key, request, until])?;
                    Begun::New
                }
            })
        })
        .await
    }

    async fn end_request(
        &self,
        key: &str,
        begun: Timestamp,
        reply: Option<&Reply>,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        let (key, reply) = (key.to_owned(), reply.cloned());
        let (begun, until) = (microseconds::floor(begun), microseconds::floor(until));
        self.write("end a request", move |transaction| {
            match &reply {
                Some(Reply { status, body }) => transaction
                    .prepare_cached(
                        "UPDATE reply SET status = ?3, body = ?4, until = ?5
                         WHERE key = ?1 AND until = ?2 AND status IS NULL",
                    )?
                    .execute(params![key, begun, status, body, until])?,
                None => transaction
                    .prepare_cached(
                        "DELETE FROM reply WHERE key = ?1 AND until = ?2 AND status IS NULL",
                    )?
                    .execute(params![key, begun])?,
            };
            Ok(())
        })
        .await
    }
}
