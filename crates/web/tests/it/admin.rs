//! The administration's pages: what is on them, for whom, and what they refuse.

use crate::house::{Answer, House, Studio, cookie, get, post};
use access::check::Violation;
use access::ids::{PersonId, ProfileName, TeamKey};
use access::mirror::MirrorCount;
use access::observed::{AppStatus, ObservedApp, ObservedProfile, ObservedSpace, ProfileStatus};
use access::reason::ReasonCode;
use axum::body::Body;
use control::door::SessionToken;
use control::mirror::{MirrorLoss, MirrorReading};
use control::ports::{AuditEntry, AuditEvent, AuditLog as _, MirrorRecords as _};
use std::sync::Arc;

const ADA: &str = "906716eb24-aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";

/// Pages that whoever has a role may see.
const PAGES: [(&str, &str); 5] = [
    ("/admin", "Now"),
    ("/admin/plan", "Plan"),
    ("/admin/people", "People"),
    ("/admin/people/906716eb24-aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", "Ada Lovelace"),
    ("/admin/offboarding", "Offboarding"),
];

/// Forms that only admins may send, each with the purpose of its key.
fn forms() -> Vec<(String, String)> {
    let person = format!("/admin/people/{ADA}");
    [
        ("/admin/freeze".to_owned(), "admin:freeze".to_owned()),
        ("/admin/thaw".to_owned(), "admin:thaw".to_owned()),
        ("/admin/sync".to_owned(), "admin:sync".to_owned()),
        ("/admin/plan/approve".to_owned(), "admin:approve".to_owned()),
        (format!("{person}/offboard"), format!("admin:offboard:{ADA}")),
        (format!("{person}/restore"), format!("admin:restore:{ADA}")),
    ]
    .into()
}

/// Of somebody whom the directory does not know any more.
pub(crate) fn leaver(name: &str, since: Option<&str>) -> ObservedProfile {
    let mut tags = vec![
        ("stagedoor:instance", "default"),
        ("stagedoor:person", name),
        ("stagedoor:team", "fraud"),
    ];
    tags.extend(since.map(|since| ("stagedoor:leaving-since", since)));
    ObservedProfile {
        name: ProfileName::parse(format!("{name}--fraud")).unwrap(),
        status: ProfileStatus::InService,
        execution_role: Some("arn:aws:iam::111122223333:role/studio-fraud".into()),
        user_settings: Arc::default(),
        tags: tags.into_iter().collect(),
        sso_user: None,
        home_efs_uid: Some("200001".into()),
        modified: None,
        apps: Vec::new(),
        spaces: Vec::new(),
    }
}

