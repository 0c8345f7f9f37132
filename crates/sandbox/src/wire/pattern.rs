//! The regular expressions of the service models, matched by hand.
//!
//! Each pattern keeps the text of the model, because AWS quotes it in its error messages and a
//! test compares it with botocore.

use icu_properties::CodePointMapData;
use icu_properties::props::{GeneralCategory, GeneralCategoryGroup as Group};

/// A pattern which a string member must satisfy as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pattern {
    /// Names of domains, profiles, spaces and apps.
    EntityName,
    DomainId,
    ExecutionRole,
    SageMakerArn,
    TagText,
    SingleSignOnIdentifier,
    NetworkId,
    IdentityStoreId,
    /// Id or ARN of a user, group or membership.
    DirectoryId,
    /// Id of a user or group; no ARN.
    PrincipalId,
    DirectoryName,
    DirectoryText,
    AttributePath,
    Revision,
    InstanceArn,
    ApplicationArn,
    IamName,
    KmsPolicyName,
    IamTagText,
    IamTagValue,
    ExternalId,
    QuotaService,
    QuotaCode,
    AccountId,
    Extension,
}

const UUID: &str = "[A-Fa-f0-9]{8}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{12}";

impl Pattern {
    /// The pattern as the service model writes it.
    pub(crate) fn text(self) -> String {
        match self {
            Self::EntityName => "[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}".into(),
            Self::DomainId => "d-(-*[a-z0-9]){1,61}".into(),
            Self::ExecutionRole => {
                r"arn:aws[a-z\-]*:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+".into()
            }
            Self::SageMakerArn => "arn:aws[a-z-]*:sagemaker:[a-z0-9-]*:[0-9]{12}:.+".into(),
            Self::TagText => r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)".into(),
            Self::SingleSignOnIdentifier => "UserName".into(),
            Self::NetworkId => "[-0-9a-zA-Z]+".into(),
            Self::IdentityStoreId => concat!(
                r"(arn:aws[a-z-]*:identitystore::\d{12}:identitystore/)?(d-[0-9a-f]{10}|",
                "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
            )
            .into(),
            Self::DirectoryId => format!(
                "(arn:aws[a-z-]*:identitystore:::(user|group|membership)/)?([0-9a-f]{{10}}-|){UUID}"
            ),
            Self::PrincipalId => format!("([0-9a-f]{{10}}-|){UUID}"),
            Self::DirectoryName => r"[\p{L}\p{M}\p{S}\p{N}\p{P}]+".into(),
            Self::DirectoryText => {
                "[\\p{L}\\p{M}\\p{S}\\p{N}\\p{P}\\t\\n\\r \u{a0}\u{3000}]+".into()
            }
            Self::AttributePath => {
                r"(?:\p{L}+:\p{L}+:\p{L}+(?:\.\p{L}+){0,3}|\p{L}+(?:\.\p{L}+){0,2})".into()
            }
            Self::Revision => "[0-9]+".into(),
            Self::KmsPolicyName => r"[\w]+".into(),
            Self::InstanceArn => {
                "arn:aws(-[a-z]{1,5}){0,3}:sso:::instance/(sso)?ins-[a-zA-Z0-9-.]{16}".into()
            }
            Self::ApplicationArn => concat!(
                r"arn:aws(-[a-z]{1,5}){0,3}:sso::\d{12}:application/(sso)?ins-[a-zA-Z0-9-.]{16}",
                "/apl-[a-zA-Z0-9]{16}"
            )
            .into(),
            Self::IamName => r"[\w+=,.@-]+".into(),
            Self::IamTagText => r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+".into(),
            Self::IamTagValue => r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*".into(),
            Self::ExternalId => r"[\w+=,.@:\/-]*".into(),
            Self::QuotaService => "[a-zA-Z][a-zA-Z0-9-]{1,63}".into(),
            Self::QuotaCode => "[a-zA-Z][a-zA-Z0-9-]{1,128}".into(),
            Self::AccountId => r"\d{12}".into(),
            Self::Extension => "aws:identitystore:[a-z]{1,20}".into(),
        }
    }

    pub(crate) fn matches(self, text: &str) -> bool {
        match self {
            Self::EntityName => is_entity_name(text),
            Self::DomainId => text.strip_prefix("d-").is_some_and(|rest| {
                is_dashed(rest, |c| c.is_ascii_lowercase() || c.is_ascii_digit())
            }),
            Self::ExecutionRole => is_execution_role(text),
            Self::SageMakerArn => is_sagemaker_arn(text),
            Self::TagText | Self::IamTagText | Self::IamTagValue => {
                text.chars().all(|c| is_of(OF_TAGS, c) || "_.:/=+-@".contains(c))
            }
            Self::SingleSignOnIdentifier => text == "UserName",
            Self::NetworkId => all(text, |c| c.is_ascii_alphanumeric() || c == '-'),
            Self::IdentityStoreId => is_identity_store_id(text),
            Self::DirectoryId => {
                let id = text
                    .split_once(":identitystore:::")
                    .map_or(text, |(_, rest)| rest.split_once('/').map_or("", |(_, id)| id));
                is_directory_id(id)
            }
            Self::PrincipalId => is_directory_id(text),
            Self::DirectoryName => all(text, |c| is_of(VISIBLE, c)),
            Self::DirectoryText => all(text, |c| {
                matches!(c, '\t' | '\n' | '\r' | ' ' | '\u{a0}' | '\u{3000}') || is_of(VISIBLE, c)
            }),
            Self::AttributePath => {
                all(text, |c| is_of(Group::Letter, c) || c == '.' || c == ':')
                    && !text.starts_with(['.', ':'])
                    && !text.ends_with(['.', ':'])
            }
            Self::Revision => all(text, |c| c.is_ascii_digit()),
            Self::KmsPolicyName => all(text, |c| c.is_ascii_alphanumeric() || c == '_'),
            Self::InstanceArn => is_instance_arn(text),
            Self::ApplicationArn => is_application_arn(text),
            Self::IamName => all(text, |c| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c)),
            Self::ExternalId => {
                text.chars().all(|c| c.is_ascii_alphanumeric() || "_+=,.@:/-".contains(c))
            }
            Self::QuotaService | Self::QuotaCode => {
                text.starts_with(|c: char| c.is_ascii_alphabetic())
                    && all(text, |c| c.is_ascii_alphanumeric() || c == '-')
            }
            Self::AccountId => is_account(text),
            Self::Extension => text
                .strip_prefix("aws:identitystore:")
                .is_some_and(|rest| all(rest, |c| c.is_ascii_lowercase())),
        }
    }
}

