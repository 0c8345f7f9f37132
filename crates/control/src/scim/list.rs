//! Lists: filters, order, pages.

use super::Tenant;
use super::answer::{Failed, ScimAnswer};
use super::find::{kept, key_of};
use super::render::Showing;
use crate::ports::{FoundRecord, RecordKey, RecordKind, RecordStart};
use ::scim::{
    Filter, GroupOf, IndexedAttribute, ListResponse, Member, Needed, Needs, Page, Query,
    ResourceKind, ScimError, SortKey, is_id,
};
use std::collections::BTreeSet;

/// So many records are read at a time where all are looked through.
const AT_A_TIME: u32 = 500;

/// So many records are looked through for one answer: a second's work. What no index answers of more
/// is refused.
const MOST_LOOKED_AT: u64 = 250_000;

/// Who asks by index for a page behind more records than this waits for a turn. By cursor nobody does.
const PASSED_OVER: u64 = 1_000;

/// So many records of one key are looked at; of more, all are.
const MOST_OF_A_KEY: u32 = 1_000;

/// What a list holds.
struct Found {
    total: u64,
    start_index: Option<u64>,
    next_cursor: Option<String>,
    /// How many stand before it in the order, where that is another than the order of ids.
    before: Option<usize>,
    records: Vec<FoundRecord>,
}

/// Who can match.
enum Candidates {
    /// All have to be looked at.
    Everybody,
    /// These; the filter has to be asked.
    Few(Vec<FoundRecord>),
    /// These match: the filter asks for nothing but what an index knows.
    Exactly(Vec<FoundRecord>),
}

impl Tenant {
    /// The resources of a kind that a query asks for.
    pub(super) async fn list(
        &self,
        kind: ResourceKind,
        query: Query,
    ) -> Result<ScimAnswer, Failed> {
        let mut found = self.found(kind, &query).await?;
        let resources = self.shown(&mut found, &query).await?;
        let Found { total, start_index, next_cursor, .. } = found;
        let list = ListResponse { total, start_index, next_cursor, resources };
        Ok(ScimAnswer { body: Some(list.to_json()), ..ScimAnswer::empty(200) })
    }

    /// Resources of both kinds: first people, then groups. A kind that cannot be asked so has none.
    pub(super) async fn list_both(
        &self,
        users: Result<Query, ScimError>,
        groups: Result<Query, ScimError>,
    ) -> Result<ScimAnswer, Failed> {
        let queries = match (users, groups) {
            (Err(error), Err(_)) => return Err(error.into()),
            (users, groups) => {
                [(ResourceKind::User, users.ok()), (ResourceKind::Group, groups.ok())]
            }
        };
        let (mut total, mut resources) = (0, Vec::new());
        let mut first = 1;
        for (kind, query) in queries {
            let Some(mut query) = query else { continue };
            let Page::Index { start, count } = query.page else {
                let why = "both kinds together have no cursor; ask for users and groups apart";
                return Err(ScimError::invalid_value(why).into());
            };
            first = start;
            let start = start.saturating_sub(total).max(1);
            query.page = Page::Index { start, count: count.saturating_sub(resources.len()) };
            let mut found = self.found(kind, &query).await?;
            resources.extend(self.shown(&mut found, &query).await?);
            total += found.total;
        }
        let list = ListResponse { total, start_index: Some(first), next_cursor: None, resources };
        Ok(ScimAnswer { body: Some(list.to_json()), ..ScimAnswer::empty(200) })
    }

    /// Shows what was found. Before a group that would make the answer too large, the page ends: whoever
    /// asks has fewer than they asked for, and where to go on.
    async fn shown(&self, found: &mut Found, query: &Query) -> Result<Vec<String>, Failed> {
        let mut all = Vec::with_capacity(found.records.len());
        let (mut showing, mut last) = (Showing::default(), String::new());
        for FoundRecord { record, groups } in std::mem::take(&mut found.records) {
            showing.groups = groups;
            if record.kind == RecordKind::Group && query.projection.wants_members() {
                let members = self.members(&record.id).await?;
                if !showing.has_room_for(&members) {
                    let place = match found.before {
                        Some(before) => before.saturating_add(all.len()).to_string(),
                        None => last,
                    };
                    let is_cursor = found.start_index.is_none();
                    found.next_cursor = is_cursor.then(|| query.next_cursor(&place));
                    break;
                }
                showing.inside = Some(members);
            }
            all.push(self.rendered(&record, &query.projection, &mut showing).await?);
            last = record.id;
        }
        Ok(all)
    }

    async fn found(&self, kind: ResourceKind, query: &Query) -> Result<Found, Failed> {
        if query.filter.is_none() && query.sort.is_none() {
            return self.page(kind, query).await;
        }
        let mut matches = Matches::new(query);
        match self.candidates(kind, query.filter.as_ref()).await? {
            Candidates::Exactly(found) if query.sort.is_none() => {
                for one in found {
                    matches.add(one, None);
                }
            }
            Candidates::Few(found) | Candidates::Exactly(found) => {
                let known = self.known(query.filter.as_ref()).await?;
                for one in found {
                    self.look_at(one, query, &known, &mut matches).await?;
                }
            }
            Candidates::Everybody => self.look_through(kind, query, &mut matches).await?,
        }
        self.windowed(kind, query, matches).await
    }

