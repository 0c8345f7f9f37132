//! `stagedoor demo --script`: the whole story.

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
