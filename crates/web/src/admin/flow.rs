//! The picture of *Now*: people flow from groups by teams and personas to domains.
//!
//! A pure layout: ways in, lengths and paths out. Every column stands for the same people, so all have
//! the same scale; of each column the widest are shown by name and the others together.

use access::ids::TeamKey;
use control::desk::Way;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// How wide the picture is.
const WIDTH: f64 = 1000.0;
/// How wide a node is.
const NODE: f64 = 10.0;
/// What the widest column's people take together.
const PEOPLE: f64 = 300.0;
/// The least room for a node with its label of two lines.
const SLOT: f64 = 34.0;
/// The room between nodes.
const GAP: f64 = 12.0;
/// The room above, for the headings.
const TOP: f64 = 34.0;
/// Nothing is thinner, or it could not be seen.
const THIN: f64 = 1.5;

/// The columns: group, team, persona, domain.
pub(crate) const COLUMNS: usize = 4;

/// The words for what has no name of its own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unnamed {
    /// What is beyond the widest of a column, by number.
    pub(crate) others: fn(usize) -> String,
    /// A way through no group.
    pub(crate) no_group: &'static str,
    /// A team without persona.
    pub(crate) no_persona: &'static str,
    /// A team that is placed nowhere.
    pub(crate) no_domain: &'static str,
}

/// The picture.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Flow {
    /// Its width and height.
    pub(crate) width: f64,
    pub(crate) height: f64,
    /// Where the headings of the columns stand, with whether they end there.
    pub(crate) heads: [(f64, bool); COLUMNS],
    pub(crate) nodes: Vec<Node>,
    pub(crate) links: Vec<Link>,
}

/// A group, a team, a persona or a domain.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub(crate) column: usize,
    pub(crate) label: String,
    pub(crate) people: u64,
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) height: f64,
    /// Where its label stands, and whether it ends there.
    pub(crate) label_x: f64,
    pub(crate) label_ends: bool,
}

/// People who go from one node to another.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Link {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) people: u64,
    pub(crate) drifting: u64,
    /// The outline of all of them.
    pub(crate) path: String,
    /// The outline of those for whom AWS has something else than the map.
    pub(crate) drift_path: Option<String>,
}

/// What stands in a column. The others come last.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Name {
    Own(String),
    Others,
}

/// A way by its names in each column, with its people and those who drift.
type Named = ([String; COLUMNS], u64, u64);

/// People of each name in a column.
type Totals = BTreeMap<Name, u64>;

/// People, and those who drift, by column, from where and to where.
type Between = BTreeMap<(usize, Name, Name), (u64, u64)>;

/// Lays the ways out. `most` are shown by name in each column.
pub(crate) fn lay_out(ways: &[Way], most: usize, words: Unnamed) -> Flow {
    let mut titled: BTreeMap<&str, BTreeSet<&TeamKey>> = BTreeMap::new();
    for way in ways {
        titled.entry(&way.title).or_default().insert(&way.team);
    }
    let all: Vec<Named> = ways
        .iter()
        .filter(|way| way.people > 0)
        .map(|way| {
            let is_only = titled.get(way.title.as_str()).is_none_or(|teams| teams.len() < 2);
            (names(way, is_only, words), way.people, way.drifting)
        })
        .collect();
    let kept: Vec<BTreeMap<String, u64>> =
        (0..COLUMNS).map(|column| widest(&all, column, most)).collect();
    let mut totals: Vec<Totals> = vec![Totals::new(); COLUMNS];
    let mut between = Between::new();
    for (way, people, drifting) in &all {
        let names: [Name; COLUMNS] = std::array::from_fn(|column| {
            let name = way.get(column);
            let is_kept =
                |name: &&String| kept.get(column).is_some_and(|it| it.contains_key(*name));
            name.filter(is_kept).map_or(Name::Others, |name| Name::Own(name.clone()))
        });
        for (total, name) in totals.iter_mut().zip(&names) {
            *total.entry(name.clone()).or_default() += people;
        }
        for (column, pair) in names.windows(2).enumerate() {
            let [from, to] = pair else { continue };
            let sum = between.entry((column, from.clone(), to.clone())).or_default();
            *sum = (sum.0 + people, sum.1 + drifting);
        }
    }
    let beyond: Vec<usize> = (0..COLUMNS).map(|column| others(&all, column, &kept)).collect();
    let order = order(&totals, &between);
    Drawing { totals, between, beyond, words }.draw(&order)
}

