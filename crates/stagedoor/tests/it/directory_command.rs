//! `stagedoor directory` and a map whose people stand in files: nothing here asks AWS.

use crate::process::{Run, command, run};
use serde_json::json;
use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

const PEOPLE: &str = "\
people:
  - { user_name: ana, id: p-1, display_name: Ana Lima, email: ana@corp.example, groups: [ml-fraud] }
  - { user_name: bo, id: p-2, email: bo@corp.example, enabled: false }
groups:
  - { name: all, groups: [ml-fraud] }
";

const PARTNERS: &str = "\
user_name,id,email,groups
ANA.L,1,ANA@corp.example,ml-fraud;ml-churn
cy,2,cy@partners.example,ml-fraud
di,3,,
";

/// A map with these directories, and grants for two groups, one of which only the partners have.
fn map(directory: &str) -> String {
    format!(
        "version: 1\ndirectory: {directory}\ndomains:\n  research: {{ domain_id: d-x, account_id: \
         \"111122223333\", region: eu-west-1 }}\nteams:\n  fraud: {{ domain: research, network: \
         anywhere }}\ngrants:\n  - {{ group: ml-fraud, team: fraud }}\n  - {{ group: ml-churn, \
         team: fraud }}\n"
    )
}

const ONE: &str = "{ file: people.yaml }";
const TWO: &str = "{ match: email, sources: [ { name: corp, file: people.yaml }, { name: partners, \
                   file: partners.csv } ] }";

/// Writes a file that has been there for long.
pub(crate) fn settled(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join(name), text).unwrap();
    #[expect(clippy::disallowed_methods, reason = "the file's own time is the machine's")]
    let before = SystemTime::now() - Duration::from_mins(1);
    File::options().write(true).open(folder.join(name)).unwrap().set_modified(before).unwrap();
}

fn house(directory: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("access.yaml"), map(directory)).unwrap();
    settled(folder.path(), "people.yaml", PEOPLE);
    settled(folder.path(), "partners.csv", PARTNERS);
    folder
}

fn directory(folder: &Path, args: &[&str]) -> Run {
    let mut command = command(folder);
    command.arg("directory").args(args).env("AWS_REGION", "eu-west-1");
    run(command)
}

#[test]
fn what_is_read_of_one_file_is_shown() {
    let house = house(ONE);
    let shown = directory(house.path(), &["show", "--people", "--output", "json"]).exits(0).json();
    assert_eq!((&shown["kind"], &shown["complete"]), (&json!("Directory"), &json!(true)));
    assert_eq!((&shown["people"], &shown["groups"]), (&json!(2), &json!(2)));
    let file = &shown["directories"][0];
    assert_eq!((&file["name"], &file["kind"]), (&json!("file"), &json!("file")));
    assert_eq!((&file["people"], &file["enabled"]), (&json!(2), &json!(1)));
    assert_eq!(file["place"], "people.yaml");
    assert_eq!(
        (&file["details"]["people"], &file["details"]["groups"]),
        (&json!("2"), &json!("2"))
    );
    assert!(file["readAt"].is_string() && file["changedAt"].is_string());
    assert_eq!(
        shown["groupsOfGrants"],
        json!([{"id": "ml-fraud", "name": "ml-fraud", "members": 1}])
    );
    assert_eq!(shown["groupsMissing"], json!(["ml-churn"]));
    assert_eq!(
        shown["listed"],
        json!([
            {"id": "p-1", "userName": "ana", "displayName": "Ana Lima", "enabled": true,
             "groups": {"ml-fraud": "ml-fraud"}},
            {"id": "p-2", "userName": "bo", "displayName": "bo", "enabled": false, "groups": null},
        ])
    );
    let text = directory(house.path(), &["show"]).exits(0).stdout;
    for part in [
        "file\n  2 people, 1 of them may sign in; 1 group of grants\n  at people.yaml\n",
        "completely: 2 people and 2 groups.\n  ml-fraud (ml-fraud)  1 member\n  ! ml-churn is in no directory",
    ] {
        assert!(text.contains(part), "{part:?} in {text}");
    }
    assert!(!text.contains("corp.example"), "addresses are nobody's business: {text}");
}

