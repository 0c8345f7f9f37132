//! Requests, one at a time, repeated where the endpoint asks for patience.

use control::ports::{CallError, FailureKind, KeptSecret};
use serde_json::Value;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use ureq::Agent;
use url::Url;
use zeroize::Zeroizing;

/// The service of this crate's errors.
pub(crate) const SERVICE: &str = "scim";

/// From the name look-up to the last byte.
const TIMEOUT: Duration = Duration::from_secs(30);

/// More of an answer than this is not read: a page of a hundred users takes some 100 KiB.
const ANSWER_BYTES: u64 = 8 * 1024 * 1024;

/// How often a request is sent that the endpoint refuses as too many, or fails at.
const ATTEMPTS: u32 = 6;

/// The first pause where the endpoint names none; each further one is twice as long.
const PAUSE: Duration = Duration::from_secs(1);

/// The longest pause that the endpoint may ask for.
const LONGEST_PAUSE: Duration = Duration::from_mins(2);

/// A bearer token.
#[derive(Clone)]
struct BearerToken(Zeroizing<String>);

impl BearerToken {
    /// A token, without what an editor leaves around it.
    fn new(text: &str) -> Self {
        Self(Zeroizing::new(text.trim().to_owned()))
    }
}

/// An endpoint that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadEndpoint {
    /// It is no address.
    #[error(
        "`{0}` is not the address of a SCIM endpoint (`https://scim.REGION.amazonaws.com/TENANT/scim/v2`)"
    )]
    NotAnAddress(String),
    /// The token would go over the network readably.
    #[error("`{0}` is not https, and not http on a loopback address")]
    NotSecure(String),
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Post,
    Patch,
    Delete,
}

/// The endpoint with its token. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint(Arc<Inner>);

struct Inner {
    /// Without a slash at the end.
    base: String,
    /// The token as it was last read; `None`: it was not yet.
    token: Mutex<Option<BearerToken>>,
    /// Where it is kept.
    kept: Arc<dyn KeptSecret>,
    agent: Agent,
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inner").field("base", &self.base).finish_non_exhaustive()
    }
}

/// What came back.
struct Answer {
    status: u16,
    retry_after: Option<Duration>,
    body: Vec<u8>,
}

impl Endpoint {
    pub(crate) fn new(address: &str, kept: Arc<dyn KeptSecret>) -> Result<Self, BadEndpoint> {
        let not = || BadEndpoint::NotAnAddress(address.to_owned());
        let parsed = Url::parse(address).map_err(|_| not())?;
        let host = parsed.host().ok_or_else(not)?;
        let plain = parsed.query().is_none()
            && parsed.fragment().is_none()
            && parsed.username().is_empty()
            && parsed.password().is_none();
        let secure = match parsed.scheme() {
            _ if !plain => return Err(not()),
            "https" => true,
            "http" if outbound::is_on_this_machine(&host) => false,
            "http" => return Err(BadEndpoint::NotSecure(address.to_owned())),
            _ => return Err(not()),
        };
        let base = address.trim_end_matches('/').to_owned();
        let agent = agent(secure);
        Ok(Self(Arc::new(Inner { base, token: Mutex::default(), kept, agent })))
    }

    /// The token as it was last read; it is read where it was not.
    async fn token(&self, operation: &'static str) -> Result<BearerToken, CallError> {
        let known = self.0.token.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match known {
            Some(token) => Ok(token),
            None => self.read_token(operation).await,
        }
    }

    async fn read_token(&self, operation: &'static str) -> Result<BearerToken, CallError> {
        let token = BearerToken::new(self.0.kept.secret().await?.reveal());
        if token.0.is_empty() || !token.0.bytes().all(|b| b.is_ascii_graphic()) {
            let what = "the SCIM token is empty or has characters that no token has";
            return Err(failed(operation, FailureKind::Credentials, what));
        }
        *self.0.token.lock().unwrap_or_else(PoisonError::into_inner) = Some(token.clone());
        Ok(token)
    }

    pub(crate) fn address(&self) -> &str {
        &self.0.base
    }

    /// Makes a request, and again where the endpoint asks for patience. The answer is `Null` if it
    /// has no body.
    pub(crate) async fn call(
        &self,
        operation: &'static str,
        method: Method,
        path: String,
        body: Option<&Value>,
    ) -> Result<Value, CallError> {
        let body = body.map(Value::to_string);
        let mut pause = PAUSE;
        let mut attempt = 1;
        let mut token = self.token(operation).await?;
        let mut is_fresh = false;
        loop {
            let (endpoint, path, body) = (self.clone(), path.clone(), body.clone());
            let bearer = token.clone();
            let request = move || endpoint.send(method, &path, body, &bearer);
            let sent = tokio::task::spawn_blocking(request);
            let answer = sent.await.unwrap_or(Err("a defect ended it"));
            let answer =
                answer.map_err(|what| failed(operation, FailureKind::Unreachable, what))?;
            if answer.status == 401 && !is_fresh {
                // It may have been changed since it was read.
                let now = self.read_token(operation).await?;
                if now.0 != token.0 {
                    (token, is_fresh) = (now, true);
                    continue;
                }
            }
            let again = matches!(answer.status, 429 | 500 | 502 | 503 | 504);
            if !again || attempt >= ATTEMPTS {
                return read(operation, &answer);
            }
            tokio::time::sleep(answer.retry_after.unwrap_or(pause).min(LONGEST_PAUSE)).await;
            pause *= 2;
            attempt += 1;
        }
    }

