//! One pass: carry out a checked plan as far as it goes now.
//!
//! Nothing waits here for AWS's slow states. A pass asks for what can be asked, and the next
//! reading tells how far it came. Every call may be repeated, so a pass that was killed half-way is
//! simply run again.

use crate::plane::Plane;
use crate::ports::{
    AppOwner, AuditEntry, CallError, DomainTarget, Ensured, ProfileSpec, ProfileUpdate,
};
use access::check::CheckedPlan;
use access::observed::{Observed, ObservedProfile, TAG_AGREED, TAG_LEAVING};
use access::offboarding::{self, Advance, Call, Stage};
use access::plan::{Action, Assignment, SpaceHandover, Step};
use access::reason::ReasonCode;
use futures::stream::{self, StreamExt};
use std::collections::{BTreeMap, BTreeSet};

/// How many profiles are worked on at a time: enough to hide latency, few enough to stay under the
/// one or two calls a second that AWS allows an account.
const ACTIONS_AT_ONCE: usize = 4;

/// What came of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// AWS accepted a change; the text says which, for people.
    Changed(String),
    /// AWS is still at it.
    Waiting,
    /// The call failed. The action is planned again by the next pass.
    Failed(CallError),
}

/// What came of a pass.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PassReport {
    /// Actions for which AWS accepted a change.
    pub changed: usize,
    /// Actions that AWS is still at.
    pub waiting: usize,
    /// Calls that failed, in the order of the plan.
    pub failed: Vec<(Action, CallError)>,
    /// Groups that could not be assigned to their application.
    pub unassigned: Vec<(Assignment, CallError)>,
}

/// Is told about each action as it happens.
pub type Watcher<'a> = &'a (dyn Fn(&Action, &Outcome) + Send + Sync);

impl Plane {
    /// Carries out a plan that was checked against `observed`.
    pub async fn carry_out(
        &self,
        plan: &CheckedPlan,
        observed: &Observed,
        watcher: Watcher<'_>,
    ) -> PassReport {
        let mut report = PassReport::default();
        for assignment in &plan.plan().assignments {
            match self.assign(assignment).await {
                Ok(Ensured::Changed) => report.changed += 1,
                Ok(Ensured::NotNeeded) => report.waiting += 1,
                Err(error) => {
                    let group = &assignment.group_name;
                    tracing::warn!(%group, %error, "assignment failed");
                    report.unassigned.push((assignment.clone(), error));
                }
            }
        }
        let unassigned = &report.unassigned;
        let acts: Vec<_> = plan
            .plan()
            .actions
            .iter()
            .map(|action| async move {
                let outcome = match missing_assignment(action, unassigned) {
                    Some(error) => Err(error),
                    None => self.act(action, observed, plan.is_agreed()).await,
                };
                let outcome = match outcome {
                    Ok(outcome) => outcome,
                    Err(error) => {
                        tracing::warn!(profile = %action.profile, %error, "action failed");
                        Outcome::Failed(error)
                    }
                };
                watcher(action, &outcome);
                (action.clone(), outcome)
            })
            .collect();
        let results: Vec<(Action, Outcome)> =
            stream::iter(acts).buffered(ACTIONS_AT_ONCE).collect().await;
        for (action, outcome) in results {
            match outcome {
                Outcome::Changed(_) => report.changed += 1,
                Outcome::Waiting => report.waiting += 1,
                Outcome::Failed(error) => report.failed.push((action, error)),
            }
        }
        report
    }

    /// Assigns a group to its domain's application.
    async fn assign(&self, assignment: &Assignment) -> Result<Ensured, CallError> {
        let Some(target) = self.target(&assignment.domain) else { return Ok(Ensured::NotNeeded) };
        let application = &assignment.application;
        let ensured = self.provision.assign(&target, application, &assignment.group).await?;
        if ensured == Ensured::Changed {
            let details = BTreeMap::from([
                ("domain".to_owned(), assignment.domain.to_string()),
                ("group".to_owned(), assignment.group_name.clone()),
                ("group_id".to_owned(), assignment.group.to_string()),
                ("application".to_owned(), application.clone()),
            ]);
            self.record(AuditEntry {
                at: self.clock.now(),
                event: "group-assigned".to_owned(),
                code: ReasonCode::Entitled.as_str().to_owned(),
                person: None,
                team: None,
                details,
            })
            .await;
        }
        Ok(ensured)
    }

