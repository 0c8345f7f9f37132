//! What holds of every plan, whatever the map, the directory and AWS are like: both auth modes,
//! teams in one domain and in several.

use crate::model::Model;
use crate::support::{Build, World, app, foreign, losers, ours, person_id};
use access::check::Removals;
use access::entitlement::entitlements;
use access::ids::{PersonId, TeamKey};
use access::observed::{
    AppStatus, AuthMode, Observed, ObservedApplication, ObservedProfile, Ownership, ProfileStatus,
    TAG_INSTANCE, TAG_LEAVING, TAG_LOST,
};
use access::plan::Plan;
use access::reason::ReasonCode;
use access::snapshot::Coverage;
use arcstr::ArcStr;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use std::collections::{BTreeMap, BTreeSet};

/// Ids of people with their user names: twins of one name, names that need a hash, a plain name.
const PEOPLE: [(&str, &str); 6] = [
    ("p0", "alice"),
    ("p1", "alice"),
    ("p2", "Alice"),
    ("p3", "bob@example.com"),
    ("p4", "carol"),
    ("p5", "李雷"),
];
const TEAM_NAMES: [&str; 3] = ["fraud", "churn", "credit"];

/// A profile as it is drawn, before it is built.
#[derive(Debug, Clone)]
struct Drawn {
    domain: &'static str,
    person: usize,
    team: &'static str,
    /// Its own name, an older one, or one that looks like another's.
    name: usize,
    /// Ours, foreign, or of another installation.
    owner: usize,
    status: ProfileStatus,
    role: &'static str,
    since: Option<&'static str>,
    lost: Option<&'static str>,
    apps: Vec<AppStatus>,
    space: Option<(ProfileStatus, Vec<AppStatus>)>,
}

fn any_status() -> impl Strategy<Value = ProfileStatus> {
    use ProfileStatus::{
        DeleteFailed, Deleting, Failed, InService, Pending, UpdateFailed, Updating,
    };
    select(vec![
        InService,
        InService,
        InService,
        Pending,
        Updating,
        Deleting,
        Failed,
        UpdateFailed,
        DeleteFailed,
    ])
}

fn any_app() -> impl Strategy<Value = AppStatus> {
    use AppStatus::{Deleted, Deleting, Failed, InService, Pending};
    select(vec![Pending, InService, Deleting, Deleted, Failed])
}

prop_compose! {
    fn drawn_profile()(
        domain in select(vec!["research", "risk"]),
        person in 0..PEOPLE.len() + 2,
        team in select(vec!["fraud", "churn", "credit", "dissolved"]),
        name in 0..3_usize,
        owner in select(vec![0_usize, 0, 0, 1, 2]),
        status in any_status(),
        role in select(vec!["fraud", "churn", "other"]),
        since in select(vec![
            None, None, Some("2026-11-20T12:00:00Z"), Some("2026-10-01T00:00:00Z"), Some("once"),
        ]),
        lost in select(vec![
            None, None, Some("2026-11-21T08:00:00Z fraud"), Some("2026-10-01T00:00:00Z churn agreed"),
            Some("once"),
        ]),
        apps in prop::collection::vec(any_app(), 0..3),
        space in prop::option::of((any_status(), prop::collection::vec(any_app(), 0..3))),
    ) -> Drawn {
        Drawn { domain, person, team, name, owner, status, role, since, lost, apps, space }
    }
}

impl Drawn {
    fn build(&self) -> ObservedProfile {
        let (id, user_name) = PEOPLE.get(self.person).copied().unwrap_or(("gone", "gone"));
        let name = match self.name {
            0 if user_name.is_ascii() && !user_name.contains('@') => {
                format!("{user_name}--{}", self.team)
            }
            1 => format!("alice--{}", self.team),
            _ => format!("Was-{id}--{}", self.team),
        };
        let mut profile = match self.owner {
            0 => ours(id, self.team).named(&name),
            1 => foreign(&name),
            _ => ours(id, self.team).named(&name).tagged(TAG_INSTANCE, "staging"),
        };
        profile = profile
            .with_role(crate::support::role(self.role).as_str())
            .status(self.status)
            .tagged("theirs", "x");
        if let Some(since) = self.since {
            profile = profile.tagged(TAG_LEAVING, since);
        }
        if let Some(lost) = self.lost {
            profile = profile.tagged(TAG_LOST, lost);
        }
        for (i, status) in self.apps.iter().enumerate() {
            profile = profile.app(&format!("app{i}"), *status);
        }
        if let Some((status, apps)) = &self.space {
            let apps: Vec<_> =
                apps.iter().enumerate().map(|(i, s)| app(&format!("app{i}"), *s)).collect();
            profile = profile.space("lab", &apps).space("attic", &[]);
            profile.spaces[0].status = *status;
        }
        profile
    }
}

