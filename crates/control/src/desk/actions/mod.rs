//! What admins do. Each is written into the audit log with whoever did it, before it is done
//! wherever that can be; none is done without [`Right::Act`](super::Right::Act).

mod approve;
mod leaving;
mod sessions;
mod switch;
mod sync;

pub use approve::{AGREED_FOR, Agreement, Approved};
pub use leaving::{Leave, OffboardingBegun, RestorationBegun, Return};
pub use sessions::{SessionsOf, end_sessions};
pub use switch::{Switched, freeze, thaw};
pub use sync::{MOST_REPLAYED, Replayed, SyncAsked};

use super::{Caller, Refused};
use crate::ports::{AuditEntry, AuditEvent};
use access::reason::ReasonCode;
use jiff::Timestamp;

/// The longest reason that is kept, in characters.
pub const LONGEST_REASON: usize = 500;

/// An entry about what a caller does.
fn entry(caller: &Caller, at: Timestamp, event: AuditEvent, code: ReasonCode) -> AuditEntry {
    AuditEntry::new(at, event, code.as_str()).by(caller.actor().clone())
}

/// The words of whoever does it.
///
/// # Errors
/// `request-invalid` for a text that is too long or holds control characters.
fn in_words(text: &str) -> Result<String, Refused> {
    let text = text.trim();
    if text.chars().count() > LONGEST_REASON || text.chars().any(char::is_control) {
        let why = "The reason is too long, or holds control characters.";
        return Err(Refused::invalid(why, "Say it in one line of at most 500 characters."));
    }
    Ok(text.to_owned())
}
