//! What admins do and ask at a terminal besides plan and apply: access for a time, emergencies, tokens,
//! reports, notifications, and who had what at another time.

use crate::world::{ANA, CLEO, FAST, MAP, SEED, World, settled};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc;

/// [`MAP`] with rules for emergencies.
fn with_emergencies() -> String {
    format!(
        "{MAP}temporary_access:\n  longest: 8h\n  break_glass:\n    - {{ group: ml-demand, teams: \
         [fraud], needs: reason, longest: 1h }}\nadministration:\n  - {{ group: ml-fraud, role: admin \
         }}\n"
    )
}

fn events(world: &World) -> Vec<String> {
    let mut events: Vec<String> = world.audit().into_iter().map(|entry| entry.event).collect();
    events.reverse();
    events
}

#[test]
fn a_grant_for_a_time_is_given_listed_and_revoked() {
    let world = World::new(&settled(), &with_emergencies());
    let give = |more: &[&str]| {
        let args =
            ["grant", "cleo", "fraud", "--for", "4h", "--reason", "an audit", "--by", "olga"];
        world.run(&[&args[..], more].concat())
    };
    let dry = give(&["--dry-run"]).exits(2);
    assert!(dry.stdout.contains("would have fraud from"), "{}", dry.stdout);
    world.run(&["why", "cleo", "fraud"]).exits(5);
    let given = give(&["--output", "json"]).exits(0).json();
    assert_eq!((&given["kind"], &given["dryRun"]), (&"TemporaryGrant".into(), &false.into()));
    let grant = &given["grant"];
    assert_eq!(
        (&grant["person"], &grant["team"], &grant["kind"], &grant["state"], &grant["by"]),
        (&CLEO.into(), &"fraud".into(), &"grant".into(), &"in-force".into(), &"olga".into())
    );
    let why = world.run(&["why", "cleo", "fraud"]).exits(0);
    assert!(why.stdout.contains("access for a time by olga (an audit)"), "{}", why.stdout);

    let id = grant["id"].as_str().unwrap();
    let list = world.run(&["grant", "list", "--person", "cleo"]).exits(0);
    assert!(list.stdout.contains(id) && list.stdout.contains("in-force"), "{}", list.stdout);
    let none = world.run(&["grant", "list", "--person", "ben"]).exits(0);
    assert_eq!(none.stdout, "Nobody has access for a time.\n");
    let announced = world.run(&["grant", "revoke", id, "--dry-run"]).exits(2);
    assert!(announced.stdout.starts_with("It would end now:\n"), "{}", announced.stdout);
    let revoke = ["grant", "revoke", id, "--reason", "done", "--by", "olga"];
    let revoked = world.run(&revoke).exits(0);
    assert!(revoked.stdout.starts_with("Revoked: cleo has fraud no more"), "{}", revoked.stdout);
    world.run(&["why", "cleo", "fraud"]).exits(5);
    assert_eq!(events(&world), ["temporary-granted", "temporary-revoked"]);
}

#[test]
fn a_grant_that_may_not_be_given_says_why() {
    let world = World::new(&settled(), &with_emergencies());
    let grant = |person: &str, team: &str, length: &str, reason: &str| {
        world.run(&["grant", person, team, "--for", length, "--reason", reason])
    };
    grant("cleo", "fraud", "9h", "too long").exits(3).says(&["8 hours", "(too-long)"]);
    grant("nobody", "fraud", "1h", "x").exits(3).says(&["(person-unknown)"]);
    grant("cleo", "nothing", "1h", "x").exits(3);
    world.run(&["grant"]).exits(3).says(&["<PERSON>", "--reason <TEXT>"]);
    world.run(&["grant", "revoke", "0123456789ab"]).exits(3).says(&["(no-such-grant)"]);
    assert_eq!(events(&world), [""; 0]);
}

