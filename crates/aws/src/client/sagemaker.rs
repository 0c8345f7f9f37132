//! `SageMaker`: the operations Stagedoor and its demo use.
//!
//! Structs hold the members that are sent or read and no others; a contract test holds every one
//! against the service's model. States stay texts here: the adapters decide what an unknown one
//! means.

use super::channel::Channel;
use super::endpoint::{Endpoint, Service};
use super::json;
use aws_types::SdkConfig;
use control::ports::{CallError, FailureKind};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The largest page any list of the service gives (default: 10).
const PAGE: u32 = 100;

/// What operations' names are prefixed with in `x-amz-target`.
pub const TARGET_PREFIX: &str = "SageMaker";

/// `SageMaker` in one account and Region. Cheap to clone.
#[derive(Debug, Clone)]
pub struct SageMaker(Channel);

/// A request and what it is answered with.
pub trait Call: Serialize + Sync {
    /// The operation's name.
    const OPERATION: &'static str;
    /// The answer.
    type Output: DeserializeOwned;
}

/// A request that is answered in pages.
pub trait Paged: Call + Clone {
    /// What the list is of.
    type Item;
    /// Asks for a page of this size, from this token on.
    fn turn(&mut self, size: u32, token: Option<String>);
    /// The page's items and the token of the next page.
    fn page(output: Self::Output) -> (Vec<Self::Item>, Option<String>);
}

impl SageMaker {
    pub(crate) fn new(sdk: &SdkConfig) -> Self {
        Self(Channel::new(Service::SageMaker, sdk))
    }

    pub(crate) fn endpoint(&self) -> Option<&Endpoint> {
        self.0.endpoint()
    }

    /// Makes one call.
    pub async fn call<R: Call>(&self, request: &R) -> Result<R::Output, CallError> {
        json::call(&self.0, TARGET_PREFIX, R::OPERATION, request).await
    }

    /// Reads every page. A page that fails fails the whole; a service that hands out the same
    /// token twice would go round for ever, and is an error too.
    pub async fn all<R: Paged>(&self, request: &R) -> Result<Vec<R::Item>, CallError> {
        let mut request = request.clone();
        let mut token: Option<String> = None;
        let mut items = Vec::new();
        loop {
            request.turn(PAGE, token.clone());
            let (page, next) = R::page(self.call(&request).await?);
            items.extend(page);
            match next.filter(|t| !t.is_empty()) {
                None => return Ok(items),
                next if next == token => {
                    return Err(CallError {
                        service: self.0.service_name(),
                        operation: R::OPERATION,
                        kind: FailureKind::Service,
                        aws_code: None,
                        message: "the same page token came twice".to_owned(),
                    });
                }
                next => token = next,
            }
        }
    }
}

