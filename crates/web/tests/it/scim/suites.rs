//! The requests of Microsoft's SCIM validator and of Okta's SCIM 2.0 specification suite, in their
//! order and shapes.

use super::{GROUP, Idp, PATCH, USER, assert_error, body};
use serde_json::{Value, json};

/// Microsoft's validator: users.
#[tokio::test]
async fn microsofts_validator_on_users() {
    let idp = Idp::new().await;
    let user = |name: &str| {
        json!({
            "userName": name,
            "active": true,
            "addresses": [{"primary": false, "streetAddress": "1 Main St", "type": "work"}],
            "displayName": "BOBIAMZKWE",
            "emails": [{"type": "work", "primary": true, "value": format!("{name}@example.com")}],
            "externalId": format!("{name}-external"),
            "name": {"formatted": "Morgan", "familyName": "Wiley", "givenName": "Kim"},
            "phoneNumbers": [{"primary": true, "type": "work", "value": "50-555-0100"}],
            "preferredLanguage": "so-DJ",
            "schemas": [USER, "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
            "title": "ACCVKEOU",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {
                "employeeNumber": "OWZIUWNC", "department": "PDZZKKPU", "division": "MDAJFVRD",
            },
        })
    };
    // Create a new User, then a duplicate.
    let id = idp.made("/Users", &user("kim")).await;
    assert_error(&idp.post("/Users", &user("kim")).await, 409, Some("uniqueness"), "push-taken");
    // Filter for an existing user, also in another case, and for one that is not there.
    for name in ["kim", "KIM"] {
        let list = idp.read(&format!("/Users?filter=userName+eq+%22{name}%22")).await;
        assert_eq!(list["Resources"][0]["id"], id.as_str());
        assert_eq!(list["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:ListResponse"]));
    }
    let list = idp.read("/Users?filter=userName+eq+%22nobody%22").await;
    assert_eq!(list["totalResults"], 0);
    // Patch: replace attributes one by one, then several; update userName; disable.
    let replace = json!([
        {"op": "replace", "path": "emails[type eq \"work\"].value", "value": "kim2@example.com"},
        {"op": "replace", "path": "emails[type eq \"work\"].primary", "value": true},
        {"op": "replace", "path": "addresses[type eq \"work\"].streetAddress", "value": "2 Main St"},
        {"op": "replace", "path": "phoneNumbers[type eq \"work\"].value", "value": "50-555-0101"},
        {"op": "replace", "value": {
            "active": true, "displayName": "JX", "title": "T", "preferredLanguage": "de",
            "name.givenName": "Kimberly", "name.familyName": "W", "name.formatted": "K W",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department": "D2",
        }},
    ]);
    let answer = idp.patch(&format!("/Users/{id}"), &replace).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let kim = body(&answer);
    assert_eq!(kim["emails"][0]["value"], "kim2@example.com");
    assert_eq!(kim["addresses"][0]["streetAddress"], "2 Main St");
    assert_eq!(
        (&kim["name"]["givenName"], &kim["displayName"]),
        (&json!("Kimberly"), &json!("JX"))
    );
    let rename = json!([{"op": "replace", "path": "userName", "value": "kim-2"}]);
    assert_eq!(body(&idp.patch(&format!("/Users/{id}"), &rename).await)["userName"], "kim-2");
    let disable = json!([{"op": "replace", "path": "active", "value": false}]);
    assert_eq!(body(&idp.patch(&format!("/Users/{id}"), &disable).await)["active"], false);
    // A reference to a manager comes and goes.
    let boss = idp.made("/Users", &user("boss")).await;
    let urn = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    let add = json!([{"op": "add", "path": format!("{urn}:manager"), "value": boss}]);
    let answer = idp.patch(&format!("/Users/{id}"), &add).await;
    assert_eq!(body(&answer)[urn]["manager"]["value"], boss.as_str());
    let remove = json!([{"op": "remove", "path": format!("{urn}:manager")}]);
    let answer = idp.patch(&format!("/Users/{id}"), &remove).await;
    assert_eq!(body(&answer)[urn].get("manager"), None, "{}", answer.body);
    // Delete; deleting again and reading is 404.
    assert_eq!(idp.delete(&format!("/Users/{id}")).await.status, 204);
    assert_error(&idp.delete(&format!("/Users/{id}")).await, 404, None, "not-found");
    assert_error(&idp.get(&format!("/Users/{id}")).await, 404, None, "not-found");
}

