//! Mirroring into an identity store, by the planner's own plans.

use crate::support::{Cloud, failure, region};
use access::ids::{GroupId, IdentityStoreId, MirrorUserId, PersonId};
use access::map::Guard;
use access::mirror::{
    GroupRef, Leavers, Mark, MirrorPerson, MirrorPolicy, MirrorSource, MirrorStep, SourceGroup,
    Strangers, UserRef, plan,
};
use aws::IdentityStoreMirror;
use control::ports::{CallError, FailureKind, MembersLeft, MirrorTarget};
use std::collections::{BTreeMap, BTreeSet};

const SEED: &str = "
directory:
  identity_store_id: d-906716eb24
  users: [ { user_name: root } ]
  groups: [ { name: admins, members: [ root ] } ]
";

fn policy() -> MirrorPolicy {
    MirrorPolicy {
        mark: Mark::of("default"),
        leavers: Leavers::Delete,
        strangers: Strangers::Report,
        guard: Guard::default(),
    }
}

fn store(cloud: &Cloud) -> IdentityStoreMirror {
    let store = IdentityStoreId::parse("d-906716eb24").unwrap();
    cloud.aws.identity_center(&region(), &store).mirror()
}

fn source(people: &[&str], groups: &[(&str, &[&str])]) -> MirrorSource {
    let pid = |name: &str| PersonId::parse(format!("p-{name}")).unwrap();
    let person = |name: &str| MirrorPerson {
        user_name: name.to_owned(),
        display_name: format!("{name} Ångström"),
        given_name: name.to_owned(),
        family_name: "Ångström".to_owned(),
        email: Some(format!("{name}@example.com")),
        enabled: true,
    };
    MirrorSource {
        people: people.iter().map(|name| (pid(name), person(name))).collect(),
        groups: groups
            .iter()
            .map(|(name, members)| {
                let members = members.iter().map(|name| pid(name)).collect();
                let group = SourceGroup { display_name: (*name).to_owned(), members };
                (GroupId::parse(format!("g-{name}")).unwrap(), group)
            })
            .collect(),
    }
}

/// Carries out whatever the planner finds, step by step; how many steps.
async fn converge(target: &IdentityStoreMirror, source: &MirrorSource) -> usize {
    let policy = policy();
    let read = target.read(&policy.mark).await.unwrap();
    let plan = plan(source, &read, &policy);
    let (mut users, mut groups) = (BTreeMap::new(), BTreeMap::new());
    for action in &plan.actions {
        match &action.step {
            MirrorStep::CreateUser { source, person } => {
                let made = target.create_user(person, &policy.mark.text(source)).await.unwrap();
                users.insert(source.clone(), made);
            }
            MirrorStep::CreateGroup { source, display_name } => {
                let mark = policy.mark.text(source);
                groups.insert(
                    source.clone(),
                    target.create_group(display_name, &mark).await.unwrap(),
                );
            }
            MirrorStep::EnableUser { user, person, .. } => {
                let to = MirrorPerson { enabled: true, ..person.clone() };
                target.update_user(user, person, &to).await.unwrap();
            }
            MirrorStep::DisableUser { user, person, .. } => {
                let to = MirrorPerson { enabled: false, ..person.clone() };
                target.update_user(user, person, &to).await.unwrap();
            }
            MirrorStep::UpdateUser { user, from, to, .. } => {
                target.update_user(user, from, to).await.unwrap();
            }
            MirrorStep::RenameGroup { group, to, .. } => {
                target.rename_group(group, to).await.unwrap();
            }
            MirrorStep::AddMembers { group, source, members } => {
                let group = match group {
                    GroupRef::There(group) => group,
                    GroupRef::New(_) => &groups[source],
                };
                let members: Vec<MirrorUserId> = members
                    .iter()
                    .map(|member| match member {
                        UserRef::There(user) => user.clone(),
                        UserRef::New(person) => users[person].clone(),
                    })
                    .collect();
                target.add_members(group, &members).await.unwrap();
                // Whoever is in it already stays in it.
                target.add_members(group, &members[..1]).await.unwrap();
            }
            MirrorStep::RemoveMembers { group, members, .. } => {
                target.remove_members(group, members).await.unwrap();
                target.remove_members(group, &members[..1]).await.unwrap();
            }
            MirrorStep::DeleteGroup { group, .. } => {
                target.delete_group(group).await.unwrap();
                target.delete_group(group).await.unwrap();
            }
            MirrorStep::DeleteUser { user, .. } => {
                target.delete_user(user).await.unwrap();
                target.delete_user(user).await.unwrap();
            }
        }
    }
    plan.actions.len()
}

