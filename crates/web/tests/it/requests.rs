//! Asking for access for a time, deciding on it, ending it, and break-glass, as pages.

use crate::admin::{assert_says, text};
use crate::house::{Answer, House, cookie, get, post};
use access::ids::{PersonId, TeamKey, TemporaryId};
use access::temporary::TemporaryKind;
use axum::body::Body;
use axum::http::request::Builder;
use control::ports::{
    AccessRequest, AccessRequests, Decision, MOST_TEMPORARY, RequestVerdict, TemporaryGrants,
};

const BOBS: &str = "0f1e2d3c4b5a";

/// Somebody's request for the secret team.
fn request(person: &str, at: jiff::Timestamp) -> AccessRequest {
    AccessRequest {
        id: TemporaryId::parse(BOBS).unwrap(),
        person: PersonId::parse(person).unwrap(),
        user_name: "bob".into(),
        team: TeamKey::parse("secret").unwrap(),
        seconds: 7_200,
        reason: "compare two models".into(),
        ticket: Some("DS-7".into()),
        at,
        lapses: "2026-11-24T09:00:00Z".parse().unwrap(),
        break_glass: false,
        decision: None,
    }
}

/// Bob, who is in the group that may ask, has asked for the secret team.
async fn bob_asks(house: &House) {
    house.has_person("u-bob", "Bob Stone", &["ml-fraud"]);
    let request = request("u-bob", house.plane.clock.now());
    assert_eq!(house.store.ask(&request).await, Ok(true));
}

/// A browser that is signed in and wants pages in German.
async fn in_german(house: &House, request: Builder, form: &str) -> Answer {
    let request = request.header("cookie", cookie()).header("accept-language", "de");
    house.send(request.body(Body::from(form.to_owned())).unwrap()).await
}

fn decide(house: &House, verdict: &str) -> String {
    let key = house.key(&format!("decide:{BOBS}"));
    format!("key={key}&from=admin&verdict={verdict}&why=for+once")
}

#[tokio::test]
async fn who_may_ask_is_offered_the_lengths_that_the_map_allows_and_told_who_decides() {
    let house = House::where_one_may_ask(None);
    let page = house.visit("/request/secret").await;
    assert_eq!((page.status.as_u16(), page.headline().as_str()), (200, "Ask for access to secret"));
    assert_says(
        &page,
        &[
            "For how long 15 minutes 30 minutes 1 hour 2 hours Why",
            "Who decides: the administrators.",
            "In an emergency",
            "It lasts: 1 hour.",
        ],
    );
    let german = in_german(&house, get("/request/secret"), "").await;
    assert_says(&german, &["15 Minuten 30 Minuten 1 Stunde 2 Stunden", "Er dauert: 1 Stunde."]);
    let other = House::new().visit("/request/secret").await;
    assert_says(&other, &["The access map does not let you ask for this team"]);
    house.visit("/request/nothing").await.assert_refused(
        404,
        "team-unknown",
        "There is no such thing",
    );
}

/// Nobody knows the address of a form by heart.
#[tokio::test]
async fn what_can_be_asked_for_is_listed_and_my_work_leads_there() {
    let house = House::where_one_may_ask(None);
    let work = house.visit("/").await;
    assert!(work.body.contains("href=\"/requests#askable\""), "{}", work.body);
    let page = house.visit("/requests").await;
    assert_says(&page, &["What you may ask for secret"]);
    assert!(page.body.contains("<a href=\"/request/secret\">secret</a>"), "{}", page.body);
    assert!(!page.body.contains("/request/trials"), "no rule lets Ada ask for it");
    let none = House::new();
    assert!(!none.visit("/").await.body.contains("#askable"));
    let said = "The access map lets you ask for nothing that you do not have.";
    assert_says(&none.visit("/requests").await, &[said]);
}

/// Whoever has a team without an end needs no advice how to get into its group.
#[tokio::test]
async fn the_form_offers_and_advises_nothing_that_contradicts_what_one_has() {
    let house = House::where_one_may_ask(None);
    let has = house.visit("/request/fraud").await;
    assert_eq!(has.headline(), "Your access to Fraud models");
    assert_says(&has, &["You have this team without an end. There is nothing to ask for."]);
    assert!(!text(&has).contains("does not let you ask"), "{}", text(&has));
    // Broken glass is not broken again before it is over.
    let key = house.key("break-glass:secret");
    let broken =
        house.submit("/request/secret/break-glass", &format!("key={key}&reason=down")).await;
    assert_eq!(broken.status, 303, "{}", broken.body);
    let page = house.visit("/request/secret").await;
    assert_says(&page, &["Ask for more time with secret", "break-glass"]);
    assert!(!page.body.contains("/request/secret/break-glass"), "{}", page.body);
}

