//! Which conditions need a person, by what is known.

use super::*;
use crate::ports::QueueStatus;
use access::ids::IdpKey;
use access::map::{Source, parse};
use access::plan::Plan;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn now() -> Timestamp {
    at("2026-11-21T12:00:00Z")
}

fn told(facts: &Facts<'_>) -> Vec<(Topic, String, String)> {
    let found = conditions(facts, now()).conditions;
    found.into_iter().map(|c| (c.topic, c.subject, c.headline)).collect()
}

fn provider(keys: &[Option<&str>], valid_until: Option<&str>) -> TrustStatus {
    TrustStatus {
        idp: IdpKey::parse("corp").unwrap(),
        entity_id: Some("https://idp.example".to_owned()),
        valid_until: valid_until.map(at),
        keys: keys
            .iter()
            .map(|end| KeyStatus { fingerprint: "ab".to_owned(), not_after: end.map(at) })
            .collect(),
        refresh_seconds: None,
        taken_at: None,
        last_failure: None,
    }
}

fn of_trust(trust: TrustStatus) -> Vec<String> {
    let facts = Facts { trust: Some((&[trust], &[])), ..Facts::default() };
    told(&facts)
        .into_iter()
        .map(|(_, subject, headline)| format!("{subject}: {headline}"))
        .collect()
}

#[test]
fn nothing_is_said_of_what_was_not_looked_at() {
    assert_eq!(conditions(&Facts::default(), now()), Judged::default());
    let facts = Facts { audit: Some(None), ..Facts::default() };
    let judged = conditions(&facts, now());
    assert!(judged.conditions.is_empty());
    assert_eq!(judged.known, BTreeSet::from([Topic::AuditBroken]));
}

#[test]
fn certificates_are_told_thirty_days_before_their_end() {
    assert!(of_trust(provider(&[Some("2026-12-21T12:00:01Z")], None)).is_empty());
    assert_eq!(
        of_trust(provider(&[Some("2026-12-21T12:00:00Z")], None)),
        [
            "idp/corp/certificate: The signing certificate of identity provider corp ends on 21 Dec 2026"
        ]
    );
    assert_eq!(
        of_trust(provider(&[Some("2026-11-01T00:00:00Z")], None)),
        [
            "idp/corp/certificate: The signing certificate of identity provider corp ended on 1 Nov 2026"
        ]
    );
    // In a roll-over the next one is there, and one without an end never ends.
    assert!(
        of_trust(provider(&[Some("2026-11-22T00:00:00Z"), Some("2028-01-01T00:00:00Z")], None))
            .is_empty()
    );
    assert!(of_trust(provider(&[Some("2026-11-22T00:00:00Z"), None], None)).is_empty());
    assert!(of_trust(provider(&[], None)).is_empty());
}

#[test]
fn metadata_that_renews_itself_is_told_when_it_does_not() {
    let mut trust = provider(&[], Some("2026-11-23T00:00:00Z"));
    assert_eq!(of_trust(trust.clone()).len(), 1);
    trust.refresh_seconds = Some(3_600);
    assert!(of_trust(trust.clone()).is_empty());
    trust.last_failure =
        Some(crate::door::RenewalFailure { at: now(), message: "status 503".to_owned() });
    assert_eq!(of_trust(trust).len(), 1);
}

#[test]
fn a_provider_whose_metadata_cannot_be_used_is_told_until_it_can() {
    let mut trust = provider(&[], None);
    trust.entity_id = None;
    // It is being fetched for the first time.
    assert!(of_trust(trust.clone()).is_empty());
    trust.last_failure =
        Some(crate::door::RenewalFailure { at: now(), message: "no pinned key".to_owned() });
    assert_eq!(
        of_trust(trust),
        ["idp/corp/metadata: Nobody can sign in with identity provider corp"]
    );
}

#[test]
fn our_own_first_certificate_counts() {
    let key = |end: &str| KeyStatus { fingerprint: "ab".to_owned(), not_after: Some(at(end)) };
    let soon = [key("2026-11-30T00:00:00Z"), key("2030-01-01T00:00:00Z")];
    let facts = Facts { trust: Some((&[], &soon)), ..Facts::default() };
    assert_eq!(told(&facts)[0].2, "Stagedoor's own certificate ends on 30 Nov 2026");
    let later = [key("2030-01-01T00:00:00Z"), key("2026-11-30T00:00:00Z")];
    assert!(told(&Facts { trust: Some((&[], &later)), ..Facts::default() }).is_empty());
}

