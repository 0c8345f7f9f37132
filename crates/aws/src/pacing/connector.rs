//! The SDK's HTTP client with a pace.

use super::answer::{Verdict, code_of, verdict};
use super::bucket::{Bucket, Key};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::{
    RuntimeComponents, RuntimeComponentsBuilder,
};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use aws_smithy_types::config_bag::ConfigBag;
use control::ports::CallCounts;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, timeout};
use tracing::Instrument;
use tracing::field::Empty;

/// A request that waited longer than this says nothing of the service's clock: the SDK takes the
/// middle between sending and answer for the time at which the service looked at its own.
const SKEWED: Duration = Duration::from_secs(1);

/// How long requests may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// One exchange with the service, from sending to the end of the answer.
    pub(crate) exchange: Duration,
    /// A request, with all its waiting. AWS refuses signatures that are five minutes old.
    pub(crate) request: Duration,
    /// What to do about limits.
    pub(crate) manner: Manner,
}

/// What to do about limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Keep requests back, and repeat those that were refused as long as the time allows.
    Insist,
    /// Keep requests back; somebody else repeats them, and says how often.
    Pace,
    /// Send at once, and only count.
    Count,
}

/// An HTTP client that keeps requests back. Clones share what they know of the services.
#[derive(Clone)]
pub(crate) struct Paced {
    inner: SharedHttpClient,
    account: Option<String>,
    patience: Patience,
    shared: Arc<Shared>,
}

struct Shared {
    buckets: Mutex<BTreeMap<Key, Arc<Bucket>>>,
    counts: Mutex<BTreeMap<String, CallCounts>>,
    /// The `date` of the last answer that came at once, and when it came.
    date: Mutex<Option<(String, Instant)>>,
}

impl fmt::Debug for Paced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Paced").field("account", &self.account).finish_non_exhaustive()
    }
}

impl Paced {
    pub(crate) fn over(inner: SharedHttpClient, patience: Patience) -> Self {
        let (buckets, counts, date) = (Mutex::default(), Mutex::default(), Mutex::default());
        Self { inner, account: None, patience, shared: Arc::new(Shared { buckets, counts, date }) }
    }

    /// The same client for calls that are sent at once and only counted, each exchange within this
    /// time: for a service that has no rate to keep to.
    pub(crate) fn at_once(&self, exchange: Duration) -> Self {
        let patience = Patience { exchange, request: exchange, manner: Manner::Count };
        Self { patience, ..self.clone() }
    }

    /// The same client for calls as a role of another account.
    pub(crate) fn in_account(&self, account: &str) -> Self {
        Self { account: Some(account.to_owned()), ..self.clone() }
    }

    /// What time AWS said it was in its last answer, and how long ago.
    pub(crate) fn date(&self) -> Option<(String, Duration)> {
        lock(&self.shared.date).as_ref().map(|(date, at)| (date.clone(), at.elapsed()))
    }

    /// What the calls to each service came to.
    pub(crate) fn counts(&self) -> BTreeMap<String, CallCounts> {
        lock(&self.shared.counts).clone()
    }
}

impl Shared {
    fn bucket(&self, key: &Key) -> Arc<Bucket> {
        let mut buckets = lock(&self.buckets);
        buckets.entry(key.clone()).or_insert_with(|| Arc::new(Bucket::new(key))).clone()
    }

    fn count(&self, service: &str, count: impl FnOnce(&mut CallCounts)) {
        count(lock(&self.counts).entry(service.to_owned()).or_default());
    }
}

impl HttpClient for Paced {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(PacedConnector {
            inner: self.inner.http_connector(settings, components),
            account: self.account.clone(),
            patience: self.patience,
            shared: self.shared.clone(),
        })
    }

    /// The SDK's own client would make a connector here and throw it away, so that each client of a
    /// service reads all trusted roots before its first call.
    fn validate_base_client_config(
        &self,
        _: &RuntimeComponentsBuilder,
        _: &ConfigBag,
    ) -> Result<(), BoxError> {
        Ok(())
    }

    fn validate_final_config(
        &self,
        components: &RuntimeComponents,
        config: &ConfigBag,
    ) -> Result<(), BoxError> {
        self.inner.validate_final_config(components, config)
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.inner.connector_metadata()
    }
}

