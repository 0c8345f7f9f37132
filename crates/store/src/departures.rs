//! People whom an admin offboarded by command.

use crate::microseconds;
use crate::sqlite::{SqliteStore, parsed};
use access::ids::{PersonId, TeamKey};
use access::snapshot::Hold;
use async_trait::async_trait;
use control::ports::{Departure, Departures, StoreError};
use rusqlite::{Row, params};
use std::collections::BTreeSet;

const COLUMNS: &str = "person, user_name, team, since, by, why, hold_skipped";

#[async_trait]
impl Departures for SqliteStore {
    async fn depart(&self, departure: &Departure) -> Result<Departure, StoreError> {
        let new = departure.clone();
        self.write("remember that a person was offboarded", move |transaction| {
            let sql = format!(
                "INSERT INTO departure ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                 ON CONFLICT (person, team) DO UPDATE SET
                     user_name = coalesce(excluded.user_name, user_name),
                     by = excluded.by,
                     why = coalesce(excluded.why, why),
                     hold_skipped = max(excluded.hold_skipped, hold_skipped)
                 RETURNING {COLUMNS}"
            );
            transaction.prepare_cached(&sql)?.query_row(
                params![
                    new.person.as_str(),
                    new.user_name,
                    team_column(new.team.as_ref()),
                    microseconds::floor(new.since),
                    new.by,
                    new.why,
                    new.hold == Hold::Skipped,
                ],
                read,
            )
        })
        .await
    }

    async fn departures(
        &self,
        people: Option<&BTreeSet<PersonId>>,
    ) -> Result<Vec<Departure>, StoreError> {
        let people = people.cloned();
        self.read("read who was offboarded", move |connection| {
            let Some(people) = people else {
                let sql = format!("SELECT {COLUMNS} FROM departure ORDER BY person, team");
                return connection.prepare_cached(&sql)?.query_map([], read)?.collect();
            };
            let sql = format!("SELECT {COLUMNS} FROM departure WHERE person = ?1 ORDER BY team");
            let mut statement = connection.prepare_cached(&sql)?;
            let mut all = Vec::new();
            for person in &people {
                for departure in statement.query_map([person.as_str()], read)? {
                    all.push(departure?);
                }
            }
            Ok(all)
        })
        .await
    }

    async fn rejoin(
        &self,
        person: &PersonId,
        team: Option<&TeamKey>,
    ) -> Result<Vec<Departure>, StoreError> {
        let (person, team) = (person.clone(), team.cloned());
        self.write("end that a person is offboarded", move |transaction| {
            let sql = format!(
                "DELETE FROM departure WHERE person = ?1 AND (?2 IS NULL OR team = ?2)
                 RETURNING {COLUMNS}"
            );
            let team = team.as_ref().map(TeamKey::as_str);
            let mut ended: Vec<Departure> = transaction
                .prepare_cached(&sql)?
                .query_map(params![person.as_str(), team], read)?
                .collect::<rusqlite::Result<_>>()?;
            ended.sort_by(|a, b| a.team.cmp(&b.team));
            Ok(ended)
        })
        .await
    }
}

/// A team of no name is no team: keys are never empty.
fn team_column(team: Option<&TeamKey>) -> &str {
    team.map_or("", TeamKey::as_str)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Departure> {
    let team: String = row.get(2)?;
    let skipped: bool = row.get(6)?;
    Ok(Departure {
        person: parsed(0, PersonId::parse(row.get::<_, String>(0)?))?,
        user_name: row.get(1)?,
        team: if team.is_empty() { None } else { Some(parsed(2, TeamKey::parse(team))?) },
        since: microseconds::read(3, row.get(3)?)?,
        by: row.get(4)?,
        why: row.get(5)?,
        hold: if skipped { Hold::Skipped } else { Hold::AsMapped },
    })
}
