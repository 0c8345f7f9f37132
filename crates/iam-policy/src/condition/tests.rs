//! The tables of the user guide, "Condition operators" and "Multivalued context keys".

use super::*;
use crate::request::Request;

/// Whether a condition holds for a request with these values of the key `k`.
fn holds(operator: &str, policy: &[&str], given: &[&str]) -> bool {
    let policy: Vec<String> = policy.iter().map(|value| (*value).to_owned()).collect();
    let operator = Operator::parse(operator).unwrap();
    let request = Request::new("arn:aws:iam::111122223333:user/ana", "s3:GetObject", "*")
        .with("k", given.iter().copied())
        .with("aws:PrincipalTag/any", ["*"])
        .with("aws:PrincipalTag/team", ["red"])
        .with("aws:TagKeys", ["red", "blue"]);
    Condition::new(operator, "K", &policy, true).holds(&request)
}

#[track_caller]
fn table(operator: &str, policy: &[&str], holding: &[&[&str]], others: &[&[&str]]) {
    for given in holding {
        assert!(holds(operator, policy, given), "{operator} {policy:?} should hold for {given:?}");
    }
    for given in others {
        assert!(!holds(operator, policy, given), "{operator} {policy:?} holds for {given:?}");
    }
}

/// An operator and its opposite: exactly one of them holds, for one value or none.
#[track_caller]
fn opposites(yes: &str, no: &str, policy: &[&str], matching: &[&str], others: &[&str]) {
    for given in matching {
        assert!(holds(yes, policy, &[given]), "{yes} {policy:?} {given}");
        assert!(!holds(no, policy, &[given]), "{no} {policy:?} {given}");
    }
    for given in others {
        assert!(!holds(yes, policy, &[given]), "{yes} {policy:?} {given}");
        assert!(holds(no, policy, &[given]), "{no} {policy:?} {given}");
    }
    assert!(!holds(yes, policy, &[]), "{yes} {policy:?} of a missing key");
    assert!(holds(no, policy, &[]), "{no} {policy:?} of a missing key");
}

#[test]
fn operators_are_read_in_every_form_and_printed_as_aws_writes_them() {
    for (text, printed) in [
        ("StringEquals", "StringEquals"),
        ("stringequalsifexists", "StringEqualsIfExists"),
        ("ForAnyValue:StringLikeIfExists", "ForAnyValue:StringLikeIfExists"),
        ("forallvalues:NumericLessThanEquals", "ForAllValues:NumericLessThanEquals"),
        ("ArnEquals", "ArnLike"),
        ("ArnNotEqualsIfExists", "ArnNotLikeIfExists"),
        ("Null", "Null"),
        ("BinaryEquals", "BinaryEquals"),
    ] {
        assert_eq!(Operator::parse(text).unwrap().to_string(), printed, "{text}");
    }
    for (name, base) in NAMES {
        assert_eq!(Operator::parse(name).unwrap().base, base, "{name}");
        let conditional = Operator::parse(&format!("{name}IfExists"));
        assert_eq!(conditional.is_some(), name != "Null", "{name}");
    }
    for unknown in [
        "",
        "IfExists",
        "Equals",
        "NullIfExists",
        "BoolNotEquals",
        "ForAll:StringEquals",
        "ForAnyValue:",
        "StringEqualsIfExistsIfExists",
        "ForAnyValue:ForAllValues:Bool",
        "StringEquals ",
        "éIfExists",
    ] {
        assert_eq!(Operator::parse(unknown), None, "{unknown}");
    }
}

#[test]
fn texts_are_equal_to_the_letter() {
    opposites("StringEquals", "StringNotEquals", &["Red"], &["Red"], &["red", "Re", ""]);
    let several = ["Red", "Blue"];
    opposites("StringEquals", "StringNotEquals", &several, &["Red", "Blue"], &["red", "RedBlue"]);
    // Wildcards are for StringLike only.
    opposites("StringEquals", "StringNotEquals", &["R*"], &["R*"], &["Red"]);
}

#[test]
fn texts_are_equal_but_for_case() {
    let (yes, no) = ("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase");
    opposites(yes, no, &["Red"], &["Red", "rED"], &["Re", "R*"]);
    opposites(yes, no, &["ÄRA"], &["ära"], &["ara"]);
    opposites(yes, no, &["${aws:PrincipalTag/team}-x"], &["RED-X"], &["blue-x"]);
}

#[test]
fn patterns_match_texts() {
    opposites("StringLike", "StringNotLike", &["R*d", "b?"], &["Red", "Rd", "bc"], &["red", "b"]);
    opposites("StringLike", "StringNotLike", &["${*}"], &["*"], &["a", ""]);
}

