//! The text as a scraper reads it.

use super::*;
use access::ids::{DirectoryName, IdpKey, TeamKey};
use access::reason::ReasonCode;
use control::audit::AuditWatched;
use control::directory::{PushToken, Pushing};
use control::door::RenewalFailure;
use control::event::{Family, Outcome as EventOutcome};
use control::meter::{AuditSeen, Histogram, MirrorSeen, Overview, PassOutcome};
use control::ports::{Freeze, QueueStatus};
use std::time::Duration;

/// Metric name, labels in order, value.
type Sample = (String, Vec<(String, String)>, String);

/// Reads the text format 0.0.4 as strictly as `promtool check metrics`: HELP and TYPE before the
/// samples of a family, each once; samples of no other family; no sample twice.
fn read(text: &str) -> Vec<Sample> {
    assert!(text.ends_with('\n'));
    let (mut samples, mut families): (Vec<Sample>, Vec<String>) = (vec![], vec![]);
    let mut is_histogram = false;
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, words) = help.split_once(' ').unwrap();
            assert!(words.ends_with('.'), "{line}");
            let declared = lines.next().unwrap().strip_prefix("# TYPE ").unwrap();
            let (typed, kind) = declared.split_once(' ').unwrap();
            assert_eq!(typed, name);
            assert!(!families.iter().any(|family| family == name), "{name} twice");
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{name}");
            assert!(kind != "histogram" || name.ends_with("_seconds"), "{name}");
            families.push(name.to_owned());
            is_histogram = kind == "histogram";
            continue;
        }
        let sample = sample(line);
        let parts = ["_bucket", "_sum", "_count"];
        let part = parts.iter().find_map(|part| sample.0.strip_suffix(part));
        let of = part.filter(|_| is_histogram).unwrap_or(&sample.0);
        assert_eq!(Some(of), families.last().map(String::as_str), "{line}");
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

fn took(millis: &[u64]) -> Histogram {
    let mut histogram = Histogram::of_answers();
    for millis in millis {
        histogram.observe(Duration::from_millis(*millis));
    }
    histogram
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
        rejected: BTreeMap::from([("signature".to_owned(), 2), ("replay".to_owned(), 1)]),
        sign_in_took: took(&[3, 30]),
        opening_took: took(&[20_000]),
    };
    let text =
        exposition(&Numbers { door: counts, ..Numbers::default() }, at("2026-11-21T09:00:00Z"))
            .unwrap();
    let samples = read(&text);
    for (name, result, code, value) in [
        ("stagedoor_signin_total", "accepted", "signed-in", "5"),
        ("stagedoor_signin_total", "refused", "replayed", "3"),
        ("stagedoor_signin_total", "refused", "too-many-requests", "4"),
        ("stagedoor_opening_total", "opened", "opened", "6"),
        ("stagedoor_opening_total", "preparing", "preparing", "7"),
        ("stagedoor_opening_total", "refused", "network-refused", "8"),
    ] {
        assert_sample(&samples, name, &[("reason", code), ("result", result)], value);
    }
    for (name, value) in [
        ("stagedoor_signin_begun_total", "9"),
        ("stagedoor_signin_weak_total", "2"),
        ("stagedoor_logout_total", "12"),
        ("stagedoor_rate_limited_total", "14"),
    ] {
        assert_sample(&samples, name, &[], value);
    }
    for (name, labels, value) in [
        ("stagedoor_presigned_url_total", [("result", "given")].as_slice(), "6"),
        ("stagedoor_presigned_url_total", &[("result", "failed")], "11"),
        ("stagedoor_saml_reject_total", &[("check", "signature")], "2"),
        ("stagedoor_saml_reject_total", &[("check", "replay")], "1"),
        ("stagedoor_signin_duration_seconds_bucket", &[("le", "0.005")], "1"),
        ("stagedoor_signin_duration_seconds_bucket", &[("le", "0.05")], "2"),
        ("stagedoor_signin_duration_seconds_sum", &[], "0.033"),
        ("stagedoor_opening_duration_seconds_bucket", &[("le", "10")], "0"),
        ("stagedoor_opening_duration_seconds_bucket", &[("le", "+Inf")], "1"),
    ] {
        assert_sample(&samples, name, labels, value);
    }
    let version = [("version", env!("CARGO_PKG_VERSION"))];
    assert_sample(&samples, "stagedoor_build_info", &version, "1");
}

