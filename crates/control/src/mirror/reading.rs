//! What the last run planned, for whoever has to agree to what it would take away.

use super::{Mirror, MirrorSurvey};
use access::check::Violation;
use access::ids::{MirrorGroupId, MirrorUserId};
use access::mirror::{self, MirrorCount, MirrorPlan, MirrorStep};
use access::reason::ReasonCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// So much is kept of what is taken away, in bytes of JSON: an item of a table holds 400 KB.
const LOSSES_KEPT: usize = 128 * 1024;

/// So much of what speaks against a plan: whoever wants to know more plans again.
pub(crate) const VIOLATIONS_KEPT: usize = 20;

/// What a run planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MirrorReading {
    /// When it had read both directories.
    pub at: Timestamp,
    /// What is mirrored into.
    pub place: String,
    /// How much there was to do.
    pub planned: usize,
    /// What the guard counts.
    pub count: MirrorCount,
    /// What was taken in the 24 hours before, without anybody having agreed.
    pub before: u32,
    /// What would be taken away, each once, in the order of names: as much as is kept of it.
    pub losses: Vec<MirrorLoss>,
    /// How much more there is.
    pub losses_besides: usize,
    /// Digest of that ([`MirrorPlan::removals_digest`]); `None`: nothing.
    pub removals: Option<String>,
    /// What speaks against it; empty: nothing, and it was carried out as far as it went.
    pub violations: Vec<Violation>,
}

/// Something that is taken away: a membership, a user or a group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MirrorLoss {
    /// The group, if it is about one.
    pub group: Option<String>,
    /// The user name, if it is about one.
    pub user: Option<String>,
    /// Whether the user or the group itself is deleted, and not a membership ended or a user disabled.
    pub deleted: bool,
    /// Why.
    pub reason: ReasonCode,
}

impl Mirror<'_> {
    /// Keeps what is planned, for whoever asks any process.
    pub async fn keep_reading(
        &self,
        plan: &MirrorPlan,
        survey: &MirrorSurvey,
        before: u32,
        violations: &[Violation],
    ) {
        let reading = self.reading(plan, survey, before, violations);
        if let Err(error) = self.plane.mirror_records.keep_mirror_reading(&reading).await {
            tracing::warn!(%error, "what is mirrored cannot be shown");
        }
    }

    fn reading(
        &self,
        plan: &MirrorPlan,
        survey: &MirrorSurvey,
        before: u32,
        violations: &[Violation],
    ) -> MirrorReading {
        let mut losses = losses(plan, survey);
        let all = losses.len();
        let mut left = LOSSES_KEPT;
        let fits = |loss: &MirrorLoss| {
            let size = serde_json::to_string(loss).map_or(usize::MAX, |text| text.len());
            left = left.checked_sub(size)?;
            Some(())
        };
        losses.truncate(losses.iter().map_while(fits).count());
        MirrorReading {
            at: self.plane.clock.now(),
            place: self.target.place(),
            planned: plan.actions.len(),
            count: mirror::count(plan, &survey.target, &self.policy, before),
            before,
            losses_besides: all.saturating_sub(losses.len()),
            losses,
            removals: plan.removals_digest(),
            violations: violations.iter().take(VIOLATIONS_KEPT).cloned().collect(),
        }
    }
}

/// What a plan takes away, by names of the target, in their order.
fn losses(plan: &MirrorPlan, survey: &MirrorSurvey) -> Vec<MirrorLoss> {
    let target = &survey.target;
    let user = |id: &MirrorUserId| {
        let known = target.users.get(id).map(|user| user.person.user_name.clone());
        Some(known.unwrap_or_else(|| id.to_string()))
    };
    let group = |id: &MirrorGroupId| {
        let known = target.groups.get(id).map(|group| group.display_name.clone());
        Some(known.unwrap_or_else(|| id.to_string()))
    };
    let mut losses = Vec::new();
    for action in &plan.actions {
        let reason = action.reason;
        let mut lose = |group, user, deleted| {
            losses.push(MirrorLoss { group, user, deleted, reason });
        };
        match &action.step {
            MirrorStep::RemoveMembers { group: of, members, .. } => {
                for member in members {
                    lose(group(of), user(member), false);
                }
            }
            MirrorStep::DisableUser { user: who, .. } => lose(None, user(who), false),
            MirrorStep::DeleteUser { user: who, .. } => lose(None, user(who), true),
            MirrorStep::DeleteGroup { group: of, .. } => lose(group(of), None, true),
            _ => {}
        }
    }
    losses.sort();
    losses
}
