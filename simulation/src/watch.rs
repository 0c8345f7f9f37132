//! The watch over every call that changes something, at the moment it takes effect.

use crate::deed::{Deed, Owner, Scene, What, is_shared, mark_of};
use crate::invariant::{Invariant, Tally};
use crate::truth::{Right, Truth};
use crate::world::{INSTANCE, Team};
use access::observed::{TAG_INSTANCE, TAG_LEAVING, TAG_LOST, TAG_PERSON, TAG_TEAM};
use jiff::{SignedDuration, Timestamp};
use sandbox::ProfileView;
use std::collections::{BTreeMap, BTreeSet};

/// How old a reading may be that a call is made from: a pass with many repetitions takes minutes.
/// Only what has been otherwise for longer is wrong.
pub(crate) const STALE: SignedDuration = SignedDuration::from_mins(20);

/// How old a reading of groups may be in a pass that meets no trouble.
const MOVING: SignedDuration = SignedDuration::from_mins(5);

/// How long after the switch is thrown a pass may still be under way.
const FREEZING: SignedDuration = SignedDuration::from_mins(2);

/// What is known beside the calls themselves.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    pub(crate) tally: Tally,
    /// By how much machines' clocks may be wrong.
    pub(crate) clock_error: SignedDuration,
    /// Since when the directory answers half, if it does.
    pub(crate) directory_half: bool,
    /// Since when the installation is frozen.
    pub(crate) frozen_since: Option<Timestamp>,
    /// Whether a store was lost: what it held can be asked of nobody.
    pub(crate) store_lost: bool,
    /// When apps and spaces were made, by [`mark_of`]. What is missing is old.
    pub(crate) made: BTreeMap<String, Timestamp>,
    /// Home directories in the audit log: domain key, folded name of the profile, uid.
    pub(crate) homes: BTreeSet<(String, String, String)>,
    /// Profiles on their way out: domain id and folded name, and since when.
    marks: BTreeMap<(String, String), Timestamp>,
    /// Person, team and domain key of those.
    owners: BTreeMap<(String, String), (String, String, String)>,
    /// Replicas that are changing something of a person.
    hands: BTreeMap<String, Vec<usize>>,
}

/// A deed with all that it is judged by.
struct Case<'a> {
    now: Timestamp,
    deed: &'a Deed,
    scene: &'a Scene,
    truth: &'a Truth,
    /// Key of the domain.
    domain: &'a str,
    sso: bool,
    profile: Option<&'a ProfileView>,
}

impl Watch {
    /// A call is on its way.
    pub(crate) fn begin(&mut self, now: Timestamp, person: &str, replica: usize) {
        let hands = self.hands.entry(person.to_owned()).or_default();
        let alone = hands.iter().all(|other| *other == replica);
        hands.push(replica);
        self.tally.expect(Invariant::OneHandEach, now, alone, || {
            format!("replica {replica} changes something of {person}, and so does another")
        });
    }

    /// The store is lost, and with it who is at whom: calls of the dead are nobody's any more.
    pub(crate) fn forget(&mut self) {
        self.store_lost = true;
        self.hands.clear();
    }

    /// The call has had its effect, or never will.
    pub(crate) fn end(&mut self, person: &str, replica: usize) {
        if let Some(hands) = self.hands.get_mut(person)
            && let Some(place) = hands.iter().position(|other| *other == replica)
        {
            hands.swap_remove(place);
        }
    }

