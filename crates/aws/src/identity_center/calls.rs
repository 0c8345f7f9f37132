//! The calls, one by one, in the words of the ports.

use super::{IdentityCenter, SERVICE};
use crate::failure::{self, unreadable};
use access::ids::{GroupId, MembershipId, PersonId};
use access::snapshot::Person;
use aws_sdk_identitystore::operation::delete_group::DeleteGroupError;
use aws_sdk_identitystore::operation::delete_group_membership::DeleteGroupMembershipError;
use aws_sdk_identitystore::operation::delete_user::DeleteUserError;
use aws_sdk_identitystore::operation::describe_group::DescribeGroupError;
use aws_sdk_identitystore::operation::describe_user::DescribeUserError;
use aws_sdk_identitystore::operation::get_group_id::GetGroupIdError;
use aws_sdk_identitystore::operation::get_group_membership_id::GetGroupMembershipIdError;
use aws_sdk_identitystore::operation::get_user_id::GetUserIdError;
use aws_sdk_identitystore::operation::is_member_in_groups::IsMemberInGroupsError;
use aws_sdk_identitystore::operation::list_group_memberships::ListGroupMembershipsError;
use aws_sdk_identitystore::operation::list_group_memberships_for_member::ListGroupMembershipsForMemberError;
use aws_sdk_identitystore::types::{
    AlternateIdentifier, Email, ExternalId, GroupMembership, MemberId, Name, ResourceType,
    UniqueAttribute, User, UserStatus,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::Document;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use control::ports::{CallError, FailureKind, Particulars};
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;

/// So many groups may vanish while a person's memberships are asked for.
const GONE_MEANWHILE: usize = 3;

/// The largest page any list of the service gives.
const PAGE: i32 = 100;

/// Reads page after page. The SDK's own paginator ends silently when a token repeats, which here
/// would make a smaller snapshot out of a failure.
macro_rules! pages {
    ($operation:literal, $request:expr, $items:ident, $failed:path) => {{
        let mut items = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let page = $request
                .max_results(PAGE)
                .set_next_token(token.clone())
                .send()
                .await
                .map_err(|e| $failed($operation, &e))?;
            items.extend(page.$items);
            match page.next_token.filter(|t| !t.is_empty()) {
                None => break Ok(items),
                next if next == token => {
                    let message = "the same page token came twice".to_owned();
                    break Err(unreadable(SERVICE, $operation, message));
                }
                next => token = next,
            }
        }
    }};
}

impl IdentityCenter {
    /// Every user, as the service shows it.
    pub(super) async fn all_users(&self) -> Result<Vec<User>, CallError> {
        pages!(
            "ListUsers",
            self.client.list_users().identity_store_id(&self.store),
            users,
            call_error
        )
    }

    /// Every group, as the service shows it.
    pub(super) async fn list_groups(
        &self,
    ) -> Result<Vec<aws_sdk_identitystore::types::Group>, CallError> {
        pages!(
            "ListGroups",
            self.client.list_groups().identity_store_id(&self.store),
            groups,
            call_error
        )
    }

    /// Every group with its name. One without a name is no group that a grant could match.
    pub(super) async fn all_groups(&self) -> Result<Vec<(GroupId, String)>, CallError> {
        let groups = self.list_groups().await?;
        groups
            .into_iter()
            .filter_map(|group| {
                let name = group.display_name?;
                Some(group_id("ListGroups", group.group_id).map(|id| (id, name)))
            })
            .collect()
    }

    pub(super) async fn memberships(
        &self,
        group: &GroupId,
    ) -> Result<BTreeMap<MembershipId, PersonId>, CallError> {
        const OPERATION: &str = "ListGroupMemberships";
        let found: Result<Vec<GroupMembership>, CallError> = pages!(
            "ListGroupMemberships",
            self.client
                .list_group_memberships()
                .identity_store_id(&self.store)
                .group_id(group.as_str()),
            group_memberships,
            lookup_error
        );
        found?
            .into_iter()
            .filter_map(|membership| match membership.member_id {
                Some(MemberId::UserId(id)) => {
                    let membership = membership_id(OPERATION, &membership.membership_id);
                    Some(
                        membership
                            .and_then(|membership| Ok((membership, person_id(OPERATION, id)?))),
                    )
                }
                // Identity Center has no nested groups: whatever else this is, it is no person.
                _ => None,
            })
            .collect()
    }

