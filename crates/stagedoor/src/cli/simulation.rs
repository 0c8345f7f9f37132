//! Flags of `stagedoor policy simulate`.

use super::leaving::team;
use super::{MapArg, StoreArg};
use access::ids::TeamKey;
use clap::Args;
use std::net::IpAddr;
use std::path::PathBuf;

/// What would happen to whom, and from where.
#[derive(Debug, Args)]
pub(crate) struct SimulateArgs {
    /// The person: user name, or the directory's id.
    #[arg(long, value_name = "PERSON")]
    pub(crate) person: String,
    /// The team.
    #[arg(long, value_name = "TEAM", value_parser = team)]
    pub(crate) team: TeamKey,
    /// Which of the team's domains; absent: the one where the person's profile is, or the first.
    #[arg(long, value_name = "DOMAIN")]
    pub(crate) domain: Option<String>,
    /// The address that the person comes from. Through a VPC endpoint it is the address inside the
    /// VPC, otherwise the public one.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) from: Option<IpAddr>,
    /// The VPC endpoint that the person comes through.
    #[arg(long, value_name = "ID", value_parser = endpoint)]
    pub(crate) vpce: Option<String>,
    /// The VPC of the endpoint that the person comes through.
    #[arg(long, value_name = "ID", value_parser = vpc)]
    pub(crate) vpc: Option<String>,
    /// The groups the person is in, with commas. Nothing is asked of the directory or of AWS then.
    #[arg(long, value_name = "GROUPS", value_delimiter = ',')]
    pub(crate) groups: Option<Vec<String>>,
    /// Something else than entering Studio: what an app does with the team's execution role.
    #[arg(long, value_name = "ACTION", requires = "resource")]
    pub(crate) action: Option<String>,
    /// The ARN that the action is done to, or `*`.
    #[arg(long, value_name = "ARN", requires = "action")]
    pub(crate) resource: Option<String>,
    /// A context key of the request to AWS and its value; several times for several values.
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) context: Vec<String>,
    /// Who asks AWS without Stagedoor, such as somebody in the console. The door is left out, and
    /// without --policy they are taken to be allowed everything that SCPs do not deny.
    #[arg(long, value_name = "ARN")]
    pub(crate) principal: Option<String>,
    /// Policies of whoever asks AWS, in the place of those that the map means.
    #[arg(long = "policy", value_name = "FILE")]
    pub(crate) policies: Vec<PathBuf>,
    /// Service control policies in the place of those that the map means; `FullAWSAccess` stands
    /// beside them.
    #[arg(long = "scp", value_name = "FILE")]
    pub(crate) scps: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) map: MapArg,
    #[command(flatten)]
    pub(crate) store: StoreArg,
}

fn endpoint(text: &str) -> Result<String, String> {
    id(text, "vpce-")
}

fn vpc(text: &str) -> Result<String, String> {
    id(text, "vpc-")
}

/// An id of Amazon EC2: the prefix and up to 17 hexadecimal digits.
fn id(text: &str, prefix: &str) -> Result<String, String> {
    let digits = text.strip_prefix(prefix).unwrap_or_default();
    let is_id = (1..=17).contains(&digits.len())
        && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if is_id { Ok(text.to_owned()) } else { Err(format!("write it as {prefix}0abc")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_those_of_their_kind() {
        assert_eq!(endpoint("vpce-0abc"), Ok("vpce-0abc".to_owned()));
        assert_eq!(vpc("vpc-0123456789abcdef0"), Ok("vpc-0123456789abcdef0".to_owned()));
        for wrong in ["vpc-", "vpce-0abc", "vpc-0AB", "vpc-0123456789abcdef01", "0abc"] {
            assert_eq!(vpc(wrong), Err("write it as vpc-0abc".to_owned()), "{wrong}");
        }
    }
}
