//! A first map, written from what exists: domains, profiles, roles and the directory.
//!
//! Nothing is guessed where a wrong guess would give one person another's home directory: a profile
//! is only taken for somebody's where exactly one person can be meant and a group of theirs explains
//! it. Everything else is a finding, and a comment in the map.

mod cover;
mod keys;
mod people;
mod verify;
mod write;

pub use verify::{Verification, verify};

use crate::ids::{
    AccountId, DomainId, DomainKey, IdentityStoreId, PersonId, ProfileName, Region, RoleArn,
    TeamKey,
};
use crate::map::AssumeRole;
use crate::observed::{
    AuthMode, ObservedDomain, ObservedProfile, ObservedRole, Ownership, ProfileStatus,
};
use crate::reason::ReasonCode;
use crate::snapshot::{Person, Snapshot};
use cover::{Choice, Groups};
use people::{Directory, How, InTheWay, Whose};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The name of this installation, where no other has it already.
const INSTANCE: &str = "default";

/// What was read of an installation that has no map yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Existing {
    /// The home Region of the Identity Center instance.
    pub region: Region,
    /// The identity store of that instance.
    pub identity_store_id: IdentityStoreId,
    /// Everybody, and every group with its members.
    pub snapshot: Snapshot,
    /// Domains with all their profiles.
    pub domains: Vec<ExistingDomain>,
    /// The execution roles that profiles have. One absent here was not looked at.
    pub roles: BTreeMap<RoleArn, ObservedRole>,
}

/// A domain that has no place in a map yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExistingDomain {
    /// SageMaker's id.
    pub domain_id: DomainId,
    /// The account it is in.
    pub account_id: AccountId,
    /// The Region it is in.
    pub region: Region,
    /// Its name; the key in the map is made of it.
    pub name: Option<String>,
    /// The role through which it was reached.
    pub assume_role: Option<AssumeRole>,
    /// The customer-managed key that its volumes are encrypted with: an ARN, an id or an alias (API `KmsKeyId`).
    pub kms_key: Option<String>,
    /// Its profiles.
    pub observed: ObservedDomain,
}

/// A first map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstMap {
    /// The map with its comments: YAML, the same bytes for the same facts.
    pub text: String,
    /// The keys that domains got, in the order in which they were given.
    pub domains: Vec<DomainKey>,
    /// Profiles that are taken over, by domain and name.
    pub adopted: BTreeSet<(DomainKey, ProfileName)>,
    /// Those of them that have the domain's role and get it by name once their team is enforced.
    pub inheriting: BTreeSet<(DomainKey, ProfileName)>,
    /// What the map does not explain, or what somebody should know before the teams are enforced.
    pub findings: Vec<Finding>,
}

/// Something that the map does not explain.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// In which domain of the map.
    pub domain: DomainKey,
    /// Of which team, where it is known.
    pub team: Option<TeamKey>,
    /// What kind it is.
    pub code: ReasonCode,
    /// Which profile.
    pub profile: Option<ProfileName>,
    /// Whose user name.
    pub person: Option<String>,
    /// What there is, and what follows.
    pub text: String,
}

/// Writes a map from which the first plan has nothing to do.
pub fn first_map(existing: &Existing) -> FirstMap {
    let mut draft = Draft::new(existing);
    draft.sort_profiles();
    draft.name_teams();
    draft.find_people();
    draft.find_groups();
    draft.rank_teams();
    draft.adopt();
    draft.findings.sort();
    FirstMap {
        text: write::text(&draft),
        adopted: draft.adopted().map(|(team, held)| draft.place_of(team, held)).collect(),
        inheriting: draft
            .adopted()
            .filter(|(_, held)| held.inherits)
            .map(|(team, held)| draft.place_of(team, held))
            .collect(),
        domains: draft.domains,
        findings: draft.findings,
    }
}

/// A profile that may be taken over.
#[derive(Debug)]
struct Held<'a> {
    profile: &'a ObservedProfile,
    /// Whether its role is the domain's.
    inherits: bool,
    whose: Option<(&'a Person, How)>,
    adopted: bool,
}

/// Profiles of a domain with one role.
#[derive(Debug)]
struct TeamDraft<'a> {
    key: TeamKey,
    /// Its place in the list of domains.
    domain: usize,
    role: RoleArn,
    held: Vec<Held<'a>>,
    choice: Choice<'a>,
    /// In SSO-mode domains, where somebody is in groups of several teams.
    priority: Option<i32>,
}

impl TeamDraft<'_> {
    fn entitles(&self, person: &PersonId) -> bool {
        self.choice.members.contains(person)
    }
}

#[derive(Debug)]
struct Draft<'a> {
    existing: &'a Existing,
    instance: String,
    domains: Vec<DomainKey>,
    teams: Vec<TeamDraft<'a>>,
    groups: Groups<'a>,
    findings: Vec<Finding>,
}

