//! Several directories are one, whatever is in them; held against a plain model.

use super::*;
use crate::event::Membership;
use crate::ports::{FailureKind, GroupReading, Particulars};
use access::reason::ReasonCode;
use access::snapshot::{Group, Person};
use proptest::prelude::*;

/// A directory in memory.
#[derive(Debug, Clone, Default)]
struct Fake {
    people: BTreeMap<PersonId, (Person, Particulars)>,
    /// By id: display name and members.
    groups: BTreeMap<GroupId, (String, BTreeSet<PersonId>)>,
    is_down: bool,
    is_partial: bool,
    /// Whom it refuses to show.
    refused: BTreeSet<PersonId>,
}

fn id(text: &str) -> PersonId {
    PersonId::parse(text).unwrap()
}

fn ids<const N: usize>(texts: [&str; N]) -> BTreeSet<PersonId> {
    texts.map(id).into()
}

impl Fake {
    /// A person by id, user name and e-mail address.
    fn with(mut self, local: &str, user_name: &str, email: Option<&str>) -> Self {
        let person = Person {
            id: id(local),
            user_name: user_name.to_owned(),
            display_name: format!("{user_name} of {local}"),
            enabled: true,
        };
        let more = Particulars { email: email.map(str::to_owned), ..Particulars::default() };
        self.people.insert(id(local), (person, more));
        self
    }

    fn disabled(mut self, local: &str) -> Self {
        self.people.get_mut(&id(local)).unwrap().0.enabled = false;
        self
    }

    fn refusing(mut self, local: &str) -> Self {
        self.refused.insert(id(local));
        self
    }

    fn group<const N: usize>(mut self, group: &str, name: &str, members: [&str; N]) -> Self {
        let members = ids(members);
        self.groups.insert(GroupId::parse(group).unwrap(), (name.to_owned(), members));
        self
    }

    fn is_up(&self) -> Result<(), CallError> {
        let message = "no answer".to_owned();
        let kind = FailureKind::Unreachable;
        let error = CallError { service: "fake", operation: "Read", kind, aws_code: None, message };
        if self.is_down { Err(error) } else { Ok(()) }
    }

    fn reading(&self, of: impl Fn(&PersonId) -> bool, groups: &WantedGroups) -> DirectoryReading {
        let mut reading = nothing();
        for (id, (person, more)) in self.people.iter().filter(|(id, _)| of(id)) {
            reading.snapshot.people.insert(id.clone(), person.clone());
            reading.particulars.insert(id.clone(), more.clone());
        }
        for (id, (display_name, members)) in &self.groups {
            let display_name = display_name.clone();
            if groups.want(id, &display_name) {
                let members = members.iter().filter(|id| of(id)).cloned().collect();
                let group = Group { id: id.clone(), display_name, members };
                reading.snapshot.groups.insert(id.clone(), group);
            }
        }
        reading
    }
}

fn membership(group: &GroupId, person: &PersonId) -> MembershipId {
    super::super::membership_id(group, person).unwrap()
}

#[async_trait]
impl Directory for Fake {
    async fn everybody(&self, groups: &WantedGroups) -> Result<DirectoryReading, CallError> {
        self.is_up()?;
        let mut reading = self.reading(|_| true, groups);
        if !self.is_partial {
            reading.snapshot.coverage = Coverage::Complete;
        }
        let all = self.groups.iter().map(|(id, (display_name, members))| {
            let of = |person: &PersonId| (membership(id, person), person.clone());
            let members = groups.want(id, display_name).then(|| members.iter().map(of).collect());
            (id.clone(), GroupReading { display_name: display_name.clone(), members })
        });
        reading.memberships = Memberships::Complete(all.collect());
        Ok(reading)
    }

    async fn people(
        &self,
        people: &BTreeSet<PersonId>,
        groups: &WantedGroups,
    ) -> Result<DirectoryReading, CallError> {
        self.is_up()?;
        let shown: BTreeSet<PersonId> = people.difference(&self.refused).cloned().collect();
        if shown.is_empty() {
            let (operation, message) = ("Read", "may not be read".to_owned());
            let kind = FailureKind::AccessDenied;
            return Err(CallError { service: "fake", operation, kind, aws_code: None, message });
        }
        let people = &shown;
        let mut reading = self.reading(|id| people.contains(id), groups);
        reading.snapshot.groups.retain(|_, group| !group.members.is_empty());
        let of = |group: &Group| {
            let id = group.id.clone();
            let one = move |person: &PersonId| Membership {
                id: membership(&id, person),
                group: id.clone(),
                person: person.clone(),
            };
            group.members.iter().map(one).collect::<Vec<_>>()
        };
        let some = reading.snapshot.groups.values().flat_map(of).collect();
        reading.memberships = Memberships::Some(some);
        reading.snapshot.coverage = Coverage::People(people.clone());
        Ok(reading)
    }

