//! What door, loop, events and calls to AWS come to, in Prometheus' text format.
//!
//! They are read when asked for and put into a registry of that moment: whoever counts
//! knows nothing of Prometheus. The crate `prometheus` writes the text (HELP, TYPE, escaping,
//! order) in the format 0.0.4, which every scraper reads; `prometheus-client` writes the format of
//! its successor only.

use super::health::is_usable;
use access::reason::ReasonCode;
use control::door::{DoorCounts, KeyStatus, TrustStatus};
use control::event::{EventCounts, Family, Outcome as EventOutcome};
use control::meter::LoopStatus;
use control::ports::CallCounts;
use jiff::Timestamp;
use prometheus::{CounterVec, IntCounterVec, IntGaugeVec, Opts, Registry, Result, TextEncoder};
use std::collections::BTreeMap;

/// All that there is to tell.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    pub(super) trust: Vec<TrustStatus>,
    pub(super) keys: Vec<KeyStatus>,
    pub(super) door: DoorCounts,
    pub(super) calls: BTreeMap<String, CallCounts>,
    pub(super) events: EventCounts,
    /// Absent: the store cannot be read.
    pub(super) status: Option<LoopStatus>,
}

/// All metrics as text.
pub(super) fn exposition(numbers: &Numbers, now: Timestamp) -> Result<String> {
    let page = Page(Registry::new());
    page.trust(&numbers.trust, now)?;
    page.keys(&numbers.keys)?;
    page.counts(&numbers.door)?;
    page.calls(&numbers.calls)?;
    page.events(&numbers.events)?;
    page.store(numbers.status.is_some())?;
    if let Some(status) = &numbers.status {
        page.work(status, now)?;
    }
    let name = "stagedoor_build_info";
    let build = page.gauge(name, "Always 1; the label tells the version.", &["version"])?;
    build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
    TextEncoder::new().encode_to_string(&page.0.gather())
}

struct Page(Registry);

impl Page {
    fn trust(&self, trust: &[TrustStatus], now: Timestamp) -> Result<()> {
        let usable = self.gauge(
            "stagedoor_saml_identity_provider_usable",
            "1 if people can sign in with the identity provider, else 0.",
            &["idp"],
        )?;
        let expiry = self.gauge(
            "stagedoor_saml_certificate_expiry_timestamp_seconds",
            "End of a certificate whose key is believed.",
            &["idp", "fingerprint"],
        )?;
        let valid_until = self.gauge(
            "stagedoor_saml_metadata_valid_until_timestamp_seconds",
            "Until when identity provider metadata may be used, where it says so.",
            &["idp"],
        )?;
        let taken = self.gauge(
            "stagedoor_saml_metadata_last_success_timestamp_seconds",
            "When identity provider metadata was last taken.",
            &["idp"],
        )?;
        let failed = self.gauge(
            "stagedoor_saml_metadata_last_failure_timestamp_seconds",
            "When a renewal of identity provider metadata last failed, if none succeeded since.",
            &["idp"],
        )?;
        for status in trust {
            let idp = status.idp.as_str();
            usable.with_label_values(&[idp]).set(is_usable(status, now).into());
            for (gauge, time) in [
                (&valid_until, status.valid_until),
                (&taken, status.taken_at),
                (&failed, status.last_failure.as_ref().map(|failure| failure.at)),
            ] {
                if let Some(time) = time {
                    gauge.with_label_values(&[idp]).set(time.as_second());
                }
            }
            for key in &status.keys {
                if let Some(end) = key.not_after {
                    expiry.with_label_values(&[idp, &key.fingerprint]).set(end.as_second());
                }
            }
        }
        Ok(())
    }

    fn keys(&self, keys: &[KeyStatus]) -> Result<()> {
        let expiry = self.gauge(
            "stagedoor_saml_own_certificate_expiry_timestamp_seconds",
            "End of a certificate of our own.",
            &["fingerprint"],
        )?;
        for key in keys {
            if let Some(end) = key.not_after {
                expiry.with_label_values(&[&key.fingerprint]).set(end.as_second());
            }
        }
        Ok(())
    }

