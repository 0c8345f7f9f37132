//! The roles and guardrails of the templates against those that the map means: no second truth.

use crate::checks::{documents, texts};
use crate::hub;
use crate::stack::{Finding, Stack, create, finding};
use crate::yaml::template;
use access::authorisation::authorisation;
use access::functions::Function;
use access::map::{Source, parse};
use iam_policy::Document;
use iam_policy::bundle::{Bundle, Role};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::OnceLock;

/// What the map in `text` means.
fn meant(text: &str) -> Bundle {
    let sources = [Source { name: "access.yaml".into(), text: text.to_owned() }];
    let map = parse(&sources).unwrap_or_else(|errors| panic!("{errors}"));
    authorisation(&map).unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// Effect, principals, action, resource and conditions: one thing that a statement says.
type Said = (String, String, String, String, String);

/// Everything that documents say, each by itself, however they put it together.
fn said<'d>(documents: impl IntoIterator<Item = &'d Value>) -> BTreeSet<Said> {
    let mut said = BTreeSet::new();
    for document in documents {
        let document = Document::parse(&document.to_string()).unwrap();
        let document: Value = serde_json::from_str(&document.to_canonical_json()).unwrap();
        let statements = match &document["Statement"] {
            Value::Array(statements) => statements.clone(),
            one => vec![one.clone()],
        };
        for statement in statements {
            let text = |key: &str| statement[key].to_string();
            let or_none = |key: &str| match texts(&statement[key]) {
                none if none.is_empty() => vec![String::new()],
                some => some,
            };
            let negated = or_none("NotResource").join(" ");
            for action in texts(&statement["Action"]) {
                for resource in or_none("Resource") {
                    said.insert((
                        statement["Effect"].as_str().unwrap().to_owned(),
                        text("Principal"),
                        action.clone(),
                        format!("{resource}{negated}"),
                        text("Condition"),
                    ));
                }
            }
        }
    }
    said
}

/// How a role of the stack differs from the one that is meant.
fn compared(stack: &Stack, id: &str, role: &Role) -> Vec<Finding> {
    let Some(made) = stack.resources.get(id) else { return vec![finding("role-missing", id)] };
    let value = |document: &Document| serde_json::to_value(document.canonical()).unwrap();
    let mut found = Vec::new();
    if made.arn != Some(role.arn()) {
        found.push(finding("role-differs", format!("{id}: {:?} is not {}", made.arn, role.arn())));
    }
    let wanted: Vec<Value> = role.policies().map(|policy| value(&policy.document)).collect();
    let (has, wanted) = (said(&documents(stack, made)), said(&wanted));
    found.extend(has.difference(&wanted).map(|s| finding("role-exceeds", format!("{id}: {s:?}"))));
    found.extend(wanted.difference(&has).map(|s| finding("role-lacks", format!("{id}: {s:?}"))));
    let trust = said([made.get("/AssumeRolePolicyDocument")]);
    if trust != said([&value(&role.trust)]) {
        found.push(finding("trust-differs", id));
    }
    found
}

fn named<'b>(bundle: &'b Bundle, name: &str) -> &'b Role {
    bundle.roles.iter().find(|role| role.name == name).unwrap()
}

/// The map that the hub's parameters are of.
pub(crate) const HUB_MAP: &str = r#"
version: 1
instance: main
directory:
  sources:
    - { name: center, identity_center: { region: eu-west-1, identity_store_id: d-906716eb24 } }
    - name: corp
      ldap:
        urls: ["ldaps://dc1.corp.example"]
        base_dn: "DC=corp,DC=example"
        bind_dn: stagedoor@corp.example
        password_from: "secretsmanager:stagedoor/ldap#password"
        client_certificate: reader.pem
        client_key_from: "ssm:/stagedoor/ldap-key"
  mirror: { identity_center: { region: eu-west-1, identity_store_id: d-1234567890 } }
hub:
  role: arn:aws:iam::111122223333:role/stagedoor
  service: lambda
  queue: arn:aws:sqs:eu-west-1:111122223333:stagedoor-events
  work_queue: arn:aws:sqs:eu-west-1:111122223333:stagedoor-work.fifo
  later_queue: arn:aws:sqs:eu-west-1:111122223333:stagedoor-later
  table: arn:aws:dynamodb:eu-west-1:111122223333:table/stagedoor
  key: arn:aws:kms:eu-west-1:111122223333:key/key
  directory_key: arn:aws:kms:eu-west-1:999988887777:key/directory
  audit_key: arn:aws:kms:eu-west-1:111122223333:key/auditkey
  checkpoints: s3://checkpoints/stagedoor
  secrets:
    - arn:aws:secretsmanager:eu-west-1:111122223333:secret:stagedoor-sp-a1b2c3
    - arn:aws:secretsmanager:eu-west-1:111122223333:secret:stagedoor/ldap-d4e5f6
    - arn:aws:secretsmanager:eu-west-1:111122223333:secret:stagedoor/ops-g7h8i9
  parameters:
    - arn:aws:ssm:eu-west-1:111122223333:parameter/stagedoor/ldap-key
    - arn:aws:ssm:eu-west-1:111122223333:parameter/stagedoor/webhook-key
  applications: ["arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1"]