/// Microsoft's validator: groups.
#[tokio::test]
async fn microsofts_validator_on_groups() {
    let idp = Idp::new().await;
    let group = json!({"schemas": [GROUP], "displayName": "CKVHAIIL", "externalId": "e1"});
    let id = idp.made("/Groups", &group).await;
    assert_error(&idp.post("/Groups", &group).await, 409, Some("uniqueness"), "push-taken");
    let kim = idp.user("kim").await;
    let path = format!("/Groups/{id}");
    let add = json!([{"op": "add", "path": "members", "value": [{"value": kim}]}]);
    assert_eq!(idp.patch(&path, &add).await.status, 204);
    let read = idp.read(&path).await;
    assert_eq!(
        (&read["members"][0]["value"], &read["members"][0]["type"]),
        (&json!(kim), &json!("User"))
    );
    let excluded =
        idp.read("/Groups?excludedAttributes=members&filter=displayName+eq+%22ckvhaiil%22").await;
    assert_eq!(excluded["Resources"][0].get("members"), None);
    let replace = json!([{"op": "replace", "path": "displayName", "value": "EVXQXBPR"}]);
    assert_eq!(idp.patch(&path, &replace).await.status, 204);
    let replace = json!([{"op": "replace", "value": {"externalId": "e2"}}]);
    assert_eq!(idp.patch(&path, &replace).await.status, 204);
    let read = idp.read(&path).await;
    assert_eq!((&read["displayName"], &read["externalId"]), (&json!("EVXQXBPR"), &json!("e2")));
    let remove = json!([{"op": "remove", "path": format!("members[value eq \"{kim}\"]")}]);
    assert_eq!(idp.patch(&path, &remove).await.status, 204);
    assert_eq!(idp.read(&path).await.get("members").cloned().unwrap_or(json!([])), json!([]));
    assert_eq!(idp.delete(&path).await.status, 204);
    assert_error(&idp.delete(&path).await, 404, None, "not-found");
}

/// Okta's specification suite, as its Runscope file asks.
#[tokio::test]
async fn oktas_specification_suite() {
    let idp = Idp::new().await;
    idp.user("first").await;
    // Test Users endpoint; Get Users/{id}.
    let page = idp.read("/Users?count=1&startIndex=1").await;
    for what in ["Resources", "itemsPerPage", "startIndex", "totalResults", "schemas"] {
        assert!(!page[what].is_null(), "{what}");
    }
    let first = &page["Resources"][0];
    for what in ["id", "userName", "active", "meta"] {
        assert!(!first[what].is_null(), "{what}");
    }
    // Test invalid user by userName; by id.
    let none = idp.read("/Users?filter=userName%20eq%20%22abcdefgh%40atko.com%22").await;
    assert_eq!(none["totalResults"], 0);
    let missing = idp.get("/Users/010101001010101011001010101011").await;
    assert_error(&missing, 404, None, "not-found");
    assert!(!body(&missing)["detail"].as_str().unwrap().is_empty());
    // Make sure random user does not exist; create it; verify; create again.
    let user = json!({
        "schemas": [USER],
        "userName": "runscope300@atko.com",
        "name": {"givenName": "Runscope", "familyName": "Test"},
        "emails": [{"primary": true, "value": "runscope300@atko.com", "type": "work"}],
        "displayName": "Runscope Test",
        "active": true,
    });
    let made = idp.post("/Users", &user).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let made = body(&made);
    assert_eq!((&made["active"], &made["name"]), (&json!(true), &user["name"]));
    let id = made["id"].as_str().unwrap();
    assert_eq!(idp.read(&format!("/Users/{id}")).await, made);
    assert_error(&idp.post("/Users", &user).await, 409, Some("uniqueness"), "push-taken");
    // Required attributes are required, and JSON is JSON.
    for bad in [json!({"schemas": [USER]}), json!({"schemas": [USER], "userName": ""}), json!([])] {
        assert_eq!(idp.post("/Users", &bad).await.status, 400, "{bad}");
    }
    // Users and groups are listed without changing anything.
    let groups = idp.read("/Groups?startIndex=1&count=100").await;
    assert_eq!(groups["totalResults"], 0);
    // Deactivate by PUT and by PATCH, reactivate.
    let mut off = made.clone();
    off["active"] = json!(false);
    assert_eq!(body(&idp.put(&format!("/Users/{id}"), &off).await)["active"], false);
    let on: Value = json!({"schemas": [PATCH], "Operations": [
        {"op": "replace", "value": {"active": true}},
    ]});
    assert_eq!(body(&idp.send("PATCH", &format!("/Users/{id}"), &[], &on).await)["active"], true);
}

