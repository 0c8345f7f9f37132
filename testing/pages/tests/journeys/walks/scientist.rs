//! Somebody who wants to work.

use super::sign_in;
use crate::browser::Browser;
use crate::demo::Demo;
use anyhow::Result;

/// Signs in, sees what there is, opens Studio, asks for another team, stops what runs, ends the session.
pub(super) async fn works(demo: &Demo, browser: &Browser) -> Result<()> {
    let at = |path: &str| format!("{}{path}", demo.portal);
    browser.forget().await?;
    browser.opens(&at("/"), 200).await?;
    browser.judge("welcome").await?;
    sign_in(demo, browser, "elif").await?;
    browser.sees("One team is open to you.").await?;
    browser.judge("my-work").await?;
    browser.click(OPEN).await?;
    browser.arrives(&demo.aws).await?;
    browser.sees("elif--fraud").await?;
    browser.opens(&at("/access"), 200).await?;
    browser.sees("ml-fraud").await?;
    browser.judge("my-access").await?;
    browser.opens(&at("/request/churn"), 200).await?;
    browser.judge("request").await?;
    browser.click("form.request input[name=\"minutes\"]").await?;
    browser.write("form.request [name=\"reason\"]", "compare churn with fraud").await?;
    browser.click("form.request button[type=\"submit\"]").await?;
    browser.sees("Your request waits for a decision").await?;
    browser.sees("compare churn with fraud").await?;
    browser.judge("request-asked").await?;
    browser.click_named("main form button", "Take it back").await?;
    browser.arrives(&at("/requests")).await?;
    browser.sees("taken back").await?;
    browser.judge("requests").await?;
    browser.opens(&at("/apps/fraud"), 200).await?;
    browser.judge("stop-apps").await?;
    browser.click("form.confirm button.danger, .confirm form button.danger").await?;
    browser.arrives(&at("/")).await?;
    browser.sees("Your apps are stopping. It takes a minute or two.").await?;
    browser.judge("my-work-stopping").await?;
    browser.opens(&at("/access/sessions/end-all"), 200).await?;
    browser.judge("end-sessions").await?;
    browser.click("main form button[type=\"submit\"]").await?;
    browser.arrives(&at("/signed-out")).await?;
    browser.judge("signed-out").await
}

/// Comes before there is a profile, and watches it being made.
pub(super) async fn waits(demo: &mut Demo, browser: &Browser) -> Result<()> {
    sign_in(demo, browser, "kim").await?;
    browser.sees("No team is open to you yet").await?;
    browser.judge("my-work-none").await?;
    joins(demo, browser, "kim").await?;
    browser.click(OPEN).await?;
    browser.arrives(&format!("{}/opening/", demo.portal)).await?;
    browser.judge_still("opening", "*/progress*").await?;
    browser.arrives(&demo.aws).await?;
    browser.sees("kim--fraud").await
}

/// What opens the fraud team.
const OPEN: &str = "form[action=\"/open/fraud\"] button.button";

/// Is put into the group of the fraud team, and looks until it is offered.
async fn joins(demo: &mut Demo, browser: &Browser, user_name: &str) -> Result<()> {
    demo.say(&format!("join {user_name}")).await?;
    browser.opens_until(&format!("{}/", demo.portal), OPEN, "Open Studio").await
}

/// Breaks glass for a team whose own people are away.
pub(super) async fn breaks_glass(demo: &Demo, browser: &Browser) -> Result<()> {
    sign_in(demo, browser, "grace").await?;
    browser.opens(&format!("{}/request/platform", demo.portal), 200).await?;
    browser.judge("request-emergency").await?;
    let reason = "a model of ours declines every payment";
    browser.write("#glass-reason", reason).await?;
    browser.click(".glass button[type=\"submit\"]").await?;
    browser.sees("in force").await?;
    browser.judge("request-glass-broken").await?;
    browser.opens_until(&format!("{}/", demo.portal), "main", "Model platform").await
}

