//! The report as one file that needs nothing else: to be kept, sent and printed.
//!
//! It names people, so it is as confidential as the directory. It holds no script and asks for
//! nothing from anywhere; its own policy forbids both.

use crate::strings;
use access::report::{Quota, Report};
use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

/// The only style that the file's policy lets a browser apply.
const STYLE: &str = include_str!("../assets/report.css");

/// The page.
#[derive(Debug, Template)]
#[template(path = "report.html")]
struct ReportPage<'a> {
    report: &'a Report,
    title: &'a str,
    policy: String,
    style: &'static str,
}

/// The report as an HTML document. `title` says of what it is.
///
/// # Errors
/// A defect of the template.
pub fn report_page(report: &Report, title: &str) -> Result<String, askama::Error> {
    // What stands between the tags is what is hashed, to the byte.
    let digest = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    );
    ReportPage { report, title, policy, style: STYLE }.render()
}

impl ReportPage<'_> {
    fn counts(&self) -> [(&'static str, usize, &'static str, bool); 8] {
        let Report { summary, .. } = self.report;
        let bad = |count: usize| count > 0;
        [
            ("people", summary.entitled, "people with access", false),
            ("roles", summary.profiles, "user profiles", false),
            ("roles", summary.roles, "execution roles", false),
            ("apps", summary.running_apps, "apps running", false),
            ("orphans", summary.orphan_profiles, "orphan profiles", bad(summary.orphan_profiles)),
            ("homes", summary.orphan_homes, "orphan homes", bad(summary.orphan_homes)),
            ("apps", summary.idle_apps, "idle apps", bad(summary.idle_apps)),
            ("doors", summary.side_doors, "side doors", bad(summary.side_doors)),
        ]
    }
}

/// A moment for people, in UTC.
fn moment(at: &Timestamp) -> String {
    at.strftime("%-d %b %Y, %H:%M UTC").to_string()
}

/// A day for people, in UTC.
fn day(at: &Timestamp) -> String {
    at.strftime("%-d %b %Y").to_string()
}

/// How full a quota is, in percent from 0 to 100; `None` where nobody knows the limit.
fn filled(quota: &Quota) -> Option<u64> {
    let limit = quota.limit.filter(|limit| *limit > 0)?;
    Some((quota.profiles.saturating_mul(100) / limit).min(100))
}

/// The name of a role without its ARN.
fn short(role: &str) -> &str {
    role.rsplit('/').next().unwrap_or(role)
}

/// An ARN in parts between which a line may end.
fn parts(arn: &str) -> impl Iterator<Item = &str> {
    arn.split_inclusive([':', '/'])
}

/// A number of hours for people.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "templates pass fields by reference")]
fn lasted(hours: &i64) -> String {
    match hours / 24 {
        0 | 1 => format!("{hours} h"),
        days => format!("{days} days"),
    }
}

#[cfg(test)]
mod tests;
