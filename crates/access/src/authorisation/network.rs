//! Network rules as conditions.

use crate::network::{NetworkMatch, NetworkRule};
use iam_policy::Values;
use iam_policy::persona::Conditions;
use std::collections::BTreeMap;

/// Under which conditions a request comes from where the rule lets in: one of them must hold. None
/// for a rule that lets nothing in, one without conditions for `anywhere`.
pub(super) fn alternatives(rule: &NetworkRule) -> Vec<Conditions> {
    if rule.any_of.contains(&NetworkMatch::Anywhere) {
        return vec![Conditions::new()];
    }
    let mut ranges = Values::default();
    let mut endpoints = Values::default();
    let mut vpcs = Values::default();
    let mut inside: BTreeMap<&str, Values> = BTreeMap::new();
    for found in &rule.any_of {
        match found {
            NetworkMatch::Anywhere => {}
            NetworkMatch::Cidr(net) => ranges.0.push(net.to_string()),
            NetworkMatch::Vpce(id) => endpoints.0.push(id.clone()),
            NetworkMatch::Vpc(id) => vpcs.0.push(id.clone()),
            NetworkMatch::CidrInVpc { net, vpc } => {
                inside.entry(vpc).or_default().0.push(net.to_string());
            }
        }
    }
    let simple = [
        ("IpAddress", "aws:SourceIp", ranges),
        ("StringEquals", "aws:SourceVpc", vpcs),
        ("StringEquals", "aws:SourceVpce", endpoints),
    ];
    let simple = simple.into_iter().filter(|(_, _, values)| !values.0.is_empty());
    let simple = simple.map(|(operator, key, values)| conditions([(operator, key, values)]));
    // An address means something only inside its VPC: every other may use the same ones.
    let inside = inside.into_iter().map(|(vpc, nets)| {
        let vpc = Values(vec![vpc.to_owned()]);
        conditions([("StringEquals", "aws:SourceVpc", vpc), ("IpAddress", "aws:VpcSourceIp", nets)])
    });
    simple.chain(inside).collect()
}

fn conditions<const N: usize>(each: [(&str, &str, Values); N]) -> Conditions {
    let mut conditions = Conditions::new();
    for (operator, key, values) in each {
        conditions.entry(operator.to_owned()).or_default().insert(key.to_owned(), values);
    }
    conditions
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(any_of: Vec<NetworkMatch>) -> NetworkRule {
        NetworkRule { any_of, explain: None }
    }

    #[test]
    fn each_kind_of_match_is_an_alternative_with_its_own_keys() {
        let net = |text: &str| text.parse().unwrap();
        let found = alternatives(&rule(vec![
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
        assert_eq!(alternatives(&rule(Vec::new())), Vec::<Conditions>::new());
        assert_eq!(alternatives(&NetworkRule::anywhere()), vec![Conditions::new()]);
        let both = rule(vec![NetworkMatch::Vpc("vpc-0b".into()), NetworkMatch::Anywhere]);
        assert_eq!(alternatives(&both), vec![Conditions::new()]);
    }
}
