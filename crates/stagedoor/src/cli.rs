//! The command line: flags, their environment variables and their help.

#![expect(clippy::doc_markdown, reason = "these comments are the help text, shown as they are")]

mod audit;
mod beginning;
mod directory;
mod events;
mod keeping;
mod lambda;
mod leaving;
mod operations;
mod origin;
mod people;
mod planning;
mod policy;
mod reporting;
mod saml;
mod serving;
mod sessions;
mod simulation;
mod temporary;
mod time;
mod tokens;
mod value;

#[cfg(test)]
mod documented;

pub(crate) use audit::{
    AnchoringArgs, AuditCommand, CheckpointArgs, ExportAuditArgs, ListAuditArgs, VerifyAuditArgs,
};
pub(crate) use beginning::{ExistingArgs, InitArgs};
pub(crate) use directory::{
    DiffDirectoryArgs, DirectoryCommand, MirrorDirectoryArgs, ShowDirectoryArgs, TestDirectoryArgs,
};
pub(crate) use events::{EventsCommand, LintArgs, PatternArgs, ReplayArgs};
pub(crate) use keeping::{
    BackupArgs, ChangeArgs, CreateStoreArgs, DeleteMappingArgs, GetMappingArgs, GroupArg,
    ListMappingArgs, MappingCommand, PutMappingArgs, StoreCommand, StoreStatusArgs,
};
pub(crate) use lambda::LambdaArgs;
pub(crate) use leaving::{OffboardArgs, ReceiptArgs, RestoreArgs};
pub(crate) use operations::{DoctorArgs, FreezeArgs, SpokeCommand, SpokeTemplateArgs, ThawArgs};
pub(crate) use origin::OriginArgs;
pub(crate) use people::{WhoCanArgs, WhyArgs};
pub(crate) use planning::{ApplyArgs, DriftArgs, PlanArgs, SyncArgs, WaitArgs};
pub(crate) use policy::{
    DenyPersonArgs, DiffArgs, EvalArgs, FormatArgs, PolicyCommand, PolicyLintArgs, ProveArgs,
    RenderArgs, RenderFormat, RenderPart,
};
pub(crate) use reporting::{NotificationsCommand, NotificationsTestArgs, ReportArgs};
pub(crate) use saml::{
    AttemptsArgs, DecodeArgs, FetchArgs, KeyCommand, MetadataArgs, NewKeyArgs, Provider,
    SamlCommand, SetupArgs, SpKeyArgs, VerifyArgs,
};
pub(crate) use serving::{DemoArgs, DemoDirectory, LoopArgs, ProbeArgs, SandboxArgs, ServeArgs};
pub(crate) use sessions::{EndSessionsArgs, SessionsCommand, WhoseArgs};
pub(crate) use simulation::SimulateArgs;
pub(crate) use temporary::{
    BreakGlassArgs, GiveArgs, GrantArgs, GrantCommand, ListGrantsArgs, NoteArgs, RevokeArgs,
};
pub(crate) use tokens::{CreateTokenArgs, ListTokensArgs, RevokeTokenArgs, TokenCommand};

use crate::store_location::StoreLocation;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;

/// The guarded way into SageMaker Studio.
///
/// A directory says who is in which group; the access map says what each group gets; Stagedoor
/// makes SageMaker agree, lets people in only through a verified door, and takes everything back
/// when they leave.
#[derive(Debug, Parser)]
#[command(
    name = "stagedoor",
    version,
    about,
    after_help = "Exit codes: 0 done or nothing to do, 1 failed, 2 changes pending (plan, \
                  drift), 3 bad usage or configuration, 4 refused by the guard, 5 denied (why, saml \
                  verify), 6 verification failed (doctor, audit verify).\n\n\
                  First steps: `stagedoor demo` shows everything on this machine; `stagedoor \
                  init` writes a first map; `stagedoor validate` checks a map; `stagedoor plan` says \
                  who gains and who loses."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The command line of a function, without the other commands: to describe all of them costs a part
