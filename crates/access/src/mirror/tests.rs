//! What a plan does, case by case and as properties.

use super::model::{Model, access, rights};
use super::*;
use crate::check::Removals;
use crate::ids::{GroupId, MirrorGroupId, MirrorUserId, PersonId};
use crate::map::Guard;
use crate::reason::ReasonCode;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const ALL: Removals = Removals::Allowed(u32::MAX);

fn policy() -> MirrorPolicy {
    MirrorPolicy {
        mark: Mark::of("default"),
        leavers: Leavers::Disable,
        strangers: Strangers::Report,
        guard: Guard { max_removals: 5, max_removals_percent: 10 },
    }
}

fn pid(text: &str) -> PersonId {
    PersonId::parse(text).unwrap()
}

fn gid(text: &str) -> GroupId {
    GroupId::parse(text).unwrap()
}

fn uid(text: &str) -> MirrorUserId {
    MirrorUserId::parse(text).unwrap()
}

fn person(name: &str) -> MirrorPerson {
    MirrorPerson {
        user_name: name.to_owned(),
        display_name: format!("{name} Ek"),
        given_name: name.to_owned(),
        family_name: "Ek".to_owned(),
        email: Some(format!("{name}@example.com")),
        enabled: true,
    }
}

fn source(people: &[&str], groups: &[(&str, &[&str])]) -> MirrorSource {
    MirrorSource {
        people: people.iter().map(|name| (pid(&format!("p-{name}")), person(name))).collect(),
        groups: groups
            .iter()
            .map(|(name, members)| {
                let members = members.iter().map(|name| pid(&format!("p-{name}"))).collect();
                let group = SourceGroup { display_name: (*name).to_owned(), members };
                (gid(&format!("g-{name}")), group)
            })
            .collect(),
    }
}

fn user(name: &str, mark: Option<&str>) -> TargetUser {
    TargetUser { person: person(name), mark: mark.map(str::to_owned) }
}

/// The target after everything was mirrored.
fn mirrored(source: &MirrorSource, policy: &MirrorPolicy) -> TargetReading {
    let mut model = Model::new(TargetReading::default(), policy);
    model.carry_out(&plan(source, &TargetReading::default(), policy), |_| ());
    model.target
}

fn kinds(plan: &MirrorPlan) -> Vec<String> {
    let kind = |action: &MirrorAction| {
        serde_json::to_value(action).unwrap()["kind"].as_str().unwrap().to_owned()
    };
    plan.actions.iter().map(kind).collect()
}

fn reasons(plan: &MirrorPlan) -> Vec<(String, ReasonCode)> {
    plan.kept.iter().map(|kept| (kept.name.clone(), kept.reason)).collect()
}

#[test]
fn an_empty_target_gets_people_then_groups_then_members() {
    let source = source(&["ana", "ben", "cleo"], &[("ml", &["ana", "ben"]), ("none", &[])]);
    let plan = plan(&source, &TargetReading::default(), &policy());
    assert_eq!(
        kinds(&plan),
        ["create-user", "create-user", "create-group", "create-group", "add-members"],
        "cleo is in no group"
    );
    assert_eq!((plan.taken(), plan.kept.len()), (0, 0));
    let first = serde_json::to_value(&plan.actions[0]).unwrap();
    assert_eq!(first["person"]["userName"], "ana");
    assert_eq!(first["reason"], "mirrored");
}

#[test]
fn what_is_mirrored_already_is_left_as_it_is() {
    let source = source(&["ana", "ben"], &[("ml", &["ana", "ben"])]);
    assert!(plan(&source, &mirrored(&source, &policy()), &policy()).is_empty());
}

