//! Groups that hide their members from the account that reads: what is hidden is not gone.

use crate::dn::{Dn, NormalDn};
use crate::entry::Entry;
use crate::failure::{self, Operation};
use crate::filter::Filter;
use crate::schema::{Kind, Schema};
use crate::session::Query;
use crate::tree::{FoundGroup, Reader};
use access::entitlement::WantedGroups;
use access::ids::GroupId;
use control::ports::{CallError, FailureKind};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// How long what was found of groups that hide their members is taken for true: all of them are
/// looked at, and everybody who signs in wants to know.
const HOLDS: Duration = Duration::from_mins(1);

/// Groups that are looked at to see whether members can be read.
const SOME: u32 = 5;

/// Groups that are named in one request.
const NAMES_A_REQUEST: usize = 50;

/// Classes with the attribute that they cannot be without.
const MUST: [(&str, &str); 2] =
    [("groupOfNames", "member"), ("groupOfUniqueNames", "uniqueMember")];

/// What was found last over a connection of groups that hide their members. Whoever looks holds it, and
/// whoever wants to know meanwhile waits for that: over another connection, perhaps to another server,
/// nobody does.
#[derive(Default)]
pub(crate) struct Hiding(Mutex<Option<Looked>>);

/// What the server showed.
struct Looked {
    /// When looking began.
    at: Instant,
    /// The DNs of groups that must have members and show none.
    groups: Arc<[String]>,
}

impl Looked {
    fn holds(&self) -> bool {
        self.at.elapsed() < HOLDS
    }
}

/// The classes whose groups have members at this server. 389 DS lets `groupOfNames` be empty.
fn with_members(schema: &Schema) -> impl Iterator<Item = &'static str> {
    let asks = |name: &str| schema.members.iter().any(|known| known.eq_ignore_ascii_case(name));
    let strict = schema.kind == Kind::OpenLdap;
    MUST.into_iter().filter(move |(_, name)| strict && asks(name)).map(|(class, _)| class)
}

/// Fails for a group that shows nobody if its class must have members.
pub(crate) fn check(schema: &Schema, entry: &Entry) -> Result<(), CallError> {
    let mut classes = entry.texts("objectClass");
    let must = |class: &str| with_members(schema).any(|known| known.eq_ignore_ascii_case(class));
    if classes.any(must) { Err(hides(&entry.dn)) } else { Ok(()) }
}

fn hides(dn: &str) -> CallError {
    let message = format!(
        "`{dn}` shows no members, and its class cannot be without: let the account that Stagedoor \
         binds as read them"
    );
    failure::error(Operation::Search, FailureKind::AccessDenied, message)
}

