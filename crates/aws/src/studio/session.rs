//! Sessions of roles in other accounts, each under a name that tells what it is for.

use crate::connect::identity_cache;
use access::map::AssumeRole;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_sdk_sts::Client;
use aws_types::SdkConfig;
use std::fmt;
use std::time::SystemTime;

/// The longest role session name and source identity STS takes.
const LONGEST: usize = 64;

/// How credentials say where they came from.
const PROVIDER: &str = "stagedoor-assume-role";

/// A name for a session, in the characters and the length that STS allows. CloudTrail shows it with
/// every call.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SessionName(String);

impl SessionName {
    /// The session of everything that only reads: `stagedoor-control`.
    pub(super) fn control() -> Self {
        Self::of("control")
    }

    /// `stagedoor-<what>`.
    pub(super) fn of(what: &str) -> Self {
        let allowed =
            |c: char| if c.is_ascii_alphanumeric() || "_+=,.@-".contains(c) { c } else { '-' };
        Self("stagedoor-".chars().chain(what.chars().map(allowed)).take(LONGEST).collect())
    }
}

/// The same settings with the credentials of a session of the role.
///
/// The credentials are asked for when the first call needs them, kept, and renewed before they
/// lapse: that is the work of the SDK's identity cache. Each session has a cache of its own, since a
/// shared one keeps a limited number of principals.
pub(super) fn assuming(sdk: &SdkConfig, role: &AssumeRole, session: SessionName) -> SdkConfig {
    let provider = RoleSession { sts: Client::new(sdk), role: role.clone(), session };
    sdk.to_builder()
        .credentials_provider(SharedCredentialsProvider::new(provider))
        .identity_cache(identity_cache())
        .build()
}

/// Asks STS for a session. The SDK's own provider knows no source identity.
struct RoleSession {
    sts: Client,
    role: AssumeRole,
    session: SessionName,
}

impl fmt::Debug for RoleSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RoleSession")
            .field("role", &self.role.arn)
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}

impl RoleSession {
    async fn assume(&self) -> Result<Credentials, CredentialsError> {
        let name = &self.session.0;
        let given = self
            .sts
            .assume_role()
            .role_arn(self.role.arn.as_str())
            .role_session_name(name)
            .set_external_id(self.role.external_id.clone())
            .set_source_identity(self.role.source_identity.then(|| name.clone()))
            .send()
            .await
            .map_err(CredentialsError::provider_error)?
            .credentials
            .ok_or_else(|| CredentialsError::unhandled("the answer holds no credentials"))?;
        let expires = SystemTime::try_from(*given.expiration())
            .map_err(|_| CredentialsError::unhandled("the answer tells no time of expiry"))?;
        Ok(Credentials::new(
            given.access_key_id,
            given.secret_access_key,
            Some(given.session_token),
            Some(expires),
            PROVIDER,
        ))
    }
}

impl ProvideCredentials for RoleSession {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.assume())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_names_keep_to_the_rules_of_sts() {
        let name = |what: &str| SessionName::of(what).0;
        let long_id = "9067642ac1-0b1e2d3c-4444-5555-6666-777788889999";
        assert_eq!(name(long_id), format!("stagedoor-{long_id}"));
        assert_eq!(
            name("arn:aws:identitystore:::user/1"),
            "stagedoor-arn-aws-identitystore---user-1"
        );
        assert_eq!(name(&"x".repeat(128)).len(), 64);
        assert_eq!(SessionName::control().0, "stagedoor-control");
    }
}