#[test]
fn members_change_by_hundreds_and_come_before_they_go() {
    let names: Vec<String> = (0..250).map(|n| format!("p{n:03}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (first, second) = names.split_at(110);
    let before = source(&names, &[("ml", first), ("all", &names)]);
    let after = source(&names, &[("ml", second), ("all", &names)]);
    let target = mirrored(&before, &policy());
    let plan = plan(&after, &target, &policy());
    assert_eq!(kinds(&plan), ["add-members", "add-members", "remove-members", "remove-members"]);
    let sizes: Vec<usize> = plan.actions.iter().map(|action| action.step.taken()).collect();
    assert_eq!(sizes, [0, 0, 100, 10]);
    let refused = check(plan, &after, &target, &policy(), Removals::Guarded).unwrap_err();
    assert_eq!(refused[0].code, ReasonCode::GuardTripped);
    assert_eq!(
        refused[0].message,
        "the plan takes away 110 of 610 mirrored users and memberships, after 0 in the last 24 \
         hours; 5 are allowed"
    );
}

#[test]
fn somebody_who_leaves_is_disabled_or_deleted_and_comes_back() {
    let with = source(&["ana", "ben"], &[("ml", &["ana", "ben"])]);
    let without = source(&["ana", "ben"], &[("ml", &["ana"])]);
    let target = mirrored(&with, &policy());
    let left = plan(&without, &target, &policy());
    assert_eq!(kinds(&left), ["remove-members", "disable-user"]);
    let delete = MirrorPolicy { leavers: Leavers::Delete, ..policy() };
    assert_eq!(kinds(&plan(&without, &target, &delete)), ["remove-members", "delete-user"]);

    let mut model = Model::new(target, &delete);
    model.carry_out(&left, |_| ());
    assert!(plan(&without, &model.target, &policy()).is_empty());
    assert_eq!(kinds(&plan(&with, &model.target, &policy())), ["enable-user", "add-members"]);
}

#[test]
fn whom_the_source_disables_is_disabled_and_not_made() {
    let mut source = source(&["ana", "ben"], &[("ml", &["ana", "ben"])]);
    let target = mirrored(&source, &policy());
    source.people.get_mut(&pid("p-ben")).unwrap().enabled = false;
    let there = plan(&source, &target, &policy());
    assert_eq!(kinds(&there), ["disable-user"]);
    assert_eq!(there.actions[0].reason, ReasonCode::PersonDisabled);
    let anew = plan(&source, &TargetReading::default(), &policy());
    assert_eq!(kinds(&anew), ["create-user", "create-group", "add-members"]);
}

#[test]
fn of_a_disabled_user_nothing_else_is_changed_before_they_may_sign_in_again() {
    let before = source(&["ana", "ben"], &[("ml", &["ana", "ben"]), ("ops", &["ana"])]);
    let policy_in_force = policy();
    let mut model = Model::new(mirrored(&before, &policy()), &policy_in_force);
    let mut after = source(&["ana", "ben"], &[("ml", &["ana", "ben"]), ("ops", &["ana", "ben"])]);
    let ben = after.people.get_mut(&pid("p-ben")).unwrap();
    (ben.user_name, ben.enabled) = ("benny".to_owned(), false);
    let disabled = plan(&after, &model.target, &policy());
    assert_eq!(kinds(&disabled), ["update-user", "disable-user"], "in this order");
    model.carry_out(&disabled, |_| ());
    after.people.get_mut(&pid("p-ben")).unwrap().user_name = "benjamin".to_owned();
    assert!(plan(&after, &model.target, &policy()).is_empty());
    after.people.get_mut(&pid("p-ben")).unwrap().enabled = true;
    let back = plan(&after, &model.target, &policy());
    assert_eq!(kinds(&back), ["enable-user", "update-user", "add-members"]);
}

#[test]
fn names_change_and_the_id_stays() {
    let before = source(&["ana"], &[("ml", &["ana"])]);
    let target = mirrored(&before, &policy());
    let mut after = before.clone();
    let ana = after.people.get_mut(&pid("p-ana")).unwrap();
    (ana.user_name, ana.email) = ("anna".to_owned(), None);
    after.groups.get_mut(&gid("g-ml")).unwrap().display_name = "ml-2".to_owned();
    let plan = plan(&after, &target, &policy());
    assert_eq!(kinds(&plan), ["update-user", "rename-group"]);
    let MirrorStep::UpdateUser { from, to, .. } = &plan.actions[0].step else { panic!("{plan:?}") };
    assert_eq!((from.user_name.as_str(), to.user_name.as_str()), ("ana", "anna"));
    assert_eq!(to.email.as_deref(), Some("ana@example.com"), "an address is not taken away");
}

#[test]
fn what_somebody_else_made_is_reported_or_joined_and_never_touched() {
    let source = source(&["ana", "ben"], &[("ml", &["ana", "ben"]), ("ops", &["ana"])]);
    let mut target = TargetReading::default();
    target.users.insert(uid("u-1"), user("ANA", None));
    target.users.insert(uid("u-2"), user("ben", Some("stagedoor:other:p-ben")));
    let ops = TargetGroup { display_name: "Ops".to_owned(), mark: None, members: None };
    target.groups.insert(MirrorGroupId::parse("t-ops").unwrap(), ops);
    let alone = plan(&source, &target, &policy());
    assert_eq!(kinds(&alone), ["create-group"]);
    let collision = ReasonCode::MirrorCollision;
    assert_eq!(
        reasons(&alone),
        ["ana", "ben", "ops"].map(|name| (name.to_owned(), collision)).to_vec()
    );
    let join = MirrorPolicy { strangers: Strangers::Join, ..policy() };
    let joined = plan(&source, &target, &join);
    assert_eq!(kinds(&joined), ["create-group", "add-members"]);
    assert_eq!(reasons(&joined), [("ops".to_owned(), collision)]);
    check(joined.clone(), &source, &target, &join, ALL).unwrap();
    let refused = check(joined, &source, &target, &policy(), ALL).unwrap_err();
    assert_eq!(refused[0].code, ReasonCode::PlanInvalid);
}

#[test]
fn a_joined_stranger_of_somebody_disabled_leaves_the_groups() {
    let mut source = source(&["ana", "ben"], &[("ml", &["ana", "ben"])]);
    let join = MirrorPolicy { strangers: Strangers::Join, ..policy() };
    let mut target = TargetReading::default();
    target.users.insert(uid("u-1"), user("ana", None));
    let mut model = Model::new(target, &join);
    model.carry_out(&plan(&source, &model.target, &join), |_| ());
    let joined = model.target;
    assert!(plan(&source, &joined, &join).is_empty());

    source.people.get_mut(&pid("p-ana")).unwrap().enabled = false;
    let leaves = plan(&source, &joined, &join);
    assert_eq!(kinds(&leaves), ["remove-members"]);
    let MirrorStep::RemoveMembers { group, source: ml, members } = &leaves.actions[0].step else {
        panic!("{leaves:?}")
    };
    assert_eq!(members, &[uid("u-1")]);
    // To put the user back is refused, whoever plans it.
    let (group, members) = (GroupRef::There(group.clone()), vec![UserRef::There(uid("u-1"))]);
    let step = MirrorStep::AddMembers { group, source: ml.clone(), members };
    let action = MirrorAction { step, reason: ReasonCode::GroupMember };
    let back = MirrorPlan { actions: vec![action], kept: vec![] };
    let refused = check(back, &source, &joined, &join, ALL).unwrap_err();
    assert_eq!(refused[0].code, ReasonCode::PlanInvalid);

    check(leaves.clone(), &source, &joined, &join, ALL).unwrap();
    let mut model = Model::new(joined, &join);
    model.carry_out(&leaves, |_| ());
    assert!(plan(&source, &model.target, &join).is_empty());
    assert_eq!(model.target.users[&uid("u-1")], user("ana", None), "the user is left as it is");
}

#[test]
fn one_name_for_two_is_nobodys() {
    let mut source = source(&["ana", "ben"], &[("ml", &["ana", "ben"])]);
    source.people.get_mut(&pid("p-ben")).unwrap().user_name = "Ana".to_owned();
    let plan = plan(&source, &TargetReading::default(), &policy());
    assert_eq!(kinds(&plan), ["create-group"]);
    let ambiguous = ReasonCode::PersonAmbiguous;
    assert_eq!(reasons(&plan), [("ana".to_owned(), ambiguous), ("Ana".to_owned(), ambiguous)]);
}

#[test]
fn a_name_that_is_given_up_is_taken_by_the_next_plan() {
    let before = source(&["ana", "ben"], &[("ml", &["ana", "ben"])]);
    let target = mirrored(&before, &policy());
    let mut after = before.clone();
    after.people.get_mut(&pid("p-ana")).unwrap().user_name = "ben".to_owned();
    after.people.get_mut(&pid("p-ben")).unwrap().user_name = "benedict".to_owned();
    let first = plan(&after, &target, &policy());
    assert_eq!(reasons(&first), [("ben".to_owned(), ReasonCode::MirrorNameHeld)]);
    let rules = policy();
    let mut model = Model::new(target, &rules);
    model.carry_out(&first, |_| ());
    let second = plan(&after, &model.target, &rules);
    assert_eq!((kinds(&second), second.kept.len()), (vec!["update-user".to_owned()], 0));
}

#[test]
fn a_name_that_a_leaver_keeps_is_told_apart_from_one_that_is_given_up() {
    let before = source(&["ana", "ben"], &[("ml", &["ana", "ben"])]);
    let target = mirrored(&before, &policy());
    // Ana is made anew, and Ben is called as she was before; or just the latter.
    let mut anew = source(&["ben"], &[("ml", &["ben"])]);
    let mut ana = before.people[&pid("p-ana")].clone();
    anew.people.insert(pid("p-2"), ana.clone());
    anew.groups.get_mut(&gid("g-ml")).unwrap().members.insert(pid("p-2"));
    let mut renamed = source(&["ben"], &[("ml", &["ben"])]);
    ana.clone_from(&renamed.people[&pid("p-ben")]);
    renamed.people.insert(pid("p-ben"), MirrorPerson { user_name: "ana".to_owned(), ..ana });
    for after in [anew, renamed] {
        let rules = policy();
        let mut model = Model::new(target.clone(), &rules);
        // Disabled in the first run, and for good.
        for _ in 0..2 {
            let plan = plan(&after, &model.target, &rules);
            assert_eq!(reasons(&plan), [("ana".to_owned(), ReasonCode::MirrorNameOfLeaver)]);
            model.carry_out(&plan, |_| ());
        }
        // Where leavers are deleted, the next run has it.
        let deleting = MirrorPolicy { leavers: Leavers::Delete, ..policy() };
        let first = plan(&after, &target, &deleting);
        assert_eq!(reasons(&first), [("ana".to_owned(), ReasonCode::MirrorNameHeld)]);
        let mut model = Model::new(target.clone(), &deleting);
        model.carry_out(&first, |_| ());
        assert_eq!(reasons(&plan(&after, &model.target, &deleting)), []);
    }
}

#[test]
fn what_identity_center_does_not_take_is_reported() {
    let mut source =
        source(&["ana", "ben", "cleo"], &[("ml", &["ana", "ben", "cleo"]), ("x", &[])]);
    source.people.get_mut(&pid("p-ana")).unwrap().user_name = "ana ek".to_owned();
    source.people.get_mut(&pid("p-ben")).unwrap().user_name = "Administrator".to_owned();
    source.people.get_mut(&pid("p-cleo")).unwrap().family_name = String::new();
    source.groups.get_mut(&gid("g-x")).unwrap().display_name = "a\u{7}b".to_owned();
    let plan = plan(&source, &TargetReading::default(), &policy());
    assert_eq!(kinds(&plan), ["create-group"]);
    assert!(plan.kept.iter().all(|kept| kept.reason == ReasonCode::MirrorUnfit));
    assert_eq!(plan.kept.len(), 4);
}

#[test]
fn two_things_with_one_mark_are_left_to_a_person() {
    let source = source(&["ana"], &[("ml", &["ana"])]);
    let mut target = TargetReading::default();
    target.users.insert(uid("u-1"), user("ana", Some("stagedoor:default:p-ana")));
    target.users.insert(uid("u-2"), user("ana2", Some("stagedoor:default:p-ana")));
    let plan = plan(&source, &target, &policy());
    assert_eq!(reasons(&plan), [("ana".to_owned(), ReasonCode::MirrorCollision)]);
    assert_eq!(kinds(&plan), ["create-group"]);
}

#[test]
fn a_plan_that_is_not_the_planners_is_refused() {
    let source = source(&["ana", "ben"], &[("ml", &["ana"])]);
    let mut target = mirrored(&source, &policy());
    target.users.insert(uid("u-1"), user("root", None));
    let ana = target.users.iter().find(|(_, user)| user.mark.is_some()).unwrap().0.clone();
    let ml = target.groups.keys().next().unwrap().clone();
    let (root, group) = (uid("u-1"), gid("g-ml"));
    for (step, why) in [
        (MirrorStep::DeleteUser { user: root.clone(), source: pid("p-ana") }, "not this"),
        (
            MirrorStep::DisableUser {
                user: ana.clone(),
                source: pid("p-ana"),
                person: person("ana"),
            },
            "person is there",
        ),
        (MirrorStep::DeleteUser { user: ana.clone(), source: pid("p-ana") }, "person is there"),
        (
            MirrorStep::RemoveMembers {
                group: ml.clone(),
                source: group.clone(),
                members: vec![ana.clone()],
            },
            "a member",
        ),
        (
            MirrorStep::AddMembers {
                group: GroupRef::There(ml.clone()),
                source: group.clone(),
                members: vec![UserRef::There(root.clone())],
            },
            "not a member",
        ),
        (
            MirrorStep::AddMembers {
                group: GroupRef::There(ml.clone()),
                source: group.clone(),
                members: vec![],
            },
            "wrong number",
        ),
        (
            MirrorStep::DeleteGroup {
                group: ml.clone(),
                source: group.clone(),
                display_name: "ml".to_owned(),
                members: 1,
            },
            "group is there",
        ),
        (MirrorStep::CreateUser { source: pid("p-ben"), person: person("ben") }, "no mirrored"),
    ] {
        let action = MirrorAction { step, reason: ReasonCode::Mirrored };
        let plan = MirrorPlan { actions: vec![action], kept: vec![] };
        let refused = check(plan, &source, &target, &policy(), ALL).unwrap_err();
        assert_eq!(refused[0].code, ReasonCode::PlanInvalid);
        assert!(refused[0].message.contains(why), "{refused:?} {why}");
    }
}

#[test]
fn the_guard_counts_the_day_and_lets_one_go() {
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
    let before = source(&names, &[("ml", &names)]);
    let target = mirrored(&before, &policy());
    // Twenty users and memberships: ten percent are two, and who leaves is counted twice.
    for (left, removals, passes) in [
        (9, Removals::Guarded, true),
        (8, Removals::Guarded, false),
        (8, Removals::Allowed(4), true),
        (8, Removals::Allowed(3), false),
        (9, Removals::GuardedAfter(1), false),
    ] {
        let after = source(&names, &[("ml", &names[..left])]);
        let plan = plan(&after, &target, &policy());
        let checked = check(plan, &after, &target, &policy(), removals);
        assert_eq!(checked.is_ok(), passes, "{left} {removals:?}");
    }
}

/// People of few names, some of one name; groups likewise.
fn sources() -> impl Strategy<Value = MirrorSource> {
    let people = prop::collection::btree_map(
        0_u8..7,
        (0_u8..7, any::<bool>(), any::<bool>(), any::<bool>()),
        0..7,
    );
    let groups = prop::collection::btree_map(
        0_u8..4,
        (0_u8..5, prop::collection::btree_set(0_u8..8, 0..7)),
        0..4,
    );
    (people, groups).prop_map(|(people, groups)| MirrorSource {
        people: people
            .into_iter()
            .map(|(id, (name, upper, mailed, enabled))| {
                let name = if upper { format!("N{name}") } else { format!("n{name}") };
                let mut it = MirrorPerson { enabled, ..person(&name) };
                it.email = it.email.filter(|_| mailed);
                (pid(&format!("p{id}")), it)
            })
            .collect(),
        groups: groups
            .into_iter()
            .map(|(id, (name, members))| {
                let members = members.into_iter().map(|id| pid(&format!("p{id}"))).collect();
                (gid(&format!("g{id}")), SourceGroup { display_name: format!("t{name}"), members })
            })
            .collect(),
    })
}

fn marks(kind: char, id: u8) -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        5 => Just(Some(format!("stagedoor:default:{kind}{id}"))),
        1 => Just(Some(format!("stagedoor:other:{kind}{id}"))),
        1 => Just(None),
    ]
}

