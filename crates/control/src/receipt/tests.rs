//! Receipts told from hand-written logs.

use super::*;
use crate::ports::AuditEvent;
use access::observed::{AppStatus, ObservedApp};

fn at(time: &str) -> Timestamp {
    format!("2026-11-{time}Z").parse().unwrap()
}

fn entry(
    time: &str,
    event: AuditEvent,
    code: &str,
    details: BTreeMap<String, String>,
) -> AuditEntry {
    AuditEntry {
        person: Some("p-ana".to_owned()),
        team: Some("fraud".to_owned()),
        details,
        ..AuditEntry::new(at(time), event, code)
    }
}

fn details<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
    pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
}

/// An entry about the profile `ana--fraud`.
fn about<const N: usize>(time: &str, event: AuditEvent, more: [(&str, &str); N]) -> AuditEntry {
    let mut all = details([("domain", "research"), ("profile", "ana--fraud")]);
    all.extend(details(more));
    entry(time, event, "entitlement-lost", all)
}

fn app(instance_type: &str, since: &str) -> ObservedApp {
    ObservedApp {
        app_type: "JupyterLab".to_owned(),
        name: "default".to_owned(),
        status: AppStatus::InService,
        instance_type: Some(instance_type.to_owned()),
        since: Some(at(since)),
    }
}

fn stopping(time: &str, space: Option<&str>, app: &ObservedApp) -> AuditEntry {
    let mut entry = about(time, AuditEvent::StoppingApp, []);
    entry.details.extend(words::app_details(space, app));
    entry
}

fn deleting(time: &str, volume_gib: Option<u32>) -> AuditEntry {
    let mut entry = about(time, AuditEvent::DeletingSpace, []);
    entry.details.extend(words::space_details("ana-lab", volume_gib));
    entry
}

const HOME: [(&str, &str); 2] =
    [("home_efs_uid", "200005"), ("home_efs_file_system", "fs-0123456789abcdef0")];

fn ended() -> Vec<AuditEntry> {
    vec![
        entry("20T08:00:00", AuditEvent::SignIn, "signed-in", BTreeMap::new()),
        entry(
            "21T08:00:00",
            AuditEvent::PersonOffboarded,
            "offboarded",
            details([
                ("since", "2026-11-21T08:00:00Z"),
                ("by", "root"),
                ("why", "left"),
                ("sessions_ended", "2"),
            ]),
        ),
        {
            let mut begun = about("21T08:00:01", AuditEvent::OffboardingBegun, HOME);
            let spaces = r#"{"ana-lab":5,"shared":null}"#;
            begun.details.insert("spaces".to_owned(), spaces.to_owned());
            begun
        },
        stopping("21T08:00:02", Some("ana-lab"), &app("ml.t3.medium", "20T08:30:00")),
        stopping("21T08:00:03", None, &app("system", "21T07:00:00")),
        deleting("21T08:20:00", Some(5)),
        about("21T08:30:00", AuditEvent::DeletingProfile, HOME),
    ]
}

#[test]
fn a_receipt_says_what_stopped_what_went_and_what_remains() {
    let mut entries = ended();
    entries[1].team = None;
    let told = receipt("p-ana", &entries, at("22T20:30:03"));
    assert_eq!(
        told.departures,
        [DepartureReceipt {
            since: at("21T08:00:00"),
            team: None,
            by: Some("root".to_owned()),
            why: Some("left".to_owned()),
            until: None,
        }]
    );
    assert_eq!(told.sessions, [SessionsEnded { at: at("21T08:00:00"), count: 2 }]);
    let [profile] = told.profiles.as_slice() else { panic!("{:?}", told.profiles) };
    assert_eq!(
        (profile.domain.as_str(), profile.profile.as_str(), profile.team.as_deref()),
        ("research", "ana--fraud", Some("fraud"))
    );
    assert_eq!(profile.reason, "entitlement-lost");
    assert_eq!(
        (profile.begun, profile.deleted, profile.returned),
        (at("21T08:00:01"), Some(at("21T08:30:00")), None)
    );
    let home =
        Home { uid: "200005".to_owned(), file_system: Some("fs-0123456789abcdef0".to_owned()) };
    assert_eq!(profile.home, Some(home));
    let space = DeletedSpace {
        space: "ana-lab".to_owned(),
        volume_gib: Some(5),
        deleted: at("21T08:20:00"),
    };
    assert_eq!(profile.spaces, [space]);
    assert_eq!(profile.kept, [KeptSpace { space: "shared".to_owned(), volume_gib: None }]);
    let lab = StoppedApp {
        space: Some("ana-lab".to_owned()),
        app_type: "JupyterLab".to_owned(),
        app_name: "default".to_owned(),
        instance_type: Some("ml.t3.medium".to_owned()),
        since: Some(at("20T08:30:00")),
        stopped: at("21T08:00:02"),
        saved: Hours::between(at("21T08:00:02"), at("22T20:30:03")),
    };
    assert_eq!(profile.apps[0], lab);
    assert_eq!(profile.apps.len(), 2);
    // What costs nothing saves nothing.
    assert_eq!(told.saved, BTreeMap::from([("ml.t3.medium".to_owned(), lab.saved)]));
    assert_eq!(lab.saved.to_string(), "36.5 h");
}

