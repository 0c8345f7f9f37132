//! Where the map writes what has a name.

use super::Place;
use super::check::Named;
use super::diagnostic::Reporter;
use crate::ids::{DomainKey, NetworkKey, PersonaKey};
use std::collections::BTreeMap;

/// Where the map writes what has a name, besides teams and grants, which know it themselves. What is
/// there without being written, such as the network `anywhere`, is absent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Places {
    /// Domains.
    pub domains: BTreeMap<DomainKey, Place>,
    /// Network rules.
    pub networks: BTreeMap<NetworkKey, Place>,
    /// Personas.
    pub personas: BTreeMap<PersonaKey, Place>,
}

/// The places of the entries of a table.
pub(super) fn places<K: Ord, E>(
    entries: &[Named],
    key: impl Fn(String) -> Result<K, E>,
    reporter: &Reporter<'_>,
) -> BTreeMap<K, Place> {
    let placed = |named: &Named| Some((key(named.key.clone()).ok()?, reporter.place(named.at)));
    entries.iter().filter_map(placed).collect()
}
