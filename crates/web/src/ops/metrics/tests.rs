//! The text as a scraper reads it.

use super::*;
use access::ids::IdpKey;
use control::door::{KeyStatus, RenewalFailure};
use control::meter::PassOutcome;
use control::ports::{Freeze, QueueStatus};

/// Metric name, labels in order, value.
type Sample = (String, Vec<(String, String)>, String);

/// Reads the text format 0.0.4 as strictly as `promtool check metrics`: HELP and TYPE before the
/// samples of a family, each once; samples of no other family; no sample twice.
fn read(text: &str) -> Vec<Sample> {
    assert!(text.ends_with('\n'));
    let (mut samples, mut families): (Vec<Sample>, Vec<String>) = (vec![], vec![]);
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, words) = help.split_once(' ').unwrap();
            assert!(words.ends_with('.'), "{line}");
            let declared = lines.next().unwrap().strip_prefix("# TYPE ").unwrap();
            let (typed, kind) = declared.split_once(' ').unwrap();
            assert_eq!(typed, name);
            assert!(!families.iter().any(|family| family == name), "{name} twice");
            assert!(["counter", "gauge"].contains(&kind), "{line}");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{name}");
            families.push(name.to_owned());
            continue;
        }
        let sample = sample(line);
        assert_eq!(Some(&sample.0), families.last(), "{line}");
        assert!(sample.2.parse::<f64>().unwrap() >= 0.0, "{line}");
        assert!(!samples.iter().any(|(n, l, _)| *n == sample.0 && *l == sample.1), "{line} twice");
        samples.push(sample);
    }
    samples
}

fn sample(line: &str) -> Sample {
    let (name, mut rest) = line.split_at_checked(line.find(['{', ' ']).unwrap()).unwrap();
    assert!(
        name.starts_with("stagedoor_") && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
    );
    let mut labels = vec![];
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        loop {
            let (label, quoted) = rest.split_once("=\"").unwrap();
            let (mut value, mut characters) = (String::new(), quoted.chars());
            loop {
                match characters.next().unwrap() {
                    '"' => break,
                    '\\' => value.push(match characters.next().unwrap() {
                        'n' => '\n',
                        same @ ('"' | '\\') => same,
                        other => panic!("\\{other} in {line}"),
                    }),
                    other => value.push(other),
                }
            }
            labels.push((label.to_owned(), value));
            rest = characters.as_str();
            match rest.strip_prefix(',') {
                Some(next) => rest = next,
                None => break,
            }
        }
        rest = rest.strip_prefix('}').unwrap();
    }
    (name.to_owned(), labels, rest.strip_prefix(' ').unwrap().to_owned())
}

