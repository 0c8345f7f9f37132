//! What people see and change of their own: running apps, reasons, sessions, history; in their
//! language.

use crate::house::{House, Studio, cookie, get};
use axum::body::Body;

/// A house in which Ada has a profile.
async fn settled() -> House {
    let house = House::new();
    house.domain_is_known().await;
    house.submit("/open/fraud", &format!("key={}", house.key("open:fraud"))).await;
    house.studio_is(Studio::ProfileReady);
    house
}

#[tokio::test]
async fn my_work_shows_what_runs_and_when_it_was_opened() {
    let house = settled().await;
    house.runs("JupyterLab");
    let page = house.visit("/").await;
    assert_eq!(page.headline(), "My work");
    assert!(page.body.contains(">JupyterLab</span>"), "{}", page.body);
    assert!(page.body.contains("not lately"), "{}", page.body);
    assert_eq!(page.header("vary"), "accept-language");

    house.submit("/open/fraud", &format!("key={}", house.key("open:fraud"))).await;
    let page = house.visit("/").await;
    assert!(page.body.contains("just now"), "{}", page.body);
}

#[tokio::test(start_paused = true)]
async fn my_work_does_not_wait_for_aws() {
    let house = settled().await;
    house.studio_is(Studio::NeverAnswers);
    let page = house.visit("/").await;
    assert_eq!(page.headline(), "My work");
    assert!(page.body.contains("not read yet"), "{}", page.body);
}

#[tokio::test]
async fn apps_are_stopped_after_a_page_that_says_which() {
    let house = settled().await;
    house.runs("JupyterLab");
    house.runs("CodeEditor");
    let page = house.visit("/apps/fraud").await;
    assert_eq!(page.headline(), "Stop your apps?");
    assert!(page.body.contains("Stop 2 apps") && page.body.contains("Fraud models"));
    assert_eq!(house.stopped(), [""; 0]);

    let form = format!("key={}", house.key("stop:fraud"));
    let answer = house.submit("/apps/fraud/stop", &form).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/?stopped"));
    assert_eq!(house.stopped(), ["JupyterLab", "CodeEditor"]);
    let entries = house.audited();
    let stops = entries.iter().filter(|entry| *entry == "stopping-own-app own-apps");
    assert_eq!(stops.count(), 2);
    assert!(house.visit("/?stopped").await.body.contains("Your apps are stopping."));
}

#[tokio::test]
async fn nobody_stops_apps_of_a_team_that_is_not_theirs() {
    let house = settled().await;
    house.runs("JupyterLab");
    house.visit("/apps/secret").await.assert_refused(403, "not-entitled", "Not allowed");
    let form = format!("key={}", house.key("stop:secret"));
    let answer = house.submit("/apps/secret/stop", &form).await;
    answer.assert_refused(403, "not-entitled", "Not allowed");
    for wrong in ["", "key=00", &format!("key={}", house.key("stop:fraud"))] {
        let answer = house.submit("/apps/secret/stop", wrong).await;
        answer.assert_refused(403, "form-key", "Not allowed");
    }
    house.get("/apps/fraud").await.assert_refused(401, "signed-out", "Please sign in");
    assert_eq!(house.stopped(), [""; 0]);
}

#[tokio::test]
async fn my_access_tells_why_and_from_where() {
    let house = settled().await;
    let page = house.visit("/access").await;
    assert_eq!(page.headline(), "My access");
    assert!(page.body.contains("<h3>Fraud models</h3>"), "{}", page.body);
    assert!(page.body.contains("a member of the group <code>ml-fraud</code>"), "{}", page.body);
    assert!(page.body.contains("access.yaml:"), "{}", page.body);
    // `trials` wants the office; nothing is said of what was not read.
    assert!(page.body.contains("not from where you are"), "{}", page.body);
    assert!(!page.body.contains("domain-unreadable") && !page.body.contains(">Profile<"));
    house.get("/access").await.assert_refused(401, "signed-out", "Please sign in");
}