/// Any state in which an earlier version, another installation or a person may have left it.
fn targets() -> impl Strategy<Value = TargetReading> {
    let users = prop::collection::btree_map(
        0_u8..8,
        (0_u8..7).prop_flat_map(|id| (marks('p', id), any::<bool>())),
        0..8,
    );
    let groups = prop::collection::btree_map(
        0_u8..5,
        (0_u8..4).prop_flat_map(|id| (marks('g', id), prop::collection::btree_set(0_u8..8, 0..6))),
        0..5,
    );
    (users, groups).prop_map(|(users, groups)| {
        // The key is the name too, which keeps names unique.
        let users: BTreeMap<MirrorUserId, TargetUser> = users
            .into_iter()
            .map(|(name, (mark, enabled))| {
                let person = MirrorPerson { enabled, ..person(&format!("n{name}")) };
                (uid(&format!("u{name}")), TargetUser { person, mark })
            })
            .collect();
        let groups = groups
            .into_iter()
            .map(|(name, (mark, members))| {
                let members: BTreeSet<MirrorUserId> = members
                    .into_iter()
                    .map(|id| uid(&format!("u{id}")))
                    .filter(|id| users.contains_key(id))
                    .collect();
                let display_name = format!("t{name}");
                let id = MirrorGroupId::parse(format!("t{name}")).unwrap();
                (id, TargetGroup { display_name, mark, members: Some(members) })
            })
            .collect();
        TargetReading { users, groups }
    })
}

