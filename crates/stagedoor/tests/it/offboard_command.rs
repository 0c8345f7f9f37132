//! `stagedoor offboard`, `restore`, `receipt` and `policy deny-person`.

use crate::process::Run;
use crate::world::{ANA, MAP, World, settled};
use serde_json::{Value, json};

const LEAVING: &str = "stagedoor:leaving-since";

/// Ana works in fraud: a space of her own with an app in it, and an app of her profile.
const WORK: &str = "\
spaces: [{ domain: d-research, name: ana-lab, owner: ana--fraud, volume_gb: 5 }]
apps:
  - { domain: d-research, space: ana-lab, type: JupyterLab, instance_type: ml.t3.medium }
  - { domain: d-research, profile: ana--fraud, type: JupyterServer, instance_type: system }
";

fn at_work(hold: &str) -> World {
    let map = MAP.replace("hold: 0d", &format!("hold: {hold}"));
    World::new(&format!("{}{WORK}", settled()), &map)
}

impl World {
    /// `stagedoor offboard` without asking, looking often.
    fn offboard(&self, more: &[&str]) -> Run {
        let args =
            ["offboard", "ana", "--yes", "--by", "root", "--poll", "20ms", "--timeout", "30s"];
        self.run(&[&args, more].concat())
    }

    fn restore(&self, more: &[&str]) -> Run {
        let args = ["restore", "ana", "--by", "eva", "--poll", "20ms", "--timeout", "30s"];
        self.run(&[&args, more].concat())
    }

    fn look(&self, args: &[&str]) -> Value {
        self.run(&[args, &["--output", "json"]].concat()).exits(0).json()
    }
}

/// Text in which times are the word TIME and hours the word HOURS.
fn timeless(text: &str) -> String {
    let ends = [' ', '\n', ',', ';', ':'];
    let words = text.split_inclusive([' ', '\n', ',', ';']).map(|word| {
        let bare = word.trim_end_matches(ends);
        let is_hours = bare.contains('.') && bare.parse::<f64>().is_ok();
        let shown = match bare.parse::<jiff::Timestamp>() {
            Ok(_) => "TIME",
            Err(_) if is_hours => "HOURS",
            Err(_) => bare,
        };
        let end = word.strip_prefix(bare).unwrap_or_default();
        format!("{shown}{end}")
    });
    words.collect()
}

#[test]
fn a_dry_run_tells_what_is_lost_and_changes_nothing() {
    let world = at_work("7d").without_store();
    let home = |name: &str| world.cloud.profile(name).home_uid;
    let run = world.run(&["offboard", "ana", "--dry-run"]).exits(2);
    let hours = "running for HOURS h";
    assert_eq!(
        timeless(&run.stdout),
        format!(
            "Ana Diaz (ana) loses all teams and may not sign in:\n  \
             - demand  profile ana--demand in research\n    \
             the profile: deleted when 7 d of hold are over\n    \
             home directory: kept, uid {demand} on {fs}\n  \
             - fraud  profile ana--fraud in research\n    \
             stops JupyterLab/default of space ana-lab, ml.t3.medium, {hours}\n    \
             stops JupyterServer/default, system, {hours}\n    \
             space ana-lab with a volume of 5 GiB: deleted when 7 d of hold are over\n    \
             the profile: deleted when 7 d of hold are over\n    \
             home directory: kept, uid {fraud} on {fs}\n",
            demand = home("ana--demand"),
            fraud = home("ana--fraud"),
            fs = file_system(&world),
        )
    );
    assert_eq!(
        run.talk(),
        "note: there is no store at stagedoor.db, so this knows of no freeze, of nobody whom an admin \
         offboarded and of nobody who has access for a time (--store names another)\n\
         The directory still grants it. Remove the person there too; otherwise access returns with \
         `stagedoor restore ana`, and with the loss of the store.\n  \
         group `ml-demand` grants demand (access.yaml:26)\n  \
         group `ml-fraud` grants fraud (access.yaml:25)\n"
    );
    assert_eq!(world.cloud.changes(), [""; 0]);
    assert!(!world.path("stagedoor.db").exists());
}

/// The file system of `d-research`.
fn file_system(world: &World) -> String {
    let domain = world.cloud.sagemaker("DescribeDomain", &json!({"DomainId": "d-research"}));
    domain["HomeEfsFileSystemId"].as_str().unwrap().to_owned()
}

