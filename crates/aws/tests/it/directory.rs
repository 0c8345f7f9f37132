//! Identity Center as a `Directory`.

use crate::support::{Cloud, failure, region};
use access::entitlement::WantedGroups;
use access::ids::{GroupId, IdentityStoreId, PersonId};
use access::snapshot::{Coverage, Snapshot};
use aws::IdentityCenter;
use control::event::Membership;
use control::ports::{Directory, FailureKind, Memberships, PersonLookup};
use std::collections::BTreeSet;
use std::fmt::Write as _;

const ALICE: &str = "9067642ac1-0b1e2d3c-4444-5555-6666-777788889999";
const BOB: &str = "0b1e2d3c-4444-5555-6666-77778888aaaa";
const NOBODY: &str = "0b1e2d3c-4444-5555-6666-77778888ffff";

fn small() -> String {
    format!(
        r"
directory:
  identity_store_id: d-906716eb24
  users:
    - {{ id: {ALICE}, user_name: alice@example.com, display_name: Alice Ångström }}
    - {{ id: {BOB}, user_name: bob, enabled: false }}
    - {{ user_name: carol }}
  groups:
    - {{ name: ml-fraud, members: [alice@example.com, carol] }}
    - {{ name: ml-risk, members: [alice@example.com, bob] }}
    - {{ name: everyone, members: [alice@example.com, bob, carol] }}
    - {{ name: empty }}
"
    )
}

fn center(cloud: &Cloud) -> IdentityCenter {
    cloud.aws.identity_center(&region(), &IdentityStoreId::parse("d-906716eb24").unwrap())
}

fn id(text: &str) -> PersonId {
    PersonId::parse(text).unwrap()
}

fn set<const N: usize>(names: [&str; N]) -> WantedGroups {
    WantedGroups { names: names.map(str::to_owned).into(), ..WantedGroups::default() }
}

fn groups(snapshot: &Snapshot) -> Vec<(&str, Vec<&str>)> {
    let mut groups: Vec<_> = snapshot
        .groups
        .values()
        .map(|g| (g.display_name.as_str(), g.members.iter().map(PersonId::as_str).collect()))
        .collect();
    groups.sort();
    groups
}

#[tokio::test]
async fn everybody_is_read_with_the_groups_that_are_wanted() {
    let cloud = Cloud::with(&small()).await;
    let carol = cloud.look().user_id("carol").unwrap();
    let wanted = set(["ml-fraud", "ml-risk", "empty", "no-such-group"]);
    let snapshot = center(&cloud).everybody(&wanted).await.unwrap().snapshot;
    assert_eq!(snapshot.coverage, Coverage::Complete);
    let people: BTreeSet<_> = snapshot
        .people
        .values()
        .map(|p| (p.user_name.as_str(), p.display_name.as_str(), p.enabled))
        .collect();
    assert_eq!(
        people,
        BTreeSet::from([
            ("alice@example.com", "Alice Ångström", true),
            ("bob", "bob", false),
            ("carol", "carol", true),
        ])
    );
    let mut fraud = vec![ALICE, carol.as_str()];
    fraud.sort_unstable();
    assert_eq!(
        groups(&snapshot),
        [("empty", vec![]), ("ml-fraud", fraud), ("ml-risk", vec![BOB, ALICE])]
    );
    assert_eq!(cloud.calls("identitystore:ListGroupMemberships"), 3, "only wanted groups");
}

