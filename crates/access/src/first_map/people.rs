//! Whose profile it is.

use super::TeamDraft;
use super::keys::words;
use crate::ids::{PersonId, ProfileName, TeamKey};
use crate::naming::{hashed_profile_name, profile_name, sso_profile_name};
use crate::observed::{AuthMode, ObservedDomain, ObservedProfile, Ownership, TAG_PREFIX};
use crate::reason::ReasonCode;
use crate::snapshot::{Person, Snapshot};
use crate::user_name::folded;
use std::collections::{BTreeMap, BTreeSet};

/// By what a profile is known to be somebody's; the more certain comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum How {
    /// It signs the person in.
    SignsIn,
    /// A tag and its name say so.
    TagAndName,
    /// Its name is the person's user name.
    Name,
    /// A tag of it holds the person's user name or id.
    Tag,
}

impl How {
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::SignsIn => "it signs the person in",
            Self::TagAndName => "by its name and a tag",
            Self::Name => "by its name",
            Self::Tag => "by a tag",
        }
    }
}

/// Whose a profile is, as far as can be known.
#[derive(Debug, Clone)]
pub(super) enum Whose<'a> {
    One(&'a Person, How),
    /// User names of those who may be meant.
    Several(Vec<&'a str>),
    /// Nobody's; a sentence that may help.
    Nobody(String),
}

/// People by what they may be called.
#[derive(Debug)]
pub(super) struct Directory<'a> {
    people: &'a BTreeMap<PersonId, Person>,
    /// By user name in lower case.
    by_user_name: BTreeMap<String, BTreeSet<&'a PersonId>>,
    /// By letters and digits of the user name, or of the part before its `@` or after its `\`.
    by_letters: BTreeMap<String, BTreeSet<&'a PersonId>>,
    /// By letters and digits of the display name. Never trusted, only told.
    by_display_name: BTreeMap<String, BTreeSet<&'a PersonId>>,
}

impl<'a> Directory<'a> {
    pub(super) fn of(snapshot: &'a Snapshot) -> Self {
        let mut directory = Self {
            people: &snapshot.people,
            by_user_name: BTreeMap::new(),
            by_letters: BTreeMap::new(),
            by_display_name: BTreeMap::new(),
        };
        for (id, person) in &snapshot.people {
            let name = person.user_name.as_str();
            directory.by_user_name.entry(folded(name).into_owned()).or_default().insert(id);
            let before = name.split_once('@').map_or(name, |(before, _)| before);
            let local = before.rsplit_once('\\').map_or(before, |(_, after)| after);
            for text in [name, before, local] {
                add(&mut directory.by_letters, text, id);
            }
            add(&mut directory.by_display_name, &person.display_name, id);
        }
        directory
    }

    /// Whose the profile is. `identifying` are tags that tell people apart; `noise` are words that
    /// may stand around a user name.
    pub(super) fn whose(
        &self,
        profile: &ObservedProfile,
        is_sso: bool,
        identifying: &BTreeSet<&str>,
        noise: &BTreeSet<String>,
    ) -> Whose<'a> {
        if is_sso {
            let Some(user) = &profile.sso_user else {
                return Whose::Nobody("it does not say whom it signs in".to_owned());
            };
            return match self.one(self.by_user_name.get(&*folded(user))) {
                Ok(Some(person)) => Whose::One(person, How::SignsIn),
                Ok(None) => Whose::Nobody(format!("the directory knows nobody called `{user}`")),
                Err(several) => Whose::Several(several),
            };
        }
        let by_name = self.by_name(&profile.name.folded(), noise);
        let by_tag = self.by_tags(profile, identifying);
        let both: BTreeSet<&PersonId> = by_name.intersection(&by_tag).copied().collect();
        let (found, how) = match (by_name.is_empty(), by_tag.is_empty()) {
            (false, false) if both.len() == 1 => (both, How::TagAndName),
            (false, false) => (by_name.union(&by_tag).copied().collect(), How::Tag),
            (false, true) => (by_name, How::Name),
            (true, _) => (by_tag, How::Tag),
        };
        match self.one(Some(&found)) {
            Ok(Some(person)) => Whose::One(person, how),
            Ok(None) => Whose::Nobody(self.hint(&profile.name.folded(), noise)),
            Err(several) => Whose::Several(several),
        }
    }

    fn one(
        &self,
        found: Option<&BTreeSet<&'a PersonId>>,
    ) -> Result<Option<&'a Person>, Vec<&'a str>> {
        let people: Vec<&Person> =
            found.into_iter().flatten().filter_map(|id| self.people.get(*id)).collect();
        match people.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(one)),
            several => Err(several.iter().map(|person| person.user_name.as_str()).collect()),
        }
    }

    /// Those whose user name is the profile's name without the fewest words around it.
    fn by_name(&self, name: &str, noise: &BTreeSet<String>) -> BTreeSet<&'a PersonId> {
        let found = stripped(name, noise).find_map(|letters| self.by_letters.get(&letters));
        found.cloned().unwrap_or_default()
    }

    fn by_tags(
        &self,
        profile: &ObservedProfile,
        identifying: &BTreeSet<&str>,
    ) -> BTreeSet<&'a PersonId> {
        let tags = profile.tags.to_map().into_iter();
        let values = tags.filter(|(key, _)| identifying.contains(key)).map(|(_, value)| value);
        values.flat_map(|value| self.named_by(value)).collect()
    }

    /// Those whose user name or id the text is.
    fn named_by(&self, text: &str) -> BTreeSet<&'a PersonId> {
        let mut found = self.by_user_name.get(&*folded(text)).cloned().unwrap_or_default();
        let id = PersonId::parse(text).ok();
        found.extend(id.and_then(|id| self.people.get_key_value(&id)).map(|(id, _)| id));
        found
    }

    fn user_names(&self, ids: &BTreeSet<&'a PersonId>) -> Vec<&'a str> {
        let people = ids.iter().filter_map(|id| self.people.get(*id));
        people.map(|person| person.user_name.as_str()).collect()
    }

    fn hint(&self, name: &str, noise: &BTreeSet<String>) -> String {
        let known = stripped(name, noise).find_map(|letters| self.by_display_name.get(&letters));
        let known = known.map(|known| self.user_names(known)).unwrap_or_default();
        // As Stagedoor names profiles, of a team that its role says nothing of.
        let before = name.split_once("--").map(|(before, _)| words(before).concat());
        let called = before.and_then(|before| self.by_letters.get(&before));
        let (by, known) = match called {
            Some(called) => ("what stands before `--`", self.user_names(called)),
            None => ("the name to show", known),
        };
        if known.is_empty() {
            return "nobody in the directory has a user name like it".to_owned();
        }
        let known = known.join(" or of ");
        format!("by {by} it may be that of {known}, which is not enough to take it over")
    }
}

