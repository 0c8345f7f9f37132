//! The spoke role that the map means, at work.

use crate::presign::request;
use crate::support::{BASE, Cloud, name, spoke};
use access::ids::{RoleArn, SpaceName};
use access::map::{Source, parse};
use access::observed::{AppStatus, ObservedApp};
use access::plan::SpaceHandover;
use control::ports::{
    AppOwner, DomainTarget, Inspect, Observe, Presign, ProfileScope, ProfileSpec, ProfileUpdate,
    Provision,
};
use iam_policy::Document;
use iam_policy::bundle::Role;
use std::collections::{BTreeMap, BTreeSet};

const SPOKE: &str = "444455556666";
const NOTHING: &str = r#"{ Version: "2012-10-17", Statement: [] }"#;

fn role(name: &str) -> RoleArn {
    RoleArn::parse(format!("arn:aws:iam::{SPOKE}:role/{name}")).unwrap()
}

fn domain() -> DomainTarget {
    let mut domain = spoke("d-spoke", SPOKE, Some("7f1c"));
    if let Some(role) = &mut domain.assume_role {
        role.source_identity = true;
    }
    domain
}

const MAP: &str = r#"
version: 1
instance: main
directory: { identity_center: { region: eu-west-1, identity_store_id: d-906716eb24 } }
domains:
  spoke:
    domain_id: d-spoke
    account_id: "444455556666"
    region: eu-west-1
    assume_role:
      arn: arn:aws:iam::444455556666:role/StagedoorSpoke
      external_id: 7f1c
      source_identity: true
teams:
  spoke: { domain: spoke, execution_role: "studio-{team}", network: anywhere }
"#;

/// The role that the map means.
fn made() -> Role {
    made_of(MAP)
}

fn made_of(map: &str) -> Role {
    let map = parse(&[Source { name: "access.yaml".into(), text: map.into() }]).unwrap();
    let domain = map.domains.values().next().unwrap();
    let role = domain.assume_role.as_ref().unwrap();
    let hub = ["arn:aws:iam::111122223333:user/sandbox".to_owned()];
    access::authorisation::spoke(&map, role, &hub)
}

fn seed() -> String {
    seed_of(&made())
}

fn seed_of(made: &Role) -> String {
    let trust = made.trust.to_compact_json();
    let trust = format!("trust: {{ document: {trust} }}");
    BASE.replace(
        "domains:",
        &format!(
            r#"  - {{ name: StagedoorSpoke, account: "{SPOKE}", {trust} }}
  - {{ name: studio-spoke, account: "{SPOKE}", attached: [ Kept ], inline: {{ Own: {NOTHING} }} }}
policies: [ {{ name: Kept, account: "{SPOKE}", document: {NOTHING} }} ]
domains:
  - {{ id: d-spoke, account: "{SPOKE}", default_execution_role: "arn:aws:iam::{SPOKE}:role/studio-spoke" }}"#
        ),
    ) + r"
profiles:
  - { domain: d-spoke, name: bob--fraud }
  - { domain: d-spoke, name: carol--fraud }
spaces:
  - { domain: d-spoke, name: commons, owner: bob--fraud, shared: true }
  - { domain: d-spoke, name: notes, owner: bob--fraud }
apps:
  - { domain: d-spoke, profile: bob--fraud, type: Canvas }
kms_keys:
  - { id: 1234abcd-12ab-34cd-56ef-1234567890ab, account: '444455556666' }
"
}

