//! `stagedoor audit list`.

use super::{existing, meant};
use crate::cli::{Common, ListAuditArgs, OutputFormat};
use crate::exit::Outcome;
use crate::output::{self, Paint, visible};
use anyhow::Result;
use aws::Aws;
use control::ports::{AuditFilter, AuditPage, SealedEntry};
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Write as _;

pub(super) async fn run(args: &ListAuditArgs, common: &Common) -> Result<Outcome> {
    let store = existing(&args.store, &Aws::connect().await).await?;
    let filter = meant(args.filter.filter(), &args.filter.map, &store).await?;
    let (mut items, mut cursor) = (Vec::new(), args.cursor.clone());
    // A store looks through only so much at a time: what was asked for is gone on with.
    loop {
        let had = u32::try_from(items.len()).unwrap_or(u32::MAX);
        let left = args.limit.saturating_sub(had);
        let AuditPage { items: more, next } = store.page(&filter, cursor.as_deref(), left).await?;
        items.extend(more);
        cursor = next;
        if cursor.is_none() || items.len() >= usize::try_from(args.limit).unwrap_or(usize::MAX) {
            break;
        }
    }
    match common.output {
        OutputFormat::Json => {
            let document = json!({
                "apiVersion": output::API_VERSION,
                "kind": "AuditEntries",
                "items": items,
                "next": cursor,
            });
            output::data(&document.to_string());
        }
        OutputFormat::Table if items.is_empty() => output::data(&nothing(&filter)),
        OutputFormat::Table => {
            let paint = Paint::stdout(common);
            let lines: Vec<String> = items.iter().map(|item| line(item, paint)).collect();
            output::data(&lines.join("\n"));
            if let Some(cursor) = cursor {
                output::talk(&format!("There is more: --cursor '{cursor}'"));
            }
        }
    }
    Ok(Outcome::Done)
}

/// Not every refusal is the door's, and of strangers only so many are written down.
const ELSEWHERE: &str = "that of a page that refused without asking the door, or of one stranger too \
                         many, is in the server's log alone";

/// That there are no entries, and of whom: the log knows neither user names nor titles.
pub(super) fn nothing(filter: &AuditFilter) -> String {
    let named = [
        (
            "person",
            &filter.person,
            "people stand in it by the directory's id, and user names are looked up by the map",
        ),
        ("team", &filter.team, "teams stand in it by their key in the map"),
        ("change", &filter.change, "a change is named after its pass, as AWS's log names it too"),
        ("reference", &filter.reference, ELSEWHERE),
    ];
    let asked: Vec<_> = named
        .into_iter()
        .filter_map(|(what, value, how)| value.as_deref().map(|value| (what, value, how)))
        .collect();
    let about: Vec<String> =
        asked.iter().map(|(what, value, _)| format!("{what} {}", visible(value))).collect();
    let hows: Vec<&str> = asked.iter().map(|(.., how)| *how).collect();
    match (about.is_empty(), *filter == AuditFilter::default()) {
        (true, true) => "The log has no entries.".to_owned(),
        (true, false) => "The log has no such entries.".to_owned(),
        (false, _) => format!(
            "The log has no such entries about {}: {}.",
            about.join(" and "),
            hows.join(", and ")
        ),
    }
}

fn line(sealed: &SealedEntry, paint: Paint) -> String {
    let entry = &sealed.entry;
    let mut line = format!(
        "{}  {}  {}  {}  by {}",
        paint.dim(&entry.at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()),
        paint.dim(&sealed.number()),
        paint.bold(&visible(&entry.event)),
        visible(&entry.code),
        visible(&entry.actor.to_string()),
    );
    let about = [("person", &entry.person), ("team", &entry.team), ("change", &entry.change)];
    for (name, value) in about {
        if let Some(value) = value {
            let _ = write!(line, "  {name} {}", visible(value));
        }
    }
    let mut details = entry.details.clone();
    if let Some(checks) = details.get_mut("checks") {
        *checks = in_brief(checks);
    }
    for (what, texts) in [("before", &entry.before), ("after", &entry.after), ("", &details)] {
        line.push_str(&indented(what, texts));
    }
    line
}

/// The checks of a sign-in, of which those that passed are only counted.
fn in_brief(checks: &str) -> String {
    let (passed, rest): (Vec<&str>, Vec<&str>) =
        checks.split(' ').partition(|check| check.ends_with("=passed"));
    let counted = format!("{} passed", passed.len());
    std::iter::once(counted.as_str()).chain(rest).collect::<Vec<_>>().join(", ")
}

fn indented(what: &str, texts: &BTreeMap<String, String>) -> String {
    if texts.is_empty() {
        return String::new();
    }
    let told: Vec<String> =
        texts.iter().map(|(name, value)| format!("{}={}", visible(name), visible(value))).collect();
    let what = if what.is_empty() { String::new() } else { format!("{what} ") };
    format!("\n    {what}{}", told.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_that_passed_are_counted_and_the_others_are_named() {
        assert_eq!(in_brief("size=passed xml=passed audience=failed"), "2 passed, audience=failed");
        assert_eq!(in_brief("size=passed"), "1 passed");
    }
}
