//! `stagedoor demo --script`: the whole story, wherever the people are.

use crate::process::{command, run};

#[test]
fn the_whole_story_is_observed() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = command(folder.path());
    demo.args(["demo", "--script"]);
    let run = run(demo).exits(0);
    assert!(run.stdout.contains("\nThe whole story was observed: "), "{}", run.stdout);
    assert!(!run.stdout.contains('✗'), "{}", run.stdout);
    // It leaves nothing behind where it was started.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn the_whole_story_is_observed_with_people_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = command(folder.path());
    demo.args(["demo", "--script", "--directory", "file"]);
    let run = run(demo).exits(0);
    assert!(run.stdout.contains("\nThe whole story was observed: "), "{}", run.stdout);
    assert!(run.stdout.contains("User 3 is added to ml-team-1, where the directory is"));
}

#[test]
fn the_whole_story_is_observed_with_people_in_an_ldap_server() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = command(folder.path());
    demo.args(["demo", "--script", "--directory", "ldap"]);
    let run = run(demo).exits(0);
    assert!(run.stdout.contains("\nThe whole story was observed: "), "{}", run.stdout);
    assert!(run.stdout.contains("User 3 is added to ml-team-1, where the directory is"));
}

#[test]
fn the_whole_story_is_observed_with_people_who_are_pushed() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = command(folder.path());
    demo.args(["demo", "--script", "--directory", "scim"]);
    let run = run(demo).exits(0);
    assert!(run.stdout.contains("\nThe whole story was observed: "), "{}", run.stdout);
    assert!(run.stdout.contains("User 3 is added to ml-team-1, where the directory is"));
}
