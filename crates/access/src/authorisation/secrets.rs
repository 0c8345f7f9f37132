//! Who reads which secret of the hub: what the map names it for.

use crate::functions::Function;
use crate::map::{AccessMap, DirectoryKind, MirrorTo};

/// What Secrets Manager puts behind the name of a secret in its ARN: a hyphen and six characters.
const SUFFIX: usize = 7;

/// Whether a function reads the secret or parameter with this ARN. What the map does not name is a
/// SAML key: no map does.
pub(super) fn reads(map: &AccessMap, function: Function, arn: &str) -> bool {
    let named = |references: Vec<&str>| references.iter().any(|it| is_of(it, arn));
    let (by_directories, by_timer) = (named(of_directories(map)), named(of_timer(map)));
    match function {
        Function::Door => by_directories || !by_timer,
        Function::Timer => by_directories || by_timer,
        Function::Events | Function::Work => by_directories,
    }
}

/// What it takes to read the directories.
fn of_directories(map: &AccessMap) -> Vec<&str> {
    let ldap = map.directories.sources.iter().filter_map(|source| match &source.kind {
        DirectoryKind::Ldap(ldap) => Some(ldap),
        _ => None,
    });
    ldap.flat_map(|ldap| {
        let password = ldap.bind.as_ref().map(|bind| bind.password_from.as_str());
        let key = ldap.client_certificate.as_ref().map(|shown| shown.key_from.as_str());
        password.into_iter().chain(key)
    })
    .collect()
}

/// What it takes to mirror, and to tell people.
fn of_timer(map: &AccessMap) -> Vec<&str> {
    let mut references = Vec::new();
    if let Some(MirrorTo::Scim { token_from, .. }) = map.mirror.as_ref().map(|it| &it.to) {
        references.push(token_from.as_str());
    }
    for webhook in map.notifications.webhooks.values() {
        references.push(&webhook.url_from);
        references.extend(webhook.sign_with.as_deref());
    }
    let logins = map.notifications.mail.values().filter_map(|mail| mail.login.as_ref());
    references.extend(logins.map(|(_, password)| password.as_str()));
    references
}

/// Whether a reference of the map, such as `secretsmanager:stagedoor/ldap#password`, is to what has
/// this ARN.
fn is_of(reference: &str, arn: &str) -> bool {
    let (name, is_secret) = match reference.split_once(':') {
        Some(("secretsmanager", rest)) => (rest.split('#').next().unwrap_or(rest), true),
        Some(("ssm", name)) => (name, false),
        _ => return false,
    };
    if name == arn {
        return true;
    }
    let mut parts = arn.splitn(7, ':').skip(2);
    match (parts.next(), parts.nth(2), parts.next()) {
        (Some("secretsmanager"), Some("secret"), Some(kept)) if is_secret => {
            let bare = kept.len().checked_sub(SUFFIX).and_then(|end| kept.split_at_checked(end));
            kept == name || bare.is_some_and(|(bare, end)| bare == name && end.starts_with('-'))
        }
        (Some("ssm"), Some(place), None) if !is_secret => place
            .strip_prefix("parameter/")
            .is_some_and(|kept| kept == name.strip_prefix('/').unwrap_or(name)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_to_what_has_its_name_or_its_arn() {
        let secret = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:stagedoor/ldap-a1b2c3";
        let parameter = "arn:aws:ssm:eu-west-1:111122223333:parameter/stagedoor/smtp";
        for (reference, arn, is) in [
            ("secretsmanager:stagedoor/ldap", secret, true),
            ("secretsmanager:stagedoor/ldap#password", secret, true),
            ("secretsmanager:stagedoor/ldap-a1b2c3", secret, true),
            ("secretsmanager:stagedoor/lda", secret, false),
            ("secretsmanager:ldap", secret, false),
            ("ssm:stagedoor/ldap", secret, false),
            ("ssm:/stagedoor/smtp", parameter, true),
            ("ssm:stagedoor/smtp", parameter, true),
            ("ssm:/stagedoor", parameter, false),
            ("secretsmanager:stagedoor/smtp", parameter, false),
            ("env:LDAP", secret, false),
            ("secretsmanager:x", "no arn", false),
        ] {
            assert_eq!(is_of(reference, arn), is, "{reference} {arn}");
        }
        assert!(is_of(&format!("secretsmanager:{secret}#key"), secret));
        assert!(is_of(&format!("ssm:{parameter}"), parameter));
    }
}
