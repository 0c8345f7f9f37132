//! Whom a statement of a resource's policy names.

use crate::document::{Effect, Principal as Element, PrincipalKind as Kind};
use crate::request::{Principal, PrincipalKind, segments};

/// How a statement speaks to a principal, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Grant {
    /// By its account.
    Account,
    /// By the role of its session, or by the user that a federated session belongs to.
    Identity,
    /// As everybody, or by what it is.
    Direct,
}

/// A `Principal` or `NotPrincipal` element.
#[derive(Debug)]
pub(super) struct Principals {
    not: bool,
    everybody: bool,
    /// Account ids, from `AWS`.
    accounts: Vec<String>,
    /// Other ARNs, from `AWS`.
    arns: Vec<String>,
    services: Vec<String>,
    federated: Vec<String>,
}

impl Principals {
    pub(super) fn new(element: &Element, not: bool) -> Self {
        let list = |kind: Kind| match element {
            Element::Everybody => Vec::new(),
            Element::ByKind(kinds) => kinds.get(&kind).map(|v| v.0.clone()).unwrap_or_default(),
        };
        let (accounts, arns) =
            list(Kind::Aws).into_iter().partition(|name| account(name).is_some());
        let accounts: Vec<String> = accounts;
        Self {
            not,
            everybody: element.is_everybody(),
            accounts: accounts.iter().filter_map(|name| account(name)).map(str::to_owned).collect(),
            arns,
            services: list(Kind::Service),
            federated: list(Kind::Federated),
        }
    }

    /// How the element speaks to the principal, if at all.
    pub(super) fn grant(
        &self,
        principal: &Principal,
        effect: Effect,
        bounded: bool,
    ) -> Option<Grant> {
        if !self.not {
            return self.lists(principal);
        }
        let spared = match effect {
            Effect::Deny => !bounded && self.spares(principal),
            Effect::Allow => self.lists(principal).is_some(),
        };
        (!spared).then_some(Grant::Direct)
    }

    /// Whether a `Deny` with this `NotPrincipal` does not concern the principal: it is listed, and
    /// so is its account.
    fn spares(&self, principal: &Principal) -> bool {
        if !principal.is_identity() || self.everybody {
            return self.lists(principal).is_some();
        }
        let account = principal.account().is_some_and(|id| self.accounts.iter().any(|a| a == id));
        let itself = match principal.kind() {
            PrincipalKind::Root => account,
            PrincipalKind::Session => self.lists_identity(principal),
            _ => self.arns.iter().any(|arn| arn == principal.name()),
        };
        account && itself
    }

    fn lists(&self, principal: &Principal) -> Option<Grant> {
        let name = principal.name();
        let named = |list: &[String]| list.iter().any(|listed| listed == name);
        let direct = self.everybody
            || match principal.kind() {
                PrincipalKind::Service => named(&self.services),
                PrincipalKind::Federated => named(&self.federated),
                PrincipalKind::Anonymous | PrincipalKind::Role => false,
                _ => named(&self.arns),
            };
        if direct {
            return Some(Grant::Direct);
        }
        if !principal.is_identity() {
            return None;
        }
        if self.lists_identity(principal) {
            return Some(Grant::Identity);
        }
        let account = principal.account().is_some_and(|id| self.accounts.iter().any(|a| a == id));
        match principal.kind() {
            PrincipalKind::Root => account.then_some(Grant::Direct),
            _ => account.then_some(Grant::Account),
        }
    }

    /// Whether the role of a session is listed, or the user of a federated one.
    fn lists_identity(&self, principal: &Principal) -> bool {
        let Some(identity) = principal.identity() else { return false };
        self.arns.iter().any(|arn| match principal.kind() {
            PrincipalKind::Session => same_role(arn, identity),
            _ => arn == identity,
        })
    }
}

/// The account that a name stands for: its id, or the ARN of its root.
fn account(name: &str) -> Option<&str> {
    let id = match segments(name) {
        Some((_, "iam", id, "root")) => id,
        Some(_) => return None,
        None => name,
    };
    (id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit())).then_some(id)
}

/// Whether two ARNs are of one role. The ARN of a session lacks the path of its role; names are
/// unique within an account whatever the path.
fn same_role(left: &str, right: &str) -> bool {
    let role = |arn| {
        let (partition, service, account, resource) = segments(arn)?;
        let name = resource.strip_prefix("role/")?.rsplit('/').next()?;
        Some((partition, service, account, name))
    };
    role(left).is_some_and(|left| Some(left) == role(right))
}
