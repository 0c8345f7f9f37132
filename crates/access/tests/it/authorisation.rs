//! The execution roles that a map means, as reviewers read them, and what they let people do.

use access::authorisation::authorisation;
use access::map::{AccessMap, Source, parse};
use iam_policy::bundle::{NamedPolicy, Role, RoleKind};
use iam_policy::evaluate::{Compiled, Decision, Policies};
use iam_policy::lint::{Kind, Severity, lint_all};
use iam_policy::prove::{Claim, Demand, Documents, Subject, Verdict, prove};
use iam_policy::request::Request;
use iam_policy::{Document, Effect, Statement, service_reference};
use serde_json::json;
use std::fmt::Write as _;
use std::sync::Arc;

const HEAD: &str = r#"version: 1
directory: { identity_center: { region: eu-west-1, identity_store_id: d-906716eb24 } }
domains:
  research: { domain_id: d-abcdefghijkl, account_id: "111122223333", region: eu-west-1 }
  risk: { domain_id: d-risk, account_id: "111122223333", region: eu-central-1 }
  elsewhere: { domain_id: d-else, account_id: "444455556666", region: eu-west-1 }
networks:
  office: { any_of: [ { cidr: 192.0.2.0/24 } ] }
"#;

fn map(rest: &str) -> AccessMap {
    let text = format!("{HEAD}{rest}");
    parse(&[Source { name: "access.yaml".into(), text }])
        .unwrap_or_else(|errors| panic!("{errors}"))
}

fn roles(rest: &str) -> Vec<Role> {
    authorisation(&map(rest)).unwrap_or_else(|errors| panic!("{errors:?}")).roles
}

/// What the map itself is refused for.
fn refused(rest: &str) -> Vec<String> {
    let text = format!("{HEAD}{rest}");
    let errors = parse(&[Source { name: "access.yaml".into(), text }]).unwrap_err();
    errors.as_slice().iter().map(ToString::to_string).collect()
}

/// One team of a persona that is ready-made.
fn of_persona(persona: &str, settings: &str) -> Role {
    let team = format!(
        "teams:\n  fraud:\n    domain: research\n    persona: {persona}\n    network: office\n{settings}"
    );
    let [role] = <[Role; 1]>::try_from(roles(&team)).unwrap();
    role
}

/// The whole role, for people.
fn shown(role: &Role) -> String {
    let mut text = format!("{}\n{}\n", role.arn(), role.description);
    let boundary = role.boundary.iter().map(|arn| ("boundary", arn.as_str()));
    let tags = role.tags.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    for (name, value) in boundary.chain(tags) {
        let _ = writeln!(text, "{name}: {value}");
    }
    let _ = writeln!(text, "\ntrust\n{}", role.trust.to_canonical_json());
    for NamedPolicy { name, description, document } in role.policies() {
        let _ = writeln!(text, "\n{name}: {description}\n{}", document.to_canonical_json());
    }
    text
}

fn policies(role: &Role) -> Policies {
    let compiled = role.policies().map(|policy| Compiled::new(&policy.document).unwrap());
    Policies { identity: compiled.map(Arc::new).collect(), ..Policies::default() }
}

const BUCKETS: &str = "    buckets: [fraud-data, \"fraud--*\"]\n";

#[test]
fn the_data_scientists_role() {
    insta::assert_snapshot!("data-scientist", shown(&of_persona("data-scientist", BUCKETS)));
}

#[test]
fn the_mlops_role() {
    insta::assert_snapshot!("mlops", shown(&of_persona("mlops", "    space: fraud-lab\n")));
}

#[test]
fn the_compute_role_with_vpc_and_keys() {
    let settings = r#"    buckets: ["{team}-data"]
    repositories: ["{team}/*"]
    kms_keys: { data: ["arn:aws:kms:{region}:{account_id}:key/data"] }
    vpc: { subnets: [subnet-0a], security_groups: [sg-0a] }
    boundary: "arn:aws:iam::{account_id}:policy/studio"
"#;
    insta::assert_snapshot!("compute", shown(&of_persona("compute", settings)));
}

