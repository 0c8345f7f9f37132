//! Handing a shared space over. The owner of a space cannot be changed: the space is made again
//! under another owner, with the settings and tags of the old one. Files are not carried over.

use super::{SERVICE, absent_as_none};
use crate::client::SageMaker;
use crate::client::sagemaker::{
    CreateSpace, DeleteSpace, DescribeSpace, DescribeSpaceOutput, Document, ListTags,
    OwnershipSettings, Tag,
};
use access::plan::SpaceHandover;
use control::ports::{CallError, Ensured, FailureKind};

const OPERATION: &str = "CreateSpace";

/// Makes the new space unless it is there. The old one stays as it is.
pub(super) async fn hand_over(
    client: &SageMaker,
    domain_id: &str,
    handover: &SpaceHandover,
) -> Result<Ensured, CallError> {
    if let Some(there) = describe(client, domain_id, handover.new_name.as_str()).await? {
        return made_before(client, domain_id, handover, &there).await;
    }
    let Some(old) = describe(client, domain_id, handover.space.as_str()).await? else {
        // Nothing is left that could be handed over.
        return Ok(Ensured::NotNeeded);
    };
    let shared = old.space_sharing_settings.as_ref().is_some_and(|s| s.sharing_type == "Shared");
    if !shared {
        let message = format!("space {} is not shared, it goes with its owner", handover.space);
        return Err(refused(FailureKind::Rejected, message));
    }
    let tags = match &old.space_arn {
        Some(arn) => tags_of(client, arn).await?,
        None => Vec::new(),
    };
    let request = CreateSpace {
        domain_id: domain_id.to_owned(),
        space_name: handover.new_name.as_str().to_owned(),
        space_display_name: old.space_display_name,
        tags: (!tags.is_empty()).then_some(tags),
        space_settings: old.space_settings.map(settings),
        ownership_settings: Some(OwnershipSettings {
            owner_user_profile_name: handover.owner.as_str().to_owned(),
        }),
        space_sharing_settings: old.space_sharing_settings,
    };
    match client.call(&request).await {
        Ok(_) => Ok(Ensured::Changed),
        // Somebody else was quicker, or the answer to a first attempt was lost.
        Err(e) if e.kind == FailureKind::InUse => {
            match describe(client, domain_id, handover.new_name.as_str()).await? {
                Some(there) if belongs(&there, handover) => Ok(Ensured::NotNeeded),
                _ => Err(e),
            }
        }
        Err(e) => Err(e),
    }
}

/// The tags of the old space, but for those that only AWS gives.
async fn tags_of(client: &SageMaker, arn: &str) -> Result<Vec<Tag>, CallError> {
    let request = ListTags { resource_arn: arn.to_owned(), ..ListTags::default() };
    let tags = client.all(&request).await?;
    Ok(tags.into_iter().filter(|tag| !tag.key.starts_with("aws:")).collect())
}

/// The settings of the old space, but for what AWS made for it alone.
fn settings(mut settings: Document) -> Document {
    settings.remove("SpaceManagedResources");
    settings
}

async fn made_before(
    client: &SageMaker,
    domain_id: &str,
    handover: &SpaceHandover,
    there: &DescribeSpaceOutput,
) -> Result<Ensured, CallError> {
    let name = &handover.new_name;
    if !belongs(there, handover) {
        let message = format!("space {name} is there already and belongs to somebody else");
        return Err(refused(FailureKind::Rejected, message));
    }
    match there.status.as_deref() {
        // It never came into being, so nothing is in it. It is made anew once it is gone.
        Some("Failed") => {
            let (domain_id, space_name) = (domain_id.to_owned(), name.as_str().to_owned());
            client.call(&DeleteSpace { domain_id, space_name }).await?;
            Ok(Ensured::Changed)
        }
        Some("Deleting" | "Delete_Failed") => {
            let message = format!("space {name} is still being deleted");
            Err(refused(FailureKind::InUse, message))
        }
        _ => Ok(Ensured::NotNeeded),
    }
}

fn belongs(space: &DescribeSpaceOutput, handover: &SpaceHandover) -> bool {
    let owner = space.ownership_settings.as_ref();
    owner.is_some_and(|owner| handover.owner.same_as(&owner.owner_user_profile_name))
}

async fn describe(
    client: &SageMaker,
    domain_id: &str,
    space: &str,
) -> Result<Option<DescribeSpaceOutput>, CallError> {
    let request = DescribeSpace { domain_id: domain_id.to_owned(), space_name: space.to_owned() };
    absent_as_none(client.call(&request).await)
}

fn refused(kind: FailureKind, message: String) -> CallError {
    CallError { service: SERVICE, operation: OPERATION, kind, aws_code: None, message }
}
