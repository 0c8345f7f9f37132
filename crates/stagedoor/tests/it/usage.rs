//! Help, usage errors, schema and completion: what needs neither map nor AWS.

use crate::process::{Run, command, run};
use serde_json::Value;

fn stagedoor(args: &[&str]) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let mut command = command(folder.path());
    command.args(args);
    run(command)
}

#[test]
fn help_is_a_result_and_no_error() {
    let run = stagedoor(&["--help"]).exits(0);
    assert_eq!(run.stderr, "");
    for command in [
        "init",
        "validate",
        "plan",
        "apply",
        "sync",
        "drift",
        "why",
        "who-can",
        "serve",
        "events",
        "directory",
        "doctor",
        "spoke",
        "saml",
        "sandbox",
        "demo",
        "schema",
        "completion",
    ] {
        assert!(run.stdout.contains(&format!("\n  {command} ")), "{command}: {}", run.stdout);
    }
    assert!(run.stdout.contains("Exit codes: 0 done or nothing to do, 1 failed"), "{}", run.stdout);
    stagedoor(&["plan", "--help"]).exits(0);
    stagedoor(&["--version"]).exits(0).prints("stagedoor 0.1.0\n");
}

/// A full disk, as far as a writer can tell.
#[cfg(target_os = "linux")]
#[test]
fn a_result_that_is_not_written_is_no_success_and_a_reader_that_goes_away_is() {
    use std::process::{Command, Stdio};
    let run = |args: &[&str], out: Stdio| {
        let folder = tempfile::tempdir().unwrap();
        let mut command: Command = command(folder.path());
        let ended = command.args(args).stdout(out).output().unwrap();
        (ended.status.code(), String::from_utf8(ended.stderr).unwrap())
    };
    for args in [["schema", "--format", "json"], ["completion", "bash", "--no-color"]] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let (code, told) = run(&args, full.into());
        assert_eq!(code, Some(1), "{told}");
        assert!(told.starts_with("error: cannot write the result: No space left"), "{told}");
        let (reads, writes) = std::io::pipe().unwrap();
        drop(reads);
        let (code, told) = run(&args, writes.into());
        assert_eq!((code, told.as_str()), (Some(0), ""));
    }
}

#[test]
fn bad_usage_is_exit_code_3_and_says_what_would_work() {
    stagedoor(&["plan", "--mapp", "x"])
        .exits(3)
        .prints("")
        .says(&["--mapp", "a similar argument exists: '--map'"]);
    stagedoor(&["aply"]).exits(3).prints("").says(&["aply", "apply"]);
    stagedoor(&[]).exits(3).prints("").says(&["Usage: stagedoor"]);
    stagedoor(&["plan", "--output", "yaml"]).exits(3).prints("").says(&["table, json"]);
    stagedoor(&["plan", "--log", "x=loud"])
        .exits(3)
        .prints("")
        .says(&["error: log levels `x=loud`"]);
    stagedoor(&["apply", "--poll", "5"]).exits(3).says(&["write it as 500ms, 5s, 15m or 2h"]);
}

/// Of none nothing is listed, which would look like nothing happened.
#[test]
fn a_number_that_lists_nothing_or_never_ends_is_refused() {
    let list = ["audit", "list", "--limit"];
    for number in ["0", "100001", "99999999999", "all"] {
        let said = "write a number from 1 to 100000";
        stagedoor(&[&list[..], &[number]].concat()).exits(3).prints("").says(&[said]);
    }
    let attempts = ["saml", "attempts", "--limit", "0"];
    stagedoor(&attempts).exits(3).prints("").says(&["0 is not in 1.."]);
    let serve = ["serve", "--audit-checkpoints", "a", "--audit-retention", "0d"];
    stagedoor(&serve).exits(3).prints("").says(&["must be longer than zero"]);
    stagedoor(&["apply", "--poll", "0s"]).exits(3).prints("").says(&["must be longer than zero"]);
}

#[test]
fn programs_that_ask_for_json_get_bad_usage_as_json_too() {
    for args in [["plan", "--output", "json", "--mapp"], ["plan", "--mapp", "--output=json", "x"]] {
        let run = stagedoor(&args).exits(3);
        let error = run.says(&["unexpected argument '--mapp'"]).json();
        assert_eq!((&error["kind"], &error["code"]), (&"Error".into(), &"usage".into()));
        assert_eq!(error["message"], "unexpected argument '--mapp' found");
    }
    let error = stagedoor(&["freeze", "--output", "json"]).exits(3).json();
    let message = "the following required arguments were not provided: --reason <TEXT>";
    assert_eq!(error["message"], message);
    // As with every other error the variable asks for it too, unless the command line says otherwise.
    let folder = tempfile::tempdir().unwrap();
    let with_variable = |args: &[&str]| {
        let mut command = command(folder.path());
        command.args(args).env("STAGEDOOR_OUTPUT", "json");
        run(command).exits(3)
    };
    assert_eq!(with_variable(&["freeze"]).json()["message"], message);
    with_variable(&["freeze", "--output", "table"]).prints("");
}

#[test]
fn the_schema_is_a_json_schema_that_knows_no_other_keys() {
    let schema = stagedoor(&["schema"]).exits(0).json();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert_eq!(schema["additionalProperties"], Value::Bool(false));
    for key in ["version", "directory", "domains", "teams", "grants", "guard", "offboarding"] {
        assert!(schema["properties"][key].is_object(), "{key}");
    }
}

#[test]
fn the_reference_of_the_map_is_markdown() {
    let run = stagedoor(&["schema", "--format", "markdown"]).exits(0);
    assert!(run.stdout.starts_with("# "), "{}", run.stdout);
    for text in ["`allow_unsolicited`", "`max_removals_percent`", "map-unknown-key"] {
        assert!(run.stdout.contains(text), "{text}");
    }
}

#[test]
fn completion_for_bash_completes_commands() {
    let run = stagedoor(&["completion", "bash"]).exits(0);
    assert!(run.stdout.contains("complete -F _stagedoor"), "{}", run.stdout);
    assert!(
        run.stdout
            .contains("validate plan apply sync drift why who-can report notifications offboard restore receipt grant"),
        "{}",
        run.stdout
    );
}

/// Templates and shells leave a variable empty where nothing is to be said.
#[test]
fn a_variable_of_a_flag_may_be_empty_and_is_refused_if_it_says_neither() {
    for (server, variable, flag) in [
        ("serve", "STAGEDOOR_OBSERVE_ONLY", "--observe-only"),
        ("lambda", "STAGEDOOR_OBSERVE_ONLY", "--observe-only"),
        ("serve", "STAGEDOOR_API_GATEWAY", "--api-gateway"),
        ("lambda", "STAGEDOOR_ALB_APPENDS", "--alb-appends"),
    ] {
        let with = |told: &str| {
            let folder = tempfile::tempdir().unwrap();
            let mut command = command(folder.path());
            command.args([server, "--map", "gone.yaml"]).env(variable, told);
            run(command)
        };
        for told in ["", "yes", "y", "0"] {
            let run = with(told);
            assert!(!run.stderr.contains(flag), "{told:?}: {}", run.stderr);
        }
        with("ture").exits(3).says(&[flag, "write it as true or false"]);
    }
}