#[track_caller]
fn assert_sample(samples: &[Sample], name: &str, labels: &[(&str, &str)], value: &str) {
    let found = samples.iter().find(|(n, l, _)| {
        n == name && l.iter().map(|(n, v)| (n.as_str(), v.as_str())).eq(labels.iter().copied())
    });
    assert_eq!(found.map(|(_, _, v)| v.as_str()), Some(value), "{name} {labels:?} in {samples:#?}");
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn now() -> Timestamp {
    at("2026-11-21T09:00:00Z")
}

fn trust() -> [TrustStatus; 2] {
    let key = |fingerprint: &str, not_after: Option<&str>| KeyStatus {
        fingerprint: fingerprint.into(),
        not_after: not_after.map(at),
    };
    let corp = TrustStatus {
        idp: IdpKey::parse("corp").unwrap(),
        entity_id: Some("https://idp.example".into()),
        valid_until: Some(at("2026-12-01T00:00:00Z")),
        keys: vec![
            key("aa", Some("2030-01-01T00:00:00Z")),
            key("b\"b\\b\nb", Some("2026-01-01T00:00:00Z")),
            key("bare", None),
        ],
        refresh_seconds: Some(3_600),
        taken_at: Some(at("2026-11-20T00:00:00Z")),
        last_failure: Some(RenewalFailure { at: at("2026-11-21T00:00:00Z"), message: "no".into() }),
    };
    let never = TrustStatus {
        idp: IdpKey::parse("never").unwrap(),
        entity_id: None,
        valid_until: None,
        keys: vec![],
        refresh_seconds: None,
        taken_at: None,
        last_failure: None,
    };
    [corp, never]
}

#[test]
fn times_are_told_for_each_identity_provider_as_far_as_they_are_known() {
    let now = now();
    let ours = [
        KeyStatus { fingerprint: "cc".into(), not_after: Some(at("2030-01-01T00:00:00Z")) },
        KeyStatus { fingerprint: "dd".into(), not_after: None },
    ];
    let samples = read(
        &exposition(
            &Numbers { trust: trust().into(), keys: ours.into(), ..Numbers::default() },
            now,
        )
        .unwrap(),
    );
    let corp = ("idp", "corp");
    assert_sample(&samples, "stagedoor_saml_identity_provider_usable", &[corp], "1");
    assert_sample(&samples, "stagedoor_saml_identity_provider_usable", &[("idp", "never")], "0");
    let expiry = "stagedoor_saml_certificate_expiry_timestamp_seconds";
    assert_sample(&samples, expiry, &[("fingerprint", "aa"), corp], "1893456000");
    assert_sample(&samples, expiry, &[("fingerprint", "b\"b\\b\nb"), corp], "1767225600");
    let own = "stagedoor_saml_own_certificate_expiry_timestamp_seconds";
    assert_sample(&samples, own, &[("fingerprint", "cc")], "1893456000");
    for (name, value) in [
        ("stagedoor_saml_metadata_valid_until_timestamp_seconds", "1796083200"),
        ("stagedoor_saml_metadata_last_success_timestamp_seconds", "1795132800"),
        ("stagedoor_saml_metadata_last_failure_timestamp_seconds", "1795219200"),
    ] {
        assert_sample(&samples, name, &[corp], value);
        assert_eq!(samples.iter().filter(|(n, ..)| n == name).count(), 1, "{name}");
    }
    assert_eq!(samples.iter().filter(|(n, ..)| n == expiry).count(), 2);
}

#[test]
fn counts_are_told_by_result_and_code() {
    let counts = DoorCounts {
        begun: 9,
        accepted: 5,
        accepted_weak: 2,
        refused: BTreeMap::from([("replayed", 3), ("too-many-requests", 4)]),
        opened: 6,
        preparing: 7,
        openings_refused: BTreeMap::from([("network-refused", 8), ("too-many-requests", 10)]),
        presign_failed: 11,
        logged_out: 12,
    };
    let text =
        exposition(&Numbers { door: counts, ..Numbers::default() }, at("2026-11-21T09:00:00Z"))
            .unwrap();
    let samples = read(&text);
    for (name, result, code, value) in [
        ("stagedoor_door_sign_ins_total", "accepted", "signed-in", "5"),
        ("stagedoor_door_sign_ins_total", "refused", "replayed", "3"),
        ("stagedoor_door_sign_ins_total", "refused", "too-many-requests", "4"),
        ("stagedoor_door_openings_total", "opened", "opened", "6"),
        ("stagedoor_door_openings_total", "preparing", "preparing", "7"),
        ("stagedoor_door_openings_total", "refused", "network-refused", "8"),
    ] {
        assert_sample(&samples, name, &[("code", code), ("result", result)], value);
    }
    for (name, value) in [
        ("stagedoor_door_sign_ins_begun_total", "9"),
        ("stagedoor_door_weak_sign_ins_total", "2"),
        ("stagedoor_door_presign_failures_total", "11"),
        ("stagedoor_door_logouts_total", "12"),
        ("stagedoor_door_rate_limited_total", "14"),
    ] {
        assert_sample(&samples, name, &[], value);
    }
    let version = [("version", env!("CARGO_PKG_VERSION"))];
    assert_sample(&samples, "stagedoor_build_info", &version, "1");
}

#[test]
fn numbers_stand_there_from_the_start() {
    let now = at("2026-11-21T09:00:00Z");
    let samples = read(&exposition(&Numbers::default(), now).unwrap());
    let accepted = [("code", "signed-in"), ("result", "accepted")];
    assert_sample(&samples, "stagedoor_door_sign_ins_total", &accepted, "0");
    assert_sample(&samples, "stagedoor_door_rate_limited_total", &[], "0");
}

#[test]
fn calls_to_aws_are_told_by_service() {
    let sagemaker =
        CallCounts { calls: 120, throttled: 3, waited: std::time::Duration::from_millis(1500) };
    let calls = BTreeMap::from([
        ("sagemaker".to_owned(), sagemaker),
        ("sts".to_owned(), CallCounts { calls: 1, ..CallCounts::default() }),
    ]);
    let now = at("2026-11-21T09:00:00Z");
    let samples = read(&exposition(&Numbers { calls, ..Numbers::default() }, now).unwrap());
    for (name, service, value) in [
        ("stagedoor_aws_calls_total", "sagemaker", "120"),
        ("stagedoor_aws_calls_total", "sts", "1"),
        ("stagedoor_aws_throttled_total", "sagemaker", "3"),
        ("stagedoor_aws_throttled_total", "sts", "0"),
        ("stagedoor_aws_waited_seconds_total", "sagemaker", "1.5"),
        ("stagedoor_aws_waited_seconds_total", "sts", "0"),
    ] {
        assert_sample(&samples, name, &[("service", service)], value);
    }
}

#[test]
fn events_are_told_by_family_and_outcome() {
    let events = EventCounts::from([
        ((Family::SsoDirectory, EventOutcome::Person), 7),
        ((Family::Scim, EventOutcome::FailedCall), 2),
        ((Family::Other, EventOutcome::Malformed), 1),
    ]);
    let now = at("2026-11-21T09:00:00Z");
    let numbers = Numbers { events, ..Numbers::default() };
    let samples = read(&exposition(&numbers, now).unwrap());
    for (family, outcome, value) in [
        ("sso-directory", "person", "7"),
        ("identitystore-scim", "failed-call", "2"),
        ("other", "malformed", "1"),
        ("notification", "unknown", "0"),
    ] {
        let labels = [("family", family), ("outcome", outcome)];
        assert_sample(&samples, "stagedoor_events_total", &labels, value);
    }
}

#[test]
fn the_loop_is_told_by_what_waits_and_how_passes_ended() {
    let status = LoopStatus {
        queue: QueueStatus {
            due: 3,
            later: 4,
            leased: 5,
            oldest: Some(at("2026-11-21T08:59:00Z")),
            last_full: Some(at("2026-11-21T08:45:00Z")),
        },
        frozen: Some(Freeze { by: "ana".into(), reason: "an audit".into(), at: now() }),
        observe_only: false,
        passes: BTreeMap::from([
            (("everything", PassOutcome::Settled), 6),
            (("people", PassOutcome::Refused), 7),
        ]),
    };
    let text = exposition(&Numbers { status: Some(status), ..Numbers::default() }, now()).unwrap();
    let samples = read(&text);
    for (state, value) in [("due", "3"), ("later", "4"), ("leased", "5")] {
        assert_sample(&samples, "stagedoor_queue_items", &[("state", state)], value);
    }
    for (name, value) in [
        ("stagedoor_queue_oldest_age_seconds", "60"),
        ("stagedoor_last_full_pass_age_seconds", "900"),
        ("stagedoor_frozen", "1"),
        ("stagedoor_observe_only", "0"),
        ("stagedoor_store_up", "1"),
    ] {
        assert_sample(&samples, name, &[], value);
    }
    for (outcome, scope, value) in [("settled", "everything", "6"), ("refused", "people", "7")] {
        let labels = [("outcome", outcome), ("scope", scope)];
        assert_sample(&samples, "stagedoor_passes_total", &labels, value);
    }
    assert!(!text.contains("an audit"));
}

#[test]
fn without_its_store_it_says_so_and_nothing_of_the_loop() {
    let samples = read(&exposition(&Numbers::default(), now()).unwrap());
    assert_sample(&samples, "stagedoor_store_up", &[], "0");
    assert!(!samples.iter().any(|(name, ..)| name.starts_with("stagedoor_queue")));
}
