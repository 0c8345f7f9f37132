//! Where a request comes from, and who is believed about it.
//!
//! Anybody can write any header, so a header counts only from a peer whose business it is to write
//! it. What such a peer writes and we cannot read leaves the origin unknown, which only the network
//! `anywhere` admits.

mod forwarded;
mod request_context;

pub use request_context::{RequestContextError, origin_of_request_context};

use access::network::Origin;
use axum::extract::ConnectInfo;
use axum::http::{Extensions, HeaderMap};
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU8;

/// The header in which AWS Lambda Web Adapter hands over API Gateway's request context.
const REQUEST_CONTEXT: &str = "x-amzn-request-context";

/// Who is believed about where a request comes from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum OriginSource {
    /// The socket's peer and nothing else. Whoever connects is the client.
    #[default]
    Socket,
    /// Reverse proxies. If the peer is one, the client is the right-most address of the header that
    /// is none; the header of any other peer is ignored.
    TrustedProxies {
        /// The proxies' own addresses.
        proxies: Vec<IpNet>,
        /// The one header that they write. The other is not read: a proxy that does not write it
        /// passes on what the client sent.
        header: ForwardedHeader,
        /// How many of them stand one behind another. What the outermost wrote is the client's address,
        /// also where it is one of `proxies`. `None`: every address in `proxies` is taken for a proxy's,
        /// so whoever has one can claim any other.
        hops: Option<NonZeroU8>,
    },
    /// API Gateway in front of a Lambda function, by the header `x-amzn-request-context` of AWS
    /// Lambda Web Adapter, which replaces whatever a client sends under that name. It is believed
    /// from loopback, where the adapter runs, and from these proxies. The adapter hands over the
    /// fields it knows; `vpceId` has not been among them, and a network by `vpce` then does not match.
    ApiGateway {
        /// Peers besides loopback that may hand over the context.
        proxies: Vec<IpNet>,
    },
    /// Whoever invoked this Lambda function, by the [`Invoker`] that comes with the request; no
    /// socket, and no header but that of a load balancer.
    Invocation,
}

/// Who handed a request to a Lambda function, as an extension of the request. Only the payload's
/// frame tells; nothing of the client's request may be put here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Invoker {
    /// API Gateway, or a function URL, with its `requestContext` as JSON text.
    Api(String),
    /// An Application Load Balancer. Its context does not tell the client.
    LoadBalancer {
        /// Whether it adds its peer to `X-Forwarded-For` on the right, so that this one address is
        /// its own word. One that passes the header on as it came (`preserve`) does not.
        appends: bool,
    },
}

/// The header in which reverse proxies name the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`: addresses with commas between them, each proxy adding its peer on the right.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239), of which only `for=` is read.
    Forwarded,
}

impl ForwardedHeader {
    /// The name as people write it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::XForwardedFor => "X-Forwarded-For",
            Self::Forwarded => "Forwarded",
        }
    }
}

/// A request's origin, and how it is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Sighting {
    pub(crate) origin: Origin,
    pub(crate) seen: Seen,
}

/// How an origin is known, or why it is not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Seen {
    /// It is the socket's peer.
    Connection,
    /// A trusted proxy says so.
    Forwarded(ForwardedHeader),
    /// API Gateway says so.
    RequestContext,
    /// There is no socket.
    #[default]
    Nowhere,
    /// A trusted proxy does not say.
    NotForwarded(ForwardedHeader, NotForwarded),
    /// API Gateway does not say.
    NoRequestContext,
    /// API Gateway says it in a way that is not understood.
    BadRequestContext(RequestContextError),
}

/// Why a trusted proxy's header does not tell the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotForwarded {
    /// There is none.
    Absent,
    /// It is longer than a chain of proxies can be.
    TooLong,
    /// Right of the client is something that is not an address.
    Malformed,
    /// All its addresses are trusted proxies'.
    OnlyProxies,
}

