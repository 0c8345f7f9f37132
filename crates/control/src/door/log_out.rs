//! Signing out.

use super::cookies::CookieUse;
use super::{Door, No, Refusal, RefusalKind, SessionToken, session_id};

impl Door {
    /// Ends the session. There is nothing to end for a cookie that is not ours.
    pub async fn sign_out(&self, token: &SessionToken) -> Result<(), Refusal> {
        if !self.cookie_keys.made(CookieUse::Session, token) {
            return Ok(());
        }
        match self.plane.sessions.close(&session_id(token)).await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.refuse(RefusalKind::Unavailable, No::unavailable(&error)).await),
        }
    }
}
