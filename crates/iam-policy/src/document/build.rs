//! Making documents in code.

use super::{Document, Effect, Principal, PrincipalKind, Statement, Values, Version};
use std::collections::BTreeMap;

impl Document {
    /// A document of the current version with these statements.
    ///
    /// ```
    /// use iam_policy::{Document, Statement};
    /// let read = Statement::allow("ReadData")
    ///     .actions(["s3:GetObject"])
    ///     .resources(["arn:aws:s3:::fraud-data/*"])
    ///     .when("Bool", "aws:SecureTransport", ["true"]);
    /// let document = Document::new([read]);
    /// assert_eq!(Document::parse(&document.to_canonical_json()), Ok(document));
    /// ```
    pub fn new(statements: impl IntoIterator<Item = Statement>) -> Self {
        let statements = statements.into_iter().collect();
        Self { version: Some(Version::V2012), id: None, statements }
    }
}

impl Statement {
    /// A statement that gives. The name says what for; IAM takes letters and digits.
    pub fn allow(sid: impl Into<String>) -> Self {
        Self::named(Effect::Allow, sid.into())
    }

    /// A statement that takes.
    pub fn deny(sid: impl Into<String>) -> Self {
        Self::named(Effect::Deny, sid.into())
    }

    fn named(effect: Effect, sid: String) -> Self {
        Self {
            sid: Some(sid),
            effect,
            principal: None,
            not_principal: None,
            action: None,
            not_action: None,
            resource: None,
            not_resource: None,
            condition: BTreeMap::new(),
        }
    }

    /// About these actions, besides those that are there.
    #[must_use]
    pub fn actions<T: Into<String>>(mut self, patterns: impl IntoIterator<Item = T>) -> Self {
        extend(&mut self.action, patterns);
        self
    }

    /// About all actions but these, besides those that are there.
    #[must_use]
    pub fn not_actions<T: Into<String>>(mut self, patterns: impl IntoIterator<Item = T>) -> Self {
        extend(&mut self.not_action, patterns);
        self
    }

    /// About these resources, besides those that are there.
    #[must_use]
    pub fn resources<T: Into<String>>(mut self, patterns: impl IntoIterator<Item = T>) -> Self {
        extend(&mut self.resource, patterns);
        self
    }

    /// About all resources but these, besides those that are there.
    #[must_use]
    pub fn not_resources<T: Into<String>>(mut self, patterns: impl IntoIterator<Item = T>) -> Self {
        extend(&mut self.not_resource, patterns);
        self
    }

    /// About these principals, besides those that are there.
    #[must_use]
    pub fn principals<T: Into<String>>(
        mut self,
        kind: PrincipalKind,
        names: impl IntoIterator<Item = T>,
    ) -> Self {
        self.principal = Some(joined(self.principal, kind, names));
        self
    }

    /// About all principals but these, besides those that are there.
    #[must_use]
    pub fn not_principals<T: Into<String>>(
        mut self,
        kind: PrincipalKind,
        names: impl IntoIterator<Item = T>,
    ) -> Self {
        self.not_principal = Some(joined(self.not_principal, kind, names));
        self
    }

    /// About everybody: `"Principal": "*"`.
    #[must_use]
    pub fn everybody(mut self) -> Self {
        self.principal = Some(Principal::Everybody);
        self
    }

    /// Only if the operator holds between the key and these values. All such conditions must hold.
    /// Values of an operator and key that are there already are added to them, for the language has
    /// each pair once.
    #[must_use]
    pub fn when<T: Into<String>>(
        mut self,
        operator: impl Into<String>,
        key: impl Into<String>,
        values: impl IntoIterator<Item = T>,
    ) -> Self {
        let keys = self.condition.entry(operator.into()).or_default();
        keys.entry(key.into()).or_default().0.extend(values.into_iter().map(Into::into));
        self
    }
}

fn extend<T: Into<String>>(list: &mut Option<Vec<String>>, patterns: impl IntoIterator<Item = T>) {
    list.get_or_insert_default().extend(patterns.into_iter().map(Into::into));
}

fn joined<T: Into<String>>(
    principal: Option<Principal>,
    kind: PrincipalKind,
    names: impl IntoIterator<Item = T>,
) -> Principal {
    let mut kinds = match principal {
        Some(Principal::ByKind(kinds)) => kinds,
        Some(Principal::Everybody) | None => BTreeMap::new(),
    };
    let list: &mut Values = kinds.entry(kind).or_default();
    list.0.extend(names.into_iter().map(Into::into));
    Principal::ByKind(kinds)
}
