//! Telling people what needs them: by webhook and by e-mail.
//!
//! Level-triggered, as the loop is: each look works out what goes on now ([`conditions`]), and the
//! store says what of it was told already ([`crate::ports::Notices`]). What is new is told once, whatever the number
//! of replicas; what goes on is told again after a time; what is over is told as over. A recipient
//! that cannot be reached is tried again, later each time. Nothing here keeps the loop waiting.

mod conditions;
mod notifier;

pub use conditions::{Condition, Facts, Judged, Seen, WARNING_DAYS, WARNING_HOURS, conditions};
pub use notifier::{Channels, Notifier, Round, Unusable};

use access::map::Topic;
use async_trait::async_trait;
use jiff::Timestamp;
use std::fmt;

/// What a recipient is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// What it is about; `None`: a test.
    pub topic: Option<Topic>,
    /// Whether it begins, goes on or is over.
    pub phase: Phase,
    /// The installation (`instance` of the map).
    pub instance: String,
    /// One line: what happens.
    pub headline: String,
    /// More, in sentences. Names people by what admins see, and never holds a secret.
    pub text: String,
    /// What to do; empty where nothing is to be done.
    pub remedy: String,
    /// Since when.
    pub since: Timestamp,
    /// When it was worked out.
    pub at: Timestamp,
    /// Where to look, if this installation has an address.
    pub link: Option<String>,
}

/// Where something is in its course.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It was not there before.
    Begins,
    /// It was told before and goes on.
    GoesOn,
    /// It was told and is over.
    Over,
    /// Nothing happened: somebody wants to see whether messages arrive.
    Test,
}

impl Phase {
    /// Its name in messages for programs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Begins => "begins",
            Self::GoesOn => "goes-on",
            Self::Over => "over",
            Self::Test => "test",
        }
    }
}

impl Message {
    /// A message that says that messages arrive.
    pub fn test(instance: &str, at: Timestamp) -> Self {
        Self {
            topic: None,
            phase: Phase::Test,
            instance: instance.to_owned(),
            headline: "This is a test: messages of Stagedoor arrive here".to_owned(),
            text: "Somebody ran `stagedoor notifications test`. Nothing happened.".to_owned(),
            remedy: String::new(),
            since: at,
            at,
            link: None,
        }
    }

    /// The first line: what happens, and where it is in its course.
    pub fn subject(&self) -> String {
        let phase = match self.phase {
            Phase::Begins | Phase::Test => "",
            Phase::GoesOn => "Still: ",
            Phase::Over => "Over: ",
        };
        format!("{phase}{}", self.headline)
    }
}

/// Why a message did not arrive. Says nothing of addresses and keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it cannot be told: {0}")]
pub struct Undelivered(pub String);

/// A way to somebody.
#[async_trait]
pub trait Channel: Send + Sync + fmt::Debug {
    /// Tells it, within seconds, or says why not.
    async fn tell(&self, message: &Message) -> Result<(), Undelivered>;
}
