//! What was pushed, read as a directory.

use super::{Idp, USER, set};
use access::entitlement::WantedGroups;
use access::ids::PersonId;
use access::snapshot::Coverage;
use control::desk::Right;
use control::directory::Pushed;
use control::ports::{
    ApiToken, Clock, Directory, FailureKind, Memberships, PersonLookup, Tokens as _,
};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;

fn directory(idp: &Idp) -> Pushed {
    let name = access::ids::DirectoryName::parse("scim").unwrap();
    Pushed::new(idp.house.store.clone(), idp.house.plane.clock.clone(), name)
}

fn wanted(names: &[&str]) -> WantedGroups {
    let names = names.iter().map(ToString::to_string).collect();
    WantedGroups { names, ..WantedGroups::default() }
}

fn person(id: &str) -> PersonId {
    PersonId::parse(id).unwrap()
}

#[tokio::test]
async fn a_directory_to_which_nobody_was_pushed_cannot_be_read() {
    let idp = Idp::new().await;
    let directory = directory(&idp);
    idp.group("ml-fraud", &[]).await;
    let some = BTreeSet::from([person("ada")]);
    for error in [
        directory.everybody(&wanted(&["ml-fraud"])).await.unwrap_err(),
        directory.people(&some, &wanted(&["ml-fraud"])).await.unwrap_err(),
    ] {
        assert_eq!(error.kind, FailureKind::NotPushed);
        assert_eq!(error.kind.code(), "directory-not-pushed");
    }
    idp.user("ada").await;
    let reading = directory.everybody(&wanted(&["ml-fraud"])).await.unwrap();
    assert_eq!(reading.snapshot.coverage, Coverage::Complete);
}

fn named_corp(idp: &Idp) -> Pushed {
    let name = access::ids::DirectoryName::parse("corp").unwrap();
    Pushed::new(idp.house.store.clone(), idp.house.plane.clock.clone(), name).beside_others()
}

#[tokio::test]
async fn whoever_names_the_one_directory_anew_is_told_under_which_name_its_people_are() {
    let idp = Idp::new().await;
    idp.user("ada").await;
    let error = named_corp(&idp).everybody(&wanted(&[])).await.unwrap_err();
    assert_eq!(error.kind, FailureKind::NotPushed);
    assert_eq!(
        error.message,
        "nobody was pushed to the directory `corp` yet; the store has 1 person under `scim`, the name \
         of a directory that is given none: if this is the same one, and no other is called so, call it `scim`"
    );
}

#[tokio::test]
async fn of_several_directories_each_has_its_own_address_and_tokens() {
    let idp = Idp::new().await;
    let standing = named_corp(&idp).standing().await.unwrap();
    assert_eq!(standing.place, "/scim/v2/corp");
    // That of the provider was made while there was one.
    assert!(!standing.details.keys().any(|key| key.starts_with("token ")), "{standing:?}");
    assert!(standing.concerns[0].text.contains("--scope scim --directory corp`"), "{standing:?}");
    idp.house.token_for("ours", &[Right::Scim], Some("corp")).await;
    idp.house.token_for("theirs", &[Right::Scim], Some("partners")).await;
    let standing = named_corp(&idp).standing().await.unwrap();
    let tokens = standing.details.keys().filter(|key| key.starts_with("token "));
    assert_eq!(tokens.collect::<Vec<_>>(), ["token ours"]);
}