    /// Judges a call just before its effect.
    pub(crate) fn judge(&mut self, now: Timestamp, deed: &Deed, scene: &Scene, truth: &Truth) {
        let known = truth.map.domains.iter().find(|domain| domain.id == deed.domain);
        let case = Case {
            now,
            deed,
            scene,
            truth,
            domain: known.map_or("", |domain| &domain.key),
            sso: known.is_some_and(|domain| domain.sso),
            profile: deed.profile(scene),
        };
        self.frozen(&case);
        self.others(&case);
        match &deed.what {
            What::Create { profile, tags } => {
                self.right_to(&case, tags);
                self.only_one(&case, tags);
                self.assigned(&case, tags);
                self.is_back(deed, profile);
            }
            What::Update { role, .. } => {
                if let Some(profile) = case.profile {
                    self.right_to_update(&case, profile, role.as_deref());
                }
            }
            What::Tag { tags, .. } if tags.contains_key(TAG_LEAVING) => {
                self.harm(&case);
                self.guard(&case);
            }
            // Whoever opens another team agrees to lose the one that is theirs no more.
            What::Tag { tags, .. }
                if tags.get(TAG_LOST).is_some_and(|lost| !lost.ends_with(" agreed")) =>
            {
                self.guard(&case);
            }
            What::Untag { profile, keys }
                if keys.contains(TAG_LEAVING) || keys.contains(TAG_LOST) =>
            {
                self.is_back(deed, profile);
            }
            What::StopApp { .. } => self.harm(&case),
            What::DeleteSpace { space } => {
                self.harm(&case);
                self.hold(&case);
                self.space(&case, space);
            }
            What::DeleteProfile { .. } => {
                self.harm(&case);
                self.hold(&case);
                self.profile_last(&case);
                self.home(&case);
            }
            What::Tag { .. } | What::Untag { .. } | What::MakeSpace { .. } => {}
        }
    }

    fn frozen(&mut self, case: &Case<'_>) {
        if let Some(since) = self.frozen_since {
            let moving = case.now.duration_since(since) < FREEZING;
            self.tally
                .expect(Invariant::FrozenIsStill, case.now, moving, || format!("{:?}", case.deed));
        }
    }

    fn others(&mut self, case: &Case<'_>) {
        let holds = match (&case.deed.what, case.profile) {
            (What::Create { tags, .. }, _) => is_ours(tags),
            (_, Some(profile)) => is_ours(&profile.tags),
            // What is gone cannot be harmed; a space without an owner is nobody's of ours.
            (What::DeleteSpace { space } | What::StopApp { owner: Owner::Space(space) }, None) => {
                case.scene.space(space).is_none()
            }
            (_, None) => true,
        };
        self.tally
            .expect(Invariant::OthersUntouched, case.now, holds, || format!("{:?}", case.deed));
    }

    fn right_to(&mut self, case: &Case<'_>, tags: &BTreeMap<String, String>) {
        let Some(right) = right(tags, case.domain) else { return };
        let holds = !case.truth.without_for(&right, STALE, case.now);
        self.tally.expect(Invariant::NobodyWithoutRight, case.now, holds, || {
            format!("{right:?} by {:?}", case.deed)
        });
    }

    /// In SSO mode the one profile gets the role of the team that its person moves to.
    fn right_to_update(&mut self, case: &Case<'_>, profile: &ProfileView, role: Option<&str>) {
        if !case.sso {
            return self.right_to(case, &profile.tags);
        }
        let Some(right) = right(&profile.tags, case.domain) else { return };
        let map = &case.truth.map;
        // A call of a process that knew the former map may arrive after the change.
        let is_new_map = case.now.duration_since(case.truth.map_changed) < STALE;
        let fits = |role: &str, team: &Team| is_new_map || role == map.role_arn(team);
        let mut fit = map.teams.iter().filter(|team| role.is_none_or(|role| fits(role, team)));
        let is_torn = case.now.duration_since(case.truth.groups_changed) < STALE;
        let holds = fit.any(|team| {
            let right = Right { team: &team.key, ..right };
            !case.truth.without_for(&right, STALE, case.now)
                || (is_torn && case.truth.granted_within(&right, STALE, case.now))
        });
        self.tally.expect(Invariant::NobodyWithoutRight, case.now, holds, || {
            format!("{right:?} by {:?}", case.deed)
        });
    }

    fn only_one(&mut self, case: &Case<'_>, tags: &BTreeMap<String, String>) {
        let same = |key: &str, other: &ProfileView| tags.get(key) == other.tags.get(key);
        // One that has the very name is refused by AWS, and does no harm.
        let same_name = case.profile.map(|profile| &profile.name);
        let other = case.scene.profiles.iter().find(|other| {
            is_ours(&other.tags)
                && Some(&other.name) != same_name
                && same(TAG_PERSON, other)
                && (case.sso || same(TAG_TEAM, other))
                && other.status != "Deleting"
        });
        self.tally.expect(Invariant::OneProfileEach, case.now, other.is_none(), || {
            format!("{:?} beside {:?}", case.deed, other.map(|profile| &profile.name))
        });
    }

