//! Policies of VPC endpoints: what may pass through the private way to `SageMaker`, whoever asks.

use crate::ids::Region;
use crate::map::{AccessMap, Hub};
use iam_policy::bundle::EndpointPolicy;
use iam_policy::{Document, Statement};
use std::collections::{BTreeMap, BTreeSet};

/// What makes a link.
const LINK: &str = "sagemaker:CreatePresignedDomainUrl";

/// What the runtime endpoint is for.
const INVOKE: [&str; 3] = [
    "sagemaker:InvokeEndpoint",
    "sagemaker:InvokeEndpointAsync",
    "sagemaker:InvokeEndpointWithResponseStream",
];

/// Three for each Region where domains are: of the API, of the runtime and of Studio itself.
pub(super) fn policies(map: &AccessMap) -> Vec<EndpointPolicy> {
    let Some(hub) = &map.hub else { return Vec::new() };
    let regions: BTreeSet<&Region> = map.domains.values().map(|domain| &domain.region).collect();
    regions.into_iter().flat_map(|region| of_region(map, hub, region)).collect()
}

fn of_region(map: &AccessMap, hub: &Hub, region: &Region) -> [EndpointPolicy; 3] {
    let partition = hub.role.partition();
    let there = || map.domains.values().filter(|domain| domain.region == *region);
    let profiles: BTreeSet<String> = there()
        .map(|domain| {
            let (account, id) = (&domain.account_id, &domain.domain_id);
            format!("arn:{partition}:sagemaker:{region}:{account}:user-profile/{id}/*")
        })
        .collect();
    let homes: BTreeSet<&str> = there().map(|domain| domain.account_id.as_str()).collect();
    let accounts: BTreeSet<&str> = homes.iter().copied().chain([hub.role.account()]).collect();
    let known = |statement: Statement| match &hub.organization {
        Some(id) => statement.everybody().when("StringEquals", "aws:PrincipalOrgID", [id]),
        None => statement.everybody().when(
            "StringEquals",
            "aws:PrincipalAccount",
            accounts.iter().copied(),
        ),
    };
    let endpoints: BTreeMap<&str, String> = homes
        .iter()
        .map(|account| {
            (*account, format!("arn:{partition}:sagemaker:{region}:{account}:endpoint/*"))
        })
        .collect();
    let api = Document::new([
        known(
            Statement::allow("OwnPeopleInOwnAccounts")
                .actions(["sagemaker:*"])
                .resources(["*"])
                .when("StringEquals", "aws:ResourceAccount", accounts.iter().copied()),
        ),
        Statement::deny("LinksOnlyIntoOwnDomains")
            .everybody()
            .actions([LINK])
            .not_resources(profiles.iter().cloned()),
    ]);
    let runtime = Document::new([known(
        Statement::allow("OwnPeopleToOwnEndpoints")
            .actions(INVOKE)
            .resources(endpoints.into_values()),
    )]);
    let studio = Document::new([known(
        Statement::allow("OwnPeopleIntoOwnDomains").actions([LINK]).resources(profiles),
    )]);
    let policy = |what: &str, service: String, description: &str, document| EndpointPolicy {
        name: format!("{what}-{region}"),
        description: description.to_owned(),
        service,
        region: region.as_str().to_owned(),
        document,
    };
    [
        policy(
            "sagemaker-api",
            format!("com.amazonaws.{region}.sagemaker.api"),
            "Own people in own accounts only, and links only into the map's domains",
            api,
        ),
        policy(
            "sagemaker-runtime",
            format!("com.amazonaws.{region}.sagemaker.runtime"),
            "Own people to inference endpoints of the accounts with domains only",
            runtime,
        ),
        policy(
            "studio",
            format!("aws.sagemaker.{region}.studio"),
            "Own people into the map's domains only",
            studio,
        ),
    ]
}
