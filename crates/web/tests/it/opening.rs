//! *Open Studio*.

use crate::house::{House, STUDIO_LINK, Studio, TOKEN, cookie, post};

fn form(house: &House, team: &str) -> String {
    format!("key={}", house.key(&format!("open:{team}")))
}

#[tokio::test]
async fn the_first_opening_waits_for_the_profile_and_then_leads_to_studio() {
    let house = House::new();
    house.domain_is_known().await;
    let answer = house.submit("/open/fraud", &form(&house, "fraud")).await;
    assert_eq!(answer.status, 303);
    let waiting = answer.header("location").to_owned();
    assert_eq!(waiting, format!("/opening/fraud?key={}&looks=0", house.key("open:fraud")));
    assert_eq!(answer.body, "");

    let page = house.visit(&waiting).await;
    assert_eq!(page.status, 200);
    assert_eq!(page.headline(), "Getting your studio ready");
    let next = waiting.replace("looks=0", "looks=1");
    assert_eq!(page.header("refresh"), format!("20; url={next}"));
    let next_in_html = next.replace('&', "&#38;");
    let refresh = format!("http-equiv=\"refresh\" content=\"2; url={next_in_html}\"");
    assert!(page.body.contains(&refresh), "{}", page.body);

    house.studio_is(Studio::ProfileReady);
    let answer = house.visit(&next).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (302, STUDIO_LINK));
    assert_eq!((answer.header("cache-control"), answer.body.as_str()), ("no-store", ""));

    let answer = house.submit("/open/fraud", &form(&house, "fraud")).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (302, STUDIO_LINK));
    assert_eq!((answer.header("cache-control"), answer.body.as_str()), ("no-store", ""));
}

#[tokio::test]
async fn a_long_wait_says_so_and_looks_less_often() {
    let house = House::new();
    house.submit("/open/fraud", &form(&house, "fraud")).await;
    let address = |looks: &str| format!("/opening/fraud?{}&looks={looks}", form(&house, "fraud"));
    let refresh = |seconds, looks| {
        format!("content=\"{seconds}; url={}\"", address(looks).replace('&', "&#38;"))
    };
    let short = house.visit(&address("29")).await;
    assert_eq!(short.header("refresh"), format!("20; url={}", address("30")));
    assert!(short.body.contains(&refresh(2, "30")) && short.body.contains("data-late"));
    let long = house.visit(&address("30")).await;
    assert!(long.body.contains(&refresh(10, "31")) && !long.body.contains("data-late"));
    assert!(long.body.contains("This takes longer than usual."));
    let odd = house.visit(&address("x")).await;
    assert!(odd.body.contains(&refresh(2, "1")));
}

#[tokio::test]
async fn without_the_key_of_team_and_session_nothing_opens() {
    let house = House::new();
    house.studio_is(Studio::ProfileReady);
    let trials = form(&house, "trials");
    let other =
        house.door.form_key(&control::door::SessionToken::new("another".into()), "open:fraud");
    for wrong in ["", "key=", "key=00", trials.as_str(), &format!("key={other}")] {
        let answer = house.submit("/open/fraud", wrong).await;
        answer.assert_refused(403, "form-key", "Not allowed");
        assert_eq!(answer.header("location"), "");
        let answer = house.visit(&format!("/opening/fraud?{wrong}")).await;
        answer.assert_refused(403, "form-key", "Not allowed");
    }
}

#[tokio::test]
async fn a_form_of_ours_comes_with_a_null_origin() {
    let house = House::new();
    let request = post("/open/fraud")
        .header("cookie", cookie())
        .header("origin", "null")
        .header("sec-fetch-site", "same-origin");
    let answer = house.send(request.body(form(&house, "fraud").into()).unwrap()).await;
    assert_eq!(answer.status, 303);
}

