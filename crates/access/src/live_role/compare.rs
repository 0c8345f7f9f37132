//! A role as IAM has it, held against the role that the map means.

mod beyond;
mod say;

pub(crate) use self::beyond::instance;

use self::beyond::Beyond;
use self::say::listed;
use super::{AttachedPolicy, LiveRole, not_understood};
use crate::reason::ReasonCode;
use iam_policy::bundle::Role;
use iam_policy::document::diff::About;
use iam_policy::document::{Change, diff, merge};
use iam_policy::{Document, Effect, PolicyError, Statement, Version};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// One way in which a role is not as the map means it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Which kind: one of those that begin with `role-`.
    pub code: ReasonCode,
    /// The same for people: a clause about the role.
    pub text: String,
    /// What to do, as a sentence.
    pub remedy: String,
}

impl Difference {
    fn new(code: ReasonCode, text: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { code, text: text.into(), remedy: remedy.into() }
    }
}

/// Tells what of a role is not as the map means it, the most dangerous first. Compared is what the
/// policies mean together, whatever their names and however they divide it.
pub fn compare(live: &LiveRole, wanted: &Role) -> Vec<Difference> {
    let policies = Policies::read(live);
    let mut differences = full_access(&live.attached);
    differences.extend(trust(live, wanted));
    differences.extend(boundary(live, wanted));
    // Of a part of what they say together nothing follows.
    differences.extend(policies.map_or_else(|odd| odd, |policies| permissions(&policies, wanted)));
    differences.extend(of_aws(&live.attached, wanted));
    differences.extend(tags(live, wanted));
    differences.extend(session(live, wanted));
    differences
}

/// What the policies of a role say, as far as that was read.
struct Policies {
    /// By what they are called in texts.
    by_name: BTreeMap<String, Document>,
}

impl Policies {
    /// Those that make no sense otherwise.
    fn read(live: &LiveRole) -> Result<Self, Vec<Difference>> {
        let (mut by_name, mut odd) = (BTreeMap::new(), Vec::new());
        for (name, document) in live.policies() {
            match document {
                Some(Ok(document)) => drop(by_name.insert(name, document)),
                Some(Err(error)) => odd.push(unreadable(&name, &error)),
                None => {}
            }
        }
        if odd.is_empty() { Ok(Self { by_name }) } else { Err(odd) }
    }

    /// The policies that hold a statement of one of these names.
    fn holding(&self, sids: &BTreeSet<String>) -> Vec<&str> {
        let holds = |document: &Document| {
            let mut names = document.statements.iter().filter_map(|s| s.sid.as_ref());
            names.any(|sid| sids.contains(sid))
        };
        let found = self.by_name.iter().filter(|(_, document)| holds(document));
        found.map(|(name, _)| name.as_str()).collect()
    }
}

fn unreadable(name: &str, error: &PolicyError) -> Difference {
    Difference::new(
        ReasonCode::RoleUnreadable,
        not_understood(name, error),
        "Look at the policy in IAM, and write it anew: what it says was not held against the map.",
    )
}

/// One document that says what all of them say.
fn together<'d>(documents: impl Iterator<Item = &'d Document>) -> Document {
    let documents: Vec<&Document> = documents.collect();
    if documents.iter().all(|document| document.language() == Version::V2012) {
        let statements = documents.into_iter().flat_map(|document| &document.statements);
        return Document::new(statements.cloned());
    }
    // Texts of the old language are rewritten to mean the same in the current one.
    merge(documents)
}

fn full_access(attached: &[AttachedPolicy]) -> Vec<Difference> {
    let found = attached.iter().filter(|policy| policy.gives_everything());
    found
        .map(|policy| {
            Difference::new(
                ReasonCode::RoleFullAccess,
                format!("{} is attached to it, which gives every team's resources", policy.name()),
                "Detach it; the policies that the map means give what the persona needs.",
            )
        })
        .collect()
}

/// Other policies of AWS. What they say changes when AWS likes, so their names have to do.
fn of_aws(attached: &[AttachedPolicy], wanted: &Role) -> Vec<Difference> {
    let known: BTreeSet<&str> = wanted.managed.iter().map(|policy| policy.name.as_str()).collect();
    attached
        .iter()
        .filter(|p| p.is_of_aws() && !p.gives_everything() && !known.contains(p.name()))
        .map(|policy| {
            Difference::new(
                ReasonCode::RolePolicyUnknown,
                format!(
                    "AWS's policy {} is attached to it and not to the map's role",
                    policy.name()
                ),
                "Detach it, or give the persona an activity that holds what is needed of it.",
            )
        })
        .collect()
}

fn trust(live: &LiveRole, wanted: &Role) -> Vec<Difference> {
    let found = match Document::parse(&live.trust) {
        Ok(found) => found,
        Err(error) => return vec![unreadable("trust policy", &error)],
    };
    let changes = diff(&wanted.trust, &found);
    if changes.is_empty() {
        return Vec::new();
    }
    vec![Difference::new(
        ReasonCode::RoleTrustDrift,
        format!(
            "its trust policy is not the map's: {}",
            listed(&changes.iter().collect::<Vec<_>>())
        ),
        "Put the trust policy of `stagedoor policy render` in its place.",
    )]
}

fn boundary(live: &LiveRole, wanted: &Role) -> Option<Difference> {
    let remedy = |arn: &str| format!("Put the permissions boundary {arn} on the role.");
    match (&wanted.boundary, &live.boundary) {
        (Some(wanted), None) => Some(Difference::new(
            ReasonCode::RoleBoundary,
            "it has no permissions boundary",
            remedy(wanted),
        )),
        (Some(wanted), Some(found)) if wanted != found => Some(Difference::new(
            ReasonCode::RoleBoundary,
            format!("its permissions boundary is {found}"),
            remedy(wanted),
        )),
        // One that the map does not ask for takes away, and gives nothing.
        _ => None,
    }
}

