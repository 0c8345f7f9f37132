//! Putting the parts together: the map, AWS and the store become a plane, and a plane a door.

use crate::audit_keys;
use crate::cli::AnchoringArgs;
use crate::codes;
use crate::directories::{self, Composed};
use crate::exit::BadConfiguration;
use crate::idp_metadata::{self, Source};
use crate::mirror;
use crate::output;
use crate::store_location::StoreLocation;
use crate::surroundings::Machine;
use crate::system::{SystemClock, SystemEntropy};
use access::ids::{DomainKey, ProfileName, Region};
use access::map::AccessMap;
use access::observed::{ObservedProfile, Ownership};
use access::reason::ReasonCode;
use anyhow::{Context, Result};
use aws::Aws;
use control::audit::{Anchor, Anchoring};
use control::changes::ChangeWatch;
use control::desk::{Clinic, Desk};
use control::door::{CookieKeys, Door, DoorPorts, DoorSettings};
use control::grants::{GrantsError, with_grants};
use control::meter::Meter;
use control::plane::{Bell, LiveMap, Plane, Takeover};
use control::ports::{
    Actor, AuditEntry, AuditEvent, CallError, DomainTarget, Observe, ProfileScope, Store,
};
use jiff::SignedDuration;
use saml_sp::ServiceProviderKey;
use std::path::PathBuf;
use std::sync::Arc;
use store::SqliteStore;

/// What is so of a store that is not there.
const KNOWS_NOTHING: &str = "knows of no freeze, of nobody whom an admin offboarded and of nobody who \
     has access for a time (--store names another)";

/// Raised by one, all cookies are signed with a new key, and those of the old one stay good.
const COOKIE_KEY_GENERATION: u32 = 1;

/// The parts of a running Stagedoor.
#[derive(Debug, Clone)]
pub(crate) struct Parts {
    pub(crate) aws: Arc<Aws>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) plane: Plane,
    /// Directories that are asked what changed.
    pub(crate) watches: Vec<ChangeWatch>,
    pub(crate) origin: Origin,
}

/// Where the parts come from, for people who look for a fault.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    /// The store by name.
    pub(crate) store: String,
    /// Where the map was read from; absent where it came with the program.
    pub(crate) map: Option<PathBuf>,
}

impl Origin {
    /// A store in memory, and a map that came with the program.
    fn nowhere() -> Self {
        Self { store: "in memory".to_owned(), map: None }
    }
}

/// The Region of Identity Center, where the events queue is too; where no directory is that, the
/// Region of the first domain.
pub(crate) fn home_region(map: &AccessMap) -> Option<&Region> {
    let center = map.directories.identity_center().map(|(region, _)| region);
    center.or_else(|| map.domains.values().next().map(|domain| &domain.region))
}

/// Opens the store: makes a file that is not there, but never a table.
///
/// # Errors
/// The store cannot be opened; the message says why and what to do.
pub(crate) async fn open_store(location: &StoreLocation, aws: &Aws) -> Result<Arc<dyn Store>> {
    let context = || format!("store {location}");
    let keys = audit_keys::given(aws).await?;
    match location {
        StoreLocation::File(path) => {
            let path = path.clone();
            let opened = tokio::task::spawn_blocking(move || SqliteStore::open(path)).await;
            let store = opened.with_context(context)?.with_context(context)?;
            Ok(match keys {
                Some(keys) => {
                    let keys = keys.with(&store).await.with_context(context)?;
                    Arc::new(store.sealed_by(keys))
                }
                None => Arc::new(store),
            })
        }
        StoreLocation::DynamoDb(table) => {
            let mut store = aws.store(table);
            if let Some(keys) = &keys {
                store = store.sealed_by(keys.apart().clone());
            }
            store.prepare().await.with_context(context)?;
            Ok(match keys {
                Some(keys) => {
                    let keys = keys.with(&store).await.with_context(context)?;
                    Arc::new(store.sealed_by(keys))
                }
                None => Arc::new(store),
            })
        }
    }
}

/// The store, which must be there: of a new one there is nothing to tell, and what is written into one
/// that no server uses has no effect, such as a freeze.
///
/// # Errors
/// [`BadConfiguration`] if it is a file that is not there; it cannot be opened.
pub(crate) async fn existing_store(location: &StoreLocation, aws: &Aws) -> Result<Arc<dyn Store>> {
    if location.is_missing_file() {
        return Err(store_missing(location).into());
    }
    open_store(location, aws).await
}

/// The store of a command that gives or changes something there, which must be there.
///
/// # Errors
/// As [`existing_store`]; [`BadConfiguration`] if what is done could not be written down.
pub(crate) async fn writable_store(location: &StoreLocation, aws: &Aws) -> Result<Arc<dyn Store>> {
    let store = existing_store(location, aws).await?;
    audit_keys::must_fit(&*store).await?;
    Ok(store)
}

/// There is no such file.
pub(crate) fn store_missing(location: &StoreLocation) -> BadConfiguration {
    let message =
        format!("there is no store {location}: name it with --store FILE or dynamodb:TABLE");
    BadConfiguration::new(codes::STORE_MISSING, message)
}