#[test]
fn every_action_condition_key_and_size_is_one_that_aws_knows() {
    let settings = r#"    buckets: [fraud-data, "fraud--*"]
    repositories: ["{team}/*"]
    kms_keys: { data: ["arn:aws:kms:{region}:{account_id}:key/data"], volumes: ["arn:aws:kms:{region}:{account_id}:key/v"] }
    vpc: { subnets: [subnet-0a], security_groups: [sg-0a] }
    workgroups: [fraud]
    databases: [fraud]
    instance_types: ["ml.t3.*"]
    space: fraud-lab
"#;
    let everything = "personas:\n  all: { activities: [run-studio-apps, manage-ml-jobs, \
                      manage-models, manage-endpoints, manage-pipelines, manage-experiments, \
                      search-experiments, manage-model-monitoring, access-aws-services, \
                      s3-access, query-athena, manage-glue-tables] }\n";
    let team = format!(
        "{everything}teams:\n  fraud:\n    domain: research\n    persona: all\n    network: office\n{settings}"
    );
    let [role] = <[Role; 1]>::try_from(roles(&team)).unwrap();
    let sizes: Vec<usize> = role.policies().map(|p| p.document.compact_len()).collect();
    assert!(sizes.iter().all(|size| *size <= 6_144) && sizes.len() <= 10, "{sizes:?}");
    for statement in role.policies().flat_map(|policy| &policy.document.statements) {
        let sid = statement.sid.as_deref().unwrap();
        for pattern in statement.action.iter().chain(&statement.not_action).flatten() {
            let known = service_reference::actions_matching(pattern);
            assert!(!known.is_empty(), "{sid}: {pattern}");
            for key in statement.condition.values().flat_map(|keys| keys.keys()) {
                // A wildcard means more than those that carry the key.
                let seen = known.iter().any(|action| action.sees(key));
                assert!(seen, "{sid}: {pattern} never sees {key}");
            }
        }
    }
}

#[test]
fn a_team_has_a_role_in_each_account_and_one_for_domains_that_share_it() {
    let roles = roles(
        "teams:\n  fraud: { domains: [research, risk, elsewhere], persona: mlops, network: anywhere, \
         execution_role: \"arn:aws:iam::{account_id}:role/studio/{team}\" }\n",
    );
    let arns: Vec<String> = roles.iter().map(Role::arn).collect();
    assert_eq!(
        arns,
        [
            "arn:aws:iam::111122223333:role/studio/fraud",
            "arn:aws:iam::444455556666:role/studio/fraud"
        ]
    );
    assert_eq!(roles[0].kind, RoleKind::Execution { teams: ["fraud".to_owned()].into() });
    let trust = json!(roles[0].trust);
    assert_eq!(
        trust.pointer("/Statement/0/Condition"),
        Some(&json!({
            "ArnLike": {"aws:SourceArn": [
                "arn:aws:sagemaker:eu-central-1:111122223333:*",
                "arn:aws:sagemaker:eu-west-1:111122223333:*"
            ]},
            "StringEquals": {"aws:SourceAccount": "111122223333"}
        }))
    );
    let policies = policies(&roles[0]);
    let session = "arn:aws:sts::111122223333:assumed-role/fraud/SageMaker";
    for (region, expected) in [
        ("eu-west-1", Decision::Allowed),
        ("eu-central-1", Decision::Allowed),
        ("us-east-1", Decision::ImplicitlyDenied),
    ] {
        let model = format!("arn:aws:sagemaker:{region}:111122223333:model/m");
        let request = Request::new(session, "sagemaker:DeleteModel", &model);
        let request = request.with("aws:ResourceTag/stagedoor:team", ["fraud"]);
        assert_eq!(policies.decide(&request).decision, expected, "{region}");
    }
}