#[tokio::test]
async fn lists_longer_than_a_page_are_read_to_the_end() {
    let mut seed = "directory:\n  identity_store_id: d-906716eb24\n  users:\n".to_owned();
    for n in 0..230 {
        writeln!(seed, "    - {{ user_name: user-{n} }}").unwrap();
    }
    seed.push_str("  groups:\n");
    for n in 0..110 {
        writeln!(seed, "    - {{ name: group-{n} }}").unwrap();
    }
    let members: Vec<String> = (0..105).map(|n| format!("user-{n}")).collect();
    writeln!(seed, "    - {{ name: big, members: [{}] }}", members.join(", ")).unwrap();
    let cloud = Cloud::with(&seed).await;
    let snapshot = center(&cloud).everybody(&set(["big", "group-109"])).await.unwrap().snapshot;
    assert_eq!(snapshot.people.len(), 230);
    assert_eq!(snapshot.groups.len(), 2);
    let big = snapshot.groups.values().find(|g| g.display_name == "big").unwrap();
    assert_eq!(big.members.len(), 105);
    assert_eq!(cloud.calls("identitystore:ListUsers"), 3);
    assert_eq!(cloud.calls("identitystore:ListGroups"), 2);
    assert_eq!(cloud.calls("identitystore:ListGroupMemberships"), 3);
}

#[tokio::test]
async fn a_page_that_fails_fails_the_reading() {
    for operation in ["ListUsers", "ListGroups", "ListGroupMemberships"] {
        let cloud = Cloud::failing(
            &small(),
            &format!(
                "rules: [{{ operation: {operation}, error: {{ code: AccessDeniedException }} }}]"
            ),
        )
        .await;
        let answer = center(&cloud).everybody(&set(["ml-fraud"])).await;
        assert_eq!(
            failure(answer),
            (
                "identitystore",
                operation,
                FailureKind::AccessDenied,
                Some("AccessDeniedException".to_owned())
            )
        );
    }
}

#[tokio::test]
async fn some_people_are_read_and_whoever_is_missing_is_covered() {
    let cloud = Cloud::with(&small()).await;
    let asked = BTreeSet::from([id(ALICE), id(BOB), id(NOBODY)]);
    let snapshot =
        center(&cloud).people(&asked, &set(["ml-fraud", "ml-risk"])).await.unwrap().snapshot;
    assert_eq!(snapshot.coverage, Coverage::People(asked));
    let known: Vec<&str> = snapshot.people.keys().map(PersonId::as_str).collect();
    assert_eq!(known, [BOB, ALICE]);
    assert!(!snapshot.people[&id(BOB)].enabled);
    assert_eq!(groups(&snapshot), [("ml-fraud", vec![ALICE]), ("ml-risk", vec![BOB, ALICE])]);
    assert_eq!(cloud.calls("identitystore:DescribeGroup"), 3, "each group once");
    assert_eq!(cloud.calls("identitystore:ListUsers"), 0);
}

#[tokio::test]
async fn a_membership_list_that_fails_fails_the_reading_of_the_person() {
    let cloud = Cloud::failing(
        &small(),
        "rules: [{ operation: ListGroupMembershipsForMember, throttle: true }]",
    )
    .await;
    let answer = center(&cloud).people(&BTreeSet::from([id(ALICE)]), &set(["ml-fraud"])).await;
    let (_, operation, kind, _) = failure(answer);
    assert_eq!((operation, kind), ("ListGroupMembershipsForMember", FailureKind::Throttled));
}

#[tokio::test]
async fn people_are_found_by_name_and_by_id() {
    let cloud = Cloud::with(&small()).await;
    let center = center(&cloud);
    let by_name =
        async |name: &str| center.find(&PersonLookup::UserName(name.to_owned())).await.unwrap();
    assert_eq!(by_name("alice@example.com").await, Some(id(ALICE)));
    assert_eq!(by_name("ALICE@example.com").await, Some(id(ALICE)));
    assert_eq!(by_name("dave").await, None);
    assert_eq!(by_name("").await, None, "a name the service refuses is nobody's");
    let by_id = async |text: &str| center.find(&PersonLookup::Id(id(text))).await.unwrap();
    assert_eq!(by_id(ALICE).await, Some(id(ALICE)));
    assert_eq!(by_id(NOBODY).await, None);
    assert_eq!(by_id("alice").await, None, "an id the service refuses is nobody's");
}

#[tokio::test]
async fn groups_are_found_by_exactly_their_display_name() {
    let cloud = Cloud::with(&small()).await;
    let center = center(&cloud);
    let risk = GroupId::parse(cloud.look().group_id("ml-risk").unwrap()).unwrap();
    assert_eq!(center.find_group("ml-risk").await.unwrap(), Some(risk));
    for other in ["ML-Risk", "ml-ris", ""] {
        assert_eq!(center.find_group(other).await.unwrap(), None, "{other:?}");
    }
}

