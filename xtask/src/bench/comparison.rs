//! Medians of paired runs, and the lines that say how they compare.

use std::fmt;

/// A quantity that was measured several times.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sample {
    sorted: Vec<f64>,
}

impl Sample {
    /// Of any number of values; those that are not numbers do not count.
    pub(super) fn new(values: impl IntoIterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = values.into_iter().filter(|v| v.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        Self { sorted }
    }

    /// The middle value, or the mean of the middle two. `NaN` of nothing.
    pub(super) fn median(&self) -> f64 {
        let middle = self.sorted.len() / 2;
        let at = |index: usize| self.sorted.get(index).copied().unwrap_or(f64::NAN);
        if self.sorted.len() % 2 == 1 {
            at(middle)
        } else {
            f64::midpoint(at(middle.wrapping_sub(1)), at(middle))
        }
    }

    /// The median with the least and the greatest value, if those differ.
    pub(super) fn spread(&self) -> String {
        let least = self.sorted.first().map_or_else(String::new, |v| number(*v));
        let most = self.sorted.last().map_or_else(String::new, |v| number(*v));
        let median = number(self.median());
        if least == most { median } else { format!("{median} ({least}–{most})") }
    }
}

/// Which of two values is the better one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Better {
    /// Times and memory: the ratio is theirs ÷ ours.
    Less,
    /// Rates: the ratio is ours ÷ theirs.
    More,
}

/// One line that compares: `ratio <name> <value> [(<goal>)] (ours <x>, theirs <y>, <unit>)`. The
/// ratio says how many times better ours is.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Comparison {
    /// Such as `events-cold-start`.
    pub(super) name: String,
    /// Stagedoor's value.
    pub(super) ours: f64,
    /// The other's value.
    pub(super) theirs: f64,
    /// Unit of both.
    pub(super) unit: &'static str,
    /// Which one is better.
    pub(super) better: Better,
    /// What the ratio was meant to be, such as `target 40`.
    pub(super) goal: Option<&'static str>,
}

impl Comparison {
    fn ratio(&self) -> f64 {
        match self.better {
            Better::Less => self.theirs / self.ours,
            Better::More => self.ours / self.theirs,
        }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, unit) = (&self.name, self.unit);
        let (ours, theirs) = (number(self.ours), number(self.theirs));
        let goal = self.goal.map_or_else(String::new, |goal| format!(" ({goal})"));
        write!(f, "ratio {name} {:.2}{goal} (ours {ours}, theirs {theirs}, {unit})", self.ratio())
    }
}

/// Three significant digits, and never fewer than the whole ones; whole values without decimals.
pub(super) fn number(value: f64) -> String {
    let decimals = match value.abs() {
        _ if value.fract() == 0.0 => 0,
        v if v >= 100.0 => 0,
        v if v >= 10.0 => 1,
        v if v >= 1.0 => 2,
        _ => 3,
    };
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_value_or_the_mean_of_the_middle_two() {
        assert_eq!(number(Sample::new([9.0, 1.0, 2.0]).median()), "2");
        assert_eq!(number(Sample::new([9.0, 1.0, 2.0, 3.0]).median()), "2.50");
        assert_eq!(number(Sample::new([f64::NAN, 7.0]).median()), "7");
        assert!(Sample::new([]).median().is_nan());
    }

    #[test]
    fn the_spread_names_the_least_and_the_greatest() {
        assert_eq!(Sample::new([130.4, 12.34, 98.76]).spread(), "98.8 (12.3–130)");
        assert_eq!(Sample::new([5.01, 5.012]).spread(), "5.01");
    }

    #[track_caller]
    fn line(better: Better, ours: f64, theirs: f64, expected: &str) {
        let name = "events-x".to_owned();
        let comparison = Comparison { name, ours, theirs, unit: "ms", better, goal: None };
        assert_eq!(comparison.to_string(), expected);
        let with_goal = Comparison { goal: Some("target 2"), ..comparison };
        assert_eq!(with_goal.to_string(), expected.replacen(" (", " (target 2) (", 1));
    }

    #[test]
    fn a_ratio_says_how_many_times_better_ours_is() {
        line(Better::Less, 80.0, 602.4, "ratio events-x 7.53 (ours 80, theirs 602, ms)");
        line(Better::More, 80.0, 602.4, "ratio events-x 0.13 (ours 80, theirs 602, ms)");
        line(Better::Less, 0.5, 0.5, "ratio events-x 1.00 (ours 0.500, theirs 0.500, ms)");
    }
}
