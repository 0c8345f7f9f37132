//! Network rules: from where a team may be opened.

use ipnet::IpNet;
use std::net::IpAddr;

/// The name of the rule that every address satisfies. Written out in the map by whoever wants it.
pub const ANYWHERE: &str = "anywhere";

/// A rule of the map's `networks`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkRule {
    /// One match is enough; an empty list matches nothing.
    pub any_of: Vec<NetworkMatch>,
    /// What to tell a person who is refused: what would work.
    pub explain: Option<String>,
}

/// One way to satisfy a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NetworkMatch {
    /// The source address lies in this range.
    Cidr(IpNet),
    /// The request came through this VPC endpoint.
    Vpce(String),
    /// Any origin.
    Anywhere,
}

/// Where a request came from, as far as a trusted source says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origin {
    /// The source address.
    pub address: Option<IpAddr>,
    /// The VPC endpoint the request passed, if the gateway vouches for it.
    pub vpce: Option<String>,
}

impl NetworkRule {
    /// The rule every origin satisfies.
    pub fn anywhere() -> Self {
        Self { any_of: vec![NetworkMatch::Anywhere], explain: None }
    }

    /// Whether the rule lets this origin in. What is not known does not match.
    pub fn admits(&self, origin: &Origin) -> bool {
        self.any_of.iter().any(|m| match m {
            NetworkMatch::Anywhere => true,
            // An IPv4 client on a dual-stack socket shows as ::ffff:a.b.c.d.
            NetworkMatch::Cidr(net) => {
                origin.address.is_some_and(|a| net.contains(&a.to_canonical()))
            }
            NetworkMatch::Vpce(id) => origin.vpce.as_deref() == Some(id),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn office() -> NetworkRule {
        NetworkRule {
            any_of: vec![
                NetworkMatch::Cidr("10.100.10.0/24".parse().unwrap()),
                NetworkMatch::Vpce("vpce-0abc".into()),
            ],
            explain: None,
        }
    }

    fn from(address: &str) -> Origin {
        Origin { address: Some(address.parse().unwrap()), vpce: None }
    }

    #[test]
    fn a_mapped_ipv4_address_counts_as_ipv4() {
        assert!(office().admits(&from("10.100.10.7")));
        assert!(office().admits(&from("::ffff:10.100.10.7")));
        assert!(!office().admits(&from("10.100.11.7")));
    }

    #[test]
    fn an_unknown_origin_matches_only_anywhere() {
        assert!(!office().admits(&Origin::default()));
        assert!(NetworkRule::anywhere().admits(&Origin::default()));
        assert!(!NetworkRule { any_of: vec![], explain: None }.admits(&from("127.0.0.1")));
    }

    #[test]
    fn an_endpoint_matches_by_id_alone() {
        let origin = Origin { address: None, vpce: Some("vpce-0abc".into()) };
        assert!(office().admits(&origin));
        let other = Origin { address: None, vpce: Some("vpce-0abd".into()) };
        assert!(!office().admits(&other));
    }
}
