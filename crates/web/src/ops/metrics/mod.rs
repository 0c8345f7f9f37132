//! What door, loop, events and calls to AWS come to, in Prometheus' text format.
//!
//! The numbers are read when asked for: whoever counts knows nothing of Prometheus. The crate
//! `prometheus` writes the text (HELP, TYPE, escaping) in the format 0.0.4, which every scraper
//! reads; `prometheus-client` writes the format of its successor only. Labels are bounded: reason
//! codes, keys of the map, names of tokens, operations and error codes of AWS; never a person.

mod door;
mod family;
mod plane;
mod reference;

pub use reference::metrics_reference;

use super::condition::State;
use access::ids::{AccountId, DomainKey, Region};
use control::directory::Pushing;
use control::door::{DoorCounts, KeyStatus, TrustStatus};
use control::event::EventCounts;
use control::meter::{LoopCounts, LoopStatus};
use control::ports::CallCounts;
use family::{Family, Kind};
use jiff::Timestamp;
use prometheus::{Result, TextEncoder};
use std::collections::BTreeMap;

/// All that there is to tell.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    pub(super) trust: Vec<TrustStatus>,
    pub(super) keys: Vec<KeyStatus>,
    pub(super) door: DoorCounts,
    pub(super) calls: BTreeMap<String, CallCounts>,
    pub(super) events: EventCounts,
    pub(super) counts: LoopCounts,
    /// Absent: the store cannot be read.
    pub(super) status: Option<LoopStatus>,
    /// The directories that are pushed.
    pub(super) pushing: Vec<Pushing>,
    /// Account and Region of the map's domains.
    pub(super) places: BTreeMap<DomainKey, (AccountId, Region)>,
    pub(super) process: State,
}

/// All metrics as text.
pub(super) fn exposition(numbers: &Numbers, now: Timestamp) -> Result<String> {
    let families: Vec<_> = page(numbers, now).iter().filter_map(Family::encoded).collect();
    TextEncoder::new().encode_to_string(&families)
}

/// All metrics, by name, also those that have no sample at present.
fn page(numbers: &Numbers, now: Timestamp) -> Vec<Family> {
    let mut page = Page(Vec::new());
    page.trust(&numbers.trust, now);
    page.keys(&numbers.keys);
    page.door(&numbers.door);
    page.calls(&numbers.calls);
    page.events(&numbers.events, &numbers.counts);
    page.passes(&numbers.counts);
    page.pushing(&numbers.pushing);
    page.mirror(&numbers.counts);
    page.audit(&numbers.counts);
    page.overview(numbers.counts.overview.as_ref(), &numbers.places);
    page.work(numbers.status.as_ref(), now);
    page.process(&numbers.process);
    page.0.sort_by_key(|family| family.name);
    page.0
}

struct Page(Vec<Family>);

impl Page {
    fn put(
        &mut self,
        kind: Kind,
        name: &'static str,
        help: &'static str,
        labels: &'static [&'static str],
        fill: impl FnOnce(&mut Family),
    ) {
        let mut family = Family::new(kind, name, help, labels);
        fill(&mut family);
        self.0.push(family);
    }

    fn gauge(
        &mut self,
        name: &'static str,
        help: &'static str,
        labels: &'static [&'static str],
        fill: impl FnOnce(&mut Family),
    ) {
        self.put(Kind::Gauge, name, help, labels, fill);
    }

    fn counter(
        &mut self,
        name: &'static str,
        help: &'static str,
        labels: &'static [&'static str],
        fill: impl FnOnce(&mut Family),
    ) {
        self.put(Kind::Counter, name, help, labels, fill);
    }

    fn histogram(
        &mut self,
        name: &'static str,
        help: &'static str,
        labels: &'static [&'static str],
        fill: impl FnOnce(&mut Family),
    ) {
        self.put(Kind::Histogram, name, help, labels, fill);
    }

    /// The process itself and its configuration.
    fn process(&mut self, state: &State) {
        let help = "Always 1; the label tells the version.";
        self.gauge("stagedoor_build_info", help, &["version"], |family| {
            family.count(&[env!("CARGO_PKG_VERSION")], 1);
        });
        let help = "1 if the process is about to end and takes no new requests, else 0.";
        self.gauge("stagedoor_draining", help, &[], |family| {
            family.count(&[], state.draining.into());
        });
        let help = "1 if the configuration on disk is the one in force, 0 if it was refused.";
        self.gauge("stagedoor_config_last_reload_successful", help, &[], |family| {
            family.count(&[], state.configuration.failure.is_none().into());
        });
        let help = "When the configuration in force was taken.";
        let name = "stagedoor_config_last_reload_success_timestamp_seconds";
        self.gauge(name, help, &[], |family| {
            if let Some(at) = state.configuration.taken_at {
                family.time(&[], at);
            }
        });
    }
}

#[cfg(test)]
mod tests;
