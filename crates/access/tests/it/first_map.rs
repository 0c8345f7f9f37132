//! First maps, written from what exists.

use crate::support::{Build, at, foreign, person_id};
use access::first_map::{Existing, ExistingDomain, FirstMap, Verification, first_map, verify};
use access::ids::{AccountId, DomainId, GroupId, IdentityStoreId, PersonId, Region, RoleArn};
use access::observed::{
    AuthMode, ObservedApplication, ObservedDomain, ObservedProfile, ObservedRole, ProfileStatus,
    Seen, TAG_INSTANCE, TAG_PERSON, TAG_TEAM, Unread,
};
use access::snapshot::{Coverage, Group, Person, Snapshot};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

pub(crate) const ACCOUNT: &str = "111122223333";

/// An installation without a map: a directory, and domains with nothing in them.
pub(crate) fn existing(domains: &[(&str, AuthMode)]) -> Existing {
    let domains = domains.iter().enumerate().map(|(place, (name, auth_mode))| ExistingDomain {
        domain_id: DomainId::parse(format!("d-{name}{place}")).unwrap(),
        account_id: AccountId::parse(ACCOUNT).unwrap(),
        region: Region::parse("eu-west-1").unwrap(),
        name: Some((*name).to_owned()),
        assume_role: None,
        kms_key: None,
        observed: ObservedDomain {
            auth_mode: *auth_mode,
            state: access::observed::DomainState::InService,
            profiles: BTreeMap::new(),
            application: (*auth_mode == AuthMode::Sso).then(|| ObservedApplication {
                arn: "arn:aws:sso::111122223333:application/ssoins-1/apl-1".to_owned(),
                ..ObservedApplication::default()
            }),
            url: None,
            default_role: Some(arn("studio-default")),
            home_file_system: None,
            seen: Seen::Everybody,
            unread: Unread::default(),
            profile_quota: None,
            elsewhere: BTreeMap::new(),
        },
    });
    Existing {
        region: Region::parse("eu-west-1").unwrap(),
        identity_store_id: IdentityStoreId::parse("d-906716eb24").unwrap(),
        snapshot: Snapshot {
            people: BTreeMap::new(),
            groups: BTreeMap::new(),
            coverage: Coverage::Complete,
            offboarded: BTreeMap::new(),
            barred: BTreeMap::new(),
            temporary: BTreeMap::new(),
        },
        domains: domains.collect(),
        roles: BTreeMap::new(),
    }
}

pub(crate) fn arn(role: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/{role}")
}

/// Adds somebody by user name.
pub(crate) fn person(existing: &mut Existing, user_name: &str, enabled: bool) -> PersonId {
    let known = existing.snapshot.people.values().find(|person| person.user_name == user_name);
    if let Some(known) = known {
        return known.id.clone();
    }
    let id = person_id(&format!("{}", existing.snapshot.people.len()));
    let person = Person {
        id: id.clone(),
        user_name: user_name.to_owned(),
        display_name: String::new(),
        enabled,
    };
    existing.snapshot.people.insert(id.clone(), person);
    id
}

pub(crate) fn group(existing: &mut Existing, name: &str, members: &[&str]) {
    let members: BTreeSet<PersonId> =
        members.iter().map(|member| person(existing, member, true)).collect();
    let id = GroupId::parse(format!("g{}", existing.snapshot.groups.len())).unwrap();
    let group = Group { id: id.clone(), display_name: name.to_owned(), members };
    existing.snapshot.groups.insert(id, group);
}

pub(crate) fn profile(existing: &mut Existing, domain: usize, profile: ObservedProfile) {
    let profiles = &mut existing.domains[domain].observed.profiles;
    profiles.insert(profile.name.folded(), profile);
}

/// A profile with a role.
fn with(name: &str, role: &str) -> ObservedProfile {
    foreign(name).with_role(&arn(role))
}

