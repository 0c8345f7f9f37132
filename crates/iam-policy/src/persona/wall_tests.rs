//! Tests that the wall lets nothing of another team's through, over every action there is.

use super::tests::scope;
use super::*;
use crate::document::Document;
use crate::evaluate::{Compiled, Decision, Policies};
use crate::request::Request;
use crate::service_reference::{self, AccessLevel, Action};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/studio-fraud/SageMaker";
const TEAM: &str = "aws:ResourceTag/stagedoor:team";
const NEW_TEAM: &str = "aws:RequestTag/stagedoor:team";
const MODEL: &str = "arn:aws:sagemaker:eu-west-1:111122223333:model/m";
const OWN: &str = "arn:aws:sagemaker:eu-west-1:111122223333:user-profile/d-abcdefghijkl/ana--fraud";
const OTHERS: &str =
    "arn:aws:sagemaker:eu-west-1:111122223333:user-profile/d-abcdefghijkl/ben--ops";

/// Whatever anybody may add to the role one day: everything.
fn wider() -> Statement {
    Statement::allow("Wider").actions(["*"]).resources(["*"])
}

fn policies(statements: impl IntoIterator<Item = Statement>) -> Policies {
    let compiled = Compiled::new(&Document::new(statements)).unwrap();
    Policies { identity: vec![Arc::new(compiled)], ..Policies::default() }
}

/// The role with every activity.
fn role(scope: &Scope) -> Vec<Statement> {
    let activities = Activity::ALL.map(|(_, activity)| activity);
    [statements(&activities, scope), team_wall(scope)].concat()
}

/// The role that somebody added everything to: what is still denied, is so by the wall.
fn widened(scope: &Scope) -> Policies {
    policies(team_wall(scope).into_iter().chain([wider()]))
}

fn ask(action: &str, resource: &str) -> Request {
    Request::new(SESSION, &format!("sagemaker:{action}"), resource)
}

/// In a Studio session of `ana--fraud`.
fn in_studio(request: Request) -> Request {
    request
        .with("sagemaker:DomainId", ["d-abcdefghijkl"])
        .with("sagemaker:UserProfileName", ["ana--fraud"])
}

/// An ARN of each type that the action is about, of the role's account; without any, `*`.
fn resources_of(action: &Action) -> Vec<String> {
    let of_type = |template: &str| {
        let known = [
            ("${Partition}", "aws"),
            ("${Region}", "eu-west-1"),
            ("${Account}", "111122223333"),
            ("${DomainId}", "d-abcdefghijkl"),
        ];
        let filled = known.iter().fold(template.to_owned(), |arn, (k, v)| arn.replace(k, v));
        let mut arn = String::new();
        let mut rest = filled.as_str();
        while let Some((before, after)) = rest.split_once("${") {
            arn = arn + before + "x";
            rest = after.split_once('}').unwrap().1;
        }
        arn + rest
    };
    let arns: Vec<String> = action
        .resources()
        .flat_map(|used| used.resource_type.arns.iter().map(|t| of_type(t)).collect::<Vec<_>>())
        .collect();
    if arns.is_empty() { vec!["*".to_owned()] } else { arns }
}

fn actions() -> &'static [Action] {
    service_reference::service("sagemaker").unwrap().actions()
}

fn unwalled() -> BTreeSet<&'static str> {
    UNWALLED.iter().flat_map(|unwalled| unwalled.actions.split_whitespace()).collect()
}

#[test]
fn what_is_another_teams_is_out_of_reach_for_every_action_and_every_wider_policy() {
    let widened = widened(&scope());
    let mut asked = 0;
    for action in actions() {
        for resource in resources_of(action).iter().filter(|resource| *resource != "*") {
            let request = in_studio(ask(action.name, resource)).with(TEAM, ["ops"]);
            // Nor by naming the own team, or by claiming to make it.
            let claimed = request
                .clone()
                .with(NEW_TEAM, ["fraud"])
                .with("aws:TagKeys", ["stagedoor:team"])
                .with("sagemaker:TaggingAction", ["CreateModel"])
                .with("sagemaker:OwnerUserProfileArn", [OWN]);
            for request in [request, claimed] {
                let decision = widened.decide(&request).decision;
                assert_eq!(decision, Decision::ExplicitlyDenied, "{action} {resource}");
                asked += 1;
            }
        }
    }
    assert!(asked > 800, "{asked}");
}

