//! What goes on that needs a person. Pure.

use crate::audit::AuditWatched;
use crate::desk::Reading;
use crate::directory::{PushToken, Pushing};
use crate::door::{KeyStatus, TrustStatus};
use crate::meter::{LoopStatus, MirrorSeen, PassOutcome};
use access::check::Violation;
use access::map::{AccessMap, Topic};
use access::observed::{Observed, Ownership, ProfileStatus};
use access::plan::Plan;
use access::reason::ReasonCode;
use access::snapshot::Snapshot;
use access::temporary::{TemporaryGrant, TemporaryKind};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// So many days before an end people are warned: time to plan a roll-over with another team.
pub const WARNING_DAYS: i64 = 30;

/// There is a full pass every quarter of an hour. After so many hours without one people are warned.
pub const WARNING_HOURS: i64 = 2;

/// A checkpoint of the audit log is made every hour. After so many hours without one people are warned, and so
/// they are of a log that cannot be verified.
const UNWATCHED_HOURS: i64 = 6;

/// A profile that left so long after its hold was over is stuck: deleting apps takes twenty minutes.
const STUCK_AFTER: SignedDuration = SignedDuration::from_hours(6);

/// Something that goes on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Condition {
    /// What it is about.
    pub topic: Topic,
    /// Which one: the same text as long as it is the same thing.
    pub subject: String,
    /// One line: what happens.
    pub headline: String,
    /// More, in sentences.
    pub text: String,
    /// What to do.
    pub remedy: String,
    /// The page of the admin screens, from the root.
    pub page: &'static str,
}

/// What is known. What is absent was not looked at, and nothing is said of it: neither that it goes
/// on nor that it is over.
#[derive(Debug, Clone, Copy, Default)]
pub struct Facts<'a> {
    /// The last full reading.
    pub reading: Option<Seen<'a>>,
    /// Access for a time as it is now: of an emergency people hear before the next full pass.
    pub temporary: Option<&'a [TemporaryGrant]>,
    /// Identity providers and our own keys.
    pub trust: Option<(&'a [TrustStatus], &'a [KeyStatus])>,
    /// Directories that are pushed.
    pub pushing: Option<&'a [Pushing]>,
    /// The loop.
    pub status: Option<&'a LoopStatus>,
    /// What a look at the audit log found wrong; `Some(None)`: nothing.
    pub audit: Option<Option<&'a str>>,
    /// What the last look at the audit log came to.
    pub watched: Option<&'a AuditWatched>,
    /// What the last run that mirrored groups came to.
    pub mirror: Option<&'a MirrorSeen>,
}

/// What was read, and what was planned from it.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// The map.
    pub map: &'a AccessMap,
    /// The directory.
    pub snapshot: &'a Snapshot,
    /// Studio.
    pub observed: &'a Observed,
    /// What has to change.
    pub plan: &'a Plan,
    /// What speaks against carrying it out.
    pub violations: &'a [Violation],
}

impl<'a> From<&'a Reading> for Seen<'a> {
    fn from(reading: &'a Reading) -> Self {
        Self {
            map: &reading.map,
            snapshot: &reading.survey.snapshot,
            observed: &reading.survey.observed,
            plan: &reading.plan,
            violations: &reading.violations,
        }
    }
}

/// What goes on, and of which topics that could be told.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Judged {
    /// What goes on, in order.
    pub conditions: BTreeSet<Condition>,
    /// Topics of which nothing else goes on.
    pub known: BTreeSet<Topic>,
}