#[test]
fn a_receipt_claims_no_more_than_was_done() {
    use RevocationMethod::{
        AppsDeleted, DeniedByCommand, DeniedByDirectory, EndedWithApps, NotRevoked, SessionsEnded,
    };
    let methods = |entries: &[AuditEntry]| {
        let told = receipt("p-ana", entries, at("22T08:00:00"));
        told.revocation.iter().map(|r| (r.what, r.method, r.at)).collect::<Vec<_>>()
    };
    let stopped = Some(at("21T08:00:03"));
    assert_eq!(
        methods(&ended()),
        [
            ("opening the teams named above", DeniedByCommand, Some(at("21T08:00:00"))),
            ("sessions of the door", SessionsEnded, Some(at("21T08:00:00"))),
            ("Studio sessions", AppsDeleted, stopped),
            ("credentials of the execution role inside apps", EndedWithApps, stopped),
            ("jobs and endpoints that the person started", NotRevoked, None),
        ]
    );
    // Nothing ran, nobody was signed in, and it was the directory that said so.
    assert_eq!(
        methods(&[about("21T08:00:01", AuditEvent::OffboardingBegun, [])]),
        [
            ("opening the teams named above", DeniedByDirectory, Some(at("21T08:00:01"))),
            ("jobs and endpoints that the person started", NotRevoked, None),
        ]
    );
    // Where Identity Center signs people in, the door's refusal is not all.
    let sso = about("21T08:00:01", AuditEvent::OffboardingBegun, [("auth_mode", "SSO")]);
    let signing_in = ("signing in to the SSO-mode domain itself", NotRevoked, None);
    assert!(methods(std::slice::from_ref(&sso)).contains(&signing_in));
    let gone = about("21T08:30:00", AuditEvent::DeletingProfile, []);
    assert!(!methods(&[sso, gone]).contains(&signing_in));
    assert_eq!(methods(&[]), []);
    assert_eq!(methods(&ended()[..1]), []);
}

#[test]
fn hours_are_counted_to_the_next_start_or_the_return() {
    let returned = {
        let mut entry = about("21T20:00:00", AuditEvent::UpdatingProfile, []);
        entry.code = "returned".to_owned();
        entry
    };
    let entries = [
        about("21T08:00:00", AuditEvent::OffboardingBegun, []),
        stopping("21T08:00:00", None, &app("ml.t3.medium", "21T07:00:00")),
        // A page that was left open started it anew.
        stopping("21T10:06:00", None, &app("ml.t3.medium", "21T10:00:00")),
        returned,
    ];
    let told = receipt("p-ana", &entries, at("25T08:00:00"));
    let saved: Vec<String> = told.profiles[0].apps.iter().map(|a| a.saved.to_string()).collect();
    assert_eq!(saved, ["2.0 h", "9.9 h"]);
    assert_eq!(told.saved["ml.t3.medium"].to_string(), "11.9 h");
    assert_eq!(told.profiles[0].returned, Some(at("21T20:00:00")));
    assert_eq!(told.revocation, []);
}

#[test]
fn who_leaves_twice_has_two_receipts_and_the_first_keeps_its_home() {
    let mut entries = ended();
    entries.push(about("23T08:00:00", AuditEvent::CreatingProfile, []));
    entries.push(about("24T08:00:00", AuditEvent::OffboardingBegun, [("home_efs_uid", "200042")]));
    let told = receipt("p-ana", &entries, at("25T08:00:00"));
    let homes: Vec<_> =
        told.profiles.iter().map(|p| p.home.as_ref().map(|home| home.uid.as_str())).collect();
    assert_eq!(homes, [Some("200005"), Some("200042")]);
    assert_eq!(told.profiles[0].deleted, Some(at("21T08:30:00")));
    assert_eq!(told.profiles[1].deleted, None);
}

