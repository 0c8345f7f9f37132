//! Lambda, as its functions see it: a Runtime API on loopback, and the binary started as `bootstrap`.
//!
//! As on Lambda the process stands still from the moment it asks for the next invocation until there is
//! one, and is given none any more if it asks too late.

use crate::cloud::{PATIENCE, now};
use crate::process::{self, Running};
use crate::world::World;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitStatus};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

/// How an invocation ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Ended {
    /// The function answered.
    Answer(Value),
    /// The function failed: type and message.
    Failed(String, String),
    /// The process could not start: type and message.
    NotStarted(String, String),
    /// It had answered, or not, and did not ask for the next one in time: Lambda ends it.
    TimedOut,
}

/// What is invoked next: request id, payload, and how long it may take.
type Next = (String, String, Duration);

/// What is invoked now: request id, payload, and when it ends.
type Invoked = (String, String, jiff::Timestamp);

/// A Runtime API, and the process that asks it.
pub(crate) struct Invoker {
    pub(crate) process: Running,
    next: Sender<Next>,
    ended: Receiver<(String, Ended)>,
    resting: Receiver<()>,
    /// How many of those were waited for.
    rested: u32,
    count: u32,
}

/// The other side of it.
struct Api {
    waiting: Mutex<Receiver<Next>>,
    tell: Sender<(String, Ended)>,
    rests: Sender<()>,
    process: OnceLock<u32>,
    /// The invocation under way, and when it ends.
    under_way: Mutex<Option<(String, jiff::Timestamp)>>,
}

impl Invoker {
    /// Starts the binary under the name `bootstrap`, with these variables besides.
    pub(crate) fn start(world: &World, variables: &[(&str, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (next, waiting) = channel();
        let (tell, ended) = channel();
        let (rests, resting) = channel();
        let api = Arc::new(Api {
            waiting: Mutex::new(waiting),
            tell,
            rests,
            process: OnceLock::new(),
            under_way: Mutex::default(),
        });
        serve(listener, Arc::clone(&api));
        let mut command: Command = world.command(&[]);
        command
            .arg0("/var/task/bootstrap")
            .env("AWS_LAMBDA_RUNTIME_API", address)
            .env("STAGEDOOR_MAP", world.path("access.yaml"))
            .env("STAGEDOOR_STORE", world.location())
            .env("STAGEDOOR_RECHECK", "50ms")
            .envs(variables.iter().copied());
        let process = Running::start(command);
        api.process.set(process.id()).unwrap();
        Self { process, next, ended, resting, rested: 0, count: 0 }
    }

    /// Waits until the process stands still after as many invocations as there were.
    pub(crate) fn rests(&mut self) {
        // The first time it has not been invoked yet.
        let times = self.count + 1 - std::mem::replace(&mut self.rested, self.count + 1);
        for _ in 0..times {
            let rests = self.resting.recv_timeout(PATIENCE).is_ok();
            assert!(rests, "it asks for no other invocation:\n{}", self.process.said());
        }
    }

    /// Ends it by SIGTERM once it stands still: a process that is stopped after it was told to go on
    /// would never hear of its end.
    pub(crate) fn terminate(&mut self) -> ExitStatus {
        self.rests();
        self.process.terminate()
    }

    /// Invokes the function with half a minute of time.
    pub(crate) fn invoke(&mut self, payload: &Value) -> Ended {
        self.invoke_for(payload, PATIENCE)
    }

    /// Invokes the function and waits for nothing. Its id.
    pub(crate) fn begin(&mut self, payload: &Value) -> String {
        self.begin_for(payload, PATIENCE)
    }

    fn begin_for(&mut self, payload: &Value, time: Duration) -> String {
        self.count += 1;
        let id = format!("11111111-2222-4333-8444-{:012}", self.count);
        self.next.send((id.clone(), payload.to_string(), time)).unwrap();
        id
    }

    pub(crate) fn invoke_for(&mut self, payload: &Value, time: Duration) -> Ended {
        let id = self.begin_for(payload, time);
        let (of, ended) = self.ended();
        assert_eq!(of, id, "{ended:?}\n{}", self.process.said());
        ended
    }

    /// The answer to an invocation that does not fail.
    #[track_caller]
    pub(crate) fn answer(&mut self, payload: &Value) -> Value {
        self.answer_within(payload, PATIENCE)
    }

    /// [`Invoker::answer`], within this time.
    #[track_caller]
    pub(crate) fn answer_within(&mut self, payload: &Value, time: Duration) -> Value {
        match self.invoke_for(payload, time) {
            Ended::Answer(answer) => answer,
            other => panic!("{other:?}\n{}", self.process.said()),
        }
    }

    /// What is told next, and of which invocation; of none if the process cannot start.
    pub(crate) fn ended(&mut self) -> (String, Ended) {
        let Ok(told) = self.ended.recv_timeout(PATIENCE) else {
            panic!("nothing is told:\n{}", self.process.said());
        };
        told
    }
}

/// Serves the API on threads of its own, which end with the process that asks.
fn serve(listener: TcpListener, api: Arc<Api>) {
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let api = Arc::clone(&api);
            std::thread::spawn(move || connection(stream, &api));
        }
    });
}

