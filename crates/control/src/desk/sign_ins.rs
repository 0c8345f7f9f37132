//! *Sign-ins*: the last answers of identity providers as rows of checks, the first that failed
//! explained.

use super::{Caller, Desk, Listed, Page, Refused, Right};
use crate::door::check_meaning;
use crate::ports::{ATTEMPTS_KEPT, Attempt, RowState};
use crate::reasons::{Explained, explained};
use access::ids::{IdpKey, PersonId};
use access::snapshot::Snapshot;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

/// Which sign-ins. What is absent excludes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SignInFilter {
    /// Of this person: a directory id, or a part of a name.
    pub person: Option<String>,
    /// By this identity provider.
    pub provider: Option<IdpKey>,
    /// Whether it was accepted.
    pub accepted: Option<bool>,
    /// With this reason code.
    pub code: Option<String>,
}

/// The last sign-ins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignIns {
    /// How many are kept, whatever the filter.
    pub kept: u64,
    /// Of these, how many were accepted.
    pub accepted: u64,
    /// How often each reason refused one, the commonest first.
    pub refusals: Vec<RefusalCount>,
    /// The identity providers of the map, and others that are still remembered.
    #[schema(value_type = Vec<String>)]
    pub providers: Vec<IdpKey>,
    /// The sign-ins that the filter admits, newest first.
    pub sign_ins: Listed<SignIn>,
}

/// How often a reason refused a sign-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RefusalCount {
    /// The reason code.
    pub code: String,
    /// What it means.
    pub meaning: String,
    /// How often.
    pub times: u64,
}

/// A sign-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignIn {
    /// When the answer came.
    pub at: Timestamp,
    /// The number that the person was told.
    pub reference: String,
    /// The identity provider that it claims to come from.
    #[schema(value_type = Option<String>)]
    pub provider: Option<IdpKey>,
    /// Who signed in, or was known and refused.
    #[schema(value_type = Option<String>)]
    pub person: Option<PersonId>,
    /// Their name, where the directory knows them.
    pub name: Option<String>,
    /// Whether it opened a session.
    pub accepted: bool,
    /// The reason code of the outcome.
    pub code: String,
    /// Every check, in the order of the door.
    pub checks: Vec<CheckedRow>,
    /// The first check that failed, explained.
    pub stopped: Option<Stopped>,
}

/// A check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CheckedRow {
    /// Its name.
    pub check: String,
    /// `passed`, `failed` or `not-run`.
    pub state: &'static str,
    /// What holds where it passes.
    pub meaning: String,
}

/// Where a sign-in ended, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Stopped {
    /// The check.
    pub check: String,
    /// Why.
    #[serde(flatten)]
    pub why: Explained,
}

impl Desk {
    /// The last sign-ins that the filter admits.
    ///
    /// # Errors
    /// Whoever asks may not see them; the store cannot be read.
    pub async fn sign_ins(
        &self,
        caller: &Caller,
        filter: &SignInFilter,
        page: &Page,
    ) -> Result<SignIns, Refused> {
        caller.require(Right::Audit)?;
        let attempts = self.store().newest_attempts(ATTEMPTS_KEPT).await?;
        let plane = self.plane();
        // Names are a convenience: without a reading there are ids.
        let reading = self.reading().await.ok();
        let snapshot = reading.as_ref().map(|reading| &reading.survey.snapshot);
        let known = plane.map.identity_providers.keys();
        sign_ins_of(attempts, snapshot, known, filter, page)
    }
}

