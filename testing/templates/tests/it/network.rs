//! The domain with its network, the events of another account, and the example of a `StackSet`.

use crate::checks::{check, texts};
use crate::stack::{create, look};
use crate::yaml::{folder, template};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const ROLE: (&str, &str) =
    ("DefaultExecutionRoleArn", "arn:aws:iam::111122223333:role/studio-nobody");

#[test]
fn no_template_has_something_unused_or_that_waits_for_itself() {
    let files = std::fs::read_dir(folder()).unwrap().map(|file| file.unwrap().file_name());
    let files: Vec<String> = files.map(|name| name.to_string_lossy().into_owned()).collect();
    let templates: Vec<&String> =
        files.iter().filter(|name| name.split('.').next_back() == Some("yaml")).collect();
    assert!(templates.len() >= 6, "{templates:?}");
    for name in templates {
        assert_eq!(look(&template(name)), [], "{name}");
        let parameters = template(name)["Parameters"].clone();
        for (parameter, what) in parameters.as_object().unwrap() {
            assert!(what["Description"].is_string(), "{name}: {parameter} is not described");
            let free = what["Type"] == "String" && what.get("AllowedValues").is_none();
            assert!(!free || what["AllowedPattern"].is_string(), "{name}: {parameter} is any text");
        }
    }
}

#[test]
fn every_way_to_make_the_domain_holds_together() {
    let existing = [
        ("VpcId", "vpc-0abc0abc0"),
        ("SubnetIds", "subnet-0a1,subnet-0b2,subnet-0c3"),
        ("RouteTableIds", "rtb-0a1"),
        ("StudioSecurityGroupId", "sg-0abc0abc0"),
    ];
    for vpc in [&existing[..0], &existing[..2], &existing] {
        for (name, value) in [
            ("AuthMode", "SSO"),
            ("DomainId", "d-research"),
            ("KmsKeyArn", "arn:aws:kms:eu-west-1:111122223333:key/own"),
            ("Zones", "3"),
            ("NatGateway", "yes"),
            ("WithCore", "no"),
            ("WithExecuteApi", "yes"),
            ("WithEcr", "yes"),
            ("WithCodeCommit", "yes"),
            ("WithServiceCatalog", "yes"),
            ("WithSecretsManager", "yes"),
            ("WithKms", "no"),
            ("WithGateways", "no"),
        ] {
            let mut given = vec![ROLE, (name, value)];
            given.extend(vpc);
            let stack = create(&template("domain.yaml"), &given);
            let stack = stack.unwrap_or_else(|found| panic!("{given:?}: {found:#?}"));
            assert_eq!(check(&stack), [], "{given:?}");
        }
    }
}

#[test]
fn a_domain_is_reached_through_the_vpc_only_and_stays() {
    let stack = create(&template("domain.yaml"), &[ROLE]).unwrap();
    let domain = &stack.resources["Domain"];
    assert_eq!(domain.text("/AppNetworkAccessType"), "VpcOnly");
    assert_eq!(domain.raw["DeletionPolicy"], "Retain");
    assert_eq!(texts(domain.get("/SubnetIds")).len(), 2);
    let endpoints: BTreeSet<String> = stack
        .of("AWS::EC2::VPCEndpoint")
        .map(|(_, endpoint)| endpoint.text("/ServiceName").to_owned())
        .collect();
    let amazon = |name: &str| format!("com.amazonaws.eu-west-1.{name}");
    let wanted = [
        "sagemaker.api",
        "sagemaker.runtime",
        "sts",
        "logs",
        "monitoring",
        "kms",
        "s3",
        "dynamodb",
    ];
    let wanted = wanted.into_iter().map(amazon);
    let wanted: BTreeSet<String> =
        wanted.chain(["aws.sagemaker.eu-west-1.studio".to_owned()]).collect();
    assert_eq!(endpoints, wanted);
    for (id, endpoint) in stack.of("AWS::EC2::VPCEndpoint") {
        let interface = endpoint.text("/VpcEndpointType") == "Interface";
        assert_eq!(*endpoint.get("/PrivateDnsEnabled") == json!(true), interface, "{id}");
    }
}

