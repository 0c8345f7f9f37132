//! The layout of the flow, number by number.

use super::*;
use access::ids::{DomainKey, PersonaKey, TeamKey};

const WORDS: Unnamed = Unnamed {
    others: |count| format!("{count} others"),
    no_group: "temporary",
    no_persona: "no persona",
    no_domain: "nowhere",
};

fn way(group: &str, team: &str, persona: &str, domain: &str, people: u64, drifting: u64) -> Way {
    Way {
        group: group.to_owned(),
        grant: "access.yaml:1".to_owned(),
        team: TeamKey::parse(team).unwrap(),
        title: team.to_owned(),
        persona: PersonaKey::parse(persona).ok(),
        domain: DomainKey::parse(domain).ok(),
        people,
        drifting,
    }
}

fn labels(flow: &Flow, column: usize) -> Vec<(&str, u64)> {
    let mut nodes: Vec<&Node> = flow.nodes.iter().filter(|node| node.column == column).collect();
    nodes.sort_by(|a, b| a.y.total_cmp(&b.y));
    nodes.into_iter().map(|node| (node.label.as_str(), node.people)).collect()
}

#[test]
fn every_column_shows_the_same_people_and_links_are_as_thick_as_they_are_many() {
    let ways = [
        way("ml-fraud", "fraud", "scientist", "research", 30, 3),
        way("ml-risk", "risk", "scientist", "research", 20, 0),
        way("contractors", "fraud", "scientist", "research", 10, 0),
    ];
    let flow = lay_out(&ways, 8, WORDS);
    assert_eq!(labels(&flow, 0), [("contractors", 10), ("ml-fraud", 30), ("ml-risk", 20)]);
    assert_eq!(labels(&flow, 1), [("fraud", 40), ("risk", 20)]);
    assert_eq!(labels(&flow, 2), [("scientist", 60)]);
    assert_eq!(labels(&flow, 3), [("research", 60)]);
    // Sixty people take 300.
    let fraud = flow.nodes.iter().find(|node| node.label == "fraud").unwrap();
    assert!((fraud.height - 200.0).abs() < 1e-9, "{fraud:?}");
    let link = flow.links.iter().find(|link| link.from == "ml-fraud").unwrap();
    assert_eq!((link.to.as_str(), link.people, link.drifting), ("fraud", 30, 3));
    // Below the contractors' fifty: from their own node's top to fifty below the team's.
    assert_eq!(
        link.path,
        "M10.0 96.0C170.0 96.0 170.0 84.0 330.0 84.0L330.0 234.0C170.0 234.0 170.0 246.0 10.0 246.0Z"
    );
    assert_eq!(
        link.drift_path.as_deref(),
        Some(
            "M10.0 231.0C170.0 231.0 170.0 219.0 330.0 219.0\
             L330.0 234.0C170.0 234.0 170.0 246.0 10.0 246.0Z"
        )
    );
    let steady = flow.links.iter().find(|link| link.from == "ml-risk").unwrap();
    assert_eq!(steady.drift_path, None);
}

#[test]
fn beyond_the_widest_there_are_others_at_the_bottom() {
    let ways: Vec<Way> = (0..6_u64)
        .map(|n| way(&format!("g{n}"), &format!("t{n}"), "", "", 10 - n, u64::from(n == 5)))
        .collect();
    let flow = lay_out(&ways, 3, WORDS);
    assert_eq!(labels(&flow, 0), [("g0", 10), ("g1", 9), ("g2", 8), ("3 others", 18)]);
    assert_eq!(labels(&flow, 1), [("t0", 10), ("t1", 9), ("t2", 8), ("3 others", 18)]);
    assert_eq!(labels(&flow, 2), [("no persona", 45)]);
    assert_eq!(labels(&flow, 3), [("nowhere", 45)]);
    // What drifts does not get lost among the others.
    let others = flow.links.iter().find(|link| link.from == "3 others").unwrap();
    assert_eq!((others.people, others.drifting), (18, 1));
    // A single one more is shown by its name.
    let flow = lay_out(&ways[..4], 3, WORDS);
    assert_eq!(labels(&flow, 0).last(), Some(&("g3", 7)));
}

#[test]
fn nobody_makes_an_empty_picture_and_few_are_still_seen() {
    let flow = lay_out(&[], 8, WORDS);
    assert!(flow.nodes.is_empty() && flow.links.is_empty());
    let ways = [
        way("all", "a", "p", "d", 100_000, 0),
        way("", "b", "p", "d", 1, 1),
        way("x", "c", "p", "d", 0, 0),
    ];
    let flow = lay_out(&ways, 8, WORDS);
    assert_eq!(labels(&flow, 0), [("all", 100_000), ("temporary", 1)]);
    let one = flow.nodes.iter().find(|node| node.label == "temporary").unwrap();
    assert!((one.height - THIN).abs() < 1e-9);
    // Nodes never lie on each other.
    for column in 0..COLUMNS {
        let mut of: Vec<&Node> = flow.nodes.iter().filter(|node| node.column == column).collect();
        of.sort_by(|a, b| a.y.total_cmp(&b.y));
        assert!(of.windows(2).all(|pair| pair[0].y + pair[0].height + GAP <= pair[1].y));
    }
}

#[test]
fn teams_of_one_persona_stay_together_the_widest_persona_first() {
    let ways = [
        way("ml-fraud", "fraud", "scientist", "research", 7, 0),
        way("ml-platform", "platform", "mlops", "regulated", 9, 0),
        way("ml-search", "search", "scientist", "research", 3, 0),
    ];
    let flow = lay_out(&ways, 8, WORDS);
    assert_eq!(labels(&flow, 1), [("fraud", 7), ("search", 3), ("platform", 9)]);
    assert_eq!(labels(&flow, 0), [("ml-fraud", 7), ("ml-search", 3), ("ml-platform", 9)]);
    assert_eq!(labels(&flow, 2), [("scientist", 10), ("mlops", 9)]);
}
