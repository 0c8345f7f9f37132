//! The line to AWS: what happens to a call on its way there and back.

use crate::deed::{Deed, What};
use crate::stage::{Shared, Stage};
use async_trait::async_trait;
use aws::{InProcess, Lost};
use http::{Request, Response};
use serde_json::Value;
use std::time::Duration;

/// The line of one replica.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) shared: Shared,
    pub(crate) replica: usize,
}

/// A call, as far as it matters on the way.
#[derive(Debug, Clone)]
struct Call {
    service: String,
    operation: String,
    body: Value,
    deed: Option<Deed>,
}

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Answered,
    Throttled,
    Failed,
    Unsent,
    Unanswered,
    /// Done, and answered with an error.
    Misreported,
    /// Done when nobody waits any more.
    Late,
    /// The process is killed before the call has its effect.
    DiesBefore,
    /// The process is killed once the call has had its effect.
    DiesAfter,
}

/// Longer than a caller waits.
const TOO_LONG: Duration = Duration::from_secs(45);

#[async_trait]
impl InProcess for Line {
    async fn call(&self, mut request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, Lost> {
        let call = Call::read(self.replica, &request);
        let (fate, there, back) = self.shared.lock().draw(self.replica, &call);
        if self.shared.lock().weather.half {
            small_pages(&call, &mut request);
        }
        match fate {
            Fate::Throttled => {
                tokio::time::sleep(there + back).await;
                return Ok(throttled(&call));
            }
            Fate::Failed => {
                tokio::time::sleep(there + back).await;
                return Ok(failure(&call));
            }
            Fate::Unsent => {
                tokio::time::sleep(there).await;
                return Err(Lost::Unsent);
            }
            Fate::DiesBefore => return self.die().await,
            _ => {}
        }
        let there = if fate == Fate::Late { TOO_LONG + there } else { there };
        let answer = self.effect(request, call.clone(), there);
        let answer = match fate {
            Fate::Late => tokio::time::timeout(TOO_LONG, answer).await.unwrap_or_default(),
            _ => answer.await,
        };
        match fate {
            Fate::DiesAfter => self.die().await,
            Fate::Misreported => {
                tokio::time::sleep(back).await;
                Ok(failure(&call))
            }
            Fate::Answered => {
                tokio::time::sleep(back).await;
                answer.ok_or(Lost::Unanswered)
            }
            _ => {
                tokio::time::sleep(TOO_LONG).await;
                Err(Lost::Unanswered)
            }
        }
    }
}

impl Line {
    /// Lets the call have its effect. What changes something does so even if the caller is gone by
    /// then: a call cannot be called back.
    async fn effect(
        &self,
        request: Request<Vec<u8>>,
        call: Call,
        there: Duration,
    ) -> Option<Response<Vec<u8>>> {
        let (shared, replica) = (self.shared.clone(), self.replica);
        let Some(deed) = call.deed.clone() else {
            tokio::time::sleep(there).await;
            let mut stage = shared.lock();
            let answer = stage.handle(&request);
            stage.report(replica, &call, &answer);
            return Some(answer);
        };
        let person = shared.lock().begin(&deed);
        let done = tokio::spawn(async move {
            tokio::time::sleep(there).await;
            let mut stage = shared.lock();
            let scene = stage.scene(&deed.domain);
            if matches!(deed.what, What::DeleteProfile { .. }) {
                stage.read_homes();
            }
            let now = stage.now();
            let Stage { watch, truth, .. } = &mut *stage;
            watch.judge(now, &deed, &scene, truth);
            if let Some(person) = &person {
                watch.end(person, replica);
            }
            let answer = stage.handle(&request);
            stage.report(replica, &call, &answer);
            answer
        });
        done.await.ok()
    }

    /// Kills the process; nothing comes back to it.
    async fn die(&self) -> Result<Response<Vec<u8>>, Lost> {
        if let Some(life) = self.shared.lock().lives.get(self.replica) {
            life.struck.notify_one();
        }
        std::future::pending().await
    }
}

impl Call {
    fn read(replica: usize, request: &Request<Vec<u8>>) -> Self {
        let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
        let scope = header("authorization").unwrap_or_default();
        let service = scope.split('/').nth(3).unwrap_or_default().to_owned();
        let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        let target = header("x-amz-target").and_then(|target| target.split_once('.'));
        let operation = if let Some((_, operation)) = target {
            operation.to_owned()
        } else {
            let form = String::from_utf8_lossy(request.body()).into_owned();
            let action = form.split('&').find_map(|field| field.strip_prefix("Action="));
            action.unwrap_or_default().to_owned()
        };
        let deed = match service.as_str() {
            "sagemaker" => Deed::read(replica, &operation, &body),
            _ => None,
        };
        Self { service, operation, body, deed }
    }

