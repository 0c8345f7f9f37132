//! Each directory of the map: whether it can be asked, how fresh it is, what is wrong with it.

use super::{About, Check, State, call_failed};
use crate::ports::{CallError, Concern, Directory, Standing};
use crate::reasons::remedy;
use access::ids::DirectoryName;
use access::map::AccessMap;
use access::reason::ReasonCode;
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use std::fmt::Write as _;

/// From this age on what a directory holds is called stale: twice the time between full passes.
const STALE: SignedDuration = SignedDuration::from_hours(2);

/// What the directories of a map say of themselves.
#[derive(Debug)]
pub struct DirectoryFacts {
    /// When they were asked.
    pub at: Timestamp,
    /// Each by its name and its kind, in the order of precedence.
    pub each: Vec<(DirectoryName, &'static str, Result<Standing, CallError>)>,
    /// All of them as one, where there are several.
    pub together: Option<Result<Standing, CallError>>,
}

/// Asks the directories of a map. One that does not answer is a fact.
pub async fn directories(
    map: &AccessMap,
    directory: &dyn Directory,
    at: Timestamp,
) -> DirectoryFacts {
    let parts = directory.parts();
    let kinds = map.directories.sources.iter().map(|source| (&source.name, source.kind.as_str()));
    if parts.is_empty() {
        let standing = directory.standing().await;
        let first = kinds.take(1).map(|(name, kind)| (name.clone(), kind, standing.clone()));
        return DirectoryFacts { at, each: first.collect(), together: None };
    }
    let each = parts.into_iter().map(|(name, part)| {
        let kind = kinds.clone().find(|(known, _)| *known == name).map_or("", |(_, kind)| kind);
        async move { (name.clone(), kind, part.standing().await) }
    });
    let (each, together) = futures::join!(join_all(each), directory.standing());
    DirectoryFacts { at, each, together: Some(together) }
}

/// Judges what directories say of themselves.
pub fn judge_directories(facts: &DirectoryFacts) -> Vec<Check> {
    let mut checks = Vec::new();
    for (name, kind, standing) in &facts.each {
        let subject = format!("directory {name}");
        let subject = Some(subject.as_str());
        match standing {
            Err(error) => checks.push(call_failed(About::DirectorySource, subject, error)),
            // It says nothing of itself: that it can be read is told by the reading.
            Ok(standing) if *standing == Standing::default() => {}
            Ok(standing) => {
                let text = format!("{kind} {}", told(standing));
                checks.push(Check::ok(About::DirectorySource, subject, text.trim_end()));
                checks.extend(fresh(standing, facts.at, subject));
                checks.extend(standing.concerns.iter().map(|concern| warned(concern, subject)));
            }
        }
    }
    match &facts.together {
        Some(Err(error)) if facts.each.iter().all(|(_, _, standing)| standing.is_ok()) => {
            checks.push(call_failed(About::DirectoryMatch, None, error));
        }
        // Each that cannot be asked is told above.
        None | Some(Err(_)) => {}
        Some(Ok(standing)) if standing.concerns.is_empty() => {
            let text =
                format!("people of {} are told apart: {}", standing.place, details(standing));
            checks.push(Check::ok(About::DirectoryMatch, None, text));
        }
        Some(Ok(standing)) => {
            checks.extend(standing.concerns.iter().map(|concern| warned(concern, None)));
        }
    }
    checks
}

/// Whether what is read is new enough; nothing where it is read at each reading anew.
fn fresh(standing: &Standing, now: Timestamp, subject: Option<&str>) -> Option<Check> {
    let read_at = standing.read_at?;
    let age = now.duration_since(read_at);
    if age < STALE {
        return Some(Check::ok(
            About::DirectoryFresh,
            subject,
            format!("what it holds was read at {read_at:.0}"),
        ));
    }
    let code = ReasonCode::DirectoryStale;
    let text = format!("what it holds was read at {read_at:.0}, {} hours ago", age.as_hours());
    Some(Check::new(
        About::DirectoryFresh,
        subject,
        State::Warning,
        code.as_str(),
        text,
        &[remedy(code).unwrap_or_default()],
    ))
}

fn warned(concern: &Concern, subject: Option<&str>) -> Check {
    let about = match concern.code {
        ReasonCode::DirectoryKeyShared
        | ReasonCode::DirectoryKeyMissing
        | ReasonCode::UserNameShared => About::DirectoryMatch,
        _ => About::DirectoryConcern,
    };
    let remedy = remedy(concern.code);
    let remedy = remedy.unwrap_or("Look after it in the directory, or in the map.");
    let code = concern.code.as_str();
    Check::new(about, subject, State::Warning, code, concern.text.clone(), &[remedy])
}

fn told(standing: &Standing) -> String {
    let mut out = standing.place.clone();
    if let Some(changed_at) = standing.changed_at {
        let _ = write!(out, ", last changed at {changed_at:.0}");
    }
    let details = details(standing);
    if !details.is_empty() {
        let _ = write!(out, ", {details}");
    }
    out
}

fn details(standing: &Standing) -> String {
    let details = standing.details.iter().map(|(name, value)| format!("{name} {value}"));
    details.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::FailureKind;

    const NOW: &str = "2026-11-21T12:00:00Z";

    fn name(text: &str) -> DirectoryName {
        DirectoryName::parse(text).unwrap()
    }

    fn facts(each: Vec<Result<Standing, CallError>>) -> DirectoryFacts {
        let names = ["corp", "lab"].map(name);
        let each = names.into_iter().zip(each).map(|(name, standing)| (name, "file", standing));
        DirectoryFacts { at: NOW.parse().unwrap(), each: each.collect(), together: None }
    }

    fn judged(facts: &DirectoryFacts) -> Vec<(&'static str, State, &'static str, String)> {
        let checks = judge_directories(facts).into_iter();
        checks.map(|c| (c.about.code(), c.state, c.code, c.text)).collect()
    }

    fn standing(read_at: &str) -> Standing {
        Standing {
            place: "people.yaml".into(),
            read_at: Some(read_at.parse().unwrap()),
            changed_at: Some("2026-11-20T08:00:00Z".parse().unwrap()),
            details: [("people".to_owned(), "3".to_owned())].into(),
            ..Standing::default()
        }
    }

    #[test]
    fn a_directory_that_answers_says_where_it_is_and_how_fresh() {
        let told = "file people.yaml, last changed at 2026-11-20T08:00:00Z, people 3";
        assert_eq!(
            judged(&facts(vec![Ok(standing("2026-11-21T11:59:00Z"))])),
            [
                ("DIR03", State::Ok, "ok", told.to_owned()),
                ("DIR04", State::Ok, "ok", "what it holds was read at 2026-11-21T11:59:00Z".into()),
            ]
        );
        let text = "what it holds was read at 2026-11-21T09:00:00Z, 3 hours ago";
        assert_eq!(
            judged(&facts(vec![Ok(standing("2026-11-21T09:00:00Z"))]))[1],
            ("DIR04", State::Warning, "directory-stale", text.to_owned())
        );
        assert_eq!(judged(&facts(vec![Ok(Standing::default())])), []);
    }

    #[test]
    fn a_directory_that_does_not_answer_fails_alone() {
        let error = CallError {
            service: "ldap",
            operation: "Bind",
            kind: FailureKind::Unreachable,
            aws_code: None,
            message: "no answer".into(),
        };
        let well = Standing { place: "x".into(), ..Standing::default() };
        let mut facts = facts(vec![Err(error.clone()), Ok(well)]);
        facts.together = Some(Err(error));
        let found = judged(&facts);
        let states: Vec<_> = found.iter().map(|(about, state, ..)| (*about, *state)).collect();
        assert_eq!(states, [("DIR03", State::Failed), ("DIR03", State::Ok)]);
        drop(facts.each.remove(0));
        assert_eq!(judged(&facts)[1].0, "DIR05");
        assert_eq!(judged(&facts)[1].1, State::Failed);
    }

    #[test]
    fn concerns_are_warnings_each_with_its_reason() {
        let concern = |code, text: &str| Concern { code, text: text.to_owned() };
        let mut facts = facts(vec![Ok(Standing {
            concerns: vec![concern(ReasonCode::TokenRefused, "the token ends")],
            place: "x".into(),
            ..Standing::default()
        })]);
        facts.together = Some(Ok(Standing {
            concerns: vec![
                concern(ReasonCode::DirectoryKeyShared, "ana and bo"),
                concern(ReasonCode::DirectoryKeyMissing, "cy"),
            ],
            ..Standing::default()
        }));
        let found = judged(&facts);
        let found: Vec<_> = found.iter().skip(1).map(|c| (c.0, c.1, c.2, c.3.as_str())).collect();
        assert_eq!(
            found,
            [
                ("DIR06", State::Warning, "token-refused", "the token ends"),
                ("DIR05", State::Warning, "directory-key-shared", "ana and bo"),
                ("DIR05", State::Warning, "directory-key-missing", "cy"),
            ]
        );
        facts.together = Some(Ok(Standing {
            place: "corp, lab".into(),
            details: [("matched by".to_owned(), "email".to_owned())].into(),
            ..Standing::default()
        }));
        let text = "people of corp, lab are told apart: matched by email";
        assert_eq!(judged(&facts)[2], ("DIR05", State::Ok, "ok", text.to_owned()));
    }
}
