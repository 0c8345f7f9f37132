//! Who has which e-mail address or id of another system.
//!
//! The service finds a user by address or by an id with its issuer, and does not document whether
//! case matters; people are matched without it. So what the last list of everybody said is kept, and
//! the service is asked besides for who came or changed since.

use super::IdentityCenter;
use super::calls::{external, unique};
use access::ids::PersonId;
use access::map::MatchKey;
use access::user_name::folded;
use aws_sdk_identitystore::types::User;
use control::ports::CallError;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;
use std::time::Duration;
use tokio::time::Instant;

/// An older list is read anew: as old as it gets where full passes are made.
const OLD: Duration = Duration::from_mins(20);

/// Who has which key, as a list of everybody said.
#[derive(Debug)]
pub(super) struct Holders {
    listed: Instant,
    /// In lower case.
    emails: BTreeMap<String, BTreeSet<PersonId>>,
    external_ids: BTreeMap<String, BTreeSet<PersonId>>,
    /// Of the ids of other systems.
    issuers: BTreeSet<String>,
}

impl Holders {
    pub(super) fn of(users: &[User]) -> Self {
        let (mut emails, mut external_ids) = (BTreeMap::new(), BTreeMap::new());
        let mut issuers = BTreeSet::new();
        for user in users {
            // One whose id cannot be read fails the reading that it is listed for.
            let Ok(id) = PersonId::parse(&user.user_id) else { continue };
            for email in user.emails.iter().flatten().filter_map(|email| email.value.as_ref()) {
                let holders: &mut BTreeSet<PersonId> =
                    emails.entry(folded(email).into_owned()).or_default();
                holders.insert(id.clone());
            }
            for external in user.external_ids.iter().flatten() {
                let holders: &mut BTreeSet<PersonId> =
                    external_ids.entry(external.id.clone()).or_default();
                holders.insert(id.clone());
                issuers.insert(external.issuer.clone());
            }
        }
        Self { listed: Instant::now(), emails, external_ids, issuers }
    }

    fn have(&self, key: MatchKey, value: &str) -> BTreeSet<PersonId> {
        let holders = match key {
            MatchKey::Email => self.emails.get(&*folded(value)),
            MatchKey::ExternalId => self.external_ids.get(value),
            MatchKey::UserName => None,
        };
        holders.cloned().unwrap_or_default()
    }
}

impl IdentityCenter {
    /// Keeps what a list of everybody says, where somebody asked for it before.
    pub(super) fn remember_holders(&self, users: &[User]) {
        let mut kept = self.holders.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.is_some() {
            *kept = Some(Holders::of(users));
        }
    }

    /// Everybody who has this address or id of another system.
    pub(super) async fn holders(
        &self,
        key: MatchKey,
        value: &str,
    ) -> Result<BTreeSet<PersonId>, CallError> {
        let is_listed = || {
            let kept = self.holders.lock().unwrap_or_else(PoisonError::into_inner);
            kept.as_ref().is_some_and(|kept| kept.listed.elapsed() < OLD)
        };
        if !is_listed() {
            let listed = Holders::of(&self.all_users().await?);
            *self.holders.lock().unwrap_or_else(PoisonError::into_inner) = Some(listed);
        }
        let (mut found, issuers) = {
            let kept = self.holders.lock().unwrap_or_else(PoisonError::into_inner);
            let found = kept.as_ref().map(|kept| kept.have(key, value)).unwrap_or_default();
            (found, kept.as_ref().map(|kept| kept.issuers.clone()).unwrap_or_default())
        };
        match key {
            MatchKey::Email => {
                let by = unique("GetUserId", "emails.value", value)?;
                found.extend(self.user_id_by(by).await?);
            }
            MatchKey::ExternalId => {
                for issuer in issuers {
                    found.extend(self.user_id_by(external(&issuer, value)?).await?);
                }
            }
            MatchKey::UserName => found.extend(self.user_id(value).await?),
        }
        Ok(found)
    }
}
