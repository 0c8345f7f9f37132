//! Opening Studio: entitlement → network rule → profile → presigned URL.

use super::begin::other_team;
use super::cookies::CookieUse;
use super::session_id;
use super::words::ASK_ADMIN;
use super::{Door, MyWork, No, Opening, Preparing, Refusal, RefusalKind, SessionToken, TeamCard};
use crate::pass::Outcome;
use crate::ports::{AuditEntry, CallError, DomainTarget, PresignRequest, Session};
use crate::survey::{Scope, Survey};
use access::check::Removals;
use access::entitlement::{Entitlement, entitlements};
use access::ids::{PersonId, ProfileName, TeamKey};
use access::map::Team;
use access::network::{NetworkRule, Origin};
use access::observed::AuthMode;
use access::plan::{Action, Kept, Plan};
use access::reason::ReasonCode;
use access::snapshot::{Person, Snapshot};
use std::collections::BTreeMap;

/// Whether the person's profile for the team can be opened.
enum Readiness {
    Ready(DomainTarget, ProfileName),
    Preparing(Preparing),
    Blocked(ReasonCode, Option<String>),
}

impl Door {
    /// The teams of the person who is signed in.
    pub async fn my_work(&self, token: &SessionToken, origin: &Origin) -> Result<MyWork, Refusal> {
        let session = self.session(token).await?;
        let (person, snapshot) = self.present(&session).await?;
        let rights = self.rights_of(&person, &snapshot);
        let teams = rights
            .iter()
            .filter(|right| session.team.as_ref().is_none_or(|only| only == &right.team))
            .filter_map(|right| {
                let team = self.plane.map.teams.get(&right.team)?;
                // Where the person's profile is or will be shows when it is opened.
                let placement = team.placements.first()?;
                let domain = self.plane.map.domains.get(&placement.domain)?;
                Some(TeamCard {
                    team: right.team.clone(),
                    about: team.about.clone(),
                    persona: team.persona.as_ref().map(ToString::to_string),
                    domain: placement.domain.clone(),
                    region: domain.region.to_string(),
                    until: right.until,
                    blocked: self.network_objection(team, origin),
                })
            })
            .collect();
        Ok(MyWork { person, teams })
    }

    /// Opens Studio for a team: a link, or word that the profile is being made. Call it again then.
    pub async fn open(
        &self,
        token: &SessionToken,
        team_key: &TeamKey,
        origin: &Origin,
    ) -> Result<Opening, Refusal> {
        let outcome = self.open_team(token, team_key, origin).await;
        self.counter.opening(&outcome);
        outcome
    }

    async fn open_team(
        &self,
        token: &SessionToken,
        team_key: &TeamKey,
        origin: &Origin,
    ) -> Result<Opening, Refusal> {
        let session = self.session(token).await?;
        self.admit_person(&session.person).await?;
        if session.team.as_ref().is_some_and(|only| only != team_key) {
            let no = other_team().of(&session.person).on(team_key);
            return Err(self.refuse(RefusalKind::Denied, no).await);
        }
        let Some(_turn) = self.underway.take_turn(&session.person, team_key) else {
            return Ok(Opening::Preparing(Preparing { profile_requested: false }));
        };
        let (person, snapshot) = self.present(&session).await?;
        let rights = self.rights_of(&person, &snapshot);
        let known = self.plane.map.teams.get(team_key);
        let Some(team) = known.filter(|_| rights.iter().any(|right| &right.team == team_key))
        else {
            if snapshot.offboarded_from(&person.id, team_key).is_some() {
                let why = "An administrator has ended your access to this team.";
                let no = No::new(ReasonCode::Offboarded, why, ASK_ADMIN);
                return Err(self.refuse(RefusalKind::Denied, no.of(&person.id).on(team_key)).await);
            }
            let no = No::new(
                ReasonCode::NotEntitled,
                "You are not in a group that gives this team.",
                "Ask the team's owner to add you to its group; it works at once.",
            );
            return Err(self.refuse(RefusalKind::Denied, no.of(&person.id).on(team_key)).await);
        };
        if let Some(remedy) = self.network_objection(team, origin) {
            let why = "This team cannot be opened from the network you are in.";
            let no = No::new(ReasonCode::NetworkRefused, why, &remedy);
            return Err(self.refuse(RefusalKind::Denied, no.of(&person.id).on(team_key)).await);
        }
        match self.ready(&person, team_key).await {
            Ok(Readiness::Preparing(preparing)) => Ok(Opening::Preparing(preparing)),
            Ok(Readiness::Ready(target, profile)) => {
                self.presign(&person, team_key, team, &target, profile).await
            }
            Ok(Readiness::Blocked(ReasonCode::SsoDomain, url)) => {
                let remedy = match url.filter(|url| !url.is_empty()) {
                    Some(url) => format!("Open {url}, or its tile in the AWS access portal."),
                    None => "Open its tile in the AWS access portal.".to_owned(),
                };
                let why = "The Studio of this team signs people in by itself.";
                let no = No::new(ReasonCode::SsoDomain, why, &remedy).of(&person.id).on(team_key);
                Err(self.refuse(RefusalKind::Denied, no).await)
            }
            // The admin can do nothing about it, and it passes.
            Ok(Readiness::Blocked(ReasonCode::DomainUnreadable, detail)) => {
                let no = No::unavailable(&detail.unwrap_or_default()).of(&person.id).on(team_key);
                Err(self.refuse(RefusalKind::Unavailable, no).await)
            }
            Ok(Readiness::Blocked(code, detail)) => {
                let mut no = No::new(
                    ReasonCode::ProfileBlocked,
                    "Your Studio profile cannot be made ready.",
                    ASK_ADMIN,
                );
                no.detail = Some(format!("{code} {}", detail.unwrap_or_default()));
                Err(self.refuse(RefusalKind::Unavailable, no.of(&person.id).on(team_key)).await)
            }
            Err(error) => {
                let no = No::unavailable(&error).of(&person.id).on(team_key);
                Err(self.refuse(RefusalKind::Unavailable, no).await)
            }
        }
    }

