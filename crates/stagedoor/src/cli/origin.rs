//! Flags about where requests come from.

use super::value::switch;
use clap::{Args, ValueEnum};
use ipnet::IpNet;
use std::net::IpAddr;
use std::num::NonZeroU8;
use web::OriginSource;

/// Who is believed about where a request comes from.
#[derive(Debug, Clone, Args)]
pub(crate) struct OriginArgs {
    /// A reverse proxy that is believed about the client's address; may be given several times, in
    /// the environment with commas. Absent: the address that connects is the client's.
    #[arg(
        long = "trusted-proxy",
        value_name = "CIDR",
        env = "STAGEDOOR_TRUSTED_PROXY",
        value_delimiter = ',',
        value_parser = proxies
    )]
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// How many of these proxies stand one behind another: the client is whom the outermost names, be it in a
    /// range of theirs. This holds of requests that passed them all: nobody but the proxy before it may reach an
    /// inner one, and nobody but the innermost Stagedoor. Absent: every address in the ranges is taken for a
    /// proxy's, and whoever has one there without being a proxy can claim any address. Give it with ranges in
    /// which others are too.
    #[arg(long, value_name = "NUMBER", env = "STAGEDOOR_PROXY_HOPS")]
    pub(crate) proxy_hops: Option<NonZeroU8>,
    /// The header in which the trusted proxies name the client. They must overwrite it or add to
    /// it, and the other one is not read.
    #[arg(
        long,
        value_name = "HEADER",
        value_enum,
        default_value_t,
        env = "STAGEDOOR_FORWARDED_HEADER"
    )]
    pub(crate) forwarded_header: ForwardedHeader,
    /// Believe the request context of API Gateway, which AWS Lambda Web Adapter hands over from
    /// loopback (and the trusted proxies) in place of a forwarded header.
    #[arg(long, env = "STAGEDOOR_API_GATEWAY", value_parser = switch)]
    pub(crate) api_gateway: bool,
}

/// Headers in which reverse proxies name the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum ForwardedHeader {
    /// X-Forwarded-For, as most proxies write it.
    #[default]
    XForwardedFor,
    /// Forwarded (RFC 7239).
    Forwarded,
}

impl OriginArgs {
    pub(crate) fn source(&self) -> OriginSource {
        let proxies = self.trusted_proxies.clone();
        if self.api_gateway {
            return OriginSource::ApiGateway { proxies };
        }
        if proxies.is_empty() {
            return OriginSource::Socket;
        }
        let header = match self.forwarded_header {
            ForwardedHeader::XForwardedFor => web::ForwardedHeader::XForwardedFor,
            ForwardedHeader::Forwarded => web::ForwardedHeader::Forwarded,
        };
        OriginSource::TrustedProxies { proxies, header, hops: self.proxy_hops }
    }

    /// The first range of trusted proxies in which somebody else could be who is taken for one, too.
    pub(crate) fn range(&self) -> Option<&IpNet> {
        let is_range = |net: &&IpNet| net.prefix_len() < net.max_prefix_len();
        let ranges = if self.api_gateway { &[][..] } else { &self.trusted_proxies };
        ranges.iter().find(is_range)
    }
}

/// Parses a range of addresses, or one address.
fn proxies(text: &str) -> Result<IpNet, String> {
    let net: IpNet = text
        .parse()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| "write it as 10.0.0.0/24, 2001:db8::/64 or one address".to_owned())?;
    if net.prefix_len() == 0 {
        return Err("this would trust everybody to name any address".to_owned());
    }
    match net {
        // Peers are compared as IPv4 where they are IPv4: this would never match.
        IpNet::V6(net) if net.addr().to_ipv4_mapped().is_some() => {
            Err("write IPv4 addresses as IPv4".to_owned())
        }
        net => Ok(net),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Cli, Command};
    use clap::Parser;

    fn origin(flags: &[&str]) -> Result<OriginSource, clap::Error> {
        let line = ["stagedoor", "serve"].iter().chain(flags);
        Cli::try_parse_from(line).map(|cli| match cli.command {
            Command::Serve(args) => args.origin.source(),
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn nobody_is_believed_about_addresses_unless_named() {
        assert_eq!(origin(&[]).unwrap(), OriginSource::Socket);
        let header = ["--forwarded-header", "forwarded"];
        assert_eq!(origin(&header).unwrap(), OriginSource::Socket);

        let proxies = vec!["10.0.0.0/24".parse().unwrap(), "2001:db8::1/128".parse().unwrap()];
        let named = ["--trusted-proxy", "10.0.0.0/24", "--trusted-proxy", "2001:db8::1"];
        assert_eq!(
            origin(&named).unwrap(),
            OriginSource::TrustedProxies {
                proxies: proxies.clone(),
                header: web::ForwardedHeader::XForwardedFor,
                hops: None,
            }
        );
        let flags: Vec<_> = named.iter().chain(&header).copied().collect();
        assert_eq!(
            origin(&flags).unwrap(),
            OriginSource::TrustedProxies {
                proxies: proxies.clone(),
                header: web::ForwardedHeader::Forwarded,
                hops: None,
            }
        );
        let flags: Vec<_> = named.iter().copied().chain(["--proxy-hops", "2"]).collect();
        assert_eq!(
            origin(&flags).unwrap(),
            OriginSource::TrustedProxies {
                proxies: proxies.clone(),
                header: web::ForwardedHeader::XForwardedFor,
                hops: NonZeroU8::new(2),
            }
        );
        assert!(origin(&["--proxy-hops", "0"]).is_err());
        assert_eq!(
            origin(&["--api-gateway"]).unwrap(),
            OriginSource::ApiGateway { proxies: vec![] }
        );
        let flags: Vec<_> = named.iter().chain(&["--api-gateway"]).copied().collect();
        assert_eq!(origin(&flags).unwrap(), OriginSource::ApiGateway { proxies });
    }

    #[test]
    fn ranges_of_proxies_are_told() {
        let told = |flags: &[&str]| {
            let line = ["stagedoor", "serve"].iter().chain(flags);
            match Cli::try_parse_from(line).unwrap().command {
                Command::Serve(args) => args.origin.range().map(ToString::to_string),
                other => panic!("{other:?}"),
            }
        };
        let range = ["--trusted-proxy", "127.0.0.1,10.0.0.0/24"];
        assert_eq!(told(&range).as_deref(), Some("10.0.0.0/24"));
        // A number bounds only what passed all proxies.
        let counted = [&range[..], &["--proxy-hops", "1"]].concat();
        assert_eq!(told(&counted).as_deref(), Some("10.0.0.0/24"));
        assert_eq!(told(&["--trusted-proxy", "127.0.0.1"]), None);
        assert_eq!(told(&[&range[..], &["--api-gateway"]].concat()), None);
    }

    #[test]
    fn proxies_that_are_everybody_or_nobody_are_refused() {
        for bad in ["0.0.0.0/0", "::/0", "::ffff:10.0.0.0/104", "10.0.0.0/33", "proxy", ""] {
            assert!(proxies(bad).is_err(), "{bad}");
        }
    }
}