#[test]
fn only_sagemaker_of_the_own_account_assumes_the_role() {
    let role = of_persona("data-scientist", BUCKETS);
    let trust = Policies {
        resource: Some(Arc::new(Compiled::new(&role.trust).unwrap())),
        ..Policies::default()
    };
    let ask = |service: &str, action: &str, account: &str, source: &str| {
        let request = Request::new(service, action, &role.arn());
        let request = request.with("aws:SourceAccount", [account]).with("aws:SourceArn", [source]);
        trust.decide(&request).is_allowed()
    };
    let sagemaker = "sagemaker.amazonaws.com";
    let domain = "arn:aws:sagemaker:eu-west-1:111122223333:domain/d-abcdefghijkl";
    assert!(ask(sagemaker, "sts:AssumeRole", "111122223333", domain));
    assert!(ask(sagemaker, "sts:SetSourceIdentity", "111122223333", domain));
    let other = "arn:aws:sagemaker:eu-west-1:444455556666:domain/d-x";
    assert!(!ask(sagemaker, "sts:AssumeRole", "444455556666", other));
    assert!(!ask(sagemaker, "sts:AssumeRole", "111122223333", other));
    assert!(!ask(sagemaker, "sts:AssumeRole", "444455556666", domain));
    assert!(!ask("ec2.amazonaws.com", "sts:AssumeRole", "111122223333", domain));
    let text = role.trust.to_compact_json();
    let behalf = iam_policy::trust::OnBehalf {
        account: "111122223333".to_owned(),
        sources: vec![domain.to_owned()],
    };
    let known = iam_policy::trust::allows_service(&text, sagemaker, "sts:AssumeRole", &behalf);
    assert!(known.unwrap(), "doctor takes it for a role that SageMaker cannot assume");
}

#[test]
fn a_teams_settings_take_the_place_of_its_personas() {
    let found = roles(
        "personas:\n  p: { activities: [s3-access], buckets: [common], boundary: \
         \"arn:aws:iam::{account_id}:policy/{team}\" }\n\
         teams:\n  \
         churn: { domain: research, persona: p, network: office }\n  \
         fraud: { domain: research, persona: p, network: office, buckets: [own] }\n",
    );
    let buckets = |role: &Role| {
        let statements = role.policies().flat_map(|policy| &policy.document.statements);
        let mut list = statements.filter(|s| s.sid.as_deref() == Some("BucketsList"));
        list.next().unwrap().resource.clone().unwrap()
    };
    assert_eq!(buckets(&found[0]), ["arn:aws:s3:::common"]);
    assert_eq!(buckets(&found[1]), ["arn:aws:s3:::own"]);
    assert_eq!(found[1].boundary.as_deref(), Some("arn:aws:iam::111122223333:policy/fraud"));
}

#[test]
fn a_tag_of_the_companys_own_says_whose_a_resource_is() {
    let text = "team_tag: Team\nteams:\n  \
                fraud: { domain: research, persona: mlops, network: office, tags: { Team: Team 1 } }\n  \
                churn: { domain: research, persona: mlops, network: office }\n";
    let tags = |team: &str| {
        let map = map(text);
        let team = map.teams.iter().find(|(key, _)| key.as_str() == team).unwrap().1;
        team.tags.get("Team").cloned()
    };
    assert_eq!(tags("fraud").as_deref(), Some("Team 1"));
    assert_eq!(tags("churn").as_deref(), Some("churn"));
    let role = &roles(text)[1];
    assert_eq!(role.tags.get("Team").map(String::as_str), Some("Team 1"));
    let request = Request::new(
        "arn:aws:sts::111122223333:assumed-role/stagedoor-fraud/SageMaker",
        "sagemaker:DeleteModel",
        "arn:aws:sagemaker:eu-west-1:111122223333:model/m",
    );
    let decide = |value: &str| {
        policies(role).decide(&request.clone().with("aws:ResourceTag/Team", [value])).decision
    };
    assert_eq!(decide("Team 1"), Decision::Allowed);
    assert_eq!(decide("churn"), Decision::ExplicitlyDenied);
}

#[test]
fn a_team_without_persona_has_no_role_of_stagedoors() {
    let found = roles("teams:\n  fraud: { domain: research, network: office }\n");
    assert_eq!(found, []);
}

