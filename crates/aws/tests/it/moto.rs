//! moto, a second implementation of Identity Store and STS, agrees with what the adapters make of
//! it. What is in it was put there by boto3.
//!
//! moto 5.2 answers lists of a group that there is not with nothing instead of
//! `ResourceNotFoundException`, so only the sandbox can tell those apart.

use crate::support::{connect, region, spoke, target};
use access::entitlement::WantedGroups;
use access::ids::{GroupId, IdentityStoreId, MembershipId, PersonId};
use access::snapshot::Coverage;
use aws::{Aws, IdentityCenter};
use control::ports::{Directory as _, Inspect as _, PersonLookup};
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
