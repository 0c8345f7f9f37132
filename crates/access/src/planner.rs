//! The planner: map, directory and AWS in, plan out. Pure; equal inputs give equal plans.

mod adoption;
mod canary;
mod drift;
mod enforce;
mod iam;
mod leaving;
mod left_alone;
mod placing;
mod profile;
mod settled;
mod sso;

use crate::entitlement::{Entitlement, Entitlements, entitlements};
use crate::ids::{AccountId, DomainKey, PersonId, ProfileName, Region, TeamKey};
use crate::map::{AccessMap, Adoption, Placement, Team, Unmanaged};
use crate::observed::{
    AuthMode, DomainState, Observed, ObservedApp, ObservedDomain, ObservedProfile, Ownership,
    TAG_INSTANCE, TAG_PERSON, TAG_TEAM,
};
use crate::owned::{Owned, OwnedProfile};
use crate::places::{Place, places};
use crate::plan::{Action, Assignment, Kept, Plan, Stake, Step};
use crate::reason::ReasonCode;
use crate::snapshot::{Person, Snapshot};
use crate::user_name::folded;
use arcstr::ArcStr;
use left_alone::LeftAlone;
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

/// Works out what must change so that AWS agrees with the map at `now`.
///
/// Only domains that `observed` holds are planned for; a domain of the map that is in neither of
/// its lists was not asked about and is left out.
pub fn plan(
    map: &AccessMap,
    snapshot: &Snapshot,
    observed: &Observed,
    now: jiff::Timestamp,
) -> Plan {
    let entitled = entitlements(map, snapshot, now);
    let mut planner = Planner {
        map,
        snapshot,
        observed,
        now,
        entitled: &entitled,
        assignments: BTreeSet::new(),
        actions: Vec::new(),
        kept: LeftAlone::of(observed.domains.values().map(|domain| domain.profiles.len()).sum()),
        owned: 0,
        planned: BTreeSet::new(),
        adopted: BTreeSet::new(),
        owners: OnceCell::new(),
        adoptions: adoptions(map),
        signing_in: OnceCell::new(),
        signed_in: BTreeSet::new(),
        room: room(map, observed),
    };
    planner.all();
    let Planner { assignments, mut actions, kept, owned, .. } = planner;
    // The rights are not needed any more; of a million people they take much room.
    let notes = entitled.into_notes();
    actions.sort_by(|a, b| order(a).cmp(&order(b)));
    Plan {
        map_digest: map.digest.clone(),
        now,
        assignments: assignments.into_iter().collect(),
        actions,
        kept: kept.in_order(),
        grants: notes,
        owned,
    }
}

/// Access is given before it is taken away, and nothing is deleted before everything else is done.
fn order(action: &Action) -> (u8, &DomainKey, &TeamKey, &ProfileName, &PersonId) {
    let rank = match &action.step {
        Step::Adopt { .. } => 0,
        Step::Update { .. } => 1,
        Step::Create { .. } => 2,
        Step::StopApps { .. } => 3,
        Step::Hold { .. } => 4,
        Step::Remove { .. } => 5,
    };
    (rank, &action.domain, &action.team, &action.profile, &action.person)
}

/// How many more profiles each account may have in a Region: the quota is not the domain's.
fn room(map: &AccessMap, observed: &Observed) -> BTreeMap<(AccountId, Region), usize> {
    let places = places(map, observed).into_iter();
    let room = |((account, region), place): ((&AccountId, &Region), Place<'_>)| {
        Some(((account.clone(), region.clone()), place.room()?))
    };
    places.filter_map(room).collect()
}

fn adoptions(map: &AccessMap) -> BTreeMap<(&DomainKey, &TeamKey, &str), &Adoption> {
    let by_pair =
        map.adopt.iter().rev().map(|adoption| {
            ((&adoption.domain, &adoption.team, adoption.person.as_str()), adoption)
        });
    by_pair.collect()
}

/// The profiles of domains in SSO mode, by the user name that each signs in, in lower case.
type SigningIn<'a> = BTreeMap<(&'a DomainKey, String), Vec<&'a ObservedProfile>>;

fn signing_in(observed: &Observed) -> SigningIn<'_> {
    let mut found = SigningIn::new();
    for (key, domain) in observed.domains.iter().filter(|(_, d)| d.auth_mode == AuthMode::Sso) {
        for profile in domain.profiles.values() {
            if let Some(user) = &profile.sso_user {
                found.entry((key, folded(user).into_owned())).or_default().push(profile);
            }
        }
    }
    found
}

