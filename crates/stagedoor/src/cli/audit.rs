//! Flags of the commands about the audit log.

use super::leaving::ByArg;
use super::time::{days, end, instant, kept, period};
use super::{MapArg, StoreArg};
use crate::checkpoints::CheckpointLocation;
use access::map::near_match;
use clap::{Args, Subcommand, ValueEnum};
use control::audit::ExportForm;
use control::ports::{Actor, AuditEvent, AuditFilter, reference};
use control::reasons;
use jiff::Timestamp;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Show entries, newest first.
    List(ListAuditArgs),
    /// Verify the whole log: every entry, its place in its chain, and that it still has all that
    /// checkpoints know. Names the first bad entry; exits 6 if something does not hold.
    Verify(VerifyAuditArgs),
    /// Write entries to standard output, oldest first within each chain, one a line.
    Export(ExportAuditArgs),
    /// Sign how far the log goes and keep it outside of the store; with --retention also remove what
    /// is older.
    Checkpoint(CheckpointArgs),
}

/// The most entries that are listed at a time.
const MOST_LISTED: u32 = 100_000;

/// Which entries.
#[derive(Debug, Args)]
pub(crate) struct AuditFilterArgs {
    /// Of this time or later: 2026-11-20T08:00:00Z or 2026-11-20.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub(crate) from: Option<Timestamp>,
    /// Before this time, or of this day and before.
    #[arg(long, value_name = "TIME", value_parser = end)]
    pub(crate) until: Option<Timestamp>,
    /// Of this event: sign-in, creating-profile, …
    #[arg(long, value_parser = event)]
    pub(crate) event: Option<AuditEvent>,
    /// With this reason code.
    #[arg(long, value_parser = code)]
    pub(crate) code: Option<String>,
    /// About this person, by the directory's id or, with the map at hand, by user name.
    #[arg(long)]
    pub(crate) person: Option<String>,
    /// About this team.
    #[arg(long)]
    pub(crate) team: Option<String>,
    /// By this actor: system, anonymous, person:ID, token:NAME, cli:USER, idp:KEY.
    #[arg(long)]
    pub(crate) actor: Option<Actor>,
    /// Of this pass, by its change id.
    #[arg(long, value_name = "ID")]
    pub(crate) change: Option<String>,
    /// With this number, which a page told whoever was refused.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) reference: Option<String>,
    #[command(flatten)]
    pub(crate) map: MapArg,
}

/// A word that nothing in the log can be filtered by: no entries would look like nothing happened.
fn event(text: &str) -> Result<AuditEvent, String> {
    AuditEvent::parse(text).ok_or_else(|| {
        let known = || AuditEvent::ALL.iter().map(|event| event.as_str());
        near_match(text, known()).map_or_else(
            || {
                format!(
                    "there is no such event; it is one of {}",
                    known().collect::<Vec<&str>>().join(", ")
                )
            },
            |near| format!("there is no such event, did you mean `{near}`?"),
        )
    })
}

fn code(text: &str) -> Result<String, String> {
    if reasons::codes().any(|code| code == text) {
        return Ok(text.to_owned());
    }
    Err(near_match(text, reasons::codes()).map_or_else(
        || "there is no such code; `stagedoor schema --format reason-codes` has all".to_owned(),
        |near| format!("there is no such code, did you mean `{near}`?"),
    ))
}

/// Parses how many entries are listed: all of them are in memory.
fn limit(text: &str) -> Result<u32, String> {
    let number = text.parse().ok().filter(|number| (1..=MOST_LISTED).contains(number));
    number.ok_or_else(|| format!("write a number from 1 to {MOST_LISTED}"))
}

