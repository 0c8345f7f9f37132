//! Every page: its bytes, and what a browser waits for before it can paint it.

use crate::house::{Answer, House};
use anyhow::{Result, bail, ensure};
use std::time::Duration;

/// The pages of somebody who is signed in and looks after everything, each with its status.
const PAGES: [(&str, u16); 17] = [
    ("/", 200),
    ("/access", 200),
    ("/access/sessions/end-all", 200),
    ("/apps/hub0", 200),
    ("/request/hub1", 200),
    ("/admin", 200),
    ("/admin/plan", 200),
    ("/admin/people", 200),
    ("/admin/offboarding", 200),
    ("/admin/teams", 200),
    ("/admin/network", 200),
    ("/admin/sign-ins", 200),
    ("/admin/events", 200),
    ("/admin/audit", 200),
    ("/admin/health", 200),
    ("/admin/requests", 200),
    ("/apps/none", 403),
];

/// Those of anybody.
const OPEN_PAGES: [(&str, u16); 3] = [("/", 200), ("/signed-out", 200), ("/access", 401)];

/// Reading a large directory takes minutes, as long as AWS allows: so often is looked whether it is
/// over, after [`PAUSE`] each.
const LOOKS: usize = 120;

/// See [`LOOKS`].
const PAUSE: Duration = Duration::from_secs(10);

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

    fn of(path: &str, answer: &Answer, expected: u16) -> Result<Self> {
        let body = &answer.body;
        ensure!(answer.status == expected, "{path} answered {}: {body}", answer.status);
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
    read_everything(house).await?;
    let mut weighed = Vec::new();
    for (path, expected) in PAGES {
        let answer = house.visit(path).await?;
        weighed.push(Page::of(path, &answer, expected)?);
    }
    let person = format!("/admin/people/{}", house.person);
    let answer = house.visit(&person).await?;
    weighed.push(Page::of("/admin/people/{id}", &answer, 200)?);
    for (path, expected) in OPEN_PAGES {
        let answer = house.get(path).await?;
        weighed.push(Page::of(&format!("{path}, signed out"), &answer, expected)?);
    }
    Ok(weighed)
}

/// Until then the admin's pages say that everything is being read. Whoever looks at *Health* has that
/// read meanwhile.
async fn read_everything(house: &House) -> Result<()> {
    house.visit("/admin/health").await?;
    for _ in 0..LOOKS {
        if house.visit("/admin").await?.status == 200 {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
    bail!("everything was not read in time")
}
