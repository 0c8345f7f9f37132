//! What the map says must hold, proved of the roles that it means, or refused with a request.

use access::authorisation::authorisation;
use access::invariants::{Standing, WITH_CONTROL_POLICIES, diagnostics, judge};
use access::map::{AccessMap, Source, parse};
use iam_policy::bundle::{Bundle, ControlPolicy, Role, RoleKind};
use iam_policy::prove::{Claim, Documents, PRESIGN, Subject, Verdict, prove};
use iam_policy::{Document, Effect, Statement};
use std::collections::BTreeSet;

const HEAD: &str = r#"version: 1
directory: { identity_center: { region: eu-west-1, identity_store_id: d-906716eb24 } }
domains: { research: { domain_id: d-abcdefghijkl, account_id: "111122223333", region: eu-west-1 } }
networks:
  office: { any_of: [ { cidr: 10.100.10.0/24, vpc: vpc-0abc }, { cidr: 192.0.2.0/24 } ] }
  lab: { any_of: [ { vpce: vpce-0abc } ] }
"#;

const TEAMS: &str = r#"teams:
  fraud: { domain: research, persona: data-scientist, network: office, buckets: ["fraud-*"] }
  churn: { domain: research, persona: mlops, network: office, buckets: [churn-data] }
"#;

fn read(text: &str) -> Result<AccessMap, String> {
    let text = format!("{HEAD}{text}");
    parse(&[Source { name: "access.yaml".into(), text }]).map_err(|errors| errors.to_string())
}

fn map(text: &str) -> AccessMap {
    read(text).unwrap()
}

/// What is said of the map's invariants.
fn said(map: &AccessMap, bundle: &Bundle) -> Vec<String> {
    diagnostics(&judge(map, bundle)).iter().map(ToString::to_string).collect()
}

fn all_said(text: &str) -> Vec<String> {
    let map = map(text);
    said(&map, &authorisation(&map).unwrap())
}

#[test]
fn what_is_generated_keeps_teams_apart_and_links_to_their_networks() {
    let map = map(&format!(
        "{TEAMS}invariants:\n  - presign_only_from: [office]\n  - teams_apart: all\n"
    ));
    let bundle = authorisation(&map).unwrap();
    let judgements = judge(&map, &bundle);
    assert_eq!(diagnostics(&judgements), []);
    let [links, teams] = judgements.as_slice() else { panic!("{judgements:?}") };
    assert_eq!((&links.standing, &teams.standing), (&Standing::Proved, &Standing::Proved));
    let roles: Vec<&str> = teams.proofs.iter().map(|proof| proof.role.as_str()).collect();
    assert_eq!(
        roles,
        [
            "arn:aws:iam::111122223333:role/stagedoor-churn",
            "arn:aws:iam::111122223333:role/stagedoor-fraud"
        ]
    );
    // The example of each proof is one that is let through.
    let Verdict::Proved { evidence, .. } = &links.proofs[0].verdict else { panic!("{links:?}") };
    assert_eq!(evidence.action(), PRESIGN);
    for proof in &teams.proofs {
        assert!(proof.verdict.calls() <= 200_000);
    }
}

#[test]
fn map_invariant_refuted() {
    let found = all_said(&format!("{TEAMS}invariants: [ {{ presign_only_from: [lab] }} ]\n"));
    let [error] = found.as_slice() else { panic!("{found:?}") };
    assert!(
        error.starts_with(
            "access.yaml:10:15: `presign_only_from: [lab]` does not hold: \
             arn:aws:iam::111122223333:role/stagedoor-churn is allowed \
             sagemaker:CreatePresignedDomainUrl on "
        ) && error.ends_with(
            "(map-invariant-refuted)\n  `stagedoor policy prove` shows the request and the \
             statements that allow it"
        ),
        "{error}"
    );
}

