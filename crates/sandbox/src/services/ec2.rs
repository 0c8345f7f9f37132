//! EC2: what a check of a domain's network reads. Networks come from the seed and stay as they are.

use serde_json::{Map, Value, json};

use crate::call::{Call, Operation};
use crate::state::{Network, World};
use crate::wire::error::{ApiError, Outcome};
use crate::wire::shape::{Kind, Member, any_text, optional};

const TEXTS: Kind = Kind::List { item: &any_text(0, 1024), min: 0, max: 200 };
const FILTERS: Member = optional(
    "Filters",
    Kind::List {
        item: &Kind::Structure(&[optional("Name", any_text(0, 255)), optional("Values", TEXTS)]),
        min: 0,
        max: 100,
    },
);

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation { name: "DescribeVpcEndpoints", members: &[FILTERS], run: endpoints },
    Operation { name: "DescribeSubnets", members: &[FILTERS], run: subnets },
    Operation { name: "DescribeSecurityGroups", members: &[FILTERS], run: security_groups },
];

/// A resource with what filters look at.
struct Item {
    filtered: Vec<(&'static str, String)>,
    shown: Value,
}

fn endpoints(world: &mut World, call: &Call) -> Outcome {
    let items = of_caller(world, call).flat_map(|network| {
        network.endpoints.iter().map(|endpoint| {
            let service = service_name(&network.region, &endpoint.service);
            let groups = endpoint.security_groups.iter();
            let groups: Vec<Value> = groups.map(|id| json!({"groupId": id})).collect();
            Item {
                filtered: vec![
                    ("vpc-id", network.vpc.clone()),
                    ("vpc-endpoint-id", endpoint.id.clone()),
                    ("service-name", service.clone()),
                ],
                shown: json!({
                    "vpcEndpointId": endpoint.id,
                    "vpcEndpointType": endpoint.kind,
                    "vpcId": network.vpc,
                    "serviceName": service,
                    "state": endpoint.state,
                    "privateDnsEnabled": endpoint.private_dns,
                    "subnetIdSet": endpoint.subnets,
                    "groupSet": groups,
                }),
            }
        })
    });
    answer("vpcEndpointSet", items.collect(), call)
}

/// Studio's own endpoints are not called like the others.
fn service_name(region: &str, service: &str) -> String {
    match service {
        "studio" | "notebook" => format!("aws.sagemaker.{region}.{service}"),
        _ => format!("com.amazonaws.{region}.{service}"),
    }
}

fn subnets(world: &mut World, call: &Call) -> Outcome {
    let items = of_caller(world, call).flat_map(|network| {
        network.subnets.iter().map(|subnet| Item {
            filtered: vec![("vpc-id", network.vpc.clone()), ("subnet-id", subnet.id.clone())],
            shown: json!({
                "subnetId": subnet.id,
                "vpcId": network.vpc,
                "availabilityZone": subnet.zone,
                "cidrBlock": subnet.cidr,
                "availableIpAddressCount": subnet.free,
                "state": "available",
            }),
        })
    });
    answer("subnetSet", items.collect(), call)
}

fn security_groups(world: &mut World, call: &Call) -> Outcome {
    let items = of_caller(world, call).flat_map(|network| {
        network.security_groups.iter().map(|group| {
            let permissions: Vec<Value> = group
                .ingress
                .iter()
                .map(|rule| {
                    let mut permission = Map::new();
                    permission.insert("ipProtocol".to_owned(), rule.protocol().into());
                    if let Some((from, to)) = rule.ports() {
                        permission.insert("fromPort".to_owned(), from.into());
                        permission.insert("toPort".to_owned(), to.into());
                    }
                    let ranges = rule.cidr.iter().map(|cidr| json!({"cidrIp": cidr}));
                    permission.insert("ipRanges".to_owned(), ranges.collect());
                    let groups = rule.group.iter().map(|id| json!({"groupId": id}));
                    permission.insert("groups".to_owned(), groups.collect());
                    let lists = rule.prefix_list.iter().map(|id| json!({"prefixListId": id}));
                    permission.insert("prefixListIds".to_owned(), lists.collect());
                    permission.into()
                })
                .collect();
            Item {
                filtered: vec![("vpc-id", network.vpc.clone()), ("group-id", group.id.clone())],
                shown: json!({
                    "groupId": group.id,
                    "groupName": group.id,
                    "groupDescription": "of the seed",
                    "ownerId": network.account,
                    "vpcId": network.vpc,
                    "ipPermissions": permissions,
                    "ipPermissionsEgress": [],
                }),
            }
        })
    });
    answer("securityGroupInfo", items.collect(), call)
}

/// The networks of the caller's account and the call's Region.
fn of_caller<'w>(world: &'w World, call: &Call) -> impl Iterator<Item = &'w Network> {
    let at = (call.caller.account.clone(), call.region.clone());
    world
        .networks
        .iter()
        .filter(move |network| (&network.account, &network.region) == (&at.0, &at.1))
}

/// Those that fit every filter, each by one of its values.
fn answer(set: &str, items: Vec<Item>, call: &Call) -> Outcome {
    let mut shown = Vec::new();
    'items: for item in items {
        for filter in call.input.list("Filters") {
            let name = filter.get("Name").and_then(Value::as_str).unwrap_or_default();
            let Some((_, value)) = item.filtered.iter().find(|(known, _)| *known == name) else {
                let message = format!("The filter '{name}' is invalid");
                return Err(ApiError::bad("InvalidParameterValue", message));
            };
            let values = filter.get("Values").and_then(Value::as_array);
            let fits = |wanted: &Value| wanted.as_str() == Some(value);
            if !values.is_some_and(|values| values.iter().any(fits)) {
                continue 'items;
            }
        }
        shown.push(item.shown);
    }
    let mut answer = Map::new();
    answer.insert(set.to_owned(), shown.into());
    Ok(answer.into())
}
