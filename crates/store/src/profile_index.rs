//! Which profiles of ours each person has.

use crate::sqlite::{SqliteStore, parsed};
use crate::{microseconds, tally};
use access::ids::{DomainId, PersonId, ProfileName, TeamKey};
use access::observed::AuthMode;
use async_trait::async_trait;
use control::ports::{
    ChangeId, IndexCount, IndexMark, IndexReading, IndexView, IndexedProfile, Intent, Leaving,
    ProfileIndex, StoreError, Ticket, UNDER_WAY,
};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

/// How far back the guard looks.
const MEMORY: SignedDuration = SignedDuration::from_hours(24);

/// How many profiles of a full reading one transaction takes over: the file is locked for
/// milliseconds, not for as long as a million rows take.
const ROWS_AT_ONCE: usize = 2_000;

#[async_trait]
impl ProfileIndex for SqliteStore {
    async fn look(
        &self,
        people: &BTreeSet<PersonId>,
        domains: &BTreeSet<DomainId>,
    ) -> Result<IndexView, StoreError> {
        let (people, domains) = (people.clone(), domains.clone());
        self.write("look into the profile index", move |transaction| {
            let mut view = IndexView { marks: marks(transaction)?, profiles: BTreeMap::new() };
            view.marks.retain(|domain, _| domains.contains(domain));
            let mut of_person = transaction.prepare_cached(
                "SELECT domain, name, person, team, leaving_since, agreed FROM indexed_profile
                 WHERE person = ?1 AND gone = 0 ORDER BY domain, folded",
            )?;
            for person in &people {
                for row in of_person.query_map([person.as_str()], indexed)? {
                    let (domain, profile) = row?;
                    view.profiles.entry(domain).or_default().push(profile);
                }
            }
            Ok(view)
        })
        .await
    }

    async fn owners(
        &self,
        profile: &ProfileName,
        domains: &BTreeSet<DomainId>,
    ) -> Result<BTreeSet<PersonId>, StoreError> {
        let (folded, domains) = (profile.folded().to_string(), domains.clone());
        self.read("look whose a profile is", move |connection| {
            let mut of_profile = connection.prepare_cached(
                "SELECT person FROM indexed_profile WHERE domain = ?1 AND folded = ?2",
            )?;
            let mut owners = BTreeSet::new();
            for domain in &domains {
                let person = |row: &Row<'_>| parsed(0, PersonId::parse(row.get::<_, String>(0)?));
                owners.extend(of_profile.query_row([domain.as_str(), &folded], person).optional()?);
            }
            Ok(owners)
        })
        .await
    }

    async fn count(
        &self,
        domains: &BTreeSet<DomainId>,
        now: Timestamp,
    ) -> Result<IndexCount, StoreError> {
        let domains = domains.clone();
        self.write("count profiles", move |transaction| {
            let mut count =
                IndexCount { owned: owned(transaction)?, leaving: leaving(transaction, now)? };
            count.owned.retain(|domain, _| domains.contains(domain));
            Ok(count)
        })
        .await
    }

    async fn read(&self, reading: &IndexReading, ticket: &Ticket) -> Result<(), StoreError> {
        let ticket = *ticket;
        let Some(asked) = &reading.asked else {
            for range in ranges(&reading.found) {
                let (domain, found) = (reading.domain.clone(), range.rows(&reading.found));
                self.write("take over a reading", move |transaction| {
                    let known = in_range(transaction, &domain, &range)?;
                    take_over(transaction, &domain, &known, &found, ticket)
                })
                .await?;
            }
            let domain = reading.domain.clone();
            let read = IndexMark { at: ticket.at, auth_mode: reading.auth_mode };
            return self
                .write("take over a reading", move |transaction| mark(transaction, &domain, read))
                .await;
        };
        let (domain, asked, found) = (reading.domain.clone(), asked.clone(), reading.found.clone());
        self.write("take over a reading", move |transaction| {
            let mut known = Vec::new();
            let mut select = transaction.prepare_cached(
                "SELECT folded, number FROM indexed_profile WHERE domain = ?1 AND folded = ?2",
            )?;
            for name in &asked {
                known.extend(
                    select
                        .query_row([domain.as_str(), name], |row| Ok((row.get(0)?, row.get(1)?)))
                        .optional()?,
                );
            }
            take_over(transaction, &domain, &known, &found, ticket)
        })
        .await
    }

    async fn making(&self, profiles: &[Intent], number: u64) -> Result<(), StoreError> {
        let (profiles, number) = (profiles.to_vec(), tally::stored(number));
        self.write("remember new profiles", move |transaction| {
            for intent in &profiles {
                know(transaction, intent, number)?;
            }
            Ok(())
        })
        .await
    }

