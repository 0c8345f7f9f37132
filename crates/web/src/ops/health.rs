//! How long what we trust will last.

use super::condition::State;
use access::ids::DomainKey;
use control::door::{KeyStatus, TrustStatus};
use control::meter::LoopStatus;
use control::notify::{WARNING_DAYS, WARNING_HOURS};
use control::ports::StoreError;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// So many days before, it is critical: a working week.
const CRITICAL_DAYS: i64 = 7;

/// After so many hours without one the profile index is not trusted any more.
const CRITICAL_HOURS: i64 = 24;

const SECONDS_A_DAY: i64 = 24 * 60 * 60;

/// How bad it is; the worst part decides for the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    /// Nothing to do.
    Ok,
    /// Something ends within 30 days, or a renewal failed.
    Warning,
    /// Something ends within 7 days, is over, or was never there.
    Critical,
}

/// What `/healthz` says.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Health {
    status: Level,
    /// The loop that makes AWS agree with the map.
    reconciler: LoopHealth,
    directory: DirectoryHealth,
    configuration: ConfigurationHealth,
    identity_providers: Vec<IdpHealth>,
    /// That nobody signs in here, since the map has no identity provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    nobody_signs_in: Option<String>,
    service_provider: SpHealth,
    /// Whether the process is about to end.
    draining: bool,
}

/// The directory, as passes of this process met it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct DirectoryHealth {
    status: Level,
    last_success: Option<Timestamp>,
    /// The last failure, if no reading succeeded since.
    last_failure: Option<Timestamp>,
}

/// The access map.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct ConfigurationHealth {
    status: Level,
    /// Digest of the map in force.
    digest: String,
    taken_at: Option<Timestamp>,
    /// What is on disk and was refused.
    last_failure: Option<Failure>,
}

/// The loop and its store.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct LoopHealth {
    status: Level,
    /// Whether the store can be read.
    store: bool,
    /// Since when nothing may be changed, because somebody said so.
    frozen_since: Option<Timestamp>,
    observe_only: bool,
    /// When some replica last read everything and planned, whatever could be carried out of it.
    last_full_pass: Option<Timestamp>,
    /// Since when the oldest item of the queue waits.
    oldest_item: Option<Timestamp>,
}

/// Ourselves.
#[derive(Debug, Serialize)]
struct SpHealth {
    status: Level,
    /// Our own certificates, the one that signs requests first.
    certificates: Vec<CertificateHealth>,
}

/// An identity provider.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct IdpHealth {
    idp: String,
    status: Level,
    /// Whether people can sign in with it now.
    usable: bool,
    entity_id: Option<String>,
    metadata: MetadataHealth,
    certificates: Vec<CertificateHealth>,
}

/// Its metadata.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct MetadataHealth {
    status: Level,
    valid_until: Option<Timestamp>,
    /// Whole days, rounded down: negative once it is over.
    days_left: Option<i64>,
    taken_at: Option<Timestamp>,
    last_failure: Option<Failure>,
}

/// Something new that was not taken.
#[derive(Debug, Clone, Serialize)]
struct Failure {
    at: Timestamp,
    message: String,
}

/// A certificate whose key is believed.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CertificateHealth {
    status: Level,
    fingerprint: String,
    not_after: Option<Timestamp>,
    /// Whole days, rounded down: negative once it is over.
    days_left: Option<i64>,
}

/// What `/readyz?verbose` says.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Readiness {
    ready: bool,
    /// Whether the process is about to end and takes no new requests.
    draining: bool,
    /// Whether the store can be read; without it nobody can sign in.
    store: bool,
    identity_providers: Vec<IdpReadiness>,
    /// That nobody signs in here, since the map has no identity provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    nobody_signs_in: Option<String>,
    /// The directory and the map are told, and decide nothing: a door that is shut could not even
    /// show the page that says why.
    directory: DirectoryHealth,
    configuration: ConfigurationHealth,
}

#[derive(Debug, Serialize)]
struct IdpReadiness {
    idp: String,
    usable: bool,
    /// Why it is not.
    why: Option<&'static str>,
}

