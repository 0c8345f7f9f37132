//! Tests of queries, pages, sorting and lists.

use serde_json::{Value, json};

use super::*;
use crate::error::ScimType;
use crate::resource::Resource;

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

fn query(text: &str) -> Query {
    Query::parse(ResourceKind::User, text).unwrap()
}

fn refused(text: &str) -> (ScimType, String) {
    let refusal = Query::parse(ResourceKind::User, text).unwrap_err();
    assert_eq!(refusal.status, 400);
    (refusal.scim_type.unwrap(), refusal.detail)
}

fn index(start: u64, count: usize) -> Page {
    Page::Index { start, count }
}

#[test]
fn a_query_is_decoded() {
    let asked =
        query("filter=userName+eq+%22a%2Bb%40x%22&startIndex=3&count=7&attributes=id&x=1&&y");
    let same = Filter::parse(ResourceKind::User, r#"userName eq "a+b@x""#).unwrap();
    assert_eq!(asked.filter, Some(same));
    assert_eq!(asked.page, index(3, 7));
    assert_eq!(asked.sort, None);
    assert!(!asked.projection.wants_groups());
    assert_eq!(query("").page, index(1, 100));
    assert_eq!(query("").projection, Projection::default());
}

#[test]
fn numbers_are_brought_into_range() {
    assert_eq!(query("startIndex=0").page, index(1, 100));
    assert_eq!(query("startIndex=-5&count=-1").page, index(1, 0));
    assert_eq!(query("count=0").page, index(1, 0));
    assert_eq!(
        query("COUNT=5000&STARTINDEX=9223372036854775807").page,
        index(i64::MAX as u64, 1_000)
    );
    for (text, name) in
        [("count=x", "count"), ("startIndex=1.5", "startIndex"), ("count=", "count")]
    {
        let expected = (ScimType::InvalidValue, format!("`{name}` must be a number"));
        assert_eq!(refused(text), expected);
    }
}

#[test]
fn what_cannot_be_asked_is_refused() {
    use ScimType::{InvalidFilter, InvalidPath, InvalidValue};
    for (text, code, detail) in [
        ("filter=userName", InvalidFilter, "expected an operator"),
        ("filter=", InvalidFilter, "the filter ends too early"),
        ("filter=%ff", InvalidValue, "the query is not UTF-8"),
        ("sortBy=shoe", InvalidPath, "`sortBy` names no attribute"),
        ("sortBy=name", InvalidPath, "there is no sorting by name"),
        ("sortBy=password", InvalidPath, "there is no sorting by password"),
        ("sortBy=id&sortOrder=up", InvalidValue, "`sortOrder` must be ascending or descending"),
        ("cursor&startIndex=1", InvalidValue, "`cursor` and `startIndex` exclude each other"),
        (
            "attributes=id&excludedAttributes=meta",
            InvalidValue,
            "`attributes` and `excludedAttributes` exclude each other",
        ),
    ] {
        assert_eq!(refused(text), (code, detail.to_owned()), "{text}");
    }
    let long = format!("filter={}", "x".repeat(13_000));
    assert_eq!(refused(&long), (InvalidValue, "the query is too long".to_owned()));
}

#[test]
fn a_cursor_leads_on_in_its_own_query_alone() {
    let first = query("cursor&count=2&filter=id+pr");
    assert_eq!(first.page, Page::Cursor { after: None, count: 2 });
    let next = first.next_cursor("u/2 ü");
    assert!(
        next.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)),
        "{next}"
    );
    let second = query(&format!("cursor={next}&count=3&filter=id+pr"));
    assert_eq!(second.page, Page::Cursor { after: Some("u/2 ü".to_owned()), count: 3 });
    for text in [
        format!("cursor={next}"),
        format!("cursor={next}&filter=id+pr&sortBy=id"),
        format!("cursor={next}x&filter=id+pr"),
        "cursor=AAAA&filter=id+pr".to_owned(),
        "cursor=%2F%2F&filter=id+pr".to_owned(),
        format!("cursor={}&filter=id+pr", "A".repeat(3_000)),
    ] {
        assert_eq!(refused(&text).0, ScimType::InvalidCursor, "{text}");
    }
    let cursor = format!("cursor={next}&filter=id+pr");
    let group = Query::parse(ResourceKind::Group, &cursor).unwrap_err();
    assert_eq!(group.scim_type, Some(ScimType::InvalidCursor));
}