    async fn find(&self, person: &PersonLookup) -> Result<Option<PersonId>, CallError> {
        self.is_up()?;
        Ok(match person {
            PersonLookup::Id(id) => self.people.contains_key(id).then(|| id.clone()),
            PersonLookup::UserName(name) => {
                // As a service may that compares without case and accents.
                let loose = |name: &str| name.to_lowercase().replace('á', "a");
                let has = |p: &Person| loose(&p.user_name) == loose(name);
                self.people.values().find(|(p, _)| has(p)).map(|(p, _)| p.id.clone())
            }
        })
    }

    async fn who_has(&self, key: MatchKey, value: &str) -> Result<BTreeSet<PersonId>, CallError> {
        self.is_up()?;
        let has = |(id, (person, more)): (&PersonId, &(Person, Particulars))| {
            (key_of(key, person, Some(more)).as_deref() == Some(value)).then(|| id.clone())
        };
        Ok(self.people.iter().filter_map(has).collect())
    }

    async fn find_group(&self, display_name: &str) -> Result<Option<GroupId>, CallError> {
        self.is_up()?;
        let mut found = self.groups.iter().filter(|(_, (name, _))| name == display_name);
        Ok(found.next().map(|(id, _)| id.clone()))
    }

    async fn group_name(&self, group: &GroupId) -> Result<Option<String>, CallError> {
        self.is_up()?;
        Ok(self.groups.get(group).map(|(name, _)| name.clone()))
    }

    async fn members(
        &self,
        group: &GroupId,
    ) -> Result<Option<BTreeMap<MembershipId, PersonId>>, CallError> {
        self.is_up()?;
        let of = |person: &PersonId| (membership(group, person), person.clone());
        Ok(self.groups.get(group).map(|(_, members)| members.iter().map(of).collect()))
    }
}

const NAMES: [&str; 3] = ["corp", "partners", "lab"];

fn name(text: &str) -> DirectoryName {
    DirectoryName::parse(text).unwrap()
}

fn combined(parts: Vec<Fake>, matched_by: MatchKey) -> Combined {
    let named = NAMES.into_iter().zip(parts);
    let parts = named.map(|(text, fake)| (name(text), Arc::new(fake) as Arc<dyn Directory>));
    Combined::new(parts.collect(), matched_by)
}

fn run<T>(what: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(what)
}

fn wanted<const N: usize>(names: [&str; N]) -> WantedGroups {
    let names = names.map(str::to_owned).into();
    WantedGroups { names, ids: BTreeSet::new() }
}

fn everybody(all: &Combined) -> DirectoryReading {
    run(all.everybody(&wanted(["ml"]))).unwrap()
}

fn known(reading: &DirectoryReading) -> Vec<(&str, &str, bool)> {
    let people = reading.snapshot.people.values();
    people.map(|p| (p.id.as_str(), p.user_name.as_str(), p.enabled)).collect()
}

fn members(reading: &DirectoryReading) -> Vec<(&str, Vec<&str>)> {
    let groups = reading.snapshot.groups.values();
    groups.map(|g| (g.id.as_str(), g.members.iter().map(PersonId::as_str).collect())).collect()
}

/// Corp has Ana and Bo; the partners have Ana too, and Cy.
fn two() -> Vec<Fake> {
    vec![
        Fake::default().with("1", "ana", Some("Ana@corp.example")).with("2", "bo", None).group(
            "g",
            "ml",
            ["1"],
        ),
        Fake::default()
            .with("1", "ANA", Some("ana@corp.example"))
            .with("3", "cy", Some("cy@partners.example"))
            .group("g", "ml", ["3"])
            .group("h", "ml", ["1", "3"]),
    ]
}

