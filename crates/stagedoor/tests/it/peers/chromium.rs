//! Chromium without a window, by the few commands of `WebDriver` that the tests need.
//!
//! They are JSON over HTTP on loopback; these tests wait for nothing else meanwhile.

use page_judge::chromium::{self, Driver};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The name of an element's id in `WebDriver`'s JSON (W3C, section 11).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// How long the browser looks for an element before a test gives up, in milliseconds.
const PATIENCE_MS: u64 = 30_000;

/// A browser with a fresh profile. It ends with the test.
#[derive(Debug)]
pub(crate) struct Chromium {
    _driver: Driver,
    session: String,
    _folder: TempDir,
}

impl Chromium {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let driver = Driver::start(folder.path()).unwrap();
        let base = format!("{}/session", driver.url);
        let arguments = chromium::arguments(folder.path());
        let opened = call(
            "POST",
            &base,
            &json!({"capabilities": {"alwaysMatch": {
                "browserName": "chrome",
                "timeouts": {"implicit": PATIENCE_MS},
                "goog:chromeOptions": {"args": arguments},
            }}}),
        );
        let id = opened["sessionId"].as_str().unwrap();
        Self { _driver: driver, session: format!("{base}/{id}"), _folder: folder }
    }

    /// Opens an address and waits until the page is loaded.
    pub(crate) fn open(&self, url: &str) {
        self.tell("url", &json!({"url": url}));
    }

    /// Clicks an element, once it is there.
    pub(crate) fn click(&self, css: &str) {
        self.tell(&format!("element/{}/click", self.find(css)), &json!({}));
    }

    /// Types into a field, once it is there.
    pub(crate) fn write(&self, css: &str, text: &str) {
        self.tell(&format!("element/{}/value", self.find(css)), &json!({"text": text}));
    }

    /// The text of an element as a person reads it, once it is there.
    pub(crate) fn read(&self, css: &str) -> String {
        self.ask(&format!("element/{}/text", self.find(css)))
    }

    /// An attribute of an element, once the element is there; empty without the attribute.
    pub(crate) fn attribute(&self, css: &str, name: &str) -> String {
        self.ask(&format!("element/{}/attribute/{name}", self.find(css)))
    }

    /// The address of the page.
    pub(crate) fn url(&self) -> String {
        self.ask("url")
    }

    fn find(&self, css: &str) -> String {
        let found = self.tell("element", &json!({"using": "css selector", "value": css}));
        found[ELEMENT].as_str().unwrap().to_owned()
    }

    fn ask(&self, path: &str) -> String {
        let answer = call("GET", &format!("{}/{path}", self.session), &Value::Null);
        answer.as_str().unwrap_or_default().to_owned()
    }

    fn tell(&self, path: &str, body: &Value) -> Value {
        call("POST", &format!("{}/{path}", self.session), body)
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // Ends the browser; the driver ends after it.
        let _ = send("DELETE", &self.session, &Value::Null);
    }
}

/// A command of `WebDriver`: the value it answers.
#[track_caller]
fn call(method: &str, url: &str, body: &Value) -> Value {
    let text = send(method, url, body).unwrap();
    let mut answer: Value = serde_json::from_str(&text).unwrap();
    assert!(answer["value"]["error"].is_null(), "{url} {body}: {text}");
    answer["value"].take()
}

fn send(method: &str, url: &str, body: &Value) -> Result<String, ureq::Error> {
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut answer = match method {
        "POST" => agent
            .post(url)
            .header("Content-Type", "application/json")
            .send(body.to_string().as_str())?,
        "DELETE" => agent.delete(url).call()?,
        _ => agent.get(url).call()?,
    };
    answer.body_mut().read_to_string()
}