/// Owners of teams by user name in lower case: whoever is called so, each with the name as it is written.
type Owners<'a> = BTreeMap<String, Vec<(&'a str, &'a PersonId)>>;

struct Planner<'a> {
    map: &'a AccessMap,
    snapshot: &'a Snapshot,
    observed: &'a Observed,
    now: jiff::Timestamp,
    entitled: &'a Entitlements<'a>,
    assignments: BTreeSet<Assignment>,
    actions: Vec<Action>,
    kept: LeftAlone,
    owned: usize,
    /// Case-folded names of the profiles that this plan makes.
    planned: BTreeSet<(DomainKey, ArcStr)>,
    /// Case-folded names of the profiles that this plan takes over.
    adopted: BTreeSet<(DomainKey, ArcStr)>,
    /// Looked up when somebody leaves a shared space.
    owners: OnceCell<Owners<'a>>,
    /// What the map lets Stagedoor adopt, by domain, team and user name.
    adoptions: BTreeMap<(&'a DomainKey, &'a TeamKey, &'a str), &'a Adoption>,
    /// Who is signed in where; looked up when somebody has no profile there.
    signing_in: OnceCell<SigningIn<'a>>,
    /// Whom the profiles sign in that this plan makes, in lower case.
    signed_in: BTreeSet<(&'a DomainKey, String)>,
    /// How many more profiles this plan may make.
    room: BTreeMap<(AccountId, Region), usize>,
}

/// An entitlement together with what it means in one domain.
#[derive(Debug, Clone, Copy)]
struct Case<'a> {
    domain: &'a ObservedDomain,
    team: &'a Team,
    placement: &'a Placement,
    entitlement: &'a Entitlement<'a>,
}

impl<'a> Case<'a> {
    fn key(&self) -> &'a DomainKey {
        &self.placement.domain
    }

    /// Whom a profile of the person's signs in where, in lower case.
    fn signed_in(&self) -> (&'a DomainKey, String) {
        (self.key(), folded(&self.person().user_name).into_owned())
    }

    fn person(&self) -> &'a Person {
        self.entitlement.person
    }
}

impl<'a> Planner<'a> {
    fn all(&mut self) {
        let observed = self.observed;
        for (key, reason) in &observed.unreadable {
            self.keep_domain(key, ReasonCode::DomainUnreadable, reason);
        }
        let mut owned: BTreeMap<&DomainKey, Owned<'a>> = BTreeMap::new();
        for (key, domain) in &observed.domains {
            let profiles = Owned::of(domain, &self.map.instance);
            if domain.state != DomainState::Ending {
                self.owned += profiles.len();
            }
            if domain.state != DomainState::InService {
                self.keep_domain(key, ReasonCode::DomainNotInService, "");
            }
            owned.insert(key, profiles);
        }
        let mut cases = self.placed(&owned);
        for (key, owned) in &owned {
            let Some(domain) = observed.domains.get(*key) else { continue };
            if domain.state == DomainState::Ending {
                continue;
            }
            let cases = cases.remove(key).unwrap_or_default();
            match domain.auth_mode {
                AuthMode::Iam => self.iam_domain(key, &cases, owned),
                AuthMode::Sso => self.sso_domain(key, domain, &cases, owned),
            }
            self.foreign(key, owned.others());
        }
        self.enforced_only();
        self.canary_first();
        self.settled_only();
    }

    /// Says of every profile that is not this installation's why it is left alone.
    fn foreign(&mut self, key: &DomainKey, others: &[&ObservedProfile]) {
        let unmanaged = self.map.domains.get(key).map(|d| d.unmanaged).unwrap_or_default();
        for profile in others {
            if let Ownership::OtherInstance(other) = profile.ownership(&self.map.instance) {
                let detail = Some(other.to_owned());
                self.keep_profile(key, profile, ReasonCode::OtherInstance, detail);
                continue;
            }
            let is_adopted = self.adopted.contains(&(key.clone(), profile.name.folded()));
            if unmanaged != Unmanaged::Ignore && !is_adopted {
                self.keep_profile(key, profile, ReasonCode::NotOurs, None);
            }
        }
    }

