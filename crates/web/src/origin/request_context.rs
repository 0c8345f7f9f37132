//! API Gateway's account of where a request comes from.

use access::network::Origin;
use serde::Deserialize;
use std::net::IpAddr;

/// The most bytes of a context that are read. One with a client certificate takes some 5 KB.
const MOST_BYTES: usize = 32 * 1024;

/// A request context does not tell the origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RequestContextError {
    /// Longer than 32 KiB.
    #[error("request context is longer than {MOST_BYTES} bytes")]
    TooLong,
    /// Not the JSON of a request context.
    #[error("request context is not readable JSON")]
    NotJson,
    /// Neither `identity` (REST API) nor `http` (HTTP API), or both.
    #[error("request context is neither a REST API's nor an HTTP API's")]
    NotOfAnApi,
    /// `sourceIp` is missing or no address.
    #[error("sourceIp of the request context is not an address")]
    SourceIp,
    /// `vpceId` is not the id of a VPC endpoint.
    #[error("vpceId of the request context is not the id of a VPC endpoint")]
    VpceId,
    /// `vpcId` is not the id of a VPC.
    #[error("vpcId of the request context is not the id of a VPC")]
    VpcId,
}

#[derive(Deserialize)]
struct RequestContext {
    identity: Option<Identity>,
    http: Option<Http>,
}

/// Of a REST API.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Identity {
    source_ip: Option<String>,
    vpce_id: Option<String>,
    vpc_id: Option<String>,
}

/// Of an HTTP API, payload format 2.0; also of a function URL.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Http {
    source_ip: Option<String>,
}

/// The origin in the `requestContext` object of a REST API's event (`identity.sourceIp`, and for a
/// private API `identity.vpceId` and `identity.vpcId`) or of an HTTP API's (`http.sourceIp`).
///
/// API Gateway itself sets these values. Of a private API, `sourceIp` is the client's address inside
/// the VPC, and `vpceId` the endpoint by which it came. Only pass a context here that is known to
/// come from API Gateway.
///
/// # Errors
/// When the context cannot be read or tells no origin. The origin is then unknown; nothing of the
/// context may be used instead.
pub fn origin_of_request_context(context: &str) -> Result<Origin, RequestContextError> {
    if context.len() > MOST_BYTES {
        return Err(RequestContextError::TooLong);
    }
    let context: RequestContext =
        serde_json::from_str(context).map_err(|_| RequestContextError::NotJson)?;
    let (source_ip, vpce, vpc) = match (context.identity, context.http) {
        (Some(identity), None) => (identity.source_ip, identity.vpce_id, identity.vpc_id),
        (None, Some(http)) => (http.source_ip, None, None),
        (None, None) | (Some(_), Some(_)) => return Err(RequestContextError::NotOfAnApi),
    };
    let address: IpAddr =
        source_ip.and_then(|address| address.parse().ok()).ok_or(RequestContextError::SourceIp)?;
    if vpce.as_deref().is_some_and(|id| !is_id(id, "vpce-")) {
        return Err(RequestContextError::VpceId);
    }
    if vpc.as_deref().is_some_and(|id| !is_id(id, "vpc-")) {
        return Err(RequestContextError::VpcId);
    }
    Ok(Origin { address: Some(address.to_canonical()), vpce, vpc, ..Origin::default() })
}

/// The prefix and hexadecimal digits, 8 or 17 of them today.
fn is_id(id: &str, prefix: &str) -> bool {
    id.strip_prefix(prefix).is_some_and(|digits| {
        (1..=32).contains(&digits.len())
            && digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    })
}