impl<'a> Draft<'a> {
    fn new(existing: &'a Existing) -> Self {
        Self {
            existing,
            instance: instance(existing),
            domains: keys::domains(&existing.domains),
            teams: Vec::new(),
            groups: Groups::of(&existing.snapshot),
            findings: Vec::new(),
        }
    }

    /// Sorts profiles by domain and role, and leaves out those that cannot be taken over.
    fn sort_profiles(&mut self) {
        let existing = self.existing;
        let mut sorted: BTreeMap<(usize, RoleArn), Vec<Held<'a>>> = BTreeMap::new();
        for (place, domain) in existing.domains.iter().enumerate() {
            for profile in domain.observed.profiles.values() {
                match self.usable(domain, profile) {
                    Ok(role) => {
                        let inherits = profile.execution_role.is_none();
                        let held = Held { profile, inherits, whose: None, adopted: false };
                        sorted.entry((place, role)).or_default().push(held);
                    }
                    Err((code, text)) => self.found(place, None, code, Some(profile), None, text),
                }
            }
        }
        let teams = sorted.into_iter().map(|((domain, role), held)| TeamDraft {
            // Named when all of them are known.
            key: keys::unnamed(),
            domain,
            role,
            held,
            choice: Choice::default(),
            priority: None,
        });
        self.teams = teams.collect();
    }

    /// The profile's role, if the profile could be taken over.
    fn usable(
        &self,
        domain: &ExistingDomain,
        profile: &ObservedProfile,
    ) -> Result<RoleArn, (ReasonCode, String)> {
        match profile.ownership(&self.instance) {
            Ownership::OtherInstance(other) => {
                let text = format!("it belongs to the installation `{other}` of Stagedoor");
                return Err((ReasonCode::OtherInstance, text));
            }
            Ownership::Ours { .. } | Ownership::Foreign => {}
        }
        let code = match profile.status {
            ProfileStatus::InService => None,
            ProfileStatus::UpdateFailed => Some(ReasonCode::UpdateFailed),
            ProfileStatus::Failed | ProfileStatus::DeleteFailed => Some(ReasonCode::ProfileFailed),
            ProfileStatus::Pending | ProfileStatus::Updating | ProfileStatus::Deleting => {
                Some(ReasonCode::Busy)
            }
        };
        if let Some(code) = code {
            return Err((code, format!("its state is {:?}", profile.status)));
        }
        let Some(role) = domain.observed.role_of(profile) else {
            let text = "neither it nor its domain names an execution role".to_owned();
            return Err((ReasonCode::RoleMissing, text));
        };
        match RoleArn::parse(role) {
            Ok(role) if role.account() == domain.account_id.as_str() => Ok(role),
            Ok(_) | Err(_) => {
                let text = format!("its role {role} is no role of the domain's account");
                Err((ReasonCode::RoleElsewhere, text))
            }
        }
    }

    fn name_teams(&mut self) {
        let roles: Vec<(&RoleArn, &DomainKey)> = self
            .teams
            .iter()
            .filter_map(|team| Some((&team.role, self.domains.get(team.domain)?)))
            .collect();
        let names = keys::teams(&roles);
        for (team, key) in self.teams.iter_mut().zip(names) {
            team.key = key;
        }
    }

    /// Finds out whose profiles are. Of several for one person and team the most certain one counts.
    fn find_people(&mut self) {
        let directory = Directory::of(&self.existing.snapshot);
        let existing = self.existing;
        let identifying = people::identifying_tags(&directory, &self.teams);
        let mut teams = std::mem::take(&mut self.teams);
        for team in &mut teams {
            let Some(domain) = existing.domains.get(team.domain) else { continue };
            let noise = keys::noise(&team.key, &team.role, domain.name.as_deref());
            let mut certain: BTreeMap<&PersonId, (How, usize)> = BTreeMap::new();
            let found: Vec<Whose<'a>> = team
                .held
                .iter()
                .map(|held| {
                    let is_sso = domain.observed.auth_mode == AuthMode::Sso;
                    directory.whose(held.profile, is_sso, &identifying, &noise)
                })
                .collect();
            for (place, whose) in found.iter().enumerate() {
                if let Whose::One(person, how) = whose
                    && certain.get(&person.id).is_none_or(|(known, _)| how < known)
                {
                    certain.insert(&person.id, (*how, place));
                }
            }
            for (place, (held, whose)) in team.held.iter_mut().zip(found).enumerate() {
                let (code, person, text) = match whose {
                    Whose::One(person, how)
                        if certain.get(&person.id).is_some_and(|(_, at)| *at == place) =>
                    {
                        held.whose = Some((person, how));
                        continue;
                    }
                    Whose::One(person, _) => {
                        let text = "the person has another profile with this role; one person has \
                                    one profile for a team"
                            .to_owned();
                        (ReasonCode::Duplicate, Some(person), text)
                    }
                    Whose::Several(people) => {
                        let text = format!("it may be that of {}", people.join(" or of "));
                        (ReasonCode::PersonAmbiguous, None, text)
                    }
                    Whose::Nobody(hint) => (ReasonCode::PersonUnknown, None, hint),
                };
                let key = Some(team.key.clone());
                self.found(team.domain, key, code, Some(held.profile), person, text);
            }
        }
        self.teams = teams;
    }

