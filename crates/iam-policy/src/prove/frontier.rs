//! The combinations worth looking at: which statements can hold together.
//!
//! A policy decision only grows with the `Allow` statements that hold and only shrinks with the `Deny`
//! statements. So of two combinations of which one has all that helps and no more of what hinders, the
//! other need not be looked at: if that one is no counterexample, this one is none either.

use super::bits::Bits;
use super::budget::Budget;
use super::unknown::Unknown;

/// Values given to context keys: keys in lower case; no values: the key is missing.
pub(super) type Values = Vec<(String, Vec<String>)>;

/// A combination of statements that hold together, and what makes them.
#[derive(Debug, Clone)]
pub(super) struct Point {
    pub(super) holds: Bits,
    pub(super) values: Values,
}

/// Combinations of which none outdoes another.
#[derive(Debug, Clone)]
pub(super) struct Frontier<'a> {
    /// The statements that help a counterexample when they hold; all others hinder it.
    helpful: &'a Bits,
    points: Vec<Point>,
}

impl<'a> Frontier<'a> {
    pub(super) fn new(helpful: &'a Bits) -> Self {
        Self { helpful, points: Vec::new() }
    }

    /// The one combination of these statements, for which nothing needs to be said.
    pub(super) fn of(helpful: &'a Bits, holds: Bits) -> Self {
        Self { helpful, points: vec![Point { holds, values: Vec::new() }] }
    }

    pub(super) fn points(&self) -> &[Point] {
        &self.points
    }

    /// Keeps a combination unless another outdoes it, and drops those that it outdoes.
    pub(super) fn add(&mut self, point: Point, budget: &Budget) -> Result<(), Unknown> {
        budget.spend(1 + self.points.len())?;
        if self.points.iter().any(|other| outdoes(self.helpful, &other.holds, &point.holds)) {
            return Ok(());
        }
        let helpful = self.helpful;
        self.points.retain(|other| !outdoes(helpful, &point.holds, &other.holds));
        self.points.push(point);
        Ok(())
    }

    /// Every combination of one of each: a statement holds if it does in both.
    pub(super) fn and(&self, other: &[Point], budget: &Budget) -> Result<Self, Unknown> {
        let mut both = Self::new(self.helpful);
        for left in &self.points {
            for right in other {
                let holds = left.holds.intersection(&right.holds);
                let values = left.values.iter().chain(&right.values).cloned().collect();
                both.add(Point { holds, values }, budget)?;
            }
        }
        Ok(both)
    }
}

/// Whether the first combination has everything helpful of the second, and hindering no more.
pub(super) fn outdoes(helpful: &Bits, first: &Bits, second: &Bits) -> bool {
    second.iter().filter(|rule| helpful.contains(*rule)).all(|rule| first.contains(rule))
        && first.iter().filter(|rule| !helpful.contains(*rule)).all(|rule| second.contains(rule))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bits(numbers: &[usize]) -> Bits {
        numbers.iter().copied().collect()
    }

    fn point(numbers: &[usize]) -> Point {
        Point { holds: bits(numbers), values: Vec::new() }
    }

    #[test]
    fn only_what_nothing_outdoes_is_kept() {
        let helpful = bits(&[0, 1]);
        let (budget, mut frontier) = (Budget::of(100), Frontier::new(&helpful));
        frontier.add(point(&[0, 2]), &budget).unwrap();
        frontier.add(point(&[1, 2]), &budget).unwrap();
        assert_eq!(frontier.points().len(), 2);
        // More helps and less hinders: both go.
        frontier.add(point(&[0, 1]), &budget).unwrap();
        assert_eq!(frontier.points().len(), 1);
        frontier.add(point(&[0]), &budget).unwrap();
        frontier.add(point(&[0, 1, 2]), &budget).unwrap();
        assert_eq!(frontier.points().len(), 1);
    }

    #[test]
    fn statements_hold_if_they_do_on_both_sides() {
        let helpful = bits(&[0, 1]);
        let (budget, all) = (Budget::of(100), Frontier::of(&helpful, bits(&[0, 1, 2])));
        let both = all.and(&[point(&[0]), point(&[1, 2])], &budget).unwrap();
        let mut held: Vec<Vec<usize>> =
            both.points().iter().map(|point| point.holds.iter().collect()).collect();
        held.sort();
        assert_eq!(held, [vec![0], vec![1, 2]]);
    }
}
