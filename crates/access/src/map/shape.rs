//! The shape of the map, said once: the check of a map, the JSON Schema and the reference are all
//! read off the tables here.

mod administration;
mod directory;
mod identity_providers;
mod invariants;
mod mirror;
mod network;
mod notifications;
mod roles;
mod temporary_access;

use super::format::{self, Format};
use super::{Activity, HubService};
use Presence::{Default, EachFile, Optional, Required};
use administration::ADMINISTRATION;
use directory::DIRECTORY;
use identity_providers::IDENTITY_PROVIDER;
use invariants::INVARIANT;
use network::NETWORK;
use notifications::NOTIFICATIONS;
use roles::with_role_settings;
use temporary_access::TEMPORARY_ACCESS;

/// What may stand in a place.
#[derive(Debug)]
pub(super) enum Shape {
    /// The number 1.
    Version,
    Text(&'static Format),
    Integer {
        least: i64,
        most: i64,
    },
    Boolean,
    Choice(Choice),
    List(&'static Shape),
    /// A mapping whose keys the author chooses.
    Table {
        key: &'static Format,
        value: &'static Shape,
        most: Option<usize>,
    },
    /// A mapping whose keys the format knows.
    Record(&'static Record),
    /// Any mapping, to be passed on as JSON.
    Json {
        /// A key that may stand nowhere in it, compared without case.
        forbidden: &'static str,
        help: &'static str,
    },
}

/// One word of several.
#[derive(Debug)]
pub(super) struct Choice {
    pub(super) names: fn() -> Vec<&'static str>,
    /// Words the format knows and this version does not support.
    pub(super) unsupported: &'static [&'static str],
}

/// A mapping whose keys the format knows.
#[derive(Debug)]
pub(super) struct Record {
    /// What it is, as a heading.
    pub(super) title: &'static str,
    pub(super) fields: &'static [Field],
    pub(super) rule: Rule,
}

/// Which keys of a record must be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// What the presence of each field says.
    EachField,
    /// What the presence of each field says, and how some of them go together.
    Together(&'static [Together]),
    /// What the presence of each field says, once over all files.
    OverAllFiles,
}

/// How keys of a record go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Together {
    ExactlyOne(&'static [&'static str]),
    AtLeastOne(&'static [&'static str]),
    AtMostOne(&'static [&'static str]),
    /// The first only with the second.
    OnlyWith(&'static str, &'static str),
}

impl Together {
    /// What it asks for, as a sentence.
    pub(super) fn sentence(&self) -> String {
        match self {
            Self::ExactlyOne(keys) => format!("Exactly one of `{}`.", keys.join("`, `")),
            Self::AtLeastOne(keys) => format!("At least one of `{}`.", keys.join("`, `")),
            Self::AtMostOne(keys) => format!("At most one of `{}`.", keys.join("`, `")),
            Self::OnlyWith(key, with) => format!("`{key}` only with `{with}`."),
        }
    }
}

/// A key of a record.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) key: &'static str,
    pub(super) shape: &'static Shape,
    pub(super) presence: Presence,
    /// A sentence or two for the schema and the reference.
    pub(super) doc: &'static str,
    /// What to do when it is missing, where that needs saying.
    pub(super) help: Option<&'static str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    /// In each file.
    EachFile,
    Required,
    Optional,
    /// Absent, it is as if this YAML stood there.
    Default(&'static str),
}

const fn field(
    key: &'static str,
    presence: Presence,
    shape: &'static Shape,
    doc: &'static str,
) -> Field {
    Field { key, shape, presence, doc, help: None }
}

static DIRECTORY_NAME: Shape = Shape::Text(&format::DIRECTORY_NAME);

/// The directory that a group is of to which the map gives a part in Stagedoor itself.
const fn of_directory(key: &'static str) -> Field {
    let doc = "The directory that this group is of, where there are several; absent: the first. A \
               group of the same name in another one counts for nothing here.";
    field(key, Optional, &DIRECTORY_NAME, doc)
}