    /// What the service shows of a user.
    pub(super) async fn describe_person(&self, id: &PersonId) -> Result<Option<Known>, CallError> {
        const OPERATION: &str = "DescribeUser";
        let answer = self
            .client
            .describe_user()
            .identity_store_id(&self.store)
            .user_id(id.as_str())
            .send()
            .await
            .map_err(|e| lookup_error(OPERATION, &e));
        let Some(user) = absent_as_none(answer)? else { return Ok(None) };
        let particulars = particulars(user.emails, user.external_ids, user.name);
        let (name, shown) = (user.user_name, user.display_name);
        let person = person(OPERATION, user.user_id, name, shown, user.user_status)?;
        Ok(Some((person, particulars)))
    }

    /// Which of these groups, at most a hundred, the person is in; `None` if there is no such
    /// person.
    ///
    /// The service answers for none of them if one is no more: the others are asked for again.
    pub(super) async fn is_member(
        &self,
        person: &PersonId,
        groups: &[GroupId],
    ) -> Result<Option<BTreeSet<GroupId>>, CallError> {
        let mut groups = groups.to_vec();
        for _ in 0..=GONE_MEANWHILE {
            if groups.is_empty() {
                return Ok(Some(BTreeSet::new()));
            }
            match self.is_member_of(person, &groups).await? {
                Asked::Told(told) => return Ok(Some(told)),
                Asked::NoSuchPerson => return Ok(None),
                Asked::NoSuchGroup(gone) => groups.retain(|group| *group != gone),
            }
        }
        let message = "groups go faster than they can be asked for".to_owned();
        Err(unreadable(SERVICE, "IsMemberInGroups", message))
    }

    async fn is_member_of(
        &self,
        person: &PersonId,
        groups: &[GroupId],
    ) -> Result<Asked, CallError> {
        const OPERATION: &str = "IsMemberInGroups";
        let answer = self
            .client
            .is_member_in_groups()
            .identity_store_id(&self.store)
            .member_id(MemberId::UserId(person.as_str().to_owned()))
            .set_group_ids(Some(groups.iter().map(|id| id.as_str().to_owned()).collect()))
            .send()
            .await;
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => return missing(groups, &error),
        };
        let mut told = BTreeMap::new();
        for result in answer.results {
            let id = result.group_id.unwrap_or_default();
            told.insert(group_id(OPERATION, id)?, result.membership_exists);
        }
        // A group that the answer leaves out would look like one that the person has left.
        if groups.iter().any(|group| !told.contains_key(group)) {
            let message = "the answer leaves groups out".to_owned();
            return Err(unreadable(SERVICE, OPERATION, message));
        }
        let told = told.into_iter().filter(|(_, is)| *is).map(|(group, _)| group).collect();
        Ok(Asked::Told(told))
    }

    pub(super) async fn groups_of(
        &self,
        person: &PersonId,
    ) -> Result<BTreeMap<GroupId, MembershipId>, CallError> {
        const OPERATION: &str = "ListGroupMembershipsForMember";
        let found: Result<Vec<GroupMembership>, CallError> = pages!(
            "ListGroupMembershipsForMember",
            self.client
                .list_group_memberships_for_member()
                .identity_store_id(&self.store)
                .member_id(MemberId::UserId(person.as_str().to_owned())),
            group_memberships,
            lookup_error
        );
        found?
            .into_iter()
            .filter_map(|membership| {
                let group = group_id(OPERATION, membership.group_id?);
                let id = membership_id(OPERATION, &membership.membership_id);
                Some(group.and_then(|group| Ok((group, id?))))
            })
            .collect()
    }

    pub(super) async fn describe_group(
        &self,
        group: &GroupId,
    ) -> Result<Option<String>, CallError> {
        let answer = self
            .client
            .describe_group()
            .identity_store_id(&self.store)
            .group_id(group.as_str())
            .send()
            .await
            .map_err(|e| lookup_error("DescribeGroup", &e));
        // Somebody mistyped it. One that has the form is refused for what is not its own fault.
        if !has_form(group) && answer.as_ref().is_err_and(|e| e.kind == FailureKind::Rejected) {
            return Ok(None);
        }
        Ok(absent_as_none(answer)?.and_then(|group| group.display_name))
    }

    pub(super) async fn group_id_of(
        &self,
        display_name: &str,
    ) -> Result<Option<GroupId>, CallError> {
        const OPERATION: &str = "GetGroupId";
        let answer = self
            .client
            .get_group_id()
            .identity_store_id(&self.store)
            .alternate_identifier(unique(OPERATION, "displayName", display_name)?)
            .send()
            .await
            .map_err(|e| lookup_error(OPERATION, &e));
        refused_as_none(answer)?.map(|found| group_id(OPERATION, found.group_id)).transpose()
    }

    pub(super) async fn user_id(&self, user_name: &str) -> Result<Option<PersonId>, CallError> {
        self.user_id_by(unique("GetUserId", "userName", user_name)?).await
    }

    pub(super) async fn user_id_by(
        &self,
        by: AlternateIdentifier,
    ) -> Result<Option<PersonId>, CallError> {
        const OPERATION: &str = "GetUserId";
        let answer = self
            .client
            .get_user_id()
            .identity_store_id(&self.store)
            .alternate_identifier(by)
            .send()
            .await
            .map_err(|e| lookup_error(OPERATION, &e));
        refused_as_none(answer)?.map(|found| person_id(OPERATION, found.user_id)).transpose()
    }
}

