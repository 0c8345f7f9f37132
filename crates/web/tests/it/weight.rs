//! What a page costs a browser: its bytes, and the round trips before it can be painted.

use crate::house::House;

/// No page, stylesheet or script may be larger, in bytes, before compression.
const LIMIT: usize = 100_000;

/// The pages that a person reads.
const PAGES: [&str; 8] = [
    "/",
    "/access",
    "/access/sessions/end-all",
    "/apps/fraud",
    "/apps/secret",
    "/signed-out",
    "/nothing",
    "/login/nobody",
];

#[tokio::test]
async fn every_page_is_small_and_waits_for_one_stylesheet_alone() {
    let house = House::new();
    house.domain_is_known().await;
    let form = format!("key={}", house.key("open:fraud"));
    let waiting = house.submit("/open/fraud", &form).await.header("location").to_owned();
    for path in PAGES.into_iter().chain([waiting.as_str()]) {
        for page in [house.visit(path).await, house.get(path).await] {
            assert!(page.body.len() < LIMIT, "{path}: {}", page.body.len());
            page.headline();
            assert_eq!(page.body.matches("rel=\"stylesheet\"").count(), 1, "{path}");
            // A script that is deferred does not hold the page up.
            let scripts = page.body.matches("<script ").count();
            assert_eq!(page.body.matches(" defer=\"defer\"></script>").count(), scripts, "{path}");
            assert!(!page.body.contains("<style") && !page.body.contains("@import"), "{path}");
        }
    }
}

#[tokio::test]
async fn what_pages_link_to_is_small_whole_and_kept_for_a_year() {
    let house = House::new();
    let page = house.get("/").await.body;
    let linked: Vec<&str> = page.split('"').filter(|part| part.starts_with("/assets/")).collect();
    assert!(linked.len() >= 2, "{page}");
    for asset in linked {
        let answer = house.get(asset).await;
        assert_eq!(answer.status, 200, "{asset}");
        assert!(answer.body.len() < LIMIT, "{asset}: {}", answer.body.len());
        // What it would ask for itself would be one more round trip.
        assert!(!answer.body.contains("@import") && !answer.body.contains("url("), "{asset}");
        assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable");
    }
}