impl Shape {
    /// What it asks for, as a phrase that follows "expected".
    pub(super) fn phrase(&self) -> String {
        match self {
            Self::Version => "the number 1".to_owned(),
            Self::Text(format) => format.expected.to_owned(),
            Self::Integer { least, most } => format!("a whole number from {least} to {most}"),
            Self::Boolean => "`true` or `false`".to_owned(),
            Self::Choice(choice) => match (choice.names)().as_slice() {
                [only] => format!("`{only}`"),
                names => format!("one of `{}`", names.join("`, `")),
            },
            Self::List(_) => "a list".to_owned(),
            Self::Table { .. } | Self::Record(_) | Self::Json { .. } => "a mapping".to_owned(),
        }
    }
}

/// The whole map.
pub(super) static MAP: Record = Record {
    title: "The map",
    rule: Rule::OverAllFiles,
    fields: &[
        field("version", EachFile, &Shape::Version, "The version of the format, in each file."),
        field(
            "instance",
            Default("default"),
            &Shape::Text(&format::INSTANCE),
            "The name of this installation. It goes into the tag `stagedoor:instance` of every \
             profile; installations that share a domain need different names.",
        ),
        field(
            "team_tag",
            Default("stagedoor:team"),
            &Shape::Text(&format::TEAM_TAG),
            "The key of the tag that says whose a resource is. Its value is the team's key, unless \
             the team's `tags` give it another. Profiles get it too.",
        ),
        field(
            "directory",
            Required,
            &Shape::Record(&DIRECTORY),
            "Where people and groups come from.",
        ),
        field(
            "hub",
            Optional,
            &Shape::Record(&HUB),
            "What Stagedoor itself runs as; absent: `stagedoor policy render` makes no policies of \
             its own roles and none that close other ways in.",
        ),
        field(
            "identity_providers",
            Default("{}"),
            &Shape::Table {
                key: &format::IDP_KEY,
                value: &Shape::Record(&IDENTITY_PROVIDER),
                most: None,
            },
            "Whose signed assertions the door accepts, by a key that becomes part of its \
             sign-in address.",
        ),
        field(
            "domains",
            Default("{}"),
            &Shape::Table { key: &format::DOMAIN_KEY, value: &Shape::Record(&DOMAIN), most: None },
            "SageMaker domains. The auth mode is read from the domain, never configured.",
        ),
        field(
            "networks",
            Default("{}"),
            &Shape::Table {
                key: &format::NETWORK_KEY,
                value: &Shape::Record(&NETWORK),
                most: None,
            },
            "From where a team may be opened. `anywhere` is built in and lets every request in.",
        ),
        field(
            "personas",
            Default("{}"),
            &Shape::Table {
                key: &format::PERSONA_KEY,
                value: &Shape::Record(&PERSONA),
                most: None,
            },
            "Named sets of ML activities, which become IAM policy. `data-scientist`, `mlops` and \
             `compute` are there already, as SageMaker's role manager has them; who writes one of \
             them defines it anew.",
        ),
        field(
            "teams",
            Default("{}"),
            &Shape::Table { key: &format::TEAM_KEY, value: &Shape::Record(&TEAM), most: None },
            "The units of isolation: domain, execution role, persona and network rule.",
        ),
        field(
            "grants",
            Default("[]"),
            &Shape::List(&Shape::Record(&GRANT)),
            "Which group gets which team. What no grant gives, nobody has.",
        ),
        field(
            "grants_from",
            Optional,
            &Shape::Choice(Choice { names: || vec!["store"], unsupported: &[] }),
            "Where grants stand besides. `store`: in the grant table of the store that `--store` \
             names, which `stagedoor mapping` writes; they come after those of the map. Absent: \
             nowhere, and the table is not read.",
        ),
        field(
            "guard",
            Default("{}"),
            &Shape::Record(&GUARD),
            "Limits on what one plan may take away. Either one stops the plan.",
        ),
        field(
            "offboarding",
            Default("{}"),
            &Shape::Record(&OFFBOARDING),
            "What happens to the profile of a person who loses a team.",
        ),
        field(
            "rollout",
            Default("{}"),
            &Shape::Record(&ROLLOUT),
            "How corrections reach the profiles that there are.",
        ),
        field(
            "adopt",
            Default("[]"),
            &Shape::List(&Shape::Record(&ADOPTION)),
            "Profiles that Stagedoor did not make and takes over, as soon as their person is \
             entitled to the team.",
        ),
        field(
            "temporary_access",
            Default("{}"),
            &Shape::Record(&TEMPORARY_ACCESS),
            "Access for a time: who may ask for it, who decides, who may break glass, and how long it \
             lasts. An admin gives it by `stagedoor grant`.",
        ),
        field(
            "invariants",
            Default("[]"),
            &Shape::List(&Shape::Record(&INVARIANT)),
            "What must hold of every role and policy that the map means. `stagedoor validate` and \
             `stagedoor apply` prove each over all requests, and refuse a map of which one is \
             refuted or cannot be proved.",
        ),
        field(
            "administration",
            Default("[]"),
            &Shape::List(&Shape::Record(&ADMINISTRATION)),
            "Which groups may use the admin screens and the API, and what they may do there. Absent: \
             nobody; there is the command line only.",
        ),
        field(
            "notifications",
            Default("{}"),
            &Shape::Record(&NOTIFICATIONS),
            "Who is told when something needs a person: the guard holds a plan back, an offboarding \
             is stuck, a certificate ends, nothing was read for long, somebody broke the glass, the \
             audit log was changed.",
        ),
    ],
};