#[test]
fn what_was_taken_back_is_over_and_what_is_said_twice_is_told_once() {
    let again = |time: &str, by: &str| {
        entry(
            time,
            AuditEvent::PersonOffboarded,
            "offboarded",
            details([("since", "2026-11-21T08:00:00Z"), ("by", by)]),
        )
    };
    let entries = [
        again("21T08:00:00", "root"),
        again("21T09:00:00", "eva"),
        entry("22T08:00:00", AuditEvent::PersonRestored, "returned", BTreeMap::new()),
    ];
    let told = receipt("p-ana", &entries, at("25T08:00:00"));
    assert_eq!(
        told.departures,
        [DepartureReceipt {
            since: at("21T08:00:00"),
            team: Some("fraud".to_owned()),
            by: Some("eva".to_owned()),
            why: None,
            until: Some(at("22T08:00:00")),
        }]
    );
}

#[test]
fn entries_of_others_and_of_profiles_that_stay_are_not_told() {
    let mut entries = vec![
        // Apps stopped for a new role.
        stopping("21T08:00:00", None, &app("ml.t3.medium", "21T07:00:00")),
    ];
    let mut others = ended();
    for entry in &mut others {
        entry.person = Some("p-ben".to_owned());
    }
    entries.extend(others);
    let told = receipt("p-ana", &entries, at("25T08:00:00"));
    assert_eq!((told.profiles, told.departures, told.sessions), (vec![], vec![], vec![]));
}

#[test]
fn what_stands_in_the_log_is_not_written_again() {
    let entries = ended();
    assert!(is_begun(&entries, "research", "ana--fraud"));
    assert!(!is_begun(&entries, "research", "ana--demand"));
    assert!(!is_begun(&entries, "other", "ana--fraud"));
    assert!(!is_begun(&entries[..2], "research", "ana--fraud"));
    let mut back = entries.clone();
    back.push(about("23T08:00:00", AuditEvent::CreatingProfile, []));
    assert!(!is_begun(&back, "research", "ana--fraud"));

    let same = stopping("21T09:00:00", Some("ana-lab"), &app("ml.t3.medium", "20T08:30:00"));
    assert!(is_written(&entries, &same));
    let newer = stopping("21T09:00:00", Some("ana-lab"), &app("ml.t3.medium", "21T08:30:00"));
    assert!(!is_written(&entries, &newer));
    // The same app in an earlier offboarding is another matter.
    back.push(about("24T08:00:00", AuditEvent::OffboardingBegun, []));
    assert!(!is_written(&back, &same));
}

#[test]
fn sign_in_is_told_as_refused_only_to_whom_the_door_refuses_it() {
    let begun = |time: &str, profile: &str, team: &str, code: &str| {
        let about = details([("domain", "research"), ("profile", profile)]);
        let begun = entry(time, AuditEvent::OffboardingBegun, code, about);
        AuditEntry { team: Some(team.to_owned()), ..begun }
    };
    let command = |time: &str, team: Option<&str>| AuditEntry {
        team: team.map(str::to_owned),
        ..entry(time, AuditEvent::PersonOffboarded, "offboarded", details([("by", "root")]))
    };
    let refused = |entries: &[AuditEntry]| {
        let told = receipt("p-ana", entries, at("22T08:00:00")).revocation;
        let by_door = told.into_iter().filter(|r| r.note.starts_with("refused by the door"));
        by_door.map(|r| (r.what, r.note, r.at.unwrap())).collect::<Vec<_>>()
    };
    let (groups, directory) =
        ("refused by the door, whatever groups say", "refused by the door, as the directory says");
    let teams = "opening the teams named above";
    for code in ["entitlement-lost", "team-gone", "temporary-ended"] {
        let entries = [begun("21T08:00:00", "ana--fraud", "fraud", code)];
        assert_eq!(refused(&entries), [(teams, directory, at("21T08:00:00"))], "{code}");
    }
    for code in ["person-gone", "person-disabled"] {
        let entries = [
            begun("21T08:00:00", "ana--churn", "churn", "entitlement-lost"),
            begun("21T09:00:00", "ana--fraud", "fraud", code),
        ];
        assert_eq!(refused(&entries), [("sign-in", directory, at("21T09:00:00"))], "{code}");
    }
    let mut entries = vec![
        command("21T08:00:00", Some("fraud")),
        command("21T10:00:00", Some("churn")),
        begun("21T10:00:01", "ana--churn", "churn", "offboarded"),
    ];
    assert_eq!(refused(&entries), [(teams, groups, at("21T10:00:00"))]);
    entries.push(begun("21T11:00:00", "ana--risk", "risk", "entitlement-lost"));
    let other = "opening the other teams named above";
    assert_eq!(
        refused(&entries),
        [(teams, groups, at("21T10:00:00")), (other, directory, at("21T11:00:00"))]
    );
    entries.push(command("21T12:00:00", None));
    assert_eq!(refused(&entries), [("sign-in", groups, at("21T12:00:00"))]);
}
