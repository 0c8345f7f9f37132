//! The hand that changes AWS for one pass, action by action.

use super::Outcome;
use super::leaving::Marking;
use crate::departure::HISTORY;
use crate::plane::Plane;
use crate::ports::{
    Answered, AuditEntry, AuditEvent, CallError, ChangeId, DomainTarget, Ensured, ProfileSpec,
    ProfileUpdate, StoreError, answers,
};
use crate::receipt::is_last_word;
use access::ids::{DomainKey, TeamKey};
use access::observed::{Observed, ObservedProfile, TAG_LOST, TAG_TEAM, TeamLost};
use access::plan::{Action, Assignment, Step};
use access::reason::ReasonCode;
use futures::future::{BoxFuture, Shared};
use std::collections::{BTreeMap, BTreeSet};

/// Whether the profile index knows of the profiles that are about to be made.
pub(super) type Made<'a> = Shared<BoxFuture<'a, Result<(), StoreError>>>;

/// What is known before an action.
pub(super) struct Known<'a> {
    /// Why nothing may be made.
    pub(super) blocked: Option<CallError>,
    /// Whether nobody was at the person lately.
    pub(super) is_first: bool,
    pub(super) made: Made<'a>,
}

/// What a pass changes AWS with: every call and every audit entry carries the id of the pass.
#[derive(Debug)]
pub(super) struct Hand<'a> {
    pub(super) plane: &'a Plane,
    pub(super) change: &'a ChangeId,
    pub(super) observed: &'a Observed,
    /// Whether somebody agreed to the number of removals.
    pub(super) agreed: bool,
}