/// Comes to a team that the network rule closes, and to one without a right.
pub(super) async fn is_refused(demo: &Demo, browser: &Browser) -> Result<()> {
    sign_in(demo, browser, "chloe").await?;
    browser.sees("Use the office network or the VPN.").await?;
    browser.judge("my-work-blocked").await?;
    sign_in(demo, browser, "dev").await?;
    browser.judge("my-work-two").await?;
    browser.forget().await?;
    browser.open(&format!("{}/start?team=fraud", demo.idp)).await?;
    browser.click("button[value=\"omar\"]").await?;
    browser.sees("not-entitled").await?;
    browser.reads_headline("Not allowed").await?;
    browser.does_not_see("Request access").await?;
    browser.judge("refused").await?;
    // Who may ask is told where.
    browser.forget().await?;
    browser.open(&format!("{}/start?team=churn", demo.idp)).await?;
    browser.click("button[value=\"hugo\"]").await?;
    browser.sees("not-entitled").await?;
    browser.judge("refused-may-ask").await?;
    browser.click_named("main a", "Request access").await?;
    browser.reads_headline("Ask for access to Customer churn").await?;
    browser.opens(&format!("{}/nothing-here", demo.portal), 404).await?;
    browser.judge("not-found").await
}

/// The way in without scripts: each step is a form or a link, and the page that waits comes again by
/// itself.
pub(super) async fn has_no_scripts(demo: &mut Demo, browser: &Browser) -> Result<()> {
    browser.scripts(false).await?;
    let told = walks_without_scripts(demo, browser).await;
    browser.scripts(true).await?;
    told
}

async fn walks_without_scripts(demo: &mut Demo, browser: &Browser) -> Result<()> {
    let signs_in = async |user_name: &str| {
        browser.forget().await?;
        browser.open(&format!("{}/", demo.portal)).await?;
        browser.click(".sign-ins a.button").await?;
        browser.click(&format!("button[value=\"{user_name}\"]")).await?;
        // The identity provider's own page would go on by itself.
        browser.click("form#forward button").await?;
        browser.arrives(&format!("{}/", demo.portal)).await
    };
    signs_in("wei").await?;
    browser.sees("Search ranking").await?;
    browser.click("form[action=\"/open/search\"] button.button").await?;
    browser.arrives(&demo.aws).await?;
    signs_in("nora").await?;
    browser.scripts(true).await?;
    joins(demo, browser, "nora").await?;
    browser.scripts(false).await?;
    browser.click(OPEN).await?;
    browser.arrives(&format!("{}/opening/", demo.portal)).await?;
    browser.arrives(&demo.aws).await?;
    browser.sees("nora--fraud").await?;
    browser.forget().await?;
    browser.open(&format!("{}/start?team=fraud", demo.idp)).await?;
    browser.click("button[value=\"omar\"]").await?;
    browser.click("form#forward button").await?;
    browser.sees("not-entitled").await
}

/// Reads German.
pub(super) async fn reads_german(demo: &Demo, browser: &Browser) -> Result<()> {
    browser.reads("de").await?;
    let told = walks_in_german(demo, browser).await;
    browser.reads("en").await?;
    told
}

async fn walks_in_german(demo: &Demo, browser: &Browser) -> Result<()> {
    let at = |path: &str| format!("{}{path}", demo.portal);
    browser.forget().await?;
    browser.opens(&at("/"), 200).await?;
    browser.judge("welcome-german").await?;
    sign_in(demo, browser, "wei").await?;
    for (path, headline, name) in [
        ("/", "Meine Arbeit", "my-work-german"),
        ("/access", "Mein Zugang", "my-access-german"),
        ("/requests", "Anträge", "requests-german"),
        ("/request/churn", "Zugang erbitten zu Customer churn", "request-german"),
    ] {
        browser.opens(&at(path), 200).await?;
        browser.reads_headline(headline).await?;
        browser.judge(name).await?;
    }
    browser.opens(&at("/admin"), 403).await?;
    browser.reads_headline("Nicht erlaubt").await?;
    browser.judge("refused-german").await
}
