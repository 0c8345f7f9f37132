//! The policies that teams copy today, and each of their known holes: found by the lint, or shown by a
//! request that is decided as it should not be.

use iam_policy::Document;
use iam_policy::evaluate::{Compiled, Decision, Policies};
use iam_policy::lint::{Finding, Kind, Rule, lint, lint_all, lint_attachments};
use iam_policy::request::Request;
use std::sync::Arc;

const MODEL: &str = "arn:aws:sagemaker:us-east-1:111122223333:model/fraud";
const PROFILE: &str = "arn:aws:sagemaker:us-east-1:111122223333:user-profile/d-abc/ana";
const TEAM1: &str =
    "arn:aws:sts::111122223333:assumed-role/SageMakerStudioExecutionRoleTeam1-ABC123/SageMaker";
const BACKEND: &str =
    "arn:aws:sts::111122223333:assumed-role/SAMLBackendLambdaExecutionRole/backend";

macro_rules! source {
    ($($name:ident = $file:literal;)*) => {
        $(const $name: &str = include_str!(concat!("../data/sources/", $file));)*
    };
}

source! {
    DENIED = "001/SageMakerDeniedServicesPolicy.json";
    READ_ONLY = "001/SageMakerReadOnlyPolicy.json";
    SUPPORTING = "001/SageMakerAccessSupportingServicesPolicy.json";
    DEVELOPER = "001/SageMakerStudioDeveloperAccessPolicy.json";
    PERMISSIONS = "001/SageMakerPermissionsPolicy.json";
    RESTRICT = "001/RestrictSageMakerToCIDRPolicy.json";
    PASS_ROLE = "001/PassExecutionRole.json";
    VPC = "001/AccessVPCResources.json";
    SETUP = "001/SetupLambdaExecutionPolicy.json";
    TRUST_SAGEMAKER = "001/TrustSageMaker.json";
    TRUST_LAMBDA = "001/TrustLambda.json";
    SOURCE_VPC = "004/SourceVpc.json";
    SOURCE_VPCE = "004/SourceVpce.json";
    SOURCE_IP = "004/SourceIp.json";
    VPC_SOURCE_IP = "004/VpcSourceIp.json";
    CIDR_DENY = "004/CidrDeny.json";
    SCP = "004/Scp.json";
}

fn findings(text: &str, kind: Kind) -> Vec<Finding> {
    lint(&Document::parse(text).unwrap(), kind)
}

/// Codes and places of what weighs more than a note.
fn found(text: &str, kind: Kind) -> Vec<(&'static str, String)> {
    let all = findings(text, kind).into_iter();
    let weighty = all.filter(|f| f.rule.severity() < iam_policy::lint::Severity::Note);
    weighty.map(|f| (f.rule.code(), f.pointer)).collect()
}

fn has(text: &str, rule: Rule, pointer: &str) -> bool {
    findings(text, Kind::Identity).iter().any(|f| f.rule == rule && f.pointer == pointer)
}

fn policies(texts: &[&str]) -> Policies {
    let compile = |text: &&str| Arc::new(Compiled::parse(text).unwrap());
    Policies { identity: texts.iter().map(compile).collect(), ..Policies::default() }
}

fn team_role() -> Policies {
    policies(&[READ_ONLY, SUPPORTING, DEVELOPER, DENIED])
}

fn of_team1(action: &str, resource: &str) -> Request {
    Request::new(TEAM1, action, resource).with("aws:PrincipalTag/Team", ["Team1"])
}

fn decide(policies: &Policies, request: &Request) -> Decision {
    policies.decide(request).decision
}

