//! Checks of a plan, written without the planner's code, run in its tests and before every apply.
//!
//! A plan can only be carried out as a [`CheckedPlan`], and only [`check`] makes one.

mod guard;
mod profiles;
mod removal;

pub use guard::{GuardCount, guard_count, guard_limit};
pub use profiles::GUARD_MEMORY;

use crate::entitlement::{Entitlements, entitlements, entitlements_of};
use crate::ids::{DomainKey, GroupId, PersonId, ProfileName, RoleArn, TeamKey};
use crate::map::{AccessMap, GrantsFrom, RunningApps, Unmanaged};
use crate::naming::{hashed_profile_name, profile_name};
use crate::observed::{
    AuthMode, DomainState, Observed, ObservedDomain, ObservedProfile, ObservedRole, Ownership,
    TAG_AGREED, TAG_LEAVING, TAG_LOST, TAG_PREFIX, TAG_TEAM,
};
use crate::places::places;
use crate::plan::{Action, Assignment, Plan, Step};
use crate::reason::ReasonCode;
use crate::snapshot::Snapshot;
use crate::tags::Tags;
use arcstr::ArcStr;
use profiles::Profiles;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A plan that breaks no rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedPlan {
    plan: Plan,
    agreed: bool,
}

impl CheckedPlan {
    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Whether somebody agreed to the number of removals, so that the guard need not count them
    /// against later plans.
    pub fn is_agreed(&self) -> bool {
        self.agreed
    }
}

/// A rule that a plan breaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// `guard-tripped`, `plan-stale` or `plan-invalid`.
    pub code: ReasonCode,
    /// What is wrong, and with whom.
    pub message: String,
}

/// How many removals somebody has explicitly agreed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removals {
    /// As many as the map's guard allows.
    Guarded,
    /// The same, after this many in the last 24 hours whose profiles are gone by now: with a short
    /// hold their tags cannot be counted any more.
    GuardedAfter(u32),
    /// Up to this number, whatever the guard says.
    Allowed(u32),
}

/// Checks the plan against the facts it was made from.
pub fn check(
    plan: Plan,
    map: &AccessMap,
    snapshot: &Snapshot,
    observed: &Observed,
    removals: Removals,
) -> Result<CheckedPlan, Vec<Violation>> {
    let mut found = Vec::new();
    if plan.map_digest != map.digest {
        found.push(Violation {
            code: ReasonCode::PlanStale,
            message: "the plan was made from another version of the map".into(),
        });
    }
    // Whoever has a team by the table alone would lose it.
    if map.grants_from == Some(GrantsFrom::Store) {
        found.push(Violation {
            code: ReasonCode::PlanInvalid,
            message: "the grant table of the store was not read".into(),
        });
    }
    let facts = Facts::new(map, snapshot, observed, &plan, plan.new_removals() > 0);
    for assignment in &plan.assignments {
        if let Some(message) = facts.assignment(assignment) {
            let subject = format!("group {} in {}", assignment.group_name, assignment.domain);
            found.push(Violation {
                code: ReasonCode::PlanInvalid,
                message: format!("{subject}: {message}"),
            });
        }
    }
    for action in &plan.actions {
        if let Some(message) = facts.objection(action) {
            let subject = format!("{} in {}", action.profile, action.domain);
            found.push(Violation {
                code: ReasonCode::PlanInvalid,
                message: format!("{subject}: {message}"),
            });
        }
    }
    found.extend(duplicates(&plan));
    found.extend(over_quota(&plan, map, observed));
    found.extend(facts.guard(&plan, removals));
    let agreed = matches!(removals, Removals::Allowed(_));
    if found.is_empty() { Ok(CheckedPlan { plan, agreed }) } else { Err(found) }
}

struct Facts<'a> {
    map: &'a AccessMap,
    snapshot: &'a Snapshot,
    observed: &'a Observed,
    /// Of those with whom the plan is concerned.
    rights: Entitlements<'a>,
    /// Groups that give somebody a team, each with a domain of that team.
    giving: BTreeSet<(GroupId, &'a DomainKey)>,
    profiles: Profiles<'a>,
    now: jiff::Timestamp,
}