/// Works out what goes on.
pub fn conditions(facts: &Facts<'_>, now: Timestamp) -> Judged {
    let mut judged = Judged::default();
    if let Some(seen) = facts.reading {
        judged.known.extend([Topic::GuardRefused, Topic::OffboardingStuck]);
        judged.conditions.extend(guard(seen));
        judged.conditions.extend(stuck(seen, now));
    }
    if let Some(grants) = facts.temporary {
        judged.known.insert(Topic::BreakGlass);
        let open = |g: &&TemporaryGrant| g.kind == TemporaryKind::BreakGlass && g.is_in_force(now);
        let snapshot = facts.reading.map(|seen| seen.snapshot);
        let open = grants.iter().filter(open).map(|grant| broken_glass(grant, snapshot));
        judged.conditions.extend(open);
    }
    if let Some((trust, keys)) = facts.trust {
        judged.known.insert(Topic::CertificateExpiring);
        judged.conditions.extend(trust.iter().flat_map(|trust| of_provider(trust, now)));
        judged.conditions.extend(of_ours(keys, now));
    }
    if let Some(pushing) = facts.pushing {
        judged.known.insert(Topic::TokenEnding);
        judged.conditions.extend(pushing.iter().flat_map(|pushing| of_pushing(pushing, now)));
    }
    if let Some(status) = facts.status {
        judged.known.insert(Topic::SyncStale);
        judged.conditions.extend(stale(status, now));
    }
    if let Some(audit) = facts.audit {
        judged.known.insert(Topic::AuditBroken);
        judged.conditions.extend(audit.map(broken_log));
    }
    if let Some(watched) = facts.watched {
        judged.known.insert(Topic::AuditUnwatched);
        judged.conditions.extend(unwatched_log(watched, now));
    }
    if let Some(mirror) = facts.mirror {
        judged.known.insert(Topic::MirrorHeld);
        judged.conditions.extend(held_mirror(mirror, now));
    }
    judged
}

fn guard(seen: Seen<'_>) -> Option<Condition> {
    let tripped: Vec<&str> = seen
        .violations
        .iter()
        .filter(|violation| violation.code == ReasonCode::GuardTripped)
        .map(|violation| violation.message.as_str())
        .collect();
    if tripped.is_empty() {
        return None;
    }
    let removals = seen.plan.new_removals();
    let people =
        if removals == 1 { "1 profile".to_owned() } else { format!("{removals} profiles") };
    Some(Condition {
        topic: Topic::GuardRefused,
        subject: "plan".to_owned(),
        headline: format!("The guard holds a plan back that takes {people} away"),
        text: format!("{}. Nothing of it is taken away meanwhile.", tripped.join("; ")),
        remedy: "Look at the plan. If it is meant, approve it there, or run `stagedoor apply \
                 --allow-removals N`; if not, correct the groups or the map."
            .to_owned(),
        page: "/admin/plan",
    })
}

fn stuck(seen: Seen<'_>, now: Timestamp) -> impl Iterator<Item = Condition> {
    let Seen { map, observed, plan, .. } = seen;
    let hold = i64::try_from(map.offboarding.hold_seconds).unwrap_or(i64::MAX);
    let patience = SignedDuration::from_secs(hold).saturating_add(STUCK_AFTER);
    let profiles = observed
        .domains
        .iter()
        .flat_map(|(key, domain)| domain.profiles.values().map(move |profile| (key, profile)));
    profiles.filter_map(move |(key, profile)| {
        let Ownership::Ours { .. } = profile.ownership(&map.instance) else { return None };
        let since = profile.leaving_since()?;
        let kept = plan.kept.iter().find(|kept| {
            kept.domain == *key
                && kept.profile.as_ref().is_some_and(|name| name.folded() == profile.name.folded())
                && kept.reason.needs_admin()
        });
        let why = match kept {
            Some(kept) => kept.reason.meaning().to_owned(),
            None if profile.status == ProfileStatus::DeleteFailed => {
                "SageMaker failed to delete it".to_owned()
            }
            None if now.duration_since(since) > patience => {
                "it should long be gone, and something of it is still there".to_owned()
            }
            None => return None,
        };
        Some(Condition {
            topic: Topic::OffboardingStuck,
            subject: format!("{key}/{}", profile.name),
            headline: format!("The offboarding of {} in {key} is stuck", profile.name),
            text: format!("It began on {}. {why}.", since.strftime("%-d %b %Y, %H:%M UTC")),
            remedy: "Look at it under Offboarding; the page says what stands in the way."
                .to_owned(),
            page: "/admin/offboarding",
        })
    })
}

