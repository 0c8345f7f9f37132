//! Who is assigned to an Identity Center application. In an SSO-mode domain a profile is of no use
//! until its person is assigned to the domain's application.

use crate::failure::{self, unreadable};
use access::ids::{GroupId, PersonId};
use aws_sdk_ssoadmin::Client;
use aws_sdk_ssoadmin::types::{ApplicationStatus, PrincipalType};
use aws_types::SdkConfig;
use control::ports::{CallError, Ensured, FailureKind};
use std::collections::BTreeSet;

const SERVICE: &str = "sso-admin";

/// Somebody who can be assigned to an application.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Assignee {
    /// One person.
    Person(PersonId),
    /// A group, with everybody in it.
    Group(GroupId),
}

/// An Identity Center application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// Its name.
    pub name: String,
    /// The account that owns it.
    pub account: String,
    /// Whether it lets anybody in.
    pub enabled: bool,
}

/// Applications of an Identity Center instance's home Region.
#[derive(Debug, Clone)]
pub struct Assignments {
    client: Client,
}

impl Assignments {
    pub(crate) fn new(sdk: &SdkConfig) -> Self {
        Self { client: Client::new(sdk) }
    }

    /// Assigns the person or group to the application, if they are not yet.
    pub async fn ensure(
        &self,
        application_arn: &str,
        assignee: &Assignee,
    ) -> Result<Ensured, CallError> {
        let (id, kind) = match assignee {
            Assignee::Person(id) => (id.as_str(), PrincipalType::User),
            Assignee::Group(id) => (id.as_str(), PrincipalType::Group),
        };
        let answer = self
            .client
            .create_application_assignment()
            .application_arn(application_arn)
            .principal_id(id)
            .principal_type(kind)
            .send()
            .await
            .map_err(|e| failure::call_error(SERVICE, "CreateApplicationAssignment", &e));
        match answer {
            Ok(_) => Ok(Ensured::Changed),
            // A conflict says either that the assignment is there or that another write is going
            // on; only the list tells which.
            Err(e) if e.kind == FailureKind::InUse => {
                if self.list(application_arn).await?.contains(assignee) {
                    Ok(Ensured::NotNeeded)
                } else {
                    Err(e)
                }
            }
            Err(e) => Err(e),
        }
    }

    /// Everybody who is assigned to the application.
    pub async fn list(&self, application_arn: &str) -> Result<BTreeSet<Assignee>, CallError> {
        const OPERATION: &str = "ListApplicationAssignments";
        let mut found = BTreeSet::new();
        let mut token: Option<String> = None;
        loop {
            let page = self
                .client
                .list_application_assignments()
                .application_arn(application_arn)
                .max_results(100)
                .set_next_token(token.clone())
                .send()
                .await
                .map_err(|e| failure::call_error(SERVICE, OPERATION, &e))?;
            for assignment in page.application_assignments.unwrap_or_default() {
                let kind = assignment.principal_type;
                found.insert(assignee(kind, assignment.principal_id)?);
            }
            match page.next_token.filter(|t| !t.is_empty()) {
                None => return Ok(found),
                next if next == token => {
                    let message = "the same page token came twice".to_owned();
                    return Err(unreadable(SERVICE, OPERATION, message));
                }
                next => token = next,
            }
        }
    }

    /// Identity stores of the instances that the caller's account has or may use, in this Region.
    pub async fn identity_stores(&self) -> Result<Vec<String>, CallError> {
        let found = self
            .client
            .list_instances()
            .send()
            .await
            .map_err(|e| failure::call_error(SERVICE, "ListInstances", &e))?;
        // An account sees one instance of the organization and at most one of its own: a page.
        let instances = found.instances.unwrap_or_default().into_iter();
        Ok(instances.filter_map(|instance| instance.identity_store_id).collect())
    }

    /// Reads the application.
    pub async fn application(&self, application_arn: &str) -> Result<Application, CallError> {
        const OPERATION: &str = "DescribeApplication";
        let found = self
            .client
            .describe_application()
            .application_arn(application_arn)
            .send()
            .await
            .map_err(|e| failure::call_error(SERVICE, OPERATION, &e))?;
        Ok(Application {
            name: found.name.unwrap_or_default(),
            account: found.application_account.unwrap_or_default(),
            enabled: found.status == Some(ApplicationStatus::Enabled),
        })
    }
}

fn assignee(kind: PrincipalType, id: String) -> Result<Assignee, CallError> {
    const OPERATION: &str = "ListApplicationAssignments";
    let bad = |message| unreadable(SERVICE, OPERATION, message);
    match kind {
        PrincipalType::User => {
            PersonId::parse(id).map(Assignee::Person).map_err(|e| bad(e.to_string()))
        }
        PrincipalType::Group => {
            GroupId::parse(id).map(Assignee::Group).map_err(|e| bad(e.to_string()))
        }
        other => Err(bad(format!("unknown kind of principal `{}`", other.as_str()))),
    }
}
