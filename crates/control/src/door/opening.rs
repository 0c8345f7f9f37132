//! Opening Studio: entitlement → network rule → profile → presigned URL.

use super::begin::{no_metadata, other_team, trust_ended};
use super::cookies::CookieUse;
use super::doorway::Doorway;
use super::readiness::{Readiness, Ready};
use super::session_id;
use super::underway::Turn;
use super::whereabouts::seen_from;
use super::words::ASK_ADMIN;
use super::{
    LastOpened, MyWork, No, Opening, Preparing, Refusal, RefusalKind, Running, SessionToken,
    TeamCard, Tool,
};
use crate::desk::{SignedIn, askable};
use crate::ports::{
    Actor, AuditEntry, AuditEvent, CallError, FailureKind, PresignRequest, Session, answers,
};
use access::entitlement::{Entitlement, entitlements};
use access::ids::{LandingUri, PersonId, SpaceName, TeamKey};
use access::map::Team;
use access::network::{NetworkRule, Origin};
use access::reason::ReasonCode;
use access::snapshot::{Person, Snapshot};
use jiff::Timestamp;
use tokio::time::Instant;
use tracing::Instrument;
use tracing::field::Empty;

/// The shortest session in Studio, in seconds (API `SessionExpirationDurationInSeconds`).
const SHORTEST_SESSION: u32 = 1_800;

/// Another request of the person is at it.
const QUEUED: Preparing = Preparing { profile_requested: false };

