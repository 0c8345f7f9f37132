//! Plans by example: what is made and corrected, exactly, and what is left alone.

use crate::support::{
    Build, NOW, TEAMS, World, at, domain_key, elsewhere, foreign, ours, person_id, role, settled,
};
use access::entitlement::Because;
use access::ids::{GroupId, ProfileName, TeamKey};
use access::map::Place;
use access::observed::{
    AppStatus, DomainState, ObservedRole, ProfileStatus, Seen, TAG_INSTANCE, TAG_PERSON, TAG_TEAM,
};
use access::plan::{Action, Plan, Step};
use access::reason::ReasonCode;
use serde_json::json;
use std::collections::BTreeSet;

/// The map of [`TEAMS`] with more in the team `fraud`.
fn fraud_with(more: &str) -> String {
    TEAMS.replacen("network: anywhere", &format!("network: anywhere, {more}"), 1)
}

#[test]
fn a_joiner_gets_a_profile_with_the_teams_role_and_the_tags_that_say_whose_it_is() {
    let mut world = World::new(TEAMS).group("ml-fraud", &["alice"]).group("ml-churn", &[]);
    world.person_mut("alice").display_name = "Alice A.".into();
    let expected = Plan {
        map_digest: world.map.digest.clone(),
        now: at(NOW),
        assignments: Vec::new(),
        actions: vec![Action {
            domain: domain_key("research"),
            profile: ProfileName::parse("alice--fraud").unwrap(),
            person: person_id("alice"),
            person_name: Some("Alice A. (alice)".into()),
            team: TeamKey::parse("fraud").unwrap(),
            step: Step::Create {
                execution_role: role("fraud"),
                user_settings: serde_json::Map::new(),
                tags: [
                    (TAG_INSTANCE.into(), "default".into()),
                    (TAG_PERSON.into(), "id-alice".into()),
                    (TAG_TEAM.into(), "fraud".into()),
                ]
                .into(),
                sso_user: None,
            },
            reason: ReasonCode::Entitled,
            because: Some(Because {
                group: Some(GroupId::parse("g0-ml-fraud").unwrap()),
                group_name: "ml-fraud".into(),
                grant: Place { file: "access.yaml".into(), line: 10, column: 5 },
            }),
        }],
        kept: Vec::new(),
        grants: Vec::new(),
        owned: 0,
    };
    assert_eq!(world.plan(), expected);
}

#[test]
fn two_people_in_two_teams_get_exactly_three_profiles() {
    let world =
        World::new(TEAMS).group("ml-fraud", &["user1"]).group("ml-churn", &["user1", "user2"]);
    assert_eq!(
        world.told(),
        [
            "research/user1--churn: create role=studio-churn (entitled)",
            "research/user2--churn: create role=studio-churn (entitled)",
            "research/user1--fraud: create role=studio-fraud (entitled)",
        ]
    );
}

#[test]
fn tags_and_settings_of_the_team_are_given_at_once() {
    let map = fraud_with("tags: { CostCenter: '42' }, user_settings: { StudioWebPortal: ENABLED }");
    let world = World::new(&map).group("ml-fraud", &["alice"]);
    assert_eq!(
        world.told(),
        ["research/alice--fraud: create role=studio-fraud CostCenter=42 \
          settings={\"StudioWebPortal\":\"ENABLED\"} (entitled)"]
    );
}

#[test]
fn what_agrees_is_kept_and_the_plan_is_empty() {
    assert_eq!(settled().told(), ["research/alice--fraud: keep (in-agreement)"]);
    assert!(settled().plan().is_empty());
    assert_eq!(settled().plan().owned, 1);
}

#[test]
fn another_role_or_none_is_corrected() {
    let world = World::new(TEAMS).group("ml-fraud", &["alice", "bob"]);
    let other = ours("alice", "fraud").with_role("arn:aws:iam::111122223333:role/admin");
    let mut inherits = ours("bob", "fraud");
    inherits.execution_role = None;
    assert_eq!(
        world.profile(other).profile(inherits).told(),
        [
            "research/alice--fraud: update from=admin role=studio-fraud (role-drift)",
            "research/bob--fraud: update role=studio-fraud (role-drift)",
        ]
    );
}