/// The text of the page, as somebody reads it: without what is hidden by tags, blanks as one.
pub(crate) fn text(answer: &Answer) -> String {
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
    let page = roxmltree::Document::parse_with_options(&answer.body, options)
        .unwrap_or_else(|error| panic!("{error}: {}", answer.body));
    let body = page.descendants().find(|node| node.has_tag_name("body")).unwrap();
    let texts = body.descendants().filter(roxmltree::Node::is_text);
    let parts: Vec<&str> = texts.filter_map(|node| node.text()).collect();
    parts.join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[track_caller]
pub(crate) fn assert_says(answer: &Answer, sentences: &[&str]) {
    let said = text(answer);
    for sentence in sentences {
        assert!(said.contains(sentence), "{sentence} is not in: {said}");
    }
}

#[tokio::test]
async fn nobody_sees_the_administration_without_a_role() {
    {
        let house = House::new();
        for (page, _) in PAGES {
            house.visit(page).await.assert_refused(403, "right-missing", "Not allowed");
            house.get(page).await.assert_refused(401, "signed-out", "Please sign in");
        }
        for (form, purpose) in forms() {
            let key = format!("key={}", house.key(&purpose));
            let answer = house.submit(&form, &key).await;
            answer.assert_refused(403, "right-missing", "Not allowed");
            let answer = house.send(post(&form).body(key.into()).unwrap()).await;
            answer.assert_refused(401, "signed-out", "Please sign in");
        }
    }
}

#[tokio::test]
async fn readers_and_auditors_look_and_change_nothing() {
    for role in ["reader", "auditor"] {
        let house = House::administered_by(role);
        for (page, headline) in PAGES {
            let answer = house.visit(page).await;
            assert_eq!((answer.status.as_u16(), answer.headline().as_str()), (200, headline));
            assert!(
                !answer.body.contains("method=\"post\" action=\"/admin/"),
                "{page}: {}",
                answer.body
            );
            assert_says(&answer, &[&format!("your role is {role} .")]);
        }
        let confirm = house.visit(&format!("/admin/people/{ADA}/offboard")).await;
        confirm.assert_refused(403, "right-missing", "Not allowed");
        for (form, purpose) in forms() {
            let answer = house.submit(&form, &format!("key={}", house.key(&purpose))).await;
            answer.assert_refused(403, "right-missing", "Not allowed");
        }
    }
}

#[tokio::test]
async fn only_auditors_see_what_people_did() {
    let person = format!("/admin/people/{ADA}");
    let reader = House::administered_by("reader").visit(&person).await;
    assert_says(&reader, &["Auditors and admins see here what happened to this person."]);
    assert!(!reader.body.contains("/admin/audit"), "{}", reader.body);
    let auditor = House::administered_by("auditor").visit(&person).await;
    assert_says(&auditor, &["The audit log says nothing of this person."]);
    assert!(auditor.body.contains("href=\"/admin/audit\""), "{}", auditor.body);
}

#[tokio::test]
async fn forms_need_the_key_of_their_purpose_and_a_page_of_ours() {
    let house = House::administered_by("admin");
    let other = house.door.form_key(&SessionToken::new("another".into()), "admin:freeze");
    let wrong_purpose = house.key("admin:thaw");
    for key in ["", "00", other.as_str(), wrong_purpose.as_str()] {
        let answer = house.submit("/admin/freeze", &format!("reason=x&key={key}")).await;
        answer.assert_refused(403, "form-key", "Not allowed");
    }
    let form = format!("reason=x&key={}", house.key("admin:freeze"));
    let foreign =
        post("/admin/freeze").header("cookie", cookie()).header("origin", "https://evil.example");
    let answer = house.send(foreign.body(form.into()).unwrap()).await;
    answer.assert_refused(403, "form-foreign", "Not allowed");
    let now = house.visit("/admin").await;
    assert_says(&now, &["Freeze every change"]);
}

#[tokio::test]
async fn now_shows_the_ways_the_numbers_and_the_switch() {
    let house = House::administered_by("admin");
    house.has_profile(leaver("u-gone", None));
    let now = house.visit("/admin").await;
    assert_eq!(now.status, 200);
    assert_says(
        &now,
        &[
            "People 1 have a right to a team",
            "Pending removals 1 profiles on their way out",
            "Minutes since full sync – never yet",
            "Slowest revocation today – none ended today (UTC)",
            "AWS agrees with the map for all of them.",
            "Directory and AWS were read just now.",
            "ml-fraud → Fraud models: 1 person",
            "ml-trials → trials: 1 person",
            "ml-fraud Fraud models no persona research 1 0 access.yaml:26",
            "stagedoor drift stagedoor sync stagedoor freeze --reason WHY",
        ],
    );
    assert!(now.body.contains("<path class=\"band\" d=\"M10.0 34.0C"), "{}", now.body);
    assert!(!now.body.contains("class=\"band drift\""), "{}", now.body);
}

#[tokio::test]
async fn the_longest_reason_in_any_script_freezes() {
    let house = House::administered_by("admin");
    let reason = "%E5%87%8D".repeat(500);
    let form = format!("reason={reason}&key={}", house.key("admin:freeze"));
    let done = house.submit("/admin/freeze", &form).await;
    assert_eq!((done.status.as_u16(), done.header("location")), (303, "/admin?said=frozen"));
}

#[tokio::test]
async fn a_freeze_is_loud_on_every_screen_until_it_is_thawed() {
    let house = House::administered_by("admin");
    let empty = house.submit("/admin/freeze", &format!("key={}", house.key("admin:freeze"))).await;
    empty.assert_refused(400, "request-invalid", "That request could not be read");

    let form = format!("reason=Audit+week&key={}", house.key("admin:freeze"));
    let done = house.submit("/admin/freeze", &form).await;
    assert_eq!((done.status.as_u16(), done.header("location")), (303, "/admin?said=frozen"));
    assert_says(
        &house.visit("/admin?said=frozen").await,
        &[
            "Frozen. Nothing is changed from now on.",
            "Nothing is changed until somebody thaws it.",
            "stagedoor thaw",
        ],
    );
    for (page, _) in PAGES {
        let banner = "Frozen: nothing is changed. By ";
        assert_says(&house.visit(page).await, &[banner, ": Audit week To the switch"]);
    }

    let form = format!("key={}", house.key("admin:thaw"));
    let done = house.submit("/admin/thaw", &form).await;
    assert_eq!((done.status.as_u16(), done.header("location")), (303, "/admin?said=thawed"));
    let now = house.visit("/admin?said=thawed").await;
    assert_says(&now, &["Thawed. Changes are made again."]);
    assert!(!text(&now).contains("Frozen: nothing is changed."));
}

#[tokio::test]
async fn the_plan_says_who_gains_and_who_loses_with_what_is_at_stake() {
    let house = House::administered_by("admin");
    let mut gone = leaver("u-gone", None);
    gone.apps.push(ObservedApp {
        app_type: "JupyterLab".to_owned(),
        name: "default".to_owned(),
        status: AppStatus::InService,
        instance_type: Some("ml.t3.medium".to_owned()),
        since: None,
    });
    house.has_profile(gone);
    let plan = house.visit("/admin/plan").await;
    assert_says(
        &plan,
        &[
            "2 to gain, 0 to change, 1 to lose.",
            "AL Ada Lovelace",
            "fraud gets a profile with the role studio-fraud",
            "ml-fraud In git: access.yaml:26",
            "u-gone fraud stops, and is held for 7 d new",
            "Running JupyterLab/default",
            "Home directory kept, uid 200001",
            "1 of 1",
            "Within what one plan may take away.",
            "stagedoor plan stagedoor apply",
        ],
    );
    assert!(!plan.body.contains("/admin/plan/approve"), "{}", plan.body);
}

#[tokio::test]
async fn the_plan_says_that_nothing_is_to_do_only_where_all_was_read() {
    let house = House::administered_by("admin");
    house.studio_is(Studio::Unreachable);
    let plan = house.visit("/admin/plan").await;
    let said = "Whether there is something to do is not known: a domain could not be read.";
    assert_says(&plan, &[said, "domain-unreadable"]);
    assert!(!text(&plan).contains("Nothing to do"), "{}", text(&plan));
}

#[tokio::test]
async fn a_plan_that_takes_too_much_asks_for_its_number() {
    let house = House::administered_by("admin");
    for name in ["u-1", "u-2", "u-3"] {
        house.has_profile(leaver(name, None));
    }
    let plan = house.visit("/admin/plan").await;
    assert_says(
        &plan,
        &[
            "3 of 1",
            "the plan takes away 3 of 3 profiles; at most 1 are allowed",
            "How many profiles are taken away?",
            "stagedoor apply --allow-removals 3",
        ],
    );
    let reader = House::administered_by("reader");
    for name in ["u-1", "u-2", "u-3"] {
        reader.has_profile(leaver(name, None));
    }
    assert!(!reader.visit("/admin/plan").await.body.contains("/admin/plan/approve"));
}

/// What a run planned that takes a membership, a user and a group away.
fn mirrored(violations: Vec<Violation>) -> MirrorReading {
    let lost = |group: Option<&str>, user: Option<&str>, deleted| MirrorLoss {
        group: group.map(str::to_owned),
        user: user.map(str::to_owned),
        deleted,
        reason: ReasonCode::NoGrant,
    };
    MirrorReading {
        at: "2026-11-20T09:00:00Z".parse().unwrap(),
        place: "identity store d-1234567890".to_owned(),
        planned: 5,
        count: MirrorCount { taken: 1_003, owned: 2_000, limit: 2 },
        before: 0,
        losses: vec![
            lost(None, Some("ana"), false),
            lost(Some("ml-fraud"), Some("<ana>"), false),
            lost(Some("ml-old"), None, true),
        ],
        losses_besides: 1_000,
        removals: Some("ab12".repeat(16)),
        violations,
    }
}

fn mirror_guard() -> Violation {
    Violation { code: ReasonCode::GuardTripped, message: "1003 of 2000 is too much".to_owned() }
}

#[tokio::test]
async fn what_the_guard_holds_of_the_mirror_is_shown_and_agreed_to_by_its_number() {
    let house = House::that_mirrors("admin");
    let unmirrored = house.visit("/admin/plan").await;
    assert!(!unmirrored.body.contains("Mirrored groups"), "{}", unmirrored.body);
    house.store.keep_mirror_reading(&mirrored(vec![mirror_guard()])).await.unwrap();
    let plan = house.visit("/admin/plan").await;
    assert_says(
        &plan,
        &[
            "Mirrored groups More than the guard allows.",
            "Into identity store d-1234567890 : 1,003 of 2 users and memberships are taken away",
            "1003 of 2000 is too much",
            "ana is disabled no-grant <ana> leaves ml-fraud no-grant the group ml-old is deleted",
            "There are more: stagedoor directory mirror --dry-run",
            "How many users and memberships are taken away?",
            "stagedoor directory mirror --approve 1003",
        ],
    );
    let approve = |count: &str| {
        let key = house.key("admin:approve");
        format!("key={key}&digest={}&count={count}", "ab12".repeat(16))
    };
    let wrong = house.submit("/admin/plan/approve", &approve("1002")).await;
    wrong.assert_refused(409, "nothing-to-approve", "Not as things are now");
    let agreed = house.submit("/admin/plan/approve", &approve("1003")).await;
    assert_eq!(
        (agreed.status.as_u16(), agreed.header("location")),
        (303, "/admin/plan?said=approved")
    );
    let plan = house.visit("/admin/plan?said=approved").await;
    assert_says(&plan, &["Approved. The loop takes them away", "Approved by ada@example.com"]);
    assert!(!plan.body.contains("/admin/plan/approve"), "{}", plan.body);
}

#[tokio::test]
async fn only_who_may_act_agrees_to_what_is_mirrored_and_to_nothing_that_another_rule_forbids() {
    let reader = House::that_mirrors("reader");
    reader.store.keep_mirror_reading(&mirrored(vec![mirror_guard()])).await.unwrap();
    let plan = reader.visit("/admin/plan").await;
    assert_says(&plan, &["Mirrored groups More than the guard allows.", "ana is disabled"]);
    assert!(!plan.body.contains("/admin/plan/approve"), "{}", plan.body);
    let admin = House::that_mirrors("admin");
    let broken = Violation { code: ReasonCode::PlanInvalid, message: "a rule".to_owned() };
    admin.store.keep_mirror_reading(&mirrored(vec![mirror_guard(), broken])).await.unwrap();
    let plan = admin.visit("/admin/plan").await;
    assert_says(&plan, &["1003 of 2000 is too much a rule"]);
    assert!(!plan.body.contains("/admin/plan/approve"), "{}", plan.body);
    // What was done is nothing to agree to.
    admin.store.keep_mirror_reading(&mirrored(Vec::new())).await.unwrap();
    let plan = admin.visit("/admin/plan").await;
    assert_says(&plan, &["Mirrored groups The guard holds nothing back."]);
    assert!(!plan.body.contains("ana is disabled"), "{}", plan.body);
    assert!(!plan.body.contains("/admin/plan/approve"), "{}", plan.body);
}

#[tokio::test]
async fn people_are_found_by_a_part_of_their_name() {
    let house = House::administered_by("reader");
    assert_says(
        &house.visit("/admin/people?q=LOVE").await,
        &["AL Ada Lovelace ada@example.com fraud trials", "stagedoor why LOVE"],
    );
    let nobody = house.visit("/admin/people?q=%3Cscript%3E").await;
    assert_says(&nobody, &["Nobody has this in their name, user name or id."]);
    assert!(nobody.body.contains("value=\"&#60;script&#62;\""), "{}", nobody.body);
    let long = house.visit(&format!("/admin/people?q={}", "a".repeat(201))).await;
    long.assert_refused(400, "request-invalid", "That request could not be read");
    let cursor = house.visit("/admin/people?cursor=zz").await;
    cursor.assert_refused(400, "request-invalid", "That request could not be read");
}

#[tokio::test]
async fn a_person_is_shown_with_the_reasons_rung_by_rung() {
    let house = House::administered_by("admin");
    let page = house.visit(&format!("/admin/people/{ADA}")).await;
    assert_says(
        &page,
        &[
            "the directory knows ada@example.com and lets them sign in person-known",
            "Fraud models fraud",
            "Group – holds a member of the group ml-fraud group-member In git: access.yaml:26",
            "Network – holds may be opened from anywhere network-rule",
            "There is no profile of this person.",
            "What they have not",
            "Make the group ml-secret in the directory",
            "stagedoor why ada@example.com",
        ],
    );
    for nobody in ["/admin/people/u-nobody", "/admin/people/%20"] {
        let answer = house.visit(nobody).await;
        assert_eq!(answer.status, 404, "{}", answer.body);
    }
}

#[tokio::test]
async fn at_another_time_the_log_tells_what_somebody_had_and_what_it_cannot_know() {
    let house = House::administered_by("auditor");
    let made = AuditEntry::new(
        "2026-11-01T08:00:00Z".parse().unwrap(),
        AuditEvent::CreatingProfile,
        "entitled",
    )
    .about(&PersonId::parse(ADA).unwrap())
    .on(&TeamKey::parse("trials").unwrap())
    .with("domain", "research")
    .with("profile", "ada--trials")
    .with("grant", "access.yaml:27");
    house.store.append(&made).await.unwrap();
    let at = |at: &str| format!("/admin/people/{ADA}?as_of={at}");
    let then = house.visit(&at("2026-11-02")).await;
    assert_says(
        &then,
        &[
            "By the audit log, at 2 Nov 2026, 00:00 UTC",
            "trials research / ada--trials could be opened",
            "Grant access.yaml:27",
            "What the log cannot know The log begins at 2026-11-01T08:00:00Z: what somebody had",
            "stagedoor why ada@example.com --as-of 2026-11-02T00:00:00Z",
        ],
    );
    let before = house.visit(&at("2026-10-31T08:00")).await;
    assert_says(
        &before,
        &[
            "The log knows of no profile of this person then.",
            "The log begins at 2026-11-01T08:00:00Z, later than that",
        ],
    );
    for wrong in ["yesterday", "2999-01-01"] {
        let page = house.visit(&at(wrong)).await;
        assert_says(&page, &["That is no time, or one that is still to come."]);
    }
    house.role_is(Some("reader"));
    let reader = house.visit(&at("2026-11-02")).await;
    assert!(!reader.body.contains("ada--trials"), "{}", reader.body);
}

#[tokio::test]
async fn from_elsewhere_the_deciding_way_is_shown() {
    let house = House::administered_by("reader");
    let from = |from: &str| format!("/admin/people/{ADA}?from={from}");
    let office = house.visit(&from("10.100.10.9")).await;
    assert_says(
        &office,
        &[
            "trials research allowed 10.100.10.0/24 fits vpce-0abc does not fit",
            "--from 10.100.10.9",
        ],
    );
    let endpoint = house.visit(&from("vpce-0abc")).await;
    assert_says(&endpoint, &["10.100.10.0/24 does not fit vpce-0abc fits"]);
    let outside = house.visit(&from("192.0.2.1")).await;
    assert_says(&outside, &["trials research refused", "“Use the office network or the VPN.”"]);
    let wrong = house.visit(&from("10.1.2")).await;
    assert_eq!(wrong.status, 200);
    assert_says(&wrong, &["That is neither an address nor the id of a VPC or VPC endpoint."]);
}

#[tokio::test]
async fn offboarding_asks_for_the_name_and_can_be_taken_back() {
    let house = House::administered_by("admin");
    let page = format!("/admin/people/{ADA}");
    let address = format!("{page}/offboard");
    let asked = house.visit(&address).await;
    assert_says(
        &asked,
        &[
            "Offboard Ada Lovelace?",
            "There is no profile to take away. Signing in is denied all the same.",
            "group ml-fraud gives fraud (access.yaml:26)",
            "To confirm, type their user name: ada@example.com",
            "stagedoor offboard ada@example.com",
        ],
    );
    let key = house.key(&format!("admin:offboard:{ADA}"));
    let wrong = house.submit(&address, &format!("confirm=ada&reason=left&key={key}")).await;
    assert_eq!(wrong.status, 200);
    assert_says(&wrong, &["That is not the user name of this person. Nothing was done."]);
    assert!(wrong.body.contains("name=\"reason\" value=\"left\""), "{}", wrong.body);
    assert!(!house.visit(&page).await.body.contains("banner-stop"));
}

#[tokio::test]
async fn the_conveyor_shows_stages_with_who_is_in_them() {
    let house = House::administered_by("admin");
    house.has_profile(leaver("u-new", None));
    house.has_profile(leaver("u-held", Some("2026-11-20T09:00:00Z")));
    let page = house.visit("/admin/offboarding").await;
    assert_says(
        &page,
        &[
            "2 profiles are on the way out; held for 7 d.",
            "1 To begin 0 Stopping apps 1 On hold 0 Handing over 0 Deleting 0 Needs attention 0 Gone",
            "u-held fraud 6 d left until 27 Nov 2026, 09:00 UTC",
            "Whoever lost a team by the directory gets it back by the directory",
            "stagedoor offboard u-new --status",
        ],
    );
    // Two of them lost their team so, and it is said once.
    assert_eq!(page.body.matches("Whoever lost a team").count(), 1, "{}", page.body);
    assert!(!page.body.contains("More than the guard allows"), "{}", page.body);
    let many = House::administered_by("admin");
    for number in 0..30 {
        many.has_profile(leaver(&format!("u-{number:02}"), None));
    }
    let held_back = many.visit("/admin/offboarding").await;
    let said = [
        "To begin 30 More than the guard allows. Nothing of it is taken away until somebody agrees to \
         the number. Plan",
    ];
    assert_says(&held_back, &said);
    let none = House::administered_by("admin").visit("/admin/offboarding").await;
    assert_says(&none, &["Nobody is leaving."]);
    assert!(!none.body.contains("Whoever lost a team"), "{}", none.body);
}

#[tokio::test]
async fn whoever_is_not_known_by_browsers_gets_no_page_of_the_administration() {
    let house = House::administered_by("admin");
    let request = get("/admin").header("accept", "application/json").body(Body::empty()).unwrap();
    let answer = house.send(request).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (401, "application/json"));
}