/// Microsoft's validator: what is not there, and a manager who is replaced.
#[tokio::test]
async fn microsofts_validator_on_what_is_not_there() {
    let idp = Idp::new().await;
    let none =
        idp.read("/Groups?filter=displayName+eq+%22none%22&excludedAttributes=members").await;
    assert_eq!((&none["totalResults"], &none["startIndex"]), (&json!(0), &json!(1)));
    for path in ["/Users/5171a35d82074e068ce2", "/Groups/0ba4b3f9e6f44f3ab9a1"] {
        assert_error(&idp.get(path).await, 404, None, "not-found");
        assert_error(&idp.delete(path).await, 404, None, "not-found");
        let replace = json!([{"op": "replace", "path": "displayName", "value": "x"}]);
        assert_error(&idp.patch(path, &replace).await, 404, None, "not-found");
    }
    let urn = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    let [kim, first, second] = [idp.user("kim"), idp.user("first"), idp.user("second")];
    let (kim, first, second) = (kim.await, first.await, second.await);
    for (op, boss) in [("add", &first), ("replace", &second)] {
        let change = json!([{"op": op, "path": format!("{urn}:manager"), "value": boss}]);
        let answer = idp.patch(&format!("/Users/{kim}"), &change).await;
        assert_eq!(
            (answer.status.as_u16(), &body(&answer)[urn]["manager"]["value"]),
            (200, &json!(boss))
        );
    }
}

/// Okta's CRUD suite: a person is made, changed and found again, and is put into a group that is renamed.
#[tokio::test]
async fn oktas_suite_of_people_and_groups() {
    let idp = Idp::new().await;
    let mut user = json!({
        "schemas": [USER],
        "userName": "Runscope301@atko.com",
        "name": {"givenName": "Runscope", "familyName": "Test"},
        "emails": [{"primary": true, "value": "runscope301@atko.com", "type": "work"}],
        "displayName": "Runscope Test",
        "locale": "en-US",
        "externalId": "00ujl29u0le5T6Aj10h7",
        "groups": [],
        "password": "1mz050nq",
        "active": true,
    });
    let id = idp.made("/Users", &user).await;
    // Username case sensitivity check.
    let lower = json!({"schemas": [USER], "userName": "runscope301@atko.com"});
    assert_error(&idp.post("/Users", &lower).await, 409, Some("uniqueness"), "push-taken");
    user["name"]["givenName"] = json!("Another");
    user["id"] = json!(id);
    let put = idp.put(&format!("/Users/{id}"), &user).await;
    assert_eq!((put.status.as_u16(), put.header("content-type")), (200, "application/scim+json"));
    let found = idp
        .read("/Users?filter=userName%20eq%20%22runscope301%40atko.com%22&startIndex=1&count=2")
        .await;
    let one = &found["Resources"][0];
    assert_eq!((&found["totalResults"], &found["itemsPerPage"]), (&json!(1), &json!(1)));
    assert_eq!(
        (&one["name"]["givenName"], &one["userName"]),
        (&json!("Another"), &user["userName"])
    );
    let group = json!({"schemas": [GROUP], "displayName": "Test SCIMv2", "members": []});
    let group = idp.made("/Groups", &group).await;
    let push = json!({"schemas": [GROUP], "id": group, "displayName": "Test SCIMv2", "members": [
        {"value": id, "display": "runscope301@atko.com"},
    ]});
    let put = idp.put(&format!("/Groups/{group}"), &push).await;
    assert_eq!((put.status.as_u16(), &body(&put)["members"][0]["value"]), (200, &json!(id)));
    let rename = json!([{"op": "replace", "value": {"id": group, "displayName": "Test SCIMv2 b"}}]);
    assert_eq!(idp.patch(&format!("/Groups/{group}"), &rename).await.status, 204);
    let found = idp.read("/Groups?filter=displayName%20eq%20%22Test%20SCIMv2%20b%22").await;
    assert_eq!((&found["totalResults"], &found["Resources"][0]["id"]), (&json!(1), &json!(group)));
    assert_eq!(idp.delete(&format!("/Groups/{group}")).await.status, 204);
    assert_eq!(idp.read(&format!("/Users/{id}")).await.get("groups"), None);
}
