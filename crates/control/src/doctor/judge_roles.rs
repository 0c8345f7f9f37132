//! What follows from the facts about roles. Pure.

use super::facts::role_meant;
use super::judge::failed;
use super::{About, Check, Finding, State};
use crate::ports::{CallError, DomainFacts, FailureKind, RoleFacts, RoleIdentity};
use access::authorisation::too_large;
use access::ids::{DomainKey, RoleArn};
use access::live_role::{LiveRole, compare};
use access::map::{AccessMap, Diagnostic};
use access::reason::ReasonCode;
use iam_policy::bundle::Bundle;

/// Of which teams the map says what their roles may do, and whether it can.
pub(super) fn written(map: &AccessMap, meant: &Result<Bundle, Vec<Diagnostic>>) -> Vec<Check> {
    let large = meant.as_ref().map_or_else(|_| Vec::new(), |bundle| too_large(map, bundle));
    let diagnostics = meant.as_ref().err().unwrap_or(&large);
    if !diagnostics.is_empty() {
        let wrong = diagnostics.iter().map(|diagnostic| {
            let subject = diagnostic.place.to_string();
            let help: Vec<&str> = diagnostic.help.as_deref().into_iter().collect();
            let (code, text) = (diagnostic.code, diagnostic.message.clone());
            Check::new(About::RoleMeant, Some(&subject), State::Failed, code, text, &help)
        });
        return wrong.collect();
    }
    let without = map.teams.iter().filter(|(_, team)| team.persona.is_none());
    let without: Vec<&str> = without.map(|(key, _)| key.as_str()).collect();
    if without.is_empty() {
        return Vec::new();
    }
    let text = format!(
        "without a persona the map says nothing of what roles may do, so of their policies only those \
         of AWS that give everything are told: {}",
        without.join(", ")
    );
    vec![Check::found(Finding::RoleNotMeant, None, State::Warning, text)]
}

/// Whether profiles can work with the role, and whether it may do what the map says.
pub(super) fn of_role(
    role: &RoleArn,
    found: &Result<RoleFacts, CallError>,
    identity: RoleIdentity,
    (live, meant): (Option<&Result<LiveRole, CallError>>, Option<&Bundle>),
) -> Vec<Check> {
    let trust = trusted(role, found, identity);
    let is_trusted = trust.state == State::Ok;
    let mut checks = vec![trust];
    let Some(live) = live else { return checks };
    let subject = format!("role {role}");
    let subject = Some(subject.as_str());
    let live = match live {
        Ok(live) => live,
        Err(error) => {
            checks.push(unread(subject, error));
            return checks;
        }
    };
    let Some(meant) = meant.and_then(|meant| role_meant(meant, role)) else {
        checks.extend(gives_everything(live, subject));
        return checks;
    };
    // A trust policy that does not do was told already.
    let differences = compare(live, meant);
    let differences: Vec<_> = differences
        .into_iter()
        .filter(|found| is_trusted || found.code != ReasonCode::RoleTrustDrift)
        .collect();
    if differences.is_empty() {
        checks.push(Check::ok(
            About::RolePolicies,
            subject,
            "it may do what the map says, and no more",
        ));
    }
    checks.extend(differences.into_iter().map(|found| {
        let state = match found.code {
            ReasonCode::RoleSession => State::Warning,
            _ => State::Failed,
        };
        Check::new(
            About::RolePolicies,
            subject,
            state,
            found.code.as_str(),
            found.text,
            &[&found.remedy],
        )
    }));
    checks
}

/// Policies that take down the walls between teams, whatever the role is meant to do.
fn gives_everything(live: &LiveRole, subject: Option<&str>) -> impl Iterator<Item = Check> {
    let found = live.attached.iter().filter(|policy| policy.gives_everything());
    found.map(move |policy| {
        let text =
            format!("{} is attached to it, which gives every team's resources", policy.name());
        Check::new(
            About::RolePolicies,
            subject,
            State::Failed,
            ReasonCode::RoleFullAccess.as_str(),
            text,
            &[
                "Give the team a persona, and the role the policies that `stagedoor policy render` writes; or \
                 attach others that stop at the team's own profiles and resources.",
            ],
        )
    })
}