static HUB: Record = Record {
    title: "Hub",
    rule: Rule::EachField,
    fields: &[
        field(
            "role",
            Required,
            &Shape::Text(&format::ROLE_ARN),
            "The role Stagedoor runs as. On Lambda every function has its own, whose name is this \
             one's with `-door`, `-events`, `-work` or `-timer` behind it.",
        ),
        field(
            "service",
            Default("ecs-tasks"),
            &Shape::Choice(Choice {
                names: || HubService::ALL.iter().map(|(name, _)| *name).collect(),
                unsupported: &[],
            }),
            "What runs it: the one AWS service that may assume the role.",
        ),
        field(
            "network",
            Optional,
            &Shape::Text(&format::NETWORK),
            "From where it calls AWS. A link is asked for from there, so the policies that limit \
             links to the networks of teams let this one in too.",
        ),
        field(
            "organization",
            Optional,
            &Shape::Text(&format::ORGANIZATION),
            "The organization whose accounts may use the VPC endpoints; absent: the accounts of \
             the map.",
        ),
        field(
            "queue",
            Optional,
            &Shape::Text(&format::QUEUE_ARN),
            "The queue that events of the directory arrive in.",
        ),
        field(
            "work_queue",
            Optional,
            &Shape::Text(&format::QUEUE_ARN),
            "The queue of people to work on; on Lambda only.",
        ),
        field(
            "later_queue",
            Optional,
            &Shape::Text(&format::QUEUE_ARN),
            "The queue of work that must wait; on Lambda only.",
        ),
        field(
            "table",
            Optional,
            &Shape::Text(&format::TABLE_ARN),
            "The DynamoDB table that it keeps its state in; absent: a file.",
        ),
        field(
            "key",
            Optional,
            &Shape::Text(&format::KEY_ARN),
            "The KMS key that table, queues and secrets are encrypted with; absent: AWS's own.",
        ),
        field(
            "directory_key",
            Optional,
            &Shape::Text(&format::KEY_ARN),
            "The customer-managed KMS key that the identity store is encrypted with; absent: AWS's own.",
        ),
        field(
            "audit_key",
            Optional,
            &Shape::Text(&format::KEY_ARN),
            "The KMS key (`HMAC_256`) that the audit log is sealed with, where \
             `STAGEDOOR_AUDIT_KEY` names one.",
        ),
        field(
            "checkpoints",
            Optional,
            &Shape::Text(&format::CHECKPOINTS),
            "Where checkpoints of the audit log are kept in S3, best with object lock, as \
             `STAGEDOOR_AUDIT_CHECKPOINTS` names it.",
        ),
        field(
            "secrets",
            Default("[]"),
            &Shape::List(&Shape::Text(&format::SECRET_ARN)),
            "The keys it reads from Secrets Manager.",
        ),
        field(
            "parameters",
            Default("[]"),
            &Shape::List(&Shape::Text(&format::PARAMETER_ARN)),
            "The keys it reads from Parameter Store.",
        ),
        field(
            "applications",
            Default("[]"),
            &Shape::List(&Shape::Text(&format::APPLICATION_ARN)),
            "The Identity Center applications of SSO-mode domains, to which it assigns groups.",
        ),
    ],
};