impl Hand<'_> {
    fn target(&self, domain: &DomainKey) -> Option<DomainTarget> {
        let target = self.plane.target(domain)?;
        Some(DomainTarget { change: Some(self.change.clone()), ..target })
    }

    /// Whether somebody agreed to this removal: by number, or by giving it its end.
    fn is_agreed(&self, action: &Action) -> bool {
        self.agreed || action.is_announced()
    }

    /// Assigns a group to its domain's application. Written down before, each time it is tried: an
    /// assignment is nobody's, so no history tells whether it was.
    pub(super) async fn assign(&self, assignment: &Assignment) -> Result<Ensured, CallError> {
        let Some(target) = self.target(&assignment.domain) else { return Ok(Ensured::NotNeeded) };
        let application = &assignment.application;
        let (now, code) = (self.plane.clock.now(), ReasonCode::Entitled.as_str());
        let entry = AuditEntry::new(now, AuditEvent::GroupAssigned, code)
            .by(self.plane.actor.clone())
            .within(self.change)
            .with("domain", &assignment.domain)
            .with("group", &assignment.group_name)
            .with("group_id", &assignment.group)
            .with("application", application);
        self.plane.audit.append(&entry).await?;
        self.plane.provision.assign(&target, application, &assignment.group).await
    }

    /// Does what the action says, as far as it goes now, and says which of AWS's own log entries it is,
    /// to be written down.
    pub(super) async fn act(
        &self,
        action: &Action,
        known: Known<'_>,
    ) -> (Result<Outcome, CallError>, Option<AuditEntry>) {
        let (outcome, answered) = answers(self.act_on(action, known.made)).await;
        let told = (!answered.is_empty()).then(|| self.told(action, &answered));
        (outcome, told)
    }

    /// The calls that AWS took for an action. About no person: what was asked for about the person
    /// was written down before.
    fn told(&self, action: &Action, answered: &[Answered]) -> AuditEntry {
        let code = ReasonCode::AwsAnswered.as_str();
        let operations: Vec<String> =
            answered.iter().map(|a| format!("{}:{}", a.service, a.operation)).collect();
        let requests: Vec<&str> = answered.iter().map(|a| a.request_id.as_str()).collect();
        AuditEntry::new(self.plane.clock.now(), AuditEvent::AwsAnswered, code)
            .by(self.plane.actor.clone())
            .on(&action.team)
            .within(self.change)
            .with("domain", &action.domain)
            .with("profile", &action.profile)
            .with("operation", operations.join(" "))
            .with("request_id", requests.join(" "))
    }

    async fn act_on(&self, action: &Action, made: Made<'_>) -> Result<Outcome, CallError> {
        // The check has refused plans for domains that are not in the map or were not read.
        let Some(target) = self.target(&action.domain) else { return Ok(Outcome::Waiting) };
        match &action.step {
            Step::Create { execution_role, user_settings, tags, sso_user } => {
                let spec = ProfileSpec {
                    name: action.profile.clone(),
                    execution_role: execution_role.clone(),
                    user_settings: user_settings.clone(),
                    tags: tags.clone(),
                    sso_user: sso_user.clone(),
                };
                let ensured = self.plane.provision.create_profile(&target, &spec).await?;
                Ok(outcome(ensured, "created"))
            }
            Step::Adopt { tags } => {
                let update = ProfileUpdate { set_tags: tags.clone(), ..ProfileUpdate::default() };
                both(self.announce(action, AuditEvent::AdoptingProfile, &update), made).await?;
                let ensured =
                    self.plane.provision.update_profile(&target, &action.profile, &update).await?;
                Ok(outcome(ensured, "adopted"))
            }
            Step::StopApps { apps, .. } => {
                let marked = self.mark_lost(&target, action).await;
                // As with a hold: what runs is stopped, whether or not the tag is taken.
                let stopped = self.stop_apps(&target, &self.by_its_team(action), apps).await;
                marked.and(stopped)
            }
            Step::Update { new_role, user_settings, set_tags, remove_tags, .. } => {
                let mut update = ProfileUpdate {
                    execution_role: new_role.clone(),
                    user_settings: user_settings.clone(),
                    set_tags: set_tags.clone(),
                    remove_tags: remove_tags.clone(),
                };
                // What is not marked is not taken: the guard would count it anew in each pass.
                if self.mark_lost(&target, action).await? {
                    // It may have named the team to which the person is back.
                    update.remove_tags.remove(TAG_LOST);
                }
                self.announce(action, AuditEvent::UpdatingProfile, &update).await?;
                let ensured =
                    self.plane.provision.update_profile(&target, &action.profile, &update).await?;
                Ok(outcome(ensured, "updated"))
            }
            Step::Hold { new, .. } => {
                self.take_away(&target, action, Marking::of(*new, self.is_agreed(action)), None)
                    .await
            }
            // A replaced profile is not leaving, and must not count as such.
            Step::Remove { new, hand_over, .. } => {
                let marking = match action.reason {
                    ReasonCode::ProfileFailed => Marking::Present,
                    _ => Marking::of(*new, self.is_agreed(action)),
                };
                self.take_away(&target, action, marking, Some(hand_over)).await
            }
        }
    }

    /// The action as one of the team that the profile is for so far: no grant of another one gives it yet.
    fn by_its_team(&self, action: &Action) -> Action {
        let team = self.profile(action).and_then(|profile| profile.tags.get(TAG_TEAM));
        match team.and_then(|team| TeamKey::parse(team).ok()) {
            Some(team) if team != action.team => Action { team, because: None, ..action.clone() },
            _ => action.clone(),
        }
    }

    fn profile(&self, action: &Action) -> Option<&ObservedProfile> {
        let domain = self.observed.domains.get(&action.domain)?;
        domain.profiles.get(&action.profile.folded())
    }

    /// Marks a profile that stays with the team that its person loses, if this is the first to take it. `false`: it is
    /// not.
    async fn mark_lost(&self, target: &DomainTarget, action: &Action) -> Result<bool, CallError> {
        let Some(lost) = action.step.loses() else { return Ok(false) };
        let (at, agreed) = (self.plane.clock.now(), self.is_agreed(action));
        let tag = TeamLost { at, team: lost.team.clone(), agreed }.to_string();
        let set_tags = BTreeMap::from([(TAG_LOST.to_owned(), tag)]);
        let update = ProfileUpdate { set_tags, ..ProfileUpdate::default() };
        let entry =
            self.update_entry(&self.by_its_team(action), AuditEvent::UpdatingProfile, &update);
        match self.plane.audit.of_person(&action.person, HISTORY).await {
            // A tag that is refused is tried again in each pass.
            Ok(past) if is_last_word(&past, &entry) => {}
            _ => self.plane.audit.append(&entry).await?,
        }
        self.plane.provision.update_profile(target, &action.profile, &update).await?;
        Ok(true)
    }

    /// Writes down what is about to be asked of AWS, with what it was before: a process that is killed
    /// after the call would else leave no trace of it.
    async fn announce(
        &self,
        action: &Action,
        event: AuditEvent,
        update: &ProfileUpdate,
    ) -> Result<(), StoreError> {
        self.plane.audit.append(&self.update_entry(action, event, update)).await
    }

    fn update_entry(
        &self,
        action: &Action,
        event: AuditEvent,
        update: &ProfileUpdate,
    ) -> AuditEntry {
        let entry = self.entry(action, event, update_details(update));
        changing(entry, self.profile(action), update)
    }

    /// Writes down that a profile is about to be made, if the action makes one and nothing forbids it.
    /// All else is written down in its turn.
    pub(super) async fn announce_ahead(
        &self,
        action: &Action,
        known: &Known<'_>,
    ) -> Result<(), CallError> {
        if let Some(error) = &known.blocked {
            return Err(error.clone());
        }
        let Step::Create { execution_role, .. } = &action.step else { return Ok(()) };
        let details = BTreeMap::from([("role".to_owned(), execution_role.to_string())]);
        let announced = self.announce_creation(action, details, known.is_first);
        Ok(both(announced, known.made.clone()).await?)
    }

    /// The same of a profile that is about to be made, once however often it is tried in a row: whoever
    /// tried it has had the person claimed.
    async fn announce_creation(
        &self,
        action: &Action,
        details: BTreeMap<String, String>,
        is_first: bool,
    ) -> Result<(), StoreError> {
        let role = details.get("role").cloned();
        let entry = self.entry(action, AuditEvent::CreatingProfile, details);
        let entry = entry.changing("role", None, role);
        if is_first {
            return self.plane.audit.append(&entry).await;
        }
        match self.plane.audit.of_person(&action.person, HISTORY).await {
            Ok(past) if is_last_word(&past, &entry) => Ok(()),
            // A log that cannot be read may yet be written; twice is better than never.
            _ => self.plane.audit.append(&entry).await,
        }
    }

    /// What the audit log says of an action.
    pub(super) fn entry(
        &self,
        action: &Action,
        event: AuditEvent,
        mut details: BTreeMap<String, String>,
    ) -> AuditEntry {
        details.insert("domain".into(), action.domain.to_string());
        details.insert("profile".into(), action.profile.to_string());
        if let Some(because) = &action.because {
            details.insert("grant".into(), because.grant.to_string());
        }
        let now = self.plane.clock.now();
        AuditEntry { details, ..AuditEntry::new(now, event, action.reason.as_str()) }
            .by(self.plane.actor.clone())
            .about(&action.person)
            .on(&action.team)
            .within(self.change)
    }
}

