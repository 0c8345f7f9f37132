//! Sign-ins that were begun here. A partition for each: anybody can begin one.

use super::DynamoStore;
use super::failure::{damaged, unusable};
use super::item::{Damaged, Item, floor};
use super::keys::{Key, lapse};
use super::wire::{Over, Written};
use access::ids::{IdpKey, TeamKey};
use async_trait::async_trait;
use control::ports::{LoginRequests, PendingLogin, StoreError};
use jiff::{SignedDuration, Timestamp};

/// How long one that lapsed may still be kept.
const KEPT: SignedDuration = SignedDuration::from_hours(1);

fn key(request_id: &str) -> Key {
    Key::new(format!("login#{request_id}"), "login")
}

#[async_trait]
impl LoginRequests for DynamoStore {
    async fn begin(&self, login: &PendingLogin, _: Timestamp) -> Result<(), StoreError> {
        const OPERATION: &str = "remember a sign-in";
        let item = Item::at(&key(&login.request_id))
            .with_text("browser", &login.browser)
            .with_text("idp", login.idp.as_str())
            .with_opt_text("team", login.team.as_ref().map(TeamKey::as_str))
            .with_number("expires", floor(login.expires))
            .with_ttl(lapse(login.expires, KEPT));
        match self.put(OPERATION, item, Over::Nothing).await? {
            Written::Done => Ok(()),
            Written::Lost => {
                let message = format!("the table `{}` has a request of this id", self.table());
                Err(unusable(OPERATION, message))
            }
        }
    }

    async fn take(
        &self,
        request_id: &str,
        now: Timestamp,
    ) -> Result<Option<PendingLogin>, StoreError> {
        const OPERATION: &str = "take a sign-in";
        let key = key(request_id);
        // One that lapsed goes too. Where the answer of a first try was lost, the second finds
        // nothing, and the person begins anew: better than that two get it.
        let Some(item) = self.remove(OPERATION, &key).await? else { return Ok(None) };
        let login = read(request_id, &item)
            .map_err(|damage| damaged(self.table(), OPERATION, Some(&key), &damage))?;
        Ok(Some(login).filter(|login| floor(login.expires) > floor(now)))
    }
}

fn read(request_id: &str, item: &Item) -> Result<PendingLogin, Damaged> {
    let team = match item.opt_text("team") {
        Some(_) => Some(item.parsed("team", TeamKey::parse)?),
        None => None,
    };
    Ok(PendingLogin {
        request_id: request_id.to_owned(),
        browser: item.text("browser")?.to_owned(),
        idp: item.parsed("idp", IdpKey::parse)?,
        team,
        expires: item.time("expires")?,
    })
}