    async fn session(&self, token: &SessionToken) -> Result<Session, Refusal> {
        let now = self.plane.clock.now();
        let found = if self.cookie_keys.made(CookieUse::Session, token) {
            self.plane.sessions.get(&session_id(token), now).await
        } else {
            Ok(None)
        };
        match found {
            Ok(Some(session)) => Ok(session),
            Ok(None) => {
                let no = No::new(
                    ReasonCode::SignedOut,
                    "You are not signed in, or your session is over.",
                    "Sign in again.",
                );
                Err(self.refuse(RefusalKind::SignedOut, no).await)
            }
            Err(error) => Err(self.refuse(RefusalKind::Unavailable, No::unavailable(&error)).await),
        }
    }

    /// The person of the session, read from the directory now. Whoever is disabled or gone loses
    /// every session, so that none comes back to life with the account.
    async fn present(&self, session: &Session) -> Result<(Person, Snapshot), Refusal> {
        let found = self.known_person(&session.person).await;
        if found.as_ref().is_err_and(|refusal| refusal.kind == RefusalKind::Denied)
            && let Err(error) = self.plane.sessions.close_all(&session.person).await
        {
            tracing::error!(%error, "sessions of a leaver cannot be ended");
        }
        found
    }

    /// What the person may open, by the directory as it is now.
    pub(super) fn rights_of(&self, person: &Person, snapshot: &Snapshot) -> Vec<Entitlement> {
        let all = entitlements(&self.plane.map, snapshot, self.plane.clock.now());
        all.teams_of(&person.id).to_vec()
    }

    /// What would work, if the team's network rule does not admit the origin.
    fn network_objection(&self, team: &Team, origin: &Origin) -> Option<String> {
        // A map that parsed has every network it names; should it not, nobody is admitted.
        let closed = NetworkRule { any_of: Vec::new(), explain: None };
        let rule = self.plane.map.networks.get(&team.network).unwrap_or(&closed);
        (!rule.admits(origin)).then(|| {
            rule.explain.clone().unwrap_or_else(|| "Use a network that the team allows.".into())
        })
    }

    /// Makes sure that the person's profile for the team is there and right.
    async fn ready(&self, person: &Person, team: &TeamKey) -> Result<Readiness, CallError> {
        let mut whole_domain = false;
        loop {
            let scope =
                Scope::Entrance { person: person.id.clone(), team: team.clone(), whole_domain };
            let survey = self.plane.survey(&scope).await?;
            let plan = only(self.plane.plan(&survey), &person.id, team);
            let kept = plan.kept.first().cloned();
            if let Some(url) = kept.as_ref().and_then(|kept| elsewhere(kept, &survey)) {
                return Ok(Readiness::Blocked(ReasonCode::SsoDomain, Some(url)));
            }
            let domain = kept.as_ref().map(|kept| kept.domain.clone());
            return match kept.map(|k| (k.reason, k.profile, k.detail)) {
                // Its name is not taken, yet it may exist under an older one.
                Some((ReasonCode::PartialDomain, ..)) if !whole_domain => {
                    whole_domain = true;
                    continue;
                }
                // A correction that waits for others keeps nobody out.
                Some((
                    ReasonCode::InAgreement | ReasonCode::AppsRunning | ReasonCode::CanaryFirst,
                    Some(profile),
                    _,
                )) => match domain.and_then(|key| self.plane.target(&key)) {
                    Some(target) => Ok(Readiness::Ready(target, profile)),
                    None => Ok(Readiness::Blocked(ReasonCode::TeamGone, None)),
                },
                Some((ReasonCode::Busy, ..)) => {
                    Ok(Readiness::Preparing(Preparing { profile_requested: true }))
                }
                Some((reason, _, detail)) => Ok(Readiness::Blocked(reason, detail)),
                None => self.prepare(plan, survey).await,
            };
        }
    }

