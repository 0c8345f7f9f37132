//! Headless Chromium, by fantoccini and Debian's driver.

use crate::LONGEST;
use crate::axe;
use crate::camera::Camera;
use anyhow::{Context, Result, bail, ensure};
use fantoccini::elements::Element;
use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use page_judge::Verdict;
use page_judge::chromium::{self, Driver};
use serde_json::json;
use std::cell::RefCell;
use std::path::Path;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use url::Url;

/// How long something may take to appear.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);

/// How often it is looked for.
const LOOK: Duration = Duration::from_millis(50);

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
    pub(crate) client: Client,
    _driver: Driver,
    pub(crate) axe: String,
    pub(crate) camera: Camera,
    pub(crate) verdict: RefCell<Verdict>,
}

impl Browser {
    /// Starts it with a fresh profile in the folder.
    pub(crate) async fn start(folder: &Path, axe: String, camera: Camera) -> Result<Self> {
        let driver = Driver::start(folder)?;
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities(folder)?)
            .connect(&driver.url)
            .await
            .context("chromium does not start")?;
        let browser = Self { client, _driver: driver, axe, camera, verdict: RefCell::default() };
        browser.wear(Scheme::Light, DESKTOP).await?;
        axe::is_sober(&browser.client, &browser.axe).await?;
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

    /// Looks again and again until there is what is looked for. A page that goes away meanwhile is no
    /// error: the next look is at the next page.
    pub(crate) async fn until<T>(
        &self,
        what: &str,
        look: impl AsyncFn() -> Result<Option<T>>,
    ) -> Result<T> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let seen = look().await;
            if let Ok(Some(seen)) = seen {
                return Ok(seen);
            }
            if Instant::now() > deadline {
                let error = seen.err().map(|error| format!(": {error:#}")).unwrap_or_default();
                let text: String = self.text_now("body").await?.chars().take(600).collect();
                bail!("{} does not get to {what}{error}. It reads: {text}", self.url().await?);
            }
            sleep(LOOK).await;
        }
    }

    /// The first element, once it is there.
    pub(crate) async fn find(&self, css: &str) -> Result<Element> {
        self.until(&format!("`{css}`"), async || {
            Ok(self.client.find_all(Locator::Css(css)).await?.into_iter().next())
        })
        .await
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
        self.until(&format!("`{css}` with `{words}`"), async || {
            for element in self.client.find_all(Locator::Css(css)).await? {
                if element.text().await?.contains(words) {
                    return Ok(Some(element.click().await?));
                }
            }
            Ok(None)
        })
        .await
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
        self.until(&format!("`{words}`"), async || {
            Ok(self.text_now("body").await?.contains(words).then_some(()))
        })
        .await
    }

    /// Waits until the headline of the page is this.
    pub(crate) async fn reads_headline(&self, words: &str) -> Result<()> {
        self.until(&format!("the headline `{words}`"), async || {
            Ok((self.text_now("h1").await?.replace('\n', " ") == words).then_some(()))
        })
        .await
    }

    /// Opens the page again and again until an element of it reads so.
    pub(crate) async fn opens_until(&self, url: &str, css: &str, words: &str) -> Result<()> {
        self.until(&format!("`{css}` with `{words}`"), async || {
            self.open(url).await?;
            let found = self.client.find_all(Locator::Css(css)).await?;
            let Some(first) = found.into_iter().next() else { return Ok(None) };
            Ok(first.text().await?.contains(words).then_some(()))
        })
        .await
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
        self.until(beginning, async || {
            Ok(self.url().await?.as_str().starts_with(beginning).then_some(()))
        })
        .await
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
}

fn capabilities(folder: &Path) -> Result<Capabilities> {
    let arguments = chromium::arguments(folder);
    // On a machine that does something else besides, a page may be slow to judge; the whole run has an end.
    let most = u64::try_from(LONGEST.as_millis())?;
    let mut capabilities = Capabilities::new();
    capabilities.insert("browserName".to_owned(), json!("chrome"));
    capabilities.insert("goog:chromeOptions".to_owned(), json!({"args": arguments}));
    capabilities.insert("goog:loggingPrefs".to_owned(), json!({"browser": "ALL"}));
    capabilities.insert("timeouts".to_owned(), json!({"pageLoad": most, "script": most}));
    Ok(capabilities)
}
