//! [`ProfileIndex`].

use crate::race::micros;
use access::ids::{DomainId, PersonId, ProfileName, TeamKey};
use access::observed::AuthMode;
use control::ports::{
    ChangeId, Claims, IndexCount, IndexMark, IndexReading, IndexView, IndexedProfile, Intent,
    Leaving, ProfileIndex, Ticket, UNDER_WAY,
};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

const DAY: i64 = 24 * 3_600 * 1_000_000;

fn domain() -> DomainId {
    DomainId::parse("d-research").unwrap()
}

fn name(name: &str) -> ProfileName {
    ProfileName::parse(name).unwrap()
}

fn person(id: &str) -> PersonId {
    PersonId::parse(id).unwrap()
}

fn pass(n: u8) -> ChangeId {
    ChangeId::new(micros(1), [n; 32])
}

/// The profile `NAME--fraud` of the person `NAME`.
fn profile(of: &str, leaving: Option<i64>) -> IndexedProfile {
    IndexedProfile {
        name: name(&format!("{of}--fraud")),
        person: person(of),
        team: TeamKey::parse("fraud").unwrap(),
        leaving_since: leaving.map(micros),
        agreed: false,
    }
}

fn intent(of: &str) -> Intent {
    let IndexedProfile { name, person, team, .. } = profile(of, None);
    Intent { domain: domain(), profile: name, person, team }
}

fn leaving(of: &str, since: i64, gone: bool) -> Leaving {
    Leaving { domain: domain(), profile: profile(of, None).name, since: micros(since), gone }
}

fn mark(at: i64) -> IndexMark {
    IndexMark { at: micros(at), auth_mode: AuthMode::Sso }
}

fn reading(asked: Option<&[&str]>, found: &[IndexedProfile]) -> IndexReading {
    let asked = asked.map(|names| names.iter().map(|name| format!("{name}--fraud")).collect());
    let found = found.iter().map(|profile| (profile.name.folded().to_string(), profile.clone()));
    IndexReading { domain: domain(), auth_mode: AuthMode::Sso, asked, found: found.collect() }
}

async fn ticket(store: &impl Claims, at: i64) -> Ticket {
    store.ticket(micros(at)).await.unwrap()
}

/// All that the index says of one domain.
#[derive(Debug, PartialEq, Default)]
struct View {
    marks: BTreeMap<DomainId, IndexMark>,
    owned: BTreeMap<DomainId, u64>,
    profiles: BTreeMap<DomainId, Vec<IndexedProfile>>,
    leaving: Vec<Leaving>,
}

async fn look(index: &impl ProfileIndex, people: &[&str], now: i64) -> View {
    let people = people.iter().map(|id| person(id)).collect();
    let domains = BTreeSet::from([domain()]);
    let IndexView { marks, profiles } = index.look(&people, &domains).await.unwrap();
    let IndexCount { owned, leaving } = index.count(&domains, micros(now)).await.unwrap();
    View { marks, owned, profiles, leaving }
}

/// Of what the pass said, it did this, nobody having agreed to it.
async fn left(index: &impl ProfileIndex, of: u8, people: &[&str], now: i64) {
    let begun = people.iter().map(|of| (domain(), intent(of).profile)).collect();
    index.left(&pass(of), &begun, false, micros(now)).await.unwrap();
}

/// The names that the index has of these people.
async fn names(index: &impl ProfileIndex, people: &[&str]) -> Vec<String> {
    let view = look(index, people, 1).await;
    view.profiles.values().flatten().map(|profile| profile.name.to_string()).collect()
}