#[test]
fn source_001_lets_a_team_retag_another_teams_resource_and_delete_it() {
    let places: Vec<_> = found(DEVELOPER, Kind::Identity)
        .into_iter()
        .filter(|(code, _)| *code == "tagging-undermines-abac")
        .collect();
    assert_eq!(places, [("tagging-undermines-abac", "/Statement/3/Action/0".to_owned())]);

    let (role, delete) = (team_role(), of_team1("sagemaker:DeleteModel", MODEL));
    let of = |team: &str| delete.clone().with("sagemaker:ResourceTag/Team", [team]);
    assert_eq!(decide(&role, &of("Team2")), Decision::ImplicitlyDenied);
    let retag = of_team1("sagemaker:AddTags", MODEL)
        .with("sagemaker:ResourceTag/Team", ["Team2"])
        .with("aws:RequestTag/Team", ["Team1"])
        .with("aws:TagKeys", ["Team"]);
    assert_eq!(decide(&role, &retag), Decision::Allowed);
    assert_eq!(decide(&role, &of("Team1")), Decision::Allowed);
}

#[test]
fn source_001_calls_it_read_only_and_deletes_apps_of_anybody() {
    assert!(has(READ_ONLY, Rule::LeadingWildcard, "/Statement/2/Action/0"));
    assert!(has(READ_ONLY, Rule::AppsOfOthers, "/Statement/2/Action/0"));
    let app = "arn:aws:sagemaker:us-east-1:111122223333:app/d-abc/bob/jupyterlab/default";
    let request =
        of_team1("sagemaker:DeleteApp", app).with("sagemaker:ResourceTag/Team", ["Team2"]);
    assert_eq!(decide(&policies(&[READ_ONLY, DENIED]), &request), Decision::Allowed);
}

#[test]
fn source_001_roles_cannot_pass_themselves() {
    assert!(has(DEVELOPER, Rule::PassroleWildcard, "/Statement/1/Resource/0"));
    let pass = |role: &str| {
        let arn = format!("arn:aws:iam::111122223333:role/{role}");
        of_team1("iam:PassRole", &arn).with("iam:PassedToService", ["sagemaker.amazonaws.com"])
    };
    let role = team_role();
    let own = pass("SageMakerStudioExecutionRoleTeam1-ABC123");
    assert_eq!(decide(&role, &own), Decision::ImplicitlyDenied);
    assert_eq!(decide(&role, &pass("AdminOfAmazonSageMaker")), Decision::Allowed);
}

#[test]
fn source_001_shares_every_bucket_that_is_called_so() {
    for resource in 0..3 {
        let place = format!("/Statement/0/Resource/{resource}");
        assert!(has(SUPPORTING, Rule::ForeignBuckets, &place), "{place}");
    }
    let put = |bucket: &str| of_team1("s3:PutObject", &format!("arn:aws:s3:::{bucket}/x"));
    let role = team_role();
    assert_eq!(decide(&role, &put("sagemaker-team2")), Decision::Allowed);
    // A stranger opens a bucket of a fitting name, and data leaves.
    let bucket = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*",
        "Action": "s3:PutObject", "Resource": "arn:aws:s3:::strangers-sagemaker-drop/*"}]}"#;
    let opened = Some(Arc::new(Compiled::parse(bucket).unwrap()));
    let stranger = put("strangers-sagemaker-drop").in_account("999988887777");
    assert_eq!(decide(&Policies { resource: opened, ..role }, &stranger), Decision::Allowed);
}

#[test]
fn source_001_lets_repositories_and_logs_be_shared_with_anybody() {
    assert!(has(SUPPORTING, Rule::PermissionsManagement, "/Statement/2/Action/0"));
    assert!(has(SUPPORTING, Rule::PermissionsManagement, "/Statement/3/Action/12"));
    let request =
        of_team1("ecr:SetRepositoryPolicy", "arn:aws:ecr:us-east-1:111122223333:repository/team2");
    assert_eq!(decide(&team_role(), &request), Decision::Allowed);
}

#[test]
fn source_001_grants_describing_what_has_no_arn() {
    for (statement, actions) in [(3, 7), (4, 1)] {
        for action in 0..actions {
            let place = format!("/Statement/{statement}/Action/{action}");
            assert!(has(READ_ONLY, Rule::NeedsAnyResource, &place), "{place}");
        }
    }
    let request = of_team1("ec2:DescribeVpcs", "*");
    assert_eq!(decide(&team_role(), &request), Decision::ImplicitlyDenied);
}