    /// Carries out the one action that the person's profile needs.
    async fn prepare(&self, plan: Plan, survey: Survey) -> Result<Readiness, CallError> {
        // The door gives and never takes: what a replaced profile would take with it is for the
        // loop and its guard.
        let removals = Removals::Allowed(0);
        let checked = match self.plane.check(plan, &survey, removals) {
            Ok(checked) => checked,
            Err(violations) => {
                let first = violations.into_iter().next();
                let detail = first.map(|violation| violation.message);
                return Ok(Readiness::Blocked(ReasonCode::PlanInvalid, detail));
            }
        };
        // On its own, for a browser that goes away would otherwise end this between a change and
        // its audit entry.
        let plane = self.plane.clone();
        let work = tokio::spawn(async move {
            let watcher = |action: &Action, outcome: &Outcome| {
                tracing::debug!(profile = %action.profile, ?outcome, "preparing");
            };
            plane.carry_out(&checked, &survey.observed, &watcher).await
        });
        let Ok(report) = work.await else {
            let detail = Some("the work on it broke off".to_owned());
            return Ok(Readiness::Blocked(ReasonCode::Unavailable, detail));
        };
        match report.failed.into_iter().next() {
            Some((_, error)) => Err(error),
            None => Ok(Readiness::Preparing(Preparing { profile_requested: report.changed > 0 })),
        }
    }

    async fn presign(
        &self,
        person: &Person,
        team_key: &TeamKey,
        team: &Team,
        target: &DomainTarget,
        profile: ProfileName,
    ) -> Result<Opening, Refusal> {
        let request = PresignRequest {
            person: person.id.clone(),
            team: team_key.clone(),
            profile: profile.clone(),
            expires_seconds: team.link_seconds,
            session_seconds: team.session_seconds,
            landing: team.landing.clone(),
            space: team.space.clone(),
        };
        let url = match self.ports.presign.presign(target, &request).await {
            Ok(url) => url,
            Err(error) => {
                self.counter.count(|counts| counts.presign_failed += 1);
                let no = No::unavailable(&error).of(&person.id).on(team_key);
                return Err(self.refuse(RefusalKind::Unavailable, no).await);
            }
        };
        let entry = AuditEntry {
            at: self.plane.clock.now(),
            event: "open-studio".into(),
            code: ReasonCode::Opened.as_str().into(),
            person: Some(person.id.to_string()),
            team: Some(team_key.to_string()),
            details: BTreeMap::from([("profile".to_owned(), profile.to_string())]),
        };
        // Nobody gets in unwritten: without the entry the link is dropped, and lapses unused.
        match self.plane.audit.append(&entry).await {
            Ok(()) => Ok(Opening::Ready(url)),
            Err(error) => {
                let no = No::unavailable(&error).of(&person.id).on(team_key);
                Err(self.refuse(RefusalKind::Unavailable, no).await)
            }
        }
    }
}

/// The address of the domain that the profile is in, if it signs people in by itself: no link can be
/// asked for there.
fn elsewhere(kept: &Kept, survey: &Survey) -> Option<String> {
    let domain = survey.observed.domains.get(&kept.domain)?;
    kept.profile.as_ref()?;
    (domain.auth_mode == AuthMode::Sso && kept.reason != ReasonCode::Busy)
        .then(|| domain.url.clone().unwrap_or_default())
}

/// Of a plan, only what concerns this person and team.
fn only(plan: Plan, person: &PersonId, team: &TeamKey) -> Plan {
    let Plan { actions, kept, .. } = plan;
    Plan {
        actions: actions.into_iter().filter(|a| &a.person == person && &a.team == team).collect(),
        kept: kept
            .into_iter()
            .filter(|k| k.reason != ReasonCode::Duplicate)
            .filter(|k| match (&k.person, &k.team) {
                (Some(p), Some(t)) => p == person && t == team,
                // A domain that cannot be used at all.
                _ => k.profile.is_none(),
            })
            .collect(),
        ..plan
    }
}
