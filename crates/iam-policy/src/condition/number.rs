//! Numbers as they are written, compared exactly.

use std::cmp::Ordering;

/// A decimal number. Comparing texts spares the rounding that floating point would bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Number<'a> {
    negative: bool,
    /// Digits before the point, without leading zeros.
    whole: &'a str,
    /// Digits after the point, without trailing zeros.
    fraction: &'a str,
}

impl<'a> Number<'a> {
    /// Reads `-12.5`, `+3`, `.5`. No exponents and no blanks.
    pub fn parse(text: &'a str) -> Option<Self> {
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let decimal = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.len() + fraction.len() == 0 || !decimal(whole) || !decimal(fraction) {
            return None;
        }
        let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
        let zero = whole.is_empty() && fraction.is_empty();
        Some(Self { negative: text.starts_with('-') && !zero, whole, fraction })
    }
}

impl Ord for Number<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let size = self
            .whole
            .len()
            .cmp(&other.whole.len())
            .then_with(|| self.whole.cmp(other.whole))
            .then_with(|| self.fraction.cmp(other.fraction));
        match (self.negative, other.negative) {
            (false, false) => size,
            (true, true) => size.reverse(),
            (negative, _) => {
                if negative {
                    Ordering::Less
                } else {
                    Ordering::Greater
                }
            }
        }
    }
}

impl PartialOrd for Number<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_in_order_whatever_their_spelling() {
        let order = [
            "-10",
            "-9.5",
            "-9",
            "-0.1",
            "0",
            "0.05",
            "0.5",
            "1",
            "9",
            "9.25",
            "9.3",
            "10",
            "9007199254740992",
            "9007199254740993",
        ];
        for (a, left) in order.iter().enumerate() {
            for (b, right) in order.iter().enumerate() {
                let compared = Number::parse(left).unwrap().cmp(&Number::parse(right).unwrap());
                assert_eq!(compared, a.cmp(&b), "{left} {right}");
            }
        }
    }

    #[test]
    fn spellings_of_one_number_are_equal() {
        for (left, right) in
            [("1", "+1.00"), ("0", "-0.0"), ("007", "7."), (".5", "0.50"), ("-1", "-01")]
        {
            assert_eq!(Number::parse(left), Number::parse(right), "{left} {right}");
        }
    }

    #[test]
    fn other_texts_are_no_numbers() {
        for text in ["", ".", "-", "1e3", "1 ", "0x1", "1.2.3", "--1", "NaN", "١"] {
            assert_eq!(Number::parse(text), None, "{text}");
        }
    }
}
