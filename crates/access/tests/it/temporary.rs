//! Temporary grants: entitlement, plan, guard, explanation.

use crate::support::{TEAMS, World, at, map, map_of, ours, person_id};
use access::check::Removals;
use access::entitlement::entitlements;
use access::explain::{Stage, Verdict, explain};
use access::ids::{GroupId, PersonId, TeamKey, TemporaryId};
use access::map::AdminRole;
use access::observed::{AuthMode, ObservedApplication};
use access::reason::ReasonCode;
use access::snapshot::{Coverage, Hold};
use access::temporary::{AfterNote, Ending, TemporaryGrant, TemporaryKind};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

fn team(key: &str) -> TeamKey {
    TeamKey::parse(key).unwrap()
}

fn grant(number: u64, who: &str, what: &str, from: &str, until: &str) -> TemporaryGrant {
    TemporaryGrant {
        id: TemporaryId::parse(format!("{number:012x}")).unwrap(),
        person: person_id(who),
        user_name: Some(who.to_owned()),
        team: team(what),
        from: at(from),
        until: at(until),
        kind: TemporaryKind::Grant,
        reason: "month-end".to_owned(),
        ticket: None,
        by: "root".to_owned(),
        approved_by: None,
        made: at(from),
        ended: None,
        note: None,
    }
}

const EIGHT: &str = "2026-11-21T08:00:00Z";
const TEN: &str = "2026-11-21T10:00:00Z";
const NOON: &str = "2026-11-21T12:00:00Z";
const FOUR: &str = "2026-11-21T16:00:00Z";

trait Given {
    fn given(self, grant: TemporaryGrant) -> Self;
}

impl Given for World {
    fn given(mut self, grant: TemporaryGrant) -> Self {
        self.snapshot.temporary.entry(grant.person.clone()).or_default().push(grant);
        self
    }
}

fn world() -> World {
    World::new(TEAMS).group("ml-fraud", &["alice"]).group("ml-churn", &[])
}

/// `person/team until grant` of each right.
fn rights(world: &World) -> Vec<String> {
    let all = entitlements(&world.map, &world.snapshot, world.now);
    all.all()
        .iter()
        .map(|right| {
            let until = right.until().map_or("ever".to_owned(), |until| until.to_string());
            format!("{}/{} {until}, {}", right.person.id, right.team, right.because())
        })
        .collect()
}

#[test]
fn a_temporary_grant_gives_from_its_first_moment_to_its_last() {
    let world = world().person("bob").given(grant(1, "bob", "fraud", TEN, NOON));
    let bob = |now: &str| rights(&world.clone().at(now)).into_iter().find(|r| r.contains("bob"));
    assert_eq!(bob("2026-11-21T09:59:59Z"), None);
    let given = "id-bob/fraud 2026-11-21T12:00:00Z, temporary grant 000000000001";
    assert_eq!(bob(TEN).as_deref(), Some(given));
    assert_eq!(bob("2026-11-21T11:59:59.999999999Z").as_deref(), Some(given));
    assert_eq!(bob(NOON), None);
}

#[test]
fn it_stands_beside_the_grants_of_the_map_and_neither_ends_the_other() {
    let world = world().given(grant(1, "alice", "fraud", EIGHT, FOUR));
    let both = "id-alice/fraud ever, group `ml-fraud`, access.yaml:10";
    assert_eq!(rights(&world), [both]);
    assert_eq!(rights(&world.at(FOUR)), [both]);
}

#[test]
fn of_overlapping_ones_the_last_end_counts_and_revoking_one_leaves_the_other() {
    let mut revoked = grant(1, "bob", "fraud", EIGHT, FOUR);
    revoked.ended = Some(Ending { at: at(TEN), by: "eva".to_owned(), why: None });
    let world = world().person("bob").given(revoked).given(grant(2, "bob", "fraud", EIGHT, NOON));
    let bob = |now: &str| rights(&world.clone().at(now)).into_iter().find(|r| r.contains("bob"));
    let left = "id-bob/fraud 2026-11-21T12:00:00Z, temporary grant 000000000002";
    assert_eq!(bob("2026-11-21T11:00:00Z").as_deref(), Some(left));
    assert_eq!(bob(NOON), None);
}