/// A clock that stands still, a while after the house was opened.
#[derive(Debug)]
struct Later(&'static str);

impl Clock for Later {
    fn now(&self) -> jiff::Timestamp {
        self.0.parse().unwrap()
    }
}

/// What the only directory says of its tokens at that time: details and concerns.
async fn of_tokens(idp: &Idp, now: &'static str) -> (Vec<String>, Vec<String>) {
    let name = access::ids::DirectoryName::parse("scim").unwrap();
    let directory = Pushed::new(idp.house.store.clone(), Arc::new(Later(now)), name);
    let standing = directory.standing().await.unwrap();
    let tokens = standing.details.into_iter().filter(|(key, _)| key.starts_with("token "));
    let tokens = tokens.map(|(key, value)| format!("{key} {value}"));
    assert!(standing.concerns.iter().all(|concern| concern.code.as_str() == "token-ends"));
    (tokens.collect(), standing.concerns.into_iter().map(|concern| concern.text).collect())
}

#[tokio::test]
async fn a_token_that_has_ended_is_told_beside_one_that_is_good() {
    const ENDED: &str = "The token `entra` ended at 2026-11-21T10:00:00Z: whoever still pushes with it is \
                         refused, and people who leave keep what they have. Enter one that is good at the \
                         identity provider, and revoke this one.";
    const NONE: &str = "No token is good for it: nobody can push. Make one with `stagedoor token create \
                        NAME --scope scim`.";
    let idp = Idp::new().await;
    let (tokens, concerns) = of_tokens(&idp, "2026-11-21T10:00:00Z").await;
    assert_eq!(tokens, ["token entra ended 2026-11-21T10:00:00Z"]);
    assert_eq!(concerns, [ENDED, NONE]);
    // Nobody was given the second one.
    let (spare, digest) = ("spare".to_owned(), "d2".to_owned());
    let entra = idp.house.store.tokens().await.unwrap().remove(0);
    let until = "2027-11-21T10:00:00Z".parse().unwrap();
    let spare = ApiToken { name: spare, digest, until, ..entra };
    assert!(idp.house.store.keep_token(&spare).await.unwrap());
    let (tokens, concerns) = of_tokens(&idp, "2026-12-21T09:59:59Z").await;
    let good = "token spare until 2027-11-21T10:00:00Z";
    assert_eq!(tokens, ["token entra ended 2026-11-21T10:00:00Z", good]);
    assert_eq!(concerns, [ENDED]);
    let a_month_later = of_tokens(&idp, "2026-12-21T10:00:00Z").await;
    assert_eq!(a_month_later, (vec![good.to_owned()], Vec::new()));
    idp.house.store.revoke_token("entra").await.unwrap();
    let revoked = of_tokens(&idp, "2026-11-21T10:00:00Z").await;
    assert_eq!(revoked, (vec![good.to_owned()], Vec::new()));
}

#[tokio::test]
async fn everybody_is_read_with_groups_within_groups_flattened() {
    let idp = Idp::new().await;
    let ada = json!({
        "schemas": [USER], "userName": "ada", "active": false, "externalId": "x1",
        "name": {"givenName": "Ada", "familyName": "Lovelace"},
        "emails": [{"value": "ada@example.com", "primary": true}],
    });
    let ada = idp.made("/Users", &ada).await;
    let (bob, eve) = (idp.user("bob").await, idp.user("eve").await);
    let inner = idp.group("inner", &[&bob]).await;
    let outer = idp.group("ml-fraud", &[&ada, &inner]).await;
    let around = json!([{"op": "add", "path": "members", "value": [{"value": outer}]}]);
    assert_eq!(idp.patch(&format!("/Groups/{inner}"), &around).await.status, 204);
    let reading = directory(&idp).everybody(&wanted(&["ml-fraud"])).await.unwrap();
    let people = &reading.snapshot.people;
    assert_eq!(people.len(), 3);
    let known = &people[&person(&ada)];
    assert_eq!((known.display_name.as_str(), known.enabled), ("Ada Lovelace", false));
    assert!(people[&person(&eve)].enabled);
    let particulars = &reading.particulars[&person(&ada)];
    assert_eq!(particulars.email.as_deref(), Some("ada@example.com"));
    assert_eq!(particulars.external_id.as_deref(), Some("x1"));
    let groups: Vec<_> = reading.snapshot.groups.values().collect();
    assert_eq!(groups.len(), 1, "only what grants name");
    assert_eq!(groups[0].members, [person(&ada), person(&bob)].into());
    let Memberships::Complete(found) = reading.memberships else { panic!("it is complete") };
    let read: Vec<_> = found
        .values()
        .map(|group| (group.display_name.as_str(), group.members.is_some()))
        .collect();
    assert_eq!(read.len(), 2);
    assert!(read.contains(&("inner", false)) && read.contains(&("ml-fraud", true)));
}

#[tokio::test]
async fn some_people_are_read_with_all_groups_around_them() {
    let idp = Idp::new().await;
    let (ada, bob) = (idp.user("ada").await, idp.user("bob").await);
    let inner = idp.group("inner", &[&bob, &ada]).await;
    let outer = idp.group("ml-fraud", &[&inner]).await;
    let asked = BTreeSet::from([person(&bob), person("nobody")]);
    let directory = directory(&idp);
    let reading = directory.people(&asked, &wanted(&["ml-fraud"])).await.unwrap();
    assert_eq!(reading.snapshot.coverage, Coverage::People(asked.clone()));
    assert_eq!(reading.snapshot.people.keys().collect::<Vec<_>>(), [&person(&bob)]);
    let groups: Vec<_> = reading.snapshot.groups.values().collect();
    assert_eq!((groups.len(), groups[0].id.as_str()), (1, outer.as_str()));
    assert_eq!(groups[0].members, [person(&bob)].into());
    let off = json!([{"op": "remove", "path": format!("members[value eq \"{bob}\"]")}]);
    assert_eq!(idp.patch(&format!("/Groups/{inner}"), &off).await.status, 204);
    let reading = directory.people(&asked, &wanted(&["ml-fraud"])).await.unwrap();
    assert!(reading.snapshot.groups.is_empty());
}

#[tokio::test]
async fn people_and_groups_are_found_by_name() {
    let idp = Idp::new().await;
    let ada = idp.user("Ada@example.com").await;
    let group = idp.group("ml-fraud", &[&ada]).await;
    let directory = directory(&idp);
    let by_name = PersonLookup::UserName("ADA@example.com".into());
    assert_eq!(directory.find(&by_name).await, Ok(Some(person(&ada))));
    assert_eq!(directory.find(&PersonLookup::UserName("eve".into())).await, Ok(None));
    assert_eq!(directory.find(&PersonLookup::Id(person(&ada))).await, Ok(Some(person(&ada))));
    assert_eq!(directory.find(&PersonLookup::Id(person("eve"))).await, Ok(None));
    let found = directory.find_group("ml-fraud").await.unwrap().unwrap();
    assert_eq!(found.as_str(), group);
    assert_eq!(directory.find_group("ML-fraud").await, Ok(None));
    assert_eq!(directory.group_name(&found).await, Ok(Some("ml-fraud".into())));
    let members = directory.members(&found).await.unwrap().unwrap();
    let members: BTreeSet<String> = members.values().map(PersonId::to_string).collect();
    assert_eq!(members, set([&ada]));
    let standing = directory.standing().await.unwrap();
    assert_eq!(standing.concerns.len(), 1, "the token of these tests ends in an hour");
    assert_eq!(standing.concerns[0].code.as_str(), "token-ends");
    assert_eq!(standing.details["token entra"], "until 2026-11-21T10:00:00Z");
    assert_eq!(
        (standing.details["people"].as_str(), standing.details["groups"].as_str()),
        ("1", "1")
    );
}