pub async fn a_full_reading_replaces_what_was_known(store: &(impl ProfileIndex + Claims)) {
    assert_eq!(look(store, &["ada"], 1).await, View::default());
    let first = ticket(store, 5).await;
    let both = [profile("ada", None), profile("bob", None)];
    store.read(&reading(None, &both), &first).await.unwrap();
    let view = look(store, &["ada", "bob", "cem"], 6).await;
    assert_eq!(view.marks, BTreeMap::from([(domain(), mark(5))]));
    assert_eq!(view.owned, BTreeMap::from([(domain(), 2)]));
    assert_eq!(view.profiles, BTreeMap::from([(domain(), both.to_vec())]));
    let none = store.look(&BTreeSet::new(), &BTreeSet::new()).await;
    assert_eq!(none, Ok(IndexView::default()), "of domains that nobody asks about nothing is said");
    let nowhere = store.count(&BTreeSet::new(), micros(6)).await;
    assert_eq!(nowhere, Ok(IndexCount::default()));
    let second = ticket(store, 7).await;
    store.read(&reading(None, &[profile("cem", None)]), &second).await.unwrap();
    assert_eq!(names(store, &["ada", "bob", "cem"]).await, ["cem--fraud"]);
    // A reading that began earlier and ends later does not set the mark back.
    store.read(&reading(None, &[]), &first).await.unwrap();
    assert_eq!(look(store, &[], 9).await.marks[&domain()], mark(7));
    assert_eq!(names(store, &["cem"]).await, ["cem--fraud"]);
}

pub async fn whose_a_profile_is_is_told_by_its_name_in_any_case(
    store: &(impl ProfileIndex + Claims),
) {
    let first = ticket(store, 5).await;
    let both = [profile("ada", None), profile("bob", Some(4))];
    store.read(&reading(None, &both), &first).await.unwrap();
    let second = ticket(store, 6).await;
    store.read(&reading(None, &both[..1]), &second).await.unwrap();
    let domains = BTreeSet::from([domain(), DomainId::parse("d-other").unwrap()]);
    let owners = async |profile: &str| store.owners(&name(profile), &domains).await.unwrap();
    assert_eq!(owners("ADA--Fraud").await, BTreeSet::from([person("ada")]));
    // The guard still counts this one, which is gone.
    assert_eq!(owners("bob--fraud").await, BTreeSet::from([person("bob")]));
    assert_eq!(owners("ada").await, BTreeSet::new());
    let elsewhere = store.owners(&name("ada--fraud"), &BTreeSet::new()).await;
    assert_eq!(elsewhere, Ok(BTreeSet::new()));
}

pub async fn a_full_reading_of_many_profiles_is_whole(store: &(impl ProfileIndex + Claims)) {
    let some = |kept: fn(&usize) -> bool| -> Vec<IndexedProfile> {
        (0..4_500).filter(kept).map(|n| profile(&format!("p{n:04}"), None)).collect()
    };
    for (kept, owned) in
        [((|_| true) as fn(&usize) -> bool, 4_500), (|n| n % 3 == 0, 1_500), (|n| *n == 7, 1)]
    {
        let ticket = ticket(store, 5).await;
        store.read(&reading(None, &some(kept)), &ticket).await.unwrap();
        assert_eq!(look(store, &[], 6).await.owned, BTreeMap::from([(domain(), owned)]));
    }
    assert_eq!(names(store, &["p0007"]).await, ["p0007--fraud"]);
}

pub async fn a_reading_of_some_names_says_nothing_of_others(store: &(impl ProfileIndex + Claims)) {
    let all = [profile("ada", None), profile("bob", None), profile("cem", None)];
    store.read(&reading(None, &all), &ticket(store, 5).await).await.unwrap();
    let found = [profile("ada", Some(6))];
    let some = reading(Some(&["ada", "bob", "dora"]), &found);
    store.read(&some, &ticket(store, 7).await).await.unwrap();
    assert_eq!(names(store, &["ada", "bob", "cem"]).await, ["ada--fraud", "cem--fraud"]);
    let view = look(store, &["ada"], 8).await;
    assert_eq!(view.profiles[&domain()], found);
    assert_eq!(view.marks[&domain()], mark(5));
}

pub async fn what_changed_after_a_reading_began_stays(store: &(impl ProfileIndex + Claims)) {
    store.read(&reading(None, &[profile("bob", None)]), &ticket(store, 5).await).await.unwrap();
    let slow = ticket(store, 6).await;
    let (ada, hour) = (BTreeSet::from([person("ada")]), SignedDuration::from_hours(1));
    let claimed = store.claim(&pass(3), &ada, &slow, micros(6), hour).await.unwrap();
    store.making(&[intent("ada")], claimed.number).await.unwrap();
    store.leaving(&pass(1), &[intent("bob")], false, micros(7)).await.unwrap();
    left(store, 1, &["bob"], 8).await;
    store.read(&reading(None, &[profile("bob", None)]), &slow).await.unwrap();
    let view = look(store, &["ada", "bob"], 8).await;
    assert_eq!(view.profiles[&domain()], [profile("ada", None), profile("bob", Some(7))]);
    // The next reading knows better.
    store.release(&pass(3), micros(9)).await.unwrap();
    store.read(&reading(None, &[]), &ticket(store, 9).await).await.unwrap();
    assert_eq!(names(store, &["ada", "bob"]).await, [""; 0]);
}