#[test]
fn map_shared_role() {
    assert_eq!(
        refused(
            "teams:\n  \
             churn: { domain: research, network: office, execution_role: studio }\n  \
             fraud: { domain: research, persona: mlops, network: office, execution_role: studio }\n"
        ),
        ["access.yaml:11:3: the teams `churn` and `fraud` have the same execution role \
          `arn:aws:iam::111122223333:role/studio` (map-shared-role)\n  expected a role of its own \
          for each team\n  write `{team}` in their `execution_role`"]
    );
}

#[test]
fn map_shared_role_by_account_and_name_without_path_and_case() {
    let teams = |churn: &str, fraud: &str, persona: &str| {
        format!(
            "teams:\n  \
             churn: {{ domain: research, {persona}network: office, execution_role: {churn} }}\n  \
             fraud: {{ domain: risk, {persona}network: office, execution_role: {fraud} }}\n"
        )
    };
    for (churn, fraud) in [("a/studio", "b/studio"), ("Studio", "studio"), ("a/b/sTudio", "studio")]
    {
        assert_eq!(
            refused(&teams(churn, fraud, "persona: mlops, ")),
            [format!(
                "access.yaml:11:3: the execution roles `arn:aws:iam::111122223333:role/{churn}` of \
                 `churn` and `arn:aws:iam::111122223333:role/{fraud}` of `fraud` are one: IAM tells \
                 roles of an account apart neither by path nor by case (map-shared-role)\n  expected \
                 a role of its own for each team\n  write `{{team}}` in their `execution_role`"
            )]
        );
        // Whatever their roles may do, the map says nothing of it.
        assert_eq!(roles(&teams(churn, fraud, "")), []);
    }
    // The same name in another account is another role.
    let elsewhere = teams("studio", "studio", "persona: mlops, ").replace("risk", "elsewhere");
    assert_eq!(roles(&elsewhere).len(), 2);
    // One team has one role for several domains, and no two that cannot be.
    let one = |role: &str| {
        format!(
            "teams:\n  fraud: {{ domains: [research, risk], persona: mlops, network: office, \
             execution_role: \"{role}\" }}\n"
        )
    };
    assert_eq!(roles(&one("studio")).len(), 1);
    assert_eq!(
        refused(&one("{domain}/studio")),
        [
            "access.yaml:10:3: the execution roles `arn:aws:iam::111122223333:role/research/studio` of \
          `fraud` and `arn:aws:iam::111122223333:role/risk/studio` of `fraud` are one: IAM tells \
          roles of an account apart neither by path nor by case (map-shared-role)\n  expected one \
          ARN for one role\n  write another name, or the same path, in its `execution_role`"
        ]
    );
}

