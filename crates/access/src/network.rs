//! Network rules: from where a team may be opened.

use ipnet::IpNet;
use std::fmt;
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
    /// The request came through an endpoint of this VPC, from an address in this range.
    CidrInVpc {
        /// The range, of the VPC's own addresses or of networks that are joined to it.
        net: IpNet,
        /// The VPC: `vpc-…`.
        vpc: String,
    },
    /// The request came through an endpoint of this VPC.
    Vpc(String),
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
    /// The VPC of that endpoint, if the gateway vouches for it.
    pub vpc: Option<String>,
    /// Who says the source address in a way that cannot be read: a proxy, as a client made it or not. It stands
    /// for those it speaks for where requests are counted, and for nobody where networks are compared.
    pub mumbler: Option<IpAddr>,
}

impl Origin {
    /// Under which address requests from here are counted.
    pub fn counted_as(&self) -> Option<IpAddr> {
        self.address.or(self.mumbler)
    }
}

impl NetworkRule {
    /// The rule every origin satisfies.
    pub fn anywhere() -> Self {
        Self { any_of: vec![NetworkMatch::Anywhere], explain: None }
    }

    /// Whether the rule lets this origin in. What is not known does not match.
    pub fn admits(&self, origin: &Origin) -> bool {
        // An IPv4 client on a dual-stack socket shows as ::ffff:a.b.c.d.
        let inside = |net: &IpNet| origin.address.is_some_and(|a| net.contains(&a.to_canonical()));
        let of_vpc = |id: &str| origin.vpc.as_deref() == Some(id);
        self.any_of.iter().any(|m| match m {
            NetworkMatch::Anywhere => true,
            NetworkMatch::Cidr(net) => inside(net),
            NetworkMatch::CidrInVpc { net, vpc } => inside(net) && of_vpc(vpc),
            NetworkMatch::Vpc(id) => of_vpc(id),
            NetworkMatch::Vpce(id) => origin.vpce.as_deref() == Some(id),
        })
    }
}

impl fmt::Display for NetworkMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cidr(net) => write!(f, "{net}"),
            Self::CidrInVpc { net, vpc } => write!(f, "{net} in {vpc}"),
            Self::Vpc(id) | Self::Vpce(id) => f.write_str(id),
            Self::Anywhere => f.write_str(ANYWHERE),
        }
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
        Origin { address: Some(address.parse().unwrap()), ..Origin::default() }
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
        let origin = Origin { vpce: Some("vpce-0abc".into()), ..Origin::default() };
        assert!(office().admits(&origin));
        let other = Origin { vpce: Some("vpce-0abd".into()), ..Origin::default() };
        assert!(!office().admits(&other));
    }

    #[test]
    fn a_range_in_a_vpc_needs_both_and_a_vpc_only_itself() {
        let net = "10.0.0.0/8".parse().unwrap();
        let rule = |way| NetworkRule { any_of: vec![way], explain: None };
        let both = rule(NetworkMatch::CidrInVpc { net, vpc: "vpc-0a".into() });
        let whole = rule(NetworkMatch::Vpc("vpc-0a".into()));
        let at =
            |address: &str, vpc: Option<&str>| Origin { vpc: vpc.map(Into::into), ..from(address) };
        assert!(both.admits(&at("10.1.2.3", Some("vpc-0a"))));
        // The same private range of somebody else's VPC, or of one that is not known.
        assert!(!both.admits(&at("10.1.2.3", Some("vpc-0b"))));
        assert!(!both.admits(&at("10.1.2.3", None)));
        assert!(!both.admits(&at("192.0.2.1", Some("vpc-0a"))));
        assert!(whole.admits(&at("192.0.2.1", Some("vpc-0a"))));
        assert!(!whole.admits(&at("10.1.2.3", None)));
        let shown: Vec<String> =
            [&both, &whole].iter().flat_map(|r| &r.any_of).map(ToString::to_string).collect();
        assert_eq!(shown, ["10.0.0.0/8 in vpc-0a", "vpc-0a"]);
    }
}
