//! Whether a person's profile for a team can be opened, and what it takes.

use super::Preparing;
use super::doorway::Doorway;
use crate::event::Wake;
use crate::pass::{Halt, Outcome};
use crate::ports::{CallError, DomainTarget};
use crate::survey::{Scope, Survey};
use access::check::Removals;
use access::ids::{DomainKey, PersonId, ProfileName, SpaceName, TeamKey};
use access::observed::{AppStatus, AuthMode, ObservedProfile, Ownership};
use access::plan::{Action, Kept, Plan};
use access::reason::ReasonCode;
use access::snapshot::Person;
use std::collections::{BTreeMap, BTreeSet};
use tracing::Instrument;

/// Whether the person's profile for the team can be opened.
pub(super) enum Readiness {
    Ready(Box<Ready>),
    Preparing(Preparing),
    Blocked(ReasonCode, Option<String>),
}

/// A profile that can be opened.
pub(super) struct Ready {
    pub(super) target: DomainTarget,
    pub(super) profile: ProfileName,
    /// A space of the person's own in which an app of this type runs.
    pub(super) spaces: BTreeMap<String, SpaceName>,
}

impl Readiness {
    fn awaited() -> Self {
        Self::Preparing(Preparing { profile_requested: false })
    }

    fn halted(halt: &Halt) -> Self {
        Self::Blocked(halt.code(), Some(halt.to_string()))
    }
}

impl Doorway {
    /// Makes sure that the person's profile for the team is there and right. Only profiles of the
    /// person are read, never a whole domain: that is for the loop.
    pub(super) async fn ready(
        &self,
        person: &Person,
        team: &TeamKey,
    ) -> Result<Readiness, CallError> {
        let scope = Scope::Entrance { person: person.id.clone(), team: team.clone() };
        let survey = self.plane.survey(&scope).await?;
        let plan = only(self.plane.plan(&survey), &person.id, team);
        let kept = plan.kept.first().cloned();
        let instance = &self.plane.map.instance;
        let url = kept.as_ref().and_then(|kept| elsewhere(kept, person, instance, &survey));
        if let Some(url) = url {
            return Ok(Readiness::Blocked(ReasonCode::SsoDomain, Some(url)));
        }
        let domain = kept.as_ref().map(|kept| kept.domain.clone());
        Ok(match kept.map(|k| (k.reason, k.profile, k.detail)) {
            // Its name is not taken, yet it may exist under an older one.
            Some((ReasonCode::PartialDomain, ..)) => self.leave_to_the_loop(person).await,
            // A correction that waits for others keeps nobody out.
            Some((
                ReasonCode::InAgreement | ReasonCode::AppsRunning | ReasonCode::CanaryFirst,
                Some(profile),
                _,
            )) => match domain.and_then(|key| self.plane.target(&key)) {
                Some(target) => {
                    let spaces = spaces(&survey, &target.key, &profile);
                    Readiness::Ready(Box::new(Ready { target, profile, spaces }))
                }
                None => Readiness::Blocked(ReasonCode::TeamGone, None),
            },
            Some((ReasonCode::Busy, ..)) => {
                Readiness::Preparing(Preparing { profile_requested: true })
            }
            Some((reason, _, detail)) => Readiness::Blocked(reason, detail),
            None => return self.prepare(plan, survey).await,
        })
    }

    /// Has the loop read the domain in full, as it does once after the store is new. The waiting page
    /// looks again.
    async fn leave_to_the_loop(&self, person: &Person) -> Readiness {
        if let Some(halt) = self.plane.halted().await {
            return Readiness::halted(&halt);
        }
        match self.plane.wake(&Wake::People(BTreeSet::from([person.id.clone()]))).await {
            Ok(()) => Readiness::awaited(),
            Err(error) => Readiness::Blocked(ReasonCode::Unavailable, Some(error.to_string())),
        }
    }

    /// Carries out the one action that the person's profile needs.
    async fn prepare(&self, plan: Plan, survey: Survey) -> Result<Readiness, CallError> {
        // The door gives and never takes: what a replaced profile would take with it is for the
        // loop and its guard. Whoever opens a team agrees to lose the one that is theirs no more.
        let moved = plan
            .actions
            .iter()
            .filter(|action| action.step.loses().is_some() && action.is_counted());
        let moved = moved.count();
        let removals = Removals::Allowed(u32::try_from(moved).unwrap_or(0));
        let checked = match self.plane.check(plan, &survey, removals) {
            Ok(checked) => checked,
            Err(violations) => {
                let first = violations.into_iter().next();
                let detail = first.map(|violation| violation.message);
                return Ok(Readiness::Blocked(ReasonCode::PlanInvalid, detail));
            }
        };
        // On its own, for a browser that goes away would otherwise end this between a change and
        // its audit entry.
        let plane = self.plane.clone();
        let work = async move {
            let watcher = |action: &Action, outcome: &Outcome| {
                tracing::debug!(profile = %action.profile, ?outcome, "preparing");
            };
            plane.carry_out(&checked, &survey, &watcher).await
        };
        let work = self.plane.errands.run(work.in_current_span());
        let Ok(report) = work.await else {
            let detail = Some("the work on it broke off".to_owned());
            return Ok(Readiness::Blocked(ReasonCode::Unavailable, detail));
        };
        if let Some(halt) = report.halted {
            return Ok(Readiness::halted(&halt));
        }
        let unassigned = report.unassigned.into_iter().map(|(_, error)| error);
        let failed = report.failed.into_iter().map(|(_, error)| error);
        match unassigned.chain(failed).next() {
            Some(error) => Err(error),
            None => Ok(Readiness::Preparing(Preparing { profile_requested: report.changed > 0 })),
        }
    }
}

