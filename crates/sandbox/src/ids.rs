//! Identifiers: random-looking, and the same for the same seed.

/// A generator of identifiers (`SplitMix64`). Not for secrets: everything here is a simulation.
#[derive(Debug, Clone)]
pub(crate) struct Ids {
    state: u64,
}

impl Ids {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 up to 1, for probabilities.
    pub(crate) fn fraction(&mut self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "32 bits fit an f64 exactly")]
        let share = (self.next() >> 32) as f64;
        share / 4_294_967_296.0
    }

    pub(crate) fn uuid(&mut self) -> String {
        let (a, b) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
            a >> 32,
            (a >> 16) & 0xffff,
            a & 0xfff,
            b >> 52,
            b & 0xffff_ffff_ffff
        )
    }

    /// Lower-case letters and digits, as in domain ids.
    pub(crate) fn alphanumeric(&mut self, length: usize) -> String {
        self.pick(b"abcdefghijklmnopqrstuvwxyz0123456789", length)
    }

    /// Capital letters and digits, as in access key ids.
    pub(crate) fn key(&mut self, length: usize) -> String {
        self.pick(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", length)
    }

    pub(crate) fn hex(&mut self, length: usize) -> String {
        self.pick(b"0123456789abcdef", length)
    }

    fn pick(&mut self, alphabet: &[u8], length: usize) -> String {
        let count = alphabet.len().max(1) as u64;
        (0..length)
            .filter_map(|_| {
                let index = usize::try_from(self.next() % count).ok()?;
                alphabet.get(index).map(|byte| char::from(*byte))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::pattern::Pattern;

    #[test]
    fn the_same_seed_gives_the_same_ids() {
        let (mut one, mut two) = (Ids::new(7), Ids::new(7));
        assert_eq!(one.uuid(), two.uuid());
        assert_ne!(one.uuid(), Ids::new(8).uuid());
        assert!(Pattern::DirectoryId.matches(&one.uuid()));
        assert_eq!(one.alphanumeric(12).len(), 12);
    }
}
