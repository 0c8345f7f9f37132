//! Where people and groups come from.

use super::{CallError, Memberships};
use access::entitlement::WantedGroups;
use access::ids::{DirectoryName, GroupId, MembershipId, PersonId};
use access::map::{Directories, MatchKey};
use access::reason::ReasonCode;
use access::snapshot::{Person, Snapshot};
use access::user_name;
use async_trait::async_trait;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// How an assertion names a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PersonLookup {
    /// By the directory's stable id.
    Id(PersonId),
    /// By user name, compared as the directory compares it.
    UserName(String),
}

impl PersonLookup {
    /// Whether whoever was found by it is meant: a directory may compare more loosely than those tell people
    /// apart who gave them their names, without accents or widths. Whose records in `several` directories are one
    /// by something else than the name may be called otherwise in each; there each is looked at by itself.
    pub(crate) fn means(&self, person: &Person, several: &Directories) -> bool {
        let is_one_name = several.sources.len() == 1 || several.matched_by == MatchKey::UserName;
        match self {
            Self::UserName(said) if is_one_name => person.is_called(said),
            Self::UserName(_) | Self::Id(_) => true,
        }
    }
}

/// A reading of the directory, and what it is worth remembering of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryReading {
    /// What was read: all that planning needs.
    pub snapshot: Snapshot,
    /// The memberships behind it, which only events need.
    pub memberships: Memberships,
    /// What the directory says of people besides, as far as it was read. Somebody of whom it says
    /// nothing may be absent.
    pub particulars: BTreeMap<PersonId, Particulars>,
    /// By what other ids people are known whom several directories have: each would be somebody of
    /// their own if they were matched no more. Nobody else is in it.
    pub aliases: BTreeMap<PersonId, BTreeSet<PersonId>>,
}

/// What a directory says of a person besides: what people are matched by over several directories,
/// and mirrored with. It goes into no audit entry and into no snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Particulars {
    /// The e-mail address: the primary one, if there are several.
    pub email: Option<String>,
    /// The id that a common source gave.
    pub external_id: Option<String>,
    /// The given name.
    pub given_name: Option<String>,
    /// The family name.
    pub family_name: Option<String>,
}

/// What a directory says of itself, for people who look after it. It holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Standing {
    /// Where it is: an address, a file.
    pub place: String,
    /// When what it gives was read from there; absent: at each reading anew.
    pub read_at: Option<jiff::Timestamp>,
    /// When it was last changed there, as far as is known.
    pub changed_at: Option<jiff::Timestamp>,
    /// What is wrong with it though it can be read: people left out, a certificate that ends.
    pub concerns: Vec<Concern>,
    /// What else is worth knowing, by name: the server that answered, the records it holds.
    pub details: BTreeMap<String, String>,
}

/// Something that is wrong with a directory though it can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Concern {
    /// What kind of thing.
    pub code: ReasonCode,
    /// What, of whom and where, as one sentence.
    pub text: String,
}

/// A directory of people and groups.
#[async_trait]
pub trait Directory: Send + Sync + fmt::Debug {
    /// Reads everybody, and every group that is one of `groups`.
    ///
    /// The answer's coverage is complete, or the call fails: a reading that broke off half-way is
    /// an error, never a smaller snapshot.
    async fn everybody(&self, groups: &WantedGroups) -> Result<DirectoryReading, CallError>;

    /// Reads these people, each with all memberships in those of `groups`.
    /// A person whom the directory does not know is covered and absent. One whom it refuses to show,
    /// while it shows others, is not covered: nothing is given to them or taken from them by this
    /// reading. If it shows nobody, the call fails.
    async fn people(
        &self,
        people: &BTreeSet<PersonId>,
        groups: &WantedGroups,
    ) -> Result<DirectoryReading, CallError>;

    /// The id of the person so named, or `None` if there is nobody.
    async fn find(&self, person: &PersonLookup) -> Result<Option<PersonId>, CallError>;

    /// The same of these among several directories, by their places in the order of precedence: whoever is not first of
    /// all in one of them is nobody. A directory by itself is the first.
    ///
    /// # Errors
    /// As of [`Self::find`].
    async fn find_among(
        &self,
        among: &BTreeSet<usize>,
        person: &PersonLookup,
    ) -> Result<Option<PersonId>, CallError> {
        if among.contains(&0) { self.find(person).await } else { Ok(None) }
    }

    /// Everybody who has this key: more than one is no error, for who asks wants to know whether it
    /// tells somebody. User names and e-mail addresses are compared without case.
    ///
    /// As it stands here it reads everybody unless a user name is asked for: whoever can look
    /// people up should.
    ///
    /// # Errors
    /// The directory cannot be read.
    async fn who_has(&self, key: MatchKey, value: &str) -> Result<BTreeSet<PersonId>, CallError> {
        let has = |of: &Particulars| match key {
            MatchKey::Email => of.email.as_ref().is_some_and(|own| user_name::same(own, value)),
            MatchKey::UserName | MatchKey::ExternalId => of.external_id.as_deref() == Some(value),
        };
        if key == MatchKey::UserName {
            let found = self.find(&PersonLookup::UserName(value.to_owned())).await?;
            return Ok(found.into_iter().collect());
        }
        let everybody = self.everybody(&WantedGroups::default()).await?;
        let people = everybody.particulars.into_iter();
        Ok(people.filter(|(_, of)| has(of)).map(|(id, _)| id).collect())
    }

    /// The id of the group with exactly this display name, or `None` if there is none.
    async fn find_group(&self, display_name: &str) -> Result<Option<GroupId>, CallError>;

    /// The display name of a group; `None` if there is no such group.
    async fn group_name(&self, group: &GroupId) -> Result<Option<String>, CallError>;

    /// The memberships of a group; `None` if there is no such group.
    async fn members(
        &self,
        group: &GroupId,
    ) -> Result<Option<BTreeMap<MembershipId, PersonId>>, CallError>;

    /// What it says of itself. It is asked for by people, rarely; a directory that has to be asked
    /// may be asked.
    ///
    /// # Errors
    /// It cannot be reached, or what it says cannot be used.
    async fn standing(&self) -> Result<Standing, CallError> {
        Ok(Standing::default())
    }

    /// Who people of the directory named `source` are, in the ids that all of Stagedoor uses: each
    /// under that directory's own id and as whoever they are taken for. Whoever wakes the loop for
    /// people of one directory asks this first. `None`: it cannot be told without reading everybody, so
    /// everything is to be looked at.
    ///
    /// # Errors
    /// A directory cannot be read.
    async fn known_as(
        &self,
        source: &DirectoryName,
        people: &BTreeSet<PersonId>,
    ) -> Result<Option<BTreeSet<PersonId>>, CallError> {
        let _ = source;
        Ok(Some(people.clone()))
    }

    /// The directories that this one is made of, in the order of precedence; none, if it is one.
    fn parts(&self) -> Vec<(&DirectoryName, &dyn Directory)> {
        Vec::new()
    }
}
