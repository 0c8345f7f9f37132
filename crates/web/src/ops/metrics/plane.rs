//! Metrics of the loop, of events and of calls to AWS.

use super::Page;
use access::ids::{AccountId, DomainKey, Region};
use control::directory::Pushing;
use control::event::{EventCounts, Family as EventFamily, Outcome as EventOutcome};
use control::meter::{CHANGES, LoopCounts, LoopStatus, MirrorSeen, Overview, STAGES};
use control::ports::CallCounts;
use jiff::Timestamp;
use std::collections::BTreeMap;

impl Page {
    pub(super) fn calls(&mut self, calls: &BTreeMap<String, CallCounts>) {
        let help = "Requests sent to AWS by operation and by the code of the answer; one that is \
                    sent again counts again.";
        self.counter("stagedoor_aws_requests_total", help, &["service", "op", "code"], |family| {
            for (service, counts) in calls {
                for ((operation, code), number) in &counts.answers {
                    family.count(&[service, operation, code], *number);
                }
            }
        });
        let help = "Requests that AWS refused because there were too many.";
        self.counter("stagedoor_aws_throttles_total", help, &["service"], |family| {
            for (service, counts) in calls {
                family.count(&[service], counts.throttled);
            }
        });
        let help = "How long requests were kept back so that AWS would take them, added up.";
        self.counter("stagedoor_aws_waited_seconds_total", help, &["service"], |family| {
            for (service, counts) in calls {
                family.add(&[service], counts.waited.as_secs_f64());
            }
        });
    }

    /// Events by who told them and what came of them. What somebody should look into is there from
    /// the start, so that its first increase is seen.
    pub(super) fn events(&mut self, events: &EventCounts, counts: &LoopCounts) {
        let help = "Events of the directory by family and outcome.";
        self.counter("stagedoor_events_total", help, &["family", "outcome"], |samples| {
            for family in EventFamily::DIRECTORY {
                samples.count(&[family.as_str(), EventOutcome::Unknown.as_str()], 0);
            }
            let malformed = EventOutcome::Malformed.as_str();
            samples.count(&[EventFamily::Other.as_str(), malformed], 0);
            for ((family, outcome), count) in events {
                samples.count(&[family.as_str(), outcome.as_str()], *count);
            }
        });
        let help = "From a change in the directory to the event of it that was heard.";
        self.histogram("stagedoor_event_lag_seconds", help, &[], |family| {
            family.durations(&[], &counts.event_lag);
        });
    }

    /// The audit log: nothing is said before this process looked.
    pub(super) fn audit(&mut self, counts: &LoopCounts) {
        let help = "Whether the audit log held when this process last looked: 1 or 0. On Lambda only \
                    where checkpoints are made.";
        self.gauge("stagedoor_audit_chain_ok", help, &[], |family| {
            if let Some(seen) = &counts.audit {
                family.count(&[], u64::from(seen.fault.is_none()));
            }
        });
        let help = "When this process last verified the audit log, whether or not it held.";
        self.gauge("stagedoor_audit_last_verification_timestamp_seconds", help, &[], |family| {
            if let Some(seen) = &counts.audit {
                family.time(&[], seen.at);
            }
        });
        let watched = counts.audit_watched.as_ref();
        let help = "Since when the audit log could not be verified, by any process, if the last look of this \
                    one could not.";
        self.gauge("stagedoor_audit_unverified_since_timestamp_seconds", help, &[], |family| {
            if let Some(since) = watched.and_then(|watched| watched.unverified_since) {
                family.time(&[], since);
            }
        });
        let help = "Since when no checkpoint of the audit log could be read or made, by any process, if the \
                    last look of this one could not.";
        self.gauge("stagedoor_audit_unanchored_since_timestamp_seconds", help, &[], |family| {
            if let Some(since) = watched.and_then(|watched| watched.unanchored_since) {
                family.time(&[], since);
            }
        });
        let help = "When the last checkpoint of the audit log was made that this process knows of.";
        self.gauge("stagedoor_audit_last_anchor_timestamp_seconds", help, &[], |family| {
            if let Some(at) = counts.audit_anchored {
                family.time(&[], at);
            }
        });
    }

    /// Directories that are pushed. A token is told by its name, which an admin gave it.
    pub(super) fn pushing(&mut self, pushing: &[Pushing]) {
        let help = "When a token for pushing by SCIM ends or has ended, until 30 days after its end; the last \
                    to end, until it is revoked.";
        let name = "stagedoor_scim_token_expiry_timestamp_seconds";
        self.gauge(name, help, &["directory", "token"], |family| {
            for Pushing { directory, tokens, .. } in pushing {
                for token in tokens {
                    family.time(&[directory.as_str(), &token.name], token.until);
                }
            }
        });
        let help = "When a push by SCIM last changed something. Where nothing changes, a directory that is \
                    pushed looks as one that is cut off.";
        self.gauge(
            "stagedoor_scim_last_change_timestamp_seconds",
            help,
            &["directory"],
            |family| {
                for Pushing { directory, changed, .. } in pushing {
                    if let Some(at) = changed {
                        family.time(&[directory.as_str()], *at);
                    }
                }
            },
        );
    }