macro_rules! requests {
    ($($(#[$meta:meta])* $name:ident -> $output:ty { $($field:ident : $type:ty),* $(,)? })*) => {
        /// Every operation of this client.
        pub const OPERATIONS: &[&str] = &[$(stringify!($name)),*];

        $(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
        #[serde(rename_all = "PascalCase")]
        #[expect(missing_docs, reason = "members of the service's own model")]
        pub struct $name {
            $(#[serde(skip_serializing_if = "Skip::skip")] pub $field: $type,)*
        }

        impl Call for $name {
            const OPERATION: &'static str = stringify!($name);
            type Output = $output;
        }
        )*
    };
}

macro_rules! shapes {
    ($($(#[$meta:meta])* $name:ident { $($field:ident : $type:ty),* $(,)? })*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
        #[serde(rename_all = "PascalCase")]
        #[expect(missing_docs, reason = "members of the service's own model")]
        pub struct $name {
            $(#[serde(skip_serializing_if = "Skip::skip")] pub $field: $type,)*
        }
    )*};
}

macro_rules! paged {
    ($($request:ty, $member:ident: $item:ty;)*) => {$(
        impl Paged for $request {
            type Item = $item;
            fn turn(&mut self, size: u32, token: Option<String>) {
                self.max_results = Some(size);
                self.next_token = token;
            }
            fn page(output: Self::Output) -> (Vec<Self::Item>, Option<String>) {
                (output.$member.unwrap_or_default(), output.next_token)
            }
        }
    )*};
}

/// Says which members of a request are left out: the absent ones.
trait Skip {
    fn skip(&self) -> bool {
        false
    }
}

impl<T> Skip for Option<T> {
    fn skip(&self) -> bool {
        self.is_none()
    }
}

impl Skip for String {}
impl Skip for u32 {}
impl Skip for Document {}
impl<T> Skip for Vec<T> {}

/// A free-form structure of the service that is passed through.
pub type Document = serde_json::Map<String, serde_json::Value>;

requests! {
    /// Reads a domain.
    DescribeDomain -> DescribeDomainOutput { domain_id: String }
    /// Lists the domains of the account and Region.
    ListDomains -> ListDomainsOutput { max_results: Option<u32>, next_token: Option<String> }
    /// Makes a domain.
    CreateDomain -> CreateDomainOutput {
        domain_name: String,
        auth_mode: String,
        default_user_settings: Document,
        subnet_ids: Option<Vec<String>>,
        vpc_id: Option<String>,
        tags: Option<Vec<Tag>>,
    }
    /// Deletes a domain. Without retention policy its file system stays.
    DeleteDomain -> Nothing { domain_id: String, retention_policy: Option<RetentionPolicy> }
    /// Reads a user profile.
    DescribeUserProfile -> DescribeUserProfileOutput { domain_id: String, user_profile_name: String }
    /// Lists user profiles.
    ListUserProfiles -> ListUserProfilesOutput {
        domain_id_equals: Option<String>,
        max_results: Option<u32>,
        next_token: Option<String>,
    }
    /// Makes a user profile.
    CreateUserProfile -> CreateUserProfileOutput {
        domain_id: String,
        user_profile_name: String,
        single_sign_on_user_identifier: Option<String>,
        single_sign_on_user_value: Option<String>,
        tags: Option<Vec<Tag>>,
        user_settings: Option<Document>,
    }
    /// Changes a user profile's settings; those not given stay.
    UpdateUserProfile -> UpdateUserProfileOutput {
        domain_id: String,
        user_profile_name: String,
        user_settings: Option<Document>,
    }
    /// Deletes a user profile.
    DeleteUserProfile -> Nothing { domain_id: String, user_profile_name: String }
    /// Lists apps: of a domain, of a profile *or* of a space, never of two of them.
    ListApps -> ListAppsOutput {
        domain_id_equals: Option<String>,
        user_profile_name_equals: Option<String>,
        space_name_equals: Option<String>,
        max_results: Option<u32>,
        next_token: Option<String>,
    }
    /// Reads an app.
    DescribeApp -> DescribeAppOutput {
        domain_id: String,
        user_profile_name: Option<String>,
        space_name: Option<String>,
        app_type: String,
        app_name: String,
    }
    /// Starts an app.
    CreateApp -> CreateAppOutput {
        domain_id: String,
        user_profile_name: Option<String>,
        space_name: Option<String>,
        app_type: String,
        app_name: String,
        tags: Option<Vec<Tag>>,
        resource_spec: Option<ResourceSpec>,
    }
    /// Deletes an app.
    DeleteApp -> Nothing {
        domain_id: String,
        user_profile_name: Option<String>,
        space_name: Option<String>,
        app_type: String,
        app_name: String,
    }
    /// Lists spaces.
    ListSpaces -> ListSpacesOutput {
        domain_id_equals: Option<String>,
        max_results: Option<u32>,
        next_token: Option<String>,
    }
    /// Reads a space.
    DescribeSpace -> DescribeSpaceOutput { domain_id: String, space_name: String }
    /// Makes a space.
    CreateSpace -> CreateSpaceOutput {
        domain_id: String,
        space_name: String,
        space_display_name: Option<String>,
        tags: Option<Vec<Tag>>,
        space_settings: Option<Document>,
        ownership_settings: Option<OwnershipSettings>,
        space_sharing_settings: Option<SpaceSharingSettings>,
    }
    /// Deletes a space, and the volume of a private one.
    DeleteSpace -> Nothing { domain_id: String, space_name: String }
    /// Lists the tags of a resource.
    ListTags -> ListTagsOutput {
        resource_arn: String,
        max_results: Option<u32>,
        next_token: Option<String>,
    }
    /// Adds tags to a resource, or overwrites them.
    AddTags -> AddTagsOutput { resource_arn: String, tags: Vec<Tag> }
    /// Takes tags away.
    DeleteTags -> Nothing { resource_arn: String, tag_keys: Vec<String> }
    /// Makes a link that lets its bearer into Studio.
    CreatePresignedDomainUrl -> CreatePresignedDomainUrlOutput {
        domain_id: String,
        user_profile_name: String,
        session_expiration_duration_in_seconds: Option<u32>,
        expires_in_seconds: Option<u32>,
        space_name: Option<String>,
        landing_uri: Option<String>,
    }
}

paged! {
    ListDomains, domains: DomainDetails;
    ListUserProfiles, user_profiles: UserProfileDetails;
    ListApps, apps: AppDetails;
    ListSpaces, spaces: SpaceDetails;
    ListTags, tags: Tag;
}

/// Answer of an operation without output.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Nothing {}

shapes! {
    /// A tag.
    Tag { key: String, value: String }
    /// What becomes of a deleted domain's file system: `Retain` or `Delete`.
    RetentionPolicy { home_efs_file_system: Option<String> }
    /// What an app runs on.
    ResourceSpec { instance_type: Option<String> }
    /// Who owns a space.
    OwnershipSettings { owner_user_profile_name: String }
    /// Whether a space is `Private` or `Shared`.
    SpaceSharingSettings { sharing_type: String }
    /// Answer of `DescribeDomain`.
    DescribeDomainOutput {
        domain_arn: Option<String>,
        domain_id: Option<String>,
        domain_name: Option<String>,
        status: Option<String>,
        failure_reason: Option<String>,
        auth_mode: Option<String>,
        single_sign_on_application_arn: Option<String>,
        app_network_access_type: Option<String>,
        domain_settings: Option<DomainSettings>,
        default_user_settings: Option<Document>,
        default_space_settings: Option<Document>,
        home_efs_file_system_id: Option<String>,
        url: Option<String>,
        vpc_id: Option<String>,
        subnet_ids: Option<Vec<String>>,
        kms_key_id: Option<String>,
    }
    /// Settings of a domain as a whole.
    DomainSettings { execution_role_identity_config: Option<String> }
    /// Answer of `ListDomains`.
    ListDomainsOutput { domains: Option<Vec<DomainDetails>>, next_token: Option<String> }
    /// A domain in a list.
    DomainDetails {
        domain_id: Option<String>,
        domain_name: Option<String>,
        status: Option<String>,
    }
    /// Answer of `CreateDomain`.
    CreateDomainOutput { domain_id: Option<String>, domain_arn: Option<String> }
    /// Answer of `DescribeUserProfile`.
    DescribeUserProfileOutput {
        user_profile_arn: Option<String>,
        user_profile_name: Option<String>,
        home_efs_file_system_uid: Option<String>,
        status: Option<String>,
        failure_reason: Option<String>,
        last_modified_time: Option<f64>,
        single_sign_on_user_value: Option<String>,
        user_settings: Option<Document>,
    }
    /// Answer of `ListUserProfiles`.
    ListUserProfilesOutput {
        user_profiles: Option<Vec<UserProfileDetails>>,
        next_token: Option<String>,
    }
    /// A user profile in a list.
    UserProfileDetails {
        domain_id: Option<String>,
        user_profile_name: Option<String>,
        status: Option<String>,
        creation_time: Option<f64>,
    }
    /// Answer of `CreateUserProfile`.
    CreateUserProfileOutput { user_profile_arn: Option<String> }
    /// Answer of `UpdateUserProfile`.
    UpdateUserProfileOutput { user_profile_arn: Option<String> }
    /// Answer of `ListApps`.
    ListAppsOutput { apps: Option<Vec<AppDetails>>, next_token: Option<String> }
    /// An app in a list.
    AppDetails {
        user_profile_name: Option<String>,
        space_name: Option<String>,
        app_type: Option<String>,
        app_name: Option<String>,
        status: Option<String>,
        creation_time: Option<f64>,
        resource_spec: Option<ResourceSpec>,
    }
    /// Answer of `DescribeApp`.
    DescribeAppOutput {
        app_arn: Option<String>,
        app_type: Option<String>,
        app_name: Option<String>,
        user_profile_name: Option<String>,
        space_name: Option<String>,
        status: Option<String>,
        failure_reason: Option<String>,
    }
    /// Answer of `CreateApp`.
    CreateAppOutput { app_arn: Option<String> }
    /// Answer of `ListSpaces`.
    ListSpacesOutput { spaces: Option<Vec<SpaceDetails>>, next_token: Option<String> }
    /// A space in a list.
    SpaceDetails {
        space_name: Option<String>,
        status: Option<String>,
        space_settings_summary: Option<SpaceSettingsSummary>,
        ownership_settings_summary: Option<OwnershipSettingsSummary>,
        space_sharing_settings_summary: Option<SpaceSharingSettingsSummary>,
    }
    /// What a space of a list is.
    SpaceSettingsSummary { space_storage_settings: Option<SpaceStorageSettings> }
    /// What a space keeps its files on.
    SpaceStorageSettings { ebs_storage_settings: Option<EbsStorageSettings> }
    /// A space's volume.
    EbsStorageSettings { ebs_volume_size_in_gb: u32 }
    /// Who owns a space of a list.
    OwnershipSettingsSummary { owner_user_profile_name: Option<String> }
    /// Whether a space of a list is `Private` or `Shared`.
    SpaceSharingSettingsSummary { sharing_type: Option<String> }
    /// Answer of `DescribeSpace`.
    DescribeSpaceOutput {
        space_arn: Option<String>,
        space_name: Option<String>,
        status: Option<String>,
        failure_reason: Option<String>,
        space_display_name: Option<String>,
        space_settings: Option<Document>,
        ownership_settings: Option<OwnershipSettings>,
        space_sharing_settings: Option<SpaceSharingSettings>,
    }
    /// Answer of `CreateSpace`.
    CreateSpaceOutput { space_arn: Option<String> }
    /// Answer of `ListTags`.
    ListTagsOutput { tags: Option<Vec<Tag>>, next_token: Option<String> }
    /// Answer of `AddTags`.
    AddTagsOutput { tags: Option<Vec<Tag>> }
}

/// Answer of `CreatePresignedDomainUrl`. The link does not print.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreatePresignedDomainUrlOutput {
    /// The link.
    pub authorized_url: Option<String>,
}

impl fmt::Debug for CreatePresignedDomainUrlOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CreatePresignedDomainUrlOutput(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_members_are_not_sent() {
        let request = ListApps { domain_id_equals: Some("d-x".into()), ..ListApps::default() };
        assert_eq!(serde_json::to_string(&request).unwrap(), r#"{"DomainIdEquals":"d-x"}"#);
    }

    #[test]
    fn an_empty_list_that_is_given_is_sent() {
        let request = DeleteTags { resource_arn: "arn".into(), tag_keys: vec![] };
        assert_eq!(
            serde_json::to_string(&request).unwrap(),
            r#"{"ResourceArn":"arn","TagKeys":[]}"#
        );
    }

    #[test]
    fn a_presigned_url_does_not_print() {
        let output: CreatePresignedDomainUrlOutput =
            serde_json::from_str(r#"{"AuthorizedUrl":"https://x/auth?token=secret"}"#).unwrap();
        assert_eq!(output.authorized_url.as_deref(), Some("https://x/auth?token=secret"));
        assert_eq!(format!("{output:?}"), "CreatePresignedDomainUrlOutput(redacted)");
    }
}