#[test]
fn map_invariant_unproved() {
    assert_eq!(
        all_said(&format!(
            "{TEAMS}  ops: {{ domain: research, network: office }}\ninvariants:\n  - teams_apart: all\n"
        )),
        [
            "access.yaml:12:5: `teams_apart: all` is not proved: the team `ops` has no persona, so the \
          map does not say what its role may do (map-invariant-unproved)\n  what cannot be proved is \
          not taken to hold; say it in simpler terms, or take it out"
        ]
    );
    // A boundary outside of what the prover understands.
    let found = all_said(&format!(
        "{TEAMS}invariants:\n  - persona: mlops\n    inside: {{ Statement: {{ Effect: Allow, Action: \
         \"*\", Resource: \"*\", Condition: {{ BinaryEquals: {{ \"a:b\": QQ== }} }} }} }}\n"
    ));
    assert!(found[0].contains("role/stagedoor-churn: `a:b` is compared as bytes"), "{found:?}");
    // Nobody makes links at all.
    let found = all_said(
        "personas: { reader: { activities: [] } }\nteams: { fraud: { domain: research, persona: \
         compute, network: office } }\ninvariants: [ { persona: compute, inside: { Statement: [] } } ]\n",
    );
    assert!(found[0].contains("does not hold"), "{found:?}");
}

#[test]
fn map_invalid_policy() {
    let refused = |text: &str| read(&format!("{TEAMS}{text}")).unwrap_err();
    assert_eq!(
        refused("invariants: [ { never: { Statement: { Effect: Allow, Resource: \"*\" } } } ]\n"),
        "access.yaml:10:24: this is no policy document: a statement needs `Action` or `NotAction` \
         (map-invalid-policy)"
    );
    assert_eq!(
        refused("invariants: [ { never: { Statement: { Principal: \"*\" } } } ]\n"),
        "access.yaml:10:39: `Principal` cannot be set here (map-reserved-setting)\n  it is about the \
         role itself; name it in no statement"
    );
}

#[test]
fn an_invariant_is_one_thing_and_names_what_there_is() {
    let refused = |item: &str| read(&format!("{TEAMS}invariants: [ {item} ]\n")).unwrap_err();
    assert!(refused("{ presign_only_from: [offce] }").contains("did you mean `office`?"));
    assert!(refused("{ persona: mlps, inside: { Statement: [] } }").contains("unknown persona"));
    assert!(refused("{ persona: mlops }").contains("(map-only-with)"));
    assert!(refused("{ inside: { Statement: [] } }").contains("(map-o"));
    assert!(refused("{ teams_apart: all, presign_only_from: [] }").contains("(map-one-of)"));
    assert!(refused("{ teams_apart: some }").contains("expected `all`"));
}

#[test]
fn a_persona_is_held_to_its_boundary_and_every_role_to_what_must_never_be() {
    let boundary = |actions: &str| {
        all_said(&format!(
            "{TEAMS}invariants:\n  - persona: mlops\n    inside:\n      Statement:\n        - Effect: \
             Allow\n          Action: [{actions}]\n          Resource: \"*\"\n"
        ))
    };
    let services = "\"sagemaker:*\", \"s3:*\", \"logs:*\", \"cloudwatch:*\", \"ecr:*\", \
                    \"iam:*\", \"kms:*\", \"sts:*\", \"ec2:*\", \"application-autoscaling:*\"";
    assert_eq!(boundary(services), [""; 0]);
    let refuted = boundary("\"sagemaker:*\"");
    assert!(refuted[0].contains("`persona: mlops, inside: …` does not hold"), "{refuted:?}");
    let never = |action: &str| {
        all_said(&format!(
            "{TEAMS}invariants:\n  - never: {{ Statement: {{ Effect: Allow, Action: \"{action}\", \
             Resource: \"*\" }} }}\n"
        ))
    };
    assert_eq!(never("iam:Create*"), [""; 0]);
    assert_eq!(never("sagemaker:DeleteDomain"), [""; 0]);
    assert!(never("s3:GetObject")[0].contains("is allowed s3:GetObject on arn:aws:s3:::"));
}