    /// Groups change all the time, and with them who is assigned: only what has been so for a while.
    /// A temporary grant assigns nobody: an admin is told to.
    fn assigned(&mut self, case: &Case<'_>, tags: &BTreeMap<String, String>) {
        let long = case.now.duration_since(case.truth.groups_changed);
        let Some(person) = tags.get(TAG_PERSON).filter(|_| case.sso && long >= MOVING) else {
            return;
        };
        let team = tags.get(TAG_TEAM);
        let is_temporary = case.truth.map.temporary.iter().any(|grant| {
            &grant.person == person && Some(&grant.team) == team && case.now < grant.until + STALE
        });
        let holds = case.scene.assigned.contains(person) || is_temporary;
        self.tally.expect(Invariant::AssignedFirst, case.now, holds, || format!("{:?}", case.deed));
    }

    /// Whether something is taken from somebody who has a right to it.
    fn harm(&mut self, case: &Case<'_>) {
        let Some(profile) = case.profile.filter(|profile| is_ours(&profile.tags)) else { return };
        let Some(right) = right(&profile.tags, case.domain) else { return };
        let stops = matches!(case.deed.what, What::StopApp { .. });
        let entitled = if case.sso && !stops {
            // The one profile serves whatever team comes first. What runs with the role of a former
            // team does not outlive the move.
            let teams = case.truth.map.teams.iter();
            teams
                .map(|team| Right { team: &team.key, ..right })
                .any(|right| case.truth.entitled_for(&right, STALE, case.now))
        } else {
            case.truth.entitled_for(&right, STALE, case.now)
        };
        let is_gone = profile.status == "Deleting" || is_hollow(case.scene, profile);
        let holds = !entitled || is_gone;
        let what = || format!("{right:?} by {:?}", case.deed);
        self.tally.expect(Invariant::EntitledKeepTheirs, case.now, holds, what);
        if self.directory_half {
            self.tally.expect(Invariant::PartialTakesNothing, case.now, holds, what);
        }
    }

    /// What was taken away and is there again is not counted, whatever becomes of it then.
    fn is_back(&mut self, deed: &Deed, profile: &str) {
        self.marks.remove(&(deed.domain.clone(), profile.to_ascii_lowercase()));
    }

    fn guard(&mut self, case: &Case<'_>) {
        let Some(profile) = case.profile else { return };
        let key = (case.deed.domain.clone(), profile.name.to_ascii_lowercase());
        if let Some(right) = right(&profile.tags, case.domain) {
            let owner = (right.person.to_owned(), right.team.to_owned(), right.domain.to_owned());
            self.owners.insert(key.clone(), owner);
        }
        self.marks.entry(key).or_insert(case.now);
        let day = SignedDuration::from_hours(24);
        self.marks.retain(|_, since| case.now.duration_since(*since) < day);
        // Whoever has the right again is not counted: what goes is made anew.
        let is_back = |key: &(String, String)| {
            let owner = self.owners.get(key);
            owner.is_some_and(|(person, team, domain)| {
                case.truth.entitled_for(
                    &Right { person, team, domain },
                    SignedDuration::ZERO,
                    case.now,
                )
            })
        };
        // That access for a time would end was agreed to when it was given.
        let was_announced = |key: &(String, String)| {
            let owner = self.owners.get(key);
            owner.is_some_and(|(person, team, _)| {
                case.truth.map.temporary.iter().any(|grant| {
                    (&grant.person, &grant.team) == (person, team) && grant.until <= case.now
                })
            })
        };
        // Where nothing is held, profiles take their tags along, and only the store remembers.
        if self.store_lost {
            return;
        }
        let taken = self.marks.keys().filter(|key| !is_back(key) && !was_announced(key)).count();
        let limit = case.truth.map.max_removals;
        let holds = u32::try_from(taken).is_ok_and(|taken| taken <= limit);
        self.tally.expect(Invariant::GuardHolds, case.now, holds, || {
            format!("{taken} taken away, {limit} allowed: {:?}", case.deed)
        });
    }

