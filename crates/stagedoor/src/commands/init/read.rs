//! Reading what exists.

use super::invalid;
use crate::cli::ExistingArgs;
use crate::exit::{NotDone, Outcome};
use crate::output::{self, counted};
use crate::progress::Progress;
use access::first_map::{Existing, ExistingDomain};
use access::ids::{AccountId, DomainId, DomainKey, IdentityStoreId, Region, RoleArn};
use access::map::AssumeRole;
use access::observed::ObservedRole;
use access::snapshot::{Coverage, Snapshot};
use anyhow::{Context, Result};
use aws::{Aws, Studio};
use control::ports::{
    CallError, DomainFacts, DomainTarget, FailureKind, Inspect, Observe, ProfileScope,
};
use futures::stream::{self, StreamExt, TryStreamExt};
use std::collections::{BTreeMap, BTreeSet};

/// How many domains, or roles, are read at a time.
const AT_ONCE: usize = 4;

/// A domain that is asked for.
struct Wanted {
    id: DomainId,
    region: Region,
}

/// What was read, and how to read more of it.
pub(in crate::commands) struct Found {
    pub(in crate::commands) existing: Existing,
    /// The domains, in the order of `existing`.
    pub(in crate::commands) targets: Vec<(DomainTarget, DomainFacts)>,
    pub(in crate::commands) studio: Studio,
    /// What could not be read.
    pub(in crate::commands) unread: Vec<String>,
}

/// What becomes of a directory that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::commands) enum Directory {
    /// There is nothing to say without it.
    Required,
    /// Nobody is known then.
    IfPossible,
}

/// Reads everything that a first map is made of. `wanted` are domains, as `d-xxxx` or
/// `d-xxxx@REGION`.
pub(in crate::commands) async fn existing(
    wanted: &[&str],
    args: &ExistingArgs,
    directory: Directory,
) -> Result<Found> {
    let aws = Aws::connect().await;
    let wanted = in_regions(wanted, args, &aws)?;
    let region = match (&args.directory_region, wanted.first()) {
        (Some(region), _) => region.clone(),
        (None, Some(first)) => first.region.clone(),
        (None, None) => return Err(invalid("no domain is named".to_owned()).into()),
    };
    let studio = aws.studio();
    let caller = aws.caller().await?;
    output::talk(&format!("AWS knows you as {}.", caller.arn));
    let account = AccountId::parse(&caller.account)?;
    let ways = ways(args, &account);

    let mut targets = Vec::new();
    for domain in &wanted {
        targets.push(find(&studio, domain, &ways, &caller.arn).await?);
    }
    let _reading = Progress::spinner(format!("reading {}", counted(wanted.len(), "domain")));
    let domains: Vec<ExistingDomain> = stream::iter(&targets)
        .map(|(target, facts)| domain(&studio, target, facts, &caller.arn))
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    let roles = roles(&studio, &targets, &domains, &caller.arn).await?;
    let mut unread = Vec::new();
    let (identity_store_id, snapshot) = match people(args, &aws, &region, &caller.arn).await {
        Ok(read) => read,
        Err(error) if directory == Directory::Required => return Err(error),
        Err(error) => {
            unread.push(format!("the directory: {error:#}"));
            (IdentityStoreId::parse(NO_DIRECTORY)?, nobody())
        }
    };
    let existing = Existing { region, identity_store_id, snapshot, domains, roles };
    Ok(Found { existing, targets, studio, unread })
}

/// Stands in a map that is not written for a directory that was not read.
const NO_DIRECTORY: &str = "d-0000000000";

fn nobody() -> Snapshot {
    Snapshot {
        people: BTreeMap::new(),
        groups: BTreeMap::new(),
        coverage: Coverage::Complete,
        offboarded: BTreeMap::new(),
        barred: BTreeMap::new(),
        temporary: BTreeMap::new(),
    }
}