#[test]
fn who_is_unknown_disabled_offboarded_or_barred_gets_nothing() {
    let given = || grant(1, "bob", "fraud", EIGHT, FOUR);
    assert_eq!(rights(&world().given(given())).len(), 1, "unknown");
    let bob = |change: &dyn Fn(&mut World)| {
        let mut world = world().person("bob").given(given());
        change(&mut world);
        rights(&world).iter().any(|right| right.contains("bob"))
    };
    assert!(bob(&|_| {}));
    assert!(!bob(&|world| world.person_mut("bob").enabled = false));
    assert!(!bob(&|world| {
        world.snapshot.offboarded.insert(person_id("bob"), Hold::AsMapped);
    }));
    assert!(!bob(&|world| {
        let barred = BTreeMap::from([(team("fraud"), Hold::AsMapped)]);
        world.snapshot.barred.insert(person_id("bob"), barred);
    }));
    let gone = TemporaryGrant { team: team("closed"), ..given() };
    assert_eq!(rights(&world().person("bob").given(gone)).len(), 1, "a team the map has not");
}

#[test]
fn its_end_takes_the_profile_away_uncounted_by_the_guard() {
    let guarded = format!("{TEAMS}guard: {{ max_removals: 0, max_removals_percent: 100 }}\n");
    let world = |grant: TemporaryGrant| {
        World::new(&guarded)
            .group("ml-fraud", &[])
            .group("ml-churn", &[])
            .person("bob")
            .given(grant)
            .profile(ours("bob", "fraud"))
    };
    let ended = world(grant(1, "bob", "fraud", EIGHT, TEN));
    let plan = ended.plan();
    assert_eq!((plan.actions.len(), plan.new_removals()), (1, 0));
    assert_eq!(plan.actions[0].reason, ReasonCode::TemporaryEnded);
    assert!(ended.check(plan, Removals::Guarded).is_ok());

    let long_ago = world(grant(1, "bob", "fraud", "2026-11-20T08:00:00Z", "2026-11-20T12:00:00Z"));
    let plan = long_ago.plan();
    assert_eq!(plan.actions[0].reason, ReasonCode::EntitlementLost);
    let violations = long_ago.check(plan, Removals::Guarded).unwrap_err();
    assert_eq!(violations[0].code, ReasonCode::GuardTripped);
}

#[test]
fn a_plan_that_only_says_that_something_ended_is_refused() {
    let lost = World::new(TEAMS)
        .group("ml-fraud", &[])
        .group("ml-churn", &[])
        .person("bob")
        .profile(ours("bob", "fraud"));
    let mut plan = lost.plan();
    plan.actions[0].reason = ReasonCode::TemporaryEnded;
    let violations = lost.check(plan, Removals::Guarded).unwrap_err();
    assert_eq!(violations.len(), 1);
    assert_eq!(violations[0].code, ReasonCode::PlanInvalid);
    assert!(violations[0].message.contains("no temporary grant of the person has ended"));
}

#[test]
fn what_was_revoked_before_it_began_announces_no_end() {
    let mut never = grant(1, "bob", "fraud", TEN, NOON);
    never.ended = Some(Ending { at: at(EIGHT), by: "eva".to_owned(), why: None });
    let lost = World::new(TEAMS)
        .group("ml-fraud", &[])
        .group("ml-churn", &[])
        .person("bob")
        .given(never)
        .profile(ours("bob", "fraud"));
    assert_eq!(lost.plan().actions[0].reason, ReasonCode::EntitlementLost);
}

/// Both teams in one domain in SSO mode, `churn` by a group, `fraud` for a time.
fn sso(priority: i32) -> World {
    let rest = format!("{TEAMS}temporary_access: {{ priority: {priority} }}\n");
    let mut world = World::new(&rest)
        .group("ml-fraud", &[])
        .group("ml-churn", &["alice"])
        .given(grant(1, "alice", "fraud", EIGHT, FOUR));
    let domain = world.domain_mut("research");
    domain.auth_mode = AuthMode::Sso;
    let groups = BTreeSet::from([GroupId::parse("g1-ml-churn").unwrap()]);
    let arn = "arn:aws:sso::111122223333:application/ssoins-1/apl-1".into();
    domain.application = Some(ObservedApplication { arn, groups, ..Default::default() });
    world
}

fn team_made(world: &World) -> String {
    let plan = world.plan();
    world.check(plan.clone(), Removals::Guarded).unwrap();
    plan.actions[0].team.to_string()
}

#[test]
fn in_an_sso_mode_domain_the_map_comes_first_unless_it_gives_temporary_access_a_higher_priority() {
    assert_eq!(team_made(&sso(0)), "churn");
    assert_eq!(team_made(&sso(1)), "fraud");
    assert_eq!(team_made(&sso(1).at(FOUR)), "churn");
}

