//! Every address, tried as everybody, with other people's objects.

use crate::house::{Answer, House, cookie, get};
use axum::body::Body;
use control::desk::Right;
use web::{Address, Who};

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asker {
    Nobody,
    /// Somebody who is signed in, with this role.
    Session(Option<&'static str>),
    /// An admin who signed in by the application of the very team that is asked about.
    OfOneTeam,
    /// A token that is none.
    Forged,
    /// A token with one scope.
    Token(Right),
}

pub(crate) const ASKERS: [Asker; 11] = [
    Asker::Nobody,
    Asker::Session(None),
    Asker::Session(Some("reader")),
    Asker::Session(Some("auditor")),
    Asker::Session(Some("admin")),
    Asker::OfOneTeam,
    Asker::Forged,
    Asker::Token(Right::See),
    Asker::Token(Right::Audit),
    Asker::Token(Right::Act),
    Asker::Token(Right::Scim),
];

/// What comes of asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// Whoever asks is nobody.
    Unknown,
    /// Whoever asks may not.
    Denied,
    /// The request itself is looked at.
    Admitted,
}

impl Asker {
    pub(crate) fn has(self, right: Right) -> bool {
        match self {
            Self::Nobody | Self::Forged | Self::OfOneTeam | Self::Session(None) => false,
            Self::Session(Some(role)) => match right {
                Right::See => true,
                Right::Audit => role != "reader",
                Right::Act => role == "admin",
                Right::Scim => false,
            },
            // A scope is that scope alone.
            Self::Token(scope) => scope == right,
        }
    }

    /// What must come of it: written from the roles' meanings, not from the code.
    fn expected(self, address: Address) -> Outcome {
        let is_scim = address.path.starts_with("/scim/");
        let takes_tokens = is_scim || address.path.starts_with("/api/");
        let is_known = match self {
            Self::Nobody | Self::Forged => false,
            // Identity providers have no session, and nobody pushes with theirs.
            Self::Session(_) | Self::OfOneTeam => !is_scim,
            Self::Token(_) => takes_tokens,
        };
        let has_role = !matches!(self, Self::Session(None) | Self::OfOneTeam);
        match address.who {
            Who::Anybody => Outcome::Admitted,
            _ if !is_known => Outcome::Unknown,
            Who::SignedIn => Outcome::Admitted,
            Who::Known if has_role => Outcome::Admitted,
            Who::May(right) if self.has(right) => Outcome::Admitted,
            Who::Known | Who::May(_) => Outcome::Denied,
        }
    }
}

/// A team of which Ada has nothing, and people and grants that are not hers.
const OTHERS: [(&str, &str); 4] =
    [("{idp}", "corp"), ("{team}", "secret"), ("{id}", "0123456789ab"), ("{*path}", "Users")];

/// A token for each right.
pub(crate) type Tokens = Vec<(Right, String)>;

pub(crate) async fn tokens(house: &House) -> Tokens {
    let mut tokens = Vec::new();
    for (name, right) in Right::ALL {
        tokens.push((right, house.token(name, &[right]).await));
    }
    tokens
}

async fn ask(house: &House, address: Address, asker: Asker, tokens: &Tokens) -> Answer {
    let fill = |path: String, (name, other): (&str, &str)| path.replace(name, other);
    let path = OTHERS.into_iter().fold(address.path.to_owned(), fill);
    let is_api = path.starts_with("/api/") || path.starts_with("/scim/");
    let body = if is_api && address.method == "POST" { "{}" } else { "" };
    send_as(house, address.method, &path, body.to_owned(), asker, tokens).await
}

/// A request of this asker, as a page of ours or a program sends it.
pub(crate) async fn send_as(
    house: &House,
    method: &str,
    path: &str,
    body: String,
    asker: Asker,
    tokens: &Tokens,
) -> Answer {
    let is_api = path.starts_with("/api/") || path.starts_with("/scim/");
    let mut request = get(path)
        .method(method)
        .header("accept", "application/json")
        .header("sec-fetch-site", "same-origin");
    if method == "POST" {
        let kind = if is_api { "application/json" } else { "application/x-www-form-urlencoded" };
        request = request.header("content-type", kind);
    }
    house.role_is(None);
    house.session_is_of(None);
    let bearer = |token: &str| format!("Bearer {token}");
    request = match asker {
        Asker::Nobody => request,
        Asker::Session(role) => {
            house.role_is(role);
            request.header("cookie", cookie())
        }
        Asker::OfOneTeam => {
            house.role_is(Some("admin"));
            house.session_is_of(Some("secret"));
            request.header("cookie", cookie())
        }
        Asker::Forged => {
            request.header("authorization", bearer(&format!("stagedoor_{}", "0".repeat(64))))
        }
        Asker::Token(right) => {
            let (_, token) = tokens.iter().find(|(scope, _)| *scope == right).unwrap();
            // Whatever reads everything for the answer needs a directory.
            house.role_is(Some("admin"));
            request.header("authorization", bearer(token))
        }
    };
    house.send(request.body(Body::from(body)).unwrap()).await
}

fn code(answer: &Answer) -> String {
    let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap_or_default();
    // SCIM's errors have no place for a code but their text.
    let detail = body["detail"].as_str().and_then(|text| text.strip_suffix(')'));
    let at_end = detail.and_then(|text| text.rsplit_once('(')).map(|(_, code)| code);
    body["code"].as_str().or(at_end).unwrap_or_default().to_owned()
}

fn outcome(answer: &Answer) -> Outcome {
    match (answer.status.as_u16(), code(answer).as_str()) {
        (401, "signed-out" | "token-refused") => Outcome::Unknown,
        (403, "right-missing") => Outcome::Denied,
        _ => Outcome::Admitted,
    }
}

#[tokio::test]
async fn every_address_admits_just_those_who_may() {
    let house = House::new();
    house.domain_is_known().await;
    let tokens = tokens(&house).await;
    let mut wrong = Vec::new();
    for address in web::addresses() {
        for asker in ASKERS {
            // The session ends with this one; those after it would meet another world.
            let answer = ask(&house, address, asker, &tokens).await;
            house.sessions_begin();
            let (found, expected) = (outcome(&answer), asker.expected(address));
            // A request is decided by a person: no token is one, whatever its scope.
            let by_nobody = address.path.ends_with("/decision")
                && asker == Asker::Token(Right::Act)
                && found == Outcome::Denied;
            if found != expected && !by_nobody {
                let (status, code) = (answer.status.as_u16(), code(&answer));
                let Address { method, path, .. } = address;
                wrong.push(format!("{method} {path} as {asker:?}: {found:?} ({status} {code})"));
            }
            // Nobody gets anything of a team that no group gives them, whatever their role.
            // To ask for it is what the request is for.
            let asks_for_it = address.path.starts_with("/request/");
            if address.who == Who::SignedIn && address.path.contains("{team}") && !asks_for_it {
                assert!(answer.status.is_client_error(), "{} {asker:?}", address.path);
            }
            assert!(answer.status.as_u16() != 500, "{} {asker:?}: {}", address.path, answer.body);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