#[test]
fn what_is_nobodys_and_what_would_be_made_without_a_team_is_denied_or_listed() {
    let role = policies(role(&scope()));
    let mut open = BTreeSet::new();
    for action in actions() {
        for resource in resources_of(action) {
            let plain = in_studio(ask(action.name, &resource));
            let owned = plain
                .clone()
                .with("sagemaker:OwnerUserProfileArn", [OWN])
                .with("sagemaker:SpaceSharingType", ["Private"]);
            let own_link = Request::new(SESSION, &action.to_string(), OWN);
            let made = plain.clone().with("sagemaker:TaggingAction", ["CreateSpace"]);
            let own_group = resource.replace("model-package/x", "model-package/fraud--x");
            let versioned = in_studio(ask(action.name, &own_group));
            for request in [plain, owned, in_studio(own_link), made, versioned] {
                if role.decide(&request).is_allowed() {
                    open.insert(action.name);
                }
            }
        }
    }
    assert_eq!(open, unwalled());
}

#[test]
fn what_is_unwalled_and_changes_something_is_tied_to_the_owner_or_a_name() {
    let widened = widened(&scope());
    let changes = |action: &&Action| {
        unwalled().contains(action.name)
            && !matches!(action.level, AccessLevel::List | AccessLevel::Read)
    };
    let names: Vec<&str> = actions().iter().filter(changes).map(|action| action.name).collect();
    assert_eq!(
        names,
        [
            "AddTags",
            "CreateApp",
            "CreateModelPackage",
            "CreatePresignedDomainUrl",
            "CreateSpace",
            "DeleteApp",
            "DeleteSpace",
            "UpdateSpace",
        ]
    );
    for action in actions().iter().filter(changes) {
        for resource in resources_of(action) {
            for owner in [None, Some(OTHERS)] {
                let request = in_studio(ask(action.name, &resource))
                    .with("sagemaker:OwnerUserProfileArn", owner)
                    .with("sagemaker:SpaceSharingType", ["Shared"]);
                let decision = widened.decide(&request).decision;
                assert_eq!(decision, Decision::ExplicitlyDenied, "{action} {resource}");
            }
        }
    }
}

#[test]
fn the_own_teams_resources_are_made_used_changed_and_deleted() {
    let role = policies(role(&Scope { vpc: None, kms_keys: KmsKeys::default(), ..scope() }));
    let allowed = |request: Request| role.decide(&request).decision;
    let make = ask("CreateModel", MODEL).with(NEW_TEAM, ["fraud"]);
    assert_eq!(allowed(make.with("aws:TagKeys", ["stagedoor:team"])), Decision::Allowed);
    let tag = ask("AddTags", MODEL).with(NEW_TEAM, ["fraud"]);
    let tag = tag.with("aws:TagKeys", ["stagedoor:team", "CostCenter"]);
    let tag = tag.with("sagemaker:TaggingAction", ["CreateModel"]);
    assert_eq!(allowed(tag), Decision::Allowed);
    for action in ["DescribeModel", "DeleteModel"] {
        let request = ask(action, MODEL).with(TEAM, ["fraud"]);
        assert_eq!(allowed(request), Decision::Allowed, "{action}");
    }
    let version = "arn:aws:sagemaker:eu-west-1:111122223333:model-package/fraud--churn/1";
    assert_eq!(allowed(ask("CreateModelPackage", version)), Decision::Allowed);
    let group = "arn:aws:sagemaker:eu-west-1:111122223333:model-package-group/fraud--churn";
    let group = ask("CreateModelPackageGroup", group).with(NEW_TEAM, ["fraud"]);
    assert_eq!(allowed(group), Decision::Allowed);
}