prop_compose! {
    fn map_text()(
        homes in prop::collection::vec(select(vec![
            "domain: research", "domain: risk",
            "domains: [research, risk]", "domains: [risk, research]",
        ]), 3),
        teams in subsequence(TEAM_NAMES.to_vec(), 1..=3),
        hold in select(vec!["0s", "1d", "7d"]),
        settings in select(vec!["{}", "{ StudioWebPortal: ENABLED, Empty: {} }"]),
        until in select(vec!["", ", until: 2026-11-25T00:00:00Z"]),
        grants in subsequence(vec![0_usize, 1, 2, 3, 4], 1..=5),
    ) -> String {
        let in_teams = teams.iter().zip(homes).map(|(team, home)| {
            format!(
                "  {team}: {{ {home}, network: anywhere, tags: {{ Team: {team} }}, \
                 user_settings: {settings}, \
                 execution_role: \"arn:aws:iam::{{account_id}}:role/studio-{{team}}\" }}\n"
            )
        });
        let in_grants = grants.into_iter().map(|grant| match (grant, teams.get(grant)) {
            (4, _) => "  - { group: \"ml-{team}\", team: \"{team}\" }\n".to_owned(),
            (_, Some(team)) => format!("  - {{ group: group{grant}, team: {team}{until} }}\n"),
            (_, None) => format!("  - {{ group: group{grant}, team: {} }}\n", teams[0]),
        });
        std::iter::once("teams:\n".to_owned())
            .chain(in_teams)
            .chain(["grants:\n".to_owned()])
            .chain(in_grants)
            .chain([format!("offboarding: {{ hold: {hold} }}\n")])
            .collect()
    }
}

prop_compose! {
    fn world()(
        map in map_text(),
        enabled in prop::collection::vec(prop::bool::weighted(0.85), PEOPLE.len()),
        known in prop::collection::vec(prop::bool::weighted(0.9), PEOPLE.len()),
        groups in prop::collection::vec(
            subsequence((0..PEOPLE.len()).collect::<Vec<_>>(), 0..=PEOPLE.len()), 7),
        profiles in prop::collection::vec(drawn_profile(), 0..12),
        sso in subsequence(vec!["research", "risk"], 0..=2),
    ) -> World {
        let mut world = World::new(&map);
        for key in sso {
            let domain = world.domain_mut(key);
            domain.auth_mode = AuthMode::Sso;
            domain.application = Some(ObservedApplication::default());
        }
        let names =
            ["group0", "group1", "group2", "group3", "ml-fraud", "ml-churn", "ml-credit"];
        for (name, members) in names.iter().zip(&groups) {
            let members: Vec<&str> = members.iter().map(|i| PEOPLE[*i].0).collect();
            world = world.group(name, &members);
        }
        for (i, (id, user_name)) in PEOPLE.iter().enumerate() {
            world = world.person(id);
            world.person_mut(id).user_name = (*user_name).to_owned();
            world.person_mut(id).enabled = enabled[i];
            if !known[i] {
                world.snapshot.people.remove(&person_id(id));
            }
        }
        for drawn in &profiles {
            let mut profile = drawn.build();
            // Duplicates wait for a person, so they have no fixed point of their own.
            if is_duplicate(&world, drawn.domain, &profile) {
                continue;
            }
            let domain = world.domain_mut(drawn.domain);
            if domain.auth_mode == AuthMode::Sso {
                let known = PEOPLE.get(drawn.person).map(|(_, name)| *name);
                profile.sso_user = Some(known.unwrap_or("gone").into());
            }
            domain.profiles.entry(profile.name.folded()).or_insert(profile);
        }
        world
    }
}

