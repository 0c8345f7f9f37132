//! What is told of accounts, domains and teams.

use super::super::sample::{now, reading};
use super::*;
use access::ids::DomainId;
use jiff::civil::{Date, date};

fn team(key: &str) -> TeamKey {
    TeamKey::parse(key).unwrap()
}

fn by(number: u64) -> ProfileCounts {
    let day = |n: i8| date(2026, 11, n);
    let counts: BTreeMap<Date, u64> =
        (1..=20).map(|n| (day(n), number + u64::try_from(n).unwrap() / 5)).collect();
    ProfileCounts::from([(DomainId::parse("d-research").unwrap(), counts)])
}

#[test]
fn accounts_are_told_the_fullest_first_with_the_day_on_which_they_are_full() {
    let quotas = quotas(&reading(), &by(0));
    let [research, lab] = quotas.as_slice() else { panic!("{quotas:?}") };
    assert_eq!((research.account.as_str(), research.profiles), ("111122223333", 3));
    // Bob's two; a role that is missing keeps `trials` from being made.
    assert_eq!((research.planned, research.quota), (1, Some(10)));
    assert_eq!(research.state, QuotaState::Room);
    let Forecast::RunsOut { day, .. } = research.forecast else { panic!("{research:?}") };
    assert!(day > date(2026, 11, 21), "{day}");
    // What was read just now is the last day.
    let last = DayCount { day: date(2026, 11, 21), profiles: 3 };
    assert_eq!(research.days.last(), Some(&last));
    assert_eq!((lab.quota, lab.state), (None, QuotaState::Unknown));
    assert_eq!((lab.forecast, lab.days.as_slice()), (Forecast::NoQuota, &[][..]));
}

#[test]
fn profiles_of_domains_that_the_map_lacks_are_there_and_make_it_full_sooner() {
    let day = |quota: &Quota| match quota.forecast {
        Forecast::RunsOut { day, .. } => day,
        _ => panic!("{quota:?}"),
    };
    let mut reading = reading();
    let alone = quotas(&reading, &by(0)).remove(0);
    let survey = std::sync::Arc::make_mut(&mut reading.survey);
    let others = BTreeMap::from([(DomainId::parse("d-others").unwrap(), 4)]);
    survey.observed.domains.values_mut().for_each(|domain| domain.elsewhere = others.clone());
    let shared = quotas(&reading, &by(0)).remove(0);
    assert_eq!((shared.profiles, shared.quota), (7, Some(10)));
    assert!(day(&shared) < day(&alone), "{shared:?}");
    assert_eq!(shared.spread, alone.spread);
    // Nobody counted them before: today's number stands for every day's.
    let more: Vec<u64> = alone.days.iter().map(|count| count.profiles + 4).collect();
    assert_eq!(shared.days.iter().map(|count| count.profiles).collect::<Vec<_>>(), more);
}

#[test]
fn a_quota_is_low_or_exceeded_by_what_is_still_to_be_made_too() {
    let mut reading = reading();
    let state_with = |reading: &mut Reading, quota: u32| {
        let survey = std::sync::Arc::make_mut(&mut reading.survey);
        for domain in survey.observed.domains.values_mut() {
            domain.profile_quota = Some(quota);
        }
        let quotas = quotas(reading, &ProfileCounts::new());
        quotas.iter().find(|quota| quota.quota.is_some()).unwrap().state
    };
    assert_eq!(state_with(&mut reading, 3), QuotaState::Exceeded);
    assert_eq!(state_with(&mut reading, 4), QuotaState::Low);
    assert_eq!(state_with(&mut reading, 100), QuotaState::Room);
}

#[test]
fn a_domain_tells_what_is_in_it_and_what_is_wrong() {
    let domains = domains(&reading());
    let [lab, research] = domains.as_slice() else { panic!("{domains:?}") };
    assert_eq!(research.mode, Some(AuthMode::Iam));
    let counted = (research.owned, research.leaving, research.others, research.running_apps);
    assert_eq!(counted, (2, 1, 1, 1));
    assert_eq!(research.teams, [team("fraud"), team("trials")]);
    assert_eq!((research.faults.as_slice(), research.unmanaged), (&[][..], "report"));
    assert_eq!(research.place.as_deref(), Some("access.yaml:5"));
    assert_eq!((lab.mode, lab.owned), (None, 0));
    assert_eq!(lab.assume_role.as_deref(), Some("arn:aws:iam::444455556666:role/Spoke"));
    let [fault] = lab.faults.as_slice() else { panic!("{lab:?}") };
    assert_eq!(fault.code, ReasonCode::DomainUnreadable);
    assert_eq!(fault.text, "sts:AssumeRole failed: denied (aws-access-denied)");
}

#[test]
fn a_team_in_the_list_counts_people_and_profiles() {
    let lines = team_lines(&reading());
    let counted: Vec<(&str, u64, u64, u64)> = lines
        .iter()
        .map(|line| (line.key.as_str(), line.people, line.profiles, line.leaving))
        .collect();
    assert_eq!(counted, [("fraud", 2, 2, 1), ("probes", 0, 0, 0), ("trials", 1, 0, 0)]);
    assert_eq!(lines[0].title, "Fraud models");
    assert_eq!(lines[1].title, "probes");
    assert_eq!((lines[0].place.as_str(), lines[0].enforced), ("access.yaml:10", true));
    let [fault] = lines[2].faults.as_slice() else { panic!("{lines:?}") };
    assert_eq!(fault.code, ReasonCode::RoleMissing);
}

#[test]
fn a_team_by_itself_tells_its_people_grants_and_roles() {
    let detail = team_detail(&reading(), &team("fraud"), &Page::default()).unwrap();
    let people: Vec<(&str, Option<&str>)> = detail
        .people
        .items
        .iter()
        .map(|member| (member.name.as_str(), member.profile.as_deref()))
        .collect();
    let expected = [
        ("ana surname (ana@example.com)", Some("ana-fraud")),
        ("bob surname (bob@example.com)", None),
    ];
    assert_eq!(people, expected);
    let member = &detail.people.items[0];
    assert_eq!((member.group.as_str(), member.grant.as_str()), ("ml-fraud", "access.yaml:14"));
    let grants: Vec<(&str, bool)> =
        detail.grants.iter().map(|grant| (grant.group.as_str(), grant.in_force)).collect();
    assert_eq!(grants, [("ml-fraud", true), ("ml-fraud-data-scientist", true)]);
    assert_eq!(detail.roles[0].state, Some(ReasonCode::RoleTrusted));
    assert_eq!(detail.network_place.as_deref(), Some("access.yaml:8"));
    assert_eq!(detail.persona_place, None);
    assert!(detail.activities.contains(&"run-studio-apps".to_owned()));
    let strays: Vec<&str> = detail.strays.iter().map(|stray| stray.profile.as_str()).collect();
    assert_eq!(strays, ["cy-fraud", "made-by-hand"]);
    assert_eq!(detail.at, now());
    let refused = team_detail(&reading(), &team("nobody"), &Page::default()).unwrap_err();
    assert_eq!(refused.code, ReasonCode::NotFound);
}
