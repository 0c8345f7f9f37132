//! Every page: its bytes, and what a browser waits for before it can paint it.

use crate::house::{Answer, House};
use anyhow::{Result, ensure};

/// The pages of somebody who is signed in and looks after everything.
const PAGES: [&str; 17] = [
    "/",
    "/access",
    "/access/sessions/end-all",
    "/apps/hub0",
    "/request/hub1",
    "/admin",
    "/admin/plan",
    "/admin/people",
    "/admin/offboarding",
    "/admin/teams",
    "/admin/network",
    "/admin/sign-ins",
    "/admin/events",
    "/admin/audit",
    "/admin/health",
    "/admin/requests",
    "/apps/none",
];

/// Those of anybody.
const OPEN_PAGES: [&str; 3] = ["/", "/signed-out", "/access"];

/// One page.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) path: String,
    pub(crate) bytes: usize,
    pub(crate) blocking_styles: usize,
    pub(crate) blocking_scripts: usize,
}

impl Page {
    /// Round trips for what the page waits for: all it names is asked for at once, and nothing of it
    /// asks for more (`what_pages_link_to_is_small_whole_and_kept_for_a_year`).
    pub(crate) fn round_trips(&self) -> usize {
        usize::from(self.blocking_styles + self.blocking_scripts > 0)
    }

    fn of(path: &str, answer: &Answer) -> Result<Self> {
        let body = &answer.body;
        ensure!(body.starts_with("<!DOCTYPE html>"), "{path} is no page: {}", answer.status);
        ensure!(!body.contains("<style") && !body.contains("@import"), "{path} has a style inside");
        let scripts = body.matches("<script").count();
        let deferred = body.matches(" defer=\"defer\"></script>").count();
        Ok(Self {
            path: format!("{path} ({})", answer.status),
            bytes: body.len(),
            blocking_styles: body.matches("rel=\"stylesheet\"").count(),
            blocking_scripts: scripts.saturating_sub(deferred),
        })
    }
}

/// Every page that there is, as the largest company has it.
pub(crate) async fn weigh(house: &House) -> Result<Vec<Page>> {
    let mut weighed = Vec::new();
    for path in PAGES {
        let answer = house.visit(path).await?;
        weighed.push(Page::of(path, &answer)?);
    }
    let person = format!("/admin/people/{}", house.person);
    let answer = house.visit(&person).await?;
    weighed.push(Page::of("/admin/people/{id}", &answer)?);
    for path in OPEN_PAGES {
        let answer = house.get(path).await?;
        weighed.push(Page::of(&format!("{path}, signed out"), &answer)?);
    }
    Ok(weighed)
}