/// Everybody, with the identity store that they are in.
async fn people(
    args: &ExistingArgs,
    aws: &Aws,
    region: &Region,
    caller: &str,
) -> Result<(IdentityStoreId, Snapshot)> {
    let identity_store_id = identity_store(args, aws, region, caller).await?;
    let directory = aws.identity_center(region, &identity_store_id);
    let reading = directory.everything().await.map_err(|error| told(error, caller))?;
    let snapshot = reading.snapshot;
    output::talk(&format!(
        "The directory {identity_store_id} has {} and {}.",
        counted(snapshot.people.len(), "user"),
        counted(snapshot.groups.len(), "group")
    ));
    Ok((identity_store_id, snapshot))
}

/// The domains that `--from KIND ID` names.
pub(super) fn domains(from: &[String]) -> Result<Vec<&str>> {
    let mut domains = Vec::new();
    for pair in from.chunks(2) {
        let [kind, id] = pair else { continue };
        if kind != "domain" {
            let message = format!("--from knows `domain d-xxxx` only, and not `{kind} {id}`");
            return Err(invalid(message).into());
        }
        domains.push(id.as_str());
    }
    Ok(domains)
}

/// Each domain with its Region.
fn in_regions(named: &[&str], args: &ExistingArgs, aws: &Aws) -> Result<Vec<Wanted>> {
    let here = match (&args.region, aws.region()) {
        (Some(region), _) => Some(region.clone()),
        (None, Some(region)) => Some(Region::parse(region)?),
        (None, None) => None,
    };
    let mut wanted: Vec<Wanted> = Vec::new();
    for id in named {
        let (id, region) = match id.split_once('@') {
            Some((id, region)) => (id, Some(Region::parse(region)?)),
            None => (*id, here.clone()),
        };
        let Some(region) = region else {
            let message = format!("the Region of {id} is not known: name it with --region");
            return Err(invalid(message).into());
        };
        let id = DomainId::parse(id)?;
        if wanted.iter().any(|known| known.id == id && known.region == region) {
            return Err(invalid(format!("the domain {id} is named twice")).into());
        }
        wanted.push(Wanted { id, region });
    }
    Ok(wanted)
}

/// The account itself, and the roles of others.
fn ways(args: &ExistingArgs, own: &AccountId) -> Vec<(AccountId, Option<AssumeRole>)> {
    let through = |arn: &RoleArn| {
        let role = AssumeRole {
            arn: arn.clone(),
            external_id: args.external_id.clone(),
            source_identity: false,
        };
        Some((AccountId::parse(arn.account()).ok()?, Some(role)))
    };
    let roles = args.assume_role.iter().filter_map(through);
    std::iter::once((own.clone(), None)).chain(roles).collect()
}

/// Looks for a domain in the own account, then through each role.
async fn find(
    studio: &Studio,
    wanted: &Wanted,
    ways: &[(AccountId, Option<AssumeRole>)],
    caller: &str,
) -> Result<(DomainTarget, DomainFacts)> {
    let mut last = None;
    for (account_id, assume_role) in ways {
        let target = DomainTarget {
            // Keys are given when all names are known.
            key: DomainKey::parse("init")?,
            domain_id: wanted.id.clone(),
            account_id: account_id.clone(),
            region: wanted.region.clone(),
            assume_role: assume_role.clone(),
            presign_role: None,
            change: None,
        };
        match studio.domain_facts(&target).await {
            Ok(facts) => return Ok((target, facts)),
            // What is said by the role is more than what is said by an account without the domain.
            Err(error) if error.kind == FailureKind::NotFound && last.is_some() => {}
            Err(error) => last = Some(error),
        }
    }
    let through = match ways.len().saturating_sub(1) {
        0 => "in the own account".to_owned(),
        roles => format!("neither in the own account nor through {}", counted(roles, "role")),
    };
    let context = format!("the domain {} was not found in {}, {through}", wanted.id, wanted.region);
    match last {
        Some(error) => Err(told(error, caller)).context(context),
        None => Err(invalid(context).into()),
    }
}

