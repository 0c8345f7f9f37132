//! Keys for domains and teams, made of the names that AWS has for them.

use super::ExistingDomain;
use crate::ids::{DomainKey, RoleArn, TeamKey};
use std::collections::BTreeSet;

/// Words of role names that say nothing about a team.
const NOISE: [&str; 11] = [
    "amazon",
    "aws",
    "execution",
    "executionrole",
    "maker",
    "role",
    "sage",
    "sagemaker",
    "service",
    "stagedoor",
    "studio",
];

/// Words around a user name in the name of a profile that say nothing about a person.
const DECORATION: [&str; 8] =
    ["default", "ds", "profile", "sagemaker", "sm", "studio", "user", "userprofile"];

/// A team's key is at most this long.
const TEAM: usize = 26;
/// A domain's key is at most this long.
const DOMAIN: usize = 63;

/// A key for each domain, of its name.
pub(super) fn domains(domains: &[ExistingDomain]) -> Vec<DomainKey> {
    let mut taken = BTreeSet::new();
    domains
        .iter()
        .map(|domain| {
            let name = domain.name.as_deref().unwrap_or("studio");
            let key = free(&slug(&words(name), DOMAIN), "studio", DOMAIN, &mut taken);
            DomainKey::parse(key).unwrap_or_else(|_| unnamed_domain())
        })
        .collect()
}

/// A key for each team, of its role's name: what is left of it without what every role has and what
/// says nothing.
pub(super) fn teams(roles: &[(&RoleArn, &DomainKey)]) -> Vec<TeamKey> {
    let names: Vec<Vec<String>> =
        roles.iter().map(|(role, _)| words(&camel_apart(role.role_name()))).collect();
    let telling = without_noise(&names);
    let mut taken = BTreeSet::new();
    telling
        .iter()
        .zip(roles)
        .map(|(words, (_, domain))| {
            let key = free(&slug(words, TEAM), domain.as_str(), TEAM, &mut taken);
            TeamKey::parse(key).unwrap_or_else(|_| unnamed())
        })
        .collect()
}

/// Words that may stand around a user name in the names of a team's profiles.
pub(super) fn noise(team: &TeamKey, role: &RoleArn, domain: Option<&str>) -> BTreeSet<String> {
    let mut noise: BTreeSet<String> = DECORATION.iter().map(|word| (*word).to_owned()).collect();
    noise.extend(words(team.as_str()));
    noise.extend(words(&camel_apart(role.role_name())));
    noise.extend(words(domain.unwrap_or_default()));
    noise
}

/// Stands where no key was given yet.
pub(super) fn unnamed() -> TeamKey {
    match TeamKey::parse("team") {
        Ok(key) => key,
        Err(_) => unnamed(),
    }
}

pub(super) fn unnamed_domain() -> DomainKey {
    match DomainKey::parse("studio") {
        Ok(key) => key,
        Err(_) => unnamed_domain(),
    }
}

/// Runs of letters and digits, in lower case.
pub(super) fn words(text: &str) -> Vec<String> {
    let parts = text.split(|c: char| !c.is_alphanumeric());
    parts.filter(|part| !part.is_empty()).map(str::to_lowercase).collect()
}

/// `DataScienceRole` as `Data Science Role`.
fn camel_apart(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut before = ' ';
    for c in text.chars() {
        if c.is_ascii_uppercase() && before.is_ascii_lowercase() {
            out.push(' ');
        }
        out.push(c);
        before = c;
    }
    out
}

/// Takes away what all names begin and end with, words that say nothing, and times. What would be
/// empty then stays as it was before.
fn without_noise(names: &[Vec<String>]) -> Vec<Vec<String>> {
    let telling: Vec<Vec<String>> =
        names.iter().map(|words| keep(words, |word| !says_nothing(word))).collect();
    let shared = |from_end: bool| {
        let Some(first) = telling.first().filter(|_| telling.len() > 1) else { return 0 };
        let word = |words: &[String], at: usize| -> Option<String> {
            let at = if from_end { words.len().checked_sub(at + 1)? } else { at };
            words.get(at).cloned()
        };
        (0..first.len())
            .take_while(|at| telling.iter().all(|words| word(words, *at) == word(first, *at)))
            .count()
    };
    let (front, back) = (shared(false), shared(true));
    telling
        .iter()
        .map(|words| {
            let end = words.len().saturating_sub(back).max(front);
            match words.get(front..end) {
                Some(rest) if !rest.is_empty() => rest.to_vec(),
                _ => words.clone(),
            }
        })
        .collect()
}

fn keep(words: &[String], tells: impl Fn(&str) -> bool) -> Vec<String> {
    words.iter().filter(|word| tells(word)).cloned().collect()
}

fn says_nothing(word: &str) -> bool {
    // Of a date with time, as the console appends one: `20240131t120000`.
    let is_time = word.len() >= 6 && word.bytes().all(|b| b.is_ascii_digit() || b == b't');
    NOISE.contains(&word) || is_time
}

/// Words as a slug of at most `room` characters, cut between words where that is possible.
fn slug(words: &[String], room: usize) -> String {
    let mut out = String::new();
    for word in words {
        let word: String =
            word.chars().filter(|c| c.is_ascii_lowercase() || c.is_ascii_digit()).collect();
        if word.is_empty() {
            continue;
        }
        if out.is_empty() {
            out = word.chars().take(room).collect();
        } else if out.len() + 1 + word.len() <= room {
            out.push('-');
            out.push_str(&word);
        } else {
            break;
        }
    }
    out
}

/// The key, or the first of `key-2`, `key-3` … that nothing else has.
fn free(key: &str, otherwise: &str, room: usize, taken: &mut BTreeSet<String>) -> String {
    let key = if key.is_empty() { otherwise } else { key };
    let numbered = |number: usize| {
        let suffix = if number == 1 { String::new() } else { format!("-{number}") };
        let kept: String = key.chars().take(room.saturating_sub(suffix.len())).collect();
        format!("{}{suffix}", kept.trim_end_matches('-'))
    };
    let free =
        (1..=taken.len() + 1).map(numbered).find(|name| !taken.contains(name)).unwrap_or_default();
    taken.insert(free.clone());
    free
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys_of(names: &[&str]) -> Vec<String> {
        let domain = DomainKey::parse("research").unwrap();
        let roles: Vec<RoleArn> = names
            .iter()
            .map(|name| RoleArn::parse(format!("arn:aws:iam::111122223333:role/{name}")).unwrap())
            .collect();
        let roles: Vec<(&RoleArn, &DomainKey)> = roles.iter().map(|role| (role, &domain)).collect();
        teams(&roles).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_team_is_called_by_what_tells_its_role_from_the_others() {
        for (roles, keys) in [
            (vec!["studio-fraud", "studio-churn"], vec!["fraud", "churn"]),
            (vec!["acme-ml-fraud-prod", "acme-ml-risk-prod"], vec!["fraud", "risk"]),
            (vec!["DataScienceRole"], vec!["data-science"]),
            (vec!["service-role/AmazonSageMaker-ExecutionRole-20240131T120000"], vec!["research"]),
            (vec!["studio-ml", "studio-ml-fraud"], vec!["ml", "fraud"]),
            (vec!["Fraud", "fraud-role", "SageMaker-fraud"], vec!["fraud", "fraud-2", "fraud-3"]),
            (vec!["a-team-with-a-very-long-name-indeed"], vec!["a-team-with-a-very-long"]),
            (vec!["___"], vec!["research"]),
        ] {
            assert_eq!(keys_of(&roles), keys, "{roles:?}");
        }
    }
}
