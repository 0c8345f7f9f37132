//! Until when identity providers may push into the directories that are pushed.
//!
//! Nobody tells which token an identity provider was given: that another one is good says nothing of
//! it. So each is told of until somebody revokes it, one that has ended for a month at least.

use crate::desk::Right;
use crate::ports::{ApiToken, Store, StoreError};
use crate::scim::pushed;
use access::ids::DirectoryName;
use access::map::AccessMap;
use jiff::{SignedDuration, Timestamp};

/// So long after its end a token is told of though a later one is there: whoever goes on to push with
/// it has been refused since.
const TOLD_AFTER_END: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How it stands with pushing into a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushing {
    /// The directory's name in the map.
    pub directory: DirectoryName,
    /// Its tokens, also those that ended within 30 days, by name. The last to end is always among
    /// them. Empty: there is none.
    pub tokens: Vec<PushToken>,
    /// When a push last changed something; `None`: none has.
    pub changed: Option<Timestamp>,
}

/// A token with which an identity provider may push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushToken {
    /// Its name.
    pub name: String,
    /// When it ends, or ended.
    pub until: Timestamp,
}

/// How it stands with each directory of the map that is pushed, in the order of precedence.
///
/// # Errors
/// The store cannot be read.
pub async fn pushing(
    map: &AccessMap,
    store: &dyn Store,
    now: Timestamp,
) -> Result<Vec<Pushing>, StoreError> {
    let directories = pushed(map);
    if directories.is_empty() {
        return Ok(Vec::new());
    }
    let all = store.tokens().await?;
    let is_only = directories.len() == 1;
    let mut found = Vec::new();
    for (_, directory) in directories {
        let tokens = tokens_of(&all, &directory, is_only, now).into_iter();
        let tokens = tokens.map(|t| PushToken { name: t.name.clone(), until: t.until }).collect();
        let changed = store.scim_counts(directory.as_str()).await?.changed;
        found.push(Pushing { directory, tokens, changed });
    }
    Ok(found)
}

/// The tokens of a directory that are to be told of at `now`: see [`Pushing::tokens`].
pub(super) fn tokens_of<'t>(
    all: &'t [ApiToken],
    directory: &DirectoryName,
    is_only: bool,
    now: Timestamp,
) -> Vec<&'t ApiToken> {
    let is_of_this = |token: &&ApiToken| {
        let is_here = match token.directory.as_deref() {
            Some(name) => name == directory.as_str(),
            // It opens nothing where several are pushed.
            None => is_only,
        };
        is_here && token.scopes.contains(&Right::Scim)
    };
    let mut tokens: Vec<&ApiToken> = all.iter().filter(is_of_this).collect();
    let last = tokens.iter().map(|token| token.until).max();
    tokens.retain(|token| {
        now.duration_since(token.until) < TOLD_AFTER_END || Some(token.until) == last
    });
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    const END: &str = "2026-11-21T12:00:00Z";

    fn token(name: &str, directory: Option<&str>, scope: Right, until: &str) -> ApiToken {
        ApiToken {
            name: name.to_owned(),
            digest: String::new(),
            scopes: [scope].into(),
            directory: directory.map(str::to_owned),
            by: "cli:root".to_owned(),
            at: "2026-01-01T00:00:00Z".parse().unwrap(),
            until: until.parse().unwrap(),
        }
    }

    fn told(all: &[ApiToken], is_only: bool, now: &str) -> Vec<String> {
        let corp = DirectoryName::parse("corp").unwrap();
        let found = tokens_of(all, &corp, is_only, now.parse().unwrap());
        found.into_iter().map(|token| token.name.clone()).collect()
    }

    #[test]
    fn a_token_is_of_the_directory_that_it_opens() {
        let all = [
            token("any", None, Right::Scim, END),
            token("ci", Some("corp"), Right::See, END),
            token("ours", Some("corp"), Right::Scim, END),
            token("theirs", Some("partners"), Right::Scim, END),
        ];
        assert_eq!(told(&all, true, END), ["any", "ours"]);
        assert_eq!(told(&all, false, END), ["ours"]);
    }

    #[test]
    fn one_that_has_ended_is_told_for_thirty_days_beside_a_later_one() {
        let spare = token("spare", None, Right::Scim, "2027-11-21T12:00:00Z");
        let all = [token("entra", None, Right::Scim, END), spare];
        for now in ["2026-11-21T11:59:59Z", END, "2026-12-21T11:59:59Z"] {
            assert_eq!(told(&all, true, now), ["entra", "spare"], "{now}");
        }
        assert_eq!(told(&all, true, "2026-12-21T12:00:00Z"), ["spare"]);
    }

    #[test]
    fn the_last_to_end_is_told_until_it_is_revoked() {
        let first = token("first", None, Right::Scim, "2026-10-01T00:00:00Z");
        let all = [first, token("last", None, Right::Scim, END)];
        assert_eq!(told(&all, true, "2028-01-01T00:00:00Z"), ["last"]);
        assert_eq!(told(&[], true, END), [""; 0]);
    }
}
