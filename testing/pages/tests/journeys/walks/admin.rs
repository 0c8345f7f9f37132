//! Somebody who administers.

use super::sign_in;
use crate::browser::Browser;
use crate::demo::Demo;
use anyhow::Result;

/// Every screen: its name in pictures, its address, and its headline.
pub(super) const SCREENS: [(&str, &str, &str); 11] = [
    ("admin-now", "/admin", "Now"),
    ("admin-plan", "/admin/plan", "Plan"),
    ("admin-people", "/admin/people", "People"),
    ("admin-offboarding", "/admin/offboarding", "Offboarding"),
    ("admin-requests", "/admin/requests", "Requests"),
    ("admin-teams", "/admin/teams", "Teams and domains"),
    ("admin-network", "/admin/network", "Network"),
    ("admin-events", "/admin/events", "Events and drift"),
    ("admin-sign-ins", "/admin/sign-ins", "Sign-ins"),
    ("admin-audit", "/admin/audit", "Audit"),
    ("admin-health", "/admin/health", "Health"),
];

/// Looks at every screen by its link, and at what lies behind them.
pub(super) async fn looks_around(demo: &Demo, browser: &Browser) -> Result<()> {
    sign_in(demo, browser, "ana").await?;
    browser.judge("my-work-admin").await?;
    browser.click_named(".nav a", "Administration").await?;
    for (name, path, headline) in SCREENS {
        browser.click(&format!(".places a[href=\"{path}\"]")).await?;
        browser.arrives(&format!("{}{path}", demo.portal)).await?;
        browser.reads_headline(headline).await?;
        browser.judge(name).await?;
    }
    browser.click(".places a[href=\"/admin/people\"]").await?;
    browser.click_named("main a", "Dev Patel").await?;
    browser.reads_headline("Dev Patel").await?;
    let grant = demo.place_of("group: \"ml-{team}\"")?;
    for rung in ["ml-fraud", &grant, "StudioAppsAndSpaces", "policy-walls"] {
        browser.sees(rung).await?;
    }
    browser.judge("admin-person").await?;
    let person = browser.url().await?;
    browser.write("#from", "203.0.113.7").await?;
    browser.click_named("main form button", "Ask").await?;
    browser.sees("refused").await?;
    browser.judge("admin-person-elsewhere").await?;
    browser.opens(&format!("{person}/offboard"), 200).await?;
    browser.judge("admin-offboard").await?;
    browser.opens(&format!("{}/admin/teams/fraud", demo.portal), 200).await?;
    browser.judge("admin-team").await?;
    browser.opens(&format!("{}/admin/teams", demo.portal), 200).await?;
    browser.sees("At this rate it is full on").await?;
    browser.find(".trend-cone").await?;
    browser.opens(&format!("{}/admin/network", demo.portal), 200).await?;
    browser.write("#address", "198.51.100.7").await?;
    browser.click_named("form.ask button", "Ask").await?;
    browser.sees("The door lets people in from 198.51.100.7, into 1 of 6 teams.").await?;
    browser.find(".decisive").await?;
    browser.judge("admin-network-asked").await
}

/// Stops every change and allows changes again, lets somebody have a team for a time, and agrees to the
/// plan that the guard holds.
pub(super) async fn acts(demo: &Demo, browser: &Browser) -> Result<()> {
    sign_in(demo, browser, "ana").await?;
    let at = |path: &str| format!("{}{path}", demo.portal);
    browser.opens(&at("/admin"), 200).await?;
    browser.write("form[action=\"/admin/freeze\"] [name=\"reason\"]", "looking into it").await?;
    browser.click("form[action=\"/admin/freeze\"] button[type=\"submit\"]").await?;
    browser.sees("looking into it").await?;
    browser.judge("admin-frozen").await?;
    browser.opens(&at("/admin/requests"), 200).await?;
    browser.sees("looking into it").await?;
    browser.opens(&at("/admin"), 200).await?;
    browser.click("form[action=\"/admin/thaw\"] button[type=\"submit\"]").await?;
    browser.find("form[action=\"/admin/freeze\"]").await?;
    browser.does_not_see("looking into it").await?;

    browser.opens(&at("/admin/requests"), 200).await?;
    browser.sees("compare our embeddings with theirs").await?;
    browser.click("button[value=\"approve\"]").await?;
    browser.sees("Elif Yılmaz → search").await?;
    browser.judge("admin-requests-decided").await?;

    browser.opens(&at("/admin/plan"), 200).await?;
    for name in ["Alan Moore", "Bella Rossi", "Dina Cohen"] {
        browser.sees(name).await?;
    }
    browser.write("form[action=\"/admin/plan/approve\"] [name=\"count\"]", "3").await?;
    browser.click("form[action=\"/admin/plan/approve\"] button[type=\"submit\"]").await?;
    browser.arrives(&at("/admin/plan")).await?;
    browser.judge("admin-plan-approved").await?;
    // Three more are on their way out besides the one who was before.
    let held = ".conveyor a[href=\"#held\"] .conveyor-count";
    browser.opens_until(&at("/admin/offboarding"), held, "4").await?;
    browser.judge("admin-offboarding-held").await
}

/// Takes everything from somebody by name, and gives it back.
pub(super) async fn offboards(demo: &Demo, browser: &Browser) -> Result<()> {
    sign_in(demo, browser, "ana").await?;
    browser.opens(&format!("{}/admin/people?q=hugo", demo.portal), 200).await?;
    browser.judge("admin-people-found").await?;
    browser.click_named("main a", "Hugo Lindqvist").await?;
    browser.click_named(".acts a", "Offboard").await?;
    browser.write("#reason", "left for a competitor").await?;
    browser.write("#confirm", "somebody else").await?;
    browser.click("main form button.danger").await?;
    browser.sees("That is not the user name of this person. Nothing was done.").await?;
    browser.judge("admin-offboard-wrong").await?;
    browser.write("#confirm", "hugo").await?;
    browser.click("main form button.danger").await?;
    browser.sees("left for a competitor").await?;
    browser.judge("admin-person-offboarded").await?;
    browser.click("form[action$=\"/restore\"] button").await?;
    browser.find("a[href$=\"/offboard\"]").await?;
    Ok(())
}

/// Ends somebody's emergency, which every screen tells of, and writes down what was done.
pub(super) async fn ends_an_emergency(demo: &Demo, browser: &Browser) -> Result<()> {
    sign_in(demo, browser, "ana").await?;
    for (_, path, _) in SCREENS {
        browser.opens(&format!("{}{path}", demo.portal), 200).await?;
        browser.find(".alarm").await?;
        browser.sees("a model of ours declines every payment").await?;
    }
    browser.opens(&format!("{}/admin/requests", demo.portal), 200).await?;
    browser.judge("admin-requests-alarm").await?;
    browser.click("form.revoke input[name=\"sure\"]").await?;
    browser.click("form.revoke button").await?;
    browser.sees("Tell what was done").await?;
    browser.judge("admin-requests-owed").await?;
    browser.write(".owed [name=\"note\"]", "switched back to the model of last week").await?;
    browser.click(".owed button[type=\"submit\"]").await?;
    browser
        .until("no note is owed", async || {
            Ok((browser.count(".owed").await? == 0 && browser.count("h1").await? == 1)
                .then_some(()))
        })
        .await
}