/// The map, and what came of it: the first plan has nothing to do, and nothing surprises later.
#[track_caller]
pub(crate) fn written(existing: &Existing) -> (FirstMap, Verification) {
    let first = first_map(existing);
    assert_eq!(first_map(existing), first, "the same facts, the same map");
    let verified = verify(existing, &first, at("2026-11-21T12:00:00Z"));
    let verified = verified.unwrap_or_else(|errors| panic!("{errors:?}\n{}", first.text));
    assert!(verified.first.is_empty(), "{:?}\n{}", verified.first, first.text);
    assert!(verified.surprises.is_empty(), "{:?}\n{}", verified.surprises, first.text);
    (first, verified)
}

fn findings(first: &FirstMap) -> Vec<String> {
    first.findings.iter().map(access::first_map::Finding::line).collect()
}

/// Four people, two roles, and what goes wrong with profiles that were made by hand.
fn company() -> Existing {
    let mut world = existing(&[("research-studio", AuthMode::Iam)]);
    group(
        &mut world,
        "ml-fraud",
        &["ana.silva@example.com", "ben@example.com", "cleo@example.com"],
    );
    group(&mut world, "ml-churn", &["dora@example.com", "emil@example.com"]);
    group(
        &mut world,
        "everybody",
        &["ana.silva@example.com", "dora@example.com", "zoe", "yan", "x"],
    );
    for (name, role) in [
        ("ana-silva", "studio-fraud"),
        ("fraud-ben", "studio-fraud"),
        ("Dora-churn", "studio-churn"),
        ("emil", "studio-churn"),
    ] {
        let settings =
            json!({ "SecurityGroups": ["sg-1"], "JupyterLabAppSettings": { "n": name } });
        profile(&mut world, 0, with(name, role).settings(settings).tagged("CostCenter", "42"));
    }
    world
}

#[test]
fn a_company_is_told_as_a_map_with_a_reason_for_each_line() {
    let (first, verified) = written(&company());
    insta::assert_snapshot!("company", first.text);
    assert_eq!((verified.to_make, verified.to_assign), (1, 0));
}

#[test]
fn what_is_not_explained_is_left_alone_and_said() {
    let mut world = company();
    person(&mut world, "gone@example.com", false);
    person(&mut world, "zoe@example.com", true);
    profile(&mut world, 0, with("gone", "studio-fraud"));
    profile(&mut world, 0, with("zoe", "studio-fraud"));
    profile(&mut world, 0, with("nobody", "studio-fraud"));
    profile(&mut world, 0, with("ana-silva-studio", "studio-fraud"));
    profile(&mut world, 0, with("yan", "studio-churn"));
    profile(&mut world, 0, with("broken", "studio-fraud").status(ProfileStatus::Failed));
    profile(
        &mut world,
        0,
        with("other", "studio-fraud").with_role("arn:aws:iam::999999999999:role/x"),
    );
    profile(
        &mut world,
        0,
        with("old", "studio-fraud")
            .tagged(TAG_INSTANCE, "test")
            .tagged(TAG_PERSON, "p")
            .tagged(TAG_TEAM, "t"),
    );
    let (first, _) = written(&world);
    assert_eq!(
        findings(&first),
        [
            "profile-failed profile broken: its state is Failed",
            "other-instance profile old: it belongs to the installation `test` of Stagedoor",
            "role-elsewhere profile other: its role arn:aws:iam::999999999999:role/x is no role of \
             the domain's account",
            "not-a-member team churn, profile yan, of yan: its person is in no group that explains \
             the team; in others: everybody",
            "entitled team fraud, cleo@example.com: has no profile of the team; it is made when the \
             team is enforced",
            "person-disabled team fraud, profile gone, of gone@example.com: the directory does not \
             let its person sign in",
            "duplicate team fraud, profile ana-silva-studio, of ana.silva@example.com: the person \
             has another profile with this role; one person has one profile for a team",
            "person-unknown team fraud, profile nobody: nobody in the directory has a user name \
             like it",
            "person-ambiguous team fraud, profile zoe: it may be that of zoe or of zoe@example.com",
        ]
        .map(str::to_owned)
        .to_vec()
    );
}

