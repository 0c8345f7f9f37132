//! The simulator: requests and times in, answers out.

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::time::Duration;

use http::{HeaderMap, Method, Request, Response, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use crate::call::{Call, Operation};
use crate::faults::{Effect, FaultEngine, Faults};
use crate::inspect::CallRecord;
use crate::plant::plant;
use crate::seed::{Seed, SeedError};
use crate::services::{Protocol, SERVICES, Service};
use crate::state::World;
use crate::wire::error::{ApiError, Outcome};
use crate::wire::input::Input;
use crate::wire::{query, shape, sigv4, xml};
use crate::{admin, auth, studio_page};

/// Calls that are remembered one by one; older ones are only counted.
const REMEMBERED_CALLS: usize = 100_000;

/// How long the TCP server should take for an answer; in the extensions of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delay {
    /// Wait so long before answering.
    pub latency: Duration,
    /// The answer is an empty `ReceiveMessage`, and the caller would wait so long for messages.
    pub long_poll: Duration,
}

/// A simulated AWS.
///
/// It does no I/O and reads no clock: time comes with each request, and identifiers from a
/// generator that the seed starts. The same seed, requests and times give the same answers.
#[derive(Debug)]
pub struct Sandbox {
    pub(crate) world: World,
    pub(crate) seed: Seed,
    pub(crate) engine: FaultEngine,
    /// How far the virtual clock is ahead of the times given.
    pub(crate) offset: SignedDuration,
    pub(crate) calls: VecDeque<CallRecord>,
    pub(crate) counts: BTreeMap<String, u64>,
}

impl Sandbox {
    /// Plants a seed. Fails when the seed refers to something it does not have.
    pub fn new(seed: Seed, faults: Faults) -> Result<Self, SeedError> {
        let mut world = plant(&seed)?;
        let engine = FaultEngine::new(faults);
        world.event_faults = engine.events();
        let offset = SignedDuration::ZERO;
        Ok(Self { world, seed, engine, offset, calls: VecDeque::new(), counts: BTreeMap::new() })
    }

    /// Answers one HTTP request at a time of the caller's clock.
    pub fn handle<B: AsRef<[u8]>>(
        &mut self,
        now: Timestamp,
        request: &Request<B>,
    ) -> Response<Vec<u8>> {
        let now = self.virtual_time(now);
        self.world.settle(now);
        let path = request.uri().path();
        if path.starts_with("/_sandbox/") {
            return admin::answer(self, now, request.method(), path, request.body().as_ref());
        }
        if path.starts_with("/studio/") {
            return studio_page::answer(&mut self.world, now, request.method(), request.uri());
        }
        if request.method() != Method::POST {
            return plain(
                StatusCode::NOT_FOUND,
                "This is Stagedoor's AWS sandbox. See /_sandbox/state.\n",
            );
        }
        self.api(now, request)
    }

    /// Moves the virtual clock forward, for this and every later request.
    pub fn advance(&mut self, by: Duration) {
        let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
        self.offset = self.offset.saturating_add(by);
    }

    /// Replaces the faults. Deletions which the old ones held up end at once.
    pub fn set_faults(&mut self, faults: Faults, now: Timestamp) {
        let now = self.virtual_time(now);
        self.replace_faults_at(faults, now);
    }

    /// [`Sandbox::set_faults`] at a time of the virtual clock.
    pub(crate) fn replace_faults_at(&mut self, faults: Faults, now: Timestamp) {
        self.engine = FaultEngine::new(faults);
        self.world.event_faults = self.engine.events();
        self.world.unstick(now);
        self.world.settle(now);
    }

    /// Starts over with the seed; the virtual clock, the faults and the record of calls stay.
    pub fn reset(&mut self) -> Result<(), SeedError> {
        self.world = plant(&self.seed)?;
        self.world.event_faults = self.engine.events();
        Ok(())
    }

    /// Does everything that is due, as any request would do first.
    pub fn settle(&mut self, now: Timestamp) {
        let now = self.virtual_time(now);
        self.world.settle(now);
    }

