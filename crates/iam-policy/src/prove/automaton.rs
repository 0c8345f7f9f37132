//! Product automata of wildcard patterns: which patterns can one text match together?
//!
//! All patterns are read side by side, letter by letter (subset construction). At each state only the
//! letters that some pattern asks for there tell patterns apart; all others behave alike and are
//! stood for by a few *other* letters. So every set of patterns that some text over *all* of Unicode
//! matches, and no other pattern with them, is found, with texts that do.

use super::bits::Bits;
use super::budget::Budget;
use super::unknown::Unknown;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// How many places are looked at before giving up: a second or so of work.
const MOST_PLACES: usize = 6_000_000;

/// Letters that stand for those that no pattern asks for, the most readable first.
const OTHERS: &str = "xyzwvqkj0123456789abcdefghilmnoprstuXYZWVQKJABCDEFGHILMNOPRSTU_-";

/// One step of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    /// This letter.
    One(char),
    /// This letter, in either case of ASCII: actions.
    Either(char),
    /// This letter of ASCII, in any case of Unicode: the Kelvin sign is a `k` as well.
    Folded(char),
    /// Any one letter.
    Any,
    /// Any one letter but this.
    AnyBut(char),
    /// Any number of letters.
    Many,
    /// Any number of letters, none of which is this.
    ManyBut(char),
}

/// A pattern, step by step.
pub(super) type Glob = Vec<Step>;

/// The pattern that only this text matches.
pub(super) fn literal(text: &str) -> Glob {
    text.chars().map(Step::One).collect()
}

/// `k` without regard to case, besides `k` and `K`.
const KELVIN: char = '\u{212a}';

/// Whether two letters are the same but for their case.
fn same_folded(asked: char, letter: char) -> bool {
    asked.to_lowercase().eq(letter.to_lowercase())
}

/// Texts by the patterns that they match.
pub(super) type Classes = BTreeMap<Bits, Vec<String>>;

/// Every set of patterns that some text matches exactly, by index, with up to `each` different texts,
/// the shortest first. There are fewer only if no more exist.
///
/// `without` are letters that the texts must not have.
pub(super) fn classes(
    globs: &[Glob],
    each: usize,
    without: &[char],
    budget: &Budget,
) -> Result<Classes, Unknown> {
    let machine = Machine::new(globs);
    let mut search = Search { words: Vec::new(), queue: VecDeque::new(), visits: BTreeMap::new() };
    search.visit(machine.start(), None, each);
    let mut found = Classes::new();
    let mut work = 0;
    while let Some((state, word)) = search.queue.pop_front() {
        let texts = found.entry(machine.accepted(&state)).or_default();
        if texts.len() < each {
            texts.push(search.text(word));
        }
        let letters = machine.letters(&state, each, without);
        budget.spend(letters.len() * (state.len() + 1))?;
        work += letters.len() * (state.len() + 1);
        for letter in letters {
            search.visit(machine.step(&state, letter), Some((word, letter)), each);
        }
        if work > MOST_PLACES {
            return Err(Unknown::because("the patterns together tell too many texts apart"));
        }
    }
    Ok(found)
}

/// The places that are reached, in order.
type State = Vec<usize>;

/// Breadth first over states; every state is reached by its first `each` words only.
struct Search {
    /// Words by their last letter and the word before.
    words: Vec<Option<(usize, char)>>,
    queue: VecDeque<(State, usize)>,
    visits: BTreeMap<State, usize>,
}

impl Search {
    fn visit(&mut self, state: State, last: Option<(usize, char)>, each: usize) {
        if let Some(visits) = self.visits.get_mut(&state) {
            if *visits >= each {
                return;
            }
            *visits += 1;
        } else {
            self.visits.insert(state.clone(), 1);
        }
        self.queue.push_back((state, self.words.len()));
        self.words.push(last);
    }

    fn text(&self, mut word: usize) -> String {
        let mut letters = Vec::new();
        while let Some(Some((before, letter))) = self.words.get(word) {
            letters.push(*letter);
            word = *before;
        }
        letters.iter().rev().collect()
    }
}

/// All patterns as one tree: those that begin alike share their places.
struct Machine {
    places: Vec<Place>,
}

#[derive(Default)]
struct Place {
    /// What may be read here again and again: [`Step::Many`] or [`Step::ManyBut`].
    again: Option<Step>,
    next: Vec<(Step, usize)>,
    /// The patterns that are read to their end.
    ends: Vec<usize>,
}

