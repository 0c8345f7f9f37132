//! Who tells it, and when again.

use super::{Channel, Condition, Judged, Message, Phase};
use crate::ports::{Notice, Notices, StoreError};
use access::map::Topic;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// For so long a replica may be at one message; then another one may try.
const LEASE: SignedDuration = SignedDuration::from_mins(2);

/// A channel has this long for one message.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The first pause after a failure; it doubles with each.
const PAUSE: SignedDuration = SignedDuration::from_mins(1);

/// The longest pause after failures.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(1);

/// The most messages of one look to one channel: a hundred stuck offboardings are no hundred mails at once.
const MOST_AT_ONCE: usize = 20;

/// Between a channel's name and what it is told of, in keys of the store. No name holds it.
const SEPARATOR: char = '|';

/// Ways to people by name (`webhook/ops`), each with what it is told of.
pub type Channels = BTreeMap<String, (Arc<dyn Channel>, BTreeSet<Topic>)>;

/// Channels that cannot be used, by name, each with what it is told of.
pub type Unusable = BTreeMap<String, BTreeSet<Topic>>;

/// Tells people what goes on.
#[derive(Debug)]
pub struct Notifier<'a> {
    /// What was told.
    pub notices: &'a dyn Notices,
    /// Whom to tell.
    pub channels: &'a Channels,
    /// Whom the map names and nobody can tell just now, such as for a secret that cannot be read: what
    /// they were told stays told.
    pub unusable: &'a Unusable,
    /// The installation.
    pub instance: &'a str,
    /// The address of this installation without a slash at its end, for links.
    pub address: Option<&'a str>,
    /// How often what goes on is told again.
    pub remind: SignedDuration,
}

/// What came of one look.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Round {
    /// Messages that arrived.
    pub told: usize,
    /// Channels that could not be reached, and why.
    pub failed: BTreeMap<String, String>,
}

/// Something to tell a channel.
struct Due<'c> {
    key: String,
    channel: &'c str,
    before: Option<Notice>,
    phase: Phase,
    condition: Option<&'c Condition>,
}