fn of_tokens(tokens: &[(&str, &str)]) -> Vec<(String, String)> {
    let tokens = tokens.iter();
    let pushing = Pushing {
        directory: access::ids::DirectoryName::parse("corp").unwrap(),
        tokens: tokens
            .map(|(name, until)| PushToken { name: (*name).to_owned(), until: at(until) })
            .collect(),
        changed: None,
    };
    let facts = Facts { pushing: Some(&[pushing]), ..Facts::default() };
    assert_eq!(conditions(&facts, now()).known, BTreeSet::from([Topic::TokenEnding]));
    told(&facts).into_iter().map(|(_, subject, headline)| (subject, headline)).collect()
}

#[test]
fn tokens_that_push_are_told_thirty_days_before_their_end_and_after_it() {
    let one = |headline: &str| vec![("directory/corp/token/entra".to_owned(), headline.to_owned())];
    assert_eq!(of_tokens(&[("entra", "2026-12-21T12:00:01Z")]), []);
    assert_eq!(
        of_tokens(&[("entra", "2026-12-21T12:00:00Z")]),
        one("SCIM token entra of directory corp ends on 21 Dec 2026")
    );
    // It may be the one that the identity provider has: a good one beside it hides nothing.
    assert_eq!(
        of_tokens(&[("entra", "2026-11-21T12:00:00Z"), ("spare", "2027-11-21T00:00:00Z")]),
        one("SCIM token entra of directory corp ended on 21 Nov 2026")
    );
    assert_eq!(
        of_tokens(&[]),
        [("directory/corp".to_owned(), "Nobody can push people to directory corp".to_owned())]
    );
}

#[test]
fn what_the_end_of_a_token_means_is_told() {
    let texts = ["2026-11-30T00:00:00Z", "2026-11-20T00:00:00Z"].map(|until| {
        let token = PushToken { name: "entra".to_owned(), until: at(until) };
        let directory = access::ids::DirectoryName::parse("corp").unwrap();
        let pushing = Pushing { directory, tokens: vec![token], changed: None };
        let facts = Facts { pushing: Some(&[pushing]), ..Facts::default() };
        let judged = conditions(&facts, now());
        judged.conditions.first().unwrap().text.clone()
    });
    assert_eq!(
        texts,
        [
            "Its end is 2026-11-30T00:00:00Z. From then on whoever pushes with it is refused, and people who \
             leave keep what they have.",
            "Its end is 2026-11-20T00:00:00Z. Since then whoever pushes with it is refused, and people who \
             leave keep what they have.",
        ]
    );
}

#[test]
fn a_full_pass_is_late_after_two_hours() {
    let status = |last: Option<&str>, oldest: &str| LoopStatus {
        queue: QueueStatus {
            last_full: last.map(at),
            oldest: Some(at(oldest)),
            ..QueueStatus::default()
        },
        frozen: None,
        observe_only: false,
        emergencies: 0,
    };
    let (late, in_time) = ("2026-11-21T09:59:59Z", "2026-11-21T10:00:00Z");
    for (last, oldest, is_late) in [
        (Some(in_time), late, false),
        (Some(late), in_time, true),
        (None, in_time, false),
        (None, late, true),
    ] {
        let status = status(last, oldest);
        let facts = Facts { status: Some(&status), ..Facts::default() };
        assert_eq!(!told(&facts).is_empty(), is_late, "{last:?}, {oldest}");
    }
    let status = status(None, late);
    let judged = conditions(&Facts { status: Some(&status), ..Facts::default() }, now());
    let text = &judged.conditions.first().unwrap().text;
    assert!(text.contains("wanted since 21 Nov 2026, 09:59 UTC"), "{text}");
}