#[test]
fn whom_an_earlier_directory_knows_is_that_person_with_the_groups_of_all() {
    for key in [MatchKey::UserName, MatchKey::Email] {
        let read = everybody(&combined(two(), key));
        assert_eq!(
            known(&read),
            [("1", "ana", true), ("2", "bo", true), ("partners:3", "cy", true)]
        );
        assert_eq!(
            members(&read),
            [
                ("g", vec!["1"]),
                ("partners:g", vec!["partners:3"]),
                ("partners:h", vec!["1", "partners:3"])
            ]
        );
        let Memberships::Complete(all) = &read.memberships else { panic!("complete") };
        let of_h = all[&GroupId::parse("partners:h").unwrap()].members.clone().unwrap();
        let of_h: Vec<_> = of_h.iter().map(|(id, who)| (id.as_str(), who.as_str())).collect();
        assert_eq!(of_h, [("partners:h/1", "1"), ("partners:h/3", "partners:3")]);
        assert_eq!(read.particulars[&id("1")].email.as_deref(), Some("Ana@corp.example"));
        let aliases = BTreeMap::from([(id("1"), ids(["partners:1"]))]);
        assert_eq!(read.aliases, aliases);
        let combined = combined(two(), key);
        let some = run(combined.people(&ids(["1", "2"]), &wanted(["ml"]))).unwrap();
        assert_eq!(some.aliases, aliases);
    }
}

#[test]
fn the_earliest_directory_says_who_is_disabled() {
    let mut parts = two();
    parts[0] = parts[0].clone().disabled("1");
    let read = everybody(&combined(parts, MatchKey::UserName));
    assert_eq!(known(&read)[0], ("1", "ana", false));
    let mut parts = two();
    parts[1] = parts[1].clone().disabled("1");
    let read = everybody(&combined(parts, MatchKey::UserName));
    assert_eq!(known(&read)[0], ("1", "ana", true));
}

#[test]
fn the_order_of_directories_decides_who_is_who() {
    let mut parts = two();
    parts.reverse();
    let read = everybody(&combined(parts, MatchKey::UserName));
    assert_eq!(known(&read), [("1", "ANA", true), ("3", "cy", true), ("partners:2", "bo", true)]);
}

#[test]
fn who_lacks_the_key_is_matched_with_nobody_and_told() {
    let parts = vec![
        Fake::default().with("1", "ana", None),
        Fake::default().with("1", "ana", Some("ana@corp.example")),
    ];
    let all = combined(parts, MatchKey::Email);
    assert_eq!(known(&everybody(&all)), [("1", "ana", true), ("partners:1", "ana", true)]);
    let standing = run(all.standing()).unwrap();
    let told: Vec<_> = standing.concerns.iter().map(|c| (c.code, c.text.as_str())).collect();
    assert_eq!(
        told,
        [
            (
                ReasonCode::DirectoryKeyMissing,
                "ana of the directory `corp` has no email and is matched with nobody"
            ),
            (
                ReasonCode::UserNameShared,
                "1, partners:1 are all called ana: nobody is let in by that name"
            ),
        ]
    );
    let by_name = PersonLookup::UserName("ana".into());
    assert_eq!(run(all.find(&by_name)).unwrap(), None);
}

#[test]
fn whom_two_people_could_be_is_matched_with_nobody_and_told() {
    let parts = vec![
        Fake::default().with("1", "ana", Some("team@corp.example")),
        Fake::default().with("1", "ana2", Some("team@corp.example")).with(
            "2",
            "ana3",
            Some("TEAM@corp.example"),
        ),
        Fake::default().with("1", "ana4", Some("team@corp.example")),
    ];
    let all = combined(parts, MatchKey::Email);
    assert_eq!(
        known(&everybody(&all)),
        [("1", "ana", true), ("partners:1", "ana2", true), ("partners:2", "ana3", true)]
    );
    let standing = run(all.standing()).unwrap();
    let told: Vec<_> = standing.concerns.iter().map(|c| (c.code, c.text.as_str())).collect();
    let text =
        "ana2 and ana3 of the directory `partners` have one email and are matched with nobody";
    assert_eq!(told, [(ReasonCode::DirectoryKeyShared, text)]);
    assert_eq!(standing.details["known by several"], "1");
    // Asked for one by one it is the same.
    let one = run(all.people(&ids(["partners:1"]), &wanted([]))).unwrap();
    assert_eq!(known(&one), [("partners:1", "ana2", true)]);
    let by_name = |text: &str| run(all.find(&PersonLookup::UserName(text.into()))).unwrap();
    assert_eq!(by_name("ana4"), Some(id("1")));
    assert_eq!(by_name("ana3"), Some(id("partners:2")));
}

