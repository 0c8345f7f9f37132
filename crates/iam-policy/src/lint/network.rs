//! Conditions on the network that let others pass, or nobody.

use super::types::network;
use super::view::{Condition, NETWORK_KEYS, VPC_KEYS, View};
use super::{Finding, Rule};
use ipnet::IpNet;

const SOURCE_IP: &str = "aws:SourceIp";
const VPC_SOURCE_IP: &str = "aws:VpcSourceIp";

pub(super) fn check(view: &View<'_>, together: &[&View<'_>]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for condition in &view.conditions {
        if condition.is_about(VPC_SOURCE_IP) {
            findings.extend(without_vpc(view, condition, together));
        }
        if condition.is_about(SOURCE_IP) {
            findings.extend(private(view, condition));
            findings.extend(breaks_endpoints(view, condition));
        }
        if condition.is_about(SOURCE_IP) || condition.is_about(VPC_SOURCE_IP) {
            findings.extend(any_network(condition));
        }
    }
    findings
}

/// Whether the statement is about requests of some networks only.
pub(super) fn is_by_network(view: &View<'_>) -> bool {
    NETWORK_KEYS.iter().any(|key| view.asks_for(key))
}

fn names_vpc(view: &View<'_>) -> bool {
    VPC_KEYS.iter().any(|key| view.asks_for(key))
}

fn without_vpc(
    view: &View<'_>,
    condition: &Condition<'_>,
    together: &[&View<'_>],
) -> Option<Finding> {
    let is_null = condition.operator?.base.kind == crate::condition::Kind::Null;
    // An Allow is narrowed by its own conditions. A Deny takes from what others allow: it needs a
    // second one outside of the VPC, or Allows that ask for the VPC themselves.
    let answered = if view.allows() {
        names_vpc(view)
    } else {
        let denied = together.iter().any(|other| !other.allows() && denies_other_vpcs(other));
        let mut allows =
            together.iter().filter(|other| other.gives() && overlaps(view, other)).peekable();
        let only_from_vpc = allows.peek().is_some() && allows.all(|other| names_vpc(other));
        denied || only_from_vpc || exempts(view)
    };
    (!answered && !is_null).then(|| {
        let message = if view.allows() {
            "any VPC with these addresses passes, whoever owns it"
        } else {
            "any VPC with these addresses escapes the Deny, whoever owns it"
        };
        condition.finding(Rule::VpcSourceIpWithoutVpc, message)
    })
}

/// Whether it denies requests from outside of some VPC or endpoint.
fn denies_other_vpcs(view: &View<'_>) -> bool {
    let asked: Vec<_> =
        view.conditions.iter().filter(|c| VPC_KEYS.iter().any(|key| c.is_about(key))).collect();
    !asked.is_empty()
        && asked.iter().all(|condition| condition.is_negated())
        && !view.asks_for(VPC_SOURCE_IP)
}

/// Whether it is a Deny about requests through a VPC, which says which.
fn exempts(view: &View<'_>) -> bool {
    view.conditions
        .iter()
        .any(|c| VPC_KEYS.iter().any(|key| c.is_about(key)) && !c.is_negated() && c.requires_it())
}

fn overlaps(view: &View<'_>, other: &View<'_>) -> bool {
    let Some(actions) = other.known_actions() else { return true };
    actions.iter().any(|action| view.statement.covers_action(&action.to_string()))
}

fn private(view: &View<'_>, condition: &Condition<'_>) -> Option<Finding> {
    let networks: Vec<IpNet> = condition.values.iter().filter_map(|value| network(value)).collect();
    let all = !networks.is_empty() && networks.iter().all(|network| is_private(*network));
    all.then(|| {
        let effect = match (view.allows(), condition.is_negated()) {
            (true, false) => "nobody is allowed by it",
            (false, true) => "everybody is denied by it",
            (true, true) => "everybody is allowed by it",
            (false, false) => "nobody is denied by it",
        };
        condition.finding(
            Rule::PrivateSourceIp,
            format!("`aws:SourceIp` is never a private address: {effect}"),
        )
    })
}

/// Networks that no request over the internet comes from: RFC 1918, RFC 6598, loopback, link-local
/// and unique local addresses.
const PRIVATE: [&str; 9] = [
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "::1/128",
    "fc00::/7",
    "fe80::/10",
];

fn is_private(network: IpNet) -> bool {
    PRIVATE
        .iter()
        .filter_map(|text| text.parse::<IpNet>().ok())
        .any(|known| known.contains(&network))
}

fn breaks_endpoints(view: &View<'_>, condition: &Condition<'_>) -> Option<Finding> {
    let spared = view.allows()
        || !condition.is_negated()
        || names_vpc(view)
        || view.asks_for(VPC_SOURCE_IP)
        || view.asks_for("aws:ViaAWSService")
        || view.conditions.iter().any(|c| c.key.to_ascii_lowercase().starts_with("aws:principal"))
        || view.requires(SOURCE_IP);
    (!spared).then(|| {
        let message = "requests through VPC endpoints, and those of services on somebody's behalf, are denied too";
        condition.finding(Rule::SourceIpBreaksEndpoints, message)
    })
}

fn any_network(condition: &Condition<'_>) -> Option<Finding> {
    let any = condition
        .values
        .iter()
        .find(|value| network(value).is_some_and(|network| network.prefix_len() == 0));
    any.map(|value| condition.finding(Rule::AnyNetwork, format!("`{value}` is every address")))
}
