//! What is told about somebody who leaves: what they lose, how far it is, and the receipt.

mod loss;
mod receipt;
mod status;

pub(crate) use loss::{Loss, losses};
pub(crate) use receipt::receipt_text;
pub(crate) use status::{stages, stages_text};

use access::entitlement::{Because, entitlements};
use access::ids::{PersonId, TeamKey};
use access::map::AccessMap;
use access::snapshot::Snapshot;
use serde::Serialize;
use std::collections::BTreeSet;

/// A team that the person's groups give, command or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StillGranted {
    /// The team.
    pub(crate) team: TeamKey,
    /// The group and the grant.
    pub(crate) because: Because,
}

/// What the directory would give the person, were it not for the command.
pub(crate) fn still_granted(
    map: &AccessMap,
    snapshot: &Snapshot,
    person: &PersonId,
    now: jiff::Timestamp,
) -> Vec<StillGranted> {
    let mut snapshot = snapshot.clone();
    snapshot.offboarded.remove(person);
    snapshot.barred.remove(person);
    entitlements(map, &snapshot, now)
        .teams_of(person)
        .iter()
        .map(|right| StillGranted {
            team: right.team.clone(),
            because: Because::clone(&right.because),
        })
        .collect()
}

/// A warning about what the directory still gives; nothing if it gives nothing of it.
pub(crate) fn still_granted_text(
    granted: &[StillGranted],
    team: Option<&TeamKey>,
    key: &str,
) -> Option<String> {
    let of_it: Vec<&StillGranted> =
        granted.iter().filter(|right| team.is_none_or(|team| team == &right.team)).collect();
    if of_it.is_empty() {
        return None;
    }
    let groups: BTreeSet<String> = of_it
        .iter()
        .map(|right| {
            let Because { group, group_name, grant } = &right.because;
            match group {
                Some(_) => format!("  group `{group_name}` grants {} ({grant})", right.team),
                None => format!("  {grant} gives {}", right.team),
            }
        })
        .collect();
    let lines: Vec<String> = groups.into_iter().collect();
    Some(format!(
        "The directory still grants it. Remove the person there too; otherwise access returns with \
         `stagedoor restore {key}`, and with the loss of the store.\n{}",
        lines.join("\n")
    ))
}

/// A length of time as people say it: `7 d`, `36 h`, `5 min`.
fn spell(seconds: u64) -> String {
    match seconds {
        s if s % 86_400 == 0 => format!("{} d", s / 86_400),
        s if s >= 3_600 => format!("{} h", s / 3_600),
        s if s >= 60 => format!("{} min", s / 60),
        s => format!("{s} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_spelled_in_their_own_unit() {
        let all = [0, 59, 60, 3_600, 86_399, 86_400, 604_800].map(spell);
        assert_eq!(all, ["0 d", "59 s", "1 min", "1 h", "23 h", "1 d", "7 d"]);
    }
}