#[test]
fn a_directory_that_cannot_be_read_or_gives_a_part_makes_the_whole_reading_fail() {
    let mut down = two();
    down[1].is_down = true;
    let all = combined(down, MatchKey::UserName);
    let error = run(all.everybody(&wanted(["ml"]))).unwrap_err();
    assert_eq!(
        error.to_string(),
        "fake:Read failed: directory `partners`: no answer (aws-unreachable)"
    );
    assert!(run(all.people(&ids(["1"]), &wanted(["ml"]))).is_err());
    assert!(run(all.find(&PersonLookup::UserName("bo".into()))).is_err());
    let mut part = two();
    part[0].is_partial = true;
    let error = run(combined(part, MatchKey::UserName).everybody(&wanted([]))).unwrap_err();
    assert_eq!(error.message, "the directory `corp` gave some of its people only");
}

fn vouched(reading: &DirectoryReading) -> Vec<&str> {
    let Coverage::People(people) = &reading.snapshot.coverage else { panic!("some people") };
    people.iter().map(PersonId::as_str).collect()
}

#[test]
fn one_refused_person_fails_nobody_else_and_is_never_taken_for_a_leaver() {
    // Bo has no counterpart: whoever else is asked for is read.
    let mut parts = two();
    parts[0] = parts[0].clone().refusing("2");
    let all = combined(parts, MatchKey::UserName);
    let read = run(all.people(&ids(["1", "2", "partners:3"]), &wanted(["ml"]))).unwrap();
    assert_eq!(vouched(&read), ["1", "partners:3"]);
    assert_eq!(known(&read), [("1", "ana", true), ("partners:3", "cy", true)]);
    assert!(!read.snapshot.speaks_for(&id("2")));

    // Alone it is the error that it is.
    let error = run(all.people(&ids(["2"]), &wanted(["ml"]))).unwrap_err();
    assert_eq!(error.message, "directory `corp`: may not be read");
    // That he has the name said cannot be seen, so he is not believed to have it.
    let error = run(all.find(&PersonLookup::UserName("bo".into()))).unwrap_err();
    assert_eq!(error.message, "directory `corp`: may not be read");
    // Who somebody of a further directory is, cannot be told, not even that it is nobody.
    let mut parts = two();
    parts[1] = parts[1].clone().refusing("3");
    let all = combined(parts, MatchKey::UserName);
    assert!(run(all.find(&PersonLookup::UserName("cy".into()))).is_err());
}

#[test]
fn who_could_be_somebody_who_is_refused_is_left_as_they_are() {
    // Ana of the partners is Ana of corp, whom corp does not show.
    let mut parts = two();
    parts[0] = parts[0].clone().refusing("1");
    let all = combined(parts, MatchKey::UserName);
    let read = run(all.people(&ids(["2", "partners:1", "partners:3"]), &wanted(["ml"]))).unwrap();
    assert_eq!(vouched(&read), ["2", "partners:3"]);

    // Ana of corp would lose the partners' groups, where the partners do not show her.
    let mut parts = two();
    parts[1] = parts[1].clone().refusing("1");
    let all = combined(parts, MatchKey::UserName);
    let read = run(all.people(&ids(["1", "2"]), &wanted(["ml"]))).unwrap();
    assert_eq!(vouched(&read), ["2"]);
    assert_eq!(known(&read), [("2", "bo", true)]);
    let error = run(all.people(&ids(["1"]), &wanted(["ml"]))).unwrap_err();
    assert_eq!(error.message, "directory `partners`: may not be read");
    assert!(run(all.known_as(&name("partners"), &ids(["1"]))).is_err(), "it cannot be told who");
}

#[test]
fn an_id_that_could_be_of_two_directories_is_refused() {
    let parts = vec![Fake::default().with("partners:7", "eve", None), Fake::default()];
    let error = run(combined(parts, MatchKey::UserName).everybody(&wanted([]))).unwrap_err();
    assert_eq!(
        error.message,
        "the directory `corp` has the id `partners:7`, which begins with the name of the directory \
         `partners`: give that one another name in the map"
    );
}