#[test]
fn numbers_stand_there_from_the_start() {
    let now = at("2026-11-21T09:00:00Z");
    let samples = read(&exposition(&Numbers::default(), now).unwrap());
    let accepted = [("reason", "signed-in"), ("result", "accepted")];
    assert_sample(&samples, "stagedoor_signin_total", &accepted, "0");
    assert_sample(&samples, "stagedoor_rate_limited_total", &[], "0");
}

#[test]
fn calls_to_aws_are_told_by_service_operation_and_code() {
    let answers = [
        (("ListApps".to_owned(), "ok".to_owned()), 117),
        (("ListApps".to_owned(), "ThrottlingException".to_owned()), 3),
    ];
    let sagemaker =
        CallCounts { answers: answers.into(), throttled: 3, waited: Duration::from_millis(1500) };
    let calls = BTreeMap::from([
        ("sagemaker".to_owned(), sagemaker),
        ("sts".to_owned(), CallCounts::default()),
    ]);
    let now = at("2026-11-21T09:00:00Z");
    let samples = read(&exposition(&Numbers { calls, ..Numbers::default() }, now).unwrap());
    for (code, value) in [("ok", "117"), ("ThrottlingException", "3")] {
        let labels = [("code", code), ("op", "ListApps"), ("service", "sagemaker")];
        assert_sample(&samples, "stagedoor_aws_requests_total", &labels, value);
    }
    for (name, service, value) in [
        ("stagedoor_aws_throttles_total", "sagemaker", "3"),
        ("stagedoor_aws_throttles_total", "sts", "0"),
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
fn what_never_worked_is_told_by_its_beginning() {
    let counts = LoopCounts {
        audit: Some(AuditSeen { at: at("2026-11-21T08:45:00Z"), reached: 7, fault: None }),
        audit_watched: Some(AuditWatched {
            at: now(),
            unverified_since: Some(at("2026-11-21T08:50:00Z")),
            unanchored_since: Some(at("2026-11-21T08:40:00Z")),
            failed: Some("denied".to_owned()),
            anchored_at: None,
            read_whole: None,
        }),
        mirror: Some(MirrorSeen {
            at: now(),
            outcome: PassOutcome::Failed,
            settled: None,
            unsettled_since: Some(at("2026-11-21T08:55:00Z")),
            refused: Vec::new(),
            failed: None,
            failed_besides: 0,
            not_mirrored: None,
        }),
        ..LoopCounts::default()
    };
    let numbers = Numbers { counts: counts.clone(), ..Numbers::default() };
    let text = exposition(&numbers, now()).unwrap();
    let samples = read(&text);
    for (name, value) in [
        ("stagedoor_mirror_unsettled_since_timestamp_seconds", "1795251300"),
        ("stagedoor_audit_chain_ok", "1"),
        ("stagedoor_audit_last_verification_timestamp_seconds", "1795250700"),
        ("stagedoor_audit_unverified_since_timestamp_seconds", "1795251000"),
        ("stagedoor_audit_unanchored_since_timestamp_seconds", "1795250400"),
    ] {
        assert_sample(&samples, name, &[], value);
    }
    assert!(!text.contains("denied"));
    let mut meant = counts;
    meant.mirror.as_mut().unwrap().outcome = PassOutcome::Halted;
    let halted = exposition(&Numbers { counts: meant, ..Numbers::default() }, now()).unwrap();
    assert!(!halted.contains("\nstagedoor_mirror_unsettled_since_timestamp_seconds "), "{halted}");
    assert!(!text.contains("\nstagedoor_mirror_last_success_timestamp_seconds "), "{text}");
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
        emergencies: 2,
    };
    let mut counts = LoopCounts {
        passes: BTreeMap::from([
            (("everything", PassOutcome::Settled), 6),
            (("people", PassOutcome::Refused), 7),
        ]),
        durations: BTreeMap::from([("people", took(&[2_000]))]),
        guard_trips: 3,
        directory_read: Some(now()),
        mirror: Some(MirrorSeen {
            at: now(),
            outcome: PassOutcome::Settled,
            settled: Some(now()),
            unsettled_since: None,
            refused: Vec::new(),
            failed: None,
            failed_besides: 0,
            not_mirrored: Some(BTreeMap::from([(ReasonCode::MirrorCollision, 8)])),
        }),
        ..LoopCounts::default()
    };
    counts.revocations.observe(Duration::from_secs(90));
    counts.event_lag.observe(Duration::from_secs(2));
    let numbers = Numbers { status: Some(status), counts, ..Numbers::default() };
    let text = exposition(&numbers, now()).unwrap();
    let samples = read(&text);
    for (state, value) in [("due", "3"), ("later", "4"), ("leased", "5")] {
        assert_sample(&samples, "stagedoor_queue_items", &[("state", state)], value);
    }
    for (name, value) in [
        ("stagedoor_queue_oldest_age_seconds", "60"),
        ("stagedoor_full_pass_last_success_timestamp_seconds", "1795250700"),
        ("stagedoor_guard_trips_total", "3"),
        ("stagedoor_directory_last_success_timestamp_seconds", "1795251600"),
        ("stagedoor_mirror_last_success_timestamp_seconds", "1795251600"),
        ("stagedoor_event_lag_seconds_count", "1"),
        ("stagedoor_revoke_duration_seconds_sum", "90"),
        ("stagedoor_frozen", "1"),
        ("stagedoor_observe_only", "0"),
        ("stagedoor_emergencies_open", "2"),
        ("stagedoor_store_up", "1"),
    ] {
        assert_sample(&samples, name, &[], value);
    }
    for (outcome, scope, value) in [("settled", "everything", "6"), ("refused", "people", "7")] {
        let labels = [("outcome", outcome), ("scope", scope)];
        assert_sample(&samples, "stagedoor_passes_total", &labels, value);
    }
    let taken = [("reason", "mirror-collision")];
    assert_sample(&samples, "stagedoor_mirror_left_out", &taken, "8");
    let people = [("scope", "people")];
    assert_sample(&samples, "stagedoor_sync_duration_seconds_count", &people, "1");
    assert!(!text.contains("an audit"));
}

#[test]
fn without_its_store_it_says_so_and_nothing_of_the_loop() {
    let samples = read(&exposition(&Numbers::default(), now()).unwrap());
    assert_sample(&samples, "stagedoor_store_up", &[], "0");
    assert!(!samples.iter().any(|(name, ..)| name.starts_with("stagedoor_queue")));
}

#[test]
fn what_the_last_full_pass_saw_is_told_by_keys_of_the_map() {
    let domain = |key: &str| DomainKey::parse(key).unwrap();
    let fraud = TeamKey::parse("fraud").unwrap();
    let place = || (AccountId::parse("111122223333").unwrap(), Region::parse("eu-west-1").unwrap());
    let seen = Overview {
        profiles: BTreeMap::from([((domain("research"), fraud.clone()), 12)]),
        limits: BTreeMap::from([(domain("research"), 60), (domain("trials"), 60)]),
        used: BTreeMap::from([(place(), 57)]),
        drift: BTreeMap::from([("role-drift", 2)]),
        changes: BTreeMap::from([("create", 4)]),
        leaving: BTreeMap::from([("held", 5)]),
        apps: BTreeMap::from([((fraud, "ml.t3.medium".to_owned()), 6)]),
        read_at: BTreeMap::from([(domain("research"), now())]),
        readable: BTreeMap::from([(domain("research"), true), (domain("trials"), false)]),
    };
    let numbers = Numbers {
        counts: LoopCounts { overview: Some(seen), ..LoopCounts::default() },
        places: BTreeMap::from([(domain("research"), place()), (domain("trials"), place())]),
        ..Numbers::default()
    };
    let samples = read(&exposition(&numbers, now()).unwrap());
    let (account, research) = (("account", "111122223333"), ("domain", "research"));
    let last = "stagedoor_sync_last_success_timestamp_seconds";
    assert_sample(&samples, last, &[account, research], "1795251600");
    assert_sample(&samples, "stagedoor_spoke_up", &[account], "0");
    assert_sample(&samples, "stagedoor_drift_items", &[("kind", "role-drift")], "2");
    assert_sample(&samples, "stagedoor_plan_changes", &[("action", "create")], "4");
    assert_sample(&samples, "stagedoor_plan_changes", &[("action", "remove")], "0");
    assert_sample(&samples, "stagedoor_offboarding_stage", &[("stage", "held")], "5");
    let region = ("region", "eu-west-1");
    let profiles = [account, research, region, ("team", "fraud")];
    assert_sample(&samples, "stagedoor_profiles", &profiles, "12");
    assert_sample(&samples, "stagedoor_profiles_used", &[account, region], "57");
    assert_sample(&samples, "stagedoor_profiles_limit", &[account, region], "60");
    let limits = samples.iter().filter(|(name, ..)| name == "stagedoor_profiles_limit").count();
    assert_eq!(limits, 1, "the limit is the account's, not the domain's");
    let app = [("instance_type", "ml.t3.medium"), ("team", "fraud")];
    assert_sample(&samples, "stagedoor_apps_running", &app, "6");
}

#[test]
fn directories_that_are_pushed_tell_when_their_tokens_end_and_when_something_changed() {
    let name = |text: &str| DirectoryName::parse(text).unwrap();
    let token = |name: &str, until| PushToken { name: name.to_owned(), until: at(until) };
    let tokens = vec![
        token("entra", "2026-12-01T00:00:00Z"),
        // It has ended.
        token("first", "2026-11-21T00:00:00Z"),
    ];
    let pushing = vec![
        Pushing { directory: name("corp"), tokens, changed: Some(now()) },
        Pushing { directory: name("partners"), tokens: Vec::new(), changed: None },
    ];
    let numbers = Numbers { pushing, ..Numbers::default() };
    let samples = read(&exposition(&numbers, now()).unwrap());
    let (ends, corp) = ("stagedoor_scim_token_expiry_timestamp_seconds", ("directory", "corp"));
    assert_sample(&samples, ends, &[corp, ("token", "entra")], "1796083200");
    assert_sample(&samples, ends, &[corp, ("token", "first")], "1795219200");
    let changed = "stagedoor_scim_last_change_timestamp_seconds";
    assert_sample(&samples, changed, &[corp], "1795251600");
    let scim = samples.iter().filter(|(name, ..)| name.starts_with("stagedoor_scim_"));
    assert_eq!(scim.count(), 3);
}

#[test]
fn the_configuration_is_told() {
    let condition = super::super::Condition::default();
    condition.configured("abc", now());
    let with = |condition: &super::super::Condition| {
        let numbers = Numbers { process: condition.state(), ..Numbers::default() };
        read(&exposition(&numbers, now()).unwrap())
    };
    let good = "stagedoor_config_last_reload_successful";
    let taken = "stagedoor_config_last_reload_success_timestamp_seconds";
    assert_sample(&with(&condition), good, &[], "1");
    condition.refused("no", at("2026-11-21T10:00:00Z"));
    assert_sample(&with(&condition), good, &[], "0");
    assert_sample(&with(&condition), taken, &[], "1795251600");
}

#[test]
fn the_reference_lists_every_metric_with_its_labels() {
    let page = metrics_reference();
    let row = "| `stagedoor_aws_requests_total` | counter | `service`, `op`, `code` | ";
    assert!(page.contains(row), "{page}");
    assert_eq!(
        page.matches("\n| `stagedoor_").count(),
        super::page(&Numbers::default(), now()).len()
    );
}
