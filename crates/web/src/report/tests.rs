//! The page of a report, byte by byte where it matters.

use super::*;
use access::entitlement::Because;
use access::forecast::Forecast;
use access::ids::{DomainKey, GroupId, PersonId, ProfileName, TeamKey};
use access::map::Place;
use access::observed::AuthMode;
use access::reason::ReasonCode;
use access::report::{
    DomainRow, IdleApp, NotJudged, OrphanHome, OrphanProfile, PersonRow, RightRow, RoleRow,
    SideDoor, Summary,
};
use jiff::civil::date;
use std::collections::BTreeSet;

const HOSTILE: &str = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&\u{202e}";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A report in which somebody else chose every text that they could.
#[expect(clippy::too_many_lines, reason = "one of everything that a report can hold")]
fn sample(text: &str) -> Report {
    let text = || text.to_owned();
    let domain = DomainKey::parse("research").unwrap();
    let profile = ProfileName::parse("alice--fraud").unwrap();
    let team = TeamKey::parse("fraud").unwrap();
    let place = Place { file: text().into(), line: 3, column: 1 };
    let because = Because {
        group: Some(GroupId::parse("g1").unwrap()),
        group_name: text().into(),
        grant: place,
    };
    let right = RightRow {
        team: team.clone(),
        title: Some(text()),
        because,
        until: Some(at("2026-12-01T08:00:00Z")),
        profile: Some((domain.clone(), profile.clone())),
        role: Some(text()),
        apps: 2,
    };
    Report {
        made_at: at("2026-11-21T12:00:00Z"),
        derived_map: true,
        summary: Summary { people: 3, entitled: 1, side_doors: 1, ..Summary::default() },
        domains: vec![DomainRow {
            domain: domain.clone(),
            domain_id: text(),
            account: "111122223333".to_owned(),
            region: "eu-west-1".to_owned(),
            auth_mode: AuthMode::Iam,
            vpc_only: Some(true),
            source_identity: None,
            profiles: 7,
        }],
        people: vec![PersonRow {
            person: PersonId::parse("id-alice").unwrap(),
            name: text(),
            enabled: true,
            rights: vec![right],
            roles: vec![text()],
        }],
        roles: vec![RoleRow {
            role: text(),
            people: 1,
            profiles: 1,
            teams: BTreeSet::from([team.clone()]),
            inherited: true,
            read: true,
        }],
        orphan_profiles: vec![OrphanProfile {
            domain: domain.clone(),
            profile: profile.clone(),
            person: None,
            person_name: Some(text()),
            team: Some(team.clone()),
            code: ReasonCode::PersonGone,
            remark: Some(text()),
            role: Some(text()),
            apps: 1,
            volumes_gib: 5,
            home_uid: None,
            made: None,
        }],
        orphan_homes: vec![OrphanHome {
            domain: domain.clone(),
            file_system: Some(text()),
            uid: text(),
            profile: text(),
            person_name: Some(text()),
            profile_there: false,
            since: Some(at("2026-11-01T00:00:00Z")),
        }],
        idle_apps: vec![IdleApp {
            domain,
            profile,
            space: Some(text()),
            person_name: Some(text()),
            team: Some(team),
            app_type: text(),
            name: text(),
            instance_type: Some(text()),
            since: at("2026-11-19T12:00:00Z"),
            hours: 48,
        }],
        quotas: vec![Quota {
            account: "111122223333".to_owned(),
            region: "eu-west-1".to_owned(),
            profiles: 45,
            limit: Some(60),
            forecast: Forecast::RunsOut { day: date(2027, 2, 19), days_left: 90, per_month: 5 },
        }],
        side_doors: vec![SideDoor {
            code: ReasonCode::RoleAssumable,
            into: text(),
            who: text(),
            how: text(),
            remedy: text(),
        }],
        unread: vec![text()],
        not_judged: vec![NotJudged { policy: text(), roles: vec![text()] }],
    }
}

#[test]
fn names_of_strangers_are_text_and_nothing_else() {
    let page = report_page(&sample(HOSTILE), HOSTILE).unwrap();
    assert!(!page.contains("<script") && !page.contains("<img"), "{page}");
    let escaped = page.replace("&#60;", "&lt;").replace("&#62;", "&gt;");
    assert!(escaped.matches("&lt;script&gt;").count() >= 20, "{page}");
    // What turns the direction of writing around ends with its own element.
    assert!(escaped.matches("<bdi>&lt;script&gt;").count() >= 15, "{page}");
}

#[test]
fn the_file_asks_for_nothing_and_its_policy_says_so() {
    let page = report_page(&sample("x"), "Two domains").unwrap();
    let outside = [
        "http:",
        "https:",
        "src=",
        "@import",
        "url(",
        "<link",
        "<script",
        "<iframe",
        "<form",
        "onload=",
        "onclick=",
        " style=\"",
    ];
    for outside in outside {
        assert!(!page.contains(outside), "{outside}");
    }
    let (_, rest) = page.split_once("<style>").unwrap();
    let (style, _) = rest.split_once("</style>").unwrap();
    let digest = STANDARD.encode(Sha256::digest(style.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    );
    let written = page.replace("&#39;", "'").replace("&#x27;", "'").replace("&#43;", "+");
    assert!(written.contains(&format!("content=\"{policy}\"")), "{policy}");
}

#[test]
fn what_is_told_reads_as_people_write() {
    let page = report_page(&sample("x"), "Two domains").unwrap();
    for told in [
        "as of <time datetime=\"2026-11-21T12:00:00Z\">21 Nov 2026, 12:00 UTC</time>",
        "75 %",
        "At this rate it is full on 19 February 2027, in 90 days (+5 a month).",
        "kept since 1 Nov 2026",
        "2 days",
        "The directory does not know the person any longer <code>person-gone</code>",
        "1 Dec 2026, 08:00 UTC",
        "No access map was given.",
    ] {
        assert!(page.contains(told), "{told}\n{page}");
    }
    let empty = Report {
        derived_map: false,
        side_doors: Vec::new(),
        orphan_profiles: Vec::new(),
        orphan_homes: Vec::new(),
        idle_apps: Vec::new(),
        people: Vec::new(),
        unread: Vec::new(),
        not_judged: Vec::new(),
        ..sample("x")
    };
    let page = report_page(&empty, "x").unwrap();
    assert_eq!(page.matches("class=\"good\"").count(), 4);
    assert!(!page.contains("No access map was given."));
}

#[test]
fn a_quota_without_a_limit_is_not_drawn() {
    let quota = sample("x").quotas.remove(0);
    assert_eq!(filled(&quota), Some(75));
    assert_eq!(filled(&Quota { limit: None, ..quota.clone() }), None);
    assert_eq!(filled(&Quota { limit: Some(0), ..quota.clone() }), None);
    assert_eq!(filled(&Quota { profiles: 61, ..quota }), Some(100));
}

/// Each part with what the sample has of it, and no part is only a heading.
#[test]
fn every_part_is_there_with_its_rows() {
    let page = report_page(&sample("told"), "x").unwrap();
    let parts = ["doors", "orphans", "homes", "apps", "quotas", "roles", "people"];
    for part in parts {
        let heading = format!("<h2 id=\"{part}\">");
        let (_, section) = page.split_once(&heading).unwrap_or_else(|| panic!("no {part}: {page}"));
        let section = section.split("</section>").next().unwrap();
        assert!(section.contains("told"), "{part}: {section}");
    }
}