#[test]
fn glass_is_broken_by_a_rule_and_what_was_done_is_told_afterwards() {
    let world = World::new(&settled(), &with_emergencies());
    let broken = world.run(&[
        "break-glass",
        "ben",
        "fraud",
        "--reason",
        "prod is down",
        "--by",
        "ben",
        "--output",
        "json",
    ]);
    let broken = broken.exits(0).json();
    assert_eq!(broken["kind"], "BreakGlass");
    let grant = &broken["grant"];
    assert_eq!((&grant["kind"], &grant["state"]), (&"break-glass".into(), &"in-force".into()));
    let id = grant["id"].as_str().unwrap();
    let revoke = ["grant", "revoke", id, "--reason", "over"];
    world.run(&revoke).exits(0).says(&[]);
    let note = world.run(&["grant", "note", id, "restarted it", "--by", "ben"]).exits(0);
    assert_eq!(note.stdout, format!("The note on {id} is written, by ben.\n"));
    assert_eq!(events(&world), ["break-glass-opened", "temporary-revoked", "after-note"]);

    // Nobody's rule, nobody's glass.
    let refused = world.run(&["break-glass", "cleo", "fraud", "--reason", "x"]);
    refused.exits(5).says(&["(break-glass-not-allowed)"]);
    let other = world.run(&["break-glass", "ben", "demand", "--reason", "x"]);
    assert_ne!(other.code, Some(0), "{other:?}");
}

#[test]
fn a_token_is_shown_once_listed_without_its_secret_and_revoked() {
    let world = World::new(&settled(), MAP);
    let create = ["token", "create", "ci", "--scope", "see,audit", "--for", "2d", "--by", "olga"];
    let made = world.run(&create).exits(0).says(&["Token `ci` may see,audit until"]);
    let secret = made.stdout.trim_end();
    assert!(secret.starts_with("stagedoor_") && secret.len() == 74, "{secret}");
    assert!(!world.store().contains(secret));
    let list = world.run(&["token", "list", "--output", "json"]).exits(0);
    assert!(!list.stdout.contains(secret.trim_start_matches("stagedoor_")), "{}", list.stdout);
    let tokens = list.json();
    let token = &tokens["tokens"][0];
    assert_eq!(
        (&token["name"], &token["by"], &token["ended"]),
        (&"ci".into(), &"cli:olga".into(), &false.into())
    );
    world.run(&create).exits(3).says(&["there is a token called `ci` already", "(token-invalid)"]);
    let bad = world.run(&["token", "create", "no good", "--scope", "see"]);
    bad.exits(3).says(&["is no name for a token"]);
    let other = world.run(&["token", "revoke", "cli", "--by", "olga"]).exits(0);
    other.says(&["note: the store has `ci`"]);
    let revoke = || world.run(&["token", "revoke", "ci", "--by", "olga"]).exits(0).stdout;
    assert_eq!(revoke(), "Token `ci` is revoked; it opens nothing from now on.\n");
    assert_eq!(revoke(), "There is no token `ci`. Nothing to do.\n");
    assert_eq!(world.run(&["token", "list"]).exits(0).stdout, "0 tokens\n");
    assert_eq!(events(&world), ["token-created", "token-revoked"]);
}

#[test]
fn a_token_is_made_only_for_a_directory_that_is_pushed_and_the_list_shows_which() {
    let world = World::new(&settled(), MAP);
    let one = "identity_center: { region: eu-west-1, identity_store_id: d-906716eb24 }";
    let two =
        "{ match: email, sources: [ { name: scim, scim: {} }, { name: partners, scim: {} } ] }";
    world.write(
        "access.yaml",
        &MAP.replace(&format!("directory:\n  {one}"), &format!("directory: {two}")),
    );
    let create = |directory: &str| {
        world.run(&["token", "create", "p", "--scope", "scim", "--directory", directory])
    };
    create("parters").exits(3).prints("").says(&[
        "the map has no directory `parters` that is pushed by SCIM; it has `scim`, `partners`",
        "(token-invalid)",
    ]);
    create("partners").exits(0);
    let list = world.run(&["token", "list"]).exits(0).stdout;
    assert!(list.contains("  p  scim of partners  until "), "{list}");
}

#[test]
fn a_report_counts_who_has_what_and_stands_in_one_file() {
    let world = World::new(&settled(), MAP);
    let report = world.run(&["report", "--html", "report.html"]).exits(0);
    report.says(&["Written to report.html. It names people."]);
    #[cfg(unix)]
    {
        let mode = std::fs::metadata(world.path("report.html")).unwrap().permissions();
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&mode) & 0o777, 0o600);
    }
    let told = world.run(&["report"]).exits(0).stdout;
    assert!(
        told.starts_with("Account 111122223333: 2 of 3 people with access, 3 profiles with"),
        "{told}"
    );
    assert!(told.contains("     0  orphan profiles\n"), "{told}");
    let document = world.run(&["report", "--output", "json"]).exits(0).json();
    assert_eq!(document["kind"], "Report");
    assert_eq!(
        (&document["summary"]["entitled"], &document["summary"]["people"]),
        (&2.into(), &3.into())
    );
    let page = world.read("report.html");
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("Ana Diaz"), "{page}");
    for outside in ["http://", "https://", "<script src", "<link"] {
        assert!(!page.contains(outside), "{outside}");
    }
}

