//! Headless Chromium, by fantoccini and Debian's driver.

use crate::axe;
use crate::camera::{self, Camera};
use anyhow::{Context, Result, anyhow, bail, ensure};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use fantoccini::elements::Element;
use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use page_judge::{Finding, Verdict};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use url::Url;

/// How long something may take to appear.
const PATIENCE: Duration = Duration::from_secs(30);

/// A page with all that it loads may weigh so much.
pub(crate) const MOST_BYTES: u64 = 100_000;

/// A desktop's window, and a phone's.
pub(crate) const DESKTOP: u32 = 1280;
pub(crate) const PHONE: u32 = 390;

/// The reader's colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    Light,
    Dark,
}

impl Scheme {
    pub(crate) const BOTH: [Self; 2] = [Self::Light, Self::Dark];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// A browser, and what was found in it so far.
#[derive(Debug)]
pub(crate) struct Browser {
    client: Client,
    _driver: Child,
    axe: String,
    camera: Camera,
    verdict: RefCell<Verdict>,
}

impl Browser {
    /// Starts it with a fresh profile in the folder.
    pub(crate) async fn start(folder: &Path, axe: String, camera: Camera) -> Result<Self> {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .env("HOME", folder)
            .env("TMPDIR", folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("cannot start chromedriver: apt-get install chromium chromium-driver")?;
        let said = driver.stdout.take().context("chromedriver says nothing")?;
        let mut said = BufReader::new(said).lines();
        let port = loop {
            let line = said.next_line().await?.context("chromedriver ended")?;
            if let Some((_, rest)) = line.split_once("started successfully on port ") {
                break rest.trim_end_matches('.').to_owned();
            }
        };
        // It goes on talking, and must not wait for a listener.
        tokio::spawn(async move { while let Ok(Some(_)) = said.next_line().await {} });
        let profile = format!("--user-data-dir={}", folder.join("profile").display());
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--no-first-run",
            "--hide-scrollbars",
            "--force-device-scale-factor=1",
            &profile,
        ];
        let mut capabilities = Capabilities::new();
        capabilities.insert("browserName".to_owned(), json!("chrome"));
        capabilities.insert("goog:chromeOptions".to_owned(), json!({"args": arguments}));
        capabilities.insert("goog:loggingPrefs".to_owned(), json!({"browser": "ALL"}));
        let most = u64::try_from(PATIENCE.as_millis())?;
        let timeouts = json!({"pageLoad": most, "script": most});
        capabilities.insert("timeouts".to_owned(), timeouts);
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .context("chromium does not start")?;
        let browser = Self { client, _driver: driver, axe, camera, verdict: RefCell::default() };
        browser.wear(Scheme::Light, DESKTOP).await?;
        Ok(browser)
    }

    /// Ends it and says what was found.
    pub(crate) async fn end(self) -> Result<Verdict> {
        self.client.close().await?;
        Ok(self.verdict.into_inner())
    }

    /// Goes on as somebody who was never here.
    pub(crate) async fn forget(&self) -> Result<()> {
        self.developer("Network.clearBrowserCookies", json!({})).await?;
        Ok(())
    }

    /// The language that the reader's browser asks for.
    pub(crate) async fn reads(&self, language: &str) -> Result<()> {
        self.developer("Network.enable", json!({})).await?;
        let headers = json!({"headers": {"Accept-Language": language}});
        self.developer("Network.setExtraHTTPHeaders", headers).await?;
        Ok(())
    }

    pub(crate) async fn open(&self, url: &str) -> Result<()> {
        self.client.goto(url).await.with_context(|| format!("cannot open {url}"))
    }

    /// Opens an address that must answer with this status.
    pub(crate) async fn opens(&self, url: &str, expected: u64) -> Result<()> {
        self.open(url).await?;
        let status = self.status().await?;
        ensure!(status == expected, "{url} answers {status} and not {expected}");
        Ok(())
    }

    /// The HTTP status of the page that is shown.
    pub(crate) async fn status(&self) -> Result<u64> {
        let script = "return performance.getEntriesByType('navigation')[0].responseStatus";
        let status = self.client.execute(script, Vec::new()).await?;
        status.as_u64().context("the page has no status")
    }

    pub(crate) async fn url(&self) -> Result<Url> {
        Ok(self.client.current_url().await?)
    }