fn sign_ins_of<'a>(
    attempts: Vec<Attempt>,
    snapshot: Option<&Snapshot>,
    known: impl Iterator<Item = &'a IdpKey>,
    filter: &SignInFilter,
    page: &Page,
) -> Result<SignIns, Refused> {
    let mut providers: BTreeSet<IdpKey> = known.cloned().collect();
    providers.extend(attempts.iter().filter_map(|attempt| attempt.idp.clone()));
    let mut times: BTreeMap<&str, u64> = BTreeMap::new();
    for attempt in attempts.iter().filter(|attempt| !attempt.accepted) {
        *times.entry(&attempt.code).or_default() += 1;
    }
    let mut refusals: Vec<RefusalCount> = times
        .into_iter()
        .map(|(code, times)| {
            let Explained { code, meaning, .. } = explained(code);
            RefusalCount { code, meaning, times }
        })
        .collect();
    refusals.sort_by_key(|refusal| std::cmp::Reverse(refusal.times));
    let kept = u64::try_from(attempts.len()).unwrap_or(u64::MAX);
    let accepted = attempts.iter().filter(|attempt| attempt.accepted).count();
    let name = |id: &PersonId| {
        let person = snapshot?.people.get(id)?;
        let names = [person.display_name.trim(), person.user_name.as_str()];
        names.into_iter().find(|name| !name.is_empty()).map(str::to_owned)
    };
    let all = attempts.into_iter().map(|attempt| {
        let name = attempt.person.as_ref().and_then(name);
        sign_in(attempt, name)
    });
    let wanted = all.filter(|sign_in| filter.admits(sign_in));
    // Two can come in one microsecond; the reference tells them apart.
    let key =
        |sign_in: &SignIn| format!("{:020}{}", sign_in.at.as_microsecond(), sign_in.reference);
    Ok(SignIns {
        kept,
        accepted: u64::try_from(accepted).unwrap_or(u64::MAX),
        refusals,
        providers: providers.into_iter().collect(),
        sign_ins: page.of_descending(wanted, key)?,
    })
}

impl SignInFilter {
    fn admits(&self, sign_in: &SignIn) -> bool {
        let is_person = |wanted: &String| {
            let wanted = wanted.to_lowercase();
            let has = |text: &str| text.to_lowercase().contains(&wanted);
            sign_in.person.as_ref().is_some_and(|id| id.as_str() == wanted)
                || sign_in.name.as_deref().is_some_and(has)
        };
        self.person.as_ref().is_none_or(is_person)
            && self.provider.as_ref().is_none_or(|wanted| sign_in.provider.as_ref() == Some(wanted))
            && self.accepted.is_none_or(|wanted| sign_in.accepted == wanted)
            && self.code.as_ref().is_none_or(|wanted| sign_in.code == *wanted)
    }
}