#[test]
fn a_log_that_is_not_watched_is_told_after_six_hours() {
    let (late, in_time) = (at("2026-11-21T05:59:59Z"), at("2026-11-21T06:00:00Z"));
    let watched = |unverified_since, unanchored_since| AuditWatched {
        at: now(),
        unverified_since,
        unanchored_since,
        failed: Some("checkpoints of the audit log: s3://theirs: denied".to_owned()),
        anchored_at: None,
        read_whole: None,
    };
    let of = |watched: &AuditWatched| {
        let facts = Facts { watched: Some(watched), ..Facts::default() };
        assert_eq!(conditions(&facts, now()).known, BTreeSet::from([Topic::AuditUnwatched]));
        told(&facts).into_iter().map(|(_, subject, _)| subject).collect::<Vec<_>>()
    };
    assert!(of(&watched(None, None)).is_empty());
    assert!(of(&watched(Some(in_time), Some(in_time))).is_empty());
    assert_eq!(of(&watched(Some(late), Some(late))), ["checkpoints", "verification"]);
    let watched = watched(None, Some(late));
    let facts = Facts { watched: Some(&watched), ..Facts::default() };
    let judged = conditions(&facts, now());
    let [told] = judged.conditions.iter().collect::<Vec<_>>()[..] else { panic!("{judged:?}") };
    assert_eq!(told.headline, "No checkpoint of the audit log could be made for more than 6 hours");
    assert_eq!(
        told.text,
        "It began on 21 Nov 2026, 05:59 UTC. What failed last: checkpoints of the audit log: s3://theirs: denied. \
         What was written since could be cut off without trace."
    );
}

#[test]
fn a_broken_log_is_told() {
    let facts = Facts { audit: Some(Some("entry 18 is missing")), ..Facts::default() };
    let judged = conditions(&facts, now());
    assert_eq!(judged.conditions.first().unwrap().text, "entry 18 is missing.");
    assert_eq!(told(&facts)[0].2, "The audit log is not as it was written");
}

#[test]
fn a_mirror_that_is_held_back_is_told_at_once_and_one_that_fails_after_two_hours() {
    let seen = |outcome, since: Option<&str>| MirrorSeen {
        at: now(),
        outcome,
        settled: None,
        unsettled_since: since.map(at),
        refused: vec!["4 of 8 would be taken away".to_owned()],
        failed: Some("identitystore:CreateUser failed: no".to_owned()),
        failed_besides: 1,
        not_mirrored: None,
    };
    let told = |seen: &MirrorSeen| {
        let judged = conditions(&Facts { mirror: Some(seen), ..Facts::default() }, now());
        assert_eq!(judged.known, BTreeSet::from([Topic::MirrorHeld]));
        judged.conditions.into_iter().map(|c| (c.headline, c.text)).collect::<Vec<_>>()
    };
    let (just, long) = (Some("2026-11-21T10:00:00Z"), Some("2026-11-21T09:59:59Z"));
    let refused = told(&seen(PassOutcome::Refused, just));
    assert_eq!(refused[0].0, "The guard holds back what mirroring would take away");
    assert!(refused[0].1.starts_with("4 of 8 would be taken away. "), "{}", refused[0].1);
    assert_eq!(told(&seen(PassOutcome::Failed, just)), []);
    let failed = told(&seen(PassOutcome::Failed, long));
    assert_eq!(failed[0].0, "Groups could not be mirrored in full for more than 2 hours");
    assert_eq!(failed[0].1, "identitystore:CreateUser failed: no.");
    for quiet in [PassOutcome::Settled, PassOutcome::Unfinished, PassOutcome::Halted] {
        assert_eq!(told(&seen(quiet, long)), []);
    }
}

/// A map without anything, nobody, and nothing to do.
fn quiet() -> (access::map::AccessMap, Snapshot, Observed, Plan) {
    let text = "version: 1\ndirectory: { identity_center: { region: eu-west-1, identity_store_id: d-906716eb24 } }\n";
    let map = parse(&[Source { name: "access.yaml".into(), text: text.to_owned() }]).unwrap();
    let snapshot = Snapshot {
        people: std::collections::BTreeMap::new(),
        groups: std::collections::BTreeMap::new(),
        coverage: access::snapshot::Coverage::Complete,
        offboarded: std::collections::BTreeMap::new(),
        barred: std::collections::BTreeMap::new(),
        temporary: std::collections::BTreeMap::new(),
    };
    let plan = Plan {
        map_digest: map.digest.clone(),
        now: now(),
        assignments: Vec::new(),
        actions: Vec::new(),
        kept: Vec::new(),
        grants: Vec::new(),
        owned: 0,
    };
    (map, snapshot, Observed::default(), plan)
}