fn names(way: &Way, is_only: bool, words: Unnamed) -> [String; COLUMNS] {
    let or = |name: Option<String>, word: &str| name.unwrap_or_else(|| word.to_owned());
    [
        or(Some(way.group.clone()).filter(|group| !group.is_empty()), words.no_group),
        if is_only { way.title.clone() } else { format!("{} ({})", way.title, way.team) },
        or(way.persona.as_ref().map(ToString::to_string), words.no_persona),
        or(way.domain.as_ref().map(ToString::to_string), words.no_domain),
    ]
}

/// The widest of a column, with how many people each has. One more than `most` is no reason for
/// others: they would be one.
fn widest(all: &[Named], column: usize, most: usize) -> BTreeMap<String, u64> {
    let mut sums: BTreeMap<&String, u64> = BTreeMap::new();
    for (names, people, _) in all {
        if let Some(name) = names.get(column) {
            *sums.entry(name).or_default() += people;
        }
    }
    let mut sums: Vec<(&String, u64)> = sums.into_iter().collect();
    sums.sort_by_key(|(_, people)| std::cmp::Reverse(*people));
    if sums.len() > most + 1 {
        sums.truncate(most);
    }
    sums.into_iter().map(|(name, people)| (name.clone(), people)).collect()
}

/// How many of a column are not among the widest.
fn others(all: &[Named], column: usize, kept: &[BTreeMap<String, u64>]) -> usize {
    let each: BTreeSet<&String> = all.iter().filter_map(|(names, ..)| names.get(column)).collect();
    each.len().saturating_sub(kept.get(column).map_or(0, BTreeMap::len))
}

/// From the top to the bottom of each column: teams by persona and width, everything else beside what it
/// is linked to, so that few links cross. The others come last.
fn order(totals: &[Totals], between: &Between) -> Vec<Vec<Name>> {
    let mut order: Vec<Vec<Name>> =
        totals.iter().map(|column| column.keys().cloned().collect()).collect();
    let width = |column: usize, name: &Name| {
        totals.get(column).and_then(|total| total.get(name)).copied().unwrap_or(0)
    };
    let persona = |team: &Name| {
        let ways = between.iter().filter(|((at, from, _), _)| *at == 1 && from == team);
        ways.max_by_key(|(_, (people, _))| *people).map(|((_, _, to), _)| to)
    };
    if let Some(teams) = order.get_mut(1) {
        teams.sort_by_cached_key(|name| {
            let persona = persona(name);
            let of_persona = Reverse(persona.map_or(0, |persona| width(2, persona)));
            (*name == Name::Others, of_persona, persona.cloned(), Reverse(width(1, name)))
        });
    }
    // Each column by the one beside it that is in order already.
    for (column, beside) in [(0, 1), (2, 1), (3, 2)] {
        let Some(places) = order.get(beside).cloned() else { continue };
        let place = |name: &Name| places.iter().position(|it| it == name).unwrap_or(0);
        let middle = |name: &Name| {
            let (mut sum, mut weight) = (0, 0);
            for ((at, from, to), (people, _)) in between {
                let (own, other) = if column < beside { (from, to) } else { (to, from) };
                if *at == column.min(beside) && own == name {
                    sum += as_u64(place(other)) * people * 1000;
                    weight += people;
                }
            }
            sum / weight.max(1)
        };
        if let Some(names) = order.get_mut(column) {
            names.sort_by_cached_key(|name| (*name == Name::Others, middle(name)));
        }
    }
    order
}

/// What is to be drawn.
struct Drawing {
    totals: Vec<Totals>,
    between: Between,
    beyond: Vec<usize>,
    words: Unnamed,
}

impl Drawing {
    fn draw(&self, order: &[Vec<Name>]) -> Flow {
        let all: u64 = self.totals.first().map_or(0, |column| column.values().sum());
        let scale = PEOPLE / as_f64(all.max(1));
        let mut nodes = BTreeMap::new();
        let mut height: f64 = 0.0;
        for (column, names) in order.iter().enumerate() {
            let mut y = TOP;
            for name in names {
                let people = self.people(column, name);
                let tall = (as_f64(people) * scale).max(THIN);
                nodes.insert((column, name.clone()), self.node(column, name, people, y, tall));
                y += tall.max(SLOT) + GAP;
            }
            height = height.max(y);
        }
        let links = self.links(order, &nodes, scale);
        Flow {
            width: WIDTH,
            height: height.ceil(),
            heads: std::array::from_fn(label_of),
            nodes: nodes.into_values().collect(),
            links,
        }
    }

