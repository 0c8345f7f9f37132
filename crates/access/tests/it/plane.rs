//! Stagedoor's own roles and what closes other ways in: what they let through and what not, decided
//! by the evaluator.

use access::authorisation::authorisation;
use access::map::{AccessMap, Source, parse};
use iam_policy::bundle::{Bundle, Role, RoleKind};
use iam_policy::document::Limit;
use iam_policy::evaluate::{Compiled, Decision, Policies};
use iam_policy::lint::{Kind, lint};
use iam_policy::request::Request;
use iam_policy::{Document, Statement};
use std::sync::Arc;

pub(crate) const MAP: &str = include_str!("plane.yaml");

const ALLOWED: Decision = Decision::Allowed;
const DENIED: Decision = Decision::ImplicitlyDenied;
const FORBIDDEN: Decision = Decision::ExplicitlyDenied;

const FRAUD: &str = "arn:aws:sagemaker:eu-west-1:111122223333:user-profile/d-research/ana--fraud";
const PRICING: &str = "arn:aws:sagemaker:eu-west-1:444455556666:user-profile/d-risk/ana--pricing";
const HUB: &str = "arn:aws:iam::111122223333:role/ops/stagedoor";
pub(crate) const SPOKE: &str = "arn:aws:iam::444455556666:role/access/StagedoorSpoke";
pub(crate) const LINKS: &str = "arn:aws:iam::444455556666:role/access/StagedoorLinks";
const PRESIGN: &str = "sagemaker:CreatePresignedDomainUrl";

pub(crate) fn map(text: &str) -> AccessMap {
    match parse(&[Source { name: "access.yaml".into(), text: text.into() }]) {
        Ok(map) => map,
        Err(errors) => panic!("{errors}"),
    }
}

pub(crate) fn bundle() -> Bundle {
    authorisation(&map(MAP)).unwrap()
}

fn compiled(document: &Document) -> Arc<Compiled> {
    Arc::new(Compiled::new(document).unwrap())
}

pub(crate) fn role(bundle: &Bundle, arn: &str) -> Role {
    bundle.roles.iter().find(|role| role.arn() == arn).unwrap().clone()
}

/// What the role's own policies say.
pub(crate) fn decide(role: &Role, request: &Request) -> Decision {
    let identity = role.policies().map(|policy| compiled(&policy.document)).collect();
    Policies { identity, ..Policies::default() }.decide(request).decision
}

/// What is left of a request that everything else allows.
pub(crate) fn guarded(bundle: &Bundle, account: &str, request: &Request) -> Decision {
    let all = compiled(&Document::new([Statement::allow("All").actions(["*"]).resources(["*"])]));
    let own = bundle.scps.iter().filter(|policy| policy.accounts.contains(account));
    let mut level: Vec<_> = own.map(|policy| compiled(&policy.document)).collect();
    level.push(all.clone());
    let policies = Policies { identity: vec![all], scp: vec![level], ..Policies::default() };
    policies.decide(request).decision
}

/// A request to make a link for a profile of this installation.
fn link(role: &str, profile: &str) -> Request {
    let team = profile.rsplit("--").next().unwrap();
    Request::new(role, PRESIGN, profile)
        .with("aws:ResourceTag/stagedoor:instance", ["main"])
        .with("aws:ResourceTag/stagedoor:team", [team])
}

#[test]
fn each_role_is_there_with_its_kind_and_its_features() {
    let bundle = bundle();
    let plane = bundle.roles.iter().filter(|r| !matches!(r.kind, RoleKind::Execution { .. }));
    let found: Vec<_> = plane
        .map(|role| {
            let policies: Vec<&str> = role.policies().map(|policy| policy.name.as_str()).collect();
            (role.kind.clone(), role.arn(), policies.join(" "))
        })
        .collect();
    let there = "StagedoorObserve StagedoorProvision StagedoorDeprovision StagedoorHandOver";
    assert_eq!(
        found,
        [
            (
                RoleKind::Hub,
                HUB.to_owned(),
                format!(
                    "StagedoorDirectory StagedoorSpokes StagedoorEvents StagedoorSecrets {there} \
                     StagedoorSignIn StagedoorDiagnose"
                )
            ),
            (RoleKind::Presign, LINKS.to_owned(), "StagedoorSignIn".to_owned()),
            (
                RoleKind::Spoke,
                SPOKE.to_owned(),
                format!(
                    "{} StagedoorDiagnose",
                    there.replace("StagedoorProvision", "StagedoorProvision StagedoorAdopt")
                )
            ),
        ]
    );
}