pub async fn what_a_pass_is_about_to_make_stays_though_it_is_not_found(
    store: &(impl ProfileIndex + Claims),
) {
    let (ada, hour) = (BTreeSet::from([person("ada")]), SignedDuration::from_hours(1));
    let all = [profile("bob", None)];
    store.read(&reading(None, &all), &ticket(store, 5).await).await.unwrap();
    let planned = ticket(store, 6).await;
    let claimed = store.claim(&pass(3), &ada, &planned, micros(7), hour).await.unwrap();
    store.making(&[intent("ada")], claimed.number).await.unwrap();
    // AWS is not asked for it yet.
    let meanwhile = ticket(store, 8).await;
    let nothing = [reading(None, &[]), reading(Some(&["ada"]), &[])];
    for nothing in &nothing {
        store.read(nothing, &meanwhile).await.unwrap();
        assert_eq!(names(store, &["ada", "bob"]).await, ["ada--fraud"], "{nothing:?}");
    }
    store.release(&pass(3), micros(9)).await.unwrap();
    for nothing in &nothing {
        store.read(nothing, &meanwhile).await.unwrap();
        assert_eq!(names(store, &["ada"]).await, ["ada--fraud"], "it was made meanwhile");
    }
    store.read(&nothing[1], &ticket(store, 10).await).await.unwrap();
    assert_eq!(names(store, &["ada"]).await, [""; 0], "it never came about");
}

pub async fn what_a_killed_pass_never_made_is_forgotten_with_its_claim(
    store: &(impl ProfileIndex + Claims),
) {
    let (ada, brief) = (BTreeSet::from([person("ada")]), SignedDuration::from_micros(20));
    let planned = ticket(store, 6).await;
    let claimed = store.claim(&pass(3), &ada, &planned, micros(10), brief).await.unwrap();
    store.making(&[intent("ada")], claimed.number).await.unwrap();
    store.read(&reading(None, &[]), &ticket(store, 29).await).await.unwrap();
    assert_eq!(names(store, &["ada"]).await, ["ada--fraud"]);
    store.read(&reading(None, &[]), &ticket(store, 30).await).await.unwrap();
    assert_eq!(names(store, &["ada"]).await, [""; 0]);
}

pub async fn the_guard_counts_for_a_day_what_is_gone_already(store: &(impl ProfileIndex + Claims)) {
    let agreed = IndexedProfile { agreed: true, ..profile("cem", Some(10)) };
    let all = [profile("ada", Some(10)), profile("bob", Some(20)), agreed, profile("dora", None)];
    store.read(&reading(None, &all), &ticket(store, 30).await).await.unwrap();
    let here = [leaving("ada", 10, false), leaving("bob", 20, false)];
    assert_eq!(look(store, &[], 31).await.leaving, here);
    store.read(&reading(None, &[]), &ticket(store, 40).await).await.unwrap();
    let view = look(store, &["ada", "bob", "cem", "dora"], DAY + 9).await;
    assert_eq!(view.leaving, [leaving("ada", 10, true), leaving("bob", 20, true)]);
    assert_eq!((view.profiles.len(), view.owned.len()), (0, 0));
    assert_eq!(look(store, &[], DAY + 10).await.leaving, [leaving("bob", 20, true)]);
    // Then they are forgotten.
    store.read(&reading(None, &[]), &ticket(store, DAY + 50).await).await.unwrap();
    assert_eq!(look(store, &[], 50).await.leaving, []);
}

