//! One call, from HTTP request to HTTP answer.

use std::time::Duration;

use http::{HeaderMap, Request, Response};
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::auth;
use crate::call::{Call, Operation};
use crate::faults::Effect;
use crate::inspect::CallRecord;
use crate::sandbox::{Delay, Sandbox};
use crate::services::{Protocol, SERVICES, Service, s3};
use crate::state::Caller;
use crate::wire::answer::write;
use crate::wire::error::{ApiError, Outcome};
use crate::wire::input::Input;
use crate::wire::{query, shape};

/// Whether a request is new, or a long poll that looks again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    First,
    Again,
}

/// A request whose operation is known.
struct Asked<'a> {
    service: &'static Service,
    operation: &'static Operation,
    headers: &'a HeaderMap,
    body: &'a [u8],
    /// The form, in the query protocol.
    fields: Option<Vec<(String, String)>>,
    base_url: String,
    request_id: String,
}

/// Answers a request to one of the services.
pub(crate) fn answer<B: AsRef<[u8]>>(
    sandbox: &mut Sandbox,
    now: Timestamp,
    request: &Request<B>,
    turn: Turn,
) -> Response<Vec<u8>> {
    if s3::is_meant(request) {
        return s3::answer(sandbox, now, request);
    }
    let request_id = sandbox.world.ids.uuid();
    let headers = request.headers();
    let body = request.body().as_ref();
    let fields = query_fields(headers, body);
    let (service, operation) = match find_operation(headers, fields.as_deref()) {
        Ok(found) => found,
        Err((protocol, error)) => return write(protocol, None, &Err(error), &request_id),
    };
    let base_url = base_url(request);
    let asked = Asked { service, operation, headers, body, fields, base_url, request_id };
    let mut delay = Delay { latency: Duration::ZERO, long_poll: Duration::ZERO };
    let mut record = CallRecord::new(now, service.name, operation.name);
    let outcome = auth::authenticate(&sandbox.world, service, headers, now).and_then(|caller| {
        record.begin(&caller.0, &caller.1);
        perform(sandbox, now, &asked, caller, (&mut delay, &mut record), turn)
    });
    let named = outcome.as_ref().ok().and_then(|answer| answer.get("SourceIdentity")?.as_str());
    if let Some(identity) = named {
        record.source_identity = Some(identity.to_owned());
    }
    let outcome = outcome.map_err(|error| in_query(service, error));
    if turn == Turn::First {
        record.end(outcome.as_ref().err());
        sandbox.remember(record);
    }
    let named = Some((service, operation.name));
    let mut response = write(service.protocol, named, &outcome, &asked.request_id);
    response.extensions_mut().insert(delay);
    response
}

fn perform(
    sandbox: &mut Sandbox,
    now: Timestamp,
    asked: &Asked<'_>,
    (caller, region): (Caller, String),
    (delay, record): (&mut Delay, &mut CallRecord),
    turn: Turn,
) -> Outcome {
    let Asked { service, operation, .. } = asked;
    let effect = match turn {
        Turn::First => {
            let second = now.as_second();
            let account = &caller.account;
            sandbox.engine.on_call(service.name, operation.name, account, second, asked.body)
        }
        Turn::Again => Effect::default(),
    };
    delay.latency = effect.latency;
    auth::authorize(&caller, service, operation)?;
    refuse_by_fault(service, &effect)?;
    let document = match &asked.fields {
        Some(fields) if matches!(service.protocol, Protocol::Ec2 { .. }) => {
            query::document(&query::ec2_names(fields), operation.members)
        }
        Some(fields) => query::document(fields, operation.members),
        None => json_body(asked.body)?,
    };
    record.name(&document);
    shape::check(operation.members, &document)?;
    let user_agent = text_header(asked.headers, "user-agent").unwrap_or("unknown");
    let call = Call {
        now,
        caller,
        region,
        operation: operation.name,
        request_id: asked.request_id.clone(),
        base_url: asked.base_url.clone(),
        user_agent: user_agent.to_owned(),
        input: Input(document),
        twist: effect.twist,
    };
    let answer = (operation.run)(&mut sandbox.world, &call)?;
    delay.long_poll = long_poll(&call, &answer);
    if effect.lose_answer {
        return Err(ApiError::new(500, "InternalFailure", "The answer was lost."));
    }
    Ok(answer)
}

