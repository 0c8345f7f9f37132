//! Reading what doctor judges. Nothing here fails as a whole: an account that is down is a fact.

use super::{DirectoryFacts, Surroundings, directories};
use crate::door::TrustStatus;
use crate::meter::MirrorSeen;
use crate::plane::Plane;
use crate::ports::{
    CallError, CallerIdentity, DomainFacts, DomainTarget, Inspect, KeyFacts, NetworkFacts,
    RoleFacts,
};
use access::authorisation::authorisation;
use access::ids::{DomainKey, RoleArn};
use access::live_role::LiveRole;
use access::map::{AccessMap, Diagnostic};
use futures::stream::{self, StreamExt};
use iam_policy::bundle::{Bundle, Role};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// How many domains are asked at a time.
const AT_ONCE: usize = 4;

/// Everything that was read.
#[derive(Debug)]
pub struct Facts {
    /// Who Stagedoor itself is; absent in a map without domains.
    pub(super) caller: Option<Result<CallerIdentity, CallError>>,
    /// What the map means in IAM.
    pub(super) meant: Result<Bundle, Vec<Diagnostic>>,
    /// Each domain of the map.
    pub(super) domains: BTreeMap<DomainKey, DomainReading>,
    /// What the directories say of themselves.
    pub(super) directories: DirectoryFacts,
    /// Where groups are mirrored to; absent in a map that mirrors nothing.
    pub(super) mirror: Option<MirrorFacts>,
    /// Clock, store, queue and map; absent where they were not looked at.
    pub(super) around: Option<Around>,
}

/// Where groups are mirrored to.
#[derive(Debug)]
pub(super) struct MirrorFacts {
    /// Where that is.
    pub(super) place: String,
    /// Whether it can be reached.
    pub(super) reached: Result<(), CallError>,
    /// What the last run came to.
    pub(super) last: Option<MirrorSeen>,
}

/// What came of opening the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreState {
    /// It can be read.
    Usable,
    /// There is none yet.
    Absent,
    /// Why it cannot be used.
    Unusable(String),
}

/// What is around the plane.
#[derive(Debug)]
pub struct Around {
    /// What time AWS says it is, less what this machine says, in seconds; absent where AWS said none.
    pub ahead_seconds: Option<i64>,
    /// The store by name, and what came of opening it.
    pub store: (String, StoreState),
    /// How many rows of the store's grant table the map takes, or why it cannot; absent where it
    /// takes none.
    pub grants: Option<Result<usize, String>>,
    /// What is known of the map's identity providers, by files and the copies that servers keep in the
    /// store; empty where it was not looked at.
    pub providers: Vec<TrustStatus>,
    /// What time this machine says it is.
    pub now: Timestamp,
    /// The events queue by name, with its policy; absent where the map names none.
    pub queue: Option<(String, Result<Option<String>, CallError>)>,
    /// Invariants that do not hold, and why; absent where the map has none.
    pub invariants: Option<Vec<String>>,
    /// What is allowed in a map and rarely meant.
    pub cautions: Vec<String>,
}

/// What could be read of a domain.
#[derive(Debug)]
pub(super) struct DomainReading {
    /// Who reads it.
    pub(super) caller: Result<CallerIdentity, CallError>,
    /// The domain.
    pub(super) facts: Result<DomainFacts, CallError>,
    /// The execution roles of the teams that are placed there.
    pub(super) roles: BTreeMap<RoleArn, Result<RoleFacts, CallError>>,
    /// Those of them of which the map says what they may do, with their policies.
    pub(super) live: BTreeMap<RoleArn, Result<LiveRole, CallError>>,
    /// The others, of which only what gives everything is told.
    pub(super) unmeant: BTreeMap<RoleArn, Result<LiveRole, CallError>>,
    /// The role of its shared spaces with its policies, where it has one.
    pub(super) space_role: Option<Result<LiveRole, CallError>>,
    /// What is in its VPC, where it has one.
    pub(super) network: Option<Result<NetworkFacts, CallError>>,
    /// The key that its volumes are encrypted with, where it has one of its own.
    pub(super) key: Option<Result<KeyFacts, CallError>>,
}