/// Who may open a team, and how far the profile is.
struct WayIn<'d> {
    person: Person,
    team: &'d Team,
    /// When the person has the team no longer, as far as is known.
    until: Option<Timestamp>,
    readiness: Readiness,
    /// Held until the opening is over.
    _turn: Turn,
}

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
        let (seen, opened) = tokio::join!(self.seen_apps(&person.id), self.last_opened(&person.id));
        let card = |right: &Entitlement<'_>| {
            let team = self.plane.map.teams.get(right.team)?;
            // Where the person's profile is or will be shows when it is opened.
            let placement = team.placements.first()?;
            let domain = self.plane.map.domains.get(&placement.domain)?;
            let domains = team.placements.iter().map(|placement| &placement.domain);
            Some(TeamCard {
                team: right.team.clone(),
                about: team.about.clone(),
                persona: team.persona.as_ref().map(ToString::to_string),
                domain: placement.domain.clone(),
                region: domain.region.to_string(),
                until: right.until(),
                blocked: self.network_objection(team, origin),
                tools: tools(team),
                running: seen.as_ref().map_or(Running::Unread, |s| s.of(right.team, domains)),
                opened: match &opened {
                    None => LastOpened::Unread,
                    Some(opened) => opened
                        .get(right.team.as_str())
                        .map_or(LastOpened::NotLately, |at| LastOpened::At(*at)),
                },
            })
        };
        let mut teams: Vec<TeamCard> = rights.iter().filter_map(card).collect();
        if let Some(only) = &session.team {
            teams.retain(|card| &card.team == only);
        }
        let administers = self.administers(&session, &snapshot);
        let who = SignedIn::from(session);
        let may_ask = askable(&self.plane.map, &snapshot, &who, &rights).next().is_some();
        Ok(MyWork { person, teams, may_ask, administers })
    }

    /// Whether the session leads into the administration. That of one team does not.
    pub(super) fn administers(&self, session: &Session, snapshot: &Snapshot) -> bool {
        let role = || self.plane.map.role_in(snapshot, &session.person);
        session.team.is_none() && role().is_some()
    }

    /// Opens Studio for a team: a link, or word that the profile is being made. Call it again then.
    pub(super) async fn open(
        &self,
        token: &SessionToken,
        team_key: &TeamKey,
        tool: Tool,
        origin: &Origin,
    ) -> Result<Opening, Refusal> {
        let begun = Instant::now();
        let span = tracing::info_span!("opening", team = %team_key, code = Empty);
        let outcome = self.open_team(token, team_key, tool, origin).instrument(span.clone()).await;
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

    /// How far an opening is; `None` once nothing but the link is missing.
    pub(super) async fn look(
        &self,
        token: &SessionToken,
        team: &TeamKey,
        origin: &Origin,
    ) -> Result<Option<Preparing>, Refusal> {
        let Some(way) = self.way_in(token, team, origin).await? else { return Ok(Some(QUEUED)) };
        match way.readiness {
            Readiness::Preparing(preparing) => Ok(Some(preparing)),
            Readiness::Ready(_) => Ok(None),
            Readiness::Blocked(code, detail) => {
                let (kind, no) = blocked(code, detail);
                Err(self.refuse(kind, no.of(&way.person.id).on(team)).await)
            }
        }
    }

    async fn open_team(
        &self,
        token: &SessionToken,
        team: &TeamKey,
        tool: Tool,
        origin: &Origin,
    ) -> Result<Opening, Refusal> {
        let Some(way) = self.way_in(token, team, origin).await? else {
            return Ok(Opening::Preparing(QUEUED));
        };
        match &way.readiness {
            Readiness::Preparing(preparing) => Ok(Opening::Preparing(*preparing)),
            Readiness::Ready(ready) => self.presign(&way, team, ready, tool).await,
            Readiness::Blocked(code, detail) => {
                let (kind, no) = blocked(*code, detail.clone());
                Err(self.refuse(kind, no.of(&way.person.id).on(team)).await)
            }
        }
    }

    /// Session → person → entitlement → network rule → profile. `None`: another request of the
    /// person is at it.
    async fn way_in(
        &self,
        token: &SessionToken,
        team_key: &TeamKey,
        origin: &Origin,
    ) -> Result<Option<WayIn<'_>>, Refusal> {
        let session = self.session(token).await?;
        self.admit_person(&session.person).await?;
        if session.team.as_ref().is_some_and(|only| only != team_key) {
            let no = other_team().of(&session.person).on(team_key);
            return Err(self.refuse(RefusalKind::Denied, no).await);
        }
        let Some(turn) = self.underway.take_turn(&session.person, team_key) else {
            return Ok(None);
        };
        let (person, team, until) = self.team_of(&session, team_key).await?;
        if let Some(remedy) = self.network_objection(team, origin) {
            let why = "This team cannot be opened from the network you are in.";
            let no = No::new(ReasonCode::NetworkRefused, why, &remedy);
            return Err(self.refuse(RefusalKind::Denied, no.of(&person.id).on(team_key)).await);
        }
        match self.ready(&person, team_key).await {
            Ok(readiness) => Ok(Some(WayIn { person, team, until, readiness, _turn: turn })),
            Err(error) => {
                let no = failed(&error).of(&person.id).on(team_key);
                Err(self.refuse(RefusalKind::Unavailable, no).await)
            }
        }
    }

    /// The person who is signed in, if the directory gives them the team now.
    pub(super) async fn entitled(
        &self,
        token: &SessionToken,
        team: &TeamKey,
    ) -> Result<PersonId, Refusal> {
        let session = self.session(token).await?;
        self.admit_person(&session.person).await?;
        if session.team.as_ref().is_some_and(|only| only != team) {
            let no = other_team().of(&session.person).on(team);
            return Err(self.refuse(RefusalKind::Denied, no).await);
        }
        self.team_of(&session, team).await.map(|(person, ..)| person.id)
    }

    /// The person of the session, the team if it is theirs by the directory as it is now, and until
    /// when.
    async fn team_of(
        &self,
        session: &Session,
        team_key: &TeamKey,
    ) -> Result<(Person, &Team, Option<Timestamp>), Refusal> {
        let (person, snapshot) = self.present(session).await?;
        let rights = self.rights_of(&person, &snapshot);
        let right = rights.iter().find(|right| right.team == team_key);
        if let (Some(team), Some(right)) = (self.plane.map.teams.get(team_key), right) {
            return Ok((person, team, right.until()));
        }
        let no = if snapshot.offboarded_from(&person.id, team_key).is_some() {
            let why = "An administrator has ended your access to this team.";
            No::new(ReasonCode::Offboarded, why, ASK_ADMIN)
        } else {
            No::new(
                ReasonCode::NotEntitled,
                "You are not in a group that gives this team.",
                "Ask the team's owner to add you to its group; it works at once.",
            )
        };
        Err(self.refuse(RefusalKind::Denied, no.of(&person.id).on(team_key)).await)
    }

    /// The session of this token, if whoever vouched for it is still believed. One that is not is
    /// not ended: other replicas may know newer keys of the provider than this one.
    pub(super) async fn session(&self, token: &SessionToken) -> Result<Session, Refusal> {
        let now = self.plane.clock.now();
        let found = if self.cookie_keys.made(CookieUse::Session, token) {
            self.plane.sessions.get(&session_id(token), now).await
        } else {
            Ok(None)
        };
        match found {
            Ok(Some(session)) => {
                match self.trust.vouches_for(&session, &self.plane.map.directories) {
                    Some(true) => Ok(session),
                    Some(false) => {
                        let no = trust_ended(&session.voucher.idp).of(&session.person);
                        Err(self.refuse(RefusalKind::SignedOut, no).await)
                    }
                    None => {
                        let no = no_metadata(&session.voucher.idp).of(&session.person);
                        Err(self.refuse(RefusalKind::Unavailable, no).await)
                    }
                }
            }
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
    pub(super) async fn present(&self, session: &Session) -> Result<(Person, Snapshot), Refusal> {
        let turn = self.plane.askers.turn(&session.person).await;
        let _turn = match turn {
            Ok(turn) => turn,
            Err(too_many) => {
                return Err(self.refuse_for_now(too_many, Some(&session.person)).await);
            }
        };
        let found = self.known_person(&session.person).await;
        if let Err(refusal) = &found
            && refusal.kind == RefusalKind::Denied
        {
            self.end_sessions_of(&session.person, refusal.code).await;
        }
        found
    }

    async fn end_sessions_of(&self, person: &PersonId, code: &'static str) {
        match self.plane.sessions.close_all(person).await {
            Ok(0) => {}
            Ok(ended) => {
                let entry =
                    AuditEntry::new(self.plane.clock.now(), AuditEvent::SessionsEnded, code)
                        .about(person)
                        .with("sessions_ended", ended);
                self.plane.record(entry).await;
            }
            Err(error) => tracing::error!(%error, "sessions of a leaver cannot be ended"),
        }
    }

    /// What the person may open, by the directory as it is now.
    pub(super) fn rights_of<'a>(
        &'a self,
        person: &Person,
        snapshot: &'a Snapshot,
    ) -> Vec<Entitlement<'a>> {
        let all = entitlements(&self.plane.map, snapshot, self.plane.clock.now());
        all.teams_of(&person.id).to_vec()
    }

    /// Whether a team of the map may be opened from there.
    pub(super) fn admits(&self, team: &TeamKey, origin: &Origin) -> bool {
        let team = self.plane.map.teams.get(team);
        team.is_some_and(|team| self.network_objection(team, origin).is_none())
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
        way: &WayIn<'_>,
        team_key: &TeamKey,
        ready: &Ready,
        tool: Tool,
    ) -> Result<Opening, Refusal> {
        let (person, team) = (&way.person, way.team);
        let (landing, space) = landing(tool, team, ready);
        let request = PresignRequest {
            person: person.id.clone(),
            team: team_key.clone(),
            profile: ready.profile.clone(),
            expires_seconds: team.link_seconds,
            session_seconds: session_seconds(team, way.until, self.plane.clock.now()),
            landing,
            space,
        };
        let (answer, answered) = answers(self.ports.presign.presign(&ready.target, &request)).await;
        let url = match answer {
            Ok(url) => url,
            Err(error) => {
                self.counter.count(|counts| counts.presign_failed += 1);
                let no = failed(&error).of(&person.id).on(team_key);
                return Err(self.refuse(RefusalKind::Unavailable, no).await);
            }
        };
        let now = self.plane.clock.now();
        let entry = AuditEntry::new(now, AuditEvent::OpenStudio, ReasonCode::Opened.as_str())
            .by(Actor::Person(person.id.clone()))
            .about(&person.id)
            .on(team_key)
            .with("profile", &ready.profile)
            .with_opt("app_type", tool.app_type())
            .with_opt("request_id", answered.last().map(|answer| &answer.request_id));
        // Nobody gets in unwritten: without the entry the link is dropped, and lapses unused.
        match self.plane.audit.append(&seen_from(entry)).await {
            Ok(()) => Ok(Opening::Ready(url)),
            Err(error) => {
                let no = No::unavailable(&error).of(&person.id).on(team_key);
                Err(self.refuse(RefusalKind::Unavailable, no).await)
            }
        }
    }
}

