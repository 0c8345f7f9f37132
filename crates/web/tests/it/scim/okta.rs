//! What Okta does, each as it sends it.

use super::{GROUP, Idp, USER, assert_error, body, set};
use serde_json::{Value, json};

fn isaac() -> Value {
    json!({
        "schemas": [USER],
        "userName": "isaac@example.com",
        "name": {"givenName": "Isaac", "familyName": "Brock"},
        "emails": [{"primary": true, "value": "isaac@example.com", "type": "work"}],
        "displayName": "Isaac Brock",
        "locale": "en-US",
        "externalId": "00ujl29u0le5T6Aj10h7",
        "groups": [],
        "password": "1mz050nq",
        "active": true,
    })
}

#[tokio::test]
async fn somebody_is_looked_for_by_user_name_in_a_stable_order() {
    let idp = Idp::new().await;
    let nobody = "/Users?filter=userName%20eq%20%22isaac%40example.com%22&startIndex=1&count=100";
    let list = idp.read(nobody).await;
    assert_eq!((&list["totalResults"], &list["startIndex"]), (&json!(0), &json!(1)));
    for n in 0..5 {
        idp.user(&format!("user-{n}")).await;
    }
    let ids = |list: &Value| -> Vec<String> {
        let all = list["Resources"].as_array().unwrap().iter();
        all.map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    };
    let all = idp.read("/Users?startIndex=1&count=100").await;
    let (first, rest) = (
        idp.read("/Users?startIndex=1&count=2").await,
        idp.read("/Users?startIndex=3&count=2").await,
    );
    assert_eq!([ids(&first), ids(&rest)].concat(), ids(&all)[..4]);
    assert_eq!(
        (&rest["totalResults"], &rest["itemsPerPage"], &rest["startIndex"]),
        (&json!(5), &json!(2), &json!(3))
    );
}

#[tokio::test]
async fn a_password_and_groups_are_taken_and_not_kept_and_the_answer_is_whole() {
    let idp = Idp::new().await;
    let answer = idp.post("/Users", &isaac()).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let made = body(&answer);
    assert_eq!(
        (&made["userName"], &made["locale"]),
        (&json!("isaac@example.com"), &json!("en-US"))
    );
    assert_eq!(made["meta"]["resourceType"], "User");
    assert!(!answer.body.contains("1mz050nq"), "{}", answer.body);
    let record = idp.house.store.clone();
    let found = control::ports::ScimRecords::scim_page(
        &*record,
        "scim",
        control::ports::RecordKind::User,
        &control::ports::RecordStart::Skip(0),
        10,
    );
    let body = found.await.unwrap().remove(0).body;
    assert!(!body.contains("1mz050nq") && body.contains("Brock"), "{body}");
    let again = idp.post("/Users", &isaac()).await;
    assert_error(&again, 409, Some("uniqueness"), "push-taken");
    let other_case = json!({"schemas": [USER], "userName": "ISAAC@example.com"});
    assert_error(&idp.post("/Users", &other_case).await, 409, Some("uniqueness"), "push-taken");
}

#[tokio::test]
async fn deactivation_without_a_path() {
    let idp = Idp::new().await;
    let id = idp.made("/Users", &isaac()).await;
    idp.woken().await;
    let off = json!([{"op": "replace", "value": {"active": false}}]);
    let answer = idp.patch(&format!("/Users/{id}"), &off).await;
    assert_eq!((answer.status.as_u16(), &body(&answer)["active"]), (200, &json!(false)));
    assert_eq!(idp.woken().await, set([&id]));
}

#[tokio::test]
async fn apps_that_put_everything_and_apps_that_patch_active_and_password() {
    let idp = Idp::new().await;
    let id = idp.made("/Users", &isaac()).await;
    let mut whole = isaac();
    whole["id"] = json!(id);
    whole["name"]["familyName"] = json!("Newton");
    whole["meta"] = json!({"resourceType": "User"});
    let answer = idp.put(&format!("/Users/{id}"), &whole).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(body(&answer)["name"]["familyName"], "Newton");
    // What changes nothing makes no new version.
    let again = idp.put(&format!("/Users/{id}"), &whole).await;
    assert_eq!(again.header("etag"), answer.header("etag"));
    whole["active"] = json!(false);
    assert_eq!(body(&idp.put(&format!("/Users/{id}"), &whole).await)["active"], false);
    let operations = json!([{"op": "replace", "value": {"active": true, "password": "n3w"}}]);
    let answer = idp.patch(&format!("/Users/{id}"), &operations).await;
    assert_eq!((answer.status.as_u16(), &body(&answer)["active"]), (200, &json!(true)));
    assert!(!answer.body.contains("n3w"));
    let missing = idp.put("/Users/00u0", &whole).await;
    assert_error(&missing, 404, None, "not-found");
}

#[tokio::test]
async fn a_group_is_renamed_with_its_id_beside_the_name() {
    let idp = Idp::new().await;
    let group = idp.group("old", &[]).await;
    let rename = json!([{"op": "replace", "value": {"id": group, "displayName": "ml-fraud"}}]);
    assert_eq!(idp.patch(&format!("/Groups/{group}"), &rename).await.status, 204);
    assert_eq!(idp.read(&format!("/Groups/{group}")).await["displayName"], "ml-fraud");
    let entry = idp.audited().await;
    assert_eq!(
        (entry.before["display_name"].as_str(), entry.after["display_name"].as_str()),
        ("old", "ml-fraud")
    );
}

#[tokio::test]
async fn members_come_and_go_in_one_patch_and_a_full_push_replaces_them() {
    let idp = Idp::new().await;
    let (ada, bob, eve) = (idp.user("ada").await, idp.user("bob").await, idp.user("eve").await);
    let group = idp.group("ml-fraud", &[&ada, &bob]).await;
    let path = format!("/Groups/{group}");
    idp.woken().await;
    let both = json!([
        {"op": "remove", "path": format!("members[value eq \"{ada}\"]")},
        {"op": "add", "path": "members", "value": [{"value": eve, "display": "eve"}]},
    ]);
    assert_eq!(idp.patch(&path, &both).await.status, 204);
    assert_eq!(idp.members(&group).await, set([&bob, &eve]));
    assert_eq!(idp.woken().await, set([&ada, &eve]));
    let push =
        json!([{"op": "replace", "path": "members", "value": [{"value": ada}, {"value": eve}]}]);
    assert_eq!(idp.patch(&path, &push).await.status, 204);
    assert_eq!(idp.members(&group).await, set([&ada, &eve]));
    assert_eq!(idp.woken().await, set([&ada, &bob]));
    let put = json!({"schemas": [GROUP], "displayName": "ml-fraud", "members": [{"value": bob}]});
    assert_eq!(idp.put(&path, &put).await.status, 200);
    assert_eq!(idp.members(&group).await, set([&bob]));
    assert_eq!(idp.woken().await, set([&ada, &bob, &eve]));
}

#[tokio::test]
async fn nothing_is_posted_to_discovery_and_a_malformed_filter_is_400() {
    let idp = Idp::new().await;
    for path in ["/ServiceProviderConfig", "/ResourceTypes", "/Schemas"] {
        let answer = idp.post(path, &json!({})).await;
        assert_error(&answer, 405, None, "method-not-allowed");
        assert_eq!(answer.header("allow"), "GET");
    }
    let malformed = idp.get("/Users?filter=userName%20eqq%20%22x%22").await;
    assert_error(&malformed, 400, Some("invalidFilter"), "request-invalid");
}
