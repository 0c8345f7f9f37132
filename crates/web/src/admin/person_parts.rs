//! What the page of a person shows, piece by piece.

use super::parts::Stamp;
use crate::strings::{self, Admin};
use access::explain::{Rung, Since, Stage, TeamExplanation, Verdict};
use control::desk::{Deciding, Elsewhere, Happened, PersonProfile, Stop, TeamHeld};

/// Why somebody has a team, rung by rung.
pub(super) struct LadderText {
    pub(super) team: String,
    pub(super) title: String,
    pub(super) until: Option<Stamp>,
    pub(super) rungs: Vec<RungText>,
}

/// One rung.
pub(super) struct RungText {
    pub(super) name: &'static str,
    pub(super) class: &'static str,
    pub(super) verdict: &'static str,
    pub(super) text: String,
    pub(super) code: String,
    /// The grant, after where it is kept.
    pub(super) at: Option<(&'static str, String)>,
    pub(super) since: Option<(&'static str, Stamp)>,
    pub(super) remedy: Option<String>,
}

/// A team that somebody has not.
pub(super) struct MissingText {
    pub(super) team: String,
    pub(super) text: String,
    pub(super) code: String,
    pub(super) at: Option<String>,
    pub(super) remedy: Option<String>,
}

/// A profile, with what runs.
pub(super) struct ProfileText {
    pub(super) team: String,
    pub(super) place: String,
    pub(super) state: &'static str,
    pub(super) kind: &'static str,
    pub(super) until: Option<Stamp>,
    pub(super) apps: Vec<String>,
    pub(super) spaces: Vec<String>,
    pub(super) home: Option<String>,
}

/// What would happen from elsewhere, for one team.
pub(super) struct ElsewhereText {
    pub(super) team: String,
    pub(super) domain: String,
    pub(super) allowed: bool,
    pub(super) network: String,
    pub(super) ways: Vec<(String, bool)>,
    pub(super) explain: Option<String>,
    pub(super) steps: Vec<StepText>,
    pub(super) untold: Option<String>,
}

/// One step on the way into Studio.
pub(super) struct StepText {
    pub(super) class: &'static str,
    pub(super) verdict: &'static str,
    pub(super) text: String,
    pub(super) code: Option<String>,
    pub(super) because: Vec<String>,
}

/// Something that happened.
pub(super) struct EventText {
    pub(super) at: Stamp,
    pub(super) what: String,
    pub(super) meaning: String,
    pub(super) code: String,
    pub(super) actor: String,
    pub(super) team: Option<String>,
    pub(super) more: Vec<(String, String)>,
}

impl LadderText {
    pub(super) fn new(t: &'static Admin, held: TeamHeld) -> Self {
        Self {
            team: held.why.team.to_string(),
            title: held.title,
            until: held.until.map(Stamp::at),
            rungs: held.why.rungs.into_iter().map(|rung| RungText::new(t, rung)).collect(),
        }
    }

    /// What the directory says, as a ladder of one rung.
    pub(super) fn of_directory(t: &'static Admin, rung: Rung) -> Self {
        let rungs = vec![RungText::new(t, rung)];
        Self { team: String::new(), title: String::new(), until: None, rungs }
    }
}

/// Whether some rungs have a time and some have none: then it is told what that means.
pub(super) fn have_unlike_times(ladders: &[LadderText]) -> bool {
    let mut rungs = ladders.iter().flat_map(|ladder| &ladder.rungs);
    let first = rungs.next().map(|rung| rung.since.is_some());
    rungs.any(|rung| Some(rung.since.is_some()) != first)
}

impl RungText {
    fn new(t: &'static Admin, rung: Rung) -> Self {
        let (class, verdict) = match rung.verdict {
            Verdict::Holds => ("done", t.holds),
            Verdict::Breaks => ("failed", t.breaks),
            Verdict::Depends => ("next", t.depends),
        };
        Self {
            name: stage(t, rung.stage),
            class,
            verdict,
            text: rung.text,
            code: rung.code.to_string(),
            // Only what is in a file is in git: of rows of the store there is no line.
            at: rung.at.map(|at| (if at.line > 0 { t.in_git } else { t.in_store }, at.to_string())),
            since: match rung.since {
                Since::Exactly(at) => Some((t.rung_since, Stamp::at(at))),
                Since::NoLaterThan(at) => Some((t.rung_since_at_latest, Stamp::at(at))),
                Since::Unknown => None,
            },
            remedy: rung.remedy,
        }
    }
}

fn stage(t: &'static Admin, stage: Stage) -> &'static str {
    match stage {
        Stage::Directory => t.stage_directory,
        Stage::Group => t.stage_group,
        Stage::Grant => t.stage_grant,
        Stage::Placement => t.stage_placement,
        Stage::Role => t.stage_role,
        Stage::Profile => t.stage_profile,
        Stage::Policy => t.stage_policy,
        Stage::Network => t.stage_network,
    }
}

impl From<&TeamExplanation> for MissingText {
    fn from(why: &TeamExplanation) -> Self {
        let breaking = why.breaking();
        let text = breaking.map_or_else(|| why.code.meaning().to_owned(), |rung| rung.text.clone());
        Self {
            team: why.team.to_string(),
            text,
            code: why.code.to_string(),
            at: breaking.and_then(|rung| rung.at.as_ref()).map(ToString::to_string),
            remedy: breaking.and_then(|rung| rung.remedy.clone()),
        }
    }
}

impl ProfileText {
    pub(super) fn new(t: &'static Admin, profile: PersonProfile) -> Self {
        let (state, kind) = match profile.stop {
            None => (t.stays, "good"),
            Some(stop) => (stop_name(t, stop), if stop == Stop::Waits { "stop" } else { "warn" }),
        };
        Self {
            team: profile.team.to_string(),
            place: format!("{} / {}", profile.domain, profile.profile),
            state,
            kind,
            until: profile.until.map(Stamp::at),
            apps: profile.apps.iter().map(strings::admin::running_app).collect(),
            spaces: profile.spaces.iter().map(strings::admin::space).collect(),
            home: profile
                .home_efs_uid
                .map(|uid| strings::admin::home(&uid, profile.home_efs_file_system.as_deref())),
        }
    }
}

/// What a stage of an offboarding is called.
pub(super) fn stop_name(t: &'static Admin, stop: Stop) -> &'static str {
    match stop {
        Stop::ToBegin => t.stop_to_begin,
        Stop::Apps => t.stop_apps,
        Stop::Held => t.stop_held,
        Stop::HandOver => t.stop_hand_over,
        Stop::Deleting => t.stop_deleting,
        Stop::Waits => t.stop_waits,
    }
}

impl ElsewhereText {
    pub(super) fn new(t: &'static Admin, told: Elsewhere) -> Self {
        let steps = told.steps.into_iter().map(|step| StepText {
            class: if step.allowed { "done" } else { "failed" },
            verdict: if step.allowed { t.allowed } else { t.refused },
            text: step.text,
            code: step.code.map(|code| code.to_string()),
            because: step.because.iter().map(deciding).collect(),
        });
        Self {
            team: told.team.to_string(),
            domain: told.domain.to_string(),
            allowed: told.allowed,
            network: told.network,
            ways: told.ways.into_iter().map(|way| (way.text, way.fits)).collect(),
            explain: told.explain.filter(|_| !told.admitted),
            steps: steps.collect(),
            untold: told.untold,
        }
    }
}

fn deciding(it: &Deciding) -> String {
    let policy = it.policy.as_ref().map_or(String::new(), |name| format!("{name}, "));
    let statement = it.statement.as_ref().map_or(String::new(), |sid| format!("{sid} "));
    format!("{}: {policy}{statement}{}", it.layer, it.text)
}

impl From<Happened> for EventText {
    fn from(happened: Happened) -> Self {
        let what = happened.details.get("what").cloned();
        let details = happened.details.into_iter().filter(|(name, _)| name != "what");
        Self {
            at: Stamp::at(happened.at),
            what: what.unwrap_or_else(|| happened.event.replace('-', " ")),
            meaning: happened.meaning.unwrap_or_default().to_owned(),
            code: happened.code,
            actor: happened.actor_name.unwrap_or(happened.actor),
            team: happened.team,
            more: details.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use access::reason::ReasonCode;

    fn ladder(times: &[Since]) -> LadderText {
        let rung = |since: &Since| Rung {
            stage: Stage::Group,
            verdict: Verdict::Holds,
            code: ReasonCode::GroupMember,
            text: String::new(),
            since: *since,
            at: None,
            remedy: None,
        };
        let rungs = times.iter().map(|since| RungText::new(&Admin::ENGLISH, rung(since))).collect();
        LadderText { team: String::new(), title: String::new(), until: None, rungs }
    }

    #[test]
    fn what_a_missing_time_means_is_told_only_beside_rungs_that_have_one() {
        let at = "2026-11-21T08:00:00Z".parse().unwrap();
        let (dated, latest) = (Since::Exactly(at), Since::NoLaterThan(at));
        let told = |ladders: &[&[Since]]| {
            have_unlike_times(&ladders.iter().map(|times| ladder(times)).collect::<Vec<_>>())
        };
        assert!(told(&[&[dated, Since::Unknown]]));
        assert!(told(&[&[Since::Unknown], &[latest]]));
        for alike in [&[] as &[&[Since]], &[&[dated, latest]], &[&[Since::Unknown, Since::Unknown]]]
        {
            assert!(!told(alike), "{alike:?}");
        }
    }
}