    /// The first element, once it is there.
    pub(crate) async fn find(&self, css: &str) -> Result<Element> {
        let wait = self.client.wait().at_most(PATIENCE).for_element(Locator::Css(css)).await;
        match wait {
            Ok(found) => Ok(found),
            Err(error) => {
                let url = self.client.current_url().await?;
                let text = self.text_now("body").await.unwrap_or_default();
                let text: String = text.chars().take(400).collect();
                Err(anyhow!("{error}: no `{css}` on {}, which reads: {text}", url.path()))
            }
        }
    }

    /// How many there are now.
    pub(crate) async fn count(&self, css: &str) -> Result<usize> {
        Ok(self.client.find_all(Locator::Css(css)).await?.len())
    }

    pub(crate) async fn click(&self, css: &str) -> Result<()> {
        self.find(css).await?.click().await.with_context(|| format!("cannot click {css}"))
    }

    /// Clicks the first of these elements whose text holds the words, once it is there.
    pub(crate) async fn click_named(&self, css: &str, words: &str) -> Result<()> {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            for element in self.client.find_all(Locator::Css(css)).await? {
                if element.text().await.is_ok_and(|text| text.contains(words)) {
                    return Ok(element.click().await?);
                }
            }
            if tokio::time::Instant::now() > deadline {
                bail!("no {css} with `{words}` on {}", self.url().await?.path());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    pub(crate) async fn write(&self, css: &str, text: &str) -> Result<()> {
        let field = self.find(css).await?;
        field.clear().await?;
        Ok(field.send_keys(text).await?)
    }

    /// The text of an element as a person reads it, once it is there.
    pub(crate) async fn text(&self, css: &str) -> Result<String> {
        Ok(self.find(css).await?.text().await?)
    }

    async fn text_now(&self, css: &str) -> Result<String> {
        Ok(self.client.find(Locator::Css(css)).await?.text().await?)
    }

    /// Waits until the page reads so.
    pub(crate) async fn sees(&self, words: &str) -> Result<()> {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        let mut text = String::new();
        while tokio::time::Instant::now() < deadline {
            text = self.text_now("body").await.unwrap_or_default();
            if text.contains(words) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let text: String = text.chars().take(600).collect();
        bail!("{} does not say `{words}` but: {text}", self.url().await?.path())
    }

    /// Waits until the headline of the page is this.
    pub(crate) async fn reads_headline(&self, words: &str) -> Result<()> {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        let mut headline = String::new();
        while tokio::time::Instant::now() < deadline {
            headline = self.text_now("h1").await.unwrap_or_default().replace('\n', " ");
            if headline == words {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        bail!("the headline of {} is `{headline}` and not `{words}`", self.url().await?.path())
    }

    /// Makes sure that the page does not read so.
    pub(crate) async fn does_not_see(&self, words: &str) -> Result<()> {
        if self.text("body").await?.contains(words) {
            bail!("{} says `{words}`", self.url().await?.path());
        }
        Ok(())
    }

    /// Waits until the address begins so.
    pub(crate) async fn arrives(&self, beginning: &str) -> Result<()> {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while tokio::time::Instant::now() < deadline {
            if self.url().await?.as_str().starts_with(beginning) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        bail!("the browser is at {} and not at {beginning}…", self.url().await?)
    }

    /// Whether scripts of pages run.
    pub(crate) async fn scripts(&self, run: bool) -> Result<()> {
        self.developer("Emulation.setScriptExecutionDisabled", json!({"value": !run})).await?;
        Ok(())
    }

    /// The reader's colours and the width of the window.
    pub(crate) async fn wear(&self, scheme: Scheme, width: u32) -> Result<()> {
        let features = json!([
            {"name": "prefers-color-scheme", "value": scheme.name()},
            // A colour that is still changing is none that anybody chose.
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]);
        self.developer("Emulation.setEmulatedMedia", json!({"features": features})).await?;
        let metrics = json!({
            "width": width,
            "height": if width == PHONE { 844 } else { 900 },
            "deviceScaleFactor": 1,
            "mobile": width == PHONE,
        });
        self.developer("Emulation.setDeviceMetricsOverride", metrics).await?;
        Ok(())
    }

    /// Judges the page that is shown: in both colours, as a desktop and as a phone show it, by its
    /// weight, and by what the browser had to complain of. Takes pictures.
    pub(crate) async fn judge(&self, name: &str) -> Result<()> {
        let bytes = self.weight().await?;
        let mut findings = self.complaints().await?;
        if bytes > MOST_BYTES {
            findings
                .push(Finding::serious("weight", &format!("{bytes} bytes, {MOST_BYTES} allowed")));
        }
        for width in [DESKTOP, PHONE] {
            for scheme in Scheme::BOTH {
                self.wear(scheme, width).await?;
                self.picture(name, scheme, width).await?;
                // Colours are the same at every width.
                if (scheme, width) == (Scheme::Dark, PHONE) {
                    continue;
                }
                let found = axe::judge(&self.client, &self.axe).await?;
                let place = format!("{} at {width}", scheme.name());
                findings.extend(found.into_iter().map(|finding| finding.at(&place)));
                if self.overflows().await? {
                    findings
                        .push(Finding::serious("overflow", "the page scrolls sideways").at(&place));
                }
            }
        }
        self.wear(Scheme::Light, DESKTOP).await?;
        self.verdict.borrow_mut().add(name, bytes, findings);
        Ok(())
    }

    /// What the page and all that it loaded weigh, as they came over the wire.
    async fn weight(&self) -> Result<u64> {
        let script = "return performance.getEntriesByType('navigation')
            .concat(performance.getEntriesByType('resource'))
            .map(entry => entry.encodedBodySize)
            .reduce((all, one) => all + one, 0)";
        let bytes = self.client.execute(script, Vec::new()).await?;
        bytes.as_u64().context("the page has no weight")
    }

    async fn overflows(&self) -> Result<bool> {
        let script = "return document.documentElement.scrollWidth > document.documentElement.clientWidth + 1";
        Ok(self.client.execute(script, Vec::new()).await? == json!(true))
    }

    async fn picture(&self, name: &str, scheme: Scheme, width: u32) -> Result<()> {
        if let Some(folder) = &self.camera.all {
            fs::create_dir_all(folder)?;
            let place = if width == PHONE { "phone" } else { "desktop" };
            // All of the page, also what a window would scroll to.
            let height = "return Math.ceil(document.documentElement.scrollHeight)";
            let height = self.client.execute(height, Vec::new()).await?;
            let picture = self.shot(width, &height, "png").await?;
            let file = folder.join(format!("{name}-{place}-{}.png", scheme.name()));
            fs::write(&file, picture)
                .with_context(|| format!("cannot write {}", file.display()))?;
        }
        let Some(folder) = &self.camera.best else { return Ok(()) };
        let wanted = camera::BEST
            .iter()
            .filter(|(page, colours, wide, ..)| (*page, *colours, *wide) == (name, scheme, width));
        for (_, _, _, height, file) in wanted {
            fs::create_dir_all(folder)?;
            let picture = self.shot(width, &json!(height), "webp").await?;
            let file = folder.join(format!("{file}.webp"));
            ensure!(
                picture.len() <= camera::MOST_BYTES,
                "{} has {} bytes",
                file.display(),
                picture.len()
            );
            fs::write(&file, picture)
                .with_context(|| format!("cannot write {}", file.display()))?;
        }
        Ok(())
    }

    /// The page from its top, so wide and high, in this format.
    async fn shot(&self, width: u32, height: &Value, format: &str) -> Result<Vec<u8>> {
        let how = json!({
            "format": format,
            // PNG has none.
            "quality": camera::QUALITY,
            "captureBeyondViewport": true,
            "clip": {"x": 0, "y": 0, "width": width, "height": height, "scale": 1},
        });
        let taken = self.developer("Page.captureScreenshot", how).await?;
        let data = taken.get("data").and_then(Value::as_str).context("no picture was taken")?;
        BASE64_STANDARD.decode(data).context("the picture is not base64")
    }

    /// What the browser wrote to its console since it was last asked: errors of scripts, and above all
    /// what the Content-Security-Policy forbade. That the page itself was refused is none: whoever
    /// comes to it says which status it must have.
    async fn complaints(&self) -> Result<Vec<Finding>> {
        let page = self.url().await?;
        let log = self.client.issue_cmd(ConsoleLog).await.context("the browser's console")?;
        let entries = log.as_array().cloned().unwrap_or_default();
        let said = entries.iter().filter_map(|entry| entry.get("message")?.as_str());
        let ours = said.filter(|said| said.starts_with(&page.origin().ascii_serialization()));
        let is_page = |said: &str| said.starts_with(&format!("{page} - Failed to load resource"));
        let wrong = ours.filter(|said| !is_page(said));
        Ok(wrong.map(|said| Finding::serious("console", said).at("console")).collect())
    }

    /// A command of the browser's developer tools.
    async fn developer(&self, command: &'static str, parameters: Value) -> Result<Value> {
        let told = Developer { command, parameters };
        self.client.issue_cmd(told).await.with_context(|| command.to_owned())
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