/// The store for commands that only read: whom an admin offboarded stands there. Where there is no
/// file yet, none is made, and it is said that nothing is known.
pub(crate) async fn readable_store(location: &StoreLocation, aws: &Aws) -> Result<Arc<dyn Store>> {
    if location.is_missing_file() {
        output::talk(&format!("note: there is no store at {location}, so this {KNOWS_NOTHING}"));
        return forgetful_store();
    }
    open_store(location, aws).await
}

/// A store for commands that need nothing of it: it forgets.
pub(crate) fn forgetful_store() -> Result<Arc<dyn Store>> {
    Ok(Arc::new(SqliteStore::in_memory().context("the store in memory")?))
}

/// The store of a command that may be the first to write there, or that only shows what it would
/// write.
pub(crate) async fn store(
    location: &StoreLocation,
    aws: &Aws,
    dry_run: bool,
) -> Result<Arc<dyn Store>> {
    if dry_run {
        return readable_store(location, aws).await;
    }
    // A mistyped path would else pass for a store in which nobody was ever offboarded.
    if location.is_missing_file() {
        output::talk(&format!(
            "note: there was no store at {location}, a new one is made: it {KNOWS_NOTHING}"
        ));
    }
    let store = open_store(location, aws).await?;
    audit_keys::must_fit(&*store).await?;
    Ok(store)
}

/// The store of a command that carries out the map, or shows what that would be. Only where AWS has no
/// profile of this installation yet may it be the first to write there: a new store would undo
/// offboardings and end access for a time.
///
/// # Errors
/// [`BadConfiguration`] if it is a file that is not there, and there are profiles; a domain cannot be
/// read, so that nobody knows; the store cannot be opened.
pub(crate) async fn acting_store(
    location: &StoreLocation,
    aws: &Aws,
    map: &AccessMap,
    dry_run: bool,
) -> Result<Arc<dyn Store>> {
    if !dry_run && location.is_missing_file() {
        let owned = an_owned_profile(map, aws).await.with_context(|| {
            format!("there is no store {location}, and whether there was one cannot be told")
        })?;
        if let Some((profile, domain)) = owned {
            let message = format!(
                "there is no store {location}, but profiles of this installation ({profile} in \
                 {domain}): a new store {KNOWS_NOTHING}. If theirs is lost, `stagedoor store create \
                 FILE` makes an empty one"
            );
            return Err(BadConfiguration::new(codes::STORE_MISSING, message).into());
        }
    }
    store(location, aws, dry_run).await
}

/// A profile that carries the tags of this installation, with its domain, if there is one.
async fn an_owned_profile(
    map: &AccessMap,
    aws: &Aws,
) -> Result<Option<(ProfileName, DomainKey)>, CallError> {
    let studio = aws.studio();
    for (key, domain) in &map.domains {
        let target = DomainTarget::of(key, domain);
        let observed = studio.domain(&target, &ProfileScope::All).await?;
        let is_ours = |profile: &&ObservedProfile| {
            matches!(profile.ownership(&map.instance), Ownership::Ours { .. })
        };
        if let Some(profile) = observed.profiles.values().find(is_ours) {
            return Ok(Some((profile.name.clone(), key.clone())));
        }
    }
    Ok(None)
}

/// What verifies the audit log, and makes checkpoints of it if they are to be kept somewhere.
///
/// # Errors
/// The keys cannot be read.
pub(crate) async fn anchoring(args: &AnchoringArgs, parts: &Parts) -> Result<Anchoring> {
    let keys = audit_keys::of(&*parts.store, &parts.aws).await?;
    let anchor = match &args.audit_checkpoints {
        Some(location) => Some(Anchor {
            notary: audit_keys::notary(&keys, &parts.aws)?,
            place: location.open(&parts.aws),
            retention: args.audit_retention.and_then(|kept| SignedDuration::try_from(kept).ok()),
        }),
        None => None,
    };
    let watch = Arc::clone(&parts.store) as _;
    Ok(Anchoring::new(parts.plane.clone(), keys, anchor, watch, args.audit_checkpoint_every))
}

/// That a process works by this map from now on, and keeps its state there.
pub(crate) fn map_loaded(plane: &Plane, store: &str) -> AuditEntry {
    let code = ReasonCode::MapLoaded.as_str();
    AuditEntry::new(plane.clock.now(), AuditEvent::MapLoaded, code)
        .changing("digest", None, Some(&plane.map.digest))
        .with("store", store)
        .with("observe_only", plane.observe_only)
}

