//! Who may push where, and how often.

use super::{Idp, USER, assert_error, body};
use crate::house::{House, cookie, get};
use axum::body::Body;
use control::desk::Right;
use control::ports::{AuditEvent, AuditLog as _, Tokens as _};
use serde_json::{Value, json};
use std::num::NonZeroU32;

#[tokio::test]
async fn only_a_token_with_the_scope_pushes() {
    let mut idp = Idp::new().await;
    let other = idp.house.token("ci", &[Right::See, Right::Audit, Right::Act]).await;
    let good = std::mem::replace(&mut idp.bearer, other);
    assert_error(&idp.get("/Users").await, 403, None, "right-missing");
    for shown in ["", "nothing", &format!("stagedoor_{}", "0".repeat(64))] {
        shown.clone_into(&mut idp.bearer);
        let answer = idp.get("/Users").await;
        assert_error(&answer, 401, None, "token-refused");
        assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"stagedoor\"");
    }
    idp.bearer = good;
    assert_eq!(idp.get("/Users").await.status, 200);
    idp.house.store.revoke_token("entra").await.unwrap();
    assert_error(&idp.get("/Users").await, 401, None, "token-refused");
}

#[tokio::test]
async fn a_session_pushes_nothing_and_stays() {
    let idp = Idp::new().await;
    idp.house.role_is(Some("admin"));
    let request = get("/scim/v2/Users").header("cookie", cookie());
    let answer = idp.house.send(request.body(Body::empty()).unwrap()).await;
    assert_error(&answer, 401, None, "token-refused");
    assert_eq!(answer.cookies(), [""; 0]);
}

#[tokio::test]
async fn two_tokens_are_good_at_a_time_so_that_one_can_take_over() {
    let mut idp = Idp::new().await;
    let second = idp.house.token("entra-2027", &[Right::Scim]).await;
    let id = idp.user("ada").await;
    idp.bearer = second;
    assert_eq!(idp.read(&format!("/Users/{id}")).await["userName"], "ada");
    idp.house.store.revoke_token("entra").await.unwrap();
    assert_eq!(idp.get("/Users").await.status, 200);
}

#[tokio::test]
async fn where_no_directory_is_pushed_there_is_nothing() {
    let house = House::new();
    let bearer = house.token("entra", &[Right::Scim]).await;
    let idp = Idp { house, bearer };
    for path in ["", "/Users", "/ServiceProviderConfig", "/identity-center/Users"] {
        assert_error(&idp.get(path).await, 404, None, "not-found");
    }
}

#[tokio::test]
async fn each_of_several_directories_has_its_own_tokens_people_and_address() {
    let sources = "{ match: user-name, sources: [ { name: corp, scim: {} }, \
                   { name: partners, scim: {} } ] }";
    let house = House::pushed(sources, |config| config);
    let bearer = house.token_for("corp", &[Right::Scim], Some("corp")).await;
    let partners = house.token_for("partners", &[Right::Scim], Some("partners")).await;
    let anywhere = house.token("anywhere", &[Right::Scim]).await;
    let mut idp = Idp { house, bearer };
    let ada = json!({"schemas": [USER], "userName": "ada"});
    let made = idp.post("/corp/Users", &ada).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let id = body(&made)["id"].as_str().unwrap().to_owned();
    assert_eq!(
        made.header("location"),
        format!("https://door.example.com/scim/v2/corp/Users/{id}")
    );
    assert_error(&idp.get("/Users").await, 404, None, "not-found");
    assert_error(&idp.get("/partners/Users").await, 403, None, "right-missing");
    idp.bearer = anywhere;
    assert_error(&idp.get("/corp/Users").await, 403, None, "right-missing");
    idp.bearer = partners;
    assert_eq!(idp.read("/partners/Users").await["totalResults"], 0);
    assert_error(&idp.get(&format!("/partners/Users/{id}")).await, 404, None, "not-found");
    let made = idp.post("/partners/Users", &ada).await;
    assert_eq!(made.status, 201, "{}", made.body);
}

