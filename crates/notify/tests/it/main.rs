//! Both ways against servers on this machine.

#[cfg(test)]
mod mail;
#[cfg(test)]
mod servers;
#[cfg(test)]
mod webhook;

#[cfg(test)]
use access::map::Topic;
#[cfg(test)]
use control::notify::{Message, Phase};

/// A message with what strangers like to put into names.
#[cfg(test)]
fn message() -> Message {
    Message {
        topic: Some(Topic::OffboardingStuck),
        phase: Phase::Begins,
        instance: "demo".to_owned(),
        headline: "The offboarding of <!channel>\r\nBcc: all@example.com is stuck".to_owned(),
        text: "Zoë & <bob> own a space.".to_owned(),
        remedy: "Look at it.".to_owned(),
        since: "2026-11-21T10:00:00Z".parse().unwrap(),
        at: "2026-11-21T12:00:00Z".parse().unwrap(),
        link: Some("https://door.example/admin/offboarding".to_owned()),
    }
}
