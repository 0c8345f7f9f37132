//! moto, a second implementation of Identity Store and STS, agrees with what the adapters make of
//! it. What is in it was put there by boto3.
//!
//! moto 5.2 answers lists of a group that there is not with nothing instead of
//! `ResourceNotFoundException`, so only the sandbox can tell those apart.

use crate::support::{connect, region, spoke, target};
use access::entitlement::WantedGroups;
use access::ids::{GroupId, IdentityStoreId, MembershipId, PersonId};
use access::mirror::{Mark, MirrorPerson};
use access::snapshot::Coverage;
use aws::{Aws, IdentityCenter};
use control::ports::{
    CallMeter as _, Directory as _, FailureKind, Inspect as _, MirrorTarget as _, PersonLookup,
};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// What moto was filled with, and where it is.
#[derive(Debug, Deserialize)]
struct Filled {
    url: String,
    people: BTreeMap<String, String>,
    groups: BTreeMap<String, String>,
    memberships: BTreeMap<String, String>,
}

/// moto, which ends with the test.
struct Moto {
    process: Child,
    filled: Filled,
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ended = self.process.kill();
        let _status = self.process.wait();
    }
}

impl Moto {
    /// Starts moto with so many people, and groups by name with the numbers of their members.
    fn with(people: usize, groups: &BTreeMap<String, Vec<usize>>) -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = std::env::var_os("STAGEDOOR_TEST_PYTHON")
            .map_or_else(|| here.join("../../target/test-venv/bin/python"), PathBuf::from);
        let names: BTreeMap<&String, Vec<String>> = groups
            .iter()
            .map(|(name, members)| (name, members.iter().map(|n| format!("p{n}")).collect()))
            .collect();
        let asked = serde_json::json!({ "people": people, "groups": names }).to_string();
        let mut process = Command::new(&python)
            .arg(here.join("tests/moto/serve.py"))
            .arg(asked)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|e| panic!("cannot run {}: {e}; {HINT}", python.display()));
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let filled = serde_json::from_str(&line)
            .unwrap_or_else(|e| panic!("{} says {line:?} ({e}); {HINT}", python.display()));
        Self { process, filled }
    }

    fn aws(&self) -> Aws {
        connect(&self.filled.url, "AKIAMOTO")
    }

    fn center(&self) -> IdentityCenter {
        let store = IdentityStoreId::parse("d-906716eb24").unwrap();
        self.aws().identity_center(&region(), &store)
    }

    fn person(&self, number: usize) -> PersonId {
        PersonId::parse(self.filled.people[&format!("p{number}")].as_str()).unwrap()
    }

    fn group(&self, name: &str) -> GroupId {
        GroupId::parse(self.filled.groups[name].as_str()).unwrap()
    }

    fn set(&self, numbers: impl IntoIterator<Item = usize>) -> BTreeSet<PersonId> {
        numbers.into_iter().map(|number| self.person(number)).collect()
    }
}

const HINT: &str = "moto is needed as a second implementation; run `cargo xtask test`, which \
                    installs it, or name a Python that has moto in STAGEDOOR_TEST_PYTHON";

/// Groups of two pages of names, one of which has two pages of members.
fn groups() -> BTreeMap<String, Vec<usize>> {
    let mut groups = BTreeMap::from([
        ("ml-fraud".to_owned(), (0..130).collect()),
        ("ml-risk".to_owned(), vec![0, 1]),
        ("ml-empty".to_owned(), vec![]),
    ]);
    groups.extend((0..110).map(|n| (format!("other{n}"), vec![])));
    groups
}

