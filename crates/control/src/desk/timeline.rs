//! What happened to a person, by the audit log.

use super::audit::actor_name;
use super::{Caller, Desk, Listed, Page, Refused, Right};
use crate::ports::{AuditEntry, AuditFilter, AuditLog};
use access::ids::PersonId;
use access::reason::ReasonCode;
use access::snapshot::Snapshot;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// One entry of the log, as it concerns a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Happened {
    /// When.
    pub at: Timestamp,
    /// What.
    pub event: String,
    /// Reason code.
    pub code: String,
    /// What the code means, if it is one of the shared ones.
    pub meaning: Option<&'static str>,
    /// Who did it.
    pub actor: String,
    /// Their name, if they are a person whom the directory knows.
    pub actor_name: Option<String>,
    /// The team, if it is about one.
    pub team: Option<String>,
    /// The pass it belongs to.
    pub change: Option<String>,
    /// More, by name.
    pub details: BTreeMap<String, String>,
}

impl Desk {
    /// What happened to a person, the newest first.
    ///
    /// # Errors
    /// Whoever asks may not see it; the store cannot be read.
    pub async fn timeline(
        &self,
        caller: &Caller,
        person: &PersonId,
        page: &Page,
    ) -> Result<Listed<Happened>, Refused> {
        caller.require(Right::Audit)?;
        let filter = AuditFilter { person: Some(person.to_string()), ..AuditFilter::default() };
        let cursor = page.cursor.as_deref();
        let read = AuditLog::page(&*self.store, &filter, cursor, page.limit).await?;
        // Names are a comfort: without a reading the log is told all the same.
        let reading = self.reading().await.ok();
        let snapshot = reading.as_ref().map(|reading| &reading.survey.snapshot);
        let items = read.items.into_iter().map(|sealed| Happened::of(snapshot, sealed.entry));
        let items = items.collect();
        Ok(Listed { items, next: read.next })
    }
}

impl Happened {
    fn of(snapshot: Option<&Snapshot>, entry: AuditEntry) -> Self {
        let actor = entry.actor.to_string();
        Self {
            at: entry.at,
            event: entry.event,
            meaning: ReasonCode::parse(&entry.code).map(ReasonCode::meaning),
            code: entry.code,
            actor_name: actor_name(snapshot, &actor),
            actor,
            team: entry.team,
            change: entry.change,
            details: entry.details,
        }
    }
}
