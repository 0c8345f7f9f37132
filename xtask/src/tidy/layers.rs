//! Who may depend on whom. Tests may depend on anybody of ours.

use super::Violation;
use crate::workspace::Package;

/// Each of our crates, and which of our crates it may use. An adapter never uses another one.
const LAYERS: &[(&str, &[&str])] = &[
    ("iam-policy", &[]),
    ("saml-sp", &[]),
    ("scim", &[]),
    ("sandbox", &[]),
    ("demo-idp", &[]),
    ("dynamodb-peer", &[]),
    ("xtask", &["dynamodb-peer"]),
    // Tests only.
    ("templates", &[]),
    ("page-judge", &[]),
    ("saml-bench", &["saml-sp"]),
    ("plan-bench", &["access"]),
    ("sync-bench", &["access", "aws", "control", "sandbox", "store"]),
    ("web-bench", &["access", "control", "demo-idp", "saml-sp", "sync-bench", "web"]),
    ("scale-bench", &["access", "aws", "control", "demo-idp", "dynamodb-peer", "sandbox", "store"]),
    ("simulation", &["access", "aws", "control", "sandbox", "store"]),
    ("access", &["iam-policy"]),
    ("control", &["access", "iam-policy", "saml-sp", "scim"]),
    ("directory-file", ADAPTER),
    ("ldap", ADAPTER),
    ("outbound", &[]),
    ("notify", &["access", "control", "outbound"]),
    ("scim-client", &["access", "control", "outbound"]),
    ("store", ADAPTER),
    ("store-contract", &["access", "control"]),
    ("aws", ADAPTER),
    ("web", ADAPTER),
    ("lambda", &["access", "control", "web"]),
    (
        "stagedoor",
        &[
            "access",
            "aws",
            "control",
            "demo-idp",
            "directory-file",
            "iam-policy",
            "lambda",
            "ldap",
            "notify",
            "outbound",
            "saml-sp",
            "sandbox",
            "scim-client",
            "store",
            "web",
        ],
    ),
];

const ADAPTER: &[&str] = &["access", "control", "iam-policy", "saml-sp"];

/// The one crate that may name crates of AWS.
const AWS: &str = "aws";

/// Cryptography, not a service: anybody may use it.
const AWS_LC: &str = "aws-lc-rs";

pub(crate) fn check(packages: &[Package]) -> Vec<Violation> {
    packages
        .iter()
        .flat_map(|package| {
            let rules = [unknown(package), layers(package, packages), vendor(package)];
            rules
                .into_iter()
                .flatten()
                .map(|rule| Violation { file: package.manifest.clone(), rule })
        })
        .collect()
}

fn allowed(package: &Package) -> Option<&'static [&'static str]> {
    LAYERS.iter().find(|(name, _)| *name == package.name).map(|(_, allowed)| *allowed)
}

fn unknown(package: &Package) -> Vec<String> {
    match allowed(package) {
        Some(_) => Vec::new(),
        None => vec![format!(
            "`{}` has no layer: say in xtask/src/tidy/layers.rs what it may depend on",
            package.name
        )],
    }
}

fn layers(package: &Package, packages: &[Package]) -> Vec<String> {
    let Some(allowed) = allowed(package) else { return Vec::new() };
    let is_ours = |name: &str| packages.iter().any(|package| package.name == name);
    package
        .dependencies
        .iter()
        .filter(|dependency| !dependency.dev && is_ours(&dependency.name))
        .filter(|dependency| !allowed.contains(&dependency.name.as_str()))
        .map(|dependency| {
            let may =
                if allowed.is_empty() { "nothing of ours".to_owned() } else { allowed.join(", ") };
            format!("`{}` may depend on {may}; not on `{}`", package.name, dependency.name)
        })
        .collect()
}

fn vendor(package: &Package) -> Vec<String> {
    if package.name == AWS {
        return Vec::new();
    }
    package
        .dependencies
        .iter()
        .filter(|dependency| dependency.name.starts_with("aws-") && dependency.name != AWS_LC)
        .map(|dependency| format!("only `{AWS}` names crates of AWS; not `{}`", dependency.name))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Dependency;

    /// All our crates; `name` has these dependencies, `+` in front marks those of tests.
    fn rules(name: &str, dependencies: &[&str]) -> Vec<String> {
        let mut packages: Vec<Package> = LAYERS
            .iter()
            .map(|(name, _)| *name)
            .filter(|other| *other != name)
            .map(|other| package(other, &[]))
            .collect();
        packages.push(package(name, dependencies));
        check(&packages).iter().map(ToString::to_string).collect()
    }

    fn package(name: &str, dependencies: &[&str]) -> Package {
        let dependency = |name: &&str| Dependency {
            name: name.trim_start_matches('+').to_owned(),
            dev: name.starts_with('+'),
        };
        Package {
            name: name.to_owned(),
            manifest: format!("crates/{name}/Cargo.toml"),
            dependencies: dependencies.iter().map(dependency).collect(),
        }
    }

    #[test]
    fn what_a_layer_allows_is_allowed() {
        for (name, allowed) in LAYERS {
            assert_eq!(rules(name, allowed), Vec::<String>::new());
        }
    }

    #[test]
    fn the_wrong_way_is_refused() {
        for (name, dependency, rule) in [
            ("access", "control", "`access` may depend on iam-policy; not on `control`"),
            ("access", "saml-sp", "`access` may depend on iam-policy; not on `saml-sp`"),
            ("iam-policy", "access", "`iam-policy` may depend on nothing of ours; not on `access`"),
            ("saml-sp", "access", "`saml-sp` may depend on nothing of ours; not on `access`"),
            ("sandbox", "aws", "`sandbox` may depend on nothing of ours; not on `aws`"),
            ("demo-idp", "saml-sp", "`demo-idp` may depend on nothing of ours; not on `saml-sp`"),
            (
                "control",
                "store",
                "`control` may depend on access, iam-policy, saml-sp, scim; not on `store`",
            ),
            (
                "web",
                "store",
                "`web` may depend on access, control, iam-policy, saml-sp; not on `store`",
            ),
            (
                "store",
                "aws",
                "`store` may depend on access, control, iam-policy, saml-sp; not on `aws`",
            ),
            (
                "aws",
                "sandbox",
                "`aws` may depend on access, control, iam-policy, saml-sp; not on `sandbox`",
            ),
        ] {
            assert_eq!(rules(name, &[dependency]), [format!("crates/{name}/Cargo.toml: {rule}")]);
        }
    }

    #[test]
    fn tests_may_use_any_crate_of_ours_and_nobody_else_is_judged() {
        assert_eq!(rules("web", &["+store", "+sandbox", "axum"]), Vec::<String>::new());
    }

    #[test]
    fn only_aws_names_crates_of_aws() {
        assert_eq!(rules("aws", &["aws-config", "aws-sdk-sts"]), Vec::<String>::new());
        assert_eq!(rules("saml-sp", &["aws-lc-rs"]), Vec::<String>::new());
        assert_eq!(
            rules("web", &["aws-types", "+aws-sdk-sts"]),
            [
                "crates/web/Cargo.toml: only `aws` names crates of AWS; not `aws-types`",
                "crates/web/Cargo.toml: only `aws` names crates of AWS; not `aws-sdk-sts`",
            ]
        );
    }

    #[test]
    fn a_crate_without_a_layer_is_refused() {
        assert_eq!(
            rules("utils", &["access"]),
            [
                "crates/utils/Cargo.toml: `utils` has no layer: say in xtask/src/tidy/layers.rs what \
              it may depend on"
            ]
        );
    }
}
