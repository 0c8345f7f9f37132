//! Golden scripts: commands in, exact output out.
//!
//! Each `tests/golden/*.md` is a page for people that is also a test. Its fenced blocks are played
//! in order: `yaml seed` starts simulated AWS, `yaml faults` breaks it, `yaml NAME` writes a file,
//! `console` plays commands. In a console `$ stagedoor …` runs the binary and `> …` is what somebody
//! else does or sees ([`acts`]); standard error is marked with `! `, an exit code other than 0 stands
//! in brackets. The page is written anew from what happened and compared as a whole;
//! `UPDATE_EXPECT=1` accepts the new one.
//!
//! Redacted is only what nothing can fix: the port, and times, since the binary lives by the
//! system's clock.

mod acts;
mod iam;
mod transcript;

use crate::world::World;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// One test for each page, and one that no page is forgotten.
macro_rules! pages {
    ($($name:ident = $file:literal;)+) => {
        $(#[test] fn $name() { play(concat!($file, ".md")); })+

        #[test]
        fn every_page_is_played() {
            let mut there: Vec<String> = std::fs::read_dir(folder())
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            there.sort();
            assert_eq!(there, [$(concat!($file, ".md")),+]);
        }
    };
}

pages! {
    rules_that_catch_every_change = "23-event-rules";
    removal_starts_the_offboarding = "56-removal";
    the_receipt_says_how_access_was_revoked = "57-receipt";
    a_profile_that_outlives_its_person_is_found = "58-orphans";
    a_person_deleted_from_the_directory_is_still_found = "59-deleted-person";
    every_app_is_found_on_whichever_page = "60-many-apps";
    apps_in_every_state_and_a_killed_process_are_finished_by_the_next = "61-app-states";
    apps_then_spaces_then_the_profile = "62-order";
    added_renamed_disabled_enabled_and_removed = "63-life-cycle";
    the_home_directory_stays_and_is_written_down = "64-home";
    whoever_has_the_team_by_another_group_keeps_it = "65-other-group";
    two_people_and_two_teams_make_three_profiles = "96-two-teams";
    doctor_reads_networks_and_keys = "doctor-network";
    doctor_tells_what_works_and_what_does_not = "doctor";
    drift_is_what_neither_joiners_nor_leavers_cause = "drift";
    frozen_nothing_is_changed_until_it_is_thawed = "freeze";
    a_map_that_would_remove_too_many_is_refused_by_name = "guard";
    a_directory_that_answers_half_removes_nobody = "half-a-directory";
    names_of_every_kind_stay_unique = "names";
    roles_are_held_against_the_map = "role-drift";
    a_missing_role_is_said_first_and_holds_up_its_own_team_only = "roles";
    what_would_happen_from_where = "simulate";
    no_template_is_printed_of_a_spoke_that_makes_no_sense = "spoke";
    identity_center_signs_people_in_to_an_sso_mode_domain = "sso-mode";
    a_plan_that_is_not_true_any_more_is_refused = "stale-plan";
    one_person_is_put_right_at_once = "sync";
    why_somebody_has_a_team_or_has_not = "why";
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

#[track_caller]
fn play(file: &str) {
    let page = folder().join(file);
    let script = std::fs::read_to_string(&page).unwrap();
    let mut player = Player::default();
    let written = transcript::play(&script, |block| player.block(block));
    assert!(player.runs > 0, "{file} runs nothing");
    expect_test::expect_file![page].assert_eq(&written);
}

/// A page while it is played.
#[derive(Default)]
struct Player {
    world: Option<World>,
    /// Background processes end with the page.
    running: Option<crate::process::Running>,
    /// How often each operation had been called when the background process began.
    before: BTreeMap<String, u64>,
    /// How many calls to AWS were shown already.
    seen: usize,
    runs: usize,
}

impl Player {
    fn world(&self) -> &World {
        self.world.as_ref().expect("a page begins with a block `yaml seed`")
    }

    /// Plays a block and returns what it should look like.
    fn block(&mut self, block: &transcript::Block<'_>) -> Option<String> {
        match block.info {
            "yaml seed" => {
                let world = World::new(&moments(block.text), "");
                self.seen = world.cloud.look().calls().count();
                self.world = Some(world);
                None
            }
            "yaml faults" => {
                self.world().cloud.go_wrong(block.text);
                None
            }
            "console" => Some(self.console(block.text)),
            info => {
                if let Some((_, name)) = info.split_once(' ') {
                    self.world().write(name, &moments(block.text));
                }
                None
            }
        }
    }

    fn console(&mut self, text: &str) -> String {
        let mut parts = Vec::new();
        for line in text.lines() {
            if let Some(command) = line.strip_prefix("$ ") {
                self.runs += 1;
                parts.push(format!("{line}\n{}", self.run(command)));
            } else if let Some(act) = line.strip_prefix("> ") {
                parts.push(format!("{line}\n{}", self.act(act)));
            }
        }
        transcript::redact(&parts.join("\n"), &self.world().cloud.url)
    }

    fn run(&self, command: &str) -> String {
        let words = shlex::split(command).expect("quotes that close");
        let [program, args @ ..] = words.as_slice() else { panic!("no command") };
        assert_eq!(program, "stagedoor");
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let mut command = self.world().command(&args);
        // The log is for machines; what is said to people is all there is to see then.
        command.env("STAGEDOOR_LOG", "off").env("STAGEDOOR_POLL", "20ms");
        let run = crate::process::run(command);
        let mut out = run.stdout.clone();
        for line in transcript::by_subject(&run.stderr) {
            out.push_str("! ");
            out.push_str(line);
            out.push('\n');
        }
        if let Some(code) = run.code.filter(|code| *code != 0) {
            let _ = writeln!(out, "[exit {code}]");
        }
        out
    }
}

/// Fills in `{8 days ago}`: what has happened before the page begins.
fn moments(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let days = after.split_once(" days ago}");
        let days = days.and_then(|(days, left)| Some((days.parse::<i64>().ok()?, left)));
        if let Some((days, left)) = days {
            let then = crate::cloud::now() - jiff::SignedDuration::from_hours(24 * days);
            out.push_str(&then.to_string());
            rest = left;
        } else {
            out.push('{');
            rest = after;
        }
    }
    out + rest
}