/// Requirements 104 to 106: what is made without the team's tag, or with another's, what belongs to
/// another team or to nobody, and what is denied whoever allows it.
#[test]
fn the_table_of_tags() {
    let role = policies(role(&Scope { vpc: None, kms_keys: KmsKeys::default(), ..scope() }));
    let widened = widened(&scope());
    let nothing: [&str; 0] = [];
    let cases = [
        ("CreateModel", MODEL, NEW_TEAM, &["fraud"][..], Decision::Allowed),
        ("CreateModel", MODEL, NEW_TEAM, &nothing[..], Decision::ExplicitlyDenied),
        ("CreateModel", MODEL, NEW_TEAM, &["ops"], Decision::ExplicitlyDenied),
        ("CreateModel", MODEL, NEW_TEAM, &["Fraud"], Decision::ExplicitlyDenied),
        ("CreateModel", MODEL, NEW_TEAM, &["*"], Decision::ExplicitlyDenied),
        ("DeleteModel", MODEL, TEAM, &["fraud"], Decision::Allowed),
        ("DeleteModel", MODEL, TEAM, &["ops"], Decision::ExplicitlyDenied),
        ("DeleteModel", MODEL, TEAM, &[], Decision::ExplicitlyDenied),
        ("DeleteModel", MODEL, TEAM, &[""], Decision::ExplicitlyDenied),
        ("DescribeModel", MODEL, TEAM, &["ops"], Decision::ExplicitlyDenied),
        ("DescribeModel", MODEL, TEAM, &[], Decision::ExplicitlyDenied),
        ("CreateUserProfile", OWN, NEW_TEAM, &["fraud"], Decision::ExplicitlyDenied),
        ("DeleteUserProfile", OWN, TEAM, &["fraud"], Decision::ExplicitlyDenied),
        ("UpdateUserProfile", OWN, TEAM, &["fraud"], Decision::ExplicitlyDenied),
        ("DescribeUserProfile", OWN, TEAM, &["fraud"], Decision::Allowed),
        ("DescribeUserProfile", OTHERS, TEAM, &["ops"], Decision::ExplicitlyDenied),
        ("StopNotebookInstance", "*", TEAM, &["fraud"], Decision::ExplicitlyDenied),
        ("CreatePresignedNotebookInstanceUrl", "*", TEAM, &["fraud"], Decision::ExplicitlyDenied),
        ("InvokeEndpoint", MODEL, TEAM, &["fraud"], Decision::ImplicitlyDenied),
    ];
    for (action, resource, key, value, expected) in cases {
        let request = ask(action, resource).with(key, value.iter().copied());
        assert_eq!(role.decide(&request).decision, expected, "{action} {key}={value:?}");
        if expected == Decision::ExplicitlyDenied {
            assert_eq!(widened.decide(&request).decision, expected, "{action} {key}={value:?}");
        }
    }
}

#[test]
fn an_endpoint_is_made_of_the_teams_configuration_and_a_trial_of_its_experiment() {
    let role = policies(role(&scope()));
    for (action, made, part) in [
        ("CreateEndpoint", "endpoint/e", "endpoint-config/c"),
        ("CreateTrial", "experiment-trial/t", "experiment/e"),
    ] {
        let on = |below: &str| {
            let arn = format!("arn:aws:sagemaker:eu-west-1:111122223333:{below}");
            ask(action, &arn).with(NEW_TEAM, ["fraud"])
        };
        assert_eq!(role.decide(&on(made)).decision, Decision::Allowed, "{made}");
        for (owner, expected) in [
            (Some("fraud"), Decision::Allowed),
            (Some("ops"), Decision::ExplicitlyDenied),
            (None, Decision::ExplicitlyDenied),
        ] {
            let decision = role.decide(&on(part).with(TEAM, owner)).decision;
            assert_eq!(decision, expected, "{part} {owner:?}");
        }
    }
}

#[test]
fn no_team_tag_is_set_changed_or_removed_once_something_is_there() {
    let widened = widened(&scope());
    let decide = |request: Request| widened.decide(&request).decision;
    for spelling in ["stagedoor:team", "Stagedoor:Team", "STAGEDOOR:TEAM"] {
        for action in ["AddTags", "DeleteTags"] {
            for owner in [Some("fraud"), Some("ops"), None] {
                let request = ask(action, MODEL).with("aws:TagKeys", [spelling, "CostCenter"]);
                let request = request.with(TEAM, owner).with(NEW_TEAM, ["fraud"]);
                assert_eq!(decide(request), Decision::ExplicitlyDenied, "{action} {spelling}");
            }
        }
    }
    // Other tags of the team's own resources are not the wall's business.
    let cost = ask("AddTags", MODEL).with("aws:TagKeys", ["CostCenter"]);
    assert_eq!(decide(cost.clone().with(TEAM, ["fraud"])), Decision::Allowed);
    assert_eq!(decide(cost), Decision::ExplicitlyDenied);
    // A profile's tags say whose it is.
    for action in ["AddTags", "DeleteTags"] {
        let request = ask(action, OWN).with("aws:TagKeys", ["stagedoor:person"]);
        assert_eq!(decide(request.with(TEAM, ["fraud"])), Decision::ExplicitlyDenied);
    }
}