static DOMAIN: Record = Record {
    title: "Domain",
    rule: Rule::EachField,
    fields: &[
        field("domain_id", Required, &Shape::Text(&format::DOMAIN_ID), "SageMaker's domain id."),
        field(
            "account_id",
            Required,
            &Shape::Text(&format::ACCOUNT_ID),
            "The account the domain is in. Quoted, since leading zeros count.",
        ),
        field("region", Required, &Shape::Text(&format::REGION), "The Region the domain is in."),
        field(
            "assume_role",
            Optional,
            &Shape::Record(&ASSUME_ROLE),
            "The role to assume to reach the domain; absent: Stagedoor runs in that account.",
        ),
        field(
            "presign_role",
            Optional,
            &Shape::Record(&ASSUME_ROLE),
            "The role to assume to ask for links, which may do nothing else: what it is allowed is \
             checked again whenever a link is used, so networks can be held to it. Absent: links \
             are asked for like everything else.",
        ),
        field(
            "isolation",
            Optional,
            &Shape::Text(&format::ISOLATION),
            "The isolation class of the domain, such as a class of data. A team that asks for the \
             class is placed in any of its domains, by quota.",
        ),
        field(
            "unmanaged",
            Default("report"),
            &Shape::Choice(Choice {
                names: || vec!["report", "ignore", "adopt"],
                unsupported: &[],
            }),
            "What to do about profiles that carry none of Stagedoor's tags: list them, not even \
             that, or take over those that are plainly an entitled person's.",
        ),
        field(
            "guard",
            Optional,
            &Shape::Record(&GUARD),
            "The domain's own limits on what one plan may take away; absent: the map's, which hold \
             for each domain and for all together.",
        ),
    ],
};

static ASSUME_ROLE: Record = Record {
    title: "Role to assume",
    rule: Rule::EachField,
    fields: &[
        field(
            "arn",
            Required,
            &Shape::Text(&format::ROLE_ARN),
            "The role, in the domain's account.",
        ),
        field(
            "external_id",
            Optional,
            &Shape::Text(&format::EXTERNAL_ID),
            "The external id that the role's trust policy asks for.",
        ),
        field(
            "source_identity",
            Default("false"),
            &Shape::Boolean,
            "Whether calls that change something carry the id of the change as STS source \
             identity. The role's trust policy must allow `sts:SetSourceIdentity` then.",
        ),
    ],
};

static PERSONA: Record = Record {
    title: "Persona",
    rule: Rule::EachField,
    fields: with_role_settings![field(
        "activities",
        Required,
        &Shape::List(&Shape::Choice(Choice {
            names: || Activity::ALL.iter().map(|(name, _)| *name).collect(),
            unsupported: &[],
        })),
        "What people of this persona do, in the words of SageMaker's role manager.",
    )],
};