pub async fn of_two_passes_the_second_counts_what_the_first_is_about_to_do(
    store: &(impl ProfileIndex + Claims),
) {
    let at = |n: i64| -> Timestamp { micros(n) };
    let first = store.leaving(&pass(1), &[intent("ada"), intent("bob")], false, at(10)).await;
    assert_eq!(first, Ok(vec![]));
    let second = store.leaving(&pass(2), &[intent("cem")], true, at(11)).await;
    assert_eq!(second, Ok(vec![leaving("ada", 10, false), leaving("bob", 10, false)]));
    // Of the first's only one came to pass; the second's was agreed to.
    left(store, 1, &["ada"], 12).await;
    left(store, 2, &["cem"], 12).await;
    let view = look(store, &["bob", "cem"], 12).await;
    assert_eq!(view.leaving, [leaving("ada", 10, false)]);
    let cem = IndexedProfile { agreed: true, ..profile("cem", Some(11)) };
    assert_eq!(view.profiles[&domain()], [profile("bob", None), cem]);
}

pub async fn what_two_passes_are_about_to_do_is_counted_once_either_did_it(
    store: &(impl ProfileIndex + Claims),
) {
    let counted = [leaving("ada", 10, false)];
    let said = async |of: u8, at: i64| {
        store.leaving(&pass(of), &[intent("ada")], false, micros(at)).await.unwrap()
    };
    // The second gives up before the first is done, and after it.
    assert_eq!(said(1, 10).await, []);
    assert_eq!(said(2, 11).await, counted);
    left(store, 2, &[], 12).await;
    left(store, 1, &["ada"], 13).await;
    assert_eq!(said(3, 14).await, counted);
    left(store, 3, &[], 15).await;
    assert_eq!(look(store, &[], 16).await.leaving, counted);
    // The first takes back what the second is at.
    store.read(&reading(None, &[profile("ada", None)]), &ticket(store, 20).await).await.unwrap();
    assert_eq!(said(4, 21).await, []);
    assert_eq!(said(5, 22).await, [leaving("ada", 21, false)]);
    left(store, 4, &[], 23).await;
    left(store, 5, &["ada"], 24).await;
    assert_eq!(look(store, &[], 25).await.leaving, [leaving("ada", 24, false)]);
}

pub async fn what_a_pass_is_about_to_take_away_counts_though_it_is_found_without_its_mark(
    store: &(impl ProfileIndex + Claims),
) {
    let quarter = i64::try_from(UNDER_WAY.as_micros()).unwrap();
    let found = [profile("ada", None)];
    let unmarked = [reading(None, &found), reading(Some(&["ada"]), &found)];
    store.read(&unmarked[0], &ticket(store, 5).await).await.unwrap();
    store.leaving(&pass(1), &[intent("ada")], false, micros(10)).await.unwrap();
    for unmarked in &unmarked {
        store.read(unmarked, &ticket(store, 9 + quarter).await).await.unwrap();
        let counted = look(store, &[], 9 + quarter).await.leaving;
        assert_eq!(counted, [leaving("ada", 10, false)], "{unmarked:?}");
    }
    // Or with one from before, to which somebody agreed.
    let before = IndexedProfile { agreed: true, ..profile("ada", Some(9)) };
    store.read(&reading(None, &[before]), &ticket(store, 9 + quarter).await).await.unwrap();
    assert_eq!(look(store, &[], 9 + quarter).await.leaving, [leaving("ada", 10, false)]);
    // Its mark, by whichever pass.
    let marked = reading(None, &[profile("ada", Some(11))]);
    store.read(&marked, &ticket(store, 20).await).await.unwrap();
    assert_eq!(look(store, &[], 21).await.leaving, [leaving("ada", 11, false)]);
    store.read(&unmarked[0], &ticket(store, 22).await).await.unwrap();
    assert_eq!(look(store, &[], 23).await.leaving, [], "it was taken back");
    // The pass was killed.
    store.leaving(&pass(2), &[intent("ada")], false, micros(30)).await.unwrap();
    store.read(&unmarked[0], &ticket(store, 30 + quarter).await).await.unwrap();
    assert_eq!(look(store, &[], 31 + quarter).await.leaving, []);
}

pub async fn whoever_came_back_is_not_counted(store: &(impl ProfileIndex + Claims)) {
    store.leaving(&pass(1), &[intent("ada")], false, micros(10)).await.unwrap();
    left(store, 1, &["ada"], 11).await;
    let found = [profile("ada", None)];
    store.read(&reading(Some(&["ada"]), &found), &ticket(store, 20).await).await.unwrap();
    assert_eq!(look(store, &[], 21).await.leaving, []);
}