#[test]
fn a_search_asks_the_same_in_a_body() {
    let search = |rest: Value| {
        let mut body =
            json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"] });
        for (name, value) in rest.as_object().unwrap() {
            body[name] = value.clone();
        }
        Query::parse_search(ResourceKind::User, body.to_string().as_bytes())
    };
    assert_eq!(
        search(json!({ "filter": "userName pr", "sortBy": "userName", "sortOrder": "descending",
                       "startIndex": 2, "count": 3, "attributes": ["id", "name.givenName"] })),
        Ok(query(
            "filter=userName+pr&sortBy=userName&sortOrder=descending&startIndex=2&count=3&attributes=id,name.givenName"
        ))
    );
    assert_eq!(
        search(json!({ "filter": null, "excludedAttributes": ["meta"], "cursor": "", "x": 1 })),
        Ok(query("cursor&excludedAttributes=meta"))
    );
    for (body, detail) in [
        (json!({ "count": "3" }), "`count` has a value of another type"),
        (json!({ "startIndex": true }), "`startIndex` has a value of another type"),
        (json!({ "filter": 7 }), "`filter` has a value of another type"),
        (json!({ "attributes": [7] }), "`attributes` has a value of another type"),
        (json!({ "count": 1.5 }), "`count` must be a number"),
    ] {
        assert_eq!(search(body).unwrap_err().detail, detail);
    }
    let detail = "`schemas` must name urn:ietf:params:scim:api:messages:2.0:SearchRequest";
    let refusal = Query::parse_search(ResourceKind::User, b"{}").unwrap_err();
    assert_eq!(
        (refusal.scim_type, refusal.detail.as_str()),
        (Some(ScimType::InvalidSyntax), detail)
    );
    let refusal = Query::parse_search(ResourceKind::User, b"7").unwrap_err();
    assert_eq!(refusal.detail, "the body is not a JSON object");
}

fn sorted(by: &str, order: &str) -> Vec<&'static str> {
    let people = [
        (
            "a",
            json!({ "userName": "Zoë", "title": "b", "active": true,
                      "emails": [{ "value": "m@x" }, { "value": "a@x", "primary": true }] }),
        ),
        (
            "b",
            json!({ "userName": "ana", "externalId": "x", "active": false,
                      "emails": [{ "value": "M@y" }] }),
        ),
        (
            "c",
            json!({ "userName": "Bob", "title": "A", "externalId": "Y",
                      "name": { "familyName": "K" } }),
        ),
    ];
    let text = if order.is_empty() {
        format!("sortBy={by}")
    } else {
        format!("sortBy={by}&sortOrder={order}")
    };
    let sort = query(&text).sort.unwrap();
    let mut keys: Vec<(SortKey, &str)> = people
        .into_iter()
        .map(|(name, mut body)| {
            body["schemas"] = json!([USER]);
            let mut person = Resource::from_client(ResourceKind::User, body).unwrap().resource;
            let modified =
                format!("2026-11-2{}T00:00:00Z", name.bytes().map(|byte| byte - b'a').sum::<u8>());
            person.body.insert("meta".to_owned(), json!({ "lastModified": modified }));
            (sort.key(&person), name)
        })
        .collect();
    keys.sort_by(|(key, _), (other, _)| key.cmp(other));
    keys.into_iter().map(|(_, name)| name).collect()
}

#[test]
fn sorting_follows_the_schema() {
    assert_eq!(sorted("userName", ""), ["b", "c", "a"]);
    assert_eq!(sorted("USERNAME", "Descending"), ["a", "c", "b"]);
    assert_eq!(sorted("externalId", "ascending"), ["c", "b", "a"]);
    assert_eq!(sorted("emails", ""), ["a", "b", "c"]);
    assert_eq!(sorted("emails.value", "descending"), ["c", "b", "a"]);
    assert_eq!(sorted("active", ""), ["b", "a", "c"]);
    assert_eq!(sorted("meta.lastModified", "descending"), ["c", "b", "a"]);
}

#[test]
fn who_has_no_value_comes_last_and_first_in_reverse() {
    assert_eq!(sorted("title", "ascending"), ["c", "a", "b"]);
    assert_eq!(sorted("title", "descending"), ["b", "a", "c"]);
    assert_eq!(sorted("name.familyName", ""), ["c", "a", "b"]);
}

#[test]
fn a_list_is_the_message_of_the_rfc() {
    let resources = vec![r#"{"id":"u1"}"#.to_owned(), "{}".to_owned()];
    let page = ListResponse { total: 9, start_index: Some(3), next_cursor: None, resources };
    assert_eq!(
        page.to_json(),
        r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":9,"startIndex":3,"itemsPerPage":2,"Resources":[{"id":"u1"},{}]}"#
    );
    let page = ListResponse { total: 2, start_index: Some(1), ..page };
    let resources = [json!({ "id": "u1" }), json!({})];
    assert_eq!(page.to_json().parse::<Value>().unwrap(), whole(&resources));
    let empty = ListResponse {
        total: 0,
        start_index: None,
        next_cursor: Some("n".to_owned()),
        resources: Vec::new(),
    };
    assert_eq!(
        empty.to_json(),
        r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":0,"itemsPerPage":0,"nextCursor":"n","Resources":[]}"#
    );
}
