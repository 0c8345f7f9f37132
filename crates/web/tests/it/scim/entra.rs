//! What Entra ID does, each as it sends it.

use super::{GROUP, Idp, PATCH, USER, assert_error, body, set};
use serde_json::{Value, json};
use std::sync::atomic::Ordering;

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// Ada as Entra ID creates her.
fn ada() -> Value {
    json!({
        "schemas": [USER, ENTERPRISE],
        "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
        "userName": "Ada@example.com",
        "active": true,
        "displayName": "Ada Lovelace",
        "emails": [{"primary": true, "type": "work", "value": "ada@example.com"}],
        "meta": {"resourceType": "User"},
        "name": {"formatted": "Ada Lovelace", "familyName": "Lovelace", "givenName": "Ada"},
        "roles": [],
    })
}

#[tokio::test]
async fn deactivation_by_a_capitalised_op_and_a_boolean_as_text() {
    let idp = Idp::new().await;
    let id = idp.made("/Users", &ada()).await;
    for (said, active) in [("False", false), ("True", true), ("false", false)] {
        idp.woken().await;
        let operation = json!([{"op": "Replace", "path": "active", "value": said}]);
        let answer = idp.patch(&format!("/Users/{id}"), &operation).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(body(&answer)["active"], active);
        assert_eq!(idp.woken().await, set([&id]), "{said}");
    }
    let entry = idp.audited().await;
    assert_eq!((entry.event.as_str(), entry.code.as_str()), ("directory-push", "pushed"));
    assert_eq!(
        (entry.person.as_deref(), entry.actor.to_string()),
        (Some(id.as_str()), "token:entra".into())
    );
    assert_eq!(
        (entry.before["active"].as_str(), entry.after["active"].as_str()),
        ("true", "false")
    );
}

#[tokio::test]
async fn deactivation_as_the_flag_aadoptscim062020_has_it() {
    let idp = Idp::new().await;
    let id = idp.made("/Users", &ada()).await;
    let operation = json!([{"op": "replace", "path": "active", "value": false}]);
    let answer = idp.patch(&format!("/Users/{id}"), &operation).await;
    assert_eq!((answer.status.as_u16(), body(&answer)["active"].clone()), (200, json!(false)));
}

#[tokio::test]
async fn a_replace_without_path_and_with_dotted_keys() {
    let idp = Idp::new().await;
    let id = idp.made("/Users", &ada()).await;
    let number = format!("{ENTERPRISE}:employeeNumber");
    let operation = json!([{"op": "replace", "value": {
        "displayName": "A. King", "name.givenName": "Augusta", number: "1815",
    }}]);
    let answer = idp.patch(&format!("/Users/{id}"), &operation).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let user = idp.read(&format!("/Users/{id}")).await;
    assert_eq!(user["displayName"], "A. King");
    assert_eq!(user["name"]["givenName"], "Augusta");
    assert_eq!(user["name"]["familyName"], "Lovelace");
    assert_eq!(user[ENTERPRISE]["employeeNumber"], "1815");
}

#[tokio::test]
async fn a_work_e_mail_is_replaced_and_added_where_there_is_none() {
    let idp = Idp::new().await;
    let with = idp.made("/Users", &ada()).await;
    let without = idp.user("bob@example.com").await;
    for id in [&with, &without] {
        let path = "emails[type eq \"work\"].value";
        let operation = json!([{"op": "Replace", "path": path, "value": "new@example.com"}]);
        let answer = idp.patch(&format!("/Users/{id}"), &operation).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let user = idp.read(&format!("/Users/{id}")).await;
        let emails = user["emails"].as_array().unwrap();
        assert_eq!(emails.len(), 1, "{user}");
        assert_eq!(
            (&emails[0]["value"], &emails[0]["type"]),
            (&json!("new@example.com"), &json!("work"))
        );
    }
    let found = idp
        .read(
            "/Users?filter=emails%5Btype%20eq%20%22work%22%5D.value%20eq%20%22NEW%40example.com%22",
        )
        .await;
    assert_eq!(found["totalResults"], 2);
    let gone = idp.read("/Users?filter=emails.value%20eq%20%22ada%40example.com%22").await;
    assert_eq!(gone["totalResults"], 0);
}

#[tokio::test]
async fn a_manager_as_plain_text_behind_a_colon_or_a_dot() {
    let idp = Idp::new().await;
    let id = idp.made("/Users", &ada()).await;
    for (path, boss) in
        [(format!("{ENTERPRISE}:manager"), "b1"), (format!("{ENTERPRISE}.manager"), "b2")]
    {
        let operation = json!([{"op": "Add", "path": path, "value": boss}]);
        let answer = idp.patch(&format!("/Users/{id}"), &operation).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(body(&answer)[ENTERPRISE]["manager"]["value"], boss, "{path}");
    }
}

