//! The pages as a browser gets them.

use super::*;
use access::ids::PersonId;
use access::map::About;

/// Parses the page as XML, which is stricter than HTML, and checks what every page must have.
fn check<'a>(html: &'a str, title: &str, headline: &str) -> roxmltree::Document<'a> {
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
    let page = roxmltree::Document::parse_with_options(html, options)
        .unwrap_or_else(|error| panic!("{error}\n{html}"));
    assert_eq!(page.root_element().attribute("lang"), Some("en"));
    assert_eq!(texts(&page, "title"), [format!("{title} · Stagedoor")]);
    assert_eq!(texts(&page, "h1"), [headline]);
    for node in page.descendants().filter(roxmltree::Node::is_element) {
        assert!(node.attribute("style").is_none(), "inline style: {html}");
        assert!(!node.has_tag_name("script") && !node.has_tag_name("style"), "{html}");
        assert!(node.attributes().all(|a| !a.name().starts_with("on")), "handler: {html}");
        if node.has_tag_name("button") || node.has_tag_name("a") {
            assert!(!text(node).is_empty(), "a {} without text: {html}", node.tag_name().name());
        }
        if node.has_tag_name("img") {
            assert!(node.attribute("alt").is_some());
        }
        if let Some(described_by) = node.attribute("aria-describedby") {
            assert!(page.descendants().any(|n| n.attribute("id") == Some(described_by)));
        }
    }
    page
}