#[test]
fn what_the_roles_leave_open_the_control_policies_may_close_and_the_proof_says_so() {
    let map = map(&format!(
        "{TEAMS}invariants:\n  - never: {{ Statement: {{ Effect: Allow, Action: \
         \"sagemaker:CreateTrainingJob\", Resource: \"*\" }} }}\n"
    ));
    let mut bundle = authorisation(&map).unwrap();
    bundle.scps.clear();
    assert_eq!(said(&map, &bundle).len(), 1);
    let closed =
        Statement::deny("NoTraining").actions(["sagemaker:CreateTrainingJob"]).resources(["*"]);
    let scp = |account: &str| ControlPolicy {
        is_coarse: false,
        name: "closed".into(),
        description: String::new(),
        accounts: BTreeSet::from([account.to_owned()]),
        document: Document::new([closed.clone()]),
    };
    bundle.scps = vec![scp("444455556666")];
    assert_eq!(said(&map, &bundle).len(), 1, "another account's");
    bundle.scps = vec![scp("111122223333")];
    let judgements = judge(&map, &bundle);
    assert_eq!(judgements[0].standing, Standing::Proved);
    let rests = judgements[0].proofs.iter().any(|proof| match &proof.verdict {
        Verdict::Proved { assumptions, .. } => {
            assumptions.iter().any(|fact| fact == WITH_CONTROL_POLICIES)
        }
        _ => false,
    });
    assert!(rests, "{judgements:?}");
}

#[test]
fn a_bucket_that_another_team_names_is_seen() {
    let found = all_said(
        "teams:\n  fraud: { domain: research, persona: data-scientist, network: office, buckets: \
         [\"data-*\"] }\n  churn: { domain: research, persona: mlops, network: office, buckets: \
         [data-churn] }\ninvariants: [ { teams_apart: all } ]\n",
    );
    assert!(found[0].contains("stagedoor-fraud is allowed s3:"), "{found:?}");
    assert!(found[0].contains("on arn:aws:s3:::data-churn"), "{found:?}");
}

/// What a document would be with one thing of it changed so that it can only allow more, and the
/// statement that was changed.
fn wider(document: &Document) -> Vec<(String, Document, Statement)> {
    let mut all = Vec::new();
    for (index, statement) in document.statements.iter().enumerate() {
        let sid = statement.sid.clone().unwrap_or_default();
        let mut with = |what: String, changed: Option<Statement>| {
            let mut document = document.clone();
            match changed {
                Some(changed) => document.statements[index] = changed,
                None => drop(document.statements.remove(index)),
            }
            all.push((format!("{sid}: {what}"), document, statement.clone()));
        };
        if statement.effect == Effect::Deny {
            with("dropped".into(), None);
            continue;
        }
        for (operator, keys) in &statement.condition {
            for key in keys.keys() {
                let mut changed = statement.clone();
                if let Some(keys) = changed.condition.get_mut(operator) {
                    keys.remove(key);
                }
                changed.condition.retain(|_, keys| !keys.is_empty());
                with(format!("without {operator} {key}"), Some(changed));
            }
        }
        if !statement.resource.iter().flatten().any(|pattern| pattern == "*") {
            let resource = Some(vec!["*".into()]);
            let not_resource = None;
            with(
                "on everything".into(),
                Some(Statement { resource, not_resource, ..statement.clone() }),
            );
        }
    }
    all
}

/// The changes to a document that make no difference, as far as the prover can tell and it can always.
fn without_effect(
    subject: &Subject,
    document: &Document,
    whole: impl Fn(&Document) -> Documents,
) -> Vec<String> {
    let mut same = Vec::new();
    for (what, changed, statement) in wider(document) {
        let Statement { action, not_action, .. } = statement;
        let about = Statement { action, not_action, ..Statement::allow("About").resources(["*"]) };
        let claim =
            Claim { about: Some(Document::new([about])), ..Claim::nothing_new(whole(document)) };
        match prove(subject, &whole(&changed), &claim, 1) {
            Verdict::Refuted { .. } => {}
            Verdict::Proved { .. } | Verdict::Vacuous { .. } => same.push(what),
            Verdict::Unknown { why, .. } => panic!("{what}: {why}"),
        }
    }
    same
}

