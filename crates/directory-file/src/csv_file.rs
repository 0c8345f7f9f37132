//! A directory in CSV: a person a line, with a header.

use crate::draft::{Draft, DraftPerson, Reporter};
use control::directory::Account;
use control::ports::Particulars;
use csv::{ErrorKind, ReaderBuilder, StringRecord, Trim};

/// The columns there can be. Only the first must be there.
const COLUMNS: [&str; 9] = [
    "user_name",
    "id",
    "display_name",
    "email",
    "external_id",
    "given_name",
    "family_name",
    "enabled",
    "groups",
];

/// What separates the groups of a person.
const BETWEEN_GROUPS: char = ';';

/// Reads a file. What is wrong is reported.
pub(crate) fn read(text: &str, reporter: &mut Reporter) -> Draft {
    let mut reader =
        ReaderBuilder::new().comment(Some(b'#')).trim(Trim::All).from_reader(text.as_bytes());
    let header = match reader.headers() {
        Ok(header) => header.clone(),
        Err(error) => {
            malformed(&error, reporter);
            return Draft::default();
        }
    };
    let line = header.position().map_or(1, csv::Position::line);
    let Some(columns) = columns(&header, line, reporter) else { return Draft::default() };
    let mut people = Vec::new();
    for record in reader.records() {
        match record {
            Ok(record) => people.extend(person(&record, &columns, reporter)),
            Err(error) => malformed(&error, reporter),
        }
    }
    Draft { people, groups: Vec::new() }
}

/// Which column each of the header's is.
fn columns(header: &StringRecord, line: u64, reporter: &mut Reporter) -> Option<Vec<&'static str>> {
    let mut found: Vec<&'static str> = Vec::new();
    for name in header {
        let known = COLUMNS.iter().find(|known| known.eq_ignore_ascii_case(name));
        match known {
            Some(known) if found.contains(known) => {
                let what = format!("the column {known} is there twice");
                reporter.report(line, what, "leave one");
            }
            Some(known) => found.push(known),
            None => {
                let what = format!("there is no column {name}");
                let remedy = format!("name columns of {}, separated by commas", COLUMNS.join(", "));
                reporter.report(line, what, remedy);
            }
        }
    }
    if reporter.is_clean() && !found.contains(&"user_name") {
        let remedy = "begin with a line that names the columns, user_name among them";
        reporter.report(line, "there is no column user_name", remedy);
    }
    reporter.is_clean().then_some(found)
}

fn person(record: &StringRecord, columns: &[&str], reporter: &mut Reporter) -> Option<DraftPerson> {
    let line = record.position().map_or(0, csv::Position::line);
    let field = |name: &str| {
        let at = columns.iter().position(|column| *column == name)?;
        record.get(at).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let enabled = match field("enabled").map(|text| text.to_ascii_lowercase()).as_deref() {
        None | Some("true") => true,
        Some("false") => false,
        Some(other) => {
            let what = format!("`enabled` is {other}");
            reporter.report(line, what, "write true or false");
            return None;
        }
    };
    let groups = field("groups").unwrap_or_default();
    let groups = groups.split(BETWEEN_GROUPS).map(str::trim).filter(|name| !name.is_empty());
    Some(DraftPerson {
        line,
        id: field("id"),
        user_name: field("user_name").unwrap_or_default(),
        display_name: field("display_name"),
        particulars: Particulars {
            email: field("email"),
            external_id: field("external_id"),
            given_name: field("given_name"),
            family_name: field("family_name"),
        },
        account: Account::at_any_time(enabled),
        groups: groups.map(str::to_owned).collect(),
        dn: None,
    })
}

fn malformed(error: &csv::Error, reporter: &mut Reporter) {
    let line = error.position().map_or(0, csv::Position::line);
    match error.kind() {
        ErrorKind::UnequalLengths { expected_len, len, .. } => {
            let what = format!("the line has {len} fields and the header {expected_len}");
            let remedy = "give each line as many; write a field that holds commas in double quotes";
            reporter.report(line, what, remedy);
        }
        _ => reporter.report(line, format!("it is no CSV ({error})"), "save it as CSV in UTF-8"),
    }
}