    async fn act(
        &self,
        action: &Action,
        observed: &Observed,
        agreed: bool,
    ) -> Result<Outcome, CallError> {
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
                let ensured = self.provision.create_profile(&target, &spec).await?;
                let details = BTreeMap::from([("role".to_owned(), execution_role.to_string())]);
                self.note(action, ensured, "profile-created", details).await;
                Ok(outcome(ensured, "created"))
            }
            Step::Adopt { tags } => {
                let update = ProfileUpdate { set_tags: tags.clone(), ..ProfileUpdate::default() };
                let ensured =
                    self.provision.update_profile(&target, &action.profile, &update).await?;
                self.note(action, ensured, "profile-adopted", update_details(&update)).await;
                Ok(outcome(ensured, "adopted"))
            }
            Step::StopApps { .. } => {
                let Some(profile) = observed_profile(action, observed) else {
                    return Ok(Outcome::Waiting);
                };
                match offboarding::stop_apps(profile) {
                    Some(advance) => self.advance(&target, action, profile, advance, false).await,
                    None => Ok(Outcome::Waiting),
                }
            }
            Step::Update { new_role, user_settings, set_tags, remove_tags, .. } => {
                let update = ProfileUpdate {
                    execution_role: new_role.clone(),
                    user_settings: user_settings.clone(),
                    set_tags: set_tags.clone(),
                    remove_tags: remove_tags.clone(),
                };
                let ensured =
                    self.provision.update_profile(&target, &action.profile, &update).await?;
                self.note(action, ensured, "profile-updated", update_details(&update)).await;
                Ok(outcome(ensured, "updated"))
            }
            Step::Hold { new, .. } => {
                self.take_away(&target, action, observed, Marking::of(*new, agreed), None).await
            }
            // A replaced profile is not leaving, and must not count as such.
            Step::Remove { new, hand_over, .. } => {
                let marking = match action.reason {
                    ReasonCode::ProfileFailed => Marking::Present,
                    _ => Marking::of(*new, agreed),
                };
                self.take_away(&target, action, observed, marking, Some(hand_over)).await
            }
        }
    }

    /// Holds a profile, or takes it a step further on its way out.
    async fn take_away(
        &self,
        target: &DomainTarget,
        action: &Action,
        observed: &Observed,
        marking: Marking,
        delete: Option<&[SpaceHandover]>,
    ) -> Result<Outcome, CallError> {
        let Some(profile) = observed_profile(action, observed) else {
            return Ok(Outcome::Waiting);
        };
        let marked = match marking {
            Marking::Present => Ok(()),
            Marking::Set { agreed } => self.mark_leaving(target, action, profile, agreed).await,
        };
        // Nothing is deleted without its mark. What runs is stopped all the same: a tag that is
        // refused must not leave somebody at work who has no right to it.
        let advance = match delete {
            Some(hand_over) if marked.is_ok() => Some(offboarding::advance(profile, hand_over)),
            _ => offboarding::stop_apps(profile),
        };
        let is_new = marking != Marking::Present;
        let outcome = match advance {
            Some(advance) => self.advance(target, action, profile, advance, is_new).await,
            None => Ok(Outcome::Changed("put on hold".into())),
        };
        marked.and(outcome)
    }

    /// Marks the profile as on its way out, ends the person's sessions where the person may not
    /// sign in any more, and writes down where the home directory is before anything is deleted.
    async fn mark_leaving(
        &self,
        target: &DomainTarget,
        action: &Action,
        profile: &ObservedProfile,
        agreed: bool,
    ) -> Result<(), CallError> {
        if matches!(action.reason, ReasonCode::PersonGone | ReasonCode::PersonDisabled)
            && let Err(error) = self.sessions.close_all(&action.person).await
        {
            tracing::error!(%error, "sessions of a leaver cannot be ended");
        }
        let mut set_tags = BTreeMap::from([(TAG_LEAVING.to_owned(), self.clock.now().to_string())]);
        if agreed {
            set_tags.insert(TAG_AGREED.to_owned(), "yes".to_owned());
        }
        let update = ProfileUpdate { set_tags, ..ProfileUpdate::default() };
        self.provision.update_profile(target, &action.profile, &update).await?;
        let mut details = BTreeMap::new();
        if let Some(uid) = &profile.home_efs_uid {
            details.insert("home_efs_uid".to_owned(), uid.clone());
        }
        details.insert("apps".to_owned(), profile.live_apps().to_string());
        details.insert("spaces".to_owned(), profile.spaces.len().to_string());
        self.note(action, Ensured::Changed, "offboarding-begun", details).await;
        Ok(())
    }

    /// Asks for what the stage needs.
    async fn advance(
        &self,
        target: &DomainTarget,
        action: &Action,
        profile: &ObservedProfile,
        advance: Advance<'_>,
        marked: bool,
    ) -> Result<Outcome, CallError> {
        let mut said = Vec::new();
        for call in &advance.calls {
            let (ensured, what) = self.call(target, profile, call).await?;
            if ensured == Ensured::Changed {
                let mut details = BTreeMap::from([("what".to_owned(), what.clone())]);
                // Where the home directory is, once more: from here on only this tells.
                if let (Call::DeleteProfile, Some(uid)) = (call, &profile.home_efs_uid) {
                    details.insert("home_efs_uid".to_owned(), uid.clone());
                }
                self.note(action, ensured, event_of(advance.stage), details).await;
                said.push(what);
            }
        }
        if !said.is_empty() {
            return Ok(Outcome::Changed(said.join(", ")));
        }
        Ok(if marked { Outcome::Changed("marked as leaving".into()) } else { Outcome::Waiting })
    }

    async fn call(
        &self,
        target: &DomainTarget,
        profile: &ObservedProfile,
        call: &Call<'_>,
    ) -> Result<(Ensured, String), CallError> {
        match call {
            Call::StopSpaceApp(space, app) => {
                let owner = AppOwner::Space((*space).to_owned());
                let ensured = self.provision.stop_app(target, &owner, app).await?;
                Ok((
                    ensured,
                    format!("stopping app {}/{} of space {space}", app.app_type, app.name),
                ))
            }
            Call::StopProfileApp(app) => {
                let owner = AppOwner::Profile(profile.name.clone());
                let ensured = self.provision.stop_app(target, &owner, app).await?;
                Ok((ensured, format!("stopping app {}/{}", app.app_type, app.name)))
            }
            Call::HandOver(handover) => {
                let ensured = self.provision.hand_over_space(target, handover).await?;
                let (space, owner) = (&handover.space, &handover.owner);
                Ok((ensured, format!("making space {space} anew for {owner}")))
            }
            Call::DeleteSpace(space) => {
                let ensured = self.provision.delete_space(target, space).await?;
                Ok((ensured, format!("deleting space {space}")))
            }
            Call::DeleteProfile => {
                let ensured = self.provision.delete_profile(target, &profile.name).await?;
                Ok((ensured, "deleting the profile".to_owned()))
            }
        }
    }

    async fn note(
        &self,
        action: &Action,
        ensured: Ensured,
        event: &str,
        mut details: BTreeMap<String, String>,
    ) {
        if ensured == Ensured::NotNeeded {
            return;
        }
        details.insert("domain".into(), action.domain.to_string());
        details.insert("profile".into(), action.profile.to_string());
        if let Some(because) = &action.because {
            details.insert("grant".into(), because.grant.to_string());
        }
        self.record(AuditEntry {
            at: self.clock.now(),
            event: event.to_owned(),
            code: action.reason.as_str().to_owned(),
            person: Some(action.person.to_string()),
            team: Some(action.team.to_string()),
            details,
        })
        .await;
    }
}

