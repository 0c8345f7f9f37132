//! Why somebody has a team, or has not: every rung from the directory to the way in.
//!
//! The ladder is told from what the planner itself works with: the entitlements and the plan decide,
//! the rungs only say where it held and where it broke.

mod grants;
mod holders;
mod policy;
mod rungs;
mod since;
mod temporary;
mod ways_in;

pub use holders::{Holder, Holders, Meant, ProfileState, Stray, holders};
pub use since::Since;
pub use ways_in::WayIn;

use crate::entitlement::{Entitlements, entitlements};
use crate::ids::{PersonId, TeamKey};
use crate::map::{AccessMap, Place};
use crate::observed::Observed;
use crate::plan::Plan;
use crate::planner::{plan, shown_name};
use crate::reason::ReasonCode;
use crate::snapshot::Snapshot;
use serde::Serialize;
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// What a person may open, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// Who.
    #[schema(value_type = String)]
    pub person: PersonId,
    /// The display name and user name; absent where the directory does not know the person.
    pub person_name: Option<String>,
    /// What the directory says about the person.
    pub directory: Rung,
    /// Each team that was asked about.
    pub teams: Vec<TeamExplanation>,
}

/// Why a person has one team, or has not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TeamExplanation {
    /// Which.
    #[schema(value_type = String)]
    pub team: TeamKey,
    /// Whether the person has a right to it.
    pub granted: bool,
    /// `entitled`, or what comes nearest to a right and breaks.
    #[schema(value_type = String)]
    pub code: ReasonCode,
    /// What holds and what breaks, from the group to the network.
    pub rungs: Vec<Rung>,
    /// What would give the team to somebody who has it not, the fewest changes first.
    pub ways_in: Vec<WayIn>,
}

/// One rung of the ladder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Rung {
    /// Which part of the way it is about.
    pub stage: Stage,
    /// Whether it holds.
    pub verdict: Verdict,
    /// Why.
    #[schema(value_type = String)]
    pub code: ReasonCode,
    /// The same for people: a clause about what there is.
    pub text: String,
    /// The grant, where it is about one.
    pub at: Option<Place>,
    /// Since when it is so, as far as anybody wrote it down.
    pub since: Since,
    /// What to do where it does not hold.
    pub remedy: Option<String>,
}

/// The parts of the way, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Whether the directory knows the person and lets them sign in.
    Directory,
    /// Whether the person is in a group that a grant names.
    Group,
    /// Whether the grant is in force.
    Grant,
    /// Where the team's profiles are.
    Placement,
    /// The team's execution role.
    Role,
    /// What the role's policies allow and deny.
    Policy,
    /// The person's profile.
    Profile,
    /// From where the team may be opened.
    Network,
}

/// Whether a rung holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It does.
    Holds,
    /// It does not, and the person does not get there.
    Breaks,
    /// It hangs on what comes later: a pass of the loop, or where the person is.
    Depends,
}

impl TeamExplanation {
    /// The rung that comes nearest to a right and breaks; `None` where the person has the team.
    pub fn breaking(&self) -> Option<&Rung> {
        self.rungs.iter().find(|rung| rung.verdict == Verdict::Breaks && rung.code == self.code)
    }

    /// The first rung that keeps somebody who has the team from using it now; `None`: none does, or they
    /// have it not.
    pub fn in_the_way(&self) -> Option<&Rung> {
        let of_profile = |rung: &&Rung| rung.stage == Stage::Profile;
        // Beside one that is as the map means it others stop nobody: a copy, or what a move left behind.
        let is_ready =
            self.rungs.iter().filter(of_profile).any(|rung| rung.verdict == Verdict::Holds);
        let mut broken = self.rungs.iter().filter(|rung| rung.verdict == Verdict::Breaks);
        broken.find(|rung| self.granted && !(is_ready && of_profile(rung)))
    }
}

impl Rung {
    fn new(stage: Stage, verdict: Verdict, code: ReasonCode, text: impl Into<String>) -> Self {
        Self {
            stage,
            verdict,
            code,
            text: text.into(),
            at: None,
            since: Since::Unknown,
            remedy: None,
        }
    }

    fn at(mut self, place: &Place) -> Self {
        self.at = Some(place.clone());
        self
    }

    fn since(mut self, since: Since) -> Self {
        self.since = since;
        self
    }

    fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }
}

/// Everything an explanation is told from.
struct Facts<'a> {
    map: &'a AccessMap,
    snapshot: &'a Snapshot,
    observed: &'a Observed,
    now: jiff::Timestamp,
    entitled: Entitlements<'a>,
    plan: Plan,
}

