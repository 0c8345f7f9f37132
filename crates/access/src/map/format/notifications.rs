//! The forms of what the map says of notifications.

use super::{Complaint, Format, duration_seconds, when};
use crate::ids::is_slug;

pub(in crate::map) static CHANNEL_KEY: Format = Format {
    expected: "a name of lower-case letters, digits and hyphens (1 to 40 characters)",
    pattern: Some("^[a-z0-9]+(-[a-z0-9]+)*$"),
    length: Some((1, 40)),
    example: "ops",
    check: |text| when(is_slug(text)),
};

pub(in crate::map) static SECRET_REFERENCE: Format = Format {
    expected: "where a secret is kept: `secretsmanager:NAME`, `secretsmanager:NAME#KEY`, \
               `ssm:NAME`, `env:NAME` or `file:PATH`",
    pattern: Some("^(secretsmanager|ssm|env|file):."),
    length: Some((5, 2048)),
    example: "secretsmanager:stagedoor/ops-webhook",
    check: |text| {
        if text.contains("://") {
            return Err(Complaint::form()
                .with_message("this is an address, and not where one is kept")
                .with_help(
                    "the map is no place for secrets: put the address into Secrets Manager, \
                     Parameter Store, the environment or a file",
                ));
        }
        let kinds = ["secretsmanager:", "ssm:", "env:", "file:"];
        let named = kinds.iter().find_map(|kind| text.strip_prefix(kind));
        let plain = |name: &str| {
            !name.is_empty()
                && !name.starts_with('#')
                && !name.ends_with('#')
                && !name.chars().any(char::is_control)
        };
        when(named.is_some_and(plain))
    },
};

pub(in crate::map) static MAIL_ADDRESS: Format = Format {
    expected: "an e-mail address",
    pattern: Some("^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9][A-Za-z0-9.-]*$"),
    length: Some((3, 254)),
    example: "platform@example.com",
    check: |text| {
        // What HTML takes for an address: no quotes, no comments.
        let of_name = |c: char| c.is_ascii_alphanumeric() || ".!#$%&'*+/=?^_`{|}~-".contains(c);
        let of_host = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
        when(text.split_once('@').is_some_and(|(name, host)| {
            !name.is_empty()
                && name.chars().all(of_name)
                && host.starts_with(|c: char| c.is_ascii_alphanumeric())
                && host.chars().all(of_host)
        }))
    },
};

pub(in crate::map) static MAIL_SERVER: Format = Format {
    expected: "an SMTP server as HOST:PORT",
    pattern: Some("^[A-Za-z0-9.-]+:[0-9]{1,5}$"),
    length: Some((3, 260)),
    example: "smtp.example.com:587",
    check: |text| {
        when(text.rsplit_once(':').is_some_and(|(host, port)| {
            !host.is_empty()
                && host.chars().all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '-')
                && port.parse::<u16>().is_ok_and(|port| port > 0)
        }))
    },
};

pub(in crate::map) static MAIL_USER: Format = Format {
    expected: "a user name (1 to 256 characters)",
    pattern: None,
    length: Some((1, 256)),
    example: "stagedoor",
    check: |text| when(!text.chars().any(char::is_control)),
};

pub(in crate::map) static REMIND: Format = Format {
    expected: "a duration from 1h to 30d",
    pattern: Some("^[0-9]+(s|m|h|d)$"),
    length: None,
    example: "24h",
    check: |text| {
        when(duration_seconds(text).is_some_and(|seconds| (3_600..=2_592_000).contains(&seconds)))
    },
};
