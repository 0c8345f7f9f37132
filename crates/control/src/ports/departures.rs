//! People whom an admin offboarded by command.

use super::StoreError;
use access::ids::{PersonId, TeamKey};
use access::snapshot::Hold;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// A person whom an admin offboarded, from one team or from all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Departure {
    /// Who.
    pub person: PersonId,
    /// The person's user name at that time, to find them by when the directory has forgotten them.
    pub user_name: Option<String>,
    /// The one team that is taken; `None`: every team, and signing in.
    pub team: Option<TeamKey>,
    /// Since when.
    pub since: jiff::Timestamp,
    /// Who said so.
    pub by: String,
    /// Why, in that person's words.
    pub why: Option<String>,
    /// How long profiles are kept.
    pub hold: Hold,
}

impl Departure {
    /// Whether both say one thing of one person, under two ids that the person had.
    pub fn is_same(&self, other: &Self) -> bool {
        (self.since, &self.team) == (other.since, &other.team)
            && self.user_name.is_some()
            && self.user_name == other.user_name
    }
}

/// The departures in force. Of somebody whom several directories have there is one for each id: which
/// of the ids is the person's is told at each reading anew. The directory remains the truth: a store that is lost loses them, and
/// whoever still is in a group has its rights back.
#[async_trait]
pub trait Departures: Send + Sync + fmt::Debug {
    /// Puts a departure in force and answers with what now is. Of one that is in force for the same
    /// person and team, the beginning stays, and so does a hold that was skipped.
    async fn depart(&self, departure: &Departure) -> Result<Departure, StoreError>;

    /// The departures of these people, or everybody's, by person and team; the one from all teams
    /// comes first.
    async fn departures(
        &self,
        people: Option<&BTreeSet<PersonId>>,
    ) -> Result<Vec<Departure>, StoreError>;

    /// Ends the departure of a person from one team, or all of the person's, and answers with what
    /// was ended.
    async fn rejoin(
        &self,
        person: &PersonId,
        team: Option<&TeamKey>,
    ) -> Result<Vec<Departure>, StoreError>;
}
