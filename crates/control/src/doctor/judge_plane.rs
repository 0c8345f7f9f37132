//! What follows from the facts about clock, store, queue and map. Pure.

use super::facts::{Around, StoreState};
use super::judge::failed;
use super::{About, Check, Finding, State};
use crate::door::TrustStatus;
use access::reason::ReasonCode;
use jiff::Timestamp;
use serde_json::Value;

/// By how many seconds a clock may be off before somebody should look. AWS refuses from 300 on.
const OFF: i64 = 30;
/// By how many seconds a clock is off when calls are refused.
const REFUSED: i64 = 300;

pub(super) fn around_the_plane(around: &Around) -> Vec<Check> {
    let mut checks = vec![clock(around.ahead_seconds), store(&around.store)];
    checks.extend(around.grants.as_ref().map(grants));
    checks.extend(invariants(around.invariants.as_deref()));
    checks.extend(around.cautions.iter().map(|caution| {
        let code = Finding::Caution.code();
        Check::new(About::Cautions, None, State::Warning, code, caution, &[])
    }));
    checks.extend(around.providers.iter().map(|trust| provider(trust, around.now)));
    if let Some((name, policy)) = &around.queue {
        checks.extend(queue(name, policy));
    }
    checks
}

fn clock(ahead: Option<i64>) -> Check {
    let Some(ahead) = ahead else {
        return Check::ok(About::Clock, None, "AWS did not say what time it is");
    };
    let state = match ahead.abs() {
        off if off >= REFUSED => State::Failed,
        off if off >= OFF => State::Warning,
        _ => return Check::ok(About::Clock, None, "this machine's clock agrees with that of AWS"),
    };
    let than = if ahead > 0 { "behind" } else { "ahead of" };
    let text = format!("this machine's clock is {} seconds {than} that of AWS", ahead.abs());
    Check::found(Finding::ClockSkew, None, state, text)
}

fn store((what, state): &(String, StoreState)) -> Check {
    match state {
        StoreState::Usable => {
            Check::ok(About::Store, None, format!("the store {what} can be used"))
        }
        StoreState::Absent => {
            let text = format!("there is no store {what}; a server would make it");
            Check::found(Finding::StoreMissing, None, State::Warning, text)
        }
        StoreState::Unusable(why) => Check::found(Finding::StoreUnusable, None, State::Failed, why),
    }
}

fn grants(rows: &Result<usize, String>) -> Check {
    match rows {
        Ok(rows) => {
            let text = format!("rows of the store's table that are grants: {rows}");
            Check::ok(About::GrantTable, None, text)
        }
        Err(why) => Check::found(Finding::GrantsInvalid, None, State::Failed, why),
    }
}

fn invariants(broken: Option<&[String]>) -> Vec<Check> {
    match broken {
        None => Vec::new(),
        Some([]) => {
            vec![Check::ok(About::Invariants, None, "every invariant of the map is proved")]
        }
        Some(broken) => broken
            .iter()
            .map(|why| Check::found(Finding::MapInvariant, None, State::Failed, why))
            .collect(),
    }
}

fn provider(trust: &TrustStatus, now: Timestamp) -> Check {
    let subject = trust.idp.as_str();
    let wrong = |state, code: ReasonCode, text: String| {
        let fix = About::IdentityProvider.fix();
        Check::new(About::IdentityProvider, Some(subject), state, code.as_str(), text, &[fix])
    };
    let missing = ReasonCode::IdpMetadataMissing;
    match (&trust.entity_id, &trust.last_failure, trust.valid_until) {
        (None, Some(failure), _) => wrong(State::Failed, missing, failure.message.clone()),
        (None, None, _) => {
            let text = "no metadata of it can be read from this store or the map's files: a server that \
                        has no other lets nobody in with it";
            wrong(State::Warning, missing, text.to_owned())
        }
        (Some(_), _, Some(end)) if end <= now => {
            let text = format!("its metadata was valid until {end}");
            wrong(State::Failed, ReasonCode::IdpMetadataExpired, text)
        }
        (Some(entity_id), ..) => {
            let text =
                format!("it is {entity_id}; its keys that are believed: {}", trust.keys.len());
            Check::ok(About::IdentityProvider, Some(subject), text)
        }
    }
}

fn queue(name: &str, policy: &Result<Option<String>, crate::ports::CallError>) -> Vec<Check> {
    let subject = format!("queue {name}");
    let subject = Some(subject.as_str());
    let policy = match policy {
        Ok(policy) => policy,
        Err(error) => return vec![failed(About::Queue, subject, error)],
    };
    let there = Check::ok(About::Queue, subject, "it is there");
    let lets_in = policy.as_deref().is_some_and(|text| admits(text, "events.amazonaws.com"));
    let is_open = policy.as_deref().is_some_and(|text| admits(text, "*"));
    let warn = |text: &str| Check::found(Finding::QueueOpen, subject, State::Warning, text);
    let policy = match (lets_in, is_open) {
        (_, true) => warn("its policy lets anybody send without a condition"),
        (false, false) => warn("its policy does not let EventBridge send"),
        (true, false) => Check::ok(About::QueuePolicy, subject, "EventBridge may send to it"),
    };
    vec![there, policy]
}