/// It was said that nobody is called so, and that a profile would be made, which its name forbids.
#[test]
fn a_profile_in_the_way_of_the_one_that_would_be_made_is_told_of() {
    let mut world = existing(&[("lab", AuthMode::Iam), ("sso", AuthMode::Sso)]);
    group(&mut world, "forecast", &["ana", "marco", "ines"]);
    group(&mut world, "leads", &["ana", "ben"]);
    profile(&mut world, 0, with("ana", "studio-forecast"));
    profile(&mut world, 0, with("marco--forecast", "notebooks-2023"));
    for (name, user, role) in [("a1", "ana", "leads"), ("b1", "BEN", "other")] {
        let mut made = with(name, role);
        made.sso_user = Some(user.into());
        profile(&mut world, 1, made);
    }
    let (first, verified) = written(&world);
    let in_the_way = "it stands where the person's profile of the team would be made, so none is; \
                      write it under `adopt` if it is theirs";
    assert_eq!(
        findings(&first),
        [
            "entitled team forecast, ines: has no profile of the team; it is made when the team is \
             enforced"
                .to_owned(),
            format!("name-taken team forecast, profile marco--forecast, of marco: {in_the_way}"),
            "person-unknown team notebooks-2023, profile marco--forecast: by what stands before \
             `--` it may be that of marco, which is not enough to take it over"
                .to_owned(),
            format!("name-taken team leads, profile b1, of ben: {in_the_way}"),
            "not-a-member team other, profile b1, of ben: its person is in no group that explains \
             the team; in others: leads"
                .to_owned(),
        ]
    );
    assert_eq!(verified.to_make, 1);
}

#[test]
fn a_profile_of_another_installation_in_the_way_is_not_to_be_taken_over() {
    let mut world = existing(&[("lab", AuthMode::Iam), ("sso", AuthMode::Sso)]);
    group(&mut world, "forecast", &["ana", "marco"]);
    group(&mut world, "leads", &["ben", "cy"]);
    profile(&mut world, 0, with("ana", "studio-forecast"));
    let theirs = |name: &str, role: &str| with(name, role).tagged(TAG_INSTANCE, "stage");
    profile(&mut world, 0, theirs("marco--forecast", "theirs"));
    for mut made in [with("b1", "leads"), theirs("c1", "leads")] {
        made.sso_user = Some(if made.name.folded() == "b1" { "ben" } else { "CY" }.into());
        profile(&mut world, 1, made);
    }
    let (first, verified) = written(&world);
    let in_the_way = "it stands where the person's profile of the team would be made, so none is; it belongs to \
                      another installation of Stagedoor";
    let theirs = "it belongs to the installation `stage` of Stagedoor";
    assert_eq!(
        findings(&first),
        [
            format!("other-instance profile marco--forecast: {theirs}"),
            format!("name-taken team forecast, profile marco--forecast, of marco: {in_the_way}"),
            format!("other-instance profile c1: {theirs}"),
            format!("sso-user-taken team leads, profile c1, of cy: {in_the_way}"),
        ]
    );
    assert_eq!(verified.to_make, 0);
}

#[test]
fn a_tag_tells_whose_a_profile_is_unless_it_tells_the_same_of_all() {
    let mut world = existing(&[("lab", AuthMode::Iam)]);
    group(&mut world, "lab", &["ana", "ben", "cleo"]);
    for (name, user) in [("u-001", "ana"), ("u-002", "ben"), ("u-003", "cleo")] {
        let profile = with(name, "studio-lab").tagged("studiouserid", user).tagged("Owner", "ana");
        self::profile(&mut world, 0, profile);
    }
    let (first, verified) = written(&world);
    assert_eq!(findings(&first), Vec::<String>::new());
    let of: Vec<(&str, &str)> =
        verified.map.adopt.iter().map(|a| (a.profile.as_str(), a.person.as_str())).collect();
    assert_eq!(of, [("u-001", "ana"), ("u-002", "ben"), ("u-003", "cleo")]);
    let team = verified.map.teams.values().next().unwrap();
    assert_eq!(team.tags, BTreeMap::from([("Owner".to_owned(), "ana".to_owned())]));
}