/// What is wrong with an action, as a clause about its profile.
type Objection = Option<&'static str>;

impl<'a> Facts<'a> {
    /// `counts`: whether the guard is to count.
    fn new(
        map: &'a AccessMap,
        snapshot: &'a Snapshot,
        observed: &'a Observed,
        plan: &'a Plan,
        counts: bool,
    ) -> Self {
        let profiles = Profiles::of(map, observed, plan, counts);
        // Who gives a group's members a team can only be found among everybody's rights.
        let rights = if plan.assignments.is_empty() {
            let of_actions = plan.actions.iter().map(|action| &action.person);
            let concerned = of_actions.chain(profiles.leavers()).chain(heirs(map, observed, plan));
            entitlements_of(map, snapshot, plan.now, &concerned.collect())
        } else {
            entitlements(map, snapshot, plan.now)
        };
        let giving = giving(map, plan, &rights);
        Self { map, snapshot, observed, rights, giving, profiles, now: plan.now }
    }

    fn objection(&self, action: &Action) -> Objection {
        let Some(domain) = self.observed.domains.get(&action.domain) else {
            return Some("its domain was not read");
        };
        if domain.state == DomainState::Ending
            || domain.state != DomainState::InService && !action.takes_away()
        {
            return Some("its domain is not in service");
        }
        if !self.map.rollout.enforces(&action.team) && !self.takes_enforced(action, domain) {
            return Some("the map does not enforce its team");
        }
        match &action.step {
            Step::Create { execution_role, tags, sso_user, .. } => self
                .create(action, domain, sso_user.as_deref())
                .or_else(|| self.role(action, execution_role))
                .or_else(|| not_tagged(action, tags, self.map)),
            Step::Adopt { tags } => {
                self.adopt(action, domain).or_else(|| not_tagged(action, tags, self.map))
            }
            Step::Update { new_role, set_tags, remove_tags, loses, .. } => self
                .correction(action, domain)
                .or_else(|| self.loses(action, domain, loses.as_ref()))
                .or_else(|| update_of_ownership(action, domain, set_tags, remove_tags))
                .or_else(|| {
                    let says = set_tags.contains_key(TAG_TEAM);
                    let is_early = says && (new_role.is_some() || !self.has_role(action, domain));
                    is_early.then_some("it would say whose it is before it has the role")
                })
                .or_else(|| new_role.as_ref().and_then(|role| self.role(action, role)))
                .or_else(|| new_role.as_ref().and_then(|_| self.of_another(action, domain))),
            Step::StopApps { loses, .. } => self
                .correction(action, domain)
                .or_else(|| self.loses(action, domain, loses.as_ref()))
                .or_else(|| {
                    let agreed = action.reason == ReasonCode::TeamChanged
                        || self.map.rollout.running_apps == RunningApps::Stop;
                    (!agreed).then_some("nobody agreed to stop its apps")
                }),
            Step::Hold { new, .. } => self.removal(action, domain, *new).or_else(|| {
                (action.reason == ReasonCode::ProfileFailed)
                    .then_some("a failed profile is replaced, not held")
            }),
            Step::Remove { new, hand_over, .. } => self
                .removal(action, domain, *new)
                .or_else(|| self.handover(action, domain, hand_over)),
        }
    }

    fn assignment(&self, assignment: &Assignment) -> Objection {
        let application = self
            .observed
            .domains
            .get(&assignment.domain)
            .filter(|domain| {
                domain.auth_mode == AuthMode::Sso && domain.state == DomainState::InService
            })
            .and_then(|domain| domain.application.as_ref());
        if application.is_none_or(|it| it.arn != assignment.application) {
            return Some("it is not assigned to the domain's own application");
        }
        let gives = (assignment.group.clone(), &assignment.domain);
        (!self.giving.contains(&gives)).then_some("no grant gives it a team there")
    }

