//! `stagedoor apply` makes it so, as a process of its own.

use crate::cloud::RESEARCH;
use crate::world::{ANA, FAST, MAP, SEED, World, brief, owned, settled};
use serde_json::json;

#[test]
fn apply_makes_it_so_and_a_plan_afterwards_finds_nothing() {
    let world = World::new(&format!("{SEED}{FAST}"), MAP);
    let run = world.apply(&[]).exits(0).prints(
        "3 changes made.\n\nLeft alone: 3 in-agreement.\nNothing to do: AWS agrees with the map.\n",
    );
    assert_eq!(
        run.sorted_talk(),
        [
            "  ana--demand in research: created",
            "  ana--fraud in research: created",
            "  ben--demand in research: created",
        ]
    );
    let profiles = world.cloud.profiles(RESEARCH);
    assert_eq!(
        brief(&profiles),
        [
            ("ana--demand", "InService", "studio-demand"),
            ("ana--fraud", "InService", "studio-fraud"),
            ("ben--demand", "InService", "studio-demand"),
        ]
    );
    let tags = &world.cloud.profile("ana--fraud").tags;
    assert_eq!(
        serde_json::to_value(tags).unwrap(),
        json!({
            "CostCenter": "42",
            "stagedoor:instance": "tests",
            "stagedoor:person": ANA,
            "stagedoor:team": "fraud",
        })
    );
    world.assert_settled();
}

#[test]
fn a_store_that_was_not_there_is_made_and_said() {
    let world = World::new(&format!("{SEED}{FAST}"), MAP);
    let run = world.apply(&["--store", "elsewhere.db"]).exits(0);
    assert_eq!(
        run.stderr.lines().next(),
        Some(
            "note: there was no store at elsewhere.db, a new one is made: it knows of no freeze, of \
             nobody whom an admin offboarded and of nobody who has access for a time (--store names \
             another)"
        )
    );
    assert!(world.path("elsewhere.db").exists());
    let run = world.apply(&["--store", "elsewhere.db"]).exits(0);
    assert!(!run.stderr.contains("elsewhere.db"), "{}", run.stderr);
}

#[test]
fn apply_twice_changes_nothing_the_second_time() {
    let world = World::new(&format!("{SEED}{FAST}"), MAP);
    world.apply(&[]).exits(0);
    let (profiles, changes) = (world.cloud.profiles(RESEARCH), world.cloud.changes());
    let run = world.apply(&["--output", "json"]).exits(0);
    assert_eq!(
        run.json(),
        json!({"apiVersion": "stagedoor/v1", "kind": "ApplyResult", "changed": 0, "blocked": []})
    );
    assert_eq!(world.cloud.profiles(RESEARCH), profiles);
    assert_eq!(world.cloud.changes(), changes);
    assert_eq!(changes, ["CreateUserProfile"; 3]);
}

#[test]
fn a_dry_run_shows_the_plan_and_changes_nothing() {
    let world = World::new(&format!("{SEED}{FAST}"), MAP).without_store();
    let plan = world.run(&["plan"]).exits(2);
    world.apply(&["--dry-run"]).exits(2).prints(&plan.stdout);
    assert_eq!(world.cloud.profiles(RESEARCH), []);
    assert!(!world.path("stagedoor.db").exists());
}

#[test]
fn states_that_take_their_time_are_waited_for() {
    let world = World::new(&format!("{SEED}timing: {{ profile_create: 1 }}\n"), MAP);
    world.apply(&[]).exits(0);
    assert_eq!(brief(&world.cloud.profiles(RESEARCH)).len(), 3);
    assert!(world.cloud.profiles(RESEARCH).iter().all(|p| p.status == "InService"));
}

