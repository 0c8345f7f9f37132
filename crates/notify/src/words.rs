//! A message as text, for either way.

use access::map::Topic;
use control::notify::{Message, Phase};
use std::fmt::Write as _;

/// The word for programs.
pub(crate) fn topic(message: &Message) -> &'static str {
    message.topic.map_or("test", Topic::as_str)
}

/// The whole message as plain text.
pub(crate) fn plain(message: &Message) -> String {
    let mut out = format!("{}.\n\n{}\n", message.subject(), message.text);
    if !message.remedy.is_empty() {
        let _ = writeln!(out, "\nWhat to do: {}", message.remedy);
    }
    if let Some(link) = &message.link {
        let _ = writeln!(out, "\n{link}");
    }
    let _ = write!(
        out,
        "\n-- \nStagedoor, installation {}: {} {}, since {}.\n",
        message.instance,
        topic(message),
        message.phase.as_str(),
        message.since.strftime("%-d %b %Y, %H:%M UTC"),
    );
    out
}

/// A colour that chat programs draw beside it.
pub(crate) fn colour(message: &Message) -> &'static str {
    match message.phase {
        Phase::Begins | Phase::GoesOn => "#b3261e",
        Phase::Over => "#2c6a45",
        Phase::Test => "#695a51",
    }
}

/// Without what would end a line or play with one: names of strangers stand in messages.
pub(crate) fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
