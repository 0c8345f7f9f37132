//! The documents by themselves.

use super::File;
use super::tree::Tree;
use crate::bundle::{Bundle, NamedPolicy, Role, RoleKind};
use crate::document::Document;

/// Everything in one JSON text, documents included.
pub fn json(bundle: &Bundle) -> String {
    let tree = index(bundle, &mut |_, document| Tree::from(document));
    format!("{}\n", tree.to_json())
}

/// A file for each document, and `index.json`, which says what each belongs to.
pub fn json_files(bundle: &Bundle) -> Vec<File> {
    let mut files = Vec::new();
    let index = index(bundle, &mut |path, document| {
        let path = format!("{path}.json");
        files.push(File::new(path.clone(), &document.to_canonical_json()));
        Tree::Text(path)
    });
    files.push(File::new("index.json", &index.to_json()));
    files
}

/// The bundle, with what `place` gives in place of each document.
fn index(bundle: &Bundle, place: &mut impl FnMut(&str, &Document) -> Tree) -> Tree {
    let roles: Vec<Tree> = bundle.roles.iter().map(|r| role(r, place)).collect();
    let scps = bundle.scps.iter().map(|policy| {
        Tree::object([
            ("name", Tree::from(&policy.name)),
            ("description", Tree::from(&policy.description)),
            ("accounts", policy.accounts.iter().collect()),
            ("policy", place(&format!("scps/{}", policy.name), &policy.document)),
        ])
    });
    let scps = Tree::List(scps.collect());
    let endpoints = bundle.endpoint_policies.iter().map(|policy| {
        Tree::object([
            ("name", Tree::from(&policy.name)),
            ("description", Tree::from(&policy.description)),
            ("service", Tree::from(&policy.service)),
            ("region", Tree::from(&policy.region)),
            ("policy", place(&format!("endpoint-policies/{}", policy.name), &policy.document)),
        ])
    });
    let endpoints = Tree::List(endpoints.collect());
    let sets = bundle.permission_sets.iter().map(|set| {
        Tree::object([
            ("name", Tree::from(&set.name)),
            ("description", Tree::from(&set.description)),
            ("sessionSeconds", Tree::Number(set.session_seconds.into())),
            ("managedPolicies", set.managed.iter().collect()),
            ("inlinePolicy", place(&format!("permission-sets/{}", set.name), &set.inline)),
        ])
    });
    let sets = Tree::List(sets.collect());
    Tree::object([
        ("roles", Tree::List(roles)),
        ("serviceControlPolicies", scps),
        ("endpointPolicies", endpoints),
        ("permissionSets", sets),
    ])
}

fn role(role: &Role, place: &mut impl FnMut(&str, &Document) -> Tree) -> Tree {
    let folder = format!("roles/{}/{}", role.account_id, role.name);
    let mut policies = |list: &[NamedPolicy]| {
        let policies = list.iter().map(|policy| {
            Tree::object([
                ("name", Tree::from(&policy.name)),
                ("description", Tree::from(&policy.description)),
                ("policy", place(&format!("{folder}/{}", policy.name), &policy.document)),
            ])
        });
        Tree::List(policies.collect())
    };
    let (managed, inline) = (policies(&role.managed), policies(&role.inline));
    let tags = role.tags.iter().map(|(key, value)| (key.clone(), Tree::from(value)));
    let (kind, teams) = match &role.kind {
        RoleKind::Hub => ("hub", Tree::List(Vec::new())),
        RoleKind::Spoke => ("spoke", Tree::List(Vec::new())),
        RoleKind::Presign => ("presign", Tree::List(Vec::new())),
        RoleKind::Execution { teams } => ("execution", teams.iter().collect()),
    };
    Tree::object([
        ("arn", Tree::Text(role.arn())),
        ("kind", Tree::from(kind)),
        ("teams", teams),
        ("description", Tree::from(&role.description)),
        ("trustPolicy", place(&format!("{folder}/trust"), &role.trust)),
        ("managedPolicies", managed),
        ("inlinePolicies", inline),
        ("permissionsBoundary", role.boundary.as_ref().map_or(Tree::from(""), Tree::from)),
        ("tags", Tree::Object(tags.collect())),
        ("maxSessionSeconds", Tree::Number(role.max_session_seconds.into())),
    ])
    .without_empty()
}