#[tokio::test]
async fn what_the_desk_refuses_is_said_in_the_language_of_the_page() {
    let house = House::where_one_may_ask(None);
    let page = in_german(&house, get("/request/nothing"), "").await;
    assert_eq!(page.status, 404);
    assert_says(&page, &["Dieses Team gibt es nicht.", "Gehen Sie von der Seite der Anträge aus."]);
    assert!(!page.body.contains("lang=\"en\""), "{}", page.body);
}

/// One code stands for several sentences there, and the one for who asks would be wrong.
#[tokio::test]
async fn approvers_and_admins_read_what_the_desk_says_in_its_own_words() {
    let house = House::where_one_may_ask(Some("admin"));
    bob_asks(&house).await;
    let path = format!("/requests/{BOBS}/decide");
    house.submit(&path, &decide(&house, "approve")).await;
    let decided = in_german(&house, post(&path), &decide(&house, "refuse")).await;
    decided.assert_refused(409, "request-decided", "So wie die Dinge stehen, nicht");
    assert_says(&decided, &["Look at the list again."]);
    assert!(decided.body.contains("lang=\"en\""), "{}", decided.body);

    let path = "/admin/grants/0000000000ff/revoke";
    let form = format!("key={}&sure=yes", house.key("revoke:0000000000ff"));
    let ended = in_german(&house, post(path), &form).await;
    ended.assert_refused(404, "no-such-grant", "Das gibt es nicht");
    assert_says(&ended, &["There is no temporary grant or request", "stagedoor grant list"]);
    assert!(ended.body.contains("lang=\"en\""), "{}", ended.body);
}

/// It was said that too many came in the last minute, and to wait a little.
#[tokio::test]
async fn who_has_as_many_requests_as_there_may_be_is_not_told_to_wait_a_little() {
    let house = House::where_one_may_ask(None);
    let now = house.plane.clock.now();
    for number in 0..MOST_TEMPORARY {
        let request = AccessRequest {
            id: TemporaryId::parse(format!("{number:012x}")).unwrap(),
            decision: Some(Decision {
                verdict: RequestVerdict::Withdrawn,
                at: now,
                by: "ada".into(),
                why: None,
            }),
            ..request("906716eb24-aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", now)
        };
        assert_eq!(house.store.ask(&request).await, Ok(true));
    }
    let form = format!("key={}&minutes=60&reason=x", house.key("ask:secret"));
    let refused = in_german(&house, post("/request/secret"), &form).await;
    refused.assert_refused(403, "too-many-requests", "Nicht erlaubt");
    assert_says(&refused, &["Wait until the oldest are forgotten, 30 days after their end"]);
}

#[tokio::test]
async fn a_request_waits_can_be_taken_back_and_is_not_made_twice() {
    let house = House::where_one_may_ask(None);
    let form = format!("key={}&minutes=120&reason=to+compare&ticket=DS-7", house.key("ask:secret"));
    let asked = house.submit("/request/secret", &form).await;
    assert_eq!((asked.status.as_u16(), asked.header("location")), (303, "/request/secret"));
    let waiting = house.store.requests(None).await.unwrap();
    let [one] = waiting.as_slice() else { panic!("{waiting:?}") };
    assert_eq!(
        (one.team.as_str(), one.seconds, one.reason.as_str()),
        ("secret", 7_200, "to compare")
    );
    assert_eq!((one.ticket.as_deref(), one.user_name.as_str()), (Some("DS-7"), "ada@example.com"));

    let page = house.visit("/request/secret").await;
    assert_says(&page, &["Your request waits for a decision", "How long 2 hours Why to compare"]);
    assert!(!page.body.contains("action=\"/request/secret\""), "{}", page.body);
    let again = house.submit("/request/secret", &form).await;
    assert_eq!(again.status, 409);
    assert!(again.body.contains("request-open"), "{}", again.body);
    assert_says(
        &house.visit("/requests").await,
        &["Your requests", "secret waits", "to compare (DS-7)"],
    );

    let own = house.key(&format!("decide:{}", one.id));
    let form = format!("key={own}&verdict=approve");
    let own = house.submit(&format!("/requests/{}/decide", one.id), &form).await;
    own.assert_refused(403, "own-request", "Not allowed");
    let key = format!("key={}", house.key(&format!("withdraw:{}", one.id)));
    let back = house.submit(&format!("/requests/{}/withdraw", one.id), &key).await;
    assert_eq!((back.status.as_u16(), back.header("location")), (303, "/requests"));
    assert_says(&house.visit("/requests").await, &["secret taken back"]);
}

