//! Messages of [`control::notify`] by webhook and by e-mail.
//!
//! A crate of its own because it alone needs a mail client. Both ways block a thread for as long as a
//! message takes, at most some twenty seconds; nobody waits for it but the notifier.

mod mail;
mod secret;
mod webhook;
mod words;

pub use mail::{Login, Mail, MailError, MailRoute};
pub use secret::Secret;
pub use webhook::{SIGNATURE, Webhook, WebhookError};