#[test]
fn groups_are_found_in_every_directory() {
    let all = combined(two(), MatchKey::UserName);
    let group = |text: &str| GroupId::parse(text).unwrap();
    assert_eq!(run(all.find_group("ml")).unwrap(), Some(group("g")));
    assert_eq!(run(all.group_name(&group("partners:h"))).unwrap().as_deref(), Some("ml"));
    assert_eq!(run(all.group_name(&group("partners:x"))).unwrap(), None);
    let members = run(all.members(&group("partners:h"))).unwrap().unwrap();
    let members: Vec<_> = members.iter().map(|(id, who)| (id.as_str(), who.as_str())).collect();
    assert_eq!(members, [("partners:h/1", "1"), ("partners:h/3", "partners:3")]);
    let ids = BTreeSet::from([group("partners:g")]);
    let read = run(all.everybody(&WantedGroups { ids, ..WantedGroups::default() })).unwrap();
    assert_eq!(super::tests::members(&read), [("partners:g", vec!["partners:3"])]);
}

#[test]
fn who_is_woken_is_woken_as_everybody_they_are() {
    let all = combined(two(), MatchKey::UserName);
    let woken =
        |source: &str, local: &str| run(all.known_as(&name(source), &ids([local]))).unwrap();
    assert_eq!(woken("corp", "1"), Some(ids(["1"])));
    assert_eq!(woken("partners", "1"), Some(ids(["1", "partners:1"])));
    assert_eq!(woken("partners", "3"), Some(ids(["partners:3"])));
    assert_eq!(woken("partners", "gone"), None);
    // Of many it is not told: everybody would have to be read for it, of all directories.
    let fail = Fake { is_down: true, ..Fake::default() };
    let down = combined(vec![fail.clone(), fail], MatchKey::UserName);
    let many: BTreeSet<PersonId> = (0..=MOST_LOOKED_UP).map(|n| id(&n.to_string())).collect();
    assert_eq!(run(down.known_as(&name("partners"), &many)).unwrap(), None);
    assert_eq!(run(down.known_as(&name("corp"), &many)).unwrap(), Some(many));
    // Who was here once is remembered.
    let mut before = two();
    let all = combined(before.clone(), MatchKey::UserName);
    everybody(&all);
    before[1].people.clear();
    let after = combined(before, MatchKey::UserName);
    *after.were.lock().unwrap() = all.were.lock().unwrap().clone();
    let woken = run(after.known_as(&name("partners"), &ids(["1"]))).unwrap();
    assert_eq!(woken, Some(ids(["1", "partners:1"])));
}

#[test]
fn a_user_name_finds_nobody_of_another_one_however_loosely_a_directory_compares() {
    let ana = || Fake::default().with("1", "ana", Some("ana@x"));
    let other = || Fake::default().with("2", "aná", Some("other@x"));
    for key in [MatchKey::UserName, MatchKey::Email] {
        let find = |parts: Vec<Fake>, name: &str| {
            let found = run(combined(parts, key).find(&PersonLookup::UserName(name.to_owned())));
            found.unwrap().map(|id| id.to_string())
        };
        assert_eq!(find(vec![ana(), Fake::default()], "aná"), None);
        assert_eq!(find(vec![Fake::default(), ana()], "aná"), None);
        // Nor is anybody locked out by somebody who is called nearly so.
        assert_eq!(find(vec![ana(), other()], "ANA").as_deref(), Some("1"));
        assert_eq!(find(vec![ana(), other()], "aná").as_deref(), Some("partners:2"));
    }
}

#[test]
fn among_some_directories_nobody_is_found_who_is_first_of_another_one() {
    let all = combined(two(), MatchKey::UserName);
    let find = |among: &[usize], person: PersonLookup| {
        let found = run(all.find_among(&among.iter().copied().collect(), &person));
        found.unwrap().map(|id| id.to_string())
    };
    let called = |name: &str| PersonLookup::UserName(name.to_owned());
    let (corp, partners, both) = (&[0][..], &[1][..], &[0, 1][..]);
    assert_eq!(find(corp, called("bo")).as_deref(), Some("2"));
    assert_eq!(find(partners, called("bo")), None);
    assert_eq!(find(partners, called("cy")).as_deref(), Some("partners:3"));
    assert_eq!(find(corp, called("cy")), None);
    // The partners have an Ana too, who is the company's.
    assert_eq!(find(partners, called("ana")), None);
    assert_eq!(find(corp, called("ana")).as_deref(), Some("1"));
    for (id, at) in [("2", corp), ("partners:3", partners)] {
        let by_id = |among| find(among, PersonLookup::Id(self::id(id)));
        assert_eq!(by_id(at).as_deref(), Some(id));
        assert_eq!(by_id(both).as_deref(), Some(id));
        assert_eq!(by_id(if at == corp { partners } else { corp }), None);
    }
    assert_eq!(find(partners, PersonLookup::Id(id("partners:1"))), None);
    assert_eq!(find(&[], called("ana")), None);
}