impl Api {
    /// The next invocation, for a process that stands still meanwhile; `None`: it gets none.
    fn next(&self) -> Option<Invoked> {
        if let Some((id, end)) = self.under_way.lock().unwrap().take()
            && end < now()
        {
            let _ = self.tell.send((id, Ended::TimedOut));
            return None;
        }
        let process = *self.process.wait();
        process::signal(process, "STOP");
        let _ = self.rests.send(());
        let (id, payload, time) = self.waiting.lock().unwrap().recv().ok()?;
        let end = now().checked_add(time).unwrap();
        *self.under_way.lock().unwrap() = Some((id.clone(), end));
        process::signal(process, "CONT");
        Some((id, payload, end))
    }
}

fn connection(stream: TcpStream, api: &Api) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut writer = stream;
    while let Some((path, body)) = request(&mut reader) {
        let path = path.strip_prefix("/2018-06-01/runtime/").unwrap();
        let answer = if path == "invocation/next" {
            let Some((id, payload, end)) = api.next() else { return };
            let end = end.as_millisecond();
            format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nLambda-Runtime-Aws-Request-Id: \
                 {id}\r\nLambda-Runtime-Deadline-Ms: {end}\r\nLambda-Runtime-Invoked-Function-Arn: \
                 arn:aws:lambda:eu-west-1:111122223333:function:stagedoor\r\nLambda-Runtime-Trace-Id: \
                 Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700\r\nContent-Length: {}\r\n\r\n{payload}",
                payload.len()
            )
        } else {
            let report = || {
                let report: Value = serde_json::from_str(&body).unwrap();
                let text = |name: &str| report[name].as_str().unwrap().to_owned();
                (text("errorType"), text("errorMessage"))
            };
            let parts: Vec<&str> = path.split('/').collect();
            let told = match parts.as_slice() {
                ["init", "error"] => {
                    let (code, message) = report();
                    (String::new(), Ended::NotStarted(code, message))
                }
                ["invocation", id, "response"] => {
                    ((*id).to_owned(), Ended::Answer(serde_json::from_str(&body).unwrap()))
                }
                ["invocation", id, "error"] => {
                    let (code, message) = report();
                    ((*id).to_owned(), Ended::Failed(code, message))
                }
                other => panic!("{other:?} is no call of the Runtime API"),
            };
            let _ = api.tell.send(told);
            "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n\
             {\"status\":\"OK\"}"
                .to_owned()
        };
        if writer.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

/// Path and body of the next request; `None` once the other side is gone.
fn request(reader: &mut BufReader<TcpStream>) -> Option<(String, String)> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|length| *length > 0)?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let header = header.trim_end().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((path, String::from_utf8(body).unwrap()))
}

/// Who is on the other side of a gateway.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Via<'a> {
    /// A private REST API, from this address through this endpoint.
    Rest(&'a str, &'a str),
    /// An HTTP API, from this address.
    Http(&'a str),
}

