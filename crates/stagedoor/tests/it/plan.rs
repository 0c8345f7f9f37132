//! `stagedoor plan`: who gains, who changes, who loses, and what is left alone.

use crate::cloud::RESEARCH;
use crate::world::{ANA, FAST, MAP, SEED, World, owned, settled};
use serde_json::json;

#[test]
fn a_plan_names_the_people_who_gain_and_changes_nothing() {
    let world = World::new(&format!("{SEED}{FAST}"), MAP).without_store();
    world.run(&["plan"]).exits(2).prints(
        "GAINS\n  + Ana Diaz (ana) → demand  role studio-demand\n    profile ana--demand in domain \
         research\n    because group `ml-demand`, access.yaml:26\n  + Ben Okafor (ben) → demand  role \
         studio-demand\n    profile ben--demand in domain research\n    because group `ml-demand`, \
         access.yaml:26\n  + Ana Diaz (ana) → fraud  role studio-fraud\n    profile ana--fraud in \
         domain research\n    because group `ml-fraud`, access.yaml:25\n\n\
         3 to gain, 0 to change, 0 to lose. Run `stagedoor apply` to make it so.\n",
    );
    assert_eq!(world.cloud.changes(), [""; 0]);
    assert!(!world.path("stagedoor.db").exists());
}

#[test]
fn a_plan_as_json_is_a_document_for_programs() {
    let world = World::new(&format!("{SEED}{FAST}"), MAP);
    let plan = world.run(&["plan", "--output", "json"]).exits(2).json();
    assert_eq!(plan["apiVersion"], "stagedoor/v1");
    assert_eq!(plan["kind"], "Plan");
    assert_eq!(
        plan["summary"],
        json!({"gain": 3, "change": 0, "lose": 0, "owned": 0, "newRemovals": 0, "guardLimit": 1})
    );
    assert_eq!(plan["kept"], json!([]));
    assert_eq!(plan["grants"], json!([]));
    assert_eq!(plan["actions"].as_array().unwrap().len(), 3);
    let fraud = &plan["actions"][2];
    assert_eq!(
        *fraud,
        json!({
            "domain": "research",
            "profile": "ana--fraud",
            "person": ANA,
            "personName": "Ana Diaz (ana)",
            "team": "fraud",
            "step": {
                "step": "create",
                "executionRole": "arn:aws:iam::111122223333:role/studio-fraud",
                "ssoUser": null,
                "userSettings": {},
                "tags": {
                    "CostCenter": "42",
                    "stagedoor:instance": "tests",
                    "stagedoor:person": ANA,
                    "stagedoor:team": "fraud",
                },
            },
            "reason": "entitled",
            "because": {
                "group": world.cloud.group_id("ml-fraud"),
                "groupName": "ml-fraud",
                "grant": {"file": "access.yaml", "line": 25, "column": 5},
            },
        })
    );
}

#[test]
fn nothing_to_do_is_exit_code_0() {
    let world = World::new(&settled(), MAP);
    world
        .run(&["plan"])
        .exits(0)
        .prints("Left alone: 3 in-agreement.\nNothing to do: AWS agrees with the map.\n");
    let plan = world.run(&["plan", "--output", "json"]).exits(0).json();
    assert_eq!(plan["actions"], json!([]));
    assert_eq!(plan["summary"]["owned"], 3);
}

#[test]
fn what_is_left_alone_is_listed_when_asked() {
    let world = World::new(&settled(), MAP);
    world.run(&["plan", "--all"]).exits(0).prints(
        "LEFT ALONE\n  \
         = Ana Diaz (ana) · demand · profile ana--demand · domain research  in-agreement: The profile \
         already is as the map wants it\n  \
         = Ben Okafor (ben) · demand · profile ben--demand · domain research  in-agreement: The profile \
         already is as the map wants it\n  \
         = Ana Diaz (ana) · fraud · profile ana--fraud · domain research  in-agreement: The profile \
         already is as the map wants it\n\n\
         Left alone: 3 in-agreement.\nNothing to do: AWS agrees with the map.\n",
    );
}