#[test]
fn two_files_are_one_directory_with_a_collision_report() {
    let house = house(TWO);
    let shown = directory(house.path(), &["show", "--people", "--output", "json"]).exits(0).json();
    let counts = |at: usize| {
        let of = &shown["directories"][at];
        (of["name"].clone(), of["people"].clone(), of["groupsOfGrants"].clone())
    };
    assert_eq!(counts(0), (json!("corp"), json!(2), json!(1)));
    assert_eq!(counts(1), (json!("partners"), json!(2), json!(2)));
    let people: Vec<_> = shown["listed"].as_array().unwrap().iter().map(|p| &p["id"]).collect();
    assert_eq!(people, ["p-1", "p-2", "partners:2", "partners:3"]);
    assert_eq!(
        shown["listed"][0]["groups"],
        json!({"ml-fraud": "ml-fraud", "partners:ml-churn": "ml-churn", "partners:ml-fraud": "ml-fraud"})
    );
    assert_eq!(
        shown["concerns"],
        json!([{"code": "directory-key-missing",
                "message": "di of the directory `partners` has no email and is matched with nobody"}])
    );
    let tested = directory(house.path(), &["test", "ana.l", "--output", "json"]).exits(0).json();
    let checks: Vec<_> = tested["checks"].as_array().unwrap().iter().map(|c| &c["about"]).collect();
    assert_eq!(checks, ["DIR03", "DIR03", "DIR04", "DIR04", "DIR05", "DIR03"]);
    assert_eq!(tested["checks"][4]["code"], "directory-key-missing");
    assert_eq!(
        tested["checks"][5]["text"],
        "p-1 may sign in; groups of grants: ml-fraud, ml-churn, ml-fraud"
    );
}

#[test]
fn what_changed_since_a_kept_reading_is_told() {
    let house = house(ONE);
    directory(house.path(), &["show", "--save", "before.json"])
        .exits(0)
        .says(&["The reading is kept in before.json."]);
    let kept = fs::read_to_string(house.path().join("before.json")).unwrap();
    assert!(kept.contains("Ana Lima") && !kept.contains("corp.example"), "{kept}");
    directory(house.path(), &["diff", "--since", "before.json"])
        .exits(0)
        .prints("Nothing changed.\n");
    let now = PEOPLE.replace("ana,", "ana.lima,").replace(", groups: [ml-fraud]", "")
        + "  - { name: ml-fraud, members: [bo] }\n";
    settled(house.path(), "people.yaml", &now);
    directory(house.path(), &["diff", "--since", "before.json"])
        .exits(2)
        .prints("~ ana.lima (p-1) was called ana\nml-fraud (ml-fraud)\n  + bo\n  - ana.lima\n");
    let diff = directory(house.path(), &["diff", "--since", "before.json", "--output", "json"]);
    let diff = diff.exits(2).json();
    assert_eq!(
        diff["people"],
        json!([{"id": "p-1", "userName": "ana.lima", "what": {"renamed": "ana"}}])
    );
    assert_eq!(
        diff["groups"],
        json!([{"id": "ml-fraud", "name": "ml-fraud", "before": true, "now": true,
                "joined": ["p-2"], "left": ["p-1"]}])
    );
    directory(house.path(), &["diff"])
        .exits(3)
        .says(&["the store remembers no reading of these directories: name one with --since"]);
    directory(house.path(), &["diff", "--since", "access.yaml"])
        .exits(3)
        .says(&["access.yaml: it is no reading of a directory"]);
    // One that was kept by a version that called its members otherwise.
    let kept = std::fs::read_to_string(house.path().join("before.json")).unwrap();
    settled(house.path(), "older.json", &kept.replace("userName", "user_name"));
    directory(house.path(), &["diff", "--since", "older.json"]).exits(3).prints("").says(&[
        "older.json: it is no reading of a directory (missing field `userName`",
        "make one with `stagedoor directory show --save older.json`",
    ]);
}

#[test]
fn a_malformed_line_fails_everything_with_its_place_and_what_to_do() {
    let house = house(TWO);
    settled(house.path(), "partners.csv", &PARTNERS.replace("di,3,,", "di,3"));
    let place = "partners.csv:4: the line has 2 fields and the header 4: give each line as many";
    directory(house.path(), &["show"]).exits(1).prints("").says(&[place, "directory `partners`"]);
    let tested = directory(house.path(), &["test", "--output", "json"]).exits(6).json();
    let first: Vec<_> = tested["checks"].as_array().unwrap().iter().take(2).collect();
    assert_eq!(
        (&first[0]["state"], &first[0]["subject"]),
        (&json!("ok"), &json!("directory corp"))
    );
    assert_eq!(first[1]["code"], "directory-rejected");
    assert!(first[1]["text"].as_str().unwrap().contains(place), "{tested}");
    let remedy =
        "The message says what to change: in the directory, or under `directory` in the map.";
    assert_eq!(first[1]["remedy"], json!([remedy]));
    fs::remove_file(house.path().join("partners.csv")).unwrap();
    let error = directory(house.path(), &["show", "--output", "json"]).exits(1).json();
    assert_eq!(error["code"], "directory-not-found");
}

#[test]
fn nobody_in_the_file_is_a_finding() {
    let house = house(ONE);
    let tested = directory(house.path(), &["test", "anna", "--output", "json"]).exits(6).json();
    let last = tested["checks"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["state"], &last["code"]), (&json!("failed"), &json!("person-unknown")));
    let text = "the directory knows nobody called `anna`. Did you mean `ana`?";
    assert_eq!(last["text"], text);
}