#[test]
fn what_is_made_may_not_be_tagged_as_another_teams() {
    let widened = widened(&scope());
    let space = "arn:aws:sagemaker:eu-west-1:111122223333:space/d-abcdefghijkl/lab";
    for (action, resource) in [("CreateSpace", space), ("AddTags", space), ("AddTags", MODEL)] {
        let request = in_studio(ask(action, resource))
            .with(NEW_TEAM, ["ops"])
            .with("aws:TagKeys", ["stagedoor:team"])
            .with("sagemaker:TaggingAction", ["CreateSpace"])
            .with("sagemaker:OwnerUserProfileArn", [OWN]);
        assert_eq!(widened.decide(&request).decision, Decision::ExplicitlyDenied, "{action}");
    }
}

#[test]
fn spaces_and_apps_are_the_own_profiles() {
    let role = policies(role(&scope()));
    let arn = |below: &str| format!("arn:aws:sagemaker:eu-west-1:111122223333:{below}");
    let space = arn("space/d-abcdefghijkl/notebooks");
    let app = arn("app/d-abcdefghijkl/notebooks/jupyterlab/default");
    let own_app = arn("app/d-abcdefghijkl/ana--fraud/canvas/default");
    let other_app = arn("app/d-abcdefghijkl/ben--ops/canvas/default");
    let foreign = arn("space/d-foreign/notebooks");
    let owner = "sagemaker:OwnerUserProfileArn";
    let cases = [
        ("CreateSpace", &space, Some(OWN), true),
        ("CreateSpace", &space, Some(OTHERS), false),
        ("CreateSpace", &space, None, false),
        ("DeleteSpace", &space, Some(OWN), true),
        ("DeleteSpace", &space, Some(OTHERS), false),
        ("UpdateSpace", &foreign, Some(OWN), false),
        ("CreateApp", &app, Some(OWN), true),
        ("CreateApp", &app, Some(OTHERS), false),
        ("DeleteApp", &app, None, false),
        ("CreateApp", &own_app, None, true),
        ("DeleteApp", &own_app, None, true),
        ("DeleteApp", &other_app, None, false),
    ];
    for (action, resource, owned, expected) in cases {
        let sharing = owned.map(|_| "Private");
        let request = in_studio(ask(action, resource)).with(owner, owned);
        let request = request.with("sagemaker:SpaceSharingType", sharing);
        assert_eq!(role.decide(&request).is_allowed(), expected, "{action} {resource} {owned:?}");
        // Code that runs outside Studio, with the same role, is nobody's session.
        let outside = ask(action, resource).with(owner, owned);
        let decision = role.decide(&outside).decision;
        assert_eq!(decision, Decision::ExplicitlyDenied, "{action} {resource} {owned:?}");
    }
}

/// A shared space runs as the domain's role for spaces, which has no wall.
#[test]
fn a_space_of_the_own_profiles_is_private() {
    let arn = |below: &str| format!("arn:aws:sagemaker:eu-west-1:111122223333:{below}");
    let lab = Scope { shared_space: Some("Fraud-Lab".into()), ..scope() };
    for (scope, in_lab) in [(scope(), Decision::ExplicitlyDenied), (lab, Decision::Allowed)] {
        let role = policies(role(&scope));
        for (action, resource, shared) in [
            ("CreateSpace", "space/d-abcdefghijkl/mine", Decision::ExplicitlyDenied),
            ("CreateApp", "app/d-abcdefghijkl/mine/jupyterlab/x", Decision::ExplicitlyDenied),
            ("CreateSpace", "space/d-abcdefghijkl/fraud-lab", in_lab),
            ("CreateApp", "app/d-abcdefghijkl/fraud-lab/jupyterlab/x", in_lab),
        ] {
            for (sharing, expected) in
                [(Some("Private"), Decision::Allowed), (Some("Shared"), shared)]
            {
                let request = in_studio(ask(action, &arn(resource)))
                    .with("sagemaker:OwnerUserProfileArn", [OWN])
                    .with("sagemaker:SpaceSharingType", sharing);
                let decision = role.decide(&request).decision;
                assert_eq!(decision, expected, "{action} {resource} {sharing:?}");
            }
        }
        let unsaid = in_studio(ask("CreateSpace", &arn("space/d-abcdefghijkl/mine")))
            .with("sagemaker:OwnerUserProfileArn", [OWN]);
        assert_eq!(role.decide(&unsaid).decision, Decision::ExplicitlyDenied);
    }
}