/// Tells why the person has, or has not, each of these teams at `now`. Teams that the map does not
/// have are left out.
///
/// A group that the snapshot does not hold is taken not to exist: whoever reads only some people
/// looks up the groups of the grants besides.
pub fn explain(
    map: &AccessMap,
    snapshot: &Snapshot,
    observed: &Observed,
    now: jiff::Timestamp,
    person: &PersonId,
    teams: &BTreeSet<TeamKey>,
) -> Explanation {
    let facts = Facts {
        map,
        snapshot,
        observed,
        now,
        entitled: entitlements(map, snapshot, now),
        plan: plan(map, snapshot, observed, now),
    };
    let directory = facts.directory(person);
    let teams = teams
        .iter()
        .filter(|team| map.teams.contains_key(*team))
        .map(|team| facts.team(person, team, &directory))
        .collect();
    let person_name = snapshot.people.get(person).map(shown_name);
    Explanation { person: person.clone(), person_name, directory, teams }
}

impl Facts<'_> {
    fn team(&self, person: &PersonId, team: &TeamKey, directory: &Rung) -> TeamExplanation {
        let entitled = self.entitled.get(person, team).is_some();
        let barred = match directory.verdict {
            Verdict::Holds => self.barred(person, team),
            Verdict::Breaks | Verdict::Depends => None,
        };
        let granted = entitled && barred.is_none();
        let mut ways = self.ways(person, team);
        ways.extend(self.temporary_ways(person, team));
        let nearest = ways.iter().min_by_key(|way| way.distance).map(|way| way.code);
        let code = match (granted, directory.verdict, &barred) {
            (true, ..) => ReasonCode::Entitled,
            (false, Verdict::Breaks, _) => directory.code,
            (false, _, Some(rung)) => rung.code,
            (false, _, None) => nearest.unwrap_or(ReasonCode::NoGrant),
        };
        if entitled {
            // The ways that were not gone say nothing about somebody who is there, and one that is
            // not in force stops nobody.
            ways.retain(|way| way.is_member);
            for rung in ways.iter_mut().flat_map(|way| &mut way.rungs) {
                if rung.verdict == Verdict::Breaks {
                    (rung.verdict, rung.remedy) = (Verdict::Depends, None);
                }
            }
        }
        let mut rungs: Vec<Rung> = ways.into_iter().flat_map(|way| way.rungs).collect();
        let ways_in = if granted {
            Vec::new()
        } else {
            self.ways_in(person, team, directory, barred.as_ref())
        };
        rungs.extend(barred);
        if rungs.is_empty() {
            rungs.push(no_grant(team));
        }
        if granted {
            rungs.extend(self.placement(person, team));
            rungs.extend(self.role(person, team));
            rungs.extend(self.policy(person, team));
        }
        rungs.extend(self.profile(person, team));
        if granted {
            rungs.extend(self.network(team));
        }
        TeamExplanation { team: team.clone(), granted, code, rungs, ways_in }
    }
}

fn no_grant(team: &TeamKey) -> Rung {
    let text = format!("no grant of the map gives {team} to any group");
    Rung::new(Stage::Grant, Verdict::Breaks, ReasonCode::NoGrant, text)
        .remedy(format!("Add a grant to the map: `- {{ group: …, team: {team} }}`."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beside_a_profile_that_is_as_the_map_means_it_no_other_is_in_the_way() {
        let rung = |stage, verdict, code| Rung::new(stage, verdict, code, "");
        let ready = rung(Stage::Profile, Verdict::Holds, ReasonCode::InAgreement);
        let copy = rung(Stage::Profile, Verdict::Breaks, ReasonCode::Duplicate);
        let role = rung(Stage::Role, Verdict::Breaks, ReasonCode::RoleMissing);
        let told = |granted, rungs: &[&Rung]| {
            let rungs = rungs.iter().map(|rung| (*rung).clone()).collect();
            let team = TeamKey::parse("fraud").unwrap();
            let code = ReasonCode::Entitled;
            let told = TeamExplanation { team, granted, code, rungs, ways_in: Vec::new() };
            told.in_the_way().map(|rung| rung.code)
        };
        assert_eq!(told(true, &[&copy, &ready]), None);
        assert_eq!(told(true, &[&copy]), Some(ReasonCode::Duplicate));
        assert_eq!(told(true, &[&copy, &role, &ready]), Some(ReasonCode::RoleMissing));
        assert_eq!(told(false, &[&role]), None);
    }
}