static TEAM: Record = Record {
    title: "Team",
    rule: Rule::Together(&[Together::ExactlyOne(&["domain", "domains", "isolation"])]),
    fields: with_role_settings![
        field("domain", Optional, &Shape::Text(&format::DOMAIN), "The domain its profiles are in."),
        field(
            "domains",
            Optional,
            &Shape::List(&Shape::Text(&format::DOMAIN)),
            "The domains its profiles can be in, in the order of preference. A person without a \
             profile gets one in the first that has room, and keeps it.",
        ),
        field(
            "isolation",
            Optional,
            &Shape::Text(&format::ISOLATION),
            "The isolation class it asks for: its profiles can be in every domain of the class, in \
             the order of their keys.",
        ),
        field(
            "persona",
            Optional,
            &Shape::Text(&format::PERSONA),
            "What its people may do; absent: Stagedoor writes no policy for its execution role.",
        ),
        field(
            "execution_role",
            Default("stagedoor-{team}"),
            &Shape::Text(&format::ROLE_TEMPLATE),
            "The execution role of its profiles, in the domain's account: its ARN, or its name with \
             its path if it has one.",
        ),
        Field {
            key: "network",
            shape: &Shape::Text(&format::NETWORK),
            presence: Required,
            doc: "From where it may be opened. There is no default: who wants no limit writes \
                  `anywhere`.",
            help: Some("name a network, or write `network: anywhere` to let every request in"),
        },
        field(
            "session",
            Default("8h"),
            &Shape::Text(&format::SESSION),
            "How long a Studio session lasts.",
        ),
        field(
            "link",
            Default("5s"),
            &Shape::Text(&format::LINK),
            "How long the link into Studio may be used. Whoever holds it is let in; the browser \
             follows it at once.",
        ),
        field(
            "landing",
            Optional,
            &Shape::Text(&format::LANDING),
            "Where in Studio the link leads; absent: where the domain's settings say. Quote it if \
             it ends in a colon.",
        ),
        field("space", Optional, &Shape::Text(&format::SPACE), "The space that the link opens."),
        field(
            "tags",
            Default("{}"),
            &Shape::Table {
                key: &format::TAG_KEY,
                value: &Shape::Text(&format::TAG_VALUE),
                // SageMaker allows 50; five are kept for Stagedoor's own, one for the map's `team_tag`.
                most: Some(44),
            },
            "Tags of its profiles. Keys that begin with `stagedoor:` or `aws:` are reserved.",
        ),
        field(
            "user_settings",
            Default("{}"),
            &Shape::Json {
                forbidden: "ExecutionRole",
                help: "write it as the team's `execution_role`",
            },
            "Passed on as the `UserSettings` of CreateUserProfile, without `ExecutionRole`.",
        ),
        field("about", Default("{}"), &Shape::Record(&ABOUT), "What the portal shows of it."),
    ],
};

static ABOUT: Record = Record {
    title: "About a team",
    rule: Rule::EachField,
    fields: &[
        field(
            "title",
            Optional,
            &Shape::Text(&format::PROSE),
            "A title for people; absent: the team's key.",
        ),
        field("purpose", Optional, &Shape::Text(&format::PROSE), "What the team is for."),
        field(
            "owner",
            Optional,
            &Shape::Text(&format::PROSE),
            "Whom to ask. Where `offboarding.shared_spaces` is `hand-over`, the user name of the person \
             who gets the shared spaces of leavers; an e-mail address is one only where user names are.",
        ),
        field("data_class", Optional, &Shape::Text(&format::PROSE), "How the data is classified."),
    ],
};

static GRANT: Record = Record {
    title: "Grant",
    rule: Rule::Together(&[
        Together::ExactlyOne(&["group", "group_id"]),
        Together::OnlyWith("directory", "group"),
    ]),
    fields: &[
        field(
            "group",
            Optional,
            &Shape::Text(&format::GROUP),
            "The directory group by its display name, compared exactly. `{team}` captures a team's key, \
             `{persona}` stands for that team's persona. Whoever renames the group takes the team from \
             everybody in it.",
        ),
        field(
            "group_id",
            Optional,
            &Shape::Text(&format::GROUP_ID),
            "The directory group by the directory's id, whatever its name is: renaming it changes \
             nothing. `stagedoor directory show` says which.",
        ),
        field(
            "directory",
            Optional,
            &Shape::Text(&format::DIRECTORY_NAME),
            "The directory whose group it is, where there are several; absent: a group of this name of \
             any of them.",
        ),
        field(
            "team",
            Required,
            &Shape::Text(&format::TEAM),
            "The team; `{team}` where the group's name says which.",
        ),
        field(
            "priority",
            Default("0"),
            &Shape::Integer { least: i32::MIN as i64, most: i32::MAX as i64 },
            "Which grant wins where a person can have only one profile: the highest, then the \
             earlier one.",
        ),
        field(
            "from",
            Optional,
            &Shape::Text(&format::FROM),
            "Not before this time; a date means its first moment in UTC.",
        ),
        field(
            "until",
            Optional,
            &Shape::Text(&format::UNTIL),
            "Not from this time on; a date means its last moment in UTC, so that day still counts.",
        ),
    ],
};