#[test]
fn waiting_ends_in_time_and_a_later_apply_completes_the_work() {
    let world = World::new(&format!("{SEED}timing: {{ profile_create: 3600 }}\n"), MAP);
    let run = world.run(&["apply", "--poll", "20ms", "--timeout", "100ms"]).exits(1).prints("");
    assert!(
        run.talk().ends_with(
            "error: AWS has not finished in time; what was begun goes on (timed-out)\n  Run \
             `stagedoor apply` again to complete it.\n"
        ),
        "{}",
        run.talk()
    );
    world.cloud.advance(std::time::Duration::from_hours(1));
    world.apply(&[]).exits(0).prints(
        "0 changes made.\n\nLeft alone: 3 in-agreement.\nNothing to do: AWS agrees with the map.\n",
    );
    assert_eq!(world.cloud.changes(), ["CreateUserProfile"; 3]);
}

#[test]
fn drift_of_role_and_tags_is_corrected() {
    let drifted = settled().replace("CostCenter: \"42\", ", "CostCenter: \"7\", ").replace(
        "name: ben--demand, execution_role: \"arn:aws:iam::111122223333:role/studio-demand\"",
        "name: ben--demand, execution_role: \"arn:aws:iam::111122223333:role/studio-fraud\"",
    );
    let world = World::new(&drifted, MAP);
    let run = world.apply(&[]).exits(0);
    assert_eq!(
        run.sorted_talk(),
        ["  ana--fraud in research: updated", "  ben--demand in research: updated"]
    );
    let profiles = world.cloud.profiles(RESEARCH);
    assert_eq!(brief(&profiles)[2], ("ben--demand", "InService", "studio-demand"));
    assert_eq!(world.cloud.profile("ana--fraud").tags["CostCenter"], "42");
    world.assert_settled();
}

#[test]
fn what_waits_for_apps_is_not_called_agreement() {
    let drifted = settled().replace("role/studio-demand", "role/studio-default");
    let apps = "apps: [{ domain: d-research, profile: ben--demand, type: JupyterServer, \
                instance_type: system }]\n";
    let map = format!("{MAP}rollout: {{ running_apps: wait }}\n");
    let world = World::new(&format!("{drifted}{apps}"), &map);
    let waits = "Nothing to do now: 1 profile waits until no app of theirs runs.\n";
    let run = world.apply(&[]).exits(0);
    assert!(run.stdout.ends_with(waits), "{}", run.stdout);
    let run = world.run(&["plan"]).exits(0);
    assert!(run.stdout.ends_with(waits), "{}", run.stdout);
    let run = world.run(&["drift"]).exits(2);
    let told = "\n1 difference: `stagedoor apply` corrects 0, 1 waits for apps to stop or for the canary \
                team, 0 for you to look at.\n";
    assert!(run.stdout.contains(told), "{}", run.stdout);
    let run = world.run(&["sync", "--person", "ben"]).exits(0);
    assert!(run.stdout.ends_with(waits), "{}", run.stdout);
}

#[test]
fn drift_says_what_the_guard_refuses() {
    let guarded = MAP.replace("max_removals: 5", "max_removals: 0");
    let world = World::new(&format!("{}{}", settled(), owned("cleo", "fraud", "")), &guarded);
    let run = world.run(&["drift"]).exits(2);
    let told = "The guard refuses that: 1 would go, of 4 profiles at most 0 at a time. If this is meant, \
                run `stagedoor apply --allow-removals 1`.\n";
    assert!(run.stdout.contains(told), "{}", run.stdout);
}