/// `\p{L}\p{Z}\p{N}`.
const OF_TAGS: Group = Group::Letter.union(Group::Separator).union(Group::Number);

/// `\p{L}\p{M}\p{S}\p{N}\p{P}`.
const VISIBLE: Group = Group::Letter
    .union(Group::Mark)
    .union(Group::Symbol)
    .union(Group::Number)
    .union(Group::Punctuation);

fn is_of(group: Group, c: char) -> bool {
    group.contains(CodePointMapData::<GeneralCategory>::new().get(c))
}

fn all(text: &str, allowed: impl Fn(char) -> bool) -> bool {
    !text.is_empty() && text.chars().all(allowed)
}

fn is_entity_name(text: &str) -> bool {
    text.starts_with(|c: char| c != '-') && is_dashed(text, |c| c.is_ascii_alphanumeric())
}

/// Allowed characters and dashes, with no dash at the end.
fn is_dashed(text: &str, allowed: impl Fn(char) -> bool) -> bool {
    all(text, |c| c == '-' || allowed(c)) && !text.ends_with('-')
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_execution_role(text: &str) -> bool {
    let mut parts = text.splitn(6, ':');
    let head = [parts.next(), parts.next(), parts.next(), parts.next()];
    let [Some("arn"), Some(partition), Some("iam"), Some("")] = head else { return false };
    partition.starts_with("aws")
        && parts.next().is_some_and(is_account)
        && parts
            .next()
            .and_then(|resource| resource.strip_prefix("role"))
            .is_some_and(|name| all(name, |c| c.is_ascii_alphanumeric() || "_+=,.@-/".contains(c)))
}

fn is_sagemaker_arn(text: &str) -> bool {
    let mut parts = text.splitn(6, ':');
    let head = [parts.next(), parts.next(), parts.next()];
    let [Some("arn"), Some(partition), Some("sagemaker")] = head else { return false };
    partition.starts_with("aws")
        && parts.next().is_some()
        && parts.next().is_some_and(is_account)
        && parts.next().is_some_and(|resource| !resource.is_empty())
}

fn is_identity_store_id(text: &str) -> bool {
    let id = text.rsplit_once(":identitystore/").map_or(text, |(_, id)| id);
    id.strip_prefix("d-").is_some_and(|rest| rest.len() == 10 && rest.bytes().all(is_lower_hex))
        || is_uuid(id)
}

fn is_lower_hex(byte: u8) -> bool {
    byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)
}

/// `UUID` or `<10 hex digits>-UUID`.
fn is_directory_id(text: &str) -> bool {
    match text.split_once('-') {
        Some((head, rest)) if head.len() == 10 => head.bytes().all(is_lower_hex) && is_uuid(rest),
        _ => is_uuid(text),
    }
}

fn is_uuid(text: &str) -> bool {
    let mut groups = text.split('-');
    let well_formed = [8, 4, 4, 4, 12].into_iter().all(|length| {
        groups.next().is_some_and(|g| g.len() == length && g.bytes().all(|b| b.is_ascii_hexdigit()))
    });
    well_formed && groups.next().is_none()
}