/// Of what is open to the VPC, only TLS, NFS and the ports of kernels are.
#[test]
fn security_groups_open_no_more_than_is_needed() {
    for (name, given) in [("domain.yaml", vec![ROLE]), ("hub.yaml", crate::hub::full())] {
        let stack = create(&template(name), &given).unwrap();
        let mut seen = 0;
        let inline = stack.of("AWS::EC2::SecurityGroup").flat_map(|(id, group)| {
            let of = |key: &str| group.get(key).as_array().cloned().unwrap_or_default();
            let rules = of("/SecurityGroupIngress").into_iter().chain(of("/SecurityGroupEgress"));
            rules.map(move |rule| (id, rule)).collect::<Vec<_>>()
        });
        let apart = ["AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress"];
        let apart = apart.into_iter().flat_map(|kind| stack.of(kind));
        for (id, rule) in inline.chain(apart.map(|(id, rule)| (id, rule.properties.clone()))) {
            let ports = (rule["FromPort"].as_i64().unwrap(), rule["ToPort"].as_i64().unwrap());
            assert_eq!(rule["IpProtocol"], "tcp", "{name} {id}");
            assert!(
                [(443, 443), (2049, 2049), (8192, 65_535)].contains(&ports),
                "{name} {id}: {rule}"
            );
            let wide = ports != (443, 443);
            assert!(!wide || rule.get("CidrIp").is_none(), "{name} {id}: only of its own group");
            seen += 1;
        }
        assert!(seen >= 5, "{name}: {seen}");
    }
}

#[test]
fn the_stack_set_gives_the_spoke_every_parameter_it_needs() {
    let account = |id: &'static str| id;
    let given = [
        ("SpokeTemplateUrl", "https://bucket.s3.amazonaws.com/spoke.yaml"),
        ("HubRoleArns", "arn:aws:iam::111122223333:role/stagedoor-door"),
        ("ExternalId", "7f1c"),
        ("DomainRegion", "eu-west-1"),
        (
            "AdministrationRoleArn",
            "arn:aws:iam::111122223333:role/AWSCloudFormationStackSetAdministrationRole",
        ),
        ("ResearchAccountId", account("111122223333")),
        ("ResearchDomainId", "d-research"),
        ("RiskAccountId", account("444455556666")),
        ("RiskDomainId", "d-risk"),
    ];
    let stack = create(&template("stackset-spokes.yaml"), &given).unwrap();
    let set = &stack.resources["Spokes"];
    let pairs = |list: &Value| -> Vec<(String, String)> {
        let all = list.as_array().unwrap().iter();
        let text = |pair: &Value, key: &str| pair[key].as_str().unwrap().to_owned();
        all.map(|pair| (text(pair, "ParameterKey"), text(pair, "ParameterValue"))).collect()
    };
    let general = pairs(set.get("/Parameters"));
    for group in set.get("/StackInstancesGroup").as_array().unwrap() {
        let own = pairs(&group["ParameterOverrides"]);
        let kept = general.iter().filter(|(key, _)| !own.iter().any(|(other, _)| other == key));
        let all: Vec<(&str, &str)> =
            kept.chain(&own).map(|(key, value)| (key.as_str(), value.as_str())).collect();
        let spoke =
            create(&template("spoke.yaml"), &all).unwrap_or_else(|found| panic!("{found:#?}"));
        assert_eq!(check(&spoke), []);
        assert!(all.iter().all(|(_, value)| !value.contains("override")), "{all:?}");
    }
}

/// What one account sends, the other lets in.
#[test]
fn events_of_another_account_come_to_the_hub() {
    let sender = create(&template("events.yaml"), &[("HubAccountId", "111122223333")]).unwrap();
    assert_eq!(check(&sender), []);
    let mut given = crate::hub::full();
    given.push(("DirectoryAccountId", "999999999999"));
    let hub = create(&template("hub.yaml"), &given).unwrap();
    assert_eq!(check(&hub), []);
    for rule in ["DirectoryChanges", "DirectoryNotifications"] {
        let pattern = "/EventPattern";
        assert_eq!(sender.resources[rule].get(pattern), hub.resources[rule].get(pattern));
        let target = sender.resources[rule].text("/Targets/0/Arn");
        let policy = hub.resources["EventsFromAnotherAccount"].get("/Statement");
        assert_eq!(policy["Resource"], target);
    }
    // The same role, in the account that sends.
    let forward = sender.resources["ForwardRole"].text("/RoleName");
    let allowed = hub.resources["EventsFromAnotherAccount"].get("/Statement/Condition/ArnEquals");
    let allowed = allowed["aws:PrincipalArn"].as_str().unwrap();
    assert_eq!(allowed, format!("arn:aws:iam::999999999999:role/{forward}"));

    let mut broken = template("events.yaml");
    broken["Resources"]["ForwardRole"]["Properties"]["Policies"] = json!([]);
    let broken = create(&broken, &[("HubAccountId", "111122223333")]).unwrap();
    let codes: Vec<&str> = check(&broken).iter().map(|found| found.code).collect();
    assert_eq!(codes, ["target-not-allowed", "target-not-allowed"]);
}