/// Every page is below 100 kB, whatever the company.
#[tokio::test]
async fn no_page_grows_with_the_company() {
    let house = House::administered_by("admin");
    for number in 0..500 {
        let id = format!("u-{number:04}");
        let name = format!("Somebody With A Long Name {number:04}");
        house.has_person(&id, &name, &["ml-fraud", "ml-secret"]);
    }
    for number in 0..150 {
        house.has_profile(leaver(&format!("u-gone-{number:04}"), None));
        let since = Some("2026-11-20T09:00:00Z");
        house.has_profile(leaver(&format!("u-held-{number:04}"), since));
        // What could not be made by halves needs somebody.
        let failed = leaver(&format!("u-{number:04}"), None);
        let space = ObservedSpace {
            name: format!("a-space-with-a-long-name-{number:04}"),
            status: ProfileStatus::InService,
            shared: false,
            volume_gib: Some(50),
            apps: Vec::new(),
        };
        let (status, spaces) = (ProfileStatus::Failed, vec![space]);
        house.has_profile(ObservedProfile { status, spaces, ..failed });
    }
    for (page, headline) in PAGES {
        let answer = house.visit(page).await;
        assert_eq!((answer.status.as_u16(), answer.headline().as_str()), (200, headline));
        assert!(answer.body.len() < 100_000, "{page}: {}", answer.body.len());
    }
    // The rest is a click away.
    let people = house.visit("/admin/people").await;
    let next = people.body.split("rel=\"next\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    let next = house.visit(&format!("/admin/people{}", next.replace("&#38;", "&"))).await;
    assert_says(&next, &["Somebody With A Long Name 0049", "Somebody With A Long Name 0098"]);
    let plan = house.visit("/admin/plan").await;
    assert_says(&plan, &["Needs attention", "and 100 more"]);
    let body = plan.body.replace("&#38;", "&");
    let more = body.split("kind=loses").nth(1).unwrap().split('#').next().unwrap();
    let more = format!("/admin/plan?kind=loses{more}");
    assert_says(&house.visit(&more).await, &["From the beginning", "u-gone-0024"]);
}
