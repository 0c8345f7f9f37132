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
    /// The id of a group: the same attribute, but for those that only people have.
    group_id: String,
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
    /// Groups, whatever the map says of them.
    pub(crate) usual_groups: Filter,
}

/// `objectGUID`, which is sixteen bytes.
const OBJECT_GUID: &str = "objectGUID";

/// Attributes that only people have, and what tells groups apart in their stead.
const IDS_OF_PEOPLE: [(&str, &str); 2] = [("uid", "cn"), ("uidNumber", "gidNumber")];

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
        let id = named(id, usual(OBJECT_GUID, "entryUUID"))?;
        let group_id = IDS_OF_PEOPLE.iter().find(|(people, _)| id.eq_ignore_ascii_case(people));
        let group_id = group_id.map_or(id.as_str(), |(_, groups)| groups).to_owned();
        Ok(Self {
            kind,
            id,
            group_id,
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
            usual_groups: Filter::known(groups),
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
        vec![self.group_id.clone(), self.group_name.clone(), "objectSid".to_owned()]
    }

    /// Every attribute that names members.
    pub(crate) fn member_attributes(&self) -> impl Iterator<Item = &str> {
        self.members.iter().chain(&self.member_names).map(String::as_str)
    }

    /// What is asked for to see whether a group has members: of Active Directory no more than one.
    pub(crate) fn first_members(&self) -> Vec<String> {
        let first = |name: &str| match self.kind {
            Kind::ActiveDirectory => format!("{name};range=0-0"),
            Kind::OpenLdap | Kind::Other => name.to_owned(),
        };
        self.member_attributes().map(first).collect()
    }

    /// The id of an entry.
    fn id(&self, entry: &Entry, attribute: &str) -> Result<String, CallError> {
        let found = if self.is_guid() {
            entry.bytes(attribute).and_then(value::guid)
        } else {
            entry.text(attribute).map(str::to_owned)
        };
        found.ok_or_else(|| {
            let message = format!(
                "`{}` has no `{}` that can be an id, or the account that Stagedoor binds as may not \
                 read it: name the attribute with a stable id as `attributes: {{ id: … }}`",
                entry.dn, attribute
            );
            failure::error(Operation::Search, FailureKind::Rejected, message)
        })
    }

    pub(crate) fn person_id(&self, entry: &Entry) -> Result<PersonId, CallError> {
        PersonId::parse(self.id(entry, &self.id)?)
            .map_err(|error| failure::unreadable(Operation::Search, error.to_string()))
    }

    pub(crate) fn group_id(&self, entry: &Entry) -> Result<GroupId, CallError> {
        GroupId::parse(self.id(entry, &self.group_id)?)
            .map_err(|error| failure::unreadable(Operation::Search, error.to_string()))
    }

    /// The name of a group; one without a name is no group that a grant could match.
    pub(crate) fn group_name(&self, entry: &Entry) -> Option<String> {
        entry.text(&self.group_name).map(str::to_owned)
    }

    /// People with this id; `None` if nobody at this kind of server can have it.
    pub(crate) fn person_with_id(&self, id: &PersonId) -> Option<Filter> {
        self.with_id(&self.id, id.as_str())
    }

    /// Groups with this id; `None` if no group at this kind of server can have it.
    pub(crate) fn group_with_id(&self, id: &GroupId) -> Option<Filter> {
        self.with_id(&self.group_id, id.as_str())
    }

    fn with_id(&self, attribute: &str, id: &str) -> Option<Filter> {
        if self.is_guid() {
            return value::guid_bytes(id).map(|bytes| Filter::bytes(attribute, &bytes));
        }
        Some(Filter::equals(attribute, id))
    }

    /// Whether ids are those of Active Directory.
    pub(crate) fn is_guid(&self) -> bool {
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
        let of = |id| PersonId::parse(id).unwrap();
        assert_eq!(
            ad.person_with_id(&of("8d1f6a52-0a7e-4c3b-9d2e-5b8c7f6a1e04")).unwrap().as_str(),
            r"(objectGUID=Rj\1f\8d\7e\0a\3bL\9d.\5b\8c\7fj\1e\04)"
        );
        assert_eq!(ad.person_with_id(&of("alice")), None);
        let other = Schema::new(Kind::OpenLdap, &config(Attributes::default())).unwrap();
        assert_eq!(
            (other.id.as_str(), other.user_name.as_str(), other.group_name.as_str()),
            ("entryUUID", "uid", "cn")
        );
        assert_eq!(other.person_with_id(&of("a")).unwrap().as_str(), "(entryUUID=a)");
    }

    #[test]
    fn groups_have_no_user_names() {
        let attributes = Attributes { id: Some("uid".into()), ..Attributes::default() };
        let schema = Schema::new(Kind::Other, &config(attributes)).unwrap();
        let group = GroupId::parse("ml-all").unwrap();
        assert_eq!(schema.group_with_id(&group).unwrap().as_str(), "(cn=ml-all)");
        let person = PersonId::parse("ana").unwrap();
        assert_eq!(schema.person_with_id(&person).unwrap().as_str(), "(uid=ana)");
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
