//! Whether a difference gives anything more or less, over all requests.

use super::say::TOLD;
use iam_policy::Document;
use iam_policy::bundle::Role;
use iam_policy::prove::{Claim, Documents, Subject, Verdict, prove};
use iam_policy::request::Request;
use std::fmt;

/// Whether some documents allow what others do not.
#[derive(Debug)]
pub(super) enum Beyond {
    /// They allow nothing of the kind.
    Nothing,
    /// They do, for instance this.
    Something(Box<Request>),
    /// That could not be worked out.
    Unknown(String),
}

impl Beyond {
    /// Of these documents of the role towards the others.
    pub(super) fn of(role: &Role, these: &Document, others: &Document) -> Self {
        let tags = role.tags.iter();
        let subject = tags.fold(Subject::new(role.arn().as_str()), |subject, (key, value)| {
            subject.knowing(&format!("aws:PrincipalTag/{key}"), [value])
        });
        let claim = Claim::nothing_new(Documents::of([others.clone()]));
        match prove(&subject, &Documents::of([these.clone()]), &claim, 1) {
            Verdict::Proved { .. } | Verdict::Vacuous { .. } => Self::Nothing,
            Verdict::Unknown { why, .. } => Self::Unknown(why),
            Verdict::Refuted { witnesses, .. } => match witnesses.into_iter().next() {
                Some(witness) => Self::Something(Box::new(witness.request)),
                None => Self::Unknown("nothing shows it".to_owned()),
            },
        }
    }
}

impl fmt::Display for Beyond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("nothing that was read allows it otherwise"),
            Self::Unknown(why) => write!(f, "what follows could not be worked out ({why})"),
            Self::Something(request) => f.write_str(&instance(request)),
        }
    }
}

/// A request that shows something, for people.
pub(crate) fn instance(request: &Request) -> String {
    // Of the role itself, which is known.
    let told = request.context().iter().filter(|(key, _)| !key.starts_with("aws:principaltag/"));
    let one = |(key, values): (&String, &Vec<String>)| match values.as_slice() {
        [] => format!("no {key}"),
        values => format!("{key} {}", values.join(", ")),
    };
    let told: Vec<String> = told.map(one).take(TOLD).collect();
    let with =
        if told.is_empty() { String::new() } else { format!(" with {}", told.join(" and ")) };
    format!("for instance {} on {}{with}", request.action(), request.resource())
}