#[test]
fn missing_and_wrong_tags_are_set_and_other_tags_are_left_alone() {
    let world = World::new(&fraud_with("tags: { CostCenter: '42', Stage: live }"))
        .group("ml-fraud", &["alice"])
        // Keys of tags are case-sensitive: `stage` is another tag.
        .profile(
            ours("alice", "fraud")
                .tagged("CostCenter", "7")
                .tagged("stage", "live")
                .tagged("theirs", "x"),
        );
    assert_eq!(
        world.told(),
        ["research/alice--fraud: update CostCenter=42 Stage=live (tag-drift)"]
    );
}

#[test]
fn settings_drift_sends_the_settings_whole_and_service_defaults_are_no_drift() {
    let map = fraud_with(
        "user_settings: { JupyterLabAppSettings: { LifecycleConfigArns: [a, b] }, StudioWebPortal: ENABLED }",
    );
    let world = World::new(&map).group("ml-fraud", &["alice"]);
    let with_defaults = json!({
        "JupyterLabAppSettings": { "LifecycleConfigArns": ["a", "b"], "BuiltInLifecycleConfigArn": "d" },
        "StudioWebPortal": "ENABLED",
        "SharingSettings": { "NotebookOutputOption": "Disabled" },
    });
    let agreed = world.clone().profile(ours("alice", "fraud").settings(with_defaults.clone()));
    assert_eq!(agreed.told(), ["research/alice--fraud: keep (in-agreement)"]);

    let mut drifted = with_defaults;
    drifted["JupyterLabAppSettings"]["LifecycleConfigArns"] = json!(["b", "a"]);
    assert_eq!(
        world.profile(ours("alice", "fraud").settings(drifted)).told(),
        ["research/alice--fraud: update settings={\"JupyterLabAppSettings\":\
          {\"LifecycleConfigArns\":[\"a\",\"b\"]},\"StudioWebPortal\":\"ENABLED\"} (settings-drift)"]
    );
}

#[test]
fn a_partial_reading_gives_what_it_knows_of() {
    let world = World::new(TEAMS).group("ml-fraud", &["alice"]).covering(&["alice"]);
    assert_eq!(world.told(), ["research/alice--fraud: create role=studio-fraud (entitled)"]);
}

#[test]
fn foreign_profiles_and_those_of_other_installations_are_left_alone() {
    let half = ours("carol", "fraud");
    let mut without_team = half.clone();
    without_team.tags.remove(TAG_TEAM);
    let mut other_case = half.named("other-case");
    let instance = other_case.tags.get(TAG_INSTANCE).unwrap().to_owned();
    other_case.tags.remove(TAG_INSTANCE);
    let other_case = other_case.tagged("Stagedoor:Instance", &instance);
    let world = World::new(TEAMS)
        .profile(foreign("by-hand").with_role("admin").app("default", AppStatus::InService))
        .profile(ours("bob", "fraud").tagged(TAG_INSTANCE, "staging"))
        .profile(without_team)
        .profile(other_case);
    assert_eq!(
        world.told(),
        [
            "research/bob--fraud: keep (other-instance: staging)",
            "research/by-hand: keep (not-ours)",
            "research/carol--fraud: keep (not-ours)",
            "research/other-case: keep (not-ours)",
        ]
    );
    assert_eq!(world.plan().owned, 0);
}

#[test]
fn a_name_that_a_foreign_profile_has_waits_for_an_admin_whatever_its_case() {
    let world = World::new(TEAMS).group("ml-fraud", &["alice"]).profile(foreign("Alice--FRAUD"));
    assert_eq!(
        world.told(),
        [
            "research/Alice--FRAUD: keep (not-ours)",
            "research/Alice--FRAUD: keep (name-taken: it is not Stagedoor's; the map can adopt it: \
             { domain: research, profile: Alice--FRAUD, person: \"alice\", team: fraud })",
        ]
    );
    assert_eq!(world.plan().blocked().count(), 1);
}

#[test]
fn a_renamed_person_keeps_the_profile() {
    let mut world = settled();
    world.person_mut("alice").user_name = "alicia".into();
    assert_eq!(world.told(), ["research/alice--fraud: keep (in-agreement)"]);
}

