//! Who is signed in.

use crate::microseconds;
use crate::prune::{Lapsing, prune};
use crate::sqlite::{SqliteStore, parsed};
use access::ids::{IdpKey, PersonId, TeamKey};
use async_trait::async_trait;
use control::ports::{
    FederatedLogout, IdpSession, SESSIONS_SHOWN, Session, SessionId, Sessions, StoreError, Voucher,
};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

#[async_trait]
impl Sessions for SqliteStore {
    async fn open(&self, session: &Session) -> Result<(), StoreError> {
        let session = session.clone();
        self.write("remember a session", move |transaction| {
            transaction
                .prepare_cached(
                    "INSERT INTO session
                     (id, person, begun, expires, team, idp_subject, idp_index, idp, idp_key)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                )?
                .execute(params![
                    session.id.0,
                    session.person.as_str(),
                    microseconds::floor(session.begun),
                    microseconds::floor(session.expires),
                    session.team.as_ref().map(TeamKey::as_str),
                    session.idp_session.subject,
                    session.idp_session.index,
                    session.voucher.idp.as_str(),
                    session.voucher.fingerprint,
                ])?;
            Ok(())
        })
        .await
    }

    async fn get(&self, id: &SessionId, now: Timestamp) -> Result<Option<Session>, StoreError> {
        let id = id.clone();
        let now = microseconds::floor(now);
        self.read("look up a session", move |connection| {
            let session = connection
                .prepare_cached(
                    "SELECT id, person, begun, expires, team, idp_subject, idp_index, idp,
                     idp_key FROM session
                     WHERE id = ?1 AND expires > ?2",
                )?
                .query_row(params![id.0, now], session)
                .optional()?;
            if any_lapsed(connection, now)? {
                // The answer is known. A disk too full to forget others must not withhold it.
                let _kept_for_later = prune(connection, Lapsing::Sessions, now);
            }
            Ok(session)
        })
        .await
    }

    async fn sessions_of(
        &self,
        person: &PersonId,
        now: Timestamp,
    ) -> Result<Vec<Session>, StoreError> {
        let person = person.clone();
        let now = microseconds::floor(now);
        self.read("look up the sessions of a person", move |connection| {
            connection
                .prepare_cached(
                    "SELECT id, person, begun, expires, team, idp_subject, idp_index, idp,
                     idp_key FROM session
                     WHERE person = ?1 AND expires > ?2 ORDER BY begun DESC, id LIMIT ?3",
                )?
                .query_map(params![person.as_str(), now, SESSIONS_SHOWN], session)?
                .collect()
        })
        .await
    }

    async fn close(&self, id: &SessionId) -> Result<(), StoreError> {
        let id = id.clone();
        self.write("end a session", move |transaction| {
            transaction.prepare_cached("DELETE FROM session WHERE id = ?1")?.execute([&id.0])?;
            Ok(())
        })
        .await
    }

    async fn close_all(&self, person: &PersonId) -> Result<u64, StoreError> {
        let person = person.clone();
        self.write("end the sessions of a person", move |transaction| {
            let ended = transaction
                .prepare_cached("DELETE FROM session WHERE person = ?1")?
                .execute([person.as_str()])?;
            Ok(ended as u64)
        })
        .await
    }

    async fn close_every(&self, idp: Option<&IdpKey>) -> Result<u64, StoreError> {
        let idp = idp.cloned();
        self.write("end sessions", move |transaction| {
            let ended = transaction
                .prepare_cached("DELETE FROM session WHERE ?1 IS NULL OR idp = ?1")?
                .execute([idp.as_ref().map(IdpKey::as_str)])?;
            Ok(ended as u64)
        })
        .await
    }

    async fn close_federated(&self, logout: &FederatedLogout) -> Result<u64, StoreError> {
        let FederatedLogout { subject, indexes, as_of, arrived, until } = logout.clone();
        let arrived = microseconds::floor(arrived);
        let (as_of, until) = (microseconds::floor(as_of), microseconds::floor(until));
        self.write("end the sessions of an identity provider", move |transaction| {
            let mut remember = transaction.prepare_cached(
                "INSERT INTO logged_out (subject, idp_index, as_of, arrived, until)
                 VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (subject, idp_index) DO UPDATE SET as_of = max(as_of, excluded.as_of),
                     arrived = max(arrived, excluded.arrived), until = max(until, excluded.until)",
            )?;
            let all = indexes.is_empty().then_some("");
            for index in all.into_iter().chain(indexes.iter().map(String::as_str)) {
                remember.execute(params![subject, index, as_of, arrived, until])?;
            }
            prune(transaction, Lapsing::LoggedOut, as_of)?;
            let ended = if indexes.is_empty() {
                transaction
                    .prepare_cached("DELETE FROM session WHERE idp_subject = ?1")?
                    .execute([&subject])?
            } else {
                let indexes = serde_json::to_string(&indexes)
                    .map_err(|cause| rusqlite::Error::ToSqlConversionFailure(Box::new(cause)))?;
                transaction
                    .prepare_cached(
                        "DELETE FROM session WHERE idp_subject = ?1 AND (idp_index IS NULL
                         OR idp_index IN (SELECT value FROM json_each(?2)))",
                    )?
                    .execute([&subject, &indexes])?
            };
            Ok(ended as u64)
        })
        .await
    }

    async fn is_logged_out(
        &self,
        session: &IdpSession,
        issued: Timestamp,
        asked: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let IdpSession { subject, index } = session.clone();
        let (issued, now) = (microseconds::floor(issued), microseconds::floor(now));
        let asked = asked.map(microseconds::floor);
        self.read("look for a log-out", move |connection| {
            connection
                .prepare_cached(
                    "SELECT EXISTS (SELECT 1 FROM logged_out
                     WHERE subject = ?1 AND as_of >= ?2 AND until > ?3
                     AND (?4 IS NULL OR idp_index IN ('', ?4)) AND (?5 IS NULL OR arrived >= ?5))",
                )?
                .query_row(params![subject, issued, now, index, asked], |row| row.get(0))
        })
        .await
    }
}

/// Keeps the common look-up free of the write lock.
fn any_lapsed(connection: &Connection, now: i64) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM session WHERE expires <= ?1)")?
        .query_row([now], |row| row.get(0))
}

fn session(row: &Row<'_>) -> rusqlite::Result<Session> {
    Ok(Session {
        id: SessionId(row.get(0)?),
        person: parsed(1, PersonId::parse(row.get::<_, String>(1)?))?,
        begun: microseconds::read(2, row.get(2)?)?,
        expires: microseconds::read(3, row.get(3)?)?,
        team: row.get::<_, Option<String>>(4)?.map(|t| parsed(4, TeamKey::parse(t))).transpose()?,
        idp_session: IdpSession { subject: row.get(5)?, index: row.get(6)? },
        voucher: Voucher {
            idp: parsed(7, IdpKey::parse(row.get::<_, String>(7)?))?,
            fingerprint: row.get(8)?,
        },
    })
}