/// What the question came to in which groups a person is.
enum Asked {
    /// Those they are in.
    Told(BTreeSet<GroupId>),
    /// The person is no more.
    NoSuchPerson,
    /// This one of the groups is no more.
    NoSuchGroup(GroupId),
}

/// What is missing according to a refusal. That it is not said what is not taken for a person who is
/// no more: they would lose everything.
fn missing(
    groups: &[GroupId],
    error: &SdkError<IsMemberInGroupsError, HttpResponse>,
) -> Result<Asked, CallError> {
    const OPERATION: &str = "IsMemberInGroups";
    let failed = lookup_error(OPERATION, error);
    let Some(IsMemberInGroupsError::ResourceNotFoundException(absent)) = error.as_service_error()
    else {
        return Err(failed);
    };
    if failed.kind != FailureKind::NotFound {
        return Err(failed);
    }
    let of_groups = absent.resource_id().and_then(|id| groups.iter().find(|g| g.as_str() == id));
    match (absent.resource_type(), of_groups) {
        (Some(ResourceType::User), _) => Ok(Asked::NoSuchPerson),
        (Some(ResourceType::Group), Some(gone)) => Ok(Asked::NoSuchGroup(gone.clone())),
        _ => Err(unreadable(SERVICE, OPERATION, failed.message)),
    }
}

/// Names something by an attribute that no other has with this value.
pub(super) fn unique(
    operation: &'static str,
    path: &str,
    value: &str,
) -> Result<AlternateIdentifier, CallError> {
    UniqueAttribute::builder()
        .attribute_path(path)
        .attribute_value(Document::String(value.to_owned()))
        .build()
        .map(AlternateIdentifier::UniqueAttribute)
        .map_err(|e| unreadable(SERVICE, operation, e.to_string()))
}

/// Names a user by the id that another system gave it.
pub(super) fn external(issuer: &str, id: &str) -> Result<AlternateIdentifier, CallError> {
    let named = ExternalId::builder().issuer(issuer).id(id).build();
    named
        .map(AlternateIdentifier::ExternalId)
        .map_err(|e| unreadable(SERVICE, "GetUserId", e.to_string()))
}

pub(super) fn call_error<E>(operation: &'static str, error: &SdkError<E, HttpResponse>) -> CallError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let failed = failure::call_error(SERVICE, operation, error);
    match of_key(error) {
        None => failed,
        Some(reason) => {
            let message = format!(
                "{} ({reason}: about the KMS key that the identity store is encrypted with, \
                 `directory_key` of the map's hub)",
                failed.message
            );
            CallError { message, ..failed }
        }
    }
}

/// The reason of a refusal that is about the store's key. Every error of the service that can have one
/// has it in the same member.
fn of_key<E>(error: &SdkError<E, HttpResponse>) -> Option<String> {
    let body = error.raw_response()?.body().bytes()?;
    let fields: serde_json::Value = serde_json::from_slice(body).ok()?;
    let reason = fields.get("Reason")?.as_str()?;
    reason.starts_with("KMS_").then(|| reason.to_owned())
}

/// The error of a call that may find a person or a group missing. What concerns the whole store must not
/// be taken for that: everybody would be gone.
pub(super) fn lookup_error<E>(
    operation: &'static str,
    error: &SdkError<E, HttpResponse>,
) -> CallError
where
    E: OfStore + ProvideErrorMetadata + Error + 'static,
{
    let failed = call_error(operation, error);
    match error.as_service_error() {
        Some(error) if error.is_of_store() => {
            CallError { kind: FailureKind::Unreachable, ..failed }
        }
        _ => failed,
    }
}

/// Errors that may be about the store and not about who, or what, was asked for.
pub(super) trait OfStore {
    /// Whether this one is: the store is not there, or the key is gone or of no use that it is encrypted
    /// with. Both kinds of errors have a `Reason` then, and have none otherwise.
    fn is_of_store(&self) -> bool;
}