#[test]
fn a_newcomer_with_the_former_name_of_another_gets_a_name_with_a_hash() {
    let mut world = settled().person("newcomer");
    world.person_mut("alice").user_name = "alicia".into();
    world.person_mut("newcomer").user_name = "alice".into();
    let group = world.snapshot.groups.values_mut().next().unwrap();
    group.members.insert(person_id("newcomer"));
    let name = access::naming::hashed_profile_name(
        &world.snapshot.people[&person_id("newcomer")],
        &TeamKey::parse("fraud").unwrap(),
    );
    assert!(name.as_str().starts_with("alice--fraud--"));
    assert_eq!(
        world.told(),
        [
            format!("research/{name}: create role=studio-fraud (entitled)"),
            "research/alice--fraud: keep (in-agreement)".into(),
        ]
    );
    let blocked = world.profile(foreign(name.as_str()));
    assert!(blocked.plan().is_empty());
    assert_eq!(blocked.plan().blocked().next().unwrap().reason, ReasonCode::NameTaken);
}

#[test]
fn two_people_of_one_name_do_not_spoil_the_plan() {
    let mut world = World::new(TEAMS).group("ml-fraud", &["twin1", "twin2"]);
    world.person_mut("twin1").user_name = "twin".into();
    world.person_mut("twin2").user_name = "twin".into();
    let told = world.told();
    assert_eq!(told.len(), 2);
    assert_eq!(told[0], "research/twin--fraud: create role=studio-fraud (entitled)");
    assert!(told[1].starts_with("research/twin--fraud--"), "{told:?}");
}

#[test]
fn of_duplicates_the_usable_one_is_used_and_both_go_with_their_person() {
    let failed = ours("alice", "fraud").status(ProfileStatus::Failed);
    let newer = ours("alice", "fraud").named("alicia--fraud");
    let newest = ours("alice", "fraud").named("zalice--fraud");
    let mut world = World::new(TEAMS)
        .group("ml-fraud", &["alice"])
        .profile(failed)
        .profile(newer)
        .profile(newest);
    assert_eq!(
        world.told(),
        [
            "research/alicia--fraud: keep (in-agreement)",
            "research/alice--fraud: keep (duplicate: alicia--fraud is the one in use)",
            "research/zalice--fraud: keep (duplicate: alicia--fraud is the one in use)",
        ]
    );
    assert_eq!(world.plan().owned, 3);
    world.snapshot.groups.clear();
    assert_eq!(
        world.told(),
        [
            "research/alicia--fraud: hold new since=now days=7 (entitlement-lost)",
            "research/zalice--fraud: hold new since=now days=7 (entitlement-lost)",
            "research/alice--fraud: remove new (entitlement-lost)",
        ]
    );
}

#[test]
fn each_state_of_an_entitled_persons_profile_has_its_answer() {
    use ProfileStatus::{DeleteFailed, Deleting, Failed, Pending, UpdateFailed, Updating};
    for (status, told) in [
        (Pending, "keep (busy: Pending)"),
        (Updating, "keep (busy: Updating)"),
        (Deleting, "keep (busy: Deleting)"),
        (Failed, "remove (profile-failed)"),
        (DeleteFailed, "remove (profile-failed)"),
        (UpdateFailed, "update role=studio-fraud (update-failed)"),
    ] {
        let world = World::new(TEAMS)
            .group("ml-fraud", &["alice"])
            .profile(ours("alice", "fraud").status(status));
        assert_eq!(world.told(), [format!("research/alice--fraud: {told}")]);
        assert_eq!(world.plan().new_removals(), 0);
    }
}

#[test]
fn a_failed_profile_with_spaces_waits_for_somebody_to_look() {
    let failed = ours("alice", "fraud").status(ProfileStatus::Failed).space("lab", &[]);
    let world = World::new(TEAMS).group("ml-fraud", &["alice"]).profile(failed);
    assert_eq!(world.told(), ["research/alice--fraud: keep (profile-failed: it owns spaces)"]);
    assert_eq!(world.plan().blocked().count(), 1);
}

#[test]
fn the_quota_stops_creation_and_is_shared_by_the_domains_of_an_account() {
    let map = TEAMS.replacen("domain: research", "domain: other", 1).replacen(
        "teams:",
        "  other: { domain_id: d-other, account_id: \"111122223333\", region: eu-west-1 }\nteams:",
        1,
    );
    let mut world = World::new(&map).group("ml-fraud", &["alice"]).group("ml-churn", &["alice"]);
    let other = world.observed.domains[&domain_key("risk")].clone();
    world.observed.domains.insert(domain_key("other"), other);
    world = world.profile(foreign("by-hand")).profile_in("other", foreign("by-hand"));
    world.domain_mut("other").profile_quota = Some(3);
    world.domain_mut("research").profile_quota = Some(3);
    assert_eq!(
        world.told(),
        [
            "other/alice--fraud: create role=studio-fraud (entitled)",
            "other/by-hand: keep (not-ours)",
            "research/by-hand: keep (not-ours)",
            "research/alice--churn: keep (quota-reached)",
        ]
    );
    world.domain_mut("other").profile_quota = Some(1);
    assert!(world.plan().is_empty());
}

