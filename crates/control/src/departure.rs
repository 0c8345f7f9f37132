//! Offboarding somebody by command, and taking it back.
//!
//! Signing in is denied before anything else: a page of Studio that is left open makes its app
//! anew, and whoever can sign in can open another.

use crate::event::Wake;
use crate::plane::Plane;
use crate::ports::{
    Acted, Actor, AuditEntry, AuditEvent, CallError, Departure, PersonLookup, StoreError,
};
use crate::survey::{Scope, Survey};
use access::check::GUARD_MEMORY;
use access::entitlement::WantedGroups;
use access::ids::{DomainKey, PersonId, ProfileName, TeamKey};
use access::map::{AccessMap, SharedSpaces};
use access::observed::{
    AuthMode, Observed, ObservedDomain, ObservedProfile, Ownership, ProfileStatus, TeamLost,
};
use access::plan::{Action, Kept, Plan};
use access::reason::ReasonCode;
use access::snapshot::{Hold, Snapshot};
use futures::{StreamExt as _, stream};
use std::collections::{BTreeMap, BTreeSet};

/// So many entries of a person are looked at: years of a working life.
pub const HISTORY: u32 = 20_000;

/// So many departures are kept under a further id at a time.
const AT_ONCE: usize = 8;

/// What came of a departure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Departed {
    /// The departure that is in force now.
    pub departure: Departure,
    /// How many sessions of the door it ended.
    pub sessions_ended: u64,
}

/// The person, and every domain.
pub fn scope_of(person: &PersonId) -> Scope {
    Scope::People(BTreeSet::from([person.clone()]))
}

/// The person, and whoever may be given the person's shared spaces: without a reading of them the
/// spaces would wait for the next full pass.
///
/// # Errors
/// The directory cannot be read.
pub async fn scope_with_heirs(plane: &Plane, person: &PersonId) -> Result<Scope, CallError> {
    let mut people = BTreeSet::from([person.clone()]);
    if plane.map.offboarding.shared_spaces == SharedSpaces::HandOver {
        let owners = plane.map.teams.values().filter_map(|team| team.about.owner.clone());
        for owner in owners.collect::<BTreeSet<String>>() {
            people.extend(plane.directory.find(&PersonLookup::UserName(owner)).await?);
        }
    }
    Ok(Scope::People(people))
}

/// Whether AWS has not taken the last change yet, or not at all.
fn is_being_changed(status: ProfileStatus) -> bool {
    matches!(status, ProfileStatus::Updating | ProfileStatus::UpdateFailed)
}

/// Whether a profile that says another team's name has the role of this one already: where Studio signs people in
/// by itself, it says whose it is only after that.
pub(crate) fn goes_on_for(
    map: &AccessMap,
    (key, domain): (&DomainKey, &ObservedDomain),
    profile: &ObservedProfile,
    team: &TeamKey,
) -> bool {
    let placement = map.teams.get(team).and_then(|team| team.placement(key));
    let role = placement.map(|placement| placement.execution_role.as_str());
    domain.auth_mode == AuthMode::Sso && role.is_some() && profile.execution_role.as_deref() == role
}

impl Plane {
    /// Of a plan, only what concerns this person, and this team if one is named: also what is done to a profile of
    /// the team that goes on for another one.
    #[must_use]
    pub fn only(
        &self,
        plan: Plan,
        observed: &Observed,
        person: &PersonId,
        team: Option<&TeamKey>,
    ) -> Plan {
        let Plan { actions, kept, .. } = plan;
        let is_of = |key: &DomainKey, profile: &ProfileName, team: &TeamKey| {
            let Some(domain) = observed.domains.get(key) else { return false };
            let Some(found) = domain.profiles.get(&profile.folded()) else { return false };
            let Ownership::Ours { person: of, team: tagged } = found.ownership(&self.map.instance)
            else {
                return false;
            };
            // It has the other team's tag once it has the other role, which may be before it is in service.
            let is_lately =
                |lost: &TeamLost| self.clock.now().duration_since(lost.at).abs() < GUARD_MEMORY;
            let lost = found.team_lost().filter(is_lately);
            let is_lost = lost.is_some_and(|lost| lost.team == *team);
            of == person
                && (tagged == team
                    || is_lost && is_being_changed(found.status)
                    || goes_on_for(&self.map, (key, domain), found, team))
        };
        let concerns = |action: &Action, team: &TeamKey| {
            *team == action.team || is_of(&action.domain, &action.profile, team)
        };
        let is_said_of = |kept: &Kept, team: &TeamKey| {
            let is_of_profile =
                || kept.profile.as_ref().is_some_and(|it| is_of(&kept.domain, it, team));
            kept.team.as_ref().is_none_or(|of| of == team) || is_of_profile()
        };
        Plan {
            assignments: Vec::new(),
            actions: actions
                .into_iter()
                .filter(|a| &a.person == person && team.is_none_or(|team| concerns(a, team)))
                .collect(),
            kept: kept
                .into_iter()
                .filter(|k| k.person.as_ref().is_none_or(|p| p == person))
                // A domain that cannot be used concerns everybody.
                .filter(|k| k.person.is_some() || k.profile.is_none())
                .filter(|k| team.is_none_or(|team| is_said_of(k, team)))
                .collect(),
            ..plan
        }
    }

