//! Durations on the command line.

use std::time::Duration;

/// Parses the time between two rounds of a timer.
pub(super) fn period(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err("must be longer than zero".to_owned()),
        period => Ok(period),
    }
}

/// Parses `500ms`, `5s`, `15m` or `2h`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: u64 = digits.parse().map_err(|_| "write it as 500ms, 5s, 15m or 2h".to_owned())?;
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    match unit {
        "ms" => Ok(Duration::from_millis(number)),
        "s" => Ok(Duration::from_secs(number)),
        "m" => Ok(Duration::from_secs(number.saturating_mul(60))),
        "h" => Ok(Duration::from_secs(number.saturating_mul(3600))),
        _ => Err("write it as 500ms, 5s, 15m or 2h".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timers_need_a_time_between_two_rounds() {
        assert_eq!(period("1ms"), Ok(Duration::from_millis(1)));
        assert_eq!(period("0s"), Err("must be longer than zero".to_owned()));
    }

    #[test]
    fn durations_need_a_number_and_a_unit() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("15m"), Ok(Duration::from_mins(15)));
        for bad in ["", "5", "m", "5 m", "-5m", "5d", "5mm"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
