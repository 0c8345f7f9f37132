//! Tests of reading evaluations.

use super::*;
use serde_json::json;

const ALLOW: &str = r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/studio/ana";

#[track_caller]
fn good(text: &str) -> Evaluation {
    read(text, &mut Documents::default()).1.unwrap()
}

#[track_caller]
fn refused(text: &str, code: &str, message: &str) {
    let error = read(text, &mut Documents::default()).1.unwrap_err();
    assert_eq!((error.code.as_str(), error.message.as_str()), (code, message), "{text}");
}

/// The request of this principal and context.
fn asked(principal: &Value, context: &Value) -> Request {
    let request = json!({"principal": principal, "action": "s3:GetObject",
        "resource": "arn:aws:s3:::b/k", "resourceAccount": "444455556666", "context": context});
    good(&json!({"request": request}).to_string()).request
}

#[test]
fn principals_are_read_in_every_form() {
    for (principal, name, account) in [
        (json!(SESSION), SESSION, Some("111122223333")),
        (json!("*"), "*", None),
        (json!("sagemaker.amazonaws.com"), "sagemaker.amazonaws.com", None),
        (json!({"arn": SESSION}), SESSION, Some("111122223333")),
        (json!({"AWS": "ana", "account": "444455556666"}), "ana", Some("444455556666")),
        (json!({"Service": "ec2.amazonaws.com"}), "ec2.amazonaws.com", None),
        (json!({"Federated": "accounts.google.com"}), "accounts.google.com", None),
        (json!({"account": "444455556666"}), "444455556666", Some("444455556666")),
    ] {
        let request = asked(&principal, &json!({}));
        assert_eq!(request.principal().name(), name);
        assert_eq!(request.principal().account(), account, "{principal}");
    }
    let principal = json!({"arn": SESSION, "roleArn": "arn:aws:iam::111122223333:role/p/studio",
        "type": "AssumedRole", "tags": {"Team": "fraud", "n": 1}});
    let request = asked(&principal, &Value::Null);
    assert_eq!(
        request.values("aws:principalarn").unwrap(),
        ["arn:aws:iam::111122223333:role/p/studio"]
    );
    assert_eq!(request.values("aws:principaltag/team").unwrap(), ["fraud"]);
    assert_eq!(request.values("aws:principaltag/n").unwrap(), ["1"]);
    assert_eq!(request.resource_account(), Some("444455556666"));
}

#[test]
fn context_values_are_texts_numbers_booleans_and_lists() {
    let request = asked(
        &json!(SESSION),
        &json!({"A": "x", "b": 5, "c": 1.5, "d": true, "e": ["x", 2, false], "f": null, "g": []}),
    );
    let values = |key: &str| request.values(key).map(<[String]>::to_vec);
    assert_eq!(values("a").unwrap(), ["x"]);
    assert_eq!(values("b").unwrap(), ["5"]);
    assert_eq!(values("c").unwrap(), ["1.5"]);
    assert_eq!(values("d").unwrap(), ["true"]);
    assert_eq!(values("e").unwrap(), ["x", "2", "false"]);
    assert_eq!((values("f"), values("g")), (None, None));
}

#[test]
fn a_resource_of_which_nobody_says_whose_it_is_is_the_principals() {
    for (principal, resource, more, account) in [
        (SESSION, "arn:aws:s3:::b/k", json!({}), Some("111122223333")),
        (SESSION, "*", json!({}), Some("111122223333")),
        (SESSION, "arn:aws:sns:eu-west-1:444455556666:t", json!({}), Some("444455556666")),
        (SESSION, "arn:aws:s3:::b/k", json!({"aws:ResourceAccount": null}), None),
        (SESSION, "arn:aws:s3:::b/k", json!({"aws:resourceaccount": []}), None),
        ("*", "arn:aws:s3:::b/k", json!({}), None),
    ] {
        let request = json!({"principal": principal, "action": "s3:GetObject",
            "resource": resource, "context": more});
        let request = good(&json!({"request": request}).to_string()).request;
        let values = request.values("aws:resourceaccount").map(<[String]>::to_vec);
        assert_eq!(values, account.map(|account| vec![account.to_owned()]), "{request:?}");
    }
}