#[test]
fn offboard_denies_stops_and_holds_then_deletes_without_the_hold() {
    let world = at_work("7d");
    let home = world.cloud.profile("ana--fraud").home_uid;
    let run = world.offboard(&["--reason", "left the company"]).exits(0);
    run.says(&["Signing in is denied; 0 sessions ended.\n", "still grants it"]);
    assert_eq!(world.cloud.apps(), []);
    assert_eq!(world.cloud.names(), ["ana--demand", "ana--fraud", "ben--demand"]);
    let tags = world.cloud.profile("ana--fraud").tags;
    assert!(tags.contains_key(LEAVING));
    // Groups still give her both teams; nothing gives them back.
    world.assert_settled();

    let status = world.run(&["offboard", "ana", "--status"]).exits(0);
    assert_eq!(
        timeless(&status.stdout),
        format!(
            "Ana Diaz (ana): offboarded since TIME\n  \
             ana--demand in research (demand)  on hold until TIME, leaving since TIME\n  \
             ana--fraud in research (fraud)  on hold until TIME, leaving since TIME\n"
        )
    );

    world.offboard(&["--now"]).exits(0);
    assert_eq!(world.cloud.names(), ["ben--demand"]);
    assert_eq!(world.cloud.spaces(), []);
    let receipt = world.run(&["receipt", "ana"]).exits(0);
    let fs = file_system(&world);
    let told = timeless(&receipt.stdout);
    for line in [
        "all teams and signing in  since TIME by root: left the company",
        "ana--fraud in research  offboarded, leaving since TIME",
        "stopped JupyterLab/default of space ana-lab, ml.t3.medium, which ran since TIME, at TIME",
        "deleted space ana-lab with a volume of 5 GiB at TIME",
        "deleted the profile at TIME",
        "sign-in TIME: refused by the door, whatever groups say",
        "jobs and endpoints that the person started: they go on",
        &format!("home directory of ana--fraud: uid {home} on file system {fs}"),
        "ml.t3.medium  HOURS h",
    ] {
        assert!(told.contains(line), "no {line:?} in\n{told}");
    }
    // Each deletion is asked for and written down once.
    let json = world.look(&["receipt", "ana"]);
    let [demand, fraud] = [0, 1].map(|i| &json["receipt"]["profiles"][i]);
    assert_eq!(
        (&demand["profile"], &fraud["profile"]),
        (&json!("ana--demand"), &json!("ana--fraud"))
    );
    assert_eq!(fraud["apps"].as_array().unwrap().len(), 2);
    assert_eq!(fraud["spaces"].as_array().unwrap().len(), 1);
    assert_eq!(fraud["kept"], json!([]));
    assert_eq!(fraud["home"], json!({"uid": home, "fileSystem": fs}));
}

#[test]
fn of_one_team_the_others_stay() {
    let world = at_work("0d");
    world.offboard(&["--team", "fraud"]).exits(0);
    assert_eq!(world.cloud.names(), ["ana--demand", "ben--demand"]);
    world.assert_settled();
    let refused = world.restore(&["--team", "fraudd"]).exits(3);
    refused.says(&["the map has no team `fraudd`. Did you mean `fraud`?"]);
    world.restore(&["--team", "fraud"]).exits(0);
    assert_eq!(world.cloud.names(), ["ana--demand", "ana--fraud", "ben--demand"]);
}

#[test]
fn restore_during_the_hold_brings_everything_back_as_it_was() {
    let world = at_work("7d");
    let before = world.cloud.profile("ana--fraud");
    world.offboard(&[]).exits(0);
    let plan = world.restore(&["--dry-run"]).exits(2);
    assert_eq!(
        timeless(&plan.stdout),
        "Ana Diaz (ana): offboarding from all teams since TIME would end.\n  \
         ana--demand in research: would come back as it was\n  \
         ana--fraud in research: would come back as it was\n"
    );
    let run = world.restore(&[]).exits(0);
    assert_eq!(
        timeless(&run.stdout),
        "Ana Diaz (ana): offboarding from all teams since TIME ended.\n  \
         ana--demand in research: back as it was, with its home directory\n  \
         ana--fraud in research: back as it was, with its home directory\n"
    );
    assert_eq!(world.cloud.profile("ana--fraud"), before);
    assert_eq!(world.cloud.spaces().len(), 1);
    world.assert_settled();
    let again = world.restore(&[]).exits(0);
    let says = "Ana Diaz (ana) is not offboarded by command; the directory decides.\n";
    assert_eq!(again.stdout, says);
    let receipt = world.look(&["receipt", "ana"]);
    assert!(receipt["receipt"]["departures"][0]["until"].is_string());
    assert!(receipt["receipt"]["profiles"][1]["returned"].is_string());
    assert_eq!(receipt["receipt"]["revocation"], json!([]));
}

