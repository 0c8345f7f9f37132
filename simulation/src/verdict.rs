//! What must be so in the end, when nothing has gone wrong for long.

use crate::clock::MachineClock;
use crate::deed::{Scene, is_shared};
use crate::invariant::{Invariant, Tally};
use crate::process::{connect, plane, read_map};
use crate::stage::{Shared, Stage};
use crate::truth::{Right, Truth};
use crate::watch::{is_ours, right};
use crate::world::{Domain, Foreign, Rights, Team};
use access::observed::{TAG_LEAVING, TAG_LOST, TAG_PERSON, TAG_TEAM};
use anyhow::{Context as _, Result};
use control::survey::Scope;
use jiff::Timestamp;
use sandbox::ProfileView;
use std::collections::BTreeMap;
use std::sync::Arc;
use store::SqliteStore;

/// A space that somebody made.
#[derive(Debug, Clone)]
pub(crate) struct MadeSpace {
    /// `SageMaker`'s id of the domain.
    pub(crate) domain: String,
    pub(crate) name: String,
    pub(crate) shared: bool,
    /// Person and team of the profile that owned it.
    pub(crate) owner: Option<(String, String)>,
    pub(crate) made: Timestamp,
}

/// Domains as they are, by key.
pub(crate) type Scenes = BTreeMap<String, Scene>;

impl Stage {
    /// All domains as they are now.
    pub(crate) fn scenes(&mut self) -> Scenes {
        let domains = self.truth.map.domains.clone();
        domains.into_iter().map(|domain| (domain.key, self.scene(&domain.id))).collect()
    }

    /// Judges the end. `before` is how everything was at the start.
    pub(crate) fn conclude(&mut self, before: &Scenes, foreign: &[Foreign]) {
        let now = self.now();
        let scenes = self.scenes();
        let rights = self.truth.map.rights(&self.truth.directory, now);
        let Self { watch, truth, spaces, .. } = self;
        let end = End { now, truth, scenes: &scenes, rights: &rights };
        let tally = &mut watch.tally;
        for (pair, domain) in &rights {
            end.served(tally, pair, domain, foreign);
        }
        for domain in &truth.map.domains {
            end.leavers(tally, domain);
        }
        for foreign in foreign {
            end.untouched(tally, before, foreign);
        }
        for space in spaces.iter() {
            end.space(tally, space);
        }
    }
}

struct End<'a> {
    now: Timestamp,
    truth: &'a Truth,
    scenes: &'a Scenes,
    rights: &'a Rights,
}