#[test]
fn among_some_directories_nobody_is_locked_out_by_a_namesake_elsewhere() {
    let ana = |email| Fake::default().with("1", "ana", Some(email));
    let all = combined(vec![ana("ana@corp.example"), ana("ana@x")], MatchKey::Email);
    let find = |among: BTreeSet<usize>| {
        let found = run(all.find_among(&among, &PersonLookup::UserName("ana".to_owned())));
        found.unwrap().map(|id| id.to_string())
    };
    assert_eq!(find([0, 1].into()), None, "it is two people's");
    assert_eq!(find([0].into()).as_deref(), Some("1"));
    assert_eq!(find([1].into()).as_deref(), Some("partners:1"));
}

#[test]
fn whoever_is_found_by_a_user_name_and_not_shown_is_not_believed() {
    for key in [MatchKey::UserName, MatchKey::Email] {
        for name in ["ana", "aná"] {
            let ana = Fake::default().with("1", "ana", Some("ana@x")).refusing("1");
            let parts = vec![ana, Fake::default()];
            let found = run(combined(parts, key).find(&PersonLookup::UserName(name.to_owned())));
            assert_eq!(found.unwrap_err().kind, FailureKind::AccessDenied);
        }
    }
}

#[test]
fn an_address_with_the_kelvin_sign_is_another_one() {
    let kate = Fake::default().with("1", "kate", Some("kate@x"));
    let parts = vec![kate, Fake::default().with("2", "mallory", Some("\u{212a}ate@x"))];
    let all = combined(parts, MatchKey::Email);
    let read = everybody(&all);
    assert_eq!(known(&read), [("1", "kate", true), ("partners:2", "mallory", true)]);
}

/// One directory: of each of six people perhaps a user name, an address and whether enabled, and
/// who is in its group.
fn any_directory() -> impl Strategy<Value = Fake> {
    let person = prop::option::weighted(
        0.7,
        (0..4_usize, prop::option::weighted(0.8, 0..4_usize), any::<bool>(), any::<bool>()),
    );
    prop::collection::vec(person, 6).prop_map(|people| {
        let mut fake = Fake::default().group("g", "ml", []);
        for (n, (user, email, enabled, is_member)) in
            people.into_iter().enumerate().filter_map(|(n, person)| Some((n, person?)))
        {
            let (local, user) = (format!("p{n}"), format!("{}{user}", ["u", "U"][n % 2]));
            let email = email.map(|email| format!("{}{email}@x", ["m", "M"][n % 2]));
            fake = fake.with(&local, &user, email.as_deref());
            if !enabled {
                fake = fake.disabled(&local);
            }
            if is_member {
                fake.groups.values_mut().next().unwrap().1.insert(id(&local));
            }
        }
        fake
    })
}

fn any_directories() -> impl Strategy<Value = (Vec<Fake>, MatchKey)> {
    let keys = prop::sample::select(vec![MatchKey::UserName, MatchKey::Email]);
    (prop::collection::vec(any_directory(), 1..=3), keys)
}

/// Who somebody is, by looking at one after the other.
fn who(parts: &[Fake], matched_by: MatchKey, part: usize, local: &PersonId) -> (usize, PersonId) {
    let with_key = |part: &Fake, key: &str| -> Vec<PersonId> {
        let has = |(p, more): &&(Person, Particulars)| {
            key_of(matched_by, p, Some(more)).as_deref() == Some(key)
        };
        part.people.values().filter(has).map(|(p, _)| p.id.clone()).collect()
    };
    let (person, more) = &parts[part].people[local];
    let Some(key) = key_of(matched_by, person, Some(more)) else { return (part, local.clone()) };
    if with_key(&parts[part], &key).len() > 1 {
        return (part, local.clone());
    }
    for (earlier, fake) in parts.iter().enumerate() {
        if let [one] = with_key(fake, &key).as_slice() {
            return (earlier, one.clone());
        }
    }
    panic!("nobody has {key}")
}

fn outside((part, local): &(usize, PersonId)) -> PersonId {
    match part {
        0 => local.clone(),
        part => id(&format!("{}:{local}", NAMES[*part])),
    }
}

