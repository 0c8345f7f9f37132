//! Whatever the text of a map is, reading it ends with a map or with errors that have a place.

use access::map::{GrantTeam, Source, codes, parse};
use proptest::prelude::*;

const EXAMPLE: &str = include_str!("map_design.yaml");

fn holds(text: &str) {
    let sources = [Source { name: "access.yaml".into(), text: text.into() }];
    match parse(&sources) {
        Ok(map) => {
            let center = map.directories.identity_center();
            assert!(center.is_none() || map.directories.sources.len() <= 8);
            assert!(!map.directories.sources.is_empty());
            for team in map.teams.values() {
                assert!(!team.placements.is_empty());
                for placement in &team.placements {
                    let domain = map.domains.get(&placement.domain).expect("the domain is known");
                    assert_eq!(placement.execution_role.account(), domain.account_id.as_str());
                }
                assert!(map.networks.contains_key(&team.network));
                assert!(team.persona.as_ref().is_none_or(|p| map.personas.contains_key(p)));
                assert!((1800..=43_200).contains(&team.session_seconds));
            }
            for grant in &map.grants {
                assert_eq!(grant.team == GrantTeam::Captured, grant.group.contains("{team}"));
                if let GrantTeam::Named(key) = &grant.team {
                    assert!(map.teams.contains_key(key));
                }
            }
        }
        Err(errors) => {
            assert!(!errors.as_slice().is_empty(), "refused without a reason: {text:?}");
            let lines = text.split(['\n', '\r']).count().max(1);
            for error in errors.as_slice() {
                assert!(codes::ALL.iter().any(|(code, _)| *code == error.code), "{error}");
                assert!((1..=lines + 1).contains(&error.place.line), "{error} in {text:?}");
                assert!(error.place.column >= 1, "{error}");
            }
            let shown = errors.render(&sources);
            assert!(!shown.chars().any(|c| c.is_control() && c != '\n'), "{shown:?}");
        }
    }
}

/// Pieces that make text look like a map.
fn piece() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "version: 1\n",
        "directory:",
        "teams:",
        "grants:",
        "domains:",
        "networks:",
        "personas:",
        "fraud:",
        "research:",
        "group:",
        "team:",
        "\"{team}\"",
        "{persona}",
        "any_of:",
        "cidr:",
        "10.0.0.1/8",
        "until:",
        "2027-02-30",
        "user_settings:",
        "ExecutionRole:",
        "tags:",
        "session:",
        "8h",
        "&a",
        "*a",
        "!t",
        "<<:",
        "? ",
        "- ",
        ": ",
        "{",
        "}",
        "[",
        "]",
        ",",
        "|\n",
        ">-\n",
        "#",
        "\"",
        "'",
        "\n",
        "\n  ",
        "\n    ",
        "\t",
        "---\n",
        "...\n",
        "%YAML 1.2\n",
        "\r\n",
        "\r",
        "\u{feff}",
        "\u{0}",
        "\u{85}",
        "\u{2028}",
        "é",
        "~",
        "0x",
        "1e999",
        "@",
        "`",
    ]);
    prop_oneof![9 => words.prop_map(str::to_owned), 1 => "\\PC{0,4}"]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        match Source::from_bytes("access.yaml", bytes) {
            Ok(source) => holds(&source.text),
            Err(errors) => prop_assert_eq!(errors.as_slice().len(), 1),
        }
    }

    #[test]
    fn yaml_like_text_is_read_or_refused(pieces in prop::collection::vec(piece(), 0..60)) {
        holds(&pieces.concat());
    }

    #[test]
    fn a_damaged_example_is_read_or_refused(
        at in 0..EXAMPLE.len(),
        removed in 0..40_usize,
        inserted in prop::collection::vec(piece(), 0..3),
    ) {
        let after = (at + removed).min(EXAMPLE.len());
        let (before, _) = EXAMPLE.split_at(at);
        let (_, rest) = EXAMPLE.split_at(after);
        let text = format!("{before}{}{rest}", inserted.concat());
        holds(&text);
    }
}

/// Every prefix of a map is something a person has in their editor while writing.
#[test]
fn every_beginning_of_the_example_is_read_or_refused() {
    for end in 0..=EXAMPLE.len() {
        holds(EXAMPLE.split_at(end).0);
    }
}