notifications:
  webhooks:
    ops: { url_from: "secretsmanager:stagedoor/ops", sign_with: "ssm:/stagedoor/webhook-key" }
domains:
  research:
    domain_id: d-research
    account_id: "111122223333"
    region: eu-west-1
    assume_role: { arn: "arn:aws:iam::111122223333:role/StagedoorSpoke", external_id: 7f1c, source_identity: true }
    presign_role: { arn: "arn:aws:iam::111122223333:role/StagedoorSpokeLinks", external_id: 9a2b, source_identity: true }
    unmanaged: adopt
  risk:
    domain_id: d-risk
    account_id: "111122223333"
    region: eu-west-1
    assume_role: { arn: "arn:aws:iam::111122223333:role/StagedoorSpoke", external_id: 7f1c, source_identity: true }
    presign_role: { arn: "arn:aws:iam::111122223333:role/StagedoorSpokeLinks", external_id: 9a2b, source_identity: true }
    unmanaged: adopt
networks:
  endpoints: { any_of: [ { vpce: vpce-0a11a11a }, { vpce: vpce-0b22b22b } ] }
teams:
  fraud: { domain: research, execution_role: "studio-{team}", network: endpoints }
  pricing: { domain: risk, execution_role: "studio-{team}", network: endpoints }
grants:
  - { group: "ml-{team}", team: "{team}" }
"#;

/// What is said of the hub's four roles, against what is meant.
pub(crate) fn hub_roles(stack: &Stack) -> Vec<Finding> {
    static BUNDLE: OnceLock<Bundle> = OnceLock::new();
    let bundle = BUNDLE.get_or_init(|| meant(HUB_MAP));
    let roles = Function::ALL.into_iter().flat_map(|function| {
        let role = named(bundle, &format!("stagedoor-{}", function.name()));
        compared(stack, &format!("{function:?}Role"), role)
    });
    roles.collect()
}

#[test]
fn every_function_of_the_hub_has_the_role_that_the_map_means_and_nothing_more() {
    let stack = create(&template("hub.yaml"), &hub::full()).unwrap();
    assert_eq!(hub_roles(&stack), []);
}

const SPOKE: [(&str, &str); 11] = [
    (
        "HubRoleArns",
        "arn:aws:iam::111122223333:role/stagedoor-door,arn:aws:iam::111122223333:role/stagedoor-work,\
         arn:aws:iam::111122223333:role/stagedoor-timer",
    ),
    ("ExternalId", "7f1c"),
    ("SourceIdentity", "yes"),
    ("Instance", "main"),
    ("DomainRegion", "eu-west-1"),
    ("DomainId", "d-research"),
    ("SecondDomainId", "d-risk"),
    (
        "ExecutionRoleArns",
        "arn:aws:iam::111122223333:role/studio-fraud,arn:aws:iam::111122223333:role/studio-pricing",
    ),
    ("Teams", "fraud,pricing"),
    ("VpcEndpointIds", "vpce-0a11a11a,vpce-0b22b22b"),
    ("Adopt", "yes"),
];

/// With a role for links.
pub(crate) fn spoke_with_links() -> Vec<(&'static str, &'static str)> {
    let links = [
        ("LinkRole", "yes"),
        ("LinkHubRoleArns", "arn:aws:iam::111122223333:role/stagedoor-door"),
        ("LinkExternalId", "9a2b"),
    ];
    SPOKE.into_iter().chain(links).collect()
}

/// The map without roles for links.
fn without_links() -> String {
    let lines = HUB_MAP.split_inclusive('\n');
    lines.filter(|line| !line.contains("presign_role")).collect()
}

#[test]
fn the_spoke_has_the_roles_that_the_map_means() {
    let (bundle, stack) =
        (meant(HUB_MAP), create(&template("spoke.yaml"), &spoke_with_links()).unwrap());
    assert_eq!(compared(&stack, "Spoke", named(&bundle, "StagedoorSpoke")), []);
    assert_eq!(compared(&stack, "Links", named(&bundle, "StagedoorSpokeLinks")), []);
}

#[test]
fn the_spoke_of_a_hub_in_eks_pods_lets_its_session_tags_pass() {
    let bundle = meant(&HUB_MAP.replace("service: lambda", "service: eks-pods"));
    let hub = "arn:aws:iam::111122223333:role/stagedoor";
    let given = spoke_with_links().into_iter().map(|(name, value)| match name {
        "HubRoleArns" | "LinkHubRoleArns" => (name, hub),
        _ => (name, value),
    });
    let given: Vec<_> = given.chain([("TaggedSessions", "yes")]).collect();
    let stack = create(&template("spoke.yaml"), &given).unwrap();
    assert_eq!(compared(&stack, "Spoke", named(&bundle, "StagedoorSpoke")), []);
    assert_eq!(compared(&stack, "Links", named(&bundle, "StagedoorSpokeLinks")), []);
}

