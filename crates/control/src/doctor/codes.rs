//! The one table of what doctor checks. The page of the reference is made of it.

use serde::{Serialize, Serializer};
use std::fmt::Write as _;

macro_rules! abouts {
    ($($name:ident = $code:literal, $title:literal, $why:literal, $fix:literal;)+) => {
        /// What doctor looks at.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum About { $(#[doc = $title] $name,)+ }

        impl About {
            /// Every one, in the order of the reference.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The stable code.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// What is checked, in a few words.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)+ }
            }

            /// Why it matters.
            pub const fn why(self) -> &'static str {
                match self { $(Self::$name => $why,)+ }
            }

            /// What to do where it does not hold.
            pub const fn fix(self) -> &'static str {
                match self { $(Self::$name => $fix,)+ }
            }
        }
    };
}

abouts! {
    Credentials = "IDN01", "Credentials", "Every call to AWS is signed by somebody; without credentials nothing works.", "Give Stagedoor credentials as every AWS tool finds them: a role of the machine, container or function, a profile, or the environment.";
    Clock = "CLK01", "Clock", "AWS refuses signatures that are five minutes off, and assertions are judged by this clock.", "Let the machine take its time from NTP (chrony, or the Amazon Time Sync Service).";
    Store = "STO01", "Store", "Sessions, used assertions, the audit log and departures are there. Nobody is let in unwritten.", "Name the store by --store or STAGEDOOR_STORE; what its error says tells the rest.";
    GrantTable = "STO02", "Grant table", "With `grants_from: store` rows of the store's table are grants as those of the map are. A table that was never written, or has rows that do not fit, stops every plan.", "Name the right store, or see with `stagedoor mapping list` which rows do not fit, and correct them or the map.";
    Invariants = "MAP01", "Invariants of the map", "What must hold of every role and policy is proved before it is carried out.", "`stagedoor policy prove` shows the request that refutes an invariant.";
    Cautions = "MAP02", "Cautions about the map", "Some things are allowed and rarely meant.", "Change what the caution names, or leave it knowingly.";
    Directory = "DIR01", "Directory", "People and groups are read from it; where that fails, nothing is planned or changed.", "Allow what docs/reference/permissions.md lists under Directory, and check `directory` in the map.";
    Grant = "DIR02", "Groups of grants", "A grant for a group that is not there gives nobody anything.", "Make the group, let the identity provider provision it, or correct the grant.";
    DirectorySource = "DIR03", "Each directory", "All directories are read together: if one cannot be, nothing is planned or changed, and nobody is let in.", "What its error says tells the rest: the server's address and certificate, the password's place, the line of a file. `stagedoor directory test` reads it alone.";
    DirectoryFresh = "DIR04", "Freshness of a directory", "A directory that holds what it read before gives yesterday's groups.", "See with `stagedoor directory test` why it is not read anew.";
    DirectoryMatch = "DIR05", "People of several directories", "Who is matched with nobody has what their own directory gives them, and is nobody in another; a user name of two people lets neither in.", "Correct the people in their directories, or match by another key (`directory.match`).";
    DirectoryConcern = "DIR06", "State of a directory", "A directory can be read and not be well: a certificate or a token ends, people are left out.", "Look after what is named, before it stops being read.";
    MirrorTarget = "DIR07", "Target of the mirror", "Groups are mirrored into it; while it cannot be reached, whoever leaves keeps what the other directory gives.", "Allow what docs/reference/permissions.md lists under Mirror, or renew the token of the SCIM endpoint; `stagedoor directory mirror --dry-run` says what would be done. What the guard holds back is approved on the *Plan* page, or with `stagedoor directory mirror --approve N`.";
    IdentityProvider = "IDP01", "Identity providers", "Without metadata that agrees with the map nobody signs in with a provider. What is judged is the file that the map names, or the copy that a server kept of what it fetched last.", "Correct `certificate_fingerprints`, `entity_id` or the address in the map, or ask whoever runs the identity provider.";
    Queue = "EVQ01", "Events queue", "Without events a change of the directory is found by the next full pass only.", "Make the queue, and name it by `hub.queue` in the map and --events-queue.";
    QueuePolicy = "EVQ02", "Policy of the events queue", "EventBridge must be allowed to send to the queue, and nobody else should be.", "Let the queue's policy allow sqs:SendMessage to events.amazonaws.com, limited by aws:SourceArn to the rules.";
    Domain = "DOM01", "Domain", "It must be there, in service, and reached in the account that the map says.", "Correct `domain_id`, `account_id`, `region` or `assume_role`, or look at the domain in the console.";
    AuthMode = "DOM02", "Mode of the domain", "It is fixed when the domain is made, and decides how people come in and what can be enforced.", "Nothing to do: the mode is read, never configured.";
    RegionAgreement = "DOM03", "Regions agree", "Identity Center signs people in to SSO-mode domains of its own Region only.", "Make the domain in the directory's Region.";
    Assignment = "DOM04", "Groups assigned by hand", "SSO-mode domains from before 1 October 2023 do not tell their application, so no program can assign groups.", "Assign the groups in the SageMaker console.";
    SourceIdentity = "DOM05", "Source identity", "With it CloudTrail tells people of one execution role apart, and one of them can be shut out alone.", "Set `ExecutionRoleIdentityConfig` to `USER_PROFILE_NAME`, after the roles' trust policies allow sts:SetSourceIdentity.";
    Network = "NET01", "VPC only", "Apps of other domains reach the internet past the VPC and its endpoints' policies.", "Set `AppNetworkAccessType` to `VpcOnly`.";
    NetworkRule = "NET02", "Network rules are enforced", "People of SSO-mode domains do not pass the door, so a team's network rule holds nobody back. In IAM mode the door asks it at each opening, and AWS with every request after that, if the policy of the role that makes links does.", "Place the team in an IAM-mode domain, and let the map say who Stagedoor is on AWS (`hub`): the roles that `stagedoor policy render` writes then ask the rule with every request. Or write `network: anywhere`.";
    Subnets = "NET03", "Subnets and zones", "With subnets in one zone, the failure of that zone is the end of work.", "Add a subnet of another zone to the domain (API `SubnetIds`).";
    Addresses = "NET04", "Free addresses", "Each app takes an address of a subnet; without one no app starts.", "Add larger subnets to the domain.";
    Endpoints = "NET05", "VPC endpoints", "A VPC-only domain reaches the services that Studio needs through endpoints, or not at all.", "Make the endpoints, or route to the services by a NAT gateway.";
    PrivateDns = "NET06", "Private DNS", "Without it the names of services lead past the endpoint, and so past its policy.", "Turn on private DNS names of the endpoint, and DNS support and hostnames of the VPC.";
    SecurityGroups = "NET07", "Security groups", "Apps get the domain's security groups; one that is gone keeps them from starting.", "Correct `SecurityGroups` of the domain's default user settings.";
    EndpointAccess = "NET08", "Way to the endpoints", "An endpoint answers only those whom its security groups let in on port 443.", "Let the endpoint's security group admit TCP 443 from the domain's security groups or subnets.";
    KeyState = "KMS01", "Key of the domain", "Volumes are encrypted with it; a key that is disabled or about to be deleted takes them along.", "Enable the key, or cancel its deletion.";
    KeyUse = "KMS02", "Use of the key", "An execution role that may not use the key cannot start an app with a volume.", "Let the key's policy delegate to the account, or name the roles, and allow the roles kms:CreateGrant and kms:DescribeKey: a persona's have both for the keys that its kms_keys.volumes names.";
    RoleTrust = "ROL01", "Trust of execution roles", "SageMaker must be allowed to assume the role, or no profile with it works.", "Let the trust policy allow sts:AssumeRole to sagemaker.amazonaws.com.";
    RolePolicies = "ROL02", "Policies of execution roles", "What a role may do beyond the map reaches other teams; what it may not do fails.", "`stagedoor policy render` writes the role as the map means it.";
    RoleMeant = "ROL03", "What the map says of roles", "A team without persona has a role of which the map says nothing, so nothing can be compared. Only a policy of AWS that gives everything is told of it (`role-full-access`).", "Give the team a persona, or leave its role to others knowingly.";
    SpaceRole = "ROL04", "Role of shared spaces", "A profile's role is for private spaces only. A shared space runs as the domain's role for spaces, whoever makes it: past the team's wall, its tags and its network rule.", "Let `DefaultSpaceSettings` of the domain name a role that is allowed nothing; or, where a domain is one team's, that team's.";
    Quota = "QUO01", "Quota of profiles", "Beyond it nobody gets a profile any more.", "Ask Service Quotas for more user profiles, or place teams in another account.";
}

