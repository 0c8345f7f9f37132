//! `stagedoor policy prove`.

use super::file;
use crate::cli::{Common, OutputFormat, ProveArgs};
use crate::codes;
use crate::exit::{BadConfiguration, Outcome};
use crate::mapfile;
use crate::output::{self, counted, visible};
use access::invariants::{self, Judgement, Proof, Standing};
use anyhow::Result;
use iam_policy::document::diff;
use iam_policy::evaluate::{Answer, Because, Finding};
use iam_policy::prove::{Claim, Documents, Subject, Verdict, Witness, prove};
use iam_policy::request::Request;
use iam_policy::{Document, Effect, Statement};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Who stands for everybody whose policies they could be, where nobody is named.
const SOMEBODY: &str = "arn:aws:iam::111122223333:role/role";
const ANYBODY: &str = "Whoever asks is any identity of IAM, in any account.";
const FULL_ACCESS: &str =
    "FullAWSAccess is attached beside service control policies that only deny.";
const BESIDE_OTHERS: &str = "The new version by itself allows nothing, so both are judged beside a \
                             policy that allows everything: by what they deny.";
const FOR_EVERYBODY: &str = "they name principals, so they say what everybody may do, and proofs are \
                             about one principal; `stagedoor policy diff` says what changed";

/// Proves the map's invariants, or a claim about files.
pub(super) fn run(args: &ProveArgs, common: &Common) -> Result<Outcome> {
    let subject = subject(args)?;
    let (policies, claim, verdict, mut facts) = if let Some([old, new]) = args.diff.as_deref() {
        new_version(&subject, args, (document(old)?, document(new)?))?
    } else {
        let Some((policies, claim, facts)) = claim(args)? else { return of_map(args, common) };
        let verdict = prove(&subject, &policies, &claim, args.witnesses.max(1));
        (policies, claim, verdict, facts)
    };
    facts.push(match &args.principal {
        Some(principal) => format!("Whoever asks is {}.", visible(principal)),
        None => ANYBODY.to_owned(),
    });
    let verdict = resting_on(verdict, facts);
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
        // Whoever denies everything grants nothing new.
        Verdict::Vacuous { .. } if args.diff.is_some() && !is_limited(args) => Outcome::Done,
        Verdict::Refuted { .. } => Outcome::Denied,
        Verdict::Vacuous { .. } | Verdict::Unknown { .. } => Outcome::NotVerified,
    })
}

/// What is asked, of what, what came of it, and what that rests on.
type Proven = (Documents, Claim, Verdict, Vec<String>);

/// Whether the new version of a document allows more than the old one.
fn new_version(
    subject: &Subject,
    args: &ProveArgs,
    (old, new): (Document, Document),
) -> Result<Proven> {
    let (limits, mut facts) = limits(args)?;
    let asked = |beside: Option<Document>| {
        let with = |one: &Document| Documents {
            identity: [one.clone()].into_iter().chain(beside.clone()).collect(),
            ..limits.clone()
        };
        let (policies, claim) = (with(&new), Claim::nothing_new(with(&old)));
        let verdict = prove(subject, &policies, &claim, args.witnesses.max(1));
        (policies, claim, verdict)
    };
    let names = |one: &Document| {
        one.statements.iter().any(|s| s.principal.is_some() || s.not_principal.is_some())
    };
    if (names(&old) || names(&new)) && !diff(&old, &new).is_empty() {
        let verdict = Verdict::Unknown { why: FOR_EVERYBODY.to_owned(), calls: 0 };
        let policies = Documents::of([new.clone()]);
        return Ok((policies, Claim::nothing_new(Documents::of([old])), verdict, Vec::new()));
    }
    let (policies, claim, verdict) = asked(None);
    // Where limits leave nothing of what it allows, nothing was compared.
    let allows = new.statements.iter().any(|s| s.effect == Effect::Allow);
    if is_limited(args) && allows || !matches!(verdict, Verdict::Vacuous { .. }) {
        return Ok((policies, claim, verdict, facts));
    }
    let (policies, claim, verdict) = asked(Some(everything()));
    facts.push(BESIDE_OTHERS.to_owned());
    Ok((policies, claim, verdict, facts))
}