    /// The time of the simulated AWS at a time of the caller's clock.
    pub fn virtual_time(&self, now: Timestamp) -> Timestamp {
        now.checked_add(self.offset).unwrap_or(Timestamp::MAX)
    }

    fn api<B: AsRef<[u8]>>(&mut self, now: Timestamp, request: &Request<B>) -> Response<Vec<u8>> {
        let request_id = self.world.ids.uuid();
        let headers = request.headers();
        let body = request.body().as_ref();
        let fields = query_fields(headers, body);
        let (service, operation) = match find_operation(headers, fields.as_deref()) {
            Ok(found) => found,
            Err(error) => return write(None, "", &Err(error), &request_id),
        };
        let mut delay = Delay { latency: Duration::ZERO, long_poll: Duration::ZERO };
        let mut record = CallRecord::new(now, service.name, operation.name);
        let outcome =
            auth::authenticate(&self.world, service, headers, now).and_then(|(caller, region)| {
                record.account.clone_from(&caller.account);
                record.region.clone_from(&region);
                let second = now.as_second();
                let effect =
                    self.engine.on_call(service.name, operation.name, &caller.account, second);
                delay.latency = effect.latency;
                auth::authorize(&caller, service, operation)?;
                refuse_by_fault(service, &effect)?;
                let document = match &fields {
                    Some(fields) => query::document(fields, operation.members),
                    None => json_body(body)?,
                };
                shape::check(operation.members, &document)
                    .map_err(|error| in_query(service, error))?;
                let call = Call {
                    now,
                    caller,
                    region,
                    operation: operation.name,
                    request_id: request_id.clone(),
                    base_url: base_url(request),
                    user_agent: text_header(headers, "user-agent").unwrap_or("unknown").to_owned(),
                    input: Input(document),
                    twist: effect.twist,
                };
                let answer = (operation.run)(&mut self.world, &call)
                    .map_err(|error| in_query(service, error))?;
                delay.long_poll = long_poll(&call, &answer);
                if effect.lose_answer {
                    return Err(ApiError::new(500, "InternalFailure", "The answer was lost."));
                }
                Ok(answer)
            });
        record.end(outcome.as_ref().err());
        self.remember(record);
        let mut response = write(Some(service), operation.name, &outcome, &request_id);
        response.extensions_mut().insert(delay);
        response
    }

    fn remember(&mut self, record: CallRecord) {
        *self.counts.entry(format!("{}:{}", record.service, record.operation)).or_default() += 1;
        if self.calls.len() == REMEMBERED_CALLS {
            self.calls.pop_front();
        }
        self.calls.push_back(record);
    }
}

fn text_header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
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

fn find_operation(
    headers: &HeaderMap,
    fields: Option<&[(String, String)]>,
) -> Result<(&'static Service, &'static Operation), ApiError> {
    let unknown = |name: &str| {
        ApiError::bad(
            "UnknownOperationException",
            format!("The operation {name} is not known to the sandbox."),
        )
    };
    if let Some(fields) = fields {
        let action = fields.iter().find(|(name, _)| name == "Action");
        let action = action.map_or("", |(_, action)| action.as_str());
        return SERVICES
            .iter()
            .filter(|service| service.is_query())
            .find_map(|service| Some((service, service.operation(action)?)))
            .ok_or_else(|| unknown(action));
    }
    let target = text_header(headers, "x-amz-target").unwrap_or_default();
    let (prefix, name) = target.split_once('.').unwrap_or((target, ""));
    let service = SERVICES.iter().find(
        |service| matches!(service.protocol, Protocol::Json { target, .. } if target == prefix),
    );
    service
        .and_then(|service| Some((service, service.operation(name)?)))
        .ok_or_else(|| unknown(if target.is_empty() { "without X-Amz-Target" } else { target }))
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
        Some(error) => Err(ApiError::new(error.status, &error.code, error.message.clone())),
        None => Ok(()),
    }
}