#[test]
fn in_an_sso_mode_domain_nobody_is_assigned_by_a_temporary_grant() {
    let assigned = sso(1);
    assert_eq!(assigned.plan().assignments, []);
    assert_eq!(
        assigned.plan().kept.iter().filter(|k| k.reason == ReasonCode::AssignmentManual).count(),
        0
    );
    let mut alone = sso(1);
    alone.domain_mut("research").application.as_mut().unwrap().groups.clear();
    let kept: Vec<String> = alone
        .plan()
        .kept
        .into_iter()
        .filter(|kept| kept.reason == ReasonCode::AssignmentManual)
        .filter_map(|kept| kept.detail)
        .collect();
    assert_eq!(kept, ["alice, by a temporary grant"]);
    assert_eq!(alone.plan().assignments, []);
}

#[test]
fn a_reading_of_others_says_nothing_of_it() {
    let world =
        world().person("bob").given(grant(1, "bob", "fraud", EIGHT, FOUR)).covering(&["alice"]);
    assert!(!rights(&world).iter().any(|right| right.contains("bob")));
}

#[test]
fn the_next_turn_is_the_next_beginning_or_end() {
    let world = world()
        .given(grant(1, "alice", "fraud", EIGHT, NOON))
        .given(grant(2, "alice", "churn", TEN, FOUR));
    let next = |now: &str| world.snapshot.next_turn(&person_id("alice"), at(now));
    assert_eq!(next("2026-11-21T07:00:00Z"), Some(at(EIGHT)));
    assert_eq!(next(EIGHT), Some(at(TEN)));
    assert_eq!(next(TEN), Some(at(NOON)));
    assert_eq!(next(NOON), Some(at(FOUR)));
    assert_eq!(next(FOUR), None);
    assert_eq!(world.snapshot.next_turn(&person_id("bob"), at(EIGHT)), None);
}

#[test]
fn break_glass_owes_a_note_once_it_is_over() {
    let glass =
        TemporaryGrant { kind: TemporaryKind::BreakGlass, ..grant(1, "bob", "fraud", EIGHT, TEN) };
    assert!(!glass.owes_note(at(EIGHT)));
    assert!(glass.owes_note(at(TEN)));
    let note = AfterNote { at: at(NOON), by: "bob".to_owned(), text: "restarted it".to_owned() };
    assert!(!TemporaryGrant { note: Some(note), ..glass.clone() }.owes_note(at(NOON)));
    assert!(!TemporaryGrant { kind: TemporaryKind::Grant, ..glass }.owes_note(at(NOON)));
}

/// `stage verdict code: text` of each rung.
fn ladder(world: &World, who: &str, what: &str) -> (ReasonCode, Vec<String>) {
    let teams = BTreeSet::from([team(what)]);
    let explained =
        explain(&world.map, &world.snapshot, &world.observed, world.now, &person_id(who), &teams);
    let team = explained.teams.into_iter().next().unwrap();
    let rungs = team.rungs.iter().map(|rung| {
        let at = rung.at.as_ref().map_or(String::new(), |at| format!(", {at}"));
        format!("{:?} {:?} {}: {}{at}", rung.stage, rung.verdict, rung.code, rung.text)
    });
    (team.code, rungs.collect())
}

#[test]
fn why_tells_who_gave_it_and_when_it_ends() {
    let given = TemporaryGrant {
        kind: TemporaryKind::Request,
        by: "bob".to_owned(),
        approved_by: Some("eva".to_owned()),
        ..grant(1, "bob", "fraud", EIGHT, FOUR)
    };
    let world = world().person("bob").given(given);
    let (code, rungs) = ladder(&world, "bob", "fraud");
    assert_eq!(code, ReasonCode::Entitled);
    assert_eq!(
        rungs[0],
        "Grant Holds temporary-in-force: access for a time by bob, agreed to by eva (month-end) \
         ends by itself at 2026-11-21T16:00:00Z, approved request 000000000001"
    );
    let (code, rungs) = ladder(&world.clone().at(FOUR), "bob", "fraud");
    assert_eq!(code, ReasonCode::TemporaryEnded);
    assert!(rungs.iter().any(|rung| rung.contains("ended at 2026-11-21T16:00:00Z")), "{rungs:?}");
    let (code, _) = ladder(&world.at("2026-11-21T07:00:00Z"), "bob", "fraud");
    assert_eq!(code, ReasonCode::TemporaryToBegin);
}

