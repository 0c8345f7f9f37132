//! Some people, among a million of whom each is asked about.

use crate::ids::PersonId;

/// A set of people which is asked about everybody: it lies in one piece, with the beginnings of the
/// ids, so that to ask about somebody else fetches nothing from memory.
#[derive(Debug, Clone, Default)]
pub(crate) struct People<'a> {
    sorted: Vec<([u64; 2], &'a PersonId)>,
    marks: Marks,
}

impl People<'_> {
    pub(crate) fn contains(&self, person: &PersonId) -> bool {
        let beginning = person.beginning();
        self.marks.may_have(beginning) && self.sorted.binary_search(&(beginning, person)).is_ok()
    }
}

/// A bit for each place where an id of the set may stand: most of those who are not in it are told by
/// one look, however large the set is.
#[derive(Debug, Clone, Default)]
struct Marks {
    bits: Vec<u64>,
}

impl Marks {
    /// 32 to 64 bits for each of the set.
    fn of(set: impl ExactSizeIterator<Item = [u64; 2]>) -> Self {
        let mut marks = Self { bits: vec![0; set.len().div_ceil(2).next_power_of_two()] };
        for beginning in set {
            let (word, bit) = marks.place(beginning);
            if let Some(word) = marks.bits.get_mut(word) {
                *word |= bit;
            }
        }
        marks
    }

    fn may_have(&self, beginning: [u64; 2]) -> bool {
        let (word, bit) = self.place(beginning);
        self.bits.get(word).is_some_and(|word| word & bit != 0)
    }

    /// Which word, and its bit. A multiplication spreads what differs in few letters over the upper
    /// bits of the product.
    fn place(&self, [first, second]: [u64; 2]) -> (usize, u64) {
        let spread = (first ^ second.rotate_left(29)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let word = usize::try_from(spread >> 32).unwrap_or_default();
        (word & self.bits.len().saturating_sub(1), 1 << (spread >> 26 & 63))
    }
}

impl<'a> FromIterator<&'a PersonId> for People<'a> {
    fn from_iter<I: IntoIterator<Item = &'a PersonId>>(people: I) -> Self {
        let mut sorted: Vec<_> = people.into_iter().map(|id| (id.beginning(), id)).collect();
        sorted.sort_unstable();
        sorted.dedup();
        let marks = Marks::of(sorted.iter().map(|(beginning, _)| *beginning));
        Self { sorted, marks }
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

    #[test]
    fn marks_miss_nobody_and_tell_most_others() {
        let id =
            |number: usize| PersonId::parse(format!("9067f1a2c4-{number:05x}abc-1a2b")).unwrap();
        let ids: Vec<_> = (0..4000).map(id).collect();
        let people: People<'_> = ids.iter().step_by(4).collect();
        let kept = ids.iter().filter(|id| people.contains(id)).count();
        assert_eq!(kept, 1000);
        let looked_up = ids.iter().filter(|id| people.marks.may_have(id.beginning())).count();
        assert!((1000..1200).contains(&looked_up), "{looked_up}");
    }
}
