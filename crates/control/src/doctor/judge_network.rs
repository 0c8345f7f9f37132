//! What follows from the facts about a domain's network. Pure.

use super::{About, Check, Finding, State};
use crate::ports::{
    AppNetwork, CallError, DomainFacts, EndpointFacts, FailureKind, Ingress, NetworkFacts,
    SecurityGroupFacts, SubnetFacts,
};
use access::map::Domain;
use ipnet::Ipv4Net;
use std::collections::{BTreeMap, BTreeSet};

/// Fewer free addresses than this in all subnets together are told.
const FEW: u32 = 32;
/// The port on which endpoints answer.
const HTTPS: i32 = 443;

/// Services that apps of a VPC-only domain reach, by the end of an endpoint's name, and whether
/// Studio does without it at a loss only.
const NEEDED: [(&str, bool); 7] = [
    ("sagemaker.api", true),
    ("sagemaker.runtime", true),
    ("studio", true),
    ("sts", true),
    ("s3", true),
    ("logs", false),
    ("ecr.api", false),
];

pub(super) fn of_network(
    facts: &DomainFacts,
    domain: &Domain,
    network: Option<&Result<NetworkFacts, CallError>>,
    subject: Option<&str>,
) -> Vec<Check> {
    let network = match network {
        None => return Vec::new(),
        Some(Ok(network)) => network,
        Some(Err(error)) => return vec![unread(error, subject)],
    };
    let subnets: Vec<&SubnetFacts> = facts
        .subnets
        .iter()
        .filter_map(|id| network.subnets.iter().find(|subnet| subnet.id == *id))
        .collect();
    let mut checks = zones(facts, &subnets, subject);
    checks.extend(groups(facts, network, subject));
    // Apps of other domains do not need the VPC's endpoints.
    if facts.network == AppNetwork::VpcOnly {
        checks.extend(endpoints(domain, network, subject));
        checks.extend(access(facts, &subnets, network, subject));
    }
    checks
}

/// A network that could not be read is not known to be wrong.
fn unread(error: &CallError, subject: Option<&str>) -> Check {
    let text = format!("what is in the domain's VPC could not be read: {}", error.without_code());
    let remedy = match error.kind {
        FailureKind::AccessDenied => {
            "Allow Stagedoor what docs/reference/permissions.md lists under Diagnose."
        }
        _ => error.remedy(),
    };
    Check::new(About::Subnets, subject, State::Warning, error.code(), text, &[remedy])
}

fn zones(facts: &DomainFacts, subnets: &[&SubnetFacts], subject: Option<&str>) -> Vec<Check> {
    let known: BTreeSet<&str> = subnets.iter().map(|subnet| subnet.id.as_str()).collect();
    let gone: Vec<&str> =
        facts.subnets.iter().map(String::as_str).filter(|id| !known.contains(id)).collect();
    let zones: BTreeSet<&str> = subnets.iter().map(|subnet| subnet.zone.as_str()).collect();
    let mut checks = Vec::new();
    if !gone.is_empty() {
        let text = format!("its VPC has no subnet {}", gone.join(", "));
        checks.push(Check::found(Finding::SubnetMissing, subject, State::Failed, text));
    }
    let names: Vec<&str> = zones.iter().copied().collect();
    checks.push(match names.as_slice() {
        [] => Check::found(Finding::SubnetMissing, subject, State::Failed, "it has no subnet"),
        [one] => {
            let text = format!("all its subnets are in the zone {one}");
            Check::found(Finding::OneZone, subject, State::Warning, text)
        }
        several => {
            let text = format!("its subnets are in the zones {}", several.join(", "));
            Check::ok(About::Subnets, subject, text)
        }
    });
    let free: u32 = subnets.iter().map(|subnet| subnet.free).fold(0, u32::saturating_add);
    let text = format!("{free} addresses are free in its subnets");
    checks.push(match free {
        _ if subnets.is_empty() => return checks,
        0 => Check::found(Finding::NoAddress, subject, State::Failed, text),
        few if few < FEW => Check::found(Finding::FewAddresses, subject, State::Warning, text),
        _ => Check::ok(About::Addresses, subject, text),
    });
    checks
}

/// Whether the security groups of the domain's apps are there.
fn groups(facts: &DomainFacts, network: &NetworkFacts, subject: Option<&str>) -> Option<Check> {
    if facts.security_groups.is_empty() {
        return None;
    }
    let is_there = |id: &&String| network.security_groups.iter().any(|group| group.id == **id);
    let gone: Vec<&str> =
        facts.security_groups.iter().filter(|id| !is_there(id)).map(String::as_str).collect();
    Some(if gone.is_empty() {
        let text = format!("its security groups are there: {}", facts.security_groups.join(", "));
        Check::ok(About::SecurityGroups, subject, text)
    } else {
        let text = format!("its VPC has no security group {}", gone.join(", "));
        Check::found(Finding::GroupMissing, subject, State::Failed, text)
    })
}

