//! `stagedoor policy prove`.

use super::file;
use crate::cli::{Common, OutputFormat, ProveArgs};
use crate::exit::{BadConfiguration, Outcome};
use crate::mapfile;
use crate::output::{self, counted, visible};
use access::invariants::{self, Judgement, Proof, Standing};
use anyhow::Result;
use iam_policy::evaluate::{Answer, Because, Finding};
use iam_policy::prove::{Claim, Documents, Subject, Verdict, Witness, prove};
use iam_policy::request::Request;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

/// Proves the map's invariants, or a claim about files.
pub(super) fn run(args: &ProveArgs, common: &Common) -> Result<Outcome> {
    let Some((policies, claim)) = claim(args)? else { return of_map(args, common) };
    let verdict = prove(&subject(args)?, &policies, &claim, args.witnesses.max(1));
    match common.output {
        OutputFormat::Json => {
            let document = json!({
                "apiVersion": output::API_VERSION,
                "kind": "PolicyProof",
                "claim": claim.name,
                "result": told(&verdict, &policies),
            });
            output::data(&document.to_string());
        }
        OutputFormat::Table => {
            output::data(&format!("{}: {}", claim.name, summary(&verdict)));
            details(&verdict);
            rests(&assumptions(&verdict));
        }
    }
    Ok(match verdict {
        Verdict::Proved { .. } => Outcome::Done,
        // Of nothing there can be nothing new.
        Verdict::Vacuous { .. } if args.diff.is_some() => Outcome::Done,
        Verdict::Refuted { .. } => Outcome::Denied,
        Verdict::Vacuous { .. } | Verdict::Unknown { .. } => Outcome::NotVerified,
    })
}

/// The claim about files, if the command line makes one.
fn claim(args: &ProveArgs) -> Result<Option<(Documents, Claim)>> {
    let read = |path: &Path| file::read(path).map(|source| source.document().clone());
    if let Some([old, new]) = args.diff.as_deref() {
        let claim = Claim::nothing_new(Documents::of([read(old)?]));
        return Ok(Some((Documents::of([read(new)?]), claim)));
    }
    let claim = match (&args.never, &args.always, &args.inside) {
        (Some(path), _, _) => {
            Claim::never(format!("nothing of {} is allowed", path.display()), read(path)?)
        }
        (_, Some(path), _) => {
            Claim::always(format!("all of {} is allowed", path.display()), read(path)?)
        }
        (_, _, Some(path)) => Claim::inside(
            format!("nothing outside of {} is allowed", path.display()),
            Documents::of([read(path)?]),
        ),
        (None, None, None) if args.identity.is_empty() => return Ok(None),
        (None, None, None) => {
            let message = "there are policies, but nothing is claimed of them. Say it with --never, \
                           --always or --inside.";
            return Err(BadConfiguration::new("claim-missing", message).into());
        }
    };
    let policies = Documents {
        identity: args.identity.iter().map(|path| read(path)).collect::<Result<_>>()?,
        boundary: args.boundary.as_deref().map(read).transpose()?,
        scp: args.scp.iter().map(|path| Ok(vec![read(path)?])).collect::<Result<_>>()?,
        ..Documents::default()
    };
    Ok(Some((policies, claim)))
}

fn subject(args: &ProveArgs) -> Result<Subject> {
    let mut subject = Subject::new(args.principal.as_str());
    for tag in &args.principal_tag {
        let (key, value) = tag.split_once('=').ok_or_else(|| {
            let message = format!("`{}` is no tag: write KEY=VALUE.", visible(tag));
            BadConfiguration::new("tag-invalid", message)
        })?;
        subject = subject.knowing(&format!("aws:PrincipalTag/{key}"), [value]);
    }
    Ok(subject)
}

fn of_map(args: &ProveArgs, common: &Common) -> Result<Outcome> {
    let map = mapfile::load(&args.map.map)?;
    let bundle = mapfile::authorisation(&map, &args.map.map)?;
    let judgements = invariants::judge(&map, &bundle);
    match common.output {
        OutputFormat::Json => {
            let all: Vec<Value> = judgements.iter().map(judgement).collect();
            let document = json!({
                "apiVersion": output::API_VERSION,
                "kind": "InvariantProofs",
                "invariants": all,
            });
            output::data(&document.to_string());
        }
        OutputFormat::Table => judgements.iter().for_each(show),
    }
    if judgements.is_empty() {
        output::talk("The map has no invariants, so there is nothing to prove.");
    } else if common.output == OutputFormat::Table {
        let all = judgements.iter().flat_map(|judgement| &judgement.proofs);
        rests(&all.flat_map(|proof| assumptions(&proof.verdict)).collect());
    }
    let stands = |standing: &Standing| judgements.iter().any(|j| j.standing == *standing);
    Ok(if stands(&Standing::Refuted) {
        Outcome::Denied
    } else if judgements.iter().any(|j| j.standing != Standing::Proved) {
        Outcome::NotVerified
    } else {
        Outcome::Done
    })
}