    /// A page of everything, which nothing has to be looked through for.
    async fn page(&self, kind: ResourceKind, query: &Query) -> Result<Found, Failed> {
        let directory = self.directory.as_str();
        let total = self.store.scim_counts(directory).await?.of(kept(kind));
        let (start, count, start_index) = match &query.page {
            Page::Index { start, count } => {
                (RecordStart::Skip(start.saturating_sub(1)), *count, Some(*start))
            }
            Page::Cursor { after: None, count } => (RecordStart::Skip(0), *count, None),
            Page::Cursor { after: Some(after), .. } if !is_id(after) => {
                return Err(ScimError::invalid_cursor().into());
            }
            Page::Cursor { after: Some(after), count } => {
                (RecordStart::After(after.clone()), *count, None)
            }
        };
        let skipped = start_index.map_or(0, |start| start.saturating_sub(1));
        if skipped > 0 && skipped >= total {
            let records = Vec::new();
            return Ok(Found { total, start_index, next_cursor: None, before: None, records });
        }
        // To pass over many costs a store as much as to look through them.
        let _turn = if skipped > PASSED_OVER && count > 0 {
            Some(self.traffic.scan(directory).await?)
        } else {
            None
        };
        let is_cursor = start_index.is_none();
        // One more tells whether another page follows.
        let most = u32::try_from(count).unwrap_or(u32::MAX).saturating_add(u32::from(is_cursor));
        let page = if most == 0 {
            Vec::new()
        } else {
            self.store.scim_page(directory, kept(kind), &start, most).await?
        };
        let mut records = page.into_iter().map(FoundRecord::from).collect();
        let next_cursor = cut(&mut records, count, is_cursor, query);
        Ok(Found { total, start_index, next_cursor, before: None, records })
    }

    /// The records that can match, in the order of their ids.
    async fn candidates(
        &self,
        kind: ResourceKind,
        filter: Option<&Filter>,
    ) -> Result<Candidates, Failed> {
        let Some((filter, (attribute, value))) =
            filter.and_then(|filter| Some((filter, filter.by_index()?)))
        else {
            return Ok(Candidates::Everybody);
        };
        let kept = kept(kind);
        let ids = match attribute {
            IndexedAttribute::Id => BTreeSet::from([value.to_owned()]),
            IndexedAttribute::Member => self.groups_of(value).await?,
            other => {
                let Some(key) = key_of(other) else { return Ok(Candidates::Everybody) };
                let directory = self.directory.as_str();
                let most = MOST_OF_A_KEY + 1;
                let mut found = self.store.scim_find(directory, kept, key, value, most).await?;
                if u32::try_from(found.len()).is_ok_and(|len| len >= most) {
                    return Ok(Candidates::Everybody);
                }
                if !filter.is_index_only() {
                    return Ok(Candidates::Few(found));
                }
                // A store may read the index a moment before the record.
                let is_it = |(of, is): &(RecordKey, String)| *of == key && is == value;
                found.retain(|found| found.record.keys.iter().any(is_it));
                return Ok(Candidates::Exactly(found));
            }
        };
        let found = self.records(kept, ids).await?;
        Ok(Candidates::Few(found.into_values().map(FoundRecord::from).collect()))
    }

    async fn look_through(
        &self,
        kind: ResourceKind,
        query: &Query,
        matches: &mut Matches<'_>,
    ) -> Result<(), Failed> {
        let directory = self.directory.as_str();
        let there = self.store.scim_counts(directory).await?.of(kept(kind));
        if there > MOST_LOOKED_AT {
            let why = "no index answers this filter or order, and there are too many to look through; \
                       ask by userName, externalId, displayName, emails.value, id or members";
            return Err(ScimError::too_many(why).into());
        }
        let _turn = self.traffic.scan(directory).await?;
        let known = self.known(query.filter.as_ref()).await?;
        let mut start = RecordStart::Skip(0);
        loop {
            let page = self.store.scim_page(directory, kept(kind), &start, AT_A_TIME).await?;
            let Some(last) = page.last() else { return Ok(()) };
            start = RecordStart::After(last.id.clone());
            for record in page {
                self.look_at(record.into(), query, &known, matches).await?;
            }
        }
    }

    /// What a filter needs to be shown, and in which groups those are whom it asks for by id.
    async fn known(&self, filter: Option<&Filter>) -> Result<Known, Failed> {
        let needs = filter.map(Filter::needs).unwrap_or_default();
        let mut groups_of = Vec::new();
        if let Needed::These(ids) = &needs.members {
            let people = self.records(RecordKind::User, ids.clone()).await?;
            let groups = self.records(RecordKind::Group, ids.clone()).await?;
            for id in ids {
                let kind = [
                    (ResourceKind::User, people.contains_key(id)),
                    (ResourceKind::Group, groups.contains_key(id)),
                ];
                let kind = kind.into_iter().find(|(_, is_there)| *is_there).map(|(kind, _)| kind);
                let member = Member { id: id.clone(), kind, display: None };
                groups_of.push((member, self.groups_of(id).await?));
            }
        }
        Ok(Known { needs, groups_of })
    }

