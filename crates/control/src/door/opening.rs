//! Opening Studio: entitlement → network rule → profile → presigned URL.

use super::begin::other_team;
use super::cookies::CookieUse;
use super::doorway::Doorway;
use super::readiness::Readiness;
use super::session_id;
use super::words::ASK_ADMIN;
use super::{MyWork, No, Opening, Preparing, Refusal, RefusalKind, SessionToken, TeamCard};
use crate::ports::{Actor, AuditEntry, DomainTarget, PresignRequest, Session};
use access::entitlement::{Entitlement, entitlements};
use access::ids::{ProfileName, TeamKey};
use access::map::Team;
use access::network::{NetworkRule, Origin};
use access::reason::ReasonCode;
use access::snapshot::{Person, Snapshot};
use tokio::time::Instant;
use tracing::Instrument;
use tracing::field::Empty;

impl Doorway {
    /// The teams of the person who is signed in.
    pub(super) async fn my_work(
        &self,
        token: &SessionToken,
        origin: &Origin,
    ) -> Result<MyWork, Refusal> {
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
    pub(super) async fn open(
        &self,
        token: &SessionToken,
        team_key: &TeamKey,
        origin: &Origin,
    ) -> Result<Opening, Refusal> {
        let begun = Instant::now();
        let span = tracing::info_span!("opening", team = %team_key, code = Empty);
        let outcome = self.open_team(token, team_key, origin).instrument(span.clone()).await;
        span.record(
            "code",
            match &outcome {
                Ok(Opening::Ready(_)) => "opened",
                Ok(Opening::Preparing(_)) => "preparing",
                Err(refusal) => refusal.code,
            },
        );
        self.counter.opening(&outcome);
        self.counter.count(|counts| counts.opening_took.observe(begun.elapsed()));
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
            Ok(Readiness::Blocked(code, detail)) => {
                let (kind, no) = blocked(code, detail);
                Err(self.refuse(kind, no.of(&person.id).on(team_key)).await)
            }
            Err(error) => {
                let no = No::unavailable(&error).of(&person.id).on(team_key);
                Err(self.refuse(RefusalKind::Unavailable, no).await)
            }
        }
    }

    pub(super) async fn session(&self, token: &SessionToken) -> Result<Session, Refusal> {
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
        let now = self.plane.clock.now();
        let entry = AuditEntry::new(now, "open-studio", ReasonCode::Opened.as_str())
            .by(Actor::Person(person.id.clone()))
            .about(&person.id)
            .on(team_key)
            .with("profile", &profile);
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

/// How to tell why a profile cannot be opened.
fn blocked<'a>(code: ReasonCode, detail: Option<String>) -> (RefusalKind, No<'a>) {
    let no = match code {
        ReasonCode::SsoDomain => {
            let remedy = match detail.filter(|url| !url.is_empty()) {
                Some(url) => format!("Open {url}, or its tile in the AWS access portal."),
                None => "Open its tile in the AWS access portal.".to_owned(),
            };
            let why = "The Studio of this team signs people in by itself.";
            return (RefusalKind::Denied, No::new(code, why, &remedy));
        }
        // The admin can do nothing about it, and it passes.
        ReasonCode::DomainUnreadable | ReasonCode::Unavailable => {
            No::unavailable(&detail.unwrap_or_default())
        }
        ReasonCode::Frozen | ReasonCode::ObserveOnly => {
            let why = "Your Studio profile is not ready, and nothing may be changed at present.";
            No { detail, ..No::new(code, why, ASK_ADMIN) }
        }
        _ => {
            let why = "Your Studio profile cannot be made ready.";
            let detail = Some(format!("{code} {}", detail.unwrap_or_default()));
            No { detail, ..No::new(ReasonCode::ProfileBlocked, why, ASK_ADMIN) }
        }
    };
    (RefusalKind::Unavailable, no)
}
