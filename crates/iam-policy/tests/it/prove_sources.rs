//! The policies that teams copy today: each hole that no lint sees, refuted by a request.

use iam_policy::persona::Conditions;
use iam_policy::prove::{Claim, Documents, Owner, PRESIGN, Subject, Verdict, Witness, prove};
use iam_policy::request::Request;
use iam_policy::{Document, Statement};

const TEAM1: &str = "arn:aws:iam::111122223333:role/SageMakerStudioExecutionRoleTeam1-ABC123";
const BACKEND: &str = "arn:aws:iam::111122223333:role/SAMLBackendLambdaExecutionRole";

macro_rules! source {
    ($file:literal) => {
        Document::parse(include_str!(concat!("../data/sources/", $file))).unwrap()
    };
}

/// The execution role of a team of source 001, with all its policies.
fn team_role() -> Documents {
    Documents::of([
        source!("001/SageMakerReadOnlyPolicy.json"),
        source!("001/SageMakerAccessSupportingServicesPolicy.json"),
        source!("001/SageMakerStudioDeveloperAccessPolicy.json"),
        source!("001/SageMakerDeniedServicesPolicy.json"),
    ])
}

fn team1() -> Subject {
    Subject::new(TEAM1).knowing("aws:PrincipalTag/Team", ["Team1"])
}

/// Requests of these actions under such conditions.
fn requests(actions: &[&str], conditions: impl Fn(Statement) -> Statement) -> Document {
    let about = Statement::allow("About").actions(actions.iter().copied()).resources(["*"]);
    Document::new([conditions(about)])
}

