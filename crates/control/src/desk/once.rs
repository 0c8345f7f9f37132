//! Requests with an idempotency key: done once, however often they come.

use super::{Caller, Desk, Refused, RefusedKind};
use crate::ports::{Begun, Reply};
use access::reason::ReasonCode;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

/// So long an answer is given again.
const ANSWERED_FOR: SignedDuration = SignedDuration::from_hours(24);

/// Whoever began a request that is not answered after so long has died. Longer than an answer may
/// take.
const UNDER_WAY: SignedDuration = SignedDuration::from_mins(1);

/// The longest idempotency key.
pub const LONGEST_KEY: usize = 128;

/// A request that is to be done now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    key: String,
    /// Until when nobody else begins it: tells it from a later turn.
    until: Timestamp,
}

/// Whether a request is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Once {
    /// It is; say afterwards what came of it.
    Now(Turn),
    /// It was done, and answered so.
    Answered(Reply),
}

impl Desk {
    /// Begins a request with an idempotency key. `request` is all of what is asked.
    ///
    /// # Errors
    /// The key will not do, is another request's, or its request is under way; the store cannot be
    /// used.
    pub async fn begin_once(
        &self,
        caller: &Caller,
        key: &str,
        request: &[&[u8]],
    ) -> Result<Once, Refused> {
        if key.is_empty() || key.len() > LONGEST_KEY || !key.bytes().all(|b| b.is_ascii_graphic()) {
            let why = "The idempotency key is empty, too long, or not plain text.";
            return Err(Refused::invalid(why, "Use 1 to 128 visible ASCII characters."));
        }
        let actor = caller.actor().to_string();
        let key = digest(&[actor.as_bytes(), key.as_bytes()]);
        let now = self.plane().clock.now();
        let until = later(now, UNDER_WAY);
        let reused = |why: &str, remedy: &str| {
            let code = ReasonCode::IdempotencyKeyReused;
            Err(Refused::new(RefusedKind::Conflict, code, why, remedy))
        };
        match self.store().begin_request(&key, &digest(request), now, until).await? {
            Begun::New => Ok(Once::Now(Turn { key, until })),
            Begun::Answered(reply) => Ok(Once::Answered(reply)),
            Begun::UnderWay => reused(
                "The request with this idempotency key is under way.",
                "Ask again in a moment; the answer will be that of the first request.",
            ),
            Begun::OtherRequest => reused(
                "The idempotency key came with another request before.",
                "Use a new key for each new request.",
            ),
        }
    }

    /// Keeps the answer to a request, so that it is given again; `None`: nothing came of it, and it
    /// may be sent again.
    pub async fn end_once(&self, turn: &Turn, reply: Option<&Reply>) {
        let until = later(self.plane().clock.now(), ANSWERED_FOR);
        let ended = self.store().end_request(&turn.key, turn.until, reply, until).await;
        if let Err(error) = ended {
            tracing::warn!(%error, "the answer to a request is not kept");
        }
    }
}

fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// SHA-256 over the parts, each with its length, in hexadecimal.
fn digest(parts: &[&[u8]]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part.len().to_be_bytes());
        hasher.update(part);
    }
    hex::encode(hasher.finalize())
}
