//! Ordered dimensions, cut where some policy looks: addresses, numbers and dates.
//!
//! Between two neighbouring cuts no test can tell one value from another, so one value of each piece
//! stands for all of it.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, Ipv6Addr};

/// The first address of every piece of IPv4 and IPv6, given the first and last addresses of the
/// blocks that tests name.
pub(super) fn addresses(v4: &[(Ipv4Addr, Ipv4Addr)], v6: &[(Ipv6Addr, Ipv6Addr)]) -> Vec<String> {
    let cuts4 = cuts(v4.iter().map(|(a, b)| (u32::from(*a).into(), u32::from(*b).into())));
    let cuts6 = cuts(v6.iter().map(|(a, b)| (u128::from(*a), u128::from(*b))));
    let four = cuts4.into_iter().filter_map(|cut| u32::try_from(cut).ok()).map(Ipv4Addr::from);
    let six = cuts6.into_iter().map(Ipv6Addr::from);
    four.map(|address| address.to_string()).chain(six.map(|address| address.to_string())).collect()
}

/// Where a piece begins: at zero, at the first of a block and after its last.
fn cuts(blocks: impl Iterator<Item = (u128, u128)>) -> BTreeSet<u128> {
    let mut cuts = BTreeSet::from([0]);
    for (first, last) in blocks {
        cuts.insert(first);
        cuts.extend(last.checked_add(1));
    }
    cuts
}

/// The cuts themselves and a number of every piece between, below and above them, in order.
pub(super) fn numbers(cuts: &BTreeSet<i128>) -> Vec<i128> {
    let mut all = BTreeSet::new();
    for cut in cuts {
        all.extend([cut.checked_sub(1), Some(*cut), cut.checked_add(1)].into_iter().flatten());
    }
    if all.is_empty() {
        all.insert(0);
    }
    all.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_cut_at_both_ends_in_both_families() {
        let block = (Ipv4Addr::new(10, 0, 0, 0), Ipv4Addr::new(10, 0, 0, 255));
        let found = addresses(&[block], &[]);
        assert_eq!(found.first().map(String::as_str), Some("0.0.0.0"));
        for address in ["10.0.0.0", "10.0.1.0", "::"] {
            assert!(found.contains(&address.to_owned()), "{address} in {found:?}");
        }
    }

    #[test]
    fn the_last_address_needs_no_cut_behind_it() {
        let all4 = (Ipv4Addr::UNSPECIFIED, Ipv4Addr::BROADCAST);
        let upper = (Ipv6Addr::from(1 << 127), Ipv6Addr::from(u128::MAX));
        assert_eq!(addresses(&[all4], &[upper]), ["0.0.0.0", "::", "8000::"]);
    }

    #[test]
    fn numbers_lie_on_and_around_every_cut() {
        assert_eq!(numbers(&BTreeSet::from([5, 9])), [4, 5, 6, 8, 9, 10]);
        assert_eq!(numbers(&BTreeSet::from([i128::MAX])), [i128::MAX - 1, i128::MAX]);
        assert_eq!(numbers(&BTreeSet::new()), [0]);
    }
}
