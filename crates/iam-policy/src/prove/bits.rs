//! Sets of small numbers, for statements and patterns.

/// A set of numbers from zero on. Two sets are equal whatever their history.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    pub(super) fn insert(&mut self, number: usize) {
        let word = number / 64;
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        if let Some(slot) = self.0.get_mut(word) {
            *slot |= 1 << (number % 64);
        }
    }

    pub(super) fn contains(&self, number: usize) -> bool {
        self.0.get(number / 64).is_some_and(|word| word & (1 << (number % 64)) != 0)
    }

    pub(super) fn intersection(&self, other: &Self) -> Self {
        Self::trimmed(self.0.iter().zip(&other.0).map(|(a, b)| a & b).collect())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().flat_map(|(word, bits)| {
            (0..64).filter(move |bit| bits & (1_u64 << bit) != 0).map(move |bit| word * 64 + bit)
        })
    }

    fn trimmed(mut words: Vec<u64>) -> Self {
        while words.last() == Some(&0) {
            words.pop();
        }
        Self(words)
    }
}

impl FromIterator<usize> for Bits {
    fn from_iter<I: IntoIterator<Item = usize>>(numbers: I) -> Self {
        let mut all = Self::default();
        numbers.into_iter().for_each(|number| all.insert(number));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_behave_across_words() {
        let a: Bits = [0, 63, 64, 130].into_iter().collect();
        let b: Bits = [63, 130].into_iter().collect();
        assert_eq!(a.intersection(&b), b);
        assert_eq!(a.iter().collect::<Vec<_>>(), [0, 63, 64, 130]);
        assert!(a.contains(64) && !a.contains(65) && !a.contains(1000));
        // A set that lost its highest numbers equals one that never had them.
        let low: Bits = [1].into_iter().collect();
        let high: Bits = [1, 200].into_iter().collect();
        assert_eq!(high.intersection(&[0, 1, 2].into_iter().collect()), low);
    }
}