    fn people(&self, column: usize, name: &Name) -> u64 {
        self.totals.get(column).and_then(|total| total.get(name)).copied().unwrap_or(0)
    }

    fn label(&self, column: usize, name: &Name) -> String {
        let beyond = self.beyond.get(column).copied().unwrap_or(0);
        match name {
            Name::Own(name) => name.clone(),
            Name::Others => (self.words.others)(beyond),
        }
    }

    fn node(&self, column: usize, name: &Name, people: u64, y: f64, tall: f64) -> Node {
        let (label_x, label_ends) = label_of(column);
        Node {
            column,
            label: self.label(column, name),
            people,
            x: left_of(column),
            y,
            height: tall,
            label_x,
            label_ends,
        }
    }

    /// The links, each where those above it at both of its ends leave room.
    fn links(
        &self,
        order: &[Vec<Name>],
        nodes: &BTreeMap<(usize, Name), Node>,
        scale: f64,
    ) -> Vec<Link> {
        let mut left: BTreeMap<(usize, &Name), f64> = BTreeMap::new();
        let mut right: BTreeMap<(usize, &Name), f64> = BTreeMap::new();
        let mut links = Vec::new();
        for (column, pair) in order.windows(2).enumerate() {
            let [froms, tos] = pair else { continue };
            for (from, to) in froms.iter().flat_map(|from| tos.iter().map(move |to| (from, to))) {
                let key = (column, from.clone(), to.clone());
                let Some((people, drifting)) = self.between.get(&key).copied() else { continue };
                let start = nodes.get(&(column, from.clone()));
                let end = nodes.get(&(column + 1, to.clone()));
                let (Some(start), Some(end)) = (start, end) else { continue };
                let tall = as_f64(people) * scale;
                let y0 = right.entry((column, from)).or_insert(start.y);
                let y1 = left.entry((column + 1, to)).or_insert(end.y);
                let ribbon = Ribbon { x0: start.x + NODE, y0: *y0, x1: end.x, y1: *y1 };
                *y0 += tall;
                *y1 += tall;
                // Those who drift lie at the bottom edge.
                let off = as_f64(drifting) * scale;
                let lower = ribbon.down((tall - off.max(THIN)).max(0.0));
                links.push(Link {
                    from: self.label(column, from),
                    to: self.label(column + 1, to),
                    people,
                    drifting,
                    path: ribbon.outline(tall.max(THIN)),
                    drift_path: (drifting > 0).then(|| lower.outline(off.max(THIN))),
                });
            }
        }
        links
    }
}

/// The upper edge of a link.
#[derive(Debug, Clone, Copy)]
struct Ribbon {
    x0: f64,
    y0: f64,
    x1: f64,
    y1: f64,
}

impl Ribbon {
    fn down(self, by: f64) -> Self {
        Self { y0: self.y0 + by, y1: self.y1 + by, ..self }
    }

    /// A path round a link that is so thick.
    fn outline(self, thick: f64) -> String {
        let Self { x0, y0, x1, y1 } = self;
        let middle = f64::midpoint(x0, x1);
        let (b0, b1) = (y0 + thick, y1 + thick);
        let mut path = String::new();
        let _ = write!(
            path,
            "M{x0:.1} {y0:.1}C{middle:.1} {y0:.1} {middle:.1} {y1:.1} {x1:.1} {y1:.1}\
             L{x1:.1} {b1:.1}C{middle:.1} {b1:.1} {middle:.1} {b0:.1} {x0:.1} {b0:.1}Z"
        );
        path
    }
}

/// The left edge of a column.
fn left_of(column: usize) -> f64 {
    let step = (WIDTH - NODE) / as_f64(as_u64(COLUMNS - 1));
    step * as_f64(as_u64(column))
}

/// Where labels of a column stand, and whether they end there: those of the last would else stand
/// outside.
fn label_of(column: usize) -> (f64, bool) {
    let last = column + 1 == COLUMNS;
    let left = left_of(column);
    (if last { left - 8.0 } else { left + NODE + 8.0 }, last)
}

fn as_u64(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// Numbers of people are far below what a float tells apart.
fn as_f64(number: u64) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

#[cfg(test)]
#[path = "flow_tests.rs"]
mod tests;
