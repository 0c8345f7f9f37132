//! Mirroring: what is written down, what stops it, and what a run that broke off leaves to the next.

use crate::world::{Fault, MAP, World, person_id};
use access::check::{Removals, Violation};
use access::ids::{MirrorGroupId, MirrorUserId};
use access::map::Guard;
use access::mirror::{
    Leavers, Mark, MirrorPerson, MirrorPolicy, Strangers, TargetGroup, TargetReading, TargetUser,
};
use access::reason::ReasonCode;
use async_trait::async_trait;
use control::mirror::{
    MIRROR_FAILED, MIRROR_TAKING, MIRRORING, Mirror, MirrorReport, Stopped, groups_of,
};
use control::pass::Halt;
use control::plane::Plane;
use control::ports::{CallError, Clock as _, FailureKind, Freeze, MirrorTarget, Switch as _};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

/// A directory in memory that refuses what is named.
#[derive(Debug, Default)]
struct Target {
    kept: Mutex<TargetReading>,
    /// Operations that fail, with how.
    faults: Mutex<BTreeMap<&'static str, FailureKind>>,
    made: Mutex<usize>,
}

impl Target {
    fn kept(&self) -> MutexGuard<'_, TargetReading> {
        self.kept.lock().unwrap()
    }

    fn call(&self, operation: &'static str) -> Result<MutexGuard<'_, TargetReading>, CallError> {
        let kind = self.faults.lock().unwrap().get(operation).copied();
        match kind {
            None => Ok(self.kept()),
            Some(kind) => Err(CallError {
                service: "identitystore",
                operation,
                kind,
                aws_code: None,
                message: "no".into(),
            }),
        }
    }

    fn fail(&self, operation: &'static str, kind: FailureKind) {
        self.faults.lock().unwrap().insert(operation, kind);
    }

    fn heal(&self) {
        self.faults.lock().unwrap().clear();
    }

    fn id(&self) -> String {
        let mut made = self.made.lock().unwrap();
        *made += 1;
        format!("t{made}")
    }

    /// Members of the mirrored groups, by names.
    fn members(&self) -> BTreeMap<String, Vec<String>> {
        let kept = self.kept();
        let name = |id: &MirrorUserId| kept.users[id].person.user_name.clone();
        let groups = kept.groups.values().map(|group| {
            let members: BTreeSet<String> = group.members.iter().flatten().map(name).collect();
            (group.display_name.clone(), members.into_iter().collect())
        });
        groups.collect()
    }
}

#[async_trait]
impl MirrorTarget for Target {
    fn place(&self) -> String {
        "memory".to_owned()
    }

    async fn read(&self, _: &Mark) -> Result<TargetReading, CallError> {
        Ok(self.call("ListUsers")?.clone())
    }

    async fn create_user(
        &self,
        person: &MirrorPerson,
        mark: &str,
    ) -> Result<MirrorUserId, CallError> {
        let id = MirrorUserId::parse(self.id()).unwrap();
        let user = TargetUser { person: person.clone(), mark: Some(mark.to_owned()) };
        self.call("CreateUser")?.users.insert(id.clone(), user);
        Ok(id)
    }

    async fn update_user(
        &self,
        user: &MirrorUserId,
        _: &MirrorPerson,
        to: &MirrorPerson,
    ) -> Result<(), CallError> {
        self.call("UpdateUser")?.users.get_mut(user).unwrap().person = to.clone();
        Ok(())
    }

    async fn delete_user(&self, user: &MirrorUserId) -> Result<(), CallError> {
        self.call("DeleteUser")?.users.remove(user);
        Ok(())
    }

    async fn create_group(&self, name: &str, mark: &str) -> Result<MirrorGroupId, CallError> {
        let id = MirrorGroupId::parse(self.id()).unwrap();
        let group = TargetGroup {
            display_name: name.to_owned(),
            mark: Some(mark.to_owned()),
            members: Some(BTreeSet::new()),
        };
        self.call("CreateGroup")?.groups.insert(id.clone(), group);
        Ok(id)
    }

    async fn rename_group(&self, group: &MirrorGroupId, to: &str) -> Result<(), CallError> {
        self.call("UpdateGroup")?.groups.get_mut(group).unwrap().display_name = to.to_owned();
        Ok(())
    }

    async fn delete_group(&self, group: &MirrorGroupId) -> Result<(), CallError> {
        self.call("DeleteGroup")?.groups.remove(group);
        Ok(())
    }

    async fn add_members(
        &self,
        group: &MirrorGroupId,
        users: &[MirrorUserId],
    ) -> Result<(), CallError> {
        let mut kept = self.call("AddMembers")?;
        let members = kept.groups.get_mut(group).unwrap().members.as_mut().unwrap();
        members.extend(users.iter().cloned());
        Ok(())
    }

    async fn remove_members(
        &self,
        group: &MirrorGroupId,
        users: &[MirrorUserId],
    ) -> Result<(), CallError> {
        let mut kept = self.call("RemoveMembers")?;
        let members = kept.groups.get_mut(group).unwrap().members.as_mut().unwrap();
        members.retain(|member| !users.contains(member));
        Ok(())
    }
}

fn mirror<'a>(plane: &'a Plane, target: &'a Target) -> Mirror<'a> {
    Mirror {
        plane,
        target,
        groups: groups_of(&plane.map, &[]),
        policy: MirrorPolicy {
            mark: Mark::of("default"),
            leavers: Leavers::Disable,
            strangers: Strangers::Report,
            guard: Guard { max_removals: 4, max_removals_percent: 100 },
        },
    }
}

