//! What this process began to take away in the last day.
//!
//! The guard counts removals by the tags of profiles. Where the hold is short, profiles are gone
//! before the day is over and their tags with them; those are remembered here.

use access::ids::DomainKey;
use access::observed::Observed;
use access::plan::Plan;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// How long a removal is remembered; as long as the guard looks back.
const MEMORY: SignedDuration = SignedDuration::from_hours(24);

/// Profiles by domain and case-folded name, and since when they are on their way out.
#[derive(Debug, Default)]
pub(crate) struct Begun(BTreeMap<(DomainKey, String), Timestamp>);

impl Begun {
    /// Remembers what the plan is the first to take away.
    pub(crate) fn remember(&mut self, plan: &Plan) {
        for action in plan.actions.iter().filter(|action| action.is_new_removal()) {
            self.0.insert((action.domain.clone(), action.profile.folded().to_string()), plan.now);
        }
    }

    /// How many of the last day the guard cannot see: their profiles are gone, or their domain
    /// could not be read.
    pub(crate) fn unseen(&mut self, observed: &Observed, now: Timestamp) -> u32 {
        self.0.retain(|_, since| now.duration_since(*since) < MEMORY);
        let is_seen = |domain: &DomainKey, profile: &String| {
            observed.domains.get(domain).is_some_and(|d| d.profiles.contains_key(profile.as_str()))
        };
        let unseen = self.0.keys().filter(|(domain, profile)| !is_seen(domain, profile)).count();
        u32::try_from(unseen).unwrap_or(u32::MAX)
    }
}