#[tokio::test]
async fn a_hub_whose_session_tags_pass_on_is_let_in_if_the_map_says_it_runs_in_eks_pods() {
    const TAGGED: &str = "credentials:
  - { access_key_id: AKIAPOD, account: '111122223333', arn: 'arn:aws:iam::111122223333:user/sandbox', transitive_tags: { kubernetes-namespace: access } }
  - { access_key_id: AKIANOTAGS, account: '111122223333', arn: 'arn:aws:iam::111122223333:user/sandbox', transitive_tags: { kubernetes-namespace: access }, denied: [ 'sts:TagSession' ] }
roles:";
    let hub = |service: &str| {
        format!("hub: {{ role: 'arn:aws:iam::111122223333:role/hub', service: {service} }}\nteams:")
    };
    for (service, keys) in [
        ("eks-pods", [("AKIASANDBOX", true), ("AKIAPOD", true), ("AKIANOTAGS", false)]),
        ("ecs-tasks", [("AKIASANDBOX", true), ("AKIAPOD", false), ("AKIANOTAGS", false)]),
    ] {
        let made = made_of(&MAP.replace("teams:", &hub(service)));
        let cloud = Cloud::with(&seed_of(&made).replacen("roles:", TAGGED, 1)).await;
        for (key, is_let_in) in keys {
            let caller = cloud.as_key(key).studio().caller(&domain()).await;
            assert_eq!(caller.is_ok(), is_let_in, "{service}, {key}: {caller:?}");
        }
    }
}

/// Everything that can be done to a domain.
async fn a_whole_life(cloud: &Cloud) {
    let (studio, there) = (cloud.aws.studio(), domain());
    studio.domain_facts(&there).await.unwrap();
    studio.role(&there, &role("studio-spoke")).await.unwrap();
    studio.live_role(&there, &role("studio-spoke")).await.unwrap();
    studio.network_facts(&there, "vpc-0a1b2c3d4e5f60718").await.unwrap();
    studio.key_facts(&there, "1234abcd-12ab-34cd-56ef-1234567890ab").await.unwrap();
    let spec = ProfileSpec {
        name: name("alice--fraud"),
        execution_role: role("studio-spoke"),
        user_settings: serde_json::Map::new(),
        tags: BTreeMap::from([("Team".to_owned(), "fraud".to_owned())]),
        sso_user: None,
    };
    studio.create_profile(&there, &spec).await.unwrap();
    let update = ProfileUpdate {
        execution_role: Some(role("studio-spoke")),
        set_tags: BTreeMap::from([("a".to_owned(), "b".to_owned())]),
        remove_tags: BTreeSet::from(["Team".to_owned()]),
        ..ProfileUpdate::default()
    };
    studio.update_profile(&there, &spec.name, &update).await.unwrap();
    studio.presign(&there, &request("alice--fraud")).await.unwrap();
    let commons = SpaceHandover {
        space: SpaceName::parse("commons").unwrap(),
        new_name: SpaceName::parse("commons-2").unwrap(),
        owner: name("carol--fraud"),
        done: false,
    };
    studio.hand_over_space(&there, &commons).await.unwrap();
    let canvas = ObservedApp {
        app_type: "Canvas".to_owned(),
        name: "default".to_owned(),
        status: AppStatus::InService,
        instance_type: None,
        since: None,
    };
    let bob = name("bob--fraud");
    studio.stop_app(&there, &AppOwner::Profile(bob.clone()), &canvas).await.unwrap();
    studio.delete_space(&there, "commons").await.unwrap();
    studio.delete_space(&there, "notes").await.unwrap();
    studio.delete_profile(&there, &bob).await.unwrap();
    studio.domain(&there, &ProfileScope::All).await.unwrap();
}

#[tokio::test]
async fn the_role_is_assumed_and_allows_every_call_and_no_more() {
    let cloud = Cloud::with(&seed()).await;
    a_whole_life(&cloud).await;
    let called: BTreeSet<String> = {
        let sandbox = cloud.look();
        let there = sandbox.calls().filter(|call| call.account == SPOKE);
        there.map(|call| format!("{}:{}", call.service, call.operation)).collect()
    };
    let role = made();
    let documents: Vec<&Document> = role.policies().map(|policy| &policy.document).collect();
    let statements = || documents.iter().flat_map(|document| &document.statements);
    let denied: Vec<&String> =
        called.iter().filter(|name| !statements().any(|s| s.covers_action(name))).collect();
    assert!(denied.is_empty() && called.len() > 15, "{denied:?} of {called:?}");
    let allowed = statements().flat_map(|statement| statement.action.iter().flatten());
    let unused: BTreeSet<&str> =
        allowed.map(String::as_str).filter(|name| !called.contains(*name)).collect();
    // Asked for by AWS itself, or only after a refusal.
    assert_eq!(unused, BTreeSet::from(["iam:PassRole", "sagemaker:DescribeApp"]));
}
