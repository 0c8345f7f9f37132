//! Who does something, as the audit log names them.

use access::ids::{IdpKey, PersonId};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Who did what an entry tells. Written as one text: `system`, `anonymous`, `person:ID`,
/// `token:NAME`, `cli:USER`, `idp:KEY`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Actor {
    /// Stagedoor itself: the loop, a timer, an event that was heard.
    #[default]
    System,
    /// Somebody at the door whom nothing identified.
    Anonymous,
    /// A person of the directory, signed in through the door.
    Person(PersonId),
    /// A token of the API, by its name.
    Token(String),
    /// Whoever ran a command, as the machine or `--by` names them.
    CommandLine(String),
    /// An identity provider of the map, which ended sessions.
    Provider(IdpKey),
}

/// A text names no actor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` names no actor; write system, anonymous, person:ID, token:NAME, cli:USER or idp:KEY"
)]
pub struct NoActor(pub String);

impl Actor {
    /// Whom a free text means that says who did something: an actor as it is written, or else the
    /// name of whoever ran a command.
    pub fn named(by: &str) -> Self {
        by.parse().unwrap_or_else(|_| Self::CommandLine(by.to_owned()))
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System => f.write_str("system"),
            Self::Anonymous => f.write_str("anonymous"),
            Self::Person(id) => write!(f, "person:{id}"),
            Self::Token(name) => write!(f, "token:{name}"),
            Self::CommandLine(user) => write!(f, "cli:{user}"),
            Self::Provider(key) => write!(f, "idp:{key}"),
        }
    }
}

impl FromStr for Actor {
    type Err = NoActor;

    fn from_str(text: &str) -> Result<Self, NoActor> {
        let no = || NoActor(text.to_owned());
        match text.split_once(':') {
            None if text == "system" => Ok(Self::System),
            None if text == "anonymous" => Ok(Self::Anonymous),
            Some(("person", id)) => PersonId::parse(id).map(Self::Person).map_err(|_| no()),
            Some(("token", name)) => Ok(Self::Token(name.to_owned())),
            Some(("cli", user)) => Ok(Self::CommandLine(user.to_owned())),
            Some(("idp", key)) => IdpKey::parse(key).map(Self::Provider).map_err(|_| no()),
            _ => Err(no()),
        }
    }
}

impl TryFrom<String> for Actor {
    type Error = NoActor;

    fn try_from(text: String) -> Result<Self, NoActor> {
        text.parse()
    }
}

impl From<Actor> for String {
    fn from(actor: Actor) -> Self {
        actor.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_actor_is_one_text_and_comes_back() {
        for text in ["system", "anonymous", "person:90677c6e", "token:ci", "cli:ana", "idp:corp"] {
            let actor: Actor = text.parse().unwrap();
            assert_eq!(actor.to_string(), text);
            assert_eq!(serde_json::to_string(&actor).unwrap(), format!("\"{text}\""));
            assert_eq!(serde_json::from_str::<Actor>(&format!("\"{text}\"")).unwrap(), actor);
        }
        assert_eq!("cli:a:b".parse(), Ok(Actor::CommandLine("a:b".to_owned())));
        for no in ["", "root", "person:", "idp:", "system:x"] {
            assert_eq!(no.parse::<Actor>(), Err(NoActor(no.to_owned())), "{no}");
        }
    }
}