impl Machine {
    fn new(globs: &[Glob]) -> Self {
        let mut machine = Self { places: vec![Place::default()] };
        for (index, glob) in globs.iter().enumerate() {
            let mut at = 0;
            for step in glob {
                at = machine.child(at, *step);
            }
            if let Some(place) = machine.places.get_mut(at) {
                place.ends.push(index);
            }
        }
        machine
    }

    fn child(&mut self, at: usize, step: Step) -> usize {
        let known = self.places.get(at).and_then(|place| {
            place.next.iter().find(|(other, _)| *other == step).map(|(_, child)| *child)
        });
        if let Some(child) = known {
            return child;
        }
        let child = self.places.len();
        let again = matches!(step, Step::Many | Step::ManyBut(_)).then_some(step);
        self.places.push(Place { again, ..Place::default() });
        if let Some(place) = self.places.get_mut(at) {
            place.next.push((step, child));
        }
        child
    }

    fn start(&self) -> State {
        let mut state = Vec::new();
        self.enter(&mut state, 0);
        in_order(state)
    }

    /// Adds a place, and those behind it that need no letter.
    fn enter(&self, state: &mut State, at: usize) {
        state.push(at);
        for (step, child) in self.places.get(at).map_or(&[][..], |place| &place.next) {
            if matches!(step, Step::Many | Step::ManyBut(_)) {
                self.enter(state, *child);
            }
        }
    }

    fn step(&self, state: &State, letter: char) -> State {
        let mut next = Vec::new();
        for place in self.all(state) {
            if place.1.again.is_some_and(|step| step.admits(letter)) {
                self.enter(&mut next, place.0);
            }
            for (step, child) in &place.1.next {
                let many = matches!(step, Step::Many | Step::ManyBut(_));
                if !many && step.admits(letter) {
                    self.enter(&mut next, *child);
                }
            }
        }
        in_order(next)
    }

    fn all<'a>(&'a self, state: &'a State) -> impl Iterator<Item = (usize, &'a Place)> {
        state.iter().filter_map(|at| Some((*at, self.places.get(*at)?)))
    }

    fn accepted(&self, state: &State) -> Bits {
        self.all(state).flat_map(|(_, place)| place.ends.iter().copied()).collect()
    }

    /// The letters that some pattern asks for here, and `others` letters for all the rest.
    fn letters(&self, state: &State, others: usize, without: &[char]) -> BTreeSet<char> {
        let steps = || {
            self.all(state)
                .flat_map(|(_, place)| place.next.iter().map(|(step, _)| *step).chain(place.again))
        };
        let mut exact = BTreeSet::new();
        let mut open = false;
        for step in steps() {
            match step {
                Step::One(letter) | Step::AnyBut(letter) | Step::ManyBut(letter) => {
                    exact.insert(letter);
                }
                Step::Either(_) | Step::Folded(_) | Step::Any | Step::Many => {}
            }
            open |= !matches!(step, Step::One(_) | Step::Either(_) | Step::Folded(_));
        }
        let mut letters = exact.clone();
        for step in steps() {
            let (Step::Either(letter) | Step::Folded(letter)) = step else { continue };
            let mut cases = vec![letter.to_ascii_lowercase(), letter.to_ascii_uppercase()];
            if letter.eq_ignore_ascii_case(&'k') {
                cases.push(KELVIN);
            }
            if others > 1 || cases.iter().any(|case| exact.contains(case)) {
                letters.extend(cases);
            } else {
                letters.insert(letter);
            }
        }
        // Where every pattern asks for a letter, any other letter ends all hope: one such word will
        // do, for it can go on as it likes.
        let rest = if open || state.is_empty() { others } else { 1 };
        let apart = |letter: &char| !letters.iter().any(|asked| asked.eq_ignore_ascii_case(letter));
        let spare = ('\u{4e00}'..='\u{9fff}').chain('\u{a000}'..='\u{a48c}');
        let chosen: Vec<char> = OTHERS
            .chars()
            .chain(spare)
            .filter(|letter| apart(letter) && !without.contains(letter))
            .take(rest)
            .collect();
        letters.extend(chosen);
        letters.retain(|letter| !without.contains(letter));
        letters
    }
}

fn in_order(mut state: State) -> State {
    state.sort_unstable();
    state.dedup();
    state
}