#[tokio::test]
async fn a_lookup_that_is_denied_is_not_nobody() {
    let faults = "rules: [{ operation: GetUserId, error: { code: AccessDeniedException } }]";
    let cloud = Cloud::failing(&small(), faults).await;
    let answer = center(&cloud).find(&PersonLookup::UserName("bob".to_owned())).await;
    let (_, operation, kind, _) = failure(answer);
    assert_eq!((operation, kind), ("GetUserId", FailureKind::AccessDenied));
}

#[tokio::test]
async fn in_a_store_that_is_not_there_nobody_is_gone() {
    let cloud = Cloud::with(&small()).await;
    let risk = GroupId::parse(cloud.look().group_id("ml-risk").unwrap()).unwrap();
    let store = IdentityStoreId::parse("d-9067000000").unwrap();
    let gone = cloud.aws.identity_center(&region(), &store);
    let read = gone.people(&[id(ALICE)].into(), &set(["ml-fraud"])).await;
    assert_eq!(failure(read).1, "DescribeUser");
    let found = gone.find(&PersonLookup::UserName("bob".to_owned())).await;
    assert_eq!(failure(found).1, "GetUserId");
    assert_eq!(failure(gone.members(&risk).await).1, "ListGroupMemberships");
    assert_eq!(failure(gone.group_name(&risk).await).1, "DescribeGroup");
}

#[tokio::test]
async fn members_of_a_group_that_is_not_there_are_none() {
    let cloud = Cloud::with(&small()).await;
    let risk = GroupId::parse(cloud.look().group_id("ml-risk").unwrap()).unwrap();
    let members = center(&cloud).members(&risk).await.unwrap().unwrap();
    let people: BTreeSet<PersonId> = members.into_values().collect();
    assert_eq!(people, BTreeSet::from([id(ALICE), id(BOB)]));
    assert_eq!(center(&cloud).group_name(&risk).await.unwrap().as_deref(), Some("ml-risk"));
    let unknown = GroupId::parse(NOBODY).unwrap();
    assert_eq!(center(&cloud).members(&unknown).await.unwrap(), None);
    assert_eq!(center(&cloud).group_name(&unknown).await.unwrap(), None);
}

#[tokio::test]
async fn a_complete_reading_names_every_group_and_the_memberships_of_those_wanted() {
    let cloud = Cloud::with(&small()).await;
    let group = |name: &str| GroupId::parse(cloud.look().group_id(name).unwrap()).unwrap();
    let (fraud, everyone) = (group("ml-fraud"), group("everyone"));
    let reading = center(&cloud).everybody(&set(["ml-fraud"])).await.unwrap();
    let Memberships::Complete(groups) = reading.memberships else { panic!("it is complete") };
    assert_eq!(groups.len(), 4);
    assert_eq!(
        (groups[&everyone].display_name.as_str(), &groups[&everyone].members),
        ("everyone", &None)
    );
    let members = groups[&fraud].members.clone().unwrap();
    assert_eq!(Some(members), center(&cloud).members(&fraud).await.unwrap());
}

#[tokio::test]
async fn a_reading_of_people_names_their_memberships_in_the_groups_wanted() {
    let cloud = Cloud::with(&small()).await;
    let fraud = GroupId::parse(cloud.look().group_id("ml-fraud").unwrap()).unwrap();
    let asked = BTreeSet::from([id(ALICE), id(BOB)]);
    let reading = center(&cloud).people(&asked, &set(["ml-fraud"])).await.unwrap();
    let members = center(&cloud).members(&fraud).await.unwrap().unwrap();
    let (of_alice, _) = members.iter().find(|(_, person)| **person == id(ALICE)).unwrap();
    let alice = Membership { id: of_alice.clone(), group: fraud, person: id(ALICE) };
    assert_eq!(reading.memberships, Memberships::Some(vec![alice]));
}
