//! What a guide is made of.

use access::ids::TeamKey;
use std::collections::BTreeSet;
use url::{Host, Url};

/// Our side: where the door is, and which teams there are.
#[derive(Debug)]
pub(in crate::commands::saml) struct Site {
    origin: String,
    host: String,
    pub(super) teams: Vec<TeamSite>,
}

/// A team, as far as an identity provider needs to know it.
#[derive(Debug, Clone)]
pub(in crate::commands::saml) struct TeamSite {
    pub(super) key: TeamKey,
    /// For people.
    pub(super) title: String,
    /// The groups that the map's grants name.
    pub(super) groups: BTreeSet<String>,
}

impl Site {
    /// `None` unless the public URL is one that a door accepts.
    pub(in crate::commands::saml) fn new(public_url: &str, teams: Vec<TeamSite>) -> Option<Self> {
        let url = Url::parse(public_url).ok()?;
        let host = url.host()?;
        let loopback = match &host {
            Host::Domain(name) => *name == "localhost",
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
        };
        let scheme = url.scheme() == "https" || (url.scheme() == "http" && loopback);
        let plain = url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        let origin = url.origin().ascii_serialization();
        (scheme && plain).then(|| Self { origin, host: host.to_string(), teams })
    }

    pub(in crate::commands::saml) fn entity_id(&self) -> String {
        self.metadata_url()
    }

    pub(in crate::commands::saml) fn acs_url(&self) -> String {
        format!("{}/saml/acs", self.origin)
    }

    pub(in crate::commands::saml) fn logout_url(&self) -> String {
        format!("{}/saml/logout", self.origin)
    }

    pub(super) fn metadata_url(&self) -> String {
        format!("{}/saml/metadata", self.origin)
    }

    /// Where a sign-in starts here, so that the answer can be bound to the browser.
    pub(super) fn start_url(&self, idp: &str, team: Option<&TeamKey>) -> String {
        let query = team.map(|team| format!("?team={team}")).unwrap_or_default();
        format!("{}/login/{idp}{query}", self.origin)
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }
}

/// What to enter at one identity provider.
#[derive(Debug)]
pub(super) struct Guide {
    pub(super) title: &'static str,
    pub(super) name_id_format: &'static str,
    pub(super) steps: Vec<String>,
    pub(super) applications: Vec<Application>,
    /// YAML to paste into the map.
    pub(super) snippet: String,
    pub(super) notes: Vec<String>,
}

/// An application to make at the identity provider.
#[derive(Debug)]
pub(super) struct Application {
    pub(super) name: String,
    pub(super) team: Option<TeamKey>,
    pub(super) start_url: String,
    pub(super) attributes: Vec<AttributeMapping>,
    pub(super) groups: BTreeSet<String>,
    /// Where its metadata goes, or comes from.
    pub(super) metadata: String,
}

/// What an attribute of the assertion is filled with.
#[derive(Debug)]
pub(super) struct AttributeMapping {
    pub(super) name: &'static str,
    pub(super) value: String,
    pub(super) format: &'static str,
}

impl AttributeMapping {
    pub(super) fn new(name: &'static str, value: impl Into<String>, format: &'static str) -> Self {
        Self { name, value: value.into(), format }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_of_the_door() {
        let site = Site::new("https://door.example.com/", Vec::new()).unwrap();
        assert_eq!(site.acs_url(), "https://door.example.com/saml/acs");
        assert_eq!(site.logout_url(), "https://door.example.com/saml/logout");
        assert_eq!(site.entity_id(), "https://door.example.com/saml/metadata");
        let team = TeamKey::parse("fraud").unwrap();
        assert_eq!(
            site.start_url("okta", Some(&team)),
            "https://door.example.com/login/okta?team=fraud"
        );
        assert_eq!(site.start_url("okta", None), "https://door.example.com/login/okta");
    }

    #[test]
    fn what_no_door_accepts_is_no_public_url() {
        for good in ["http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:1"] {
            assert!(Site::new(good, Vec::new()).is_some(), "{good}");
        }
        for bad in [
            "http://door.example.com",
            "https://door.example.com/x",
            "https://door.example.com/?x",
            "https://u@door.example.com",
            "ftp://door.example.com",
            "door.example.com",
        ] {
            assert!(Site::new(bad, Vec::new()).is_none(), "{bad}");
        }
    }
}