fn is_instance_arn(text: &str) -> bool {
    text.split_once(":sso:::instance/")
        .is_some_and(|(partition, id)| partition.starts_with("arn:aws") && is_instance_id(id))
}

fn is_instance_id(id: &str) -> bool {
    let id = id.strip_prefix("sso").unwrap_or(id);
    id.strip_prefix("ins-").is_some_and(|rest| {
        rest.len() == 16 && all(rest, |c| c.is_ascii_alphanumeric() || c == '-' || c == '.')
    })
}

fn is_application_arn(text: &str) -> bool {
    let Some((partition, rest)) = text.split_once(":sso::") else { return false };
    let Some((account, path)) = rest.split_once(":application/") else { return false };
    let Some((instance, application)) = path.split_once('/') else { return false };
    partition.starts_with("arn:aws")
        && is_account(account)
        && is_instance_id(instance)
        && application
            .strip_prefix("apl-")
            .is_some_and(|id| id.len() == 16 && all(id, |c| c.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::Pattern;
    use regex_syntax::hir::{Class, HirKind};

    /// Whether each character is of the class that a pattern repeats, by its number.
    fn class(pattern: &str) -> Vec<bool> {
        let pattern = pattern.trim_matches(['(', ')', '+', '*']);
        let hir = regex_syntax::parse(pattern).unwrap();
        let HirKind::Class(Class::Unicode(class)) = hir.kind() else { panic!("{hir:?}") };
        let mut all = vec![false; char::MAX as usize + 1];
        for range in class.iter() {
            all[range.start() as usize..=range.end() as usize].fill(true);
        }
        all
    }

    #[test]
    fn every_character_is_where_the_services_pattern_has_it() {
        // What one of the two does not know yet, of another version of Unicode, is compared by neither.
        let unknown = class(r"\p{Cn}");
        for pattern in [
            Pattern::TagText,
            Pattern::IamTagText,
            Pattern::IamTagValue,
            Pattern::DirectoryName,
            Pattern::DirectoryText,
        ] {
            let class = class(&pattern.text());
            let is_taken = |c: &char| pattern.matches(c.encode_utf8(&mut [0; 4]));
            let differs = |c: &char| is_taken(c) != class[*c as usize] && !unknown[*c as usize];
            let different: Vec<char> = (char::MIN..=char::MAX).filter(differs).collect();
            assert_eq!(different, [char::MIN; 0], "{}", pattern.text());
        }
    }

    #[test]
    fn entity_names_allow_inner_dashes_only() {
        for good in ["a", "A1", "a--b", "user-team-1"] {
            assert!(Pattern::EntityName.matches(good), "{good}");
        }
        for bad in ["", "-a", "a-", "a_b", "a.b", "ana@example.com", "é"] {
            assert!(!Pattern::EntityName.matches(bad), "{bad}");
        }
    }

    #[test]
    fn directory_ids_are_uuids_with_an_optional_store_prefix() {
        let uuid = "04c8e458-a021-702e-f9d1-7f430ff2c752";
        assert!(Pattern::DirectoryId.matches(uuid));
        assert!(Pattern::DirectoryId.matches(&format!("906716eb24-{uuid}")));
        assert!(Pattern::DirectoryId.matches(&format!("arn:aws:identitystore:::user/{uuid}")));
        assert!(!Pattern::DirectoryId.matches("ana"));
        assert!(!Pattern::PrincipalId.matches(&format!("arn:aws:identitystore:::user/{uuid}")));
    }

    #[test]
    fn execution_roles_need_account_and_name() {
        assert!(Pattern::ExecutionRole.matches("arn:aws:iam::111122223333:role/studio-team-1"));
        assert!(Pattern::ExecutionRole.matches("arn:aws-cn:iam::111122223333:role/path/x"));
        for bad in [
            "arn:aws:iam::1111:role/x",
            "arn:aws:iam::111122223333:user/x",
            "arn:aws:iam::111122223333:role",
            "studio",
        ] {
            assert!(!Pattern::ExecutionRole.matches(bad), "{bad}");
        }
    }

    #[test]
    fn single_sign_on_arns_need_their_16_characters() {
        assert!(Pattern::InstanceArn.matches("arn:aws:sso:::instance/ssoins-0123456789abcdef"));
        assert!(!Pattern::InstanceArn.matches("arn:aws:sso:::instance/ssoins-0123"));
        let application =
            "arn:aws:sso::111122223333:application/ssoins-0123456789abcdef/apl-0123456789abcdef";
        assert!(Pattern::ApplicationArn.matches(application));
        assert!(!Pattern::ApplicationArn.matches(&application.replace("apl-0", "apl-")));
    }
}