const PERSONA: &str = r#"personas:
  scientist: { activities: [run-studio-apps, manage-ml-jobs] }
teams:
  fraud: { domain: research, persona: scientist, execution_role: "arn:aws:iam::{account_id}:role/studio-{team}", network: anywhere }
grants:
  - { group: ml-fraud, team: fraud }
"#;

#[test]
fn why_tells_which_statement_allows_and_which_one_walls() {
    let world = World::new(PERSONA).group("ml-fraud", &["alice"]);
    let teams = BTreeSet::from([team("fraud")]);
    let explained = explain(
        &world.map,
        &world.snapshot,
        &world.observed,
        world.now,
        &person_id("alice"),
        &teams,
    );
    let policy: Vec<_> =
        explained.teams[0].rungs.iter().filter(|rung| rung.stage == Stage::Policy).collect();
    assert_eq!(policy.len(), 2, "{policy:?}");
    assert!(policy.iter().all(|rung| rung.verdict == Verdict::Holds));
    assert_eq!(policy[0].code, ReasonCode::PolicyAllows);
    assert!(policy[0].text.starts_with("studio-fraud may sagemaker:CreateApp, by statement "));
    assert!(policy[0].text.ends_with(" of studio-fraud-grants"), "{}", policy[0].text);
    assert_eq!(policy[1].code, ReasonCode::PolicyWalls);
    assert_eq!(
        policy[1].text,
        "studio-fraud reaches nothing of another team's, by statement WallOtherTeams of \
         studio-fraud-wall"
    );
}

fn ways_in(world: &World, who: &str, what: &str) -> Vec<String> {
    let teams = BTreeSet::from([team(what)]);
    let explained =
        explain(&world.map, &world.snapshot, &world.observed, world.now, &person_id(who), &teams);
    let ways = &explained.teams[0].ways_in;
    let told = ways.iter().map(|way| {
        let paste = way.grant.iter().chain(&way.command);
        let paste = paste.map(|text| format!(" [{text}]")).collect::<Vec<_>>().concat();
        format!("{}{paste}", way.changes.join(" | "))
    });
    told.collect()
}

#[test]
fn the_nearest_way_in_is_the_one_with_the_fewest_changes() {
    let rules = format!(
        "{TEAMS}temporary_access:\n  requests: [{{ group: ml-churn, teams: [fraud], approvers: owners }}]\n"
    );
    let near = World::new(&rules).group("ml-fraud", &[]).group("ml-churn", &["alice", "bob"]);
    assert_eq!(
        ways_in(&near, "alice", "fraud"),
        [
            "Add alice to the group `ml-fraud` in the directory.",
            "alice asks for it in the portal at /request/fraud; `owners` or the administrators decide.",
            "Add a grant to the map: all 2 of `ml-churn` get it. [- { group: ml-churn, team: fraud }]",
            "Give it for a time; it ends by itself. [stagedoor grant alice fraud --for 4h --reason '…']",
        ]
    );
    assert_eq!(ways_in(&near, "alice", "churn"), [""; 0], "who has it needs none");
    let mut of_some = near;
    of_some.snapshot.coverage = Coverage::People(BTreeSet::from([person_id("alice")]));
    assert_eq!(
        ways_in(&of_some, "alice", "fraud")[2],
        "Add a grant to the map: everybody in `ml-churn` gets it. [- { group: ml-churn, team: fraud }]"
    );

    let bare = World::new(TEAMS).person("carol");
    assert_eq!(
        ways_in(&bare, "carol", "fraud"),
        [
            "Give it for a time; it ends by itself. [stagedoor grant carol fraud --for 4h --reason '…']",
            "Make the group `ml-fraud` in the directory. | Add carol to the group `ml-fraud` in the directory.",
        ],
        "a grant besides, of what the map gives that group already, is no way of its own"
    );
}

#[test]
fn somebody_whom_only_the_directory_keeps_out_needs_that_change_alone() {
    let mut disabled = world();
    disabled.person_mut("alice").enabled = false;
    assert_eq!(ways_in(&disabled, "alice", "fraud"), ["Enable the person in the directory."]);
    let mut gone = world();
    gone.snapshot.offboarded.insert(person_id("alice"), Hold::AsMapped);
    assert_eq!(
        ways_in(&gone, "alice", "fraud"),
        ["If alice is to come back: `stagedoor restore alice`."]
    );
}

