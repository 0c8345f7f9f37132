//! What `WebDriver` has no words for: chromedriver's own commands.

use crate::browser::Browser;
use anyhow::{Context, Result};
use fantoccini::wd::WebDriverCompatibleCommand;
use serde_json::{Value, json};
use url::Url;

impl Browser {
    /// A command of the browser's developer tools.
    pub(crate) async fn developer(
        &self,
        command: &'static str,
        parameters: Value,
    ) -> Result<Value> {
        let told = Developer { command, parameters };
        self.client.issue_cmd(told).await.with_context(|| command.to_owned())
    }

    /// What the browser wrote to its console since it was last asked.
    pub(crate) async fn console(&self) -> Result<Vec<String>> {
        let log = self.client.issue_cmd(ConsoleLog).await.context("the browser's console")?;
        let entries = log.as_array().into_iter().flatten();
        let said = entries.filter_map(|entry| entry.get("message")?.as_str());
        Ok(said.map(str::to_owned).collect())
    }
}

/// `se/log` of chromedriver, with what came since the last time.
#[derive(Debug)]
struct ConsoleLog;

impl WebDriverCompatibleCommand for ConsoleLog {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, url::ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(json!({"type": "browser"}).to_string()))
    }
}

/// `goog/cdp/execute` of chromedriver.
#[derive(Debug)]
struct Developer {
    command: &'static str,
    parameters: Value,
}

impl WebDriverCompatibleCommand for Developer {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, url::ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (http::Method, Option<String>) {
        let body = json!({"cmd": self.command, "params": self.parameters});
        (http::Method::POST, Some(body.to_string()))
    }
}
