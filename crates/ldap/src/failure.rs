//! What went wrong, in words that say what to do. Nothing of it holds a password.

use control::ports::{CallError, FailureKind};
use ldap3::{LdapError, LdapResult};

/// The service, as errors name it.
pub(crate) const SERVICE: &str = "ldap";

/// The longest text of a server that is passed on, in characters.
const LONGEST_TEXT: usize = 300;

/// What was being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Connect,
    Bind,
    Search,
}

impl Operation {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Bind => "bind",
            Self::Search => "search",
        }
    }
}

pub(crate) fn error(
    operation: Operation,
    kind: FailureKind,
    message: impl Into<String>,
) -> CallError {
    let (operation, message) = (operation.as_str(), message.into());
    CallError { service: SERVICE, operation, kind, aws_code: None, message }
}

/// The server's answer makes no sense.
pub(crate) fn unreadable(operation: Operation, message: impl Into<String>) -> CallError {
    error(operation, FailureKind::Service, message)
}

/// Not all was read, so nothing counts as read.
pub(crate) fn partial(message: impl Into<String>) -> CallError {
    error(Operation::Search, FailureKind::Partial, message)
}

/// Whether another server may do what this one could not. A refused password is not tried at the
/// next one: that would lock the account.
pub(crate) fn is_of_this_server(error: &CallError) -> bool {
    matches!(error.kind, FailureKind::Unreachable | FailureKind::Throttled)
}

/// An error of the library.
pub(crate) fn of_library(operation: Operation, error: &LdapError) -> CallError {
    let lost = |what: &str| {
        let message = match operation {
            Operation::Search => {
                format!("{what} before the answer was whole, so nothing of it counts as read")
            }
            Operation::Connect | Operation::Bind => what.to_owned(),
        };
        self::error(operation, FailureKind::Unreachable, message)
    };
    match error {
        LdapError::LdapResult { result } => of_result(operation, result),
        LdapError::Timeout { .. } => lost("no answer came in time"),
        LdapError::Io { source } => match source.get_ref() {
            Some(inner) if inner.is::<rustls::Error>() => certificate(&inner.to_string()),
            _ => lost(&format!("the connection failed ({source})")),
        },
        LdapError::Rustls { source } => certificate(&source.to_string()),
        LdapError::DNSName { .. } => {
            certificate("the host of the URL is no name that a certificate can have")
        }
        LdapError::FilterParsing => {
            self::error(operation, FailureKind::Rejected, "the filter cannot be read")
        }
        LdapError::EndOfStream
        | LdapError::OpSend { .. }
        | LdapError::ResultRecv { .. }
        | LdapError::IdScrubSend { .. } => lost("the connection was lost"),
        other => self::error(operation, FailureKind::Rejected, shown(&other.to_string())),
    }
}

/// Another server with a good certificate may answer, and what this one says is never believed.
fn certificate(why: &str) -> CallError {
    let message = format!(
        "the server is not trusted: {}. Check that the URL names the server as its certificate \
         does, and that `ca_file` holds the authority that issued it",
        shown(why)
    );
    error(Operation::Connect, FailureKind::Unreachable, message)
}

/// A result that is no success.
pub(crate) fn of_result(operation: Operation, result: &LdapResult) -> CallError {
    let (name, kind, advice) = meaning(result);
    let said = shown(&result.text);
    let said = if said.is_empty() { String::new() } else { format!("the server says `{said}`: ") };
    let referred = match result.refs.first() {
        Some(other) => format!(" (it names `{}`)", shown(other)),
        None => String::new(),
    };
    CallError {
        aws_code: Some(name.to_owned()),
        ..error(operation, kind, format!("{said}{advice}{referred}"))
    }
}

/// A reference to another server in the midst of an answer.
pub(crate) fn referred() -> CallError {
    CallError {
        aws_code: Some("searchResultReference".to_owned()),
        ..partial(
            "a part of the tree is kept by another server, and references are not followed, so \
             nothing counts as read: choose a `base_dn` below which this server keeps everything, or \
             name the other server as a directory of its own",
        )
    }
}