    async fn leaving(
        &self,
        owner: &ChangeId,
        profiles: &[Intent],
        agreed: bool,
        now: Timestamp,
    ) -> Result<Vec<Leaving>, StoreError> {
        let (owner, profiles) = (owner.to_string(), profiles.to_vec());
        self.write("remember who is about to leave", move |transaction| {
            let counted = leaving(transaction, now)?;
            let number = tally::next(transaction)?;
            let mut intend = transaction.prepare_cached(
                "UPDATE indexed_profile SET leaving_since = ?3, agreed = ?4, intent = ?5
                 WHERE domain = ?1 AND folded = ?2
                   AND (leaving_since IS NULL OR leaving_since <= ?6 OR agreed = 1)",
            )?;
            // What another pass said of the same profile stays as it is: it may be under way.
            let uncounted = microseconds::floor(counted_after(now));
            for intent in &profiles {
                know(transaction, intent, number)?;
                let (domain, folded) =
                    (intent.domain.as_str(), intent.profile.folded().to_string());
                let since = microseconds::floor(now);
                intend.execute(params![domain, folded, since, agreed, owner, uncounted])?;
            }
            Ok(counted)
        })
        .await
    }

    async fn left(
        &self,
        owner: &ChangeId,
        begun: &BTreeSet<(DomainId, ProfileName)>,
        agreed: bool,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (owner, begun) = (owner.to_string(), begun.clone());
        self.write("remember who is leaving", move |transaction| {
            let number = tally::next(transaction)?;
            let mut keep = transaction.prepare_cached(
                "UPDATE indexed_profile
                 SET intent = NULL, number = ?5, agreed = iif(leaving_since IS NULL, ?4, agreed),
                     leaving_since = coalesce(leaving_since, ?3)
                 WHERE domain = ?1 AND folded = ?2",
            )?;
            // Whoever said it first: a pass that did not get to it may have taken its word back.
            for (domain, profile) in &begun {
                let (domain, folded) = (domain.as_str(), profile.folded().to_string());
                keep.execute(params![domain, folded, microseconds::floor(now), agreed, number])?;
            }
            transaction
                .prepare_cached(
                    "UPDATE indexed_profile
                     SET intent = NULL, leaving_since = NULL, agreed = 0, number = ?2
                     WHERE intent = ?1",
                )?
                .execute(params![owner, number])?;
            Ok(())
        })
        .await
    }
}

/// The guard has forgotten what began until then.
fn counted_after(now: Timestamp) -> Timestamp {
    now.checked_sub(MEMORY).unwrap_or(Timestamp::MIN)
}

/// A stretch of case-folded names, whose ends are profiles of a reading, or open.
#[derive(Debug, Clone)]
struct Range {
    after: Option<String>,
    up_to: Option<String>,
}

impl Range {
    fn rows(&self, of: &BTreeMap<String, IndexedProfile>) -> BTreeMap<String, IndexedProfile> {
        let after = self.after.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        let up_to = self.up_to.as_deref().map_or(Bound::Unbounded, Bound::Included);
        of.range::<str, _>((after, up_to)).map(|(k, v)| (k.clone(), v.clone())).collect()
    }
}

/// All names, in stretches that hold [`ROWS_AT_ONCE`] of the reading's each.
fn ranges(found: &BTreeMap<String, IndexedProfile>) -> Vec<Range> {
    let ends = found.keys().skip(ROWS_AT_ONCE - 1).step_by(ROWS_AT_ONCE).cloned().map(Some);
    let mut after = None;
    ends.chain([None])
        .map(|up_to| Range { after: std::mem::replace(&mut after, up_to.clone()), up_to })
        .collect()
}

/// Case-folded names and the numbers of their last changes.
type Known = Vec<(String, i64)>;