#[tokio::test]
async fn the_directory_is_read_as_it_was_made_page_by_page() {
    let moto = Moto::with(205, &groups());
    let center = moto.center();
    let names = ["ml-fraud", "ml-risk", "ml-empty", "no-such-group"].map(str::to_owned).into();
    let wanted = WantedGroups { names, ..WantedGroups::default() };

    let everybody = center.everybody(&wanted).await.unwrap().snapshot;
    assert_eq!(everybody.coverage, Coverage::Complete);
    let found: BTreeMap<String, String> = everybody
        .people
        .values()
        .map(|person| (person.user_name.clone(), person.id.as_str().to_owned()))
        .collect();
    assert_eq!(found, moto.filled.people);
    let seventh = &everybody.people[&moto.person(7)];
    assert_eq!((seventh.display_name.as_str(), seventh.enabled), ("Person 7 – Ångström", true));
    let members: BTreeMap<&str, BTreeSet<PersonId>> = everybody
        .groups
        .values()
        .map(|group| (group.display_name.as_str(), group.members.iter().cloned().collect()))
        .collect();
    let expected = BTreeMap::from([
        ("ml-empty", BTreeSet::new()),
        ("ml-fraud", moto.set(0..130)),
        ("ml-risk", moto.set([0, 1])),
    ]);
    assert_eq!(members, expected);

    // Some people, with their groups as far as those are wanted.
    let asked = moto.set([1, 7, 200]);
    let some = center.people(&asked, &wanted).await.unwrap().snapshot;
    assert_eq!(some.coverage, Coverage::People(asked.clone()));
    assert_eq!(some.people.keys().cloned().collect::<BTreeSet<_>>(), asked);
    let members: BTreeMap<&str, BTreeSet<PersonId>> = some
        .groups
        .values()
        .map(|group| (group.display_name.as_str(), group.members.iter().cloned().collect()))
        .collect();
    let expected = BTreeMap::from([("ml-fraud", moto.set([1, 7])), ("ml-risk", moto.set([1]))]);
    assert_eq!(members, expected);

    // One person, by name and by id; nobody.
    let by_name = |name: &str| PersonLookup::UserName(name.to_owned());
    assert_eq!(center.find(&by_name("p42")).await, Ok(Some(moto.person(42))));
    assert_eq!(center.find(&by_name("nobody")).await, Ok(None));
    let by_id = PersonLookup::Id(moto.person(42));
    assert_eq!(center.find(&by_id).await, Ok(Some(moto.person(42))));
    let nobody = PersonId::parse("0b1e2d3c-4444-5555-6666-77778888ffff").unwrap();
    assert_eq!(center.find(&PersonLookup::Id(nobody.clone())).await, Ok(None));
    let gone = center.people(&BTreeSet::from([nobody]), &wanted).await.unwrap().snapshot;
    assert!(gone.people.is_empty());

    let fraud = center.members(&moto.group("ml-fraud")).await.unwrap();
    let memberships = (0..130).map(|n| {
        let id = moto.filled.memberships[&format!("ml-fraud/p{n}")].as_str();
        (MembershipId::parse(id).unwrap(), moto.person(n))
    });
    assert_eq!(fraud, Some(memberships.collect()));
}

/// Some people of whom each route of reading has to say the same, whatever the size of the directory.
#[tokio::test]
async fn every_route_of_reading_some_people_says_the_same() {
    let moto = Moto::with(205, &groups());
    let names = ["ml-fraud", "ml-risk", "ml-empty"].map(str::to_owned).into();
    let wanted = WantedGroups { names, ..WantedGroups::default() };
    let read = async |center: &IdentityCenter, asked: &BTreeSet<PersonId>| {
        let read = center.people(asked, &wanted).await.unwrap().snapshot;
        assert_eq!(read.coverage, Coverage::People(asked.clone()));
        let groups = read.groups.into_values().map(|group| (group.display_name, group.members));
        (read.people, groups.collect::<BTreeMap<_, _>>())
    };
    // One who knows nothing of the size asks person by person: DescribeUser and
    // ListGroupMembershipsForMember. One who has read everybody chooses by it: ListUsers and
    // ListGroupMemberships for many.
    let aws = moto.aws();
    let store = IdentityStoreId::parse("d-906716eb24").unwrap();
    let (fresh, knowing) = (moto.center(), aws.identity_center(&region(), &store));
    knowing.everybody(&wanted).await.unwrap();
    for number in [1, 3, 12, 60, 150] {
        let asked = moto.set((0..205).step_by(205 / number).take(number));
        assert_eq!(read(&fresh, &asked).await, read(&knowing, &asked).await, "{number} people");
    }
    let counts = aws.call_counts();
    let asked: BTreeSet<&str> =
        counts["identitystore"].answers.keys().map(|(operation, _)| operation.as_str()).collect();
    let routes =
        ["DescribeUser", "ListGroupMembershipsForMember", "ListUsers", "ListGroupMemberships"];
    for operation in routes {
        assert!(asked.contains(operation), "{operation} of {asked:?}");
    }
}