#[test]
fn every_wider_role_of_stagedoors_own_is_told_from_the_generated_one() {
    let bundle = super::plane::bundle();
    let own = bundle.roles.iter().filter(|r| !matches!(r.kind, RoleKind::Execution { .. }));
    let mut changes = 0;
    let mut same = Vec::new();
    for role in own {
        let statements = role.policies().flat_map(|policy| policy.document.statements.clone());
        let document = Document::new(statements);
        let whole = |document: &Document| Documents::of([document.clone()]);
        let subject = Subject::new(role.arn().as_str());
        changes += wider(&document).len();
        let found = without_effect(&subject, &document, whole);
        same.extend(found.into_iter().map(|what| format!("{} {what}", role.name)));
    }
    assert!(changes >= 10, "{changes}");
    assert_eq!(same, [""; 0]);
}

#[test]
fn every_control_policy_closes_something_that_no_other_statement_closes() {
    let bundle = super::plane::bundle();
    let all = Document::new([Statement::allow("All").actions(["*"]).resources(["*"])]);
    assert!(!bundle.scps.is_empty());
    for scp in &bundle.scps {
        for account in &scp.accounts {
            let whole = |document: &Document| Documents {
                scp: vec![vec![all.clone(), document.clone()]],
                ..Documents::of([all.clone()])
            };
            // Some statements are about Stagedoor's roles, some about apps, some about everybody else.
            let own = bundle.roles.iter().filter(|role| role.account_id == *account);
            let others = ["Administrator", "studio-fraud", "studio-pricing"];
            let others = others.map(|name| format!("arn:aws:iam::{account}:role/{name}"));
            let mut idle: Option<BTreeSet<String>> = None;
            for arn in own.map(Role::arn).chain(others) {
                let found = without_effect(&Subject::new(arn.as_str()), &scp.document, whole);
                let found: BTreeSet<String> = found.into_iter().collect();
                idle = Some(idle.map_or(found.clone(), |idle| &idle & &found));
            }
            assert_eq!(idle, Some(BTreeSet::new()), "{} {account}", scp.name);
        }
    }
}

#[test]
fn links_of_stagedoors_own_roles_come_from_the_networks_of_the_map_only() {
    let judged = |invariant: &str| {
        let text = format!("{}\ninvariants: [ {{ {invariant} }} ]\n", super::plane::MAP);
        let map = parse(&[Source { name: "access.yaml".into(), text }])
            .unwrap_or_else(|errors| panic!("{errors}"));
        let bundle = authorisation(&map).unwrap();
        let [judgement] = <[_; 1]>::try_from(judge(&map, &bundle)).unwrap();
        let proofs = judgement.proofs.iter().map(|proof| {
            let verdict = match &proof.verdict {
                Verdict::Proved { .. } => "proved",
                Verdict::Vacuous { .. } => "vacuous",
                Verdict::Refuted { .. } => "refuted",
                Verdict::Unknown { why, .. } => panic!("{why}"),
            };
            format!("{} {verdict}", proof.role)
        });
        proofs.collect::<Vec<String>>()
    };
    assert_eq!(
        judged("presign_only_from: [plane, office]"),
        [
            "arn:aws:iam::111122223333:role/ops/stagedoor proved",
            // A team there is open to anywhere.
            "arn:aws:iam::444455556666:role/access/StagedoorLinks refuted",
            "arn:aws:iam::444455556666:role/access/StagedoorSpoke vacuous",
        ]
    );
    // Where Stagedoor itself asks from has to be said as well.
    assert_eq!(
        judged("presign_only_from: [office]").first().map(String::as_str),
        Some("arn:aws:iam::111122223333:role/ops/stagedoor refuted")
    );
}