/// Whether shared spaces lead out of the teams' roles.
pub(super) fn of_spaces(
    map: &AccessMap,
    key: &DomainKey,
    (facts, live): (&DomainFacts, Option<&Result<LiveRole, CallError>>),
) -> Option<Check> {
    let role = facts.space_execution_role.as_deref()?;
    let subject = format!("domain {key}");
    let subject = Some(subject.as_str());
    let ok = |text: String| Some(Check::ok(About::SpaceRole, subject, text));
    if map.is_only_teams_role(key, role) {
        return ok(format!("shared spaces run as {role}, the role of the domain's only team"));
    }
    let (code, text) = match live {
        Some(Ok(live)) if live.is_powerless() => {
            return ok(format!("shared spaces run as {role}, which is allowed nothing"));
        }
        Some(Err(error)) => {
            let text = format!("shared spaces run as {role}, which cannot be read: {error}");
            (ReasonCode::RoleUnreadable, text)
        }
        Some(Ok(_)) | None => {
            let text = format!(
                "shared spaces run as {role}, whoever works in them: past the wall, the tags and \
                 the network rule of the team"
            );
            (ReasonCode::SpaceRole, text)
        }
    };
    let remedy = About::SpaceRole.fix();
    Some(Check::new(About::SpaceRole, subject, State::Warning, code.as_str(), text, &[remedy]))
}

/// Policies that could not be read.
fn unread(subject: Option<&str>, error: &CallError) -> Check {
    if error.kind != FailureKind::AccessDenied || error.service != "iam" {
        return failed(About::RolePolicies, subject, error);
    }
    let code = ReasonCode::RoleUnreadable.as_str();
    let remedy = "Allow Stagedoor what docs/reference/permissions.md lists under Diagnose, so that \
                  what roles may do can be held against the map.";
    Check::new(About::RolePolicies, subject, State::Warning, code, error.without_code(), &[remedy])
}

fn trusted(role: &RoleArn, found: &Result<RoleFacts, CallError>, identity: RoleIdentity) -> Check {
    let subject = format!("role {role}");
    let subject = Some(subject.as_str());
    let check = |state, code: ReasonCode, text: String, remedy: &str| {
        Check::new(About::RoleTrust, subject, state, code.as_str(), text, &[remedy])
    };
    match found {
        Err(error) => failed(About::RoleTrust, subject, error),
        Ok(RoleFacts::Missing) => check(
            State::Failed,
            ReasonCode::RoleMissing,
            "there is no such role in the domain's account".to_owned(),
            "Make the role, or correct `execution_role` in the map.",
        ),
        Ok(RoleFacts::Elsewhere { arn }) => check(
            State::Failed,
            ReasonCode::RoleElsewhere,
            format!("a role of that name is {arn}"),
            "Write its whole ARN, path included, as `execution_role` in the map.",
        ),
        Ok(RoleFacts::Unreadable { reason }) => check(
            State::Warning,
            ReasonCode::RoleUnreadable,
            reason.clone(),
            "Allow iam:GetRole on it to Stagedoor, so that a wrong role is found before a profile gets it.",
        ),
        Ok(RoleFacts::Found { assumed_by_sagemaker: false, .. }) => check(
            State::Failed,
            ReasonCode::RoleUntrusted,
            "its trust policy does not let SageMaker assume it".to_owned(),
            "Let its trust policy allow sts:AssumeRole to sagemaker.amazonaws.com.",
        ),
        Ok(RoleFacts::Found { source_identity: false, .. })
            if identity == RoleIdentity::UserProfileName =>
        {
            check(
                State::Failed,
                ReasonCode::NoSourceIdentity,
                "its trust policy does not let SageMaker set a source identity, which its domain \
                 asks for: no app starts"
                    .to_owned(),
                "Let its trust policy allow sts:SetSourceIdentity to sagemaker.amazonaws.com.",
            )
        }
        Ok(RoleFacts::Found { source_identity, .. }) => {
            let besides = if *source_identity { " with a source identity" } else { "" };
            Check::ok(About::RoleTrust, subject, format!("SageMaker may assume it{besides}"))
        }
    }
}