/// A header, when it is text.
pub(crate) fn text_header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// A form is a call in the query protocol, unless it has a target.
fn query_fields(headers: &HeaderMap, body: &[u8]) -> Option<Vec<(String, String)>> {
    if headers.contains_key("x-amz-target") {
        return None;
    }
    let is_form = text_header(headers, "content-type")
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    is_form.then(|| query::form(&String::from_utf8_lossy(body)))
}

type Found = (&'static Service, &'static Operation);

/// The operation that a request names; or the error, and the protocol to write it in.
fn find_operation(
    headers: &HeaderMap,
    fields: Option<&[(String, String)]>,
) -> Result<Found, (Protocol, ApiError)> {
    if let Some(fields) = fields {
        let action = fields.iter().find(|(name, _)| name == "Action");
        let action = action.map_or("", |(_, action)| action.as_str());
        return SERVICES
            .iter()
            .filter(|service| service.is_query())
            .find_map(|service| Some((service, service.operation(action)?)))
            .ok_or_else(|| {
                let message = format!("The operation {action} is not known to the sandbox.");
                (Protocol::Query { namespace: "" }, ApiError::bad("InvalidAction", message))
            });
    }
    let target = text_header(headers, "x-amz-target").unwrap_or_default();
    let (prefix, name) = target.split_once('.').unwrap_or((target, ""));
    let service = SERVICES.iter().find(
        |service| matches!(service.protocol, Protocol::Json { target, .. } if target == prefix),
    );
    service.and_then(|service| Some((service, service.operation(name)?))).ok_or_else(|| {
        let target = if target.is_empty() { "without X-Amz-Target" } else { target };
        let message = format!("The operation {target} is not known to the sandbox.");
        let protocol = Protocol::Json { version: "1.1", target: "" };
        (protocol, ApiError::bad("UnknownOperationException", message))
    })
}

fn json_body(body: &[u8]) -> Result<Value, ApiError> {
    if body.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    serde_json::from_slice(body)
        .map_err(|error| ApiError::bad("SerializationException", error.to_string()))
}

fn refuse_by_fault(service: &Service, effect: &Effect) -> Result<(), ApiError> {
    if effect.throttle {
        return Err(throttled(service));
    }
    match &effect.error {
        Some(error) => {
            let answer = ApiError::new(error.status, &error.code, error.message.clone());
            let members = error.members.iter();
            Err(members.fold(answer, |answer, (name, value)| answer.with(name, value.clone())))
        }
        None => Ok(()),
    }
}

fn throttled(service: &Service) -> ApiError {
    match service.name {
        "sts" | "iam" => ApiError::bad("Throttling", "Rate exceeded"),
        "ec2" => ApiError::new(503, "RequestLimitExceeded", "Request limit exceeded."),
        "sqs" => ApiError::bad("RequestThrottled", "The request was throttled."),
        "servicequotas" => ApiError::bad("TooManyRequestsException", "Rate exceeded"),
        "identitystore" => {
            ApiError::bad("ThrottlingException", "Rate exceeded").with("RetryAfterSeconds", 1)
        }
        _ => ApiError::bad("ThrottlingException", "Rate exceeded"),
    }
}

/// STS and IAM call a validation error by another name.
fn in_query(service: &Service, mut error: ApiError) -> ApiError {
    if service.is_query() && error.code == "ValidationException" {
        "ValidationError".clone_into(&mut error.code);
    }
    error
}

/// An empty receive would wait for messages.
fn long_poll(call: &Call, answer: &Value) -> Duration {
    let wait = call.input.integer("WaitTimeSeconds").unwrap_or(0);
    if call.operation == "ReceiveMessage" && answer.get("Messages").is_none() {
        Duration::from_secs(wait.unsigned_abs())
    } else {
        Duration::ZERO
    }
}

/// Scheme and authority of the request: URLs in answers lead back to where it was sent.
fn base_url<B>(request: &Request<B>) -> String {
    let uri = request.uri();
    let scheme = uri.scheme_str().unwrap_or("http");
    let host = text_header(request.headers(), "host");
    let authority = uri.authority().map(http::uri::Authority::as_str);
    format!("{scheme}://{}", host.or(authority).unwrap_or("localhost"))
}