#[tokio::test]
async fn one_session_ends_and_the_other_stays() {
    let house = settled().await;
    house.is_signed_in_elsewhere();
    let page = house.visit("/access").await;
    let handles: Vec<&str> = page
        .body
        .split("name=\"session\" value=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert_eq!(handles.len(), 2, "{}", page.body);
    let end = |handle: &str| format!("key={}&session={handle}", house.key("end-session"));
    for nobody in ["", "none", "000000000000000000000000"] {
        let answer = house.submit("/access/sessions/end", &end(nobody)).await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/access"));
    }
    let answer = house.submit("/access/sessions/end", &end(handles[1])).await;
    assert_eq!(answer.header("location"), "/access?ended");
    assert!(house.visit("/access?ended").await.body.contains("The session is over."));
    let answer = house.submit("/access/sessions/end", &end(handles[0])).await;
    assert_eq!(answer.header("location"), "/signed-out");
    assert!(answer.cookies()[0].starts_with("__Host-stagedoor=;"));
    house.visit("/access").await.assert_refused(401, "signed-out", "Please sign in");
    let ended = house.audited().iter().filter(|e| *e == "sessions-ended own-sessions").count();
    assert_eq!(ended, 2);
}

#[tokio::test]
async fn all_sessions_end_together_after_a_page_that_asks() {
    let house = settled().await;
    house.is_signed_in_elsewhere();
    let page = house.visit("/access/sessions/end-all").await;
    assert_eq!(page.headline(), "End all your sessions?");
    let one = format!("key={}", house.key("end-session"));
    let answer = house.submit("/access/sessions/end-all", &one).await;
    answer.assert_refused(403, "form-key", "Not allowed");
    let all = format!("key={}", house.key("end-all-sessions"));
    let answer = house.submit("/access/sessions/end-all", &all).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/signed-out"));
    house.visit("/").await;
    assert!(!house.visit("/").await.body.contains("My work"));
}

#[tokio::test]
async fn who_reads_german_gets_german_pages_and_refusals() {
    let house = settled().await;
    let ask = async |path: &str, cookie: &str| {
        let request =
            get(path).header("accept-language", "de-AT,en;q=0.7").header("cookie", cookie);
        house.send(request.body(Body::empty()).unwrap()).await
    };
    assert_eq!(ask("/", "").await.headline(), "Bitte durch den Bühneneingang.");
    assert_eq!(ask("/", &cookie()).await.headline(), "Meine Arbeit");
    assert_eq!(ask("/access", &cookie()).await.headline(), "Mein Zugang");
    let refused = ask("/apps/secret", &cookie()).await;
    refused.assert_refused(403, "not-entitled", "Nicht erlaubt");
    assert!(refused.body.contains("Sie sind in keiner Gruppe, die dieses Team gibt."));
    assert_eq!(refused.header("vary"), "accept, accept-language");
    let nothing = ask("/nothing", "").await;
    nothing.assert_refused(404, "not-found", "Hier ist nichts");
}

#[tokio::test]
async fn who_lacks_a_team_is_shown_where_to_ask_for_it_if_the_map_lets_them() {
    let house = settled().await;
    let ask_for_secret = async |house: &House| {
        let form = format!("key={}", house.key("open:secret"));
        let refused = house.submit("/open/secret", &form).await;
        refused.assert_refused(403, "not-entitled", "Not allowed");
        refused
    };
    let refused = ask_for_secret(&house).await;
    assert!(!refused.body.contains("/request/"), "{}", refused.body);
    assert!(refused.body.contains("192.0.2.7") && refused.body.contains("Where you are"));
    let where_one_may = House::where_one_may_ask(None);
    let refused = ask_for_secret(&where_one_may).await;
    assert!(refused.body.contains("href=\"/request/secret\""), "{}", refused.body);
    let refused = house.submit("/open/trials", &format!("key={}", house.key("open:trials"))).await;
    refused.assert_refused(403, "network-refused", "Not allowed");
    assert!(!refused.body.contains("/request/"), "{}", refused.body);
}
