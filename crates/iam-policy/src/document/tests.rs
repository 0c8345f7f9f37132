//! What is read, what is refused and where, and that what is printed is read back.

use super::*;
use crate::document::bounds::{MAX_BYTES, MAX_STATEMENTS, MAX_VALUES};

fn refused(text: &str) -> String {
    Document::parse(text).unwrap_err().to_string()
}

fn refused_for(text: &str) -> (String, Fault) {
    let error = Source::parse(text).unwrap_err();
    (error.place.to_string(), error.fault)
}

#[test]
fn single_values_and_lists_read_alike() {
    let single = Document::parse(
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:GetObject",
            "Principal":{"Service":"a.amazonaws.com"},
            "Condition":{"Bool":{"aws:SecureTransport":true}}}}"#,
    )
    .unwrap();
    let listed = Document::parse(
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:GetObject"],
            "Principal":{"Service":["a.amazonaws.com"]},
            "Condition":{"Bool":{"aws:SecureTransport":["true"]}}}]}"#,
    )
    .unwrap();
    assert_eq!(single, listed);
    assert_eq!(single.statements[0].action, Some(vec!["s3:GetObject".to_owned()]));
}

#[test]
fn every_element_is_read() {
    let text = r#"{
        "Version": "2008-10-17", "Id": "all",
        "Statement": [
            {"Sid": "A", "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"},
            {"Effect": "Deny", "NotPrincipal": {"AWS": [111122223333, "*"], "Federated": "f",
             "CanonicalUser": "c", "Service": "s"},
             "NotAction": ["a:B"], "NotResource": ["r", "q"],
             "Condition": {"NumericLessThan": {"k": [1, 2.50, "3"]}, "Null": {"n": false}}}
        ]}"#;
    let document = Document::parse(text).unwrap();
    assert_eq!((document.version, document.id.as_deref()), (Some(Version::V2008), Some("all")));
    let expected = Statement {
        sid: Some("A".to_owned()),
        ..Statement::allow("").everybody().actions(["*"]).resources(["*"])
    };
    assert_eq!(document.statements[0], expected);
    let expected = Statement {
        sid: None,
        ..Statement::deny("")
            .not_principals(PrincipalKind::Aws, ["111122223333", "*"])
            .not_principals(PrincipalKind::Federated, ["f"])
            .not_principals(PrincipalKind::CanonicalUser, ["c"])
            .not_principals(PrincipalKind::Service, ["s"])
            .not_actions(["a:B"])
            .not_resources(["r", "q"])
            .when("NumericLessThan", "k", ["1", "2.50", "3"])
            .when("Null", "n", ["false"])
    };
    assert_eq!(document.statements[1], expected);
}