static GUARD: Record = Record {
    title: "Guard",
    rule: Rule::EachField,
    fields: &[
        field(
            "max_removals",
            Default("5"),
            &Shape::Integer { least: 0, most: u32::MAX as i64 },
            "The most profiles that one plan, and all plans of 24 hours together, may take away.",
        ),
        field(
            "max_removals_percent",
            Default("10"),
            &Shape::Integer { least: 0, most: 100 },
            "The most profiles that one plan may take away, in percent of those owned; one is \
             always allowed.",
        ),
    ],
};

static ROLLOUT: Record = Record {
    title: "Rollout",
    rule: Rule::EachField,
    fields: &[
        field(
            "enforce",
            Optional,
            &Shape::List(&Shape::Text(&format::TEAM_REFERENCE)),
            "The teams whose profiles are made, taken over, corrected and taken away; absent: all. \
             Of the others a plan only says what would be done, and whose profile is not taken over \
             does not come through the door. `[]` is how a map begins that was written from what \
             exists.",
        ),
        field(
            "canary",
            Optional,
            &Shape::Text(&format::TEAM_REFERENCE),
            "The team whose profiles are corrected first. As long as they do not agree with the \
             map, no other team's are corrected; who joins or leaves does not wait.",
        ),
        field(
            "running_apps",
            Default("update"),
            &Shape::Choice(Choice { names: || vec!["update", "wait", "stop"], unsupported: &[] }),
            "What to do where apps run that keep the former role or settings until they start \
             anew: correct the profile all the same, wait until none runs, or stop them first. \
             Whoever moves to another team has them stopped in any case.",
        ),
    ],
};

static ADOPTION: Record = Record {
    title: "Adoption",
    rule: Rule::EachField,
    fields: &[
        field("domain", Required, &Shape::Text(&format::DOMAIN), "The domain the profile is in."),
        field(
            "profile",
            Required,
            &Shape::Text(&format::PROFILE_NAME),
            "The profile, which carries none of Stagedoor's tags.",
        ),
        field(
            "person",
            Required,
            &Shape::Text(&format::USER_NAME),
            "The user name of the person whose it becomes.",
        ),
        field("team", Required, &Shape::Text(&format::TEAM_REFERENCE), "The team for which."),
    ],
};

static OFFBOARDING: Record = Record {
    title: "Offboarding",
    rule: Rule::EachField,
    fields: &[
        field(
            "hold",
            Default("7d"),
            &Shape::Text(&format::HOLD),
            "How long the profile is kept, apps stopped, before it is deleted.",
        ),
        field(
            "home",
            Default("retain"),
            &Shape::Choice(Choice {
                names: || vec!["retain"],
                unsupported: &["archive", "delete"],
            }),
            "What becomes of the home directory on the domain's file system.",
        ),
        field(
            "shared_spaces",
            Default("report"),
            &Shape::Choice(Choice { names: || vec!["report", "hand-over"], unsupported: &[] }),
            "What becomes of spaces that the person owns and others work in. `report`: they stay, \
             and the profile with them. `hand-over`: after the hold each is made anew for the \
             team's `about.owner`, a user name (in any case) of somebody with a profile in the \
             domain, and the old one is deleted with its volume.",
        ),
    ],
};

#[cfg(test)]
#[path = "shape_tests.rs"]
mod tests;