impl Health {
    pub(super) fn new(
        trust: &[TrustStatus],
        keys: &[KeyStatus],
        status: &Result<LoopStatus, StoreError>,
        now: Timestamp,
    ) -> Self {
        let reconciler = LoopHealth::new(status.as_ref().ok(), now);
        let identity_providers: Vec<_> =
            trust.iter().map(|status| IdpHealth::new(status, now)).collect();
        let service_provider = SpHealth::new(keys, now);
        let worst = identity_providers.iter().map(|idp| idp.status).max();
        let status = worst.unwrap_or(Level::Ok).max(service_provider.status).max(reconciler.status);
        Self {
            status,
            reconciler,
            directory: DirectoryHealth::new(None, None),
            configuration: ConfigurationHealth::new(&State::default()),
            identity_providers,
            nobody_signs_in: None,
            service_provider,
            draining: false,
        }
    }

    /// With what it means that the map has no identity provider, if it has none. That can be meant: people come
    /// through Identity Center, or are only pushed here. It is not where domains can be entered through the
    /// door alone.
    pub(super) fn with_domains(self, through_here: &[DomainKey]) -> Self {
        if !self.identity_providers.is_empty() {
            return self;
        }
        let level = if through_here.is_empty() { Level::Ok } else { Level::Warning };
        let nobody_signs_in = Some(nobody_signs_in(through_here));
        Self { status: self.status.max(level), nobody_signs_in, ..self }
    }

    /// With what is known of the process, and with when the directory was last read and last failed
    /// to be.
    pub(super) fn with_process(
        self,
        state: &State,
        (read, failed): (Option<Timestamp>, Option<Timestamp>),
    ) -> Self {
        let directory = DirectoryHealth::new(read, failed);
        let configuration = ConfigurationHealth::new(state);
        let status = self.status.max(directory.status).max(configuration.status);
        Self { status, directory, configuration, draining: state.draining, ..self }
    }

    /// Whether the process is about to end.
    pub(super) fn draining(&self) -> bool {
        self.draining
    }

    /// Whether the process stays, the store is there, and, if the map has identity providers, one that people
    /// can sign in with.
    pub(super) fn ready(&self) -> bool {
        let idps = &self.identity_providers;
        !self.draining
            && self.reconciler.store
            && (idps.is_empty() || idps.iter().any(|idp| idp.usable))
    }

    pub(super) fn readiness(&self) -> Readiness {
        let readiness = |idp: &IdpHealth| IdpReadiness {
            idp: idp.idp.clone(),
            usable: idp.usable,
            why: match (idp.usable, &idp.entity_id) {
                (true, _) => None,
                (false, None) => Some("its metadata was never read"),
                (false, Some(_)) => Some("its metadata is past validUntil"),
            },
        };
        Readiness {
            ready: self.ready(),
            draining: self.draining,
            store: self.reconciler.store,
            identity_providers: self.identity_providers.iter().map(readiness).collect(),
            nobody_signs_in: self.nobody_signs_in.clone(),
            directory: self.directory.clone(),
            configuration: self.configuration.clone(),
        }
    }
}

/// That the map has no identity provider, and what that means for these domains.
fn nobody_signs_in(through_here: &[DomainKey]) -> String {
    let without = "the map has no identity provider";
    let domains: Vec<&str> = through_here.iter().map(DomainKey::as_str).collect();
    match domains[..] {
        [] => without.to_owned(),
        [domain] => format!("{without}, and domain {domain} is in IAM mode: nobody gets in"),
        _ => format!("{without}, and domains in IAM mode ({}): nobody gets in", domains.join(", ")),
    }
}

impl DirectoryHealth {
    fn new(last_success: Option<Timestamp>, last_failure: Option<Timestamp>) -> Self {
        let status = if last_failure.is_some() { Level::Warning } else { Level::Ok };
        Self { status, last_success, last_failure }
    }
}

impl ConfigurationHealth {
    fn new(state: &State) -> Self {
        let known = &state.configuration;
        let failure = known.failure.clone();
        Self {
            status: if failure.is_some() { Level::Warning } else { Level::Ok },
            digest: known.digest.clone(),
            taken_at: known.taken_at,
            last_failure: failure.map(|(at, message)| Failure { at, message }),
        }
    }
}