    fn create(
        &self,
        action: &Action,
        domain: &ObservedDomain,
        sso_user: Option<&str>,
    ) -> Objection {
        if domain.profiles.contains_key(&action.profile.folded()) {
            return Some("a profile of that name exists");
        }
        if let Some(objection) = self.entitled(action, domain) {
            return Some(objection);
        }
        let wanted = match domain.auth_mode {
            AuthMode::Iam => None,
            AuthMode::Sso => self.snapshot.people.get(&action.person).map(|p| p.user_name.as_str()),
        };
        if sso_user != wanted {
            return Some("it would not sign in its person");
        }
        self.second(action)
    }

    /// Whether the person has a profile already, or may have one where nobody looked.
    fn second(&self, action: &Action) -> Objection {
        let placements = self.map.teams.get(&action.team).map(|team| team.placements.as_slice());
        for placement in placements.unwrap_or_default() {
            let Some(domain) = self.observed.domains.get(&placement.domain) else {
                return Some("a domain of its team was not read");
            };
            if !domain.seen.covers(&action.person) {
                return Some("the domain was not read for this person");
            }
            let is_sso = domain.auth_mode == AuthMode::Sso;
            let theirs = self.profiles.held(&placement.domain, &action.person);
            if theirs.contains(&&action.team) || is_sso && !theirs.is_empty() {
                return Some("the person has a profile for the team");
            }
        }
        None
    }

    fn adopt(&self, action: &Action, domain: &ObservedDomain) -> Objection {
        let Some(profile) = domain.profiles.get(&action.profile.folded()) else {
            return Some("it is not there");
        };
        if profile.ownership(&self.map.instance) != Ownership::Foreign {
            return Some("it is somebody's already");
        }
        if let Some(objection) = self.entitled(action, domain).or_else(|| self.second(action)) {
            return Some(objection);
        }
        let Some(person) = self.snapshot.people.get(&action.person) else {
            return Some("the directory does not know its person");
        };
        let listed = self.map.adopt.iter().any(|adoption| {
            adoption.domain == action.domain
                && adoption.profile.folded() == action.profile.folded()
                && adoption.person == person.user_name
                && adoption.team == action.team
        });
        let adopts = self
            .map
            .domains
            .get(&action.domain)
            .is_some_and(|domain| domain.unmanaged == Unmanaged::Adopt);
        let is = |name: &ProfileName| name.folded() == action.profile.folded();
        let plain = match domain.auth_mode {
            AuthMode::Iam => {
                is(&profile_name(person, &action.team))
                    || is(&hashed_profile_name(person, &action.team))
            }
            AuthMode::Sso => profile.sso_user.as_ref().is_some_and(|user| person.is_called(user)),
        };
        (!(listed || adopts && plain)).then_some("the map does not adopt it")
    }

    /// Whether the action may change the profile of somebody who is to have it.
    fn correction(&self, action: &Action, domain: &ObservedDomain) -> Objection {
        let own = self.own_profile(action, domain).is_some();
        if !own || self.entitled(action, domain).is_some() {
            return Some("it is not the entitled person's own profile");
        }
        None
    }

    /// Whether the profile has the role of the action's team already.
    fn has_role(&self, action: &Action, domain: &ObservedDomain) -> bool {
        let team = self.map.teams.get(&action.team);
        let wanted = team.and_then(|team| team.placement(&action.domain));
        let profile = domain.profiles.get(&action.profile.folded());
        let role = profile.and_then(|profile| profile.execution_role.as_deref());
        role == wanted.map(|placement| placement.execution_role.as_str())
    }

    /// Whether the profile goes on for another team because its person has lost one that the map enforces.
    fn takes_enforced(&self, action: &Action, domain: &ObservedDomain) -> bool {
        let goes_on = matches!(action.step, Step::StopApps { .. } | Step::Update { .. });
        let profile = self.own_profile(action, domain).filter(|_| goes_on);
        let owned = profile.map(|profile| profile.ownership(&self.map.instance));
        let Some(Ownership::Ours { person, team }) = owned else { return false };
        self.map.rollout.enforces(team) && !self.holds(person, team, &action.domain)
    }

