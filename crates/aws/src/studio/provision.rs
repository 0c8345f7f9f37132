//! Changes to profiles, apps and spaces. Each may be repeated.

use super::{Studio, absent_as_none, handover, required};
use crate::assignments::Assignee;
use crate::client::SageMaker;
use crate::client::sagemaker::{
    AddTags, CreateUserProfile, DeleteApp, DeleteSpace, DeleteTags, DeleteUserProfile, DescribeApp,
    DescribeSpace, DescribeUserProfile, DescribeUserProfileOutput, Document, Tag,
    UpdateUserProfile,
};
use access::ids::{GroupId, ProfileName, RoleArn};
use access::observed::{AppStatus, ObservedApp};
use access::plan::SpaceHandover;
use async_trait::async_trait;
use control::ports::{
    AppOwner, CallError, DomainTarget, Ensured, FailureKind, ProfileSpec, ProfileUpdate, Provision,
};
use std::collections::BTreeMap;

/// The one value that `SingleSignOnUserIdentifier` takes.
const SSO_USER_IDENTIFIER: &str = "UserName";

#[async_trait]
impl Provision for Studio {
    async fn assign(
        &self,
        domain: &DomainTarget,
        application: &str,
        group: &GroupId,
    ) -> Result<Ensured, CallError> {
        let group = Assignee::Group(group.clone());
        self.assignments(domain).ensure(application, &group).await
    }

    async fn hand_over_space(
        &self,
        domain: &DomainTarget,
        handover: &SpaceHandover,
    ) -> Result<Ensured, CallError> {
        handover::hand_over(&self.sagemaker(domain), domain.domain_id.as_str(), handover).await
    }

    async fn create_profile(
        &self,
        domain: &DomainTarget,
        spec: &ProfileSpec,
    ) -> Result<Ensured, CallError> {
        let client = self.sagemaker(domain);
        let settings = user_settings(Some(&spec.execution_role), Some(&spec.user_settings));
        let sso_user = spec.sso_user.as_ref();
        let answer = client
            .call(&CreateUserProfile {
                domain_id: domain.domain_id.as_str().to_owned(),
                user_profile_name: spec.name.as_str().to_owned(),
                tags: Some(tags(&spec.tags)),
                user_settings: Some(settings),
                single_sign_on_user_identifier: sso_user.map(|_| SSO_USER_IDENTIFIER.to_owned()),
                single_sign_on_user_value: sso_user.cloned(),
            })
            .await;
        match answer {
            Ok(_) => Ok(Ensured::Changed),
            // The code also stands for a domain that is busy; that the profile is there is asked,
            // not read out of the message.
            Err(e) if e.kind == FailureKind::InUse => {
                match describe(&client, domain, &spec.name).await? {
                    Some(_) => Ok(Ensured::NotNeeded),
                    None => Err(e),
                }
            }
            Err(e) => Err(e),
        }
    }

    async fn update_profile(
        &self,
        domain: &DomainTarget,
        name: &ProfileName,
        update: &ProfileUpdate,
    ) -> Result<Ensured, CallError> {
        let client = self.sagemaker(domain);
        let has_tags = !update.set_tags.is_empty() || !update.remove_tags.is_empty();
        let has_settings = update.execution_role.is_some() || update.user_settings.is_some();
        // Tags first: they say whose the profile is and that it is leaving, which must not wait
        // for a role that the service refuses.
        if has_tags {
            change_tags(&client, domain, name, update).await?;
        }
        if has_settings {
            let settings =
                user_settings(update.execution_role.as_ref(), update.user_settings.as_ref());
            client
                .call(&UpdateUserProfile {
                    domain_id: domain.domain_id.as_str().to_owned(),
                    user_profile_name: name.as_str().to_owned(),
                    user_settings: Some(settings),
                })
                .await?;
        }
        Ok(if has_tags || has_settings { Ensured::Changed } else { Ensured::NotNeeded })
    }

    async fn stop_app(
        &self,
        domain: &DomainTarget,
        owner: &AppOwner,
        app: &ObservedApp,
    ) -> Result<Ensured, CallError> {
        match app.status {
            AppStatus::Failed | AppStatus::Deleting | AppStatus::Deleted => {
                return Ok(Ensured::NotNeeded);
            }
            AppStatus::Pending | AppStatus::InService => {}
        }
        let (profile, space) = match owner {
            AppOwner::Profile(name) => (Some(name.as_str().to_owned()), None),
            AppOwner::Space(name) => (None, Some(name.clone())),
        };
        let request = DeleteApp {
            domain_id: domain.domain_id.as_str().to_owned(),
            user_profile_name: profile,
            space_name: space,
            app_type: app.app_type.clone(),
            app_name: app.name.clone(),
        };
        let client = self.sagemaker(domain);
        let delete = async || match client.call(&request).await {
            Ok(_) => Ok(Ensured::Changed),
            Err(e) if e.kind == FailureKind::NotFound || says_gone(&e) => Ok(Ensured::NotNeeded),
            Err(e) => Err(e),
        };
        match delete().await {
            // Only an app that is in service can be stopped. Which code says that it is not is not
            // documented: so it is asked.
            Err(e) if matches!(e.kind, FailureKind::InUse | FailureKind::Rejected) => {
                let now = DescribeApp {
                    domain_id: request.domain_id.clone(),
                    user_profile_name: request.user_profile_name.clone(),
                    space_name: request.space_name.clone(),
                    app_type: request.app_type.clone(),
                    app_name: request.app_name.clone(),
                };
                let now = absent_as_none(client.call(&now).await)?;
                let status = now.map(|app| app.status.unwrap_or_default());
                match status.as_deref() {
                    Some("Pending" | "Failed") => Ok(Ensured::NotNeeded),
                    // It came into service since it was refused.
                    Some("InService") => delete().await,
                    _ => unless_leaving(e, status),
                }
            }
            done => done,
        }
    }