#[tokio::test]
async fn an_identity_store_becomes_what_the_source_has_and_keeps_what_is_its_own() {
    let cloud = Cloud::with(SEED).await;
    let target = store(&cloud);
    let root = cloud.look().user_id("root").unwrap();
    let before = source(&["ana", "ben"], &[("ml", &["ana", "ben"]), ("old", &["ben"])]);
    assert_eq!(converge(&target, &before).await, 2 + 2 + 2);
    assert_eq!(converge(&target, &before).await, 0);

    let mut after = source(&["ana", "cleo"], &[("ml", &["ana", "cleo"])]);
    let ana = after.people.get_mut(&PersonId::parse("p-ana").unwrap()).unwrap();
    ana.user_name = "anna".to_owned();
    ana.email = Some("anna@example.com".to_owned());
    ana.family_name = "Ek".to_owned();
    ana.enabled = false;
    after.groups.get_mut(&GroupId::parse("g-ml").unwrap()).unwrap().display_name =
        "ml-2".to_owned();
    assert!(converge(&target, &after).await > 5);
    assert_eq!(converge(&target, &after).await, 0);

    let read = target.read(&policy().mark).await.unwrap();
    let people: BTreeMap<&str, (&str, bool, Option<&str>)> = read
        .users
        .values()
        .map(|user| {
            let MirrorPerson { user_name, family_name, enabled, .. } = &user.person;
            (user_name.as_str(), (family_name.as_str(), *enabled, user.mark.as_deref()))
        })
        .collect();
    assert_eq!(people["anna"], ("Ek", false, Some("stagedoor:default:p-ana")));
    assert_eq!(people["cleo"], ("Ångström", true, Some("stagedoor:default:p-cleo")));
    assert_eq!(people.len(), 3, "ben is gone, root is there: {people:?}");
    let renamed = read.users.values().find(|user| user.person.user_name == "anna").unwrap();
    assert_eq!(renamed.person.email.as_deref(), Some("anna@example.com"));
    let groups: BTreeMap<&str, Option<usize>> = read
        .groups
        .values()
        .map(|group| (group.display_name.as_str(), group.members.as_ref().map(BTreeSet::len)))
        .collect();
    assert_eq!(groups, BTreeMap::from([("admins", None), ("ml-2", Some(2))]));
    assert_eq!(cloud.look().user_id("root").unwrap(), root);
}

