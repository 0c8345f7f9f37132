//! Tests of Bulk: order, references, circles, failures.
#![expect(clippy::needless_pass_by_value, reason = "literals read better without `&`")]

use serde_json::{Value, json};

use super::*;

fn parse(body: &Value) -> Result<Bulk, ScimError> {
    Bulk::parse(body.to_string().as_bytes())
}

fn bulk(operations: Value) -> Value {
    json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": operations })
}

/// Carries everything out: `bulkId` b gets the id `id-b`. Returns what was asked, and the answer.
fn run(body: &Value, fails: &[&str]) -> (Vec<String>, Value) {
    let mut run = parse(body).unwrap().start("https://s/v2");
    let mut asked = Vec::new();
    while let Some(request) = run.next() {
        let BulkRequest { method, kind, id, version, data } = request;
        let version = version.map(|version| format!(" {version}")).unwrap_or_default();
        let name = data.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        let id = id.unwrap_or_else(|| format!("id-{name}"));
        asked.push(format!("{} {} {id}{version} {data}", method.name(), kind.endpoint()));
        let status = if method == BulkMethod::Post { 201 } else { 204 };
        let done =
            BulkDone { status, id, version: (method != BulkMethod::Delete).then_some(Version(1)) };
        let refusal = ScimError::uniqueness("there is one already");
        run.done(if fails.contains(&name.as_str()) { Err(refusal) } else { Ok(done) });
    }
    (asked, run.finish())
}

fn post(bulk_id: &str, refers_to: &[&str]) -> Value {
    let members: Vec<_> =
        refers_to.iter().map(|id| json!({ "value": format!("bulkId:{id}") })).collect();
    json!({ "method": "POST", "path": "/Groups", "bulkId": bulk_id,
            "data": { "name": bulk_id, "members": members } })
}

fn statuses(answer: &Value) -> Vec<String> {
    let operations = answer["Operations"].as_array().unwrap();
    operations
        .iter()
        .map(|operation| {
            let name = operation["bulkId"].as_str().unwrap_or("-");
            format!("{name} {}", operation["status"].as_str().unwrap())
        })
        .collect()
}

#[test]
fn operations_are_carried_out_in_order_and_answered() {
    let (asked, answer) = run(
        &bulk(json!([
            { "method": "post", "path": "/Users", "bulkId": "a", "data": { "name": "a" } },
            { "method": "PUT", "path": "/Users/u1", "version": "W/\"3\"", "data": { "x": 1 } },
            { "METHOD": "PATCH", "PATH": "/Groups/g1", "DATA": { "x": 2 } },
            { "method": "DELETE", "path": "/Users/u2", "data": { "ignored": true } },
        ])),
        &[],
    );
    assert_eq!(
        asked,
        [
            r#"POST Users id-a {"name":"a"}"#,
            r#"PUT Users u1 W/"3" {"x":1}"#,
            r#"PATCH Groups g1 {"x":2}"#,
            "DELETE Users u2 null",
        ]
    );
    assert_eq!(
        answer,
        json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkResponse"],
            "Operations": [
                { "method": "post", "bulkId": "a", "status": "201", "version": "W/\"1\"",
                  "location": "https://s/v2/Users/id-a" },
                { "method": "PUT", "status": "204", "version": "W/\"1\"",
                  "location": "https://s/v2/Users/u1" },
                { "method": "PATCH", "status": "204", "version": "W/\"1\"",
                  "location": "https://s/v2/Groups/g1" },
                { "method": "DELETE", "status": "204", "location": "https://s/v2/Users/u2" },
            ],
        })
    );
}

#[test]
fn references_are_resolved_whatever_the_order() {
    let (asked, answer) = run(
        &bulk(json!([
            post("team", &["ana", "bob"]),
            { "method": "PATCH", "path": "/Groups/bulkId:team", "data": { "deep": [["bulkId:ana"]] } },
            post("ana", &[]),
            post("bob", &["ana"]),
        ])),
        &[],
    );
    assert_eq!(
        asked,
        [
            r#"POST Groups id-ana {"members":[],"name":"ana"}"#,
            r#"POST Groups id-bob {"members":[{"value":"id-ana"}],"name":"bob"}"#,
            r#"POST Groups id-team {"members":[{"value":"id-ana"},{"value":"id-bob"}],"name":"team"}"#,
            r#"PATCH Groups id-team {"deep":[["id-ana"]]}"#,
        ]
    );
    assert_eq!(statuses(&answer), ["team 201", "- 204", "ana 201", "bob 201"]);
    assert_eq!(answer["Operations"][1]["location"], "https://s/v2/Groups/id-team");
}

