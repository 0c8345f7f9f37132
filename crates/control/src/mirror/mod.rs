//! Mirroring groups of the directory into another one: reads both, plans, checks and carries out.
//!
//! It is part of the loop: each full pass that could read the directory is followed by a run. Like
//! passes it is level-triggered: a run that broke off is taken up by the next one, which reads again.
//! Each change is written down before it is made, and one process does it at a time.

mod apply;
mod reading;
mod run;
mod source;
mod turn;

pub use apply::{MirrorReport, MirrorWatcher, Stopped};
pub(crate) use reading::VIOLATIONS_KEPT;
pub use reading::{MirrorLoss, MirrorReading};
pub use run::{MirrorRun, NotPlanned};
pub use source::{MirrorSurvey, source_of};
use source::{groups_of, is_mirrored};
pub use turn::Turn;

use crate::plane::Plane;
use crate::ports::{AuditEvent, AuditFilter, CallError, MirrorTarget, StoreError};
use access::check::{Removals, Violation};
use access::mirror::{self, CheckedMirror, MirrorPlan, MirrorPolicy, MirrorStep};
use access::snapshot::Group;
use jiff::SignedDuration;
use std::collections::BTreeMap;

/// How far back the guard remembers what was taken: a day, in which somebody looks.
const GUARD_MEMORY: SignedDuration = SignedDuration::from_hours(24);

/// Entries that are read of the audit log at a time.
const ENTRIES: u32 = 200;

/// What is mirrored, where to, and by what rules.
#[derive(Debug)]
pub struct Mirror<'a> {
    /// Where people and groups are read, and what changes are written down in.
    pub plane: &'a Plane,
    /// Where they are mirrored to.
    pub target: &'a dyn MirrorTarget,
    /// The groups of these names; empty: those that the map names.
    pub groups: &'a [String],
    /// By what rules.
    pub policy: MirrorPolicy,
}

impl Mirror<'_> {
    /// Reads both directories: the target first, so that whoever joins the source meanwhile is not
    /// taken for somebody who left.
    ///
    /// # Errors
    /// One of them, or the store, cannot be read: nothing is planned without.
    pub async fn survey(&self) -> Result<MirrorSurvey, CallError> {
        let target = self.target.read(&self.policy.mark).await?;
        let map = &self.plane.map;
        let mut reading = self.plane.directory.everybody(&groups_of(map, self.groups)).await?;
        let particulars = std::mem::take(&mut reading.particulars);
        let snapshot = self.plane.with_store(reading).await?;
        let is_mirrored = |group: &Group| is_mirrored(map, self.groups, group);
        Ok(MirrorSurvey { source: source_of(&snapshot, &particulars, is_mirrored)?, target })
    }

    /// Plans from what was read.
    pub fn plan(&self, survey: &MirrorSurvey) -> MirrorPlan {
        mirror::plan(&survey.source, &survey.target, &self.policy)
    }

    /// Checks a plan against what it was made from. The guard counts what was taken in the last day.
    ///
    /// # Errors
    /// The rules that the plan breaks.
    pub fn check(
        &self,
        plan: MirrorPlan,
        survey: &MirrorSurvey,
        removals: Removals,
    ) -> Result<CheckedMirror, Vec<Violation>> {
        mirror::check(plan, &survey.source, &survey.target, &self.policy, removals)
    }

    /// What runs of the last 24 hours took away, or tried to, without anybody having agreed to the number,
    /// besides what this plan takes away. The same membership, user or group counts once, however often
    /// it was tried: what cannot be taken does not use the guard up.
    ///
    /// # Errors
    /// The audit log cannot be read.
    pub async fn taken_lately(&self, plan: &MirrorPlan) -> Result<u32, StoreError> {
        let filter = AuditFilter {
            event: Some(AuditEvent::MirrorTaking.to_string()),
            from: self.plane.clock.now().checked_sub(GUARD_MEMORY).ok(),
            ..AuditFilter::default()
        };
        let (mut taken, mut cursor) = (Taken::default(), None);
        loop {
            let page = self.plane.audit.page(&filter, cursor.as_deref(), ENTRIES).await?;
            let entries = page.items.iter().map(|sealed| &sealed.entry);
            for entry in entries.filter(|entry| !entry.details.contains_key("agreed")) {
                taken.count(&entry.details);
            }
            cursor = page.next;
            if cursor.is_none() {
                return Ok(taken.besides(plan));
            }
        }
    }
}

/// A membership, user or group that was taken away: the step, the group and the user.
type Thing = (String, String, String);

/// What was taken away, as audit entries say.
#[derive(Debug, Default)]
struct Taken {
    /// How much each counts.
    things: BTreeMap<Thing, u32>,
    /// What no entry names.
    unnamed: u32,
}

impl Taken {
    /// Counts what an entry says was about to be taken.
    fn count(&mut self, details: &BTreeMap<String, String>) {
        let word = |name| details.get(name).map_or("", String::as_str);
        let taken = word("taken").parse().unwrap_or(1);
        let (step, group, user) = (word("step"), word("group"), word("user"));
        let users: Vec<&str> = word("users").split_whitespace().collect();
        if !group.is_empty() && u32::try_from(users.len()) == Ok(taken) && !users.is_empty() {
            self.things.extend(users.into_iter().map(|user| (thing(step, group, user), 1)));
        } else if users.is_empty() && !(group.is_empty() && user.is_empty()) {
            let counted = self.things.entry(thing(step, group, user)).or_default();
            *counted = taken.max(*counted);
        } else {
            self.unnamed = self.unnamed.saturating_add(taken);
        }
    }

    fn besides(mut self, plan: &MirrorPlan) -> u32 {
        for action in &plan.actions {
            let step = step_name(&action.step);
            match &action.step {
                MirrorStep::RemoveMembers { group, members, .. } => {
                    for user in members {
                        self.things.remove(&thing(step, group.as_str(), user.as_str()));
                    }
                }
                MirrorStep::DisableUser { user, .. } | MirrorStep::DeleteUser { user, .. } => {
                    self.things.remove(&thing(step, "", user.as_str()));
                }
                MirrorStep::DeleteGroup { group, .. } => {
                    self.things.remove(&thing(step, group.as_str(), ""));
                }
                _ => {}
            }
        }
        self.things.into_values().fold(self.unnamed, u32::saturating_add)
    }
}

fn thing(step: &str, group: &str, user: &str) -> Thing {
    (step.to_owned(), group.to_owned(), user.to_owned())
}

/// The name of a step in audit entries.
fn step_name(step: &MirrorStep) -> &'static str {
    match step {
        MirrorStep::CreateUser { .. } => "create-user",
        MirrorStep::EnableUser { .. } => "enable-user",
        MirrorStep::UpdateUser { .. } => "update-user",
        MirrorStep::CreateGroup { .. } => "create-group",
        MirrorStep::RenameGroup { .. } => "rename-group",
        MirrorStep::AddMembers { .. } => "add-members",
        MirrorStep::RemoveMembers { .. } => "remove-members",
        MirrorStep::DisableUser { .. } => "disable-user",
        MirrorStep::DeleteGroup { .. } => "delete-group",
        MirrorStep::DeleteUser { .. } => "delete-user",
    }
}