impl Notifier<'_> {
    /// Tells what is new, what goes on for long and what is over. What cannot be told now is left to
    /// a later look.
    ///
    /// # Errors
    /// The store cannot be used; what was told before stays told.
    pub async fn look(&self, judged: &Judged, now: Timestamp) -> Result<Round, StoreError> {
        let known = self.notices.notices().await?;
        let mut round = Round::default();
        let mut tried: BTreeMap<&str, usize> = BTreeMap::new();
        for due in self.due(judged, &known, now) {
            // Whoever cannot be reached is not tried again for each thing there is to tell, and keeps
            // nobody else from hearing.
            let tried = tried.entry(due.channel).or_default();
            if *tried == MOST_AT_ONCE || round.failed.contains_key(due.channel) {
                continue;
            }
            *tried += 1;
            if let Some(why) = self.tell(&due, now, &mut round).await? {
                tracing::warn!(channel = due.channel, code = "not-notified", "{why}");
                round.failed.insert(due.channel.to_owned(), why);
            }
        }
        self.forget(&known).await?;
        Ok(round)
    }

    fn due<'c>(
        &'c self,
        judged: &'c Judged,
        known: &BTreeMap<String, Notice>,
        now: Timestamp,
    ) -> Vec<Due<'c>> {
        let mut due = Vec::new();
        let mut going_on = BTreeSet::new();
        for (channel, (_, about)) in self.channels {
            for condition in judged.conditions.iter().filter(|c| about.contains(&c.topic)) {
                let key = key(channel, condition.topic, &condition.subject);
                let before = known.get(&key).cloned();
                let phase = match &before {
                    Some(notice) if notice.busy_until > now => None,
                    Some(Notice { told: Some(told), .. }) => {
                        let again = told.checked_add(self.remind).unwrap_or(Timestamp::MAX);
                        (again <= now).then_some(Phase::GoesOn)
                    }
                    Some(_) | None => Some(Phase::Begins),
                };
                if let Some(phase) = phase {
                    let condition = Some(condition);
                    due.push(Due { key: key.clone(), channel, before, phase, condition });
                }
                going_on.insert(key);
            }
        }
        for (key, notice) in known {
            let Some((channel, topic)) = parts(key) else { continue };
            let Some((channel, (_, about))) = self.channels.get_key_value(channel) else {
                continue;
            };
            let is_over =
                judged.known.contains(&topic) && about.contains(&topic) && !going_on.contains(key);
            if is_over && notice.busy_until <= now {
                let before = Some(notice.clone());
                let key = key.clone();
                due.push(Due { key, channel, before, phase: Phase::Over, condition: None });
            }
        }
        due
    }

    /// Tells one thing, if no other replica is at it. Why it did not arrive, if so.
    async fn tell(
        &self,
        due: &Due<'_>,
        now: Timestamp,
        round: &mut Round,
    ) -> Result<Option<String>, StoreError> {
        let headline = due.condition.map(|condition| condition.headline.clone());
        let before = due.before.clone();
        let fresh = Notice {
            headline: headline.clone().unwrap_or_default(),
            since: now,
            told: None,
            busy_until: now,
            failures: 0,
        };
        let notice = Notice { busy_until: later(now, LEASE), ..before.clone().unwrap_or(fresh) };
        let notice = Notice { headline: headline.unwrap_or(notice.headline.clone()), ..notice };
        // Its end was never worth a word if nobody heard of its beginning.
        if due.phase == Phase::Over && notice.told.is_none() {
            self.notices.replace_notice(&due.key, before.as_ref(), None).await?;
            return Ok(None);
        }
        if !self.notices.replace_notice(&due.key, before.as_ref(), Some(&notice)).await? {
            return Ok(None);
        }
        let Some((channel, _)) = self.channels.get(due.channel) else { return Ok(None) };
        let message = self.message(due, &notice, now);
        let told = tokio::time::timeout(TIMEOUT, channel.tell(&message)).await;
        let failed = match told {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some(format!("no answer within {} seconds", TIMEOUT.as_secs())),
        };
        let after = match (&failed, due.phase) {
            (None, Phase::Over) => None,
            (None, _) => {
                Some(Notice { told: Some(now), busy_until: now, failures: 0, ..notice.clone() })
            }
            (Some(_), _) => {
                let failures = notice.failures.saturating_add(1);
                Some(Notice { busy_until: later(now, pause(failures)), failures, ..notice.clone() })
            }
        };
        self.notices.replace_notice(&due.key, Some(&notice), after.as_ref()).await?;
        round.told += usize::from(failed.is_none());
        Ok(failed)
    }

    fn message(&self, due: &Due<'_>, notice: &Notice, now: Timestamp) -> Message {
        let topic = parts(&due.key).map(|(_, topic)| topic);
        let (text, remedy, page) = match due.condition {
            Some(condition) => (condition.text.clone(), condition.remedy.clone(), condition.page),
            None => ("Nothing is left to do about it.".to_owned(), String::new(), "/admin"),
        };
        Message {
            topic,
            phase: due.phase,
            instance: self.instance.to_owned(),
            headline: notice.headline.clone(),
            text,
            remedy,
            since: notice.since,
            at: now,
            link: self.address.map(|address| format!("{address}{page}")),
        }
    }

    /// Forgets what was told to channels that there are no more, or that are told other things.
    async fn forget(&self, known: &BTreeMap<String, Notice>) -> Result<(), StoreError> {
        for (key, notice) in known {
            let still = parts(key).is_some_and(|(channel, topic)| {
                let about = self.channels.get(channel).map(|(_, about)| about);
                about.or(self.unusable.get(channel)).is_some_and(|about| about.contains(&topic))
            });
            if !still {
                self.notices.replace_notice(key, Some(notice), None).await?;
            }
        }
        Ok(())
    }
}

fn key(channel: &str, topic: Topic, subject: &str) -> String {
    format!("{channel}{SEPARATOR}{topic}{SEPARATOR}{subject}")
}

/// The channel and the topic of a key.
fn parts(key: &str) -> Option<(&str, Topic)> {
    let mut parts = key.splitn(3, SEPARATOR);
    let channel = parts.next()?;
    Some((channel, Topic::parse(parts.next()?)?))
}

fn pause(failures: u32) -> SignedDuration {
    let doubled = 1_i32.checked_shl(failures.saturating_sub(1).min(30)).unwrap_or(i32::MAX);
    PAUSE.checked_mul(doubled).unwrap_or(LONGEST_PAUSE).min(LONGEST_PAUSE)
}

fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
