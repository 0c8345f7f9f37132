//! Flags of `stagedoor policy`.

use super::leaving::{PersonArg, team};
use super::{MapArg, StoreArg};
use access::ids::TeamKey;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use iam_policy::lint::Kind;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Decide a request by policies as AWS would, and say because of which statements. Exits 5 if it
    /// is denied.
    Eval(EvalArgs),
    /// Print a policy document in its canonical form.
    Format(FormatArgs),
    /// Say what two policy documents say differently, whatever their order and spelling. Exits 2 if
    /// anything.
    Diff(DiffArgs),
    /// Look for what policies do other than is meant. Exits 1 if there is an error among the findings.
    Lint(PolicyLintArgs),
    /// Prove over all requests what policies never allow: the map's invariants, or a claim about
    /// files. Exits 5 if a request refutes it, and 6 if neither is found.
    Prove(ProveArgs),
    /// Print a policy for a team's execution role that cuts off one person and nobody else.
    DenyPerson(DenyPersonArgs),
}

/// Which requests, by which policies.
#[derive(Debug, Args)]
#[group(id = "what", required = true, multiple = false)]
pub(crate) struct EvalArgs {
    /// A JSON file with one request and its policies; `-` is standard input.
    #[arg(long, value_name = "FILE", group = "what")]
    pub(crate) input: Option<PathBuf>,
    /// Read one request with its policies from each line of standard input, and answer each with a
    /// line. Exits 0 whatever is denied, and 1 if a line could not be read.
    #[arg(long, group = "what")]
    pub(crate) jsonl: bool,
}

/// Which document.
#[derive(Debug, Args)]
pub(crate) struct FormatArgs {
    /// A policy document, as JSON; `-` is standard input.
    pub(crate) file: PathBuf,
    /// Print nothing but whether the file is in canonical form; exits 2 if it is not.
    #[arg(long)]
    pub(crate) check: bool,
}

/// Which two documents.
#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// The old policy document, as JSON; `-` is standard input.
    pub(crate) old: PathBuf,
    /// The new policy document.
    pub(crate) new: PathBuf,
}

/// Which documents, and how to look at them.
#[derive(Debug, Args)]
pub(crate) struct PolicyLintArgs {
    /// Policy documents in JSON; `-` is standard input.
    #[arg(value_name = "FILE", required_unless_present = "attached")]
    pub(crate) files: Vec<PathBuf>,
    /// What the documents are for. Without it: trust policies and policies of resources are known by
    /// their principals; all others are taken for policies of identities.
    #[arg(long, value_parser = lint_kind())]
    pub(crate) kind: Option<Kind>,
    /// The documents are in force together, as those of one role.
    #[arg(long)]
    pub(crate) together: bool,
    /// The ARN of a managed policy that the role has besides.
    #[arg(long, value_name = "ARN")]
    pub(crate) attached: Vec<String>,
    /// Warnings fail the command, too.
    #[arg(long)]
    pub(crate) deny_warnings: bool,
}

fn lint_kind() -> impl TypedValueParser<Value = Kind> {
    PossibleValuesParser::new(Kind::ALL.map(Kind::as_str)).try_map(|name| {
        Kind::ALL.into_iter().find(|kind| kind.as_str() == name).ok_or("unknown kind")
    })
}

#[derive(Debug, Args)]
pub(crate) struct DenyPersonArgs {
    #[command(flatten)]
    pub(crate) person: PersonArg,
    /// The team whose role the person shares with others.
    #[arg(long, value_name = "TEAM", value_parser = team)]
    pub(crate) team: TeamKey,
    #[command(flatten)]
    pub(crate) map: MapArg,
    #[command(flatten)]
    pub(crate) store: StoreArg,
}

/// Of what to prove what. Without any of these, the map's `invariants:`.
#[derive(Debug, Args)]
#[group(id = "claim", multiple = false)]
pub(crate) struct ProveArgs {
    #[command(flatten)]
    pub(crate) map: MapArg,
    /// That the new document allows nothing that the old one did not.
    #[arg(long, num_args = 2, value_names = ["OLD", "NEW"], group = "claim")]
    pub(crate) diff: Option<Vec<PathBuf>>,
    /// That the policies allow nothing of what this document would allow.
    #[arg(long, value_name = "FILE", group = "claim", requires = "identity")]
    pub(crate) never: Option<PathBuf>,
    /// That the policies allow all of what this document would allow.
    #[arg(long, value_name = "FILE", group = "claim", requires = "identity")]
    pub(crate) always: Option<PathBuf>,
    /// That the policies allow nothing but what this document allows.
    #[arg(long, value_name = "FILE", group = "claim", requires = "identity")]
    pub(crate) inside: Option<PathBuf>,
    /// An identity-based policy; can be given several times.
    #[arg(long, value_name = "FILE", conflicts_with = "diff")]
    pub(crate) identity: Vec<PathBuf>,
    /// The permissions boundary.
    #[arg(long, value_name = "FILE", requires = "identity")]
    pub(crate) boundary: Option<PathBuf>,
    /// A service control policy, each of a level of its own; can be given several times.
    #[arg(long, value_name = "FILE", requires = "identity")]
    pub(crate) scp: Vec<PathBuf>,
    /// Whose policies they are.
    #[arg(long, value_name = "ARN", default_value = "arn:aws:iam::111122223333:role/role")]
    pub(crate) principal: String,
    /// A tag of the principal; can be given several times. Tags that are not given can have any
    /// value.
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) principal_tag: Vec<String>,
    /// The most requests to show of what is refuted, each of another kind of action.
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub(crate) witnesses: usize,
}
