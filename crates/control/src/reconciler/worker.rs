//! The loop's work for a process that is called, not run: piece by piece, as far as its time allows.

use super::duty::{Duty, Reached};
use super::{Lane, PEOPLE_A_PASS, Rhythm};
use crate::event::Wake;
use crate::grants::GrantWatch;
use crate::pass::Deadline;
use crate::plane::Plane;
use crate::ports::{StoreError, Work};
use access::ids::PersonId;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The loop, for a process that is called. It remembers from call to call what [`Plane::run`]
/// remembers from pass to pass; losing that costs no correctness.
#[derive(Debug)]
pub struct Worker<'a> {
    plane: &'a Plane,
    duty: Duty<'a>,
    is_started: AtomicBool,
    grants: Option<Arc<GrantWatch>>,
}

/// What a call did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Worked {
    /// Passes for people.
    pub passes: u32,
    /// The people of those passes.
    pub people: usize,
    /// Passes for everything.
    pub everything: u32,
    /// Those of them that read and planned everything, whatever could be carried out of it: what the
    /// store keeps as the time of the last full pass.
    pub complete: u32,
    /// Those of them of which besides nothing failed and nothing was held back.
    pub done: u32,
    /// Runs that mirrored groups, or tried to.
    pub mirrors: u32,
    /// Whether it ended because time was nearly up.
    pub time_up: bool,
}

impl Plane {
    /// The loop, for a process that is called.
    pub async fn worker(&self, rhythm: Rhythm) -> Worker<'_> {
        let duty = Duty::new(self, rhythm).await;
        Worker { plane: self, duty, is_started: AtomicBool::new(false), grants: None }
    }
}

impl Worker<'_> {
    /// The same, which looks at the grant table before each pass.
    #[must_use]
    pub fn watching(self, grants: Option<Arc<GrantWatch>>) -> Self {
        Self { grants, ..self }
    }

    /// One pass for those of these people who are due and at whom nobody is. Whoever is not settled
    /// goes back into the queue. As long as some domain was never read in full, people are left to
    /// the pass for everything.
    ///
    /// # Errors
    /// The store cannot be asked for them; nobody was taken.
    pub async fn work_for(
        &self,
        people: &BTreeSet<PersonId>,
        until: Deadline,
    ) -> Result<Worked, StoreError> {
        let mut worked = Worked::default();
        if until.is_near() {
            return Ok(Worked { time_up: true, ..worked });
        }
        if !self.duty.may_serve_people().await {
            tracing::info!("people wait until everything was read once");
            return Ok(worked);
        }
        if let Some(taken) = self.duty.take_people(people).await? {
            worked.passes = 1;
            worked.people = taken.work.len();
            let is_change = taken.work.iter().any(Work::is_new);
            self.see_to_grants().await;
            self.duty.work_off(taken, Lane::People, until).await;
            if is_change {
                self.duty.mirror_elsewhere().await;
            }
            worked.time_up = until.is_near();
        }
        Ok(worked)
    }

    /// Passes for whatever is due, until nothing is or time is nearly up; then groups are mirrored, if
    /// the directory was read in full. The first call has
    /// everything read, since the map may be another one than that of the last process; the others
    /// see to it that it is read once a period.
    ///
    /// # Errors
    /// The store cannot be asked. What was done stays done.
    pub async fn work_off_queue(&self, until: Deadline) -> Result<Worked, StoreError> {
        if self.is_started.load(Ordering::Relaxed) {
            self.duty.bound_the_wait().await;
        } else {
            self.plane.wake(&Wake::Everything).await?;
            self.is_started.store(true, Ordering::Relaxed);
        }
        let mut worked = Worked::default();
        while !until.is_near() {
            let most = if self.duty.may_serve_people().await { PEOPLE_A_PASS } else { 0 };
            let Some(taken) = self.duty.take(most).await? else {
                if !self.duty.mirror_is_due() {
                    return Ok(worked);
                }
                worked.mirrors += 1;
                self.duty.mirror(until).await;
                continue;
            };
            let lane = Lane::of(&taken.work);
            match lane {
                Lane::Everything => worked.everything += 1,
                Lane::People => {
                    worked.passes += 1;
                    worked.people += taken.work.len();
                }
            }
            self.see_to_grants().await;
            let Reached { planned, carried_out } = self.duty.work_off(taken, lane, until).await;
            worked.complete += u32::from(planned);
            worked.done += u32::from(carried_out);
        }
        worked.time_up = true;
        Ok(worked)
    }

    /// After the work was taken: who changed the table pushed it afterwards.
    async fn see_to_grants(&self) {
        if let Some(grants) = &self.grants {
            grants.look().await;
        }
    }
}
