//! The rungs of a ladder with the dates that the audit log knows.
//!
//! The log tells when a profile was made, by which grant and with which role. That the person was in
//! the group and the grant in force, it tells only by that: so these are dated *at the latest*. What it
//! does not tell stays unknown.

use super::as_of::{AsOf, Held};
use access::explain::{Rung, Since, Stage, TeamExplanation, Verdict};
use access::reason::ReasonCode;
use jiff::Timestamp;

impl AsOf {
    /// Dates what is not dated yet: the rung of the directory, and the rungs of each team. What this
    /// tells must be of the same person, and of now.
    pub fn date<'t>(
        &self,
        directory: &mut Rung,
        teams: impl IntoIterator<Item = &'t mut TeamExplanation>,
    ) {
        let first = self.held.iter().filter_map(|held| held.since).min();
        let since = match directory.code {
            ReasonCode::Offboarded => Since::exactly(self.barred_since(None)),
            _ if directory.verdict == Verdict::Holds => Since::no_later_than(first),
            _ => Since::Unknown,
        };
        directory.since = directory.since.or(since);
        for team in teams {
            let held: Vec<&Held> =
                self.held.iter().filter(|held| held.team == team.team.as_str()).collect();
            // With profiles in several domains nothing tells which of them a rung is about.
            let held = if let [one] = held.as_slice() { Some(*one) } else { None };
            for rung in &mut team.rungs {
                let since = if rung.code == ReasonCode::Offboarded {
                    Since::exactly(self.barred_since(Some(team.team.as_str())))
                } else {
                    held.map_or(Since::Unknown, |held| held.since_of(rung))
                };
                rung.since = rung.since.or(since);
            }
        }
    }

    fn barred_since(&self, team: Option<&str>) -> Option<Timestamp> {
        self.barred.iter().find(|it| it.team.as_deref() == team).map(|it| it.since)
    }
}

impl Held {
    fn since_of(&self, rung: &Rung) -> Since {
        let by_this_grant = || {
            let at = rung.at.as_ref().map(ToString::to_string);
            at.is_some() && at == self.grant
        };
        match (rung.stage, rung.verdict) {
            (Stage::Profile, _) => Since::exactly(self.leaving.or(self.since)),
            (Stage::Group | Stage::Grant, Verdict::Holds) if by_this_grant() => {
                Since::no_later_than(self.grant_since)
            }
            // Who lost it began to leave because of that.
            (Stage::Group | Stage::Grant, Verdict::Breaks) if by_this_grant() => {
                Since::no_later_than(self.leaving)
            }
            (Stage::Placement, Verdict::Holds)
                if rung.text.contains(&format!(" {} ", self.domain)) =>
            {
                Since::no_later_than(self.since)
            }
            // The text begins with the role's ARN.
            (Stage::Role, Verdict::Holds)
                if self.role.as_ref().is_some_and(|role| rung.text.starts_with(role.as_str())) =>
            {
                Since::no_later_than(self.role_since)
            }
            _ => Since::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::as_of::{Barred, as_of};
    use super::*;
    use access::ids::TeamKey;
    use access::map::Place;

    fn at(day: &str) -> Timestamp {
        format!("2026-11-{day}T08:00:00Z").parse().unwrap()
    }

    fn rung(stage: Stage, verdict: Verdict, code: ReasonCode, text: &str) -> Rung {
        Rung {
            stage,
            verdict,
            code,
            text: text.to_owned(),
            at: None,
            since: Since::Unknown,
            remedy: None,
        }
    }

    fn held() -> Held {
        Held {
            person: "p-ana".into(),
            person_name: None,
            team: "fraud".into(),
            could_open: true,
            domain: "research".into(),
            profile: "ana--fraud".into(),
            role: Some("arn:aws:iam::111122223333:role/studio-fraud".into()),
            role_since: Some(at("05")),
            grant: Some("access.yaml:30".into()),
            grant_since: Some(at("04")),
            since: Some(at("03")),
            change: None,
            leaving: None,
            leaving_because: None,
            last_opened: None,
        }
    }

    /// The dates of a ladder from the directory to the network, by what the log tells.
    fn dated(held: Vec<Held>, barred: Vec<Barred>) -> Vec<String> {
        use ReasonCode as C;
        let told = AsOf { held, barred, ..as_of(&[], at("20")) };
        let mut directory = rung(Stage::Directory, Verdict::Holds, C::PersonKnown, "known");
        let place = |line| Some(Place { file: "access.yaml".into(), line, column: 3 });
        let group = rung(Stage::Group, Verdict::Holds, C::GroupMember, "a member");
        let role = "arn:aws:iam::111122223333:role/studio-fraud exists";
        let mut team = TeamExplanation {
            team: TeamKey::parse("fraud").unwrap(),
            granted: true,
            code: C::Entitled,
            rungs: vec![
                Rung { at: place(30), ..group.clone() },
                Rung { at: place(31), ..group },
                rung(Stage::Placement, Verdict::Holds, C::Placed, "in domain research (d-1)"),
                rung(Stage::Role, Verdict::Holds, C::RoleTrusted, role),
                rung(Stage::Profile, Verdict::Holds, C::InAgreement, "profile ana--fraud"),
                rung(Stage::Grant, Verdict::Breaks, C::Offboarded, "by command"),
                rung(Stage::Network, Verdict::Depends, C::NetworkRule, "from the office"),
            ],
            ways_in: Vec::new(),
        };
        told.date(&mut directory, [&mut team]);
        let all = std::iter::once(&directory).chain(&team.rungs);
        all.map(|rung| rung.since.to_string()).collect()
    }

    #[test]
    fn rungs_are_dated_by_what_the_log_tells_and_the_rest_is_unknown() {
        let unknown = "since when is unknown";
        assert_eq!(
            dated(vec![held()], vec![]),
            [
                "since 2026-11-03T08:00:00Z at the latest",
                "since 2026-11-04T08:00:00Z at the latest",
                // Another line of the map.
                unknown,
                "since 2026-11-03T08:00:00Z at the latest",
                "since 2026-11-05T08:00:00Z at the latest",
                "since 2026-11-03T08:00:00Z",
                unknown,
                unknown,
            ]
        );
        assert_eq!(dated(vec![], vec![]), [unknown; 8]);
        let other = Held { domain: "other".into(), ..held() };
        let two = dated(vec![held(), other], vec![]);
        assert_eq!(two[0], "since 2026-11-03T08:00:00Z at the latest");
        assert_eq!(two[1..], [unknown; 7]);
    }

    #[test]
    fn who_is_leaving_is_dated_by_that_and_commands_by_theirs() {
        let leaving = Held { leaving: Some(at("09")), ..held() };
        let barred = ["fraud", "other"].map(|team| Barred {
            person: "p-ana".into(),
            team: Some(team.into()),
            since: if team == "fraud" { at("10") } else { at("11") },
        });
        let told = dated(vec![leaving], barred.into());
        assert_eq!(told[5], "since 2026-11-09T08:00:00Z");
        assert_eq!(told[6], "since 2026-11-10T08:00:00Z");
    }
}