/// Both are written down at once, and neither is broken off because of the other.
async fn both(
    announced: impl Future<Output = Result<(), StoreError>>,
    made: Made<'_>,
) -> Result<(), StoreError> {
    let (announced, made) = futures::join!(announced, made);
    announced.and(made)
}

fn outcome(ensured: Ensured, what: &str) -> Outcome {
    match ensured {
        Ensured::Changed => Outcome::Changed(what.to_owned()),
        Ensured::NotNeeded => Outcome::Waiting,
    }
}

fn update_details(update: &ProfileUpdate) -> BTreeMap<String, String> {
    let mut details = BTreeMap::new();
    if let Some(role) = &update.execution_role {
        details.insert("role".to_owned(), role.to_string());
    }
    if update.user_settings.is_some() {
        details.insert("user_settings".to_owned(), "set".to_owned());
    }
    let keys: BTreeSet<&str> = update.set_tags.keys().map(String::as_str).collect();
    if !keys.is_empty() {
        details.insert("tags".to_owned(), keys.into_iter().collect::<Vec<_>>().join(" "));
    }
    details
}

/// An entry with what an update makes of a profile: its role, each setting and each tag by itself.
fn changing(
    mut entry: AuditEntry,
    profile: Option<&ObservedProfile>,
    update: &ProfileUpdate,
) -> AuditEntry {
    if let Some(role) = &update.execution_role {
        let before = profile.and_then(|profile| profile.execution_role.as_ref());
        let before = before.map(ToString::to_string);
        entry = entry.changing("role", before, Some(role.to_string()));
    }
    for (name, after) in update.user_settings.iter().flatten() {
        let before = profile.and_then(|profile| profile.user_settings.get(name));
        if before != Some(after) {
            entry = entry.changing(&format!("setting {name}"), before, Some(after));
        }
    }
    let set = update.set_tags.iter().map(|(key, value)| (key, Some(value.as_str())));
    let removed = update.remove_tags.iter().map(|key| (key, None));
    for (key, after) in set.chain(removed) {
        let before = profile.and_then(|profile| profile.tags.get(key));
        entry = entry.changing(&format!("tag {key}"), before, after);
    }
    entry
}