#[tokio::test]
async fn a_member_is_added_with_an_empty_reference_and_a_group_patch_answers_204() {
    let idp = Idp::new().await;
    let (ada, bob) = (idp.user("ada").await, idp.user("bob").await);
    let group = idp.group("ml-fraud", &[&bob]).await;
    idp.woken().await;
    let operation =
        json!([{"op": "Add", "path": "members", "value": [{"$ref": null, "value": ada}]}]);
    let answer = idp.patch(&format!("/Groups/{group}"), &operation).await;
    assert_eq!((answer.status.as_u16(), answer.body.as_str()), (204, ""));
    assert_eq!(idp.members(&group).await, set([&ada, &bob]));
    // Whoever was in it already is left alone.
    assert_eq!(idp.woken().await, set([&ada]));
    let entry = idp.audited().await;
    assert_eq!(entry.details["added"], ada);
    assert_eq!(
        (entry.details["group"].as_str(), entry.details["did"].as_str()),
        (group.as_str(), "changed")
    );
}

#[tokio::test]
async fn a_remove_with_a_value_takes_those_and_never_empties_the_group() {
    let idp = Idp::new().await;
    let (ada, bob, eve) = (idp.user("ada").await, idp.user("bob").await, idp.user("eve").await);
    let group = idp.group("ml-fraud", &[&ada, &bob, &eve]).await;
    let path = format!("/Groups/{group}");
    idp.woken().await;
    let remove =
        json!([{"op": "Remove", "path": "members", "value": [{"$ref": null, "value": ada}]}]);
    assert_eq!(idp.patch(&path, &remove).await.status, 204);
    assert_eq!(idp.members(&group).await, set([&bob, &eve]));
    assert_eq!(idp.woken().await, set([&ada]));
    let filtered = json!([{"op": "Remove", "path": format!("members[value eq \"{bob}\"]")}]);
    assert_eq!(idp.patch(&path, &filtered).await.status, 204);
    assert_eq!(idp.members(&group).await, set([&eve]));
    assert_eq!(idp.woken().await, set([&bob]));
    let all = json!([{"op": "Remove", "path": "members"}]);
    assert_eq!(idp.patch(&path, &all).await.status, 204);
    assert_eq!(idp.members(&group).await, set([]));
    assert_eq!(idp.woken().await, set([&eve]));
}

#[tokio::test]
async fn a_group_is_read_without_its_members() {
    let idp = Idp::new().await;
    let ada = idp.user("ada").await;
    let group = idp.group("ml-fraud", &[&ada]).await;
    let read = idp.read(&format!("/Groups/{group}?excludedAttributes=members")).await;
    assert_eq!((read["displayName"].as_str(), read.get("members")), (Some("ml-fraud"), None));
    let listed = idp
        .read("/Groups?excludedAttributes=members&filter=displayName%20eq%20%22ml-fraud%22")
        .await;
    assert_eq!(listed["Resources"][0]["id"], group.as_str());
    assert_eq!(listed["Resources"][0].get("members"), None);
}

#[tokio::test]
async fn people_are_looked_for_and_nobody_is_an_empty_list() {
    let idp = Idp::new().await;
    let id = idp.made("/Users", &ada()).await;
    let group = idp.group("ml-fraud", &[&id]).await;
    let external = "externalId%20eq%20%220a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef%22";
    for (path, found) in [
        ("/Users?filter=userName%20eq%20%22ada%40EXAMPLE.com%22".to_owned(), &id),
        (format!("/Users?filter={external}"), &id),
        (
            "/Users?filter=emails%5Btype+eq+%22work%22%5D.value+eq+%22ada%40example.com%22".into(),
            &id,
        ),
        (format!("/Users?filter={external}%20and%20active%20eq%20true"), &id),
        ("/Groups?filter=displayName+eq+%22ML-Fraud%22".to_owned(), &group),
        (format!("/Groups?filter=id+eq+%22{group}%22+and+members+eq+%22{id}%22"), &group),
        (format!("/Groups?filter=members.value+eq+%22{id}%22&attributes=id"), &group),
    ] {
        let list = idp.read(&path).await;
        assert_eq!(
            (list["totalResults"].as_u64(), &list["Resources"][0]["id"]),
            (Some(1), &json!(found)),
            "{path}"
        );
    }
    for path in [
        // What *Test connection* asks.
        "/Users?filter=userName%20eq%20%22non-existent%40example.com%22".to_owned(),
        format!("/Users?filter={external}%20and%20active%20eq%20false"),
        format!("/Groups?filter=id+eq+%22{group}%22+and+members+eq+%22nobody%22"),
    ] {
        let list = idp.read(&path).await;
        assert_eq!(list["totalResults"], 0, "{path}");
        let resources = list.get("Resources").cloned().unwrap_or_else(|| json!([]));
        assert_eq!(resources, json!([]), "{path}");
    }
}

