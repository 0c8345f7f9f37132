//! Taking two documents apart, comparing the parts, and putting the differences together again.

use super::{About, Change, Conditions, Effect, Names, Said};
use std::collections::{BTreeMap, BTreeSet};

/// Most cells that are looked at. Documents that AWS takes have some thousands; lists made so that
/// each name is in a class of its own would have billions.
const MAX_CELLS: usize = 1_000_000;

/// What a document says of one combination: under which conditions, by which statements.
type Told = BTreeMap<Conditions, BTreeSet<String>>;

/// A combination of principals, actions and resources of which each statement that names one of
/// them names all.
type Cell = (Effect, Names, Names, Names);

/// What is different about a cell.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Difference {
    Removed(Conditions),
    Added(Conditions),
    Conditions(BTreeSet<Conditions>, BTreeSet<Conditions>),
}

/// The differences between what two documents say.
pub(super) fn changes(old: &[Said], new: &[Said]) -> Vec<Change> {
    let mut rows = differences(&cells(old, new));
    rows = united(rows, |(_, (_, _, _, resources))| resources);
    rows = united(rows, |(_, (_, _, actions, _))| actions);
    rows = united(rows, |(_, (_, principals, _, _))| principals);
    let change = |((difference, (effect, principals, actions, resources)), sids)| {
        let about = About { effect, principals, actions, resources, sids };
        match difference {
            Difference::Removed(conditions) => Change::Removed { about, conditions },
            Difference::Added(conditions) => Change::Added { about, conditions },
            Difference::Conditions(old, new) => Change::Conditions { about, old, new },
        }
    };
    rows.into_iter().map(change).collect()
}

/// What the old and the new document say of each cell.
fn cells(old: &[Said], new: &[Said]) -> BTreeMap<Cell, [Told; 2]> {
    let all = || old.iter().chain(new);
    let mut principals = parts(all().map(|said| &said.principals));
    let mut actions = parts(all().map(|said| &said.actions));
    let mut resources = parts(all().map(|said| &said.resources));
    let counts = principals.iter().zip(&actions).zip(&resources);
    if counts.map(|((p, a), r)| p.len() * a.len() * r.len()).sum::<usize>() > MAX_CELLS {
        // Statement by statement then: what changed is said of whole lists, and the same spread over
        // other statements counts as changed.
        let whole =
            |list: fn(&Said) -> &Names| all().map(|said| vec![list(said).clone()]).collect();
        principals = whole(|said| &said.principals);
        actions = whole(|said| &said.actions);
        resources = whole(|said| &said.resources);
    }
    let mut cells: BTreeMap<Cell, [Told; 2]> = BTreeMap::new();
    let said = all().zip(principals).zip(actions).zip(resources).enumerate();
    for (index, (((said, principals), actions), resources)) in said {
        for principal in &principals {
            for action in &actions {
                for resource in &resources {
                    let cell = (said.effect, principal.clone(), action.clone(), resource.clone());
                    let [before, after] = cells.entry(cell).or_default();
                    let told = if index < old.len() { before } else { after };
                    let sids = told.entry(said.conditions.clone()).or_default();
                    sids.extend(said.sid.clone());
                }
            }
        }
    }
    cells
}

/// Each list as the classes it consists of, where two names are in one class if the same lists hold
/// them. So a document has few cells, however long its lists are.
fn parts<'a>(lists: impl Iterator<Item = &'a Names>) -> Vec<Vec<Names>> {
    let lists: Vec<&Names> = lists.collect();
    let mut holders: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, list) in lists.iter().enumerate() {
        if let Names::Each(names) = list {
            for name in names {
                holders.entry(name).or_default().push(index);
            }
        }
    }
    let mut classes: BTreeMap<Vec<usize>, BTreeSet<String>> = BTreeMap::new();
    for (name, holders) in holders {
        classes.entry(holders).or_default().insert(name.to_owned());
    }
    let mut parts: Vec<Vec<Names>> = lists
        .into_iter()
        .map(|list| match list {
            Names::Each(_) => Vec::new(),
            other => vec![other.clone()],
        })
        .collect();
    for (holders, class) in classes {
        for holder in holders {
            if let Some(parts) = parts.get_mut(holder) {
                parts.push(Names::Each(class.clone()));
            }
        }
    }
    parts
}

type Row = (Difference, Cell);
type Rows = BTreeMap<Row, BTreeSet<String>>;

/// The cells of which the documents say different things, with the names of the statements.
fn differences(cells: &BTreeMap<Cell, [Told; 2]>) -> Rows {
    let mut rows = Rows::new();
    for (cell, [old, new]) in cells {
        let only = |told: &Told, other: &Told| -> Told {
            let found = told.iter().filter(|(conditions, _)| !other.contains_key(*conditions));
            found.map(|(conditions, sids)| (conditions.clone(), sids.clone())).collect()
        };
        let (gone, come) = (only(old, new), only(new, old));
        if !gone.is_empty() && !come.is_empty() {
            let sids = gone.values().chain(come.values()).flatten().cloned().collect();
            let conditions = |told: Told| told.into_keys().collect();
            let difference = Difference::Conditions(conditions(gone), conditions(come));
            rows.insert((difference, cell.clone()), sids);
            continue;
        }
        for (conditions, sids) in gone {
            rows.insert((Difference::Removed(conditions), cell.clone()), sids);
        }
        for (conditions, sids) in come {
            rows.insert((Difference::Added(conditions), cell.clone()), sids);
        }
    }
    rows
}

/// Puts together the rows that differ only in these names.
fn united(rows: Rows, pick: fn(&mut Row) -> &mut Names) -> Rows {
    let mut groups: BTreeMap<Row, (BTreeSet<String>, BTreeSet<String>)> = BTreeMap::new();
    for (mut row, sids) in rows {
        let mut taken = BTreeSet::new();
        if let Names::Each(names) = pick(&mut row) {
            taken.append(names);
        }
        let (names, all_sids) = groups.entry(row).or_default();
        names.extend(taken);
        all_sids.extend(sids);
    }
    let put_back = |(mut row, (names, sids)): (Row, (BTreeSet<String>, BTreeSet<String>))| {
        if let Names::Each(empty) = pick(&mut row) {
            *empty = names;
        }
        (row, sids)
    };
    groups.into_iter().map(put_back).collect()
}