#[test]
fn without_a_version_the_old_language_counts() {
    let document = Document::parse(r#"{"Statement":[]}"#).unwrap();
    assert_eq!((document.version, document.language()), (None, Version::V2008));
    assert_eq!(Document::new([]).language(), Version::V2012);
}

#[test]
fn an_unknown_element_is_refused_with_what_may_be_meant() {
    assert_eq!(
        refused("{\n  \"Version\": \"2012-10-17\",\n  \"statement\": []}"),
        "cannot read the policy document at line 3 column 3: unknown element `statement` in the \
         document, did you mean `Statement`?"
    );
    assert_eq!(
        refused(r#"{"Statement":{"Effect":"Allow","Actions":"*"}}"#),
        "cannot read the policy document at line 1 column 32: unknown element `Actions` in a \
         statement, did you mean `Action`?"
    );
    assert_eq!(
        refused(r#"{"Statement":{"Effect":"Allow","Colour":"*"}}"#),
        "cannot read the policy document at line 1 column 32: unknown element `Colour` in a \
         statement"
    );
    assert_eq!(
        refused(r#"{"Statement":{"Effect":"Allow","Action":"*","Principal":{"aws":"*"}}}"#),
        "cannot read the policy document at line 1 column 58: unknown element `aws` in a \
         principal, did you mean `AWS`?"
    );
}

#[test]
fn a_name_that_is_there_twice_is_refused_at_every_level() {
    let twice = |name: &str| Fault::Duplicate(name.to_owned());
    assert_eq!(
        refused_for("{\"Statement\":[],\n\"Statement\":[]}"),
        ("line 2 column 1".to_owned(), twice("Statement"))
    );
    let statement = r#"{"Statement":{"Effect":"Allow","Effect":"Deny","Action":"*"}}"#;
    assert_eq!(refused_for(statement), ("line 1 column 32".to_owned(), twice("Effect")));
    // Spelled in another way it is the same name.
    let escaped = r#"{"Statement":{"Effect":"Allow","Action":"*","\u0041ction":"s3:*"}}"#;
    assert_eq!(refused_for(escaped), ("line 1 column 45".to_owned(), twice("Action")));
    let condition = r#"{"Statement":{"Effect":"Allow","Action":"*",
        "Condition":{"StringLike":{"k":"a","k":"b"}}}}"#;
    assert_eq!(refused_for(condition), ("line 2 column 44".to_owned(), twice("k")));
}

#[test]
fn texts_outside_the_language_are_refused() {
    assert_eq!(
        refused(r#"{"Version":"2012-10-18","Statement":[]}"#),
        "cannot read the policy document at line 1 column 12: unknown version `2012-10-18`, \
         expected `2012-10-17` or `2008-10-17`, did you mean `2012-10-17`?"
    );
    assert_eq!(
        refused(r#"{"Statement":[{"Effect":"allow","Action":"*"}]}"#),
        "cannot read the policy document at line 1 column 25: unknown effect `allow`, expected \
         `Allow` or `Deny`, did you mean `Allow`?"
    );
    assert_eq!(
        refused(r#"{"Statement":[{"Effect":"Allow","Action":"*","Principal":"root"}]}"#),
        "cannot read the policy document at line 1 column 58: unknown principal `root`, expected \
         `*` or an object of kinds"
    );
}

#[test]
fn what_is_missing_or_too_much_in_a_statement_is_refused() {
    let says = |text: &str| refused_for(text).1.to_string();
    assert_eq!(says(r#"{"Version":"2012-10-17"}"#), "the document needs `Statement`");
    assert_eq!(says(r#"{"Statement":{"Action":"*"}}"#), "a statement needs `Effect`");
    assert_eq!(
        refused_for(r#"{"Statement":[{"Effect":"Allow","Action":"*"},{"Effect":"Deny"}]}"#),
        ("line 1 column 47".to_owned(), Fault::Neither("Action", "NotAction"))
    );
    for (one, other) in
        [("Action", "NotAction"), ("Resource", "NotResource"), ("Principal", "NotPrincipal")]
    {
        let action = if one == "Action" { "" } else { r#""Action":"*","# };
        let text =
            format!(r#"{{"Statement":{{"Effect":"Deny",{action}"{one}":"*","{other}":"*"}}}}"#);
        assert_eq!(says(&text), format!("a statement takes `{one}` or `{other}`, not both"));
    }
}

#[test]
fn values_of_another_kind_are_refused() {
    let says = |text: &str| refused_for(text).1.to_string();
    assert_eq!(says("[]"), "expected an object, found a list");
    assert_eq!(
        says(r#"{"Statement":"*"}"#),
        "expected a statement or a list of statements, found a text"
    );
    assert_eq!(
        says(r#"{"Statement":["*"]}"#),
        "expected a statement, which is an object, found a text"
    );
    let with = |rest: &str| says(&format!(r#"{{"Statement":{{"Effect":"Allow",{rest}}}}}"#));
    assert_eq!(with(r#""Action":1"#), "expected a text or a list of texts, found a number");
    assert_eq!(with(r#""Action":["a",null]"#), "expected a text, found null");
    assert_eq!(with(r#""Action":"*","Sid":true"#), "expected a text, found a boolean");
    assert_eq!(
        with(r#""Action":"*","Condition":[]"#),
        "expected an object of operators, found a list"
    );
    assert_eq!(
        with(r#""Action":"*","Condition":{"StringLike":{"k":{}}}"#),
        "expected a text, a number, a boolean or a list of them, found an object"
    );
    assert_eq!(
        with(r#""Action":"*","Principal":["*"]"#),
        "expected `*` or an object of kinds, found a list"
    );
}

#[test]
fn text_that_is_no_json_is_refused_where_it_ends_to_be_json() {
    let at = |text: &str| refused(text);
    assert_eq!(
        at("{\n  \"Statement\": [}\n"),
        "cannot read the policy document at line 2 column 17: not JSON: expected value"
    );
    assert_eq!(
        at(""),
        "cannot read the policy document at line 1 column 1: not JSON: EOF while parsing a value"
    );
    assert_eq!(
        at(r#"{"Statement":[]} x"#),
        "cannot read the policy document at line 1 column 18: not JSON: trailing characters"
    );
    assert_eq!(
        at(r#"{"Statement":{"Effect":"Deny","Action":"*","Condition":{"a":{"b":[1,4e+999]}}}}"#),
        "cannot read the policy document at line 1 column 74: not JSON: number out of range"
    );
    // Half of a surrogate pair, which only the second look finds.
    assert_eq!(refused_for("{\"Statement\": [],\n \"Id\": \"\\ud800\"}").0, "line 2 column 15");
}

#[test]
fn what_is_beyond_the_bounds_is_refused() {
    let large = " ".repeat(MAX_BYTES + 1);
    assert_eq!(refused_for(&large).1, Fault::TooLarge(MAX_BYTES + 1));
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    assert_eq!(refused_for(&deep), ("line 1 column 9".to_owned(), Fault::TooDeep));
    let one = r#"{"Effect":"Deny","Action":"*"},"#;
    let many = |n: usize| {
        let statements = one.repeat(n);
        format!(r#"{{"Statement":[{}]}}"#, statements.trim_end_matches(','))
    };
    assert_eq!(Document::parse(&many(MAX_STATEMENTS)).unwrap().statements.len(), MAX_STATEMENTS);
    assert_eq!(refused_for(&many(1001)).1, Fault::TooManyStatements(1001));
    let wide = format!(r#"{{"Statement":[{}1]}}"#, "1,".repeat(MAX_VALUES));
    assert_eq!(refused_for(&wide).1, Fault::TooManyValues);
}

#[test]
fn places_are_found_by_pointer() {
    let source = Source::parse(
        r#"{
  "Statement": [
    {"Effect": "Allow", "Action": ["a:B", "c:D"], "Resource": "*"},
    {"Effect": "Deny", "Action": "*",
     "Condition": {
       "StringEquals": {"aws:RequestTag/team": ["x", "y"]}}}
  ]
}"#,
    )
    .unwrap();
    let at = |segments: &[&str]| source.place(&pointer(segments)).map(|p| (p.line, p.column));
    assert_eq!(at(&[]), Some((1, 1)));
    assert_eq!(at(&["Statement"]), Some((2, 3)));
    assert_eq!(at(&["Statement", "0"]), Some((3, 5)));
    assert_eq!(at(&["Statement", "0", "Action", "1"]), Some((3, 43)));
    // A value without a list is the first of one.
    assert_eq!(at(&["Statement", "1", "Action"]), Some((4, 24)));
    assert_eq!(at(&["Statement", "1", "Action", "0"]), Some((4, 34)));
    let tag = ["Statement", "1", "Condition", "StringEquals", "aws:RequestTag/team"];
    assert_eq!(at(&tag), Some((6, 25)));
    assert_eq!(at(&[&tag[..], &["1"]].concat()), Some((6, 54)));
    for nowhere in [&["Id"][..], &["Statement", "2"], &["Statement", "0", "Resource", "1"]] {
        assert_eq!(at(nowhere), None, "{nowhere:?}");
    }
    assert_eq!(source.place("Statement"), None);
    let single = Source::parse("{\"Statement\":\n{\"Effect\":\"Deny\",\"Action\":\"*\"}}").unwrap();
    assert_eq!(single.place("/Statement/0").unwrap().to_string(), "line 2 column 1");
    assert_eq!(single.place("/Statement/0/Effect").unwrap().to_string(), "line 2 column 2");
}

#[test]
fn a_document_within_other_json_is_read_by_the_same_rules() {
    let text = r#"{"Statement":{"Effect":"Deny","Action":"*"}}"#;
    let value: serde_json::Value = serde_json::from_str(text).unwrap();
    let document = Document::parse(text).unwrap();
    assert_eq!(serde_json::from_value::<Document>(value).unwrap(), document);
    assert_eq!(serde_json::from_str::<Vec<Document>>(&format!("[{text}]")).unwrap(), [document]);
    let error = serde_json::from_str::<Vec<Document>>(r#"[{"Statement":1}]"#).unwrap_err();
    assert!(error.to_string().starts_with(
        "cannot read the policy document at line 1 column 14: expected a statement or a list of \
         statements, found a number"
    ));
}

#[test]
fn the_canonical_text_has_one_order_and_nothing_twice() {
    let document = Document::parse(
        r#"{"Statement":[{"Resource":["b","a","b"],"Condition":{"StringLike":{"z":["1"],"a":[2,1]}},
            "NotAction":["x"],"NotPrincipal":{"Service":["t","s"],"AWS":"*"},"Effect":"Deny",
            "Sid":"S"}],"Id":"i","Version":"2012-10-17"}"#,
    )
    .unwrap();
    let expected = r#"{
  "Version": "2012-10-17",
  "Id": "i",
  "Statement": [
    {
      "Sid": "S",
      "Effect": "Deny",
      "NotPrincipal": {
        "AWS": "*",
        "Service": [
          "s",
          "t"
        ]
      },
      "NotAction": "x",
      "Resource": [
        "a",
        "b"
      ],
      "Condition": {
        "StringLike": {
          "a": [
            "1",
            "2"
          ],
          "z": "1"
        }
      }
    }
  ]
}"#;
    assert_eq!(document.to_canonical_json(), expected);
    assert_eq!(Document::parse(expected).unwrap(), document.canonical());
}

#[test]
fn the_length_is_the_one_that_iam_counts() {
    let document = Document::new([Statement::allow("A").actions(["*"]).resources(["a b"])]);
    let compact = r#"{"Version":"2012-10-17","Statement":[{"Sid":"A","Effect":"Allow","Action":"*","Resource":"a b"}]}"#;
    assert_eq!(document.to_compact_json(), compact);
    assert_eq!(document.compact_len(), compact.len() - 1);
    // Characters, not bytes.
    let umlaut = Document::new([Statement::allow("\u{e4}").actions(["*"]).resources(["a b"])]);
    assert_eq!(umlaut.compact_len(), document.compact_len());
}
