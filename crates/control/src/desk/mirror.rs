//! What mirroring would take away, to be reviewed.

use super::actions::Approved;
use super::{Caller, Desk, Dial, Listed, Page, Refused, RefusedKind, Right};
use crate::mirror::MirrorLoss;
use access::reason::ReasonCode;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// What the last run that mirrored groups planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MirrorReview {
    /// When both directories had been read.
    pub at: Timestamp,
    /// What the time was when this was told.
    pub told_at: Timestamp,
    /// What is mirrored into.
    pub target: String,
    /// How many changes there were to make.
    pub planned: u64,
    /// What would be taken away.
    pub loses: Listed<MirrorLost>,
    /// How much more would be than is listed: of very much the first is kept.
    pub not_listed: u64,
    /// What the guard says. It counts memberships, and users.
    pub guard: Dial,
    /// Digest of what would be taken away, to agree to it by; absent: nothing.
    pub removals: Option<String>,
    /// That somebody agreed to it, and the loop has not honoured it yet.
    pub approved: Option<Approved>,
}

/// Something that mirroring takes away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MirrorLost {
    /// What.
    pub what: MirrorLostKind,
    /// The group of the target, if it is about one.
    pub group: Option<String>,
    /// The user name in the target, if it is about one.
    pub user: Option<String>,
    /// Why: a reason code.
    #[schema(value_type = String)]
    pub reason: ReasonCode,
}

/// What mirroring takes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MirrorLostKind {
    /// Somebody is taken out of a group.
    Membership,
    /// A user may sign in no more.
    UserDisabled,
    /// A user is deleted.
    UserDeleted,
    /// A group is deleted.
    GroupDeleted,
}

impl MirrorLost {
    fn of(loss: &MirrorLoss) -> Self {
        let what = match (&loss.group, &loss.user, loss.deleted) {
            (Some(_), Some(_), _) => MirrorLostKind::Membership,
            (Some(_), None, _) => MirrorLostKind::GroupDeleted,
            (None, _, true) => MirrorLostKind::UserDeleted,
            (None, _, false) => MirrorLostKind::UserDisabled,
        };
        Self { what, group: loss.group.clone(), user: loss.user.clone(), reason: loss.reason }
    }

    fn key(&self) -> String {
        let word = |word: &Option<String>| word.clone().unwrap_or_default();
        format!("{}\n{}\n{:?}", word(&self.group), word(&self.user), self.what)
    }
}

impl Desk {
    /// Whether the map in force says that groups are mirrored.
    pub fn mirrors(&self) -> bool {
        self.plane().map.mirror.is_some()
    }

    /// What the last run that mirrored groups planned, and what the guard says to it.
    ///
    /// # Errors
    /// Whoever asks may not see it; the map mirrors nothing; nothing was mirrored yet, or the store
    /// cannot be read; the cursor is none of ours.
    pub async fn mirror_review(
        &self,
        caller: &Caller,
        page: &Page,
    ) -> Result<MirrorReview, Refused> {
        caller.require(Right::See)?;
        let plane = self.plane();
        if !self.mirrors() {
            return Err(Refused::not_found("The access map mirrors no groups."));
        }
        let Some(reading) = self.store().mirror_reading().await? else {
            let why = "No groups were mirrored yet.";
            let remedy = "Try again after the next full pass; `stagedoor directory mirror --dry-run` \
                          reads everything itself.";
            let code = ReasonCode::Unavailable;
            return Err(Refused::new(RefusedKind::Unavailable, code, why, remedy));
        };
        let mut losses: Vec<MirrorLost> = reading.losses.iter().map(MirrorLost::of).collect();
        losses.sort_by_cached_key(MirrorLost::key);
        let removals = reading.removals.clone();
        let mut approvals = self.approvals(caller).await?.into_iter();
        let approved = approvals.find(|approval| Some(&approval.removals) == removals.as_ref());
        let said = |guard: bool| {
            let of_it = move |code| (code == ReasonCode::GuardTripped) == guard;
            let all = reading.violations.iter().filter(move |violation| of_it(violation.code));
            all.map(|violation| violation.message.clone())
        };
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let count = reading.count;
        Ok(MirrorReview {
            at: reading.at,
            told_at: plane.clock.now(),
            target: reading.place,
            planned: number(reading.planned),
            loses: page.of(losses, MirrorLost::key)?,
            not_listed: number(reading.losses_besides),
            guard: Dial {
                taken: number(count.taken),
                limit: number(count.limit),
                before: reading.before.into(),
                owned: number(count.owned),
                objection: said(true).next(),
                faults: said(false).collect(),
            },
            removals,
            approved,
        })
    }
}
