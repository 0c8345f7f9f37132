//! Carrying a plan out.

use super::turn::Turn;
use super::{Mirror, step_name};
use crate::pass::Halt;
use crate::ports::{AuditEntry, AuditEvent, CallError, ChangeId, MembersLeft, StoreError};
use access::ids::{GroupId, MirrorGroupId, MirrorUserId, PersonId};
use access::mirror::{CheckedMirror, GroupRef, MirrorAction, MirrorPerson, MirrorStep, UserRef};
use access::reason::ReasonCode;
use std::collections::BTreeMap;

/// What came of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MirrorReport {
    /// What its audit entries name it.
    pub change: ChangeId,
    /// Actions that were carried out.
    pub done: usize,
    /// Actions that failed, in the order of the plan. Those of members name only whom they failed for.
    pub failed: Vec<(MirrorAction, CallError)>,
    /// Actions that need something that could not be made.
    pub skipped: usize,
    /// Why nothing more was done.
    pub stopped: Option<Stopped>,
}

/// Why a run ended early.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stopped {
    /// Nothing may be changed.
    Halted(Halt),
    /// Its turn is over, and another process may be at it: the next run reads again.
    Overtaken,
    /// No call gets through.
    Unreachable(CallError),
}

impl MirrorReport {
    /// Of a run that had nothing to carry out.
    pub(super) fn of_nothing(change: ChangeId) -> Self {
        Self { change, done: 0, failed: Vec::new(), skipped: 0, stopped: None }
    }
}

/// Is told about each action as it happens.
pub type MirrorWatcher<'a> = &'a (dyn Fn(&MirrorAction, Result<(), &CallError>) + Send + Sync);

impl Mirror<'_> {
    /// Carries out a plan in its order, from readings of this turn. What fails is left to the next
    /// run, which reads again; what is frozen meanwhile stops at once. `agreed`: somebody agreed to the number of removals, which
    /// the guard of later runs then does not count.
    pub async fn carry_out(
        &self,
        turn: &Turn<'_>,
        checked: &CheckedMirror,
        agreed: bool,
        watcher: MirrorWatcher<'_>,
    ) -> MirrorReport {
        let mut run = Run::new(self, turn.change(), agreed);
        let mut report = MirrorReport::of_nothing(turn.change().clone());
        for action in &checked.plan().actions {
            let stopped = match turn.over().await {
                Some(stopped) => Err(stopped),
                None => turn.in_time(run.act(action)).await,
            };
            match stopped {
                Err(stopped) => {
                    report.stopped = Some(stopped);
                    break;
                }
                Ok(Ok(Done::Made)) => {
                    report.done += 1;
                    watcher(action, Ok(()));
                }
                Ok(Ok(Done::Skipped)) => report.skipped += 1,
                Ok(Err(Failed::Unwritten(error))) => {
                    report.stopped = Some(Stopped::Halted(Halt::Store(error)));
                    break;
                }
                Ok(Err(Failed::Call { error, users })) => {
                    let left = run.left_of(action, &users);
                    watcher(&left, Err(&error));
                    run.note(&left, &users, &error).await;
                    report.failed.push((left, error.clone()));
                    if error.kind.is_hopeless() {
                        report.stopped = Some(Stopped::Unreachable(error));
                        break;
                    }
                }
            }
        }
        report
    }
}

enum Done {
    Made,
    Skipped,
}

enum Failed {
    /// It could not be written down, so it was not done.
    Unwritten(StoreError),
    /// `users`: the members whom it failed for, where it is about members.
    Call { error: CallError, users: Vec<MirrorUserId> },
}

impl From<CallError> for Failed {
    fn from(error: CallError) -> Self {
        Self::Call { error, users: Vec::new() }
    }
}

impl From<MembersLeft> for Failed {
    fn from(MembersLeft { users, error }: MembersLeft) -> Self {
        Self::Call { error, users }
    }
}

/// A run, and what it made so far.
struct Run<'a> {
    mirror: &'a Mirror<'a>,
    change: &'a ChangeId,
    agreed: bool,
    users: BTreeMap<PersonId, MirrorUserId>,
    groups: BTreeMap<GroupId, MirrorGroupId>,
}

impl<'a> Run<'a> {
    fn new(mirror: &'a Mirror<'a>, change: &'a ChangeId, agreed: bool) -> Self {
        Self { mirror, change, agreed, users: BTreeMap::new(), groups: BTreeMap::new() }
    }

    async fn act(&mut self, action: &MirrorAction) -> Result<Done, Failed> {
        if let MirrorStep::AddMembers { group, source, members } = &action.step {
            return self.add(action, group, source, members).await;
        }
        self.write(action, &[]).await?;
        let target = self.mirror.target;
        let mark = &self.mirror.policy.mark;
        match &action.step {
            MirrorStep::CreateUser { source, person } => {
                let user = target.create_user(person, &mark.text(source)).await?;
                self.users.insert(source.clone(), user);
            }
            MirrorStep::CreateGroup { source, display_name } => {
                let group = target.create_group(display_name, &mark.text(source)).await?;
                self.groups.insert(source.clone(), group);
            }
            MirrorStep::EnableUser { user, person, .. } => {
                let to = MirrorPerson { enabled: true, ..person.clone() };
                target.update_user(user, person, &to).await?;
            }
            MirrorStep::DisableUser { user, person, .. } => {
                let to = MirrorPerson { enabled: false, ..person.clone() };
                target.update_user(user, person, &to).await?;
            }
            MirrorStep::UpdateUser { user, from, to, .. } => {
                target.update_user(user, from, to).await?;
            }
            MirrorStep::RenameGroup { group, to, .. } => target.rename_group(group, to).await?,
            MirrorStep::RemoveMembers { group, members, .. } => {
                target.remove_members(group, members).await?;
            }
            MirrorStep::DeleteGroup { group, .. } => target.delete_group(group).await?,
            MirrorStep::DeleteUser { user, .. } => target.delete_user(user).await?,
            MirrorStep::AddMembers { .. } => {}
        }
        Ok(Done::Made)
    }