    async fn delete_space(&self, domain: &DomainTarget, space: &str) -> Result<Ensured, CallError> {
        let client = self.sagemaker(domain);
        let (domain_id, space_name) = (domain.domain_id.as_str().to_owned(), space.to_owned());
        let request = DeleteSpace { domain_id: domain_id.clone(), space_name: space_name.clone() };
        match client.call(&request).await {
            Ok(_) => Ok(Ensured::Changed),
            Err(e) if e.kind == FailureKind::NotFound => Ok(Ensured::NotNeeded),
            Err(e) if e.kind == FailureKind::InUse => {
                let now = client.call(&DescribeSpace { domain_id, space_name }).await;
                unless_leaving(e, absent_as_none(now)?.map(|s| s.status.unwrap_or_default()))
            }
            Err(e) => Err(e),
        }
    }

    async fn delete_profile(
        &self,
        domain: &DomainTarget,
        name: &ProfileName,
    ) -> Result<Ensured, CallError> {
        let client = self.sagemaker(domain);
        let request = DeleteUserProfile {
            domain_id: domain.domain_id.as_str().to_owned(),
            user_profile_name: name.as_str().to_owned(),
        };
        match client.call(&request).await {
            Ok(_) => Ok(Ensured::Changed),
            Err(e) if e.kind == FailureKind::NotFound => Ok(Ensured::NotNeeded),
            Err(e) if e.kind == FailureKind::InUse => {
                let now = describe(&client, domain, name).await?;
                unless_leaving(e, now.map(|p| p.status.unwrap_or_default()))
            }
            Err(e) => Err(e),
        }
    }
}

async fn describe(
    client: &SageMaker,
    domain: &DomainTarget,
    name: &ProfileName,
) -> Result<Option<DescribeUserProfileOutput>, CallError> {
    let request = DescribeUserProfile {
        domain_id: domain.domain_id.as_str().to_owned(),
        user_profile_name: name.as_str().to_owned(),
    };
    absent_as_none(client.call(&request).await)
}

async fn change_tags(
    client: &SageMaker,
    domain: &DomainTarget,
    name: &ProfileName,
    update: &ProfileUpdate,
) -> Result<(), CallError> {
    // The ARN is asked for, not made up: the service writes names in it in its own case.
    let request = DescribeUserProfile {
        domain_id: domain.domain_id.as_str().to_owned(),
        user_profile_name: name.as_str().to_owned(),
    };
    let profile = client.call(&request).await?;
    let arn = required("DescribeUserProfile", "UserProfileArn", profile.user_profile_arn)?;
    if !update.set_tags.is_empty() {
        let tags = tags(&update.set_tags);
        client.call(&AddTags { resource_arn: arn.clone(), tags }).await?;
    }
    if !update.remove_tags.is_empty() {
        let tag_keys = update.remove_tags.iter().cloned().collect();
        client.call(&DeleteTags { resource_arn: arn, tag_keys }).await?;
    }
    Ok(())
}

/// The refused deletion was not needed if the thing is gone or going.
fn unless_leaving(refusal: CallError, status_now: Option<String>) -> Result<Ensured, CallError> {
    match status_now {
        None => Ok(Ensured::NotNeeded),
        Some(status) if status == "Deleting" || status == "Deleted" => Ok(Ensured::NotNeeded),
        Some(_) => Err(refusal),
    }
}

/// The service refuses in words alone to delete an app that is no more.
fn says_gone(error: &CallError) -> bool {
    let message = error.message.to_ascii_lowercase();
    matches!(error.kind, FailureKind::Rejected | FailureKind::InUse)
        && ["has already been deleted", "previously failed"]
            .iter()
            .any(|phrase| message.contains(phrase))
}

fn user_settings(role: Option<&RoleArn>, others: Option<&Document>) -> Document {
    let mut settings = others.cloned().unwrap_or_default();
    if let Some(role) = role {
        settings.insert("ExecutionRole".to_owned(), role.as_str().into());
    }
    settings
}

fn tags(tags: &BTreeMap<String, String>) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag { key: key.clone(), value: value.clone() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(kind: FailureKind, message: &str) -> CallError {
        CallError {
            service: "sagemaker",
            operation: "DeleteApp",
            kind,
            aws_code: Some("ValidationException".to_owned()),
            message: message.to_owned(),
        }
    }

    #[test]
    fn an_app_that_is_no_more_is_told_by_the_message() {
        let gone = |kind, message| says_gone(&refusal(kind, message));
        assert!(gone(FailureKind::Rejected, "App [x] has already been deleted"));
        assert!(gone(
            FailureKind::Rejected,
            "App x previously failed and was automatically deleted"
        ));
        assert!(!gone(FailureKind::Rejected, "1 validation error detected"));
        assert!(!gone(FailureKind::Service, "App [x] has already been deleted"));
    }

    #[test]
    fn a_refused_deletion_stands_unless_the_thing_is_going() {
        let in_use = || refusal(FailureKind::InUse, "apps are associated with it");
        assert_eq!(unless_leaving(in_use(), None), Ok(Ensured::NotNeeded));
        assert_eq!(unless_leaving(in_use(), Some("Deleting".into())), Ok(Ensured::NotNeeded));
        assert_eq!(unless_leaving(in_use(), Some("InService".into())), Err(in_use()));
        assert_eq!(unless_leaving(in_use(), Some(String::new())), Err(in_use()));
    }
}