macro_rules! of_store {
    ($($error:ty),* $(,)?) => {$(
        impl OfStore for $error {
            fn is_of_store(&self) -> bool {
                match self {
                    Self::ResourceNotFoundException(error) => {
                        use ResourceType as T;
                        let kind = error.resource_type();
                        let is_one = matches!(kind, None | Some(T::User | T::Group | T::GroupMembership));
                        error.reason().is_some() || !is_one
                    }
                    Self::ValidationException(error) => error.reason().is_some(),
                    _ => false,
                }
            }
        }
    )*};
}

of_store!(
    DescribeGroupError,
    DescribeUserError,
    GetGroupIdError,
    GetUserIdError,
    IsMemberInGroupsError,
    DeleteGroupError,
    DeleteGroupMembershipError,
    DeleteUserError,
    GetGroupMembershipIdError,
    ListGroupMembershipsError,
    ListGroupMembershipsForMemberError,
);

pub(super) fn absent_as_none<T>(answer: Result<T, CallError>) -> Result<Option<T>, CallError> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(e) if e.kind == FailureKind::NotFound => Ok(None),
        Err(e) => Err(e),
    }
}

/// Whether an id of a group has the service's form: API `GroupId`, a UUID, in most Regions after ten hex
/// digits.
fn has_form(group: &GroupId) -> bool {
    let id = group.as_str();
    let is_hex = |part: &str| part.chars().all(|c| c.is_ascii_hexdigit());
    let parts: Vec<&str> = id.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    matches!(lengths.as_slice(), [8, 4, 4, 4, 12] | [10, 8, 4, 4, 4, 12])
        && parts.into_iter().all(is_hex)
}

/// For names that come from an assertion: a name the service refuses as malformed is nobody's.
pub(super) fn refused_as_none<T>(answer: Result<T, CallError>) -> Result<Option<T>, CallError> {
    match answer {
        Err(e) if e.kind == FailureKind::Rejected => Ok(None),
        other => absent_as_none(other),
    }
}

pub(super) fn person(
    operation: &'static str,
    id: String,
    user_name: Option<String>,
    display_name: Option<String>,
    status: Option<UserStatus>,
) -> Result<Person, CallError> {
    let id = person_id(operation, id)?;
    // Names are optional in the service's model; the id then serves to show the person.
    let user_name = user_name.unwrap_or_else(|| id.as_str().to_owned());
    let display_name = display_name.unwrap_or_else(|| user_name.clone());
    let enabled = match status {
        None | Some(UserStatus::Enabled) => true,
        Some(UserStatus::Disabled) => false,
        Some(other) => {
            let message = format!("user {id} has the unknown status `{}`", other.as_str());
            return Err(unreadable(SERVICE, operation, message));
        }
    };
    Ok(Person { id, user_name, display_name, enabled })
}

fn person_id(operation: &'static str, id: String) -> Result<PersonId, CallError> {
    PersonId::parse(id).map_err(|e| unreadable(SERVICE, operation, e.to_string()))
}

fn membership_id(operation: &'static str, id: &str) -> Result<MembershipId, CallError> {
    MembershipId::parse(id).map_err(|e| unreadable(SERVICE, operation, e.to_string()))
}

fn group_id(operation: &'static str, id: String) -> Result<GroupId, CallError> {
    GroupId::parse(id).map_err(|e| unreadable(SERVICE, operation, e.to_string()))
}

/// A person, and what else the service shows.
pub(super) type Known = (Person, Particulars);

/// Somebody of a list.
pub(super) fn listed(user: User) -> Result<Known, CallError> {
    let particulars = particulars(user.emails, user.external_ids, user.name);
    let (name, shown) = (user.user_name, user.display_name);
    Ok((person("ListUsers", user.user_id, name, shown, user.user_status)?, particulars))
}

/// The primary address, the first id of another system, and the names.
fn particulars(
    emails: Option<Vec<Email>>,
    external_ids: Option<Vec<ExternalId>>,
    name: Option<Name>,
) -> Particulars {
    let emails = emails.unwrap_or_default();
    let email = emails.iter().find(|email| email.primary).or(emails.first());
    let (given_name, family_name) =
        name.map_or((None, None), |name| (name.given_name, name.family_name));
    Particulars {
        email: email.and_then(|email| email.value.clone()),
        external_id: external_ids.into_iter().flatten().next().map(|id| id.id),
        given_name,
        family_name,
    }
}
