//! What the map says must hold, proved of the roles that it means, or refused with a request.

use access::authorisation::authorisation;
use access::invariants::{Standing, WITH_CONTROL_POLICIES, diagnostics, judge};
use access::map::{AccessMap, Source, parse};
use iam_policy::bundle::{Bundle, ControlPolicy};
use iam_policy::prove::{PRESIGN, Verdict};
use iam_policy::{Document, Statement};
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
