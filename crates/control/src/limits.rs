//! How often one address may ask, and one person.
//!
//! The generic cell rate algorithm: of each key only the time is kept at which all that it asked for
//! is paid off. The crate `governor` does the same over a map that grows with every new key until
//! somebody sweeps it, and by a clock of its own; here memory has an end and time is an argument.

use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};

/// A minute, in microseconds.
const WINDOW: i64 = 60_000_000;

/// So many keys are remembered. A key takes some hundred bytes.
const CAPACITY: usize = 20_000;

/// Lets each key ask so many times a minute, all at once or spread.
#[derive(Debug)]
pub struct Limiter<K> {
    /// What one request costs, in microseconds.
    cost: i64,
    keys: Mutex<Keys<K>>,
}

/// When each key is paid off, and the same the other way round.
#[derive(Debug)]
struct Keys<K> {
    paid_off: BTreeMap<K, i64>,
    by_time: BTreeSet<(i64, K)>,
}

/// Too many; so many seconds later one more will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooMany {
    /// At least one.
    pub retry_after_seconds: u32,
}

impl<K: Ord + Clone> Limiter<K> {
    /// So many a minute.
    pub fn new(per_minute: NonZeroU32) -> Self {
        let keys = Keys { paid_off: BTreeMap::new(), by_time: BTreeSet::new() };
        Self { cost: (WINDOW / i64::from(per_minute.get())).max(1), keys: Mutex::new(keys) }
    }

    /// Whether the key may ask now; counts it if so.
    ///
    /// # Errors
    /// It asked too often.
    pub fn admit(&self, key: &K, now: Timestamp) -> Result<(), TooMany> {
        self.admit_several(key, 1, now)
    }

    /// Whether the key may ask so many times now; counts all if so, and none else.
    ///
    /// # Errors
    /// It asked too often.
    pub fn admit_several(&self, key: &K, times: u32, now: Timestamp) -> Result<(), TooMany> {
        let now = now.as_microsecond();
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was set back must not keep anybody out for longer than a window.
        let known = keys.paid_off.get(key).map_or(now, |at| (*at).clamp(now, now + WINDOW));
        let paid_off = known.saturating_add(self.cost.saturating_mul(i64::from(times)));
        let early = paid_off.saturating_sub(now + WINDOW);
        if early > 0 {
            let seconds = early.saturating_add(999_999) / 1_000_000;
            let seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
            return Err(TooMany { retry_after_seconds: seconds });
        }
        keys.remember(key, paid_off);
        Ok(())
    }
}

impl<K: Ord + Clone> Keys<K> {
    fn remember(&mut self, key: &K, paid_off: i64) {
        if let Some(before) = self.paid_off.insert(key.clone(), paid_off) {
            self.by_time.remove(&(before, key.clone()));
        }
        self.by_time.insert((paid_off, key.clone()));
        // Whoever is paid off soonest asked least: forgetting that key gives the least away.
        while self.paid_off.len() > CAPACITY
            && let Some((_, least)) = self.by_time.pop_first()
        {
            self.paid_off.remove(&least);
        }
    }
}

/// So many callers are taken to stand where nobody can be seen. One who asks without an address takes
/// nobody's turn, unless he asks as often as so many.
pub(crate) const UNSEEN: NonZeroU32 = NonZeroU32::MIN.saturating_add(19);

/// Lets each address ask so many times a minute, and all those without one, together, twenty times as often.
#[derive(Debug)]
pub struct AddressLimiter {
    seen: Limiter<IpAddr>,
    unseen: Limiter<()>,
}

impl AddressLimiter {
    /// So many a minute for one address (of IPv6: one /64).
    pub fn new(per_minute: NonZeroU32) -> Self {
        let unseen = Limiter::new(per_minute.saturating_mul(UNSEEN));
        Self { seen: Limiter::new(per_minute), unseen }
    }

