//! Network rules as conditions of IAM.
//!
//! What AWS documents, and what follows for policies:
//!
//! - `aws:SourceIp` is there only on the public path. `aws:SourceVpc`, `aws:SourceVpce` and
//!   `aws:VpcSourceIp` are there only through a VPC endpoint. So each way in stands in an `Allow` of
//!   its own: a condition on both paths in one statement never holds.
//! - `IpAddress` with a missing key is false, `NotIpAddress` and `StringNotEquals` are true. So all
//!   ways in stand in *one* `Deny`, each negated: it spares whoever comes by one of them.
//! - Every VPC may use the same private range. `aws:VpcSourceIp` therefore only ever stands beside
//!   the `aws:SourceVpc` it is about, and a private range without its VPC cannot be said at all.

use crate::network::{NetworkMatch, NetworkRule};
use iam_policy::persona::Conditions;
use iam_policy::{Statement, Values};
use ipnet::IpNet;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The ways in of some network rules together, as far as IAM can tell them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Ways {
    /// Whether some rule lets every request in.
    pub(super) anywhere: bool,
    public: BTreeSet<IpNet>,
    endpoints: BTreeSet<String>,
    vpcs: BTreeSet<String>,
    inside: BTreeMap<String, BTreeSet<IpNet>>,
}

impl Ways {
    pub(super) fn of<'r>(rules: impl IntoIterator<Item = &'r NetworkRule>) -> Self {
        let mut ways = Self::default();
        for way in rules.into_iter().flat_map(|rule| &rule.any_of) {
            match way {
                NetworkMatch::Anywhere => ways.anywhere = true,
                // A private range without its VPC: no condition of IAM is as narrow.
                NetworkMatch::Cidr(net) if is_private(net) => {}
                NetworkMatch::Cidr(net) => drop(ways.public.insert(*net)),
                NetworkMatch::Vpce(id) => drop(ways.endpoints.insert(id.clone())),
                NetworkMatch::Vpc(id) => drop(ways.vpcs.insert(id.clone())),
                NetworkMatch::CidrInVpc { net, vpc } => {
                    ways.inside.entry(vpc.clone()).or_default().insert(*net);
                }
            }
        }
        // The whole of a VPC is more than a part of it.
        ways.inside.retain(|vpc, _| !ways.vpcs.contains(vpc));
        ways
    }

    /// Under which conditions a request comes by one of the ways: one of them must hold. None where
    /// there is no way in, one without conditions for `anywhere`. Each has a name for Sids.
    pub(super) fn alternatives(&self) -> Vec<(String, Conditions)> {
        if self.anywhere {
            return vec![("Anywhere".to_owned(), Conditions::new())];
        }
        let public = texts(&self.public).collect();
        let simple = [
            ("Public", "IpAddress", "aws:SourceIp", public),
            ("Vpc", "StringEquals", "aws:SourceVpc", Values::from_iter(&self.vpcs)),
            ("Endpoint", "StringEquals", "aws:SourceVpce", Values::from_iter(&self.endpoints)),
        ];
        let simple = simple.into_iter().filter(|(.., values)| !values.0.is_empty());
        let simple = simple.map(|(name, operator, key, values)| {
            (name.to_owned(), conditions([(operator, key, values)]))
        });
        let inside = self.inside.iter().enumerate().map(|(index, (vpc, nets))| {
            let (vpc, nets) = (Values::from_iter([vpc]), texts(nets).collect());
            let pair =
                [("StringEquals", "aws:SourceVpc", vpc), ("IpAddress", "aws:VpcSourceIp", nets)];
            (format!("InVpc{}", index + 1), conditions(pair))
        });
        simple.chain(inside).collect()
    }

    /// The statement once for each way in, with its condition. Without any way nothing is allowed.
    pub(super) fn allow(&self, name: &str, base: &Statement) -> Vec<Statement> {
        let each = self.alternatives().into_iter().map(|(suffix, conditions)| {
            let named = Statement { sid: Some(format!("{name}{suffix}")), ..base.clone() };
            conditions.into_iter().fold(named, |statement, (operator, keys)| {
                keys.into_iter().fold(statement, |statement, (key, values)| {
                    statement.when(operator.clone(), key, values.0)
                })
            })
        });
        each.collect()
    }

    /// Denials of whatever comes by none of the ways: one, and one more for each VPC of which only a
    /// part will do.
    pub(super) fn deny(&self, name: &str, base: &Statement) -> Vec<Statement> {
        if self.anywhere {
            return Vec::new();
        }
        let named =
            |suffix: &str| Statement { sid: Some(format!("{name}{suffix}")), ..base.clone() };
        let mut outside = named("");
        if !self.public.is_empty() {
            outside = outside.when("NotIpAddress", "aws:SourceIp", texts(&self.public));
        }
        if !self.endpoints.is_empty() {
            outside = outside.when("StringNotEquals", "aws:SourceVpce", &self.endpoints);
        }
        let vpcs: BTreeSet<&String> = self.vpcs.iter().chain(self.inside.keys()).collect();
        if !vpcs.is_empty() {
            outside = outside.when("StringNotEquals", "aws:SourceVpc", vpcs.into_iter().cloned());
        }
        let mut statements = vec![outside];
        for (index, (vpc, nets)) in self.inside.iter().enumerate() {
            let mut elsewhere = named(&format!("InVpc{}", index + 1))
                .when("StringEquals", "aws:SourceVpc", [vpc])
                .when("NotIpAddress", "aws:VpcSourceIp", texts(nets));
            if !self.endpoints.is_empty() {
                elsewhere = elsewhere.when("StringNotEquals", "aws:SourceVpce", &self.endpoints);
            }
            statements.push(elsewhere);
        }
        statements
    }
}

