//! AWS without a network: requests go to a handler of the same process.
//!
//! What a call does is decided by the handler, the clock and tokio's time alone, so that a
//! simulation under tokio's paused time replays exactly: the SDK's own retries are off, since they
//! draw their back-off at random and share a retry quota with the whole process. What they would
//! repeat is repeated here, after back-offs that double.

use async_trait::async_trait;
use aws_smithy_async::time::TimeSource;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use control::ports::Clock;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// The back-off before the first repetition; each further one is twice as long, up to [`LONGEST`].
const FIRST: Duration = Duration::from_millis(500);

/// The longest back-off, as in the SDK.
const LONGEST: Duration = Duration::from_secs(20);

/// Answers what would have gone over the network.
#[async_trait]
pub trait InProcess: Send + Sync + fmt::Debug {
    /// One exchange: a signed request and its answer, or how it was lost.
    async fn call(&self, request: http::Request<Vec<u8>>) -> Result<http::Response<Vec<u8>>, Lost>;
}

/// How an exchange came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// There was no connection. The service has not seen the request.
    Unsent,
    /// No answer came in time. The service may have done what was asked.
    Unanswered,
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unsent => "cannot connect",
            Self::Unanswered => "no answer in time",
        })
    }
}

impl std::error::Error for Lost {}

impl From<Lost> for ConnectorError {
    fn from(lost: Lost) -> Self {
        match lost {
            Lost::Unsent => Self::io(lost.into()),
            Lost::Unanswered => Self::timeout(lost.into()),
        }
    }
}

/// The handler as the SDK's HTTP client.
#[derive(Debug, Clone)]
pub(crate) struct Wire {
    handler: Arc<dyn InProcess>,
    /// How often a request is sent at most.
    attempts: u32,
    /// How long one attempt may take.
    patience: Duration,
}

impl Wire {
    pub(crate) fn new(handler: Arc<dyn InProcess>, attempts: u32, patience: Duration) -> Self {
        Self { handler, attempts, patience }
    }

    async fn send(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let request = request.try_into_http1x().map_err(|e| ConnectorError::user(e.into()))?;
        let request = request.map(|body| body.bytes().unwrap_or_default().to_vec());
        let mut backoff = FIRST;
        let mut attempt = 1;
        let answer = loop {
            let exchange = self.handler.call(request.clone());
            let answer = tokio::time::timeout(self.patience, exchange)
                .await
                .unwrap_or(Err(Lost::Unanswered));
            if attempt >= self.attempts || !is_transient(&answer) {
                break answer;
            }
            tokio::time::sleep(backoff).await;
            backoff = LONGEST.min(backoff * 2);
            attempt += 1;
        };
        HttpResponse::try_from(answer?.map(SdkBody::from))
            .map_err(|e| ConnectorError::other(e.into(), None))
    }
}

/// Whether the SDK would send the request again: after what its own classifier calls transient.
fn is_transient(answer: &Result<http::Response<Vec<u8>>, Lost>) -> bool {
    answer.as_ref().map_or(true, |it| matches!(it.status().as_u16(), 500 | 502 | 503 | 504))
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().send(request))
    }
}

impl HttpClient for Wire {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

/// The caller's clock: what signatures and the lapse of credentials go by.
#[derive(Debug)]
pub(crate) struct GivenTime(pub(crate) Arc<dyn Clock>);

impl TimeSource for GivenTime {
    fn now(&self) -> SystemTime {
        self.0.now().into()
    }
}