    /// [`Self::only`], without what takes away: what gives back does not, and that goes on by itself.
    #[must_use]
    pub fn returning(
        &self,
        plan: Plan,
        observed: &Observed,
        person: &PersonId,
        team: Option<&TeamKey>,
    ) -> Plan {
        let mut plan = self.only(plan, observed, person, team);
        plan.actions.retain(|a| !a.is_removal());
        plan
    }

    /// Denies a person to sign in, or a team to a person, and ends the person's sessions. Profiles
    /// are for the passes that follow: the loop is woken, should whoever called this not make them.
    /// May be repeated.
    ///
    /// # Errors
    /// What says who has left cannot be written, or sessions cannot be ended. What was done before stays; nothing
    /// is undone.
    pub async fn depart(&self, departure: &Departure) -> Result<Acted<Departed>, StoreError> {
        let departure = self.departures.depart(departure).await?;
        self.wake_for(&departure.person).await;
        let sessions_ended = self.end_sessions(&departure).await?;
        let unwritten = self.write_departed(&departure, sessions_ended).await.err();
        if let Some(error) = &unwritten {
            tracing::error!(person = %departure.person, %error, "audit entry of an offboarding lost");
        }
        Ok(Acted { done: Departed { departure, sessions_ended }, unwritten })
    }

    /// Ends the departures of a person, or the one from a team, under every id that the person has or
    /// had, and answers with what was ended, one for each team. What the person's groups give is theirs
    /// again. May be repeated: while one of them is left, it holds under all ids. What could not be written down is
    /// done; nothing of the departures is left then, so that nobody can make up for it.
    ///
    /// # Errors
    /// The directory cannot be read, so that it cannot be told who else the person is; what says who has left
    /// cannot be read or written.
    pub async fn rejoin(
        &self,
        person: &PersonId,
        team: Option<&TeamKey>,
        by: &str,
    ) -> Result<Acted<Vec<Departure>>, CallError> {
        let ids = self.ids_of(person).await?;
        let mut all: BTreeMap<Option<TeamKey>, Departure> = BTreeMap::new();
        let mut unwritten = None;
        // A pass that read them before may keep one under a further id meanwhile, and takes that back
        // only if it then finds ended what it follows from.
        loop {
            let mut ended = Vec::new();
            for id in &ids {
                let of_id = self.end(id, team, by).await?;
                ended.extend(of_id.done);
                unwritten = unwritten.or(of_id.unwritten);
            }
            if ended.is_empty() {
                return Ok(Acted { done: all.into_values().collect(), unwritten });
            }
            for departure in ended {
                let first = all.entry(departure.team.clone()).or_insert_with(|| departure.clone());
                if departure.person == *person {
                    *first = departure;
                }
            }
        }
    }

    /// The ids under which somebody's departures are kept: the person's own, those that directories have
    /// them under now, and those that they had when they were offboarded.
    async fn ids_of(&self, person: &PersonId) -> Result<BTreeSet<PersonId>, CallError> {
        let one = BTreeSet::from([person.clone()]);
        let reading = self.directory.people(&one, &WantedGroups::default()).await?;
        let mut ids = one;
        ids.extend(reading.aliases.into_values().flatten());
        let all = self.departures.departures(None).await?;
        let own: Vec<&Departure> = all.iter().filter(|d| ids.contains(&d.person)).collect();
        let same = all.iter().filter(|d| own.iter().any(|own| own.is_same(d)));
        let same: BTreeSet<PersonId> = same.map(|d| d.person.clone()).collect();
        ids.extend(same);
        Ok(ids)
    }

