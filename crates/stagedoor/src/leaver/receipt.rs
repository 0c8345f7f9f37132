//! A receipt, as people read it.

use super::loss::volume;
use crate::output::{Paint, visible};
use control::receipt::{
    DepartureReceipt, ProfileReceipt, Receipt, Revocation, RevocationMethod, StoppedApp,
};
use jiff::Timestamp;
use std::fmt::Write;

/// The receipt of a person who is shown as `who`.
pub(crate) fn receipt_text(receipt: &Receipt, who: &str, paint: Paint) -> String {
    let mut out = format!("Receipt for {who}, as of {}\n", receipt.at);
    if receipt.departures.is_empty() && receipt.profiles.is_empty() {
        out.push_str("\nThe audit log knows of nothing that was taken from this person.");
        return out;
    }
    section(&mut out, paint, "BY COMMAND", receipt.departures.iter().map(departure));
    section(&mut out, paint, "PROFILES", receipt.profiles.iter().map(profile));
    let (not, done): (Vec<&Revocation>, Vec<&Revocation>) =
        receipt.revocation.iter().partition(|r| r.method == RevocationMethod::NotRevoked);
    section(&mut out, paint, "REVOKED", done.into_iter().map(revocation));
    section(&mut out, paint, "NOT REVOKED", not.into_iter().map(revocation));
    section(&mut out, paint, "REMAINS", remains(receipt).into_iter());
    let saved = receipt.saved.iter().map(|(kind, hours)| format!("{kind}  {hours}"));
    section(&mut out, paint, "SAVED SINCE", saved);
    out.truncate(out.trim_end().len());
    out
}

fn section(out: &mut String, paint: Paint, title: &str, lines: impl Iterator<Item = String>) {
    let lines: Vec<String> = lines.collect();
    if lines.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{}", paint.bold(title));
    for line in lines {
        let _ = writeln!(out, "  {}", line.replace('\n', "\n  "));
    }
}

fn departure(departure: &DepartureReceipt) -> String {
    let what = match &departure.team {
        Some(team) => format!("team {team}"),
        None => "all teams and signing in".to_owned(),
    };
    let mut line = format!("{what}  since {}", departure.since);
    if let Some(by) = &departure.by {
        let _ = write!(line, " by {}", visible(by));
    }
    if let Some(why) = &departure.why {
        let _ = write!(line, ": {}", visible(why));
    }
    if let Some(until) = departure.until {
        let _ = write!(line, "; restored {until}");
    }
    line
}

fn profile(profile: &ProfileReceipt) -> String {
    let mut lines = format!(
        "{} in {}  {}, leaving since {}",
        profile.profile, profile.domain, profile.reason, profile.begun
    );
    for app in &profile.apps {
        let _ = write!(lines, "\n  {}", stopped(app));
    }
    for handed in &profile.handed_over {
        let new = handed.new_space.as_deref().unwrap_or("a new space");
        let owner = handed.owner.as_deref().unwrap_or("somebody else");
        let _ = write!(
            lines,
            "\n  handed space {} over to {owner} as {new} at {}",
            handed.space, handed.at
        );
    }
    for space in &profile.spaces {
        let volume = volume(space.volume_gib);
        let _ = write!(lines, "\n  deleted space {}{volume} at {}", space.space, space.deleted);
    }
    if let Some(deleted) = profile.deleted {
        let _ = write!(lines, "\n  deleted the profile at {deleted}");
    }
    if let Some(returned) = profile.returned {
        let _ = write!(lines, "\n  came back at {returned}");
    }
    lines
}

fn stopped(app: &StoppedApp) -> String {
    let mut line = format!("stopped {}/{}", app.app_type, app.app_name);
    if let Some(space) = &app.space {
        let _ = write!(line, " of space {space}");
    }
    if let Some(instance_type) = &app.instance_type {
        let _ = write!(line, ", {instance_type}");
    }
    if let Some(since) = app.since {
        let _ = write!(line, ", which ran since {since},");
    }
    let _ = write!(line, " at {}", app.stopped);
    line
}

fn revocation(revocation: &Revocation) -> String {
    let at = |at: Option<Timestamp>| at.map_or(String::new(), |at| format!(" {at}"));
    format!("{}{}: {}", revocation.what, at(revocation.at), revocation.note)
}

/// What is still there, as far as the log tells.
fn remains(receipt: &Receipt) -> Vec<String> {
    let mut lines = Vec::new();
    for profile in receipt.profiles.iter().filter(|profile| profile.returned.is_none()) {
        if let Some(home) = &profile.home {
            let place = home.file_system.as_deref();
            let place = place.map_or(String::new(), |place| format!(" on file system {place}"));
            lines.push(format!("home directory of {}: uid {}{place}", profile.profile, home.uid));
        }
        for kept in &profile.kept {
            let volume = volume(kept.volume_gib);
            lines.push(format!("space {} of {}{volume}", kept.space, profile.profile));
        }
    }
    lines
}
