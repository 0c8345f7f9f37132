//! Ways in which a map can be wrong about access for a time, and about who is told what: each with its
//! code and its place.

use access::map::{Source, parse};

/// Lines 1 to 4; teams `fraud` and `risk`.
const HEAD: &str = "version: 1\ndirectory: {identity_center: {region: eu-west-1, \
                    identity_store_id: d-906716eb24}}\ndomains: {research: {domain_id: d-x, account_id: \
                    \"111122223333\", region: eu-west-1}}\nteams: {fraud: {domain: research, network: \
                    anywhere, execution_role: a}, risk: {domain: research, network: anywhere, \
                    execution_role: b}}\n";

/// What is reported of a map whose line 5 begins with `text`: `LINE:COLUMN code`.
fn found(text: &str) -> Vec<String> {
    let sources = [Source { name: "access.yaml".into(), text: format!("{HEAD}{text}\n") }];
    let Err(errors) = parse(&sources) else { return Vec::new() };
    let all = errors.as_slice().iter();
    all.map(|it| format!("{}:{} {}", it.place.line, it.place.column, it.code)).collect()
}

#[track_caller]
fn refused(text: &str, expected: &[&str]) {
    assert_eq!(found(text), expected, "{text}");
}

#[test]
fn what_a_map_says_of_access_for_a_time_is_held_to_its_form() {
    assert_eq!(found("temporary_access: {}"), [""; 0]);
    assert_eq!(
        found(
            "temporary_access: {longest: 2d, priority: 3, requests: [{group: all, teams: [fraud], \
             approvers: owners, longest: 4h}], break_glass: [{group: on-call, needs: reason, longest: \
             30m}]}"
        ),
        [""; 0]
    );
    for longest in ["forever", "4", "0m", "91d", "-1h"] {
        let text = format!("temporary_access: {{longest: \"{longest}\"}}");
        let all = found(&text);
        assert!(
            all.len() == 1
                && all[0].starts_with("5:29 ")
                && ["map-invalid-value", "map-out-of-range"]
                    .iter()
                    .any(|code| all[0].ends_with(code)),
            "{text}: {all:?}"
        );
    }
    refused("temporary_access: {priority: high}", &["5:30 map-wrong-type"]);
    refused("temporary_access: {priority: 99999999999}", &["5:30 map-out-of-range"]);
    refused("temporary_access: {longer: 4h}", &["5:20 map-unknown-key"]);
    refused("temporary_access: {requests: {group: a}}", &["5:30 map-wrong-type"]);
    refused("temporary_access: {requests: [{teams: [fraud]}]}", &["5:31 map-missing-key"]);
    refused("temporary_access: {requests: [{group: \"ml-{team}\"}]}", &["5:39 map-invalid-value"]);
    refused("temporary_access: {requests: [{group: a, until: x}]}", &["5:42 map-unknown-key"]);
}

#[test]
fn teams_of_rules_are_teams_of_the_map_and_every_mistake_is_reported() {
    refused(
        "temporary_access: {requests: [{group: a, teams: [frued, risk, other]}], break_glass: [{group: \
         b, teams: [none]}]}",
        &["5:50 map-unknown-team", "5:63 map-unknown-team", "5:106 map-unknown-team"],
    );
    refused(
        "temporary_access: {break_glass: [{group: b, needs: nothing}]}",
        &["5:52 map-invalid-value"],
    );
    refused("temporary_access: {break_glass: [{needs: reason}]}", &["5:34 map-missing-key"]);
    refused(
        "temporary_access: {break_glass: [{group: b, longest: 0s}]}",
        &["5:54 map-out-of-range"],
    );
    refused(
        "temporary_access: {break_glass: [{group: b, approvers: c}]}",
        &["5:45 map-unknown-key"],
    );
}

#[test]
fn where_webhooks_are_kept_stands_in_the_map_and_never_their_address() {
    assert_eq!(
        found("notifications: {webhooks: {ops: {url_from: \"env:OPS\", about: [guard-refused]}}}"),
        [""; 0]
    );
    for secret in ["https://hooks.example/T0", "env:", "vault:x", "OPS", "ssm:#key"] {
        refused(
            &format!("notifications: {{webhooks: {{ops: {{url_from: \"{secret}\"}}}}}}"),
            &["5:44 map-invalid-value"],
        );
    }
    refused("notifications: {webhooks: {ops: {}}}", &["5:28 map-missing-key"]);
    refused(
        "notifications: {webhooks: {Ops Room: {url_from: \"env:OPS\"}}}",
        &["5:28 map-invalid-value"],
    );
    refused(
        "notifications: {webhooks: {ops: {url_from: \"env:OPS\", about: [weather]}}}",
        &["5:63 map-invalid-value"],
    );
    refused("notifications: {remind: 1s}", &["5:25 map-invalid-value"]);
    refused("notifications: {slack: {}}", &["5:17 map-unknown-key"]);
}

#[test]
fn a_secret_where_only_its_place_belongs_is_shown_nowhere() {
    for secret in ["https://hooks.example/T0/planted", "planted", "plan", &"planted".repeat(400)] {
        let text =
            format!("{HEAD}notifications: {{webhooks: {{ops: {{url_from: \"{secret}\"}}}}}}\n");
        let sources = [Source { name: "access.yaml".into(), text }];
        let errors = parse(&sources).unwrap_err();
        for shown in [errors.render(&sources), errors.to_string()] {
            assert!(shown.starts_with("access.yaml:5:44: this is "), "{shown}");
            assert!(!shown.contains("plan"), "{shown}");
        }
    }
}

#[test]
fn mail_goes_to_somebody_by_a_server_that_nobody_listens_to() {
    let mail = |text: &str| format!("notifications: {{mail: {{ops: {{{text}}}}}}}");
    let whole = "to: [a@x.example], from: b@x.example, server: \"mail.example:587\"";
    assert_eq!(found(&mail(whole)), [""; 0]);
    let local = whole.replace("mail.example", "127.0.0.1") + ", encryption: none";
    assert_eq!(found(&mail(&local)), [""; 0]);
    for (text, expected) in [
        (whole.replace("[a@x.example]", "[]"), "map-out-of-range"),
        (whole.replace("a@x.example", "nobody"), "map-invalid-value"),
        (whole.replace("from: b@x.example, ", ""), "map-missing-key"),
        (whole.replace(":587", ""), "map-invalid-value"),
        (whole.replace(":587", ":0"), "map-invalid-value"),
        (format!("{whole}, encryption: none"), "map-invalid-value"),
        (format!("{whole}, encryption: ssl"), "map-invalid-value"),
        (format!("{whole}, user: bot"), "map-only-with"),
        (format!("{whole}, password_from: \"env:P\""), "map-only-with"),
        (format!("{whole}, user: bot, password_from: \"hunter2\""), "map-invalid-value"),
    ] {
        let all = found(&mail(&text));
        assert!(all.len() == 1 && all[0].ends_with(expected), "{text}: {all:?}");
    }
}
