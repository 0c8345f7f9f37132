//! Flags of `stagedoor token`.

use super::leaving::ByArg;
use super::time::duration;
use super::value::parse;
use super::{MapArg, StoreArg};
use access::ids::DirectoryName;
use clap::{Args, Subcommand};
use control::desk::Right;
use std::time::Duration;

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token, and print it: this once, for the store keeps only its digest.
    Create(CreateTokenArgs),
    /// List the tokens there are, without their secrets.
    List(ListTokensArgs),
    /// Revoke a token: it opens nothing from now on. Exits 0 also if there is none.
    Revoke(RevokeTokenArgs),
}

#[derive(Debug, Args)]
pub(crate) struct CreateTokenArgs {
    /// Its name, which the audit log tells: 1 to 64 letters, digits, `.`, `_` or `-`.
    pub(crate) name: String,
    /// What its holder may: `see` who has what, the plan and the state of everything; see the
    /// `audit` log and sign-ins; `act`; push people and groups by `scim`. Each is a scope of its
    /// own: name all that it needs.
    #[arg(long, value_name = "SCOPES", value_delimiter = ',', required = true, value_parser = scope)]
    pub(crate) scope: Vec<Right>,
    /// The directory of the access map that a token with the scope `scim` is for. It can be left out
    /// where the map has one such directory. One that the map has not is refused.
    #[arg(long, value_name = "NAME", value_parser = parse(DirectoryName::parse))]
    pub(crate) directory: Option<DirectoryName>,
    /// How long it is good for, at most 366 days.
    #[arg(long = "for", value_name = "DURATION", default_value = "90d", value_parser = life)]
    pub(crate) life: Duration,
    #[command(flatten)]
    pub(crate) map: MapArg,
    #[command(flatten)]
    pub(crate) by: ByArg,
    #[command(flatten)]
    pub(crate) store: StoreArg,
}

#[derive(Debug, Args)]
pub(crate) struct ListTokensArgs {
    #[command(flatten)]
    pub(crate) store: StoreArg,
}

#[derive(Debug, Args)]
pub(crate) struct RevokeTokenArgs {
    /// Its name.
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) by: ByArg,
    #[command(flatten)]
    pub(crate) store: StoreArg,
}

fn scope(text: &str) -> Result<Right, String> {
    Right::parse(text).ok_or_else(|| "write see, audit, act or scim".to_owned())
}

/// Parses `90d`, and whatever other durations are written as.
fn life(text: &str) -> Result<Duration, String> {
    let days = text.strip_suffix('d').and_then(|days| days.parse::<u64>().ok());
    match days {
        Some(days) => Ok(Duration::from_secs(days.saturating_mul(86_400))),
        None => duration(text).map_err(|_| "write it as 90d, 12h or 30m".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_is_written_in_days_too() {
        assert_eq!(life("90d"), Ok(Duration::from_hours(90 * 24)));
        assert_eq!(life("12h"), Ok(Duration::from_hours(12)));
        for bad in ["", "d", "-1d", "90", "1w"] {
            assert!(life(bad).is_err(), "{bad}");
        }
    }
}