#[test]
fn numbers_compare_as_numbers() {
    opposites("NumericEquals", "NumericNotEquals", &["10"], &["10", "10.0", "+10"], &["1", "ten"]);
    table("NumericLessThan", &["10"], &[&["9.9"], &["-100"]], &[&["10"], &["11"], &["x"], &[]]);
    table("NumericLessThanEquals", &["10"], &[&["10"], &["9"]], &[&["10.01"], &[]]);
    table("NumericGreaterThan", &["9"], &[&["10"], &["9.5"]], &[&["9"], &["8"], &[]]);
    table("NumericGreaterThanEquals", &["9"], &[&["9"], &["10"]], &[&["8.99"], &[]]);
    // Any of several values will do.
    table("NumericLessThan", &["1", "10"], &[&["5"]], &[&["10"]]);
}

#[test]
fn dates_compare_as_moments() {
    let day = &["2026-11-21T00:00:00Z"];
    let (before, same) = ("2026-11-20T23:59:59Z", "2026-11-21T01:00:00+01:00");
    let epoch = "1795219200";
    opposites("DateEquals", "DateNotEquals", day, &[same, epoch, "2026-11-21"], &[before, "x"]);
    table("DateLessThan", day, &[&[before]], &[&[same], &["2026-12"], &["x"], &[]]);
    table("DateLessThanEquals", day, &[&[before], &[same]], &[&["1795219201"], &[]]);
    table("DateGreaterThan", day, &[&["1795219201"]], &[&[same], &[before], &[]]);
    table("DateGreaterThanEquals", day, &[&[same], &["2027"]], &[&[before], &[]]);
}

#[test]
fn truth_bytes_and_presence() {
    table("Bool", &["true"], &[&["true"], &["True"]], &[&["false"], &["yes"], &[]]);
    table("Bool", &["true", "false"], &[&["true"], &["false"]], &[&["yes"], &[]]);
    table("BoolIfExists", &["false"], &[&["false"], &[]], &[&["true"]]);
    table("BinaryEquals", &["QmluYXJ5"], &[&["QmluYXJ5"]], &[&["Binary"], &["qmluYXJ5"], &[]]);
    table("Null", &["true"], &[&[], &[""]], &[&["a"], &["a", "b"]]);
    table("Null", &["false"], &[&["a"], &["a", "b"]], &[&[], &[""]]);
    table("Null", &["true", "false"], &[&[], &["a"]], &[]);
}

#[test]
fn addresses_are_in_networks() {
    let (yes, no) = ("IpAddress", "NotIpAddress");
    opposites(
        yes,
        no,
        &["203.0.113.0/24", "2001:db8:1234:5678::/64"],
        &["203.0.113.0", "203.0.113.255", "2001:DB8:1234:5678::1"],
        &["203.0.114.0", "2001:db8:1234:5679::1", "::ffff:203.0.113.1", "no address"],
    );
    opposites(yes, no, &["203.0.113.7", "::1"], &["203.0.113.7", "::1"], &["203.0.113.8", "::2"]);
    opposites(yes, no, &["10.1.2.3/8"], &["10.255.0.1"], &["11.0.0.1"]);
    opposites(yes, no, &["0.0.0.0/0"], &["1.2.3.4"], &["::1"]);
}

#[test]
fn arns_match_segment_by_segment_under_every_name() {
    for (yes, no) in [
        ("ArnEquals", "ArnNotEquals"),
        ("ArnLike", "ArnNotLike"),
        ("ArnEquals", "ArnNotLike"),
        ("ArnLike", "ArnNotEquals"),
    ] {
        opposites(
            yes,
            no,
            &["arn:aws:sns:*:111122223333:t*"],
            &["arn:aws:sns:eu-west-1:111122223333:topic", "arn:aws:sns::111122223333:t:u"],
            &["arn:aws:sns:eu-west-1:x:111122223333:topic", "arn:aws:sqs:x:111122223333:t", "t"],
        );
    }
}

#[test]
fn if_exists_is_content_with_a_missing_key_only() {
    for (name, base) in NAMES.iter().filter(|(_, base)| base.kind != Kind::Null) {
        let operator = format!("{name}IfExists");
        assert!(holds(&operator, &["x"], &[]), "{operator}");
        assert!(holds(&format!("ForAnyValue:{operator}"), &["x"], &[]), "{operator}");
        if !base.negated {
            assert!(!holds(&operator, &["x"], &["y"]), "{operator}");
        }
    }
    table("StringNotEqualsIfExists", &["x"], &[&[], &["y"]], &[&["x"]]);
}

#[test]
fn a_missing_key_holds_for_negated_operators_only() {
    for (name, base) in NAMES.iter().filter(|(_, base)| base.kind != Kind::Null) {
        assert_eq!(holds(name, &["x"], &[]), base.negated, "{name}");
        assert!(!holds(&format!("ForAnyValue:{name}"), &["x"], &[]), "{name}");
        assert!(holds(&format!("ForAllValues:{name}"), &["x"], &[]), "{name}");
    }
}