#[test]
fn a_name_and_a_tag_that_contradict_each_other_tell_nothing() {
    let mut world = existing(&[("lab", AuthMode::Iam)]);
    group(&mut world, "lab", &["ana", "ben"]);
    profile(&mut world, 0, with("ana", "studio-lab").tagged("user", "ben"));
    profile(&mut world, 0, with("x-2", "studio-lab").tagged("user", "ana"));
    let (first, verified) = written(&world);
    assert!(
        findings(&first).contains(
            &"person-ambiguous team lab, profile ana: it may be that of ana or of ben".into()
        ),
        "{:?}",
        findings(&first)
    );
    let adopted: Vec<&str> = verified.map.adopt.iter().map(|a| a.profile.as_str()).collect();
    assert_eq!(adopted, ["x-2"]);
}

#[test]
fn in_sso_mode_priorities_keep_everybody_in_the_team_whose_profile_they_have() {
    let mut world = existing(&[("sso", AuthMode::Sso)]);
    group(&mut world, "analysts", &["ana", "ben", "cleo", "dora"]);
    group(&mut world, "leads", &["ana", "ben"]);
    for (user, role) in [("ana", "lead"), ("ben", "lead"), ("cleo", "analyst"), ("dora", "analyst")]
    {
        let mut profile = with(&format!("{user}-x1y2"), role);
        profile.sso_user = Some(user.into());
        self::profile(&mut world, 0, profile);
    }
    world.domains[0].observed.profiles.values_mut().next().unwrap().execution_role = None;
    world.domains[0].observed.default_role = Some(arn("lead"));
    let (first, verified) = written(&world);
    assert_eq!(findings(&first), Vec::<String>::new());
    let grants: Vec<(&str, i32)> =
        verified.map.grants.iter().map(|g| (g.group.as_str(), g.priority)).collect();
    assert_eq!(grants, [("analysts", 10), ("leads", 20)]);
    assert_eq!((first.adopted.len(), first.inheriting.len()), (4, 1));
    assert_eq!((verified.to_make, verified.to_assign), (0, 2));
}

#[test]
fn a_few_groups_explain_what_no_single_one_does_and_chance_explains_nothing() {
    let mut world = existing(&[("lab", AuthMode::Iam)]);
    group(&mut world, "north", &["ana", "ben"]);
    group(&mut world, "south", &["cleo", "dora"]);
    group(&mut world, "first-aid", &["emil"]);
    group(&mut world, "all", &["ana", "ben", "cleo", "dora", "emil", "f", "g", "h", "i", "j", "k"]);
    for name in ["ana", "ben", "cleo", "dora", "emil"] {
        profile(&mut world, 0, with(name, "vision"));
    }
    let (first, verified) = written(&world);
    let groups: Vec<&str> = verified.map.grants.iter().map(|g| g.group.as_str()).collect();
    assert_eq!(groups, ["north", "south"]);
    assert_eq!(
        findings(&first),
        [
            "not-a-member team vision, profile emil, of emil: its person is in no group that explains \
          the team; in others: all, first-aid"
        ]
    );
}

#[test]
fn texts_of_others_cannot_leave_their_place_in_the_map() {
    let mut world = existing(&[("lab", AuthMode::Iam)]);
    world.domains[0].name = Some("lab\nadopt:\n  - x".to_owned());
    let hostile = "a\"b\\c: #\n\u{2028}- {é}";
    group(&mut world, "g\"\n# : [", &["eve"]);
    person(&mut world, hostile, true);
    group(&mut world, "{team}", &["eve"]);
    profile(&mut world, 0, with("eve", "studio-lab").tagged("k\n", "v"));
    profile(
        &mut world,
        0,
        with("x", "studio-lab").settings(json!({"a\"\n": ["\u{7f}", null, 1.5]})),
    );
    let mut sso = with("y", "studio-lab");
    sso.sso_user = Some(hostile.into());
    profile(&mut world, 0, sso);
    let (first, verified) = written(&world);
    assert_eq!(verified.map.grants[0].group, "g\"\n# : [");
    assert!(first.text.lines().all(|line| !line.contains('\u{2028}')));
}