#[test]
fn a_plan_that_the_guard_holds_is_told_and_other_refusals_are_not() {
    let cases =
        [(ReasonCode::GuardTripped, 1), (ReasonCode::RoleMissing, 0)].map(|(code, told)| {
            ([Violation { code, message: "7 removals, 5 are allowed".to_owned() }], told)
        });
    let (map, snapshot, observed, plan) = quiet();
    let seen = |violations| Seen {
        map: &map,
        snapshot: &snapshot,
        observed: &observed,
        plan: &plan,
        violations,
    };
    for (violations, expected) in &cases {
        let facts = Facts { reading: Some(seen(violations)), ..Facts::default() };
        let judged = conditions(&facts, now());
        assert_eq!(judged.conditions.len(), *expected);
        let known = [Topic::GuardRefused, Topic::OffboardingStuck];
        assert_eq!(judged.known, BTreeSet::from(known));
    }
}

#[test]
fn break_glass_is_told_while_it_is_in_force() {
    let grant = TemporaryGrant {
        id: access::ids::TemporaryId::parse("a1b2c3d4e5f6").unwrap(),
        person: access::ids::PersonId::parse("id-ana").unwrap(),
        user_name: Some("ana".to_owned()),
        team: access::ids::TeamKey::parse("fraud").unwrap(),
        from: at("2026-11-21T11:00:00Z"),
        until: at("2026-11-21T16:00:00Z"),
        kind: TemporaryKind::BreakGlass,
        reason: "the model is down".to_owned(),
        ticket: None,
        by: "ana".to_owned(),
        approved_by: None,
        made: at("2026-11-21T11:00:00Z"),
        ended: None,
        note: None,
    };
    // Nothing was read yet: the grants alone tell.
    let heard = |grant: &TemporaryGrant, now: &str| {
        let grants = std::slice::from_ref(grant);
        let facts = Facts { temporary: Some(grants), ..Facts::default() };
        let judged = conditions(&facts, at(now));
        assert_eq!(judged.known, BTreeSet::from([Topic::BreakGlass]));
        judged.conditions.into_iter().map(|condition| condition.headline).collect::<Vec<_>>()
    };
    assert_eq!(heard(&grant, "2026-11-21T12:00:00Z"), ["ana has team fraud by break-glass"]);
    assert!(heard(&grant, "2026-11-21T16:00:00Z").is_empty());
    let granted = TemporaryGrant { kind: TemporaryKind::Grant, ..grant };
    assert!(heard(&granted, "2026-11-21T12:00:00Z").is_empty());
}

#[test]
fn an_offboarding_that_should_long_be_over_is_told_as_stuck() {
    let (mut map, snapshot, mut observed, plan) = quiet();
    map.offboarding.hold_seconds = 3_600;
    let tag = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let leaving = |name: &str, since: &str, status| access::observed::ObservedProfile {
        name: access::ids::ProfileName::parse(name).unwrap(),
        status,
        execution_role: None,
        user_settings: serde_json::Map::new().into(),
        tags: [
            tag("stagedoor:instance", &map.instance),
            tag("stagedoor:person", "id-ana"),
            tag("stagedoor:team", "fraud"),
            tag("stagedoor:leaving-since", since),
        ]
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect(),
        sso_user: None,
        home_efs_uid: None,
        modified: None,
        apps: vec![],
        spaces: vec![],
    };
    let profiles = [
        // Its hold of an hour and six hours more were over a second ago.
        leaving("ana--fraud", "2026-11-21T04:59:59Z", ProfileStatus::InService),
        leaving("ben--fraud", "2026-11-21T05:00:00Z", ProfileStatus::InService),
        leaving("cleo--fraud", "2026-11-21T11:00:00Z", ProfileStatus::DeleteFailed),
    ];
    let profiles = profiles.map(|profile| (profile.name.folded(), profile));
    let domain = access::observed::ObservedDomain {
        auth_mode: access::observed::AuthMode::Iam,
        state: access::observed::DomainState::InService,
        application: None,
        url: None,
        default_role: None,
        home_file_system: None,
        profiles: profiles.into(),
        seen: access::observed::Seen::Everybody,
        unread: access::observed::Unread::default(),
        profile_quota: None,
        elsewhere: [].into(),
    };
    observed.domains.insert(access::ids::DomainKey::parse("research").unwrap(), domain);
    let seen =
        Seen { map: &map, snapshot: &snapshot, observed: &observed, plan: &plan, violations: &[] };
    let facts = Facts { reading: Some(seen), ..Facts::default() };
    assert_eq!(
        told(&facts).into_iter().map(|(topic, subject, _)| (topic, subject)).collect::<Vec<_>>(),
        [
            (Topic::OffboardingStuck, "research/ana--fraud".to_owned()),
            (Topic::OffboardingStuck, "research/cleo--fraud".to_owned()),
        ]
    );
}