/// Whether the person has a profile for the team already, or in SSO mode any.
fn is_duplicate(world: &World, key: &str, profile: &ObservedProfile) -> bool {
    let Ownership::Ours { person, team } = profile.ownership("default") else { return false };
    let roams = world.map.teams.get(team).is_some_and(|team| team.placements.len() > 1);
    world.observed.domains.iter().any(|(other, domain)| {
        let is_here = other.as_str() == key;
        let is_one_each = is_here && domain.auth_mode == AuthMode::Sso;
        domain.profiles.values().any(|known| match known.ownership("default") {
            Ownership::Ours { person: owner, team: of } => {
                owner == person && (is_one_each || (of == team && (is_here || roams)))
            }
            _ => false,
        })
    })
}

/// What is not ours.
fn not_ours(observed: &Observed) -> BTreeMap<(String, ArcStr), ObservedProfile> {
    let domains = observed.domains.iter();
    domains
        .flat_map(|(key, domain)| domain.profiles.iter().map(move |(n, p)| (key, n, p)))
        .filter(|(_, _, p)| !matches!(p.ownership("default"), Ownership::Ours { .. }))
        .map(|(key, name, profile)| ((key.to_string(), name.clone()), profile.clone()))
        .collect()
}

fn json(plan: &Plan) -> String {
    serde_json::to_string(plan).unwrap()
}

/// Whether nothing is left to do or to wait for.
fn is_settled(plan: &Plan) -> bool {
    plan.is_empty()
        && plan.kept.iter().all(|k| !matches!(k.reason, ReasonCode::Busy | ReasonCode::OnHold))
}

/// Plans, checks and carries out until nothing is left to do.
fn converge(world: &mut World, failures: u32) -> Result<Plan, TestCaseError> {
    let strangers = not_ours(&world.observed);
    // What is not ours stays as it is; the model moves it only by itself.
    let frozen = |model: &mut Model| {
        for ((key, name), profile) in &strangers {
            let domain = crate::support::domain_key(key);
            let domain = model.observed.domains.get_mut(&domain).unwrap();
            domain.profiles.insert(name.clone(), profile.clone());
        }
    };
    for round in 0..60 {
        let plan = world.plan();
        if is_settled(&plan) {
            return Ok(plan);
        }
        let checked = world
            .check(plan, Removals::Allowed(u32::MAX))
            .map_err(|violations| TestCaseError::fail(format!("{violations:?}")))?;
        let failures = if round == 0 { failures } else { 0 };
        let mut model = Model { observed: std::mem::take(&mut world.observed), failures };
        model.apply(&checked, world.now, |_| true);
        prop_assert_eq!(&not_ours(&model.observed), &strangers);
        model.settle();
        frozen(&mut model);
        world.observed = model.observed;
        world.now += jiff::SignedDuration::from_hours(13);
    }
    let plan = world.plan();
    Err(TestCaseError::fail(format!("no fixed point: {:?} {:?}", plan.actions, plan.kept)))
}

fn is_failed(profile: &ObservedProfile) -> bool {
    matches!(profile.status, ProfileStatus::Failed | ProfileStatus::DeleteFailed)
}