    /// The tags that the profile is to have.
    fn tags(&self, case: &Case<'a>) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let own = [
            (TAG_INSTANCE, self.map.instance.as_str()),
            (TAG_PERSON, case.person().id.as_str()),
            (TAG_TEAM, case.entitlement.team.as_str()),
        ];
        let of_team = case.team.tags.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        of_team.chain(own)
    }

    /// The same, to give them to a profile.
    fn all_tags(&self, case: &Case<'a>) -> BTreeMap<String, String> {
        self.tags(case).map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
    }

    fn act(&mut self, case: &Case<'_>, name: &ProfileName, step: Step, reason: ReasonCode) {
        self.actions.push(Action {
            domain: case.key().clone(),
            profile: name.clone(),
            person: case.person().id.clone(),
            person_name: Some(shown_name(case.person())),
            team: case.entitlement.team.clone(),
            step,
            reason,
            because: Some(case.entitlement.because().clone()),
        });
    }

    /// Leaves a profile alone about which something would be done.
    fn not_now(&mut self, action: Action, reason: ReasonCode, detail: String) {
        self.kept.push(Kept {
            domain: action.domain,
            profile: Some(action.profile),
            person: Some(action.person),
            person_name: action.person_name,
            team: Some(action.team),
            reason,
            detail: Some(detail),
        });
    }

    fn keep(
        &mut self,
        case: &Case<'_>,
        name: Option<&ProfileName>,
        reason: ReasonCode,
        detail: Option<String>,
    ) {
        // Few ever read what agrees; of a million people their names take a tenth of the time.
        let is_told = reason != ReasonCode::InAgreement;
        self.kept.push(Kept {
            domain: case.key().clone(),
            profile: name.cloned(),
            person: Some(case.person().id.clone()),
            person_name: is_told.then(|| shown_name(case.person())),
            team: Some(case.entitlement.team.clone()),
            reason,
            detail,
        });
    }

    fn keep_profile(
        &mut self,
        key: &DomainKey,
        profile: &ObservedProfile,
        reason: ReasonCode,
        detail: Option<String>,
    ) {
        let (person, team) = match profile.ownership(&self.map.instance) {
            Ownership::Ours { person, team } => (Some(person), Some(team)),
            _ => (None, None),
        };
        let known = person.and_then(|id| self.snapshot.people.get(id));
        self.kept.push(Kept {
            domain: key.clone(),
            profile: Some(profile.name.clone()),
            person_name: known.map(shown_name),
            person: person.cloned(),
            team: team.cloned(),
            reason,
            detail,
        });
    }

    /// Says of further profiles for the same which one is in use.
    fn duplicates(&mut self, key: &DomainKey, used: &ProfileName, others: &[OwnedProfile<'_>]) {
        for other in others {
            let detail = Some(format!("{used} is the one in use"));
            self.keep_profile(key, other.profile, ReasonCode::Duplicate, detail);
        }
    }

    fn keep_domain(&mut self, key: &DomainKey, reason: ReasonCode, detail: &str) {
        self.kept.push(Kept {
            domain: key.clone(),
            profile: None,
            person: None,
            person_name: None,
            team: None,
            reason,
            detail: (!detail.is_empty()).then(|| detail.to_owned()),
        });
    }
}

pub(crate) fn shown_name(person: &Person) -> String {
    // Two people can have one display name.
    if person.display_name.is_empty() || person.display_name == person.user_name {
        person.user_name.clone()
    } else {
        [&person.display_name, " (", &person.user_name, ")"].concat()
    }
}

/// Those of the apps of a profile and of its private spaces that are not gone yet, as people call them.
fn live_apps(profile: &ObservedProfile, are_meant: impl Fn(&ObservedApp) -> bool) -> Vec<String> {
    let is_meant = |app: &&ObservedApp| app.status.blocks_deletion() && are_meant(app);
    let of_profile = profile.apps.iter().filter(is_meant);
    let of_profile = of_profile.map(|app| app.called(None));
    let of_spaces = profile.private_spaces().flat_map(|space| {
        let apps = space.apps.iter().filter(is_meant);
        apps.map(|app| app.called(Some(&space.name)))
    });
    // Lists of AWS come in no particular order; sets do not let it through to the plan.
    let apps: BTreeSet<String> = of_spaces.chain(of_profile).collect();
    apps.into_iter().collect()
}

/// What goes with a profile.
fn stake(profile: &ObservedProfile) -> Stake {
    let spaces: BTreeSet<String> =
        profile.private_spaces().map(|space| space.name.clone()).collect();
    let shared: BTreeSet<String> =
        profile.shared_spaces().map(|space| space.name.clone()).collect();
    Stake {
        apps: live_apps(profile, |_| true),
        spaces: spaces.into_iter().collect(),
        shared_spaces: shared.into_iter().collect(),
        home_efs_uid: profile.home_efs_uid.as_ref().map(ArcStr::to_string),
    }
}