#[test]
fn a_grant_that_ended_can_be_prolonged() {
    let ended = TEAMS
        .replace("group: ml-fraud, team: fraud", "group: ml-fraud, team: fraud, until: 2026-11-01");
    let world = World::new(&ended).group("ml-fraud", &["alice"]).group("ml-churn", &[]);
    assert_eq!(ways_in(&world, "alice", "fraud")[0], "Write a later `until` at access.yaml:10.");
}

#[test]
fn the_map_says_who_may_ask_decide_and_break_glass() {
    let map = map(&format!(
        "{TEAMS}temporary_access:\n  longest: 8h\n  requests:\n    - {{ group: everyone, teams: [fraud], \
         approvers: owners, longest: 2h }}\n    - {{ group: everyone }}\n  break_glass:\n    - {{ group: \
         on-call, teams: [fraud] }}\n    - {{ group: on-call, needs: reason, longest: 30m }}\n"
    ));
    let world = World { map: map.clone(), ..World::new(TEAMS) }
        .group("everyone", &["alice", "bob"])
        .group("owners", &["bob"])
        .group("on-call", &["carol"]);
    let longest = |who: &str, what: &str| {
        let rule = map.temporary_rules(&world.snapshot).request_rule(&person_id(who), &team(what));
        rule.map(|rule| rule.longest_seconds)
    };
    assert_eq!(longest("alice", "fraud"), Some(8 * 3600), "the longer of both rules");
    assert_eq!(longest("carol", "fraud"), None);
    let may = |who: &str, what: &str, seconds: u64| {
        let asked = (&person_id("alice"), &team(what), seconds);
        map.temporary_rules(&world.snapshot).may_approve(&person_id(who), asked)
    };
    assert!(
        may("bob", "fraud", 7200) && !may("bob", "churn", 7200) && !may("alice", "fraud", 7200)
    );
    assert!(!may("bob", "fraud", 7201), "nobody decides on more than their rule allows");
    let glass = |who: &str| {
        map.temporary_rules(&world.snapshot).break_glass_rule(&person_id(who), &team("fraud"))
    };
    assert_eq!(glass("carol").map(|rule| rule.longest_seconds), Some(30 * 60), "asks for least");
    assert_eq!(glass("alice"), None);
    let wanted = access::entitlement::wanted_groups(&map).names;
    for group in ["everyone", "owners", "on-call", "ml-fraud"] {
        assert!(wanted.contains(group), "{group}");
    }
}

#[test]
fn who_decides_on_what_one_group_asks_for_decides_on_nobody_elses() {
    let map = map(&format!(
        "{TEAMS}temporary_access:\n  longest: 8h\n  requests:\n    - {{ group: staff, teams: [fraud] }}\n    \
         - {{ group: interns, teams: [fraud], approvers: mentors, longest: 1h }}\n"
    ));
    let world = World { map: map.clone(), ..World::new(TEAMS) }
        .group("staff", &["alice", "dave"])
        .group("interns", &["carol", "dave"])
        .group("mentors", &["bob"]);
    let groups = |who: &str| -> Vec<&str> {
        map.temporary_rules(&world.snapshot)
            .approver_groups(&person_id(who), &team("fraud"))
            .collect()
    };
    let bob_decides = |who: &str, seconds: u64| {
        let asked = (&person_id(who), &team("fraud"), seconds);
        map.temporary_rules(&world.snapshot).may_approve(&person_id("bob"), asked)
    };
    assert_eq!((groups("alice"), groups("carol")), (vec![], vec!["mentors"]));
    assert!(bob_decides("carol", 3600) && !bob_decides("alice", 3600));
    assert!(bob_decides("dave", 3600) && !bob_decides("dave", 3601));
}

/// A person, a team, a beginning and an end in minutes, and when it was revoked.
type Random = (u8, u8, u16, u16, Option<u16>);

fn minute(number: u16) -> Timestamp {
    at(EIGHT).checked_add(SignedDuration::from_mins(i64::from(number))).unwrap()
}

fn random(number: u64, (person, what, from, until, revoked): Random) -> TemporaryGrant {
    let who = format!("p{}", person % 3);
    let what = if what % 2 == 0 { "fraud" } else { "churn" };
    TemporaryGrant {
        from: minute(from),
        until: minute(until),
        ended: revoked.map(|at| Ending { at: minute(at), by: "eva".to_owned(), why: None }),
        ..grant(number, &who, what, EIGHT, EIGHT)
    }
}