    fn hold(&mut self, case: &Case<'_>) {
        // What is on its way already is refused by AWS, and no harm done.
        let Some(profile) = case.profile.filter(|profile| profile.status != "Deleting") else {
            return;
        };
        if is_hollow(case.scene, profile) {
            return;
        }
        let since = profile.tags.get(TAG_LEAVING).and_then(|at| at.parse::<Timestamp>().ok());
        let hold = i64::try_from(case.truth.map.hold).unwrap_or(i64::MAX);
        let hold = SignedDuration::from_secs(hold);
        let holds = since.is_some_and(|since| {
            case.now.duration_since(since).saturating_add(self.clock_error) >= hold
        });
        self.tally.expect(Invariant::HoldKept, case.now, holds, || {
            format!("{:?} is leaving since {since:?}", case.deed)
        });
    }

    fn space(&mut self, case: &Case<'_>, name: &str) {
        let Some(space) = case.scene.space(name) else { return };
        self.tally.expect(Invariant::SharedSpacesStay, case.now, !is_shared(space), || {
            format!("{:?}", case.deed)
        });
        let running = case
            .scene
            .apps_in(space)
            .find(|app| self.is_old(case, &mark_of(&case.deed.domain, &space.name, &app.name)));
        self.tally.expect(Invariant::AppsSpacesProfile, case.now, running.is_none(), || {
            format!("{:?} while {running:?}", case.deed)
        });
    }

    fn profile_last(&mut self, case: &Case<'_>) {
        let Some(profile) = case.profile else { return };
        let owner = &profile.name;
        let app = case
            .scene
            .apps_of(profile)
            .find(|app| self.is_old(case, &mark_of(&case.deed.domain, owner, &app.name)));
        let space = case
            .scene
            .spaces_of(profile)
            .find(|space| self.is_old(case, &mark_of(&case.deed.domain, owner, &space.name)));
        let holds = app.is_none() && space.is_none();
        self.tally.expect(Invariant::AppsSpacesProfile, case.now, holds, || {
            format!("{:?} while {app:?} {space:?}", case.deed)
        });
    }

    /// Whether it was there long enough that every reading shows it.
    fn is_old(&self, case: &Case<'_>, mark: &str) -> bool {
        self.made.get(mark).is_none_or(|made| case.now.duration_since(*made) >= STALE)
    }

    fn home(&mut self, case: &Case<'_>) {
        let Some(profile) = case.profile else { return };
        let is_gone = profile.status == "Deleting" || is_hollow(case.scene, profile);
        if self.store_lost || is_gone {
            return;
        }
        let name = profile.name.to_ascii_lowercase();
        let key = (case.domain.to_owned(), name, profile.home_uid.clone());
        let holds = self.homes.contains(&key);
        self.tally.expect(Invariant::HomeOnRecord, case.now, holds, || {
            format!("{:?}: the home {} is not in the audit log", case.deed, profile.home_uid)
        });
    }
}

/// Whether the profile never became, or is no longer, of any use, and nothing stands on it.
fn is_hollow(scene: &Scene, profile: &ProfileView) -> bool {
    matches!(profile.status, "Failed" | "Delete_Failed")
        && scene.spaces_of(profile).next().is_none()
}

/// Whether the tags are those of this installation.
pub(crate) fn is_ours(tags: &BTreeMap<String, String>) -> bool {
    tags.get(TAG_INSTANCE).is_some_and(|instance| instance == INSTANCE)
        && tags.contains_key(TAG_PERSON)
        && tags.contains_key(TAG_TEAM)
}

/// The right that tags speak of.
pub(crate) fn right<'a>(tags: &'a BTreeMap<String, String>, domain: &'a str) -> Option<Right<'a>> {
    Some(Right { person: tags.get(TAG_PERSON)?, team: tags.get(TAG_TEAM)?, domain })
}

#[cfg(test)]
mod tests;