#[test]
fn only_the_hub_gets_into_the_roles_of_other_accounts_with_the_external_id() {
    let bundle = bundle();
    let assume = |arn: &str, by: &str, id: Option<&str>| {
        let trust = Some(compiled(&role(&bundle, arn).trust));
        let any =
            compiled(&Document::new([Statement::allow("All").actions(["sts:*"]).resources(["*"])]));
        let policies = Policies { identity: vec![any], resource: trust, ..Policies::default() };
        let request = Request::new(by, "sts:AssumeRole", arn).with("sts:ExternalId", id);
        policies.decide(&request).decision
    };
    assert_eq!(assume(SPOKE, HUB, Some("7f1c")), ALLOWED);
    assert_eq!(assume(SPOKE, HUB, Some("9a2b")), DENIED);
    assert_eq!(assume(SPOKE, HUB, None), DENIED);
    assert_eq!(assume(LINKS, HUB, Some("9a2b")), ALLOWED);
    assert_eq!(assume(LINKS, "arn:aws:iam::111122223333:role/other", Some("9a2b")), DENIED);
    let named = |arn: &str| {
        let trust = role(&bundle, arn).trust;
        trust.statements.iter().any(|s| s.covers_action("sts:SetSourceIdentity"))
    };
    assert!(named(SPOKE) && !named(LINKS), "only where the map says so");
}

#[test]
fn session_tags_pass_where_the_hubs_service_brings_some() {
    for (service, decided) in [("eks-pods", ALLOWED), ("ecs-tasks", DENIED)] {
        let text = MAP.replace("service: ecs-tasks", &format!("service: {service}"));
        let bundle = authorisation(&map(&text)).unwrap();
        let hub = role(&bundle, HUB);
        for arn in [SPOKE, LINKS] {
            let request = Request::new(HUB, "sts:TagSession", arn);
            let trust = Some(compiled(&role(&bundle, arn).trust));
            let identity = hub.policies().map(|p| compiled(&p.document)).collect::<Vec<_>>();
            let open = |document| vec![compiled(&document)];
            let all = || Document::new([Statement::allow("A").actions(["sts:*"]).resources(["*"])]);
            let of_trust =
                Policies { identity: open(all()), resource: trust, ..Policies::default() };
            assert_eq!(of_trust.decide(&request).decision, decided, "{service}: trust of {arn}");
            let everybody = Statement::allow("A").everybody().actions(["sts:*"]);
            let resource = Some(compiled(&Document::new([everybody])));
            let of_hub = Policies { identity, resource, ..Policies::default() };
            assert_eq!(of_hub.decide(&request).decision, decided, "{service}: hub to {arn}");
        }
    }
}

#[test]
fn the_hub_assumes_the_roles_of_the_map_and_no_other() {
    let hub = role(&bundle(), HUB);
    // Every role lets it in: what the hub may is its own policies' business.
    let open = compiled(&Document::new([Statement::allow("All").everybody().actions(["sts:*"])]));
    let assume = |arn: &str| {
        let identity = hub.policies().map(|policy| compiled(&policy.document)).collect();
        let policies = Policies { identity, resource: Some(open.clone()), ..Policies::default() };
        policies.decide(&Request::new(HUB, "sts:AssumeRole", arn)).decision
    };
    assert_eq!((assume(SPOKE), assume(LINKS)), (ALLOWED, ALLOWED));
    assert_eq!(assume("arn:aws:iam::444455556666:role/access/Other"), DENIED);
    assert_eq!(assume("arn:aws:iam::444455556666:role/studio-pricing"), DENIED);
    let read = |arn: &str| decide(&hub, &Request::new(HUB, "secretsmanager:GetSecretValue", arn));
    let secret = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:stagedoor-sp-a1b2c3";
    assert_eq!(read(secret), ALLOWED);
    assert_eq!(read("arn:aws:secretsmanager:eu-west-1:111122223333:secret:other-a1b2c3"), DENIED);
}

#[test]
fn an_execution_role_is_passed_to_sagemaker_alone_and_only_the_maps() {
    let spoke = role(&bundle(), SPOKE);
    let pass = |role: &str, service: &str| {
        let request = Request::new(SPOKE, "iam:PassRole", role);
        decide(&spoke, &request.with("iam:PassedToService", [service]))
    };
    let own = "arn:aws:iam::444455556666:role/studio-pricing";
    assert_eq!(pass(own, "sagemaker.amazonaws.com"), ALLOWED);
    assert_eq!(pass(own, "ec2.amazonaws.com"), DENIED);
    for other in ["studio-fraud", "Administrator", "studio-pricing-x"] {
        let role = format!("arn:aws:iam::444455556666:role/{other}");
        assert_eq!(pass(&role, "sagemaker.amazonaws.com"), DENIED, "{other}");
    }
}

#[test]
fn no_profile_without_stagedoors_tag_is_touched() {
    let spoke = role(&bundle(), SPOKE);
    let tagged = |action: &str, instance: Option<&str>| {
        let request = Request::new(SPOKE, action, PRICING);
        decide(&spoke, &request.with("aws:ResourceTag/stagedoor:instance", instance))
    };
    for action in ["UpdateUserProfile", "DeleteUserProfile", "AddTags", "DeleteTags"] {
        let action = format!("sagemaker:{action}");
        assert_eq!(tagged(&action, Some("main")), ALLOWED, "{action}");
        assert_eq!(tagged(&action, Some("other")), DENIED, "{action}");
        assert_eq!(tagged(&action, None), DENIED, "{action}");
    }
    let elsewhere = PRICING.replace("d-risk", "d-other");
    let request = Request::new(SPOKE, "sagemaker:DeleteUserProfile", &elsewhere)
        .with("aws:ResourceTag/stagedoor:instance", ["main"]);
    assert_eq!(decide(&spoke, &request), DENIED);
}