fn person(name: &str) -> MirrorPerson {
    MirrorPerson {
        user_name: name.to_owned(),
        display_name: format!("{name} Ångström"),
        given_name: name.to_owned(),
        family_name: "Ångström".to_owned(),
        email: Some(format!("{name}@example.com")),
        enabled: true,
    }
}

#[tokio::test]
async fn what_is_mirrored_into_it_is_read_as_it_was_written() {
    let moto = Moto::with(2, &BTreeMap::from([("admins".to_owned(), vec![0])]));
    let (target, mark) = (moto.center().mirror(), Mark::of("default"));
    target.reach().await.unwrap();
    let ana = target.create_user(&person("ana"), &mark.text("p-ana")).await.unwrap();
    let ben = target.create_user(&person("ben"), &mark.text("p-ben")).await.unwrap();
    let group = target.create_group("ml-fraud", &mark.text("g-fraud")).await.unwrap();
    target.add_members(&group, &[ana.clone(), ben.clone()]).await.unwrap();
    // A name that somebody has is a conflict, and nothing is made.
    let taken = target.create_user(&person("ana"), &mark.text("p-other")).await.unwrap_err();
    assert_eq!(taken.kind, FailureKind::InUse);

    let read = target.read(&mark).await.unwrap();
    assert_eq!((read.users.len(), read.groups.len()), (4, 2));
    assert_eq!(read.users[&ana].mark.as_deref(), Some("stagedoor:default:p-ana"));
    assert_eq!(read.users[&ana].person.display_name, "ana Ångström");
    let fraud = &read.groups[&group];
    assert_eq!(fraud.mark.as_deref(), Some("stagedoor:default:g-fraud"));
    assert_eq!(fraud.members, Some(BTreeSet::from([ana.clone(), ben.clone()])));
    let others = read.groups.values().filter(|group| group.members.is_none());
    assert_eq!(others.map(|group| group.display_name.as_str()).collect::<Vec<_>>(), ["admins"]);

    // Memberships end by the ids that were read; moto cannot be asked for one (GetGroupMembershipId).
    target.remove_members(&group, &[ana.clone(), ben.clone()]).await.unwrap();
    let read = target.read(&mark).await.unwrap();
    assert_eq!(read.groups[&group].members, Some(BTreeSet::new()));
    target.delete_group(&group).await.unwrap();
    target.delete_user(&ana).await.unwrap();
    target.delete_user(&ben).await.unwrap();
    let read = target.read(&mark).await.unwrap();
    assert_eq!((read.users.len(), read.groups.len()), (2, 1));
}

#[tokio::test]
async fn roles_lead_into_their_accounts() {
    let moto = Moto::with(0, &BTreeMap::new());
    let studio = moto.aws().studio();
    // What moto gives to whoever assumes nothing.
    let own = studio.caller(&target()).await.unwrap();
    assert_eq!(own.account, "123456789012");
    for account in ["444455556666", "777788889999"] {
        let there = studio.caller(&spoke("d-spoke", account, Some("7f1c"))).await.unwrap();
        let arn = format!("arn:aws:sts::{account}:assumed-role/StagedoorSpoke/stagedoor-control");
        assert_eq!((there.account.as_str(), there.arn), (account, arn));
    }
}
