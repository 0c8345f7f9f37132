//! Which profiles of ours each person has: a hint that makes reading cheap.

use super::{ChangeId, StoreError, Ticket};
use access::ids::{DomainId, PersonId, ProfileName, TeamKey};
use access::observed::AuthMode;
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A profile of this installation, as of the last reading or our own change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexedProfile {
    /// Its name.
    pub name: ProfileName,
    /// Whose it is.
    pub person: PersonId,
    /// For which team.
    pub team: TeamKey,
    /// Since when it is on its way out, or its person lost a team with it.
    pub leaving_since: Option<Timestamp>,
    /// Whether somebody agreed to that by number.
    pub agreed: bool,
}

/// A profile that the guard counts: on its way out for less than a day, or taken from a team, nobody having agreed
/// to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaving {
    /// Its domain.
    pub domain: DomainId,
    /// Its name.
    pub profile: ProfileName,
    /// Since when it is on its way out.
    pub since: Timestamp,
    /// Whether a reading has found it gone.
    pub gone: bool,
}

/// A profile that a pass is about to make, or to put on its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// Its domain.
    pub domain: DomainId,
    /// Its name.
    pub profile: ProfileName,
    /// Whose it is.
    pub person: PersonId,
    /// For which team.
    pub team: TeamKey,
}

/// That a domain was read in full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexMark {
    /// When.
    pub at: Timestamp,
    /// How it authenticates people; a domain's never changes.
    pub auth_mode: AuthMode,
}

/// So long a reading takes nothing back of what a pass said that it is about to take away: the pass may
/// not have got to it yet. As long as a function of Lambda runs; a pass that was killed counts no longer.
pub const UNDER_WAY: SignedDuration = SignedDuration::from_mins(15);

/// What the index knows that a pass for some people needs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IndexView {
    /// When each domain was last read in full. For a domain that is absent here the rest says
    /// nothing.
    pub marks: BTreeMap<DomainId, IndexMark>,
    /// The profiles of the people asked about.
    pub profiles: BTreeMap<DomainId, Vec<IndexedProfile>>,
}

/// What the guard goes by, of everybody.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IndexCount {
    /// How many profiles of ours each domain has that was asked about.
    pub owned: BTreeMap<DomainId, u64>,
    /// What it counts, in all domains.
    pub leaving: Vec<Leaving>,
}

/// What one reading of a domain found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexReading {
    /// The domain.
    pub domain: DomainId,
    /// How it authenticates people.
    pub auth_mode: AuthMode,
    /// The case-folded names that were asked for; `None`: all.
    pub asked: Option<BTreeSet<String>>,
    /// This installation's profiles among them, by case-folded name.
    pub found: BTreeMap<String, IndexedProfile>,
}

/// The index. A lost one costs a full reading, nothing else. Shared by all replicas.
#[async_trait]
pub trait ProfileIndex: Send + Sync + fmt::Debug {
    /// What is known of these people, and when these domains were read.
    async fn look(
        &self,
        people: &BTreeSet<PersonId>,
        domains: &BTreeSet<DomainId>,
    ) -> Result<IndexView, StoreError>;

    /// Whose profile is called so in one of these domains, or was as long as it is remembered.
    async fn owners(
        &self,
        profile: &ProfileName,
        domains: &BTreeSet<DomainId>,
    ) -> Result<BTreeSet<PersonId>, StoreError>;

    /// What the guard goes by at `now`. Only where something is taken away it has to be known.
    async fn count(
        &self,
        domains: &BTreeSet<DomainId>,
        now: Timestamp,
    ) -> Result<IndexCount, StoreError>;

    /// Takes over what a reading found that began at `ticket`. What was changed in the index
    /// afterwards stays, and so does a profile that was not found while a pass had its person claimed
    /// then or later: it may have been made since. What a pass said to [`Self::leaving`] counts for
    /// [`UNDER_WAY`], though it was found without its mark, or with one from before. A profile that is gone is remembered as long
    /// as the guard counts it.
    async fn read(&self, reading: &IndexReading, ticket: &Ticket) -> Result<(), StoreError>;

    /// Remembers profiles that are about to be made, for people who were claimed by this number
    /// ([`Claimed::number`](super::Claimed::number)): a reading that began before knows nothing of
    /// them, and one that began later may not find them yet.
    async fn making(&self, profiles: &[Intent], number: u64) -> Result<(), StoreError>;

    /// Remembers that the pass `owner` is about to put these profiles on their way out, and then says
    /// what the guard counts besides: also what another pass is about to do, so that of two passes
    /// at once at least the second one counts the first.
    async fn leaving(
        &self,
        owner: &ChangeId,
        profiles: &[Intent],
        agreed: bool,
        now: Timestamp,
    ) -> Result<Vec<Leaving>, StoreError>;

    /// Of what the pass said to [`Self::leaving`], these came to pass, whichever pass said it first.
    /// The rest is forgotten, unless another pass said it too.
    async fn left(
        &self,
        owner: &ChangeId,
        begun: &BTreeSet<(DomainId, ProfileName)>,
        agreed: bool,
        now: Timestamp,
    ) -> Result<(), StoreError>;
}