fn judgement(judgement: &Judgement<'_>) -> Value {
    let invariant = judgement.invariant;
    let (standing, why) = match &judgement.standing {
        Standing::Proved => ("proved", None),
        Standing::Refuted => ("refuted", None),
        Standing::Unknown(why) => ("unknown", Some(why)),
    };
    let of_role = |proof: &Proof| {
        json!({
            "role": proof.role,
            "claim": proof.claim,
            "result": told(&proof.verdict, &proof.policies),
        })
    };
    json!({
        "invariant": invariant.rule.to_string(),
        "place": invariant.place,
        "standing": standing,
        "why": why,
        "roles": judgement.proofs.iter().map(of_role).collect::<Vec<Value>>(),
    })
}

fn show(judgement: &Judgement<'_>) {
    let place = &judgement.invariant.place;
    let standing = match &judgement.standing {
        Standing::Proved => "proved".to_owned(),
        Standing::Refuted => "refuted".to_owned(),
        Standing::Unknown(why) => format!("unknown: {}", visible(why)),
    };
    let rule = &judgement.invariant.rule;
    output::data(&format!("{}:{}:{}: {rule}: {standing}", place.file, place.line, place.column));
    for proof in &judgement.proofs {
        output::data(&format!("  {} {}: {}", proof.role, proof.claim, summary(&proof.verdict)));
        details(&proof.verdict);
    }
}

/// A verdict in a line.
fn summary(verdict: &Verdict) -> String {
    let calls = counted(verdict.calls(), "decision");
    match verdict {
        Verdict::Proved { evidence, .. } => {
            format!("proved ({calls}), for example of {}", shown(evidence))
        }
        Verdict::Vacuous { .. } => format!("holds, for nothing of the kind is allowed ({calls})"),
        Verdict::Refuted { .. } => format!("refuted ({calls})"),
        Verdict::Unknown { why, .. } => format!("unknown: {} ({calls})", visible(why)),
    }
}

fn shown(request: &Request) -> String {
    visible(&invariants::request(request))
}

/// The requests that refute a claim, with the statements that decide them.
fn details(verdict: &Verdict) {
    let Verdict::Refuted { witnesses, .. } = verdict else { return };
    for Witness { request, answer } in witnesses {
        output::data(&format!("    {}: {}", answer.decision, shown(request)));
        for because in &answer.because {
            output::data(&format!("      because of {}", said(because)));
        }
    }
}

fn said(because: &Because) -> String {
    match &because.finding {
        Finding::Statement(statement) => {
            let sid = statement.sid.as_deref().map(|sid| format!(" `{}`", visible(sid)));
            format!(
                "statement {}{} of document {} of the {}",
                statement.statement + 1,
                sid.unwrap_or_default(),
                statement.document + 1,
                because.layer
            )
        }
        Finding::NoAllow { .. } => format!("no statement of the {}", because.layer),
        Finding::RootUser => "the root user".to_owned(),
    }
}

fn assumptions(verdict: &Verdict) -> BTreeSet<String> {
    match verdict {
        Verdict::Proved { assumptions, .. } | Verdict::Vacuous { assumptions, .. } => {
            assumptions.iter().cloned().collect()
        }
        Verdict::Refuted { .. } | Verdict::Unknown { .. } => BTreeSet::new(),
    }
}

fn rests(assumptions: &BTreeSet<String>) {
    if !assumptions.is_empty() {
        output::talk("The proofs rest on:");
        for fact in assumptions {
            output::talk(&format!("- {fact}"));
        }
    }
}

/// A verdict for programs. What is under `evaluation` can be given to `stagedoor policy eval`.
fn told(verdict: &Verdict, policies: &Documents) -> Value {
    match verdict {
        Verdict::Proved { evidence, assumptions, calls } => json!({
            "verdict": "proved",
            "decisions": calls,
            "evidence": asked(evidence),
            "assumptions": assumptions,
        }),
        Verdict::Vacuous { assumptions, calls } => {
            json!({ "verdict": "vacuous", "decisions": calls, "assumptions": assumptions })
        }
        Verdict::Refuted { witnesses, calls } => {
            let witness = |Witness { request, answer }: &Witness| {
                let Answer { decision, because } = answer;
                json!({
                    "evaluation": { "request": asked(request), "policies": policies },
                    "decision": decision,
                    "because": because,
                })
            };
            let witnesses: Vec<Value> = witnesses.iter().map(witness).collect();
            json!({ "verdict": "refuted", "decisions": calls, "witnesses": witnesses })
        }
        Verdict::Unknown { why, calls } => {
            json!({ "verdict": "unknown", "decisions": calls, "why": why })
        }
    }
}

/// A request as `stagedoor policy eval` reads it.
fn asked(request: &Request) -> Value {
    json!({
        "principal": request.principal().name(),
        "action": request.action(),
        "resource": request.resource(),
        "resourceAccount": request.resource_account(),
        "context": request.context(),
    })
}