    fn counts(&self, counts: &DoorCounts) -> Result<()> {
        let sign_ins = self.counter(
            "stagedoor_door_sign_ins_total",
            "Sign-ins by result and reason code.",
            &["result", "code"],
        )?;
        let accepted = ReasonCode::SignedIn.as_str();
        sign_ins.with_label_values(&["accepted", accepted]).inc_by(counts.accepted);
        refused(&sign_ins, &counts.refused);

        let openings = self.counter(
            "stagedoor_door_openings_total",
            "Openings of Studio by result and reason code.",
            &["result", "code"],
        )?;
        let opened = ReasonCode::Opened.as_str();
        openings.with_label_values(&["opened", opened]).inc_by(counts.opened);
        openings.with_label_values(&["preparing", "preparing"]).inc_by(counts.preparing);
        refused(&openings, &counts.openings_refused);

        let too_many = ReasonCode::TooManyRequests.as_str();
        let limited = |refused: &BTreeMap<&'static str, u64>| {
            refused.get(too_many).copied().unwrap_or_default()
        };
        for (name, help, value) in [
            ("stagedoor_door_sign_ins_begun_total", "Sign-ins that were begun here.", counts.begun),
            (
                "stagedoor_door_weak_sign_ins_total",
                "Sign-ins accepted only because the map allows the provider weak algorithms.",
                counts.accepted_weak,
            ),
            (
                "stagedoor_door_presign_failures_total",
                "Openings refused because AWS gave no presigned URL.",
                counts.presign_failed,
            ),
            (
                "stagedoor_door_logouts_total",
                "Log-outs that identity providers asked for and got.",
                counts.logged_out,
            ),
            (
                "stagedoor_door_rate_limited_total",
                "Sign-ins and openings refused because there were too many.",
                limited(&counts.refused).saturating_add(limited(&counts.openings_refused)),
            ),
        ] {
            self.counter(name, help, &[])?.with_label_values::<&str>(&[]).inc_by(value);
        }
        Ok(())
    }

    fn calls(&self, calls: &BTreeMap<String, CallCounts>) -> Result<()> {
        let sent = self.counter(
            "stagedoor_aws_calls_total",
            "Requests sent to AWS; one that is sent again counts again.",
            &["service"],
        )?;
        let throttled = self.counter(
            "stagedoor_aws_throttled_total",
            "Requests that AWS refused because there were too many.",
            &["service"],
        )?;
        let opts = Opts::new(
            "stagedoor_aws_waited_seconds_total",
            "How long requests were kept back so that AWS would take them, added up.",
        );
        let waited = CounterVec::new(opts, &["service"])?;
        self.0.register(Box::new(waited.clone()))?;
        for (service, counts) in calls {
            sent.with_label_values(&[service]).inc_by(counts.calls);
            throttled.with_label_values(&[service]).inc_by(counts.throttled);
            waited.with_label_values(&[service]).inc_by(counts.waited.as_secs_f64());
        }
        Ok(())
    }

    fn store(&self, is_up: bool) -> Result<()> {
        let up = self.gauge("stagedoor_store_up", "1 if the store can be read, else 0.", &[])?;
        up.with_label_values::<&str>(&[]).set(is_up.into());
        Ok(())
    }

    fn work(&self, status: &LoopStatus, now: Timestamp) -> Result<()> {
        let items = self.gauge(
            "stagedoor_queue_items",
            "People to read again, and everything as one: due, leased to a pass, or due later.",
            &["state"],
        )?;
        let queue = &status.queue;
        for (state, number) in
            [("due", queue.due), ("leased", queue.leased), ("later", queue.later)]
        {
            items.with_label_values(&[state]).set(i64::try_from(number).unwrap_or(i64::MAX));
        }
        let since = |at: Timestamp| now.duration_since(at).as_secs().max(0);
        for (name, help, value) in [
            (
                "stagedoor_queue_oldest_age_seconds",
                "How long the oldest unsettled item of the queue has waited.",
                queue.oldest.map_or(0, since),
            ),
            (
                "stagedoor_frozen",
                "1 if somebody has said that nothing may be changed, else 0.",
                status.frozen.is_some().into(),
            ),
            (
                "stagedoor_observe_only",
                "1 if this process changes nothing on principle, else 0.",
                status.observe_only.into(),
            ),
        ] {
            self.gauge(name, help, &[])?.with_label_values::<&str>(&[]).set(value);
        }
        if let Some(at) = queue.last_full {
            let name = "stagedoor_last_full_pass_age_seconds";
            let help = "How long ago some replica last read everything and worked it off.";
            self.gauge(name, help, &[])?.with_label_values::<&str>(&[]).set(since(at));
        }
        let passes = self.counter(
            "stagedoor_passes_total",
            "Passes of the loop by what they read and how they ended.",
            &["scope", "outcome"],
        )?;
        for ((scope, outcome), count) in &status.passes {
            passes.with_label_values(&[scope, outcome.as_str()]).inc_by(*count);
        }
        Ok(())
    }

    /// Events by who told them and what came of them. What somebody should look into is there from
    /// the start, so that its first increase is seen.
    fn events(&self, counts: &EventCounts) -> Result<()> {
        let events = self.counter(
            "stagedoor_events_total",
            "Events of the directory by family and outcome.",
            &["family", "outcome"],
        )?;
        for family in Family::DIRECTORY {
            events.with_label_values(&[family.as_str(), EventOutcome::Unknown.as_str()]);
        }
        events.with_label_values(&[Family::Other.as_str(), EventOutcome::Malformed.as_str()]);
        for ((family, outcome), count) in counts {
            events.with_label_values(&[family.as_str(), outcome.as_str()]).inc_by(*count);
        }
        Ok(())
    }

    fn gauge(&self, name: &str, help: &str, labels: &[&str]) -> Result<IntGaugeVec> {
        let gauge = IntGaugeVec::new(Opts::new(name, help), labels)?;
        self.0.register(Box::new(gauge.clone()))?;
        Ok(gauge)
    }

    fn counter(&self, name: &str, help: &str, labels: &[&str]) -> Result<IntCounterVec> {
        let counter = IntCounterVec::new(Opts::new(name, help), labels)?;
        self.0.register(Box::new(counter.clone()))?;
        Ok(counter)
    }
}

fn refused(counter: &IntCounterVec, by_code: &BTreeMap<&'static str, u64>) {
    for (code, count) in by_code {
        counter.with_label_values(&["refused", code]).inc_by(*count);
    }
}

#[cfg(test)]
mod tests;
