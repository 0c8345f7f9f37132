//! Who is entitled, and what is noted about the grants.

use crate::support::{World, at, map_of};
use access::drift::drift;
use access::entitlement::{Entitlement, entitlements, wanted_groups};
use access::ids::GroupId;
use access::reason::ReasonCode::{self, GrantAmbiguous, GrantNotInForce, GroupMissing};
use std::collections::BTreeSet;

/// Teams, each with its persona; `grants` is YAML.
fn map_with(teams: &[(&str, &str)], grants: &str) -> String {
    let personas: BTreeSet<&str> = teams.iter().map(|(_, persona)| *persona).collect();
    let personas: Vec<String> = personas
        .iter()
        .map(|persona| format!("  {persona}: {{ activities: [run-studio-apps] }}\n"))
        .collect();
    let teams: Vec<String> = teams
        .iter()
        .map(|(team, persona)| {
            format!(
                "  {team}: {{ domain: research, persona: {persona}, network: anywhere, \
                 execution_role: \"arn:aws:iam::{{account_id}}:role/studio-{{team}}\" }}\n"
            )
        })
        .collect();
    let (personas, teams) = (personas.concat(), teams.concat());
    format!("personas:\n{personas}teams:\n{teams}grants:\n{grants}")
}

/// `person/team` of each right.
fn rights(world: &World) -> Vec<String> {
    let all = entitlements(&world.map, &world.snapshot, world.now);
    let person =
        |right: &Entitlement<'_>| right.person.id.as_str().trim_start_matches("id-").to_owned();
    all.all().iter().map(|right| format!("{}/{}", person(right), right.team)).collect()
}

fn notes(world: &World) -> Vec<(ReasonCode, String)> {
    let all = entitlements(&world.map, &world.snapshot, world.now);
    all.notes.into_iter().map(|note| (note.code, note.group)).collect()
}

#[test]
fn a_pattern_gives_each_team_to_the_group_that_names_it() {
    let map = map_with(
        &[("fraud", "scientist"), ("churn", "engineer")],
        "  - { group: \"ml-{team}-{persona}\", team: \"{team}\" }\n",
    );
    let world = World::new(&map)
        .group("ml-fraud-scientist", &["alice"])
        .group("ml-churn-engineer", &["alice", "bob"])
        .group("ml-churn-scientist", &["carol"])
        .group("ml-sales-engineer", &["dave"]);
    assert_eq!(rights(&world), ["alice/churn", "alice/fraud", "bob/churn"]);
    assert_eq!(notes(&world), []);
    assert_eq!(
        wanted_groups(&world.map).names.into_iter().collect::<Vec<_>>(),
        ["ml-churn-engineer", "ml-fraud-scientist"]
    );
}

#[test]
fn names_are_compared_exactly() {
    let map = map_with(&[("fraud", "p")], "  - { group: \"ml-{team}\", team: \"{team}\" }\n");
    let world = World::new(&map)
        .group("ML-fraud", &["alice"])
        .group("ml-fraud2", &["alice"])
        .group("xml-fraud", &["alice"]);
    assert_eq!(rights(&world), Vec::<String>::new());
    assert_eq!(notes(&world), [(GroupMissing, "ml-{team}".into())]);
}

#[test]
fn a_name_that_fits_two_teams_gives_neither() {
    let map = map_with(
        &[("a", "b-c"), ("a-b", "c"), ("d", "c")],
        "  - { group: \"ml-{team}-{persona}\", team: \"{team}\" }\n",
    );
    let world = World::new(&map).group("ml-a-b-c", &["alice"]).group("ml-d-c", &["alice"]);
    assert_eq!(rights(&world), ["alice/d"]);
    assert_eq!(notes(&world), [(GrantAmbiguous, "ml-a-b-c".into())]);
    let without = World::new(&map).group("ml-d-c", &["alice"]);
    assert_eq!(notes(&without), []);
}

#[test]
fn a_grant_whose_group_gives_nobody_anything_is_drift_and_one_that_is_not_in_force_is_not() {
    let grants = "  - { group: \"ml-{team}-{persona}\", team: \"{team}\" }\n  \
                  - { group: gone, team: a }\n  \
                  - { group: later, team: a, from: 2027-01-01 }\n";
    let world = World::new(&map_with(&[("a", "b-c"), ("a-b", "c")], grants));
    let world = world.group("ml-a-b-c", &["alice"]).group("later", &[]);
    let found = drift(&world.map, &world.observed, &world.plan());
    let told: Vec<_> = found.iter().map(|it| (it.code, it.text.as_deref().unwrap())).collect();
    let [gone, ambiguous] = [1, 0].map(|grant| world.map.grants[grant].place.to_string());
    assert_eq!(
        told,
        [
            (GroupMissing, format!("group `gone`, {gone}").as_str()),
            (GrantAmbiguous, format!("group `ml-a-b-c`, {ambiguous}").as_str()),
        ]
    );
    assert!(found.iter().all(|it| it.domain.is_none() && !it.corrected), "{found:?}");
}

