//! Whose requests a question is about.

use super::documents::Documents;
use super::unknown::Unknown;
use crate::document::{Principal as Element, Statement};
use crate::request::{Principal, PrincipalKind, Request};
use std::collections::BTreeMap;

/// Who asks, and what is known of every request of theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The principal.
    pub principal: Principal,
    /// Context keys with the values that every request has: `aws:PrincipalTag/…` of the role. No
    /// values: no request has the key.
    pub known: BTreeMap<String, Vec<String>>,
    /// Whether the principal only stands for every identity of IAM: then what a request has of it
    /// (`aws:PrincipalArn`, `aws:PrincipalAccount` and the like) can have any value.
    pub anybody: bool,
}

impl Subject {
    /// A principal of which nothing else is known.
    pub fn new(principal: impl Into<Principal>) -> Self {
        Self { principal: principal.into(), known: BTreeMap::new(), anybody: false }
    }

    /// Any identity of IAM, in whichever account; requests are made as this one.
    pub fn anybody_as(principal: impl Into<Principal>) -> Self {
        Self { anybody: true, ..Self::new(principal) }
    }

    /// Says what every request has of a key.
    #[must_use]
    pub fn knowing<T: Into<String>>(
        mut self,
        key: &str,
        values: impl IntoIterator<Item = T>,
    ) -> Self {
        self.known.insert(key.to_lowercase(), values.into_iter().map(Into::into).collect());
        self
    }

    pub(super) fn request(&self, action: &str, resource: &str) -> Request {
        let request = Request::new(self.principal.clone(), action, resource);
        self.known.iter().fold(request, |request, (key, values)| request.with(key, values.clone()))
    }

    /// Refuses what depends on more than is known of the sessions of a role: their names where only
    /// the role is given, and the path of the role where only a session is.
    pub(super) fn stands_for_its_sessions(
        &self,
        wanted: &[&Documents],
        refused: &[&Documents],
    ) -> Result<(), Unknown> {
        if self.principal.kind() == PrincipalKind::FederatedUser {
            return Err(Unknown::because(
                "a federated user has what a session policy lets through: ask about the user",
            ));
        }
        for (_, statement, _) in wanted.iter().chain(refused).flat_map(|set| set.statements()) {
            match self.principal.kind() {
                PrincipalKind::Role if self.names_session(statement) => {
                    return Err(Unknown::because(
                        "a policy names a session of the role: ask about that session",
                    ));
                }
                PrincipalKind::Session if self.asks_for_path(statement) => {
                    return Err(Unknown::because(
                        "`aws:PrincipalArn` is compared, and the ARN of a session does not tell the \
                         path of its role: ask about the role",
                    ));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn names_session(&self, statement: &Statement) -> bool {
        let own = |arn: &String| Principal::parse(arn).is_session_of(&self.principal);
        [&statement.principal, &statement.not_principal].into_iter().flatten().any(|element| {
            matches!(element, Element::ByKind(kinds) if kinds.values().any(|l| l.0.iter().any(own)))
        })
    }

    /// Whether the statement looks at the ARN of the role, of which the path is not known.
    fn asks_for_path(&self, statement: &Statement) -> bool {
        const KEY: &str = "aws:principalarn";
        let known = self.known.contains_key(KEY)
            || self.principal.identity().is_some_and(|arn| arn.matches('/').count() > 1);
        let asked = |key: &String| key.eq_ignore_ascii_case(KEY);
        let made = |text: &String| text.to_ascii_lowercase().contains(KEY);
        let conditions = || statement.condition.values().flatten();
        let resources = [&statement.resource, &statement.not_resource].into_iter().flatten();
        !known
            && (conditions().any(|(key, values)| asked(key) || values.0.iter().any(made))
                || resources.flatten().any(made))
    }
}
