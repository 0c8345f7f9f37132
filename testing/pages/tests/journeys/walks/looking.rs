//! Somebody who looks on and changes nothing, and somebody who may not even look.

use super::admin::SCREENS;
use super::sign_in;
use crate::browser::Browser;
use crate::demo::Demo;
use anyhow::{Result, ensure};
use std::path::Path;

/// Nothing of a page may change anything; decisions on requests are of people, not of roles.
const DEEDS: &str = "main form[method=\"post\"]:not([action^=\"/requests/\"])";

/// Sees everything, and finds nothing to press.
pub(super) async fn audits(demo: &Demo, browser: &Browser) -> Result<()> {
    sign_in(demo, browser, "zoe").await?;
    for (_, path, headline) in SCREENS {
        browser.opens(&format!("{}{path}", demo.portal), 200).await?;
        browser.reads_headline(headline).await?;
        let deeds = browser.count(DEEDS).await?;
        ensure!(deeds == 0, "{path} lets an auditor act: {deeds} forms");
    }
    browser.judge("admin-health-auditor").await?;
    browser.opens(&format!("{}/admin/audit?code=guard-tripped", demo.portal), 200).await?;
    browser.sees("The plan would take away more than the guard allows.").await?;
    browser.judge("admin-audit-filtered").await
}

/// Sees what is not about what people did.
pub(super) async fn reads(demo: &Demo, browser: &Browser) -> Result<()> {
    sign_in(demo, browser, "ben").await?;
    for (_, path, _) in SCREENS {
        let hidden = matches!(path, "/admin/sign-ins" | "/admin/audit");
        browser.opens(&format!("{}{path}", demo.portal), if hidden { 403 } else { 200 }).await?;
        let deeds = browser.count(DEEDS).await?;
        ensure!(deeds == 0, "{path} lets a reader act: {deeds} forms");
        let shown = browser.count(&format!(".places a[href=\"{path}\"]")).await?;
        ensure!(shown == usize::from(!hidden), "the link to {path} is there {shown} times");
    }
    Ok(())
}

/// Is refused at every screen.
pub(super) async fn has_no_role(demo: &Demo, browser: &Browser) -> Result<()> {
    sign_in(demo, browser, "elif").await?;
    for (_, path, _) in SCREENS {
        browser.opens(&format!("{}{path}", demo.portal), 403).await?;
        browser.reads_headline("Not allowed").await?;
        browser.does_not_see("Alan Moore").await?;
    }
    browser.judge("admin-refused").await
}

/// Opens the file that `stagedoor report --html` writes.
pub(super) async fn reads_a_report(demo: &Demo, browser: &Browser, folder: &Path) -> Result<()> {
    browser.open(&demo.report(folder).await?).await?;
    browser.reads_headline("Who has what in Studio").await?;
    browser.judge("report").await
}
