//! What each check said of one answer of an identity provider.

use super::Refusal;
use crate::ports::{Attempt, CheckRow, RowState};
use access::ids::{IdpKey, PersonId};
use access::reason::ReasonCode;
use jiff::Timestamp;
use saml_sp::{Check, CheckOutcome, CheckState, Rejection};
use std::cell::RefCell;
use std::future::Future;

/// The door's own checks, after those of SAML.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum DoorCheck {
    /// It answers a sign-in that was begun here, in this browser.
    PendingLogin,
    /// It was not used before.
    Replay,
    /// The directory knows the person and lets them sign in.
    Person,
    /// It may lead to the team it is for.
    Team,
    /// The sign-in is written down and the session kept.
    Session,
}

impl DoorCheck {
    const ALL: [(Self, &'static str); 5] = [
        (Self::PendingLogin, "pending-login"),
        (Self::Replay, "replay"),
        (Self::Person, "person"),
        (Self::Team, "team"),
        (Self::Session, "session"),
    ];

    const fn meaning(self) -> &'static str {
        match self {
            Self::PendingLogin => "It answers a sign-in that was begun here, in this browser.",
            Self::Replay => "It was not used before.",
            Self::Person => "The directory knows the person and lets them sign in.",
            Self::Team => "It may lead to the team it is for.",
            Self::Session => "The sign-in is written down and the session kept.",
        }
    }
}

/// What holds where a check of a sign-in does, SAML's own or the door's: a sentence. `None` for a
/// name that no check has.
pub fn check_meaning(name: &str) -> Option<&'static str> {
    let saml = Check::ALL.iter().find(|check| check.as_str() == name).map(|check| check.meaning());
    let own = || {
        let mut all = DoorCheck::ALL.into_iter();
        all.find(|(_, known)| *known == name).map(|(check, _)| check.meaning())
    };
    saml.or_else(own)
}

/// How far an answer came.
#[derive(Debug, Default)]
pub(super) struct Trail {
    pub(super) idp: Option<IdpKey>,
    pub(super) person: Option<PersonId>,
    saml: Vec<CheckRow>,
    reached: Option<DoorCheck>,
}

tokio::task_local! {
    /// What the checks of the sign-in said that this task is at: every refusal tells it.
    static CHECKS: RefCell<String>;
}

/// Works on one sign-in: whatever refuses it knows what its checks said.
pub(super) async fn checking<F: Future>(work: F) -> F::Output {
    CHECKS.scope(RefCell::default(), work).await
}

/// What the checks said so far, the last of them failed; `None` outside of a sign-in, or before one.
pub(super) fn checks() -> Option<String> {
    CHECKS.try_with(|checks| checks.borrow().clone()).ok().filter(|checks| !checks.is_empty())
}

impl Trail {
    /// Every check that ran, in order, as `signature=passed`. `failed`: the last one did not hold.
    pub(super) fn told(&self, failed: bool) -> String {
        let of = |row: &CheckRow| match row.state {
            RowState::Passed => Some(format!("{}=passed", row.check)),
            RowState::Failed => Some(format!("{}=failed", row.check)),
            RowState::NotRun => None,
        };
        let mut told: Vec<String> = self.saml.iter().filter_map(of).collect();
        let saml_failed = self.saml.iter().any(|row| row.state == RowState::Failed);
        let own = DoorCheck::ALL.into_iter().filter(|(check, _)| Some(*check) <= self.reached);
        told.extend(own.filter(|_| !saml_failed).map(|(check, name)| {
            let ended_it = failed && Some(check) == self.reached;
            format!("{name}={}", if ended_it { "failed" } else { "passed" })
        }));
        told.join(" ")
    }

    fn tell(&self) {
        // Outside of a sign-in nobody asks.
        let _ = CHECKS.try_with(|checks| checks.replace(self.told(true)));
    }

    /// What SAML's own checks said.
    pub(super) fn saml(&mut self, outcomes: &[CheckOutcome]) {
        self.saml = outcomes.iter().copied().map(saml_row).collect();
        self.tell();
    }

    /// It could be read, but not who it is from, or nothing is believed from there.
    pub(super) fn no_issuer(&mut self, code: &'static str) {
        let row = |check: &Check| match check {
            Check::Size | Check::Encoding | Check::Xml => row(check.as_str(), None),
            Check::Issuer => row(check.as_str(), Some(code)),
            _ => not_run(check.as_str()),
        };
        self.saml = Check::ALL.iter().map(row).collect();
        self.tell();
    }

    /// The attributes that were asked for are there, or what is wrong with one of them. It is the
    /// last check of SAML, and runs when the door wants to know.
    pub(super) fn attributes(&mut self, result: Result<(), &Rejection>) {
        let name = Check::Attributes.as_str();
        if let Some(attributes) = self.saml.iter_mut().find(|row| row.check == name) {
            *attributes = row(name, result.err().map(|rejection| rejection.code().as_str()));
        }
        self.tell();
    }

    /// The check that is about to run; all before it held.
    pub(super) fn reach(&mut self, check: DoorCheck) {
        self.reached = Some(check);
        self.tell();
    }

    /// The check that refused, if one did: of SAML's own the first that failed, else the door's.
    pub(super) fn stopped_at<T>(&self, outcome: &Result<T, Refusal>) -> Option<String> {
        outcome.as_ref().err()?;
        let failed = self.saml.iter().find(|row| row.state == RowState::Failed);
        let own = || {
            let reached = self.reached?;
            DoorCheck::ALL.into_iter().find(|(check, _)| *check == reached)
        };
        failed.map(|row| row.check.clone()).or_else(|| own().map(|(_, name)| name.to_owned()))
    }

    pub(super) fn attempt<T>(
        self,
        at: Timestamp,
        reference: &str,
        outcome: &Result<T, Refusal>,
    ) -> Attempt {
        let refused = outcome.as_ref().err().map(|refusal| refusal.code);
        // A check of SAML that failed late, such as an attribute, is the one to show.
        let failed = self.saml.iter().any(|row| row.state == RowState::Failed);
        let own = DoorCheck::ALL.into_iter().map(|(check, name)| match self.reached {
            Some(reached) if check < reached => row(name, None),
            Some(reached) if check == reached && !failed => row(name, refused),
            _ => not_run(name),
        });
        let own: Vec<_> = own.collect();
        Attempt {
            at,
            reference: reference.to_owned(),
            idp: self.idp,
            person: self.person,
            accepted: outcome.is_ok(),
            code: refused.unwrap_or(ReasonCode::SignedIn.as_str()).to_owned(),
            rows: self.saml.into_iter().chain(own).collect(),
        }
    }
}

fn saml_row(outcome: CheckOutcome) -> CheckRow {
    match outcome.state {
        CheckState::Passed => row(outcome.check.as_str(), None),
        CheckState::Failed(code) => row(outcome.check.as_str(), Some(code.as_str())),
        CheckState::NotRun => not_run(outcome.check.as_str()),
    }
}

fn row(check: &str, failed: Option<&str>) -> CheckRow {
    let state = if failed.is_some() { RowState::Failed } else { RowState::Passed };
    CheckRow { check: check.to_owned(), state, code: failed.map(str::to_owned) }
}

fn not_run(check: &str) -> CheckRow {
    CheckRow { check: check.to_owned(), state: RowState::NotRun, code: None }
}