/// of a process's start.
#[derive(Debug, Parser)]
#[command(name = "stagedoor", version)]
struct OfFunction {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: FunctionCommand,
}

#[derive(Debug, Subcommand)]
enum FunctionCommand {
    Lambda(LambdaArgs),
}

impl Cli {
    /// Reads the arguments of a process, its name first.
    ///
    /// # Errors
    /// They are not understood, or ask for help or the version.
    pub(crate) fn read(args: &[OsString]) -> Result<Self, clap::Error> {
        // What is not understood is told by the whole, which knows what else there is.
        if args.get(1).is_some_and(|command| command == "lambda")
            && let Ok(OfFunction { common, command }) = OfFunction::try_parse_from(args)
        {
            let FunctionCommand::Lambda(args) = command;
            return Ok(Self { common, command: Command::Lambda(args) });
        }
        Self::try_parse_from(args)
    }
}

/// What every command understands.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Common {
    /// How to print results on standard output.
    #[arg(long, global = true, value_enum, default_value_t, env = "STAGEDOOR_OUTPUT")]
    pub(crate) output: OutputFormat,
    /// Print without colours (also: the environment variable NO_COLOR).
    #[arg(long, global = true)]
    pub(crate) no_color: bool,
    /// Log more, on standard error. Twice: everything.
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// What to log, by target and level, instead: `warn,control=debug`.
    #[arg(long, global = true, value_name = "LEVELS", env = "STAGEDOOR_LOG")]
    pub(crate) log: Option<String>,
    /// How to log.
    #[arg(long, global = true, value_enum, default_value_t, env = "STAGEDOOR_LOG_FORMAT")]
    pub(crate) log_format: LogFormat,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum LogFormat {
    /// Readable on a terminal, JSON elsewhere.
    #[default]
    Auto,
    /// Readable.
    Text,
    /// A JSON object a line.
    Json,
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum OutputFormat {
    /// For people.
    #[default]
    Table,
    /// One JSON document; a contract for programs.
    Json,
}

/// Where the access map is.
#[derive(Debug, Clone, Args)]
pub(crate) struct MapArg {
    /// The access map: a YAML file, or a folder of `*.yaml` files.
    #[arg(long, short, value_name = "PATH", default_value = "access.yaml", env = "STAGEDOOR_MAP")]
    pub(crate) map: PathBuf,
}

/// Where the store is.
#[derive(Debug, Clone, Args)]
pub(crate) struct StoreArg {
    /// The store with sessions, used assertions, the audit log and the queue: a SQLite file, or
    /// `dynamodb:TABLE`, which several replicas can share.
    ///
    /// Its audit log is sealed with a key of its own, unless the environment variable
    /// STAGEDOOR_AUDIT_KEY names where one is kept: a file, `env:NAME`, `ssm:NAME`,
    /// `secretsmanager:SECRET#KEY` or `kms:KEY`. STAGEDOOR_AUDIT_FORMER_KEYS names those before.
    #[arg(
        long,
        value_name = "FILE|dynamodb:TABLE",
        default_value = "stagedoor.db",
        env = "STAGEDOOR_STORE",
        value_parser = StoreLocation::parse
    )]
    pub(crate) store: StoreLocation,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write a first access map: one to fill in, or one from the domains, profiles, roles and groups
    /// that there are, after which the first plan has nothing to do.
    Init(InitArgs),
    /// Check the access map; every error names file, line and column.
    Validate(MapArg),
    /// Show who gains, who changes and who loses. Changes nothing; exits 2 if there is something
    /// to do.
    Plan(PlanArgs),
    /// Make AWS agree with the map, and wait until it does. May be run again at any time.
    Apply(ApplyArgs),
    /// Read and put right what concerns some people, or everybody, at once.
    Sync(SyncArgs),
    /// What in AWS is not as the map says, apart from people who come and leave. Changes nothing;
    /// exits 2 if there is something.
    Drift(DriftArgs),
    /// Why somebody has a team, or has not: every step from the directory to the profile. Exits 5
    /// if not, or if they cannot use it now.
    Why(WhyArgs),
    /// Who has a team or an execution role, by which group and grant, and who has a profile of it
    /// without a right.
    WhoCan(WhoCanArgs),
    /// Write down who has what, what nobody needs any more, and who gets in past the door: one HTML
    /// file that needs nothing else. Reads only, with a map or without one.
    Report(ReportArgs),
    /// Whoever the map has told when something needs a person.
    #[command(subcommand)]
    Notifications(NotificationsCommand),
    /// Take everything from one person, now: deny signing in, stop what runs, put the rest on hold.
    /// May be run again at any time.
    ///
    /// The command is remembered in the store and holds whatever the person's groups say, until
    /// `stagedoor restore`. It is no substitute for the directory: a lost store forgets it.
    Offboard(OffboardArgs),
    /// Take an offboarding back, as far as there is something left.
    Restore(RestoreArgs),
    /// What an offboarding stopped, deleted and saved, and what remains, by the audit log.
    Receipt(ReceiptArgs),
    /// Give a person a team for a time; it ends by itself. Also lists and revokes what was given.
    Grant(GrantArgs),
    /// Take a team for a person in an emergency, by a rule of the map, for a short time: loud on every
    /// admin screen, in the log, in metrics and in the audit log.
    BreakGlass(BreakGlassArgs),
    /// Write policies, and find out what they decide.
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Stop every change, of all processes that share the store: people whose profiles are ready go
    /// on, nothing is made, corrected or taken away.
    Freeze(FreezeArgs),
    /// Let changes be made again, and have everything read at once.
    Thaw(ThawArgs),
    /// Look after the store: make it, see what is in it, bring it up to date, copy it.
    #[command(subcommand)]
    Store(StoreCommand),
    /// Read and write the grant table: which group gets which team, besides the map.
    #[command(subcommand)]
    Mapping(MappingCommand),
    /// End sessions of the door: after an identity provider's key or somebody's browser was stolen.
    #[command(subcommand)]
    Sessions(SessionsCommand),
    /// Make, list and revoke tokens of the API.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Read the audit log, verify it, export it, and have checkpoints of it kept outside.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Run the door, the portal and the loop.
    Serve(ServeArgs),
    /// Ask a running server on this machine whether it lives, or whether it can let people in. Exits
    /// 1 if not: for the health checks of containers.
    Probe(ProbeArgs),
    /// Be the code of AWS Lambda functions: what gateways, queues and timers ask for. This is what
    /// the executable does under the name `bootstrap`.
    Lambda(LambdaArgs),
    /// Work with events of the directory: rules that catch them, and events that were missed.
    #[command(subcommand)]
    Events(EventsCommand),
    /// See what is read of the directories and what changed, and find out why one cannot be read.
    #[command(subcommand)]
    Directory(DirectoryCommand),
    /// Check live whether Stagedoor can do its work: credentials, directory, domains, roles, quotas.
    /// Exits 6 if something does not work.
    Doctor(DoctorArgs),
    /// Prepare accounts whose domains are reached through a role.
    #[command(subcommand)]
    Spoke(SpokeCommand),
    /// Connect identity providers, and find out why a sign-in fails.
    #[command(subcommand)]
    Saml(SamlCommand),
    /// Run the simulated AWS: SageMaker Studio, Identity Center, STS, IAM, quotas and queues.
    Sandbox(SandboxArgs),
    /// See it all on this machine: simulated AWS, a demo identity provider and the door.
    Demo(DemoArgs),
    /// Print the JSON Schema of the access map, its reference, or the list of reason codes.
    Schema(SchemaArgs),
    /// Print a completion script for a shell.
    Completion {
        /// For which shell.
        shell: clap_complete::Shell,
    },
}