impl Step {
    /// Whether the letter may stand here.
    fn admits(self, letter: char) -> bool {
        match self {
            Self::One(asked) => asked == letter,
            Self::Either(asked) => asked.eq_ignore_ascii_case(&letter),
            Self::Folded(asked) => same_folded(asked, letter),
            Self::AnyBut(barred) | Self::ManyBut(barred) => barred != letter,
            Self::Any | Self::Many => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes(globs: &[Glob], each: usize, without: &[char]) -> Result<Classes, Unknown> {
        super::classes(globs, each, without, &Budget::of(2 * MOST_PLACES))
    }

    fn glob(pattern: &str) -> Glob {
        pattern
            .chars()
            .map(|letter| match letter {
                '*' => Step::Many,
                '?' => Step::Any,
                other => Step::One(other),
            })
            .collect()
    }

    fn found(patterns: &[&str]) -> BTreeMap<Vec<usize>, String> {
        let globs: Vec<Glob> = patterns.iter().map(|pattern| glob(pattern)).collect();
        classes(&globs, 1, &[])
            .unwrap()
            .into_iter()
            .map(|(bits, texts)| (bits.iter().collect(), texts[0].clone()))
            .collect()
    }

    #[test]
    fn every_combination_that_some_text_has_is_found_and_no_other() {
        let all = found(&["a*", "*b", "ab"]);
        let keys: Vec<&[usize]> = all.keys().map(Vec::as_slice).collect();
        assert_eq!(keys, [&[][..], &[0], &[0, 1], &[0, 1, 2], &[1]]);
        assert_eq!(all[&vec![0, 1, 2]], "ab");
        // Nothing can match "ab" without matching the others.
        assert_eq!(all[&vec![1]], "b");
    }

    #[test]
    fn covering_patterns_leave_no_text_outside() {
        assert_eq!(found(&["*"]).keys().cloned().collect::<Vec<_>>(), [vec![0]]);
        assert_eq!(found(&["", "?*"]).keys().cloned().collect::<Vec<_>>(), [vec![0], vec![1]]);
    }

    #[test]
    fn finite_classes_give_all_their_texts_and_infinite_ones_as_many_as_asked() {
        let globs = [glob("a"), glob("?"), glob("*")];
        let all = classes(&globs, 3, &[]).unwrap();
        let texts = |set: &[usize]| all[&set.iter().copied().collect::<Bits>()].clone();
        assert_eq!(texts(&[0, 1, 2]), ["a"]);
        assert_eq!(texts(&[1, 2]).len(), 3);
        assert_eq!(texts(&[2]).len(), 3);
        assert!(texts(&[2]).contains(&String::new()));
        let distinct: BTreeSet<String> = all.values().flatten().cloned().collect();
        assert_eq!(distinct.len(), 7);
    }

    #[test]
    fn barred_letters_are_in_no_text() {
        let globs = [glob("a/*"), glob("a*")];
        let all = classes(&globs, 2, &['/']).unwrap();
        let keys: Vec<Vec<usize>> = all.keys().map(|bits| bits.iter().collect()).collect();
        assert_eq!(keys, [vec![], vec![1]]);
    }

    #[test]
    fn stars_that_stop_at_a_letter_do_not_pass_it() {
        let colon = vec![Step::ManyBut(':'), Step::One(':'), Step::ManyBut(':')];
        let all = classes(&[colon, glob("*:*")], 1, &[]).unwrap();
        let keys: Vec<Vec<usize>> = all.keys().map(|bits| bits.iter().collect()).collect();
        assert_eq!(keys, [vec![], vec![1], vec![0, 1]]);
    }

    #[test]
    fn letters_without_case_tell_apart_only_where_somebody_asks() {
        let folded = vec![Step::Either('A'), Step::Either('b')];
        let all = classes(&[folded, glob("ab")], 4, &[]).unwrap();
        let texts = |set: &[usize]| all[&set.iter().copied().collect::<Bits>()].clone();
        assert_eq!(texts(&[0, 1]), ["ab"]);
        assert_eq!(texts(&[0]), ["AB", "Ab", "aB"]);
        assert_eq!(all.len(), 3);
        let kelvin = [vec![Step::Folded('k')], glob("k"), glob("K")];
        let all = classes(&kelvin, 2, &[]).unwrap();
        assert_eq!(all[&[0].into_iter().collect::<Bits>()], ["\u{212a}"]);
    }

    #[test]
    fn many_stars_are_too_many_rather_than_wrong() {
        let globs: Vec<Glob> = (0..18)
            .map(|n| glob(&format!("*{}*{}*", char::from(b'a' + n), char::from(b'a' + n))))
            .collect();
        let why = Unknown::because("the patterns together tell too many texts apart");
        assert_eq!(classes(&globs, 1, &[]).unwrap_err(), why);
        // All automata of a proof together have one budget.
        let little = Budget::of(MOST_PLACES / 100);
        let why = super::classes(&globs, 1, &[], &little).unwrap_err();
        assert_eq!(why, little.spend(1).unwrap_err());
    }
}