#[test]
fn source_001_tags_on_creation_shut_out_what_takes_no_tags() {
    let all = findings(DEVELOPER, Kind::Identity);
    let note = all.iter().find(|f| f.rule == Rule::KeyPartlyAbsent).unwrap();
    assert_eq!(note.pointer, "/Statement/4/Condition/ForAnyValue:StringEquals/aws:TagKeys");
    assert!(note.message.contains("`sagemaker:CreateImageVersion`"), "{}", note.message);
    // So nobody presigns, their own profile neither: new Studio does not open.
    assert_eq!(
        decide(&team_role(), &of_team1("sagemaker:CreatePresignedDomainUrl", PROFILE)),
        Decision::ImplicitlyDenied
    );
}

#[test]
fn source_001_leaves_the_own_profile_to_its_owner() {
    // Denied are creating and deleting profiles; changing one, and so its execution role, is not.
    let request = of_team1("sagemaker:UpdateUserProfile", PROFILE)
        .with("sagemaker:ResourceTag/Team", ["Team1"]);
    assert_eq!(decide(&team_role(), &request), Decision::Allowed);
}

#[test]
fn source_001_backend_signs_in_as_anybody_from_anywhere() {
    assert_eq!(
        found(PERMISSIONS, Kind::Identity),
        [
            ("needs-any-resource", "/Statement/0/Action/1".to_owned()),
            ("presign-any-profile", "/Statement/0/Action/0".to_owned()),
            ("presign-from-anywhere", "/Statement/0/Action/0".to_owned()),
            ("unconditional-tagging", "/Statement/0/Action/4".to_owned()),
        ]
    );
    assert_eq!(
        found(PASS_ROLE, Kind::Identity),
        [("passrole-any-service", "/Statement/0/Action/0".to_owned())]
    );
    assert_eq!(found(VPC, Kind::Identity), []);
}

#[test]
fn source_001_range_lets_foreign_networks_with_the_same_addresses_pass() {
    let place = "/Statement/0/Condition/NotIpAddress/aws:VpcSourceIp".to_owned();
    assert_eq!(
        found(RESTRICT, Kind::Identity),
        [("vpc-source-ip-without-vpc", place.clone()), ("any-network", place)]
    );
    let restricted = RESTRICT.replace("0.0.0.0/0", "10.0.0.0/19");
    let backend = policies(&[PERMISSIONS, &restricted]);
    let from = |vpc: &str, address: &str| {
        Request::new(BACKEND, "sagemaker:CreatePresignedDomainUrl", PROFILE)
            .with("aws:SourceVpc", [vpc])
            .with("aws:VpcSourceIp", [address])
    };
    assert_eq!(decide(&backend, &from("vpc-own", "10.0.0.7")), Decision::Allowed);
    assert_eq!(decide(&backend, &from("vpc-own", "10.9.0.7")), Decision::ExplicitlyDenied);
    assert_eq!(decide(&backend, &from("vpc-strangers", "10.0.0.7")), Decision::Allowed);
}

#[test]
fn source_001_network_rule_answers_for_the_missing_one() {
    let documents = [PERMISSIONS, RESTRICT].map(|text| Document::parse(text).unwrap());
    let [permissions, restrict] = &documents;
    let together = lint_all(&[(permissions, Kind::Identity), (restrict, Kind::Identity)]);
    let codes: Vec<_> = together[0].iter().map(|f| f.rule.code()).collect();
    assert_eq!(codes, ["needs-any-resource", "presign-any-profile", "unconditional-tagging"]);
}