#[tokio::test]
async fn who_is_signed_out_is_offered_to_sign_in_and_go_on() {
    let house = House::new();
    let answer = house.send(post("/open/fraud").body("key=00".into()).unwrap()).await;
    answer.assert_refused(401, "signed-out", "Please sign in");
    assert!(answer.body.contains(r#"href="/login/corp?team=fraud">Sign in with Corp</a>"#));
    assert_eq!(answer.cookies(), [""; 0]);

    house.sessions_are_over();
    let answer = house.submit("/open/fraud", &form(&house, "fraud")).await;
    answer.assert_refused(401, "signed-out", "Please sign in");
    assert!(answer.body.contains("/login/corp?team=fraud"));
    assert_eq!(
        answer.cookies(),
        ["__Host-stagedoor=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax"]
    );
}

#[tokio::test]
async fn a_cookie_is_kept_that_another_replica_may_know_to_be_good() {
    let house = House::new();
    house.trust_is_over();
    let answer = house.submit("/open/fraud", &form(&house, "fraud")).await;
    answer.assert_refused(401, "trust-ended", "Please sign in");
    assert_eq!(answer.cookies(), [""; 0]);
    let answer = house.get("/").await;
    assert_eq!((answer.status, answer.cookies()), (200.try_into().unwrap(), vec![]));
}

#[tokio::test]
async fn a_team_of_others_and_a_team_that_is_not_are_refused_alike() {
    let house = House::new();
    for team in ["secret", "no-such-team"] {
        let answer = house.submit(&format!("/open/{team}"), &form(&house, team)).await;
        answer.assert_refused(403, "not-entitled", "Not allowed");
    }
    let answer = house.submit("/open/Not_A_Key", "key=00").await;
    answer.assert_refused(404, "not-found", "There is nothing here");
}

#[tokio::test]
async fn from_the_wrong_network_a_claimed_address_does_not_help() {
    let house = House::new();
    let request = post("/open/trials")
        .header("cookie", cookie())
        .header("x-forwarded-for", "10.100.10.7")
        .header("forwarded", "for=10.100.10.7");
    let answer = house.send(request.body(form(&house, "trials").into()).unwrap()).await;
    answer.assert_refused(403, "network-refused", "Not allowed");
    assert!(answer.body.contains("Use the office network or the VPN."));
    assert!(answer.body.contains("<code>192.0.2.7</code>"));
    assert!(!answer.body.contains(TOKEN));
}

#[tokio::test]
async fn the_script_is_told_how_far_it_is_and_gets_no_link() {
    let house = House::new();
    house.domain_is_known().await;
    house.submit("/open/fraud", &form(&house, "fraud")).await;
    let address = format!("/opening/fraud/progress?{}", form(&house, "fraud"));
    let told = house.visit(&address).await;
    assert_eq!(told.status, 200);
    assert_eq!(told.body, "{\"detail\":\"SageMaker is at it\",\"ready\":false}");
    house.studio_is(Studio::ProfileReady);
    let told = house.visit(&address).await;
    assert_eq!(told.body, "{\"detail\":null,\"ready\":true}");
    assert_eq!(told.header("cache-control"), "no-store");
    assert!(house.landings().is_empty());
    let refused = house.visit("/opening/fraud/progress?key=00").await;
    refused.assert_refused(403, "form-key", "Not allowed");
}

#[tokio::test]
async fn a_tool_is_opened_straight_away_and_survives_the_wait() {
    let house = House::new();
    house.domain_is_known().await;
    let form = |tool: &str| format!("{}&tool={tool}", form(&house, "fraud"));
    let answer = house.submit("/open/fraud", &form("codeeditor")).await;
    let waiting = answer.header("location").to_owned();
    assert!(waiting.ends_with("&looks=0&tool=codeeditor"), "{waiting}");
    house.studio_is(Studio::ProfileReady);
    assert_eq!(house.visit(&waiting).await.status, 302);
    house.submit("/open/fraud", &form("jupyterlab")).await;
    // Whatever else is named leads to Studio itself.
    house.submit("/open/fraud", &form("rm")).await;
    assert_eq!(house.landings(), ["app:CodeEditor:", "app:JupyterLab:", ""]);
}
