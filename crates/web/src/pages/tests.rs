//! The pages as a browser gets them.

use super::*;
use crate::assets;
use crate::strings::{Opening, Work};
use access::explain::{Explanation, Rung, Since, Stage, TeamExplanation, Verdict};
use access::ids::{IdpKey, PersonId, TeamKey};
use access::map::About;
use access::reason::ReasonCode;
use access::snapshot::Person;
use control::door::{
    LastOpened, MyAccess, MyWork, OwnApp, OwnSession, Preparing, Running, TeamCard, Tool,
};
use control::ports::{AuditEntry, AuditEvent};
use std::collections::BTreeSet;

const NOW: &str = "2026-11-21T09:00:00Z";

/// Parses the page as XML, which is stricter than HTML, and checks what every page must have.
fn check<'a>(html: &'a str, title: &str, headline: &str) -> roxmltree::Document<'a> {
    check_in("en", html, title, headline)
}

fn check_in<'a>(
    language: &str,
    html: &'a str,
    title: &str,
    headline: &str,
) -> roxmltree::Document<'a> {
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
    let page = roxmltree::Document::parse_with_options(html, options)
        .unwrap_or_else(|error| panic!("{error}\n{html}"));
    assert_eq!(page.root_element().attribute("lang"), Some(language));
    assert_eq!(texts(&page, "title"), [format!("{title} · Stagedoor")]);
    assert_eq!(texts(&page, "h1"), [headline]);
    for node in page.descendants().filter(roxmltree::Node::is_element) {
        assert!(node.attribute("style").is_none(), "inline style: {html}");
        assert!(!node.has_tag_name("style"), "{html}");
        assert!(node.attributes().all(|a| !a.name().starts_with("on")), "handler: {html}");
        if node.has_tag_name("button") || node.has_tag_name("a") {
            assert!(!text(node).is_empty(), "a {} without text: {html}", node.tag_name().name());
        }
        if node.has_tag_name("script") {
            assert!(node.attribute("src").is_some() && text(node).is_empty(), "{html}");
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
        tools: Tool::STRAIGHT.to_vec(),
        running: Running::Apps(vec![app("JupyterLab", false)], at(NOW)),
        opened: LastOpened::At(at("2026-11-21T07:59:00Z")),
    }
}

