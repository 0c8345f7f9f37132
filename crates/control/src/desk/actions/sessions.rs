//! Ending sessions of the door, and nothing else.

use crate::ports::{Acted, Actor, AuditEntry, AuditEvent, Store, StoreError};
use access::ids::{IdpKey, PersonId};
use access::reason::ReasonCode;
use jiff::Timestamp;

/// Whose sessions end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionsOf {
    /// Those of one person.
    Person(PersonId),
    /// Those that an identity provider opened, whether or not the map still has it.
    IdentityProvider(IdpKey),
    /// All that there are.
    Everybody,
}

/// Ends sessions, and answers with how many there were. Whoever may sign in does so again; who is in Studio
/// stays there. `called` is how people know whoever does it. May be repeated.
///
/// # Errors
/// Sessions cannot be ended.
pub async fn end_sessions(
    store: &dyn Store,
    by: &Actor,
    called: &str,
    whose: &SessionsOf,
    now: Timestamp,
) -> Result<Acted<u64>, StoreError> {
    let entry =
        AuditEntry::new(now, AuditEvent::SessionsEnded, ReasonCode::SessionsRevoked.as_str())
            .by(by.clone())
            .with("by", called);
    let (ended, entry) = match whose {
        SessionsOf::Person(person) => (store.close_all(person).await?, entry.about(person)),
        SessionsOf::IdentityProvider(idp) => {
            (store.close_every(Some(idp)).await?, entry.with("idp", idp))
        }
        SessionsOf::Everybody => (store.close_every(None).await?, entry),
    };
    let unwritten = store.append(&entry.with("sessions_ended", ended)).await.err();
    Ok(Acted { done: ended, unwritten })
}
