//! How often the API may be asked.

use control::desk::{self, Caller};
use control::limits::{AddressLimiter, Limiter, TooMany};
use jiff::Timestamp;
use std::net::IpAddr;
use std::num::NonZeroU32;

/// So many requests a minute one caller may make, if nobody says otherwise.
pub(crate) const A_MINUTE: NonZeroU32 = match NonZeroU32::new(600) {
    Some(requests) => requests,
    None => NonZeroU32::MIN,
};

/// One address may make so many times as many: behind it there may be several callers, and whoever
/// shows tokens that are none is stopped before the store is asked.
const CALLERS_OF_AN_ADDRESS: NonZeroU32 = match NonZeroU32::new(4) {
    Some(callers) => callers,
    None => NonZeroU32::MIN,
};

/// The limits of the API.
#[derive(Debug)]
pub(crate) struct ApiLimits {
    per_minute: NonZeroU32,
    callers: Limiter<String>,
    addresses: AddressLimiter,
}

impl ApiLimits {
    pub(crate) fn new(per_minute: NonZeroU32) -> Self {
        let of_addresses = per_minute.saturating_mul(CALLERS_OF_AN_ADDRESS);
        let (callers, addresses) = (Limiter::new(per_minute), AddressLimiter::new(of_addresses));
        Self { per_minute, callers, addresses }
    }

    pub(crate) fn address(
        &self,
        address: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<(), desk::Refused> {
        self.addresses.admit(address, now).map_err(desk::Refused::from)
    }

    /// Counts so many requests more than the one that brings them: all or none. What is more than a
    /// minute holds counts as a minute's, so that it can be asked for at all.
    pub(crate) fn several(
        &self,
        caller: &Caller,
        requests: u32,
        now: Timestamp,
    ) -> Result<(), TooMany> {
        let requests = requests.min(self.per_minute.get() - 1);
        self.callers.admit_several(&caller.actor().to_string(), requests, now)
    }

    pub(crate) fn caller(&self, caller: &Caller, now: Timestamp) -> Result<(), desk::Refused> {
        self.callers.admit(&caller.actor().to_string(), now).map_err(desk::Refused::from)
    }
}