/// Reads the facts. What is around the plane is looked at where somebody is there to do it.
pub async fn gather(
    plane: &Plane,
    inspect: &dyn Inspect,
    surroundings: Option<&dyn Surroundings>,
) -> Facts {
    let targets = plane.targets();
    let meant = authorisation(&plane.map);
    let known = meant.as_ref().ok();
    let caller = match targets.values().next() {
        Some(target) => Some(inspect.caller(&own(target, &plane.map)).await),
        None => None,
    };
    let readings: Vec<_> = targets
        .iter()
        .map(|(key, target)| async move {
            (key.clone(), reading(inspect, target, roles_in(&plane.map, key), known).await)
        })
        .collect();
    let domains = stream::iter(readings).buffer_unordered(AT_ONCE).collect().await;
    let directories = directories(&plane.map, &*plane.directory, plane.clock.now()).await;
    let mirror = match plane.mirrored() {
        Some(mirror) => Some(MirrorFacts {
            place: mirror.target.place(),
            reached: mirror.target.reach().await,
            last: plane.mirror_seen().await,
        }),
        None => None,
    };
    // Last, when AWS has answered and so has said what time it is.
    let around = match surroundings {
        Some(surroundings) => Some(surroundings.look(&plane.map).await),
        None => None,
    };
    Facts { caller, meant, domains, directories, mirror, around }
}

/// Stagedoor itself, in the Region of Identity Center if that is a directory, without a role that it
/// assumes.
fn own(target: &DomainTarget, map: &AccessMap) -> DomainTarget {
    let region = map.directories.identity_center().map_or(&target.region, |(region, _)| region);
    DomainTarget { region: region.clone(), assume_role: None, ..target.clone() }
}

async fn reading(
    inspect: &dyn Inspect,
    target: &DomainTarget,
    roles: BTreeSet<RoleArn>,
    meant: Option<&Bundle>,
) -> DomainReading {
    let (caller, facts) = futures::join!(inspect.caller(target), inspect.domain_facts(target));
    let (vpc, key) = match &facts {
        Ok(facts) => (facts.vpc.clone(), facts.kms_key.clone()),
        Err(_) => (None, None),
    };
    let network = async {
        match &vpc {
            Some(vpc) => Some(inspect.network_facts(target, vpc).await),
            None => None,
        }
    };
    let key = async {
        match &key {
            Some(key) => Some(inspect.key_facts(target, key).await),
            None => None,
        }
    };
    let (network, key) = futures::join!(network, key);
    let (mut found, mut live, mut unmeant) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for role in roles {
        let facts = inspect.role_facts(target, &role).await;
        if matches!(facts, Ok(RoleFacts::Found { .. })) {
            let is_meant = meant.is_some_and(|meant| role_meant(meant, &role).is_some());
            let read = if is_meant { &mut live } else { &mut unmeant };
            read.insert(role.clone(), inspect.live_role(target, &role).await);
        }
        found.insert(role, facts);
    }
    let of_spaces = facts.as_ref().ok().and_then(|facts| facts.space_execution_role.as_deref());
    let space_role = match of_spaces.map(RoleArn::parse) {
        Some(Ok(role)) => Some(inspect.live_role(target, &role).await),
        Some(Err(_)) | None => None,
    };
    DomainReading { caller, facts, roles: found, live, unmeant, space_role, network, key }
}

/// The role as the map means it, if it says what the role may do.
pub(super) fn role_meant<'b>(meant: &'b Bundle, arn: &RoleArn) -> Option<&'b Role> {
    meant.roles.iter().find(|role| role.arn() == arn.as_str())
}

/// The execution roles of the teams that are placed in a domain.
fn roles_in(map: &AccessMap, key: &DomainKey) -> BTreeSet<RoleArn> {
    let placements = map.teams.values().filter_map(|team| team.placement(key));
    placements.map(|placement| placement.execution_role.clone()).collect()
}
