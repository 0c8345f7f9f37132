//! A company of any size.

use crate::people::{Cohort, by_id, empty_groups};
use crate::{map, studio};
use access::check::{CheckedPlan, Removals, check};
use access::entitlement::{Entitlements, entitlements};
use access::ids::PersonId;
use access::map::AccessMap;
use access::observed::{Observed, Ownership, Seen};
use access::plan::Plan;
use access::planner::plan;
use access::pool::Pool;
use access::snapshot::{Coverage, Snapshot};
use anyhow::{Context, Result, anyhow};
use fastrand::Rng;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// People who are drawn at a time: few, so that drawing them takes little memory.
const COHORT: usize = 2000;

/// A map, and what was read for it.
#[derive(Debug)]
pub struct Company {
    /// The access map.
    pub map: AccessMap,
    /// Of everybody, and of every domain.
    pub everybody: Reading,
    /// When it was read.
    pub now: Timestamp,
}

/// A reading of the directory and of Studio.
#[derive(Debug)]
pub struct Reading {
    /// The directory.
    pub snapshot: Snapshot,
    /// Studio.
    pub observed: Observed,
}

impl Company {
    /// The company with so many people: always the same one.
    ///
    /// What stands in the domains is what the planner itself made of the directory of yesterday.
    pub fn new(people: usize) -> Result<Self> {
        let mut rng = Rng::with_seed(4);
        let map = map::map()?;
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().context("the time")?;
        let no_domains = studio::empty(&map)?;
        let no_groups = empty_groups(&mut rng)?;
        let mut observed = studio::empty(&map)?;
        let mut groups = no_groups.clone();
        let mut directory = BTreeMap::new();
        let mut pool = Pool::default();
        let mut drawn = 0;
        while drawn < people {
            let count = COHORT.min(people - drawn);
            let cohort = Cohort::draw(&mut rng, drawn, count)?;
            let plan = plan(&map, &cohort.yesterday(&no_groups), &no_domains, now);
            studio::made(&mut rng, plan, &mut pool, &mut observed)?;
            cohort.arrive(&mut rng, &mut directory, &mut groups);
            drawn += count;
        }
        let snapshot = Snapshot {
            people: directory,
            groups: by_id(groups),
            coverage: Coverage::Complete,
            offboarded: BTreeMap::new(),
            barred: BTreeMap::new(),
            temporary: BTreeMap::new(),
        };
        Ok(Self { map, everybody: Reading { snapshot, observed }, now })
    }

    /// How many profiles stand in the domains.
    pub fn profiles(&self) -> usize {
        self.everybody.observed.domains.values().map(|domain| domain.profiles.len()).sum()
    }

    /// Everybody's rights.
    pub fn entitlements<'a>(&'a self, reading: &'a Reading) -> Entitlements<'a> {
        entitlements(&self.map, &reading.snapshot, self.now)
    }

    /// The plan.
    pub fn plan(&self, reading: &Reading) -> Plan {
        plan(&self.map, &reading.snapshot, &reading.observed, self.now)
    }

    /// The plan, checked.
    pub fn check(&self, reading: &Reading, plan: Plan) -> Result<CheckedPlan> {
        check(plan, &self.map, &reading.snapshot, &reading.observed, Removals::Guarded)
            .map_err(|violations| anyhow!("the plan breaks rules: {:?}", violations.first()))
    }

    /// What is read when single people are asked for: so many of them, from all over the company.
    pub fn single_people(&self, count: usize) -> Result<Vec<Reading>> {
        let people = &self.everybody.snapshot.people;
        let every = (people.len() / count).max(1);
        people.keys().step_by(every).take(count).map(|person| self.single_person(person)).collect()
    }

    fn single_person(&self, person: &PersonId) -> Result<Reading> {
        let of_everybody = &self.everybody;
        let known = of_everybody.snapshot.people.get(person).context("nobody of that id")?;
        let mine = of_everybody.snapshot.groups.values().filter(|g| g.members.contains(person));
        let groups = mine.cloned().map(|mut group| {
            group.members = [person.clone()].into();
            group
        });
        let mut observed = studio::empty(&self.map)?;
        for (key, domain) in &mut observed.domains {
            let all = of_everybody.observed.domains.get(key).context("no such domain")?;
            let mine = all.profiles.iter().filter(|(_, profile)| {
                matches!(profile.ownership(&self.map.instance),
                    Ownership::Ours { person: owner, .. } if owner == person)
            });
            domain.seen = Seen::People([person.clone()].into());
            domain.unread.owned = all.profiles.len();
            domain.profiles = mine.map(|(name, profile)| (name.clone(), profile.clone())).collect();
        }
        let snapshot = Snapshot {
            people: [(person.clone(), known.clone())].into(),
            groups: by_id(groups),
            coverage: Coverage::People([person.clone()].into()),
            offboarded: BTreeMap::new(),
            barred: BTreeMap::new(),
            temporary: BTreeMap::new(),
        };
        Ok(Reading { snapshot, observed })
    }
}