/// The name of a result (RFC 4511, appendix A), what kind of failure it is, and what to do.
fn meaning(result: &LdapResult) -> (&'static str, FailureKind, &'static str) {
    const MORE: &str = "the server stopped half-way, so nothing counts as read: raise its limit for \
                        the account that Stagedoor binds as";
    match result.rc {
        1 if result.text.contains("successful bind") => {
            ("operationsError", FailureKind::Credentials, "it wants a bind: name `bind_dn`")
        }
        1 => ("operationsError", FailureKind::Service, "the server failed"),
        2 => ("protocolError", FailureKind::Rejected, "the server does not take the request"),
        3 => ("timeLimitExceeded", FailureKind::Partial, MORE),
        4 => ("sizeLimitExceeded", FailureKind::Partial, MORE),
        7 => (
            "authMethodNotSupported",
            FailureKind::Credentials,
            "the server does not let anybody in that way: check `bind_dn` and the client certificate",
        ),
        8 => (
            "strongerAuthRequired",
            FailureKind::Credentials,
            "the server wants the connection encrypted: use `ldaps://` or `start_tls: true`",
        ),
        10 => (
            "referral",
            FailureKind::Partial,
            "another server keeps it, and referrals are not followed: name that server, or another \
             `base_dn`",
        ),
        11 => ("adminLimitExceeded", FailureKind::Partial, MORE),
        12 => (
            "unavailableCriticalExtension",
            FailureKind::Rejected,
            "the server lacks a control that it announced",
        ),
        13 => (
            "confidentialityRequired",
            FailureKind::Credentials,
            "the server wants the connection encrypted: use `ldaps://` or `start_tls: true`",
        ),
        16 | 17 => ("noSuchAttribute", FailureKind::Rejected, "check `attributes` in the map"),
        18 => ("inappropriateMatching", FailureKind::Rejected, "check the filters of the map"),
        32 => (
            "noSuchObject",
            FailureKind::NotFound,
            "there is no such entry, or the account may not see it: check `base_dn`",
        ),
        34 => ("invalidDNSyntax", FailureKind::Rejected, "check `base_dn` and `bind_dn`"),
        48 => (
            "inappropriateAuthentication",
            FailureKind::Credentials,
            "the account cannot be bound to by password",
        ),
        49 => ("invalidCredentials", FailureKind::Credentials, refused_bind(&result.text)),
        50 => (
            "insufficientAccessRights",
            FailureKind::AccessDenied,
            "let the account that Stagedoor binds as read people and groups below `base_dn`",
        ),
        51 => ("busy", FailureKind::Throttled, "the server is busy: it is asked again later"),
        52 => ("unavailable", FailureKind::Unreachable, "the server is going down or coming up"),
        53 => ("unwillingToPerform", FailureKind::Rejected, "the server refuses the request"),
        88 => (
            "userCancelled",
            FailureKind::Unreachable,
            "the connection was lost before the answer was whole, so nothing of it counts as read",
        ),
        _ => ("other", FailureKind::Rejected, "the server refused the request"),
    }
}

/// Active Directory says in a number why it let nobody in.
fn refused_bind(text: &str) -> &'static str {
    let code = text.split("data ").nth(1).and_then(|rest| rest.split(',').next());
    match code.map(str::trim) {
        Some("525") => "there is no such account: check `bind_dn`",
        Some("530" | "531") => "the account may not sign in at this time or from here",
        Some("532") => "the password of the account has expired: set a new one",
        Some("533") => "the account is disabled: enable it",
        Some("701") => "the account has expired: let it live longer",
        Some("773") => "the password of the account must be changed before its first use",
        Some("775") => "the account is locked: unlock it",
        _ => "the name or the password is wrong: check `bind_dn` and the secret it is bound with",
    }
}

/// A text of the server, short and in one line.
fn shown(text: &str) -> String {
    let plain = text.chars().map(|char| if char.is_control() { ' ' } else { char });
    let short: String = plain.take(LONGEST_TEXT).collect();
    short.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(rc: u32, text: &str) -> LdapResult {
        let (matched, text) = (String::new(), text.to_owned());
        LdapResult { rc, matched, text, refs: Vec::new(), ctrls: Vec::new() }
    }

    #[test]
    fn a_limit_of_the_server_is_a_partial_reading() {
        for (rc, name) in
            [(3, "timeLimitExceeded"), (4, "sizeLimitExceeded"), (11, "adminLimitExceeded")]
        {
            let error = of_result(Operation::Search, &result(rc, ""));
            assert_eq!((error.kind, error.aws_code.as_deref()), (FailureKind::Partial, Some(name)));
            assert!(!is_of_this_server(&error), "{rc}");
        }
        let mut referral = result(10, "");
        referral.refs = vec!["ldap://dc2.corp.example/DC=corp".to_owned()];
        assert_eq!(
            of_result(Operation::Search, &referral).to_string(),
            "ldap:search failed with referral: another server keeps it, and referrals are not \
             followed: name that server, or another `base_dn` (it names \
             `ldap://dc2.corp.example/DC=corp`) (directory-partial)"
        );
    }

    #[test]
    fn active_directory_says_why_a_bind_was_refused() {
        let text = |data: &str| {
            format!(
                "80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data {data}, v1db1\0"
            )
        };
        for (data, said) in [
            ("52e", "the name or the password is wrong"),
            ("533", "the account is disabled"),
            ("701", "the account has expired"),
            ("775", "the account is locked"),
        ] {
            let error = of_result(Operation::Bind, &result(49, &text(data)));
            assert_eq!(error.kind, FailureKind::Credentials);
            assert!(error.message.contains(said), "{}", error.message);
            // It is not tried at the next server.
            assert!(!is_of_this_server(&error));
        }
    }

    #[test]
    fn only_a_server_that_cannot_answer_is_left_for_another() {
        let error = of_result(Operation::Search, &result(52, "shutting down\r\n"));
        assert!(is_of_this_server(&error));
        assert_eq!(
            error.message,
            "the server says `shutting down`: the server is going down or coming up"
        );
        assert!(is_of_this_server(&of_library(Operation::Search, &LdapError::EndOfStream)));
        for rc in [1, 2, 7, 8, 12, 16, 18, 32, 34, 50, 53, 80] {
            assert!(!is_of_this_server(&of_result(Operation::Search, &result(rc, ""))), "{rc}");
        }
    }

    #[test]
    fn a_long_text_of_the_server_is_cut() {
        let error = of_result(Operation::Search, &result(80, &"x".repeat(5000)));
        assert!(error.message.len() < 400, "{}", error.message.len());
    }
}
