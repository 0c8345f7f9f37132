//! The map's `invariants:`, proved against the roles and policies that it means.
//!
//! What a role may do is judged by its own policies first. Only if that is not enough, the service
//! control policies of its account are taken in, and the proof says that it rests on them.

use crate::authorisation::buckets;
use crate::ids::{NetworkKey, TeamKey};
use crate::map::{AccessMap, Diagnostic, Invariant, InvariantRule, Team, codes};
use crate::network::{NetworkMatch, NetworkRule};
use iam_policy::bundle::{Bundle, Role, RoleKind};
use iam_policy::persona::Conditions;
use iam_policy::prove::{Claim, Documents, Owner, Subject, Verdict, prove};
use iam_policy::request::Request;
use iam_policy::{Document, Statement};
use std::collections::BTreeSet;

/// What a proof may rest on besides the facts of the prover.
pub const WITH_CONTROL_POLICIES: &str =
    "The service control policies of the map are attached to the role's account.";

/// What came of an invariant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement<'m> {
    /// The invariant.
    pub invariant: &'m Invariant,
    /// What came of it.
    pub standing: Standing,
    /// Role by role.
    pub proofs: Vec<Proof>,
}

/// What came of an invariant over all roles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It holds for every request of every role, and something of the kind is allowed on the good
    /// side.
    Proved,
    /// A request breaks it.
    Refuted,
    /// Neither was found, and why.
    Unknown(String),
}

/// What came of an invariant for one role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// ARN of the role.
    pub role: String,
    /// What was claimed of it.
    pub claim: String,
    /// The policies that the verdict is about.
    pub policies: Documents,
    /// What came of it.
    pub verdict: Verdict,
}

/// Proves every invariant of the map against what it means.
pub fn judge<'m>(map: &'m AccessMap, bundle: &Bundle) -> Vec<Judgement<'m>> {
    map.invariants.iter().map(|invariant| judge_one(map, bundle, invariant)).collect()
}

fn judge_one<'m>(map: &AccessMap, bundle: &Bundle, invariant: &'m Invariant) -> Judgement<'m> {
    let claims = bundle.roles.iter().filter_map(|role| Some((role, claim(map, role, invariant)?)));
    let proofs: Vec<Proof> = claims
        .map(|(role, claim)| {
            let (policies, verdict) = verdict(bundle, role, &claim);
            Proof { role: role.arn(), claim: claim.name, policies, verdict }
        })
        .collect();
    let standing = standing(map, invariant, &proofs);
    Judgement { invariant, standing, proofs }
}

fn standing(map: &AccessMap, invariant: &Invariant, proofs: &[Proof]) -> Standing {
    if proofs.iter().any(|proof| matches!(proof.verdict, Verdict::Refuted { .. })) {
        return Standing::Refuted;
    }
    let unknown = proofs.iter().find_map(|proof| match &proof.verdict {
        Verdict::Unknown { why, .. } => Some(format!("of {}: {why}", proof.role)),
        _ => None,
    });
    if let Some(why) = unknown.or_else(|| unwritten(map, invariant)) {
        return Standing::Unknown(why);
    }
    if proofs.iter().any(|proof| matches!(proof.verdict, Verdict::Proved { .. })) {
        return Standing::Proved;
    }
    let why = "no role is allowed anything of the kind, so it says nothing: is it about the right \
               roles, and can what it wants to permit be done at all?";
    Standing::Unknown(why.to_owned())
}

/// A team whose role is not Stagedoor's to write, so nothing is known of it.
fn unwritten(map: &AccessMap, invariant: &Invariant) -> Option<String> {
    if matches!(invariant.rule, InvariantRule::PersonaInside { .. }) {
        return None;
    }
    let (key, _) = map.teams.iter().find(|(_, team)| team.persona.is_none())?;
    Some(format!("the team `{key}` has no persona, so the map does not say what its role may do"))
}

/// What an invariant claims of a role, if it is about it.
fn claim(map: &AccessMap, role: &Role, invariant: &Invariant) -> Option<Claim> {
    let team = team(map, role);
    match &invariant.rule {
        InvariantRule::PresignOnlyFrom(networks) => {
            let rules = networks.iter().filter_map(|key| map.networks.get(key));
            let inside: Vec<Conditions> = rules.flat_map(origins).collect();
            let names: Vec<&str> = networks.iter().map(NetworkKey::as_str).collect();
            let name = format!("makes no link from outside of {}", names.join(", "));
            Some(Claim::presign_only_from(name, &inside))
        }
        InvariantRule::TeamsApart => {
            let (key, _) = team?;
            let owner = owner(map, role, key);
            let name = format!("acts on nothing of another team than {key}");
            Some(Claim::team_apart(name, &owner))
        }
        InvariantRule::PersonaInside { persona, boundary } => {
            let (_, team) = team?;
            (team.persona.as_ref() == Some(persona)).then(|| {
                let name = format!("stays inside the boundary of {persona}");
                Claim::inside(name, Documents::of([boundary.clone()]))
            })
        }
        InvariantRule::Never(requests) => {
            Some(Claim::never("is allowed nothing of what must never be", requests.clone()))
        }
    }
}

/// The team whose execution role it is.
fn team<'m>(map: &'m AccessMap, role: &Role) -> Option<(&'m TeamKey, &'m Team)> {
    match &role.kind {
        RoleKind::Execution { teams } => {
            map.teams.iter().find(|(key, _)| teams.contains(key.as_str()))
        }
        RoleKind::Hub | RoleKind::Spoke | RoleKind::Presign => None,
    }
}