/// Whether a statement lets this principal send; of `*` only one without a condition counts.
fn admits(policy: &str, principal: &str) -> bool {
    let Ok(document) = serde_json::from_str::<Value>(policy) else { return false };
    let statements = match document.get("Statement") {
        Some(Value::Array(statements)) => statements.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    statements.iter().any(|statement| {
        let texts = |key: &str| statement.get(key).map(strings).unwrap_or_default();
        let sends = texts("Action").iter().any(|action| {
            ["sqs:sendmessage", "sqs:*", "*"].contains(&action.to_lowercase().as_str())
        });
        statement.get("Effect").and_then(Value::as_str) == Some("Allow")
            && sends
            && texts("Principal").contains(&principal)
            && (principal != "*" || statement.get("Condition").is_none())
    })
}

/// Every text in it, however deep.
fn strings(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(strings).collect(),
        Value::Object(fields) => fields.values().flat_map(strings).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::door::RenewalFailure;
    use access::ids::IdpKey;

    fn around() -> Around {
        Around {
            ahead_seconds: Some(2),
            store: ("stagedoor.db".into(), StoreState::Usable),
            grants: None,
            providers: Vec::new(),
            now: now(),
            queue: None,
            invariants: None,
            cautions: Vec::new(),
        }
    }

    fn now() -> Timestamp {
        "2026-11-21T10:00:00Z".parse().unwrap()
    }

    fn told(around: &Around) -> Vec<(&'static str, State)> {
        let checks = around_the_plane(around);
        checks.iter().map(|check| (check.about.code(), check.state)).collect()
    }

    #[test]
    fn a_sound_plane_has_a_line_for_clock_and_store() {
        assert_eq!(told(&around()), [("CLK01", State::Ok), ("STO01", State::Ok)]);
    }

    #[test]
    fn grants_of_the_table_are_counted_or_it_is_told_why_there_are_none() {
        let good = Around { grants: Some(Ok(2)), ..around() };
        assert_eq!(told(&good)[2], ("STO02", State::Ok));
        let bad = Around { grants: Some(Err("it was never written".into())), ..around() };
        let check = around_the_plane(&bad).swap_remove(2);
        assert_eq!((check.about.code(), check.state), ("STO02", State::Failed));
        assert_eq!((check.code, check.text.as_str()), ("grants-invalid", "it was never written"));
    }

    #[test]
    fn a_provider_is_told_by_what_is_known_of_it() {
        let judged = |entity_id: Option<&str>, failed: Option<&str>, ends: Option<&str>| {
            let trust = TrustStatus {
                idp: IdpKey::parse("corp").unwrap(),
                entity_id: entity_id.map(str::to_owned),
                valid_until: ends.map(|end| end.parse().unwrap()),
                keys: Vec::new(),
                refresh_seconds: None,
                taken_at: None,
                last_failure: failed.map(|why| RenewalFailure { at: now(), message: why.into() }),
            };
            let check = around_the_plane(&Around { providers: vec![trust], ..around() });
            let Some(check) = check.into_iter().nth(2) else { panic!("no check") };
            assert_eq!((check.about.code(), check.subject.as_deref()), ("IDP01", Some("corp")));
            (check.state, check.code, check.text)
        };
        let entity = Some("https://idp.example");
        let ok = "it is https://idp.example; its keys that are believed: 0".to_owned();
        assert_eq!(judged(entity, None, Some("2026-11-21T10:00:01Z")), (State::Ok, "ok", ok));
        let ended = "its metadata was valid until 2026-11-21T10:00:00Z".to_owned();
        assert_eq!(
            judged(entity, None, Some("2026-11-21T10:00:00Z")),
            (State::Failed, "idp-metadata-expired", ended)
        );
        assert_eq!(
            judged(None, Some("not pinned"), None),
            (State::Failed, "idp-metadata-missing", "not pinned".to_owned())
        );
        // A store that is not the server's own says nothing of the server.
        let none = "no metadata of it can be read from this store or the map's files: a server that has \
                    no other lets nobody in with it";
        assert_eq!(
            judged(None, None, None),
            (State::Warning, "idp-metadata-missing", none.to_owned())
        );
    }

    #[test]
    fn a_clock_is_a_warning_before_calls_are_refused() {
        for (ahead, state) in [
            (Some(29), State::Ok),
            (Some(-30), State::Warning),
            (Some(299), State::Warning),
            (Some(-300), State::Failed),
            (None, State::Ok),
        ] {
            assert_eq!(clock(ahead).state, state, "{ahead:?}");
        }
        assert_eq!(
            clock(Some(-40)).text,
            "this machine's clock is 40 seconds ahead of that of AWS"
        );
    }

    #[test]
    fn what_does_not_hold_is_told_line_by_line() {
        let around = Around {
            store: ("x".into(), StoreState::Unusable("no such table".into())),
            invariants: Some(vec!["a".into(), "b".into()]),
            cautions: vec!["c".into()],
            ..around()
        };
        assert_eq!(
            told(&around),
            [
                ("CLK01", State::Ok),
                ("STO01", State::Failed),
                ("MAP01", State::Failed),
                ("MAP01", State::Failed),
                ("MAP02", State::Warning),
            ]
        );
    }

    #[test]
    fn a_queue_is_to_let_eventbridge_send_and_nobody_without_condition() {
        let statement = |principal: &str, rest: &str| {
            format!(
                r#"{{"Statement":[{{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"*","Principal":{principal}{rest}}}]}}"#
            )
        };
        let events = statement(r#"{"Service":"events.amazonaws.com"}"#, "");
        let condition = r#","Condition":{"ArnLike":{"aws:SourceArn":"x"}}"#;
        for (policy, state) in [
            (Some(events.clone()), State::Ok),
            (Some(statement(r#""*""#, "")), State::Warning),
            (Some(statement(r#""*""#, condition)), State::Warning),
            (Some(events.replace("Allow", "Deny")), State::Warning),
            (Some("no policy".to_owned()), State::Warning),
            (None, State::Warning),
        ] {
            let checks = queue("q", &Ok(policy.clone()));
            assert_eq!(checks[0].about, About::Queue);
            assert_eq!(
                (checks[1].about, checks[1].state),
                (About::QueuePolicy, state),
                "{policy:?}"
            );
        }
    }
}