#[tokio::test]
async fn a_hundred_members_are_one_call_each_and_ended_by_the_ids_that_were_read() {
    let names: Vec<String> = (0..120).map(|n| format!("p{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let cloud = Cloud::with(SEED).await;
    let target = store(&cloud);
    converge(&target, &source(&names, &[("ml", &names), ("all", &names)])).await;
    let calls = |operation: &str| cloud.calls(&format!("identitystore:{operation}"));
    // Besides one that was made twice in each of four batches.
    assert_eq!(calls("CreateGroupMembership"), 240 + 4);
    converge(&target, &source(&names, &[("ml", &names[..20]), ("all", &names)])).await;
    assert_eq!(calls("DeleteGroupMembership"), 100 + 1);
    assert_eq!(calls("GetGroupMembershipId"), 0);
}

/// The error of a call that failed for all of these users.
fn of_all(users: &[&MirrorUserId]) -> impl Fn(MembersLeft) -> CallError {
    move |left| {
        assert_eq!(left.users.iter().collect::<Vec<_>>(), users);
        left.error
    }
}

#[tokio::test]
async fn whoever_cannot_join_or_leave_is_in_nobody_elses_way() {
    let names: Vec<String> = (0..30).map(|n| format!("p{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let cloud = Cloud::with(SEED).await;
    let target = store(&cloud);
    // Whoever is in no group is not mirrored.
    converge(&target, &source(&names, &[("ml", &[]), ("all", &names)])).await;
    let mark = policy().mark;
    let read = target.read(&mark).await.unwrap();
    let (ml, _) = read.groups.iter().find(|(_, group)| group.display_name == "ml").unwrap();
    let ours = read.users.iter().filter(|(_, user)| user.mark.is_some());
    let all: Vec<MirrorUserId> = ours.map(|(id, _)| id.clone()).collect();
    assert_eq!(all.len(), 30);
    let members = async || {
        let read = target.read(&mark).await.unwrap();
        read.groups[ml].members.clone().unwrap()
    };
    let fault = |operation: &str, when: &str, code: &str| {
        let error = format!("error: {{ code: {code}, status: 400 }}");
        cloud.go_wrong(&format!("rules: [{{ operation: {operation}, {when}{error} }}]"));
    };
    let without = |some: &[MirrorUserId]| {
        all.iter().filter(|id| !some.contains(id)).cloned().collect::<BTreeSet<_>>()
    };

    fault("CreateGroupMembership", "nth: 3, ", "ResourceNotFoundException");
    let MembersLeft { users, error } = target.add_members(ml, &all).await.unwrap_err();
    assert_eq!((users.len(), error.kind), (1, FailureKind::NotFound));
    assert_eq!(members().await, without(&users));
    assert_eq!(target.add_members(ml, &users).await, Ok(()));
    assert_eq!(members().await, without(&[]));

    fault("DeleteGroupMembership", "nth: 3, ", "AccessDeniedException");
    let MembersLeft { users, error } = target.remove_members(ml, &all).await.unwrap_err();
    assert_eq!((users.len(), error.kind), (1, FailureKind::AccessDenied));
    assert_eq!(members().await, users.iter().cloned().collect());
    assert_eq!(target.remove_members(ml, &users).await, Ok(()));

    // Where no other call will fare better, not all are tried.
    fault("CreateGroupMembership", "", "ExpiredTokenException");
    let before = cloud.calls("identitystore:CreateGroupMembership");
    let MembersLeft { users, error } = target.add_members(ml, &all).await.unwrap_err();
    assert_eq!((users.len(), error.kind), (30, FailureKind::Credentials));
    assert!(cloud.calls("identitystore:CreateGroupMembership") - before < 30);
}

#[tokio::test]
async fn a_conflict_of_writers_is_no_membership() {
    let cloud = Cloud::with(SEED).await;
    let target = store(&cloud);
    converge(&target, &source(&["ana", "ben"], &[("ml", &["ana"])])).await;
    let mark = policy().mark;
    let ben = source(&["ben"], &[]).people.into_values().next().unwrap();
    let ben = target.create_user(&ben, &mark.text("p-ben")).await.unwrap();
    let read = target.read(&mark).await.unwrap();
    let (ml, _) = read.groups.iter().find(|(_, group)| group.display_name == "ml").unwrap();
    let members = async || {
        let read = target.read(&mark).await.unwrap();
        read.groups[ml].members.clone().unwrap()
    };
    let conflict = |often: &str, reason: &str| {
        format!(
            "rules: [{{ operation: CreateGroupMembership, {often}error: {{ code: ConflictException, \
             status: 409, members: {{ {reason} }} }} }}]"
        )
    };
    let calls = || cloud.calls("identitystore:CreateGroupMembership");
    // Whatever others do, and whoever does not say what the conflict is.
    for reason in ["Reason: CONCURRENT_MODIFICATION", ""] {
        cloud.go_wrong(&conflict("", reason));
        let before = calls();
        let conflict = Some("ConflictException".to_owned());
        assert_eq!(
            failure(
                target.add_members(ml, std::slice::from_ref(&ben)).await.map_err(of_all(&[&ben]))
            ),
            ("identitystore", "CreateGroupMembership", FailureKind::InUse, conflict)
        );
        assert_eq!(calls() - before, 5);
        assert!(!members().await.contains(&ben));
    }
    // It passes.
    cloud.go_wrong(&conflict("first: 2, ", "Reason: CONCURRENT_MODIFICATION"));
    target.add_members(ml, std::slice::from_ref(&ben)).await.unwrap();
    assert!(members().await.contains(&ben));
    // Who is a member already is one, whatever the conflict says.
    for reason in ["Reason: UNIQUENESS_CONSTRAINT_VIOLATION", "Reason: CONCURRENT_MODIFICATION", ""]
    {
        cloud.go_wrong(&conflict("", reason));
        let before = calls();
        target.add_members(ml, std::slice::from_ref(&ben)).await.unwrap();
        assert_eq!(calls() - before, 1);
    }
}