impl LoopHealth {
    fn new(status: Option<&LoopStatus>, now: Timestamp) -> Self {
        let Some(known) = status else {
            return Self {
                status: Level::Critical,
                store: false,
                frozen_since: None,
                observe_only: false,
                last_full_pass: None,
                oldest_item: None,
            };
        };
        let is_late = |hours| {
            let limit = SignedDuration::from_hours(hours);
            known.queue.read_or_waiting_since().is_some_and(|at| now.duration_since(at) > limit)
        };
        let level = match () {
            () if is_late(CRITICAL_HOURS) => Level::Critical,
            () if known.frozen.is_some() || is_late(WARNING_HOURS) => Level::Warning,
            () => Level::Ok,
        };
        Self {
            status: level,
            store: true,
            frozen_since: known.frozen.as_ref().map(|freeze| freeze.at),
            observe_only: known.observe_only,
            last_full_pass: known.queue.last_full,
            oldest_item: known.queue.oldest,
        }
    }
}

impl IdpHealth {
    fn new(trust: &TrustStatus, now: Timestamp) -> Self {
        let metadata = MetadataHealth::new(trust, now);
        let certificates: Vec<_> =
            trust.keys.iter().map(|key| CertificateHealth::new(key, now)).collect();
        // During a roll-over the old certificate ends while the new one is there already: the best
        // of them is what the provider goes on with.
        let best = certificates.iter().map(|certificate| certificate.status).min();
        Self {
            idp: trust.idp.to_string(),
            status: metadata.status.max(best.unwrap_or(Level::Critical)),
            usable: is_usable(trust, now),
            entity_id: trust.entity_id.clone(),
            metadata,
            certificates,
        }
    }
}

impl SpHealth {
    fn new(keys: &[KeyStatus], now: Timestamp) -> Self {
        let certificates: Vec<_> =
            keys.iter().map(|key| CertificateHealth::new(key, now)).collect();
        // Identity providers look at the first, which signs. Without keys nothing can end.
        let status = certificates.first().map_or(Level::Ok, |certificate| certificate.status);
        Self { status, certificates }
    }
}

impl MetadataHealth {
    fn new(trust: &TrustStatus, now: Timestamp) -> Self {
        let days_left = trust.valid_until.map(|end| days(now, end));
        let over = trust.valid_until.is_some_and(|end| end <= now);
        // What is fetched again before it ends may be short-lived by design, as a federation's is.
        // Its end is news only once fetching it fails.
        let ending = if renews(trust, now) && !over { Level::Ok } else { level(days_left) };
        let never = if trust.entity_id.is_none() { Level::Critical } else { Level::Ok };
        let failed = if trust.last_failure.is_some() { Level::Warning } else { Level::Ok };
        let failure = trust.last_failure.as_ref();
        Self {
            status: never.max(failed).max(ending),
            valid_until: trust.valid_until,
            days_left,
            taken_at: trust.taken_at,
            last_failure: failure.map(|f| Failure { at: f.at, message: f.message.clone() }),
        }
    }
}

impl CertificateHealth {
    fn new(key: &KeyStatus, now: Timestamp) -> Self {
        let days_left = key.not_after.map(|end| days(now, end));
        Self {
            status: level(days_left),
            fingerprint: key.fingerprint.clone(),
            not_after: key.not_after,
            days_left,
        }
    }
}

/// Whether people can sign in with the provider: its metadata was read, and it vouches for it still.
pub(super) fn is_usable(trust: &TrustStatus, now: Timestamp) -> bool {
    trust.entity_id.is_some() && trust.valid_until.is_none_or(|end| end > now)
}

/// Whether fetching the metadata again works: nothing failed, and the last time is not long ago.
fn renews(trust: &TrustStatus, now: Timestamp) -> bool {
    let Some(every) = trust.refresh_seconds.and_then(|every| i64::try_from(every).ok()) else {
        return false;
    };
    let late = |taken: Timestamp| now.as_second().saturating_sub(taken.as_second()) > 2 * every;
    trust.last_failure.is_none() && trust.taken_at.is_some_and(|taken| !late(taken))
}

/// What has no end is well.
fn level(days_left: Option<i64>) -> Level {
    match days_left {
        Some(days) if days < CRITICAL_DAYS => Level::Critical,
        Some(days) if days < WARNING_DAYS => Level::Warning,
        _ => Level::Ok,
    }
}