proptest! {
    /// However grants overlap: whoever is covered by any of them at a minute has the team then, and
    /// nobody else.
    #[test]
    fn overlapping_grants_are_a_union_at_every_minute(
        grants in prop::collection::vec((0_u8..3, 0_u8..2, 0_u16..60, 0_u16..60, prop::option::of(0_u16..60)), 0..12),
        minutes in prop::collection::vec(0_u16..60, 1..12),
    ) {
        let mut world = World::new(TEAMS).group("ml-fraud", &["p0"]).group("ml-churn", &[]);
        for who in ["p1", "p2"] {
            world = world.person(who);
        }
        for (number, one) in (1..).zip(&grants) {
            world = world.given(random(number, *one));
        }
        for now in minutes {
            let mut expected: BTreeSet<(PersonId, TeamKey)> = BTreeSet::from([(person_id("p0"), team("fraud"))]);
            for (person, what, from, until, revoked) in &grants {
                let end = revoked.map_or(*until, |revoked| revoked.min(*until));
                if (*from..end).contains(&now) {
                    let what = if what % 2 == 0 { "fraud" } else { "churn" };
                    expected.insert((person_id(&format!("p{}", person % 3)), team(what)));
                }
            }
            let all = entitlements(&world.map, &world.snapshot, minute(now));
            let found = all.all().iter().map(|r| (r.person.id.clone(), r.team.clone())).collect();
            prop_assert_eq!(expected, found);
        }
    }
}

#[test]
fn profiles_of_the_other_team_are_no_reason_to_call_a_loss_announced() {
    let world = World::new(TEAMS)
        .group("ml-fraud", &[])
        .group("ml-churn", &[])
        .person("bob")
        .given(grant(1, "bob", "churn", EIGHT, TEN))
        .profile(ours("bob", "fraud"));
    assert_eq!(world.plan().actions[0].reason, ReasonCode::EntitlementLost);
}

#[test]
fn a_group_of_another_directory_gives_no_part_in_stagedoor_that_is_not_said_of_it() {
    let map = map_of(
        "{ sources: [ { name: corp, file: people.yaml }, { name: partners, scim: {} } ] }",
        &format!(
            "{TEAMS}administration:\n  - {{ group: admins, role: admin }}\n  - {{ group: leads, role: reader, \
             directory: partners }}\n  - {{ group: audit, role: auditor, directory: corp \
             }}\ntemporary_access:\n  requests:\n    - {{ group: staff, approvers: owners }}\n    - {{ group: \
             guests, directory: partners, approvers: leads, approvers_directory: partners }}\n  \
             break_glass:\n    - {{ group: on-call }}\n"
        ),
    );
    let names = ["admins", "leads", "audit", "staff", "owners", "guests", "on-call"];
    let all = names.into_iter().fold(World { map, ..World::new(TEAMS) }, |world, name| {
        world.group(name, &["alice", "bob"])
    });
    // The same groups, of one directory and of the other.
    let of = |directory: &str| {
        let mut snapshot = all.snapshot.clone();
        snapshot.groups = std::mem::take(&mut snapshot.groups)
            .into_values()
            .map(|group| GroupId::parse(format!("{directory}{}", group.id)).map(|id| (id, group)))
            .map(|group| {
                group.map(|(id, group)| (id.clone(), access::snapshot::Group { id, ..group }))
            })
            .collect::<Result<_, _>>()
            .unwrap();
        let (alice, bob, fraud) = (person_id("alice"), person_id("bob"), team("fraud"));
        let rules = all.map.temporary_rules(&snapshot);
        let approvers: Vec<String> =
            rules.approver_groups(&alice, &fraud).map(str::to_owned).collect();
        (
            all.map.role_in(&snapshot, &alice),
            rules.request_rule(&alice, &fraud).map(|rule| rule.group.name.clone()),
            approvers,
            rules.may_approve(&bob, (&alice, &fraud, 60)),
            rules.break_glass_rule(&alice, &fraud).is_some(),
        )
    };
    assert_eq!(
        of(""),
        (Some(AdminRole::Admin), Some("staff".into()), vec!["owners".into()], true, true)
    );
    assert_eq!(
        of("partners:"),
        (Some(AdminRole::Reader), Some("guests".into()), vec!["leads".into()], true, false)
    );
    assert_eq!(of("elsewhere:"), of(""), "an id of the first may have any form");
}
