//! Tests of the forms of text.

use super::*;
use proptest::prelude::*;
use proptest::string::string_regex;

fn accepts(format: &Format, text: &str) -> bool {
    let length = text.chars().count();
    format.length.is_none_or(|(least, most)| (least..=most).contains(&length))
        && (format.check)(text).is_ok()
}

fn all() -> Vec<&'static Format> {
    vec![
        &DOMAIN_KEY,
        &PERSONA_KEY,
        &TEAM_KEY,
        &IDP_KEY,
        &DOMAIN_ID,
        &ACCOUNT_ID,
        &REGION,
        &IDENTITY_STORE_ID,
        &ROLE_ARN,
        &DOMAIN,
        &PERSONA,
        &NETWORK,
        &TEAM,
        &NETWORK_KEY,
        &INSTANCE,
        &EXTERNAL_ID,
        &SPACE,
        &LANDING,
        &TEAM_REFERENCE,
        &METADATA,
        &METADATA_URL,
        &ENTITY_ID,
        &FINGERPRINT,
        &ATTRIBUTE,
        &DOMAIN_ATTRIBUTE,
        &CIDR,
        &VPCE,
        &BUCKET,
        &REPOSITORY,
        &KMS_KEY,
        &SUBNET,
        &SECURITY_GROUP,
        &INSTANCE_TYPE,
        &WORKGROUP,
        &DATABASE,
        &BOUNDARY,
        &TEAM_TAG,
        &ROLE_TEMPLATE,
        &GROUP,
        &ADMIN_GROUP,
        &TAG_KEY,
        &TAG_VALUE,
        &PROSE,
        &SESSION,
        &LINK,
        &CLOCK_SKEW,
        &REFRESH,
        &HOLD,
        &FROM,
        &UNTIL,
        &CHANNEL_KEY,
        &SECRET_REFERENCE,
        &MAIL_ADDRESS,
        &MAIL_SERVER,
        &MAIL_USER,
        &REMIND,
    ]
}

#[test]
fn every_example_is_accepted() {
    for format in all() {
        assert!(accepts(format, format.example), "{format:?}");
    }
}

#[test]
fn texts_beyond_the_form_are_refused() {
    let cases: [(&Format, &[&str]); 37] = [
        (&INSTANCE, &["", "Prod", "a--b", "a_b"]),
        (&EXTERNAL_ID, &["x", "a b", "é1"]),
        (&METADATA, &["", "http://idp/metadata"]),
        (
            &METADATA_URL,
            &[
                "",
                "idp.xml",
                "https://",
                "https:",
                "ftp://idp.example/m",
                "file:///etc/idp.xml",
                "http://idp.example/m",
                "http://10.0.0.1/m",
                "http://0.0.0.0/m",
                "http://localhost.idp.example/m",
                "http://127.0.0.1@idp.example/m",
                "https://user@idp.example/m",
                "https://user:secret@idp.example/m",
                "https://:secret@idp.example/m",
            ],
        ),
        (&ENTITY_ID, &["", "a b", "a\n", "a\u{7f}"]),
        (&FINGERPRINT, &["", "9f86", "SHA256:9f86"]),
        (&LINK, &["4s", "0s", "301s", "6m", "5"]),
        (&CLOCK_SKEW, &["121s", "3m", "-1s"]),
        (&REFRESH, &["299s", "4m", "8d", "0s"]),
        (
            &CIDR,
            &[
                "",
                "10.0.0.0",
                "10.0.0.0/33",
                "10.0.0/8",
                "10.0.0.1/8",
                "fd00::1/8",
                "::ffff:10.0.0.0/104",
            ],
        ),
        (&VPCE, &["vpce-", "vpc-0abc", "vpce-0ABC", "vpce-xyz", "vpce-0123456789abcdef01"]),
        (&BUCKET, &["", "Fraud", "a/b", "a b", "a_b", "{teem}-x", "{team"]),
        (&REPOSITORY, &["", "A", "a b", "arn:aws:ecr:eu-west-1:1:repo/x", "arn:aws:s3:::x"]),
        (
            &KMS_KEY,
            &[
                "",
                "alias/x",
                "arn:aws:kms:r:1:key/",
                "arn:aws:kms:r:1:key/*",
                "arn:aws:kms:r:1:alias/x",
            ],
        ),
        (&SUBNET, &["", "subnet-", "subnet-x", "subnet-0ABC", "sg-0a"]),
        (&SECURITY_GROUP, &["", "sg-", "sg-x", "subnet-0a"]),
        (&INSTANCE_TYPE, &["", "t3.medium", "ml.", "ml.T3", "ml.t3 .x", "*"]),
        (&WORKGROUP, &["", "a/b", "a b", "*"]),
        (&DATABASE, &["", "A", "a b", "*"]),
        (
            &BOUNDARY,
            &["", "arn:aws:iam::1:role/x", "arn:aws:iam::1:policy/", "arn:aws:iam::1:policy/x*"],
        ),
        (&TEAM_TAG, &["", "stagedoor:instance", "Stagedoor:team", "aws:x"]),
        (&NETWORK_KEY, &["anywhere", "Office", ""]),
        (&TAG_KEY, &["", "stagedoor:x", "STAGEDOOR:x", "aws:x", "a#b", "a\tb"]),
        (&TAG_VALUE, &["a\nb", "a;b"]),
        (&SESSION, &["", "8", "h", "8 h", "8H", "1h30m", "-1h", "29m", "13h", "0000000001h"]),
        (&HOLD, &["91d", "7w", "d"]),
        (
            &FROM,
            &[
                "2027-1-31",
                "20270131",
                "2027-02-29",
                "2027-01-31T18:00:00",
                "2027-01-31 18:00:00Z",
                "2027-01-31T18:00Z",
                "2027-01-31T18:00:00Z[UTC]",
                "2027-01-31T25:00:00Z",
                "2027-01-31T18:00:00.Z",
                "+002027-01-31",
            ],
        ),
        (&TEAM, &["{teem}", "{team", "{persona}"]),
        (&GROUP, &["", "{account_id}"]),
        (&ADMIN_GROUP, &["", "ml-{team}"]),
        (&ACCESS, &["", "59s", "91d", "4", "4w"]),
        (&CHANNEL_KEY, &["", "Ops", "a b", "a|b"]),
        (
            &SECRET_REFERENCE,
            &[
                "https://hooks.example/T0/B0/x",
                "file:https://hooks.example/x",
                "slack",
                "ssm:",
                "secretsmanager:#url",
                "secretsmanager:a#",
                "vault:x",
            ],
        ),
        (&MAIL_ADDRESS, &["ops", "a@", "@b", "a b@c", "a@b@c", "<a@b>", "a@b\r\nBcc: c", "a@.b"]),
        (&MAIL_SERVER, &["smtp.example.com", "a:0", "a:70000", ":25", "a b:25", "http://a:25"]),
        (&MAIL_USER, &["", "a\nb"]),
        (&REMIND, &["59m", "31d", "0h"]),
    ];
    for (format, refused) in cases {
        for text in refused {
            assert!(!accepts(format, text), "{text:?} as {}", format.expected);
        }
    }
}

