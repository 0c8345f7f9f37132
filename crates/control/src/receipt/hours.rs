//! Hours in which instances did not run. Hours only: nothing here knows a price.

use super::{ProfileReceipt, StoppedApp};
use jiff::Timestamp;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;

/// The instance type of apps that cost nothing (`JupyterServer` itself).
const FREE: &str = "system";

/// Stands for an instance type that AWS did not tell.
const UNKNOWN: &str = "unknown";

/// A length of time in tenths of an hour, rounded down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Hours(u32);

impl Hours {
    /// From one moment to another; none if the second is not later.
    pub fn between(from: Timestamp, to: Timestamp) -> Self {
        let tenths = to.duration_since(from).as_secs() / 360;
        Self(u32::try_from(tenths.max(0)).unwrap_or(u32::MAX))
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{} h", self.0 / 10, self.0 % 10)
    }
}

impl Serialize for Hours {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(f64::from(self.0) / 10.0)
    }
}

impl ProfileReceipt {
    /// Counts for each app how long it has not run: until it was started again, until the person
    /// came back, or until now.
    pub(super) fn count_hours(&mut self, at: Timestamp) {
        let end = self.returned.unwrap_or(at);
        let starts: Vec<_> = self.apps.iter().map(|app| (key(app), app.since)).collect();
        for app in &mut self.apps {
            let again = starts
                .iter()
                .filter(|(other, _)| *other == key(app))
                .filter_map(|(_, since)| since.filter(|since| *since > app.stopped))
                .min();
            app.saved = Hours::between(app.stopped, again.unwrap_or(end).min(end));
        }
    }
}

fn key(app: &StoppedApp) -> (Option<String>, String, String) {
    (app.space.clone(), app.app_type.clone(), app.app_name.clone())
}

pub(super) fn saved_by_type<'p>(
    profiles: impl IntoIterator<Item = &'p ProfileReceipt>,
) -> BTreeMap<String, Hours> {
    let mut saved: BTreeMap<String, Hours> = BTreeMap::new();
    for app in profiles.into_iter().flat_map(|profile| &profile.apps) {
        let instance_type = app.instance_type.as_deref().unwrap_or(UNKNOWN);
        if instance_type != FREE {
            let sum = saved.entry(instance_type.to_owned()).or_default();
            *sum = sum.plus(app.saved);
        }
    }
    saved
}
