//! A first map, from the command line to the first apply.

use crate::cloud::{ACCOUNT, RESEARCH, STORE};
use crate::world::World;
use std::fmt::Write as _;

const TEAMS: [(&str, &str); 4] =
    [("fraud", "ml-fraud"), ("churn", "ml-churn"), ("vision", "vision"), ("ops", "Platform Ops")];

/// A company: four roles, forty profiles with odd names, a leaver, an orphan, somebody without a
/// profile.
fn company() -> String {
    let mut seed = String::from(
        "timing: { fast: true }\nroles:\n  - { name: studio-default }\n  - { name: Locked, trust: \
         { account: \"444455556666\" } }\n",
    );
    for (team, _) in TEAMS {
        let _ = writeln!(seed, "  - {{ name: studio-{team} }}");
    }
    let _ = writeln!(
        seed,
        "domains:\n  - {{ id: d-research, name: research-studio-1, default_execution_role: \
         \"arn:aws:iam::{ACCOUNT}:role/studio-default\" }}\ndirectory:\n  identity_store_id: \
         {STORE}\n  users:\n    - {{ user_name: gone@example.com, enabled: false }}\n    - {{ \
         user_name: late.comer@example.com }}"
    );
    let mut groups = String::new();
    let mut profiles = format!(
        "  - {{ domain: d-research, name: gone, execution_role: \
         \"arn:aws:iam::{ACCOUNT}:role/studio-fraud\" }}\n  - {{ domain: d-research, name: \
         svc-reports, execution_role: \"arn:aws:iam::{ACCOUNT}:role/studio-ops\" }}\n  - {{ domain: \
         d-research, name: heir }}\n"
    );
    for (place, (team, group)) in TEAMS.iter().enumerate() {
        let mut members = Vec::new();
        for number in 0..10 {
            let user = format!("{}.{}{number}@example.com", ["ana", "ben"][number % 2], team);
            let letters = user.split_once('@').unwrap().0.replace('.', "-");
            let name = match number % 5 {
                0 => letters.clone(),
                1 => format!("{team}-{letters}"),
                2 => letters.to_uppercase(),
                3 => format!("{letters}-studio"),
                _ => format!("u-{place}{number}"),
            };
            let tags = match number % 5 {
                4 => format!("{{ studiouserid: {user}, CostCenter: \"{place}\" }}"),
                _ => format!("{{ CostCenter: \"{place}\" }}"),
            };
            let _ = writeln!(seed, "    - {{ user_name: {user} }}");
            let _ = writeln!(
                profiles,
                "  - {{ domain: d-research, name: {name}, execution_role: \
                 \"arn:aws:iam::{ACCOUNT}:role/studio-{team}\", tags: {tags}, settings: {{ \
                 SecurityGroups: [sg-{place}] }} }}"
            );
            members.push(user);
        }
        if *team == "fraud" {
            members.push("late.comer@example.com".to_owned());
        }
        let _ = writeln!(groups, "    - {{ name: {group}, members: [{}] }}", members.join(", "));
    }
    let _ = write!(seed, "  groups:\n{groups}profiles:\n{profiles}");
    seed
}

fn init(world: &World) -> crate::process::Run {
    world.run(&["init", "--from", "domain", "d-research", "--region", "eu-west-1"])
}

#[test]
fn a_company_gets_a_map_and_its_first_plan_has_nothing_to_do() {
    let world = World::bare(&company());
    let run = init(&world).exits(0);
    assert!(run.stdout.contains("The first plan: nothing to do.\n"), "{}", run.stdout);
    assert!(run.stdout.contains("40 profiles to take over as they are"), "{}", run.stdout);
    let text = world.read("access.yaml");
    for line in [
        "  churn:\n    domain: research-studio-1\n    execution_role: \"studio-{team}\"\n",
        "  - { group: \"ml-churn\", team: churn }  # 10 members, exactly those who have a profile\n",
        "  - { group: \"ml-fraud\", team: fraud }  # 10 of its 11 members have a profile\n",
        "  - { group: \"Platform Ops\", team: ops }  # 10 members, exactly those who have a profile\n",
    ] {
        assert!(text.contains(line), "{line}{text}");
    }
    assert_eq!(world.cloud.changes(), Vec::<&str>::new(), "nothing was changed");

    world.run(&["validate"]).exits(0);
    let plan = world.run(&["plan"]).exits(0);
    assert!(plan.stdout.contains("Nothing to do"), "{}", plan.stdout);
    assert!(plan.stdout.contains("40 adoptable"), "{}", plan.stdout);

    // One team: ten profiles are taken over by their tags alone, and one is made.
    let before = world.cloud.profiles(RESEARCH);
    world.write("access.yaml", &text.replace("enforce: []", "enforce: [churn]"));
    world.apply(&[]).exits(0);
    let after = world.cloud.profiles(RESEARCH);
    assert_eq!(before.len(), after.len());
    let changed: Vec<_> = before.iter().zip(&after).filter(|(a, b)| a != b).collect();
    assert_eq!(changed.len(), 10);
    for (was, is) in changed {
        assert_eq!((&was.name, &was.home_uid), (&is.name, &is.home_uid));
        assert_eq!(is.tags["stagedoor:team"], "churn");
    }
    assert_eq!(world.cloud.changes(), vec!["AddTags"; 10]);
    world.run(&["plan"]).exits(0);
}