fn app(app_type: &str, stopping: bool) -> OwnApp {
    OwnApp {
        app_type: app_type.into(),
        name: "default".into(),
        space: Some("lab".into()),
        instance_type: Some("ml.t3.medium".into()),
        since: Some(at("2026-11-21T08:40:00Z")),
        stopping,
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn key(purpose: &str) -> String {
    format!("key-of-{purpose}")
}

fn my_work_in(language: Language, teams: &[TeamCard]) -> String {
    let work = MyWork { person: ada(), teams: teams.to_vec(), may_ask: false, administers: false };
    MyWorkPage::new(language, &work, at(NOW), false, key).render().unwrap()
}

fn my_work(teams: &[TeamCard]) -> String {
    my_work_in(Language::English, teams)
}

#[test]
fn the_welcome_has_a_button_for_each_identity_provider() {
    let idps = ["corp", "entra-id"].map(|idp| IdpKey::parse(idp).unwrap());
    let html = WelcomePage::new(Language::English, &idps).render().unwrap();
    let page = check(&html, "Sign in", "Come in by the stage door.");
    let links = texts(&page, "a");
    assert_eq!(links[2..], ["Sign in with Corp", "Sign in with Entra id"]);
    assert_eq!(attributes(&page, "a", "href")[2..], ["/login/corp", "/login/entra-id"]);
    let html = WelcomePage::new(Language::German, &idps).render().unwrap();
    let page = check_in("de", &html, "Anmelden", "Bitte durch den Bühneneingang.");
    assert_eq!(texts(&page, "a")[2..], ["Mit Corp anmelden", "Mit Entra id anmelden"]);
}

#[test]
fn without_an_identity_provider_the_welcome_says_so() {
    let html = WelcomePage::new(Language::English, &[]).render().unwrap();
    let page = check(&html, "Sign in", "Come in by the stage door.");
    assert!(texts(&page, "p")[0].starts_with("No identity provider is set up yet"));
    assert_eq!(texts(&page, "a"), ["Skip to content", "Stagedoor"]);
}

#[test]
fn a_card_tells_all_that_is_known_and_opens_with_one_button() {
    let html = my_work(&[card("fraud", None)]);
    let page = check(&html, "My work", "My work");
    assert_eq!(texts(&page, "h2"), ["Fraud & \"models\""]);
    assert_eq!(
        texts(&page, "dt"),
        ["Owner", "Persona", "Region", "Last opened", "Access until", "Running now"]
    );
    assert_eq!(
        texts(&page, "dd"),
        [
            "ana@example.com",
            "data scientist",
            "eu-west-1",
            "1 h ago",
            "31 January 2027, 00:00 UTC",
            "JupyterLab lab · ml.t3.medium · for 20 min",
        ]
    );
    assert_eq!(
        attributes(&page, "time", "datetime"),
        ["2026-11-21T07:59:00Z", "2027-01-31T00:00:00Z"]
    );
    assert_eq!(
        texts(&page, "button"),
        [
            "Sign out",
            "Open Studio: Fraud & \"models\"",
            "Open straight in JupyterLab: Fraud & \"models\"",
            "Open straight in Code Editor: Fraud & \"models\"",
        ]
    );
    assert_eq!(attributes(&page, "button", "value"), ["jupyterlab", "codeeditor"]);
    assert_eq!(attributes(&page, "form", "action"), ["/sign-out", "/open/fraud"]);
    assert_eq!(attributes(&page, "form", "method"), ["post", "post"]);
    assert_eq!(attributes(&page, "input", "value"), ["key-of-sign-out", "key-of-open:fraud"]);
    assert_eq!(attributes(&page, "button", "disabled"), [""; 0]);
    assert_eq!(
        attributes(&page, "a", "href"),
        ["#content", "/", "/", "/access", "/requests", "mailto:ana@example.com", "/apps/fraud"]
    );
    assert!(html.contains("Data: </span>confidential"));
    assert!(html.contains("One team is open to you."));
    assert!(html.contains("Ada &#60;King&#62; Lovelace"), "{html}");
}

#[test]
fn the_same_in_german() {
    let html = my_work_in(Language::German, &[card("fraud", None)]);
    let page = check_in("de", &html, "Meine Arbeit", "Meine Arbeit");
    let names = ["Leitung", "Rolle", "Region", "Zuletzt geöffnet", "Zugang bis", "Läuft gerade"];
    assert_eq!(texts(&page, "dt"), names);
    assert_eq!(texts(&page, "dd")[3..5], ["vor 1 h", "31. Januar 2027, 00:00 UTC"]);
    assert!(html.contains("Ein Team steht Ihnen offen."));
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
    // What runs may be stopped from anywhere.
    assert!(html.contains("href=\"/apps/fraud\""));
}

#[test]
fn what_is_not_known_is_said_to_be_so() {
    let unread = TeamCard {
        running: Running::Unread,
        opened: LastOpened::Unread,
        tools: vec![],
        ..card("fraud", None)
    };
    let html = my_work(&[unread]);
    let page = check(&html, "My work", "My work");
    let values = texts(&page, "dd");
    assert_eq!(values[3], "not known right now");
    assert_eq!(values[5], "not read yet");
    assert_eq!(texts(&page, "button").len(), 2);
    assert!(!html.contains("/apps/fraud"));

    let quiet = TeamCard {
        running: Running::Apps(vec![app("CodeEditor", true)], at(NOW)),
        opened: LastOpened::NotLately,
        until: Some(at("2026-11-24T09:00:00Z")),
        ..card("fraud", None)
    };
    let html = my_work(&[quiet]);
    let page = check(&html, "My work", "My work");
    assert_eq!(
        texts(&page, "dd")[3..],
        [
            "not lately",
            "ends soon 24 November 2026, 09:00 UTC",
            "Code Editor lab · ml.t3.medium · stopping",
        ]
    );
    // It is on its way out already.
    assert!(!html.contains("/apps/fraud"));
}

#[test]
fn a_bare_team_shows_its_key_and_what_everybody_has() {
    let bare = TeamCard {
        about: About::default(),
        persona: None,
        until: None,
        running: Running::Apps(vec![], at(NOW)),
        ..card("fraud", None)
    };
    let html = my_work(&[bare]);
    let page = check(&html, "My work", "My work");
    assert_eq!(texts(&page, "h2"), ["fraud"]);
    assert_eq!(texts(&page, "dt"), ["Region", "Last opened", "Running now"]);
    assert_eq!(texts(&page, "dd")[2], "nothing");
}

#[test]
fn who_has_a_role_is_shown_the_way_to_the_administration() {
    let work = |administers| MyWork { person: ada(), teams: vec![], may_ask: false, administers };
    let html = |administers| {
        let work = work(administers);
        MyWorkPage::new(Language::English, &work, at(NOW), false, key).render().unwrap()
    };
    assert!(html(true).contains("href=\"/admin\""));
    assert!(!html(false).contains("/admin"));
}

#[test]
fn who_has_no_team_is_told_what_to_do() {
    let html = my_work(&[]);
    let page = check(&html, "My work", "No team is open to you yet");
    assert_eq!(texts(&page, "button"), ["Sign out"]);
    assert!(html.contains(Work::ENGLISH.no_teams_remedy));
}

#[test]
fn who_stops_apps_is_told_which_and_may_leave_them() {
    let page = |apps: &[OwnApp]| {
        let team = ("fraud", "Fraud & co");
        let page = StopAppsPage::new(Language::English, team, apps, at(NOW), "k".into());
        page.render().unwrap()
    };
    let html = page(&[app("JupyterLab", false), app("CodeEditor", false), app("Canvas", true)]);
    let two = check(&html, "Stop your apps?", "Stop your apps?");
    assert_eq!(
        texts(&two, "li"),
        [
            "JupyterLab lab · ml.t3.medium · for 20 min",
            "Code Editor lab · ml.t3.medium · for 20 min",
        ]
    );
    assert_eq!(texts(&two, "button"), ["Stop 2 apps"]);
    assert_eq!(attributes(&two, "form", "action"), ["/apps/fraud/stop"]);
    assert_eq!(attributes(&two, "input", "value"), ["k"]);
    let html = page(&[app("Canvas", true)]);
    let none = check(&html, "Stop your apps?", "Stop your apps?");
    assert!(attributes(&none, "form", "action").is_empty());
    assert!(html.contains("Nothing of yours runs for Fraud &#38; co."));
}

fn waiting(language: Language, requested: bool, late: Option<&str>) -> String {
    let onward = Onward {
        again: "/opening/fraud?key=0f&looks=1".into(),
        late: late.map(str::to_owned),
        progress: "/opening/fraud/progress?key=0f".into(),
        seconds: 2,
    };
    let preparing = Preparing { profile_requested: requested };
    OpeningPage::new(language, "Fraud", preparing, onward).render().unwrap()
}

#[test]
fn the_waiting_page_tells_four_steps() {
    let html = waiting(Language::English, true, Some("/opening/fraud?key=0f&looks=30"));
    let page = check(&html, "Opening Fraud", "Getting your studio ready");
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
    let again = "/opening/fraud?key=0f&looks=1";
    assert_eq!(attributes(&page, "a", "href"), ["#content", "/", again, "/"]);
    // Without scripts it looks again by itself.
    let refresh = page.descendants().find(|n| n.attribute("http-equiv").is_some()).unwrap();
    assert!(refresh.parent().unwrap().has_tag_name("noscript"));
    assert_eq!(refresh.attribute("content"), Some("2; url=/opening/fraud?key=0f&looks=1"));
    let sheet = page.descendants().find(|n| n.attribute("data-progress").is_some()).unwrap();
    assert_eq!(sheet.attribute("data-progress"), Some("/opening/fraud/progress?key=0f"));

    let html = waiting(Language::English, false, None);
    assert!(html.contains(Opening::ENGLISH.awaited));
    assert!(!html.contains("less than a minute") && !html.contains("data-late"));
    assert!(html.contains(Opening::ENGLISH.long));
    let html = waiting(Language::German, true, None);
    check_in("de", &html, "Fraud wird geöffnet", "Ihr Studio wird vorbereitet");
}

fn my_access() -> MyAccess {
    let rung = |stage, verdict, text: &str| Rung {
        stage,
        verdict,
        code: ReasonCode::GroupMember,
        text: text.into(),
        since: Since::Unknown,
        at: None,
        remedy: None,
    };
    let fraud = TeamKey::parse("fraud").unwrap();
    let told = |event: &str, code: &str| {
        AuditEntry::new(at("2026-11-21T08:00:00Z"), AuditEvent::parse(event).unwrap(), code)
            .about(&ada().id)
    };
    MyAccess {
        person: ada(),
        why: Explanation {
            person: ada().id,
            person_name: None,
            directory: rung(Stage::Directory, Verdict::Holds, "the directory knows ada"),
            teams: vec![TeamExplanation {
                ways_in: Vec::new(),
                team: fraud.clone(),
                granted: true,
                code: ReasonCode::Entitled,
                rungs: vec![
                    rung(Stage::Group, Verdict::Holds, "a member of `ml-fraud`"),
                    rung(Stage::Network, Verdict::Depends, "from <anywhere>"),
                ],
            }],
        },
        administers: false,
        from_here: BTreeSet::new(),
        history: Some(vec![
            told("sign-in", "signed-in").with("from", "192.0.2.7"),
            told("open-studio", "opened").on(&fraud).with("app_type", "CodeEditor"),
            told("refused", "network-refused").on(&fraud).with("reference", "0a1b"),
            told("stopping-own-app", "own-apps").on(&fraud).with("app_type", "JupyterLab"),
        ]),
        sessions: Some(vec![OwnSession {
            handle: "h1".into(),
            begun: at("2026-11-21T08:00:00Z"),
            expires: at("2026-11-21T16:00:00Z"),
            team: None,
            from: Some("192.0.2.7".into()),
            is_this: true,
        }]),
    }
}

fn my_access_page(language: Language, own: &MyAccess) -> String {
    let title = |team: &str| team.to_uppercase();
    MyAccessPage::new(language, own, at(NOW), false, title, key).render().unwrap()
}

#[test]
fn my_access_tells_reasons_sessions_and_history() {
    let html = my_access_page(Language::English, &my_access());
    let page = check(&html, "My access", "My access");
    assert_eq!(texts(&page, "h3"), ["FRAUD"]);
    assert!(html.contains("not from where you are"));
    assert_eq!(
        texts(&page, "li"),
        [
            "Directory – holds the directory knows ada",
            "Group – holds a member of ml-fraud",
            "Network – depends from <anywhere>",
            "1 h ago Signed in · from 192.0.2.7",
            "1 h ago Opened FRAUD in Code Editor",
            "1 h ago Refused: FRAUD network-refused · reference 0a1b",
            "1 h ago Stopped JupyterLab of FRAUD",
        ]
    );
    assert_eq!(texts(&page, "th")[5..], ["1 h ago this browser"]);
    let cells = ["21 November 2026, 16:00 UTC", "192.0.2.7", "all your teams"];
    assert_eq!(texts(&page, "td")[..3], cells);
    assert_eq!(attributes(&page, "form", "action"), ["/sign-out", "/access/sessions/end"]);
    let values = ["key-of-sign-out", "key-of-end-session", "h1"];
    assert_eq!(attributes(&page, "input", "value"), values);
    assert!(attributes(&page, "a", "href").contains(&"/access/sessions/end-all"));
    let current: Vec<_> = attributes(&page, "a", "aria-current");
    assert_eq!(current, ["page"]);
}

#[test]
fn of_my_access_what_cannot_be_read_is_said_to_be_so() {
    let own = MyAccess { history: None, sessions: None, ..my_access() };
    let html = my_access_page(Language::English, &own);
    check(&html, "My access", "My access");
    assert!(html.contains("The log cannot be read right now."));
    assert!(html.contains("Your sessions cannot be read right now."));
    let html = my_access_page(Language::German, &own);
    check_in("de", &html, "Mein Zugang", "Mein Zugang");
    // The reasons themselves are told in English.
    assert!(html.contains("<span lang=\"en\">a member of <code>ml-fraud</code></span>"), "{html}");
}

#[test]
fn the_end_of_all_sessions_is_asked_twice() {
    let language = Language::English;
    let page = EndAllPage { language, texts: language.access(), key: "k".into() };
    let html = page.render().unwrap();
    let page = check(&html, "End all your sessions?", "End all your sessions?");
    assert_eq!(attributes(&page, "form", "action"), ["/access/sessions/end-all"]);
    assert_eq!(texts(&page, "button"), ["End all sessions"]);
}

#[test]
fn the_departure_is_one_form_that_a_script_sends_or_else_a_button() {
    let html = DeparturePage {
        language: Language::English,
        texts: Language::English.entry(),
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
    assert!(html.contains(&script));
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
    let language = Language::English;
    let html = SignedOutPage { language, texts: language.entry() }.render().unwrap();
    let page = check(&html, "You are signed out", "You are signed out");
    let words = texts(&page, "p").join(" ");
    assert!(words.contains("Your identity provider may still know you"), "{words}");
    assert!(words.contains("A Studio that is open stays open"), "{words}");
}

fn refused(language: Language, request: Option<&str>, sign_ins: Vec<SignIn>) -> String {
    RefusedPage {
        language,
        texts: language.refusal(),
        headline: "Not allowed",
        why: "<b>No</b> grant.",
        why_in: (language == Language::German).then_some(Language::English),
        remedy: "Ask Ana.",
        reference: "W-0001",
        code: "not-entitled",
        whereabouts: Some(Whereabouts {
            address: Some("10.0.0.7".into()),
            vpce: Some("vpce-<b>".into()),
            how: "how & whence".into(),
        }),
        request: request.map(str::to_owned),
        back: language.refusal().back,
        sign_ins,
    }
    .render()
    .unwrap()
}

#[test]
fn a_refusal_says_what_why_where_and_what_would_work() {
    let fraud = TeamKey::parse("fraud").unwrap();
    let idps = [IdpKey::parse("corp").unwrap()];
    let sign_in = sign_ins(Language::English, &idps, Some(&fraud));
    let html = refused(Language::English, None, sign_in);
    let page = check(&html, "Not allowed", "Not allowed");
    assert_eq!(texts(&page, "p")[..2], ["<b>No</b> grant.", "Ask Ana."]);
    assert_eq!(
        texts(&page, "dd"),
        ["10.0.0.7", "vpce-<b>", "how & whence", "W-0001", "not-entitled"]
    );
    assert_eq!(attributes(&page, "a", "href")[2..], ["/login/corp?team=fraud"]);

    let html = refused(Language::English, Some("/request/fraud"), vec![]);
    let page = check(&html, "Not allowed", "Not allowed");
    assert_eq!(texts(&page, "a")[2..], ["Request access", "Back to my work"]);
    assert_eq!(attributes(&page, "a", "href")[2..], ["/request/fraud", "/"]);

    let html = refused(Language::German, None, vec![]);
    let page = check_in("de", &html, "Not allowed", "Not allowed");
    assert_eq!(texts(&page, "h2"), ["Was helfen würde", "Wo Sie sind"]);
    assert!(html.contains("<p class=\"lead\" lang=\"en\">"));
}

/// The limit for a page is 100,000 bytes; these are the largest a person of twenty teams gets.
#[test]
fn pages_of_people_with_many_teams_are_small() {
    let cards: Vec<TeamCard> = (0..20).map(|n| card(&format!("team-{n}"), None)).collect();
    let html = my_work(&cards);
    assert!(html.len() < 60_000, "{}", html.len());
    let mut own = my_access();
    own.why.teams = (0..20).map(|_| own.why.teams[0].clone()).collect();
    own.history = own.history.map(|told| told.into_iter().cycle().take(50).collect());
    own.sessions = own.sessions.map(|these| these.into_iter().cycle().take(50).collect());
    let html = my_access_page(Language::English, &own);
    assert!(html.len() < 100_000, "{}", html.len());
}