fn in_range(
    connection: &Connection,
    domain: &DomainId,
    Range { after, up_to }: &Range,
) -> rusqlite::Result<Known> {
    connection
        .prepare_cached(
            "SELECT folded, number FROM indexed_profile
             WHERE domain = ?1 AND folded > coalesce(?2, '') AND (?3 IS NULL OR folded <= ?3)",
        )?
        .query_map(params![domain.as_str(), after, up_to], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

/// Makes the index say of these known names, and of those found, what was found.
fn take_over(
    transaction: &Transaction<'_>,
    domain: &DomainId,
    known: &Known,
    found: &BTreeMap<String, IndexedProfile>,
    ticket: Ticket,
) -> rusqlite::Result<()> {
    let drawn = tally::stored(ticket.number);
    let number = tally::next(transaction)?;
    let newer: BTreeSet<&String> =
        known.iter().filter(|(_, number)| *number > drawn).map(|(name, _)| name).collect();
    let counted = counted_after(ticket.at);
    let under_way = ticket.at.checked_sub(UNDER_WAY).unwrap_or(Timestamp::MIN);
    let mut is_at = transaction.prepare_cached(
        "SELECT 1 FROM indexed_profile JOIN claim USING (person)
         WHERE domain = ?1 AND folded = ?2 AND (claim.number > ?3 OR claim.until > ?4)",
    )?;
    let mut remember = transaction.prepare_cached(
        "UPDATE indexed_profile SET gone = 1, intent = NULL
         WHERE domain = ?1 AND folded = ?2 AND leaving_since > ?3 AND agreed = 0",
    )?;
    let mut forget = transaction.prepare_cached(
        "DELETE FROM indexed_profile WHERE domain = ?1 AND folded = ?2
         AND (leaving_since IS NULL OR leaving_since <= ?3 OR agreed = 1)",
    )?;
    for (name, _) in known.iter().filter(|(name, _)| !found.contains_key(name)) {
        // A pass that was at the person may have made it since.
        let since = params![domain.as_str(), name, drawn, microseconds::floor(ticket.at)];
        if !newer.contains(name) && !is_at.exists(since)? {
            let row = params![domain.as_str(), name, microseconds::floor(counted)];
            remember.execute(row)?;
            forget.execute(row)?;
        }
    }
    // A row that says so already is not written again: most readings find what was there before.
    let mut upsert = transaction.prepare_cached(
        "INSERT INTO indexed_profile
            (domain, folded, name, person, team, leaving_since, agreed, number)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (domain, folded) DO UPDATE
         SET name = ?3, person = ?4, team = ?5, leaving_since = ?6, agreed = ?7, number = ?8,
             gone = 0, intent = NULL
         WHERE (name, person, team, leaving_since, agreed, gone, intent)
            IS NOT (?3, ?4, ?5, ?6, ?7, 0, NULL)
           AND (intent IS NULL OR leaving_since <= ?9 OR ?6 >= leaving_since)",
    )?;
    for (name, profile) in found.iter().filter(|(name, _)| !newer.contains(name)) {
        upsert.execute(params![
            domain.as_str(),
            name,
            profile.name.as_str(),
            profile.person.as_str(),
            profile.team.as_str(),
            profile.leaving_since.map(microseconds::floor),
            profile.agreed,
            number,
            microseconds::floor(under_way),
        ])?;
    }
    Ok(())
}

/// Makes sure that the index has the profile.
fn know(transaction: &Transaction<'_>, intent: &Intent, number: i64) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO indexed_profile (domain, folded, name, person, team, number)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (domain, folded) DO UPDATE
             SET name = ?3, person = ?4, team = ?5, gone = 0, number = ?6",
        )?
        .execute(params![
            intent.domain.as_str(),
            intent.profile.folded().as_str(),
            intent.profile.as_str(),
            intent.person.as_str(),
            intent.team.as_str(),
            number,
        ])?;
    Ok(())
}

fn mark(
    connection: &Connection,
    domain: &DomainId,
    IndexMark { at, auth_mode }: IndexMark,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO index_mark (domain, at, sso) VALUES (?1, ?2, ?3)
             ON CONFLICT (domain) DO UPDATE SET at = max(at, ?2), sso = ?3",
        )?
        .execute(params![domain.as_str(), microseconds::floor(at), auth_mode == AuthMode::Sso])?;
    Ok(())
}

fn marks(connection: &Connection) -> rusqlite::Result<BTreeMap<DomainId, IndexMark>> {
    connection
        .prepare_cached("SELECT domain, at, sso FROM index_mark")?
        .query_map([], |row| {
            let auth_mode = if row.get(2)? { AuthMode::Sso } else { AuthMode::Iam };
            Ok((domain(row)?, IndexMark { at: microseconds::read(1, row.get(1)?)?, auth_mode }))
        })?
        .collect()
}

fn owned(connection: &Connection) -> rusqlite::Result<BTreeMap<DomainId, u64>> {
    connection
        .prepare_cached(
            "SELECT domain, count(*) FROM indexed_profile WHERE gone = 0 GROUP BY domain",
        )?
        .query_map([], |row| Ok((domain(row)?, tally::read(row.get(1)?))))?
        .collect()
}

fn leaving(connection: &Connection, now: Timestamp) -> rusqlite::Result<Vec<Leaving>> {
    let after = counted_after(now);
    connection
        .prepare_cached(
            "SELECT domain, name, leaving_since, gone FROM indexed_profile
             WHERE leaving_since > ?1 AND agreed = 0 ORDER BY domain, folded",
        )?
        .query_map([microseconds::floor(after)], |row| {
            Ok(Leaving {
                domain: domain(row)?,
                profile: parsed(1, ProfileName::parse(row.get::<_, String>(1)?))?,
                since: microseconds::read(2, row.get(2)?)?,
                gone: row.get(3)?,
            })
        })?
        .collect()
}

fn indexed(row: &Row<'_>) -> rusqlite::Result<(DomainId, IndexedProfile)> {
    let leaving_since: Option<i64> = row.get(4)?;
    let profile = IndexedProfile {
        name: parsed(1, ProfileName::parse(row.get::<_, String>(1)?))?,
        person: parsed(2, PersonId::parse(row.get::<_, String>(2)?))?,
        team: parsed(3, TeamKey::parse(row.get::<_, String>(3)?))?,
        leaving_since: leaving_since.map(|since| microseconds::read(4, since)).transpose()?,
        agreed: row.get(5)?,
    };
    Ok((domain(row)?, profile))
}

fn domain(row: &Row<'_>) -> rusqlite::Result<DomainId> {
    parsed(0, DomainId::parse(row.get::<_, String>(0)?))
}