    /// Whether the person has a right to the team in this domain.
    fn holds(&self, person: &PersonId, team: &TeamKey, domain: &DomainKey) -> bool {
        self.is_placed(team, domain) && self.rights.get(person, team).is_some()
    }

    /// The profile, if it is what the action says: this installation's, this person's, and this
    /// team's, unless a person has one for all teams there.
    fn own_profile<'d>(
        &self,
        action: &Action,
        domain: &'d ObservedDomain,
    ) -> Option<&'d ObservedProfile> {
        let profile = domain.profiles.get(&action.profile.folded())?;
        let Ownership::Ours { person, team } = profile.ownership(&self.map.instance) else {
            return None;
        };
        let is_theirs =
            *person == action.person && (*team == action.team || domain.auth_mode == AuthMode::Sso);
        is_theirs.then_some(profile)
    }

    /// What speaks against the person's right to the team in this domain.
    fn entitled(&self, action: &Action, domain: &ObservedDomain) -> Objection {
        let right = self.rights.get(&action.person, &action.team);
        let Some(right) = right.filter(|_| self.is_placed(&action.team, &action.domain)) else {
            return Some("the person is not entitled to the team");
        };
        if domain.auth_mode == AuthMode::Iam {
            return None;
        }
        // Of a person's teams that can only be in this domain, the first one gets the profile.
        let is_only_here = |team: &TeamKey| {
            self.map.teams.get(team).is_some_and(|team| {
                team.placements.iter().all(|placement| placement.domain == action.domain)
            })
        };
        self.rights
            .teams_of(&action.person)
            .iter()
            .any(|other| is_only_here(other.team) && other.outranks(right))
            .then_some("another team of the person comes first")
    }

    /// Whether the profile signs in somebody else of the directory, whatever its tags say.
    fn of_another(&self, action: &Action, domain: &ObservedDomain) -> Objection {
        let profile = domain.profiles.get(&action.profile.folded())?;
        let user = profile.sso_user.as_ref()?;
        let own = self.snapshot.people.get(&action.person)?;
        let another =
            !own.is_called(user) && self.snapshot.people.values().any(|p| p.is_called(user));
        another.then_some("it signs in somebody else")
    }

    fn is_placed(&self, team: &TeamKey, domain: &DomainKey) -> bool {
        self.map.teams.get(team).is_some_and(|team| team.placement(domain).is_some())
    }

    fn role(&self, action: &Action, role: &RoleArn) -> Objection {
        let account = self.map.domains.get(&action.domain).map(|d| d.account_id.as_str());
        if account != Some(role.account()) {
            return Some("its role is not in the domain's account");
        }
        let team = self.map.teams.get(&action.team);
        let placement = team.and_then(|team| team.placement(&action.domain));
        if placement.is_none_or(|placement| &placement.execution_role != role) {
            return Some("its role is not the team's");
        }
        // A role that was not looked at is left to AWS, which refuses what it cannot pass.
        let state = self.observed.roles.get(role).unwrap_or(&ObservedRole::Trusted);
        (*state != ObservedRole::Trusted).then_some("its role cannot be given to a profile")
    }
}

/// Whoever gets a space from somebody who leaves.
fn heirs<'a>(
    map: &'a AccessMap,
    observed: &'a Observed,
    plan: &'a Plan,
) -> impl Iterator<Item = &'a PersonId> {
    let handed = plan.actions.iter().flat_map(|action| match &action.step {
        Step::Remove { hand_over, .. } => hand_over.iter().map(|it| (&action.domain, it)).collect(),
        _ => Vec::new(),
    });
    handed.filter_map(|(domain, handover)| {
        let profiles = &observed.domains.get(domain)?.profiles;
        match profiles.get(&handover.owner.folded())?.ownership(&map.instance) {
            Ownership::Ours { person, .. } => Some(person),
            Ownership::OtherInstance(_) | Ownership::Foreign => None,
        }
    })
}