macro_rules! findings {
    ($($name:ident = $code:literal, $about:ident, $meaning:literal;)+) => {
        /// What doctor alone can find; what it shares with the rest has the rest's reason codes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Finding { $(#[doc = $meaning] $name,)+ }

        impl Finding {
            const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The stable reason code.
            pub(super) const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// The check that finds it.
            pub(super) const fn about(self) -> About {
                match self { $(Self::$name => About::$about,)+ }
            }

            const fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)+ }
            }
        }
    };
}

findings! {
    ClockSkew = "clock-skew", Clock, "This machine's clock and that of AWS are half a minute or more apart.";
    StoreUnusable = "store-unusable", Store, "The store does not answer, or is none.";
    StoreMissing = "store-missing", Store, "There is no store of this name.";
    GrantsInvalid = "grants-invalid", GrantTable, "The grants of the store's table do not fit the map, or were never written.";
    MapInvariant = "map-invariant", Invariants, "A request refutes what must hold of the map's roles.";
    Caution = "caution", Cautions, "The map says something that is rarely meant.";
    QueueOpen = "queue-policy", QueuePolicy, "The queue's policy lets EventBridge not send, or everybody.";
    SubnetMissing = "subnet-missing", Subnets, "A subnet of the domain is not there.";
    OneZone = "one-zone", Subnets, "All subnets of the domain are in one zone.";
    NoAddress = "no-address", Addresses, "No address is left for apps.";
    FewAddresses = "few-addresses", Addresses, "Few addresses are left for apps.";
    GroupMissing = "security-group-missing", SecurityGroups, "A security group of the domain is not there.";
    EndpointMissing = "endpoint-missing", Endpoints, "The VPC has no endpoint of a service that Studio needs.";
    PrivateDnsOff = "private-dns-off", PrivateDns, "An endpoint does not have the service's name.";
    EndpointUnknown = "endpoint-unknown", EndpointAccess, "A prefix list, which is not read, says who reaches an endpoint.";
    EndpointClosed = "endpoint-closed", EndpointAccess, "An endpoint lets the domain's apps not in.";
    RoleNotMeant = "role-not-meant", RoleMeant, "A team has no persona, so its role is held against nothing.";
    RuleAtDoorOnly = "rule-at-door-only", NetworkRule, "The door alone asks a team's network rule: a session that was opened goes on from anywhere.";
    KeyUnusable = "key-unusable", KeyState, "The key is disabled, or about to be deleted.";
    KeyNotAllowed = "key-not-allowed", KeyUse, "An execution role may not use the key.";
}

