//! The watch can fail: each of its invariants is broken once, and reported by name.

use super::{STALE, Watch};
use crate::deed::{Deed, Owner, Scene, What};
use crate::invariant::Invariant;
use crate::truth::Truth;
use crate::world::{Directory, Domain, Grant, Group, Map, Person, Team};
use access::observed::{TAG_INSTANCE, TAG_LEAVING, TAG_PERSON, TAG_TEAM};
use jiff::{SignedDuration, Timestamp};
use sandbox::{AppView, ProfileView, SpaceView};
use std::collections::{BTreeMap, BTreeSet};

fn at(time: &str) -> Timestamp {
    format!("2026-11-21T{time}Z").parse().unwrap()
}

/// Ana of fraud; Ben was never anywhere. Nothing is held but for an hour; one may be taken away.
fn truth() -> Truth {
    let person = |name: &str| Person { user_name: name.into(), enabled: true };
    let people = ["ana", "ben"].map(|name| (name.to_owned(), person(name)));
    let group = Group { name: "ml-fraud".into(), members: BTreeSet::from(["ana".to_owned()]) };
    let map = Map {
        domains: vec![Domain {
            key: "research".into(),
            id: "d-research".into(),
            account: "111122223333".into(),
            sso: false,
        }],
        teams: vec![Team {
            key: "fraud".into(),
            domain: "research".into(),
            cost_center: None,
            portal: false,
            role: "studio-fraud".into(),
        }],
        temporary: Vec::new(),
        grants: vec![Grant {
            group: "ml-{team}".into(),
            team: None,
            priority: 0,
            from: None,
            until: None,
        }],
        hold: 3_600,
        max_removals: 1,
        max_percent: 100,
    };
    let directory =
        Directory { people: people.into(), groups: BTreeMap::from([("g".to_owned(), group)]) };
    Truth::new(map, directory, at("08:00:00"))
}

fn tags(person: &str) -> BTreeMap<String, String> {
    [(TAG_INSTANCE, "default"), (TAG_PERSON, person), (TAG_TEAM, "fraud")]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into()
}

fn profile(person: &str) -> ProfileView {
    ProfileView {
        name: format!("{person}--fraud"),
        status: "InService",
        execution_role: None,
        sso_user: None,
        home_uid: "200005".into(),
        tags: tags(person),
    }
}

fn leaving(mut profile: ProfileView, since: &str) -> ProfileView {
    profile.tags.insert(TAG_LEAVING.into(), at(since).to_string());
    profile
}

fn space(owner: &str, sharing: &str) -> SpaceView {
    SpaceView {
        name: "lab".into(),
        owner: Some(format!("{owner}--fraud")),
        sharing: Some(sharing.into()),
        status: "InService",
    }
}

fn app(space: &str) -> AppView {
    AppView {
        name: "default".into(),
        app_type: "JupyterLab".into(),
        profile: None,
        space: Some(space.into()),
        status: "InService",
    }
}

fn scene(profiles: Vec<ProfileView>) -> Scene {
    Scene { profiles, ..Scene::default() }
}

fn named(person: &str) -> String {
    format!("{person}--fraud")
}

fn mark(person: &str) -> What {
    let tags = BTreeMap::from([(TAG_LEAVING.to_owned(), "now".to_owned())]);
    What::Tag { profile: named(person), tags }
}

/// A watch that knows of Ben's home directory.
fn watch() -> Watch {
    let homes = BTreeSet::from([("research".to_owned(), named("ben"), "200005".to_owned())]);
    Watch { homes, ..Watch::default() }
}

/// What the watch says of one deed at noon.
fn judged(watch: &mut Watch, what: What, scene: &Scene) -> Vec<Invariant> {
    let deed = Deed { replica: 0, domain: "d-research".into(), what };
    let from = watch.tally.violations.len();
    watch.judge(at("12:00:00"), &deed, scene, &truth());
    watch.tally.violations[from..].iter().map(|violation| violation.invariant).collect()
}

#[test]
fn what_is_right_is_not_reported() {
    let ben = scene(vec![leaving(profile("ben"), "09:00:00")]);
    let ana = scene(vec![profile("ana")]);
    let made = What::Create { profile: named("ana"), tags: tags("ana") };
    for (what, scene) in [
        (made, &Scene::default()),
        (What::Update { profile: named("ana"), role: None }, &ana),
        (mark("ben"), &ben),
        (What::StopApp { owner: Owner::Profile(named("ben")) }, &ben),
        (What::DeleteProfile { profile: named("ben") }, &ben),
    ] {
        assert_eq!(judged(&mut watch(), what.clone(), scene), [], "{what:?}");
    }
}

#[test]
fn others_untouched() {
    let mut other = profile("ben");
    other.tags.clear();
    let other = scene(vec![other]);
    let what = What::Update { profile: named("ben"), role: None };
    assert_eq!(judged(&mut watch(), what, &other), [Invariant::OthersUntouched]);
    let mut orphan = scene(vec![]);
    orphan.spaces = vec![SpaceView { owner: None, ..space("ben", "Private") }];
    let what = What::DeleteSpace { space: "lab".into() };
    assert!(judged(&mut watch(), what, &orphan).contains(&Invariant::OthersUntouched));
}

#[test]
fn nobody_without_right() {
    let what = What::Create { profile: named("ben"), tags: tags("ben") };
    let found = judged(&mut watch(), what, &Scene::default());
    assert_eq!(found, [Invariant::NobodyWithoutRight]);
    let what = What::Update { profile: named("ben"), role: None };
    let found = judged(&mut watch(), what, &scene(vec![profile("ben")]));
    assert_eq!(found, [Invariant::NobodyWithoutRight]);
}