#[test]
fn another_role_or_missing_tags_are_shown_as_changes() {
    let drifted = settled()
        .replacen("execution_role: \"arn:aws:iam::111122223333:role/studio-fraud\", ", "", 1)
        .replace("CostCenter: \"42\", ", "CostCenter: \"7\", ")
        .replace(
            "name: ben--demand, execution_role: \"arn:aws:iam::111122223333:role/studio-demand\"",
            "name: ben--demand, execution_role: \"arn:aws:iam::111122223333:role/studio-fraud\"",
        );
    let world = World::new(&drifted, MAP);
    world.run(&["plan"]).exits(2).prints(
        "CHANGES\n  \
         ~ Ben Okafor (ben) · demand  role studio-fraud → studio-demand (role-drift)\n    \
         profile ben--demand in domain research\n    because group `ml-demand`, access.yaml:26\n  \
         ~ Ana Diaz (ana) · fraud  role none of its own → studio-fraud, tags CostCenter (role-drift)\n    \
         profile ana--fraud in domain research\n    because group `ml-fraud`, \
         access.yaml:25\n\n\
         Left alone: 1 in-agreement.\n\
         0 to gain, 2 to change, 0 to lose. Run `stagedoor apply` to make it so.\n",
    );
}

#[test]
fn tags_alone_are_a_change_too() {
    let world = World::new(&settled().replace("CostCenter: \"42\", ", "CostCenter: \"7\", "), MAP);
    world.run(&["plan"]).exits(2).prints(
        "CHANGES\n  ~ Ana Diaz (ana) · fraud  tags CostCenter (tag-drift)\n    \
         profile ana--fraud in domain research\n    because group `ml-fraud`, access.yaml:25\n\n\
         Left alone: 2 in-agreement.\n\
         0 to gain, 1 to change, 0 to lose. Run `stagedoor apply` to make it so.\n",
    );
}

#[test]
fn a_removal_shows_what_the_person_loses() {
    let seed = format!(
        "{}{}",
        settled(),
        "spaces: [{ domain: d-research, name: ana-lab, owner: ana--fraud }]\n\
         apps:\n\
         - { domain: d-research, space: ana-lab, type: JupyterLab }\n\
         - { domain: d-research, profile: ana--fraud, type: JupyterServer }\n"
    );
    let world = World::new(&seed, MAP);
    world.cloud.leave("ana", "ml-fraud");
    let uid = world.cloud.profile("ana--fraud").home_uid;
    world.run(&["plan"]).exits(2).prints(&format!(
        "LOSES\n  - Ana Diaz (ana) ← fraud  entitlement-lost: No grant gives the person this team any \
         longer\n    profile ana--fraud in domain research\n    stops JupyterServer/default, \
         ana-lab/JupyterLab/default; deletes space ana-lab with its volume; home directory stays \
         (uid {uid})\n\nLeft alone: 2 in-agreement.\n\
         0 to gain, 0 to change, 1 to lose. Run `stagedoor apply` to make it so.\n"
    ));
}

#[test]
fn with_a_hold_the_plan_says_for_how_long() {
    let world = World::new(&settled(), &MAP.replace("hold: 0d", "hold: 36h"));
    world.cloud.leave("ben", "ml-demand");
    let uid = world.cloud.profile("ben--demand").home_uid;
    world.run(&["plan"]).exits(2).prints(&format!(
        "LOSES\n  - Ben Okafor (ben) ← demand  entitlement-lost: No grant gives the person this team any \
         longer\n    profile ben--demand in domain research\n    on hold for 1 d 12 h, no app of \
         theirs runs; home directory stays (uid {uid})\n\nLeft alone: 2 in-agreement.\n\
         0 to gain, 0 to change, 1 to lose. Run `stagedoor apply` to make it so.\n"
    ));
}

#[test]
fn a_group_that_is_not_there_is_noted_with_the_line_of_its_grant() {
    let map = MAP.replace("group: ml-demand", "group: ml-demnad");
    let world = World::new(&format!("{SEED}{FAST}"), &map);
    world.run(&["plan"]).exits(2).prints(
        "GAINS\n  + Ana Diaz (ana) → fraud  role studio-fraud\n    profile ana--fraud in domain \
         research\n    because group `ml-fraud`, access.yaml:25\n\n\
         GRANTS\n  ! group `ml-demnad`  group-missing: A grant names a group that the directory \
         does not have, access.yaml:26\n\n\
         1 to gain, 0 to change, 0 to lose. Run `stagedoor apply` to make it so.\n",
    );
    world.run(&["drift"]).exits(2).prints(
        "group-missing  A grant names a group that the directory does not have\n  \
         ! group `ml-demnad`, access.yaml:26\n\n\
         1 difference: `stagedoor apply` corrects 0, 1 for you to look at.\n",
    );
}