    /// Finds for each team the groups that explain who has its profiles.
    fn find_groups(&mut self) {
        for team in &mut self.teams {
            let people = team.held.iter().filter_map(|held| held.whose);
            let people: BTreeSet<&PersonId> =
                people.filter(|(person, _)| person.enabled).map(|(person, _)| &person.id).collect();
            team.choice = self.groups.cover(&people, &team.key);
        }
    }

    /// Gives priorities to the teams of SSO-mode domains, so that people who are in groups of several
    /// get the one whose profile they have.
    fn rank_teams(&mut self) {
        for (place, domain) in self.existing.domains.iter().enumerate() {
            if domain.observed.auth_mode != AuthMode::Sso {
                continue;
            }
            let mut left: Vec<usize> = (0..self.teams.len())
                .filter(|at| self.teams.get(*at).is_some_and(|team| team.domain == place))
                .collect();
            if !self.overlap(&left) {
                continue;
            }
            let mut priority = 10 * i32::try_from(left.len()).unwrap_or(i32::MAX / 10);
            while let Some(first) = self.first_of(&left) {
                left.retain(|at| *at != first);
                if let Some(team) = self.teams.get_mut(first) {
                    team.priority = Some(priority);
                }
                priority -= 10;
            }
        }
    }

    fn overlap(&self, teams: &[usize]) -> bool {
        let teams: Vec<&TeamDraft<'a>> =
            teams.iter().filter_map(|at| self.teams.get(*at)).collect();
        let mut seen = BTreeSet::new();
        teams.iter().flat_map(|team| &team.choice.members).any(|person| !seen.insert(*person))
    }

    /// The team that would take the fewest people from the others, if it came first.
    fn first_of(&self, left: &[usize]) -> Option<usize> {
        let taken = |first: usize| {
            let Some(first_team) = self.teams.get(first) else { return usize::MAX };
            let others =
                left.iter().filter(|at| **at != first).filter_map(|at| self.teams.get(*at));
            let people = others.flat_map(|team| &team.held).filter_map(|held| held.whose);
            people.filter(|(person, _)| first_team.entitles(&person.id)).count()
        };
        left.iter().copied().min_by_key(|at| (taken(*at), *at))
    }

    /// Takes over what a group explains.
    fn adopt(&mut self) {
        let mut teams = std::mem::take(&mut self.teams);
        let winners = self.winners(&teams);
        for (at, team) in teams.iter_mut().enumerate() {
            let key = Some(team.key.clone());
            let domain = team.domain;
            for held in &mut team.held {
                let Some((person, _)) = held.whose else { continue };
                let winner = winners.get(&(domain, &person.id)).copied();
                let (code, text) = if !person.enabled {
                    (ReasonCode::PersonDisabled, "the directory does not let its person sign in")
                } else if !team.choice.members.contains(&person.id) {
                    (ReasonCode::NotAMember, "its person is in no group that explains the team")
                } else if winner.is_some_and(|winner| winner != at) {
                    (
                        ReasonCode::Outranked,
                        "its person has another team by a group that comes first",
                    )
                } else {
                    held.adopted = true;
                    continue;
                };
                let groups = self.groups.of_person(&person.id);
                let text = match code {
                    ReasonCode::NotAMember if groups.is_empty() => {
                        format!("{text}, nor in any other")
                    }
                    ReasonCode::NotAMember => format!("{text}; in others: {}", groups.join(", ")),
                    _ => text.to_owned(),
                };
                self.found(domain, key.clone(), code, Some(held.profile), Some(person), text);
            }
            self.of_role(team);
        }
        for at in 0..teams.len() {
            self.without_profile(at, &teams, &winners);
        }
        self.teams = teams;
    }

