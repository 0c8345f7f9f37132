//! What must hold of everything the map means in IAM, whatever else the map says.

use super::Place;
use super::check::Item;
use super::codes;
use super::decode::Known;
use super::diagnostic::Reporter;
use crate::ids::{NetworkKey, PersonaKey};
use iam_policy::{Document, Version};
use std::fmt;

/// Something that must hold, and where the map says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invariant {
    /// What must hold.
    pub rule: InvariantRule,
    /// Where the map says so.
    pub place: Place,
}

/// What must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvariantRule {
    /// No link into Studio is made from outside of these networks.
    PresignOnlyFrom(Vec<NetworkKey>),
    /// No team acts on another team's resources.
    TeamsApart,
    /// The roles of teams with this persona do nothing but what the document allows.
    PersonaInside {
        /// The persona.
        persona: PersonaKey,
        /// Its boundary.
        boundary: Document,
    },
    /// No role does anything of what the document would allow.
    Never(Document),
}

impl fmt::Display for InvariantRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PresignOnlyFrom(networks) => {
                let names: Vec<&str> = networks.iter().map(NetworkKey::as_str).collect();
                write!(f, "presign_only_from: [{}]", names.join(", "))
            }
            Self::TeamsApart => f.write_str("teams_apart: all"),
            Self::PersonaInside { persona, .. } => write!(f, "persona: {persona}, inside: …"),
            Self::Never(_) => f.write_str("never: …"),
        }
    }
}

/// Decodes the invariants in their order. One is absent only if something of it was reported.
pub(super) fn invariants(
    items: &[Item],
    known: &Known<'_>,
    reporter: &mut Reporter<'_>,
) -> Vec<Invariant> {
    items.iter().filter_map(|item| invariant(item, known, reporter)).collect()
}

fn invariant(item: &Item, known: &Known<'_>, reporter: &mut Reporter<'_>) -> Option<Invariant> {
    let rule = if let Some(networks) = item.field("presign_only_from") {
        let keys: Vec<Option<NetworkKey>> = networks
            .list()
            .iter()
            .map(|network| NetworkKey::parse(known.networks.resolve(network, reporter)?).ok())
            .collect();
        InvariantRule::PresignOnlyFrom(keys.into_iter().collect::<Option<_>>()?)
    } else if item.field("teams_apart").is_some() {
        InvariantRule::TeamsApart
    } else if let Some(persona) = item.field("persona") {
        let key = known.personas.resolve(persona, reporter);
        let boundary = document(item.field("inside")?, reporter);
        InvariantRule::PersonaInside { persona: PersonaKey::parse(key?).ok()?, boundary: boundary? }
    } else {
        InvariantRule::Never(document(item.field("never")?, reporter)?)
    };
    Some(Invariant { rule, place: reporter.place(item.at) })
}

fn document(item: &Item, reporter: &mut Reporter<'_>) -> Option<Document> {
    let text = serde_json::Value::Object(item.json()?.clone()).to_string();
    match Document::parse(&text) {
        Ok(document) => {
            let version = document.version.or(Some(Version::V2012));
            Some(Document { version, ..document })
        }
        Err(error) => {
            let message = format!("this is no policy document: {}", error.fault);
            reporter.report(codes::INVALID_POLICY, item.at, message);
            None
        }
    }
}