    /// Ends the departures that are kept under one id.
    async fn end(
        &self,
        id: &PersonId,
        team: Option<&TeamKey>,
        by: &str,
    ) -> Result<Acted<Vec<Departure>>, StoreError> {
        // Before it is written down: an entry that came first would tell of somebody who came back and,
        // were this to fail, stayed away. Of two who do so at once only one ends anything.
        let ended = self.departures.rejoin(id, team).await?;
        if !ended.is_empty() {
            self.wake_for(id).await;
        }
        let mut unwritten = None;
        for departure in &ended {
            let code = ReasonCode::Returned.as_str();
            let entry = AuditEntry::new(self.clock.now(), AuditEvent::PersonRestored, code)
                .by(Actor::named(by))
                .about(id)
                .with("by", by)
                .with("since", departure.since)
                .changing("offboarded since", Some(departure.since), None);
            let team = departure.team.as_ref().map(ToString::to_string);
            if let Err(error) = self.audit.append(&AuditEntry { team, ..entry }).await {
                tracing::error!(person = %id, %error, "audit entry of a restoration lost");
                unwritten = unwritten.or(Some(error));
            }
        }
        Ok(Acted { done: ended, unwritten })
    }

    /// Keeps departures under the further ids of those whom they are of, before anybody is somebody
    /// else under one of these. Until that is done they hold as long as the directories say so. For passes
    /// that act, by the map that is in force: whoever only looks leaves nothing behind.
    pub(crate) async fn spread(&self, survey: &Survey) {
        if self.observe_only {
            return;
        }
        let lasting = survey.implied.iter().filter(|implied| implied.is_lasting);
        let keep = async |implied: &Implied| {
            if let Err(error) = self.keep(implied).await {
                let person = &implied.departure.person;
                tracing::warn!(%person, %error, "an offboarding is not kept under a further id yet");
            }
        };
        stream::iter(lasting).for_each_concurrent(AT_ONCE, keep).await;
    }

    /// The departures that hold for these people by what a reading told of their ids, and as the store has
    /// them now.
    pub(crate) async fn departures_now(
        &self,
        people: &BTreeSet<PersonId>,
        implied: &[Implied],
    ) -> Result<Vec<Departure>, StoreError> {
        let implied = implied.iter().filter(|implied| people.contains(&implied.departure.person));
        let ids: BTreeSet<PersonId> =
            people.iter().chain(implied.clone().map(|implied| &implied.of)).cloned().collect();
        let there = self.departures.departures(Some(&ids)).await?;
        let has = |id: &PersonId, team| there.iter().any(|d| d.person == *id && d.team == team);
        let further = implied.filter(|Implied { departure, of, .. }| {
            has(of, departure.team.clone()) && !has(&departure.person, departure.team.clone())
        });
        let further: Vec<Departure> = further.map(|it| it.departure.clone()).collect();
        let own = there.into_iter().filter(|departure| people.contains(&departure.person));
        Ok(own.chain(further).collect())
    }

    /// The departures that hold for a person, one for each team: the person's own, and those under the
    /// other ids that the person has or had. [`rejoin`](Self::rejoin) ends these.
    ///
    /// # Errors
    /// The directory or the store cannot be read.
    pub async fn departures_of(&self, person: &PersonId) -> Result<Vec<Departure>, CallError> {
        let ids = self.ids_of(person).await?;
        let mut all = self.departures.departures(Some(&ids)).await?;
        all.sort_by_key(|departure| departure.person != *person);
        let mut teams = BTreeSet::new();
        all.retain(|departure| teams.insert(departure.team.clone()));
        Ok(all)
    }

    async fn keep(&self, implied: &Implied) -> Result<(), StoreError> {
        let Implied { departure, of, .. } = implied;
        let sessions_ended = self.end_sessions(departure).await?;
        // The entry comes first: once the departure is kept, nobody would see that it is missing.
        self.write_departed(departure, sessions_ended).await?;
        self.departures.depart(departure).await?;
        let of = self.departures.departures(Some(&BTreeSet::from([of.clone()]))).await?;
        if !of.iter().any(|of| of.team == departure.team) {
            // It was ended since it was read, by somebody who may have looked here before.
            // What cannot be written down of that is logged.
            let _ = self.end(&departure.person, departure.team.as_ref(), &departure.by).await?;
        }
        Ok(())
    }

    /// Ends the sessions of whoever leaves, and says how many. Whoever loses one team goes on in the others,
    /// and the door asks at each opening.
    async fn end_sessions(&self, departure: &Departure) -> Result<u64, StoreError> {
        match departure.team {
            None => self.sessions.close_all(&departure.person).await,
            Some(_) => Ok(0),
        }
    }

