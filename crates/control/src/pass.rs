//! One pass: carry out a checked plan as far as it goes now.
//!
//! Nothing waits here for AWS's slow states. A pass asks for what can be asked, and the next
//! reading tells how far it came. Every call may be repeated, so a pass that was killed half-way is
//! simply run again.

mod leaving;

use crate::plane::Plane;
use crate::ports::{AuditEntry, CallError, Ensured, ProfileSpec, ProfileUpdate};
use crate::receipt::ENTRY;
use access::check::CheckedPlan;
use access::observed::Observed;
use access::plan::{Action, Assignment, Step};
use access::reason::ReasonCode;
use futures::stream::{self, StreamExt};
use leaving::Marking;
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
        let unassigned = report.unassigned.clone();
        let actions = plan.plan().actions.iter();
        let (taking, giving): (Vec<&Action>, Vec<&Action>) = actions
            .partition(|action| matches!(action.step, Step::Hold { .. } | Step::Remove { .. }));
        // Whoever moves to another team has the new profile before the old one goes.
        for actions in [giving, taking] {
            let acts: Vec<_> = actions
                .into_iter()
                .map(|action| {
                    self.attempt(action, observed, plan.is_agreed(), &unassigned, watcher)
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
        }
        report
    }

    async fn attempt(
        &self,
        action: &Action,
        observed: &Observed,
        agreed: bool,
        unassigned: &[(Assignment, CallError)],
        watcher: Watcher<'_>,
    ) -> (Action, Outcome) {
        let result = match missing_assignment(action, unassigned) {
            Some(error) => Err(error),
            None => self.act(action, observed, agreed).await,
        };
        let outcome = result.unwrap_or_else(|error| {
            tracing::warn!(profile = %action.profile, %error, "action failed");
            Outcome::Failed(error)
        });
        watcher(action, &outcome);
        (action.clone(), outcome)
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
                self.note(action, ensured, ENTRY.created, details).await;
                Ok(outcome(ensured, "created"))
            }
            Step::Adopt { tags } => {
                let update = ProfileUpdate { set_tags: tags.clone(), ..ProfileUpdate::default() };
                let ensured =
                    self.provision.update_profile(&target, &action.profile, &update).await?;
                self.note(action, ensured, "profile-adopted", update_details(&update)).await;
                Ok(outcome(ensured, "adopted"))
            }
            Step::StopApps { .. } => self.stop_apps(&target, action, observed).await,
            Step::Update { new_role, user_settings, set_tags, remove_tags, .. } => {
                let update = ProfileUpdate {
                    execution_role: new_role.clone(),
                    user_settings: user_settings.clone(),
                    set_tags: set_tags.clone(),
                    remove_tags: remove_tags.clone(),
                };
                let ensured =
                    self.provision.update_profile(&target, &action.profile, &update).await?;
                self.note(action, ensured, ENTRY.updated, update_details(&update)).await;
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

    async fn note(
        &self,
        action: &Action,
        ensured: Ensured,
        event: &str,
        details: BTreeMap<String, String>,
    ) {
        if ensured == Ensured::Changed {
            self.record(self.entry(action, event, details)).await;
        }
    }

    /// What the audit log says of an action.
    fn entry(
        &self,
        action: &Action,
        event: &str,
        mut details: BTreeMap<String, String>,
    ) -> AuditEntry {
        details.insert("domain".into(), action.domain.to_string());
        details.insert("profile".into(), action.profile.to_string());
        if let Some(because) = &action.because {
            details.insert("grant".into(), because.grant.to_string());
        }
        AuditEntry {
            at: self.clock.now(),
            event: event.to_owned(),
            code: action.reason.as_str().to_owned(),
            person: Some(action.person.to_string()),
            team: Some(action.team.to_string()),
            details,
        }
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