impl OriginSource {
    /// Finds out. Whatever fails leaves the origin unknown.
    pub(crate) fn sight(&self, extensions: &Extensions, headers: &HeaderMap) -> Sighting {
        let peer = extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map(|ConnectInfo(peer)| peer.ip().to_canonical());
        let peer = match (self, peer) {
            (Self::Invocation, _) => return by_invoker(extensions.get(), headers),
            (_, None) => return Sighting::default(),
            (_, Some(peer)) => peer,
        };
        match self {
            Self::TrustedProxies { proxies, header, hops } if is_one_of(peer, proxies) => {
                match forwarded::client(*header, headers, proxies, *hops) {
                    Ok(client) => Sighting::of(client, Seen::Forwarded(*header)),
                    Err(why) => Sighting::unread(peer, *header, why),
                }
            }
            Self::ApiGateway { proxies } if peer.is_loopback() || is_one_of(peer, proxies) => {
                by_request_context(headers)
            }
            Self::Socket | Self::TrustedProxies { .. } | Self::ApiGateway { .. } => {
                Sighting::of(peer, Seen::Connection)
            }
            Self::Invocation => Sighting::default(),
        }
    }
}

impl Sighting {
    /// The header by which somebody who is not named as a trusted proxy speaks for somebody else. It
    /// is not heeded: if that is a proxy, everybody comes from its address.
    pub(crate) fn unheeded(&self, headers: &HeaderMap) -> Option<ForwardedHeader> {
        let both = [ForwardedHeader::XForwardedFor, ForwardedHeader::Forwarded];
        let is_socket = self.seen == Seen::Connection;
        both.into_iter().find(|header| is_socket && headers.contains_key(header.name()))
    }

    fn of(address: IpAddr, seen: Seen) -> Self {
        Self { origin: Origin { address: Some(address), ..Origin::default() }, seen }
    }

    /// What a trusted proxy does not tell. What it tells and nobody can read may be its client's doing, who
    /// gains nothing by it: it counts as the proxy's own.
    fn unread(proxy: IpAddr, header: ForwardedHeader, why: NotForwarded) -> Self {
        let is_unread = matches!(why, NotForwarded::TooLong | NotForwarded::Malformed);
        let mumbler = is_unread.then_some(proxy);
        let origin = Origin { mumbler, ..Origin::default() };
        Self { origin, seen: Seen::NotForwarded(header, why) }
    }

    fn unknown(seen: Seen) -> Self {
        Self { origin: Origin::default(), seen }
    }
}

fn by_request_context(headers: &HeaderMap) -> Sighting {
    let mut lines = headers.get_all(REQUEST_CONTEXT).iter();
    let context = match (lines.next(), lines.next()) {
        (None, _) => return Sighting::unknown(Seen::NoRequestContext),
        (Some(line), None) => std::str::from_utf8(line.as_bytes()).unwrap_or_default(),
        // The adapter writes one. Which of several is its own would be a guess.
        (Some(_), Some(_)) => "",
    };
    told_by(context)
}

fn told_by(context: &str) -> Sighting {
    match origin_of_request_context(context) {
        Ok(origin) => Sighting { origin, seen: Seen::RequestContext },
        Err(error) => Sighting::unknown(Seen::BadRequestContext(error)),
    }
}

fn by_invoker(invoker: Option<&Invoker>, headers: &HeaderMap) -> Sighting {
    const HEADER: ForwardedHeader = ForwardedHeader::XForwardedFor;
    match invoker {
        None => Sighting::unknown(Seen::NoRequestContext),
        Some(Invoker::Api(context)) => told_by(context),
        Some(Invoker::LoadBalancer { appends: false }) => Sighting::unknown(Seen::Nowhere),
        Some(Invoker::LoadBalancer { appends: true }) => {
            match forwarded::client(HEADER, headers, &[], None) {
                Ok(client) => Sighting::of(client, Seen::Forwarded(HEADER)),
                Err(why) => Sighting::unknown(Seen::NotForwarded(HEADER, why)),
            }
        }
    }
}

fn is_one_of(address: IpAddr, networks: &[IpNet]) -> bool {
    networks.iter().any(|network| network.contains(&address))
}

#[cfg(test)]
mod tests;
