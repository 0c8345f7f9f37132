//! Clients by account and Region: a hub reaches its spokes by assuming a role.

use super::session::{SessionName, assuming};
use crate::client::SageMaker;
use crate::client::ec2::Ec2;
use crate::client::iam::Iam;
use crate::client::kms::Kms;
use crate::client::quotas::ServiceQuotas;
use crate::connect::in_region;
use crate::pacing::Paced;
use access::ids::PersonId;
use access::map::AssumeRole;
use aws_types::SdkConfig;
use control::ports::DomainTarget;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

/// How many clients of changes are kept. A change meets each account once or a few times, one pass
/// after the other, so older ones are not needed again.
const CHANGES: usize = 64;

/// The clients for one account and Region.
#[derive(Debug)]
pub(super) struct Spoke {
    pub(super) sdk: SdkConfig,
    pub(super) sagemaker: SageMaker,
    pub(super) quotas: ServiceQuotas,
    pub(super) iam: Iam,
    pub(super) ec2: Ec2,
    pub(super) kms: Kms,
}

/// Region, role, external id and whether the session has a source identity: what tells spokes
/// apart. The account is the role's, or the caller's own.
type Key = (String, Option<(String, Option<String>, bool)>);

/// All clients that were needed so far. Each keeps its assumed role's credentials and renews them.
#[derive(Debug)]
pub(super) struct Spokes {
    sdk: SdkConfig,
    http: Option<Paced>,
    made: Mutex<Made>,
}

#[derive(Debug, Default)]
struct Made {
    /// For everything that no change asks for.
    lasting: BTreeMap<Key, Arc<Spoke>>,
    /// For changes, the latest used at the back.
    changes: VecDeque<((Key, SessionName), Arc<Spoke>)>,
}

impl Spokes {
    pub(super) fn new(sdk: SdkConfig, http: Option<Paced>) -> Self {
        Self { sdk, http, made: Mutex::default() }
    }

    /// The clients for a domain's account and Region. Where a role is assumed, its session bears
    /// the name of the change that the domain is reached for, so that CloudTrail there tells what
    /// belongs together.
    pub(super) fn of(&self, domain: &DomainTarget) -> Arc<Spoke> {
        let key = key(domain);
        // Nothing waits under the lock: credentials are asked for by the first call.
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        match &domain.change {
            Some(change) if domain.assume_role.is_some() => {
                let wanted = (key, SessionName::of(change.as_str()));
                let place = made.changes.iter().position(|(there, _)| *there == wanted);
                let found = place.and_then(|place| made.changes.remove(place));
                let (wanted, spoke) = found.unwrap_or_else(|| {
                    let spoke = self.make(domain, wanted.1.clone());
                    (wanted, spoke)
                });
                made.changes.push_back((wanted, spoke.clone()));
                if made.changes.len() > CHANGES {
                    made.changes.pop_front();
                }
                spoke
            }
            _ => made
                .lasting
                .entry(key)
                .or_insert_with(|| self.make(domain, SessionName::control()))
                .clone(),
        }
    }

    /// A client whose calls bear the person's name. Where a role is assumed, it is assumed anew:
    /// CloudTrail and Studio then show who asked. It is the role for links, where there is one.
    pub(super) fn on_behalf_of(&self, domain: &DomainTarget, who: &PersonId) -> SageMaker {
        let Some(role) = domain.presign_role.as_ref().or(domain.assume_role.as_ref()) else {
            return self.of(domain).sagemaker.clone();
        };
        let session = SessionName::of(who.as_str());
        SageMaker::new(&self.settings(domain, Some((role, session))))
    }

    /// The hub's own settings, in the domain's Region: for what belongs to the organization.
    pub(super) fn hub(&self, domain: &DomainTarget) -> SdkConfig {
        in_region(&self.sdk, &domain.region)
    }

    fn make(&self, domain: &DomainTarget, session: SessionName) -> Arc<Spoke> {
        let role = domain.assume_role.as_ref().map(|role| (role, session));
        let sdk = self.settings(domain, role);
        Arc::new(Spoke {
            sagemaker: SageMaker::new(&sdk),
            quotas: ServiceQuotas::new(&sdk),
            iam: Iam::new(&sdk),
            ec2: Ec2::new(&sdk),
            kms: Kms::new(&sdk),
            sdk,
        })
    }

    fn settings(
        &self,
        domain: &DomainTarget,
        role: Option<(&AssumeRole, SessionName)>,
    ) -> SdkConfig {
        let sdk = self.hub(domain);
        match role {
            None => sdk,
            Some((role, session)) => {
                let mut sdk = assuming(&sdk, role, session).into_builder();
                // Limits are those of an account, whatever the session.
                if let Some(http) = &self.http {
                    sdk = sdk.http_client(http.in_account(domain.account_id.as_str()));
                }
                sdk.build()
            }
        }
    }
}

fn key(domain: &DomainTarget) -> Key {
    let role = domain.assume_role.as_ref();
    let role = role.map(|r| (r.arn.as_str().to_owned(), r.external_id.clone(), r.source_identity));
    (domain.region.as_str().to_owned(), role)
}
