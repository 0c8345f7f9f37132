//! What a plan leaves alone, in the order in which it is shown.

use crate::ids::ProfileName;
use crate::plan::Kept;

/// The beginning of a profile's name, which decides nearly every comparison.
type Beginning = [u8; 24];

/// What is left alone. Of each the beginning of the profile's name is noted when it comes, since the
/// name is at hand then: to fetch a million names from memory once more takes as long as sorting them.
#[derive(Debug, Default)]
pub(super) struct LeftAlone {
    kept: Vec<Kept>,
    beginnings: Vec<Beginning>,
}

impl LeftAlone {
    /// Room for what is left alone of so many profiles, which is nearly all of them.
    pub(super) fn of(profiles: usize) -> Self {
        Self { kept: Vec::with_capacity(profiles), beginnings: Vec::with_capacity(profiles) }
    }

    pub(super) fn push(&mut self, kept: Kept) {
        let name = kept.profile.as_ref().map_or("", ProfileName::as_str).bytes();
        let mut beginning = Beginning::default();
        beginning.iter_mut().zip(name).for_each(|(place, byte)| *place = byte);
        self.beginnings.push(beginning);
        self.kept.push(kept);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Kept> {
        self.kept.iter()
    }

    /// By domain, team and profile.
    pub(super) fn in_order(self) -> Vec<Kept> {
        let Self { mut kept, beginnings } = self;
        let key = |(at, (kept, beginning)): (usize, (&Kept, Beginning))| {
            (kept.domain.clone(), kept.team.clone(), kept.profile.is_some(), beginning, at)
        };
        let mut order: Vec<_> = kept.iter().zip(beginnings).enumerate().map(key).collect();
        order.sort_unstable_by(|a, b| {
            let rest = |at: usize| (kept.get(at).map(|k| (&k.profile, &k.person, &k.detail)), at);
            (&a.0, &a.1, a.2, &a.3)
                .cmp(&(&b.0, &b.1, b.2, &b.3))
                .then_with(|| rest(a.4).cmp(&rest(b.4)))
        });
        let mut order: Vec<usize> = order.into_iter().map(|(.., at)| at).collect();
        // Each comes to its place by a swap, which moves what was there: that is looked for where it
        // went.
        for place in 0..order.len() {
            let mut from = order.get(place).copied().unwrap_or(place);
            while from < place {
                from = order.get(from).copied().unwrap_or(place);
            }
            if let Some(found) = order.get_mut(place) {
                *found = from;
            }
            kept.swap(place, from);
        }
        kept
    }
}
