//! Of random installations: the first plan never has anything to do, and nothing is left unsaid.

use crate::first_map::{arn, existing, group, person, profile, written};
use crate::support::{Build, foreign};
use access::first_map::Existing;
use access::ids::ProfileName;
use access::observed::{AuthMode, ProfileStatus, TAG_INSTANCE, TAG_PERSON, TAG_TEAM};
use access::reason::ReasonCode;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// User names that differ, resemble each other, or leave nothing for a profile's name.
const PEOPLE: [&str; 9] = [
    "alice",
    "alice@example.com",
    "Bob.Stone@example.com",
    "bobstone",
    "CORP\\carol",
    "dora-x",
    "李雷",
    "emil",
    "f\"'{}: #",
];
const ROLES: [&str; 5] =
    ["studio-fraud", "studio-churn", "service-role/AmazonSageMaker-ExecutionRole", "X", "x-y-z"];
const GROUPS: [&str; 5] = ["ml-fraud", "churn", "Alle (extern)", "{team}", "x"];

#[derive(Debug, Clone)]
struct Drawn {
    domain: usize,
    name: String,
    role: Option<&'static str>,
    status: ProfileStatus,
    sso_user: Option<&'static str>,
    tags: Vec<(&'static str, String)>,
    settings: Value,
}

fn any_name() -> impl Strategy<Value = String> {
    let stems = vec!["alice", "bob-stone", "carol", "dora-x", "emil", "svc", "alice--fraud"];
    (
        select(stems),
        select(vec!["", "-studio", "-fraud", "-2", "-profile"]),
        select(vec!["", "fraud-"]),
    )
        .prop_map(|(stem, after, before)| format!("{before}{stem}{after}"))
}

fn any_tags() -> impl Strategy<Value = Vec<(&'static str, String)>> {
    let value = select(vec!["alice", "emil", "42", "Bob.Stone@example.com", "p-1"]);
    let key = select(vec!["user", "CostCenter", "Owner", TAG_INSTANCE, TAG_PERSON, TAG_TEAM]);
    prop::collection::vec((key, value.prop_map(str::to_owned)), 0..4)
}

prop_compose! {
    fn drawn()(
        domain in 0..2_usize,
        name in any_name(),
        role in prop::option::weighted(0.8, select(ROLES.to_vec())),
        status in select(vec![
            ProfileStatus::InService, ProfileStatus::InService, ProfileStatus::InService,
            ProfileStatus::UpdateFailed, ProfileStatus::Failed, ProfileStatus::Deleting,
        ]),
        sso_user in prop::option::weighted(0.9, select(PEOPLE.to_vec())),
        tags in any_tags(),
        settings in select(vec![
            json!({}),
            json!({ "SecurityGroups": ["sg-1", "sg-2"] }),
            json!({ "SecurityGroups": ["sg-2", "sg-1"], "StudioWebPortal": "ENABLED" }),
            json!({ "JupyterLabAppSettings": { "ExecutionRole": "x", "n": [1, null, true, ""] } }),
        ]),
    ) -> Drawn {
        Drawn { domain, name, role, status, sso_user, tags, settings }
    }
}

prop_compose! {
    fn world()(
        modes in prop::collection::vec(select(vec![AuthMode::Iam, AuthMode::Sso]), 2),
        disabled in subsequence(PEOPLE.to_vec(), 0..3),
        members in prop::collection::vec(subsequence(PEOPLE.to_vec(), 0..=PEOPLE.len()), GROUPS.len()),
        profiles in prop::collection::vec(drawn(), 0..14),
        without_default in any::<bool>(),
    ) -> Existing {
        let mut world = existing(&[("lab", modes[0]), ("lab", modes[1])]);
        for name in PEOPLE {
            person(&mut world, name, !disabled.contains(&name));
        }
        for (name, members) in GROUPS.iter().zip(members) {
            group(&mut world, name, &members);
        }
        if without_default {
            world.domains[1].observed.default_role = None;
        }
        for drawn in profiles {
            let is_sso = modes[drawn.domain] == AuthMode::Sso;
            let mut made = foreign(&drawn.name).status(drawn.status).settings(drawn.settings);
            if let Some(role) = drawn.role {
                made = made.with_role(&arn(role));
            }
            for (key, value) in drawn.tags {
                made = made.tagged(key, &value);
            }
            // Studio refuses a second profile of one user.
            let user = drawn.sso_user.filter(|_| is_sso);
            let taken = world.domains[drawn.domain]
                .observed
                .profiles
                .values()
                .any(|other| user.is_some() && other.sso_user.as_deref() == user);
            made.sso_user = user.map(Into::into);
            if !taken {
                profile(&mut world, drawn.domain, made);
            }
        }
        world
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_first_plan_has_nothing_to_do_and_every_profile_is_accounted_for(world in world()) {
        let (first, verified) = written(&world);
        let said: BTreeSet<_> =
            first.findings.iter().filter_map(|f| Some((&f.domain, f.profile.as_ref()?))).collect();
        for (key, domain) in first.domains.iter().zip(&world.domains) {
            for profile in domain.observed.profiles.values() {
                let place = (key.clone(), profile.name.clone());
                prop_assert!(
                    first.adopted.contains(&place) != said.contains(&(key, &profile.name)),
                    "{} is either taken over or said", profile.name
                );
            }
        }
        let listed: BTreeSet<&ProfileName> =
            verified.map.adopt.iter().map(|adoption| &adoption.profile).collect();
        prop_assert_eq!(listed.len() <= first.adopted.len(), true);
        prop_assert_eq!(verified.map.adopt.len(), first.adopted.len());
        // Nobody's profile becomes somebody else's: whoever may be meant besides makes it nobody's.
        let people: BTreeSet<_> =
            verified.map.adopt.iter().map(|a| (&a.domain, &a.team, &a.person)).collect();
        prop_assert_eq!(people.len(), verified.map.adopt.len());
        // Who is said to get a profile is who gets one.
        let entitled = first.findings.iter().filter(|f| f.code == ReasonCode::Entitled).count();
        prop_assert_eq!(entitled, verified.to_make, "{}", first.text);
    }
}