/// A chat room that takes one message after the other, and answers with this status.
pub(crate) fn room(status: &'static str) -> (String, mpsc::Receiver<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hooks/T0", listener.local_addr().unwrap());
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut reader = BufReader::new(stream);
            let (mut length, mut line) = (0, String::new());
            while reader.read_line(&mut line).unwrap_or(0) > 2 {
                let lower = line.to_ascii_lowercase();
                if let Some(value) = lower.strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                line.clear();
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let answer =
                format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            reader.get_mut().write_all(answer.as_bytes()).unwrap();
            if tell.send(serde_json::from_slice(&body).unwrap()).is_err() {
                return;
            }
        }
    });
    (url, told)
}

#[test]
fn a_test_message_reaches_everybody_whom_the_map_names_or_says_who_it_did_not_reach() {
    let map = format!(
        "{MAP}notifications:\n  webhooks:\n    ops: {{ url_from: \"env:OPS_ROOM\" }}\n    sec: {{ \
         url_from: \"file:sec.url\" }}\n"
    );
    let world = World::new(&settled(), &map);
    let ((ops, heard), (sec, _kept)) = (room("200 OK"), room("403 Forbidden"));
    world.write("sec.url", &sec);
    let test = |more: &[&str]| {
        let mut command = world.command(&[&["notifications", "test"], more].concat());
        command.env("OPS_ROOM", &ops);
        crate::process::run(command)
    };
    let told = test(&["--output", "json"]).exits(1);
    assert!(!told.stdout.contains("/hooks/T0"), "an address is a secret: {}", told.stdout);
    let told = told.json();
    let told: Vec<(&str, bool)> = told["recipients"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["recipient"].as_str().unwrap(), it["told"].as_bool().unwrap()))
        .collect();
    assert_eq!(told, [("webhook/ops", true), ("webhook/sec", false)]);
    let message = heard.recv().unwrap();
    assert!(message["text"].as_str().unwrap().contains("messages of Stagedoor arrive here"));

    let nobody = World::new(&settled(), MAP).run(&["notifications", "test"]).exits(0);
    assert_eq!(nobody.stdout, "The map names nobody to tell: it has no `notifications`.\n");
    let unset = world.run(&["notifications", "test"]).exits(1);
    assert!(unset.stdout.contains("webhook/ops: the secret env:OPS_ROOM cannot be read"));
}

#[test]
fn a_plan_and_what_came_of_it_are_written_down_with_who_did_it() {
    let world = World::new(&format!("{SEED}{FAST}"), MAP);
    world.run(&["plan"]).exits(2);
    world.apply(&[]).exits(0);
    let all = world.audit();
    let of = |event: &str| all.iter().filter(|entry| entry.event == event).collect::<Vec<_>>();
    let made = of("plan-made");
    assert_eq!(made.len(), 2, "by plan, and by apply");
    assert!(made.iter().all(|entry| entry.actor.to_string().starts_with("cli:")), "{made:?}");
    let digest = &made[0].details["digest"];
    assert_eq!((digest.len(), digest), (64, &made[1].details["digest"]));
    assert_eq!(
        (made[0].details["create"].as_str(), made[0].details["new_removals"].as_str()),
        ("3", "0")
    );
    let applied = of("plan-applied");
    assert_eq!(applied.len(), 1, "{applied:?}");
    let applied = applied[0];
    assert_eq!(&applied.details["digest"], digest);
    assert_eq!(
        (applied.details["changed"].as_str(), applied.details["failed"].as_str()),
        ("3", "0")
    );
    let of_change = all.iter().filter(|entry| entry.change == applied.change);
    assert_eq!(of_change.filter(|entry| entry.event == "creating-profile").count(), 3);
    // Nothing to do is no change.
    world.apply(&[]).exits(0);
    assert_eq!(world.audit().iter().filter(|entry| entry.event == "plan-applied").count(), 1);
}