/// Everybody who is entitled has the one profile, or an admin is told why not.
fn everybody_has_theirs(world: &World, last: &Plan) -> Result<(), TestCaseError> {
    let rights: BTreeSet<(PersonId, TeamKey)> =
        entitlements(&world.map, &world.snapshot, world.now)
            .all()
            .iter()
            .map(|right| (right.person.id.clone(), right.team.clone()))
            .collect();
    let mut having = BTreeSet::new();
    let mut in_sso = BTreeSet::new();
    for (key, domain) in &world.observed.domains {
        for profile in domain.profiles.values() {
            let Ownership::Ours { person, team } = profile.ownership("default") else { continue };
            if is_failed(profile) && !profile.spaces.is_empty() {
                continue;
            }
            let pair = (person.clone(), team.clone());
            prop_assert!(rights.contains(&pair), "unentitled: {:?}", profile);
            let team = &world.map.teams[&pair.1];
            let placement = team.placement(key).expect("the team is in this domain");
            prop_assert_eq!(profile.status, ProfileStatus::InService);
            prop_assert_eq!(
                profile.execution_role.as_deref(),
                Some(placement.execution_role.as_str())
            );
            prop_assert!(!profile.tags.contains_key(TAG_LEAVING));
            prop_assert!(profile.team_lost().is_none_or(|lost| lost.team != pair.1));
            prop_assert_eq!(profile.tags.get("Team"), Some(pair.1.as_str()));
            if domain.auth_mode == AuthMode::Sso {
                prop_assert!(in_sso.insert((key, pair.0.clone())), "twice: {:?}", profile);
            }
            prop_assert!(having.insert(pair), "twice: {:?}", profile);
        }
    }
    for pair in rights.difference(&having) {
        let told = last.kept.iter().find(|kept| {
            kept.person.as_ref() == Some(&pair.0) && kept.team.as_ref() == Some(&pair.1)
        });
        match told.map(|kept| (kept.reason, &kept.domain)) {
            Some((ReasonCode::NameTaken | ReasonCode::ProfileFailed, _)) => {}
            // Somebody else has the one profile that can sign in the name, or another installation.
            Some((ReasonCode::SsoUserTaken, key)) => {
                let user = &world.snapshot.people[&pair.0].user_name;
                let mut profiles = world.observed.domains[key].profiles.values();
                let names = |name: &str| name.eq_ignore_ascii_case(user);
                let other = profiles.find(|profile| profile.sso_user.as_deref().is_some_and(names));
                let own = |profile: &ObservedProfile| match profile.ownership("default") {
                    Ownership::Ours { person, .. } => *person == pair.0,
                    Ownership::OtherInstance(_) | Ownership::Foreign => false,
                };
                prop_assert!(other.is_some_and(|other| !own(other)), "{:?}: {:?}", pair, other);
            }
            // Somebody else comes first, who has the one profile or is told why not.
            Some((ReasonCode::Outranked, key)) => {
                let first = last.kept.iter().any(|kept| {
                    kept.domain == *key
                        && kept.person.as_ref() == Some(&pair.0)
                        && kept.team.as_ref() != Some(&pair.1)
                        && kept.reason != ReasonCode::Outranked
                });
                prop_assert!(first, "{:?}: {:?}", pair, last.kept);
            }
            _ => prop_assert!(false, "{:?}: {:?}", pair, told),
        }
    }
    Ok(())
}

/// What there is in the end, but for names and times: who gets the plain one of two names depends on
/// who came first.
fn ending(world: &World) -> BTreeSet<String> {
    let domains = world.observed.domains.iter();
    let all = domains.flat_map(|(key, domain)| domain.profiles.values().map(move |p| (key, p)));
    all.filter(|(_, profile)| matches!(profile.ownership("default"), Ownership::Ours { .. }))
        .map(|(key, profile)| {
            let mut tags = profile.tags.to_map();
            tags.retain(|key, _| ![TAG_LEAVING, TAG_LOST].contains(key));
            let role = profile.execution_role.as_deref();
            format!("{key} {role:?} {:?} {tags:?} {:?}", profile.status, profile.sso_user)
        })
        .collect()
}

/// A pass for some people of which some actions fail.
fn partial_pass(world: &mut World, covered: &BTreeSet<PersonId>, fails: &[bool]) {
    let complete = world.snapshot.clone();
    let snapshot = &mut world.snapshot;
    snapshot.people.retain(|id, _| covered.contains(id));
    for group in snapshot.groups.values_mut() {
        group.members.retain(|id| covered.contains(id));
    }
    snapshot.coverage = Coverage::People(covered.clone());
    let checked = world.check(world.plan(), Removals::Allowed(u32::MAX)).unwrap();
    let mut model = Model { observed: std::mem::take(&mut world.observed), failures: 0 };
    let works = |index: usize| !fails.get(index).copied().unwrap_or(false);
    let strangers = not_ours(&model.observed);
    model.apply(&checked, world.now, works);
    model.settle();
    for ((key, name), profile) in strangers {
        let domain = model.observed.domains.get_mut(&crate::support::domain_key(&key)).unwrap();
        domain.profiles.insert(name, profile);
    }
    world.observed = model.observed;
    world.snapshot = complete;
    world.now += jiff::SignedDuration::from_mins(10);
}

