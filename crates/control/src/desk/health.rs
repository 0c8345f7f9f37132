//! *Health*: what `stagedoor doctor` checks, as the server sees it, with what to do.

use super::{Caller, Desk, Reading, Refused, Right};
use crate::doctor::{About, Check, Facts, Seen, State, Surroundings, count, gather, judge};
use crate::plane::Plane;
use crate::ports::Inspect;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use utoipa::ToSchema;

/// After so long the facts are gathered anew.
const OLD: SignedDuration = SignedDuration::from_mins(10);

/// Nobody has them gathered more often than this, however often they ask.
const SOON: SignedDuration = SignedDuration::from_secs(30);

/// How long somebody waits for fresh facts before older ones will do.
const PATIENCE: Duration = Duration::from_secs(8);

/// How Stagedoor is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    /// When AWS was asked; absent while it never was.
    pub at: Option<Timestamp>,
    /// Whether it is being asked now.
    pub under_way: bool,
    /// How many checks are as they should be.
    pub ok: u64,
    /// How many work, and somebody should look.
    pub warnings: u64,
    /// How many do not work.
    pub failed: u64,
    /// The checks, in groups, in the order in which one thing needs another.
    pub groups: Vec<HealthGroup>,
}

/// Checks of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HealthGroup {
    /// Its name.
    pub name: &'static str,
    /// The worst of it.
    pub state: HealthState,
    /// Its checks.
    pub checks: Vec<HealthCheck>,
}

/// A check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HealthCheck {
    /// The code of the check, such as `DOM01`.
    pub about: &'static str,
    /// What is checked.
    pub title: &'static str,
    /// Why it matters.
    pub why: &'static str,
    /// Which one, where there are several.
    pub subject: Option<String>,
    /// What came of it.
    pub state: HealthState,
    /// `ok`, or the reason code of what is wrong.
    pub code: &'static str,
    /// The same for people.
    pub text: String,
    /// What to do, a step a line.
    pub remedy: Vec<String>,
}

/// How a check ended. The worst comes last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HealthState {
    /// As it should be.
    Ok,
    /// It works, and somebody should look.
    Warning,
    /// It does not work.
    Failed,
}

/// What it takes to look after a process's health. Clones are the same.
#[derive(Debug, Clone)]
pub struct Clinic {
    inspect: Arc<dyn Inspect>,
    surroundings: Arc<dyn Surroundings>,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    facts: Option<(Timestamp, Arc<Facts>)>,
    under_way: Option<watch::Receiver<()>>,
}

