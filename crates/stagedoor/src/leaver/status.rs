//! How far an offboarding is.

use access::offboarding::Stage;
use access::standing::{Deleting, Standing};
use control::progress::{Progress, Stuck};
use std::fmt::Write;

/// For people, a line a profile and one for each thing to know about it.
pub(crate) fn stages_text(stages: &[Progress]) -> String {
    let mut out = String::new();
    for Progress { standing, stuck } in stages {
        let since =
            standing.leaving_since.map_or(String::new(), |t| format!(", leaving since {t}"));
        let _ = writeln!(
            out,
            "  {} in {} ({})  {}{since}",
            standing.profile,
            standing.domain,
            standing.team,
            standing_text(&standing.standing)
        );
        for what in &standing.deleting {
            let stuck = stuck.iter().find(|it| &it.what == what);
            let note = match stuck {
                None => "AWS is deleting it".to_owned(),
                Some(Stuck { since: Some(since), .. }) => format!(
                    "AWS has been deleting it since {since}, longer than it usually takes; if it \
                     stays so, ask AWS support"
                ),
                Some(Stuck { since: None, .. }) => {
                    "AWS is deleting it, since before Stagedoor asked".to_owned()
                }
            };
            let _ = writeln!(out, "    {}: {note}", what_text(what));
        }
        for what in &standing.failed {
            let _ = writeln!(
                out,
                "    {}: its deletion failed and is asked for again",
                what_text(what)
            );
        }
    }
    out
}

/// How one profile stands, in a few words.
pub(crate) fn standing_text(standing: &Standing) -> String {
    match standing {
        Standing::InUse => "in use".to_owned(),
        Standing::ToBegin { reason } => format!("to be taken away ({reason})"),
        Standing::Leaving { stage } => stage_text(*stage).to_owned(),
        Standing::OnHold { until: Some(until) } => format!("on hold until {until}"),
        Standing::OnHold { until: None } => "on hold for ever".to_owned(),
        Standing::Waits { reason, detail } => {
            let detail = detail.as_ref().map_or(String::new(), |detail| format!(": {detail}"));
            format!("needs attention ({reason}{detail})")
        }
    }
}

fn stage_text(stage: Stage) -> &'static str {
    match stage {
        Stage::HandOver => "handing shared spaces over",
        Stage::SpaceApps => "stopping apps of its spaces",
        Stage::ProfileApps => "stopping its apps",
        Stage::Spaces => "deleting its spaces",
        Stage::Profile => "deleting the profile",
    }
}

fn what_text(what: &Deleting) -> String {
    match what {
        Deleting::App { space: Some(space), app_type, app_name } => {
            format!("app {app_type}/{app_name} of space {space}")
        }
        Deleting::App { space: None, app_type, app_name } => format!("app {app_type}/{app_name}"),
        Deleting::Space { space } => format!("space {space}"),
        Deleting::Profile => "the profile".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use access::ids::{DomainKey, ProfileName, TeamKey};
    use access::standing::ProfileStanding;
    use control::ports::{AuditEntry, AuditEvent};
    use control::progress::progress;
    use control::receipt::receipt;
    use jiff::Timestamp;

    fn at(time: &str) -> Timestamp {
        format!("2026-11-21T{time}Z").parse().unwrap()
    }

    fn entry(time: &str, event: &str, more: &[(&str, &str)]) -> AuditEntry {
        let profile = [("domain", "research"), ("profile", "ana--fraud")];
        let details = profile.iter().chain(more).map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        AuditEntry {
            person: Some("p-ana".to_owned()),
            team: Some("fraud".to_owned()),
            details: details.collect(),
            ..AuditEntry::new(at(time), AuditEvent::parse(event).unwrap(), "entitlement-lost")
        }
    }

    #[test]
    fn what_aws_does_not_finish_is_told_with_the_time_it_was_asked_for() {
        let app = [("app_type", "JupyterLab"), ("app_name", "default"), ("space", "ana-lab")];
        let entries = [
            entry("08:00:00", "offboarding-begun", &[]),
            entry("08:00:01", "stopping-app", &app),
            entry("08:40:00", "deleting-space", &[("space", "old")]),
        ];
        let lab = Deleting::App {
            space: Some("ana-lab".to_owned()),
            app_type: "JupyterLab".to_owned(),
            app_name: "default".to_owned(),
        };
        let old = Deleting::Space { space: "old".to_owned() };
        let standing = ProfileStanding {
            domain: DomainKey::parse("research").unwrap(),
            profile: ProfileName::parse("ana--fraud").unwrap(),
            team: TeamKey::parse("fraud").unwrap(),
            standing: Standing::Leaving { stage: Stage::SpaceApps },
            leaving_since: Some(at("08:00:00")),
            deleting: [lab, old, Deleting::Profile].into(),
            failed: [Deleting::Space { space: "new".to_owned() }].into(),
        };
        let told = |now: &str| {
            let receipt = receipt("p-ana", &entries, at(now));
            stages_text(&progress(vec![standing.clone()], &receipt, at(now)))
        };
        let stuck = "AWS has been deleting it since 2026-11-21T08:00:01Z, longer than it usually \
                     takes; if it stays so, ask AWS support";
        let rest = "    space old: AWS is deleting it\n    \
                    the profile: AWS is deleting it, since before Stagedoor asked\n    \
                    space new: its deletion failed and is asked for again\n";
        let head = "  ana--fraud in research (fraud)  stopping apps of its spaces, leaving since \
                    2026-11-21T08:00:00Z\n    app JupyterLab/default of space ana-lab: ";
        assert_eq!(told("08:30:00"), format!("{head}AWS is deleting it\n{rest}"));
        assert_eq!(told("08:30:01"), format!("{head}{stuck}\n{rest}"));
    }
}