#[test]
fn map_shared_role_with_stagedoor_itself() {
    let plane = |service: &str, teams: &str| {
        let assumed = HEAD.replace(
            "region: eu-west-1 }\nnetworks",
            "region: eu-west-1, \
             assume_role: { arn: \"arn:aws:iam::444455556666:role/StagedoorSpoke\" }, \
             presign_role: { arn: \"arn:aws:iam::444455556666:role/StagedoorLinks\" } }\nnetworks",
        );
        let text = format!(
            "{assumed}hub: {{ role: \"arn:aws:iam::111122223333:role/ops/stagedoor\", service: \
             {service}, network: office }}\nteams:\n{teams}"
        );
        match parse(&[Source { name: "access.yaml".into(), text }]) {
            Ok(map) => Ok(map.teams.len()),
            Err(errors) => Err(errors.as_slice().iter().map(ToString::to_string).collect()),
        }
    };
    let told = |team: &str, role: &str, own: &str| -> Result<usize, Vec<String>> {
        let own = if own.is_empty() {
            String::new()
        } else {
            format!(" `{own}`: IAM tells roles of an account apart neither by path nor by case")
        };
        Err(vec![format!(
            "access.yaml:11:3: the execution role `{role}` of the team `{team}` is Stagedoor's \
             own{own} (map-shared-role)\n  expected a role that only the team's profiles have\n  \
             write another name in its `execution_role`"
        )])
    };
    // With a persona and without.
    for persona in ["", "persona: mlops, "] {
        let named = |role: &str, domain: &str| {
            format!(
                "  fraud: {{ domain: {domain}, {persona}network: office, execution_role: {role} }}\n"
            )
        };
        let hub = "arn:aws:iam::111122223333:role/ops/stagedoor";
        assert_eq!(plane("ecs-tasks", &named("ops/stagedoor", "research")), told("fraud", hub, ""));
        assert_eq!(
            plane("ecs-tasks", &named("Stagedoor", "risk")),
            told("fraud", "arn:aws:iam::111122223333:role/Stagedoor", hub)
        );
        assert_eq!(
            plane("ecs-tasks", &named("studio/stagedoorspoke", "elsewhere")),
            told(
                "fraud",
                "arn:aws:iam::444455556666:role/studio/stagedoorspoke",
                "arn:aws:iam::444455556666:role/StagedoorSpoke"
            )
        );
        assert_eq!(
            plane("ecs-tasks", &named("StagedoorLinks", "elsewhere")),
            told("fraud", "arn:aws:iam::444455556666:role/StagedoorLinks", "")
        );
        // In another account it is another role.
        assert_eq!(plane("ecs-tasks", &named("StagedoorLinks", "research")), Ok(1));
        // On Lambda, functions have the roles.
        assert_eq!(plane("lambda", &named("stagedoor", "research")), Ok(1));
        for function in ["door", "events", "work", "timer"] {
            let team = format!("  {function}: {{ domain: research, {persona}network: office }}\n");
            assert_eq!(
                plane("lambda", &team),
                told(
                    function,
                    &format!("arn:aws:iam::111122223333:role/stagedoor-{function}"),
                    &format!("arn:aws:iam::111122223333:role/ops/stagedoor-{function}")
                )
            );
            assert_eq!(plane("ecs-tasks", &team), Ok(1));
        }
    }
}

#[test]
fn map_shared_team_tag() {
    assert_eq!(
        refused(
            "team_tag: Team\nteams:\n  \
             churn: { domain: research, persona: mlops, network: office, tags: { Team: fraud } }\n  \
             fraud: { domain: risk, persona: mlops, network: office }\n  \
             ops: { domain: elsewhere, persona: mlops, network: office, tags: { Team: fraud } }\n"
        ),
        ["access.yaml:12:3: the teams `churn` and `fraud` both tag their resources `Team=fraud` \
          (map-shared-team-tag)\n  expected a value of its own for each team of an account\n  give \
          one of them another `Team` in `tags`"]
    );
    // Without a persona there is no wall that goes by the value.
    let teams = |churn: &str, fraud: &str| {
        format!(
            "team_tag: Team\nteams:\n  \
             churn: {{ domain: research, {churn}network: office, tags: {{ Team: fraud }} }}\n  \
             fraud: {{ domains: [research, risk], {fraud}network: office }}\n"
        )
    };
    assert_eq!(roles(&teams("", "")), []);
    assert_eq!(refused(&teams("persona: mlops, ", "")).len(), 1);
    assert_eq!(refused(&teams("", "persona: mlops, ")).len(), 1);
}

#[test]
fn map_shared_space() {
    let teams = |space: &str, domain: &str| {
        format!(
            "teams:\n  \
             churn: {{ domains: [research, risk], persona: mlops, network: office, space: shared-notebooks }}\n  \
             fraud: {{ domain: {domain}, persona: mlops, network: office, space: {space} }}\n"
        )
    };
    assert_eq!(
        refused(&teams("Shared-Notebooks", "risk")),
        ["access.yaml:11:3: the teams `churn` and `fraud` both have the shared space \
          `Shared-Notebooks` in `risk` (map-shared-space)\n  expected a space of its own for each \
          team of a domain\n  give one of them another `space`"]
    );
    assert_eq!(roles(&teams("fraud-notebooks", "risk")).len(), 2);
    assert_eq!(roles(&teams("shared-notebooks", "elsewhere")).len(), 2);
    // Without a persona there is no wall that goes by the name.
    let own = "execution_role: \"arn:aws:iam::{account_id}:role/studio-{team}\"";
    let without = |teams: &str| teams.replace("persona: mlops", own);
    assert_eq!(roles(&without(&teams("shared-notebooks", "risk"))).len(), 0);
    let one = teams("shared-notebooks", "risk").replacen("persona: mlops", own, 1);
    assert_eq!(refused(&one).len(), 1);
}

