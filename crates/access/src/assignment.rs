//! Whether the Identity Center application of a domain in SSO mode lets somebody in.

use crate::entitlement::Entitlement;
use crate::ids::GroupId;
use crate::map::AccessMap;
use crate::observed::{ObservedApplication, ObservedDomain};
use crate::snapshot::{Person, Snapshot};

/// What somebody with a right to a team lacks to be let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Lacking<'a> {
    /// The group by which they have the team is not assigned; Stagedoor assigns it.
    Assignment {
        /// The ARN of the domain's application.
        application: &'a str,
        group: &'a GroupId,
        group_name: &'a str,
    },
    /// The same, as long as the map does not enforce the team.
    Enforcement { group_name: &'a str },
    /// The domain does not tell its application, so the group has to be assigned by hand.
    ByHand { group_name: &'a str },
    /// The group is not of Identity Center: whether its people are assigned, nobody can tell.
    Elsewhere { group_name: &'a str },
    /// Only a temporary grant gives them the team. It assigns nobody: an assignment shows nobody who
    /// made it, and so would never end.
    Alone { user_name: &'a str },
}

impl<'a> Lacking<'a> {
    /// What this right lacks in this domain; `None`: nothing.
    pub(crate) fn of(
        map: &AccessMap,
        snapshot: &Snapshot,
        domain: &'a ObservedDomain,
        right: &'a Entitlement<'_>,
    ) -> Option<Self> {
        let (because, person) = (right.because(), right.person);
        let application = domain.application.as_ref();
        let group_name = because.group_name.as_str();
        let Some(group) = &because.group else {
            let is_in = application.is_some_and(|it| is_let_in(snapshot, person, it));
            return (!is_in).then_some(Self::Alone { user_name: &person.user_name });
        };
        let Some(application) = application else {
            return Some(Self::ByHand { group_name });
        };
        if application.groups.contains(group) || application.people.contains(&person.id) {
            None
        } else if !map.directories.is_in_identity_center(group) {
            Some(Self::Elsewhere { group_name })
        } else if map.rollout.enforces(right.team) {
            Some(Self::Assignment { application: &application.arn, group, group_name })
        } else {
            Some(Self::Enforcement { group_name })
        }
    }
}

/// Whether the application lets the person in already, by themselves or by any group.
fn is_let_in(snapshot: &Snapshot, person: &Person, application: &ObservedApplication) -> bool {
    let is_member = |group: &GroupId| {
        let known = snapshot.groups.get(group);
        known.is_some_and(|group| group.members.contains(&person.id))
    };
    application.people.contains(&person.id) || application.groups.iter().any(is_member)
}