    /// The mirror: nothing is said before this process made a run.
    pub(super) fn mirror(&mut self, counts: &LoopCounts) {
        let help = "When this process last mirrored groups with nothing left to do.";
        self.gauge("stagedoor_mirror_last_success_timestamp_seconds", help, &[], |family| {
            if let Some(at) = counts.mirror.as_ref().and_then(|seen| seen.settled) {
                family.time(&[], at);
            }
        });
        let help = "Since when no process mirrored groups with nothing left to do, if the last run of this one \
                    left something and was not kept from changing anything.";
        self.gauge("stagedoor_mirror_unsettled_since_timestamp_seconds", help, &[], |family| {
            if let Some(since) = counts.mirror.as_ref().and_then(MirrorSeen::failing_since) {
                family.time(&[], since);
            }
        });
        let help = "People and groups that are not mirrored, by reason code.";
        self.gauge("stagedoor_mirror_left_out", help, &["reason"], |family| {
            let seen = counts.mirror.as_ref().and_then(|seen| seen.not_mirrored.as_ref());
            for (reason, number) in seen.into_iter().flatten() {
                family.count(&[reason.as_str()], *number);
            }
        });
    }

    pub(super) fn passes(&mut self, counts: &LoopCounts) {
        let help = "Passes of the loop by what they read and how they ended.";
        self.counter("stagedoor_passes_total", help, &["scope", "outcome"], |family| {
            for ((scope, outcome), count) in &counts.passes {
                family.count(&[scope, outcome.as_str()], *count);
            }
        });
        let help = "How long passes of the loop took, by what they read.";
        self.histogram("stagedoor_sync_duration_seconds", help, &["scope"], |family| {
            for (scope, durations) in &counts.durations {
                family.durations(&[scope], durations);
            }
        });
        let help = "Plans that the guard objected to.";
        self.counter("stagedoor_guard_trips_total", help, &[], |family| {
            family.count(&[], counts.guard_trips);
        });
        let help = "From the end of a leaving profile's hold by the present map, or from its mark where nothing \
                    is held, to its deletion, as AWS accepted it.";
        self.histogram("stagedoor_revoke_duration_seconds", help, &[], |family| {
            family.durations(&[], &counts.revocations);
        });
        let help = "When a pass of this process last read the directory.";
        self.gauge("stagedoor_directory_last_success_timestamp_seconds", help, &[], |family| {
            if let Some(at) = counts.directory_read {
                family.time(&[], at);
            }
        });
        let help = "When a pass last failed to read the directory, if none succeeded since.";
        self.gauge("stagedoor_directory_last_failure_timestamp_seconds", help, &[], |family| {
            if let Some(at) = counts.directory_failed {
                family.time(&[], at);
            }
        });
    }

    /// What the last full pass of this process saw; nothing before the first.
    pub(super) fn overview(
        &mut self,
        overview: Option<&Overview>,
        places: &BTreeMap<DomainKey, (AccountId, Region)>,
    ) {
        let none = Overview::default();
        let (seen, is_there) = (overview.unwrap_or(&none), overview.is_some());
        let help = "When the domain was last read in full.";
        let name = "stagedoor_sync_last_success_timestamp_seconds";
        self.gauge(name, help, &["account", "domain"], |family| {
            // One that the map no longer has is read by nobody, and would grow old for ever.
            for (domain, at) in &seen.read_at {
                if let Some((account, _)) = places.get(domain) {
                    family.time(&[account.as_str(), domain.as_str()], *at);
                }
            }
        });
        let help = "1 if every domain of the account could be read, else 0.";
        self.gauge("stagedoor_spoke_up", help, &["account"], |family| {
            let mut up: BTreeMap<&str, bool> = BTreeMap::new();
            for (domain, readable) in &seen.readable {
                let (account, _) = place(places, domain);
                let all = up.entry(account).or_insert(true);
                *all = *all && *readable;
            }
            for (account, up) in up {
                family.count(&[account], up.into());
            }
        });
        let help =
            "Things in AWS, and groups of grants, that are not as the map says, by reason code.";
        self.gauge("stagedoor_drift_items", help, &["kind"], |family| {
            for (kind, number) in &seen.drift {
                family.count(&[kind], *number);
            }
        });
        let help = "Changes that the last full plan asked for, by what they do.";
        self.gauge("stagedoor_plan_changes", help, &["action"], |family| {
            for action in CHANGES.iter().filter(|_| is_there) {
                family.count(&[action], seen.changes.get(action).copied().unwrap_or_default());
            }
        });
        let help = "Profiles on their way out: held, or how far their removal is.";
        self.gauge("stagedoor_offboarding_stage", help, &["stage"], |family| {
            for stage in STAGES.iter().filter(|_| is_there) {
                family.count(&[stage], seen.leaving.get(stage).copied().unwrap_or_default());
            }
        });
        self.profiles(seen, places);
    }