#[tokio::test]
async fn who_pushes_too_often_is_told_when_to_come_back() {
    let few = NonZeroU32::new(3).unwrap();
    let house = House::pushed("{ scim: {} }", |config| config.with_scim_limit(few));
    let bearer = house.token("entra", &[Right::Scim]).await;
    let other = house.token("okta", &[Right::Scim]).await;
    let mut idp = Idp { house, bearer };
    for _ in 0..3 {
        assert_eq!(idp.get("/Users").await.status, 200);
    }
    let answer = idp.get("/Users").await;
    assert_error(&answer, 429, None, "too-many-requests");
    let seconds: u32 = answer.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    // Each token has its own measure.
    idp.bearer = other;
    assert_eq!(idp.get("/Users").await.status, 200);
}

#[tokio::test]
async fn a_bulk_request_counts_as_many_times_as_it_has_operations() {
    let few = NonZeroU32::new(10).unwrap();
    let house = House::pushed("{ scim: {} }", |config| config.with_scim_limit(few));
    let bearer = house.token("entra", &[Right::Scim]).await;
    let other = house.token("okta", &[Right::Scim]).await;
    let mut idp = Idp { house, bearer };
    let bulk = |count: usize, name: &str| {
        let operations: Vec<Value> = (0..count)
            .map(|n| {
                let data = json!({"schemas": [USER], "userName": format!("{name}-{n}")});
                json!({"method": "POST", "path": "/Users", "bulkId": n.to_string(), "data": data})
            })
            .collect();
        let schema = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
        json!({"schemas": [schema], "Operations": operations})
    };
    assert_eq!(idp.post("/Bulk", &bulk(6, "a")).await.status, 200);
    let refused = idp.post("/Bulk", &bulk(5, "b")).await;
    assert_error(&refused, 429, None, "too-many-requests");
    let seconds: u32 = refused.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    // Nothing of it was done, and it counted as one request.
    let list = idp.read("/Users").await;
    assert_eq!(list["totalResults"], 6);
    assert_eq!(idp.post("/Bulk", &bulk(2, "c")).await.status, 200);
    assert_error(&idp.get("/Users").await, 429, None, "too-many-requests");
    // What is more than a minute holds takes a whole minute, and is not refused for ever.
    idp.bearer = other;
    assert_eq!(idp.post("/Bulk", &bulk(30, "d")).await.status, 200);
    assert_error(&idp.get("/Users").await, 429, None, "too-many-requests");
}

#[tokio::test]
async fn what_is_pushed_leaves_no_secret_in_the_audit_log() {
    let idp = Idp::new().await;
    let user = json!({
        "schemas": [USER], "userName": "ada@planted.example", "active": true, "password": "planted-1",
        "displayName": "Planted Two", "phoneNumbers": [{"value": "+49 30 planted 3"}],
    });
    let id = idp.made("/Users", &user).await;
    let group = idp.group("ml-fraud", &[&id]).await;
    let rename =
        json!([{"op": "replace", "value": {"displayName": "Planted Four", "active": false}}]);
    assert_eq!(idp.patch(&format!("/Users/{id}"), &rename).await.status, 200);
    let leaves = json!([{"op": "remove", "path": format!("members[value eq \"{id}\"]")}]);
    assert!(idp.patch(&format!("/Groups/{group}"), &leaves).await.status.is_success());
    assert_eq!(idp.delete(&format!("/Users/{id}")).await.status, 204);
    let all = idp.house.store.newest(100).await.unwrap();
    let pushed = all.iter().filter(|entry| entry.event == AuditEvent::DirectoryPush).count();
    assert_eq!(pushed, 5);
    let text = serde_json::to_string(&all).unwrap();
    let secrets = ["planted", "Planted", idp.bearer.as_str()];
    for secret in secrets {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
}
