//! A directory in YAML.

use crate::draft::{Draft, DraftGroup, DraftPerson, MemberRef, Reporter};
use control::directory::Account;
use control::ports::Particulars;
use serde::Deserialize;
use serde_saphyr::{DuplicateKeyPolicy, Options, Spanned};

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    people: Vec<Spanned<Person>>,
    #[serde(default)]
    groups: Vec<Spanned<Group>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Person {
    user_name: String,
    id: Option<String>,
    display_name: Option<String>,
    email: Option<String>,
    external_id: Option<String>,
    given_name: Option<String>,
    family_name: Option<String>,
    #[serde(default = "yes")]
    enabled: bool,
    #[serde(default)]
    groups: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    name: String,
    id: Option<String>,
    #[serde(default)]
    members: Vec<Spanned<String>>,
    /// Groups in it, by name.
    #[serde(default)]
    groups: Vec<Spanned<String>>,
}

const fn yes() -> bool {
    true
}

/// Reads a file. What is wrong is reported.
pub(crate) fn read(text: &str, reporter: &mut Reporter) -> Draft {
    let file: File = match serde_saphyr::from_str_with_options(text, options()) {
        Ok(file) => file,
        Err(error) => {
            let line = error.location().map_or(0, |location| location.line());
            let said = error.without_snippet().to_string();
            let what = said.lines().next().unwrap_or("it is no YAML").to_owned();
            let remedy =
                "write `people:` as a list of mappings with `user_name`, as in docs/directories.md";
            reporter.report(line, what, remedy);
            return Draft::default();
        }
    };
    let people = file.people.into_iter().map(|spanned| {
        let Person { user_name, id, display_name, enabled, groups, .. } = spanned.value;
        DraftPerson {
            line: spanned.referenced.line(),
            id,
            user_name,
            display_name,
            particulars: Particulars {
                email: spanned.value.email,
                external_id: spanned.value.external_id,
                given_name: spanned.value.given_name,
                family_name: spanned.value.family_name,
            },
            account: Account::at_any_time(enabled),
            groups,
            dn: None,
        }
    });
    let groups = file.groups.into_iter().map(|spanned| {
        let Group { name, id, members, groups } = spanned.value;
        let people = members.into_iter().map(|m| (m.referenced.line(), MemberRef::Person(m.value)));
        let inner = groups.into_iter().map(|g| (g.referenced.line(), MemberRef::Group(g.value)));
        let members = people.chain(inner).collect();
        DraftGroup { line: spanned.referenced.line(), id, name, members, dn: None }
    });
    Draft { people: people.collect(), groups: groups.collect() }
}

/// Anchors would let a small file be a large one; the last of two equal keys would win.
fn options() -> Options {
    serde_saphyr::options! {
        duplicate_keys: DuplicateKeyPolicy::Error,
        budget: serde_saphyr::budget! {
            max_aliases: 0,
            max_anchors: 0,
            max_depth: 8,
            max_documents: 1,
            max_events: 60_000_000,
            max_nodes: 30_000_000,
            max_total_scalar_bytes: crate::MAX_BYTES,
        },
    }
}