fn text(node: roxmltree::Node<'_, '_>) -> String {
    let all: String = node.descendants().filter_map(|n| n.text().filter(|_| n.is_text())).collect();
    all.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn texts(page: &roxmltree::Document<'_>, tag: &str) -> Vec<String> {
    page.descendants().filter(|n| n.has_tag_name(tag)).map(text).collect()
}

fn attributes<'a>(page: &'a roxmltree::Document<'_>, tag: &str, name: &str) -> Vec<&'a str> {
    page.descendants().filter(|n| n.has_tag_name(tag)).filter_map(|n| n.attribute(name)).collect()
}

fn ada() -> Person {
    Person {
        id: PersonId::parse("p-1").unwrap(),
        user_name: "ada@example.com".into(),
        display_name: "Ada <King> Lovelace".into(),
        enabled: true,
    }
}

fn card(team: &str, blocked: Option<&str>) -> TeamCard {
    TeamCard {
        team: TeamKey::parse(team).unwrap(),
        about: About {
            title: Some("Fraud & \"models\"".into()),
            purpose: Some("Finds what does not add up.".into()),
            owner: Some("ana@example.com".into()),
            data_class: Some("confidential".into()),
        },
        persona: Some("data-scientist".into()),
        domain: access::ids::DomainKey::parse("research").unwrap(),
        region: "eu-west-1".into(),
        until: Some("2027-01-31T00:00:00Z".parse().unwrap()),
        blocked: blocked.map(str::to_owned),
    }
}

fn my_work(teams: &[TeamCard]) -> String {
    MyWorkPage::new(Language::English, &ada(), teams, |purpose| format!("key-of-{purpose}"))
        .render()
        .unwrap()
}

#[test]
fn the_welcome_has_a_button_for_each_identity_provider() {
    let idps = ["corp", "entra-id"].map(|idp| IdpKey::parse(idp).unwrap());
    let html = WelcomePage { sign_ins: sign_ins(&idps, None) }.render().unwrap();
    let page = check(&html, "Sign in", "Come in by the stage door.");
    let links = texts(&page, "a");
    assert_eq!(links[2..], ["Sign in with Corp", "Sign in with Entra id"]);
    assert_eq!(attributes(&page, "a", "href")[2..], ["/login/corp", "/login/entra-id"]);
}

#[test]
fn without_an_identity_provider_the_welcome_says_so() {
    let html = WelcomePage { sign_ins: vec![] }.render().unwrap();
    let page = check(&html, "Sign in", "Come in by the stage door.");
    assert_eq!(texts(&page, "p")[0], strings::WELCOME_NO_IDP);
    assert_eq!(texts(&page, "a"), ["Skip to content", "Stagedoor"]);
}

#[test]
fn a_card_tells_all_that_the_map_says_and_opens_with_one_button() {
    let html = my_work(&[card("fraud", None)]);
    let page = check(&html, "My work", "My work");
    assert_eq!(texts(&page, "h2"), ["Fraud & \"models\""]);
    assert_eq!(texts(&page, "dt"), ["Owner", "Persona", "Region", "Access until"]);
    assert_eq!(
        texts(&page, "dd"),
        ["ana@example.com", "data scientist", "eu-west-1", "31 January 2027, 00:00 UTC"]
    );
    assert_eq!(attributes(&page, "time", "datetime"), ["2027-01-31T00:00:00Z"]);
    assert_eq!(texts(&page, "button"), ["Sign out", "Open Studio: Fraud & \"models\""]);
    assert_eq!(attributes(&page, "form", "action"), ["/sign-out", "/open/fraud"]);
    assert_eq!(attributes(&page, "form", "method"), ["post", "post"]);
    assert_eq!(attributes(&page, "input", "value"), ["key-of-sign-out", "key-of-open:fraud"]);
    assert_eq!(attributes(&page, "button", "disabled"), [""; 0]);
    assert!(html.contains("Data: </span>confidential"));
    assert!(html.contains("One team is open to you."));
    assert!(html.contains("Ada &#60;King&#62; Lovelace"), "{html}");
}

#[test]
fn a_card_that_is_blocked_says_why_and_has_neither_form_nor_key() {
    let html = my_work(&[card("fraud", Some("Use the office network or the VPN."))]);
    let page = check(&html, "My work", "My work");
    assert_eq!(attributes(&page, "form", "action"), ["/sign-out"]);
    assert_eq!(attributes(&page, "button", "disabled"), ["disabled"]);
    assert_eq!(attributes(&page, "button", "aria-describedby"), ["why-fraud"]);
    assert!(
        texts(&page, "p")
            .contains(&"Not from where you are. Use the office network or the VPN.".to_owned())
    );
    assert!(!html.contains("key-of-open"));
}

#[test]
fn a_bare_team_shows_its_key_and_region_only() {
    let bare =
        TeamCard { about: About::default(), persona: None, until: None, ..card("fraud", None) };
    let html = my_work(&[bare]);
    let page = check(&html, "My work", "My work");
    assert_eq!(texts(&page, "h2"), ["fraud"]);
    assert_eq!(texts(&page, "dt"), ["Region"]);
}

#[test]
fn who_has_no_team_is_told_what_to_do() {
    let html = my_work(&[]);
    let page = check(&html, "My work", "No team is open to you yet");
    assert_eq!(texts(&page, "button"), ["Sign out"]);
    assert!(html.contains(strings::NO_TEAMS_REMEDY));
}

#[test]
fn the_waiting_page_tells_four_steps() {
    let again = "/opening/fraud?key=0f&looks=1".to_owned();
    let preparing = Preparing { profile_requested: true };
    let html = OpeningPage::new("fraud", preparing, again.clone(), false).render().unwrap();
    let page = check(&html, "Opening fraud", "Getting your studio ready");
    assert_eq!(
        texts(&page, "li"),
        [
            "Identity checked – done",
            "Rule matched – done",
            "Profile being prepared – under way SageMaker is at it",
            "Link made – to come",
        ]
    );
    assert_eq!(attributes(&page, "li", "aria-current"), ["step"]);
    assert_eq!(attributes(&page, "a", "href"), ["#content", "/", again.as_str(), "/"]);

    let awaited = Preparing { profile_requested: false };
    let html = OpeningPage::new("fraud", awaited, again, true).render().unwrap();
    assert!(html.contains(strings::STEP_PROFILE_AWAITED));
    assert!(!html.contains("less than a minute"));
    assert!(html.contains(strings::OPENING_LONG));
}

#[test]
fn the_departure_is_one_form_that_a_script_sends_or_else_a_button() {
    let html = DeparturePage {
        action: "https://idp.example/sso?a=1&b=2".into(),
        fields: vec![("SAMLRequest", "a+b/\"=".into()), ("RelayState", "<x>".into())],
    }
    .render()
    .unwrap();
    let script = format!(
        "<script src=\"/assets/submit.js?v={}\" defer=\"defer\"></script>",
        assets::fingerprint()
    );
    assert_eq!(html.matches("<script").count(), 1);
    let html = html.replacen(&script, "", 1);
    let page = check(&html, "Signing in", "On to your identity provider");
    assert_eq!(attributes(&page, "form", "action"), ["https://idp.example/sso?a=1&b=2"]);
    assert_eq!(attributes(&page, "form", "method"), ["post"]);
    assert_eq!(attributes(&page, "input", "name"), ["SAMLRequest", "RelayState"]);
    assert_eq!(attributes(&page, "input", "value"), ["a+b/\"=", "<x>"]);
    assert_eq!(texts(&page, "button"), ["Continue"]);
    // A button of this name would hide the form's own `submit` from the script.
    assert!(attributes(&page, "button", "name").is_empty());
}

#[test]
fn who_is_signed_out_is_told_what_is_still_open() {
    let html = SignedOutPage.render().unwrap();
    let page = check(&html, "You are signed out", "You are signed out");
    let words = texts(&page, "p").join(" ");
    assert!(words.contains("Your identity provider may still know you"), "{words}");
    assert!(words.contains("A Studio that is open stays open"), "{words}");
}

#[test]
fn a_refusal_says_what_why_and_what_would_work() {
    let fraud = TeamKey::parse("fraud").unwrap();
    let idps = [IdpKey::parse("corp").unwrap()];
    let html = RefusedPage {
        headline: "Not allowed",
        why: "<b>No</b> grant.",
        remedy: "Ask Ana.",
        reference: "W-0001",
        code: "not-entitled",
        whereabouts: Some(Whereabouts {
            address: Some("10.0.0.7".into()),
            vpce: Some("vpce-<b>".into()),
            how: "how & whence".into(),
        }),
        back: strings::BACK,
        sign_ins: sign_ins(&idps, Some(&fraud)),
    }
    .render()
    .unwrap();
    let page = check(&html, "Not allowed", "Not allowed");
    assert_eq!(texts(&page, "p")[..2], ["<b>No</b> grant.", "Ask Ana."]);
    assert_eq!(
        texts(&page, "dd"),
        ["W-0001", "not-entitled", "10.0.0.7", "vpce-<b>", "how & whence"]
    );
    assert_eq!(attributes(&page, "a", "href")[2..], ["/login/corp?team=fraud"]);
}

#[test]
fn an_owner_is_a_link_only_where_the_name_is_a_plain_address() {
    assert_eq!(Owner::new("a.b@example.com".into()).mailto.unwrap(), "mailto:a.b@example.com");
    for name in ["Ana", "#fraud", "a@b?cc=c@d", "a b@example.com", "@x", "x@", "a@b@c"] {
        assert_eq!(Owner::new(name.into()).mailto, None, "{name}");
    }
}
