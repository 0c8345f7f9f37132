//! What changed since the last look, where the server can say: by `DirSync`, or by update sequence
//! numbers. Both count at one copy of the directory only; at another one, everything is read again.

use crate::ber;
use crate::config::Increments;
use crate::directory::LdapDirectory;
use crate::entry::Entry;
use crate::failure::{self, Operation};
use crate::filter::Filter;
use crate::pool::Line;
use crate::session::{Query, SHOW_DELETED, Session, control};
use crate::tree::{Reader, Tree};
use crate::value;
use access::ids::{GroupId, LdapUrl, PersonId};
use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use control::event::Concern;
use control::ports::{CallError, Changed, Changes, Cookie, FailureKind};
use ldap3::Scope;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// `DirSync` (MS-ADTS 3.1.1.3.4.1.3).
const DIRSYNC: &str = "1.2.840.113556.1.4.841";

/// Of members only who came and who went (`LDAP_DIRSYNC_INCREMENTAL_VALUES`).
const INCREMENTAL_VALUES: i32 = i32::MIN;

/// Only what the account may read (`LDAP_DIRSYNC_OBJECT_SECURITY`): it then needs no right to
/// replicate, and does not learn who was deleted.
const OBJECT_SECURITY: i32 = 1;

/// The most rounds of one look; more changes are as good as all.
const MOST_ROUNDS: usize = 200;

/// The most changed entries that are looked at one by one.
const MOST_CHANGES: usize = 2_000;

/// The most changed groups that are: whose members they are is asked of each.
const MOST_GROUPS: usize = 20;

/// Ids that are asked for in one request.
const IDS_A_REQUEST: usize = 50;

/// Where the last look ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mark {
    server: LdapUrl,
    /// Which copy of the directory it holds of.
    invocation: String,
    at: At,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum At {
    /// A cookie of `DirSync`, in base64, of an account that may replicate.
    Replicated(String),
    /// The same of one that may not.
    Dirsync(String),
    /// The highest update sequence number.
    Updates(u64),
}

/// An entry that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Change {
    id: String,
    /// Members that came or went, by their DNs; nothing else of it is known to have changed.
    members: Option<Vec<String>>,
    is_deleted: bool,
}

#[async_trait]
impl Changes for LdapDirectory {
    async fn since(&self, cookie: Option<&Cookie>) -> Result<Changed, CallError> {
        let mark = cookie.and_then(|cookie| serde_json::from_slice::<Mark>(cookie.as_bytes()).ok());
        let mark = mark.filter(|mark| self.pool.config.urls.contains(&mark.server));
        let mark = mark.as_ref();
        let read = |session: Arc<Session>| async move { self.reader(&session).since(mark).await };
        self.pool.read(Line::Shared, mark.map(|mark| &mark.server), read).await
    }
}