#[test]
fn a_circle_is_refused_and_the_rest_is_not() {
    let (asked, answer) = run(
        &bulk(json!([
            post("a", &["b"]),
            post("b", &["a"]),
            post("self", &["self"]),
            post("c", &["a"]),
            post("d", &[])
        ])),
        &[],
    );
    assert_eq!(asked, [r#"POST Groups id-d {"members":[],"name":"d"}"#]);
    assert_eq!(statuses(&answer), ["a 409", "b 409", "self 409", "c 409", "d 201"]);
    assert_eq!(
        answer["Operations"][0]["response"]["detail"],
        "operations refer to each other in a circle"
    );
}

#[test]
fn who_refers_to_what_failed_fails() {
    let (asked, answer) =
        run(&bulk(json!([post("a", &[]), post("b", &["a"]), post("c", &["x"])])), &["a"]);
    assert_eq!(asked.len(), 1);
    assert_eq!(statuses(&answer), ["a 409", "b 409", "c 400"]);
    let detail =
        |at: usize| answer["Operations"][at]["response"]["detail"].as_str().unwrap().to_owned();
    assert_eq!(detail(0), "there is one already");
    assert_eq!(detail(1), "an operation that this one refers to was not carried out");
    assert_eq!(detail(2), "a `bulkId:` refers to no operation");
    assert_eq!(answer["Operations"][0]["response"]["scimType"], "uniqueness");
    assert_eq!(answer["Operations"][0].get("location"), None);
}

#[test]
fn enough_failures_end_it() {
    let operations = json!([post("a", &[]), post("b", &[]), post("c", &[]), post("d", &[])]);
    let mut body = bulk(operations);
    body["failOnErrors"] = json!(2);
    let (asked, answer) = run(&body, &["a", "c"]);
    assert_eq!(asked.len(), 3);
    assert_eq!(statuses(&answer), ["a 409", "b 201", "c 409"]);
    body["failOnErrors"] = json!(null);
    assert_eq!(statuses(&run(&body, &["a", "c"]).1).len(), 4);
}

#[test]
fn what_is_wrong_with_one_operation_is_told_there() {
    let (asked, answer) = run(
        &bulk(json!([
            7,
            { "method": "GET", "path": "/Users/u1" },
            { "method": "POST", "path": "/Users", "data": {} },
            { "method": "POST", "path": "/Users/u1", "bulkId": "a", "data": {} },
            { "method": "PUT", "path": "/Users", "data": {} },
            { "method": "PUT", "path": "/Users/u1" },
            { "method": "DELETE", "path": "/Robots/u1" },
            { "method": "DELETE", "path": "Users/u1" },
            { "method": "DELETE", "path": "/Users/u1/x" },
            { "method": "DELETE", "path": "/Users/" },
            { "method": "PUT", "path": "/Users/u1", "version": "9", "data": {} },
            post("b", &[]),
            post("b", &[]),
        ])),
        &[],
    );
    assert_eq!(asked.len(), 1);
    let details: Vec<_> = answer["Operations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|operation| operation["response"]["detail"].as_str().unwrap_or("done").to_owned())
        .collect();
    let path = "`path` must be /Users or /Groups, and an id unless it is a POST";
    assert_eq!(
        details,
        [
            "an operation is not an object",
            "`method` must be POST, PUT, PATCH or DELETE",
            "a POST needs a `bulkId`",
            "a POST names no resource",
            "`path` must name a resource",
            "`data` must be an object",
            path,
            path,
            path,
            path,
            "a version is not one of ours",
            "done",
            "another operation has this `bulkId`",
        ]
    );
}

#[test]
fn a_request_that_is_none_is_refused() {
    let detail = |body: &Value| parse(body).unwrap_err().detail;
    let urn = "`schemas` must name urn:ietf:params:scim:api:messages:2.0:BulkRequest";
    assert_eq!(detail(&json!([])), "the body is not a JSON object");
    assert_eq!(detail(&json!({ "Operations": [] })), urn);
    assert_eq!(detail(&bulk(json!({}))), "`Operations` must list operations");
    let many = parse(&bulk(json!(vec![json!({}); 101]))).unwrap_err();
    assert_eq!((many.status, many.detail.as_str()), (413, "a request may have 100 operations"));
    for bad in [json!(0), json!(-1), json!("1"), json!(1.5)] {
        let mut body = bulk(json!([]));
        body["failOnErrors"] = bad;
        assert_eq!(detail(&body), "`failOnErrors` must be a number from 1");
    }
}

#[test]
fn a_long_chain_in_reverse_is_ordered() {
    let operations: Vec<_> = (0..100)
        .map(|number: u32| {
            let next = (number + 1).to_string();
            post(
                &number.to_string(),
                if number == 99 { vec![] } else { vec![next.as_str()] }.as_slice(),
            )
        })
        .collect();
    let (asked, answer) = run(&bulk(Value::Array(operations)), &[]);
    assert!(
        asked[0].starts_with("POST Groups id-99 ") && asked[99].starts_with("POST Groups id-0 ")
    );
    assert!(statuses(&answer).iter().all(|status| status.ends_with(" 201")));
}