/// The groups that the plan assigns and that give somebody a team, each with a domain of that team.
fn giving<'a>(
    map: &'a AccessMap,
    plan: &Plan,
    rights: &Entitlements<'_>,
) -> BTreeSet<(GroupId, &'a DomainKey)> {
    let mut giving = BTreeSet::new();
    let assigned: BTreeSet<&GroupId> = plan.assignments.iter().map(|a| &a.group).collect();
    if assigned.is_empty() {
        return giving;
    }
    for right in rights.all() {
        let Some(group) = right.because().group.as_ref().filter(|id| assigned.contains(id)) else {
            continue;
        };
        if !map.rollout.enforces(right.team) {
            continue;
        }
        let placements = map.teams.get(right.team).map(|team| &team.placements);
        let domains = placements.into_iter().flatten().map(|placement| &placement.domain);
        giving.extend(domains.map(|domain| (group.clone(), domain)));
    }
    giving
}

/// Whether an update would change whose the profile is. In an SSO-mode domain it may follow its
/// person to another team.
fn update_of_ownership(
    action: &Action,
    domain: &ObservedDomain,
    set: &BTreeMap<String, String>,
    removed: &BTreeSet<String>,
) -> Objection {
    let moves = |key: &str, value: &str| {
        domain.auth_mode == AuthMode::Sso && key == TAG_TEAM && value == action.team.as_str()
    };
    let is_guards = |key: &str| key == TAG_LOST;
    if set
        .iter()
        .any(|(key, value)| key.starts_with(TAG_PREFIX) && !is_guards(key) && !moves(key, value))
        || removed.iter().any(|key| ![TAG_LEAVING, TAG_AGREED, TAG_LOST].contains(&&**key))
    {
        return Some("the update would change whose it is");
    }
    // Who goes on for another team is not back in the one that the profile was held for.
    let profile = domain.profiles.get(&action.profile.folded())?;
    let moves = profile.tags.get(TAG_TEAM) != Some(action.team.as_str());
    let held = profile.held_for().filter(|_| moves);
    let is_back = profile.team_lost().is_some_and(|lost| lost.team == action.team);
    (set.get(TAG_LOST) != held.map(|lost| lost.to_string()).as_ref()
        || removed.contains(TAG_LOST) && !is_back)
        .then_some("the guard would forget what was taken, or count what was not")
}

fn not_tagged(action: &Action, tags: &BTreeMap<String, String>, map: &AccessMap) -> Objection {
    let ours = Ownership::Ours { person: &action.person, team: &action.team };
    let tags: Tags = tags.iter().collect();
    (tags.ownership(&map.instance) != ours).then_some("its tags do not say whose it is")
}

fn duplicates(plan: &Plan) -> Vec<Violation> {
    let mut seen: BTreeSet<(&DomainKey, ArcStr)> = BTreeSet::new();
    plan.actions
        .iter()
        .filter(|action| !seen.insert((&action.domain, action.profile.folded())))
        .map(|action| Violation {
            code: ReasonCode::PlanInvalid,
            message: format!("{} in {}: more than one action", action.profile, action.domain),
        })
        .collect()
}

/// The quota is an account's in a Region: its domains share it, those that the map lacks too.
fn over_quota(plan: &Plan, map: &AccessMap, observed: &Observed) -> Vec<Violation> {
    let mut found = Vec::new();
    for ((account, region), place) in places(map, observed) {
        let Some(quota) = place.quota.map(as_count) else { continue };
        let made = plan
            .actions
            .iter()
            .filter(|action| matches!(action.step, Step::Create { .. }))
            .filter(|action| place.domains.contains_key(&action.domain))
            .count();
        if made > 0 && place.profiles() + made > quota {
            found.push(Violation {
                code: ReasonCode::PlanInvalid,
                message: format!(
                    "{made} new profiles would exceed the quota of {quota} of account {account} \
                     in {region}"
                ),
            });
        }
    }
    found
}

fn as_count(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