/// A browser behind a gateway: its cookies.
#[derive(Debug, Default)]
pub(crate) struct Guest {
    cookies: Vec<(String, String)>,
}

/// What a guest gets.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) status: u64,
    pub(crate) location: String,
    pub(crate) body: String,
}

impl Guest {
    /// Asks for a page, or sends a form.
    pub(crate) fn ask(
        &mut self,
        invoker: &mut Invoker,
        via: Via<'_>,
        path: &str,
        form: Option<&str>,
    ) -> Got {
        self.ask_for(invoker, via, path, form, PATIENCE)
    }

    /// [`Guest::ask`], for so long.
    pub(crate) fn ask_for(
        &mut self,
        invoker: &mut Invoker,
        via: Via<'_>,
        path: &str,
        form: Option<&str>,
        time: Duration,
    ) -> Got {
        let cookie: Vec<String> = self.cookies.iter().map(|(n, v)| format!("{n}={v}")).collect();
        let payload = match via {
            Via::Rest(address, endpoint) => rest(path, form, &cookie, address, endpoint),
            Via::Http(address) => http(path, form, &cookie, address),
        };
        let answer = invoker.answer_within(&payload, time);
        let (cookies, headers) = match via {
            Via::Rest(..) => {
                let headers = &answer["multiValueHeaders"];
                (&headers["set-cookie"], headers)
            }
            Via::Http(_) => (&answer["cookies"], &answer["headers"]),
        };
        for cookie in cookies.as_array().into_iter().flatten() {
            let pair = cookie.as_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            self.cookies.push((name.to_owned(), value.to_owned()));
        }
        let location = match &headers["location"] {
            Value::Array(values) => values[0].as_str().unwrap_or_default(),
            other => other.as_str().unwrap_or_default(),
        };
        assert_eq!(answer["isBase64Encoded"], false);
        Got {
            status: answer["statusCode"].as_u64().unwrap(),
            location: location.to_owned(),
            body: answer["body"].as_str().unwrap().to_owned(),
        }
    }
}

const FORM: &str = "application/x-www-form-urlencoded";

/// As an API with binary media types sends a form: in base64, and a query decoded. Whatever a client may write about
/// where it is, this one writes.
fn rest(path: &str, form: Option<&str>, cookies: &[String], ip: &str, vpce: &str) -> Value {
    use base64::Engine;
    let body = form.map(|form| base64::engine::general_purpose::STANDARD.encode(form));
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let query: BTreeMap<_, _> =
        url::form_urlencoded::parse(query.as_bytes()).map(|(n, v)| (n, [v])).collect();
    let lies = r#"{"identity":{"sourceIp":"10.100.10.66","vpceId":"vpce-0aaaa"}}"#;
    json!({
        "resource": "/{proxy+}", "path": path, "httpMethod": method(form),
        "headers": {"content-type": FORM},
        "multiValueHeaders": {
            "content-type": [FORM], "cookie": cookies, "x-forwarded-for": ["10.100.10.66"],
            "x-amzn-request-context": [lies], "x-amzn-vpce-id": ["vpce-0aaaa"],
        },
        "multiValueQueryStringParameters": query,
        "requestContext": {
            "stage": "prod", "path": format!("/prod{path}"), "httpMethod": method(form),
            "identity": {"sourceIp": ip, "vpceId": vpce, "vpcId": "vpc-0cccc", "userArn": null},
        },
        "body": body, "isBase64Encoded": body.is_some(),
    })
}

fn http(path: &str, form: Option<&str>, cookies: &[String], ip: &str) -> Value {
    json!({
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "",
        "cookies": cookies,
        "headers": {"content-type": FORM, "x-forwarded-for": "10.100.10.66"},
        "requestContext": {
            "stage": "$default", "http": {"method": method(form), "path": path, "sourceIp": ip},
        },
        "body": form.unwrap_or_default(), "isBase64Encoded": false,
    })
}

fn method(form: Option<&str>) -> &'static str {
    if form.is_some() { "POST" } else { "GET" }
}
