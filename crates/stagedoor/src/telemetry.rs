//! Traces, for whoever runs a collector: OpenTelemetry's standard variables, OTLP over HTTP.
//!
//! Off, and without any cost, unless an endpoint is set. The crates are OpenTelemetry's own, without
//! their HTTP clients and without gRPC: what is sent goes out through `ureq`, which is here already,
//! from the exporter's own thread.

use crate::codes;
use async_trait::async_trait;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{SpanExporter, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use std::time::Duration;
use ureq::Agent;

/// Whoever sets one of these wants traces.
const ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];

/// How long the collector may take: the exporter's own limit is looked at between two tries only.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How long an invocation is held up by its traces.
const FLUSH: Duration = Duration::from_secs(1);

/// What sends spans on. It sends the last ones when it is ended.
#[derive(Debug)]
pub(crate) struct Telemetry(SdkTracerProvider);

impl Telemetry {
    /// Begins, if the environment asks for traces. An error is a sentence for the log.
    pub(crate) fn from_environment() -> Result<Option<Self>, String> {
        let is_set = |name: &str, is: fn(&str) -> bool| {
            std::env::var_os(name).is_some_and(|value| value.to_str().is_some_and(is))
        };
        let is_off = is_set("OTEL_SDK_DISABLED", |value| value.eq_ignore_ascii_case("true"))
            || is_set("OTEL_TRACES_EXPORTER", |value| value == "none");
        if is_off || !ENDPOINTS.iter().any(|name| is_set(name, |value| !value.is_empty())) {
            return Ok(None);
        }
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Collector)
            .build()
            .map_err(|error| format!("traces cannot be sent: {error}"))?;
        let named = std::env::var_os("OTEL_SERVICE_NAME").is_some();
        let resource = Resource::builder();
        let resource = if named { resource } else { resource.with_service_name("stagedoor") };
        let provider = SdkTracerProvider::builder()
            .with_resource(resource.build())
            .with_batch_exporter(exporter)
            .build();
        Ok(Some(Self(provider)))
    }

    /// What makes spans.
    pub(crate) fn tracer(&self) -> SdkTracer {
        self.0.tracer("stagedoor")
    }

    /// Sends what was not sent yet, for a process that may be frozen from now on. Waits no longer than
    /// [`FLUSH`] for a slow collector: sending goes on beside the next invocation.
    pub(crate) async fn flush(&self) {
        let provider = self.0.clone();
        let flushed = tokio::task::spawn_blocking(move || provider.force_flush());
        match tokio::time::timeout(FLUSH, flushed).await {
            Ok(Ok(Ok(()))) => {}
            Ok(Ok(Err(error))) => {
                tracing::warn!(%error, code = codes::TRACES_LOST.as_str(), "traces were not sent");
            }
            Ok(Err(_)) | Err(_) => {
                tracing::warn!(code = codes::TRACES_LATE.as_str(), "the collector takes its time");
            }
        }
    }

    /// Sends what was not sent yet, and ends.
    pub(crate) fn end(self) {
        if let Err(error) = self.0.shutdown_with_timeout(TIMEOUT) {
            tracing::warn!(%error, code = codes::TRACES_LOST.as_str(), "the last traces were not sent");
        }
    }
}

/// Sends spans. It blocks, on the exporter's thread, where nothing else is done.
#[derive(Debug)]
struct Collector;

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let mut config = Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .max_redirects(0)
            .http_status_as_error(false)
            .proxy(None);
        if request.uri().scheme_str() == Some("https") {
            config = config.tls_config(outbound::tls());
        }
        let (head, body) = request.into_parts();
        let mut sent = config.build().new_agent().post(head.uri.to_string());
        for (name, value) in &head.headers {
            sent = sent.header(name, value);
        }
        let mut answer = sent.send(body.as_ref())?;
        let status = answer.status();
        let body = answer.body_mut().with_config().limit(64 * 1024).read_to_vec()?;
        Ok(Response::builder().status(status).body(Bytes::from(body))?)
    }
}