fn of_provider(trust: &TrustStatus, now: Timestamp) -> Vec<Condition> {
    let mut found = Vec::new();
    if let (None, Some(failure)) = (&trust.entity_id, &trust.last_failure) {
        found.push(Condition {
            topic: Topic::CertificateExpiring,
            subject: format!("idp/{}/metadata", trust.idp),
            headline: format!("Nobody can sign in with identity provider {}", trust.idp),
            text: format!("There is no metadata of it that can be used: {}.", failure.message),
            remedy:
                "Correct what the map says of it (`certificate_fingerprints`, `entity_id`, the \
                     address), or ask whoever runs the identity provider."
                    .to_owned(),
            page: "/admin/health",
        });
    }
    // During a roll-over the old certificate ends while the new one is there: the last end counts.
    let ends: Option<Vec<Timestamp>> = trust.keys.iter().map(|key| key.not_after).collect();
    let last = ends.and_then(|ends| ends.into_iter().max());
    if let Some(end) = last.filter(|end| is_near(*end, now)) {
        found.push(ending(
            &format!("idp/{}/certificate", trust.idp),
            &format!("The signing certificate of identity provider {}", trust.idp),
            end,
            now,
            "Ask whoever runs the identity provider for metadata with the next certificate.",
        ));
    }
    // What is fetched again before it ends may be short-lived by design.
    let renews = trust.refresh_seconds.is_some() && trust.last_failure.is_none();
    let valid = trust.valid_until.filter(|end| is_near(*end, now) && (!renews || *end <= now));
    if let Some(end) = valid {
        found.push(ending(
            &format!("idp/{}/metadata", trust.idp),
            &format!("The metadata of identity provider {}", trust.idp),
            end,
            now,
            "Renew the metadata; after its end nobody can sign in with this provider.",
        ));
    }
    found
}

fn of_ours(keys: &[KeyStatus], now: Timestamp) -> Option<Condition> {
    // Identity providers look at the first, which signs.
    let end = keys.first()?.not_after.filter(|end| is_near(*end, now))?;
    Some(ending(
        "own/certificate",
        "Stagedoor's own certificate",
        end,
        now,
        "Make another key with `stagedoor saml key new`, give the identity providers the new \
         metadata, then let the old key go.",
    ))
}

/// Which of its tokens an identity provider has nobody knows, so each is told of that ends.
fn of_pushing(pushing: &Pushing, now: Timestamp) -> Vec<Condition> {
    let Pushing { directory, tokens, .. } = pushing;
    let condition = |subject, headline, text| Condition {
        topic: Topic::TokenEnding,
        subject,
        headline,
        text,
        remedy:
            "Make a token with `stagedoor token create`, enter it at the identity provider, and \
                 revoke the one that ends with `stagedoor token revoke`."
                .to_owned(),
        page: "/admin/health",
    };
    if tokens.is_empty() {
        let headline = format!("Nobody can push people to directory {directory}");
        let text = "There is no token for it. People who leave keep what they have.".to_owned();
        return vec![condition(format!("directory/{directory}"), headline, text)];
    }
    let near = tokens.iter().filter(|token| is_near(token.until, now));
    let told = near.map(|PushToken { name, until }| {
        let day = until.strftime("%-d %b %Y");
        let what = format!("SCIM token {name} of directory {directory}");
        let (headline, since) = if *until <= now {
            (format!("{what} ended on {day}"), "Since then")
        } else {
            (format!("{what} ends on {day}"), "From then on")
        };
        let text = format!(
            "Its end is {until}. {since} whoever pushes with it is refused, and people who leave keep \
             what they have."
        );
        condition(format!("directory/{directory}/token/{name}"), headline, text)
    });
    told.collect()
}

fn ending(subject: &str, what: &str, end: Timestamp, now: Timestamp, remedy: &str) -> Condition {
    let day = end.strftime("%-d %b %Y");
    let headline =
        if end <= now { format!("{what} ended on {day}") } else { format!("{what} ends on {day}") };
    Condition {
        topic: Topic::CertificateExpiring,
        subject: subject.to_owned(),
        headline,
        text: format!("Its end is {end}."),
        remedy: remedy.to_owned(),
        page: "/admin/health",
    }
}

fn is_near(end: Timestamp, now: Timestamp) -> bool {
    end.duration_since(now) <= SignedDuration::from_hours(24 * WARNING_DAYS)
}

fn stale(status: &LoopStatus, now: Timestamp) -> Option<Condition> {
    let since = status.queue.read_or_waiting_since()?;
    if now.duration_since(since) <= SignedDuration::from_hours(WARNING_HOURS) {
        return None;
    }
    let time = since.strftime("%-d %b %Y, %H:%M UTC");
    let text = match status.queue.last_full {
        Some(_) => format!("The last full pass ended on {time}."),
        None => format!("There was no full pass yet, though one has been wanted since {time}."),
    };
    Some(Condition {
        topic: Topic::SyncStale,
        subject: "full-pass".to_owned(),
        headline: format!("Nothing was read in full for more than {WARNING_HOURS} hours"),
        text: format!("{text} Leavers whose event was lost keep what they have."),
        remedy: "Run `stagedoor doctor`, and look into the log for what cannot be read.".to_owned(),
        page: "/admin/health",
    })
}