    /// Whether this address may ask now; counts it if so.
    ///
    /// # Errors
    /// It asked too often.
    pub fn admit(&self, address: Option<IpAddr>, now: Timestamp) -> Result<(), TooMany> {
        match neighbourhood(address) {
            Some(neighbourhood) => self.seen.admit(&neighbourhood, now),
            None => self.unseen.admit(&(), now),
        }
    }
}

/// Whom an address stands for: an IPv4 address for itself, an IPv6 address for its /64, which is
/// what one line or one machine has to itself.
fn neighbourhood(address: Option<IpAddr>) -> Option<IpAddr> {
    address.map(|address| match address.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;

    fn limiter(per_minute: u32) -> Limiter<u32> {
        Limiter::new(NonZeroU32::new(per_minute).unwrap())
    }

    fn at(milliseconds: i64) -> Timestamp {
        let start: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        start + SignedDuration::from_millis(milliseconds)
    }

    #[test]
    fn a_minute_holds_so_many_and_each_key_has_its_own() {
        let limiter = limiter(30);
        assert_eq!((0..100).filter(|_| limiter.admit(&1, at(0)).is_ok()).count(), 30);
        assert_eq!(limiter.admit(&2, at(0)), Ok(()));
        // Two seconds buy one more.
        assert_eq!(limiter.admit(&1, at(0)), Err(TooMany { retry_after_seconds: 2 }));
        assert_eq!(limiter.admit(&1, at(1_500)), Err(TooMany { retry_after_seconds: 1 }));
        assert_eq!(limiter.admit(&1, at(2_000)), Ok(()));
        assert_eq!(limiter.admit(&1, at(2_000)), Err(TooMany { retry_after_seconds: 2 }));
        // After a quiet minute all are there again.
        assert_eq!((0..100).filter(|_| limiter.admit(&1, at(62_000)).is_ok()).count(), 30);
    }

    #[test]
    fn several_are_counted_all_or_none() {
        let limiter = limiter(30);
        assert_eq!(limiter.admit_several(&1, 20, at(0)), Ok(()));
        let too_many = Err(TooMany { retry_after_seconds: 2 });
        assert_eq!(limiter.admit_several(&1, 11, at(0)), too_many);
        assert_eq!(limiter.admit_several(&1, 10, at(0)), Ok(()));
        assert_eq!(limiter.admit_several(&1, 0, at(0)), Ok(()));
        assert_eq!(limiter.admit(&1, at(0)), too_many);
        assert!(limiter.admit_several(&2, u32::MAX, at(0)).is_err());
    }

    #[test]
    fn a_clock_set_back_keeps_nobody_out_for_long() {
        let limiter = limiter(1);
        assert_eq!(limiter.admit(&1, at(3_600_000)), Ok(()));
        assert_eq!(limiter.admit(&1, at(0)), Err(TooMany { retry_after_seconds: 60 }));
        assert_eq!(limiter.admit(&1, at(3_660_000)), Ok(()));
    }

    #[test]
    fn memory_has_an_end_and_keeps_those_who_ask_most() {
        let limiter = limiter(2);
        for _ in 0..2 {
            limiter.admit(&0, at(0)).unwrap();
        }
        for key in 1..=u32::try_from(CAPACITY).unwrap() + 500 {
            limiter.admit(&key, at(1)).unwrap();
        }
        let keys = limiter.keys.lock().unwrap();
        assert_eq!((keys.paid_off.len(), keys.by_time.len()), (CAPACITY, CAPACITY));
        drop(keys);
        assert!(limiter.admit(&0, at(1)).is_err());
    }

    #[test]
    fn a_neighbourhood_is_an_address_or_a_64() {
        let of = |text: &str| neighbourhood(Some(text.parse().unwrap())).unwrap().to_string();
        assert_eq!(of("192.0.2.7"), "192.0.2.7");
        assert_eq!(of("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_ne!(of("2001:db8:1:3::1"), of("2001:db8:1:2::1"));
        assert_eq!(neighbourhood(None), None);
    }
}