    /// Profiles, how many there may be, and apps. A limit is the account's in its Region, whichever of its
    /// domains there it was read by.
    fn profiles(&mut self, seen: &Overview, places: &BTreeMap<DomainKey, (AccountId, Region)>) {
        let help = "Profiles of this installation.";
        let labels = &["account", "region", "domain", "team"];
        self.gauge("stagedoor_profiles", help, labels, |family| {
            for ((domain, team), number) in &seen.profiles {
                let (account, region) = place(places, domain);
                family.count(&[account, region, domain.as_str(), team.as_str()], *number);
            }
        });
        let help = "Profiles that the account has in the Region, whoever made them, also in domains that the \
                    map lacks.";
        self.gauge("stagedoor_profiles_used", help, &["account", "region"], |family| {
            for ((account, region), number) in &seen.used {
                family.count(&[account.as_str(), region.as_str()], *number);
            }
        });
        let help = "Profiles that the account may have in the Region, in all of its domains there, where AWS \
                    says so.";
        self.gauge("stagedoor_profiles_limit", help, &["account", "region"], |family| {
            let mut limits: BTreeMap<(&str, &str), u32> = BTreeMap::new();
            for (domain, limit) in &seen.limits {
                let least = limits.entry(place(places, domain)).or_insert(*limit);
                *least = (*least).min(*limit);
            }
            for ((account, region), limit) in limits {
                family.count(&[account, region], limit.into());
            }
        });
        let help = "Apps that run in profiles of this installation.";
        self.gauge("stagedoor_apps_running", help, &["team", "instance_type"], |family| {
            for ((team, kind), number) in &seen.apps {
                family.count(&[team.as_str(), kind], *number);
            }
        });
    }

    /// The store, and what it says of all replicas.
    pub(super) fn work(&mut self, status: Option<&LoopStatus>, now: Timestamp) {
        let help = "1 if the store can be read, else 0.";
        self.gauge("stagedoor_store_up", help, &[], |family| {
            family.count(&[], status.is_some().into());
        });
        let help = "People to read again, and everything as one: due, leased to a pass, or due \
                    later.";
        self.gauge("stagedoor_queue_items", help, &["state"], |family| {
            if let Some(queue) = status.map(|status| &status.queue) {
                family.count(&["due"], queue.due);
                family.count(&["leased"], queue.leased);
                family.count(&["later"], queue.later);
            }
        });
        let since = |at: Timestamp| u64::try_from(now.duration_since(at).as_secs()).unwrap_or(0);
        let help = "How long the oldest unsettled item of the queue has waited.";
        self.gauge("stagedoor_queue_oldest_age_seconds", help, &[], |family| {
            if let Some(status) = status {
                family.count(&[], status.queue.oldest.map_or(0, since));
            }
        });
        let help = "When some replica last read everything and planned, whatever could be carried out \
                    of it.";
        self.gauge("stagedoor_full_pass_last_success_timestamp_seconds", help, &[], |family| {
            if let Some(at) = status.and_then(|status| status.queue.last_full) {
                family.time(&[], at);
            }
        });
        let help = "1 if somebody has said that nothing may be changed, else 0.";
        self.gauge("stagedoor_frozen", help, &[], |family| {
            if let Some(status) = status {
                family.count(&[], status.frozen.is_some().into());
            }
        });
        let help = "1 if this process changes nothing on principle, else 0.";
        self.gauge("stagedoor_observe_only", help, &[], |family| {
            if let Some(status) = status {
                family.count(&[], status.observe_only.into());
            }
        });
        let help = "Break-glass grants in force.";
        self.gauge("stagedoor_emergencies_open", help, &[], |family| {
            if let Some(status) = status {
                family.count(&[], status.emergencies);
            }
        });
    }
}

/// Account and Region of a domain; `unknown` for one that the map no longer has.
fn place<'p>(
    places: &'p BTreeMap<DomainKey, (AccountId, Region)>,
    domain: &DomainKey,
) -> (&'p str, &'p str) {
    let found = places.get(domain);
    found.map_or(("unknown", "unknown"), |(account, region)| (account.as_str(), region.as_str()))
}
