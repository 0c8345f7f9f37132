//! What people and groups look like at a server of some kind.

use crate::config::{Attributes, Config, ConfigError};
use crate::entry::Entry;
use crate::failure::{self, Operation};
use crate::filter::{Filter, is_attribute};
use crate::value;
use access::ids::{GroupId, PersonId};
use control::ports::{CallError, FailureKind};

/// The kind of a server, as its root entry shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Active Directory, or Samba as a domain controller.
    ActiveDirectory,
    /// `OpenLDAP`.
    OpenLdap,
    /// Any other.
    Other,
}

impl Kind {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::ActiveDirectory => "active-directory",
            Self::OpenLdap => "openldap",
            Self::Other => "other",
        }
    }
}

/// Names of attributes and filters, those of the map where it names them.
#[derive(Debug, Clone)]
pub(crate) struct Schema {
    pub(crate) kind: Kind,
    pub(crate) id: String,
    pub(crate) user_name: String,
    pub(crate) display_names: Vec<String>,
    pub(crate) email: String,
    pub(crate) external_id: Option<String>,
    pub(crate) given_name: String,
    pub(crate) family_name: String,
    pub(crate) group_name: String,
    /// Attributes that name members by their DNs.
    pub(crate) members: Vec<String>,
    /// The attribute that names members by their user names (RFC 2307).
    pub(crate) member_names: Option<String>,
    pub(crate) people: Filter,
    pub(crate) groups: Filter,
}

/// `objectGUID`, which is sixteen bytes.
const OBJECT_GUID: &str = "objectGUID";

/// What tells whether somebody may sign in, at any kind of server.
const STATE: [&str; 10] = [
    "userAccountControl",
    "accountExpires",
    "nsAccountLock",
    "loginDisabled",
    "pwdAccountLockedTime",
    "pwdStartTime",
    "pwdEndTime",
    "shadowExpire",
    "primaryGroupID",
    "objectSid",
];

impl Schema {
    /// What the map says, and for the rest what is usual for a server of this kind.
    pub(crate) fn new(kind: Kind, config: &Config) -> Result<Self, ConfigError> {
        let is_ad = kind == Kind::ActiveDirectory;
        let usual = |ad: &'static str, other: &'static str| if is_ad { ad } else { other };
        let Attributes { id, user_name, display_name, email, .. } = &config.attributes;
        let named = |given: &Option<String>, usual: &str| match given {
            Some(name) if !is_attribute(name) => Err(ConfigError::Attribute(name.clone())),
            Some(name) => Ok(name.clone()),
            None => Ok(usual.to_owned()),
        };
        let given = &config.attributes;
        let people = usual(
            "(&(objectCategory=person)(objectClass=user))",
            "(|(objectClass=inetOrgPerson)(objectClass=posixAccount))",
        );
        let groups = usual(
            "(objectClass=group)",
            "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=posixGroup))",
        );
        let filter = |given: &Option<String>, usual| match given {
            Some(text) => Filter::of_map(text),
            None => Ok(Filter::known(usual)),
        };
        let (members, member_names) = match &given.member {
            Some(name) if name.eq_ignore_ascii_case("memberUid") => {
                (Vec::new(), Some(name.clone()))
            }
            Some(_) => (vec![named(&given.member, "")?], None),
            None if is_ad => (vec!["member".to_owned()], None),
            None => {
                (vec!["member".to_owned(), "uniqueMember".to_owned()], Some("memberUid".to_owned()))
            }
        };
        let display_names = match display_name {
            Some(_) => vec![named(display_name, "")?],
            None => vec!["displayName".to_owned(), usual("name", "cn").to_owned()],
        };
        Ok(Self {
            kind,
            id: named(id, usual(OBJECT_GUID, "entryUUID"))?,
            user_name: named(user_name, usual("sAMAccountName", "uid"))?,
            display_names,
            email: named(email, "mail")?,
            external_id: match &given.external_id {
                Some(_) => Some(named(&given.external_id, "")?),
                None => None,
            },
            given_name: named(&given.given_name, "givenName")?,
            family_name: named(&given.family_name, "sn")?,
            group_name: named(&given.group_name, usual("sAMAccountName", "cn"))?,
            members,
            member_names,
            people: filter(&config.people_filter, people)?,
            groups: filter(&config.groups_filter, groups)?,
        })
    }