#[test]
fn roles_with_a_common_name_are_folded_and_others_written_out() {
    let mut world = existing(&[("lab", AuthMode::Iam)]);
    for (name, role) in
        [("ana", "studio-fraud"), ("ben", "studio-churn"), ("cleo", "team/Odd_Role")]
    {
        person(&mut world, name, true);
        group(&mut world, &format!("g-{name}"), &[name]);
        profile(&mut world, 0, with(name, role));
    }
    let role = |name: &str| RoleArn::parse(arn(name)).unwrap();
    world.roles.insert(role("studio-churn"), ObservedRole::Untrusted);
    let (first, verified) = written(&world);
    assert_eq!(
        first.text.matches("execution_role: \"studio-{team}\"").count(),
        2,
        "{}",
        first.text
    );
    let roles: BTreeSet<&str> =
        verified.map.teams.values().map(|t| t.placements[0].execution_role.as_str()).collect();
    let wanted = ["studio-fraud", "studio-churn", "team/Odd_Role"].map(arn);
    assert_eq!(roles, wanted.iter().map(String::as_str).collect());
    assert!(findings(&first)[0].starts_with("role-untrusted team churn"), "{:?}", findings(&first));
}

/// Without the use of it a persona's role would start no app.
#[test]
fn the_key_of_a_domains_volumes_is_written_for_each_of_its_teams() {
    const ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";
    let ours = format!("arn:aws:kms:eu-west-1:{ACCOUNT}:key/{ID}");
    let theirs = format!("arn:aws-us-gov:kms:us-gov-west-1:444455556666:key/mrk-{ID}");
    for (key, wanted) in [
        (None, None),
        (Some(ID), Some(&ours)),
        (Some(ours.as_str()), Some(&ours)),
        (Some(theirs.as_str()), Some(&theirs)),
        (Some("alias/studio"), None),
        (Some("arn:aws:kms:eu-west-1:111122223333:alias/studio"), None),
        (Some("arn:aws:kms:eu-west-1:111122223333:key/*"), None),
        (Some("k\" ] }\ngrants: []"), None),
    ] {
        let mut world = existing(&[("lab", AuthMode::Iam), ("other", AuthMode::Iam)]);
        world.domains[0].kms_key = key.map(str::to_owned);
        group(&mut world, "lab", &["ana"]);
        profile(&mut world, 0, with("ana", "studio-lab"));
        profile(&mut world, 1, with("ana", "studio-other"));
        let (first, verified) = written(&world);
        let volumes: Vec<_> = verified
            .map
            .teams
            .values()
            .map(|team| team.role.kms_keys.as_ref().map(|keys| keys.volumes.clone()))
            .collect();
        assert_eq!(volumes, [wanted.map(|arn| vec![arn.clone()]), None], "{key:?}");
        let told = first.text.contains("with a persona, write its ARN as kms_keys.volumes");
        assert_eq!(told, key.is_some() && wanted.is_none(), "{key:?}");
    }
}

#[test]
fn a_domain_without_profiles_makes_a_valid_map() {
    let (first, verified) = written(&existing(&[("new", AuthMode::Iam), ("new", AuthMode::Sso)]));
    let keys: Vec<String> = first.domains.iter().map(ToString::to_string).collect();
    assert_eq!(keys, ["new", "new-2"]);
    assert!(verified.map.teams.is_empty());
    assert!(first.text.ends_with("# Everything that was found is explained.\n"));
}