    async fn look_at(
        &self,
        found: FoundRecord,
        query: &Query,
        known: &Known,
        matches: &mut Matches<'_>,
    ) -> Result<(), Failed> {
        let record = &found.record;
        let mut resource = self.resource_of(record)?;
        if let Some(filter) = &query.filter {
            let Needs { members, groups } = &known.needs;
            match (record.kind, members, groups) {
                (RecordKind::Group, Needed::These(_), _) => {
                    resource.set_members(&self.base, known.members_of(&record.id));
                }
                (RecordKind::Group, Needed::Everything, _) => {
                    resource.set_members(&self.base, self.members(&record.id).await?);
                }
                (RecordKind::User, _, Needed::These(_) | Needed::Everything) => {
                    let groups = self.groups_of(&record.id).await?.into_iter();
                    let groups = groups.map(|id| GroupOf { id, display: None });
                    resource.set_groups(&self.base, groups.collect());
                }
                _ => {}
            }
            if !filter.matches(&resource) {
                return Ok(());
            }
        }
        let key = query.sort.as_ref().map(|sort| sort.key(&resource));
        matches.add(found, key);
        Ok(())
    }

    /// The page of what matched.
    async fn windowed(
        &self,
        kind: ResourceKind,
        query: &Query,
        mut matches: Matches<'_>,
    ) -> Result<Found, Failed> {
        let total = matches.total;
        let start_index = match &query.page {
            Page::Index { start, .. } => Some(*start),
            Page::Cursor { .. } => None,
        };
        let count = count_of(&query.page);
        if query.sort.is_none() {
            let mut records = matches.records;
            let next_cursor = cut(&mut records, count, start_index.is_none(), query);
            return Ok(Found { total, start_index, next_cursor, before: None, records });
        }
        matches.sorted.sort();
        let skip = match &query.page {
            Page::Index { start, .. } => usize::try_from(start.saturating_sub(1)).ok(),
            Page::Cursor { after: None, .. } => Some(0),
            Page::Cursor { after: Some(place), .. } => place.parse().ok(),
        };
        let skip = skip.ok_or_else(ScimError::invalid_cursor)?;
        let ids: Vec<String> =
            matches.sorted.iter().skip(skip).take(count).map(|(_, id)| id.clone()).collect();
        let end = skip.saturating_add(count);
        let next_cursor = (start_index.is_none() && end < matches.sorted.len() && count > 0)
            .then(|| query.next_cursor(&end.to_string()));
        let mut found = self.records(kept(kind), ids.iter().cloned().collect()).await?;
        let records = ids.iter().filter_map(|id| found.remove(id)).map(FoundRecord::from).collect();
        Ok(Found { total, start_index, next_cursor, before: Some(skip), records })
    }
}

/// Takes the record off that only tells that another page follows, and names the cursor of that page.
fn cut(
    records: &mut Vec<FoundRecord>,
    count: usize,
    is_cursor: bool,
    query: &Query,
) -> Option<String> {
    let is_more = is_cursor && records.len() > count;
    records.truncate(count);
    records.last().filter(|_| is_more).map(|last| query.next_cursor(&last.record.id))
}

const fn count_of(page: &Page) -> usize {
    match page {
        Page::Index { count, .. } | Page::Cursor { count, .. } => *count,
    }
}

/// What was asked once for all records.
struct Known {
    /// What the filter needs to be shown.
    needs: Needs,
    /// Whom it asks for by id, each with the groups that they are in.
    groups_of: Vec<(Member, BTreeSet<String>)>,
}

impl Known {
    /// Those whom the filter asks for and who are in the group.
    fn members_of(&self, group: &str) -> Vec<Member> {
        let inside = self.groups_of.iter().filter(|(_, groups)| groups.contains(group));
        inside.map(|(member, _)| member.clone()).collect()
    }
}

/// What matched, as far as it has to be kept.
struct Matches<'q> {
    query: &'q Query,
    total: u64,
    /// Those of the page, where the order is that of the ids.
    records: Vec<FoundRecord>,
    /// All, where another order is asked for.
    sorted: Vec<(SortKey, String)>,
}

impl<'q> Matches<'q> {
    fn new(query: &'q Query) -> Self {
        Self { query, total: 0, records: Vec::new(), sorted: Vec::new() }
    }

    /// One more, with its place in the order that is asked for, if one is.
    fn add(&mut self, found: FoundRecord, key: Option<SortKey>) {
        let place = self.total;
        self.total += 1;
        if let Some(key) = key {
            self.sorted.push((key, found.record.id));
            return;
        }
        let is_wanted = match &self.query.page {
            Page::Index { start, count } => {
                place >= start.saturating_sub(1) && self.records.len() < *count
            }
            Page::Cursor { after, count } => {
                after.as_ref().is_none_or(|after| found.record.id > *after)
                    && self.records.len() <= *count
            }
        };
        if is_wanted {
            self.records.push(found);
        }
    }
}