impl Clinic {
    /// Looks by these.
    pub fn new(inspect: Arc<dyn Inspect>, surroundings: Arc<dyn Surroundings>) -> Self {
        Self { inspect, surroundings, kept: Arc::default() }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The facts, gathered anew where they are older than `oldest`. Gathering goes on where whoever
    /// asked is gone.
    async fn facts(
        &self,
        plane: &Plane,
        oldest: SignedDuration,
    ) -> Option<(Timestamp, Arc<Facts>)> {
        let now = plane.clock.now();
        let is_fresh = |(at, _): &&(Timestamp, Arc<Facts>)| now.duration_since(*at) < oldest;
        if let Some(fresh) = self.kept().facts.as_ref().filter(is_fresh) {
            return Some(fresh.clone());
        }
        let mut under_way = self.gather(plane);
        // The sender says nothing; it is dropped at the end.
        let _ = tokio::time::timeout(PATIENCE, under_way.changed()).await;
        self.kept().facts.clone()
    }

    /// Begins to gather, unless that is under way.
    fn gather(&self, plane: &Plane) -> watch::Receiver<()> {
        let mut kept = self.kept();
        if let Some(under_way) = kept.under_way.as_ref().filter(|it| it.has_changed().is_ok()) {
            return under_way.clone();
        }
        let (end, under_way) = watch::channel(());
        kept.under_way = Some(under_way.clone());
        let (errands, clinic, plane) = (plane.errands.clone(), self.clone(), plane.clone());
        errands.look(async move {
            let facts = gather(&plane, &*clinic.inspect, Some(&*clinic.surroundings)).await;
            clinic.kept().facts = Some((plane.clock.now(), Arc::new(facts)));
            drop(end);
        });
        under_way
    }

    fn is_under_way(&self) -> bool {
        self.kept().under_way.as_ref().is_some_and(|it| it.has_changed().is_ok())
    }
}

impl Desk {
    /// How Stagedoor is: what the last checks said, and whether they are being made anew. `again`
    /// asks for newer ones than of the last ten minutes.
    ///
    /// # Errors
    /// Whoever asks may not see it; this process has nothing to look with.
    pub async fn health(&self, caller: &Caller, again: bool) -> Result<Health, Refused> {
        caller.require(Right::See)?;
        let Some(clinic) = self.clinic() else {
            return Err(Refused::unavailable(&"this process has nothing to look with"));
        };
        let plane = self.plane();
        let facts = clinic.facts(&plane, if again { SOON } else { OLD }).await;
        let reading = self.reading().await.ok();
        Ok(health_of(&plane, facts.as_ref(), reading.as_deref(), clinic.is_under_way()))
    }
}

fn health_of(
    plane: &Plane,
    facts: Option<&(Timestamp, Arc<Facts>)>,
    reading: Option<&Reading>,
    under_way: bool,
) -> Health {
    let seen = reading.map(|reading| Ok(Seen { survey: &reading.survey, plan: &reading.plan }));
    let checks = facts.map(|(_, facts)| judge(&plane.map, facts, seen)).unwrap_or_default();
    let count = |state| u64::try_from(count(&checks, state)).unwrap_or(u64::MAX);
    Health {
        at: facts.map(|(at, _)| *at),
        under_way,
        ok: count(State::Ok),
        warnings: count(State::Warning),
        failed: count(State::Failed),
        groups: groups(checks),
    }
}

/// Checks by the groups of the reference, in the order of the reference.
fn groups(checks: Vec<Check>) -> Vec<HealthGroup> {
    let mut groups: Vec<HealthGroup> = Vec::new();
    for about in About::ALL {
        if !groups.iter().any(|group| group.name == about.group()) {
            let (name, state) = (about.group(), HealthState::Ok);
            groups.push(HealthGroup { name, state, checks: Vec::new() });
        }
    }
    for check in checks {
        let mut named = groups.iter_mut();
        let Some(group) = named.find(|group| group.name == check.about.group()) else { continue };
        let check = health_check(check);
        group.state = group.state.max(check.state);
        group.checks.push(check);
    }
    groups.retain(|group| !group.checks.is_empty());
    groups
}

fn health_check(check: Check) -> HealthCheck {
    HealthCheck {
        about: check.about.code(),
        title: check.about.title(),
        why: check.about.why(),
        subject: check.subject,
        state: match check.state {
            State::Ok => HealthState::Ok,
            State::Warning => HealthState::Warning,
            State::Failed => HealthState::Failed,
        },
        code: check.code,
        text: check.text,
        remedy: check.remedy,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(about: About, state: State) -> Check {
        Check {
            about,
            subject: Some("domain research".to_owned()),
            state,
            code: "ok",
            text: "text".to_owned(),
            remedy: vec!["first".to_owned()],
        }
    }

    #[test]
    fn checks_are_grouped_as_in_the_reference_and_a_group_is_as_bad_as_its_worst() {
        let groups = groups(vec![
            check(About::Credentials, State::Ok),
            check(About::Network, State::Warning),
            check(About::Domain, State::Ok),
            check(About::Endpoints, State::Failed),
        ]);
        let told: Vec<(&str, HealthState, usize)> =
            groups.iter().map(|group| (group.name, group.state, group.checks.len())).collect();
        let expected = [
            ("Identity", HealthState::Ok, 1),
            ("Domains", HealthState::Ok, 1),
            ("Network", HealthState::Failed, 2),
        ];
        assert_eq!(told, expected);
        let endpoints = &groups[2].checks[1];
        assert_eq!((endpoints.about, endpoints.title), ("NET05", "VPC endpoints"));
        assert_eq!(endpoints.remedy, ["first"]);
    }
}