#[test]
fn profiles_of_domains_that_the_map_lacks_take_of_the_quota_too() {
    let mut world = World::new(TEAMS).group("ml-fraud", &["alice"]).profile(foreign("by-hand"));
    world.domain_mut("research").profile_quota = Some(3);
    world.domain_mut("research").elsewhere = elsewhere("d-others", 1);
    assert_eq!(
        world.told(),
        [
            "research/alice--fraud: create role=studio-fraud (entitled)",
            "research/by-hand: keep (not-ours)",
        ]
    );
    world.domain_mut("research").elsewhere = elsewhere("d-others", 2);
    assert_eq!(
        world.told(),
        ["research/by-hand: keep (not-ours)", "research/alice--fraud: keep (quota-reached)"]
    );
}

#[test]
fn a_domain_that_was_read_is_not_counted_elsewhere_and_one_that_cannot_be_is() {
    let more = "  other: { domain_id: d-other, account_id: \"111122223333\", region: eu-west-1 }\n";
    let mut world = World::new(&format!("{more}{TEAMS}")).group("ml-fraud", &["alice"]);
    let other = world.observed.domains[&domain_key("risk")].clone();
    world.observed.domains.insert(domain_key("other"), other);
    world = world.profile_in("other", foreign("by-hand"));
    world.domain_mut("research").profile_quota = Some(2);
    world.domain_mut("research").elsewhere = elsewhere("d-other", 2);
    assert_eq!(
        world.told(),
        [
            "research/alice--fraud: create role=studio-fraud (entitled)",
            "other/by-hand: keep (not-ours)",
        ]
    );
    world.observed.domains.remove(&domain_key("other"));
    assert_eq!(world.told(), ["research/alice--fraud: keep (quota-reached)"]);
}

#[test]
fn a_role_that_cannot_be_given_blocks_creation_and_correction() {
    for (state, reason) in [
        (ObservedRole::Missing, "role-missing"),
        (ObservedRole::Untrusted, "role-untrusted"),
        (ObservedRole::Unreadable, "role-unreadable"),
    ] {
        let world = World::new(TEAMS)
            .group("ml-fraud", &["alice", "bob"])
            .profile(ours("bob", "fraud").with_role("other"))
            .role("fraud", state);
        let arn = role("fraud");
        assert_eq!(
            world.told(),
            [
                format!("research/alice--fraud: keep ({reason}: {arn})"),
                format!("research/bob--fraud: keep ({reason}: {arn})"),
            ]
        );
    }
    let trusted =
        World::new(TEAMS).group("ml-fraud", &["alice"]).role("fraud", ObservedRole::Trusted);
    assert_eq!(trusted.told(), ["research/alice--fraud: create role=studio-fraud (entitled)"]);
}

#[test]
fn a_role_that_cannot_be_given_does_not_keep_tags_from_being_set() {
    let world = World::new(&fraud_with("tags: { CostCenter: '42' }"))
        .group("ml-fraud", &["alice"])
        .profile(ours("alice", "fraud"))
        .role("fraud", ObservedRole::Missing);
    assert_eq!(world.told(), ["research/alice--fraud: update CostCenter=42 (tag-drift)"]);
}

#[test]
fn the_most_tags_of_a_map_leave_room_for_those_of_a_leaver() {
    let tags: Vec<String> = (0..44).map(|n| format!("t{n}: x")).collect();
    let text =
        format!("team_tag: Team\n{}", fraud_with(&format!("tags: {{ {} }}", tags.join(", "))));
    let world = World::new(&text).group("ml-fraud", &["alice"]);
    let plan = world.plan();
    let Step::Create { tags, .. } = &plan.actions[0].step else { panic!("{plan:?}") };
    // Two more say since when a profile is leaving, and that somebody agreed to it; AWS takes 50.
    assert_eq!(tags.len(), 48);
}

#[test]
fn a_domain_that_is_not_in_service_is_said_and_skipped() {
    let mut updating = settled();
    updating.snapshot.groups.clear();
    updating.domain_mut("research").state = DomainState::Ending;
    assert_eq!(updating.told(), ["research/*: keep (domain-not-in-service)"]);
    assert_eq!(updating.plan().owned, 0);
}

