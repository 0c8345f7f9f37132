//! What RFC 7644 says of methods, versions, pages, lists, Bulk and errors.

use super::{GROUP, Idp, PATCH, USER, assert_error, body, set};
use crate::house::Answer;
use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use control::ports::{
    AuditEntry, AuditEvent, RecordChange, RecordKind, RecordMember, RecordWritten, ScimRecord,
    ScimRecords as _,
};
use control::scim::MAX_BODY_BYTES;
use futures::stream::{FuturesUnordered, StreamExt as _};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

const SEARCH: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
const BULK: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";

#[tokio::test]
async fn what_is_served_is_told() {
    let idp = Idp::new().await;
    let config = idp.read("/ServiceProviderConfig").await;
    for what in ["patch", "bulk", "filter", "sort", "etag"] {
        assert_eq!(config[what]["supported"], true, "{what}");
    }
    assert_eq!(config["authenticationSchemes"][0]["type"], "oauthbearertoken");
    let types = idp.read("/ResourceTypes").await;
    assert_eq!(types["totalResults"], 2);
    assert_eq!(idp.read("/ResourceTypes/Group").await["endpoint"], "/Groups");
    let schemas = idp.read("/Schemas").await;
    let urn = schemas["Resources"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(idp.read(&format!("/Schemas/{urn}")).await["id"], urn);
    let encoded = urn.replace(':', "%3A");
    assert_eq!(idp.read(&format!("/Schemas/{encoded}")).await["id"], urn);
    assert_error(&idp.get("/Schemas/urn:none").await, 404, None, "not-found");
    let filtered = idp.get("/Schemas?filter=id%20eq%20%22x%22").await;
    assert_error(&filtered, 403, None, "request-invalid");
}

#[tokio::test]
async fn each_address_takes_its_methods_only() {
    let idp = Idp::new().await;
    let id = idp.user("ada").await;
    for (method, path, allow) in [
        ("PUT", "/Users".to_owned(), "GET, POST"),
        ("DELETE", "/Groups".to_owned(), "GET, POST"),
        ("POST", format!("/Users/{id}"), "GET, PUT, PATCH, DELETE"),
        ("GET", "/Bulk".to_owned(), "POST"),
        ("GET", "/Users/.search".to_owned(), "POST"),
        ("PATCH", "/.search".to_owned(), "POST"),
        ("DELETE", "/Schemas".to_owned(), "GET"),
        ("POST", String::new(), "GET"),
    ] {
        let answer =
            idp.send(method, &path, &[], &json!({"schemas": [USER], "userName": "x"})).await;
        assert_error(&answer, 405, None, "method-not-allowed");
        assert_eq!(answer.header("allow"), allow, "{method} {path}");
    }
    let options = idp.send("OPTIONS", "/Users", &[], &Value::Null).await;
    assert_error(&options, 405, None, "method-not-allowed");
    for path in ["/Nothing", "/Users/a/b", "/users"] {
        assert_error(&idp.get(path).await, 404, None, "not-found");
    }
    assert_eq!(idp.read("/").await["totalResults"], 1);
}

#[tokio::test]
async fn a_refusal_speaks_of_neither_pages_nor_buttons() {
    let idp = Idp::new().await;
    let long = Value::String("x".repeat(8 * 1024 * 1024));
    let unknown = crate::house::get("/scim/v2/Users").body(axum::body::Body::empty()).unwrap();
    let trace = idp.send("TRACE", "/Users", &[], &Value::Null).await;
    for (answer, status, code, why) in [
        (idp.get("/Nothing").await, 404, "not-found", "there is nothing at this address"),
        (trace, 405, "method-not-allowed", "The address does not take this method."),
        (
            idp.post("/Users", &long).await,
            413,
            "body-too-large",
            "The body is longer than 8 MiB. Send it in parts.",
        ),
        (
            idp.house.send(unknown).await,
            401,
            "token-refused",
            "The API token is unknown, was revoked or has ended. Make one with `stagedoor token \
             create`.",
        ),
    ] {
        assert_error(&answer, status, None, code);
        assert_eq!(body(&answer)["detail"], format!("{why} ({code})"));
    }
}

#[tokio::test]
async fn nobody_is_me() {
    let idp = Idp::new().await;
    for method in ["GET", "DELETE"] {
        let answer = idp.send(method, "/Me", &[], &Value::Null).await;
        assert_error(&answer, 501, None, "request-invalid");
    }
    let mine = json!({"schemas": [USER], "userName": "me"});
    assert_error(&idp.put("/Me", &mine).await, 501, None, "request-invalid");
}

#[tokio::test]
async fn versions_guard_reading_and_writing() {
    let idp = Idp::new().await;
    let id = idp.user("ada").await;
    let path = format!("/Users/{id}");
    let first = idp.get(&path).await;
    assert_eq!(first.header("etag"), "W/\"1\"");
    assert_eq!(body(&first)["meta"]["version"], "W/\"1\"");
    let shown = format!("{path}?excludedAttributes=groups");
    let same = idp.send("GET", &shown, &[("if-none-match", "W/\"1\"")], &Value::Null).await;
    assert_eq!(
        (same.status.as_u16(), same.body.as_str(), same.header("etag")),
        (304, "", "W/\"1\"")
    );
    let change = json!({"schemas": [PATCH], "Operations": [
        {"op": "replace", "path": "displayName", "value": "Ada"},
    ]});
    let changed = idp.send("PATCH", &path, &[("if-match", "W/\"1\"")], &change).await;
    assert_eq!((changed.status.as_u16(), changed.header("etag")), (200, "W/\"2\""));
    for (method, sent) in [
        ("PATCH", change),
        ("PUT", json!({"schemas": [USER], "userName": "eve"})),
        ("DELETE", Value::Null),
    ] {
        let stale = idp.send(method, &path, &[("if-match", "W/\"1\"")], &sent).await;
        assert_error(&stale, 412, None, "push-stale");
    }
    assert_eq!(idp.read(&path).await["userName"], "ada");
    assert_eq!(
        idp.send("DELETE", &path, &[("if-match", "W/\"2\"")], &Value::Null).await.status,
        204
    );
}

#[tokio::test]
async fn what_changed_is_never_answered_as_unchanged() {
    let idp = Idp::new().await;
    let (ada, bob) = (idp.user("ada").await, idp.user("bob").await);
    let group = idp.group("ml-fraud", &[&ada, &bob]).await;
    let known = [("if-none-match", "W/\"1\"")];
    let (person, path) = (format!("/Users/{ada}"), format!("/Groups/{group}"));
    assert_eq!(idp.send("GET", &path, &known, &Value::Null).await.status, 304);
    // A membership is no new version of the person, but is shown.
    let joined = idp.send("GET", &person, &known, &Value::Null).await;
    assert_eq!(
        (joined.status.as_u16(), &body(&joined)["groups"][0]["value"]),
        (200, &json!(group))
    );
    let alone = format!("{person}?attributes=userName");
    assert_eq!(idp.send("GET", &alone, &known, &Value::Null).await.status, 304);
    // Whoever is deleted is gone from the group, which is another version then.
    assert_eq!(idp.delete(&person).await.status, 204);
    let left = idp.send("GET", &path, &known, &Value::Null).await;
    assert_eq!((left.status.as_u16(), left.header("etag")), (200, "W/\"2\""));
    assert_eq!(body(&left)["members"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn changes_of_a_group_at_the_same_time_are_all_made() {
    let idp = Idp::new().await;
    let mut people = Vec::new();
    for n in 0..40 {
        people.push(idp.user(&format!("user-{n}")).await);
    }
    let path = format!("/Groups/{}", idp.group("ml-fraud", &[]).await);
    let add = |id: &String| json!([{"op": "add", "path": "members", "value": [{"value": id}]}]);
    let adds = people.iter().map(|id| {
        let (idp, path, add) = (&idp, &path, add(id));
        async move { idp.patch(path, &add).await.status.as_u16() }
    });
    assert_eq!(futures::future::join_all(adds).await, [204; 40]);
    assert_eq!(idp.get(&path).await.header("etag"), "W/\"41\"");
    assert_eq!(idp.read(&path).await["members"].as_array().map(Vec::len), Some(40));
}

#[tokio::test]
async fn a_large_group_that_is_deleted_has_everybody_looked_at_again() {
    let idp = Idp::new().await;
    let mut people = Vec::new();
    for n in 0..=control::reconciler::MOST_PEOPLE {
        people.push(idp.user(&format!("user-{n}")).await);
    }
    let all: Vec<&str> = people.iter().map(String::as_str).collect();
    let (large, small) = (idp.group("large", &all).await, idp.group("small", &all[..2]).await);
    idp.woken().await;
    assert_eq!(idp.delete(&format!("/Groups/{small}")).await.status, 204);
    assert_eq!(idp.woken().await, set([all[0], all[1]]));
    assert_eq!(idp.delete(&format!("/Groups/{large}")).await.status, 204);
    assert_eq!(idp.woken().await, set(["*"]));
}

#[tokio::test]
async fn what_is_deleted_under_the_wrong_kind_is_not_there_and_wakes_nobody() {
    let idp = Idp::new().await;
    let ada = idp.user("ada").await;
    let group = idp.group("ml-fraud", &[&ada]).await;
    idp.woken().await;
    for wrong in [format!("/Users/{group}"), format!("/Groups/{ada}")] {
        assert_error(&idp.delete(&wrong).await, 404, None, "not-found");
    }
    assert_eq!((idp.members(&group).await, idp.woken().await), (set([&ada]), set([])));
}

#[tokio::test]
async fn an_id_that_cannot_be_one_is_not_found() {
    // The records of these tests take no key that DynamoDB refuses.
    let idp = Idp::new().await;
    let (ada, group) = (idp.user("ada").await, idp.group("ml-fraud", &[]).await);
    let (long, control) = ("x".repeat(1_500), "%01".to_owned());
    let active = json!([{"op": "replace", "path": "active", "value": false}]);
    let put = json!({"schemas": [USER], "userName": "x"});
    for id in [&long, &control, &"%C3%A9".repeat(129)] {
        for endpoint in ["Users", "Groups"] {
            let path = format!("/{endpoint}/{id}");
            assert_error(&idp.get(&path).await, 404, None, "not-found");
            assert_error(&idp.delete(&path).await, 404, None, "not-found");
        }
        let path = format!("/Users/{id}");
        assert_error(&idp.patch(&path, &active).await, 404, None, "not-found");
        assert_error(&idp.put(&path, &put).await, 404, None, "not-found");
    }
    for id in ["", long.as_str()] {
        for filter in [
            format!("/Users?filter=id%20eq%20%22{id}%22"),
            format!("/Groups?filter=members%20eq%20%22{id}%22"),
            format!(
                "/Groups?filter=members.value%20eq%20%22{id}%22%20or%20displayName%20eq%20%22x%22"
            ),
        ] {
            assert_eq!(idp.read(&filter).await["totalResults"], 0, "{filter}");
        }
        let cursor = fake_cursor(&idp, id).await;
        let answer = idp.get(&format!("/Users?count=1&cursor={cursor}")).await;
        assert_error(&answer, 400, Some("invalidCursor"), "request-invalid");
    }
    let off = json!([{"op": "remove", "path": format!("members[value eq \"{long}\"]")}]);
    assert_eq!(idp.patch(&format!("/Groups/{group}"), &off).await.status, 204);
    assert_eq!(idp.read(&format!("/Users?filter=id%20eq%20%22{ada}%22")).await["totalResults"], 1);
}

/// The cursor of a page of all people behind this id, as somebody could make it up.
async fn fake_cursor(idp: &Idp, behind: &str) -> String {
    let last = idp.user(&format!("last-{}", behind.len())).await;
    let page = idp.read("/Users?count=1&cursor=").await;
    let (next, first) = (page["nextCursor"].as_str().unwrap(), &page["Resources"][0]["id"]);
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(next).unwrap()).unwrap();
    assert_ne!(first, &json!(last));
    URL_SAFE_NO_PAD.encode(text.replace(first.as_str().unwrap(), behind))
}

#[tokio::test]
async fn every_entity_tag_counts_and_one_that_cannot_be_read_is_refused() {
    let idp = Idp::new().await;
    let path = format!("/Users/{}", idp.user("ada").await);
    let put = json!({"schemas": [USER], "userName": "eve"});
    let unreadable = idp.send("PUT", &path, &[("if-match", "W/\"1\u{e9}\"")], &put).await;
    assert_error(&unreadable, 400, None, "request-invalid");
    let stale = [("if-match", "W/\"8\""), ("if-match", "W/\"9\"")];
    assert_error(&idp.send("PUT", &path, &stale, &put).await, 412, None, "push-stale");
    assert_eq!(idp.read(&path).await["userName"], "ada");
    let either = [("if-match", "W/\"9\""), ("if-match", "W/\"1\"")];
    assert_eq!(idp.send("PUT", &path, &either, &put).await.status, 200);
    assert_eq!(idp.audited().await.details["attributes"], "active userName");
}

#[tokio::test]
async fn a_filter_sees_what_a_member_is() {
    let idp = Idp::new().await;
    let (ada, inner) = (idp.user("ada").await, idp.group("inner", &[]).await);
    idp.group("outer", &[&ada, &inner]).await;
    for (id, kind, there) in [(&ada, "User", 1), (&ada, "Group", 0), (&inner, "group", 1)] {
        let filter = format!("members%5Bvalue+eq+%22{id}%22+and+type+eq+%22{kind}%22%5D");
        let found = idp.read(&format!("/Groups?filter={filter}")).await;
        assert_eq!(found["totalResults"], there, "{kind}");
    }
    let groups = idp.read(&format!("/Users/{ada}")).await["groups"].clone();
    assert_eq!(
        (groups[0]["display"].as_str(), groups.as_array().map(Vec::len)),
        (Some("outer"), Some(1))
    );
}

#[tokio::test]
async fn lists_have_an_order_pages_and_cursors() {
    let idp = Idp::new().await;
    for name in ["dora", "Ada", "carl", "bob", "eve"] {
        idp.user(name).await;
    }
    let names = |list: &Value| -> Vec<String> {
        let all = list["Resources"].as_array().cloned().unwrap_or_default();
        all.iter().map(|one| one["userName"].as_str().unwrap().to_owned()).collect()
    };
    let up = idp.read("/Users?sortBy=userName").await;
    assert_eq!(names(&up), ["Ada", "bob", "carl", "dora", "eve"]);
    let down = idp.read("/Users?sortBy=userName&sortOrder=descending&startIndex=2&count=2").await;
    assert_eq!(
        (names(&down), &down["totalResults"]),
        (vec!["dora".to_owned(), "carl".into()], &json!(5))
    );
    let some = idp.read("/Users?filter=userName%20co%20%22a%22&sortBy=userName&count=2").await;
    assert_eq!(
        (names(&some), &some["totalResults"]),
        (vec!["Ada".to_owned(), "carl".into()], &json!(3))
    );
    let none = idp.read("/Users?count=0").await;
    assert_eq!((names(&none).len(), &none["totalResults"]), (0, &json!(5)));
    for query in ["", "&sortBy=userName", "&filter=userName%20pr"] {
        let (mut found, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let page = idp.read(&format!("/Users?count=2&cursor={cursor}{query}")).await;
            found.extend(names(&page));
            pages += 1;
            assert!(pages < 9, "{query}");
            match page["nextCursor"].as_str() {
                Some(next) => cursor = next.to_owned(),
                None => break,
            }
        }
        found.sort();
        assert_eq!((found.len(), pages), (5, 3), "{query}: {found:?}");
        found.dedup();
        assert_eq!(found.len(), 5);
    }
    let made_up = idp.get("/Users?count=2&cursor=made-up").await;
    assert_error(&made_up, 400, Some("invalidCursor"), "request-invalid");
}

#[tokio::test]
async fn whoever_is_found_is_shown_as_by_their_own_address() {
    let idp = Idp::new().await;
    let ada = idp.user("ada").await;
    idp.group("ml-fraud", &[&ada]).await;
    idp.group("ml-risk", &[&ada]).await;
    let one = idp.read(&format!("/Users/{ada}")).await;
    assert_eq!(one["groups"].as_array().map(Vec::len), Some(2), "{one}");
    let name = "filter=userName%20eq%20%22Ada%22";
    for query in [
        name.to_owned(),
        format!("{name}&cursor="),
        format!("{name}&sortBy=userName"),
        format!("{name}%20and%20active%20eq%20true"),
        format!("filter=id%20eq%20%22{ada}%22"),
        "filter=userName%20sw%20%22a%22".to_owned(),
        String::new(),
    ] {
        let list = idp.read(&format!("/Users?{query}")).await;
        assert_eq!(
            (&list["totalResults"], &list["Resources"]),
            (&json!(1), &json!([one])),
            "{query}"
        );
    }
    for part in ["attributes=groups.display", "excludedAttributes=groups,meta"] {
        let one = idp.read(&format!("/Users/{ada}?{part}")).await;
        let list = idp.read(&format!("/Users?{name}&{part}")).await;
        assert_eq!(list["Resources"], json!([one]), "{part}");
        assert_eq!(one.get("meta"), None);
    }
    let second = idp.read(&format!("/Users?{name}&startIndex=2")).await;
    assert_eq!((&second["totalResults"], &second["Resources"]), (&json!(1), &json!([])));
}

#[tokio::test]
async fn a_search_is_posted_where_a_filter_is_too_long_for_an_address() {
    let idp = Idp::new().await;
    let ada = idp.user("ada").await;
    idp.user("bob").await;
    idp.group("ml-fraud", &[&ada]).await;
    let search = json!({
        "schemas": [SEARCH],
        "filter": "userName eq \"ADA\"",
        "attributes": ["userName"],
        "startIndex": 1,
        "count": 10,
    });
    let found = idp.post("/Users/.search", &search).await;
    assert_eq!(found.status, 200, "{}", found.body);
    let list = body(&found);
    assert_eq!((&list["totalResults"], &list["Resources"][0]["id"]), (&json!(1), &json!(ada)));
    assert_eq!(list["Resources"][0].get("meta"), None);
    // At the root both kinds are asked.
    let all = body(&idp.post("/.search", &json!({"schemas": [SEARCH], "count": 2})).await);
    let kinds: Vec<_> = all["Resources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["meta"]["resourceType"].clone())
        .collect();
    assert_eq!((&all["totalResults"], kinds), (&json!(3), vec![json!("User"), json!("User")]));
    let rest = body(&idp.post("/.search", &json!({"schemas": [SEARCH], "startIndex": 3})).await);
    assert_eq!(rest["Resources"][0]["displayName"], "ml-fraud");
    let by_name = body(&idp.get("?filter=userName%20eq%20%22ada%22").await);
    assert_eq!(
        (&by_name["totalResults"], &by_name["Resources"][0]["userName"]),
        (&json!(1), &json!("ada"))
    );
}

/// Looks through everybody: no index answers it.
fn looks_through() -> Value {
    json!({"schemas": [SEARCH], "filter": "title pr"})
}

#[tokio::test]
async fn a_search_whose_client_is_gone_is_given_up() {
    let idp = Idp::new().await;
    idp.user("ada").await;
    let records = &idp.house.records;
    records.reads_for_ever.store(true, Ordering::SeqCst);
    for path in ["/.search", "/Users/.search", "/Users/%2Esearch"] {
        let search = looks_through();
        let mut asked = Box::pin(idp.post(path, &search));
        tokio::select! {
            answer = &mut asked => panic!("{}", answer.body),
            () = records.began.notified() => {}
        }
        assert_eq!(records.reading.load(Ordering::SeqCst), 1, "{path}");
        drop(asked);
        assert_eq!(records.reading.load(Ordering::SeqCst), 0, "{path}");
    }
    records.reads_for_ever.store(false, Ordering::SeqCst);
    let found = idp.post("/Users/.search", &looks_through()).await;
    assert_eq!((found.status.as_u16(), &body(&found)["totalResults"]), (200, &json!(0)));
}

#[tokio::test]
async fn who_looks_through_everybody_while_others_wait_for_it_is_told_when_to_come_back() {
    const WAITING: usize = 8;
    let idp = Idp::new().await;
    idp.user("ada").await;
    idp.house.records.reads_for_ever.store(true, Ordering::SeqCst);
    let search = looks_through();
    let mut all: FuturesUnordered<_> =
        (0..WAITING + 2).map(|_| idp.post("/Users/.search", &search)).collect();
    for _ in 0..2 {
        let answer = all.next().await.unwrap();
        assert_error(&answer, 429, None, "too-many-requests");
        assert_eq!(answer.header("retry-after"), "5");
    }
    // What an index answers waits for nobody.
    let found = idp.read("/Users?filter=userName%20eq%20%22ada%22").await;
    assert_eq!((&found["totalResults"], all.len()), (&json!(1), WAITING));
}

/// Makes somebody with a body that is nearly as long as may be.
async fn made_at_length(idp: &Idp, name: String) -> Answer {
    let user = json!({"schemas": [USER], "userName": name}).to_string();
    let request = crate::house::get("/scim/v2/Users")
        .method("POST")
        .header("authorization", format!("Bearer {}", idp.bearer))
        .header("content-type", "application/scim+json")
        .body(Body::from(format!("{user}{}", " ".repeat(MAX_BODY_BYTES - user.len()))));
    idp.house.send(request.unwrap()).await
}

#[tokio::test]
async fn changes_that_outlive_their_request_are_held_up_to_a_bound() {
    const HELD: usize = 4;
    let idp = Idp::new().await;
    let records = &idp.house.records;
    records.waits_to_write.store(true, Ordering::SeqCst);
    let all = (0..HELD + 2).map(|number| made_at_length(&idp, format!("user-{number}")));
    let mut all: FuturesUnordered<_> = all.collect();
    for _ in 0..2 {
        let answer = all.next().await.unwrap();
        assert_error(&answer, 429, None, "too-many-requests");
        assert_eq!(answer.header("retry-after"), "5");
    }
    while records.waiting.load(Ordering::SeqCst) < HELD {
        tokio::select! {
            answer = all.next() => panic!("{:?}", answer.map(|answer| answer.body)),
            () = tokio::task::yield_now() => {}
        }
    }
    // Their clients hang up, and what they sent is held all the same.
    drop(all);
    let short = json!({"schemas": [USER], "userName": "ada"});
    assert_error(&idp.post("/Users", &short).await, 429, None, "too-many-requests");
    assert_eq!(idp.read("/Users").await["totalResults"], 0, "who only reads waits for nobody");
    records.waits_to_write.store(false, Ordering::SeqCst);
    records.go_on.notify_waiters();
    idp.house.plane.errands.ended().await;
    assert_eq!(idp.read("/Users").await["totalResults"], HELD);
    idp.made("/Users", &short).await;
}

#[tokio::test]
async fn many_changes_come_in_one_request_and_refer_to_each_other() {
    let idp = Idp::new().await;
    let bulk = json!({
        "schemas": [BULK],
        "Operations": [
            {"method": "POST", "path": "/Groups", "bulkId": "g", "data": {
                "schemas": [GROUP], "displayName": "ml-fraud", "members": [{"value": "bulkId:u"}],
            }},
            {"method": "POST", "path": "/Users", "bulkId": "u", "data": {
                "schemas": [USER], "userName": "ada",
            }},
            {"method": "POST", "path": "/Users", "bulkId": "again", "data": {
                "schemas": [USER], "userName": "ada",
            }},
        ],
    });
    let answer = idp.post("/Bulk", &bulk).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let done = body(&answer);
    let of = |bulk_id: &str| {
        let all = done["Operations"].as_array().unwrap();
        all.iter().find(|one| one["bulkId"] == bulk_id).unwrap().clone()
    };
    assert_eq!((&of("u")["status"], &of("g")["status"]), (&json!("201"), &json!("201")), "{done}");
    assert_eq!(
        (&of("again")["status"], &of("again")["response"]["scimType"]),
        (&json!("409"), &json!("uniqueness"))
    );
    let at = |bulk_id: &str| {
        of(bulk_id)["location"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()
    };
    assert_eq!(idp.members(&at("g")).await, set([&at("u")]));
    let change = json!({
        "schemas": [BULK],
        "Operations": [
            {"method": "PATCH", "path": format!("/Users/{}", at("u")), "version": "W/\"1\"", "data": {
                "schemas": [PATCH], "Operations": [{"op": "replace", "path": "active", "value": false}],
            }},
            {"method": "DELETE", "path": format!("/Groups/{}", at("g"))},
        ],
    });
    let done = body(&idp.post("/Bulk", &change).await);
    assert_eq!(
        (&done["Operations"][0]["status"], &done["Operations"][1]["status"]),
        (&json!("200"), &json!("204")),
        "{done}"
    );
    assert_eq!(idp.read(&format!("/Users/{}", at("u"))).await["active"], false);
    assert_eq!(idp.get(&format!("/Groups/{}", at("g"))).await.status, 404);
}

#[tokio::test]
async fn a_member_must_be_there_and_nothing_is_done_by_halves() {
    let idp = Idp::new().await;
    let ada = idp.user("ada").await;
    let group = idp.group("ml-fraud", &[]).await;
    let add =
        json!([{"op": "add", "path": "members", "value": [{"value": ada}, {"value": "nobody"}]}]);
    let answer = idp.patch(&format!("/Groups/{group}"), &add).await;
    assert_error(&answer, 400, Some("invalidValue"), "request-invalid");
    assert_eq!(idp.members(&group).await, set([]));
    let made =
        json!({"schemas": [GROUP], "displayName": "other", "members": [{"value": "nobody"}]});
    assert_error(&idp.post("/Groups", &made).await, 400, Some("invalidValue"), "request-invalid");
    let taken = json!({"schemas": [GROUP], "displayName": "ML-FRAUD"});
    assert_error(&idp.post("/Groups", &taken).await, 409, Some("uniqueness"), "push-taken");
}

#[tokio::test]
async fn a_body_is_of_scims_type_json_and_not_too_long() {
    let idp = Idp::new().await;
    let request = |kind: &str, body: Vec<u8>| {
        crate::house::get("/scim/v2/Users")
            .method("POST")
            .header("authorization", format!("Bearer {}", idp.bearer))
            .header("content-type", kind)
            .body(axum::body::Body::from(body))
            .unwrap()
    };
    let user = json!({"schemas": [USER], "userName": "ada"}).to_string();
    let form =
        idp.house.send(request("application/x-www-form-urlencoded", user.clone().into())).await;
    assert_error(&form, 415, None, "request-invalid");
    let plain = idp.house.send(request("Application/JSON; charset=utf-8", user.into())).await;
    assert_eq!(plain.status, 201, "{}", plain.body);
    let broken = idp.house.send(request("application/scim+json", b"{\"schemas\":".to_vec())).await;
    assert_error(&broken, 400, Some("invalidSyntax"), "request-invalid");
    let long = vec![b' '; 8 * 1024 * 1024 + 1];
    let long = idp.house.send(request("application/scim+json", long)).await;
    assert_error(&long, 413, None, "body-too-large");
}

/// A group of so many, as the store holds it.
async fn large_group(idp: &Idp, name: &str, members: usize) {
    let id = idp.group(name, &[]).await;
    let (store, directory) = (&idp.house.store, "scim");
    let ids = BTreeSet::from([id]);
    let known = store.scim_records(directory, RecordKind::Group, &ids).await.unwrap();
    let known = known.into_values().next().unwrap();
    let member = |n| RecordMember { kind: RecordKind::User, id: format!("00000000-{n:09}") };
    let over = known.version;
    let record = ScimRecord { version: over + 1, ..known };
    let added = (0..members).map(member).collect();
    let change = RecordChange::Update { record, over, added, removed: BTreeSet::new() };
    let entry = AuditEntry::new(idp.house.plane.clock.now(), AuditEvent::DirectoryPush, "pushed");
    let written = store.scim_write(directory, &change, &entry).await.unwrap();
    assert_eq!(written, RecordWritten::Done);
}

#[tokio::test]
async fn a_page_ends_before_the_group_that_would_make_it_too_large() {
    let idp = Idp::new().await;
    let names = ["a", "b", "c"];
    for name in names {
        large_group(&idp, name, 50_001).await;
    }
    idp.group("d", &[]).await;
    for query in ["", "&sortBy=displayName", "&filter=displayName%20pr"] {
        let (mut by_index, mut start) = (BTreeSet::new(), 1);
        let (mut by_cursor, mut cursor) = (BTreeSet::new(), Some(String::new()));
        let take = |page: &Value, found: &mut BTreeSet<String>| {
            assert_eq!(page["totalResults"], 4, "{query}");
            let groups = page["Resources"].as_array().unwrap();
            assert_eq!(page["itemsPerPage"], groups.len());
            let large = groups.iter().filter(|group| group["members"].as_array().is_some());
            assert!(large.count() <= 1, "{query}");
            let name = |group: &Value| group["displayName"].as_str().unwrap().to_owned();
            found.extend(groups.iter().map(name));
            groups.len()
        };
        while start <= 4 {
            let page = idp.read(&format!("/Groups?startIndex={start}{query}")).await;
            start += take(&page, &mut by_index);
        }
        while let Some(at) = cursor {
            let page = idp.read(&format!("/Groups?cursor={at}{query}")).await;
            take(&page, &mut by_cursor);
            cursor = page["nextCursor"].as_str().map(str::to_owned);
        }
        assert_eq!((by_index.len(), by_cursor.len()), (4, 4), "{query}");
    }
    // Without members they are on one page.
    let page = idp.read("/Groups?excludedAttributes=members").await;
    assert_eq!(page["itemsPerPage"], 4);
}