    /// Puts into a group whoever could be made.
    async fn add(
        &self,
        action: &MirrorAction,
        group: &GroupRef,
        source: &GroupId,
        members: &[UserRef],
    ) -> Result<Done, Failed> {
        let group = match group {
            GroupRef::There(group) => Some(group),
            GroupRef::New(_) => self.groups.get(source),
        };
        let users: Vec<MirrorUserId> =
            members.iter().filter_map(|member| self.user(member)).cloned().collect();
        let (Some(group), false) = (group, users.is_empty()) else { return Ok(Done::Skipped) };
        self.write(action, &users).await?;
        self.mirror.target.add_members(group, &users).await?;
        Ok(Done::Made)
    }

    /// The user that a reference means, unless it could not be made.
    fn user<'b>(&'b self, member: &'b UserRef) -> Option<&'b MirrorUserId> {
        match member {
            UserRef::There(user) => Some(user),
            UserRef::New(person) => self.users.get(person),
        }
    }

    /// What is left of an action that failed for these members alone.
    fn left_of(&self, action: &MirrorAction, users: &[MirrorUserId]) -> MirrorAction {
        let mut left = action.clone();
        match &mut left.step {
            MirrorStep::AddMembers { members, .. } => {
                members.retain(|member| self.user(member).is_some_and(|user| users.contains(user)));
            }
            MirrorStep::RemoveMembers { members, .. } => {
                members.retain(|user| users.contains(user));
            }
            _ => {}
        }
        left
    }

    /// Writes down what is about to be done.
    async fn write(&self, action: &MirrorAction, added: &[MirrorUserId]) -> Result<(), Failed> {
        let entry = self.entry(action, added);
        self.mirror.plane.audit.append(&entry).await.map_err(Failed::Unwritten)
    }

    fn entry(&self, action: &MirrorAction, added: &[MirrorUserId]) -> AuditEntry {
        let plane = self.mirror.plane;
        let taken = action.step.taken();
        let event = if taken > 0 { AuditEvent::MirrorTaking } else { AuditEvent::Mirroring };
        let mut entry = AuditEntry::new(plane.clock.now(), event, action.reason.as_str())
            .by(plane.actor.clone())
            .within(self.change)
            .with("step", step_name(&action.step))
            .with("target", self.mirror.target.place());
        if taken > 0 {
            entry = entry.with("taken", taken);
            entry = if self.agreed { entry.with("agreed", true) } else { entry };
        }
        match &action.step {
            MirrorStep::CreateUser { source, .. } => entry.about(source),
            MirrorStep::EnableUser { user, source, .. }
            | MirrorStep::UpdateUser { user, source, .. }
            | MirrorStep::DisableUser { user, source, .. }
            | MirrorStep::DeleteUser { user, source } => entry.about(source).with("user", user),
            MirrorStep::CreateGroup { source, display_name } => {
                entry.with("source_group", source).with("name", display_name)
            }
            MirrorStep::RenameGroup { group, source, from, to } => {
                let entry = entry.with("source_group", source).with("group", group);
                entry.changing("name", Some(from), Some(to))
            }
            MirrorStep::AddMembers { source, .. } => {
                entry.with("source_group", source).with("users", words(added))
            }
            MirrorStep::RemoveMembers { group, source, members } => {
                let entry = entry.with("source_group", source).with("group", group);
                entry.with("users", words(members))
            }
            MirrorStep::DeleteGroup { group, source, display_name, .. } => {
                let entry = entry.with("source_group", source).with("group", group);
                entry.with("name", display_name)
            }
        }
    }

    /// Writes down that it came to nothing, for the members named.
    async fn note(&self, action: &MirrorAction, users: &[MirrorUserId], error: &CallError) {
        let AuditEntry { at, actor, person, change, mut details, .. } = self.entry(action, &[]);
        details.retain(|name, _| !matches!(name.as_str(), "taken" | "agreed" | "users"));
        let code = ReasonCode::MirrorFailed.as_str();
        let entry = AuditEntry {
            actor,
            person,
            change,
            details,
            ..AuditEntry::new(at, AuditEvent::MirrorFailed, code)
        };
        let entry = entry.with("failure", error.kind.code());
        let entry = entry.with_opt("users", (!users.is_empty()).then(|| words(users)));
        self.mirror.plane.record(entry.with("operation", error.operation)).await;
    }
}

fn words(users: &[MirrorUserId]) -> String {
    users.iter().map(MirrorUserId::as_str).collect::<Vec<_>>().join(" ")
}
