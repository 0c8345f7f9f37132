//! What a map says of Stagedoor itself, of the role for links, and of ranges inside a VPC.

use access::ids::{DomainKey, NetworkKey};
use access::map::{AccessMap, HubService, Source, parse};
use access::network::NetworkMatch;

const HEAD: &str = "version: 1\ndirectory: {identity_center: {region: eu-west-1, \
                    identity_store_id: d-906716eb24}}\n";

fn read(text: &str) -> Result<AccessMap, String> {
    let source = Source { name: "access.yaml".into(), text: format!("{HEAD}{text}") };
    parse(&[source]).map_err(|errors| errors.to_string())
}

#[test]
fn the_hub_is_read_with_what_it_uses() {
    let map = read(
        "networks: {plane: {any_of: [{vpc: vpc-0abc}, {cidr: 10.0.0.0/8, vpc: vpc-0def}]}}\n\
         hub:\n  role: arn:aws:iam::111122223333:role/ops/stagedoor\n  service: lambda\n  \
         network: plane\n  organization: o-exampleorgid\n  \
         queue: arn:aws:sqs:eu-west-1:111122223333:stagedoor\n  \
         secrets: [\"arn:aws:secretsmanager:eu-west-1:111122223333:secret:sp-key-a1b2c3\"]\n  \
         applications: [\"arn:aws:sso::111122223333:application/ssoins-1/apl-2\"]\n",
    )
    .unwrap();
    let hub = map.hub.unwrap();
    assert_eq!(hub.role.as_str(), "arn:aws:iam::111122223333:role/ops/stagedoor");
    assert_eq!(
        (hub.service, hub.service.principal()),
        (HubService::Lambda, "lambda.amazonaws.com")
    );
    assert_eq!(hub.network, Some(NetworkKey::parse("plane").unwrap()));
    assert_eq!(hub.organization.as_deref(), Some("o-exampleorgid"));
    assert_eq!(hub.queue.as_deref(), Some("arn:aws:sqs:eu-west-1:111122223333:stagedoor"));
    assert_eq!((hub.secrets.len(), hub.applications.len()), (1, 1));
    assert_eq!(
        map.networks[&NetworkKey::parse("plane").unwrap()].any_of,
        [
            NetworkMatch::Vpc("vpc-0abc".into()),
            NetworkMatch::CidrInVpc { net: "10.0.0.0/8".parse().unwrap(), vpc: "vpc-0def".into() }
        ]
    );
    let bare = read("hub: {role: \"arn:aws:iam::111122223333:role/stagedoor\"}\n").unwrap();
    assert_eq!(bare.hub.unwrap().service, HubService::EcsTasks);
    assert_eq!(read("").unwrap().hub, None);
}

#[test]
fn what_is_no_arn_of_its_kind_is_refused() {
    for (key, text) in [
        ("role", "arn:aws:iam::111122223333:user/stagedoor"),
        ("queue", "arn:aws:sns:eu-west-1:111122223333:stagedoor"),
        ("queue", "arn:aws:sqs::111122223333:stagedoor"),
        ("queue", "arn:aws:sqs:eu-west-1:111122223333:*"),
        ("secrets", "[\"arn:aws:secretsmanager:eu-west-1:111122223333:secret:*\"]"),
        ("applications", "[\"arn:aws:sso:eu-west-1:111122223333:application/a/b\"]"),
        ("applications", "[\"arn:aws:sso::111122223333:application/a\"]"),
        ("directory_key", "arn:aws:kms:eu-west-1:999988887777:alias/directory"),
        ("audit_key", "arn:aws:kms:eu-west-1:111122223333:alias/audit"),
        ("checkpoints", "my-audit/stagedoor"),
        ("checkpoints", "s3://My-Audit/stagedoor"),
        ("checkpoints", "s3://my-audit/stagedoor/"),
        ("checkpoints", "s3://my-audit/*"),
        ("organization", "o-short"),
        ("service", "sagemaker"),
    ] {
        let role = if key == "role" { "" } else { "role: \"arn:aws:iam::111122223333:role/x\", " };
        let text = if text.starts_with('[') { text.to_owned() } else { format!("\"{text}\"") };
        let refused = read(&format!("hub: {{{role}{key}: {text}}}\n")).unwrap_err();
        assert!(refused.contains("(map-invalid-value)"), "{key}: {text}: {refused}");
    }
    let elsewhere = read("hub: {role: \"arn:aws:iam::111122223333:role/x\", network: plane}\n");
    assert!(elsewhere.unwrap_err().contains("unknown network `plane` (map-unknown-network)"));
}

#[test]
fn the_role_for_links_is_in_the_domains_account() {
    let domain = |account: &str| {
        format!(
            "domains: {{research: {{domain_id: d-research, account_id: \"111122223333\", region: \
             eu-west-1, presign_role: {{arn: \"arn:aws:iam::{account}:role/links\"}}}}}}\n"
        )
    };
    let map = read(&domain("111122223333")).unwrap();
    let research = &map.domains[&DomainKey::parse("research").unwrap()];
    assert_eq!(research.assume_role, None);
    let role = research.presign_role.as_ref().unwrap();
    assert_eq!(role.arn.as_str(), "arn:aws:iam::111122223333:role/links");
    let refused = read(&domain("444455556666")).unwrap_err();
    assert!(refused.contains("(map-account-mismatch)"), "{refused}");
}
