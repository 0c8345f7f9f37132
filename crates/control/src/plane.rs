//! The plane: the access map and everything it takes to make AWS agree with it.

use crate::ports::{
    AuditEntry, AuditLog, Clock, Directory, DomainTarget, Entropy, Observe, Provision, Sessions,
};
use access::ids::DomainKey;
use access::map::AccessMap;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The access map and the ports that planning and applying need.
#[derive(Debug, Clone)]
pub struct Plane {
    /// What each group gets.
    pub map: Arc<AccessMap>,
    /// Where people and groups are read.
    pub directory: Arc<dyn Directory>,
    /// Where Studio is read.
    pub observe: Arc<dyn Observe>,
    /// Where Studio is changed.
    pub provision: Arc<dyn Provision>,
    /// Who is signed in.
    pub sessions: Arc<dyn Sessions>,
    /// Where it is written down.
    pub audit: Arc<dyn AuditLog>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where unpredictable bytes come from.
    pub entropy: Arc<dyn Entropy>,
}

impl Plane {
    /// How to reach a domain of the map; `None` for a key the map does not have.
    pub fn target(&self, key: &DomainKey) -> Option<DomainTarget> {
        self.map.domains.get(key).map(|domain| DomainTarget {
            key: key.clone(),
            domain_id: domain.domain_id.clone(),
            account_id: domain.account_id.clone(),
            region: domain.region.clone(),
            assume_role: domain.assume_role.clone(),
        })
    }

    /// How to reach every domain of the map.
    pub fn targets(&self) -> BTreeMap<DomainKey, DomainTarget> {
        self.map.domains.keys().filter_map(|k| self.target(k).map(|t| (k.clone(), t))).collect()
    }

    /// Writes an audit entry. A store that fails is logged and never swallows the event itself.
    pub async fn record(&self, entry: AuditEntry) {
        if let Err(error) = self.audit.append(&entry).await {
            tracing::error!(event = %entry.event, code = %entry.code, %error, "audit entry lost");
        }
    }
}