#[test]
fn texts_that_are_longer_than_aws_makes_them_are_refused() {
    let long = |length| "\u{e4}".repeat(length);
    let request = |action: &str, resource: &str, value: &str| {
        let context = json!({"aws:UserAgent": ["x", value]});
        let asked = json!({"principal": "*", "action": action, "resource": resource,
            "context": context});
        json!({"request": asked}).to_string()
    };
    let action = |length: usize| format!("s3:{}", "a".repeat(length - 3));
    good(&request(&action(2_048), &long(2_048), &long(2_048)));
    for (text, at) in [
        (request(&action(2_049), "*", "x"), "action"),
        (request("a:b", &long(2_049), "x"), "resource"),
        (request("a:b", "*", &long(2_049)), "context/aws:useragent"),
    ] {
        let message = format!("/request/{at}: there are more than 2048 characters");
        refused(&text, "input-invalid", &message);
    }
}

#[test]
fn policies_may_be_absent_null_single_or_lists() {
    let request = json!({"principal": SESSION, "action": "s3:GetObject"}).to_string();
    let counts = |policies: &str| {
        let text = format!(r#"{{"request":{request},"policies":{policies}}}"#);
        let policies = good(&text).policies;
        let levels = |levels: &Vec<Vec<_>>| levels.iter().map(Vec::len).collect::<Vec<usize>>();
        (
            policies.identity.len(),
            policies.boundary.is_some(),
            levels(&policies.scp),
            levels(&policies.rcp),
        )
    };
    assert_eq!(counts("null"), (0, false, vec![], vec![]));
    assert_eq!(counts("{}"), (0, false, vec![], vec![]));
    assert_eq!(
        counts(r#"{"identity":null,"boundary":null,"scp":null,"rcp":[]}"#),
        (0, false, vec![], vec![])
    );
    assert_eq!(
        counts(&format!(
            r#"{{"identity": {ALLOW} ,"boundary":[{ALLOW}],"scp":{ALLOW},"rcp":[{ALLOW},[],[{ALLOW},{ALLOW}]]}}"#
        )),
        (1, true, vec![1], vec![1, 0, 2])
    );
    assert_eq!(counts(&format!(r#"{{"identity":[{ALLOW},{ALLOW}]}}"#)).0, 2);
    assert_eq!(good(&format!(r#"{{"request":{request}}}"#)).request.resource(), "*");
}

#[test]
fn the_same_document_is_read_once() {
    let request = json!({"principal": SESSION, "action": "s3:GetObject"});
    let text = format!(r#"{{"request":{request},"policies":{{"identity":[{ALLOW},{ALLOW}]}}}}"#);
    let mut documents = Documents::default();
    let (_, first) = read(&text, &mut documents);
    let (_, second) = read(&text, &mut documents);
    let (first, second) = (first.unwrap().policies, second.unwrap().policies);
    assert!(Arc::ptr_eq(&first.identity[0], &first.identity[1]));
    assert!(Arc::ptr_eq(&first.identity[0], &second.identity[0]));
    assert_eq!(documents.known.len(), 1);
}

/// Looking for the one that is meant takes a thousand times as long as deciding.
#[test]
fn an_action_is_looked_up_once_whether_aws_has_it_or_not() {
    let mut documents = Documents::default();
    assert_eq!(documents.doubt("s3:GetObject"), None);
    let told = "`s3` has no action `GetObjekt`: did you mean `s3:GetObject`? (as far as this version knows AWS)";
    assert_eq!(documents.doubt("s3:GetObjekt").as_deref(), Some(told));
    let known: Vec<_> =
        documents.actions.iter().map(|(name, why)| (&**name, why.as_deref())).collect();
    assert_eq!(known, [("s3:GetObject", None), ("s3:GetObjekt", Some(told))]);
    assert_eq!(documents.doubt("s3:GetObjekt").as_deref(), Some(told));
    // Only as much as a name may have is remembered of what others send.
    assert!(documents.doubt(&format!("s3:{}", "a".repeat(1_000))).is_some());
    assert_eq!(documents.actions.len(), 2);
}

/// Compared with the patterns of policies as if it were a name, it would be decided wrongly.
#[test]
fn what_is_no_one_action_is_refused() {
    for (action, why) in [
        ("s3:*", "a request is for one action, not for a pattern"),
        ("*", "a request is for one action, not for a pattern"),
        ("s3:Get?bject", "a request is for one action, not for a pattern"),
        ("", "an action has a service and a name"),
        ("GetObject", "an action has a service and a name"),
        ("s3:", "an action has a service and a name"),
        (":GetObject", "an action has a service and a name"),
        ("s3:Get Object", "an action has a service and a name"),
    ] {
        refused(
            &json!({"request": {"principal": "*", "action": action}}).to_string(),
            "input-invalid",
            &format!("/request/action: `{action}`: {why}: write it as s3:GetObject"),
        );
    }
}

#[test]
fn what_cannot_be_read_is_refused_with_its_place() {
    refused("nonsense", "input-invalid", "expected ident at line 1 column 2");
    refused("{}", "input-invalid", "`request` is missing");
    refused(
        r#"{"request":{"action":"a:b"}}"#,
        "input-invalid",
        "/request: missing field `principal` at line 1 column 16",
    );
    refused(
        r#"{"request":{"principal":"*","action":"a:b","resources":"*"}}"#,
        "input-invalid",
        "/request: unknown field `resources`, expected one of `principal`, `action`, `resource`, \
         `resourceAccount`, `context` at line 1 column 43",
    );
    refused(
        r#"{"request":{"principal":1,"action":"a:b"}}"#,
        "input-invalid",
        "/request/principal: expected a text or an object",
    );
    refused(
        r#"{"request":{"principal":{},"action":"a:b"}}"#,
        "input-invalid",
        "/request/principal: none of arn, AWS, Service, Federated is there",
    );
    refused(
        r#"{"request":{"principal":{"arn":"x","tags":["a"]},"action":"a:b"}}"#,
        "input-invalid",
        "/request/principal/tags: expected texts by key",
    );
    refused(
        r#"{"request":{"principal":"*","action":"a:b","context":{"k":{"a":"b"}}}}"#,
        "input-invalid",
        "/request/context/k: expected a text, a number, a boolean or a list of those",
    );
    let with = |policies: &str| {
        format!(r#"{{"request":{{"principal":"*","action":"a:b"}},"policies":{policies}}}"#)
    };
    // A layer that is not known may have been meant to deny.
    refused(
        &with(r#"{"scps":[]}"#),
        "input-invalid",
        "/policies: unknown field `scps`, expected one of `identity`, `boundary`, `session`, \
         `resource`, `endpoint`, `scp`, `rcp` at line 1 column 7",
    );
    refused(
        &with(&format!(r#"{{"boundary":[{ALLOW},{ALLOW}]}}"#)),
        "input-invalid",
        "/policies/boundary: there can be one policy, not 2",
    );
    refused(
        &with(
            r#"{"scp":[[{"Statement":{"Effect":"Deny","Action":"*","Condition":{"Is":{"a:b":"c"}}}}]]}"#,
        ),
        "policy-invalid",
        "/policies/scp/0/0: statement 1 of the policy document has the unknown operator `Is`",
    );
    let error = read(&with(r#"{"identity":[{}]}"#), &mut Documents::default()).1.unwrap_err();
    assert_eq!(error.code, codes::POLICY_INVALID);
    assert!(error.message.starts_with("/policies/identity/0: cannot read"), "{}", error.message);
}

#[test]
fn the_id_is_known_even_if_the_rest_is_wrong() {
    let (id, read) = read(r#"{"id": {"a":[1]}, "request": 5}"#, &mut Documents::default());
    assert_eq!(id.unwrap().get(), r#"{"a":[1]}"#);
    assert_eq!(read.unwrap_err().code, codes::INPUT_INVALID);
}

#[test]
fn what_is_kept_ready_is_bounded_by_its_size_and_not_by_number() {
    let values: Vec<String> = (0..25_000).map(|at| format!("v{at}")).collect();
    let document = |sid: usize| {
        json!({"Statement": {"Sid": format!("S{sid}"), "Effect": "Allow", "Action": "s3:*",
            "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalTag/t": values}}}})
        .to_string()
    };
    // Each counts as some 3.3 MiB: nine are kept, and the tenth begins anew.
    let mut documents = Documents::default();
    let mut kept = Vec::new();
    for sid in 0..11 {
        documents.ready(&document(sid), "/policies/identity").unwrap();
        let counted: usize = documents.known.keys().map(|text| cost(text)).sum();
        assert_eq!(documents.kept, counted);
        assert!(counted <= MAX_KEPT);
        kept.push(documents.known.len());
    }
    assert_eq!(kept, [1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2]);
    // The same again costs nothing.
    documents.ready(&document(10), "/policies/identity").unwrap();
    assert_eq!(documents.known.len(), 2);
    // Small ones are many.
    let mut documents = Documents::default();
    for at in 0..5_000 {
        let text = ALLOW.replace("Allow\"", &format!("Allow\",\"Sid\":\"S{at}\""));
        documents.ready(&text, "/policies/identity").unwrap();
    }
    assert_eq!(documents.known.len(), 5_000);
}
