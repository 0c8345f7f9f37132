//! One process mirrors at a time.

use super::Stopped;
use crate::pass::{Brake, Deadline, Halt};
use crate::plane::{Plane, Takeover};
use crate::ports::{ChangeId, StoreError};
use access::ids::PersonId;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::{Mutex, PoisonError};

/// Whom a process claims that mirrors. No directory has such a person; one that had would cost no
/// more than that the person and the mirror wait for each other.
const CLAIMED: &str = "stagedoor:mirror";

/// The right to mirror: no other process has it meanwhile. It ends by itself where nobody prolongs
/// it, so a process that died keeps nobody waiting for long.
#[derive(Debug)]
pub struct Turn<'a> {
    plane: &'a Plane,
    change: ChangeId,
    held_until: Mutex<Timestamp>,
    end: Deadline,
    brake: Brake,
}

impl Plane {
    /// Takes the right to mirror until `end` or the brake; `None` while another process has it.
    /// Whoever gets it has to read both directories afterwards: what was read before may be stale.
    ///
    /// # Errors
    /// The store cannot be asked.
    pub async fn mirror_turn(
        &self,
        end: Deadline,
        brake: &Brake,
    ) -> Result<Option<Turn<'_>>, StoreError> {
        let (change, hold) = (self.new_change(), self.takeover.claim);
        let claimed = PersonId::parse(CLAIMED).map_err(|error| StoreError {
            operation: "claim the right to mirror",
            message: error.to_string(),
        })?;
        let ticket = self.claims.ticket(self.clock.now()).await?;
        let (now, claimed) = (self.clock.now(), BTreeSet::from([claimed]));
        let got = self.claims.claim(&change, &claimed, &ticket, now, hold).await?;
        if got.people.is_empty() {
            return Ok(None);
        }
        let held_until = Mutex::new(now.checked_add(hold).unwrap_or(Timestamp::MAX));
        Ok(Some(Turn { plane: self, change, held_until, end, brake: brake.clone() }))
    }
}

impl Turn<'_> {
    /// What audit entries of this turn name it.
    pub fn change(&self) -> &ChangeId {
        &self.change
    }

    /// Does the work, and lets others have the right afterwards. Work that is dropped half-way leaves
    /// it until it ends by itself.
    pub async fn during<T>(&self, work: impl Future<Output = T>) -> T {
        let done = tokio::select! {
            biased;
            done = work => done,
            never = self.prolong() => match never {},
        };
        if let Err(error) = self.plane.claims.release(&self.change, self.plane.clock.now()).await {
            tracing::warn!(%error, "others wait to mirror until the claim ends");
        }
        done
    }

    async fn prolong(&self) -> Infallible {
        let hold = self.plane.takeover.claim;
        loop {
            let until = Takeover::prolonged(hold, &*self.plane.clock).await;
            match self.plane.claims.renew(&self.change, until).await {
                Ok(1) => *self.held_until.lock().unwrap_or_else(PoisonError::into_inner) = until,
                outcome => tracing::warn!(?outcome, "the right to mirror is not prolonged"),
            }
        }
    }

    /// Why nothing more may be begun, if so. Asked before each change.
    pub(super) async fn over(&self) -> Option<Stopped> {
        if self.brake.is_on() || self.end.is_near() {
            return Some(Stopped::Halted(Halt::TimeUp));
        }
        let held_until = *self.held_until.lock().unwrap_or_else(PoisonError::into_inner);
        if self.plane.clock.now() >= held_until {
            return Some(Stopped::Overtaken);
        }
        self.plane.halted().await.map(Stopped::Halted)
    }

    /// Does it, unless time is up first.
    pub(super) async fn in_time<T>(&self, work: impl Future<Output = T>) -> Result<T, Stopped> {
        tokio::select! {
            biased;
            done = work => Ok(done),
            () = self.end.passed() => Err(Stopped::Halted(Halt::TimeUp)),
        }
    }

    /// Reads, which the brake may break off too: nothing was changed yet.
    pub(super) async fn reading<T>(&self, read: impl Future<Output = T>) -> Result<T, Stopped> {
        tokio::select! {
            biased;
            () = self.brake.pulled() => Err(Stopped::Halted(Halt::TimeUp)),
            read = self.in_time(read) => read,
        }
    }
}