/// What a persona needs besides of a domain whose volumes have a key of their own.
#[test]
fn the_key_of_the_domain_comes_into_the_map_and_into_the_roles_rendered_of_it() {
    let key = format!("arn:aws:kms:eu-west-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab");
    let seed = company();
    let seed =
        seed.replace("{ id: d-research,", &format!("{{ id: d-research, kms_key: \"{key}\","));
    let world = World::bare(&seed);
    init(&world).exits(0);
    let text = world.read("access.yaml");
    let keys = text.matches(&format!("kms_keys: {{ volumes: [\"{key}\"] }}")).count();
    assert_eq!((keys, text.matches("execution_role: ").count()), (5, 5));
    world.run(&["plan"]).exits(0);
    let persona =
        text.replace("    network: anywhere", "    persona: data-scientist\n    network: anywhere");
    world.write("access.yaml", &persona);
    let roles = world.run(&["policy", "render", "--only", "execution"]).exits(0).stdout;
    assert!(roles.contains("kms:CreateGrant") && roles.contains(&key), "{roles}");
}

#[test]
fn in_sso_mode_everybody_keeps_the_profile_that_studio_made() {
    let mut seed = format!(
        "timing: {{ fast: true }}\nroles:\n  - {{ name: analyst }}\n  - {{ name: lead }}\ndomains:\n  - {{ \
         id: d-research, auth_mode: SSO, assigned: [analysts], default_execution_role: \
         \"arn:aws:iam::{ACCOUNT}:role/analyst\" }}\ndirectory:\n  identity_store_id: {STORE}\n  \
         users:\n"
    );
    for user in ["ana", "ben", "cleo", "dora"] {
        let _ = writeln!(seed, "    - {{ user_name: {user} }}");
    }
    seed.push_str(
        "  groups:\n    - { name: analysts, members: [ana, ben, cleo, dora] }\n    - { name: leads, \
         members: [ana] }\nprofiles:\n",
    );
    for (user, role) in [("ana", "lead"), ("ben", "analyst"), ("cleo", "analyst")] {
        let _ = writeln!(
            seed,
            "  - {{ domain: d-research, name: {user}-x7, sso_user: {user}, execution_role: \
             \"arn:aws:iam::{ACCOUNT}:role/{role}\" }}"
        );
    }
    let world = World::bare(&seed);
    let run = world
        .run(&["init", "--from", "domain", "d-research@eu-west-1", "--output", "json"])
        .exits(0)
        .json();
    assert_eq!(run["kind"], "FirstMap");
    assert_eq!(run["summary"]["takenOver"], 3);
    assert_eq!(run["summary"]["nothingToDo"], true);
    assert_eq!(run["surprises"], serde_json::json!([]));
    let text = world.read("access.yaml");
    assert_eq!(run["map"], text);
    assert!(text.contains("{ group: \"leads\", team: lead, priority: 20 }"), "{text}");
    world.run(&["plan"]).exits(0);
}

#[test]
fn a_map_that_is_there_is_never_overwritten() {
    let world = World::bare(&company());
    world.write("access.yaml", "mine");
    let run = init(&world).exits(1).says(&["access.yaml is there already", "(file-exists)"]);
    assert_eq!(run.stdout, "");
    assert_eq!(world.read("access.yaml"), "mine");
    assert_eq!(world.cloud.calls("sagemaker:DescribeDomain"), 0);
    let dry = world.run(&[
        "init",
        "--from",
        "domain",
        "d-research",
        "--region",
        "eu-west-1",
        "--dry-run",
    ]);
    assert!(dry.exits(0).stdout.starts_with("# The access map, written by `stagedoor init`"));
    assert_eq!(world.read("access.yaml"), "mine");
}

#[test]
fn a_call_that_is_not_allowed_is_told_by_its_permission_and_nothing_is_written() {
    let seed = format!(
        "{}credentials:\n  - {{ access_key_id: AKIASTAGEDOOR, account: \"{ACCOUNT}\", denied: \
         [\"sagemaker:ListUserProfiles\"] }}\n",
        company()
    );
    let world = World::bare(&seed);
    init(&world).exits(1).says(&[
        "may not sagemaker:ListUserProfiles",
        "Allow sagemaker:ListUserProfiles to whoever",
    ]);
    assert!(!world.exists("access.yaml"));
}

#[test]
fn what_is_asked_for_wrongly_is_said() {
    let world = World::bare(&company());
    for (args, said) in [
        (
            vec!["init", "--from", "team", "x", "--region", "eu-west-1"],
            "--from knows `domain d-xxxx`",
        ),
        (vec!["init", "--from", "domain", "x", "--region", "eu-west-1"], "SageMaker domain id"),
        (
            vec![
                "init",
                "--from",
                "domain",
                "d-a",
                "--from",
                "domain",
                "d-a",
                "--region",
                "eu-west-1",
            ],
            "the domain d-a is named twice",
        ),
    ] {
        let run = world.run(&args);
        assert!(run.stderr.contains(said), "{args:?}: {}", run.stderr);
        assert_ne!(run.code, Some(0));
    }
    let gone = world.run(&["init", "--from", "domain", "d-gone", "--region", "eu-west-1"]).exits(1);
    assert!(!gone.stderr.contains("access map"), "{}", gone.stderr);
    gone.says(&[
        "the domain d-gone was not found in eu-west-1, in the own account",
        "Check the ids that the command line names, and --region",
    ]);
}

#[test]
fn without_domains_a_map_to_fill_in_is_written_and_valid() {
    let world = World::bare(&company());
    world.run(&["init"]).exits(0);
    world.run(&["validate"]).exits(0);
    world.run(&["init"]).exits(1).says(&["is there already"]);
}