#[test]
fn restore_calls_nothing_back_that_stays_on_hold() {
    let world = at_work("7d");
    world.offboard(&["--team", "fraud"]).exits(0);
    // She has demand, and fraud is still barred: there is nothing of demand to bring back.
    let run = world.restore(&["--team", "demand"]).exits(0);
    assert_eq!(run.stdout, "Ana Diaz (ana) is not offboarded by command; the directory decides.\n");
    world.cloud.leave("ana", "ml-fraud");
    let run = world.restore(&["--team", "fraud"]).exits(0);
    assert_eq!(
        timeless(&run.stdout),
        "Ana Diaz (ana): offboarding from team fraud since TIME ended.\n\
         No group gives this person team fraud. Add them to one in the directory.\n  \
         ana--fraud in research: on hold until TIME; no group gives this person team fraud\n"
    );
    let restored = world.restore(&["--output", "json"]).exits(0).json();
    let profile = &restored["profiles"][0];
    assert_eq!((&profile["profile"], &profile["asItWas"]), (&json!("ana--fraud"), &json!(false)));
    assert_eq!(profile["standing"]["state"], "on-hold", "{profile}");
    world.offboard(&["--team", "fraud"]).exits(0);
    let run = world.restore(&["--team", "demand"]).exits(0);
    assert!(!run.stdout.contains("ana--fraud"), "{}", run.stdout);
    let told = world.run(&["receipt", "ana"]).exits(0).stdout;
    assert!(told.contains("\n  opening the teams named above "), "{told}");
    assert!(!told.contains("sign-in"), "{told}");
}

#[test]
fn restore_after_the_profile_is_gone_tells_the_home_to_copy_from() {
    let world = at_work("0d");
    let old = world.cloud.profile("ana--fraud").home_uid;
    world.offboard(&[]).exits(0);
    assert_eq!(world.cloud.names(), ["ben--demand"]);
    let run = world.restore(&[]).exits(0);
    let new = world.cloud.profile("ana--fraud").home_uid;
    assert_ne!(old, new);
    let line = format!(
        "  ana--fraud in research: it is gone and was made anew. Its home directory is a new one \
         (uid {new}); copy the work from the one of before, uid {old} on file system {}.\n",
        file_system(&world)
    );
    assert!(run.stdout.contains(&line), "{line}\n{}", run.stdout);
}

#[test]
fn who_left_the_directory_too_is_found_and_not_brought_back() {
    let world = at_work("0d");
    world.offboard(&[]).exits(0);
    let gone = json!({"IdentityStoreId": crate::cloud::STORE, "UserId": ANA});
    world.cloud.directory("DeleteUser", &gone);
    let receipt = world.run(&["receipt", "ana"]).exits(0);
    assert!(receipt.stdout.starts_with("Receipt for ana, as of "), "{}", receipt.stdout);
    let run = world.restore(&[]).exits(0);
    assert!(run.stdout.contains("No group gives this person a team."), "{}", run.stdout);
    assert!(run.stdout.contains("it is gone. Its home directory is kept: uid "), "{}", run.stdout);
    assert_eq!(world.cloud.names(), ["ben--demand"]);
    // Forgotten by the command, and still known by the audit log.
    world.run(&["receipt", ANA]).exits(0);
    world.run(&["receipt", "ana"]).exits(3).says(&["knows nobody called `ana`"]);
}

#[test]
fn nobody_is_offboarded_unasked_or_by_a_wrong_name() {
    let world = at_work("7d");
    let unasked = world.run(&["offboard", "ana"]).exits(3);
    unasked.says(&[
        "nothing was changed: nobody is there to be asked; say --yes",
        "(confirmation-needed)",
    ]);
    let run = world.run(&["offboard", "anna", "--yes"]).exits(3);
    run.says(&[
        "the directory knows nobody called `anna`. Did you mean `ana`?",
        "(person-unknown)",
    ]);
    let run = world.run(&["offboard", "ana", "--yes", "--team", "fruad"]).exits(3);
    run.says(&["the map has no team `fruad`. Did you mean `fraud`?"]);
    world.run(&["offboard", "ana", "--yes", "--reason", " "]).exits(3).says(&["must not be empty"]);
    world.run(&["offboard", "ana", "--status", "--now"]).exits(3);
    assert_eq!(world.cloud.changes(), [""; 0]);
    assert_eq!(world.look(&["offboard", "ana", "--status"])["departures"], json!([]));
}

