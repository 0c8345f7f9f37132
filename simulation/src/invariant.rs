//! What must hold, by name, and who counts it.

use jiff::Timestamp;
use std::fmt;

macro_rules! invariants {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal;)+) => {
        /// Something that must hold of every run.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Invariant { $($(#[doc = $doc])+ $name,)+ }

        impl Invariant {
            /// Every invariant.
            pub const ALL: &'static [Invariant] = &[$(Invariant::$name,)+];

            /// Its name in reports.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }
        }
    };
}

invariants! {
    /// Nothing is changed that does not carry this installation's tags.
    OthersUntouched = "others-untouched";
    /// Nobody gets a profile, or a role, without a right to it.
    NobodyWithoutRight = "nobody-without-right";
    /// Nothing is taken from somebody who is entitled to it, whatever else happens.
    EntitledKeepTheirs = "entitled-keep-theirs";
    /// Nothing is taken away while the directory answers half.
    PartialTakesNothing = "partial-takes-nothing";
    /// Never two profiles of one person for one team, or of one person in SSO mode.
    OneProfileEach = "one-profile-each";
    /// In an SSO-mode domain the assignment comes before the profile.
    AssignedFirst = "assigned-first";
    /// Nothing is deleted before its hold is over.
    HoldKept = "hold-kept";
    /// Spaces that others work in stay.
    SharedSpacesStay = "shared-spaces-stay";
    /// Apps, then spaces, then the profile.
    AppsSpacesProfile = "apps-spaces-profile";
    /// Where the home directory is was written down before the profile goes.
    HomeOnRecord = "home-on-record";
    /// No more than the guard allows is taken away in 24 hours.
    GuardHolds = "guard-holds";
    /// Two replicas never change something of one person at the same time.
    OneHandEach = "one-hand-each";
    /// A frozen installation changes nothing.
    FrozenIsStill = "frozen-is-still";
    /// Nothing panics.
    NoPanic = "no-panic";
    /// In the end everybody entitled has exactly one right profile.
    EntitledServed = "entitled-served";
    /// In the end leavers have no profile and no running app.
    LeaversGone = "leavers-gone";
    /// In the end the plan of a fresh process is empty.
    FixedPoint = "fixed-point";
    /// Equal input, equal plan, byte for byte.
    EqualPlans = "equal-plans";
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An invariant that did not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub invariant: Invariant,
    /// When, in virtual time.
    pub at: Timestamp,
    /// What was seen.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3} {}: {}", self.at, self.invariant, self.what)
    }
}

/// Counts evaluations and collects violations.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) evaluated: u64,
    pub(crate) violations: Vec<Violation>,
}

impl Tally {
    /// Evaluates an invariant once.
    pub(crate) fn expect(
        &mut self,
        invariant: Invariant,
        at: Timestamp,
        holds: bool,
        what: impl FnOnce() -> String,
    ) {
        self.evaluated += 1;
        if !holds {
            self.violations.push(Violation { invariant, at, what: what() });
        }
    }
}