#[test]
fn the_spoke_makes_links_itself_where_no_role_is_for_them() {
    let stack = create(&template("spoke.yaml"), &SPOKE).unwrap();
    let bundle = meant(&without_links());
    assert_eq!(compared(&stack, "Spoke", named(&bundle, "StagedoorSpoke")), []);
    assert!(!stack.resources.contains_key("Links"));
}

#[test]
fn a_spoke_of_one_domain_that_is_open_to_any_network_and_adopts_nothing() {
    let given: Vec<_> = SPOKE
        .into_iter()
        .map(|(name, value)| match name {
            "SecondDomainId" | "VpcEndpointIds" => (name, ""),
            "Adopt" | "SourceIdentity" => (name, "no"),
            "ExecutionRoleArns" => (name, "arn:aws:iam::111122223333:role/studio-fraud"),
            "Teams" => (name, "fraud"),
            _ => (name, value),
        })
        .collect();
    let stack = create(&template("spoke.yaml"), &given).unwrap();
    let text = without_links()
        .replace(", source_identity: true", "")
        .replace("unmanaged: adopt", "unmanaged: report")
        .replace("network: endpoints", "network: anywhere");
    let (before, rest) = text.split_once("  risk:\n").unwrap();
    let (_, after) = rest.split_once("networks:").unwrap();
    let text = format!("{before}networks:{after}");
    let lines = text.split_inclusive('\n');
    let text: String = lines.filter(|line| !line.starts_with("  pricing:")).collect();
    let text = text.replace("\"ml-{team}\", team: \"{team}\"", "ml-fraud, team: fraud");
    assert_eq!(compared(&stack, "Spoke", named(&meant(&text), "StagedoorSpoke")), []);
}

#[test]
fn a_change_of_the_spokes_rights_is_noticed() {
    let mut changed = template("spoke.yaml");
    let policies = changed.pointer_mut("/Resources/Spoke/Properties/Policies").unwrap();
    let observe = policies.pointer_mut("/0/PolicyDocument/Statement/0/Action").unwrap();
    *observe = json!(["sagemaker:ListApps", "sagemaker:Search"]);
    let stack = create(&changed, &SPOKE).unwrap();
    let bundle = meant(&without_links());
    let found = compared(&stack, "Spoke", named(&bundle, "StagedoorSpoke"));
    let codes: Vec<&str> = found.iter().map(|found| found.code).collect();
    assert_eq!(codes, ["role-exceeds", "role-lacks", "role-lacks", "role-lacks"]);
}

/// Which guardrails of the stack differ from those that the map means.
fn guardrails(stack: &Stack, text: &str) -> Vec<String> {
    let bundle = meant(text);
    let scps = bundle.scps.iter().filter(|policy| {
        let made = stack.of("AWS::Organizations::Policy").find(|(_, made)| {
            made.text("/Name") == policy.name && made.text("/Description") == policy.description
        });
        let wanted = serde_json::to_value(policy.document.canonical()).unwrap();
        let same = |content: &Value| said([content]) == said([&wanted]);
        !made.is_some_and(|(_, made)| {
            same(made.get("/Content"))
                && texts(made.get("/TargetIds")).into_iter().collect::<BTreeSet<_>>()
                    == policy.accounts
        })
    });
    assert_eq!(bundle.scps.len(), 3);
    scps.map(|policy| policy.name.clone()).collect()
}

const GUARDRAILS: [(&str, &str); 8] = [
    ("AccountId", "111122223333"),
    ("DomainRegion", "eu-west-1"),
    ("DomainId", "d-research"),
    ("SecondDomainId", "d-risk"),
    ("SpokeRoleArn", "arn:aws:iam::111122223333:role/StagedoorSpoke"),
    ("LinkRoleArn", "arn:aws:iam::111122223333:role/StagedoorSpokeLinks"),
    (
        "ExecutionRoleArns",
        "arn:aws:iam::111122223333:role/studio-fraud,arn:aws:iam::111122223333:role/studio-pricing",
    ),
    ("Teams", "fraud,pricing"),
];

#[test]
fn the_guardrails_are_those_that_the_map_means() {
    let through: Vec<_> =
        GUARDRAILS.into_iter().chain([("VpcEndpointIds", "vpce-0a11a11a,vpce-0b22b22b")]).collect();
    let stack = create(&template("guardrails.yaml"), &through).unwrap();
    assert_eq!(guardrails(&stack, HUB_MAP), [] as [&str; 0]);
    let open = create(&template("guardrails.yaml"), &GUARDRAILS).unwrap();
    assert_eq!(
        guardrails(&open, HUB_MAP),
        ["StagedoorLinks111122223333", "StagedoorRemote111122223333"]
    );
    let anywhere = HUB_MAP.replace("network: endpoints", "network: anywhere");
    assert_eq!(guardrails(&open, &anywhere), [] as [&str; 0]);
    let bare: Vec<_> = GUARDRAILS.into_iter().filter(|(name, _)| *name != "LinkRoleArn").collect();
    let bare = create(&template("guardrails.yaml"), &bare).unwrap();
    let same = without_links().replace("network: endpoints", "network: anywhere");
    assert_eq!(guardrails(&bare, &same), [] as [&str; 0]);
}
