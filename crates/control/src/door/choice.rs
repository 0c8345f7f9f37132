//! Which team a sign-in leads to. It selects among what the directory gives and grants nothing.

use super::No;
use super::begin::other_team;
use super::doorway::Doorway;
use super::words::ASK_ADMIN;
use access::entitlement::Entitlement;
use access::ids::{DomainKey, TeamKey};
use access::map::TeamSelector;
use access::reason::ReasonCode;
use saml_sp::{Attributes, Rejection};

/// Where a sign-in leads.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Choice {
    /// The team to open at once.
    pub(super) team: Option<TeamKey>,
    /// Whether the session opens this team and no other.
    pub(super) only: bool,
    /// The domain among whose teams the person chooses.
    pub(super) domain: Option<DomainKey>,
}

/// What says which team is wanted.
#[derive(Debug)]
pub(super) struct Wishes<'a> {
    /// What the provider is bound to, or which attribute says it.
    pub(super) selector: Option<&'a TeamSelector>,
    pub(super) attributes: &'a Attributes,
    /// Chosen here before signing in.
    pub(super) begun: Option<&'a TeamKey>,
    /// Only of an answer that nobody here asked for. Anybody can write it, so it can name a team of
    /// the map and nothing else; addresses and the like are passed over.
    pub(super) relay_state: Option<&'a str>,
    /// What the person may open now.
    pub(super) rights: &'a [Entitlement<'a>],
}

/// Why there is no choice.
#[derive(Debug)]
pub(super) enum NoChoice {
    /// An attribute is not as it must be.
    Attribute(Rejection),
    /// The map or the directory says otherwise.
    Refused(No<'static>),
}

impl Doorway {
    /// Where a sign-in leads. An attribute that is absent chooses nothing, because providers leave
    /// it out where no tile was used; one that is there must make sense.
    pub(super) fn choice(&self, wishes: &Wishes<'_>) -> Result<Choice, NoChoice> {
        let relayed = wishes.relay_state.and_then(|text| self.team_of_map(text));
        let asked = wishes.begun.cloned().or(relayed);
        match wishes.selector {
            None => Ok(Choice { team: asked, ..Choice::default() }),
            Some(TeamSelector::Team(bound)) => match asked {
                Some(team) if &team != bound => Err(NoChoice::Refused(other_team())),
                _ => Ok(Choice { team: Some(bound.clone()), only: true, domain: None }),
            },
            Some(TeamSelector::TeamAttribute(name)) => {
                let named = match value(wishes.attributes, name)? {
                    None => None,
                    Some(text) => Some(self.team_of_map(text).ok_or_else(team_unknown)?),
                };
                let team = wishes.begun.cloned().or(named).or(asked);
                Ok(Choice { team, ..Choice::default() })
            }
            Some(TeamSelector::DomainAttribute(name)) => match value(wishes.attributes, name)? {
                None => Ok(Choice { team: asked, ..Choice::default() }),
                Some(text) => self.in_domain(text, asked, wishes.rights),
            },
        }
    }

    /// The team of the person in the domain of this id, or the choice among several.
    fn in_domain(
        &self,
        domain_id: &str,
        asked: Option<TeamKey>,
        rights: &[Entitlement<'_>],
    ) -> Result<Choice, NoChoice> {
        let known = self.plane.map.domains.iter().find(|(_, d)| d.domain_id.as_str() == domain_id);
        let Some((domain, _)) = known else {
            let why = "Your identity provider sent you to a domain that is not known here.";
            return Err(NoChoice::Refused(No::new(ReasonCode::DomainUnknown, why, ASK_ADMIN)));
        };
        let is_there = |team: &TeamKey| {
            self.plane.map.teams.get(team).is_some_and(|team| team.placement(domain).is_some())
        };
        if let Some(team) = asked {
            return if is_there(&team) {
                Ok(Choice { team: Some(team), only: false, domain: Some(domain.clone()) })
            } else {
                Err(NoChoice::Refused(other_team()))
            };
        }
        let mut teams = rights.iter().map(|r| r.team).filter(|t| is_there(t));
        let team = match (teams.next(), teams.next()) {
            (None, _) => {
                let why = "You have no team in the domain that your identity provider sent you to.";
                let remedy = "Ask the team's owner to add you to its group; it works at once.";
                return Err(NoChoice::Refused(No::new(ReasonCode::NotEntitled, why, remedy)));
            }
            (Some(only), None) => Some(only.clone()),
            (Some(_), Some(_)) => None,
        };
        Ok(Choice { team, only: false, domain: Some(domain.clone()) })
    }

    fn team_of_map(&self, text: &str) -> Option<TeamKey> {
        TeamKey::parse(text).ok().filter(|team| self.plane.map.teams.contains_key(team))
    }
}

/// The one value of an attribute, or nothing if there is no such attribute.
fn value<'a>(attributes: &'a Attributes, name: &str) -> Result<Option<&'a str>, NoChoice> {
    let found = attributes.find(name).map_err(NoChoice::Attribute)?;
    found.map(|_| attributes.single(name)).transpose().map_err(NoChoice::Attribute)
}

fn team_unknown() -> NoChoice {
    let why = "Your identity provider sent you to a team that is not known here.";
    NoChoice::Refused(No::new(ReasonCode::TeamUnknown, why, ASK_ADMIN))
}
