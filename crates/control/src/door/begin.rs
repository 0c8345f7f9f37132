//! Beginning to sign in: the request to the identity provider.

use super::cookies::CookieUse;
use super::doorway::Doorway;
use super::trust::{Found, Trusted};
use super::words::{ASK_ADMIN, TRY_AGAIN};
use super::{Begun, Departure, No, Refusal, RefusalKind, browser_digest, later};
use crate::ports::PendingLogin;
use access::ids::{IdpKey, TeamKey};
use access::map::{NameIdFormat, RequestBinding, TeamSelector};
use access::network::Origin;
use access::reason::ReasonCode;
use jiff::{SignedDuration, Timestamp};
use saml_sp::AuthnRequest;
use std::sync::Arc;

/// How long a person may take at the identity provider.
const LOGIN_SECONDS: u32 = 15 * 60;

/// When it was begun.
pub(super) fn begun(login: &PendingLogin) -> Timestamp {
    let lasts = SignedDuration::from_secs(LOGIN_SECONDS.into());
    login.expires.checked_sub(lasts).unwrap_or(Timestamp::MIN)
}

impl Doorway {
    /// Begins to sign in: where to send the browser, and the cookie it must come back with.
    pub(super) async fn begin(
        &self,
        idp: &IdpKey,
        team: Option<&TeamKey>,
        origin: &Origin,
    ) -> Result<Begun, Refusal> {
        let outcome = self.depart(idp, team, origin).await;
        self.counter.sign_in(&outcome, |counts| counts.begun += 1);
        outcome
    }

    async fn depart(
        &self,
        idp: &IdpKey,
        team: Option<&TeamKey>,
        origin: &Origin,
    ) -> Result<Begun, Refusal> {
        self.admit_address(origin).await?;
        let now = self.plane.clock.now();
        let (trusted, team) = match self.way_out(idp, team, now) {
            Ok(way) => way,
            Err((kind, no)) => return Err(self.refuse(kind, no).await),
        };
        let request = AuthnRequest {
            id: self.request_id(),
            issue_instant: now,
            issuer: self.service_provider.entity_id.clone(),
            acs_url: self.service_provider.acs_url.clone(),
            destination: trusted.address().unwrap_or_default().to_owned(),
            force_authn: false,
            name_id_format: wanted_format(&trusted),
        };
        let key = self.keys.first().filter(|_| trusted.signs_requests());
        let departure = match trusted.settings.request_binding {
            RequestBinding::Redirect => request.redirect_url(None, key).map(Departure::Redirect),
            RequestBinding::Post => request.post_form(None, key).map(Departure::Post),
        };
        let departure = match departure {
            Ok(departure) => departure,
            Err(error) => {
                return Err(self.refuse(RefusalKind::Unavailable, No::unavailable(&error)).await);
            }
        };
        let browser = self.cookie_keys.sign(CookieUse::Login, self.plane.entropy.bytes());
        let pending = PendingLogin {
            request_id: request.id.as_str().to_owned(),
            browser: browser_digest(&browser),
            idp: idp.clone(),
            team,
            expires: later(now, LOGIN_SECONDS),
        };
        if let Err(error) = self.ports.logins.begin(&pending, now).await {
            return Err(self.refuse(RefusalKind::Unavailable, No::unavailable(&error)).await);
        }
        Ok(Begun { departure, browser, expires_seconds: u64::from(LOGIN_SECONDS) })
    }

    /// The provider to ask, and the team to come back to.
    fn way_out(
        &self,
        idp: &IdpKey,
        team: Option<&TeamKey>,
        now: Timestamp,
    ) -> Result<(Arc<Trusted>, Option<TeamKey>), (RefusalKind, No<'static>)> {
        let unknown =
            || No::new(ReasonCode::UnknownIdp, "There is no such way to sign in.", TRY_AGAIN);
        let trusted = match self.trust.by_key(idp) {
            Found::Nobody => return Err((RefusalKind::BadRequest, unknown())),
            Found::WithoutMetadata(_) => return Err((RefusalKind::Unavailable, no_metadata(idp))),
            Found::Trusted(trusted) => trusted,
        };
        if !trusted.is_current(now) {
            return Err((RefusalKind::Denied, outdated()));
        }
        if trusted.address().is_none() {
            return Err((RefusalKind::BadRequest, unknown()));
        }
        match (&trusted.settings.team, team) {
            (Some(TeamSelector::Team(bound)), Some(team)) if team != bound => {
                Err((RefusalKind::BadRequest, other_team()))
            }
            (Some(TeamSelector::Team(bound)), _) => {
                let bound = bound.clone();
                Ok((trusted, Some(bound)))
            }
            _ => Ok((trusted, team.cloned())),
        }
    }
}

/// The format to ask for. Unspecified asks for nothing, and some providers refuse it.
fn wanted_format(trusted: &Trusted) -> Option<String> {
    let format = trusted.settings.name_id_format?;
    (format != NameIdFormat::Unspecified).then(|| format.uri().to_owned())
}

/// The provider's metadata was never read.
pub(super) fn no_metadata(idp: &IdpKey) -> No<'static> {
    let why = "Your identity provider is not known here yet, so nobody can sign in with it.";
    No {
        detail: Some(format!("no metadata of identity provider `{idp}` was read")),
        ..No::new(ReasonCode::IdpMetadataMissing, why, ASK_ADMIN)
    }
}

/// The provider does not vouch for its metadata any more.
pub(super) fn outdated() -> No<'static> {
    let why = "What is known here of your identity provider is out of date.";
    No::new(ReasonCode::IdpMetadataExpired, why, ASK_ADMIN)
}

/// The way in belongs to another team.
pub(super) fn other_team() -> No<'static> {
    let why = "This way to sign in belongs to another team.";
    No::new(ReasonCode::TeamMismatch, why, "Use the tile of the team that you want to open.")
}

/// The provider is there no more, or is believed by other keys.
pub(super) fn trust_ended(idp: &IdpKey) -> No<'static> {
    let why = "The identity provider that you signed in with is not trusted as it was then.";
    No {
        detail: Some(format!("identity provider {idp}")),
        ..No::new(ReasonCode::TrustEnded, why, "Sign in again.")
    }
}
