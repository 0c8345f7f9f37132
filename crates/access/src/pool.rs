//! What many profiles have in common, kept once.

use crate::ids::TeamKey;
use crate::tags::Others;
use arcstr::ArcStr;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Texts, tags and settings that were seen already.
#[derive(Debug, Default)]
pub struct Pool {
    texts: BTreeSet<ArcStr>,
    teams: BTreeSet<TeamKey>,
    tags: BTreeSet<Arc<Others>>,
    /// By their JSON, whose keys are sorted.
    settings: BTreeMap<String, Arc<Map<String, Value>>>,
}

impl Pool {
    pub(crate) fn text(&mut self, text: &ArcStr) -> ArcStr {
        known(&mut self.texts, text)
    }

    pub(crate) fn team(&mut self, team: &TeamKey) -> TeamKey {
        known(&mut self.teams, team)
    }

    pub(crate) fn tags(&mut self, tags: &Arc<Others>) -> Arc<Others> {
        known(&mut self.tags, tags)
    }

    pub(crate) fn settings(
        &mut self,
        settings: &Arc<Map<String, Value>>,
    ) -> Arc<Map<String, Value>> {
        // Of a map with keys of text there always is a JSON.
        let Ok(json) = serde_json::to_string(&**settings) else { return settings.clone() };
        self.settings.entry(json).or_insert_with(|| settings.clone()).clone()
    }
}

fn known<T: Ord + Clone>(all: &mut BTreeSet<T>, one: &T) -> T {
    if let Some(known) = all.get(one) {
        return known.clone();
    }
    all.insert(one.clone());
    one.clone()
}