#[test]
fn a_role_that_is_missing_or_not_trusted_needs_attention() {
    let seed = SEED.replace("  - { name: studio-demand }\n", "").replace(
        "{ name: studio-fraud }",
        "{ name: studio-fraud, trust: { account: \"111122223333\" } }",
    );
    let world = World::new(&format!("{seed}{FAST}"), MAP);
    let plan = world.run(&["plan"]).exits(1).prints(
        "NEEDS ATTENTION\n  \
         ! Ana Diaz (ana) · demand · profile ana--demand · domain research  role-missing: The team's \
         execution role does not exist: arn:aws:iam::111122223333:role/studio-demand\n  \
         ! Ben Okafor (ben) · demand · profile ben--demand · domain research  role-missing: The team's \
         execution role does not exist: arn:aws:iam::111122223333:role/studio-demand\n  \
         ! Ana Diaz (ana) · fraud · profile ana--fraud · domain research  role-untrusted: The execution \
         role's trust policy does not let SageMaker assume it: \
         arn:aws:iam::111122223333:role/studio-fraud\n\n\
         Nothing to do, but see what needs attention.\n",
    );
    assert_eq!(
        plan.talk(),
        "error: the role arn:aws:iam::111122223333:role/studio-demand does not exist; it keeps back \
         2 profiles (role-missing)\n  Make it, or correct `execution_role` in the map.\n\
         error: the role arn:aws:iam::111122223333:role/studio-fraud does not let SageMaker assume \
         it; it keeps back 1 profile (role-untrusted)\n  \
         Let its trust policy allow sts:AssumeRole to sagemaker.amazonaws.com.\n"
    );
    // It is not done, so `apply` fails, and has changed nothing.
    let said = world.apply(&[]).exits(1).talk();
    assert!(said.starts_with("error: the role "), "{said}");
    assert_eq!(world.cloud.profiles(RESEARCH), []);
}

#[test]
fn a_foreign_profile_with_the_name_is_never_taken_over() {
    let seed = format!(
        "{SEED}{FAST}profiles:\n  - {{ domain: d-research, name: ANA--fraud, tags: {{ owner: it }} }}\n"
    );
    let world = World::new(&seed, MAP);
    let before = world.cloud.profile("ANA--fraud");
    let plan = world.run(&["plan"]).exits(2);
    assert!(
        plan.stdout.contains(
            "NEEDS ATTENTION\n  ! Ana Diaz (ana) · fraud · profile ANA--fraud · domain research  \
             name-taken: A profile that is not Stagedoor's has the name: it is not Stagedoor's; the \
             map can adopt it: { domain: research, profile: ANA--fraud, person: \"ana\", team: fraud }\n"
        ),
        "{}",
        plan.stdout
    );
    world.apply(&[]).exits(1);
    assert_eq!(world.cloud.names(), ["ana--demand", "ANA--fraud", "ben--demand"]);
    assert_eq!(world.cloud.profile("ANA--fraud"), before);
}

#[test]
fn a_person_whom_a_foreign_profile_of_an_sso_domain_signs_in_waits_for_an_admin() {
    let seed = format!(
        "{}profiles:\n{}",
        format!("{SEED}{FAST}").replace("{ id: d-research,", "{ id: d-research, auth_mode: SSO,"),
        "  - { domain: d-research, name: ana-sso, sso_user: ana }\n"
    );
    let world = World::new(&seed, MAP);
    let before = world.cloud.profiles(RESEARCH);
    let plan = world.run(&["plan"]).exits(2);
    for part in [
        "+ group `ml-demand` → application of domain research\n",
        "+ Ben Okafor (ben) → demand  role studio-demand\n    profile ben in domain research\n",
        "! Ana Diaz (ana) · fraud · profile ana-sso · domain research  name-taken: ",
        "SIGN-IN\n  domain research: https://d-research.studio.eu-west-1.sagemaker.aws\n",
    ] {
        assert!(plan.stdout.contains(part), "no {part:?} in {}", plan.stdout);
    }
    world.apply(&[]).exits(1);
    assert_eq!(world.cloud.names(), ["ana-sso", "ben"]);
    assert_eq!(world.cloud.profile("ana-sso"), before[0]);
}

#[test]
fn the_same_facts_give_the_same_plan_byte_for_byte() {
    let seed = format!("{SEED}{FAST}profiles:\n{}", owned("cleo", "fraud", ""));
    let world = World::new(&seed, MAP);
    let [one, two] = [(); 2].map(|()| world.run(&["plan", "--all"]).exits(2).stdout);
    assert_eq!(one, two);
}