    fn is_list(&self) -> bool {
        self.service == "identitystore" && self.operation.starts_with("List")
    }
}

impl Stage {
    /// Draws what becomes of a call, and how long it takes there and back.
    fn draw(&mut self, replica: usize, call: &Call) -> (Fate, Duration, Duration) {
        self.calls += 1;
        let slow = if self.weather.slow { 2_000 } else { 60 };
        let there = Duration::from_millis(self.random.u64(2..slow));
        let back = Duration::from_millis(self.random.u64(2..slow));
        let fate = self.fate(replica, call);
        if fate != Fate::Answered {
            self.fault(&format!("{fate:?} {replica} {}:{}", call.service, call.operation));
        }
        (fate, there, back)
    }

    fn fate(&mut self, replica: usize, call: &Call) -> Fate {
        if let Some(life) = self.lives.get_mut(replica)
            && let Some(left) = &mut life.calls
        {
            *left = left.saturating_sub(1);
            if *left == 0 {
                life.calls = None;
                return if life.after_effect { Fate::DiesAfter } else { Fate::DiesBefore };
            }
        }
        if self.is_down(call) {
            return Fate::Unsent;
        }
        if self.weather.half && call.is_list() && call.body.get("NextToken").is_some() {
            return Fate::Failed;
        }
        let weather = &self.weather;
        let mut left = self.random.u8(..100);
        for (chance, fate) in [
            (weather.throttled, Fate::Throttled),
            (weather.failing, Fate::Failed),
            (weather.unsent, Fate::Unsent),
            (weather.unanswered / 2, Fate::Unanswered),
            (weather.unanswered / 2, Fate::Misreported),
            (if call.deed.is_some() { weather.late } else { 0 }, Fate::Late),
        ] {
            match left.checked_sub(chance) {
                Some(rest) => left = rest,
                None => return fate,
            }
        }
        Fate::Answered
    }

    /// Whether the call goes to an account that cannot be reached.
    fn is_down(&self, call: &Call) -> bool {
        let Some(account) = &self.weather.down else { return false };
        if !matches!(call.service.as_str(), "sagemaker" | "sts" | "iam") {
            return false;
        }
        let body = call.body.to_string();
        let mut domains = self.truth.map.domains.iter().filter(|d| d.account == *account);
        body.contains(account.as_str()) || domains.any(|domain| body.contains(&domain.id))
    }

    /// A call that changes something is on its way; says for whom.
    fn begin(&mut self, deed: &Deed) -> Option<String> {
        let scene = self.scene(&deed.domain);
        let person = deed.person(&scene)?;
        let now = self.now();
        self.watch.begin(now, &person, deed.replica);
        Some(person)
    }

    fn report(&mut self, replica: usize, call: &Call, answer: &Response<Vec<u8>>) {
        let status = answer.status().as_u16();
        let about = match &call.deed {
            Some(deed) => format!(" {} {:?}", deed.domain, deed.what),
            None => String::new(),
        };
        let error = match status {
            200 => String::new(),
            _ => format!(" {}", String::from_utf8_lossy(answer.body())),
        };
        self.say(&format!(
            "r{replica} {}:{}{about} -> {status}{error}",
            call.service, call.operation
        ));
    }
}

/// The directory gives a page of two, so that there is a second one which can fail.
fn small_pages(call: &Call, request: &mut Request<Vec<u8>>) {
    if !call.is_list() {
        return;
    }
    let mut body = call.body.clone();
    if let Some(most) = body.get_mut("MaxResults") {
        *most = 2.into();
        *request.body_mut() = body.to_string().into_bytes();
    }
}

fn throttled(call: &Call) -> Response<Vec<u8>> {
    match call.service.as_str() {
        "sts" | "iam" => in_xml(400, "Throttling", "Rate exceeded"),
        "servicequotas" => in_json(400, "TooManyRequestsException", ""),
        "identitystore" => in_json(400, "ThrottlingException", ",\"RetryAfterSeconds\":1"),
        _ => in_json(400, "ThrottlingException", ""),
    }
}

fn failure(call: &Call) -> Response<Vec<u8>> {
    match call.service.as_str() {
        "sts" | "iam" => in_xml(500, "InternalFailure", "try again"),
        _ => in_json(500, "InternalServerException", ""),
    }
}

fn in_json(status: u16, code: &str, more: &str) -> Response<Vec<u8>> {
    let body = format!("{{\"__type\":\"{code}\",\"message\":\"simulated\"{more}}}");
    answer(status, "application/x-amz-json-1.1", body)
}

fn in_xml(status: u16, code: &str, message: &str) -> Response<Vec<u8>> {
    let body = format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message>\
         </Error><RequestId>1</RequestId></ErrorResponse>"
    );
    answer(status, "text/xml", body)
}

fn answer(status: u16, kind: &'static str, body: String) -> Response<Vec<u8>> {
    let mut answer = Response::new(body.into_bytes());
    *answer.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
    answer.headers_mut().insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static(kind));
    answer
}
