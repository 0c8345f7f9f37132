//! Metrics of the door and of whom it trusts.

use super::super::health::is_usable;
use super::Page;
use super::family::Family;
use access::reason::ReasonCode;
use control::door::{DoorCounts, KeyStatus, TrustStatus};
use jiff::Timestamp;
use std::collections::BTreeMap;

impl Page {
    pub(super) fn trust(&mut self, trust: &[TrustStatus], now: Timestamp) {
        let help = "1 if people can sign in with the identity provider, else 0.";
        self.gauge("stagedoor_saml_identity_provider_usable", help, &["idp"], |family| {
            for status in trust {
                family.count(&[status.idp.as_str()], is_usable(status, now).into());
            }
        });
        let help = "End of a certificate whose key is believed.";
        let name = "stagedoor_saml_certificate_expiry_timestamp_seconds";
        self.gauge(name, help, &["idp", "fingerprint"], |family| {
            for status in trust {
                for key in &status.keys {
                    if let Some(end) = key.not_after {
                        family.time(&[status.idp.as_str(), &key.fingerprint], end);
                    }
                }
            }
        });
        let mut times = |name, help, time: fn(&TrustStatus) -> Option<Timestamp>| {
            self.gauge(name, help, &["idp"], |family| {
                for status in trust {
                    if let Some(at) = time(status) {
                        family.time(&[status.idp.as_str()], at);
                    }
                }
            });
        };
        times(
            "stagedoor_saml_metadata_valid_until_timestamp_seconds",
            "Until when identity provider metadata may be used, where it says so.",
            |status| status.valid_until,
        );
        times(
            "stagedoor_saml_metadata_last_success_timestamp_seconds",
            "When identity provider metadata was last taken.",
            |status| status.taken_at,
        );
        times(
            "stagedoor_saml_metadata_last_failure_timestamp_seconds",
            "When a renewal of identity provider metadata last failed, if none succeeded since.",
            |status| status.last_failure.as_ref().map(|failure| failure.at),
        );
    }

    pub(super) fn keys(&mut self, keys: &[KeyStatus]) {
        let name = "stagedoor_saml_own_certificate_expiry_timestamp_seconds";
        self.gauge(name, "End of a certificate of our own.", &["fingerprint"], |family| {
            for key in keys {
                if let Some(end) = key.not_after {
                    family.time(&[&key.fingerprint], end);
                }
            }
        });
    }

    pub(super) fn door(&mut self, counts: &DoorCounts) {
        let help = "Sign-ins by result and reason code.";
        self.counter("stagedoor_signin_total", help, &["result", "reason"], |family| {
            family.count(&["accepted", ReasonCode::SignedIn.as_str()], counts.accepted);
            refused(family, &counts.refused);
        });
        let help = "How long it took to decide about an answer of an identity provider.";
        self.histogram("stagedoor_signin_duration_seconds", help, &[], |family| {
            family.durations(&[], &counts.sign_in_took);
        });
        let help = "Answers of identity providers that were refused, by the check that failed.";
        self.counter("stagedoor_saml_reject_total", help, &["check"], |family| {
            for (check, number) in &counts.rejected {
                family.count(&[check], *number);
            }
        });
        let help = "Openings of Studio by result and reason code.";
        self.counter("stagedoor_opening_total", help, &["result", "reason"], |family| {
            family.count(&["opened", ReasonCode::Opened.as_str()], counts.opened);
            family.count(&["preparing", "preparing"], counts.preparing);
            refused(family, &counts.openings_refused);
        });
        let help = "How long it took to answer to a request to open Studio.";
        self.histogram("stagedoor_opening_duration_seconds", help, &[], |family| {
            family.durations(&[], &counts.opening_took);
        });
        let help = "Presigned URLs that AWS was asked for, by what came of it.";
        self.counter("stagedoor_presigned_url_total", help, &["result"], |family| {
            family.count(&["given"], counts.opened);
            family.count(&["failed"], counts.presign_failed);
        });
        let too_many = ReasonCode::TooManyRequests.as_str();
        let limited = |refused: &BTreeMap<&'static str, u64>| {
            refused.get(too_many).copied().unwrap_or_default()
        };
        for (name, help, number) in [
            ("stagedoor_signin_begun_total", "Sign-ins that were begun here.", counts.begun),
            (
                "stagedoor_signin_weak_total",
                "Sign-ins accepted only because the map allows the provider weak algorithms.",
                counts.accepted_weak,
            ),
            (
                "stagedoor_logout_total",
                "Log-outs that identity providers asked for and got.",
                counts.logged_out,
            ),
            (
                "stagedoor_rate_limited_total",
                "Sign-ins and openings refused because there were too many.",
                limited(&counts.refused).saturating_add(limited(&counts.openings_refused)),
            ),
        ] {
            self.counter(name, help, &[], |family| family.count(&[], number));
        }
    }
}

fn refused(family: &mut Family, by_code: &BTreeMap<&'static str, u64>) {
    for (code, count) in by_code {
        family.count(&["refused", code], *count);
    }
}