/// What becomes of the tag that says since when a profile is on its way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Marking {
    /// It is there, or there shall be none.
    Present,
    /// It is set.
    Set {
        /// Whether somebody agreed to the number of removals.
        agreed: bool,
    },
}

impl Marking {
    fn of(new: bool, agreed: bool) -> Self {
        if new { Self::Set { agreed } } else { Self::Present }
    }
}

/// Why a profile cannot be made yet: whoever is not assigned could not use it.
fn missing_assignment(
    action: &Action,
    unassigned: &[(Assignment, CallError)],
) -> Option<CallError> {
    let group = &action.because.as_ref()?.group;
    let is_made = matches!(action.step, Step::Create { .. });
    let blocks =
        |assignment: &Assignment| assignment.domain == action.domain && &assignment.group == group;
    unassigned.iter().find(|(a, _)| is_made && blocks(a)).map(|(_, error)| error.clone())
}

fn observed_profile<'a>(action: &Action, observed: &'a Observed) -> Option<&'a ObservedProfile> {
    observed.domains.get(&action.domain)?.profiles.get(&action.profile.folded())
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

fn event_of(stage: Stage) -> &'static str {
    match stage {
        Stage::HandOver => "space-handed-over",
        Stage::SpaceApps | Stage::ProfileApps => "app-stopped",
        Stage::Spaces => "space-deleted",
        Stage::Profile => "profile-deleted",
    }
}
