//! Identity Center as a `Directory`.

use crate::support::{Cloud, failure, region};
use access::entitlement::WantedGroups;
use access::ids::{GroupId, IdentityStoreId, PersonId};
use access::map::MatchKey;
use access::mirror::MirrorPerson;
use access::snapshot::{Coverage, Snapshot};
use aws::IdentityCenter;
use control::event::Membership;
use control::ports::{
    Directory, FailureKind, Memberships, MirrorTarget as _, Particulars, PersonLookup,
};
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
async fn a_key_of_the_store_that_may_not_be_used_is_named() {
    let cloud = Cloud::with(&small()).await;
    let center = center(&cloud);
    let refusal = |members: &str| {
        cloud.go_wrong(&format!(
            "rules: [{{ service: identitystore, error: {{ code: AccessDeniedException, message: \
             \"No.\"{members} }} }}]"
        ));
    };
    for (members, told) in [
        (
            ", members: { Reason: KMS_ACCESS_DENIED }",
            "No. (KMS_ACCESS_DENIED: about the KMS key that the identity store is encrypted with, \
             `directory_key` of the map's hub)",
        ),
        (", members: { Reason: SOMETHING_NEW }", "No."),
        ("", "No."),
    ] {
        refusal(members);
        let error = center.people(&[id(ALICE)].into(), &set(["ml-fraud"])).await.unwrap_err();
        assert_eq!((error.kind, error.message.as_str()), (FailureKind::AccessDenied, told));
    }
}