proptest! {
    #[test]
    fn several_are_as_the_model_says((parts, key) in any_directories()) {
        let all = combined(parts.clone(), key);
        let read = everybody(&all);
        let mut people = BTreeMap::new();
        let mut groups: BTreeMap<String, BTreeSet<PersonId>> = BTreeMap::new();
        for (part, fake) in parts.iter().enumerate() {
            let group = if part == 0 { "g".to_owned() } else { format!("{}:g", NAMES[part]) };
            groups.insert(group.clone(), BTreeSet::new());
            for local in fake.people.keys() {
                let canonical = who(&parts, key, part, local);
                let (person, _) = &parts[canonical.0].people[&canonical.1];
                people.insert(outside(&canonical), (person.user_name.clone(), person.enabled));
                if fake.groups.values().next().unwrap().1.contains(local) {
                    groups.get_mut(&group).unwrap().insert(outside(&canonical));
                }
            }
        }
        let found: BTreeMap<_, _> = read.snapshot.people.values()
            .map(|p| (p.id.clone(), (p.user_name.clone(), p.enabled))).collect();
        prop_assert_eq!(found, people);
        let found: BTreeMap<_, _> = read.snapshot.groups.values()
            .map(|g| (g.id.to_string(), g.members.clone())).collect();
        prop_assert_eq!(found, groups);
    }

    #[test]
    fn some_people_are_read_as_everybody_is((parts, key) in any_directories(), which in any::<u32>()) {
        let all = combined(parts.clone(), key);
        let whole = everybody(&all);
        let outside = parts.iter().enumerate().flat_map(|(part, fake)| {
            fake.people.keys().map(move |local| outside(&(part, local.clone())))
        });
        let asked: BTreeSet<PersonId> = outside.enumerate()
            .filter(|(n, _)| which & (1 << n) != 0).map(|(_, id)| id).collect();
        let some = run(all.people(&asked, &wanted(["ml"]))).unwrap();
        let joined = Joined { reading: whole, is: BTreeMap::new(), concerns: Vec::new() };
        let mut expected = joined.of(&asked);
        let mut some = some;
        for reading in [&mut expected, &mut some] {
            if let Memberships::Some(memberships) = &mut reading.memberships {
                memberships.sort_by_key(|m| (m.id.clone(), m.person.clone()));
            }
        }
        // Particulars of matches in other directories fill up what the first does not say.
        prop_assert_eq!(some, expected);
    }

    #[test]
    fn another_directory_at_the_end_renames_and_disables_nobody(
        (parts, key) in any_directories(),
        more in any_directory(),
    ) {
        let before = everybody(&combined(parts.clone(), key));
        let after: Vec<Fake> = parts.into_iter().take(2).chain([more]).collect();
        let before = if after.len() <= before.snapshot.groups.len() {
            everybody(&combined(after[..after.len() - 1].to_vec(), key))
        } else {
            before
        };
        let after = everybody(&combined(after, key));
        for (id, person) in &before.snapshot.people {
            prop_assert_eq!(after.snapshot.people.get(id), Some(person));
        }
        for (id, group) in &before.snapshot.groups {
            prop_assert_eq!(after.snapshot.groups.get(id), Some(group));
        }
    }

    #[test]
    fn one_directory_alone_is_itself(fake in any_directory()) {
        let alone = run(fake.everybody(&wanted(["ml"]))).unwrap();
        let read = everybody(&combined(vec![fake], MatchKey::ExternalId));
        prop_assert_eq!(read.snapshot, alone.snapshot);
        prop_assert_eq!(read.memberships, alone.memberships);
    }

    #[test]
    fn a_user_name_finds_whoever_alone_has_it((parts, key) in any_directories(), user in 0..4_usize) {
        let all = combined(parts.clone(), key);
        let name = format!("u{user}");
        let found = run(all.find(&PersonLookup::UserName(name.clone()))).unwrap();
        if let Some(found) = found {
            // Nobody else is called so in the first directory that has the name.
            let holders: BTreeSet<PersonId> = parts.iter().enumerate().filter_map(|(part, fake)| {
                let mut named = fake.people.values()
                    .filter(|(p, _)| p.user_name.to_lowercase() == name);
                let local = named.next()?.0.id.clone();
                Some(outside(&who(&parts, key, part, &local)))
            }).collect();
            prop_assert_eq!(holders, BTreeSet::from([found]));
        }
    }
}
