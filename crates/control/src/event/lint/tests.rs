//! What is found in rules, right and wrong.

use super::super::Family;
use super::super::rules::{all_rules, rule_of};
use super::*;
use serde_json::json;

/// Code, path and severity of every finding.
fn found(document: &Value) -> Vec<(&'static str, String, Severity)> {
    let findings = lint(&rules_in(document).unwrap());
    findings.into_iter().map(|f| (f.code, f.path, f.severity)).collect()
}

fn errors(document: &Value) -> Vec<(&'static str, String)> {
    let all = found(document).into_iter();
    all.filter(|(.., severity)| *severity == Severity::Error).map(|(c, p, _)| (c, p)).collect()
}

fn warnings(document: &Value) -> Vec<&'static str> {
    let all = found(document).into_iter();
    all.filter(|(.., severity)| *severity == Severity::Warning).map(|(code, ..)| code).collect()
}

/// The pattern of the sso-directory family with one member replaced.
fn with(path: &str, value: Value) -> Value {
    let mut pattern = json!({
        "source": ["aws.sso-directory"],
        "detail-type": ["AWS API Call via CloudTrail"],
        "detail": {
            "eventSource": ["sso-directory.amazonaws.com"],
            "eventName": ["AddMemberToGroup", "RemoveMemberFromGroup"],
        },
    });
    *pattern.pointer_mut(path).unwrap() = value;
    pattern
}

#[track_caller]
fn refused(document: &Value, code: &'static str, path: &str) -> Finding {
    assert_eq!(errors(document), [(code, path.to_owned())]);
    lint(&rules_in(document).unwrap()).remove(0)
}

#[test]
fn our_own_rules_are_found_to_be_good() {
    let resources: serde_json::Map<String, Value> = all_rules()
        .iter()
        .map(|rule| {
            let properties = json!({"Name": rule.name, "EventPattern": rule.pattern});
            let resource = json!({"Type": "AWS::Events::Rule", "Properties": properties});
            (rule.name.replace('-', ""), resource)
        })
        .collect();
    assert_eq!(found(&json!({"Resources": resources})), []);
    for family in Family::CLOUDTRAIL {
        let pattern = serde_json::to_value(rule_of(family).unwrap().pattern).unwrap();
        assert_eq!(errors(&pattern), []);
        assert_eq!(warnings(&pattern), ["families-missed"], "{family}");
    }
    let notifications = serde_json::to_value(rule_of(Family::Notification).unwrap().pattern);
    assert_eq!(found(&notifications.unwrap()), []);
}

#[test]
fn a_translated_detail_type_is_named_with_the_right_one() {
    let spanish = with("/detail-type", json!(["Llamada de API de AWS a través de CloudTrail"]));
    let finding = refused(&spanish, "detail-type-translated", "detail-type[0]");
    assert!(finding.message.contains("Llamada de API de AWS a través de CloudTrail"));
    assert_eq!(finding.help.as_deref(), Some("Write `AWS API Call via CloudTrail`."));
}

#[test]
fn detail_types_that_never_come_are_refused() {
    for (kind, code) in [
        ("AWS API call via cloudtrail", "detail-type-unknown"),
        ("AWS Console Sign In via CloudTrail", "detail-type-unrelated"),
        ("AWS-API-Aufruf über CloudTrail", "detail-type-translated"),
        ("Scheduled Event", "detail-type-unknown"),
    ] {
        refused(&with("/detail-type", json!([kind])), code, "detail-type[0]");
    }
    let only_filter = with("/detail-type", json!([{"prefix": "Llamada"}]));
    refused(&only_filter, "filter-matches-nothing", "detail-type[0]");
}

#[test]
fn sources_that_tell_of_no_group_are_refused() {
    for source in ["sso-directory.amazonaws.com", "aws.sso", "aws.sso_directory", "aws.s3"] {
        let errors = errors(&with("/source", json!([source])));
        assert_eq!(errors, [("source-unknown", "source[0]".to_owned())], "{source}");
    }
    for source in ["signin.amazon.com", "signin.amazonaws.com", "sso.amazonaws.com", "x"] {
        let errors = errors(&with("/detail/eventSource", json!([source])));
        let path = "detail.eventSource[0]".to_owned();
        assert_eq!(errors, [("event-source-unknown", path)], "{source}");
    }
    let swapped = with("/detail/eventSource", json!(["aws.sso-directory"]));
    let finding = refused(&swapped, "event-source-unknown", "detail.eventSource[0]");
    assert_eq!(finding.help.as_deref(), Some("Write `sso-directory.amazonaws.com`."));
    let typo = with("/detail/eventSource", json!(["sso-directory.amazon.com"]));
    let finding = refused(&typo, "event-source-unknown", "detail.eventSource[0]");
    assert_eq!(finding.help.as_deref(), Some("Did you mean `sso-directory.amazonaws.com`?"));
}

#[test]
fn sources_and_event_sources_of_different_services_never_meet() {
    let mut pattern = with("/detail/eventSource", json!(["identitystore.amazonaws.com"]));
    pattern["detail"]["eventName"] = json!(["DeleteGroupMembership", "DeleteUser"]);
    let codes: Vec<&str> = errors(&pattern).into_iter().map(|(code, _)| code).collect();
    assert_eq!(codes, ["source-pair", "source-pair"]);
}

