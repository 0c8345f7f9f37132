//! Where groups are mirrored to: whether it can be reached, and what came of the last run.

use super::facts::MirrorFacts;
use super::{About, Check, State, call_failed};
use crate::meter::{MirrorSeen, PassOutcome};
use access::reason::ReasonCode;

/// Judges the target of the mirror.
pub(super) fn judge_mirror(facts: &MirrorFacts) -> Vec<Check> {
    let subject = Some(facts.place.as_str());
    if let Err(error) = &facts.reached {
        return vec![call_failed(About::MirrorTarget, subject, error)];
    }
    let mut checks =
        vec![Check::ok(About::MirrorTarget, subject, "groups are mirrored into it; it answers")];
    checks.extend(facts.last.as_ref().and_then(|last| warning(last, subject)));
    checks.extend(facts.last.as_ref().and_then(|last| held_by_leavers(last, subject)));
    checks
}

/// Names that only a person can free: every other reason is the directory's or goes by itself.
fn held_by_leavers(last: &MirrorSeen, subject: Option<&str>) -> Option<Check> {
    let code = ReasonCode::MirrorNameOfLeaver;
    let count = last.not_mirrored.as_ref()?.get(&code).filter(|count| **count > 0)?;
    let text = format!(
        "of {count} people of the directory the name is that of a disabled user of somebody who left: they are \
         not mirrored, or not renamed"
    );
    let remedies = [
        "`stagedoor directory mirror --dry-run` says of whom. Delete those users in Identity Center, \
         unless somebody comes back as the same person; or mirror with `leavers: delete`.",
    ];
    Some(Check::new(About::MirrorTarget, subject, State::Warning, code.as_str(), text, &remedies))
}

fn warning(last: &MirrorSeen, subject: Option<&str>) -> Option<Check> {
    let (code, text, remedy) = match last.outcome {
        PassOutcome::Refused => (
            ReasonCode::GuardTripped,
            format!("what would be taken away is held back: {}", last.refused.join("; ")),
            "Look at it on the *Plan* page, or with `stagedoor directory mirror --dry-run`; if it is \
             meant, approve it there, or with `stagedoor directory mirror --approve N`.",
        ),
        PassOutcome::Failed | PassOutcome::Panicked => (
            ReasonCode::MirrorFailed,
            match (&last.failed, last.failed_besides) {
                (None, _) => "the last run failed".to_owned(),
                (Some(first), 0) => first.clone(),
                (Some(first), more) => format!("{first}; and {more} more"),
            },
            "What its error says tells the rest; the next full pass tries again.",
        ),
        _ => return None,
    };
    let state = State::Warning;
    Some(Check::new(About::MirrorTarget, subject, state, code.as_str(), text, &[remedy]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::{CallError, FailureKind};

    fn judged(reached: Result<(), CallError>, last: Option<MirrorSeen>) -> Vec<(State, String)> {
        let place = "identity store d-906716eb24".to_owned();
        let checks = judge_mirror(&MirrorFacts { place, reached, last });
        checks.into_iter().map(|c| (c.state, format!("{} ({})", c.text, c.code))).collect()
    }

    fn seen(
        outcome: PassOutcome,
        refused: Option<&str>,
        failed: Option<(&str, u64)>,
    ) -> MirrorSeen {
        let at = "2026-11-21T12:00:00Z".parse().unwrap();
        MirrorSeen {
            at,
            outcome,
            settled: None,
            unsettled_since: Some(at),
            refused: refused.into_iter().map(str::to_owned).collect(),
            failed: failed.map(|(first, _)| first.to_owned()),
            failed_besides: failed.map_or(0, |(_, besides)| besides),
            not_mirrored: None,
        }
    }

    #[test]
    fn a_target_that_answers_is_well_unless_its_last_run_was_not() {
        let well = (State::Ok, "groups are mirrored into it; it answers (ok)".to_owned());
        assert_eq!(judged(Ok(()), None), std::slice::from_ref(&well));
        let settled = judged(Ok(()), Some(seen(PassOutcome::Settled, None, None)));
        assert_eq!(settled, std::slice::from_ref(&well));
        let refused = judged(Ok(()), Some(seen(PassOutcome::Refused, Some("9 of 10"), None)));
        let text = "what would be taken away is held back: 9 of 10 (guard-tripped)";
        assert_eq!(refused, [well.clone(), (State::Warning, text.to_owned())]);
        for (besides, text) in [(0, "one (mirror-failed)"), (1, "one; and 1 more (mirror-failed)")]
        {
            let failed = seen(PassOutcome::Failed, None, Some(("one", besides)));
            let warning = (State::Warning, text.to_owned());
            assert_eq!(judged(Ok(()), Some(failed)), [well.clone(), warning]);
        }
    }

    #[test]
    fn names_that_leavers_keep_are_told() {
        let code = ReasonCode::MirrorNameOfLeaver;
        let not_mirrored = |counts| Some(std::collections::BTreeMap::from(counts));
        let last = |counts| MirrorSeen {
            not_mirrored: not_mirrored(counts),
            ..seen(PassOutcome::Settled, None, None)
        };
        let found = judged(Ok(()), Some(last([(code, 2)])));
        assert_eq!(found.len(), 2);
        assert_eq!(found[1].0, State::Warning);
        assert!(found[1].1.ends_with("(mirror-name-of-leaver)"), "{}", found[1].1);
        assert_eq!(judged(Ok(()), Some(last([(ReasonCode::MirrorUnfit, 2)]))).len(), 1);
    }

    #[test]
    fn a_target_that_does_not_answer_fails() {
        let error = CallError {
            service: "identitystore",
            operation: "ListGroups",
            kind: FailureKind::AccessDenied,
            aws_code: None,
            message: "no".into(),
        };
        let found = judged(Err(error), Some(seen(PassOutcome::Refused, Some("x"), None)));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].0, State::Failed);
        assert!(found[0].1.ends_with("(aws-access-denied)"), "{}", found[0].1);
    }
}