/// Whether a boundary or service control policies are given.
fn is_limited(args: &ProveArgs) -> bool {
    args.boundary.is_some() || !args.scp.is_empty() || !args.scp_level.is_empty()
}

fn everything() -> Document {
    Document::new([Statement::allow("FullAWSAccess").actions(["*"]).resources(["*"])])
}

/// The claim about files, if the command line makes one, and what proofs of it rest on.
fn claim(args: &ProveArgs) -> Result<Option<(Documents, Claim, Vec<String>)>> {
    let claim = match (&args.never, &args.always, &args.inside) {
        (Some(path), _, _) => {
            Claim::never(format!("nothing of {} is allowed", path.display()), document(path)?)
        }
        (_, Some(path), _) => {
            Claim::always(format!("all of {} is allowed", path.display()), document(path)?)
        }
        (_, _, Some(path)) => Claim::inside(
            format!("nothing outside of {} is allowed", path.display()),
            Documents::of([document(path)?]),
        ),
        (None, None, None) if args.identity.is_empty() => return Ok(None),
        (None, None, None) => {
            let message = "there are policies, but nothing is claimed of them. Say it with --never, \
                           --always or --inside.";
            return Err(BadConfiguration::new(codes::CLAIM_MISSING, message).into());
        }
    };
    let (limits, facts) = limits(args)?;
    let identity = args.identity.iter().map(|path| document(path)).collect::<Result<_>>()?;
    Ok(Some((Documents { identity, ..limits }, claim, facts)))
}

/// The boundary and the service control policies, and what proofs with them rest on.
fn limits(args: &ProveArgs) -> Result<(Documents, Vec<String>)> {
    let (scp, facts) = levels(args)?;
    let boundary = args.boundary.as_deref().map(document).transpose()?;
    Ok((Documents { boundary, scp, ..Documents::default() }, facts))
}

/// The service control policies by levels. A level that only denies would allow nothing, and prove
/// everything; AWS attaches `FullAWSAccess` at each.
fn levels(args: &ProveArgs) -> Result<(Vec<Vec<Document>>, Vec<String>)> {
    let by_level = args.scp_level.iter().map(|level| level.split(',').map(Path::new).collect());
    let one = Some(args.scp.iter().map(PathBuf::as_path).collect());
    let levels = by_level.chain(one).filter(|level: &Vec<&Path>| !level.is_empty());
    let mut facts = Vec::new();
    let mut read = Vec::new();
    for level in levels {
        let mut level = level.into_iter().map(document).collect::<Result<Vec<_>>>()?;
        let mut statements = level.iter().flat_map(|one| &one.statements);
        if !statements.any(|statement| statement.effect == Effect::Allow) {
            level.push(everything());
            facts = vec![FULL_ACCESS.to_owned()];
        }
        read.push(level);
    }
    Ok((read, facts))
}

fn document(path: &Path) -> Result<Document> {
    file::read(path).map(|source| source.document().clone())
}

/// The verdict, if it is one that rests on something, with these facts besides.
fn resting_on(mut verdict: Verdict, facts: Vec<String>) -> Verdict {
    if let Verdict::Proved { assumptions, .. } | Verdict::Vacuous { assumptions, .. } = &mut verdict
    {
        assumptions.extend(facts);
    }
    verdict
}

fn subject(args: &ProveArgs) -> Result<Subject> {
    let mut subject = match &args.principal {
        Some(principal) => Subject::new(principal),
        None => Subject::anybody_as(SOMEBODY),
    };
    for tag in &args.principal_tag {
        let (key, value) = tag.split_once('=').ok_or_else(|| {
            let message = format!("`{}` is no tag: write KEY=VALUE.", visible(tag));
            BadConfiguration::new(codes::TAG_INVALID, message)
        })?;
        subject = subject.knowing(&format!("aws:PrincipalTag/{key}"), [value]);
    }
    Ok(subject)
}

fn of_map(args: &ProveArgs, common: &Common) -> Result<Outcome> {
    let map = mapfile::load(&args.map.map)?;
    let bundle = mapfile::authorisation(&map, &args.map.map)?;
    mapfile::caution_of_size(&map, &bundle);
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
