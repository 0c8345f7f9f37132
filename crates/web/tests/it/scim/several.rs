//! Several directories that are pushed to: who is found in one by a key, and who is woken.

use super::{Idp, USER, set};
use crate::house::House;
use access::entitlement::WantedGroups;
use access::ids::DirectoryName;
use access::ids::{GroupId, MembershipId, PersonId};
use access::map::MatchKey;
use async_trait::async_trait;
use control::desk::Right;
use control::directory::Pushed;
use control::ports::{CallError, Directory, DirectoryReading, PersonLookup};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;

/// A directory that never answers.
#[derive(Debug)]
pub(crate) struct Silent;

#[async_trait]
impl Directory for Silent {
    async fn everybody(&self, _: &WantedGroups) -> Result<DirectoryReading, CallError> {
        pending().await
    }

    async fn people(
        &self,
        _: &BTreeSet<PersonId>,
        _: &WantedGroups,
    ) -> Result<DirectoryReading, CallError> {
        pending().await
    }

    async fn find(&self, _: &PersonLookup) -> Result<Option<PersonId>, CallError> {
        pending().await
    }

    async fn find_group(&self, _: &str) -> Result<Option<GroupId>, CallError> {
        pending().await
    }

    async fn group_name(&self, _: &GroupId) -> Result<Option<String>, CallError> {
        pending().await
    }

    async fn members(
        &self,
        _: &GroupId,
    ) -> Result<Option<BTreeMap<MembershipId, PersonId>>, CallError> {
        pending().await
    }
}

fn user(user_name: &str, external_id: &str, emails: &[&str]) -> Value {
    let emails: Vec<Value> = emails
        .iter()
        .enumerate()
        .map(|(n, value)| json!({"value": value, "primary": n == 0}))
        .collect();
    json!({"schemas": [USER], "userName": user_name, "externalId": external_id, "emails": emails})
}

#[tokio::test]
async fn people_are_found_by_the_keys_that_they_are_known_by() {
    let idp = Idp::new().await;
    let ada = user("Ada", "x1", &["Ada@corp.example", "ada@home.example"]);
    let ada = idp.made("/Users", &ada).await;
    let bob = idp.made("/Users", &user("bob", "x2", &["bob@corp.example"])).await;
    let twin = idp.made("/Users", &user("bob2", "X2", &["BOB@corp.example"])).await;
    let name = DirectoryName::parse("scim").unwrap();
    let directory = Pushed::new(idp.house.store.clone(), idp.house.plane.clock.clone(), name);
    let who = async |key, value: &str| -> BTreeSet<String> {
        let found = directory.who_has(key, value).await.unwrap();
        found.iter().map(ToString::to_string).collect()
    };
    assert_eq!(who(MatchKey::UserName, "ADA").await, set([ada.as_str()]));
    assert_eq!(who(MatchKey::Email, "ada@CORP.example").await, set([ada.as_str()]));
    // People are known by one of their addresses: another one tells nobody.
    assert_eq!(who(MatchKey::Email, "ada@home.example").await, set([]));
    // Of an address that two have, both are told: it is for others to see that it is nobody's.
    assert_eq!(who(MatchKey::Email, "bob@corp.example").await, set([bob.as_str(), twin.as_str()]));
    // Ids of other systems are compared as they are.
    assert_eq!(who(MatchKey::ExternalId, "x2").await, set([bob.as_str()]));
    assert_eq!(who(MatchKey::ExternalId, "x3").await, set([]));
}

#[tokio::test]
async fn a_push_to_the_second_directory_wakes_whoever_that_is_in_the_first() {
    let sources = "{ match: email, sources: [ { name: corp, scim: {} }, \
                   { name: partners, scim: {} } ] }";
    let house = House::pushed(sources, |config| config);
    let corp = house.token_for("corp", &[Right::Scim], Some("corp")).await;
    let partners = house.token_for("partners", &[Right::Scim], Some("partners")).await;
    let mut idp = Idp { house, bearer: corp };
    let ada = user("ada", "1", &["ada@corp.example"]);
    let ada = idp.made("/corp/Users", &ada).await;
    idp.bearer = partners;
    let same = idp.made("/partners/Users", &user("ada.l", "2", &["ADA@corp.example"])).await;
    let cyd = idp.made("/partners/Users", &user("cyd", "3", &["cyd@partners.example"])).await;
    idp.woken().await;

    // Whom corp knows is woken as that, and as what the partners alone would make of her.
    let off = json!([{"op": "replace", "path": "active", "value": false}]);
    let push = async |id: &str, operations: &Value| {
        let answer = idp.patch(&format!("/partners/Users/{id}"), operations).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        idp.woken().await
    };
    let both = set([ada.as_str(), &format!("partners:{same}")]);
    assert_eq!(push(&same, &off).await, both);
    assert_eq!(push(&cyd, &off).await, set([format!("partners:{cyd}").as_str()]));
    // An address that she has no longer wakes whom it made her, too.
    let moved = json!([{"op": "replace", "path": "emails[primary eq true].value",
        "value": "ada.l@partners.example"}]);
    assert_eq!(push(&same, &moved).await, both);
    let on = json!([{"op": "replace", "path": "active", "value": true}]);
    assert_eq!(push(&same, &on).await, set([format!("partners:{same}").as_str()]));
}

#[tokio::test(start_paused = true)]
async fn a_push_does_not_wait_for_a_directory_that_does_not_answer() {
    let sources = "{ sources: [ { name: corp, ldap: { urls: [\"ldaps://dc1.corp.example\"], \
                   base_dn: \"DC=corp,DC=example\" } }, { name: partners, scim: {} } ] }";
    let house = House::pushed(sources, |config| config);
    let bearer = house.token_for("partners", &[Right::Scim], Some("partners")).await;
    let idp = Idp { house, bearer };
    let ada = idp.made("/partners/Users", &user("ada", "1", &["ada@partners.example"])).await;
    assert_eq!(idp.woken().await, set(["*"]));
    let off = json!([{"op": "replace", "path": "active", "value": false}]);
    let answer = idp.patch(&format!("/partners/Users/{ada}"), &off).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(idp.woken().await, set(["*"]));
}