impl Command {
    /// Whether the command prints what happens, so that logging it too would only say it twice.
    pub(crate) fn tells_itself(&self) -> bool {
        matches!(self, Self::Demo(DemoArgs { script: true, .. }))
    }
}

#[derive(Debug, Args)]
pub(crate) struct SchemaArgs {
    /// Which form.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: SchemaFormat,
}

/// Forms of the map's description.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum SchemaFormat {
    /// JSON Schema 2020-12, for editors.
    #[default]
    Json,
    /// The reference of the map's keys.
    Markdown,
    /// The list of reason codes.
    ReasonCodes,
    /// Every AWS action that Stagedoor uses, and what for.
    Permissions,
    /// What the activities of a persona grant, and how they differ from the role manager's.
    Activities,
    /// The rules of `policy lint`.
    PolicyLint,
    /// What doctor checks.
    Doctor,
    /// Every metric of the ops listener.
    Metrics,
    /// The OpenAPI document of the API.
    Openapi,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
        OfFunction::command().debug_assert();
    }

    #[test]
    fn a_function_is_read_as_among_all_commands() {
        let lines = [
            "stagedoor lambda",
            "stagedoor lambda --event - --timeout 5s --resync 1h --output json -vv",
            "stagedoor lambda --store dynamodb:stagedoor --public-url https://studio.example.com",
            "stagedoor -v lambda",
            "stagedoor lambda --no-such-flag",
            "stagedoor lambda --timeout soon",
            "stagedoor lambda --help",
            "stagedoor lambda plan",
            "stagedoor --version",
            "stagedoor",
        ];
        for line in lines {
            let args: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            let shown = |read: Result<Cli, clap::Error>| match read {
                Ok(cli) => format!("{cli:?}"),
                Err(error) => format!("{:?}: {}", error.kind(), error.render()),
            };
            assert_eq!(shown(Cli::read(&args)), shown(Cli::try_parse_from(&args)), "{line}");
        }
    }

    /// Where nobody types a command line (a chart, a unit, a function) variables are all there is, and
    /// one that is not read is silently without effect.
    #[test]
    fn each_flag_of_a_server_has_a_variable_which_a_function_shares() {
        let mut whole = Cli::command();
        whole.build();
        let variables = |command: &str| -> std::collections::BTreeMap<String, Option<OsString>> {
            let command = whole.find_subcommand(command).unwrap();
            let own = command.get_arguments().filter(|arg| !arg.is_global_set());
            let own = own.filter(|arg| arg.get_id() != "help");
            own.map(|arg| (arg.get_id().to_string(), arg.get_env().map(Into::into))).collect()
        };
        let (serve, lambda) = (variables("serve"), variables("lambda"));
        let without: Vec<_> = serve.iter().filter(|(_, variable)| variable.is_none()).collect();
        assert!(without.is_empty(), "{without:?}");
        let shared: Vec<&str> =
            serve.keys().filter(|flag| lambda.contains_key(*flag)).map(|f| &**f).collect();
        assert_eq!(
            shared,
            [
                "audit_checkpoint_every",
                "audit_checkpoints",
                "audit_retention",
                "map",
                "observe_only",
                "public_url",
                "recheck",
                "resync",
                "sp_key",
                "sp_key_secret",
                "store",
                "takeover"
            ]
        );
        for flag in shared {
            assert_eq!(serve[flag], lambda[flag], "{flag}");
        }
    }

    #[test]
    fn what_every_command_understands_has_a_heading_of_its_own() {
        fn of_each(command: &mut clap::Command, looked: &mut usize) {
            *looked += 1;
            let help = command.render_long_help().to_string();
            let (own, global) = help.split_once("\nGlobal options:\n").unwrap();
            for flag in ["--output <", "--no-color", "--verbose", "--log <", "--log-format <"] {
                let told = (own.contains(flag), global.contains(flag));
                assert_eq!(told, (false, true), "{}: {flag}", command.get_name());
            }
            for of_it in command.get_subcommands_mut().filter(|c| c.get_name() != "help") {
                of_each(of_it, looked);
            }
        }
        let (mut command, mut looked) = (Cli::command(), 0);
        command.build();
        of_each(&mut command, &mut looked);
        assert!(looked > 60, "{looked}");
    }
}