fn endpoints(domain: &Domain, network: &NetworkFacts, subject: Option<&str>) -> Vec<Check> {
    let region = domain.region.as_str();
    let found: BTreeMap<&str, &EndpointFacts> = network
        .endpoints
        .iter()
        .filter(|endpoint| endpoint.available)
        .map(|endpoint| (short(&endpoint.service, region), endpoint))
        .collect();
    let lacking = |needed: bool| -> Vec<&str> {
        let wanted = NEEDED.iter().filter(|(_, is_needed)| *is_needed == needed);
        wanted.map(|(name, _)| *name).filter(|name| !found.contains_key(name)).collect()
    };
    let warn = |finding, text: String| Check::found(finding, subject, State::Warning, text);
    let mut checks = Vec::new();
    let (needed, others) = (lacking(true), lacking(false));
    if needed.is_empty() {
        let text = "its VPC has the endpoints that Studio needs".to_owned();
        checks.push(Check::ok(About::Endpoints, subject, text));
    } else {
        // A NAT gateway would do, which this does not see.
        let text = format!(
            "its VPC has no endpoint of {}; without another way there, apps do not start",
            needed.join(", ")
        );
        checks.push(warn(Finding::EndpointMissing, text));
    }
    if !others.is_empty() {
        let text = format!(
            "without an endpoint of {}, logs or images take another way",
            others.join(", ")
        );
        checks.push(Check::ok(About::Endpoints, subject, text));
    }
    let without: Vec<&str> = found
        .iter()
        .filter(|(_, endpoint)| endpoint.interface && !endpoint.private_dns)
        .map(|(name, _)| *name)
        .collect();
    if without.is_empty() {
        let text = "the names of services lead to its endpoints".to_owned();
        checks.push(Check::ok(About::PrivateDns, subject, text));
    } else {
        let text = format!("private DNS is off for the endpoint of {}", without.join(", "));
        checks.push(warn(Finding::PrivateDnsOff, text));
    }
    checks
}

/// The name of an endpoint's service without what all have: `sagemaker.api`, or `studio`.
fn short<'s>(service: &'s str, region: &str) -> &'s str {
    let (_, rest) = service.split_once(region).unwrap_or(("", service));
    rest.trim_start_matches('.')
}

/// Whether the endpoints' security groups let the domain's apps in.
fn access(
    facts: &DomainFacts,
    subnets: &[&SubnetFacts],
    network: &NetworkFacts,
    subject: Option<&str>,
) -> Option<Check> {
    let interfaces: Vec<&EndpointFacts> =
        network.endpoints.iter().filter(|endpoint| endpoint.interface).collect();
    if interfaces.is_empty() || facts.security_groups.is_empty() {
        return None;
    }
    let (mut closed, mut unknown) = (Vec::new(), Vec::new());
    for endpoint in &interfaces {
        let groups = network.security_groups.iter();
        let mut own = groups.filter(|group| endpoint.security_groups.contains(&group.id));
        if own.clone().any(|group| lets_in(group, facts, subnets)) {
            continue;
        }
        let by_list = own.any(|group| open(group).any(|rule| !rule.prefix_lists.is_empty()));
        if by_list { &mut unknown } else { &mut closed }.push(endpoint.service.as_str());
    }
    Some(if closed.is_empty() && unknown.is_empty() {
        Check::ok(About::EndpointAccess, subject, "its apps may reach the endpoints on port 443")
    } else if closed.is_empty() {
        let text = format!(
            "a prefix list, which is not read, says whether its apps may reach on port 443 the \
             endpoint of {}",
            unknown.join(", ")
        );
        Check::found(Finding::EndpointUnknown, subject, State::Warning, text)
    } else {
        let text = format!(
            "no security group lets its apps in on port 443 to the endpoint of {}",
            closed.join(", ")
        );
        Check::found(Finding::EndpointClosed, subject, State::Failed, text)
    })
}

/// The rules about port 443.
fn open(group: &SecurityGroupFacts) -> impl Iterator<Item = &Ingress> {
    let is_open =
        |rule: &&Ingress| rule.ports.is_none_or(|(from, to)| (from..=to).contains(&HTTPS));
    group.ingress.iter().filter(is_open)
}

/// Whether a rule lets in a group of the domain, or all its subnets.
fn lets_in(group: &SecurityGroupFacts, facts: &DomainFacts, subnets: &[&SubnetFacts]) -> bool {
    let open: Vec<_> = open(group).collect();
    let by_group =
        open.iter().flat_map(|rule| &rule.groups).any(|id| facts.security_groups.contains(id));
    let ranges: Vec<Ipv4Net> =
        open.iter().flat_map(|rule| &rule.cidrs).filter_map(|cidr| cidr.parse().ok()).collect();
    let nets = subnets.iter().filter_map(|subnet| subnet.cidr.as_ref()?.parse::<Ipv4Net>().ok());
    let nets: Vec<Ipv4Net> = nets.collect();
    let by_address =
        !nets.is_empty() && nets.iter().all(|net| ranges.iter().any(|range| range.contains(net)));
    by_group || by_address
}