#[test]
fn a_profile_is_made_with_all_of_stagedoors_tags_or_not_at_all() {
    let spoke = role(&bundle(), SPOKE);
    let full = Request::new(SPOKE, "sagemaker:CreateUserProfile", PRICING)
        .with("aws:RequestTag/stagedoor:instance", ["main"])
        .with("aws:RequestTag/stagedoor:person", ["9067-1"])
        .with("aws:RequestTag/stagedoor:team", ["pricing"]);
    assert_eq!(decide(&spoke, &full), ALLOWED);
    for missing in ["instance", "person", "team"] {
        let key = format!("aws:RequestTag/stagedoor:{missing}");
        assert_eq!(decide(&spoke, &full.clone().with::<&str>(&key, [])), DENIED, "{missing}");
    }
    assert_eq!(decide(&spoke, &full.with("aws:RequestTag/stagedoor:instance", ["other"])), DENIED);
    // The tags themselves, while it is made and at no other time.
    let tags = Request::new(SPOKE, "sagemaker:AddTags", PRICING)
        .with("aws:RequestTag/stagedoor:instance", ["main"]);
    let hub = role(&bundle(), HUB);
    let at_hub = |action: Option<&str>| {
        let request = Request::new(HUB, "sagemaker:AddTags", FRAUD)
            .with("aws:RequestTag/stagedoor:instance", ["main"])
            .with("sagemaker:TaggingAction", action);
        decide(&hub, &request)
    };
    assert_eq!(at_hub(Some("CreateUserProfile")), ALLOWED);
    assert_eq!(at_hub(Some("CreateSpace")), DENIED);
    assert_eq!(at_hub(None), DENIED, "its domain is not one that profiles are adopted in");
    assert_eq!(decide(&spoke, &tags), ALLOWED, "its domain is");
    let foreign = tags.with("aws:ResourceTag/stagedoor:instance", ["other"]);
    assert_eq!(decide(&spoke, &foreign), DENIED);
}

/// Condition keys that tell where a request comes from.
type Origin<'a> = &'a [(&'a str, &'a str)];

