//! The rungs above and below the grants: directory, placement, role, profile and network.

use super::{Facts, Rung, Since, Stage, Verdict};
use crate::assignment::Lacking;
use crate::ids::{DomainKey, PersonId, ProfileName, TeamKey};
use crate::map::Placement;
use crate::network::{NetworkMatch, NetworkRule};
use crate::observed::{AuthMode, ObservedProfile, ObservedRole};
use crate::plan::{Action, Kept, Step};
use crate::reason::ReasonCode;
use crate::shell::CommandLine;

/// What gives people of a team that is left out what they have a right to.
const ENFORCE: &str = "Add the team to `rollout.enforce` in the map.";

impl Facts<'_> {
    pub(super) fn directory(&self, id: &PersonId) -> Rung {
        let rung = |verdict, code, text| Rung::new(Stage::Directory, verdict, code, text);
        let Some(person) = self.snapshot.people.get(id) else {
            let text = format!("the directory does not know {id}");
            return rung(Verdict::Breaks, ReasonCode::PersonGone, text).remedy(
                "Where an identity provider provisions people, provision the person there first.",
            );
        };
        let user = &person.user_name;
        if !person.enabled {
            let text = format!("the directory has disabled {user}");
            return rung(Verdict::Breaks, ReasonCode::PersonDisabled, text)
                .remedy("Enable the person in the directory.");
        }
        if self.snapshot.offboarded.contains_key(id) {
            let text = format!("an admin offboarded {user} by command");
            let restore = CommandLine::of(&["restore"]).about(user);
            return rung(Verdict::Breaks, ReasonCode::Offboarded, text)
                .remedy(format!("If {user} is to come back: `{restore}`."));
        }
        let text = format!("the directory knows {user} and lets them sign in");
        rung(Verdict::Holds, ReasonCode::PersonKnown, text)
    }

    /// What bars this person from this team, whatever their groups say: an admin's command, or
    /// another team that comes first where a person can have only one.
    pub(super) fn barred(&self, id: &PersonId, team: &TeamKey) -> Option<Rung> {
        let person = self.snapshot.people.get(id)?;
        if self.snapshot.barred.get(id).is_some_and(|teams| teams.contains_key(team)) {
            let user = &person.user_name;
            let text = format!("an admin offboarded {user} from {team} by command");
            let rung = Rung::new(Stage::Grant, Verdict::Breaks, ReasonCode::Offboarded, text);
            let restore = CommandLine::of(&["restore"]).about(user).with("--team", team.as_str());
            return Some(rung.remedy(format!("If {user} is to have it again: `{restore}`.")));
        }
        let outranked = self.plan.kept.iter().find(|kept| {
            kept.reason == ReasonCode::Outranked
                && kept.person.as_ref() == Some(id)
                && kept.team.as_ref() == Some(team)
        })?;
        let rung = Rung::new(Stage::Grant, Verdict::Breaks, outranked.reason, told(outranked));
        Some(rung.remedy(format!(
            "Give the grant of {team} a higher `priority`, or place the team in another domain."
        )))
    }

    /// In which domain the person's profile of this team is, or will be.
    pub(super) fn placement(&self, person: &PersonId, team: &TeamKey) -> Option<Rung> {
        let key = &self.placed(person, team)?.domain;
        let domain = self.map.domains.get(key)?;
        let text = format!(
            "{team} is placed in domain {key} ({} of account {} in {})",
            domain.domain_id, domain.account_id, domain.region
        );
        let rung = Rung::new(Stage::Placement, Verdict::Holds, ReasonCode::Placed, text);
        // What else the plan says of the domain, such as a group assigned that no grant names, stops nobody.
        let stands = self.plan.kept.iter().find(|kept| {
            let code = kept.reason;
            &kept.domain == key
                && kept.profile.is_none()
                && matches!(code, ReasonCode::DomainUnreadable | ReasonCode::DomainNotInService)
        });
        Some(match stands {
            None => self.assigned(rung, person, (key, team)),
            Some(kept) => Rung {
                verdict: Verdict::Breaks,
                code: kept.reason,
                text: format!("{}: {}", rung.text, told(kept)),
                remedy: Some("Run `stagedoor doctor`, which says what is wrong there.".to_owned()),
                ..rung
            },
        })
    }

    /// The rung of the placement, with what the person lacks to be let in where Identity Center does that.
    fn assigned(&self, rung: Rung, person: &PersonId, at: (&DomainKey, &TeamKey)) -> Rung {
        let lacking = || {
            let domain = self.observed.domains.get(at.0)?;
            let right = self.entitled.get(person, at.1)?;
            let is_sso = domain.auth_mode == AuthMode::Sso;
            is_sso.then(|| Lacking::of(self.map, self.snapshot, domain, right))?
        };
        let Some(lacking) = lacking() else { return rung };
        let (code, text, remedy) = match lacking {
            Lacking::Assignment { group_name, .. } => (
                ReasonCode::Entitled,
                format!("group `{group_name}` will be assigned to its application"),
                self.sync(person),
            ),
            Lacking::Enforcement { group_name } => (
                ReasonCode::NotEnforced,
                format!("group `{group_name}` is not assigned to its application"),
                ENFORCE.to_owned(),
            ),
            Lacking::ByHand { group_name } => (
                ReasonCode::AssignmentManual,
                format!("whether group `{group_name}` is assigned to it, it does not tell"),
                format!("Assign `{group_name}` to the domain in the SageMaker console."),
            ),
            Lacking::Elsewhere { group_name } => (
                ReasonCode::GroupElsewhere,
                format!(
                    "group `{group_name}` is not of Identity Center and cannot be assigned to it"
                ),
                "Assign a group of Identity Center with the same people in the SageMaker console."
                    .to_owned(),
            ),
            Lacking::Alone { user_name } => (
                ReasonCode::AssignmentManual,
                format!("{user_name} is not assigned to it, and a temporary grant assigns nobody"),
                format!("Assign {user_name} to the domain in the SageMaker console."),
            ),
        };
        let text = format!("{}: {text}", rung.text);
        Rung { verdict: Verdict::Depends, code, text, remedy: Some(remedy), ..rung }
    }

    /// The one of the team's domains that the plan speaks of for this person, or the first.
    pub(super) fn placed(&self, person: &PersonId, team: &TeamKey) -> Option<&Placement> {
        let acts = self.plan.actions.iter().filter(|a| &a.person == person && &a.team == team);
        let kept = self.plan.kept.iter();
        let kept =
            kept.filter(|k| k.person.as_ref() == Some(person) && k.team.as_ref() == Some(team));
        let mut spoken = acts.map(|a| &a.domain).chain(kept.map(|k| &k.domain));
        let team = self.map.teams.get(team)?;
        spoken.find_map(|key| team.placement(key)).or_else(|| team.placements.first())
    }

    pub(super) fn role(&self, person: &PersonId, team: &TeamKey) -> Option<Rung> {
        let role = &self.placed(person, team)?.execution_role;
        let (verdict, code, says, remedy) = match self.observed.roles.get(role)? {
            ObservedRole::Trusted => (
                Verdict::Holds,
                ReasonCode::RoleTrusted,
                "exists, and SageMaker may assume it",
                None,
            ),
            ObservedRole::Missing => (
                Verdict::Breaks,
                ReasonCode::RoleMissing,
                "does not exist",
                Some("Make the role, or correct `execution_role` in the map."),
            ),
            ObservedRole::Untrusted => (
                Verdict::Breaks,
                ReasonCode::RoleUntrusted,
                "exists, and its trust policy does not let SageMaker assume it",
                Some("Let sagemaker.amazonaws.com assume it."),
            ),
            ObservedRole::Unreadable => (
                Verdict::Depends,
                ReasonCode::RoleUnreadable,
                "could not be read",
                Some("Allow iam:GetRole to Stagedoor."),
            ),
        };
        let rung = Rung::new(Stage::Role, verdict, code, format!("{role} {says}"));
        Some(Rung { remedy: remedy.map(str::to_owned), ..rung })
    }

    /// What the planner makes of the person's profiles of this team.
    pub(super) fn profile(&self, person: &PersonId, team: &TeamKey) -> Vec<Rung> {
        let acts = self.plan.actions.iter().filter(|a| &a.person == person && &a.team == team);
        let kept = self
            .plan
            .kept
            .iter()
            .filter(|k| k.reason != ReasonCode::Outranked)
            .filter(|k| k.person.as_ref() == Some(person) && k.team.as_ref() == Some(team));
        acts.map(|action| self.planned(action))
            .chain(kept.map(|kept| self.left_alone(kept)))
            .collect()
    }

    fn planned(&self, action: &Action) -> Rung {
        let what = match &action.step {
            Step::Create { .. } => "will be made",
            Step::Adopt { .. } => "will be taken over",
            Step::StopApps { .. } => "has its apps stopped, then will be corrected",
            Step::Update { .. } => "will be corrected",
            Step::Hold { .. } => "goes on hold",
            Step::Remove { .. } => "will be taken away",
        };
        let text = format!("profile {} in {} {what}", action.profile, action.domain);
        Rung::new(Stage::Profile, Verdict::Depends, action.reason, text)
            .since(self.leaving_since(&action.domain, &action.profile))
            .remedy(self.sync(&action.person))
    }

    /// What makes the plan true for this person at once.
    fn sync(&self, person: &PersonId) -> String {
        let known = self.snapshot.people.get(person);
        let who = known.map_or(person.as_str(), |p| p.user_name.as_str());
        format!("Run `{}`.", CommandLine::of(&["sync"]).with("--person", who))
    }

    fn left_alone(&self, kept: &Kept) -> Rung {
        let verdict = match kept.reason {
            ReasonCode::InAgreement => Verdict::Holds,
            reason if reason.needs_admin() => Verdict::Breaks,
            // The door opens a profile that agrees with the map, and makes it so only where it may.
            ReasonCode::NotEnforced | ReasonCode::Adoptable if self.is_iam(kept) => Verdict::Breaks,
            _ => Verdict::Depends,
        };
        let name =
            kept.profile.as_ref().map_or("the profile".to_owned(), |p| format!("profile {p}"));
        let text = format!("{name} in {}: {}", kept.domain, told(kept));
        let since = kept.profile.as_ref().map(|name| self.leaving_since(&kept.domain, name));
        let rung =
            Rung::new(Stage::Profile, verdict, kept.reason, text).since(since.unwrap_or_default());
        match verdict {
            Verdict::Breaks if kept.reason == ReasonCode::NotEnforced => rung.remedy(ENFORCE),
            _ => rung,
        }
    }

    /// Whether people come into the domain through the door.
    fn is_iam(&self, kept: &Kept) -> bool {
        let domain = self.observed.domains.get(&kept.domain);
        domain.is_some_and(|domain| domain.auth_mode == AuthMode::Iam)
    }

    /// Since when a profile is on its way out, by its tag.
    fn leaving_since(&self, domain: &DomainKey, name: &ProfileName) -> Since {
        let profiles = self.observed.domains.get(domain).map(|domain| domain.profiles.values());
        let profile = profiles.into_iter().flatten().find(|p| p.name.folded() == name.folded());
        Since::exactly(profile.and_then(ObservedProfile::leaving_since))
    }

    /// From where the team may be opened. Whether the person is there is not known here.
    pub(super) fn network(&self, team: &TeamKey) -> Option<Rung> {
        let key = &self.map.teams.get(team)?.network;
        let rule = self.map.networks.get(key);
        let anywhere = rule.is_none_or(|rule| rule.any_of.contains(&NetworkMatch::Anywhere));
        if anywhere {
            let text = "may be opened from anywhere";
            return Some(Rung::new(Stage::Network, Verdict::Holds, ReasonCode::NetworkRule, text));
        }
        let text = format!("may be opened from {key}: {}", rule.map_or(String::new(), ways_in));
        Some(Rung::new(Stage::Network, Verdict::Depends, ReasonCode::NetworkRule, text))
    }
}

fn ways_in(rule: &NetworkRule) -> String {
    let ways: Vec<String> = rule.any_of.iter().map(ToString::to_string).collect();
    if ways.is_empty() { "nowhere".to_owned() } else { ways.join(" or ") }
}

fn told(kept: &Kept) -> String {
    let meaning = kept.reason.meaning();
    kept.detail.as_ref().map_or_else(|| meaning.to_owned(), |d| format!("{meaning} ({d})"))
}