fn sign_in(attempt: Attempt, name: Option<String>) -> SignIn {
    let failed = attempt.rows.iter().find(|row| row.state == RowState::Failed);
    let stopped = failed.map(|row| Stopped {
        check: row.check.clone(),
        why: explained(row.code.as_deref().unwrap_or(&attempt.code)),
    });
    let row = |row: &crate::ports::CheckRow| CheckedRow {
        meaning: check_meaning(&row.check).unwrap_or_default().to_owned(),
        check: row.check.clone(),
        state: match row.state {
            RowState::Passed => "passed",
            RowState::Failed => "failed",
            RowState::NotRun => "not-run",
        },
    };
    SignIn {
        checks: attempt.rows.iter().map(row).collect(),
        at: attempt.at,
        reference: attempt.reference,
        provider: attempt.idp,
        person: attempt.person,
        name,
        accepted: attempt.accepted,
        code: attempt.code,
        stopped,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::CheckRow;
    use access::snapshot::{Coverage, Person};

    fn attempt(reference: &str, second: i64, failed: Option<&str>) -> Attempt {
        let row = |check: &str, state, code: Option<&str>| CheckRow {
            check: check.into(),
            state,
            code: code.map(Into::into),
        };
        let (audience, replay) = match failed {
            Some(_) => (RowState::Failed, RowState::NotRun),
            None => (RowState::Passed, RowState::Passed),
        };
        Attempt {
            at: Timestamp::from_second(second).unwrap(),
            reference: reference.into(),
            idp: IdpKey::parse("corp").ok(),
            person: failed.is_none().then(|| PersonId::parse("p-ana").unwrap()),
            accepted: failed.is_none(),
            code: failed.unwrap_or("signed-in").into(),
            rows: vec![
                row("signature", RowState::Passed, None),
                row("audience", audience, failed),
                row("replay", replay, None),
            ],
        }
    }

    fn snapshot() -> Snapshot {
        let id = PersonId::parse("p-ana").unwrap();
        let person = Person {
            id: id.clone(),
            user_name: "ana@example.com".into(),
            display_name: "Ana Lovelace".into(),
            enabled: true,
        };
        Snapshot {
            people: BTreeMap::from([(id, person)]),
            groups: BTreeMap::new(),
            coverage: Coverage::Complete,
            offboarded: BTreeMap::new(),
            barred: BTreeMap::new(),
            temporary: BTreeMap::new(),
        }
    }

    fn told(filter: &SignInFilter) -> SignIns {
        let attempts = vec![
            attempt("c3", 30, Some("audience-mismatch")),
            attempt("b2", 20, None),
            attempt("a1", 10, Some("expired")),
        ];
        let known = [IdpKey::parse("partner").unwrap()];
        sign_ins_of(attempts, Some(&snapshot()), known.iter(), filter, &Page::default()).unwrap()
    }

    fn references(sign_ins: &SignIns) -> Vec<&str> {
        sign_ins.sign_ins.items.iter().map(|sign_in| sign_in.reference.as_str()).collect()
    }

    #[test]
    fn the_first_red_check_is_explained_with_its_remedy() {
        let all = told(&SignInFilter::default());
        assert_eq!(references(&all), ["c3", "b2", "a1"]);
        assert_eq!((all.kept, all.accepted), (3, 1));
        let providers: Vec<&str> = all.providers.iter().map(IdpKey::as_str).collect();
        assert_eq!(providers, ["corp", "partner"]);
        let [refused, accepted, _] = all.sign_ins.items.as_slice() else { panic!("three") };
        let states: Vec<&str> = refused.checks.iter().map(|check| check.state).collect();
        assert_eq!(states, ["passed", "failed", "not-run"]);
        assert_eq!(refused.checks[2].meaning, "It was not used before.");
        let stopped = refused.stopped.as_ref().unwrap();
        assert_eq!(stopped.check, "audience");
        assert_eq!(
            stopped.why.meaning,
            "An audience restriction does not name this service provider."
        );
        assert!(stopped.why.remedy.as_ref().unwrap().starts_with("Enter our entity id"));
        assert_eq!(accepted.stopped, None);
        assert_eq!(accepted.name.as_deref(), Some("Ana Lovelace"));
    }

    #[test]
    fn a_filter_admits_what_agrees_in_everything_it_names() {
        let by = |change: fn(&mut SignInFilter)| {
            let mut filter = SignInFilter::default();
            change(&mut filter);
            let told = told(&filter);
            references(&told).into_iter().map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(by(|f| f.person = Some("LOVELACE".into())), ["b2"]);
        assert_eq!(by(|f| f.person = Some("p-ana".into())), ["b2"]);
        assert_eq!(by(|f| f.person = Some("bob".into())), [""; 0]);
        assert_eq!(by(|f| f.accepted = Some(false)), ["c3", "a1"]);
        assert_eq!(by(|f| f.code = Some("expired".into())), ["a1"]);
        assert_eq!(by(|f| f.provider = IdpKey::parse("corp").ok()), ["c3", "b2", "a1"]);
        assert_eq!(by(|f| f.provider = IdpKey::parse("partner").ok()), [""; 0]);
    }

    #[test]
    fn refusals_are_counted_whatever_the_filter() {
        let filter = SignInFilter { accepted: Some(true), ..SignInFilter::default() };
        let told = told(&filter);
        let counts: Vec<(&str, u64)> =
            told.refusals.iter().map(|refusal| (refusal.code.as_str(), refusal.times)).collect();
        assert_eq!(counts, [("audience-mismatch", 1), ("expired", 1)]);
        assert_eq!(references(&told), ["b2"]);
    }
}