#[test]
fn source_001_setup_changes_every_domain_of_every_account() {
    let codes: Vec<_> = found(SETUP, Kind::Identity).into_iter().map(|(code, _)| code).collect();
    assert_eq!(
        codes,
        [
            "unknown-action",
            "needs-any-resource",
            "needs-any-resource",
            "needs-any-resource",
            "apps-of-others",
            "needs-any-resource",
            "passrole-any-service",
        ]
    );
}

#[test]
fn source_001_trusts_services_on_anybodys_behalf() {
    let notes = |text: &str| -> Vec<&str> {
        findings(text, Kind::Trust).iter().map(|f| f.rule.code()).collect()
    };
    assert_eq!(notes(TRUST_SAGEMAKER), ["service-trust-without-source"]);
    assert_eq!(notes(TRUST_LAMBDA), Vec::<&str>::new());
    assert_eq!(found(DENIED, Kind::Identity), []);
}

#[test]
fn source_001_api_is_open_to_the_world() {
    let policy = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*",
        "Action": "execute-api:Invoke", "Resource": "arn:aws:execute-api:us-east-1:111122223333:a1b2c3/*"}]}"#;
    assert_eq!(
        found(policy, Kind::Resource),
        [("public-access", "/Statement/0/Principal".to_owned())]
    );
}

#[test]
fn source_004_execution_role_may_do_nearly_everything() {
    let found = lint_attachments(&["arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"]);
    assert_eq!(found[0].rule, Rule::SagemakerFullAccess);
    let buckets = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], "Resource": "arn:aws:s3:::*"}]}"#;
    assert!(has(buckets, Rule::ForeignBuckets, "/Statement/0/Resource/0"));
}

#[test]
fn source_004_says_one_profile_and_means_all() {
    assert_eq!(
        found(CIDR_DENY, Kind::Identity),
        [
            ("presign-any-profile", "/Statement/0/Action/0".to_owned()),
            (
                "vpc-source-ip-without-vpc",
                "/Statement/1/Condition/NotIpAddress/aws:VpcSourceIp".to_owned()
            ),
        ]
    );
}

#[test]
fn source_004_scp_lets_foreign_networks_pass_and_all_else_fail() {
    assert_eq!(
        found(SCP, Kind::Scp),
        [
            ("scp-allows-less", "/Statement/0/Effect".to_owned()),
            (
                "vpc-source-ip-without-vpc",
                "/Statement/1/Condition/NotIpAddress/aws:VpcSourceIp".to_owned()
            ),
        ]
    );
    let account =
        Policies { scp: vec![vec![Arc::new(Compiled::parse(SCP).unwrap())]], ..policies(&[VPC]) };
    let request = Request::new(BACKEND, "ec2:DescribeVpcs", "*");
    assert_eq!(decide(&account, &request), Decision::ImplicitlyDenied);
    assert_eq!(decide(&policies(&[VPC]), &request), Decision::Allowed);
}

#[test]
fn source_004_network_variants_are_judged_one_by_one() {
    let any = ("presign-any-profile", "/Statement/0/Action/0".to_owned());
    for text in [SOURCE_VPC, SOURCE_IP, VPC_SOURCE_IP] {
        assert_eq!(found(text, Kind::Identity), std::slice::from_ref(&any));
    }
    let set = "/Statement/0/Condition/ForAnyValue:StringEquals/aws:sourceVpce".to_owned();
    assert_eq!(found(SOURCE_VPCE, Kind::Identity), [("set-operator-on-single-value", set), any]);
}

#[test]
fn source_004_prints_arns_with_blanks_in_them() {
    let printed = CIDR_DENY.replace("us-east-1:111122223333:user", "us-east-1: 111122223333:user");
    let places: Vec<_> = found(&printed, Kind::Identity)
        .into_iter()
        .filter(|(code, _)| *code == "whitespace")
        .collect();
    assert_eq!(
        places,
        [
            ("whitespace", "/Statement/0/Resource/0".to_owned()),
            ("whitespace", "/Statement/1/Resource/0".to_owned()),
        ]
    );
}