fn policies() -> impl Strategy<Value = MirrorPolicy> {
    (any::<bool>(), any::<bool>()).prop_map(|(delete, join)| MirrorPolicy {
        leavers: if delete { Leavers::Delete } else { Leavers::Disable },
        strangers: if join { Strangers::Join } else { Strangers::Report },
        ..policy()
    })
}

/// What is not this installation's. Members of such groups go only with users that are deleted.
fn foreign(target: &TargetReading, policy: &MirrorPolicy) -> TargetReading {
    let mut target = target.clone();
    target.users.retain(|_, user| !policy.mark.is_on(user.mark.as_deref()));
    target.groups.retain(|_, group| !policy.mark.is_on(group.mark.as_deref()));
    let users: BTreeSet<MirrorUserId> = target.users.keys().cloned().collect();
    for members in target.groups.values_mut().filter_map(|group| group.members.as_mut()) {
        members.retain(|user| users.contains(user));
    }
    target
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn from_any_state_it_converges_and_touches_nothing_foreign(
        source in sources(),
        target in targets(),
        policy in policies(),
    ) {
        let others = foreign(&target, &policy);
        let mut model = Model::new(target, &policy);
        let mut rounds = 0;
        let last = loop {
            let next = plan(&source, &model.target, &policy);
            if next.is_empty() {
                break next;
            }
            rounds += 1;
            prop_assert!(rounds <= 10, "{next:?}");
            let checked = check(next, &source, &model.target, &policy, ALL);
            let checked = checked.map_err(|found| TestCaseError::fail(format!("{found:?}")))?;
            // Who has access and keeps it has it after each step.
            let stays: BTreeSet<_> = access(&model.target, &policy, &source)
                .intersection(&rights(&source))
                .cloned()
                .collect();
            let mut lost = Vec::new();
            model.carry_out(checked.plan(), |now| {
                lost.extend(stays.difference(&access(now, &policy, &source)).cloned());
            });
            prop_assert!(lost.is_empty(), "{lost:?}");
        };
        prop_assert_eq!(foreign(&model.target, &policy), others);
        // What is not there, in the end, has a reason; what is there, the source has.
        let has = access(&model.target, &policy, &source);
        let wants = rights(&source);
        let doubled: BTreeSet<String> = last.kept.iter().map(|kept| match &kept.subject {
            Subject::Person(id) => id.to_string(),
            Subject::Group(id) => id.to_string(),
        }).collect();
        for (group, person) in wants.symmetric_difference(&has) {
            prop_assert!(
                doubled.contains(group) || doubled.contains(person),
                "{group} {person}"
            );
        }
    }

    #[test]
    fn the_guard_holds(source in sources(), target in targets(), most in 0_u32..6, percent in 0_u32..60) {
        let guard = Guard { max_removals: most, max_removals_percent: percent };
        let policy = MirrorPolicy { guard, ..policy() };
        let plan = plan(&source, &target, &policy);
        let counted = count(&plan, &target, &policy, 0);
        prop_assert!(counted.limit <= most as usize);
        let passes = check(plan.clone(), &source, &target, &policy, Removals::Guarded).is_ok();
        prop_assert_eq!(passes, counted.taken <= counted.limit);
        prop_assert_eq!(counted.taken, plan.taken());
    }
}