impl NetworkRule {
    /// Private ranges of the rule that name no VPC, and are not named inside one either: policies
    /// cannot say them, so they leave them out.
    pub fn unsaid(&self) -> Vec<IpNet> {
        let inside = |net: &IpNet| {
            self.any_of.iter().any(|way| {
                matches!(way, NetworkMatch::CidrInVpc { net: known, .. } if known.contains(net))
            })
        };
        let ways = self.any_of.iter();
        ways.filter_map(|way| match way {
            NetworkMatch::Cidr(net) if is_private(net) && !inside(net) => Some(*net),
            _ => None,
        })
        .collect()
    }
}

fn texts(nets: &BTreeSet<IpNet>) -> impl Iterator<Item = String> {
    nets.iter().map(ToString::to_string)
}

fn conditions<const N: usize>(each: [(&str, &str, Values); N]) -> Conditions {
    let mut conditions = Conditions::new();
    for (operator, key, values) in each {
        conditions.entry(operator.to_owned()).or_default().insert(key.to_owned(), values);
    }
    conditions
}

/// Whether the whole range is of addresses that no request on the public path has.
fn is_private(net: &IpNet) -> bool {
    let v4 =
        |a, b, c, d, length| ipnet::Ipv4Net::new(Ipv4Addr::new(a, b, c, d), length).map(IpNet::V4);
    let v6 = |first, length| {
        ipnet::Ipv6Net::new(Ipv6Addr::new(first, 0, 0, 0, 0, 0, 0, 0), length).map(IpNet::V6)
    };
    // RFC 1918, RFC 6598 (carrier-grade NAT), loopback, link-local; RFC 4193, link-local.
    let ranges = [
        v4(10, 0, 0, 0, 8),
        v4(172, 16, 0, 0, 12),
        v4(192, 168, 0, 0, 16),
        v4(100, 64, 0, 0, 10),
        v4(127, 0, 0, 0, 8),
        v4(169, 254, 0, 0, 16),
        v6(0xfc00, 7),
        v6(0xfe80, 10),
    ];
    ranges.iter().flatten().any(|range| range.contains(net))
        || net.addr() == IpAddr::V6(Ipv6Addr::LOCALHOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(any_of: Vec<NetworkMatch>) -> NetworkRule {
        NetworkRule { any_of, explain: None }
    }

    fn found_of(rule: &NetworkRule) -> Vec<Conditions> {
        Ways::of([rule]).alternatives().into_iter().map(|(_, conditions)| conditions).collect()
    }

    #[test]
    fn each_kind_of_match_is_an_alternative_with_its_own_keys() {
        let net = |text: &str| text.parse().unwrap();
        let found = found_of(&rule(vec![
            NetworkMatch::Cidr(net("192.0.2.0/24")),
            NetworkMatch::Cidr(net("2001:db8::/32")),
            NetworkMatch::Vpce("vpce-0a".into()),
            NetworkMatch::Vpc("vpc-0b".into()),
            NetworkMatch::CidrInVpc { net: net("10.0.0.0/24"), vpc: "vpc-0c".into() },
            NetworkMatch::CidrInVpc { net: net("10.0.1.0/24"), vpc: "vpc-0c".into() },
        ]));
        assert_eq!(
            serde_json::to_value(found).unwrap(),
            serde_json::json!([
                {"IpAddress": {"aws:SourceIp": ["192.0.2.0/24", "2001:db8::/32"]}},
                {"StringEquals": {"aws:SourceVpc": "vpc-0b"}},
                {"StringEquals": {"aws:SourceVpce": "vpce-0a"}},
                {
                    "StringEquals": {"aws:SourceVpc": "vpc-0c"},
                    "IpAddress": {"aws:VpcSourceIp": ["10.0.0.0/24", "10.0.1.0/24"]}
                }
            ])
        );
    }

    #[test]
    fn nothing_lets_nothing_in_and_anywhere_everything() {
        assert_eq!(found_of(&rule(Vec::new())), Vec::<Conditions>::new());
        assert_eq!(found_of(&NetworkRule::anywhere()), vec![Conditions::new()]);
        let both = rule(vec![NetworkMatch::Vpc("vpc-0b".into()), NetworkMatch::Anywhere]);
        assert_eq!(found_of(&both), vec![Conditions::new()]);
    }
}
