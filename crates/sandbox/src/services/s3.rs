//! S3, as far as objects are made once, read, listed and, where the bucket does not lock them,
//! deleted. Buckets are those of the seed; they are named in the path.
//!
//! Its requests are methods and paths and not operations of a table, so it answers by itself.

use http::{Method, Request, Response, StatusCode};
use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use crate::api::text_header;
use crate::auth;
use crate::inspect::CallRecord;
use crate::sandbox::{Delay, Sandbox};
use crate::services::{Protocol, Service};
use crate::state::{Bucket, World};
use crate::wire::error::ApiError;
use crate::wire::sigv4;

/// For signatures; it has no operations of its own.
static S3: Service = Service {
    name: "s3",
    model: "s3",
    protocol: Protocol::Query { namespace: "http://s3.amazonaws.com/doc/2006-03-01/" },
    operations: &[],
    capital_message: true,
};

/// Keys of one page.
const PAGE: usize = 1_000;

/// Whether the request is signed for S3.
pub(crate) fn is_meant<B>(request: &Request<B>) -> bool {
    let signed = sigv4::parse(text_header(request.headers(), "authorization"));
    signed.is_ok_and(|scope| scope.service == S3.name)
}

/// Answers a request.
pub(crate) fn answer<B: AsRef<[u8]>>(
    sandbox: &mut Sandbox,
    now: Timestamp,
    request: &Request<B>,
) -> Response<Vec<u8>> {
    let (bucket, key) = place(request.uri().path());
    let operation = operation(request.method(), &key);
    let mut record = CallRecord::new(now, S3.name, operation);
    record.resource = Some(format!("{bucket}/{key}").trim_end_matches('/').to_owned());
    let caller = auth::authenticate(&sandbox.world, &S3, request.headers(), now);
    let mut latency = Duration::ZERO;
    let outcome = caller.and_then(|(caller, region)| {
        record.begin(&caller, &region);
        let second = now.as_second();
        let effect = sandbox.engine.on_call(S3.name, operation, &caller.account, second, b"");
        latency = effect.latency;
        if let Some(error) = effect.error {
            return Err(ApiError::new(error.status, &error.code, error.message));
        }
        let bucket = find(&mut sandbox.world, &bucket, &caller.account)?;
        let answer = perform(bucket, operation, &key, request)?;
        if effect.lose_answer {
            return Err(ApiError::new(500, "InternalError", "The answer was lost."));
        }
        Ok(answer)
    });
    record.end(outcome.as_ref().err());
    sandbox.remember(record);
    let mut response = match outcome {
        Ok(body) => Response::new(body),
        Err(error) => refusal(&error),
    };
    response.extensions_mut().insert(Delay { latency, long_poll: Duration::ZERO });
    response
}

fn operation(method: &Method, key: &str) -> &'static str {
    match (method, key) {
        (&Method::PUT, _) => "PutObject",
        (&Method::DELETE, _) => "DeleteObject",
        (_, "") => "ListObjectsV2",
        _ => "GetObject",
    }
}

fn perform<B: AsRef<[u8]>>(
    bucket: &mut Bucket,
    operation: &str,
    key: &str,
    request: &Request<B>,
) -> Result<Vec<u8>, ApiError> {
    let header = |name| text_header(request.headers(), name);
    let missing = || ApiError::new(404, "NoSuchKey", "The specified key does not exist.");
    match operation {
        "PutObject" => {
            let checked = ["x-amz-checksum-sha256", "x-amz-checksum-crc32", "content-md5"];
            if bucket.lock && !checked.iter().any(|name| header(name).is_some()) {
                let message = "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object \
                               requests with Object Lock parameters";
                return Err(ApiError::bad("InvalidRequest", message));
            }
            if header("if-none-match") == Some("*") && bucket.objects.contains_key(key) {
                let message = "At least one of the pre-conditions you specified did not hold";
                return Err(ApiError::new(412, "PreconditionFailed", message));
            }
            let body = request.body().as_ref().to_vec();
            bucket.objects.insert(key.to_owned(), body);
            Ok(Vec::new())
        }
        "GetObject" => bucket.objects.get(key).cloned().ok_or_else(missing),
        "DeleteObject" if bucket.lock => {
            let message = "Access Denied because object protected by object lock.";
            Err(ApiError::new(403, "AccessDenied", message))
        }
        "DeleteObject" => {
            bucket.objects.remove(key);
            Ok(Vec::new())
        }
        _ => Ok(listing(bucket, request.uri().query().unwrap_or_default())),
    }
}

fn listing(bucket: &Bucket, query: &str) -> Vec<u8> {
    let asked: BTreeMap<String, String> = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), decoded(value)))
        .collect();
    let text = |name: &str| asked.get(name).map_or("", String::as_str);
    let (prefix, after) = (text("prefix"), text("continuation-token").max(text("start-after")));
    let size = text("max-keys").parse().unwrap_or(PAGE).min(PAGE);
    let mut found =
        bucket.objects.keys().filter(|key| key.starts_with(prefix) && key.as_str() > after);
    let page: Vec<&String> = found.by_ref().take(size).collect();
    let next = page.last().filter(|_| found.next().is_some());
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">",
    );
    // Writing to a string cannot fail.
    let _ = write!(xml, "<KeyCount>{}</KeyCount>", page.len());
    let _ = write!(xml, "<IsTruncated>{}</IsTruncated>", next.is_some());
    for key in &page {
        let size = bucket.objects.get(*key).map_or(0, Vec::len);
        let _ = write!(xml, "<Contents><Key>{}</Key><Size>{size}</Size></Contents>", escaped(key));
    }
    if let Some(key) = next {
        let _ = write!(xml, "<NextContinuationToken>{}</NextContinuationToken>", escaped(key));
    }
    xml.push_str("</ListBucketResult>");
    xml.into_bytes()
}

fn find<'w>(world: &'w mut World, name: &str, account: &str) -> Result<&'w mut Bucket, ApiError> {
    let bucket = world
        .buckets
        .get_mut(name)
        .ok_or_else(|| ApiError::new(404, "NoSuchBucket", "The specified bucket does not exist"))?;
    if bucket.account == account {
        Ok(bucket)
    } else {
        Err(ApiError::new(403, "AccessDenied", "Access Denied"))
    }
}

/// Bucket and key of a path.
fn place(path: &str) -> (String, String) {
    let path = path.trim_start_matches('/');
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    (decoded(bucket), decoded(key))
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn refusal(error: &ApiError) -> Response<Vec<u8>> {
    let xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{}</Code><Message>{}</Message></Error>",
        escaped(&error.code),
        escaped(&error.message)
    );
    let mut response = Response::new(xml.into_bytes());
    *response.status_mut() =
        StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response
}
