//! People and groups of IAM Identity Center's identity store.

use crate::failure::{self, unreadable};
use access::entitlement::WantedGroups;
use access::ids::{GroupId, IdentityStoreId, MembershipId, PersonId};
use access::snapshot::{Coverage, Group, Person, Snapshot};
use async_trait::async_trait;
use aws_sdk_identitystore::Client;
use aws_sdk_identitystore::operation::describe_group::DescribeGroupError;
use aws_sdk_identitystore::operation::describe_user::DescribeUserError;
use aws_sdk_identitystore::operation::get_group_id::GetGroupIdError;
use aws_sdk_identitystore::operation::get_user_id::GetUserIdError;
use aws_sdk_identitystore::operation::list_group_memberships::ListGroupMembershipsError;
use aws_sdk_identitystore::operation::list_group_memberships_for_member::ListGroupMembershipsForMemberError;
use aws_sdk_identitystore::types::{
    AlternateIdentifier, GroupMembership, MemberId, ResourceType, UniqueAttribute, UserStatus,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::Document;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::SdkConfig;
use control::event::Membership;
use control::ports::{
    CallError, Directory, DirectoryReading, FailureKind, GroupReading, Memberships, PersonLookup,
};
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;

const SERVICE: &str = "identitystore";

/// The largest page any list of the service gives.
const PAGE: i32 = 100;

/// Calls in flight at once. The service's rates are unpublished and membership lists are known to
/// be throttled, so this stays small.
const CONCURRENCY: usize = 4;

/// An identity store.
#[derive(Debug, Clone)]
pub struct IdentityCenter {
    client: Client,
    store: String,
}

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
    pub(crate) fn new(sdk: &SdkConfig, store: &IdentityStoreId) -> Self {
        Self { client: Client::new(sdk), store: store.as_str().to_owned() }
    }

    /// Everybody, and every group with its members, whatever grants name.
    pub async fn everything(&self) -> Result<DirectoryReading, CallError> {
        let ids = self.all_groups().await?.into_iter().map(|(id, _)| id).collect();
        self.everybody(&WantedGroups { ids, ..WantedGroups::default() }).await
    }

    async fn all_people(&self) -> Result<BTreeMap<PersonId, Person>, CallError> {
        let users: Result<Vec<_>, CallError> = pages!(
            "ListUsers",
            self.client.list_users().identity_store_id(&self.store),
            users,
            call_error
        );
        let people = users?.into_iter().map(|user| {
            person("ListUsers", user.user_id, user.user_name, user.display_name, user.user_status)
        });
        people.map(|p| p.map(|p| (p.id.clone(), p))).collect()
    }

    /// Every group with its name. One without a name is no group that a grant could match.
    async fn all_groups(&self) -> Result<Vec<(GroupId, String)>, CallError> {
        let groups: Result<Vec<_>, CallError> = pages!(
            "ListGroups",
            self.client.list_groups().identity_store_id(&self.store),
            groups,
            call_error
        );
        groups?
            .into_iter()
            .filter_map(|group| {
                let name = group.display_name?;
                Some(group_id("ListGroups", group.group_id).map(|id| (id, name)))
            })
            .collect()
    }

    async fn memberships(
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

    async fn describe_person(&self, id: &PersonId) -> Result<Option<Person>, CallError> {
        const OPERATION: &str = "DescribeUser";
        let answer = self
            .client
            .describe_user()
            .identity_store_id(&self.store)
            .user_id(id.as_str())
            .send()
            .await
            .map_err(|e| lookup_error(OPERATION, &e));
        match absent_as_none(answer)? {
            None => Ok(None),
            Some(user) => {
                let (name, shown) = (user.user_name, user.display_name);
                person(OPERATION, user.user_id, name, shown, user.user_status).map(Some)
            }
        }
    }

    async fn groups_of(
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

    async fn describe_group(&self, group: &GroupId) -> Result<Option<String>, CallError> {
        let answer = self
            .client
            .describe_group()
            .identity_store_id(&self.store)
            .group_id(group.as_str())
            .send()
            .await
            .map_err(|e| lookup_error("DescribeGroup", &e));
        Ok(absent_as_none(answer)?.and_then(|group| group.display_name))
    }

    /// A person with the ids of their groups; `None` if the directory does not know them.
    async fn person_and_groups(
        &self,
        id: PersonId,
    ) -> Result<Option<(Person, BTreeMap<GroupId, MembershipId>)>, CallError> {
        let Some(person) = self.describe_person(&id).await? else { return Ok(None) };
        // Whoever is deleted between the two calls is gone, which is what the second says.
        let groups = absent_as_none(self.groups_of(&id).await)?;
        Ok(groups.map(|groups| (person, groups)))
    }

    async fn group_id_of(&self, display_name: &str) -> Result<Option<GroupId>, CallError> {
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

    async fn user_id(&self, user_name: &str) -> Result<Option<PersonId>, CallError> {
        const OPERATION: &str = "GetUserId";
        let answer = self
            .client
            .get_user_id()
            .identity_store_id(&self.store)
            .alternate_identifier(unique(OPERATION, "userName", user_name)?)
            .send()
            .await
            .map_err(|e| lookup_error(OPERATION, &e));
        refused_as_none(answer)?.map(|found| person_id(OPERATION, found.user_id)).transpose()
    }
}

#[async_trait]
impl Directory for IdentityCenter {
    async fn everybody(&self, groups: &WantedGroups) -> Result<DirectoryReading, CallError> {
        let (people, all) = futures::try_join!(self.all_people(), self.all_groups())?;
        let (wanted, others): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|(id, name)| groups.want(id, name));
        let mut found: BTreeMap<GroupId, GroupReading> = stream::iter(wanted)
            .map(|(id, display_name)| async move {
                // A group that vanished after the list has no members any more.
                let members = absent_as_none(self.memberships(&id).await)?;
                Ok(members.map(|m| (id, GroupReading { display_name, members: Some(m) })))
            })
            .buffer_unordered(CONCURRENCY)
            .try_filter_map(|group| async move { Ok::<_, CallError>(group) })
            .try_collect()
            .await?;
        let groups = found
            .iter()
            .map(|(id, group)| {
                // With the text of the person's own id, rather than one for each membership.
                let own = |id| people.get_key_value(id).map_or(id, |(own, _)| own).clone();
                let members = group.members.iter().flat_map(BTreeMap::values).map(own);
                let (display_name, members) = (group.display_name.clone(), members.collect());
                (id.clone(), Group { id: id.clone(), display_name, members })
            })
            .collect();
        let unread = |display_name| GroupReading { display_name, members: None };
        found.extend(others.into_iter().map(|(id, name)| (id, unread(name))));
        let coverage = Coverage::Complete;
        let (offboarded, barred, temporary) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let snapshot = Snapshot { people, groups, coverage, offboarded, barred, temporary };
        Ok(DirectoryReading {
            snapshot,
            memberships: Memberships::Complete(found),
            particulars: BTreeMap::new(),
        })
    }

    async fn people(
        &self,
        people: &BTreeSet<PersonId>,
        groups: &WantedGroups,
    ) -> Result<DirectoryReading, CallError> {
        let found: Vec<(Person, BTreeMap<GroupId, MembershipId>)> = stream::iter(people.clone())
            .map(|id| self.person_and_groups(id))
            .buffer_unordered(CONCURRENCY)
            .try_filter_map(|person| async move { Ok(person) })
            .try_collect()
            .await?;
        let ids: BTreeSet<GroupId> =
            found.iter().flat_map(|(_, groups)| groups.keys().cloned()).collect();
        let names: BTreeMap<GroupId, String> = stream::iter(ids)
            .map(|id| async move { self.describe_group(&id).await.map(|name| (id, name)) })
            .buffer_unordered(CONCURRENCY)
            .try_filter_map(|(id, name)| async move {
                let wanted = name.filter(|name| groups.want(&id, name));
                Ok::<_, CallError>(wanted.map(|name| (id, name)))
            })
            .try_collect()
            .await?;
        let memberships = found
            .iter()
            .flat_map(|(person, groups)| groups.iter().map(move |group| (person, group)))
            .filter(|(_, (group, _))| names.contains_key(*group))
            .map(|(person, (group, id))| Membership {
                id: id.clone(),
                group: group.clone(),
                person: person.id.clone(),
            })
            .collect();
        let groups = names
            .into_iter()
            .map(|(id, display_name)| {
                let members = found
                    .iter()
                    .filter(|(_, groups)| groups.contains_key(&id))
                    .map(|(person, _)| person.id.clone())
                    .collect();
                (id.clone(), Group { id, display_name, members })
            })
            .collect();
        let known = found.into_iter().map(|(person, _)| (person.id.clone(), person)).collect();
        let coverage = Coverage::People(people.clone());
        let (offboarded, barred, temporary) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let snapshot = Snapshot { people: known, groups, coverage, offboarded, barred, temporary };
        Ok(DirectoryReading {
            snapshot,
            memberships: Memberships::Some(memberships),
            particulars: BTreeMap::new(),
        })
    }

    async fn find(&self, person: &PersonLookup) -> Result<Option<PersonId>, CallError> {
        match person {
            PersonLookup::UserName(name) => self.user_id(name).await,
            PersonLookup::Id(id) => {
                let found = refused_as_none(self.describe_person(id).await)?;
                Ok(found.flatten().map(|person| person.id))
            }
        }
    }

    async fn find_group(&self, display_name: &str) -> Result<Option<GroupId>, CallError> {
        let Some(id) = self.group_id_of(display_name).await? else { return Ok(None) };
        // The service may compare more loosely than grants do.
        let name = self.describe_group(&id).await?;
        Ok((name.as_deref() == Some(display_name)).then_some(id))
    }

    async fn group_name(&self, group: &GroupId) -> Result<Option<String>, CallError> {
        self.describe_group(group).await
    }

    async fn members(
        &self,
        group: &GroupId,
    ) -> Result<Option<BTreeMap<MembershipId, PersonId>>, CallError> {
        absent_as_none(self.memberships(group).await)
    }
}

/// Names something by an attribute that no other has with this value.
fn unique(
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

fn call_error<E>(operation: &'static str, error: &SdkError<E, HttpResponse>) -> CallError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    failure::call_error(SERVICE, operation, error)
}

/// The error of a call that may find a person or a group missing. That the whole store is missing
/// must not be taken for it: everybody would be gone.
fn lookup_error<E>(operation: &'static str, error: &SdkError<E, HttpResponse>) -> CallError
where
    E: NotFound + ProvideErrorMetadata + Error + 'static,
{
    let failed = call_error(operation, error);
    match error.as_service_error().and_then(NotFound::missing) {
        Some(ResourceType::IdentityStore) => CallError { kind: FailureKind::Unreachable, ..failed },
        _ => failed,
    }
}

/// Errors that tell what was not found.
trait NotFound {
    /// What was not found, if that is the error.
    fn missing(&self) -> Option<&ResourceType>;
}

macro_rules! not_found {
    ($($error:ty),* $(,)?) => {$(
        impl NotFound for $error {
            fn missing(&self) -> Option<&ResourceType> {
                match self {
                    Self::ResourceNotFoundException(error) => error.resource_type(),
                    _ => None,
                }
            }
        }
    )*};
}

not_found!(
    DescribeGroupError,
    DescribeUserError,
    GetGroupIdError,
    GetUserIdError,
    ListGroupMembershipsError,
    ListGroupMembershipsForMemberError,
);

fn absent_as_none<T>(answer: Result<T, CallError>) -> Result<Option<T>, CallError> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(e) if e.kind == FailureKind::NotFound => Ok(None),
        Err(e) => Err(e),
    }
}

/// For names that come from an assertion: a name the service refuses as malformed is nobody's.
fn refused_as_none<T>(answer: Result<T, CallError>) -> Result<Option<T>, CallError> {
    match answer {
        Err(e) if e.kind == FailureKind::Rejected => Ok(None),
        other => absent_as_none(other),
    }
}

fn person(
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
