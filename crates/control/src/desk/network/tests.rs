//! What is told of the network, and of somebody who asks from somewhere.

use super::super::sample::{person_id, reading};
use super::*;

fn from(address: &str) -> NetworkQuestion {
    let origin = NetworkQuestion::of_texts(Some(address), None, None).unwrap();
    NetworkQuestion { origin, ..NetworkQuestion::default() }
}

fn told(question: &NetworkQuestion) -> Network {
    network_of(&reading(), question, &Page::default()).unwrap()
}

#[test]
fn the_matrix_counts_teams_and_people_by_persona_and_rule() {
    let told = told(&NetworkQuestion::default());
    let rules: Vec<&str> = told.rules.iter().map(|rule| rule.key.as_str()).collect();
    assert_eq!(rules, ["anywhere", "office"]);
    assert_eq!(told.rules[1].ways, ["203.0.113.0/24", "vpce-0abc"]);
    assert_eq!(told.rules[1].place.as_deref(), Some("access.yaml:8"));
    let cells = |row: &PersonaRow| -> Vec<(u64, u64)> {
        row.cells.iter().map(|cell| (cell.teams, cell.people)).collect()
    };
    let rows =
        told.rows.iter().map(|row| (row.persona.as_ref().map(PersonaKey::as_str), cells(row)));
    let rows: Vec<_> = rows.collect();
    let expected = [
        (Some("data-scientist"), vec![(0, 0), (1, 2)]),
        (Some("mlops"), vec![(1, 1), (0, 0)]),
        (None, vec![(0, 0), (1, 0)]),
    ];
    assert_eq!(rows, expected);
    assert_eq!((told.asked, told.teams.items.len()), (None, 3));
    assert!(told.teams.items.iter().all(|team| team.domains.is_empty()));
}

#[test]
fn the_door_refuses_who_comes_from_elsewhere_and_tells_by_which_rule() {
    let told = told(&from("198.51.100.9"));
    let asked = told.asked.unwrap();
    assert_eq!((asked.admitted, asked.of), (1, 3));
    let admits: Vec<Option<bool>> = told.rules.iter().map(|rule| rule.admits).collect();
    assert_eq!(admits, [Some(true), Some(false)]);
    let fraud = &told.teams.items[0].domains[0];
    assert_eq!(fraud.allowed, Some(false));
    let [door, ..] = fraud.steps.as_slice() else { panic!("{fraud:?}") };
    assert_eq!((door.stage, door.allowed), ("network", false));
    assert_eq!(door.code, Some(ReasonCode::NetworkRefused));
    assert_eq!(door.text, "network office does not admit it: 203.0.113.0/24 or vpce-0abc");
}

#[test]
fn the_statement_that_lets_somebody_in_is_named() {
    let told = told(&from("203.0.113.7"));
    assert_eq!(told.asked.as_ref().map(|asked| asked.admitted), Some(3));
    let fraud = &told.teams.items[0].domains[0];
    let stages: Vec<&str> = fraud.steps.iter().map(|step| step.stage).collect();
    assert_eq!(stages, ["network", "link", "use"]);
    let last = fraud.steps.last().unwrap();
    assert!(last.decision.is_some(), "{last:?}");
    assert!(!last.because.is_empty(), "{last:?}");
}

#[test]
fn a_person_is_asked_about_with_their_own_rights() {
    let question = NetworkQuestion { person: Some(person_id("ana")), ..from("203.0.113.7") };
    let told = told(&question);
    let asked = told.asked.as_ref().unwrap();
    assert_eq!(asked.person.as_deref(), Some("ana@example.com"));
    let steps = |team: usize| &told.teams.items[team].domains[0].steps[0];
    assert_eq!((steps(0).stage, steps(0).allowed), ("entitlement", true));
    assert_eq!((steps(2).stage, steps(2).allowed), ("entitlement", false));
    // Each team is told as if it alone had been asked about.
    let (mut alone, mut cursor) = (Vec::new(), None);
    loop {
        let page = network_of(&reading(), &question, &Page { cursor, limit: 1 }).unwrap().teams;
        alone.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(alone, told.teams.items);
    let nobody = NetworkQuestion { person: Some(person_id("zoe")), ..from("203.0.113.7") };
    let refused = network_of(&reading(), &nobody, &Page::default()).unwrap_err();
    assert_eq!(refused.code, ReasonCode::NotFound);
}

#[test]
fn teams_are_narrowed_to_a_cell_of_the_matrix() {
    let office = NetworkKey::parse("office").unwrap();
    let question = NetworkQuestion {
        persona: Some(None),
        network: Some(office),
        ..NetworkQuestion::default()
    };
    let teams = told(&question).teams.items;
    assert_eq!(teams.iter().map(|team| team.team.as_str()).collect::<Vec<_>>(), ["probes"]);
}

#[test]
fn what_is_no_address_endpoint_or_vpc_is_refused() {
    let asked = |address: Option<&str>, vpce: Option<&str>, vpc: Option<&str>| {
        NetworkQuestion::of_texts(address, vpce, vpc).map_err(|refused| refused.code)
    };
    let invalid = Err(ReasonCode::RequestInvalid);
    assert_eq!(asked(Some("203.0.113.0/24"), None, None), invalid);
    assert_eq!(asked(Some("office"), None, None), invalid);
    assert_eq!(asked(None, Some("vpc-0abc"), None), invalid);
    assert_eq!(asked(None, Some("vpce-"), None), invalid);
    assert_eq!(asked(None, None, Some("vpc-0/../x")), invalid);
    assert_eq!(asked(None, None, Some(&format!("vpc-{}", "a".repeat(18)))), invalid);
    assert_eq!(asked(Some(" "), Some(""), None), Ok(Origin::default()));
    let all = asked(Some("2001:db8::7 "), Some("vpce-0abc"), Some("vpc-0abc")).unwrap();
    assert_eq!(all.address, "2001:db8::7".parse().ok());
    assert_eq!((all.vpce.as_deref(), all.vpc.as_deref()), (Some("vpce-0abc"), Some("vpc-0abc")));
}