/// What keeps profiles from being made in a domain: the planner's own rules, for an installation that has made none.
#[derive(Debug)]
pub(super) struct InTheWay<'a> {
    domain: &'a ObservedDomain,
    instance: &'a str,
    /// In SSO mode, the profiles by the user name that each signs in, in lower case.
    signing_in: BTreeMap<String, &'a ObservedProfile>,
}

impl<'a> InTheWay<'a> {
    pub(super) fn of(domain: &'a ObservedDomain, instance: &'a str) -> Self {
        let is_sso = domain.auth_mode == AuthMode::Sso;
        let profiles = domain.profiles.values().filter(|_| is_sso);
        let signing_in = profiles.filter_map(|profile| {
            let user = profile.sso_user.as_ref()?;
            Some((folded(user).into_owned(), profile))
        });
        Self { domain, instance, signing_in: signing_in.collect() }
    }

    /// The profile that keeps one from being made for the person, under its name or because it signs the person in,
    /// and why.
    pub(super) fn find(
        &self,
        person: &Person,
        team: &TeamKey,
    ) -> Option<(&'a ObservedProfile, ReasonCode)> {
        let named = |name: &ProfileName| self.domain.profiles.get(&name.folded());
        let taken = |profile| (profile, ReasonCode::NameTaken);
        if self.domain.auth_mode == AuthMode::Sso {
            let signing_in = self.signing_in.get(&*folded(&person.user_name)).copied();
            return match signing_in {
                Some(profile) if !self.is_foreign(profile) => {
                    Some((profile, ReasonCode::SsoUserTaken))
                }
                Some(profile) => Some(taken(profile)),
                None => named(&sso_profile_name(person)).map(taken),
            };
        }
        let standing = named(&hashed_profile_name(person, team));
        named(&profile_name(person, team))
            .or(standing.filter(|profile| self.is_foreign(profile)))
            .map(taken)
    }

    /// Whether the profile is of no installation, so that it can be taken over.
    pub(super) fn is_foreign(&self, profile: &ObservedProfile) -> bool {
        profile.ownership(self.instance) == Ownership::Foreign
    }
}

fn add<'a>(index: &mut BTreeMap<String, BTreeSet<&'a PersonId>>, text: &str, id: &'a PersonId) {
    let letters = words(text).concat();
    if !letters.is_empty() {
        index.entry(letters).or_default().insert(id);
    }
}

/// Letters and digits of a profile's name: of all of it, then without more and more of the words
/// that may stand around a user name.
fn stripped(name: &str, noise: &BTreeSet<String>) -> impl Iterator<Item = String> + use<> {
    let words = words(name);
    let front = words.iter().take_while(|word| noise.contains(*word)).count();
    let back = words.iter().rev().take_while(|word| noise.contains(*word)).count();
    let mut ways: Vec<(usize, usize)> =
        (0..=front).flat_map(|front| (0..=back).map(move |back| (front, back))).collect();
    ways.sort_by_key(|(front, back)| (front + back, *front));
    ways.into_iter().filter_map(move |(front, back)| {
        let end = words.len().checked_sub(back)?;
        let left = words.get(front..end)?.concat();
        (!left.is_empty()).then_some(left)
    })
}

/// Keys of tags that tell people apart: somewhere they name somebody, and within a team no value
/// comes twice. A tag that names the owner of each of a team's profiles comes twice.
pub(super) fn identifying_tags<'a>(
    directory: &Directory<'_>,
    teams: &[TeamDraft<'a>],
) -> BTreeSet<&'a str> {
    let mut naming: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut repeated: BTreeSet<&str> = BTreeSet::new();
    for team in teams {
        let mut seen: BTreeSet<(&str, &str)> = BTreeSet::new();
        for held in &team.held {
            for (key, value) in held.profile.tags.to_map() {
                if key.starts_with(TAG_PREFIX) {
                    continue;
                }
                if !seen.insert((key, value)) {
                    repeated.insert(key);
                }
                if !directory.named_by(value).is_empty() {
                    naming.entry(key).or_default().insert(value);
                }
            }
        }
    }
    // One value alone may be the one lead of everybody.
    let several =
        naming.into_iter().filter(|(key, values)| values.len() > 1 && !repeated.contains(key));
    several.map(|(key, _)| key).collect()
}