    /// Writes an entry, unless it is in the log and there is nothing new to say.
    async fn write_departed(
        &self,
        departure: &Departure,
        sessions_ended: u64,
    ) -> Result<(), StoreError> {
        let entry = departed_entry(departure, sessions_ended, self.clock.now());
        let known = self.audit.of_person(&departure.person, HISTORY).await?;
        let is_known = |past: &&AuditEntry| {
            past.event == entry.event
                && past.team == entry.team
                && ["since", "hold"]
                    .iter()
                    .all(|key| past.details.get(*key) == entry.details.get(*key))
        };
        if sessions_ended > 0 || known.iter().find(is_known).is_none() {
            self.audit.append(&entry).await?;
        }
        Ok(())
    }

    async fn wake_for(&self, person: &PersonId) {
        let wake = Wake::People(BTreeSet::from([person.clone()]));
        if let Err(error) = self.wake(&wake).await {
            tracing::warn!(%error, "the loop is not woken; its next full pass does the work");
        }
    }
}

/// A departure that holds under another id of somebody, and is not kept under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Implied {
    /// Under the other id.
    pub(crate) departure: Departure,
    /// The id of the departure that it follows from.
    pub(crate) of: PersonId,
    /// Whether it is to be kept; else it holds while directories say that both are one.
    pub(crate) is_lasting: bool,
}

/// Which departures follow from these for those who have several ids.
///
/// Whoever left has left under every id of a later directory: were they matched no more, that id would be
/// somebody whom nobody offboarded. The other way round it shuts out, and no more: who is matched with
/// somebody of an earlier directory is said by whoever writes the later one, and must not be able to take
/// anything from them for good or without its hold.
pub(crate) fn implied(
    departures: &[Departure],
    aliases: &BTreeMap<PersonId, BTreeSet<PersonId>>,
) -> Vec<Implied> {
    let mut by_id: BTreeMap<&PersonId, BTreeMap<Option<&TeamKey>, &Departure>> = BTreeMap::new();
    for departure in departures {
        let of_id = by_id.entry(&departure.person).or_default();
        of_id.insert(departure.team.as_ref(), departure);
    }
    let follows = |departure: &Departure, person: &PersonId, is_lasting: bool| Implied {
        departure: Departure {
            person: person.clone(),
            hold: if is_lasting { departure.hold } else { Hold::AsMapped },
            ..departure.clone()
        },
        of: departure.person.clone(),
        is_lasting,
    };
    let mut all = Vec::new();
    for (person, others) in aliases {
        let under = |id: &PersonId| by_id.get(id).into_iter().flatten();
        let has = |id: &PersonId, team| by_id.get(id).is_some_and(|own| own.contains_key(team));
        for (team, departure) in under(person) {
            let lack = others.iter().filter(|other| !has(other, team));
            all.extend(lack.map(|other| follows(departure, other, true)));
        }
        let back: BTreeMap<_, _> = others.iter().flat_map(under).collect();
        let back = back.into_iter().filter(|(team, _)| !has(person, team));
        all.extend(back.map(|(_, departure)| follows(departure, person, false)));
    }
    all
}

/// Fills in whom an admin offboarded.
pub(crate) fn note_departures(snapshot: &mut Snapshot, departures: Vec<Departure>) {
    for Departure { person, team, hold, .. } in departures {
        match team {
            None => drop(snapshot.offboarded.insert(person, hold)),
            Some(team) => {
                snapshot.barred.entry(person).or_default().insert(team, hold);
            }
        }
    }
}

fn departed_entry(departure: &Departure, sessions_ended: u64, at: jiff::Timestamp) -> AuditEntry {
    let hold = match departure.hold {
        Hold::AsMapped => "as-mapped",
        Hold::Skipped => "skipped",
    };
    let mut details = BTreeMap::from([
        ("by".to_owned(), departure.by.clone()),
        ("since".to_owned(), departure.since.to_string()),
        ("hold".to_owned(), hold.to_owned()),
        ("sessions_ended".to_owned(), sessions_ended.to_string()),
    ]);
    if let Some(why) = &departure.why {
        details.insert("why".to_owned(), why.clone());
    }
    AuditEntry {
        actor: Actor::named(&departure.by),
        person: Some(departure.person.to_string()),
        team: departure.team.as_ref().map(ToString::to_string),
        details,
        ..AuditEntry::new(at, AuditEvent::PersonOffboarded, ReasonCode::Offboarded.as_str())
    }
    .changing("offboarded since", None, Some(departure.since))
}
