//! Timestamps as the integers that are stored: they sort as the times do.

use jiff::Timestamp;

/// The last whole microsecond that is not after `time`.
pub(crate) fn floor(time: Timestamp) -> i64 {
    let truncated = time.as_microsecond();
    truncated - i64::from(i128::from(truncated) * 1000 > time.as_nanosecond())
}

/// The first whole microsecond that is not before `time`.
pub(crate) fn ceil(time: Timestamp) -> i64 {
    let truncated = time.as_microsecond();
    truncated + i64::from(i128::from(truncated) * 1000 < time.as_nanosecond())
}

/// The time that a column holds.
pub(crate) fn read(column: usize, stored: i64) -> rusqlite::Result<Timestamp> {
    Timestamp::from_microsecond(stored)
        .map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, stored))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nanoseconds(n: i128) -> Timestamp {
        Timestamp::from_nanosecond(n).unwrap()
    }

    #[test]
    fn rounding_goes_the_named_way_on_both_sides_of_1970() {
        for (ns, down, up) in [
            (0, 0, 0),
            (1, 0, 1),
            (1_999, 1, 2),
            (2_000, 2, 2),
            (-1, -1, 0),
            (-1_999, -2, -1),
            (-2_000, -2, -2),
        ] {
            assert_eq!((floor(nanoseconds(ns)), ceil(nanoseconds(ns))), (down, up), "{ns} ns");
        }
    }

    #[test]
    fn the_ends_of_time_fit() {
        assert_eq!(read(0, floor(Timestamp::MIN)), Ok(Timestamp::MIN));
        assert_eq!(ceil(Timestamp::MAX) - floor(Timestamp::MAX), 1);
        assert_eq!(read(3, i64::MAX), Err(rusqlite::Error::IntegralValueOutOfRange(3, i64::MAX)));
    }
}