#[test]
fn in_the_teams_shared_space_everybody_of_the_team_runs_apps() {
    let scope = Scope { shared_space: Some("Fraud-Lab".into()), ..scope() };
    let role = policies(role(&scope));
    let app = |space: &str| {
        format!("arn:aws:sagemaker:eu-west-1:111122223333:app/d-abcdefghijkl/{space}/jupyterlab/x")
    };
    let decide = |space: &str, sharing: Option<&str>| {
        let request = in_studio(ask("CreateApp", &app(space)));
        let request = request.with("sagemaker:OwnerUserProfileArn", [OTHERS]);
        role.decide(&request.with("sagemaker:SpaceSharingType", sharing)).decision
    };
    assert_eq!(decide("Fraud-Lab", Some("Shared")), Decision::Allowed);
    assert_eq!(decide("fraud-lab", Some("Shared")), Decision::Allowed);
    assert_eq!(decide("fraud-lab", Some("Private")), Decision::ExplicitlyDenied);
    assert_eq!(decide("fraud-lab", None), Decision::ExplicitlyDenied);
    assert_eq!(decide("ops-lab", Some("Shared")), Decision::ExplicitlyDenied);
    // A space of that name in another domain is somebody else's.
    let elsewhere = app("fraud-lab").replace("d-abcdefghijkl", "d-zyxwvutsrqpo");
    for action in ["CreateApp", "DeleteApp"] {
        let request = in_studio(ask(action, &elsewhere));
        let request = request.with("sagemaker:OwnerUserProfileArn", [OTHERS]);
        let request = request.with("sagemaker:SpaceSharingType", ["Shared"]);
        assert_eq!(role.decide(&request).decision, Decision::ExplicitlyDenied, "{action}");
    }
    let space = ask(
        "CreateSpace",
        "arn:aws:sagemaker:eu-west-1:111122223333:space/d-zyxwvutsrqpo/fraud-lab",
    );
    let space = in_studio(space).with("sagemaker:OwnerUserProfileArn", [OWN]);
    let space = space.with("sagemaker:SpaceSharingType", ["Shared"]);
    assert_eq!(role.decide(&space).decision, Decision::ExplicitlyDenied);
}

#[test]
fn a_link_is_for_the_own_profile_and_under_the_networks_conditions() {
    let office = BTreeMap::from([(
        "IpAddress".to_owned(),
        BTreeMap::from([("aws:SourceIp".to_owned(), ["192.0.2.0/24"].into_iter().collect())]),
    )]);
    let role = policies(role(&Scope { own_links: vec![office], ..scope() }));
    let link = |profile: &str, from: &str| {
        let request = in_studio(ask("CreatePresignedDomainUrl", profile));
        role.decide(&request.with("aws:SourceIp", [from]).with(TEAM, ["fraud"])).decision
    };
    assert_eq!(link(OWN, "192.0.2.7"), Decision::Allowed);
    assert_eq!(link(OWN, "198.51.100.7"), Decision::ImplicitlyDenied);
    assert_eq!(link(OTHERS, "192.0.2.7"), Decision::ExplicitlyDenied);
}

#[test]
fn only_the_own_role_is_passed() {
    let role = policies(role(&scope()));
    let widened = widened(&scope());
    let pass = |role: &str, service: &str| {
        let arn = format!("arn:aws:iam::111122223333:role/{role}");
        Request::new(SESSION, "iam:PassRole", &arn).with("iam:PassedToService", [service])
    };
    let to_sagemaker = |name: &str| pass(name, "sagemaker.amazonaws.com");
    assert_eq!(role.decide(&to_sagemaker("studio-fraud")).decision, Decision::Allowed);
    let elsewhere = pass("studio-fraud", "lambda.amazonaws.com");
    assert_eq!(role.decide(&elsewhere).decision, Decision::ImplicitlyDenied);
    for name in ["studio-ops", "studio-fraud-2", "Admin"] {
        let decision = widened.decide(&to_sagemaker(name)).decision;
        assert_eq!(decision, Decision::ExplicitlyDenied, "{name}");
    }
}

#[test]
fn a_tag_of_the_companys_own_serves_as_well() {
    let own = Scope { tag_key: "Team".into(), tag_value: "Team 1".into(), ..scope() };
    let widened = widened(&own);
    let tagged = |value: &str| ask("DeleteModel", MODEL).with("aws:ResourceTag/Team", [value]);
    assert_eq!(widened.decide(&tagged("Team 1")).decision, Decision::Allowed);
    assert_eq!(widened.decide(&tagged("Team 10")).decision, Decision::ExplicitlyDenied);
}