#[test]
fn what_the_guard_refused_and_who_overrode_it_stand_in_the_log() {
    let guarded = MAP.replace("max_removals: 5", "max_removals: 0");
    let world = World::new(&format!("{}{}", settled(), owned("cleo", "fraud", "")), &guarded);
    let as_alice = |more: &[&str]| {
        let mut command = world.command(&[&["apply", "--poll", "20ms"], more].concat());
        command.env("USER", "alice");
        crate::process::run(command)
    };
    let entries = |event: &str| {
        let mut found = world.audit();
        found.retain(|entry| entry.event == event);
        found
    };
    as_alice(&[]).exits(4);
    let [refused] = entries("plan-refused").try_into().unwrap();
    assert_eq!(
        (refused.code.as_str(), refused.actor.to_string().as_str()),
        ("guard-tripped", "cli:alice")
    );
    assert_eq!(entries("removals-approved"), []);
    as_alice(&["--allow-removals", "1"]).exits(0);
    let [approved] = entries("removals-approved").try_into().unwrap();
    assert_eq!(approved.actor.to_string(), "cli:alice");
    let detail = |name: &str| approved.details[name].as_str();
    assert_eq!((detail("number"), detail("limit"), detail("removals").len()), ("1", "0", 64));
    assert_eq!(entries("plan-refused").len(), 1);
    // What the guard lets through needs nobody's word.
    as_alice(&["--allow-removals", "1"]).exits(0);
    assert_eq!(entries("removals-approved").len(), 1);
}

#[test]
fn what_is_not_stagedoors_is_never_touched() {
    let foreign = "  - { domain: d-research, name: by-hand, tags: { owner: it } }\n  \
        - { domain: d-research, name: elsewhere, tags: { \"stagedoor:instance\": other, \
        \"stagedoor:person\": nobody, \"stagedoor:team\": fraud } }\n  \
        - { domain: d-research, name: half-tagged, tags: { \"stagedoor:instance\": tests } }\n";
    let seed = format!(
        "{SEED}{FAST}profiles:\n{foreign}{}\
         spaces: [{{ domain: d-research, name: notes, owner: by-hand }}]\n\
         apps: [{{ domain: d-research, space: notes, type: JupyterLab }}]\n",
        owned("cleo", "fraud", "")
    );
    let world = World::new(&seed, MAP);
    let of_others = || -> Vec<_> {
        let all = world.cloud.profiles(RESEARCH).into_iter();
        all.filter(|p| !p.name.contains("--")).collect()
    };
    let (profiles, spaces, apps) = (of_others(), world.cloud.spaces(), world.cloud.apps());
    assert_eq!(profiles.len(), 3);
    // Cleo's profile goes, three others come.
    world.apply(&[]).exits(0);
    assert_eq!(world.cloud.names().len(), 6);
    assert_eq!(of_others(), profiles);
    assert_eq!(world.cloud.spaces(), spaces);
    assert_eq!(world.cloud.apps(), apps);
}

/// It failed every run of the weeks in which teams are enforced one by one.
#[test]
fn what_needs_attention_in_teams_that_are_not_enforced_fails_no_run() {
    let seed = SEED.replace("  - { name: studio-demand }\n", "");
    let foreign = "  - { domain: d-research, name: ana--fraud, tags: { owner: it } }\n";
    let world = World::new(&format!("{seed}{FAST}profiles:\n{foreign}"), "");
    let enforcing = |teams: &str| {
        world.write("access.yaml", &format!("{MAP}rollout: {{ enforce: {teams} }}\n"));
    };
    enforcing("[]");
    let note = "note: 3 things need attention before the map enforces the teams that \
                `rollout.enforce` leaves out\n";
    for command in [&["apply"] as &[&str], &["sync"]] {
        let run = world.run(command).exits(0);
        assert!(run.stdout.contains("NEEDS ATTENTION\n  ! Ana Diaz"), "{}", run.stdout);
        assert!(run.talk().ends_with(note), "{}", run.stderr);
        assert!(!run.talk().contains("error: "), "{}", run.stderr);
    }
    world.run(&["plan"]).exits(0).says(&["note: the role ", "studio-demand does not exist"]);
    enforcing("[fraud]");
    let failed = "error: not all of the map could be carried out: 1 thing needs attention";
    world.apply(&[]).exits(1).says(&["note: 2 things need attention", failed]);
    enforcing("[demand]");
    world.run(&["plan"]).exits(1).says(&["error: the role "]);
    world.apply(&[]).exits(1);
    assert_eq!(world.cloud.changes(), [""; 0]);
}
