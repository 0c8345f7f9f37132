//! Flags of the commands about people who leave.

use super::{MapArg, StoreArg, WaitArgs};
use access::ids::TeamKey;
use clap::Args;

/// The longest reason that is kept.
const LONGEST_REASON: usize = 500;

/// Who is meant.
#[derive(Debug, Args)]
pub(crate) struct PersonArg {
    /// The person, by user name, by the directory's id or by the name of a profile.
    #[arg(value_name = "PERSON")]
    pub(crate) person: String,
}

/// Who gives the command.
#[derive(Debug, Args)]
pub(crate) struct ByArg {
    /// Who gives the command, for the audit log.
    #[arg(long, value_name = "NAME", env = "USER", default_value = "unknown", value_parser = words)]
    pub(crate) by: String,
}

#[derive(Debug, Args)]
pub(crate) struct OffboardArgs {
    #[command(flatten)]
    pub(crate) person: PersonArg,
    /// Take away this team only; the person goes on signing in for the others.
    #[arg(long, value_name = "TEAM", value_parser = team)]
    pub(crate) team: Option<TeamKey>,
    /// Why, for the audit log.
    #[arg(long, value_name = "TEXT", value_parser = words)]
    pub(crate) reason: Option<String>,
    #[command(flatten)]
    pub(crate) by: ByArg,
    /// Keep nothing on hold: delete spaces and profiles as soon as their apps have stopped. Home
    /// directories are kept.
    #[arg(long)]
    pub(crate) now: bool,
    /// Do not ask.
    #[arg(long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) look: LookArgs,
    #[command(flatten)]
    pub(crate) map: MapArg,
    #[command(flatten)]
    pub(crate) store: StoreArg,
    #[command(flatten)]
    pub(crate) wait: WaitArgs,
}

/// What is only shown.
#[derive(Debug, Args)]
pub(crate) struct LookArgs {
    /// Only show what the person would lose; exits 2 if there is something.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Only show how far it is: the stage of each profile, as AWS has it.
    #[arg(long, conflicts_with_all = ["dry_run", "now", "yes", "reason", "receipt"])]
    pub(crate) status: bool,
    /// Only show the receipt.
    #[arg(long, conflicts_with_all = ["dry_run", "now", "yes", "reason"])]
    pub(crate) receipt: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    #[command(flatten)]
    pub(crate) person: PersonArg,
    /// Give back this team only.
    #[arg(long, value_name = "TEAM", value_parser = team)]
    pub(crate) team: Option<TeamKey>,
    #[command(flatten)]
    pub(crate) by: ByArg,
    /// Only show what would come back; exits 2 if there is something.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) map: MapArg,
    #[command(flatten)]
    pub(crate) store: StoreArg,
    #[command(flatten)]
    pub(crate) wait: WaitArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ReceiptArgs {
    #[command(flatten)]
    pub(crate) person: PersonArg,
    #[command(flatten)]
    pub(crate) map: MapArg,
    #[command(flatten)]
    pub(crate) store: StoreArg,
}

/// Reads the key of a team.
pub(super) fn team(text: &str) -> Result<TeamKey, String> {
    TeamKey::parse(text).map_err(|error| error.to_string())
}

/// Takes what people write: not empty, not endless, nothing that could play with a terminal.
pub(super) fn words(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err("must not be empty".to_owned());
    }
    if text.chars().count() > LONGEST_REASON {
        return Err(format!("must not be longer than {LONGEST_REASON} characters"));
    }
    if text.chars().any(char::is_control) {
        return Err("must be one line of text".to_owned());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_into_the_audit_log_is_one_line_of_text() {
        assert_eq!(words("left on 1 March – Grüße").as_deref(), Ok("left on 1 March – Grüße"));
        assert!(words(&"x".repeat(500)).is_ok());
        for bad in ["", "  ", "a\nb", "a\u{1b}[31mb", &"x".repeat(501)] {
            assert!(words(bad).is_err(), "{bad:?}");
        }
    }
}