/// How long the session in Studio lasts: as long as the team says, and not beyond the end of what
/// gives the team, as far as AWS lets a session be that short.
fn session_seconds(team: &Team, until: Option<Timestamp>, now: Timestamp) -> u32 {
    let left = |until: Timestamp| u32::try_from(until.duration_since(now).as_secs()).unwrap_or(0);
    let left = until.map_or(u32::MAX, left).max(SHORTEST_SESSION);
    team.session_seconds.min(left)
}

/// Where a link leads: for a tool, into the space of the person's own in which it runs, if one does.
fn landing(tool: Tool, team: &Team, ready: &Ready) -> (Option<LandingUri>, Option<SpaceName>) {
    let straight = tool.app_type().and_then(|app_type| {
        // Without a path: the app's own first page.
        let landing = LandingUri::parse(format!("app:{app_type}:")).ok()?;
        Some((Some(landing), ready.spaces.get(app_type).or(team.space.as_ref()).cloned()))
    });
    straight.unwrap_or_else(|| (team.landing.clone(), team.space.clone()))
}

/// What can be opened straight away: what the team's settings do not hide (API
/// `StudioWebPortalSettings`, `HiddenAppTypes`). Where Studio itself is off there is nothing.
fn tools(team: &Team) -> Vec<Tool> {
    let settings = &team.user_settings;
    if settings.get("StudioWebPortal").is_some_and(|portal| portal == "DISABLED") {
        return Vec::new();
    }
    let portal = settings.get("StudioWebPortalSettings");
    let hidden = portal.and_then(|portal| portal.get("HiddenAppTypes")?.as_array());
    let is_shown = |tool: &Tool| {
        let mut hidden = hidden.into_iter().flatten();
        !hidden.any(|app_type| app_type.as_str() == tool.app_type())
    };
    Tool::STRAIGHT.into_iter().filter(is_shown).collect()
}

/// How to tell of a call of AWS that failed: some of what it refuses does not pass by itself.
fn failed<'a>(error: &CallError) -> No<'a> {
    let lasts = matches!(
        error.kind,
        FailureKind::AccessDenied | FailureKind::Rejected | FailureKind::Quota
    );
    if !lasts || !["sagemaker", "sts"].contains(&error.service) {
        return No::unavailable(error);
    }
    let why = "AWS does not let Stagedoor open your Studio profile.";
    let detail = Some(error.to_string());
    No { detail, ..No::new(ReasonCode::ProfileBlocked, why, ASK_ADMIN) }
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
        ReasonCode::Outranked => {
            let why =
                "In its Studio domain you have one profile, and another team of yours comes first.";
            let remedy = "Open that team; an admin can change which one comes first.";
            return (RefusalKind::Denied, No { detail, ..No::new(code, why, remedy) });
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
