//! The switch that stops every change.

use super::in_words;
use crate::desk::{Caller, Desk, Refused, Right};
use crate::ports::{
    Acted, Actor, AuditEntry, AuditEvent, Freeze, Store, StoreError, Switch, WorkKey,
};
use access::reason::ReasonCode;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeSet;
use std::sync::Arc;

/// How the switch is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Switched {
    /// Whether nothing may be changed now.
    pub frozen: bool,
    /// Whether this request turned it.
    pub changed: bool,
    /// Who froze it, if it is or was frozen.
    pub by: Option<String>,
    /// Why, in that person's words.
    pub reason: Option<String>,
    /// When.
    pub at: Option<Timestamp>,
}

impl Switched {
    fn new(frozen: bool, changed: bool, freeze: Option<&Freeze>) -> Self {
        Self {
            frozen,
            changed,
            by: freeze.map(|freeze| freeze.by.clone()),
            reason: freeze.map(|freeze| freeze.reason.clone()),
            at: freeze.map(|freeze| freeze.at),
        }
    }
}

/// Stops every change. What was said when it was frozen before stays. `called` is how people know whoever
/// does it.
///
/// # Errors
/// It cannot be frozen.
pub async fn freeze(
    store: &dyn Store,
    by: &Actor,
    called: &str,
    reason: &str,
    now: Timestamp,
) -> Result<Acted<Switched>, StoreError> {
    let wanted = Freeze { by: called.to_owned(), reason: reason.to_owned(), at: now };
    let before = store.freeze(&wanted).await?;
    let is_new = before.is_none();
    let unwritten = if is_new {
        let entry = entry(AuditEvent::Frozen, by, called, reason, now);
        store.append(&entry.changing("frozen", Some("no"), Some("yes"))).await.err()
    } else {
        None
    };
    let done = Switched::new(true, is_new, Some(&before.unwrap_or(wanted)));
    Ok(Acted { done, unwritten })
}

/// Lets changes be made again, and has everything read: what was planned meanwhile was not done. `called` is how
/// people know whoever does it.
///
/// # Errors
/// The store cannot be used. What cannot be written down is not done.
pub async fn thaw(
    store: &dyn Store,
    by: &Actor,
    called: &str,
    now: Timestamp,
) -> Result<Switched, StoreError> {
    let Some(freeze) = store.frozen().await? else {
        return Ok(Switched::new(false, false, None));
    };
    let entry = entry(AuditEvent::Thawed, by, called, &freeze.reason, now);
    store.append(&entry.changing("frozen", Some("yes"), Some("no"))).await?;
    // Before it: whoever comes again after a failure finds nothing to end, and pushes nothing. Should
    // the loop be faster, it finds everything frozen, and looks again.
    store.push(&BTreeSet::from([WorkKey::Everything]), now).await?;
    end(store, &freeze).await
}

/// Ends this freeze.
async fn end(switch: &dyn Switch, freeze: &Freeze) -> Result<Switched, StoreError> {
    if switch.thaw(freeze).await? {
        return Ok(Switched::new(false, true, Some(freeze)));
    }
    // Who was faster has ended just this freeze; one that came after it stays, and is told of.
    let anew = switch.frozen().await?;
    Ok(Switched::new(anew.is_some(), false, anew.as_ref().or(Some(freeze))))
}

fn entry(event: AuditEvent, by: &Actor, called: &str, reason: &str, at: Timestamp) -> AuditEntry {
    AuditEntry::new(at, event, ReasonCode::Frozen.as_str())
        .by(by.clone())
        .with("by", called)
        .with("reason", reason)
}

impl Desk {
    /// Whether anything may be changed.
    ///
    /// # Errors
    /// The caller may not see it; the store cannot be read.
    pub async fn switch(&self, caller: &Caller) -> Result<Switched, Refused> {
        caller.require(Right::See)?;
        let frozen = self.store().frozen().await?;
        Ok(Switched::new(frozen.is_some(), false, frozen.as_ref()))
    }

    /// Stops every change.
    ///
    /// # Errors
    /// The caller may not; no reason is given; the store cannot be used.
    pub async fn freeze(&self, caller: &Caller, reason: &str) -> Result<Switched, Refused> {
        caller.require(Right::Act)?;
        let reason = in_words(reason)?;
        if reason.is_empty() {
            let why = "A freeze needs a reason: whoever meets it wants to know.";
            return Err(Refused::invalid(why, "Say why in a few words."));
        }
        let now = self.plane().clock.now();
        let (store, caller) = (Arc::clone(self.store()), caller.clone());
        self.to_its_end(async move {
            let acted = freeze(&*store, caller.actor(), caller.name(), &reason, now).await?;
            match acted.unwritten {
                Some(error) => Err(Refused::unwritten("Everything is frozen", &error)),
                None => Ok(acted.done),
            }
        })
        .await
    }

    /// Lets changes be made again.
    ///
    /// # Errors
    /// The caller may not; the store cannot be used.
    pub async fn thaw(&self, caller: &Caller) -> Result<Switched, Refused> {
        caller.require(Right::Act)?;
        let plane = self.plane();
        let now = plane.clock.now();
        let (store, caller) = (Arc::clone(self.store()), caller.clone());
        self.to_its_end(async move {
            let switched = thaw(&*store, caller.actor(), caller.name(), now).await?;
            plane.bell.ring();
            Ok(switched)
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    /// Of these freezes each is seen once; who comes to end one is too late.
    #[derive(Debug)]
    struct Overtaken(Mutex<Vec<Option<Freeze>>>);

    #[async_trait::async_trait]
    impl Switch for Overtaken {
        async fn freeze(&self, _: &Freeze) -> Result<Option<Freeze>, StoreError> {
            panic!("thawing freezes nothing")
        }

        async fn thaw(&self, _: &Freeze) -> Result<bool, StoreError> {
            Ok(false)
        }

        async fn frozen(&self) -> Result<Option<Freeze>, StoreError> {
            Ok(self.0.lock().unwrap().remove(0))
        }
    }

    #[tokio::test]
    async fn whoever_is_too_late_to_thaw_is_told_of_the_freeze_that_came_after() {
        let freeze = |by: &str| Freeze {
            by: by.to_owned(),
            reason: format!("of {by}"),
            at: Timestamp::UNIX_EPOCH,
        };
        for (after, frozen, by) in [(Some(freeze("bob")), true, "bob"), (None, false, "ada")] {
            let switch = Overtaken(Mutex::new(vec![after]));
            let wanted = Switched::new(frozen, false, Some(&freeze(by)));
            assert_eq!(end(&switch, &freeze("ada")).await, Ok(wanted));
        }
    }
}