#[test]
fn everything_is_a_document_for_programs_too() {
    let world = at_work("7d");
    let plan = world.run(&["offboard", "ana", "--dry-run", "--output", "json"]).exits(2).json();
    assert_eq!(plan["kind"], "OffboardingPlan");
    assert_eq!(plan["person"], json!({"id": ANA, "userName": "ana", "displayName": "Ana Diaz"}));
    let lost = &plan["loses"][1];
    assert_eq!(lost["apps"][0]["instanceType"], "ml.t3.medium");
    assert_eq!(lost["spaces"], json!([{"space": "ana-lab", "shared": false, "volumeGib": 5}]));
    assert_eq!(plan["stillGranted"][1]["because"]["groupName"], "ml-fraud");

    let done = world.offboard(&["--output", "json"]).exits(0).json();
    assert_eq!((&done["kind"], &done["sessionsEnded"]), (&json!("Offboarding"), &json!(0)));
    let departure = &done["departure"];
    let expected = json!({
        "person": ANA, "userName": "ana", "team": null, "since": departure["since"],
        "by": "root", "why": departure["why"], "hold": "as-mapped",
    });
    assert_eq!(*departure, expected);
    assert_eq!(done["profiles"][1]["state"], "on-hold");
    assert_eq!(done["blocked"], json!([]));
    let methods: Vec<&Value> =
        done["receipt"]["revocation"].as_array().unwrap().iter().map(|r| &r["method"]).collect();
    assert_eq!(methods, ["denied-by-command", "apps-deleted", "ended-with-apps", "not-revoked"]);

    let status = world.look(&["offboard", "ana", "--status"]);
    assert_eq!(status["kind"], "OffboardingStatus");
    assert_eq!(status["departures"], json!([departure]));
    let restored = world.restore(&["--output", "json"]).exits(0).json();
    assert_eq!(
        (&restored["kind"], &restored["ended"]),
        (&json!("Restoration"), &json!([departure]))
    );
    assert_eq!(restored["profiles"][1]["asItWas"], json!(true));
    assert_eq!(world.look(&["receipt", "ana"])["kind"], "Receipt");
}

#[test]
fn the_loop_keeps_out_whom_the_command_put_out() {
    let world = at_work("0d");
    world.offboard(&[]).exits(0);
    // Another wake-up and a full pass find her in both groups, and give her nothing.
    world.apply(&[]).exits(0);
    assert_eq!(world.cloud.names(), ["ben--demand"]);
    // A store that is lost forgets the command: the directory is the truth.
    world.run(&["store", "create", "another.db"]).exits(0);
    world.apply(&["--store", "another.db"]).exits(0);
    assert_eq!(world.cloud.names(), ["ana--demand", "ana--fraud", "ben--demand"]);
}

#[test]
fn a_policy_denies_one_person_by_the_profiles_name() {
    let world = at_work("0d");
    let run = world.run(&["policy", "deny-person", "ana", "--team", "fraud"]).exits(0);
    let expected = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "StagedoorDenyPerson",
            "Effect": "Deny",
            "Action": "*",
            "Resource": "*",
            "Condition": {"StringEqualsIgnoreCase": {"aws:SourceIdentity": "ana--fraud"}},
        }],
    });
    assert_eq!(run.json(), expected);
    assert_eq!(
        run.talk(),
        "Attach it as an inline policy to:\n  \
         arn:aws:iam::111122223333:role/studio-fraud\n\
         It takes effect at once, also on sessions that exist, and only where\n  \
         - the domain's ExecutionRoleIdentityConfig is USER_PROFILE_NAME (changing it needs all \
         apps of the domain stopped), and\n  \
         - the role's trust policy and its permissions allow sts:SetSourceIdentity, and so do those \
         of every role that it goes on to assume.\n\
         Apps that were started before that have no source identity: stop them. Remove the policy \
         when the person comes back.\n"
    );
    // Also of a profile that is gone: what it started goes on.
    world.offboard(&[]).exits(0);
    let document = world.look(&["policy", "deny-person", "ana", "--team", "fraud"]);
    assert_eq!(document["policy"], expected);
    let run = world.run(&["policy", "deny-person", "cleo", "--team", "fraud"]).exits(3);
    run.says(&["has no profile for team fraud, and the audit log tells of none"]);
}