/// A directory may be filled by others than those who read it.
#[test]
fn names_that_play_with_the_terminal_or_begin_as_options_do_are_written_so_that_they_cannot() {
    let seed = SEED
        .replace(
            "user_name: ana, display_name: Ana Diaz",
            r#"user_name: "-ana", display_name: "A\e[31m""#,
        )
        .replace("members: [ana", r#"members: ["-ana""#);
    let world = World::new(&format!("{seed}{FAST}"), MAP);
    let why = world.run(&["why", "--", "-ana", "fraud"]).exits(0).stdout;
    assert!(why.contains("A\\u{1b}[31m") && !why.contains('\u{1b}'), "{why}");
    assert!(why.contains("Run `stagedoor sync --person=-ana`."), "{why}");
    world.run(&["sync", "--person=-ana", "--poll", "20ms"]).exits(0);
    let who = world.run(&["who-can", "fraud"]).exits(0).stdout;
    assert!(!who.contains('\u{1b}'), "{who}");
    // What would give it is ready to paste.
    world.cloud.leave("-ana", "ml-fraud");
    let why = world.run(&["why", "--", "-ana", "fraud"]).exits(5).stdout;
    assert!(why.contains("stagedoor grant --for 4h --reason '…' -- -ana fraud\n"), "{why}");
    let grant = ["grant", "--for", "4h", "--reason", "…", "--by", "root", "--", "-ana", "fraud"];
    world.run(&grant).exits(0);
}

#[test]
fn who_had_what_at_a_time_is_read_off_the_log_with_what_it_does_not_know() {
    let world = World::new(&format!("{SEED}{FAST}"), MAP);
    let before = world.run(&["why", "ana", "fraud", "--as-of", "2026-01-01"]).exits(5);
    assert!(before.stdout.contains("The log has no entry."), "{}", before.stdout);
    world.apply(&[]).exits(0);
    let long_before = world.run(&["why", "ana", "--as-of", "2026-01-01"]).exits(5);
    assert!(
        long_before.stdout.contains("no: Ana Diaz (ana) had no team that the log knows of.\n")
            && long_before.stdout.contains("later than that: of that time it knows nothing."),
        "{}",
        long_before.stdout
    );
    // When the last of it was written.
    let then = world.audit()[0].at.to_string();
    let as_of = |args: &[&str]| world.run(&[args, &["--as-of", &then]].concat());
    let why = as_of(&["why", "ana", "fraud"]).exits(0).stdout;
    for part in [
        "yes: Ana Diaz (ana) had fraud\n",
        "✓ profile ana--fraud in research since ",
        "by access.yaml:25 since ",
        "as arn:aws:iam::111122223333:role/studio-fraud",
        "NOT KNOWN\n",
        "The map and the groups of that time are not kept",
    ] {
        assert!(why.contains(part), "{part}: {why}");
    }
    let document = as_of(&["why", "ana", "fraud", "--output", "json"]).exits(0).json();
    assert_eq!((&document["kind"], &document["person"]["id"]), (&"AsOf".into(), &ANA.into()));
    assert_eq!(
        (&document["held"][0]["team"], &document["held"][0]["couldOpen"]),
        (&"fraud".into(), &true.into())
    );
    assert_eq!(document["unknown"][0]["code"], "log-begins");
    as_of(&["why", "cleo", "fraud"]).exits(5);
    let who = as_of(&["who-can", "demand"]).exits(0).stdout;
    assert!(who.contains("  ana → demand\n") && who.contains("  ben → demand\n"), "{who}");
    assert!(who.contains("demand: 2 could open it, 0 profiles without a way in."), "{who}");
    let role = as_of(&["who-can", "studio-fraud", "--output", "json"]).exits(0).json();
    assert_eq!(role["held"].as_array().unwrap().len(), 1);
    // That nobody had what there never was would look like an answer.
    for command in [["who-can", "demands"].as_slice(), &["why", "ana", "demands"]] {
        let said = "neither the map nor the log knows a team `demands`, and nobody had an execution \
                    role of that name then. Did you mean `demand`? (team-unknown)";
        as_of(command).exits(3).prints("").says(&[said]);
    }
    let nobody = world.run(&["who-can", "fraud", "--as-of", "2026-01-01"]).exits(0).stdout;
    assert!(nobody.contains("fraud: 0 could open it"), "{nobody}");
    world.write("access.yaml", &MAP.replace("fraud", "frauds"));
    as_of(&["who-can", "fraud"]).exits(0);
    world.write("access.yaml", MAP);
    let late = world.run(&["why", "ana", "--as-of", "2999-01-01"]).exits(3);
    late.says(&["is still to come"]);
    let none = world.run(&["who-can", "fraud", "--as-of", "2026-01-01", "--store", "none.db"]);
    none.exits(3).says(&["(store-missing)"]);
}
