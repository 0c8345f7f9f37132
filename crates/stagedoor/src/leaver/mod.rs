//! What is told about somebody who leaves: what they lose, how far it is, and the receipt.

mod loss;
mod receipt;
mod status;

pub(crate) use loss::loss_text;
pub(crate) use receipt::receipt_text;
pub(crate) use status::{stages_text, standing_text};

use access::entitlement::Because;
use access::ids::TeamKey;
use access::shell::CommandLine;
use control::loss::StillGranted;
use std::collections::BTreeSet;

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
         `{}`, and with the loss of the store.\n{}",
        CommandLine::of(&["restore"]).about(key),
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