#[test]
fn from_a_domain_that_is_not_settled_people_go_and_nobody_gets_anything() {
    for (state, put_off) in
        [(DomainState::Changing, "busy"), (DomainState::UpdateFailed, "domain-not-in-service")]
    {
        let mut world = World::new(TEAMS)
            .group("ml-fraud", &["alice", "bob", "dora"])
            .group("ml-churn", &[])
            .profile(ours("alice", "fraud"))
            .profile(ours("bob", "fraud").with_role(role("churn").as_str()))
            .profile(ours("carol", "fraud"));
        world.domain_mut("research").state = state;
        assert_eq!(
            world.told(),
            [
                "research/carol--fraud: hold new since=now days=7 (person-gone)".to_owned(),
                "research/alice--fraud: keep (in-agreement)".to_owned(),
                "research/*: keep (domain-not-in-service)".to_owned(),
                format!("research/bob--fraud: keep ({put_off}: would be corrected (role-drift))"),
                format!("research/dora--fraud: keep ({put_off}: would be made (entitled))"),
            ]
        );
        assert_eq!(world.plan().owned, 3);
    }
}

#[test]
fn apps_do_not_stop_for_a_correction_that_has_to_wait_for_the_domain() {
    let text = format!("{TEAMS}rollout: {{ running_apps: stop }}\n");
    let drifted = ours("alice", "fraud")
        .with_role(role("churn").as_str())
        .app("JupyterLab", AppStatus::InService);
    let mut world = World::new(&text).group("ml-fraud", &["alice"]).profile(drifted);
    world.domain_mut("research").state = DomainState::Changing;
    assert_eq!(
        world.told(),
        [
            "research/*: keep (domain-not-in-service)",
            "research/alice--fraud: keep (busy: its apps would be stopped (role-drift))",
        ]
    );
}

#[test]
fn an_unreadable_domain_does_not_stop_the_others() {
    let moved = TEAMS.replacen("domain: research", "domain: risk", 1);
    let mut world = World::new(&moved).group("ml-fraud", &["alice"]).group("ml-churn", &["alice"]);
    world.observed.domains.remove(&domain_key("risk"));
    world.observed.unreadable.insert(domain_key("risk"), "access denied".into());
    assert_eq!(
        world.told(),
        [
            "research/alice--churn: create role=studio-churn (entitled)",
            "risk/*: keep (domain-unreadable: access denied)",
        ]
    );
}

#[test]
fn a_domain_nobody_asked_about_is_left_out() {
    let mut world = World::new(TEAMS).group("ml-fraud", &["alice"]);
    world.observed.domains.remove(&domain_key("research"));
    assert_eq!(world.told(), Vec::<String>::new());
}

#[test]
fn in_a_domain_read_in_part_nothing_is_made_and_what_was_read_is_corrected() {
    let mut world = World::new(TEAMS)
        .group("ml-fraud", &["alice", "bob"])
        .profile(ours("bob", "fraud").with_role("other"));
    world.domain_mut("research").seen = Seen::People(BTreeSet::new());
    assert_eq!(
        world.told(),
        [
            "research/bob--fraud: update from=other role=studio-fraud (role-drift)",
            "research/alice--fraud: keep (partial-domain)",
        ]
    );
    // Their own profile may stand under an older name, so who has this one says nothing yet.
    let mut taken =
        World::new(TEAMS).group("ml-fraud", &["alice"]).profile(foreign("alice--fraud"));
    taken.domain_mut("research").seen = Seen::People(BTreeSet::new());
    assert!(taken.told().contains(&"research/alice--fraud: keep (partial-domain)".to_owned()));
}

#[test]
fn access_is_given_before_it_is_taken_and_holds_come_before_removals() {
    let since = "2026-11-01T12:00:00Z";
    let world = World::new(TEAMS)
        .group("ml-fraud", &["drifted", "newcomer"])
        .profile(ours("drifted", "fraud").with_role("other"))
        .profile(ours("gone", "fraud").leaving(since))
        .profile(ours("lost", "fraud"));
    assert_eq!(
        world.told(),
        [
            "research/drifted--fraud: update from=other role=studio-fraud (role-drift)",
            "research/newcomer--fraud: create role=studio-fraud (entitled)",
            "research/lost--fraud: hold new since=now days=7 (person-gone)",
            "research/gone--fraud: remove (person-gone)",
        ]
    );
}