/// How changes are found at this server, in a word.
pub(crate) async fn available(reader: &Reader<'_>) -> Result<&'static str, CallError> {
    Ok(match reader.begin().await? {
        Some(Mark { at: At::Replicated(_), .. }) => "dirsync",
        Some(Mark { at: At::Dirsync(_), .. }) => "dirsync, deletions aside",
        Some(Mark { at: At::Updates(_), .. }) => "update numbers",
        None => "none",
    })
}

impl Reader<'_> {
    async fn since(&self, mark: Option<&Mark>) -> Result<Changed, CallError> {
        let invocation = self.session.facts.invocation.as_ref();
        // Another copy counts by other numbers, and one that was restored has another id.
        let Some(mark) = mark.filter(|mark| Some(&mark.invocation) == invocation) else {
            return self.anew().await;
        };
        let found = match &mark.at {
            At::Updates(number) => {
                let highest = self.highest_update().await?;
                // A controller that was set back to an earlier state counts the same numbers again.
                if highest < *number {
                    return self.anew().await;
                }
                self.updates(*number, highest).await
            }
            At::Replicated(cookie) | At::Dirsync(cookie) if self.may_dirsync() => {
                let Ok(cookie) = STANDARD.decode(cookie) else { return self.anew().await };
                self.dirsync(&cookie, matches!(mark.at, At::Replicated(_))).await
            }
            At::Replicated(_) | At::Dirsync(_) => return self.anew().await,
        };
        match found {
            Ok((concerns, at)) => {
                let mark = Mark { at, ..mark.clone() };
                Ok(Changed { concerns, cookie: Some(mark.cookie()?) })
            }
            // The server does not know the cookie any more, or takes the right away.
            Err(error) if is_refusal(&error) => self.anew().await,
            Err(error) => Err(error),
        }
    }

    /// Everything is to be read; what comes later is told from here on.
    async fn anew(&self) -> Result<Changed, CallError> {
        match self.begin().await? {
            None => Ok(Changed { concerns: BTreeSet::new(), cookie: None }),
            Some(mark) => Ok(Changed {
                concerns: BTreeSet::from([Concern::Everybody]),
                cookie: Some(mark.cookie()?),
            }),
        }
    }

    /// A mark for now; `None` where the server cannot tell what changes.
    async fn begin(&self) -> Result<Option<Mark>, CallError> {
        let session = self.session;
        let Some(invocation) = session.facts.invocation.clone() else { return Ok(None) };
        // What changed is told by `objectGUID`, which means nothing where people have other ids.
        if !session.schema.is_guid() {
            return Ok(None);
        }
        let mark = |at| Some(Mark { server: session.server.clone(), invocation, at });
        if self.may_dirsync() {
            for replicates in [true, false] {
                // Of what no entry is: only the cookie is wanted.
                let nobody = Filter::known("(cn=\\00)");
                match self.dirsync_rounds(&[], replicates, nobody, &mut |_| Ok(())).await {
                    Ok(cookie) => return Ok(mark(At::dirsync(&cookie, replicates))),
                    Err(error) if is_refusal(&error) => {
                        tracing::debug!(%error, replicates, "no DirSync");
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        if self.pool.config.increments == Increments::None {
            return Ok(None);
        }
        Ok(mark(At::Updates(self.highest_update().await?)))
    }

    fn may_dirsync(&self) -> bool {
        self.pool.config.increments == Increments::Best
            && self.session.facts.has(DIRSYNC)
            && self.session.facts.domain.is_some()
    }

    async fn highest_update(&self) -> Result<u64, CallError> {
        let root = Query::at("", Filter::present("objectClass"), &["highestCommittedUSN"]);
        let root = self.session.first(root).await?;
        let number = root.as_ref().and_then(|root| root.text("highestCommittedUSN"));
        number.and_then(|number| number.parse().ok()).ok_or_else(|| {
            failure::unreadable(Operation::Search, "the server has no `highestCommittedUSN`")
        })
    }

    /// What `DirSync` tells since the cookie, and the next cookie.
    async fn dirsync(
        &self,
        cookie: &[u8],
        replicates: bool,
    ) -> Result<(BTreeSet<Concern>, At), CallError> {
        let either = Filter::known("(|(objectClass=user)(objectClass=group))");
        let mut changes: Vec<Change> = Vec::new();
        let mut take = |entry: Entry| {
            changes.extend(self.change(&entry));
            Ok(())
        };
        let cookie = self.dirsync_rounds(cookie, replicates, either, &mut take).await?;
        let at = At::dirsync(&cookie, replicates);
        Ok((self.concerns(changes).await?, at))
    }

    async fn dirsync_rounds(
        &self,
        cookie: &[u8],
        replicates: bool,
        filter: Filter,
        take: &mut (dyn FnMut(Entry) -> Result<(), CallError> + Send),
    ) -> Result<Vec<u8>, CallError> {
        let schema = &self.session.schema;
        let domain = self.session.facts.domain.as_deref().unwrap_or_default();
        // Only changes of what is asked for are told.
        let mut asked = schema.of_people();
        asked.extend([schema.group_name.clone(), "isDeleted".to_owned(), "objectGUID".to_owned()]);
        asked.extend(schema.members.clone());
        let query = Query::below(domain, filter, &[]).asking(asked);
        let security = if replicates { 0 } else { OBJECT_SECURITY };
        let mut cookie = cookie.to_vec();
        for _ in 0..MOST_ROUNDS {
            let value = ber::changes_request(INCREMENTAL_VALUES | security, i32::MAX, &cookie);
            let done =
                self.session.page(&query, vec![control(DIRSYNC, Some(value))], &mut *take).await?;
            let answered = done.ctrls.iter().find(|control| control.1.ctype == DIRSYNC);
            let answer = answered.and_then(|control| control.1.val.as_deref());
            let (more, next) = answer.and_then(ber::changes_answer).ok_or_else(|| {
                failure::unreadable(Operation::Search, "the server gives no DirSync cookie")
            })?;
            cookie = next;
            if !more {
                return Ok(cookie);
            }
        }
        Err(failure::error(
            Operation::Search,
            FailureKind::Rejected,
            "the changes do not come to an end",
        ))
    }

    fn change(&self, entry: &Entry) -> Option<Change> {
        let schema = &self.session.schema;
        let id = entry.bytes("objectGUID").and_then(value::guid)?;
        let moved: Vec<&[u8]> =
            schema.members.iter().flat_map(|name| entry.changed_values(name)).collect();
        let is_deleted = is_deleted(entry);
        let is_more = entry.has(&schema.group_name) || is_deleted || moved.is_empty();
        let texts = moved.into_iter().map(|dn| String::from_utf8_lossy(dn).into_owned());
        let members = if is_more { None } else { Some(texts.collect()) };
        Some(Change { id, members, is_deleted })
    }

    /// What has a higher number, and the highest number.
    async fn updates(&self, last: u64, highest: u64) -> Result<(BTreeSet<Concern>, At), CallError> {
        let at = At::Updates(highest);
        if highest == last {
            return Ok((BTreeSet::new(), at));
        }
        let later = Filter::at_least("uSNChanged", last.saturating_add(1));
        // Not by the filters of the map and not below its base: whoever a change takes out of them is
        // whom it takes everything from.
        let either =
            Filter::known("(&(|(objectClass=user)(objectClass=group))(!(objectClass=computer)))");
        let living = Filter::all(&[either, later.clone()]);
        let domain = self.session.facts.domain.as_deref().unwrap_or(self.base());
        let living = Query::below(domain, living, &["objectGUID"]);
        let mut entries = self.session.all(living).await?;
        if let Some(domain) = &self.session.facts.domain {
            let deleted = format!("CN=Deleted Objects,{domain}");
            let gone = Filter::all(&[Filter::known("(isDeleted=TRUE)"), later]);
            let gone =
                Query { scope: Scope::OneLevel, ..Query::below(&deleted, gone, &["objectGUID"]) };
            match self.session.all(gone.with(control(SHOW_DELETED, None))).await {
                Ok(more) => entries.extend(more),
                // Only admins see it unless they let others: the timer finds what is gone.
                Err(error)
                    if matches!(error.kind, FailureKind::NotFound | FailureKind::AccessDenied) => {}
                Err(error) => return Err(error),
            }
        }
        let changes = entries.iter().filter_map(|entry| {
            let id = entry.bytes("objectGUID").and_then(value::guid)?;
            Some(Change { id, members: None, is_deleted: false })
        });
        Ok((self.concerns(changes.collect()).await?, at))
    }

    /// Whom changes concern.
    async fn concerns(&self, changes: Vec<Change>) -> Result<BTreeSet<Concern>, CallError> {
        if changes.len() > MOST_CHANGES {
            return Ok(BTreeSet::from([Concern::Everybody]));
        }
        let mut concerns = BTreeSet::new();
        let mut people: BTreeSet<PersonId> = BTreeSet::new();
        let ids: Vec<&str> = changes.iter().map(|change| change.id.as_str()).collect();
        let classes = self.classes(&ids).await?;
        let mut moved: BTreeSet<&str> = BTreeSet::new();
        let mut groups: BTreeMap<&str, String> = BTreeMap::new();
        for change in &changes {
            let Some(is) = classes.get(&change.id) else {
                // Who may not see what it was. Of a group, the members are told.
                if change.is_deleted {
                    people.extend(PersonId::parse(&change.id));
                }
                continue;
            };
            match (is.class, &change.members) {
                (Class::Person, _) => people.extend(PersonId::parse(&change.id)),
                (Class::Group, Some(members)) => moved.extend(members.iter().map(String::as_str)),
                // In which groups it was, nobody can tell any more.
                (Class::Group, None) if is.is_deleted => {
                    return Ok(BTreeSet::from([Concern::Everybody]));
                }
                (Class::Group, None) => drop(groups.insert(&change.id, is.dn.clone())),
                (Class::Other, _) => {}
            }
        }
        if moved.len() > MOST_CHANGES || groups.len() > MOST_GROUPS {
            return Ok(BTreeSet::from([Concern::Everybody]));
        }
        // Who was in a group that is in others was in these too.
        let mut around = BTreeMap::new();
        self.add_groups_around(&mut around, groups.values().cloned().collect(), None).await?;
        concerns.extend(groups.into_keys().flat_map(GroupId::parse).map(Concern::Group));
        concerns.extend(around.into_keys().map(Concern::Group));
        let mut tree: Option<Tree> = None;
        for dn in moved {
            match self.class_of(dn).await? {
                Some((Class::Person, id)) => people.extend(PersonId::parse(id)),
                // Whoever is in the group that came or went.
                Some((Class::Group, id)) => {
                    let id = GroupId::parse(id).ok();
                    let Some(group) = (match &id {
                        Some(id) => self.group_with_id(id).await?,
                        None => None,
                    }) else {
                        continue;
                    };
                    let tree = match &mut tree {
                        Some(read) => read,
                        none => none.insert(self.tree().await?),
                    };
                    people.extend(self.members(tree, &group).await?);
                }
                Some((Class::Other, _)) | None => {}
            }
        }
        if !people.is_empty() {
            concerns.insert(Concern::People(people));
        }
        Ok(concerns)
    }

    /// What the entries with these ids are, or were before they were deleted.
    async fn classes(&self, ids: &[&str]) -> Result<BTreeMap<String, Seen>, CallError> {
        let domain = self.session.facts.domain.as_deref().unwrap_or_default();
        let mut classes = BTreeMap::new();
        for ids in ids.chunks(IDS_A_REQUEST) {
            let ids: Vec<Filter> = ids
                .iter()
                .filter_map(|id| value::guid_bytes(id))
                .map(|bytes| Filter::bytes("objectGUID", &bytes))
                .collect();
            let asked = ["objectGUID", "objectClass", "isDeleted"];
            let query = Query::below(domain, Filter::any(&ids), &asked);
            for entry in self.session.all(query.with(control(SHOW_DELETED, None))).await? {
                let id = entry.bytes("objectGUID").and_then(value::guid);
                let is_deleted = is_deleted(&entry);
                let is = Seen { class: Class::of(&entry), is_deleted, dn: entry.dn };
                classes.extend(id.map(|id| (id, is)));
            }
        }
        Ok(classes)
    }

    async fn class_of(&self, dn: &str) -> Result<Option<(Class, String)>, CallError> {
        // `<GUID=…>;<SID=…>;CN=…` where the server writes more than the DN.
        let dn = dn.rsplit(';').find(|part| !part.starts_with('<')).unwrap_or(dn);
        let query = Query::at(dn, Filter::present("objectClass"), &["objectGUID", "objectClass"]);
        let entry = self.session.first(query.with(control(SHOW_DELETED, None))).await?;
        Ok(entry.and_then(|entry| {
            let id = entry.bytes("objectGUID").and_then(value::guid)?;
            Some((Class::of(&entry), id))
        }))
    }
}

impl At {
    fn dirsync(cookie: &[u8], replicates: bool) -> Self {
        let cookie = STANDARD.encode(cookie);
        if replicates { Self::Replicated(cookie) } else { Self::Dirsync(cookie) }
    }
}

fn is_deleted(entry: &Entry) -> bool {
    entry.text("isDeleted").is_some_and(|it| it.eq_ignore_ascii_case("true"))
}

/// What is known of something that changed.
#[derive(Debug)]
struct Seen {
    class: Class,
    is_deleted: bool,
    dn: String,
}

/// What an entry of Active Directory is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Person,
    Group,
    /// A computer, above all, which is a user too.
    Other,
}

impl Class {
    fn of(entry: &Entry) -> Self {
        let is = |class: &str| entry.texts("objectClass").any(|it| it.eq_ignore_ascii_case(class));
        match (is("computer"), is("group"), is("user")) {
            (false, true, _) => Self::Group,
            (false, false, true) => Self::Person,
            _ => Self::Other,
        }
    }
}

impl Mark {
    fn cookie(&self) -> Result<Cookie, CallError> {
        let bytes = serde_json::to_vec(self)
            .map_err(|error| failure::unreadable(Operation::Search, error.to_string()))?;
        Ok(Cookie::new(bytes))
    }
}

/// Whether the server will not do what was asked, now or ever: not that it could not.
fn is_refusal(error: &CallError) -> bool {
    matches!(
        error.kind,
        FailureKind::AccessDenied
            | FailureKind::Rejected
            | FailureKind::NotFound
            | FailureKind::Service
    )
}
