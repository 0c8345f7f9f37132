//! The key scheme: one table, `pk` and `sk`, and one sparse index.
//!
//! | `pk` | `sk` | what | in the index as |
//! |---|---|---|---|
//! | `schema` | `schema` | version of the schema | |
//! | `tally` | `tally` | count of what happens; a ticket reads it | |
//! | `tally` | `last-full` | when everything was last read and planned | |
//! | `work#PERSON` | `work` | who waits to be read again | `work#SHARD` by due time, or `leased#SHARD` by end of lease |
//! | `everything` | `work` | that everything waits to be read again | |
//! | `claim#PERSON` | `claim` | which pass is at whom | |
//! | `pass#CHANGE` | `claimed#NUMBER`, `leaving#NUMBER` | whom a pass claimed or is about to take away | |
//! | `profiles#DOMAIN#SHARD` | `profile#FOLDED`, `owned` | a profile of ours; how many there are | |
//! | `person#PERSON` | `profiles` | which profiles a person may have | |
//! | `leaving` | `DOMAIN#FOLDED` | what the guard counts | |
//! | `marks` | `DOMAIN` | when a domain was read in full | |
//! | `session#ID` | `session` | a session | |
//! | `person#PERSON`, `subject#DIGEST` | `session#ID` | finds the sessions of a person, of an identity provider's subject | |
//! | `subject#DIGEST` | `logged-out#INDEX` | as of when its identity provider ended its sessions | |
//! | `login#REQUEST` | `login` | a sign-in that was begun | |
//! | `used#DIGEST` | `used` | an assertion that was used | |
//! | `departures#SHARD` | `PERSON` | from what an admin offboarded a person | |
//! | `temporary#SHARD` | `PERSON` | temporary grants and requests of a person | |
//! | `approvals` | `DIGEST` | what somebody agreed to that the guard had refused | |
//! | `tokens`, `token#DIGEST` | `NAME`, `token` | a token of the API, by name and by its secret's digest | |
//! | `reply#DIGEST` | `reply` | a request with an idempotency key | |
//! | `switch` | `freeze`, `thawed` | that nothing may be changed; what was thawed last | |
//! | `secret#NAME` | `secret` | a secret drawn here | |
//! | `attempts#SHARD` | `TIME#WRITER` | an answer of an identity provider | |
//! | `audit-chain#CHAIN` | `NUMBER` | an audit entry | |
//! | `history#PERSON` | `TIME#WRITER` | the same entry, where it is about a person | |
//! | `audit-watch` | `watched` | what the last look at the audit log came to | |
//! | `notes` | `TIME#WRITER` | an event that arrived, or what no event told of | |
//! | `profile-counts` | `DAY#DOMAIN` | how many profiles a domain had | |
//! | `scim#DIRECTORY#KIND` | `ID` | a person or a group that was pushed by SCIM | |
//! | `scim-key#DIRECTORY#KIND#KEY#DIGEST` | `unique` or `ID` | by what one is found | |
//! | `scim-group#DIRECTORY#GROUP` | `MEMBER` | who is in a pushed group | |
//! | `scim-member#DIRECTORY#MEMBER` | `GROUP` | in which pushed groups somebody is | |
//! | `scim-counts`, `scim-changed` | `DIRECTORY` | how many were pushed; when the last change came | |
//! | `grants` | `grant#DIGEST`, `version` | a row of the grant table; how often it was changed | |
//! | `metadata#NAME` | `part#N` | a copy of an identity provider's metadata | |
//! | `mirror` | `reading`, `seen` | what the last run that mirrored groups planned, and came to | |
//! | `notices` | `CHANNEL\|TOPIC\|SUBJECT` | what somebody was told of already | |
//! | `groups` | `GROUP` | a group, as the last complete reading found it | |
//! | `group#GROUP` | `MEMBERSHIP` | a membership | `membership#MEMBERSHIP` |
//!
//! What is written often has a partition of its own for each person, so that no partition is hot.
//! The index is there for two questions that no key answers: which work is due, and which group a
//! membership was in. Neither decides anything by itself: what the index says lags behind, so work
//! is taken by a condition on the item itself, and a membership that is not found has everything read.

use super::item::Item;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use std::fmt;

/// Name of the partition key.
pub(crate) const PK: &str = "pk";

/// Name of the sort key.
pub(crate) const SK: &str = "sk";

/// Seconds since 1970 after which `DynamoDB` may delete the item. It may take days over it: whoever
/// reads an item that lapses compares times.
pub(crate) const TTL: &str = "ttl";

/// Changes with every write of an item that is compared before it is written.
pub(crate) const VERSION: &str = "v";

/// Name of the sparse index.
pub(crate) const INDEX: &str = "lookup-at";

/// Partition key of the index.
pub(crate) const LOOKUP: &str = "lookup";

/// Sort key of the index, a number.
pub(crate) const AT: &str = "at";

/// Where an item is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    /// Partition key.
    pub(crate) pk: String,
    /// Sort key.
    pub(crate) sk: String,
}

impl Key {
    /// The item `sk` of the partition `pk`.
    pub(crate) fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self { pk: pk.into(), sk: sk.into() }
    }

    /// Where this item is, if it is one of ours.
    pub(crate) fn of(item: &Item) -> Option<Self> {
        Some(Self::new(item.opt_text(PK)?, item.opt_text(SK)?))
    }

    /// The two attributes.
    pub(crate) fn attributes(&self) -> [(String, AttributeValue); 2] {
        [
            (PK.to_owned(), AttributeValue::S(self.pk.clone())),
            (SK.to_owned(), AttributeValue::S(self.sk.clone())),
        ]
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` `{}`", self.pk, self.sk)
    }
}

/// When `DynamoDB` may delete what lapses at `end`: `kept` later, since its clock is not ours.
pub(crate) fn lapse(end: Timestamp, kept: SignedDuration) -> Timestamp {
    end.checked_add(kept).unwrap_or(end)
}

/// Which of `shards` this text falls into, the same for every version of Stagedoor (FNV-1a).
pub(crate) fn shard(text: &str, shards: u32) -> u32 {
    let mut hash: u32 = 0x811c_9dc5;
    for byte in text.bytes() {
        hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    }
    // The low bits of FNV alone are poor.
    (hash ^ (hash >> 16)).checked_rem(shards).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_even_and_never_change() {
        let mut counts = [0; 8];
        for n in 0..8_000 {
            counts[shard(&format!("90677c6e-{n:04}"), 8) as usize] += 1;
        }
        assert!(counts.iter().all(|count| (850..1_150).contains(count)), "{counts:?}");
        assert_eq!(["", "ada", "bob"].map(|text| shard(text, 8)), [1, 2, 2]);
    }
}