fn throttled(service: &Service) -> ApiError {
    match service.name {
        "sts" | "iam" => ApiError::bad("Throttling", "Rate exceeded"),
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

/// Writes an answer in the protocol of its service.
fn write(
    service: Option<&Service>,
    operation: &str,
    outcome: &Outcome,
    request_id: &str,
) -> Response<Vec<u8>> {
    let protocol = service.map_or(Protocol::Json { version: "1.1", target: "" }, |s| s.protocol);
    let status = outcome.as_ref().err().map_or(200, |error| error.status);
    let mut builder = Response::builder().status(status).header("x-amzn-requestid", request_id);
    if let (Err(error), Some("sqs")) = (outcome, service.map(|service| service.name)) {
        builder = builder.header("x-amzn-query-error", sqs_query_error(error));
    }
    let (content_type, body) = match protocol {
        Protocol::Json { version, .. } => {
            let capital = service.is_some_and(|service| service.capital_message);
            (format!("application/x-amz-json-{version}"), json_answer(outcome, capital))
        }
        Protocol::Query { namespace } => {
            ("text/xml".to_owned(), xml_answer(outcome, operation, namespace, request_id))
        }
    };
    builder.header("content-type", content_type).body(body).unwrap_or_default()
}

fn json_answer(outcome: &Outcome, capital_message: bool) -> Vec<u8> {
    match outcome {
        Ok(Value::Null) => Vec::new(),
        Ok(answer) => answer.to_string().into_bytes(),
        Err(error) => {
            let mut members = error.extra.clone();
            let message = if capital_message { "Message" } else { "message" };
            members.insert("__type".to_owned(), error.code.clone().into());
            members.insert(message.to_owned(), error.message.clone().into());
            Value::Object(members).to_string().into_bytes()
        }
    }
}

/// SQS tells older clients the code which its query protocol had.
fn sqs_query_error(error: &ApiError) -> String {
    let code = match error.code.as_str() {
        "QueueDoesNotExist" => "AWS.SimpleQueueService.NonExistentQueue",
        "QueueNameExists" => "QueueAlreadyExists",
        "TooManyEntriesInBatchRequest" => "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
        "EmptyBatchRequest" => "AWS.SimpleQueueService.EmptyBatchRequest",
        "BatchEntryIdsNotDistinct" => "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
        other => other,
    };
    let fault = if error.status < 500 { "Sender" } else { "Receiver" };
    format!("{code};{fault}")
}

fn xml_answer(outcome: &Outcome, operation: &str, namespace: &str, request_id: &str) -> Vec<u8> {
    let text = match outcome {
        Ok(answer) => {
            let result = match answer {
                Value::Null => String::new(),
                answer => {
                    format!("<{operation}Result>{}</{operation}Result>", xml::content(answer))
                }
            };
            format!(
                "<{operation}Response xmlns=\"{namespace}\">{result}<ResponseMetadata>\
                 <RequestId>{request_id}</RequestId></ResponseMetadata></{operation}Response>"
            )
        }
        Err(error) => {
            let fault = if error.status < 500 { "Sender" } else { "Receiver" };
            format!(
                "<ErrorResponse xmlns=\"{namespace}\"><Error><Type>{fault}</Type><Code>{}</Code>\
                 <Message>{}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>",
                xml::escape(&error.code),
                xml::escape(&error.message)
            )
        }
    };
    text.into_bytes()
}

/// A short answer for people.
pub(crate) fn plain(status: StatusCode, text: &str) -> Response<Vec<u8>> {
    let mut response = Response::new(text.as_bytes().to_vec());
    *response.status_mut() = status;
    let kind = http::HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(http::header::CONTENT_TYPE, kind);
    response
}

/// Who signed a request, in sigv4's words.
pub(crate) fn scope(headers: &HeaderMap) -> Result<sigv4::Scope, sigv4::SignatureProblem> {
    sigv4::parse(text_header(headers, "authorization"))
}

/// The session token of a request.
pub(crate) fn session_token(headers: &HeaderMap) -> Option<&str> {
    text_header(headers, "x-amz-security-token")
}