#[tokio::test]
async fn where_the_key_of_the_store_is_gone_nobody_is_gone() {
    let cloud = Cloud::with(&small()).await;
    let risk = GroupId::parse(cloud.look().group_id("ml-risk").unwrap()).unwrap();
    let center = center(&cloud);
    for (code, reason) in [
        ("ResourceNotFoundException", "KMS_KEY_NOT_FOUND"),
        ("ValidationException", "KMS_DISABLED"),
        ("ValidationException", "KMS_INVALID_STATE"),
        ("ResourceNotFoundException", "SOMETHING_NEW"),
    ] {
        cloud.go_wrong(&format!(
            "rules: [{{ service: identitystore, error: {{ code: {code}, message: \"The key is not \
             found.\", members: {{ Reason: {reason}, ResourceType: USER }} }} }}]"
        ));
        let unreachable = |operation| {
            ("identitystore", operation, FailureKind::Unreachable, Some(code.to_owned()))
        };
        let read = center.people(&[id(ALICE), id(BOB)].into(), &set(["ml-fraud"])).await;
        assert_eq!(failure(read), unreachable("DescribeUser"), "{reason}");
        let found = center.find(&PersonLookup::UserName("bob".to_owned())).await;
        assert_eq!(failure(found), unreachable("GetUserId"), "{reason}");
        let found = center.find(&PersonLookup::Id(id(ALICE))).await;
        assert_eq!(failure(found), unreachable("DescribeUser"), "{reason}");
        let found = center.find_group("ml-risk").await;
        assert_eq!(failure(found), unreachable("GetGroupId"), "{reason}");
        let read = center.members(&risk).await;
        assert_eq!(failure(read), unreachable("ListGroupMemberships"), "{reason}");
        assert_eq!(
            failure(center.group_name(&risk).await),
            unreachable("DescribeGroup"),
            "{reason}"
        );
    }
    // The key is there again, and so is everybody.
    cloud.go_wrong("{}");
    let read = center.people(&[id(ALICE)].into(), &set(["ml-fraud"])).await.unwrap();
    assert_eq!(read.snapshot.people.len(), 1);
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

#[tokio::test]
async fn somebody_whom_the_directory_refuses_to_show_stops_nobody_else() {
    let faults = format!(
        "rules: [{{ operation: DescribeUser, about: {BOB}, error: {{ code: AccessDeniedException }} }}]"
    );
    let cloud = Cloud::failing(&small(), &faults).await;
    let carol = id(&cloud.look().user_id("carol").unwrap());
    let asked = BTreeSet::from([id(ALICE), id(BOB), id(NOBODY), carol.clone()]);
    let reading = center(&cloud).people(&asked, &set(["ml-fraud", "ml-risk"])).await.unwrap();
    let snapshot = reading.snapshot;
    let covered = BTreeSet::from([id(ALICE), id(NOBODY), carol.clone()]);
    assert_eq!(snapshot.coverage, Coverage::People(covered));
    assert!(!snapshot.speaks_for(&id(BOB)), "nothing is taken from somebody who was not read");
    assert!(!snapshot.people.contains_key(&id(BOB)));
    assert_eq!(snapshot.people.len(), 2);
    // Alone he is no reading at all.
    let alone = center(&cloud).people(&BTreeSet::from([id(BOB)]), &set(["ml-risk"])).await;
    assert_eq!(failure(alone).1, "DescribeUser");
    // And a service that is slow or away says nothing of one person.
    let faults = format!("rules: [{{ operation: DescribeUser, about: {BOB}, throttle: true }}]");
    cloud.go_wrong(&faults);
    let slow = center(&cloud).people(&asked, &set(["ml-risk"])).await;
    assert_eq!(failure(slow).2, FailureKind::Throttled);
}

#[tokio::test]
async fn a_group_that_is_not_shown_leaves_its_members_unread() {
    let cloud = Cloud::with(&small()).await;
    let risk = cloud.look().group_id("ml-risk").unwrap();
    cloud.go_wrong(&format!(
        "rules: [{{ operation: DescribeGroup, about: {risk}, error: {{ code: AccessDeniedException }} }}]"
    ));
    let carol = id(&cloud.look().user_id("carol").unwrap());
    let asked = BTreeSet::from([id(ALICE), carol.clone()]);
    let reading = center(&cloud).people(&asked, &set(["ml-fraud", "ml-risk"])).await.unwrap();
    assert_eq!(reading.snapshot.coverage, Coverage::People(BTreeSet::from([carol.clone()])));
    assert_eq!(groups(&reading.snapshot), [("ml-fraud", vec![carol.as_str()])]);
}

fn of_members(number: usize, groups: &[(&str, usize)]) -> String {
    let mut seed = "directory:\n  identity_store_id: d-906716eb24\n  users:\n".to_owned();
    for n in 0..number {
        writeln!(seed, "    - {{ user_name: user-{n} }}").unwrap();
    }
    seed.push_str("  groups:\n");
    for (name, members) in groups {
        let members: Vec<String> = (0..*members).map(|n| format!("user-{n}")).collect();
        writeln!(seed, "    - {{ name: {name}, members: [{}] }}", members.join(", ")).unwrap();
    }
    seed
}

#[tokio::test]
async fn many_people_are_read_by_lists_and_few_one_by_one() {
    let cloud = Cloud::with(&of_members(250, &[("ml-fraud", 150), ("other", 9)])).await;
    let center = center(&cloud);
    let all = |number: usize| -> BTreeSet<PersonId> {
        (0..number).map(|n| id(&cloud.look().user_id(&format!("user-{n}")).unwrap())).collect()
    };
    let (many, few) = (all(200), all(2));
    let wanted = set(["ml-fraud"]);
    let full = center.everybody(&wanted).await.unwrap();
    let calls = |operation: &str| cloud.calls(&format!("identitystore:{operation}"));
    assert_eq!((calls("ListUsers"), calls("ListGroups"), calls("ListGroupMemberships")), (3, 1, 2));
    // 200 of 250: three pages of people, one of groups, two of members, rather than 400 questions.
    let read = center.people(&many, &wanted).await.unwrap().snapshot;
    assert_eq!((calls("ListUsers"), calls("ListGroups"), calls("ListGroupMemberships")), (6, 2, 4));
    assert_eq!((calls("DescribeUser"), calls("ListGroupMembershipsForMember")), (0, 0));
    assert_eq!(read.coverage, Coverage::People(many.clone()));
    assert_eq!(read.people.len(), 200);
    let members = |snapshot: &Snapshot| snapshot.groups.values().next().unwrap().members.clone();
    assert_eq!(members(&read), members(&full.snapshot));
    // Two of 250: two questions each, and a name.
    let read = center.people(&few, &wanted).await.unwrap().snapshot;
    assert_eq!((calls("DescribeUser"), calls("ListGroupMembershipsForMember")), (2, 2));
    assert_eq!((calls("ListUsers"), calls("ListGroupMemberships")), (6, 4));
    assert_eq!(members(&read), few);
}

#[tokio::test]
async fn whoever_wants_no_groups_does_not_change_how_others_are_read() {
    let cloud = Cloud::with(&of_members(250, &[("ml-fraud", 150), ("other", 9)])).await;
    let few: BTreeSet<PersonId> =
        (0..3).map(|n| id(&cloud.look().user_id(&format!("user-{n}")).unwrap())).collect();
    let calls = |operation: &str| cloud.calls(&format!("identitystore:{operation}"));
    let (center, wanted) = (center(&cloud), set(["ml-fraud"]));
    for is_known in [false, true] {
        if is_known {
            center.everybody(&wanted).await.unwrap();
        }
        center.everybody(&WantedGroups::default()).await.unwrap();
        let [listed, asked] = ["ListGroupMemberships", "ListGroupMembershipsForMember"].map(calls);
        center.people(&few, &wanted).await.unwrap();
        assert_eq!(calls("ListGroupMemberships"), listed, "{is_known}");
        assert_eq!(calls("ListGroupMembershipsForMember"), asked + 3, "{is_known}");
    }
}

#[tokio::test]
async fn few_people_in_many_groups_are_asked_for_theirs() {
    let names: Vec<String> = (0..40).map(|n| format!("ml-{n}")).collect();
    let groups: Vec<(&str, usize)> = names.iter().map(|name| (name.as_str(), 2)).collect();
    let cloud = Cloud::with(&of_members(5, &groups)).await;
    let wanted = WantedGroups { names: names.iter().cloned().collect(), ..WantedGroups::default() };
    let reading = center(&cloud).everybody(&wanted).await.unwrap();
    assert_eq!(cloud.calls("identitystore:ListGroupMembershipsForMember"), 5);
    assert_eq!(cloud.calls("identitystore:ListGroupMemberships"), 0);
    assert_eq!(reading.snapshot.groups.len(), 40);
    assert!(reading.snapshot.groups.values().all(|group| group.members.len() == 2));
    let Memberships::Complete(read) = reading.memberships else { panic!("it is complete") };
    let (first, group) = read.iter().next().unwrap();
    assert_eq!(group.members, center(&cloud).members(first).await.unwrap());
}

/// Somebody is in 261 groups, of 800 people.
async fn with_somebody_in_hundreds_of_groups() -> (Cloud, PersonId) {
    let names: Vec<String> = (0..260).map(|n| format!("g-{n}")).collect();
    let mut groups: Vec<(&str, usize)> = names.iter().map(|name| (name.as_str(), 1)).collect();
    groups.push(("ml-fraud", 150));
    let cloud = Cloud::with(&of_members(800, &groups)).await;
    let first = id(&cloud.look().user_id("user-0").unwrap());
    (cloud, first)
}

#[tokio::test]
async fn somebody_in_hundreds_of_groups_is_asked_about_the_wanted_ones() {
    let (cloud, first) = with_somebody_in_hundreds_of_groups().await;
    let (center, wanted) = (center(&cloud), set(["ml-fraud", "g-7"]));
    center.everybody(&wanted).await.unwrap();
    let asked = BTreeSet::from([first.clone()]);
    let before = |center: &IdentityCenter| {
        let center = center.clone();
        let (asked, wanted) = (asked.clone(), wanted.clone());
        async move { center.people(&asked, &wanted).await.unwrap() }
    };
    // The first time nobody knows that they are so many.
    let slow = before(&center).await;
    assert_eq!(cloud.calls("identitystore:ListGroupMembershipsForMember"), 3);
    let lists = cloud.calls("identitystore:ListGroups");
    let quick = before(&center).await;
    assert_eq!(cloud.calls("identitystore:IsMemberInGroups"), 1);
    assert_eq!(cloud.calls("identitystore:ListGroupMembershipsForMember"), 3, "not again");
    assert_eq!(cloud.calls("identitystore:ListGroups"), lists + 3);
    assert_eq!(quick.snapshot, slow.snapshot);
    assert_eq!(quick.memberships, Memberships::Some(vec![]), "their ids were not told");
}

#[tokio::test]
async fn a_group_that_vanishes_after_it_was_listed_takes_no_other_membership_along() {
    let (cloud, first) = with_somebody_in_hundreds_of_groups().await;
    let (center, wanted) = (center(&cloud), set(["ml-fraud", "g-7"]));
    center.everybody(&wanted).await.unwrap();
    let asked = BTreeSet::from([first.clone()]);
    let read = async || center.people(&asked, &wanted).await.unwrap().snapshot;
    read().await;
    let whose = |snapshot: &Snapshot| -> Vec<String> {
        let groups = snapshot.groups.values().filter(|group| group.members.contains(&first));
        groups.map(|group| group.display_name.clone()).collect()
    };
    let gone = cloud.look().group_id("g-7").unwrap();
    let refusing = |members: &str| {
        cloud.go_wrong(&format!(
            "rules: [{{ operation: IsMemberInGroups, nth: 1, error: {{ code: \
             ResourceNotFoundException, members: {{ {members} }} }} }}]"
        ));
    };
    let before = cloud.calls("identitystore:IsMemberInGroups");
    refusing(&format!("ResourceType: GROUP, ResourceId: {gone}"));
    let snapshot = read().await;
    assert_eq!(whose(&snapshot), ["ml-fraud"]);
    assert!(snapshot.speaks_for(&first));
    assert_eq!(cloud.calls("identitystore:IsMemberInGroups"), before + 2);
    // A person who is no more is in no group.
    refusing(&format!("ResourceType: USER, ResourceId: {first}"));
    assert_eq!(whose(&read().await), [""; 0]);
    // What is missing is not said, or was not asked for: that says nothing of the person.
    for members in ["", "ResourceType: GROUP, ResourceId: another", "ResourceType: GROUP"] {
        refusing(members);
        let reading = center.people(&asked, &wanted).await;
        assert!(!reading.is_ok_and(|reading| reading.snapshot.speaks_for(&first)), "{members}");
    }
}

#[tokio::test]
async fn what_people_are_matched_by_is_read_along_and_arns_are_ids() {
    let seed = small().replace(
        "display_name: Alice Ångström",
        "display_name: Alice Ångström, email: alice@corp.example, external_id: 00u1",
    );
    let cloud = Cloud::with(&seed).await;
    let center = center(&cloud);
    let reading = center.everybody(&set([])).await.unwrap();
    let alice = Particulars {
        email: Some("alice@corp.example".to_owned()),
        external_id: Some("00u1".to_owned()),
        given_name: Some("Alice".to_owned()),
        family_name: Some("Ångström".to_owned()),
    };
    assert_eq!((reading.particulars.len(), &reading.particulars[&id(ALICE)]), (3, &alice));
    let arn = id(&format!("arn:aws:identitystore:::user/{ALICE}"));
    assert_eq!(center.find(&PersonLookup::Id(arn)).await.unwrap(), Some(id(ALICE)));
    let some = center.people(&BTreeSet::from([id(ALICE)]), &set([])).await.unwrap();
    assert_eq!(some.particulars[&id(ALICE)], reading.particulars[&id(ALICE)]);
}

#[tokio::test]
async fn who_has_an_address_is_found_by_one_list_and_a_question_each() {
    let seed = small().replace(
        "display_name: Alice Ångström",
        "display_name: Alice Ångström, email: Alice@corp.example, external_id: 00u1",
    );
    let cloud = Cloud::with(&seed).await;
    let center = center(&cloud);
    let who = async |key, value: &str| center.who_has(key, value).await.unwrap();
    let alice = BTreeSet::from([id(ALICE)]);
    assert_eq!(who(MatchKey::Email, "alice@corp.example").await, alice);
    assert_eq!(who(MatchKey::Email, "ALICE@corp.example").await, alice);
    assert_eq!(who(MatchKey::Email, "nobody@corp.example").await, BTreeSet::new());
    assert_eq!(who(MatchKey::ExternalId, "00u1").await, alice);
    assert_eq!(who(MatchKey::ExternalId, "00U1").await, BTreeSet::new());
    assert_eq!(cloud.calls("identitystore:ListUsers"), 1, "everybody is listed once");
    assert_eq!(cloud.calls("identitystore:GetUserId"), 5);

    // Who came since the list is found by the question.
    let target = center.clone().mirror();
    let made = MirrorPerson {
        user_name: "zoe".to_owned(),
        display_name: "Zoe Ek".to_owned(),
        given_name: "Zoe".to_owned(),
        family_name: "Ek".to_owned(),
        email: Some("zoe@corp.example".to_owned()),
        enabled: true,
    };
    let zoe = target.create_user(&made, "stagedoor:default:zoe").await.unwrap();
    let found = who(MatchKey::Email, "zoe@corp.example").await;
    assert_eq!(found, BTreeSet::from([id(zoe.as_str())]));
    assert_eq!(cloud.calls("identitystore:ListUsers"), 1);
    // A reading of everybody brings the list up to date by the way.
    center.everybody(&set([])).await.unwrap();
    assert_eq!(who(MatchKey::Email, "ZOE@corp.example").await, found);
    assert_eq!(cloud.calls("identitystore:ListUsers"), 2);
}