/// What the identity policies say together, against what the map's say together.
///
/// Statements are compared first, which tells where a difference is. Whether it gives anything more
/// or less is then proved over all requests, so that a statement cut into parts is none. A denial
/// that is missing or weaker is told in any case: what it is there for may be allowed by what was
/// not read, or tomorrow.
fn permissions(policies: &Policies, wanted: &Role) -> Vec<Difference> {
    let found = together(policies.by_name.values());
    let meant = together(wanted.policies().map(|policy| &policy.document));
    let changes = diff(&meant, &found);
    if changes.is_empty() {
        return Vec::new();
    }
    let mut differences = Vec::new();
    for kind in Kind::ALL {
        let of_kind: Vec<&Change> = changes.iter().filter(|c| Kind::of(c) == kind).collect();
        if of_kind.is_empty() {
            continue;
        }
        let (code, beyond) = kind.weighed(wanted, &found, &meant);
        let denies = of_kind.iter().filter_map(|c| about(c)).any(|a| a.effect == Effect::Deny);
        if matches!(beyond, Beyond::Nothing) && (!denies || kind == Kind::Denied) {
            continue;
        }
        let sids = of_kind.iter().filter_map(|c| about(c)).flat_map(|about| about.sids.clone());
        let places = match kind {
            // What is missing is nowhere.
            Kind::NotDenied | Kind::NotAllowed => Vec::new(),
            _ => policies.holding(&sids.collect()),
        };
        let places =
            if places.is_empty() { String::new() } else { format!(" ({})", places.join(", ")) };
        differences.push(Difference::new(
            code,
            format!("{}{places}: {}; {beyond}", kind.says(), listed(&of_kind)),
            "Put the policies of `stagedoor policy render` in the place of the role's, or say in \
             the map what it is for.",
        ));
    }
    differences
}

/// What a difference means for the role, the most dangerous first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Allowed,
    NotDenied,
    Conditions,
    NotAllowed,
    Denied,
}

impl Kind {
    const ALL: [Self; 5] =
        [Self::Allowed, Self::NotDenied, Self::Conditions, Self::NotAllowed, Self::Denied];

    /// Of a change from the map's documents to the live ones.
    fn of(change: &Change) -> Self {
        match change {
            Change::Added { about, .. } if about.effect == Effect::Allow => Self::Allowed,
            Change::Added { .. } => Self::Denied,
            Change::Removed { about, .. } if about.effect == Effect::Allow => Self::NotAllowed,
            Change::Removed { .. } => Self::NotDenied,
            Change::Conditions { .. } | Change::Version { .. } => Self::Conditions,
        }
    }

    /// The code, and what follows for the role.
    fn weighed(self, role: &Role, found: &Document, meant: &Document) -> (ReasonCode, Beyond) {
        let denials = Document::new(denials(&meant.statements).cloned());
        let walled = together([found, &denials].into_iter());
        let (more, less) = (ReasonCode::RoleGrantsMore, ReasonCode::RoleGrantsLess);
        match self {
            Self::Allowed => (more, Beyond::of(role, &walled, meant)),
            Self::NotDenied => (more, Beyond::of(role, found, &walled)),
            Self::NotAllowed | Self::Denied => (less, Beyond::of(role, meant, found)),
            Self::Conditions => match Beyond::of(role, found, meant) {
                Beyond::Something(request) => (more, Beyond::Something(request)),
                Beyond::Unknown(why) => (ReasonCode::RoleConditions, Beyond::Unknown(why)),
                Beyond::Nothing => match Beyond::of(role, meant, found) {
                    Beyond::Something(request) => (less, Beyond::Something(request)),
                    other => (ReasonCode::RoleConditions, other),
                },
            },
        }
    }

    fn says(self) -> &'static str {
        match self {
            Self::Allowed => "it may do what the map does not say",
            Self::NotDenied => "it is not denied what the map denies",
            Self::Conditions => "conditions are not those of the map",
            Self::NotAllowed => "it may not do what the map says",
            Self::Denied => "it is denied what the map does not deny",
        }
    }
}

/// Statements that deny.
fn denials(statements: &[Statement]) -> impl Iterator<Item = &Statement> {
    statements.iter().filter(|statement| statement.effect == Effect::Deny)
}

fn about(change: &Change) -> Option<&About> {
    match change {
        Change::Version { .. } => None,
        Change::Added { about, .. }
        | Change::Removed { about, .. }
        | Change::Conditions { about, .. } => Some(about),
    }
}

/// Tags decide through `aws:PrincipalTag`: they must have the map's values. Others may be there.
fn tags(live: &LiveRole, wanted: &Role) -> Option<Difference> {
    let wrong: Vec<String> = wanted
        .tags
        .iter()
        .filter(|(key, value)| live.tags.get(*key) != Some(value))
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    (!wrong.is_empty()).then(|| {
        Difference::new(
            ReasonCode::RoleTagDrift,
            format!("it has not the tags {}", wrong.join(", ")),
            "Give the role these tags: its policies tell teams apart by them.",
        )
    })
}

fn session(live: &LiveRole, wanted: &Role) -> Option<Difference> {
    let (found, meant) = (live.max_session_seconds, wanted.max_session_seconds);
    (found > meant).then(|| {
        Difference::new(
            ReasonCode::RoleSession,
            format!("a session of it may last {found} seconds, and the map says {meant}"),
            format!("Set its maximum session duration to {meant} seconds."),
        )
    })
}

#[cfg(test)]
mod tests;