#[tokio::test]
async fn longer_than_the_map_allows_and_without_a_reason_is_refused() {
    let house = House::where_one_may_ask(None);
    let key = house.key("ask:secret");
    for fields in ["minutes=121&reason=x", "minutes=0&reason=x", "minutes=60&reason=", "reason=x"] {
        let answer = house.submit("/request/secret", &format!("key={key}&{fields}")).await;
        assert!((400..500).contains(&answer.status.as_u16()), "{fields}: {}", answer.status);
    }
    let other = house.submit("/request/trials", &format!("key={key}&minutes=60&reason=x")).await;
    other.assert_refused(403, "form-key", "Not allowed");
    assert_eq!(house.store.requests(None).await.unwrap().len(), 0);
}

#[tokio::test]
async fn an_admin_approves_in_the_frame_of_the_administration_and_ends_it_again() {
    let house = House::where_one_may_ask(Some("admin"));
    bob_asks(&house).await;
    let page = house.visit("/admin/requests").await;
    assert_eq!((page.status.as_u16(), page.headline().as_str()), (200, "Requests"));
    assert!(
        page.body.contains("<a href=\"/admin/requests\" aria-current=\"page\">"),
        "{}",
        page.body
    );
    assert_says(
        &page,
        &[
            "For you to decide 1 bob → secret compare two models (DS-7) How long 2 hours",
            "Nobody has access for a time.",
            "stagedoor grant list --all",
        ],
    );
    let decided =
        house.submit(&format!("/requests/{BOBS}/decide"), &decide(&house, "approve")).await;
    assert_eq!((decided.status.as_u16(), decided.header("location")), (303, "/admin/requests"));
    let grants = house.store.temporary_grants(None).await.unwrap();
    let [grant] = grants.as_slice() else { panic!("{grants:?}") };
    assert_eq!(
        (grant.team.as_str(), grant.until),
        ("secret", "2026-11-21T11:00:00Z".parse().unwrap())
    );
    assert_eq!(grant.approved_by.as_deref(), Some("ada@example.com"));
    let page = house.visit("/admin/requests").await;
    assert_says(&page, &["No request waits for you.", "bob → secret in force compare two models"]);
    let again = house.submit(&format!("/requests/{BOBS}/decide"), &decide(&house, "refuse")).await;
    assert_eq!(again.status, 409);
    assert!(again.body.contains("request-decided"), "{}", again.body);

    let path = format!("/admin/grants/{BOBS}/revoke");
    let key = house.key(&format!("revoke:{BOBS}"));
    let unsure = house.submit(&path, &format!("key={key}")).await;
    assert_eq!(unsure.status, 400);
    house.submit(&path, "sure=yes").await.assert_refused(403, "form-key", "Not allowed");
    let ended = house.submit(&path, &format!("key={key}&sure=yes")).await;
    assert_eq!((ended.status.as_u16(), ended.header("location")), (303, "/admin/requests"));
    assert_says(&house.visit("/admin/requests").await, &["Nobody has access for a time."]);
}

#[tokio::test]
async fn readers_see_requests_and_can_neither_decide_nor_end_them() {
    let house = House::where_one_may_ask(Some("reader"));
    bob_asks(&house).await;
    let page = house.visit("/admin/requests").await;
    assert_says(&page, &["No request waits for you.", "secret bob waits", "your role is reader ."]);
    assert!(!page.body.contains("/decide\""), "{}", page.body);
    let decided =
        house.submit(&format!("/requests/{BOBS}/decide"), &decide(&house, "approve")).await;
    decided.assert_refused(403, "not-an-approver", "Not allowed");
    let form = format!("key={}&sure=yes", house.key(&format!("revoke:{BOBS}")));
    let ended = house.submit(&format!("/admin/grants/{BOBS}/revoke"), &form).await;
    ended.assert_refused(403, "right-missing", "Not allowed");
    let nobody = House::where_one_may_ask(None).visit("/admin/requests").await;
    nobody.assert_refused(403, "right-missing", "Not allowed");
}

#[tokio::test]
async fn broken_glass_is_on_every_admin_screen_and_counted() {
    let house = House::where_one_may_ask(Some("admin"));
    let form = format!("key={}&reason=the+model+is+down", house.key("break-glass:secret"));
    let broken = house.submit("/request/secret/break-glass", &form).await;
    assert_eq!((broken.status.as_u16(), broken.header("location")), (303, "/request/secret"));
    let grants = house.store.temporary_grants(None).await.unwrap();
    let [grant] = grants.as_slice() else { panic!("{grants:?}") };
    assert_eq!(grant.kind, TemporaryKind::BreakGlass);
    assert_eq!(grant.until, "2026-11-21T10:00:00Z".parse().unwrap());
    for screen in ["/admin", "/admin/people", "/admin/requests", "/admin/health"] {
        let page = house.visit(screen).await;
        assert_says(&page, &["Ada Lovelace in secret, for 60 min more: the model is down"]);
        assert!(page.body.contains("role=\"alert\""), "{screen}: {}", page.body);
    }
    assert_eq!(house.plane.loop_status().await.unwrap().emergencies, 1);
}