impl End<'_> {
    fn served(
        &self,
        tally: &mut Tally,
        (person, team): &(String, String),
        domain: &str,
        foreign: &[Foreign],
    ) {
        let map = &self.truth.map;
        let (Some(scene), Some(team), Some(domain)) =
            (self.scenes.get(domain), map.team(team), map.domain(domain))
        else {
            return;
        };
        let theirs = |profile: &&ProfileView| {
            is_ours(&profile.tags)
                && profile.tags.get(TAG_PERSON) == Some(person)
                && (domain.sso || profile.tags.get(TAG_TEAM) == Some(&team.key))
        };
        let found: Vec<&ProfileView> = scene.profiles.iter().filter(theirs).collect();
        let is_right = |profile: &ProfileView| {
            let cost_center = team.cost_center.map(|n| n.to_string());
            profile.status == "InService"
                && profile.execution_role.as_ref() == Some(&map.role_arn(team))
                && profile.tags.get(TAG_TEAM) == Some(&team.key)
                && !profile.tags.contains_key(TAG_LEAVING)
                && (cost_center.is_none() || profile.tags.get("CostCenter") == cost_center.as_ref())
        };
        let holds = match found.as_slice() {
            [profile] => is_right(profile) || self.is_held_up(profile, person, team, domain),
            // Somebody else's profile has the name: that is for an admin to decide.
            [] => self.name_is_taken(person, &team.key, domain, foreign),
            _ => false,
        };
        tally.expect(Invariant::EntitledServed, self.now, holds, || {
            format!("{person} of {} in {} has {found:?}", team.key, domain.key)
        });
    }

    /// Whether the guard may keep a profile from going on for the team, its person having no right to the one that it is
    /// for: then nothing of it is begun.
    fn is_held_up(
        &self,
        profile: &ProfileView,
        person: &str,
        team: &Team,
        domain: &Domain,
    ) -> bool {
        let is_theirs = profile.tags.get(TAG_TEAM).is_some_and(|of| {
            let right = (person.to_owned(), of.clone());
            self.rights.iter().any(|(known, at)| *known == right && *at == domain.key)
        });
        let is_begun = profile.tags.contains_key(TAG_LEAVING)
            || profile.tags.contains_key(TAG_LOST)
            || profile.execution_role.as_ref() == Some(&self.truth.map.role_arn(team));
        self.truth.map.is_tight() && domain.sso && !is_theirs && !is_begun
    }

    fn name_is_taken(&self, person: &str, team: &str, domain: &Domain, all: &[Foreign]) -> bool {
        let name = self.truth.directory.people.get(person).map(|known| &known.user_name);
        let name = name.map(|name| format!("{name}--{team}"));
        all.iter()
            .any(|foreign| foreign.domain == domain.key && Some(&foreign.name) == name.as_ref())
    }

    fn leavers(&self, tally: &mut Tally, domain: &Domain) {
        let Some(scene) = self.scenes.get(&domain.key) else { return };
        let is_tight = self.truth.map.is_tight();
        for profile in scene.profiles.iter().filter(|profile| is_ours(&profile.tags)) {
            let Some(right) = right(&profile.tags, &domain.key) else { continue };
            if self.has_right(&right, domain.sso) {
                continue;
            }
            let shares = scene.spaces_of(profile).any(is_shared);
            let own = scene.spaces_of(profile).filter(|space| !is_shared(space));
            let running = own.flat_map(|space| scene.apps_in(space)).chain(scene.apps_of(profile));
            let running = running.count();
            // The guard may hold some of them back, but never halfway.
            let refused = is_tight && !profile.tags.contains_key(TAG_LEAVING);
            let holds = refused || (shares && running == 0);
            tally.expect(Invariant::LeaversGone, self.now, holds, || {
                format!("{right:?} still has {profile:?}, {running} apps running")
            });
        }
        // Counted also where nobody is left.
        tally.expect(Invariant::LeaversGone, self.now, true, String::new);
    }

    fn has_right(&self, right: &Right<'_>, sso: bool) -> bool {
        self.rights.iter().any(|((person, team), domain)| {
            person == right.person && domain == right.domain && (sso || team == right.team)
        })
    }

    fn untouched(&self, tally: &mut Tally, before: &Scenes, foreign: &Foreign) {
        let of = |scenes: &Scenes| {
            let scene = scenes.get(&foreign.domain)?;
            let profile = scene.profile(&foreign.name)?.clone();
            let spaces: Vec<_> = scene.spaces_of(&profile).cloned().collect();
            let apps: Vec<_> =
                spaces.iter().flat_map(|space| scene.apps_in(space)).cloned().collect();
            Some((profile, spaces, apps))
        };
        let (then, now) = (of(before), of(self.scenes));
        tally.expect(Invariant::OthersUntouched, self.now, then.is_some() && then == now, || {
            format!("{then:?} has become {now:?}")
        });
    }

    fn space(&self, tally: &mut Tally, space: &MadeSpace) {
        let domain = self.truth.map.domains.iter().find(|domain| domain.id == space.domain);
        let Some(domain) = domain else { return };
        let exists =
            self.scenes.get(&domain.key).is_some_and(|scene| scene.space(&space.name).is_some());
        if space.shared {
            tally.expect(Invariant::SharedSpacesStay, self.now, exists, || format!("{space:?}"));
        }
        if let Some((person, team)) = &space.owner {
            let right = Right { person, team, domain: &domain.key };
            let long = self.now.duration_since(space.made);
            if self.truth.entitled_for(&right, long, self.now) {
                let what = || format!("{space:?} is gone");
                tally.expect(Invariant::EntitledKeepTheirs, self.now, exists, what);
            }
        }
    }
}

/// Looks with the eyes of a process that knows nothing, whether anything is left to do.
pub(crate) async fn nothing_left(
    shared: &Shared,
    stranger: usize,
    clock: Arc<MachineClock>,
) -> Result<()> {
    let (yaml, is_tight) = {
        let stage = shared.lock();
        (stage.truth.map.yaml(), stage.truth.map.is_tight())
    };
    let aws = connect(shared, stranger, clock.clone())?;
    let store = SqliteStore::in_memory()?;
    let plane = plane(read_map(&yaml)?, &aws, &store, clock, stranger)?;
    let survey = plane.survey(&Scope::Everything).await.context("the last survey")?;
    let (plan, again) = (plane.plan(&survey), plane.plan(&survey));
    let mut stage = shared.lock();
    let now = stage.now();
    let left = plan.actions.iter().filter(|action| !(is_tight && action.is_counted()));
    let left: Vec<_> = left.collect();
    let tally = &mut stage.watch.tally;
    tally.expect(Invariant::FixedPoint, now, left.is_empty(), || format!("{left:?}"));
    let (one, other) = (serde_json::to_string(&plan)?, serde_json::to_string(&again)?);
    tally.expect(Invariant::EqualPlans, now, one == other, || format!("{one}\n{other}"));
    Ok(())
}