#[test]
fn links_are_made_and_used_from_the_teams_networks_only() {
    let bundle = bundle();
    let (hub, links) = (role(&bundle, HUB), role(&bundle, LINKS));
    // Each on the path that it is there on.
    let cases: [(&Role, &str, Origin<'_>, Decision); 14] = [
        (&hub, FRAUD, &[("aws:SourceIp", "198.51.100.7")], ALLOWED),
        (&hub, FRAUD, &[("aws:SourceIp", "198.51.101.7")], DENIED),
        (&hub, FRAUD, &[("aws:SourceVpc", "vpc-0cafe"), ("aws:VpcSourceIp", "10.20.3.4")], ALLOWED),
        // The same private range in somebody else's VPC.
        (&hub, FRAUD, &[("aws:SourceVpc", "vpc-0dead"), ("aws:VpcSourceIp", "10.20.3.4")], DENIED),
        (&hub, FRAUD, &[("aws:SourceVpc", "vpc-0cafe"), ("aws:VpcSourceIp", "10.21.3.4")], DENIED),
        (&hub, FRAUD, &[("aws:VpcSourceIp", "10.20.3.4")], DENIED),
        // Where the hub itself calls from.
        (&hub, FRAUD, &[("aws:SourceVpce", "vpce-0a11")], ALLOWED),
        (&hub, FRAUD, &[("aws:SourceVpce", "vpce-0a12")], DENIED),
        (&hub, FRAUD, &[], DENIED),
        // The other account has a role of its own for that.
        (&hub, PRICING, &[("aws:SourceVpce", "vpce-0a11")], DENIED),
        (&links, PRICING, &[("aws:SourceVpc", "vpc-0beef")], ALLOWED),
        (&links, PRICING, &[("aws:SourceIp", "198.51.100.7")], DENIED),
        // A private range without a VPC cannot be said, so nothing is let in for it.
        (
            &links,
            PRICING,
            &[("aws:SourceVpc", "vpc-0dead"), ("aws:VpcSourceIp", "10.30.0.1")],
            DENIED,
        ),
        (&links, PRICING, &[("aws:SourceIp", "10.30.0.1")], DENIED),
    ];
    for (role, profile, origin, expected) in cases {
        let request = origin
            .iter()
            .fold(link(&role.arn(), profile), |request, (key, value)| request.with(key, [*value]));
        assert_eq!(decide(role, &request), expected, "{profile} {origin:?}");
    }
    let open = PRICING.replace("--pricing", "--sandpit");
    assert_eq!(decide(&links, &link(LINKS, &open)), ALLOWED, "anywhere");
    let untagged = Request::new(LINKS, PRESIGN, &open);
    assert_eq!(decide(&links, &untagged), DENIED, "a profile that is not Stagedoor's");
    let foreign = link(LINKS, &open).with("aws:ResourceTag/stagedoor:instance", ["other"]);
    assert_eq!(decide(&links, &foreign), DENIED);
    let leaving = ("aws:ResourceTag/stagedoor:leaving-since", "2026-11-21T10:00:00Z");
    let marked = link(LINKS, &open).with(leaving.0, [leaving.1]);
    assert_eq!(decide(&links, &marked), DENIED, "somebody who leaves");
    let read = Request::new(LINKS, "sagemaker:DescribeUserProfile", PRICING);
    assert_eq!(decide(&links, &read), DENIED, "and nothing else");
}

#[test]
fn nobody_else_makes_links_whatever_they_are_allowed() {
    let bundle = bundle();
    let there = |request: Request| {
        guarded(&bundle, "444455556666", &request.with("aws:SourceVpc", ["vpc-0beef"]))
    };
    assert_eq!(there(link(LINKS, PRICING)), ALLOWED);
    for other in [
        SPOKE,
        "arn:aws:iam::444455556666:role/Administrator",
        "arn:aws:sts::444455556666:assumed-role/AWSReservedSSO_Admin_1/ana",
        "arn:aws:iam::444455556666:user/ana",
    ] {
        assert_eq!(there(link(other, PRICING)), FORBIDDEN, "{other}");
    }
    // An app makes a link to its own profile, and to no other.
    let app = "arn:aws:sts::444455556666:assumed-role/studio-pricing/SageMaker";
    let own = |profile: &str, name: &str| {
        let request = link(app, profile)
            .with("aws:PrincipalArn", ["arn:aws:iam::444455556666:role/studio-pricing"]);
        there(request.with("sagemaker:UserProfileName", [name]))
    };
    assert_eq!(own(PRICING, "ana--pricing"), ALLOWED);
    assert_eq!(own(PRICING, "ben--pricing"), FORBIDDEN);
    assert_eq!(there(link(app, PRICING)), FORBIDDEN, "a session that is none of Studio's");
}

#[test]
fn nobody_uses_a_link_from_elsewhere_whatever_the_role_allows() {
    let bundle = bundle();
    let fraud = |origin: &[(&str, &str)]| {
        let request = origin
            .iter()
            .fold(link(HUB, FRAUD), |request, (key, value)| request.with(key, [*value]));
        guarded(&bundle, "111122223333", &request)
    };
    assert_eq!(fraud(&[("aws:SourceIp", "198.51.100.7")]), ALLOWED);
    assert_eq!(fraud(&[("aws:SourceVpce", "vpce-0a11"), ("aws:SourceVpc", "vpc-0aaa")]), ALLOWED);
    assert_eq!(fraud(&[("aws:SourceVpc", "vpc-0cafe"), ("aws:VpcSourceIp", "10.20.0.1")]), ALLOWED);
    for outside in [
        &[("aws:SourceIp", "203.0.113.9")][..],
        &[("aws:SourceVpc", "vpc-0cafe"), ("aws:VpcSourceIp", "10.21.0.1")],
        &[("aws:SourceVpc", "vpc-0cafe")],
        &[("aws:SourceVpc", "vpc-0dead"), ("aws:VpcSourceIp", "10.20.0.1")],
        &[("aws:SourceVpce", "vpce-0dead")],
        &[],
    ] {
        assert_eq!(fraud(outside), FORBIDDEN, "{outside:?}");
    }
    let open = link(LINKS, &PRICING.replace("--pricing", "--sandpit"));
    assert_eq!(guarded(&bundle, "444455556666", &open), ALLOWED, "anywhere");
}

#[test]
fn spaces_are_opened_from_outside_of_studio_by_their_teams_roles_from_their_networks_alone() {
    let bundle = bundle();
    let remote = |account: &str, role: &str, space: &str, origin: &[(&str, &str)]| {
        let request = Request::new(role, "sagemaker:StartSession", space);
        let request =
            origin.iter().fold(request, |request, (key, value)| request.with(key, [*value]));
        guarded(&bundle, account, &request)
    };
    let space = "arn:aws:sagemaker:eu-west-1:444455556666:space/d-risk/ana";
    let there = |role: &str, origin: &[(&str, &str)]| {
        let arn = if role.starts_with("arn:") {
            role.to_owned()
        } else {
            format!("arn:aws:iam::444455556666:role/{role}")
        };
        remote("444455556666", &arn, space, origin)
    };
    let vpn: &[(&str, &str)] = &[("aws:SourceVpc", "vpc-0beef")];
    assert_eq!(there("studio-pricing", vpn), ALLOWED);
    for outside in [
        &[("aws:SourceVpc", "vpc-0dead")][..],
        &[("aws:SourceIp", "198.51.100.7")],
        // The hub's own network is not one of people.
        &[("aws:SourceVpce", "vpce-0a11")],
        &[],
    ] {
        assert_eq!(there("studio-pricing", outside), FORBIDDEN, "{outside:?}");
    }
    assert_eq!(there("studio-sandpit", &[]), ALLOWED, "anywhere");
    for other in ["Administrator", "studio-other", LINKS, SPOKE, HUB] {
        assert_eq!(there(other, vpn), FORBIDDEN, "{other}");
    }
    let own = "arn:aws:sagemaker:eu-west-1:111122223333:space/d-research/ana";
    let office: &[(&str, &str)] = &[("aws:SourceIp", "198.51.100.7")];
    let fraud = "arn:aws:iam::111122223333:role/studio-fraud";
    assert_eq!(remote("111122223333", fraud, own, office), ALLOWED);
    assert_eq!(remote("111122223333", fraud, own, vpn), FORBIDDEN);
    let elsewhere = own.replace("d-research", "d-other");
    assert_eq!(remote("111122223333", HUB, &elsewhere, &[]), ALLOWED, "none of the map's");
    // A role of teams in several networks may come from each of them.
    let shared = MAP.replace(
        "sandpit: { domain: risk, execution_role: \"studio-{team}\", network: anywhere }",
        "sandpit: { domain: risk, execution_role: studio-pricing, network: office }",
    );
    let shared = authorisation(&map(&shared)).unwrap();
    let by = |origin: &[(&str, &str)]| {
        let pricing = "arn:aws:iam::444455556666:role/studio-pricing";
        let request = Request::new(pricing, "sagemaker:StartSession", space);
        let request =
            origin.iter().fold(request, |request, (key, value)| request.with(key, [*value]));
        guarded(&shared, "444455556666", &request)
    };
    assert_eq!((by(vpn), by(office), by(&[])), (ALLOWED, ALLOWED, FORBIDDEN));
}

/// Of the documents about an account's people that about links is always the longest.
#[test]
fn guardrails_of_many_teams_are_as_long_as_their_links() {
    let teams = |count: u32| -> String {
        let team = |n| {
            format!(
                "  t{n}: {{ domain: risk, execution_role: \"studio-{{team}}\", network: vpn }}\n"
            )
        };
        (0..count).map(team).collect()
    };
    let sizes = |count: u32| {
        let text = MAP.replace("teams:\n", &format!("teams:\n{}", teams(count)));
        let bundle = authorisation(&map(&text)).unwrap();
        let own = bundle.scps.iter().filter(|scp| scp.accounts.contains("444455556666"));
        let own = own.map(|scp| Limit::SERVICE_CONTROL_POLICY.size(&scp.document));
        <[usize; 3]>::try_from(own.collect::<Vec<_>>()).unwrap()
    };
    for count in [0, 10, 20] {
        let [links, remote, profiles] = sizes(count);
        assert!(remote < links && profiles < links, "{links} {remote} {profiles}");
    }
}

/// Who opens spaces from elsewhere at all is forbidden also where the networks of those who may take too much.
#[test]
fn a_guardrail_that_is_too_large_says_what_it_leaves_out() {
    let ways = "any_of: [{cidr: 10.1.0.0/16, vpc: vpc-0a1}, {cidr: 10.2.0.0/16, vpc: vpc-0a2}, {cidr: \
                10.3.0.0/16, vpc: vpc-0a3}, {cidr: 10.4.0.0/16, vpc: vpc-0a4}]";
    let of = |count: u32| {
        let team = |n| {
            format!(
                "  t{n}: {{ domain: risk, execution_role: \"platform/studio-{{team}}-execution\", network: far }}\n"
            )
        };
        let teams: String = (0..count).map(team).collect();
        let text = MAP.replace("teams:\n", &format!("teams:\n{teams}"));
        let text = text.replace("networks:\n", &format!("networks:\n  far: {{ {ways} }}\n"));
        let scps = authorisation(&map(&text)).ok()?.scps;
        scps.into_iter().find(|scp| scp.name == "StagedoorRemote444455556666")
    };
    // As many as there can be before other documents are too large.
    let (few, many) = (of(2).unwrap(), (2..20).map_while(of).last().unwrap());
    assert!(few.document.statements.len() > 2 && few.description.ends_with("from their networks"));
    assert_eq!(many.document.statements.len(), 1);
    assert_eq!(many.document.statements[0].sid.as_deref(), Some("RemoteOnlyByStudio"));
    assert!(many.description.contains("does not fit into one policy"), "{}", many.description);
}

#[test]
fn nobody_else_changes_profiles_or_their_tags() {
    let bundle = bundle();
    let admin = "arn:aws:iam::444455556666:role/Administrator";
    let by = |role: &str, action: &str, keys: &[&str]| {
        let request = Request::new(role, action, PRICING).with("aws:TagKeys", keys.iter().copied());
        guarded(&bundle, "444455556666", &request)
    };
    for action in ["sagemaker:CreateUserProfile", "sagemaker:UpdateUserProfile"] {
        assert_eq!((by(SPOKE, action, &[]), by(admin, action, &[])), (ALLOWED, FORBIDDEN));
    }
    for action in ["sagemaker:AddTags", "sagemaker:DeleteTags"] {
        let own: &[&str] = &["CostCenter", "stagedoor:team"];
        assert_eq!((by(SPOKE, action, own), by(admin, action, own)), (ALLOWED, FORBIDDEN));
        // IAM reads the tags of a profile without regard to case.
        assert_eq!(by(admin, action, &["Stagedoor:TEAM"]), FORBIDDEN);
        assert_eq!(by(admin, action, &["CostCenter"]), ALLOWED);
    }
    assert_eq!(by(admin, "sagemaker:DeleteUserProfile", &[]), ALLOWED, "to clean up");
    assert_eq!(by(LINKS, "sagemaker:UpdateUserProfile", &[]), FORBIDDEN);
}

#[test]
fn endpoints_let_own_people_to_own_domains() {
    let bundle = bundle();
    let through = |name: &str, request: Request, organization: &str| {
        let policy = bundle.endpoint_policies.iter().find(|policy| policy.name == name).unwrap();
        let all =
            compiled(&Document::new([Statement::allow("All").actions(["*"]).resources(["*"])]));
        let policies = Policies {
            identity: vec![all],
            endpoint: Some(compiled(&policy.document)),
            ..Policies::default()
        };
        policies.decide(&request.with("aws:PrincipalOrgID", [organization])).decision
    };
    let (ours, theirs) = ("o-exampleorgid", "o-otherorgid0");
    let open = |profile: &str| link(LINKS, profile);
    let other = PRICING.replace("d-risk", "d-other");
    for name in ["studio-eu-west-1", "sagemaker-api-eu-west-1"] {
        assert_eq!(through(name, open(PRICING), ours), ALLOWED, "{name}");
        assert_ne!(through(name, open(PRICING), theirs), ALLOWED, "{name}");
        assert_ne!(through(name, open(&other), ours), ALLOWED, "{name}");
    }
    let job = |account: &str| {
        let arn = format!("arn:aws:sagemaker:eu-west-1:{account}:training-job/a");
        Request::new(SPOKE, "sagemaker:CreateTrainingJob", &arn)
    };
    assert_eq!(through("sagemaker-api-eu-west-1", job("444455556666"), ours), ALLOWED);
    assert_ne!(through("sagemaker-api-eu-west-1", job("999988887777"), ours), ALLOWED);
    let invoke = |account: &str| {
        let arn = format!("arn:aws:sagemaker:eu-west-1:{account}:endpoint/a");
        Request::new(SPOKE, "sagemaker:InvokeEndpoint", &arn)
    };
    assert_eq!(through("sagemaker-runtime-eu-west-1", invoke("444455556666"), ours), ALLOWED);
    assert_ne!(through("sagemaker-runtime-eu-west-1", invoke("999988887777"), ours), ALLOWED);
    // Without an organization it is the accounts of the map.
    let accounts = map(&MAP.replace("  organization: o-exampleorgid\n", ""));
    let accounts = authorisation(&accounts).unwrap();
    let studio = accounts.endpoint_policies.iter().find(|p| p.name.starts_with("studio")).unwrap();
    assert!(studio.document.to_canonical_json().contains("aws:PrincipalAccount"));
}

#[test]
fn no_permission_set_opens_studio_and_each_does_its_own() {
    let bundle = bundle();
    let who = "arn:aws:sts::444455556666:assumed-role/AWSReservedSSO_X/ana";
    let can = |set: &str, action: &str, resource: &str| {
        let set = bundle.permission_sets.iter().find(|s| s.name == set).unwrap();
        let identity = vec![compiled(&set.inline)];
        let policies = Policies { identity, ..Policies::default() };
        policies.decide(&Request::new(who, action, resource)).decision
    };
    let names: Vec<&str> = bundle.permission_sets.iter().map(|set| set.name.as_str()).collect();
    let all =
        ["StagedoorAdmin", "StagedoorAuditor", "StagedoorDataScientist", "StagedoorSageMakerAdmin"];
    assert_eq!(names, all);
    let job = "arn:aws:sagemaker:eu-west-1:444455556666:training-job/a";
    let service = iam_policy::service_reference::service("sagemaker").unwrap();
    let ways_in: Vec<String> = service
        .actions()
        .iter()
        .filter(|action| {
            action.name.contains("Presigned") && action.name.ends_with("Url")
                || action.name == "StartSession"
        })
        .map(ToString::to_string)
        .collect();
    assert!(ways_in.len() >= 6, "{ways_in:?}");
    for set in all {
        for way in &ways_in {
            assert_eq!(can(set, way, PRICING), FORBIDDEN, "{set} {way}");
        }
        assert_eq!(can(set, "sagemaker:DescribeTrainingJob", job), ALLOWED, "{set}");
    }
    let makes = |set: &str| can(set, "sagemaker:CreateTrainingJob", job);
    assert_eq!(all.map(makes), [DENIED, DENIED, DENIED, ALLOWED]);
    let rolls_out = |set: &str| can(set, "iam:PutRolePolicy", SPOKE);
    assert_eq!(all.map(rolls_out), [ALLOWED, DENIED, DENIED, DENIED]);
    assert_eq!(
        can("StagedoorAdmin", "iam:PutRolePolicy", "arn:aws:iam::444455556666:role/x"),
        DENIED
    );
    assert_eq!(can("StagedoorSageMakerAdmin", "sagemaker:UpdateUserProfile", PRICING), FORBIDDEN);
}

#[test]
fn whoever_rolls_out_gives_a_role_just_the_boundary_of_the_map() {
    let bounded = MAP
        .replace("teams:\n", "personas:\n  p: { activities: [run-studio-apps] }\nteams:\n")
        .replace(
            "network: office }",
            "network: office, persona: p, boundary: \"arn:aws:iam::{account_id}:policy/studio\" }",
        );
    let bundle = authorisation(&map(&bounded)).unwrap();
    let set = bundle.permission_sets.iter().find(|set| set.name == "StagedoorAdmin").unwrap();
    let policies = Policies { identity: vec![compiled(&set.inline)], ..Policies::default() };
    let can = |action: &str, role: &str, boundary: Option<&str>| {
        let who = "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_X/ana";
        let request = Request::new(who, action, role);
        let with = boundary.map(|arn| request.clone().with("iam:PermissionsBoundary", [arn]));
        policies.decide(&with.unwrap_or(request)).decision
    };
    let (make, bound) = ("iam:CreateRole", "iam:PutRolePermissionsBoundary");
    let fraud = "arn:aws:iam::111122223333:role/studio-fraud";
    let (mapped, other) =
        ("arn:aws:iam::111122223333:policy/studio", "arn:aws:iam::111122223333:policy/wide");
    for action in [make, bound] {
        assert_eq!(can(action, fraud, Some(mapped)), ALLOWED, "{action}");
        assert_eq!(can(action, fraud, Some(other)), FORBIDDEN, "{action}");
        assert_eq!(can(action, fraud, None), FORBIDDEN, "{action}");
    }
    // The map gives this one none.
    assert_eq!([make, bound].map(|action| can(action, HUB, None)), [ALLOWED, DENIED]);
    assert_eq!(can("iam:DeleteRolePermissionsBoundary", fraud, Some(mapped)), DENIED);
}

#[test]
fn every_document_is_within_its_limit_and_free_of_findings() {
    let bundle = bundle();
    let mut found = Vec::new();
    let mut documents = 0;
    let mut look = |name: &str, document: &Document, kind: Kind| {
        documents += 1;
        for finding in lint(document, kind) {
            found.push(format!(
                "{name} {} {:?} {}",
                finding.pointer,
                finding.rule.severity(),
                finding.rule.code()
            ));
        }
    };
    for role in bundle.roles.iter().filter(|r| !matches!(r.kind, RoleKind::Execution { .. })) {
        look(&role.name, &role.trust, Kind::Trust);
        for policy in role.policies() {
            look(&format!("{} {}", role.name, policy.name), &policy.document, Kind::Identity);
        }
    }
    for policy in &bundle.scps {
        assert!(Limit::SERVICE_CONTROL_POLICY.fits(&policy.document));
        assert!(policy.document.statements.iter().all(|s| s.effect == iam_policy::Effect::Deny));
        look(&policy.name, &policy.document, Kind::Scp);
    }
    for policy in &bundle.endpoint_policies {
        look(&policy.name, &policy.document, Kind::Endpoint);
    }
    for set in &bundle.permission_sets {
        assert!(Limit::PERMISSION_SET_INLINE.fits(&set.inline));
        look(&set.name, &set.inline, Kind::Identity);
    }
    assert_eq!(documents, 33);
    let meant = [
        // The map says `anywhere`.
        "StagedoorLinks StagedoorSignIn /Statement/0/Action/0 Warning presign-from-anywhere",
        // An administrator of SageMaker has the whole of it, but for the ways in.
        "StagedoorSageMakerAdmin /Statement/1/Action/0 Note partly-needs-any-resource",
        "StagedoorSageMakerAdmin /Statement/1/Action/0 Warning apps-of-others",
    ];
    assert_eq!(found, meant);
}

#[test]
fn equal_maps_give_equal_bundles_and_without_a_hub_there_is_none_of_it() {
    assert_eq!(bundle(), bundle());
    let text = MAP.split("hub:").next().unwrap().to_owned()
        + "domains:"
        + MAP.split("domains:").nth(1).unwrap();
    let bare = authorisation(&map(&text)).unwrap();
    assert!(bare.scps.is_empty() && bare.endpoint_policies.is_empty());
    assert!(bare.roles.iter().all(|role| matches!(role.kind, RoleKind::Execution { .. })));
}

#[test]
fn map_private_range() {
    let cautions = |text: &str| {
        let cautions = map(text).cautions();
        cautions.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(
        cautions(MAP),
        ["networks.vpn: A private range names no VPC: every VPC may use it, so policies leave it \
          out. Nobody there gets a link by the rendered execution roles, from inside Studio; only \
          the door looks at it. (map-private-range)"]
    );
    let named = MAP.replace(
        "{ cidr: 10.30.0.0/16 } ]",
        "{ cidr: 10.30.0.0/16 }, \
                             { cidr: 10.0.0.0/8, vpc: vpc-0abc } ]",
    );
    assert_eq!(cautions(&named), Vec::<String>::new());
    let unused = MAP.replace("network: vpn", "network: office");
    assert_eq!(cautions(&unused), Vec::<String>::new());
}

#[test]
fn map_hub_account() {
    let text = MAP.replace("    account_id: \"111122223333\"", "    account_id: \"777788889999\"");
    let problems = authorisation(&map(&text)).unwrap_err();
    assert_eq!(
        problems[0].to_string(),
        "access.yaml:5:1: the domain `research` is in account 777788889999 and the hub in \
         111122223333 (map-hub-account)\n  give it an `assume_role`"
    );
}

#[test]
fn map_shared_role_of_stagedoors_own() {
    let shown = |name: &str| -> Vec<String> {
        let text = MAP.replace("role/access/StagedoorLinks", &format!("role/{name}"));
        let problems = authorisation(&map(&text)).err().unwrap_or_default();
        problems.iter().map(ToString::to_string).collect()
    };
    assert_eq!(
        shown("links/stagedoorspoke"),
        ["access.yaml:5:1: the roles `arn:aws:iam::444455556666:role/access/StagedoorSpoke` and \
          `arn:aws:iam::444455556666:role/links/stagedoorspoke` are one for IAM (map-shared-role)\n  \
          give one of them another name: neither path nor case tells roles apart"]
    );
    // One role may do both.
    assert_eq!(shown("access/StagedoorSpoke"), Vec::<String>::new());
    // That of the hub is in another account.
    assert_eq!(shown("ops/stagedoor"), Vec::<String>::new());
}

#[test]
fn the_key_of_the_identity_store_is_used_through_it_alone_and_only_where_the_map_names_it() {
    let key = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    let named = MAP.replace("hub:\n", &format!("hub:\n  directory_key: {key}\n"));
    let hub = |text: &str| role(&authorisation(&map(text)).unwrap(), HUB);
    let may = |hub: &Role, action: &str, key: &str, via: &str| {
        decide(hub, &Request::new(HUB, action, key).with("kms:ViaService", [via]))
    };
    let (with, without) = (hub(&named), hub(MAP));
    let store = "identitystore.eu-west-1.amazonaws.com";
    assert_eq!(may(&with, "kms:Decrypt", key, store), ALLOWED);
    assert_eq!(may(&without, "kms:Decrypt", key, store), DENIED);
    assert_eq!(may(&with, "kms:Decrypt", key, "s3.eu-west-1.amazonaws.com"), DENIED);
    assert_eq!(may(&with, "kms:Encrypt", key, store), DENIED);
    assert_eq!(may(&with, "kms:Decrypt", &key.replace("1234abcd", "00000000"), store), DENIED);
    assert_eq!(decide(&with, &Request::new(HUB, "kms:Decrypt", key)), DENIED);
}

/// Asked for by the map, and by nothing else.
#[test]
fn the_audit_log_has_its_key_and_its_place_only_where_the_map_says_so() {
    let (key, bucket) =
        ("arn:aws:kms:eu-west-1:111122223333:key/0f1e-2d3c", "arn:aws:s3:::my-audit");
    let with = |lines: &str| {
        let text = MAP.replace("  service: ecs-tasks\n", &format!("  service: ecs-tasks\n{lines}"));
        role(&authorisation(&map(&text)).unwrap(), HUB)
    };
    let sealed = format!("  audit_key: {key}\n");
    let anchored = format!("{sealed}  checkpoints: s3://my-audit/stagedoor/main\n");
    let may = |role: &Role, action: &str, resource: &str| {
        decide(role, &Request::new(HUB, action, resource))
    };
    let object = format!("{bucket}/stagedoor/main/2026-11-21.json");
    let cases = [
        ("kms:GenerateMac", key, [DENIED, ALLOWED, ALLOWED]),
        ("kms:VerifyMac", key, [DENIED, ALLOWED, ALLOWED]),
        ("s3:PutObject", object.as_str(), [DENIED, DENIED, ALLOWED]),
        ("s3:GetObject", object.as_str(), [DENIED, DENIED, ALLOWED]),
        ("s3:ListBucket", bucket, [DENIED, DENIED, ALLOWED]),
        ("s3:DeleteObject", object.as_str(), [DENIED, DENIED, DENIED]),
        ("s3:PutObject", "arn:aws:s3:::my-audit/other/1.json", [DENIED, DENIED, DENIED]),
        ("kms:GenerateMac", "arn:aws:kms:eu-west-1:111122223333:key/other", [DENIED; 3]),
    ];
    let roles = [with(""), with(&sealed), with(&anchored)];
    for (action, resource, expected) in cases {
        assert_eq!(
            roles.each_ref().map(|role| may(role, action, resource)),
            expected,
            "{action} {resource}"
        );
    }
}
