//! What the door itself decides.

use super::{Question, Stage, Step};
use crate::explain::{Verdict, explain};
use crate::reason::ReasonCode;
use std::borrow::Cow;
use std::collections::BTreeSet;

impl Question<'_> {
    /// Whether the person has the team: what `why` tells.
    pub(super) fn entitlement(&self) -> Step {
        let teams = BTreeSet::from([self.team.clone()]);
        let ask = || explain(self.map, self.snapshot, self.observed, self.now, self.person, &teams);
        let told = self.explained.map_or_else(|| Cow::Owned(ask()), Cow::Borrowed);
        let team = told.teams.iter().find(|told| told.team == *self.team);
        let allowed = team.is_some_and(|team| team.granted);
        let code = team.map_or(ReasonCode::TeamUnknown, |team| team.code);
        let rungs = team.iter().flat_map(|team| &team.rungs);
        let mut rungs = std::iter::once(&told.directory).chain(rungs);
        // Where there is a right, what gives it; where there is none, what breaks it.
        let (verdict, wanted) = match (allowed, code) {
            (true, _) => (Verdict::Holds, ReasonCode::GroupMember),
            (false, code) => (Verdict::Breaks, code),
        };
        let rung = rungs.find(|rung| rung.verdict == verdict && rung.code == wanted);
        let text = rung.map_or_else(
            || code.meaning().to_owned(),
            |rung| match &rung.at {
                Some(at) => format!("{}, {at}", rung.text),
                None => rung.text.clone(),
            },
        );
        step(Stage::Entitlement, allowed, code, text)
    }

    /// Whether the network rule admits the origin: what the door asks.
    pub(super) fn network(&self) -> Step {
        let Some(team) = self.map.teams.get(self.team) else {
            let code = ReasonCode::TeamUnknown;
            return step(Stage::Network, false, code, code.meaning().to_owned());
        };
        let rule = self.map.networks.get(&team.network);
        let ways: Vec<String> =
            rule.iter().flat_map(|rule| &rule.any_of).map(ToString::to_string).collect();
        let ways = if ways.is_empty() { "nowhere".to_owned() } else { ways.join(" or ") };
        let network = &team.network;
        if rule.is_some_and(|rule| rule.admits(self.from)) {
            let text = format!("network {network} admits it: {ways}");
            return step(Stage::Network, true, ReasonCode::NetworkRule, text);
        }
        let text = format!("network {network} does not admit it: {ways}");
        step(Stage::Network, false, ReasonCode::NetworkRefused, text)
    }
}

/// In an SSO-mode domain people come in from anywhere.
pub(super) fn not_enforced() -> Step {
    let text = "the domain is in SSO mode: Identity Center signs people in from anywhere, and no \
                policy of IAM is asked"
        .to_owned();
    step(Stage::Network, true, ReasonCode::RuleNotEnforced, text)
}

fn step(stage: Stage, allowed: bool, code: ReasonCode, text: String) -> Step {
    Step { stage, allowed, text, code: Some(code), decision: None, because: Vec::new() }
}