#[test]
fn texts_at_the_bounds_are_accepted() {
    let cases: [(&Format, &[&str]); 15] = [
        (&BUCKET, &["fraud-*", "{team}-{account_id}", "a"]),
        (&TEAM_TAG, &["stagedoor:team", "Team"]),
        (&CIDR, &["0.0.0.0/0", "10.0.0.1/32", "fd00::/8", "::/0", "2001:db8::1/128"]),
        (&VPCE, &["vpce-0", "vpce-0123456789abcdef0"]),
        (&TAG_KEY, &["Coûts centre", "a.b:c/d=e+f-g@h_i", "awsx", "数"]),
        (&TAG_VALUE, &["", "a b"]),
        (&SESSION, &["30m", "1800s", "12h", "720m"]),
        (&HOLD, &["0d", "0s", "90d", "2160h"]),
        (&LINK, &["5s", "300s", "5m"]),
        (&CLOCK_SKEW, &["0s", "120s", "2m"]),
        (&REFRESH, &["5m", "300s", "7d"]),
        (&ENTITY_ID, &["urn:x", "corp"]),
        (
            &METADATA_URL,
            &[
                "https://idp.example/m?appid=1",
                "HTTPS://idp.example:8443/m",
                "http://127.0.0.1:8080/m",
                "http://127.1.2.3/m",
                "http://[::1]/m",
                "http://localhost:8080/m",
            ],
        ),
        (&FROM, &["2024-02-29", "2027-01-31T18:00:00Z", "2027-01-31T18:00:00.123456789+01:00"]),
        (&GROUP, &["ML – fraud (EU)", "{team}{persona}"]),
    ];
    for (format, accepted) in cases {
        for text in accepted {
            assert!(accepts(format, text), "{text:?} as {}", format.expected);
        }
    }
}

#[test]
fn durations_are_seconds() {
    for (text, seconds) in [("90s", 90), ("90m", 5400), ("36h", 129_600), ("7d", 604_800)] {
        assert_eq!(duration_seconds(text), Some(seconds));
    }
    assert_eq!(duration_seconds("999999999d"), Some(86_399_999_913_600));
    assert_eq!(duration_seconds("1000000000d"), None);
}

#[test]
fn a_date_is_the_edge_of_its_day_in_utc_and_a_time_is_itself() {
    let at = |text, edge| time(text, edge).map(|t| t.to_string());
    assert_eq!(at("2027-01-31", Edge::Start).as_deref(), Some("2027-01-31T00:00:00Z"));
    assert_eq!(at("2027-01-31", Edge::End).as_deref(), Some("2027-02-01T00:00:00Z"));
    let noon = "2027-01-31T12:00:00-05:00";
    assert_eq!(at(noon, Edge::Start).as_deref(), Some("2027-01-31T17:00:00Z"));
    assert_eq!(at(noon, Edge::End), at(noon, Edge::Start));
    assert_eq!(at("9999-12-31", Edge::End), None);
}

/// Patterns are for editors and checks for Stagedoor. Of these forms the two say the same, as far
/// as a text fits the length.
#[test]
fn what_matches_the_pattern_of_a_plain_form_is_accepted() {
    let plain = [
        &DOMAIN_ID,
        &ACCOUNT_ID,
        &EXTERNAL_ID,
        &VPCE,
        &SUBNET,
        &SECURITY_GROUP,
        &INSTANCE_TYPE,
        &FINGERPRINT,
        &SPACE,
        &LANDING,
    ];
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for format in plain {
        let texts = string_regex(format.pattern.unwrap().trim_matches(['^', '$'])).unwrap();
        let outcome = runner.run(&texts, |text| {
            prop_assert!(accepts(format, &text), "{text:?} as {}", format.expected);
            Ok(())
        });
        assert_eq!(outcome, Ok(()));
    }
}
