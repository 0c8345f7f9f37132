//! What of the map's policies AWS would not take.

use crate::map::{AccessMap, Diagnostic, codes};
use iam_policy::bundle::{Bundle, NamedPolicy, Role, RoleKind};
use iam_policy::document::{Limit, split};
use std::collections::BTreeMap;

/// What is in the bundle, which may be a part of the map's, and too large to be rolled out: roles of
/// Stagedoor's own and service control policies, with code
/// [`POLICY_TOO_LARGE`](crate::map::codes::POLICY_TOO_LARGE). Nothing else of the bundle depends on them.
pub fn too_large(map: &AccessMap, bundle: &Bundle) -> Vec<Diagnostic> {
    let Some(hub) = &map.hub else { return Vec::new() };
    let problem = |message, help| hub.problem(codes::POLICY_TOO_LARGE, message, help);
    let own = bundle.roles.iter().filter(|role| !matches!(role.kind, RoleKind::Execution { .. }));
    let roles = own.filter(|role| role.inline_size() > Limit::ROLE_INLINE.characters).map(|role| {
        let message = format!(
            "the policies of the role `{}` would take {} characters inline, IAM allows {}, and they do not \
             fit into {} managed policies either",
            role.arn(),
            role.inline_size(),
            Limit::ROLE_INLINE.characters,
            Limit::MANAGED_POLICY.documents
        );
        problem(message, "let fewer domains share the role, or use more accounts")
    });
    let limit = Limit::SERVICE_CONTROL_POLICY;
    let large = bundle.scps.iter().filter(|scp| !limit.fits(&scp.document)).map(|scp| {
        let message = format!(
            "the service control policy `{}` would take {} characters and AWS allows {}",
            scp.name,
            limit.size(&scp.document),
            limit.characters
        );
        problem(message, "let teams share networks, or use more accounts")
    });
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for account in bundle.scps.iter().flat_map(|scp| &scp.accounts) {
        *counts.entry(account).or_default() += 1;
    }
    // `FullAWSAccess` is one of those of an account.
    let counts = counts.into_iter().filter(|(_, count)| *count >= limit.documents);
    let many = counts.map(|(account, count)| {
        let message = format!(
            "the account {account} would have {count} service control policies and `FullAWSAccess`, and AWS \
             allows {}",
            limit.documents
        );
        problem(message, "give execution roles shorter names, or use more accounts")
    });
    roles.chain(large).chain(many).collect()
}

/// The role with managed policies in place of inline ones where those are too large: ten managed ones take
/// six times as many characters. As it was, where it takes more than that.
pub(super) fn fitted(role: Role) -> Role {
    if role.inline_size() <= Limit::ROLE_INLINE.characters {
        return role;
    }
    let documents = role.inline.iter().map(|policy| &policy.document);
    let Ok(documents) = split(documents, Limit::MANAGED_POLICY) else { return role };
    let named = documents.into_iter().enumerate().map(|(index, document)| NamedPolicy {
        name: format!("{}-{}", role.name, index + 1),
        description: role.description.clone(),
        document,
    });
    Role { managed: named.collect(), inline: Vec::new(), ..role }
}