/// Asks for the identity store, unless it was named.
async fn identity_store(
    args: &ExistingArgs,
    aws: &Aws,
    region: &Region,
    caller: &str,
) -> Result<IdentityStoreId> {
    if let Some(id) = &args.identity_store {
        return Ok(id.clone());
    }
    let found = aws.assignments(region).identity_stores().await;
    let found = found.map_err(|error| told(error, caller))?;
    match found.as_slice() {
        [one] => Ok(IdentityStoreId::parse(one)?),
        [] => Err(invalid(format!(
            "there is no Identity Center instance in {region}: name its home Region with \
             --directory-region, or the identity store with --identity-store"
        ))
        .into()),
        several => Err(invalid(format!(
            "there are several Identity Center instances in {region}, with the identity stores {}: \
             name one with --identity-store",
            several.join(", ")
        ))
        .into()),
    }
}

async fn domain(
    studio: &Studio,
    target: &DomainTarget,
    facts: &DomainFacts,
    caller: &str,
) -> Result<ExistingDomain> {
    let observed = studio.domain(target, &ProfileScope::All).await;
    let observed = observed.map_err(|error| told(error, caller))?;
    output::talk(&format!(
        "The domain {} in {} of account {} has {}.",
        target.domain_id,
        target.region,
        target.account_id,
        counted(observed.profiles.len(), "profile")
    ));
    Ok(ExistingDomain {
        domain_id: target.domain_id.clone(),
        account_id: target.account_id.clone(),
        region: target.region.clone(),
        name: facts.name.clone(),
        assume_role: target.assume_role.clone(),
        kms_key: facts.kms_key.clone(),
        observed,
    })
}

/// The states of the execution roles in use.
async fn roles(
    studio: &Studio,
    targets: &[(DomainTarget, DomainFacts)],
    domains: &[ExistingDomain],
    caller: &str,
) -> Result<BTreeMap<RoleArn, ObservedRole>> {
    let mut wanted: BTreeMap<RoleArn, &DomainTarget> = BTreeMap::new();
    for ((target, _), domain) in targets.iter().zip(domains) {
        let own = domain.observed.profiles.values().filter_map(|p| p.execution_role.as_deref());
        let roles: BTreeSet<&str> = own.chain(domain.observed.default_role.as_deref()).collect();
        let of_account = roles.into_iter().filter_map(|arn| RoleArn::parse(arn).ok());
        for role in of_account.filter(|role| role.account() == target.account_id.as_str()) {
            wanted.insert(role, target);
        }
    }
    let found: Vec<(RoleArn, ObservedRole)> = stream::iter(wanted)
        .map(|(role, target)| async move {
            let state = studio.role(target, &role).await.map_err(|error| told(error, caller))?;
            anyhow::Ok((role, state))
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    Ok(found.into_iter().collect())
}

/// Tells a call that failed; of one that is not allowed, by its permission. There is no map yet whose ids
/// could be wrong.
fn told(error: CallError, caller: &str) -> anyhow::Error {
    if error.kind == FailureKind::NotFound {
        return NotDone {
            outcome: Outcome::Failed,
            code: error.code(),
            message: error.to_string(),
            remedy: "Check the ids that the command line names, and --region; a domain of another \
                     account is found through --assume-role."
                .to_owned(),
        }
        .into();
    }
    if error.kind != FailureKind::AccessDenied {
        return error.into();
    }
    let service = match error.service {
        "sso-admin" => "sso",
        other => other,
    };
    let action = format!("{service}:{}", error.operation);
    NotDone {
        outcome: Outcome::Failed,
        code: error.code(),
        message: format!("{caller} may not {action}, so no map was written: {error}"),
        remedy: format!(
            "Allow {action} to whoever runs `stagedoor init`; docs/reference/permissions.md lists \
             what it reads under Observe, Directory and FirstMap."
        ),
    }
    .into()
}