#[tokio::test]
async fn a_group_is_made_with_a_schema_of_microsofts_and_without_members() {
    let idp = Idp::new().await;
    let schema = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group";
    let group = json!({
        "schemas": [GROUP, schema],
        "externalId": "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159",
        "displayName": "ml-fraud",
        "meta": {"resourceType": "Group"},
    });
    let answer = idp.post("/Groups", &group).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let made = body(&answer);
    let id = made["id"].as_str().unwrap();
    assert_eq!(made["externalId"], group["externalId"]);
    assert_eq!(answer.header("location"), format!("https://door.example.com/scim/v2/Groups/{id}"));
    assert_eq!(made["meta"]["location"], answer.header("location"));
}

#[tokio::test]
async fn people_are_disabled_first_and_deleted_later_and_each_wakes() {
    let idp = Idp::new().await;
    let id = idp.made("/Users", &ada()).await;
    let group = idp.group("ml-fraud", &[&id]).await;
    idp.woken().await;
    let off = json!([{"op": "Replace", "path": "active", "value": "False"}]);
    assert_eq!(idp.patch(&format!("/Users/{id}"), &off).await.status, 200);
    assert_eq!(idp.woken().await, set([&id]));
    assert_eq!(idp.read(&format!("/Users/{id}")).await["active"], false);
    assert_eq!(idp.delete(&format!("/Users/{id}")).await.status, 204);
    assert_eq!(idp.woken().await, set([&id]));
    // Whoever was asked first may have died before it told anybody.
    let audited = idp.audited().await;
    assert_eq!(idp.delete(&format!("/Users/{id}")).await.status, 404);
    assert_eq!((idp.woken().await, idp.audited().await), (set([&id]), audited));
    assert_eq!(idp.get(&format!("/Users/{id}")).await.status, 404);
    assert_eq!(idp.members(&group).await, set([]));
    let entry = idp.audited().await;
    assert_eq!(
        (entry.details["did"].as_str(), entry.person.as_deref()),
        ("deleted", Some(id.as_str()))
    );
}

#[tokio::test]
async fn active_as_text_when_somebody_is_made() {
    let idp = Idp::new().await;
    let mut user = ada();
    user["active"] = json!("True");
    let id = idp.made("/Users", &user).await;
    assert_eq!(idp.read(&format!("/Users/{id}")).await["active"], true);
}

#[tokio::test]
async fn a_renamed_group_wakes_everybody_in_it_and_in_groups_within() {
    let idp = Idp::new().await;
    let (ada, bob) = (idp.user("ada").await, idp.user("bob").await);
    let inner = idp.group("inner", &[&bob]).await;
    let outer = idp.group("outer", &[&ada, &inner]).await;
    // Groups that are in each other.
    let around = json!([{"op": "Add", "path": "members", "value": [{"value": outer}]}]);
    assert_eq!(idp.patch(&format!("/Groups/{inner}"), &around).await.status, 204);
    idp.woken().await;
    let rename = json!([{"op": "Replace", "path": "displayName", "value": "ml-fraud"}]);
    assert_eq!(idp.patch(&format!("/Groups/{outer}"), &rename).await.status, 204);
    assert_eq!(idp.woken().await, set([&ada, &bob]));
    let again = json!({"schemas": [PATCH], "Operations": rename});
    assert_eq!(idp.send("PATCH", &format!("/Groups/{outer}"), &[], &again).await.status, 204);
    assert_eq!(idp.woken().await, set([]), "nothing changed");
    assert_eq!(idp.delete(&format!("/Groups/{inner}")).await.status, 204);
    assert_eq!(idp.woken().await, set([&ada, &bob]));
}

#[tokio::test]
async fn whoever_was_deactivated_is_woken_though_the_store_failed_after_the_commit() {
    let idp = Idp::new().await;
    let (ada, bob) = (idp.user("ada").await, idp.user("bob").await);
    let path = format!("/Users/{ada}");
    idp.woken().await;
    let fails = |whether| idp.house.records.fails_after_writing.store(whether, Ordering::SeqCst);
    fails(true);
    let off = json!([{"op": "Replace", "path": "active", "value": "False"}]);
    assert_error(&idp.patch(&path, &off).await, 503, None, "unavailable");
    assert_eq!(idp.woken().await, set([&ada]));
    let group = json!({"schemas": [GROUP], "displayName": "ml-fraud", "members": [{"value": bob}]});
    assert_error(&idp.post("/Groups", &group).await, 503, None, "unavailable");
    assert_eq!(idp.woken().await, set([&bob]));
    assert_error(&idp.delete(&format!("/Users/{bob}")).await, 503, None, "unavailable");
    assert_eq!(idp.woken().await, set([&bob]));
    // Whoever asks again finds it made, and has nobody looked at again.
    fails(false);
    let again = idp.patch(&path, &off).await;
    assert_eq!((again.status.as_u16(), &body(&again)["active"]), (200, &json!(false)));
    assert_eq!(idp.woken().await, set([]));
}