#[track_caller]
fn refuted(subject: &Subject, policies: &Documents, claim: &Claim) -> Request {
    match prove(subject, policies, claim, 1) {
        Verdict::Refuted { mut witnesses, .. } => {
            let Witness { request, answer } = witnesses.remove(0);
            assert!(answer.is_allowed());
            request
        }
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn proved(subject: &Subject, policies: &Documents, claim: &Claim) {
    let verdict = prove(subject, policies, claim, 1);
    assert!(matches!(verdict, Verdict::Proved { .. }), "{verdict:?}");
}

fn of_team2(statement: Statement) -> Statement {
    statement.when("StringEquals", "aws:ResourceTag/Team", ["Team2"])
}

#[test]
fn a_team_retags_the_resources_of_another_team() {
    let about = requests(&["sagemaker:AddTags"], of_team2);
    let request = refuted(&team1(), &team_role(), &Claim::never("no retagging", about));
    assert_eq!(request.action(), "sagemaker:AddTags");
    assert_eq!(request.values("aws:resourcetag/team").unwrap(), ["Team2"]);
}

#[test]
fn a_team_that_has_retagged_a_resource_deletes_it_and_without_that_it_could_not() {
    let deletes =
        |statement: Statement| statement.when("StringEquals", "aws:ResourceTag/Team", ["Team1"]);
    let about = requests(&["sagemaker:DeleteModel"], deletes);
    refuted(&team1(), &team_role(), &Claim::never("no deleting", about));
    // The tag is all that protects it.
    let about = requests(&["sagemaker:DeleteModel"], of_team2);
    proved(&team1(), &team_role(), &Claim::never("no deleting", about));
}

#[test]
fn every_team_retags_what_is_every_other_teams_whatever_teams_there_will_be() {
    let owner = Owner {
        tag_key: "Team".into(),
        value: "${aws:PrincipalTag/Team}".into(),
        role: None,
        others: Vec::new(),
    };
    // Nothing is known of the role's tag: it is any team's.
    let claim = Claim::team_apart("teams are apart", &owner);
    let request = refuted(&Subject::new(TEAM1), &team_role(), &claim);
    let (own, other) = ("aws:principaltag/team", "aws:resourcetag/team");
    assert_ne!(request.values(own), request.values(other));
}

#[test]
fn a_team_deletes_the_apps_of_others() {
    let about = requests(&["sagemaker:DeleteApp"], of_team2);
    let request = refuted(&team1(), &team_role(), &Claim::never("others' apps", about));
    assert_eq!(request.action(), "sagemaker:DeleteApp");
    assert!(request.resource().starts_with("arn:aws:sagemaker:"), "{request:?}");
}

#[test]
fn a_team_reads_the_buckets_of_others() {
    let mut about = Statement::allow("About").actions(["s3:GetObject"]);
    about = about.resources(["arn:aws:s3:::sagemaker-team2/*"]);
    let claim = Claim::never("others' data", Document::new([about]));
    let request = refuted(&team1(), &team_role(), &claim);
    assert!(request.resource().starts_with("arn:aws:s3:::sagemaker-team2/"));
}

#[test]
fn a_team_cannot_pass_its_own_role_so_its_jobs_fail() {
    let about = Statement::allow("About").actions(["iam:PassRole"]).resources([TEAM1]).when(
        "StringEquals",
        "iam:PassedToService",
        ["sagemaker.amazonaws.com"],
    );
    let about = Document::new([about]);
    proved(&team1(), &team_role(), &Claim::never("passes itself", about.clone()));
    let claim = Claim::always("passes itself", about);
    let Verdict::Refuted { witnesses, .. } = prove(&team1(), &team_role(), &claim, 1) else {
        panic!("it passes itself")
    };
    assert!(!witnesses[0].answer.is_allowed());
}

#[test]
fn a_create_without_a_team_tag_is_taken_for_one_with_if_a_tag_key_is_sent_in_other_case() {
    // `aws:TagKeys` is compared with case, the tag itself without.
    let about = requests(&["sagemaker:CreateModel"], |statement| {
        statement.when("StringNotEquals", "aws:RequestTag/Team", ["Team1"]).when(
            "Null",
            "aws:RequestTag/Team",
            ["false"],
        )
    });
    proved(&team1(), &team_role(), &Claim::never("made for others", about));
}

/// The role that makes links, held to a range of addresses as source 001 and 004 do it.
fn backend(restriction: Document) -> Documents {
    Documents::of([source!("001/SageMakerPermissionsPolicy.json"), restriction])
}

/// Conditions of which all must hold.
fn when(tests: &[(&str, &str, &str)]) -> Conditions {
    let statement = Statement::allow("Origin");
    tests.iter().fold(statement, |s, (op, key, value)| s.when(*op, *key, [*value])).condition
}

#[test]
fn a_foreign_vpc_with_the_same_private_range_makes_links() {
    let office = when(&[
        ("IpAddress", "aws:VpcSourceIp", "10.100.10.0/24"),
        ("StringEquals", "aws:SourceVpc", "vpc-0office"),
    ]);
    let claim = Claim::presign_only_from("from the office", &[office]);
    let policies = Documents::of([source!("004/CidrDeny.json")]);
    let request = refuted(&Subject::new(BACKEND), &policies, &claim);
    assert_eq!(request.action(), PRESIGN);
    assert_eq!(request.values("aws:vpcsourceip").unwrap(), ["10.100.10.0"]);
    assert_ne!(request.values("aws:sourcevpc").unwrap_or_default(), ["vpc-0office"]);
    // The range alone is kept.
    let range = when(&[("IpAddress", "aws:VpcSourceIp", "10.100.10.0/24")]);
    let claim = Claim::presign_only_from("from the range", &[range]);
    proved(&Subject::new(BACKEND), &policies, &claim);
}

#[test]
fn the_default_range_of_the_template_restricts_to_nothing_but_endpoints() {
    let policies = backend(source!("001/RestrictSageMakerToCIDRPolicy.json"));
    let office = when(&[("IpAddress", "aws:VpcSourceIp", "10.100.10.0/24")]);
    let claim = Claim::presign_only_from("from the office", &[office]);
    let request = refuted(&Subject::new(BACKEND), &policies, &claim);
    assert_eq!(request.values("aws:vpcsourceip").unwrap(), ["0.0.0.0"]);
}

#[test]
fn links_are_made_for_every_profile_not_for_a_specific_one() {
    let others = Statement::allow("Others")
        .actions([PRESIGN])
        .not_resources(["arn:aws:sagemaker:us-east-1:111122223333:user-profile/d-abc/ana"]);
    let policies = Documents::of([source!("004/CidrDeny.json")]);
    let claim = Claim::never("only ana's", Document::new([others]));
    let request = refuted(&Subject::new(BACKEND), &policies, &claim);
    assert!(request.resource().contains(":user-profile/"), "{}", request.resource());
}

#[test]
fn the_documented_pairings_are_proved_each_for_its_own_network() {
    for (document, network) in [
        (source!("004/SourceVpc.json"), when(&[("StringEquals", "aws:SourceVpc", "vpc-111bbaaa")])),
        (
            source!("004/SourceVpce.json"),
            when(&[("StringLike", "aws:SourceVpce", "vpce-111bb?d?")]),
        ),
        (source!("004/SourceIp.json"), when(&[("IpAddress", "aws:SourceIp", "192.0.2.0/24")])),
        (
            source!("004/VpcSourceIp.json"),
            when(&[
                ("IpAddress", "aws:VpcSourceIp", "192.0.2.0/24"),
                ("StringEquals", "aws:SourceVpc", "vpc-111bbaaa"),
            ]),
        ),
    ] {
        // The documents name two networks where one is claimed; the other refutes, both are proved.
        let policies = Documents::of([document]);
        let claim = Claim::presign_only_from("x", std::slice::from_ref(&network));
        let verdict = prove(&Subject::new(BACKEND), &policies, &claim, 1);
        let alone = network.values().flat_map(|keys| keys.keys()).all(|key| key == "aws:SourceVpc");
        assert_eq!(matches!(verdict, Verdict::Proved { .. }), alone, "{network:?} {verdict:?}");
        let also = [
            network,
            when(&[("IpAddress", "aws:SourceIp", "203.0.113.0/24")]),
            when(&[("StringEquals", "aws:SourceVpce", "vpce-111bbccc")]),
            when(&[
                ("IpAddress", "aws:VpcSourceIp", "203.0.113.0/24"),
                ("StringEquals", "aws:SourceVpc", "vpc-111bbaaa"),
            ]),
        ];
        let claim = Claim::presign_only_from("x", &also);
        let verdict = prove(&Subject::new(BACKEND), &policies, &claim, 1);
        assert!(matches!(verdict, Verdict::Proved { .. }), "{verdict:?}");
    }
}

#[test]
fn a_control_policy_that_allows_only_sagemaker_closes_everything_else() {
    let claim = Claim::never("no buckets", requests(&["s3:GetObject"], |statement| statement));
    let open = team_role();
    refuted(&team1(), &open, &claim);
    let closed = Documents { scp: vec![vec![source!("004/Scp.json")]], ..open };
    proved(&team1(), &closed, &claim);
}
