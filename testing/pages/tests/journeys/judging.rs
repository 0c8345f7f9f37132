//! What is wrong with the page that is shown, and pictures of it.

use crate::axe;
use crate::browser::{Browser, DESKTOP, PHONE, Scheme};
use crate::camera;
use anyhow::{Context, Result, ensure};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use page_judge::Finding;
use serde_json::{Value, json};
use std::fs;

/// A page with all that it loads may weigh so much.
const MOST_BYTES: u64 = 100_000;

/// What holds up the page: what the page itself names is asked for in one round trip, what a stylesheet
/// names would be another.
const BLOCKING: &str = "return performance.getEntriesByType('resource')
    .filter(entry => entry.renderBlockingStatus === 'blocking' || entry.initiatorType === 'css')
    .map(entry => [new URL(entry.name).pathname, entry.initiatorType])";

/// What the page asked for and did not get.
const IN_VAIN: &str = "return performance.getEntriesByType('resource')
    .filter(entry => entry.responseStatus >= 400).map(entry => [entry.name, entry.responseStatus])";

/// What the console says of whatever was refused, be it a page or something that a page asked for.
const REFUSED: &str = " - Failed to load resource: ";

impl Browser {
    /// Judges a page that would go on by itself: what it asks for from there is not answered meanwhile.
    pub(crate) async fn judge_still(&self, name: &str, asked: &str) -> Result<()> {
        self.developer("Network.enable", json!({})).await?;
        self.developer("Network.setBlockedURLs", json!({"urls": [asked]})).await?;
        let judged = self.judge(name).await;
        self.developer("Network.setBlockedURLs", json!({"urls": []})).await?;
        // That it was not answered is nothing to complain of.
        self.console().await?;
        judged
    }

    /// Judges the page that is shown: in both colours, as a desktop and as a phone show it, by its
    /// weight, by what holds it up, and by what the browser had to complain of. Takes pictures.
    pub(crate) async fn judge(&self, name: &str) -> Result<()> {
        let bytes = self.weight().await?;
        let mut findings = self.complaints().await?;
        findings.extend(self.held_up().await?);
        if bytes > MOST_BYTES {
            findings
                .push(Finding::serious("weight", &format!("{bytes} bytes, {MOST_BYTES} allowed")));
        }
        let mut looks = 0;
        for width in [DESKTOP, PHONE] {
            for scheme in Scheme::BOTH {
                self.wear(scheme, width).await?;
                self.picture(name, scheme, width).await?;
                let found = axe::judge(&self.client, &self.axe).await?;
                looks += 1;
                let place = format!("{} at {width}", scheme.name());
                findings.extend(found.into_iter().map(|finding| finding.at(&place)));
                if self.overflows().await? {
                    findings
                        .push(Finding::serious("overflow", "the page scrolls sideways").at(&place));
                }
            }
        }
        self.wear(Scheme::Light, DESKTOP).await?;
        self.verdict.borrow_mut().add(name, bytes, looks, findings);
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

    /// More than one thing that holds the page up, or something that only a stylesheet asks for.
    async fn held_up(&self) -> Result<Option<Finding>> {
        let found = self.client.execute(BLOCKING, Vec::new()).await?;
        let all = found.as_array().context("the page does not say what it waits for")?;
        let by_css = all.iter().any(|one| one.get(1) == Some(&json!("css")));
        let wrong = all.len() > 1 || by_css;
        Ok(wrong.then(|| Finding::serious("round-trips", &found.to_string())))
    }

    /// What the browser complained of: what the page asked for in vain, errors of scripts, and above all what
    /// the Content-Security-Policy forbade. That a page itself was refused is no complaint: whoever comes to it
    /// says which status it must have.
    async fn complaints(&self) -> Result<Vec<Finding>> {
        let in_vain = self.client.execute(IN_VAIN, Vec::new()).await?;
        let in_vain = in_vain.as_array().context("the page does not say what it asked for")?;
        let in_vain: Vec<String> = in_vain.iter().map(ToString::to_string).collect();
        let origin = self.url().await?.origin().ascii_serialization();
        let said = self.console().await?;
        let said = said.into_iter().filter(|it| it.starts_with(&origin) && !it.contains(REFUSED));
        let all = in_vain.into_iter().chain(said);
        Ok(all.map(|it| Finding::serious("console", &it).at("console")).collect())
    }
}
