//! Of what people at a browser have read in the directory, one reading at a time for each.
//!
//! A page takes calls out of one budget with sign-ins, openings and removals. Somebody who asks for
//! a thousand pages at once must not have everybody else wait for them.

use crate::limits::TooMany;
use access::ids::PersonId;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::sync::{Mutex as Queue, OwnedMutexGuard};

/// So many requests of one person are at a reading or wait for one. A browser has six under way at
/// most.
const MOST_WAITING: usize = 16;

/// Who has something read now. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Askers(Arc<Mutex<BTreeMap<PersonId, Weak<Queue<()>>>>>);

impl Askers {
    /// Waits until it is this request's turn among those of the person. The turn ends when it is
    /// dropped, also where the browser went away.
    ///
    /// # Errors
    /// Too many of them wait already.
    pub(crate) async fn turn(&self, person: &PersonId) -> Result<OwnedMutexGuard<()>, TooMany> {
        let queue = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            all.retain(|_, queue| queue.strong_count() > 0);
            let queue = all.get(person).and_then(Weak::upgrade).unwrap_or_default();
            // This one is counted, too.
            if Arc::strong_count(&queue) > MOST_WAITING {
                return Err(TooMany { retry_after_seconds: 1 });
            }
            all.insert(person.clone(), Arc::downgrade(&queue));
            queue
        };
        Ok(queue.lock_owned().await)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt as _;

    fn person(id: &str) -> PersonId {
        PersonId::parse(id).unwrap()
    }

    #[test]
    fn each_has_one_turn_at_a_time_and_waits_for_nobody_else() {
        let askers = Askers::default();
        let turn = |id: &str| askers.turn(&person(id)).now_or_never().map(Result::unwrap);
        let ana = turn("ana").unwrap();
        assert!(turn("ana").is_none());
        let bo = turn("bo").unwrap();
        drop(ana);
        assert!(turn("ana").is_some() && turn("bo").is_none());
        drop(bo);
        // Nobody is remembered who has nothing read.
        drop(turn("cleo"));
        let all = askers.0.lock().unwrap();
        assert!(all.values().all(|queue| queue.strong_count() == 0) && all.len() <= 2);
    }

    #[test]
    fn so_many_wait_and_whoever_goes_away_makes_room() {
        let askers = Askers::default();
        let ana = person("ana");
        let first = askers.turn(&ana).now_or_never().unwrap().unwrap();
        let mut waiting: Vec<_> = (1..MOST_WAITING).map(|_| Box::pin(askers.turn(&ana))).collect();
        for one in &mut waiting {
            assert!(one.now_or_never().is_none());
        }
        let refused = askers.turn(&ana).now_or_never().unwrap();
        assert_eq!(refused.unwrap_err(), TooMany { retry_after_seconds: 1 });
        drop(waiting.pop());
        assert!(askers.turn(&ana).now_or_never().is_none(), "it waits");
        drop(first);
        assert!(waiting.first_mut().unwrap().now_or_never().unwrap().is_ok(), "in their order");
    }
}
