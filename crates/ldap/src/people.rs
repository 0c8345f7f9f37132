//! People as their entries have them.

use crate::entry::Entry;
use crate::failure::{self, Operation};
use crate::schema::{Kind, Schema};
use crate::tree::FoundGroup;
use access::snapshot::Person;
use control::directory::Account;
use control::ports::{CallError, FailureKind, Particulars};
use jiff::Timestamp;

/// A person as read, and what only memberships need of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) person: Person,
    pub(crate) particulars: Particulars,
    pub(crate) dn: String,
    /// By which groups of RFC 2307 name them.
    pub(crate) uid: Option<String>,
    /// The group that Active Directory keeps beside all others, in no `member` and no `memberOf`.
    pub(crate) primary_group: Option<u32>,
    pub(crate) sid: Option<Vec<u8>>,
}

impl Found {
    /// Reads a person.
    ///
    /// # Errors
    /// The entry has no id, or does not say whether the person may sign in.
    pub(crate) fn read(schema: &Schema, entry: &Entry, now: Timestamp) -> Result<Self, CallError> {
        let id = schema.person_id(entry)?;
        let text = |name: &str| entry.text(name).map(str::to_owned);
        // Whoever has none is called by their id: nobody signs in under it, and nothing is taken
        // from somebody because an attribute got lost.
        let user_name = text(&schema.user_name).unwrap_or_else(|| id.as_str().to_owned());
        let shown = schema.display_names.iter().find_map(|name| text(name));
        let display_name = shown.unwrap_or_else(|| user_name.clone());
        let enabled = is_enabled(schema.kind, entry, now)?;
        Ok(Self {
            person: Person { id, user_name, display_name, enabled },
            particulars: Particulars {
                email: text(&schema.email),
                external_id: schema.external_id.as_ref().and_then(|name| text(name)),
                given_name: text(&schema.given_name),
                family_name: text(&schema.family_name),
            },
            dn: entry.dn.clone(),
            uid: text("uid"),
            primary_group: entry.text("primaryGroupID").and_then(|number| number.parse().ok()),
            sid: entry.bytes("objectSid").map(<[u8]>::to_vec),
        })
    }

    /// Whether one of their groups can be known from members only, and not from the entry of theirs
    /// that names their primary group.
    pub(crate) fn is_listed_in(&self, group: &FoundGroup) -> bool {
        self.primary_group.is_none() || group.relative_id != self.primary_group
    }
}

/// Whether the account may be used: neither disabled nor expired.
fn is_enabled(kind: Kind, entry: &Entry, now: Timestamp) -> Result<bool, CallError> {
    let account = Account::of_ldap(kind == Kind::ActiveDirectory, |name| entry.text(name));
    account.map(|account| account.is_enabled(now)).map_err(|unclear| {
        let message = format!(
            "whether `{}` may sign in cannot be told: {unclear}. Let the account that Stagedoor binds as \
             read it",
            entry.dn
        );
        failure::error(Operation::Search, FailureKind::AccessDenied, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::entry::tests::entry;
    use access::ids::LdapUrl;

    fn now() -> Timestamp {
        "2026-11-21T21:30:00Z".parse().unwrap()
    }

    fn schema(kind: Kind) -> Schema {
        let url = LdapUrl::parse("ldaps://dc1.corp.example").unwrap();
        let mut config = Config::new(vec![url], "DC=corp,DC=example");
        config.attributes.id = Some("entryUUID".to_owned());
        config.attributes.external_id = Some("employeeNumber".to_owned());
        Schema::new(kind, &config).unwrap()
    }

    fn enabled(kind: Kind, attributes: &[(&str, &[&str])]) -> Result<bool, FailureKind> {
        is_enabled(kind, &entry("cn=a", attributes), now()).map_err(|error| error.kind)
    }

    #[test]
    fn a_person_has_what_the_entry_says() {
        let ana = entry(
            "uid=ana,dc=corp",
            &[
                ("entryUUID", &["8d1f6a52-0a7e-4c3b-9d2e-5b8c7f6a1e04"]),
                ("uid", &["ana"]),
                ("cn", &["Ana Lima"]),
                ("mail", &["ana@corp.example", "a@corp.example"]),
                ("employeeNumber", &["7"]),
                ("sn", &["Lima"]),
            ],
        );
        let found = Found::read(&schema(Kind::OpenLdap), &ana, now()).unwrap();
        assert_eq!(found.person.id.as_str(), "8d1f6a52-0a7e-4c3b-9d2e-5b8c7f6a1e04");
        assert_eq!(
            (found.person.user_name.as_str(), found.person.display_name.as_str()),
            ("ana", "Ana Lima")
        );
        assert!(found.person.enabled);
        let particulars = Particulars {
            email: Some("ana@corp.example".to_owned()),
            external_id: Some("7".to_owned()),
            given_name: None,
            family_name: Some("Lima".to_owned()),
        };
        assert_eq!(found.particulars, particulars);
    }

    #[test]
    fn who_has_no_user_name_keeps_what_they_have_and_cannot_sign_in_by_it() {
        let nobody = entry("cn=x", &[("entryUUID", &["8d1f6a52"])]);
        let found = Found::read(&schema(Kind::OpenLdap), &nobody, now()).unwrap();
        assert_eq!(found.person.user_name, "8d1f6a52");
        assert!(found.person.enabled);
    }

    #[test]
    fn an_entry_without_an_id_ends_the_reading() {
        let error = Found::read(&schema(Kind::OpenLdap), &entry("cn=x", &[]), now()).unwrap_err();
        assert_eq!(error.kind, FailureKind::Rejected);
        assert!(error.message.contains("`cn=x` has no `entryUUID`"), "{}", error.message);
    }

    #[test]
    fn an_account_whose_expiry_is_hidden_is_not_taken_for_enabled() {
        let hidden: &[(&str, &[&str])] = &[("userAccountControl", &["512"])];
        assert_eq!(enabled(Kind::ActiveDirectory, hidden), Err(FailureKind::AccessDenied));
        let error = is_enabled(Kind::ActiveDirectory, &entry("cn=a", hidden), now()).unwrap_err();
        assert!(error.message.contains("there is no `accountExpires`"), "{}", error.message);
        // Who is disabled is so whenever they expire; elsewhere accounts need not have the attribute.
        let disabled: &[(&str, &[&str])] = &[("userAccountControl", &["514"])];
        assert_eq!(enabled(Kind::ActiveDirectory, disabled), Ok(false));
        assert_eq!(enabled(Kind::Other, hidden), Ok(true));
    }

    #[test]
    fn who_may_sign_in_is_said_by_the_entry_or_nobody() {
        let active = |attributes| enabled(Kind::ActiveDirectory, attributes);
        let in_use: &[(&str, &[&str])] =
            &[("userAccountControl", &["512"]), ("accountExpires", &["0"])];
        assert_eq!(active(in_use), Ok(true));
        assert_eq!(active(&[("userAccountControl", &["514"])]), Ok(false));
        // Who may not read it does not take everybody for enabled.
        assert_eq!(active(&[]), Err(FailureKind::AccessDenied));
        assert_eq!(active(&[("userAccountControl", &["x"])]), Err(FailureKind::AccessDenied));
        assert_eq!(enabled(Kind::Other, &[]), Ok(true));
        let entry = entry("cn=a", &[("pwdEndTime", &["later"])]);
        assert_eq!(
            is_enabled(Kind::OpenLdap, &entry, now()).unwrap_err().message,
            "whether `cn=a` may sign in cannot be told: `pwdEndTime` is no time. Let the account that \
             Stagedoor binds as read it"
        );
    }
}