impl Reader<'_> {
    /// Fails where no group shows anybody: to whom members are hidden, every group looks empty.
    pub(crate) async fn check_any_shows_members(&self) -> Result<(), CallError> {
        if self.any_shows_members().await? { Ok(()) } else { Err(self.no_members()) }
    }

    fn no_members(&self) -> CallError {
        failure::partial(format!(
            "no group below `{}` shows a member, nor does any that could tell whether members can be \
             read, and so nothing counts as read: let the account that Stagedoor binds as read them, \
             or put somebody into any group",
            self.base()
        ))
    }

    /// The parts of the directory that hold the base.
    fn contexts(&self) -> Vec<&str> {
        let holds = |dn: &&str| Dn::parse(dn).is_ok_and(|dn| self.pool.base.is_within(&dn));
        self.session.facts.contexts.iter().map(String::as_str).filter(holds).collect()
    }

    /// Whether members can be read. The last member may leave the only group that counts, so others
    /// are looked at, too, wherever they are: any domain has some.
    async fn any_shows_members(&self) -> Result<bool, CallError> {
        let schema = &self.session.schema;
        if let Some(shown) = self.shown_members(self.base(), &schema.groups).await? {
            return Ok(shown);
        }
        // `OpenLDAP` hides members of one part of the tree and shows those of another, and says itself
        // which groups have none: what is hidden is neither there nor absent.
        if schema.kind == Kind::OpenLdap {
            return self.any_is_known_to_be_empty().await;
        }
        let groups = Filter::any(&[schema.groups.clone(), schema.usual_groups.clone()]);
        for context in self.contexts() {
            match self.shown_members(context, &groups).await {
                Ok(Some(shown)) => return Ok(shown),
                Ok(None) => {}
                Err(error) if error.kind == FailureKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    /// Whether groups that are found by having members show them; `None` if none is found.
    async fn shown_members(&self, base: &str, groups: &Filter) -> Result<Option<bool>, CallError> {
        let schema = &self.session.schema;
        let present: Vec<Filter> = schema.member_attributes().map(Filter::present).collect();
        let filter = Filter::all(&[groups.clone(), Filter::any(&present)]);
        let query = Query::below(base, filter, &[]).asking(schema.first_members());
        let found = self.session.some(query.types_only(), SOME).await?;
        let shown = found.iter().any(|entry| shows_members(schema, entry));
        Ok((!found.is_empty()).then_some(shown))
    }

    async fn any_is_known_to_be_empty(&self) -> Result<bool, CallError> {
        let schema = &self.session.schema;
        let absent = schema.member_attributes().map(|name| Filter::not(&Filter::present(name)));
        let absent: Vec<Filter> = absent.collect();
        let filter = Filter::all(&[schema.groups.clone(), Filter::all(&absent)]);
        let query = Query::below(self.base(), filter, &["1.1"]);
        Ok(!self.session.some(query, SOME).await?.is_empty())
    }

    /// Fails where the groups of people who are read by themselves cannot be told: a group with
    /// hidden members is found by none of them, as if they had left it. `any` tells whether one was
    /// found for anybody.
    pub(crate) async fn check_groups_of(
        &self,
        wanted: &WantedGroups,
        any: bool,
    ) -> Result<(), CallError> {
        let shows = any || self.any_shows_members().await?;
        let hiding = self.hiding().await?;
        if shows && hiding.is_empty() {
            return Ok(());
        }
        let groups = self.wanted_groups(wanted).await?;
        if groups.is_empty() {
            return Ok(());
        }
        if !shows {
            return Err(self.no_members());
        }
        let hidden: BTreeSet<NormalDn> = hiding.iter().map(|dn| NormalDn::of(dn)).collect();
        if let Some(group) = groups.iter().find(|it| hidden.contains(&NormalDn::of(&it.dn))) {
            return Err(hides(&group.dn));
        }
        self.check_outside(wanted, hiding.to_vec(), hidden).await
    }

    /// The groups that are wanted.
    async fn wanted_groups(&self, wanted: &WantedGroups) -> Result<Vec<FoundGroup>, CallError> {
        let schema = &self.session.schema;
        let named = wanted.names.iter().map(|name| Filter::equals(&schema.group_name, name));
        let with_ids = wanted.ids.iter().filter_map(|id: &GroupId| schema.group_with_id(id));
        let ways: Vec<Filter> = named.chain(with_ids).collect();
        let mut groups = Vec::new();
        for ways in ways.chunks(NAMES_A_REQUEST) {
            let either = Filter::all(&[schema.groups.clone(), Filter::any(ways)]);
            groups.extend(self.groups(either).await?);
        }
        groups.retain(|group| group.is_wanted(wanted));
        Ok(groups)
    }

    /// The DNs of the groups that must have members and show none, as of no longer than [`HOLDS`] ago.
    async fn hiding(&self) -> Result<Arc<[String]>, CallError> {
        let schema = &self.session.schema;
        let classes: Vec<Filter> =
            with_members(schema).map(|class| Filter::equals("objectClass", class)).collect();
        if classes.is_empty() {
            return Ok(Arc::default());
        }
        let mut looked = self.session.in_time(self.session.hiding.0.lock()).await?;
        if let Some(known) = looked.as_ref().filter(|known| known.holds()) {
            return Ok(Arc::clone(&known.groups));
        }
        let at = Instant::now();
        let groups: Arc<[String]> = self.look_for_hiding(&classes).await?.into();
        *looked = Some(Looked { at, groups: Arc::clone(&groups) });
        Ok(groups)
    }

    async fn look_for_hiding(&self, classes: &[Filter]) -> Result<Vec<String>, CallError> {
        let schema = &self.session.schema;
        let filter = Filter::all(&[schema.groups.clone(), Filter::any(classes)]);
        let query = Query::below(self.base(), filter, &[])
            .asking(schema.first_members())
            .at_most(self.pool.config.limits.groups)
            .types_only();
        let mut hiding = Vec::new();
        self.session
            .each(query, |entry| {
                if !shows_members(schema, &entry) {
                    hiding.push(entry.dn);
                }
                Ok(())
            })
            .await?;
        Ok(hiding)
    }

    /// Fails if a group that hides its members is in a wanted one, however deep.
    async fn check_outside(
        &self,
        wanted: &WantedGroups,
        hiding: Vec<String>,
        mut seen: BTreeSet<NormalDn>,
    ) -> Result<(), CallError> {
        let schema = &self.session.schema;
        let mut ahead = hiding;
        while !ahead.is_empty() {
            let mut above = Vec::new();
            for dns in ahead.chunks(NAMES_A_REQUEST) {
                let ways: Vec<Filter> = dns
                    .iter()
                    .flat_map(|dn| schema.members.iter().map(|name| Filter::equals(name, dn)))
                    .collect();
                let holding = Filter::all(&[schema.groups.clone(), Filter::any(&ways)]);
                for group in self.groups(holding).await? {
                    if group.is_wanted(wanted) {
                        let message = format!(
                            "a group in `{}` shows no members, and its class cannot be without: let \
                             the account that Stagedoor binds as read them",
                            group.dn
                        );
                        let denied = FailureKind::AccessDenied;
                        return Err(failure::error(Operation::Search, denied, message));
                    }
                    if seen.insert(NormalDn::of(&group.dn)) {
                        above.push(group.dn);
                    }
                }
            }
            ahead = above;
        }
        Ok(())
    }
}

/// Whether the types of an entry's attributes show that it has members.
fn shows_members(schema: &Schema, entry: &Entry) -> bool {
    schema.member_attributes().any(|name| entry.names(name))
}