#[test]
fn entitled_keep_theirs_whatever_is_taken() {
    let mut ana = scene(vec![leaving(profile("ana"), "09:00:00")]);
    ana.spaces = vec![space("ana", "Private")];
    for what in [
        mark("ana"),
        What::StopApp { owner: Owner::Space("lab".into()) },
        What::DeleteSpace { space: "lab".into() },
    ] {
        let found = judged(&mut watch(), what.clone(), &ana);
        assert_eq!(found, [Invariant::EntitledKeepTheirs], "{what:?}");
    }
    let mut half = Watch { directory_half: true, ..watch() };
    let found = judged(&mut half, mark("ana"), &ana);
    assert_eq!(found, [Invariant::EntitledKeepTheirs, Invariant::PartialTakesNothing]);
}

#[test]
fn who_had_no_right_a_moment_ago_may_still_be_under_way() {
    let (mut truth, ana) = (truth(), scene(vec![profile("ana")]));
    let group = truth.directory.groups.get_mut("g").unwrap();
    group.members.clear();
    truth.observe(at("11:00:00"));
    truth.directory.groups.get_mut("g").unwrap().members.insert("ana".into());
    let back = at("11:30:00");
    truth.observe(back);
    let deed = Deed { replica: 0, domain: "d-research".into(), what: mark("ana") };
    let mut watch = watch();
    watch.judge(back + STALE - SignedDuration::from_secs(1), &deed, &ana, &truth);
    assert_eq!(watch.tally.violations, []);
    watch.judge(back + STALE, &deed, &ana, &truth);
    assert_eq!(watch.tally.violations[0].invariant, Invariant::EntitledKeepTheirs);
}

#[test]
fn one_profile_each() {
    let what = What::Create { profile: "ana-2".into(), tags: tags("ana") };
    let found = judged(&mut watch(), what, &scene(vec![profile("ana")]));
    assert_eq!(found, [Invariant::OneProfileEach]);
}

#[test]
fn hold_kept() {
    let what = || What::DeleteProfile { profile: named("ben") };
    let early = scene(vec![leaving(profile("ben"), "11:30:00")]);
    assert_eq!(judged(&mut watch(), what(), &early), [Invariant::HoldKept]);
    let unmarked = scene(vec![profile("ben")]);
    assert_eq!(judged(&mut watch(), what(), &unmarked), [Invariant::HoldKept]);
}

#[test]
fn shared_spaces_stay() {
    let mut ben = scene(vec![leaving(profile("ben"), "09:00:00")]);
    ben.spaces = vec![space("ben", "Shared")];
    let found = judged(&mut watch(), What::DeleteSpace { space: "lab".into() }, &ben);
    assert_eq!(found, [Invariant::SharedSpacesStay]);
}

#[test]
fn apps_spaces_profile() {
    let mut ben = scene(vec![leaving(profile("ben"), "09:00:00")]);
    ben.spaces = vec![space("ben", "Private")];
    let found = judged(&mut watch(), What::DeleteProfile { profile: named("ben") }, &ben);
    assert_eq!(found, [Invariant::AppsSpacesProfile]);
    ben.apps = vec![app("lab")];
    let found = judged(&mut watch(), What::DeleteSpace { space: "lab".into() }, &ben);
    assert_eq!(found, [Invariant::AppsSpacesProfile]);
    // An app that was started a minute ago may not have been seen.
    let mut watch = watch();
    watch.made.insert("d-research/lab/default".into(), at("11:59:00"));
    assert_eq!(judged(&mut watch, What::DeleteSpace { space: "lab".into() }, &ben), []);
}

#[test]
fn home_on_record() {
    let ben = scene(vec![leaving(profile("ben"), "09:00:00")]);
    let mut watch = Watch::default();
    let found = judged(&mut watch, What::DeleteProfile { profile: named("ben") }, &ben);
    assert_eq!(found, [Invariant::HomeOnRecord]);
}

#[test]
fn guard_holds() {
    let both = scene(vec![profile("ben"), profile("cem")]);
    let mut watch = watch();
    assert_eq!(judged(&mut watch, mark("ben"), &both), []);
    // Once more is no more.
    assert_eq!(judged(&mut watch, mark("ben"), &both), []);
    assert_eq!(judged(&mut watch, mark("cem"), &both), [Invariant::GuardHolds]);
    let keys = BTreeSet::from([TAG_LEAVING.to_owned()]);
    judged(&mut watch, What::Untag { profile: named("ben"), keys }, &both);
    assert_eq!(judged(&mut watch, mark("cem"), &both), []);
}

#[test]
fn one_hand_each() {
    let mut watch = watch();
    let now = at("12:00:00");
    watch.begin(now, "ana", 0);
    watch.begin(now, "ana", 0);
    watch.begin(now, "ben", 1);
    assert_eq!(watch.tally.violations, []);
    watch.end("ana", 0);
    watch.begin(now, "ana", 1);
    assert_eq!(watch.tally.violations[0].invariant, Invariant::OneHandEach);
    watch.end("ana", 0);
    watch.end("ana", 1);
    watch.begin(now, "ana", 1);
    assert_eq!(watch.tally.violations.len(), 1);
}

#[test]
fn frozen_is_still() {
    let ana = scene(vec![profile("ana")]);
    let mut watch = Watch { frozen_since: Some(at("11:57:00")), ..watch() };
    let found = judged(&mut watch, What::Update { profile: named("ana"), role: None }, &ana);
    assert_eq!(found, [Invariant::FrozenIsStill]);
    watch.frozen_since = Some(at("11:59:00"));
    assert_eq!(judged(&mut watch, What::Update { profile: named("ana"), role: None }, &ana), []);
}
