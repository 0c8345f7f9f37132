//! By which calls people are read: those of which the fewest are needed.
//!
//! The Identity Store has lists with pages of a hundred and questions about one person. For five
//! people of 50,000 the questions are fewer, for 400 of 500 the lists. Pure: what the last readings
//! found is the measure, and nothing but the number of calls hangs on it.

/// How many items a page of any list has at most.
pub(super) const PAGE: usize = 100;

/// About how many groups `IsMemberInGroups` answers at a time.
pub(super) const PROBED: usize = 100;

/// How big the directory is, as the last readings found it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Size {
    /// Everybody.
    pub(super) people: usize,
    /// All groups.
    pub(super) groups: usize,
    /// The groups that are asked for.
    pub(super) wanted: usize,
    /// Pages of their members, all together: at least one of each.
    pub(super) wanted_pages: usize,
    /// The most groups that anybody is in, as far as was seen.
    pub(super) groups_each: usize,
}

/// How people are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum People {
    /// `DescribeUser` for each.
    Each,
    /// `ListUsers`, page after page.
    List,
}

/// How it is read who is in which of the wanted groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Members {
    /// `ListGroupMembershipsForMember` for each person, then the names of their groups.
    Each,
    /// `ListGroups`, and `ListGroupMemberships` for each wanted one.
    Groups,
    /// `ListGroups`, and `IsMemberInGroups` for each person. It does not tell ids of memberships.
    Probe,
}

/// A way to read some people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) people: People,
    pub(super) members: Members,
}

impl Route {
    /// Every way, the one first that does without any knowledge of the directory's size.
    pub(super) const ALL: [Self; 6] = {
        use Members as M;
        use People as P;
        const fn route(people: People, members: Members) -> Route {
            Route { people, members }
        }
        [
            route(P::Each, M::Each),
            route(P::Each, M::Groups),
            route(P::Each, M::Probe),
            route(P::List, M::Each),
            route(P::List, M::Groups),
            route(P::List, M::Probe),
        ]
    };

    /// The way with the fewest calls; of several the first. Without a size: person by person.
    pub(super) fn to(asked: usize, size: Option<&Size>) -> Self {
        let [first, ..] = Self::ALL;
        size.and_then(|size| Self::ALL.into_iter().min_by_key(|route| route.calls(asked, size)))
            .unwrap_or(first)
    }

    /// How many calls it takes for so many people.
    pub(super) fn calls(self, asked: usize, size: &Size) -> usize {
        let people = match self.people {
            People::Each => asked,
            People::List => pages(size.people),
        };
        people.saturating_add(self.members.calls(asked, size))
    }
}

impl Members {
    /// How many calls it takes for so many people, with the names of groups.
    fn calls(self, asked: usize, size: &Size) -> usize {
        let of_each = |pages: usize| asked.saturating_mul(pages);
        match self {
            Self::Each => {
                let met = of_each(size.groups_each).min(size.groups);
                of_each(pages(size.groups_each)).saturating_add(names(met, size.groups).1)
            }
            Self::Groups => pages(size.groups).saturating_add(size.wanted_pages),
            Self::Probe => pages(size.groups).saturating_add(of_each(size.wanted.div_ceil(PROBED))),
        }
    }

    /// The way with the fewer calls to read everybody, once the lists of people and groups are there.
    /// Only ways that tell ids of memberships: this reading is what events are understood by.
    pub(super) fn of_everybody(size: &Size) -> Self {
        let each = size.people.saturating_mul(pages(size.groups_each));
        if each < size.wanted_pages { Self::Each } else { Self::Groups }
    }
}

/// Whether the names of so many groups are listed rather than asked for one by one, and how many
/// calls that takes.
pub(super) fn names(met: usize, groups: usize) -> (bool, usize) {
    let listed = pages(groups);
    if listed < met { (true, listed) } else { (false, met) }
}

/// Pages of a list: one also of an empty one.
pub(super) fn pages(items: usize) -> usize {
    items.div_ceil(PAGE).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const fn size(people: usize, groups: usize, wanted: usize, pages: usize, each: usize) -> Size {
        Size { people, groups, wanted, wanted_pages: pages, groups_each: each }
    }

    #[test]
    fn the_fewest_calls_are_taken() {
        use Members as M;
        use People as P;
        for (asked, size, people, members, calls) in [
            // One person of 50,000: two questions and the names of three groups.
            (1, size(50_000, 400, 40, 600, 3), P::Each, M::Each, 5),
            // Fifty: their groups are listed in four pages rather than asked for one by one.
            (50, size(50_000, 400, 40, 600, 3), P::Each, M::Each, 104),
            // 400 of 500 people: five pages of people, one of groups, and the members of ten.
            (400, size(500, 60, 10, 12, 4), P::List, M::Groups, 18),
            // Few people in many wanted groups: the lists of people are short, those of members not.
            (20, size(90, 900, 800, 800, 5), P::List, M::Each, 30),
            // Somebody in 1,000 groups, of which 30 are wanted in 90 pages.
            (5, size(50_000, 1_000, 30, 90, 1_000), P::Each, M::Probe, 20),
            // An empty directory.
            (1, size(0, 0, 0, 0, 0), P::Each, M::Each, 2),
        ] {
            let route = Route::to(asked, Some(&size));
            assert_eq!((route.people, route.members), (people, members), "{asked} of {size:?}");
            assert_eq!(route.calls(asked, &size), calls, "{asked} of {size:?}");
        }
        let unknown = Route::to(50, None);
        assert_eq!((unknown.people, unknown.members), (P::Each, M::Each));
    }

    #[test]
    fn everybody_is_read_by_groups_unless_people_are_fewer() {
        assert_eq!(Members::of_everybody(&size(50_000, 400, 40, 600, 3)), Members::Groups);
        assert_eq!(Members::of_everybody(&size(50, 2_000, 900, 900, 3)), Members::Each);
        assert_eq!(Members::of_everybody(&size(3, 3, 3, 3, 3)), Members::Groups);
    }

    proptest! {
        #[test]
        fn no_alternative_has_fewer_calls(
            asked in 0_usize..2_000,
            (people, groups, wanted) in (0_usize..200_000, 0_usize..5_000, 0_usize..500),
            (pages, each) in (0_usize..3_000, 0_usize..2_000),
        ) {
            let size = size(people, groups, wanted, wanted.max(pages), each);
            let chosen = Route::to(asked, Some(&size)).calls(asked, &size);
            for other in Route::ALL {
                prop_assert!(chosen <= other.calls(asked, &size), "{other:?}");
            }
        }
    }
}