    /// What is asked for of a person.
    pub(crate) fn of_people(&self) -> Vec<String> {
        let own = [&self.id, &self.user_name, &self.email, &self.given_name, &self.family_name];
        let state = STATE.iter().map(|name| (*name).to_owned());
        let mut all: Vec<String> = own.into_iter().cloned().chain(state).collect();
        all.extend(self.display_names.iter().cloned());
        all.extend(self.external_id.clone());
        // Groups of RFC 2307 name people by it.
        all.push("uid".to_owned());
        all.sort();
        all.dedup();
        all
    }

    /// What is asked for of a group, its members aside.
    pub(crate) fn of_groups(&self) -> Vec<String> {
        vec![self.id.clone(), self.group_name.clone(), "objectSid".to_owned()]
    }

    /// The id of an entry.
    fn id(&self, entry: &Entry) -> Result<String, CallError> {
        let found = if self.is_guid() {
            entry.bytes(&self.id).and_then(value::guid)
        } else {
            entry.text(&self.id).map(str::to_owned)
        };
        found.ok_or_else(|| {
            let message = format!(
                "`{}` has no `{}` that can be an id, or the account that Stagedoor binds as may not \
                 read it: name the attribute with a stable id as `attributes: {{ id: … }}`",
                entry.dn, self.id
            );
            failure::error(Operation::Search, FailureKind::Rejected, message)
        })
    }

    pub(crate) fn person_id(&self, entry: &Entry) -> Result<PersonId, CallError> {
        PersonId::parse(self.id(entry)?)
            .map_err(|error| failure::unreadable(Operation::Search, error.to_string()))
    }

    pub(crate) fn group_id(&self, entry: &Entry) -> Result<GroupId, CallError> {
        GroupId::parse(self.id(entry)?)
            .map_err(|error| failure::unreadable(Operation::Search, error.to_string()))
    }

    /// The name of a group; one without a name is no group that a grant could match.
    pub(crate) fn group_name(&self, entry: &Entry) -> Option<String> {
        entry.text(&self.group_name).map(str::to_owned)
    }

    /// Entries with this id; `None` if no entry of this kind of server can have it.
    pub(crate) fn with_id(&self, id: &str) -> Option<Filter> {
        if self.is_guid() {
            return value::guid_bytes(id).map(|bytes| Filter::bytes(&self.id, &bytes));
        }
        Some(Filter::equals(&self.id, id))
    }

    fn is_guid(&self) -> bool {
        self.id.eq_ignore_ascii_case(OBJECT_GUID) && self.kind == Kind::ActiveDirectory
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use access::ids::LdapUrl;

    fn config(attributes: Attributes) -> Config {
        let url = LdapUrl::parse("ldaps://dc1.corp.example").unwrap();
        Config { attributes, ..Config::new(vec![url], "DC=corp,DC=example") }
    }

    #[test]
    fn each_kind_has_its_usual_attributes() {
        let ad = Schema::new(Kind::ActiveDirectory, &config(Attributes::default())).unwrap();
        assert_eq!(
            (ad.id.as_str(), ad.user_name.as_str(), ad.group_name.as_str()),
            ("objectGUID", "sAMAccountName", "sAMAccountName")
        );
        let id = "8d1f6a52-0a7e-4c3b-9d2e-5b8c7f6a1e04";
        assert_eq!(
            ad.with_id(id).unwrap().as_str(),
            r"(objectGUID=Rj\1f\8d\7e\0a\3bL\9d.\5b\8c\7fj\1e\04)"
        );
        assert_eq!(ad.with_id("alice"), None);
        let other = Schema::new(Kind::OpenLdap, &config(Attributes::default())).unwrap();
        assert_eq!(
            (other.id.as_str(), other.user_name.as_str(), other.group_name.as_str()),
            ("entryUUID", "uid", "cn")
        );
        assert_eq!(other.with_id("a*").unwrap().as_str(), r"(entryUUID=a\2a)");
    }

    #[test]
    fn the_map_names_other_attributes_but_nothing_else() {
        let upn =
            Attributes { user_name: Some("userPrincipalName".into()), ..Attributes::default() };
        let schema = Schema::new(Kind::ActiveDirectory, &config(upn)).unwrap();
        assert_eq!(schema.user_name, "userPrincipalName");
        let names = Attributes { member: Some("memberUid".into()), ..Attributes::default() };
        let schema = Schema::new(Kind::Other, &config(names)).unwrap();
        assert_eq!((schema.members.len(), schema.member_names.as_deref()), (0, Some("memberUid")));
        let hostile = Attributes { email: Some("mail)(x=".into()), ..Attributes::default() };
        let error = Schema::new(Kind::Other, &config(hostile)).unwrap_err();
        assert_eq!(error, ConfigError::Attribute("mail)(x=".into()));
    }
}
