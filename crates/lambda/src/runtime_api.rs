//! Lambda's Runtime API: the next invocation, its response or its error, and a start that failed.
//!
//! Version 2018-06-01, over HTTP on the address in `AWS_LAMBDA_RUNTIME_API`. One connection is kept;
//! it is made anew when it is gone.

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{CONTENT_TYPE, HOST, HeaderMap};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::json;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

/// Where all calls are.
const BASE: &str = "/2018-06-01/runtime";

/// So often a connection is made before it is given up.
const CONNECTS: u32 = 5;

/// The pause between two of them.
const AFTER_A_FAILURE: Duration = Duration::from_millis(50);

/// How long an invocation lasts that does not say so.
const UNTOLD: Duration = Duration::from_secs(3);

/// The longest message of an error. Lambda cuts them.
const MOST_OF_A_MESSAGE: usize = 16 * 1024;

/// The Runtime API cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeApiError {
    /// No connection.
    #[error("the Lambda Runtime API at {address} cannot be reached")]
    Unreachable {
        /// Host and port.
        address: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A connection broke off, or what came over it is no HTTP.
    #[error("calling the Lambda Runtime API ({call}) failed")]
    Broken {
        /// What was called.
        call: &'static str,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It answered otherwise than it should.
    #[error("the Lambda Runtime API answered {call} with {status}")]
    Refused {
        /// What was called.
        call: &'static str,
        /// HTTP status.
        status: StatusCode,
    },
    /// An invocation has no id, so it cannot be answered.
    #[error("the Lambda Runtime API gave an invocation without a request id")]
    NoRequestId,
}

/// An invocation.
#[derive(Debug)]
pub struct Invocation {
    /// Its id, in the path of its answer.
    pub request_id: String,
    /// When the process is stopped, whether it has answered or not.
    pub end: Instant,
    /// For AWS X-Ray.
    pub trace_id: Option<String>,
    /// JSON.
    pub payload: Bytes,
}

/// The Runtime API of this process.
#[derive(Debug)]
pub struct RuntimeApi {
    address: String,
    connection: Option<SendRequest<Full<Bytes>>>,
}

impl RuntimeApi {
    /// The one at this host and port.
    pub fn new(address: impl Into<String>) -> Self {
        Self { address: address.into(), connection: None }
    }

    /// Waits for the next invocation; `now` tells the time, in which its end is given.
    ///
    /// # Errors
    /// It cannot be asked.
    pub async fn next(
        &mut self,
        now: impl Fn() -> jiff::Timestamp,
    ) -> Result<Invocation, RuntimeApiError> {
        const CALL: &str = "next";
        let (status, headers, payload) =
            self.call(CALL, Method::GET, "/invocation/next", None, Bytes::new()).await?;
        if status != StatusCode::OK {
            return Err(RuntimeApiError::Refused { call: CALL, status });
        }
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let request_id = text("lambda-runtime-aws-request-id").filter(|id| is_path_part(id));
        let request_id = request_id.ok_or(RuntimeApiError::NoRequestId)?.to_owned();
        let deadline = text("lambda-runtime-deadline-ms").and_then(|text| text.parse::<i64>().ok());
        let left = deadline.map(|at| at.saturating_sub(now().as_millisecond()));
        let left = left
            .map_or(UNTOLD, |left| Duration::from_millis(u64::try_from(left).unwrap_or_default()));
        Ok(Invocation {
            request_id,
            end: Instant::now() + left.min(Duration::from_hours(1)),
            trace_id: text("lambda-runtime-trace-id").map(str::to_owned),
            payload,
        })
    }

    /// Answers an invocation.
    ///
    /// # Errors
    /// The answer was not taken.
    pub async fn respond(
        &mut self,
        request_id: &str,
        answer: Vec<u8>,
    ) -> Result<(), RuntimeApiError> {
        let path = format!("/invocation/{request_id}/response");
        self.tell("response", &path, None, answer).await
    }

    /// Says that an invocation failed.
    ///
    /// # Errors
    /// The report was not taken.
    pub async fn fail(
        &mut self,
        request_id: &str,
        code: &str,
        message: &str,
    ) -> Result<(), RuntimeApiError> {
        let path = format!("/invocation/{request_id}/error");
        self.tell("error", &path, Some(code), report(code, message)).await
    }

    /// Says that the process cannot start.
    ///
    /// # Errors
    /// The report was not taken.
    pub async fn fail_to_start(
        &mut self,
        code: &str,
        message: &str,
    ) -> Result<(), RuntimeApiError> {
        self.tell("init error", "/init/error", Some(code), report(code, message)).await
    }

    async fn tell(
        &mut self,
        call: &'static str,
        path: &str,
        code: Option<&str>,
        body: Vec<u8>,
    ) -> Result<(), RuntimeApiError> {
        let (status, ..) = self.call(call, Method::POST, path, code, body.into()).await?;
        if status == StatusCode::ACCEPTED {
            return Ok(());
        }
        Err(RuntimeApiError::Refused { call, status })
    }

    async fn call(
        &mut self,
        call: &'static str,
        method: Method,
        path: &str,
        code: Option<&str>,
        body: Bytes,
    ) -> Result<(StatusCode, HeaderMap, Bytes), RuntimeApiError> {
        let broken = |source: Box<dyn std::error::Error + Send + Sync>| RuntimeApiError::Broken {
            call,
            source,
        };
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{BASE}{path}"))
            .header(HOST, &self.address)
            .header(CONTENT_TYPE, "application/json");
        if let Some(code) = code {
            request = request.header("lambda-runtime-function-error-type", code);
        }
        let request = request.body(Full::new(body)).map_err(|error| broken(error.into()))?;
        let connection = self.connection().await?;
        let response =
            connection.send_request(request).await.map_err(|error| broken(error.into()))?;
        let (parts, body) = response.into_parts();
        let body = Limited::new(body, crate::payload::MOST_BYTES + 1).collect().await;
        Ok((parts.status, parts.headers, body.map_err(broken)?.to_bytes()))
    }

    async fn connection(&mut self) -> Result<&mut SendRequest<Full<Bytes>>, RuntimeApiError> {
        let connection = match self.connection.take() {
            Some(mut kept) => match kept.ready().await {
                Ok(()) => kept,
                Err(_) => self.connect().await?,
            },
            None => self.connect().await?,
        };
        Ok(self.connection.insert(connection))
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>, RuntimeApiError> {
        let mut tries = 1;
        let stream = loop {
            match TcpStream::connect(&self.address).await {
                Ok(stream) => break stream,
                Err(source) if tries >= CONNECTS => {
                    let address = self.address.clone();
                    return Err(RuntimeApiError::Unreachable { address, source });
                }
                Err(_) => {
                    tries += 1;
                    sleep(AFTER_A_FAILURE).await;
                }
            }
        };
        let broken =
            |error: hyper::Error| RuntimeApiError::Broken { call: "connect", source: error.into() };
        let (connection, driver) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
        tokio::spawn(async move {
            if let Err(error) = driver.await {
                tracing::debug!(%error, "the connection to the Runtime API broke off");
            }
        });
        Ok(connection)
    }
}

/// Whether the text can stand in a path as it is.
fn is_path_part(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

fn report(code: &str, message: &str) -> Vec<u8> {
    let message: String = message.chars().take(MOST_OF_A_MESSAGE).collect();
    json!({"errorType": code, "errorMessage": message, "stackTrace": []}).to_string().into_bytes()
}
