//! Some people, among a million of whom each is asked about.

use crate::ids::PersonId;

/// A set of people which is asked about everybody: it lies in one piece, with the beginnings of the
/// ids, so that to ask about somebody else fetches nothing from memory.
#[derive(Debug, Clone, Default)]
pub(crate) struct People<'a> {
    sorted: Vec<([u64; 2], &'a PersonId)>,
}

impl People<'_> {
    pub(crate) fn contains(&self, person: &PersonId) -> bool {
        self.sorted.binary_search(&(person.beginning(), person)).is_ok()
    }
}

impl<'a> FromIterator<&'a PersonId> for People<'a> {
    fn from_iter<I: IntoIterator<Item = &'a PersonId>>(people: I) -> Self {
        let mut sorted: Vec<_> = people.into_iter().map(|id| (id.beginning(), id)).collect();
        sorted.sort_unstable();
        sorted.dedup();
        Self { sorted }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_told_apart_also_where_their_ids_begin_alike() {
        let ids = ["0123456789abcdef-1", "0123456789abcdef-2", "0123456789abcdef", "b"];
        let ids = ids.map(|id| PersonId::parse(id).unwrap());
        let [first, second, short, other] = &ids;
        let people: People<'_> = [other, second, short, second].into_iter().collect();
        assert_eq!(ids.each_ref().map(|id| people.contains(id)), [false, true, true, true]);
        assert!(!People::default().contains(first));
    }
}