#[test]
fn for_all_values_wants_every_value_of_the_request() {
    table(
        "ForAllValues:StringEquals",
        &["a", "b"],
        &[&["a"], &["a", "b"], &["b", "b"], &[], &[""], &["", ""]],
        &[&["c"], &["a", "c"]],
    );
    table(
        "ForAllValues:StringNotEquals",
        &["a", "b"],
        &[&["c"], &["c", "d"], &[]],
        &[&["a"], &["a", "c"]],
    );
    table("ForAllValues:StringLike", &["key1*"], &[&["key1", "key1x"]], &[&["key1", "key2"]]);
}

#[test]
fn for_any_value_wants_one_value_of_the_request() {
    table(
        "ForAnyValue:StringEquals",
        &["a", "b"],
        &[&["a"], &["c", "b"]],
        &[&["c"], &["c", "d"], &[], &[""]],
    );
    table(
        "ForAnyValue:StringNotEquals",
        &["a", "b"],
        &[&["c"], &["a", "c"]],
        &[&["a"], &["a", "b"], &[]],
    );
    table("ForAnyValue:IpAddress", &["10.0.0.0/8"], &[&["1.1.1.1", "10.1.1.1"]], &[&["1.1.1.1"]]);
}

#[test]
fn operators_for_single_values_hold_for_no_list() {
    for operator in ["StringEquals", "StringNotEquals", "StringLikeIfExists", "StringNotLike"] {
        assert!(!holds(operator, &["a"], &["a", "b"]), "{operator}");
        assert!(!holds(operator, &["c"], &["a", "b"]), "{operator}");
    }
    table("StringEquals", &["a"], &[&["a"]], &[]);
}

#[test]
fn variables_are_values_and_not_patterns() {
    opposites("StringLike", "StringNotLike", &["${aws:PrincipalTag/any}"], &["*"], &["a", ""]);
    opposites("StringEquals", "StringNotEquals", &["${aws:PrincipalTag/team}"], &["red"], &["a"]);
    table("ForAnyValue:StringEquals", &["${aws:PrincipalTag/team}"], &[&["a", "red"]], &[&["a"]]);
    let fallback = "${aws:PrincipalTag/none, 'public'}";
    opposites("StringEquals", "StringNotEquals", &[fallback], &["public"], &["", fallback]);
}

#[test]
fn what_does_not_resolve_neither_matches_nor_differs() {
    for value in ["${aws:PrincipalTag/none}", "${aws:TagKeys}", "${", "x${aws:userid}y"] {
        for given in ["", "a", value, "red"] {
            for operator in ["StringEquals", "StringLike", "StringNotEquals", "StringNotLike"] {
                assert!(!holds(operator, &[value], &[given]), "{operator} {value} {given}");
            }
        }
        // Another value may match all the same, and a missing key is missing first.
        assert!(holds("StringEquals", &[value, "a"], &["a"]), "{value}");
        assert!(!holds("StringNotEquals", &[value, "a"], &["b"]), "{value}");
        assert!(holds("StringNotEquals", &[value], &[]), "{value}");
        assert!(holds("StringEqualsIfExists", &[value], &[]), "{value}");
    }
    assert!(!holds("ArnNotLike", &["arn:aws:s3:::${aws:userid}"], &["arn:aws:s3:::a"]));
    assert!(!holds("StringNotEqualsIgnoreCase", &["${aws:userid}"], &["a"]));
}

#[test]
fn values_of_another_kind_neither_match_nor_differ() {
    for (operator, value, given) in [
        ("NumericEquals", "ten", "ten"),
        ("NumericNotEquals", "ten", "9"),
        ("DateNotEquals", "tomorrow", "2026-11-21"),
        ("Bool", "yes", "yes"),
        ("NotIpAddress", "10.0.0.0/33", "10.0.0.1"),
        ("IpAddress", "10.0.0", "10.0.0.0"),
        ("BinaryEquals", "?", "?"),
        ("Null", "maybe", "a"),
        // Variables are for texts and ARNs.
        ("NumericNotEquals", "${aws:userid}", "9"),
    ] {
        assert!(!holds(operator, &[value], &[given]), "{operator} {value}");
    }
}

#[test]
fn without_any_value_nothing_is_equal() {
    table("StringEquals", &[], &[], &[&["a"], &[]]);
    table("StringNotEquals", &[], &[&["a"], &[]], &[]);
}

#[test]
fn in_the_old_version_variables_are_text() {
    let operator = Operator::parse("StringEquals").unwrap();
    let values = ["${aws:username}".to_owned()];
    let old = Condition::new(operator, "k", &values, false);
    let request =
        |value: &str| Request::new("arn:aws:iam::1:user/ana", "a:b", "*").with("k", [value]);
    assert!(old.holds(&request("${aws:username}")) && !old.holds(&request("ana")));
    let new = Condition::new(operator, "k", &values, true);
    assert!(new.holds(&request("ana")) && !new.holds(&request("${aws:username}")));
}