#[test]
fn names_of_calls_are_compared_exactly() {
    let one = |name: &str| with("/detail/eventName", json!(["RemoveMemberFromGroup", name]));
    let path = "detail.eventName[1]";
    let finding = refused(&one("addMemberToGroup"), "event-name-case", path);
    assert_eq!(finding.help.as_deref(), Some("Write `AddMemberToGroup`."));
    let finding = refused(&one("RemoveMemberToGroup"), "event-name-unknown", path);
    assert_eq!(finding.help.as_deref(), Some("Did you mean `RemoveMemberFromGroup`?"));
    let finding = refused(&one("DeleteGroupMembership"), "event-name-elsewhere", path);
    let help = "Add `identitystore.amazonaws.com` to `detail.eventSource`.";
    assert_eq!(finding.help.as_deref(), Some(help));
    refused(&one("DescribeUsers"), "event-name-reads", path);
    refused(&one("Zzz"), "event-name-unknown", path);
}

#[test]
fn the_shape_of_a_pattern_is_checked() {
    refused(&with("/source", json!("aws.sso-directory")), "value-not-in-list", "source");
    refused(&with("/detail/eventName", json!([])), "values-empty", "detail.eventName");
    refused(&with("/detail", json!({})), "values-empty", "detail");
    refused(&json!({}), "pattern-empty", "");
    let mut misspelt = with("/source", json!(["aws.sso-directory"]));
    let kind = misspelt.as_object_mut().unwrap().remove("detail-type").unwrap();
    misspelt["detailType"] = kind;
    let finding = refused(&misspelt, "key-unknown", "detailType");
    assert_eq!(finding.help.as_deref(), Some("Did you mean `detail-type`?"));
    let mut misspelt = with("/source", json!(["aws.sso-directory"]));
    let names = misspelt["detail"].as_object_mut().unwrap().remove("eventName").unwrap();
    misspelt["detail"]["eventname"] = names;
    refused(&misspelt, "key-unknown", "detail.eventname");
    let filter = with("/detail/eventName", json!([{"prefixes": "Add"}]));
    assert!(errors(&filter).contains(&("filter-unknown", "detail.eventName[0]".to_owned())));
}

#[test]
fn what_would_miss_leavers_is_a_warning() {
    let adds = with("/detail/eventName", json!(["AddMemberToGroup"]));
    assert_eq!(errors(&adds), []);
    let findings = lint(&rules_in(&adds).unwrap());
    let missed = &findings[0];
    assert_eq!(missed.code, "removals-missed");
    for name in ["RemoveMemberFromGroup", "DeleteUser", "DisableUser", "DeleteGroup"] {
        assert!(missed.message.contains(name), "{}", missed.message);
    }
    assert_eq!(findings[1].code, "families-missed");
    let listed = json!({"source": ["aws.identitystore"], "detail-type": ["User Deleted"]});
    assert_eq!(warnings(&listed), ["removals-missed"]);
    let mut narrowed = with("/source", json!(["aws.sso-directory"]));
    narrowed["detail"]["requestParameters"] = json!({"groupId": ["g"]});
    assert!(warnings(&narrowed).contains(&"narrowed"));
    let guessed = json!({"source": ["aws.identitystore"],
        "detail-type": ["User Deleted", "Membership Something"]});
    assert!(warnings(&guessed).contains(&"detail-type-unverified"));
}

#[test]
fn a_rule_that_nothing_passes_is_an_error_whatever_the_reason() {
    let reading = json!({
        "source": ["aws.sso-directory"], "detail-type": ["AWS API Call via CloudTrail"],
        "detail": {"eventSource": ["sso-directory.amazonaws.com"], "readOnly": [true]},
    });
    assert_eq!(errors(&reading), [("never-fires", String::new())]);
    let detail = json!({"eventSource": ["identitystore.amazonaws.com"]});
    let notified = json!({"detail-type": ["User Deleted"], "detail": detail});
    assert_eq!(errors(&notified), [("notification-detail", "detail.eventSource[0]".to_owned())]);
}

#[test]
fn requests_and_templates_are_looked_into() {
    let pattern = with("/source", json!(["aws.sso-directory"]));
    let request = json!({"Name": "r", "EventPattern": pattern.to_string(), "State": "DISABLED"});
    let findings = lint(&rules_in(&request).unwrap());
    assert_eq!((findings[0].code, findings[0].rule.as_deref()), ("rule-disabled", Some("r")));
    let properties = json!({"EventBusName": "central", "EventPattern": pattern});
    let template = json!({"Resources": {
        "Good": {"Type": "AWS::Events::Rule", "Properties": properties},
        "Timer": {"Type": "AWS::Events::Rule", "Properties": {"ScheduleExpression": "rate(1 day)"}},
        "Uploads": {"Type": "AWS::Events::Rule", "Properties": {
            "EventPattern": {"source": ["aws.s3"], "detail-type": ["Object Created"]}}},
        "Queue": {"Type": "AWS::SQS::Queue"},
    }});
    assert_eq!(errors(&template), []);
    assert!(warnings(&template).contains(&"bus-not-default"));
    for none in [json!([]), json!({"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}})] {
        assert_eq!(rules_in(&none), Err(NoRules::None));
    }
    let timer = json!({"Name": "t", "ScheduleExpression": "rate(1 day)"});
    assert_eq!(errors(&timer)[0], ("pattern-missing", String::new()));
    let broken = json!({"Name": "r", "EventPattern": "{"});
    assert!(matches!(rules_in(&broken), Err(NoRules::Pattern(name, _)) if name == "r"));
}