fn owner(map: &AccessMap, role: &Role, key: &TeamKey) -> Owner {
    let own = buckets(map, key);
    let others: BTreeSet<String> = map
        .teams
        .keys()
        .filter(|other| *other != key)
        .flat_map(|other| buckets(map, other))
        .filter(|bucket| !own.contains(bucket))
        .flat_map(|bucket| {
            let arn = format!("arn:{}:s3:::{bucket}", role.partition);
            [format!("{arn}/*"), arn]
        })
        .collect();
    Owner {
        tag_key: map.team_tag.clone(),
        value: role.tags.get(&map.team_tag).cloned().unwrap_or_default(),
        role: Some(role.arn()),
        others: others.into_iter().collect(),
    }
}

/// What a request from where the rule lets in looks like. Said without the generator's words, which
/// are what is to be proved.
fn origins(rule: &NetworkRule) -> Vec<Conditions> {
    let any_of = rule.any_of.iter().map(|one| {
        let origin = Statement::allow("Origin");
        let origin = match one {
            NetworkMatch::Anywhere => origin,
            NetworkMatch::Cidr(net) => origin.when("IpAddress", "aws:SourceIp", [net.to_string()]),
            NetworkMatch::CidrInVpc { net, vpc } => origin
                .when("IpAddress", "aws:VpcSourceIp", [net.to_string()])
                .when("StringEquals", "aws:SourceVpc", [vpc]),
            NetworkMatch::Vpc(vpc) => origin.when("StringEquals", "aws:SourceVpc", [vpc]),
            NetworkMatch::Vpce(vpce) => origin.when("StringEquals", "aws:SourceVpce", [vpce]),
        };
        origin.condition
    });
    any_of.collect()
}

fn verdict(bundle: &Bundle, role: &Role, claim: &Claim) -> (Documents, Verdict) {
    let tags = role.tags.iter();
    let subject = tags.fold(Subject::new(role.arn().as_str()), |subject, (key, value)| {
        subject.knowing(&format!("aws:PrincipalTag/{key}"), [value])
    });
    let own = Documents::of(role.policies().map(|policy| policy.document.clone()));
    let verdict = prove(&subject, &own, claim, 1);
    let scps: Vec<Document> =
        bundle.scps_of(&role.account_id).map(|scp| scp.document.clone()).collect();
    if !matches!(verdict, Verdict::Refuted { .. }) || scps.is_empty() {
        return (own, verdict);
    }
    let full = Statement::allow("FullAWSAccess").actions(["*"]).resources(["*"]);
    let level = scps.into_iter().chain([Document::new([full])]).collect();
    let all = Documents { scp: vec![level], ..own };
    let with = match prove(&subject, &all, claim, 1) {
        Verdict::Proved { evidence, mut assumptions, calls } => {
            assumptions.push(WITH_CONTROL_POLICIES.to_owned());
            Verdict::Proved { evidence, assumptions, calls: calls + verdict.calls() }
        }
        Verdict::Vacuous { mut assumptions, calls } => {
            assumptions.push(WITH_CONTROL_POLICIES.to_owned());
            Verdict::Vacuous { assumptions, calls: calls + verdict.calls() }
        }
        other => other,
    };
    (all, with)
}

/// The invariants that do not hold or are not known to, as errors of the map.
pub fn diagnostics(judgements: &[Judgement<'_>]) -> Vec<Diagnostic> {
    judgements.iter().filter_map(diagnostic).collect()
}

fn diagnostic(judgement: &Judgement<'_>) -> Option<Diagnostic> {
    let rule = &judgement.invariant.rule;
    let (code, message, help) = match &judgement.standing {
        Standing::Proved => return None,
        Standing::Refuted => {
            let refuted = judgement.proofs.iter().find_map(|proof| match &proof.verdict {
                Verdict::Refuted { witnesses, .. } => Some((proof, witnesses.first()?)),
                _ => None,
            });
            let said = refuted.map(|(proof, witness)| {
                format!("{} is allowed {}", proof.role, request(&witness.request))
            });
            let message = format!("`{rule}` does not hold: {}", said.unwrap_or_default());
            let help =
                "`stagedoor policy prove` shows the request and the statements that allow it";
            (codes::INVARIANT_REFUTED, message, help)
        }
        Standing::Unknown(why) => (
            codes::INVARIANT_UNPROVED,
            format!("`{rule}` is not proved: {why}"),
            "what cannot be proved is not taken to hold; say it in simpler terms, or take it out",
        ),
    };
    Some(Diagnostic {
        code,
        place: judgement.invariant.place.clone(),
        width: 1,
        message,
        expected: None,
        help: Some(help.to_owned()),
    })
}

/// A request in one line.
pub fn request(request: &Request) -> String {
    let context = request.context().iter().filter(|(key, _)| !key.starts_with("aws:principaltag/"));
    let told = |(key, values): (&String, &Vec<String>)| match values.as_slice() {
        [] => format!("no {key}"),
        values => format!("{key}={}", values.join(",")),
    };
    let context: Vec<String> = context.map(told).collect();
    let with =
        if context.is_empty() { String::new() } else { format!(" with {}", context.join(" ")) };
    format!("{} on {}{with}", request.action(), request.resource())
}