impl AuditFilterArgs {
    pub(crate) fn filter(&self) -> AuditFilter {
        AuditFilter {
            from: self.from,
            until: self.until,
            event: self.event.map(String::from),
            code: self.code.clone(),
            person: self.person.clone(),
            team: self.team.clone(),
            actor: self.actor.clone(),
            change: self.change.clone(),
            reference: self.reference.as_deref().map(reference),
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct ListAuditArgs {
    #[command(flatten)]
    pub(crate) filter: AuditFilterArgs,
    /// The most entries, up to 100,000; `audit export` writes any number of them.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = limit)]
    pub(crate) limit: u32,
    /// Where the page before ended.
    #[arg(long)]
    pub(crate) cursor: Option<String>,
    #[command(flatten)]
    pub(crate) store: StoreArg,
}

/// Where checkpoints are kept.
#[derive(Debug, Args)]
pub(crate) struct PlaceArgs {
    /// Where checkpoints of the audit log are kept: a file that is only appended to, or
    /// `s3://BUCKET/PREFIX`, best with object lock.
    #[arg(
        long,
        value_name = "FILE|s3://BUCKET/PREFIX",
        env = "STAGEDOOR_AUDIT_CHECKPOINTS",
        value_parser = CheckpointLocation::parse
    )]
    pub(crate) checkpoints: Option<CheckpointLocation>,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyAuditArgs {
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    /// Verify this file instead, as `audit export` wrote it without a filter.
    #[arg(long, value_name = "FILE")]
    pub(crate) export: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) store: StoreArg,
}

/// Forms of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum AuditFormat {
    /// JSON Lines: each entry as it was sealed, with its seal.
    #[default]
    Jsonl,
    /// JSON Lines of OCSF events.
    Ocsf,
}

impl AuditFormat {
    pub(crate) const fn form(self) -> ExportForm {
        match self {
            Self::Jsonl => ExportForm::JsonLines,
            Self::Ocsf => ExportForm::Ocsf,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct ExportAuditArgs {
    #[command(flatten)]
    pub(crate) filter: AuditFilterArgs,
    /// Which form.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: AuditFormat,
    #[command(flatten)]
    pub(crate) store: StoreArg,
}

#[derive(Debug, Args)]
pub(crate) struct CheckpointArgs {
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    /// Remove entries that are older than this, as far as the checkpoint goes: 400d.
    #[arg(long, value_name = "DURATION", value_parser = days)]
    pub(crate) retention: Option<Duration>,
    /// Sign a log that does not hold all the same, and say why, once somebody has looked into it:
    /// servers verify from this checkpoint on. `audit verify` goes on telling what does not hold.
    #[arg(long, value_name = "WHY", conflicts_with = "retention")]
    pub(crate) accept: Option<String>,
    #[command(flatten)]
    pub(crate) by: ByArg,
    #[command(flatten)]
    pub(crate) store: StoreArg,
}

/// What a server does about its audit log.
#[derive(Debug, Args)]
#[expect(clippy::struct_field_names, reason = "these are the flags' names")]
pub(crate) struct AnchoringArgs {
    /// Where checkpoints of the audit log are kept: a file that is only appended to, or
    /// `s3://BUCKET/PREFIX`, best with object lock. Absent: none are made; a server verifies the log
    /// all the same, once as a whole and then what came since.
    #[arg(
        long,
        value_name = "FILE|s3://BUCKET/PREFIX",
        env = "STAGEDOOR_AUDIT_CHECKPOINTS",
        value_parser = CheckpointLocation::parse
    )]
    pub(crate) audit_checkpoints: Option<CheckpointLocation>,
    /// From one checkpoint of the audit log to the next, and from one verification to the next.
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = period,
          env = "STAGEDOOR_AUDIT_CHECKPOINT_EVERY")]
    pub(crate) audit_checkpoint_every: Duration,
    /// How long entries of the audit log are kept: 400d. Only what a checkpoint knows is ever
    /// removed. Absent: for ever.
    #[arg(long, value_name = "DURATION", value_parser = kept, requires = "audit_checkpoints",
          env = "STAGEDOOR_AUDIT_RETENTION")]
    pub(crate) audit_retention: Option<Duration>,
}