impl About {
    /// Those whose code is, or begins with, the text.
    pub fn named(text: &str) -> Vec<Self> {
        let text = text.to_ascii_uppercase();
        let named = Self::ALL.iter().copied().filter(|about| about.code().starts_with(&text));
        if text.is_empty() { Vec::new() } else { named.collect() }
    }

    /// Stable text for programs where a check has no reason code of its own: `DOM01` as `dom01`.
    pub const fn group(self) -> &'static str {
        match self.code().as_bytes() {
            [b'I', b'D', b'P', ..] => "Identity providers",
            [b'I', ..] => "Identity",
            [b'C', ..] => "Clock",
            [b'S', ..] => "Store",
            [b'M', ..] => "Map",
            [b'D', b'I', ..] => "Directory",
            [b'D', ..] => "Domains",
            [b'E', ..] => "Events",
            [b'N', ..] => "Network",
            [b'K', ..] => "Encryption",
            [b'R', ..] => "Roles",
            _ => "Quotas",
        }
    }
}

impl Serialize for About {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

/// The table as a page in Markdown.
pub fn reference() -> String {
    let mut out = String::from(
        "# What doctor checks\n\n`stagedoor doctor` asks AWS, changes nothing, and exits 6 if \
         something does not work; warnings do not change the exit code. `--only NET05,KMS` runs the \
         checks of these codes alone, `--quick` leaves out people, groups and quotas, and `--output \
         json` gives each check with its code as `about`, and as `code` what it found: `ok`, a reason code that \
         stands with the check, or one of [those that all share](reason-codes.md).\n",
    );
    let mut group = "";
    for about in About::ALL {
        if about.group() != group {
            group = about.group();
            let _ = write!(out, "\n## {group}\n");
        }
        let _ = write!(
            out,
            "\n### {}: {}\n\n{}\n\n**What to do.** {}\n",
            about.code(),
            about.title(),
            about.why(),
            about.fix()
        );
        let mut own = Finding::ALL.iter().filter(|finding| finding.about() == *about).peekable();
        if own.peek().is_some() {
            out.push_str("\n| reason code | meaning |\n|---|---|\n");
        }
        for finding in own {
            let _ = writeln!(out, "| `{}` | {} |", finding.code(), finding.meaning());
        }
    }
    out.push_str(MODES);
    out.push_str(UNSEEN);
    out
}

const MODES: &str = "
## The two modes of a domain

| | IAM mode | SSO mode |
|---|---|---|
| profiles | one for each person and team | one for each person |
| people come in | through the door, by a link that lives seconds | at the domain's own address, signed in by Identity Center |
| network rule of a team | asked by the door at each opening, and with every request by rendered roles | not enforced |
| several teams for one person | side by side | the highest priority wins |
| groups | named by grants | named by grants, and assigned to the domain's application |
| Region of Identity Center | any | the domain's |
";

const UNSEEN: &str = "
## What doctor cannot see

- **The age of the identity provider's SCIM token.** It lives a year, and no API of Identity Center
  tells when it was made. Its console warns 90 days before the end; look there.
- **Whether a name resolves inside the VPC.** Doctor reads what endpoints are set to, from outside.
- **Service control policies**, unless `stagedoor policy eval` is given them.
";

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_unique_and_three_letters_with_two_digits() {
        let codes: BTreeSet<&str> = About::ALL.iter().map(|about| about.code()).collect();
        assert_eq!(codes.len(), About::ALL.len());
        for code in codes {
            let (letters, digits) = code.split_at(3);
            assert!(letters.bytes().all(|b| b.is_ascii_uppercase()), "{code}");
            assert!(digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit()), "{code}");
        }
    }

    #[test]
    fn what_doctor_alone_finds_stands_on_its_page() {
        let page = reference();
        for finding in Finding::ALL {
            assert_eq!(
                page.matches(&format!("| `{}` | ", finding.code())).count(),
                1,
                "{finding:?}"
            );
        }
    }

    #[test]
    fn checks_are_named_by_code_or_by_its_beginning() {
        assert_eq!(About::named("kms"), [About::KeyState, About::KeyUse]);
        assert_eq!(About::named("IDN01"), [About::Credentials]);
        assert!(About::named("").is_empty() && About::named("XYZ").is_empty());
    }
}