    /// Sends once, and blocks meanwhile. An error says nothing of the token.
    fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<String>,
        token: &BearerToken,
    ) -> Result<Answer, &'static str> {
        let Inner { base, agent, .. } = &*self.0;
        let url = format!("{base}{path}");
        let bearer = Zeroizing::new(format!("Bearer {}", token.0.as_str()));
        let sent = match method {
            Method::Get => agent.get(&url).header("Authorization", bearer.as_str()).call(),
            Method::Delete => agent.delete(&url).header("Authorization", bearer.as_str()).call(),
            Method::Post | Method::Patch => {
                let request = match method {
                    Method::Post => agent.post(&url),
                    _ => agent.patch(&url),
                };
                request
                    .header("Authorization", bearer.as_str())
                    .header("Content-Type", "application/scim+json")
                    .send(body.unwrap_or_default())
            }
        };
        let mut answer = sent.map_err(|error| outbound::failure(&error))?;
        let status = answer.status().as_u16();
        let seconds = answer.headers().get("retry-after").and_then(|text| text.to_str().ok());
        let seconds = seconds.and_then(|text| text.trim().parse().ok());
        let retry_after = seconds.map(Duration::from_secs);
        let body = answer.body_mut().with_config().limit(ANSWER_BYTES).read_to_vec();
        Ok(Answer { status, retry_after, body: body.map_err(|_| "the answer broke off")? })
    }
}

fn agent(secure: bool) -> Agent {
    outbound::config(secure, TIMEOUT)
        // The token is for this address and no other.
        .max_redirects(0)
        .http_status_as_error(false)
        .accept("application/scim+json, application/json")
        .build()
        .new_agent()
}

fn read(operation: &'static str, answer: &Answer) -> Result<Value, CallError> {
    let body = if answer.body.is_empty() {
        Ok(Value::Null)
    } else {
        serde_json::from_slice::<Value>(&answer.body)
    };
    if (200..300).contains(&answer.status) {
        return body.map_err(|_| failed(operation, FailureKind::Service, "the answer is no JSON"));
    }
    let kind = match answer.status {
        401 => FailureKind::Credentials,
        403 => FailureKind::AccessDenied,
        404 => FailureKind::NotFound,
        409 => FailureKind::InUse,
        429 => FailureKind::Throttled,
        400..=499 => FailureKind::Rejected,
        _ => FailureKind::Service,
    };
    let said = body.ok().and_then(|body| Some(body.get("detail")?.as_str()?.to_owned()));
    let said: String =
        said.unwrap_or_default().chars().filter(|c| !c.is_control()).take(200).collect();
    let hint = match kind {
        FailureKind::Credentials => {
            " (the endpoint refuses the SCIM token: it is good for a year; make another one in \
             Identity Center's settings)"
        }
        _ => "",
    };
    let said = if said.is_empty() { said } else { format!(": {said}") };
    Err(CallError {
        aws_code: Some(format!("http-{}", answer.status)),
        ..failed(operation, kind, &format!("HTTP status {}{said}{hint}", answer.status))
    })
}

pub(crate) fn failed(operation: &'static str, kind: FailureKind, message: &str) -> CallError {
    CallError { service: SERVICE, operation, kind, aws_code: None, message: message.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_trait::async_trait;
    use control::ports::SecretWord;

    #[derive(Debug)]
    struct Kept(String);

    #[async_trait]
    impl KeptSecret for Kept {
        async fn secret(&self) -> Result<SecretWord, CallError> {
            Ok(SecretWord::new(self.0.clone()))
        }
    }

    fn kept(token: &str) -> Arc<dyn KeptSecret> {
        Arc::new(Kept(token.to_owned()))
    }

    #[test]
    fn a_token_goes_only_where_nobody_reads_it() {
        let made = |address: &str| Endpoint::new(address, kept("t0k3n")).map(drop);
        for good in [
            "https://scim.eu-west-1.amazonaws.com/f1e2/scim/v2",
            "https://scim.eu-west-1.amazonaws.com/f1e2/scim/v2/",
            "http://127.0.0.1:4321/scim/v2",
        ] {
            assert_eq!(made(good), Ok(()), "{good}");
        }
        let plain = "http://scim.eu-west-1.amazonaws.com/f1e2/scim/v2".to_owned();
        assert_eq!(made(&plain), Err(BadEndpoint::NotSecure(plain.clone())));
        for bad in ["scim", "ftp://x/", "https://a@b/scim", "https://b/scim?x=1"] {
            assert_eq!(made(bad), Err(BadEndpoint::NotAnAddress(bad.to_owned())), "{bad}");
        }
    }

    #[tokio::test]
    async fn a_token_that_no_header_may_have_is_refused_and_none_is_shown() {
        for token in ["", " \n", "two words"] {
            let endpoint = Endpoint::new("https://b/scim", kept(token)).unwrap();
            let refused = endpoint.token("ListUsers").await.map(drop).unwrap_err();
            assert_eq!(refused.kind, FailureKind::Credentials, "{token:?}");
        }
        let endpoint = Endpoint::new("https://b/scim", kept("t0k3n\n")).unwrap();
        assert_eq!(endpoint.token("ListUsers").await.unwrap().0.as_str(), "t0k3n");
        assert!(!format!("{endpoint:?}").contains("t0k3n"));
    }
}