fn days(now: Timestamp, end: Timestamp) -> i64 {
    end.as_second().saturating_sub(now.as_second()).div_euclid(SECONDS_A_DAY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use access::ids::IdpKey;
    use control::door::RenewalFailure;
    use control::ports::{Freeze, QueueStatus};

    const NOW: &str = "2026-11-21T09:00:00Z";

    /// A loop that has nothing to do.
    fn good() -> LoopStatus {
        LoopStatus {
            queue: QueueStatus { last_full: Some(at(NOW)), ..QueueStatus::default() },
            frozen: None,
            observe_only: false,
            emergencies: 0,
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn corp(valid_until: Option<&str>, certificates: &[&str]) -> TrustStatus {
        let key = |end: &&str| KeyStatus { fingerprint: "ab".repeat(32), not_after: Some(at(end)) };
        TrustStatus {
            idp: IdpKey::parse("corp").unwrap(),
            entity_id: Some("https://idp.example".into()),
            valid_until: valid_until.map(at),
            keys: certificates.iter().map(key).collect(),
            refresh_seconds: None,
            taken_at: Some(at(NOW)),
            last_failure: None,
        }
    }

    fn status(trust: &[TrustStatus]) -> Level {
        Health::new(trust, &[], &Ok(good()), at(NOW)).status
    }

    const YEARS: &str = "2031-01-01T00:00:00Z";

    #[test]
    fn ends_are_announced_thirty_and_seven_days_ahead() {
        for (end, expected) in [
            (YEARS, Level::Ok),
            ("2026-12-21T09:00:00Z", Level::Ok),
            ("2026-12-21T08:59:59Z", Level::Warning),
            ("2026-11-28T09:00:00Z", Level::Warning),
            ("2026-11-28T08:59:59Z", Level::Critical),
            (NOW, Level::Critical),
            ("2026-01-01T00:00:00Z", Level::Critical),
        ] {
            assert_eq!(status(&[corp(None, &[end])]), expected, "certificate {end}");
            assert_eq!(status(&[corp(Some(end), &[YEARS])]), expected, "metadata {end}");
        }
    }

    #[test]
    fn in_a_roll_over_the_certificate_that_lasts_longest_counts() {
        assert_eq!(status(&[corp(None, &["2026-11-01T00:00:00Z", YEARS])]), Level::Ok);
        assert_eq!(status(&[corp(None, &[])]), Level::Critical);
    }

    #[test]
    fn the_worst_provider_counts() {
        let soon = corp(None, &["2026-12-01T00:00:00Z"]);
        assert_eq!(status(&[corp(None, &[YEARS]), soon]), Level::Warning);
    }

    #[test]
    fn a_map_without_identity_providers_is_ready_as_long_as_the_store_is() {
        let with = |store| Health::new(&[], &[], &store, at(NOW)).with_domains(&[]);
        let health = with(Ok(good()));
        assert_eq!((health.ready(), health.status), (true, Level::Ok));
        let told = health.readiness().nobody_signs_in;
        assert_eq!(told.as_deref(), Some("the map has no identity provider"));
        let state = State { draining: true, ..State::default() };
        assert!(!health.with_process(&state, (None, None)).ready());
        let gone = StoreError { operation: "read", message: "disk".to_owned() };
        let health = with(Err(gone));
        assert_eq!((health.ready(), health.status), (false, Level::Critical));
    }

    #[test]
    fn domains_that_nobody_can_enter_are_a_warning() {
        let domains: Vec<DomainKey> =
            ["fraud", "lab"].iter().map(|key| DomainKey::parse(key).unwrap()).collect();
        for (some, told) in [
            (1, "domain fraud is in IAM mode: nobody gets in"),
            (2, "domains in IAM mode (fraud, lab): nobody gets in"),
        ] {
            let domains = &domains[..some];
            let health = Health::new(&[], &[], &Ok(good()), at(NOW)).with_domains(domains);
            assert_eq!((health.ready(), health.status), (true, Level::Warning));
            let told = format!("the map has no identity provider, and {told}");
            assert_eq!(health.nobody_signs_in, Some(told));
            let with_one = Health::new(&[corp(None, &[YEARS])], &[], &Ok(good()), at(NOW));
            let with_one = with_one.with_domains(domains);
            assert_eq!((with_one.status, with_one.nobody_signs_in), (Level::Ok, None));
        }
    }

    #[test]
    fn a_renewal_that_failed_is_a_warning_and_metadata_never_read_is_critical() {
        let failure = RenewalFailure { at: at(NOW), message: "timed out".into() };
        let failed = TrustStatus { last_failure: Some(failure), ..corp(None, &[YEARS]) };
        assert_eq!(status(std::slice::from_ref(&failed)), Level::Warning);
        let never = TrustStatus { entity_id: None, taken_at: None, ..failed };
        assert_eq!(status(&[never]), Level::Critical);
    }

    #[test]
    fn short_lived_metadata_is_well_as_long_as_it_is_fetched_again() {
        let fetched = |valid_until: &str, taken: &str| TrustStatus {
            refresh_seconds: Some(3_600),
            taken_at: Some(at(taken)),
            ..corp(Some(valid_until), &[YEARS])
        };
        let soon = "2026-11-22T09:00:00Z";
        assert_eq!(status(&[fetched(soon, "2026-11-21T07:00:00Z")]), Level::Ok);
        assert_eq!(status(&[fetched(soon, "2026-11-21T06:59:59Z")]), Level::Critical);
        assert_eq!(status(&[fetched(NOW, "2026-11-21T08:30:00Z")]), Level::Critical);
        let failure = RenewalFailure { at: at(NOW), message: "timed out".into() };
        let failing = TrustStatus { last_failure: Some(failure), ..fetched(soon, NOW) };
        assert_eq!(status(&[failing]), Level::Critical);
    }

    #[test]
    fn of_our_own_certificates_the_one_that_signs_counts() {
        let key = |end: &str| KeyStatus { fingerprint: end.into(), not_after: Some(at(end)) };
        let with = |keys: &[KeyStatus]| {
            Health::new(&[corp(None, &[YEARS])], keys, &Ok(good()), at(NOW)).status
        };
        assert_eq!(with(&[]), Level::Ok);
        assert_eq!(with(&[key(YEARS), key(NOW)]), Level::Ok);
        assert_eq!(with(&[key("2026-12-01T00:00:00Z"), key(YEARS)]), Level::Warning);
        assert_eq!(with(&[key(NOW), key(YEARS)]), Level::Critical);
    }

    #[test]
    fn one_usable_provider_is_enough_to_be_ready() {
        let over = corp(Some(NOW), &[YEARS]);
        let never = TrustStatus { entity_id: None, ..corp(None, &[]) };
        let health = Health::new(&[over.clone(), never.clone()], &[], &Ok(good()), at(NOW));
        assert!(!health.ready());
        assert_eq!(
            serde_json::to_value(health.readiness()).unwrap(),
            serde_json::json!({ "ready": false, "draining": false, "store": true,
                "directory": { "status": "ok", "lastSuccess": null, "lastFailure": null },
                "configuration":
                    { "status": "ok", "digest": "", "takenAt": null, "lastFailure": null },
                "identityProviders": [
                { "idp": "corp", "usable": false, "why": "its metadata is past validUntil" },
                { "idp": "corp", "usable": false, "why": "its metadata was never read" },
            ]})
        );
        assert!(Health::new(&[over, never, corp(None, &[NOW])], &[], &Ok(good()), at(NOW)).ready());
    }

    #[test]
    fn the_whole_is_told_as_json() {
        let failure = RenewalFailure { at: at("2026-11-21T08:00:00Z"), message: "no".into() };
        let trust = TrustStatus {
            last_failure: Some(failure),
            ..corp(Some("2026-12-01T08:00:00Z"), &["2026-11-20T10:00:00Z", YEARS])
        };
        let ours = [KeyStatus { fingerprint: "cd".into(), not_after: None }];
        assert_eq!(
            serde_json::to_value(Health::new(&[trust], &ours, &Ok(good()), at(NOW))).unwrap(),
            serde_json::json!({
                "status": "warning",
                "reconciler": {
                    "status": "ok",
                    "store": true,
                    "frozenSince": null,
                    "observeOnly": false,
                    "lastFullPass": NOW,
                    "oldestItem": null,
                },
                "directory": { "status": "ok", "lastSuccess": null, "lastFailure": null },
                "configuration":
                    { "status": "ok", "digest": "", "takenAt": null, "lastFailure": null },
                "draining": false,
                "identityProviders": [{
                    "idp": "corp",
                    "status": "warning",
                    "usable": true,
                    "entityId": "https://idp.example",
                    "metadata": {
                        "status": "warning",
                        "validUntil": "2026-12-01T08:00:00Z",
                        "daysLeft": 9,
                        "takenAt": "2026-11-21T09:00:00Z",
                        "lastFailure": { "at": "2026-11-21T08:00:00Z", "message": "no" },
                    },
                    "certificates": [
                        {
                            "status": "critical",
                            "fingerprint": "ab".repeat(32),
                            "notAfter": "2026-11-20T10:00:00Z",
                            "daysLeft": -1,
                        },
                        {
                            "status": "ok",
                            "fingerprint": "ab".repeat(32),
                            "notAfter": YEARS,
                            "daysLeft": 1501,
                        },
                    ],
                }],
                "serviceProvider": {
                    "status": "ok",
                    "certificates": [{
                        "status": "ok",
                        "fingerprint": "cd",
                        "notAfter": null,
                        "daysLeft": null,
                    }],
                },
            })
        );
    }

    #[test]
    fn the_loop_is_as_good_as_its_last_full_pass_and_its_store() {
        let level = |status: &Result<LoopStatus, StoreError>| {
            Health::new(&[corp(None, &[YEARS])], &[], status, at(NOW)).status
        };
        let last = |time: Option<&str>| {
            let mut status = good();
            status.queue.last_full = time.map(at);
            Ok(status)
        };
        assert_eq!(level(&last(None)), Level::Ok);
        let mut never = good();
        never.queue = QueueStatus { oldest: Some(at("2026-11-21T06:59:59Z")), ..never.queue };
        never.queue.last_full = None;
        assert_eq!(level(&Ok(never)), Level::Warning);
        assert_eq!(level(&last(Some("2026-11-21T07:00:00Z"))), Level::Ok);
        assert_eq!(level(&last(Some("2026-11-21T06:59:59Z"))), Level::Warning);
        assert_eq!(level(&last(Some("2026-11-20T08:59:59Z"))), Level::Critical);
        let freeze = Freeze { by: "ana".into(), reason: "an audit".into(), at: at(NOW) };
        let frozen = LoopStatus { frozen: Some(freeze), ..good() };
        assert_eq!(level(&Ok(frozen)), Level::Warning);
        let failed = Err(StoreError { operation: "count work", message: "disk full".into() });
        assert_eq!(level(&failed), Level::Critical);
        // Nobody can sign in without it.
        assert!(!Health::new(&[corp(None, &[YEARS])], &[], &failed, at(NOW)).ready());
    }

    #[test]
    fn a_process_that_ends_soon_is_not_ready_whatever_else_is_well() {
        let health = Health::new(&[corp(None, &[YEARS])], &[], &Ok(good()), at(NOW));
        let state = State { draining: true, ..State::default() };
        let health = health.with_process(&state, (Some(at(NOW)), None));
        assert!(!health.ready() && health.draining());
        assert_eq!(health.status, Level::Ok);
    }

    #[test]
    fn what_was_refused_is_told_and_the_door_stays_open() {
        let health = Health::new(&[corp(None, &[YEARS])], &[], &Ok(good()), at(NOW));
        let condition = super::super::Condition::default();
        condition.configured("abc", at("2026-11-21T08:00:00Z"));
        condition.refused("access.yaml:3:1: unknown key", at(NOW));
        let health = health.with_process(&condition.state(), (None, Some(at(NOW))));
        assert!(health.ready());
        assert_eq!(health.status, Level::Warning);
        let told = serde_json::to_value(health.readiness()).unwrap();
        assert_eq!(
            told["configuration"],
            serde_json::json!({
                "status": "warning",
                "digest": "abc",
                "takenAt": "2026-11-21T08:00:00Z",
                "lastFailure": { "at": NOW, "message": "access.yaml:3:1: unknown key" },
            })
        );
        assert_eq!(told["directory"]["lastFailure"], NOW);
    }
}