/// Puts a plane together.
///
/// # Errors
/// [`BadConfiguration`] if a directory of the map cannot be set up; a secret cannot be read.
pub(crate) async fn parts(map: AccessMap, aws: Aws, store: Arc<dyn Store>) -> Result<Parts> {
    let aws = Arc::new(aws);
    let Composed { directory, watches } = directories::of(&map, &aws, &store).await?;
    let mirror = mirror::target(&map, &aws)?;
    let studio = Arc::new(aws.studio());
    let plane = Plane {
        map: Arc::new(map),
        live: LiveMap::default(),
        directory,
        mirror,
        observe: Arc::clone(&studio) as _,
        provision: studio,
        sessions: Arc::clone(&store) as _,
        queue: Arc::clone(&store) as _,
        claims: Arc::clone(&store) as _,
        switch: Arc::clone(&store) as _,
        index: Arc::clone(&store) as _,
        bell: Bell::default(),
        meter: Meter::default(),
        readings: control::desk::Readings::default(),
        askers: control::askers::Askers::default(),
        errands: control::errands::Errands::default(),
        observe_only: false,
        takeover: Takeover::default(),
        memberships: Arc::clone(&store) as _,
        events: Arc::default(),
        chronicle: Arc::clone(&store) as _,
        departures: Arc::clone(&store) as _,
        actor: Actor::System,
        temporary: Arc::clone(&store) as _,
        approvals: Arc::clone(&store) as _,
        mirror_records: Arc::clone(&store) as _,
        audit: Arc::clone(&store) as _,
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
    };
    Ok(Parts { aws, store, plane, watches, origin: Origin::nowhere() })
}

/// Puts a plane together, by the map and the grants of the store's table, if the map takes some
/// from there.
///
/// # Errors
/// [`BadConfiguration`] if the table does not fit the map or was never written; it cannot be read.
pub(crate) async fn parts_with_grants(
    map: AccessMap,
    aws: Aws,
    store: Arc<dyn Store>,
) -> Result<Parts> {
    let map = merged(map, &*store).await?;
    parts(map, aws, store).await
}

/// The map with the grants of the store's table, if it takes some from there.
///
/// # Errors
/// As [`parts_with_grants`].
pub(crate) async fn merged(map: AccessMap, store: &dyn Store) -> Result<AccessMap> {
    with_grants(map, store).await.map_err(|error| match error {
        GrantsError::Store(error) => anyhow::Error::new(error),
        other => BadConfiguration::new(codes::GRANTS_INVALID, other.to_string()).into(),
    })
}

/// The same for a command, which needs only the plane: what its passes do, whoever runs it does.
///
/// # Errors
/// As [`parts_with_grants`].
pub(crate) async fn plane(map: AccessMap, aws: Aws, store: Arc<dyn Store>) -> Result<Plane> {
    let user = std::env::var_os("USER").and_then(|user| user.into_string().ok());
    let actor = Actor::CommandLine(user.unwrap_or_else(|| "unknown".to_owned()));
    Ok(Plane { actor, ..parts_with_grants(map, aws, store).await?.plane })
}

/// Lets a process read and plan, and change nothing. It has a queue and an index of its own, or it
/// would take work from a replica that acts.
///
/// # Errors
/// The store in memory cannot be made.
pub(crate) fn only_observe(parts: &mut Parts) -> Result<()> {
    let own = forgetful_store()?;
    let plane = &mut parts.plane;
    plane.observe_only = true;
    plane.queue = Arc::clone(&own) as _;
    plane.claims = Arc::clone(&own) as _;
    plane.chronicle = Arc::clone(&own) as _;
    plane.index = own;
    Ok(())
}

/// Hangs the door: reads the identity providers' metadata, as far as it is in files, and pins their
/// keys.
///
/// # Errors
/// [`BadConfiguration`] if metadata or the public URL will not do; the store cannot be used.
pub(crate) async fn door(
    parts: &Parts,
    sources: &[Source],
    public_url: &str,
    keys: Vec<ServiceProviderKey>,
) -> Result<Door> {
    let metadata = idp_metadata::read_files(sources)?;
    let needs = DoorPorts {
        presign: Arc::new(parts.aws.studio()),
        replay: Arc::clone(&parts.store) as _,
        logins: Arc::clone(&parts.store) as _,
        attempts: Arc::clone(&parts.store) as _,
    };
    let entropy = &*parts.plane.entropy;
    let cookie_keys = CookieKeys::load(&*parts.store, entropy, COOKIE_KEY_GENERATION)
        .await
        .context("the key that cookies are signed with")?;
    let settings = DoorSettings { keys, ..DoorSettings::new(public_url, cookie_keys) };
    Door::new(parts.plane.clone(), needs, settings, metadata)
        .map_err(|error| BadConfiguration::new(codes::DOOR_INVALID, error.to_string()).into())
}

/// Sets up the desk behind the admin screens and the API, with what it takes to look after the
/// process's health.
pub(crate) fn desk(parts: &Parts, door: &Door) -> Desk {
    let machine = Machine {
        aws: Arc::clone(&parts.aws),
        clock: Arc::clone(&parts.plane.clock),
        store: (parts.origin.store.clone(), Ok(Arc::clone(&parts.store))),
        is_there: true,
        map: parts.origin.map.clone(),
    };
    let clinic = Clinic::new(Arc::new(parts.aws.studio()), Arc::new(machine));
    Desk::new(parts.plane.clone(), Arc::clone(&parts.store))
        .with_door(door.clone())
        .with_clinic(clinic)
}