proptest! {
    #[test]
    fn repeated_plans_bring_everything_in_agreement(mut world in world(), failures in 0..4_u32) {
        let last = converge(&mut world, failures)?;
        everybody_has_theirs(&world, &last)?;
    }

    #[test]
    fn who_comes_back_after_everything_has_settled_is_served_again(mut world in world()) {
        let groups = std::mem::take(&mut world.snapshot.groups);
        converge(&mut world, 0)?;
        world.snapshot.groups = groups;
        let last = converge(&mut world, 0)?;
        everybody_has_theirs(&world, &last)?;
    }

    #[test]
    fn passes_for_some_in_any_order_with_any_failures_end_where_full_ones_end(
        world in world(),
        passes in prop::collection::vec(
            (
                subsequence(PEOPLE.to_vec(), 1..=PEOPLE.len()),
                prop::collection::vec(any::<bool>(), 0..8),
            ),
            0..6,
        ),
    ) {
        let (mut one, mut other) = (world.clone(), world);
        for (covered, fails) in passes {
            let covered = covered.iter().map(|(id, _)| person_id(id)).collect();
            partial_pass(&mut other, &covered, &fails);
        }
        converge(&mut one, 0)?;
        converge(&mut other, 0)?;
        // A grant that ends meanwhile must have ended for both.
        let later = one.now.max(other.now);
        (one.now, other.now) = (later, later);
        converge(&mut one, 0)?;
        let last = converge(&mut other, 0)?;
        everybody_has_theirs(&other, &last)?;
        // Where a team can be in several domains, people stay in the one they came to first.
        let roams = one.map.teams.values().any(|team| team.placements.len() > 1);
        // Where two are called alike, the one who came first has the profile.
        let waits = last.kept.iter().any(|kept| kept.reason == ReasonCode::SsoUserTaken);
        if !roams && !waits {
            prop_assert_eq!(ending(&other), ending(&one));
        }
    }

    #[test]
    fn planner_and_check_agree(world in world()) {
        let plan = world.plan();
        let new = plan.new_removals();
        let checked = world.check(plan.clone(), Removals::Allowed(u32::try_from(new).unwrap()));
        prop_assert_eq!(checked.map(|checked| checked.plan().clone()), Ok(plan.clone()));
        if let Err(violations) = world.check(plan, Removals::Guarded) {
            prop_assert_eq!(violations.len(), 1);
            prop_assert_eq!(violations[0].code, ReasonCode::GuardTripped);
        }
    }

    #[test]
    fn equal_inputs_give_equal_plans_in_whatever_order_they_were_listed(world in world()) {
        let plan = world.plan();
        prop_assert_eq!(json(&plan), json(&world.clone().plan()));
        let mut turned = world.clone();
        for domain in turned.observed.domains.values_mut() {
            let listed: Vec<_> = std::mem::take(&mut domain.profiles).into_iter().collect();
            for (name, mut profile) in listed.into_iter().rev() {
                profile.apps.reverse();
                profile.spaces.reverse();
                profile.spaces.iter_mut().for_each(|space| space.apps.reverse());
                domain.profiles.insert(name, profile);
            }
        }
        let people: Vec<_> = std::mem::take(&mut turned.snapshot.people).into_iter().collect();
        turned.snapshot.people.extend(people.into_iter().rev());
        prop_assert_eq!(json(&plan), json(&turned.plan()));
        let back: Plan = serde_json::from_str(&json(&plan)).unwrap();
        prop_assert_eq!(back, plan);
    }

    #[test]
    fn a_partial_reading_takes_nothing_from_those_it_does_not_cover(
        mut world in world(),
        covered in subsequence(PEOPLE.to_vec(), 0..=PEOPLE.len()),
    ) {
        let covered: BTreeSet<PersonId> = covered.iter().map(|(id, _)| person_id(id)).collect();
        world.snapshot.people.retain(|id, _| covered.contains(id));
        world.snapshot.coverage = Coverage::People(covered.clone());
        let plan = world.plan();
        prop_assert!(losers(&plan).is_subset(&covered));
        // Of those it covers, it takes what a complete reading would take.
        let mut complete = world.clone();
        complete.snapshot.coverage = Coverage::Complete;
        let expected: BTreeSet<PersonId> =
            losers(&complete.plan()).intersection(&covered).cloned().collect();
        prop_assert_eq!(losers(&plan), expected);
    }
}