#[test]
fn map_role_too_large() {
    let buckets: Vec<String> = (0..1200).map(|n| format!("bucket-{n:056}")).collect();
    let found = authorisation(&map(&format!(
        "teams:\n  fraud: {{ domain: research, persona: data-scientist, network: office, buckets: \
         [{}] }}\n",
        buckets.join(", ")
    )))
    .unwrap_err();
    let [error] = found.as_slice() else { panic!("{found:?}") };
    assert!(
        error.to_string().starts_with(
            "access.yaml:10:3: IAM does not take the role \
             `arn:aws:iam::111122223333:role/stagedoor-fraud` of the team `fraud`: the statements \
             fill "
        ) && error.to_string().ends_with(
            "(map-role-too-large)\n  give its persona fewer activities, or name fewer resources"
        ),
        "{error}"
    );
}

#[test]
fn the_lint_finds_nothing_but_notes() {
    for (persona, settings) in [
        ("data-scientist", BUCKETS),
        ("mlops", "    space: fraud-lab\n    instance_types: [\"ml.t3.*\"]\n"),
        ("compute", BUCKETS),
    ] {
        let role = of_persona(persona, settings);
        let identity = role.policies().map(|policy| (&policy.document, Kind::Identity));
        let documents: Vec<_> = identity.chain([(&role.trust, Kind::Trust)]).collect();
        for finding in lint_all(&documents).into_iter().flatten() {
            assert_eq!(finding.rule.severity(), Severity::Note, "{persona}: {}", finding.message);
        }
    }
}

/// What the role denies, and everything else allowed: its own grants and whatever anybody may add.
fn widened(role: &Role) -> Documents {
    let wide = Statement::allow("Wide").actions(["*"]).resources(["*"]);
    let statements = role.policies().flat_map(|policy| policy.document.statements.clone());
    let denied = statements.filter(|statement| statement.effect == Effect::Deny);
    Documents::of([Document::new(denied.chain([wide]))])
}

#[test]
fn over_all_requests_nothing_of_another_teams_is_allowed_whatever_is_added() {
    const TEAM: &str = "aws:ResourceTag/stagedoor:team";
    for (persona, settings) in [
        ("data-scientist", BUCKETS),
        ("mlops", "    space: fraud-lab\n    instance_types: [\"ml.t3.*\"]\n"),
        ("compute", BUCKETS),
    ] {
        let role = of_persona(persona, settings);
        let subject = Subject::new(role.arn().as_str());
        let sagemaker = |sid: &str| Statement::allow(sid).actions(["sagemaker:*"]).resources(["*"]);
        let others = sagemaker("Others").when("StringNotEquals", TEAM, ["fraud"]).when(
            "Null",
            TEAM,
            ["false"],
        );
        let claims = [
            ("of another team", others),
            (
                "made for another team",
                sagemaker("Made")
                    .when("StringNotEquals", "aws:RequestTag/stagedoor:team", ["fraud"])
                    .when("Null", "aws:RequestTag/stagedoor:team", ["false"]),
            ),
            (
                "untagging",
                Statement::allow("Untag").actions(["sagemaker:DeleteTags"]).resources(["*"]).when(
                    "ForAnyValue:StringEqualsIgnoreCase",
                    "aws:TagKeys",
                    ["stagedoor:team"],
                ),
            ),
            (
                "another role",
                Statement::allow("Pass").actions(["iam:PassRole"]).not_resources([role.arn()]),
            ),
        ];
        for (name, about) in claims {
            let claim = Claim {
                name: name.to_owned(),
                about: Some(Document::new([about])),
                demand: Demand::Never,
                still: None,
            };
            let verdict = prove(&subject, &widened(&role), &claim, 1);
            assert!(matches!(verdict, Verdict::Proved { .. }), "{persona} {name}: {verdict:?}");
        }
    }
}
