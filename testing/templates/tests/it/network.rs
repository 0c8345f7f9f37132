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
            let free = what["Type"] != "Number" && what.get("AllowedValues").is_none();
            assert!(!free || what["AllowedPattern"].is_string(), "{name}: {parameter} is any text");
        }
    }
}

#[test]
fn every_way_to_make_the_domain_holds_together() {
    let existing = [
        ("VpcId", "vpc-0abc0abc0"),
        ("SubnetIds", "subnet-0a1a1a1a,subnet-0b2b2b2b,subnet-0c3c3c3c"),
        ("VpcRange", "172.16.0.0/12"),
        ("RouteTableIds", "rtb-0a1a1a1a"),
        ("StudioSecurityGroupId", "sg-0abc0abc0"),
        ("DomainId", "d-research"),
    ];
    for vpc in [&existing[..0], &existing[..3], &existing[..5], &existing] {
        for (name, value) in [
            ("AuthMode", "SSO"),
            ("ClientCidr", "172.16.0.0/12"),
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

/// Parameters that do not go together are refused before anything is made.
#[test]
fn a_domain_that_is_there_is_in_a_vpc_and_a_vpc_has_only_what_is_its_own() {
    let (vpc, subnets) = (("VpcId", "vpc-0abc0abc0"), ("SubnetIds", "subnet-0a1a1a1a"));
    let (group, range) = (("StudioSecurityGroupId", "sg-0abc0abc0"), ("VpcRange", "10.4.0.0/16"));
    let (domain, routes) = (("DomainId", "d-research"), ("RouteTableIds", "rtb-0a1a1a1a"));
    let somewhere = "ExistingDomainIsSomewhere: An existing domain needs";
    let in_vpc = format!("{somewhere} VpcId, the VPC that it is in.");
    let its_group =
        format!("{somewhere} StudioSecurityGroupId, the security group that its apps have.");
    let let_in = "ExistingVpcIsLetIn: Endpoints in an existing VPC need VpcRange, or they shut out \
                  everything else there.";
    let own = |what: &str| format!("NewVpcHasItsOwn: {what} of an existing VPC, VpcId.");
    let refused = |given: &[(&str, &str)], wanted: &[&str]| {
        let all = [&[ROLE], given].concat();
        let found = create(&template("domain.yaml"), &all).unwrap_err();
        assert!(found.iter().all(|found| found.code == "rule-broken"), "{found:?}");
        let texts: Vec<&str> = found.iter().map(|found| found.text.as_str()).collect();
        assert_eq!(texts, wanted, "{given:?}");
    };
    refused(&[domain], &[&its_group, &in_vpc]);
    refused(&[domain, vpc, subnets, range], &[&its_group]);
    refused(&[vpc, subnets], &[let_in]);
    refused(&[vpc, subnets, ("WithCore", "no")], &[let_in]);
    refused(&[group], &[&own("StudioSecurityGroupId is")]);
    refused(&[routes], &[&own("RouteTableIds are")]);
    refused(&[subnets], &[&own("SubnetIds are")]);
    // Without endpoints nobody is shut out.
    let none = [ROLE, vpc, subnets, ("WithCore", "no"), ("WithKms", "no")];
    assert!(create(&template("domain.yaml"), &none).is_ok());
}

/// A VPC that is there goes on to reach the services whose names its endpoints take.
#[test]
fn endpoints_in_a_vpc_that_is_there_let_all_of_it_in() {
    let there = [
        ("VpcId", "vpc-0abc0abc0"),
        ("SubnetIds", "subnet-0a1a1a1a,subnet-0b2b2b2b"),
        ("VpcRange", "172.16.0.0/12"),
    ];
    let domain = [&[ROLE, ("WithExecuteApi", "yes")], &there[..]].concat();
    let hub = crate::hub::with(&[&[("FunctionsInVpc", "yes")], &there[..]].concat());
    for (name, given, shut) in [("domain.yaml", domain, 7), ("hub.yaml", hub.clone(), 7)] {
        let mut template = template(name);
        let stack = create(&template, &given).unwrap();
        assert_eq!(check(&stack), [], "{name}");
        let open = stack.of("AWS::EC2::VPCEndpoint").filter(|(_, endpoint)| {
            endpoint.text("/ServiceName").contains("execute-api")
                && *endpoint.get("/PrivateDnsEnabled") == json!(false)
        });
        assert_eq!(open.count(), 1, "{name}: no private name for every API there is");
        template["Resources"].as_object_mut().unwrap().remove("VpcEntersEndpoints").unwrap();
        let found = check(&create(&template, &given).unwrap());
        let codes: BTreeSet<&str> = found.iter().map(|found| found.code).collect();
        assert_eq!(codes, BTreeSet::from(["endpoint-shuts-out"]), "{name}");
        assert_eq!(found.len(), shut, "{name}: {found:?}");
    }
    let without: Vec<_> = hub.into_iter().filter(|(name, _)| *name != "VpcRange").collect();
    let found = create(&template("hub.yaml"), &without).unwrap_err();
    assert_eq!(
        found[0].text,
        "ExistingVpcIsLetIn: Endpoints in an existing VPC need VpcRange, or they shut out everything \
         else there."
    );
}

/// Whoever has to grant the use of a key, or to delete it one day, finds it.
#[test]
fn every_key_that_stays_is_an_output() {
    for (name, given) in [("domain.yaml", vec![ROLE]), ("hub.yaml", crate::hub::full())] {
        let stack = create(&template(name), &given).unwrap();
        let told: Vec<String> = stack.outputs.values().flat_map(texts).collect();
        for (id, key) in stack.of("AWS::KMS::Key") {
            assert!(told.contains(key.arn.as_ref().unwrap()), "{name}: {id}");
        }
    }
    let (domain, theirs) = (template("domain.yaml"), "arn:aws:kms:eu-west-1:111122223333:key/own");
    let stack = create(&domain, &[ROLE, ("KmsKeyArn", theirs)]).unwrap();
    assert_eq!(stack.outputs["KeyArn"], theirs);
}

/// A list is refused for one item of it.
#[test]
fn who_may_come_in_is_a_role_and_never_everybody() {
    let given = crate::roles::spoke_with_links();
    let refused = |file: &str, name: &'static str, value: &'static str, rest: &[(&str, &str)]| {
        let kept = rest.iter().copied().filter(|(other, _)| *other != name);
        let all: Vec<(&str, &str)> = kept.chain([(name, value)]).collect();
        let found = create(&template(file), &all).unwrap_err();
        let item = value.rsplit(',').next().unwrap();
        assert_eq!(found[0].code, "parameter-refused");
        assert_eq!(found[0].text, format!("{name}: {item}"));
    };
    let door_and_all = "arn:aws:iam::111122223333:role/stagedoor-door,*";
    for value in ["*", door_and_all, "arn:aws:iam::999999999999:root"] {
        refused("spoke.yaml", "LinkHubRoleArns", value, &given);
        refused("spoke.yaml", "HubRoleArns", value, &given);
        refused("hub.yaml", "LinkRoleArns", value, &crate::hub::full());
        refused("hub.yaml", "SpokeRoleArns", value, &crate::hub::full());
        refused("hub.yaml", "ApplicationArns", value, &crate::hub::full());
    }
}

#[test]
fn a_region_of_the_sovereign_cloud_is_one() {
    let mut given = crate::roles::spoke_with_links();
    given.retain(|(name, _)| *name != "DomainRegion");
    for (region, is_one) in [("eusc-de-east-1", true), ("us-gov-west-1", true), ("eu-west", false)]
    {
        let all = [&given[..], &[("DomainRegion", region)]].concat();
        assert_eq!(create(&template("spoke.yaml"), &all).is_ok(), is_one, "{region}");
    }
}

#[test]
fn a_domain_is_reached_through_the_vpc_only_and_stays() {
    let stack = create(&template("domain.yaml"), &[ROLE]).unwrap();
    let domain = &stack.resources["Domain"];
    assert_eq!(domain.text("/AppNetworkAccessType"), "VpcOnly");
    assert_eq!(domain.raw["DeletionPolicy"], "RetainExceptOnCreate");
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
    let boundary = "arn:aws:iam::999999999999:policy/boundary";
    let bounded = [("HubAccountId", "111122223333"), ("PermissionsBoundaryArn", boundary)];
    let bounded = create(&template("events.yaml"), &bounded).unwrap();
    for (stack, wanted) in [(&sender, ""), (&bounded, boundary)] {
        assert_eq!(stack.resources["ForwardRole"].text("/PermissionsBoundary"), wanted);
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