/// The address of the domain that the person's own profile is in, if it signs people in by itself: no link can be
/// asked for there. Where their profile is not there yet, or signs in somebody else, its page would open nothing, or
/// what is not theirs.
fn elsewhere(kept: &Kept, person: &Person, instance: &str, survey: &Survey) -> Option<String> {
    let domain = survey.observed.domains.get(&kept.domain)?;
    let profile = domain.profiles.get(&kept.profile.as_ref()?.folded())?;
    let is_theirs = matches!(
        profile.ownership(instance),
        Ownership::Ours { person: whose, .. } if *whose == person.id
    );
    let signs_them_in = profile.sso_user.as_ref().is_some_and(|user| person.is_called(user));
    let is_open = is_theirs && signs_them_in && kept.reason != ReasonCode::Busy;
    (domain.auth_mode == AuthMode::Sso && is_open).then(|| domain.url.clone().unwrap_or_default())
}

/// The profile's own spaces by what runs in them; of several the first by name.
fn spaces(
    survey: &Survey,
    domain: &DomainKey,
    profile: &ProfileName,
) -> BTreeMap<String, SpaceName> {
    let domain = survey.observed.domains.get(domain);
    let profile = domain.and_then(|domain| domain.profiles.get(&profile.folded()));
    let mut spaces = BTreeMap::new();
    for space in profile.into_iter().flat_map(ObservedProfile::private_spaces) {
        let Ok(name) = SpaceName::parse(space.name.clone()) else { continue };
        for app in space.apps.iter().filter(|app| app.status == AppStatus::InService) {
            let first = spaces.entry(app.app_type.clone()).or_insert_with(|| name.clone());
            if name < *first {
                first.clone_from(&name);
            }
        }
    }
    spaces
}

/// Of a plan, only what concerns this person and team. That a domain cannot be used at all concerns
/// them where nothing else is said: their profile may be in another one.
fn only(plan: Plan, person: &PersonId, team: &TeamKey) -> Plan {
    let Plan { mut actions, mut kept, .. } = plan;
    actions.retain(|a| &a.person == person && &a.team == team);
    kept.retain(|k| match (&k.person, &k.team) {
        (Some(p), Some(t)) => p == person && t == team && k.reason != ReasonCode::Duplicate,
        _ => k.person.is_none() && k.profile.is_none(),
    });
    if !actions.is_empty() || kept.iter().any(|k| k.person.is_some()) {
        kept.retain(|k| k.person.is_some());
    }
    Plan { actions, kept, ..plan }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(domain: &str, whose: Option<&str>, reason: ReasonCode) -> Kept {
        Kept {
            domain: DomainKey::parse(domain).unwrap(),
            profile: whose.map(|name| ProfileName::parse(format!("{name}--fraud")).unwrap()),
            person: whose.map(|name| PersonId::parse(name).unwrap()),
            person_name: None,
            team: whose.map(|_| TeamKey::parse("fraud").unwrap()),
            reason,
            detail: None,
        }
    }

    fn reasons(kept: Vec<Kept>) -> Vec<ReasonCode> {
        let plan = Plan {
            map_digest: String::new(),
            now: jiff::Timestamp::UNIX_EPOCH,
            assignments: Vec::new(),
            actions: Vec::new(),
            kept,
            grants: Vec::new(),
            owned: 0,
        };
        let (ada, fraud) = (PersonId::parse("ada").unwrap(), TeamKey::parse("fraud").unwrap());
        only(plan, &ada, &fraud).kept.iter().map(|kept| kept.reason).collect()
    }

    #[test]
    fn a_domain_that_is_down_keeps_nobody_out_whose_profile_is_in_another() {
        let down = || kept("a", None, ReasonCode::DomainUnreadable);
        let hers = || kept("b", Some("ada"), ReasonCode::InAgreement);
        let anothers = || kept("b", Some("bob"), ReasonCode::InAgreement);
        assert_eq!(reasons(vec![down(), anothers(), hers()]), [ReasonCode::InAgreement]);
        assert_eq!(reasons(vec![down(), anothers()]), [ReasonCode::DomainUnreadable]);
        let copy = kept("a", Some("ada"), ReasonCode::Duplicate);
        assert_eq!(reasons(vec![copy, hers()]), [ReasonCode::InAgreement]);
    }
}
