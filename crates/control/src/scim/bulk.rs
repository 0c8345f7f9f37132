//! Many changes in one request.

use super::Tenant;
use super::answer::{Failed, ScimAnswer, Toll};
use super::write::Wanted;
use ::scim::{Bulk, BulkDone, BulkMethod, BulkRequest, Patch, Preconditions, Resource, Version};

impl Tenant {
    /// Makes the changes one after the other, each as if it had come by itself.
    pub(super) async fn bulk(&self, bulk: Bulk, toll: &dyn Toll) -> Result<ScimAnswer, Failed> {
        let more = u32::try_from(bulk.len()).unwrap_or(u32::MAX).saturating_sub(1);
        toll.pay(more).map_err(Failed::TooOften)?;
        let mut run = bulk.start(&self.base);
        while let Some(request) = run.next() {
            let outcome = self.one_of_many(request).await;
            run.done(outcome.map_err(Failed::into_error));
        }
        Ok(ScimAnswer::told(200, &run.finish()))
    }

    async fn one_of_many(&self, request: BulkRequest) -> Result<BulkDone, Failed> {
        let BulkRequest { method, kind, id, version, data } = request;
        let version = version.map(|version| version.to_string());
        let conditions = Preconditions::parse(version.as_deref(), None)?;
        let id = id.unwrap_or_default();
        let (status, id, version) = match method {
            BulkMethod::Post => {
                let record = self.created(&Resource::from_client(kind, data)?).await?;
                (201, record.id, Some(record.version))
            }
            BulkMethod::Put => {
                let received = Resource::from_client(kind, data)?;
                let wanted = Wanted::Whole(&received);
                let record = self.changed(kind, &id, &wanted, &conditions).await?;
                (200, record.id, Some(record.version))
            }
            BulkMethod::Patch => {
                let (rest, members) = Patch::from_value(kind, data)?.split_members();
                let wanted = Wanted::Patched(&rest, &members);
                let record = self.changed(kind, &id, &wanted, &conditions).await?;
                (200, record.id, Some(record.version))
            }
            BulkMethod::Delete => {
                self.delete(kind, &id, &conditions).await?;
                (204, id, None)
            }
        };
        Ok(BulkDone { status, id, version: version.map(Version) })
    }
}
