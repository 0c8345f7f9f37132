//! The shape of who is told what.

use super::super::format;
use super::Presence::{Default, Required};
use super::{Choice, Optional, Record, Rule, Shape, Together, field};
use crate::map::{Encryption, Topic};

pub(super) static NOTIFICATIONS: Record = Record {
    title: "Notifications",
    rule: Rule::EachField,
    fields: &[
        field(
            "webhooks",
            Default("{}"),
            &Shape::Table {
                key: &format::CHANNEL_KEY,
                value: &Shape::Record(&WEBHOOK),
                most: Some(16),
            },
            "Chat rooms and programs that are told by HTTP POST, in the JSON that Slack takes.",
        ),
        field(
            "mail",
            Default("{}"),
            &Shape::Table {
                key: &format::CHANNEL_KEY,
                value: &Shape::Record(&MAIL),
                most: Some(16),
            },
            "People who are told by e-mail.",
        ),
        field(
            "remind",
            Default("24h"),
            &Shape::Text(&format::REMIND),
            "How often something that goes on is told again.",
        ),
    ],
};

static WEBHOOK: Record = Record {
    title: "Webhook",
    rule: Rule::EachField,
    fields: &[
        field(
            "url_from",
            Required,
            &Shape::Text(&format::SECRET_REFERENCE),
            "Where the webhook's address is kept. Whoever knows it can write there, so it is a \
             secret and does not stand in the map.",
        ),
        field(
            "sign_with",
            Optional,
            &Shape::Text(&format::SECRET_REFERENCE),
            "Where a key is kept with which each message is signed (HMAC-SHA-256, in \
             `Stagedoor-Signature`). Absent: they are not.",
        ),
        field("about", Optional, &TOPICS, "What is told; absent: everything."),
    ],
};

static MAIL: Record = Record {
    title: "Mail",
    rule: Rule::Together(&[
        Together::OnlyWith("user", "password_from"),
        Together::OnlyWith("password_from", "user"),
    ]),
    fields: &[
        field("to", Required, &Shape::List(&Shape::Text(&format::MAIL_ADDRESS)), "Who gets it."),
        field("from", Required, &Shape::Text(&format::MAIL_ADDRESS), "Who it is from."),
        field(
            "server",
            Required,
            &Shape::Text(&format::MAIL_SERVER),
            "The SMTP server that takes it.",
        ),
        field(
            "encryption",
            Default("starttls"),
            &Shape::Choice(Choice {
                names: || Encryption::ALL.iter().map(|(name, _)| *name).collect(),
                unsupported: &[],
            }),
            "`starttls`, as on port 587; `tls` from the first byte, as on port 465; `none` to a \
             loopback address only.",
        ),
        field("user", Optional, &Shape::Text(&format::MAIL_USER), "As whom to log in there."),
        field(
            "password_from",
            Optional,
            &Shape::Text(&format::SECRET_REFERENCE),
            "Where the password is kept.",
        ),
        field("about", Optional, &TOPICS, "What is told; absent: everything."),
    ],
};

static TOPICS: Shape = Shape::List(&Shape::Choice(Choice {
    names: || Topic::ALL.iter().map(|topic| topic.as_str()).collect(),
    unsupported: &[],
}));
