//! Who comes, and what they do.

mod admin;
mod looking;
mod scientist;

use crate::browser::Browser;
use crate::demo::Demo;
use crate::say;
use anyhow::{Context, Result};
use std::path::Path;

/// Every journey, one after the other: they share the demo, and some change it.
pub(crate) async fn all(demo: &mut Demo, browser: &Browser, folder: &Path) -> Result<()> {
    let told = "an admin looks at every screen, and learns why somebody has a team";
    heard(browser, told, admin::looks_around(demo, browser).await)?;
    let told = "a report is one file that tells who has what";
    heard(browser, told, looking::reads_a_report(demo, browser, folder).await)?;
    let told = "an auditor sees everything and can change nothing";
    heard(browser, told, looking::audits(demo, browser).await)?;
    let told = "a reader sees neither sign-ins nor the audit log, and can change nothing";
    heard(browser, told, looking::reads(demo, browser).await)?;
    let told = "somebody without a role is shown nothing of the administration";
    heard(browser, told, looking::has_no_role(demo, browser).await)?;
    let told = "a data scientist opens Studio, asks for a team, stops an app and ends the sessions";
    heard(browser, told, scientist::works(demo, browser).await)?;
    let told = "a joiner watches the profile being made, and comes in";
    heard(browser, told, scientist::waits(demo, browser).await)?;
    let told = "somebody is refused, by network and by right, and told why";
    heard(browser, told, scientist::is_refused(demo, browser).await)?;
    let told = "signing in, waiting, coming in and being refused work without JavaScript";
    heard(browser, told, scientist::has_no_scripts(demo, browser).await)?;
    let told = "the portal speaks German to whoever reads it";
    heard(browser, told, scientist::reads_german(demo, browser).await)?;
    let told = "an admin freezes and thaws, decides a request, and approves what the guard holds";
    heard(browser, told, admin::acts(demo, browser).await)?;
    let told = "an admin takes everything from somebody by name, and gives it back";
    heard(browser, told, admin::offboards(demo, browser).await)?;
    let told = "somebody on call breaks glass";
    heard(browser, told, scientist::breaks_glass(demo, browser).await)?;
    let told = "every screen of the administration is loud of it, and an admin ends it";
    heard(browser, told, admin::ends_an_emergency(demo, browser).await)
}

fn heard(browser: &Browser, what: &str, told: Result<()>) -> Result<()> {
    told.with_context(|| format!("it is not so that {what}"))?;
    browser.verdict.borrow_mut().journey();
    say(&format!("  ✓ {what}"));
    Ok(())
}

/// Signs in by the portal's button and the demo identity provider's page.
async fn sign_in(demo: &Demo, browser: &Browser, user_name: &str) -> Result<()> {
    browser.forget().await?;
    browser.open(&format!("{}/", demo.portal)).await?;
    browser.click(".sign-ins a.button").await?;
    browser.click(&format!("button[value=\"{user_name}\"]")).await?;
    browser.arrives(&format!("{}/", demo.portal)).await
}
