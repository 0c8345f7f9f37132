//! Reading what doctor judges. Nothing here fails as a whole: an account that is down is a fact.

use access::ids::{DomainKey, RoleArn};
use access::map::{AccessMap, DirectoryConfig};
use access::plan::Plan;
use control::plane::Plane;
use control::ports::{CallError, CallerIdentity, DomainFacts, DomainTarget, Inspect, RoleFacts};
use control::survey::{Scope, Survey};
use futures::stream::{self, StreamExt};
use std::collections::{BTreeMap, BTreeSet};

/// How many domains are asked at a time.
const AT_ONCE: usize = 4;

/// Everything that was read.
#[derive(Debug)]
pub(crate) struct Facts {
    /// Who Stagedoor itself is; absent in a map without domains.
    pub(super) caller: Option<Result<CallerIdentity, CallError>>,
    /// Each domain of the map.
    pub(super) domains: BTreeMap<DomainKey, DomainReading>,
    /// What planning reads, and what it would do; absent where it was not asked for.
    pub(super) survey: Option<Result<(Survey, Plan), CallError>>,
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
}

/// Reads the facts. `quick` leaves out people and profiles.
pub(crate) async fn gather(plane: &Plane, inspect: &dyn Inspect, quick: bool) -> Facts {
    let targets = plane.targets();
    let caller = match targets.values().next() {
        Some(target) => Some(inspect.caller(&own(target, &plane.map)).await),
        None => None,
    };
    let readings: Vec<_> = targets
        .iter()
        .map(|(key, target)| async move {
            (key.clone(), reading(inspect, target, roles_in(&plane.map, key)).await)
        })
        .collect();
    let domains = stream::iter(readings).buffer_unordered(AT_ONCE).collect().await;
    let survey = if quick {
        None
    } else {
        Some(plane.survey(&Scope::Everything).await.map(|survey| {
            let plan = plane.plan(&survey);
            (survey, plan)
        }))
    };
    Facts { caller, domains, survey }
}

/// Stagedoor itself, in the directory's Region, without a role that it assumes.
fn own(target: &DomainTarget, map: &AccessMap) -> DomainTarget {
    let DirectoryConfig::IdentityCenter { region, .. } = &map.directory;
    DomainTarget { region: region.clone(), assume_role: None, ..target.clone() }
}

async fn reading(
    inspect: &dyn Inspect,
    target: &DomainTarget,
    roles: BTreeSet<RoleArn>,
) -> DomainReading {
    let (caller, facts) = futures::join!(inspect.caller(target), inspect.domain_facts(target));
    let mut found = BTreeMap::new();
    for role in roles {
        let facts = inspect.role_facts(target, &role).await;
        found.insert(role, facts);
    }
    DomainReading { caller, facts, roles: found }
}

/// The execution roles of the teams that are placed in a domain.
fn roles_in(map: &AccessMap, key: &DomainKey) -> BTreeSet<RoleArn> {
    let placements = map.teams.values().filter_map(|team| team.placement(key));
    placements.map(|placement| placement.execution_role.clone()).collect()
}