/// Reads, plans, checks and carries out.
async fn run(mirror: &Mirror<'_>) -> Result<MirrorReport, Vec<Violation>> {
    let survey = mirror.survey().await.unwrap();
    let before = mirror.taken_lately().await.unwrap();
    let plan = mirror.plan(&survey);
    let checked = mirror.check(plan, &survey, Removals::GuardedAfter(before))?;
    Ok(mirror.carry_out(&checked, false, &|_, _| ()).await)
}

fn written(world: &Arc<World>, event: &str) -> Vec<String> {
    let state = world.state();
    let entries = state.audit.iter().filter(|entry| entry.event == event);
    entries.map(|entry| entry.details["step"].clone()).collect()
}

#[tokio::test(start_paused = true)]
async fn groups_are_mirrored_and_each_change_is_written_down_first() {
    let world = World::of(&["ana", "ben"]);
    let (plane, target) = (world.plane(MAP), Target::default());
    let mirror = mirror(&plane, &target);
    let report = run(&mirror).await.unwrap();
    assert_eq!((report.done, report.failed.len(), report.skipped), (5, 0, 0));
    assert_eq!(report.stopped, None);
    let names = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
    let expected = BTreeMap::from([
        ("ml-fraud".to_owned(), names(&["ana", "ben"])),
        ("ml-trials".to_owned(), vec![]),
    ]);
    assert_eq!(target.members(), expected);
    assert_eq!(
        written(&world, MIRRORING),
        ["create-user", "create-user", "create-group", "create-group", "add-members"]
    );
    let first = world.state().audit.iter().find(|e| e.event == MIRRORING).cloned().unwrap();
    assert_eq!(first.person.as_deref(), Some(person_id("ana").as_str()));
    assert_eq!((first.code.as_str(), first.change), ("mirrored", Some(report.change.to_string())));
    assert!(!first.details.values().any(|value| value.contains("Ek")), "names are no audit data");
    // And then there is nothing to do.
    assert_eq!(run(&mirror).await.unwrap().done, 0);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_changed_while_frozen_unwritten_or_unread() {
    let world = World::of(&["ana"]);
    let (plane, target) = (world.plane(MAP), Target::default());
    let mirror = mirror(&plane, &target);
    let freeze = Freeze { by: "root".into(), reason: "audit".into(), at: world.now() };
    world.store.freeze(&freeze).await.unwrap();
    let frozen = run(&mirror).await.unwrap();
    assert_eq!(frozen.done, 0);
    assert_eq!(frozen.stopped, Some(Stopped::Halted(Halt::Frozen(freeze))));
    world.store.thaw().await.unwrap();

    let survey = mirror.survey().await.unwrap();
    let checked = mirror.check(mirror.plan(&survey), &survey, Removals::Guarded).unwrap();
    world.state().faults.insert(Fault::Audit);
    let unwritten = mirror.carry_out(&checked, false, &|_, _| ()).await;
    assert_eq!(unwritten.done, 0, "what cannot be written down is not done");
    assert!(matches!(unwritten.stopped, Some(Stopped::Halted(Halt::Store(_)))));
    world.state().faults.clear();

    world.state().faults.insert(Fault::Directory);
    assert!(mirror.survey().await.is_err());
    world.state().faults.clear();
    target.fail("ListUsers", FailureKind::AccessDenied);
    assert!(mirror.survey().await.is_err());
    assert_eq!(target.kept().users.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_failed_is_taken_up_by_the_next_run() {
    let world = World::of(&["ana", "ben"]);
    let (plane, target) = (world.plane(MAP), Target::default());
    let mirror = mirror(&plane, &target);
    target.fail("CreateUser", FailureKind::Rejected);
    let report = run(&mirror).await.unwrap();
    assert_eq!((report.done, report.failed.len(), report.skipped), (2, 2, 1));
    assert_eq!(written(&world, MIRROR_FAILED), ["create-user", "create-user"]);
    target.fail("CreateUser", FailureKind::Unreachable);
    let report = run(&mirror).await.unwrap();
    assert_eq!((report.done, report.failed.len()), (0, 1), "no other call fares better");
    assert!(matches!(report.stopped, Some(Stopped::Unreachable(_))));
    target.heal();
    let report = run(&mirror).await.unwrap();
    assert_eq!((report.done, report.failed.len()), (3, 0));
    assert_eq!(target.members()["ml-fraud"], ["ana", "ben"]);
}

#[tokio::test(start_paused = true)]
async fn the_guard_counts_a_day_and_whoever_was_offboarded_is_disabled() {
    let names = ["ana", "ben", "cleo", "dora", "eva", "finn"];
    let world = World::of(&names);
    let (plane, target) = (world.plane(MAP), Target::default());
    let mirror = mirror(&plane, &target);
    run(&mirror).await.unwrap();
    for name in &names[..2] {
        world.leave(name, "ml-fraud");
    }
    // Two memberships and two users: as many as the guard lets go.
    let report = run(&mirror).await.unwrap();
    assert_eq!(report.done, 3);
    assert_eq!(written(&world, MIRROR_TAKING), ["remove-members", "disable-user", "disable-user"]);
    world.leave("cleo", "ml-fraud");
    let refused = run(&mirror).await.unwrap_err();
    assert_eq!(refused[0].code, ReasonCode::GuardTripped);
    // Somebody agrees to the number.
    let survey = mirror.survey().await.unwrap();
    let plan = mirror.plan(&survey);
    let checked = mirror.check(plan, &survey, Removals::Allowed(2)).unwrap();
    let report = mirror.carry_out(&checked, true, &|_, _| ()).await;
    assert_eq!(report.done, 2);
    assert_eq!(mirror.taken_lately().await.unwrap(), 4, "what was agreed to is not counted");
}
