//! What somebody had at another time, as their page shows it.

use super::parts::Stamp;
use crate::strings::{self, Admin};
use control::audit::{AsOf, Held};

/// What the log tells of a time.
pub(super) struct ThenText {
    pub(super) at: Stamp,
    pub(super) held: Vec<HeldText>,
    /// From what they were offboarded by command then.
    pub(super) barred: Vec<String>,
    /// What the log cannot know.
    pub(super) unknown: Vec<String>,
}

/// A profile that they had.
pub(super) struct HeldText {
    pub(super) team: String,
    pub(super) place: String,
    pub(super) could_open: bool,
    pub(super) state: &'static str,
    /// Absent: since before the log tells.
    pub(super) since: Option<Stamp>,
    /// With the time, where the log tells.
    pub(super) grant: Option<(String, Option<Stamp>)>,
    /// With the time, where the log tells.
    pub(super) role: Option<(String, Option<Stamp>)>,
    pub(super) leaving: Option<(Stamp, String)>,
    pub(super) last_opened: Option<Stamp>,
}

impl ThenText {
    pub(super) fn new(t: &'static Admin, told: AsOf) -> Self {
        Self {
            at: Stamp::at(told.at),
            held: told.held.into_iter().map(|held| HeldText::new(t, held)).collect(),
            barred: told.barred.iter().map(strings::admin::barred_then).collect(),
            unknown: told.unknown.into_iter().map(|unknown| unknown.text).collect(),
        }
    }
}

impl HeldText {
    fn new(t: &'static Admin, held: Held) -> Self {
        let because = held.leaving_because.unwrap_or_default();
        Self {
            team: held.team,
            place: format!("{} / {}", held.domain, held.profile),
            could_open: held.could_open,
            state: if held.could_open { t.then_could } else { t.then_could_not },
            since: held.since.map(Stamp::at),
            grant: held.grant.map(|grant| (grant, held.grant_since.map(Stamp::at))),
            role: held.role.map(|role| (role, held.role_since.map(Stamp::at))),
            leaving: held.leaving.map(|at| (Stamp::at(at), because)),
            last_opened: held.last_opened.map(Stamp::at),
        }
    }
}