#[test]
fn a_grant_is_in_force_from_its_first_instant_to_before_its_last() {
    let map = map_with(
        &[("fraud", "p")],
        "  - { group: ml, team: fraud, from: 2026-12-01T08:00:00Z, until: 2026-12-02T08:00:00Z }\n",
    );
    let world = World::new(&map).group("ml", &["alice"]);
    for (now, in_force) in [
        ("2026-12-01T07:59:59.999999999Z", false),
        ("2026-12-01T08:00:00Z", true),
        ("2026-12-02T07:59:59.999999999Z", true),
        ("2026-12-02T08:00:00Z", false),
    ] {
        let world = world.clone().at(now);
        assert_eq!(!rights(&world).is_empty(), in_force, "{now}");
        let expected = if in_force { vec![] } else { vec![(GrantNotInForce, "ml".to_owned())] };
        assert_eq!(notes(&world), expected, "{now}");
    }
}

#[test]
fn the_first_grant_is_the_reason_and_the_last_end_counts() {
    let until = |grants: &str| {
        let world = World::new(&map_with(&[("fraud", "p")], grants))
            .group("one", &["alice"])
            .group("two", &["alice"]);
        let all = entitlements(&world.map, &world.snapshot, world.now);
        let entitlement = all.all().iter().next().unwrap();
        assert_eq!(entitlement.because().group_name, "one");
        entitlement.until()
    };
    let early = "  - { group: one, team: fraud, until: 2026-12-01T00:00:00Z }\n";
    assert_eq!(until(early), Some(at("2026-12-01T00:00:00Z")));
    let late = format!("{early}  - {{ group: two, team: fraud, until: 2026-12-05T00:00:00Z }}\n");
    assert_eq!(until(&late), Some(at("2026-12-05T00:00:00Z")));
    let open = format!("{early}  - {{ group: two, team: fraud }}\n");
    assert_eq!(until(&open), None);
}

#[test]
fn strangers_and_disabled_people_get_nothing() {
    let map = map_with(&[("fraud", "p")], "  - { group: ml, team: fraud }\n");
    let mut world = World::new(&map).group("ml", &["alice", "bob", "carol"]);
    world.person_mut("alice").enabled = false;
    world.snapshot.people.remove(&crate::support::person_id("bob"));
    assert_eq!(rights(&world), ["carol/fraud"]);
}

#[test]
fn two_groups_of_one_name_both_count() {
    let map = map_with(&[("fraud", "p")], "  - { group: ml, team: fraud }\n");
    let world = World::new(&map).group("ml", &["alice"]).group("ml", &["bob"]);
    assert_eq!(rights(&world), ["alice/fraud", "bob/fraud"]);
}

#[test]
fn a_group_that_a_grant_names_by_id_may_be_renamed() {
    let map = map_with(&[("fraud", "p")], "  - { group_id: g0-ml, team: fraud }\n");
    let mut world = World::new(&map).group("ml", &["alice"]).group("g0-ml", &["bob"]);
    assert_eq!(rights(&world), ["alice/fraud"]);
    for group in world.snapshot.groups.values_mut() {
        group.display_name = "ml-renamed".into();
    }
    assert_eq!(rights(&world), ["alice/fraud"]);
    assert_eq!(notes(&world), []);
    world.snapshot.groups.clear();
    assert_eq!(notes(&world), [(GroupMissing, "g0-ml".into())]);
    assert!(wanted_groups(&world.map).names.is_empty());
}

#[test]
fn a_grant_takes_the_group_of_the_directory_that_it_names() {
    let several = "{ sources: [ { name: corp, file: a.yaml }, { name: partners, file: b.yaml } ] }";
    let rights_by = |grants: &str| {
        let map = map_with(&[("fraud", "p")], grants);
        let teams = map.split_once("grants:").unwrap().0;
        let mut world = World::new(teams).group("ml", &["alice"]).group("ml", &["bob"]);
        let (id, mut theirs) = world.snapshot.groups.pop_last().unwrap();
        theirs.id = GroupId::parse(format!("partners:{id}")).unwrap();
        world.snapshot.groups.insert(theirs.id.clone(), theirs);
        world.map = map_of(several, &map);
        (rights(&world), notes(&world))
    };
    let all = |people: &[&str]| people.iter().map(|person| format!("{person}/fraud")).collect();
    let cases: [(&str, Vec<String>); 5] = [
        ("{ group: ml, team: fraud }", all(&["alice", "bob"])),
        ("{ group: ml, directory: corp, team: fraud }", all(&["alice"])),
        ("{ group: ml, directory: partners, team: fraud }", all(&["bob"])),
        ("{ group: \"{team}\", directory: corp, team: \"{team}\" }", vec![]),
        ("{ group_id: \"partners:g1-ml\", team: fraud }", all(&["bob"])),
    ];
    for (grant, expected) in cases {
        let (rights, notes) = rights_by(&format!("  - {grant}\n"));
        assert_eq!(rights, expected, "{grant}");
        let missing = notes.iter().filter(|(code, _)| *code == GroupMissing).count();
        assert_eq!(missing, usize::from(expected.is_empty()), "{grant}");
    }
}

#[test]
fn a_renamed_group_is_missed_by_a_complete_reading_only() {
    let map = map_with(&[("fraud", "p")], "  - { group: ml, team: fraud }\n");
    let world = World::new(&map).group("ml-renamed", &["alice"]);
    assert_eq!(notes(&world), [(GroupMissing, "ml".into())]);
    // The reading of some people holds their own groups alone.
    assert_eq!(notes(&world.covering(&["alice"])), []);
}
