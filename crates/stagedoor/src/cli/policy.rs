//! Flags of `stagedoor policy`.

use super::leaving::{PersonArg, team};
use super::value::parse;
use super::{MapArg, SimulateArgs, StoreArg};
use access::ids::{AccountId, TeamKey};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand, ValueEnum};
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
    /// Print the roles and policies that the map means, or write them into a folder: execution roles
    /// of teams, Stagedoor's own roles, guardrails, policies of VPC endpoints, permission sets.
    Render(RenderArgs),
    /// Say what would happen if somebody asked for a team from somewhere: the door's rules, then what
    /// AWS would say by the policies that the map means. Exits 5 if it is denied.
    Simulate(Box<SimulateArgs>),
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
    /// A service control policy; can be given several times. All are of one level. Where none of
    /// them allows anything, `FullAWSAccess` stands beside them, as AWS attaches it.
    #[arg(long, value_name = "FILE", requires = "identity")]
    pub(crate) scp: Vec<PathBuf>,
    /// The service control policies of a level, parted by commas, in place of --scp; once for the
    /// organization's root, each unit and the account. Every level must allow.
    #[arg(long, value_name = "FILE,…", requires = "identity", conflicts_with = "scp")]
    pub(crate) scp_level: Vec<String>,
    /// Whose policies they are. Without it, those of any identity in any account: what policies ask
    /// of the principal can have any value.
    #[arg(long, value_name = "ARN")]
    pub(crate) principal: Option<String>,
    /// A tag of the principal; can be given several times. Tags that are not given can have any
    /// value.
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) principal_tag: Vec<String>,
    /// The most requests to show of what is refuted, each of another kind of action.
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub(crate) witnesses: usize,
}

/// What to render, and how.
#[derive(Debug, Args)]
pub(crate) struct RenderArgs {
    #[command(flatten)]
    pub(crate) map: MapArg,
    /// What to make of it.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: RenderFormat,
    /// Only these parts; several are parted by commas.
    #[arg(long, value_enum, value_name = "PART", value_delimiter = ',')]
    pub(crate) only: Vec<RenderPart>,
    /// Only what belongs to this account: its roles and its guardrails.
    #[arg(long, value_name = "ACCOUNT", value_parser = parse(AccountId::parse))]
    pub(crate) account: Option<AccountId>,
    /// Write files into this folder, and remove those that were written there before and are no
    /// longer rendered. Other files are left alone.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Overwrite files that this command did not write, or that were changed since.
    #[arg(long, requires = "out")]
    pub(crate) force: bool,
}

/// What to make of roles and policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum RenderFormat {
    /// The documents by themselves, with an index of what each is for.
    #[default]
    Json,
    /// CloudFormation templates: one for each account, one for the organization, one for the VPC
    /// endpoints of each Region.
    Cloudformation,
    /// A Terraform module.
    Terraform,
}

impl RenderFormat {
    /// As it is written on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Cloudformation => "cloudformation",
            Self::Terraform => "terraform",
        }
    }
}

/// A part of what the map means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RenderPart {
    /// All roles.
    Roles,
    /// The execution roles of teams.
    Execution,
    /// Stagedoor's own roles: hub, spokes, links.
    Plane,
    /// Service control policies.
    Guardrails,
    /// Policies of VPC endpoints.
    Endpoints,
    /// Permission sets of Identity Center.
    PermissionSets,
}