#[derive(Clone)]
struct PacedConnector {
    inner: SharedHttpConnector,
    account: Option<String>,
    patience: Patience,
    shared: Arc<Shared>,
}

impl fmt::Debug for PacedConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PacedConnector").field("account", &self.account).finish_non_exhaustive()
    }
}

impl HttpConnector for PacedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let headers = request.headers();
        let (authorization, target) = (headers.get("authorization"), headers.get("x-amz-target"));
        match Key::read(self.account.as_deref(), request.uri(), authorization, target) {
            Some(key) => {
                let operation = operation(target, request.body().bytes());
                let span = tracing::info_span!(
                    "aws",
                    otel.name = format!("{}.{operation}", key.service),
                    otel.kind = "client",
                    rpc.system = "aws-api",
                    rpc.service = key.service.as_str(),
                    rpc.method = operation.as_str(),
                    code = Empty,
                );
                let sent = self.clone().send(key, operation, request);
                HttpConnectorFuture::new(sent.instrument(span))
            }
            None => self.inner.call(request),
        }
    }
}

impl PacedConnector {
    async fn send(
        self,
        key: Key,
        operation: String,
        request: HttpRequest,
    ) -> Result<HttpResponse, ConnectorError> {
        let bucket = self.shared.bucket(&key.shared());
        let Patience { request: longest, manner, .. } = self.patience;
        let begun = Instant::now();
        let mut request = request;
        let mut refused = Err(too_long());
        loop {
            let turn = match manner {
                Manner::Count => Some(None),
                Manner::Insist | Manner::Pace => {
                    let asked = Instant::now();
                    let turn = bucket.turn(begun + longest).await;
                    self.shared.count(&key.service, |counts| counts.waited += asked.elapsed());
                    turn.map(Some)
                }
            };
            let Some(turn) = turn else { return refused };
            let spare = request.try_clone().filter(|_| manner == Manner::Insist);
            let answered = self.exchange(request).await;
            let code = answered.as_ref().map_or_else(|_| "no-answer".to_owned(), code_of);
            tracing::Span::current().record("code", code.as_str());
            self.shared.count(&key.service, |counts| {
                *counts.answers.entry((operation.clone(), code)).or_default() += 1;
            });
            let mut response = answered?;
            let verdict = verdict(&response);
            if let Some(turn) = turn {
                turn.ends(verdict);
            }
            if begun.elapsed() > SKEWED {
                response.headers_mut().remove("date");
            }
            if let Some(date) = response.headers().get("date") {
                *lock(&self.shared.date) = Some((date.to_owned(), Instant::now()));
            }
            if !matches!(verdict, Verdict::Throttled(_)) {
                return Ok(response);
            }
            self.shared.count(&key.service, |counts| counts.throttled += 1);
            let Some(spare) = spare else { return Ok(response) };
            (request, refused) = (spare, Ok(response));
        }
    }

    /// Sends once, and reads the answer to its end.
    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let exchange = async {
            let mut response = self.inner.call(request).await?;
            let body = ByteStream::new(response.take_body()).collect().await;
            let body = body.map_err(|e| ConnectorError::io(e.into()))?;
            *response.body_mut() = SdkBody::from(body.into_bytes());
            Ok(response)
        };
        timeout(self.patience.exchange, exchange)
            .await
            .unwrap_or_else(|_| Err(ConnectorError::timeout("no answer in time".into())))
    }
}

/// The name of the operation: of the JSON protocols it stands in a header, of the query protocol at
/// the beginning of the body.
fn operation(target: Option<&str>, body: Option<&[u8]>) -> String {
    let in_body = || {
        let text = std::str::from_utf8(body?).ok()?;
        text.split('&').find_map(|pair| pair.strip_prefix("Action="))
    };
    let named = target.and_then(|target| target.rsplit('.').next()).or_else(in_body);
    let is_name = |name: &&str| {
        (1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    named.filter(is_name).unwrap_or("unknown").to_owned()
}

fn too_long() -> ConnectorError {
    ConnectorError::timeout("the service was too busy to be asked".into())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