fn broken_glass(grant: &TemporaryGrant, snapshot: Option<&Snapshot>) -> Condition {
    let known = snapshot.and_then(|snapshot| snapshot.people.get(&grant.person));
    let known = known.map(|person| person.display_name.clone());
    let who = known
        .filter(|name| !name.is_empty())
        .or_else(|| grant.user_name.clone())
        .unwrap_or_else(|| grant.person.to_string());
    Condition {
        topic: Topic::BreakGlass,
        subject: grant.id.to_string(),
        headline: format!("{who} has team {} by break-glass", grant.team),
        text: format!(
            "It ends by itself on {}. Reason given: {}",
            grant.end().strftime("%-d %b %Y, %H:%M UTC"),
            grant.reason
        ),
        remedy: "If nobody knows of an emergency, end it under Requests and find out who it was."
            .to_owned(),
        page: "/admin/requests",
    }
}

/// What the guard holds back is told at once, what fails only if it does so for long.
fn held_mirror(seen: &MirrorSeen, now: Timestamp) -> Option<Condition> {
    let patience = SignedDuration::from_hours(WARNING_HOURS);
    let is_long = seen.unsettled_since.is_some_and(|since| now.duration_since(since) > patience);
    let (headline, text, remedy, page) = match seen.outcome {
        PassOutcome::Refused => (
            "The guard holds back what mirroring would take away".to_owned(),
            format!("{}. Whatever gives is mirrored all the same.", seen.refused.join("; ")),
            "Look at the plan. If it is meant, approve it there, or run `stagedoor directory mirror \
             --approve N`; if not, correct the groups or the map.",
            "/admin/plan",
        ),
        PassOutcome::Failed | PassOutcome::Panicked if is_long => (
            format!("Groups could not be mirrored in full for more than {WARNING_HOURS} hours"),
            match &seen.failed {
                Some(first) => format!("{first}."),
                None => "The log says what failed.".to_owned(),
            },
            "Run `stagedoor doctor`, and `stagedoor directory mirror --dry-run`.",
            "/admin/health",
        ),
        _ => return None,
    };
    Some(Condition {
        topic: Topic::MirrorHeld,
        subject: "mirror".to_owned(),
        headline,
        text,
        remedy: remedy.to_owned(),
        page,
    })
}

fn broken_log(why: &str) -> Condition {
    Condition {
        topic: Topic::AuditBroken,
        subject: "chain".to_owned(),
        headline: "The audit log is not as it was written".to_owned(),
        text: format!("{why}."),
        remedy:
            "Run `stagedoor audit verify`, and hold the log against the last checkpoint that was \
                 written elsewhere."
                .to_owned(),
        page: "/admin/audit",
    }
}

fn unwatched_log(watched: &AuditWatched, now: Timestamp) -> Vec<Condition> {
    let patience = SignedDuration::from_hours(UNWATCHED_HOURS);
    let of = |subject: &str, since: Option<Timestamp>, what: &str, text: &str| {
        let since = since.filter(|since| now.duration_since(*since) > patience)?;
        let why = watched.failed.as_ref().map(|why| format!(" What failed last: {why}."));
        Some(Condition {
            topic: Topic::AuditUnwatched,
            subject: subject.to_owned(),
            headline: format!("{what} for more than {UNWATCHED_HOURS} hours"),
            text: format!(
                "It began on {}.{} {text}",
                since.strftime("%-d %b %Y, %H:%M UTC"),
                why.unwrap_or_default()
            ),
            remedy:
                "Look who took the right to it away. `stagedoor audit verify` and `stagedoor audit \
                     checkpoint` try it at once."
                    .to_owned(),
            page: "/admin/audit",
        })
    };
    let unverified = of(
        "verification",
        watched.unverified_since,
        "The audit log could not be verified",
        "Nobody would see that something in it was changed.",
    );
    let unanchored = of(
        "checkpoints",
        watched.unanchored_since,
        "No checkpoint of the audit log could be made",
        "What was written since could be cut off without trace.",
    );
    unverified.into_iter().chain(unanchored).collect()
}

#[cfg(test)]
mod tests;
