//! Whether Stagedoor can do its work here: what is read ([`gather`]) and what follows
//! ([`fn@judge`]). The command line and the Health screen say the same, because both ask here.

mod codes;
mod facts;
mod judge;
mod judge_directories;
mod judge_keys;
mod judge_mirror;
mod judge_network;
mod judge_plane;
mod judge_roles;

use codes::Finding;
pub use codes::{About, reference};
pub use facts::{Around, Facts, StoreState, gather};
pub use judge::judge;
pub use judge_directories::{DirectoryFacts, directories, judge_directories};

pub use judge::failed as call_failed;

use crate::survey::Survey;
use access::map::AccessMap;
use access::plan::Plan;
use async_trait::async_trait;
use serde::Serialize;
use std::fmt;

/// Looks at what is around the plane: clock, store, queue and map. Whoever puts a process together
/// knows where they are.
#[async_trait]
pub trait Surroundings: Send + Sync + fmt::Debug {
    /// How they are now. Asked last, when AWS has answered and so has said what time it is.
    async fn look(&self, map: &AccessMap) -> Around;
}

/// What planning read, and what it would do.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// What was read.
    pub survey: &'a Survey,
    /// The plan that was made of it.
    pub plan: &'a Plan,
}

/// What came of one check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at: its code, such as `DOM01`.
    pub about: About,
    /// Which one, where there are several: a domain, a role, a group.
    pub subject: Option<String>,
    /// What came of it.
    pub state: State,
    /// `ok`, or the reason code of what is wrong.
    pub code: &'static str,
    /// The same for people.
    pub text: String,
    /// What to do, a step a line.
    pub remedy: Vec<String>,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// As it should be.
    Ok,
    /// It works, and somebody should look.
    Warning,
    /// It does not work.
    Failed,
}

impl Check {
    /// A check that found everything as it should be.
    pub fn passed(about: About, subject: Option<&str>, text: impl Into<String>) -> Self {
        Self::ok(about, subject, text)
    }

    /// A check that found something that does not work.
    pub fn failed(
        about: About,
        subject: Option<&str>,
        code: &'static str,
        text: impl Into<String>,
        remedy: &str,
    ) -> Self {
        Self::new(about, subject, State::Failed, code, text, &[remedy])
    }

    pub(super) fn ok(about: About, subject: Option<&str>, text: impl Into<String>) -> Self {
        Self::new(about, subject, State::Ok, "ok", text, &[])
    }

    /// What doctor alone can find, with the remedy of its check.
    fn found(
        finding: Finding,
        subject: Option<&str>,
        state: State,
        text: impl Into<String>,
    ) -> Self {
        let about = finding.about();
        Self::new(about, subject, state, finding.code(), text, &[about.fix()])
    }

    pub(super) fn new(
        about: About,
        subject: Option<&str>,
        state: State,
        code: &'static str,
        text: impl Into<String>,
        remedy: &[&str],
    ) -> Self {
        Self {
            about,
            subject: subject.map(str::to_owned),
            state,
            code,
            text: text.into(),
            remedy: remedy.iter().map(|line| (*line).to_owned()).collect(),
        }
    }
}

/// How many checks ended so.
pub fn count(checks: &[Check], state: State) -> usize {
    checks.iter().filter(|check| check.state == state).count()
}

/// Whether something does not work.
pub fn any_failed(checks: &[Check]) -> bool {
    count(checks, State::Failed) > 0
}