    /// Says who is in a group of the team and has no profile of it.
    fn without_profile(
        &mut self,
        at: usize,
        teams: &[TeamDraft<'a>],
        winners: &BTreeMap<(usize, &'a PersonId), usize>,
    ) {
        let existing = self.existing;
        let Some(team) = teams.get(at) else { return };
        let Some(domain) = existing.domains.get(team.domain) else { return };
        // What is taken over for another team keeps its name, and this one's gets another.
        let of_domain = teams.iter().filter(|other| other.domain == team.domain);
        let adopted: BTreeSet<&ProfileName> = of_domain
            .flat_map(|other| &other.held)
            .filter(|held| held.adopted)
            .map(|held| &held.profile.name)
            .collect();
        let instance = self.instance.clone();
        let in_the_way = InTheWay::of(&domain.observed, &instance);
        let with_profile: BTreeSet<&PersonId> =
            team.held.iter().filter_map(|held| Some(&held.whose?.0.id)).collect();
        let wins =
            |id: &PersonId| winners.get(&(team.domain, id)).is_none_or(|winner| *winner == at);
        let without = team.choice.members.iter().filter(|id| !with_profile.contains(*id));
        let without = without.filter(|id| wins(id));
        for person in without.filter_map(|id| existing.snapshot.people.get(*id)) {
            let taken = in_the_way.find(person, &team.key);
            let taken = taken.filter(|(profile, _)| !adopted.contains(&profile.name));
            let (code, text) = match taken {
                None => (
                    ReasonCode::Entitled,
                    "has no profile of the team; it is made when the team is enforced".to_owned(),
                ),
                Some((profile, code)) => {
                    let stands = "it stands where the person's profile of the team would be made, so none is";
                    let advice = if in_the_way.is_foreign(profile) {
                        "write it under `adopt` if it is theirs"
                    } else {
                        "it belongs to another installation of Stagedoor"
                    };
                    (code, format!("{stands}; {advice}"))
                }
            };
            let taken = taken.map(|(profile, _)| profile);
            let key = Some(team.key.clone());
            self.found(team.domain, key, code, taken, Some(person), text);
        }
    }

    /// Which team each person gets in SSO-mode domains.
    fn winners(&self, teams: &[TeamDraft<'a>]) -> BTreeMap<(usize, &'a PersonId), usize> {
        let mut winners: BTreeMap<(usize, &PersonId), usize> = BTreeMap::new();
        let priority = |at: usize| teams.get(at).and_then(|team| team.priority).unwrap_or(0);
        for (at, team) in teams.iter().enumerate() {
            let domain = self.existing.domains.get(team.domain);
            if domain.is_none_or(|domain| domain.observed.auth_mode != AuthMode::Sso) {
                continue;
            }
            for person in &team.choice.members {
                let first = winners.entry((team.domain, *person)).or_insert(at);
                if priority(at) > priority(*first) {
                    *first = at;
                }
            }
        }
        winners
    }

    fn of_role(&mut self, team: &TeamDraft<'a>) {
        let (code, text) = match self.existing.roles.get(&team.role) {
            Some(ObservedRole::Missing) => {
                (ReasonCode::RoleMissing, "there is no such role any more")
            }
            Some(ObservedRole::Untrusted) => {
                (ReasonCode::RoleUntrusted, "its trust policy does not let SageMaker assume it")
            }
            Some(ObservedRole::Unreadable) => (ReasonCode::RoleUnreadable, "it could not be read"),
            Some(ObservedRole::Trusted) | None => return,
        };
        let text = format!("the role {}: {text}", team.role);
        self.found(team.domain, Some(team.key.clone()), code, None, None, text);
    }

    fn found(
        &mut self,
        domain: usize,
        team: Option<TeamKey>,
        code: ReasonCode,
        profile: Option<&ObservedProfile>,
        person: Option<&Person>,
        text: String,
    ) {
        let Some(domain) = self.domains.get(domain).cloned() else { return };
        let profile = profile.map(|profile| profile.name.clone());
        let person = person.map(|person| person.user_name.clone());
        self.findings.push(Finding { domain, team, code, profile, person, text });
    }

    /// Profiles that are taken over, with their teams.
    fn adopted(&self) -> impl Iterator<Item = (&TeamDraft<'a>, &Held<'a>)> {
        self.teams.iter().flat_map(|team| {
            team.held.iter().filter(|held| held.adopted).map(move |held| (team, held))
        })
    }

    fn place_of(&self, team: &TeamDraft<'a>, held: &Held<'a>) -> (DomainKey, ProfileName) {
        let domain = self.domains.get(team.domain).cloned().unwrap_or_else(keys::unnamed_domain);
        (domain, held.profile.name.clone())
    }
}

/// A name for the installation that no profile's tags have yet.
fn instance(existing: &Existing) -> String {
    let is_taken = |name: &str| {
        let profiles = existing.domains.iter().flat_map(|domain| domain.observed.profiles.values());
        profiles
            .map(|profile| profile.ownership(name))
            .any(|ownership| matches!(ownership, Ownership::Ours { .. }))
    };
    let others = (2_u32..).map(|number| format!("{INSTANCE}-{number}"));
    std::iter::once(INSTANCE.to_owned())
        .chain(others)
        .find(|name| !is_taken(name))
        .unwrap_or_else(|| INSTANCE.to_owned())
}
