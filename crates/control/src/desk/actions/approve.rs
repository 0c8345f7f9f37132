//! Agreeing, by number, to what the guard refused.

use super::{entry, in_words};
use crate::desk::{Caller, Desk, Refused, RefusedKind, Right};
use crate::event::Wake;
use crate::ports::{Approval, AuditEvent};
use access::check::Violation;
use access::reason::ReasonCode;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// So long the loop may honour an approval: what was agreed to hours ago was agreed to of another
/// day.
pub const AGREED_FOR: SignedDuration = SignedDuration::from_hours(1);

/// What somebody agrees to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreement {
    /// Digest of the removals that were shown.
    pub removals: String,
    /// How many there are, as whoever agrees says it.
    pub number: u32,
    /// Why, in words; may be empty.
    pub why: String,
}

/// An approval that waits for the loop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Approved {
    /// Digest of the removals.
    pub removals: String,
    /// How many there are.
    pub number: u32,
    /// Who agreed.
    pub by: String,
    /// Why, in that person's words.
    pub why: Option<String>,
    /// When.
    pub at: Timestamp,
    /// Until when the loop may honour it.
    pub until: Timestamp,
}

impl From<Approval> for Approved {
    fn from(approval: Approval) -> Self {
        let Approval { removals, number, by, why, at, until } = approval;
        Self { removals, number, by, why, at, until }
    }
}

impl Desk {
    /// The approvals that wait for the loop.
    ///
    /// # Errors
    /// The caller may not see them; the store cannot be read.
    pub async fn approvals(&self, caller: &Caller) -> Result<Vec<Approved>, Refused> {
        caller.require(Right::See)?;
        let all = self.store().approvals(self.plane().clock.now()).await?;
        Ok(all.into_iter().map(Approved::from).collect())
    }

    /// Agrees to what the guard refused, and has everything read again, so that the loop does it.
    /// Only what was refused can be agreed to, and only just that: were it one more by then, the
    /// approval says nothing of it.
    ///
    /// # Errors
    /// The caller may not; there is nothing to agree to, or it is something else by now.
    pub async fn approve(
        &self,
        caller: &Caller,
        agreement: &Agreement,
    ) -> Result<Approved, Refused> {
        caller.require(Right::Act)?;
        let why = in_words(&agreement.why)?;
        let of_mirror = self.mirror_refused(&agreement.removals).await?;
        let Held { number, removals, what } = match of_mirror {
            Some(held) => held,
            None => self.plan_refused().await?,
        };
        if removals != agreement.removals || number != agreement.number {
            return Err(nothing("The plan takes away something else by now."));
        }
        let plane = self.plane();
        let now = plane.clock.now();
        let approval = Approval {
            removals,
            number,
            by: caller.name().to_owned(),
            why: Some(why).filter(|why| !why.is_empty()),
            at: now,
            until: now.checked_add(AGREED_FOR).unwrap_or(Timestamp::MAX),
        };
        let entry = entry(caller, now, AuditEvent::RemovalsApproved, ReasonCode::Approved)
            .with("removals", &approval.removals)
            .with("number", number)
            .with_opt("of", what)
            .with_opt("why", approval.why.as_ref());
        self.store().append(&entry).await?;
        self.store().approve(&approval).await?;
        plane.wake(&Wake::Everything).await?;
        Ok(approval.into())
    }

    /// What the guard holds of the plan.
    async fn plan_refused(&self) -> Result<Held, Refused> {
        let reading = self.reading().await?;
        let removals = guarded(&reading.violations, reading.plan.removals_digest())?;
        let number = u32::try_from(reading.plan.new_removals()).unwrap_or(u32::MAX);
        Ok(Held { number, removals, what: None })
    }

    /// What the guard holds of what is mirrored, if just that was shown.
    async fn mirror_refused(&self, shown: &str) -> Result<Option<Held>, Refused> {
        if !self.mirrors() {
            return Ok(None);
        }
        let Some(reading) = self.store().mirror_reading().await? else { return Ok(None) };
        let Ok(removals) = guarded(&reading.violations, reading.removals) else { return Ok(None) };
        let number = u32::try_from(reading.count.taken).unwrap_or(u32::MAX);
        Ok((removals == shown).then_some(Held { number, removals, what: Some("mirror") }))
    }
}

/// What the guard holds until somebody agrees.
struct Held {
    number: u32,
    removals: String,
    /// Of what, if not of the plan for profiles.
    what: Option<&'static str>,
}

/// The removals that the guard alone objects to.
fn guarded(violations: &[Violation], removals: Option<String>) -> Result<String, Refused> {
    let is_guard = |violation: &&Violation| violation.code == ReasonCode::GuardTripped;
    if let Some(other) = violations.iter().find(|violation| !is_guard(violation)) {
        let message = &other.message;
        return Err(nothing(&format!("The plan breaks a rule that nobody can waive: {message}.")));
    }
    let is_refused = violations.iter().any(|violation| is_guard(&violation));
    removals
        .filter(|_| is_refused)
        .ok_or_else(|| nothing("The guard has refused nothing of the plan as it is now."))
}

fn nothing(why: &str) -> Refused {
    let remedy = "Look at the plan again; it says what can be agreed to.";
    Refused::new(RefusedKind::Conflict, ReasonCode::NothingToApprove, why, remedy)
}
