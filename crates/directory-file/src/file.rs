//! The file as a directory that is read again when it changes.

use crate::draft::{Problem, Problems, Reporter};
use crate::roster::Roster;
use crate::{csv_file, ldif_file, yaml_file};
use access::entitlement::WantedGroups;
use access::ids::{GroupId, MembershipId, PersonId};
use access::map::{FileFormat, MatchKey};
use access::reason::ReasonCode;
use access::snapshot::{Coverage, Group, Snapshot};
use async_trait::async_trait;
use control::directory::membership_id;
use control::event::{Concern, Membership};
use control::ports::{
    self, CallError, Changed, Changes, Clock, Cookie, Directory, DirectoryReading, FailureKind,
    GroupReading, Memberships, PersonLookup, Standing,
};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// The most bytes of a file: about 300,000 people.
pub const MAX_BYTES: usize = 64 << 20;

/// How long a file must have been left alone before it is read.
const SETTLED: Duration = Duration::from_secs(1);

/// How often a file that goes on changing is looked at again before that is an error.
const LOOKS: usize = 5;

/// The service of errors.
const SERVICE: &str = "file";

/// A directory in a file.
#[derive(Debug)]
pub struct DirectoryFile {
    path: PathBuf,
    /// As the map names it.
    name: String,
    format: FileFormat,
    clock: Arc<dyn Clock>,
    held: Mutex<Looked>,
    /// What it was when it was last asked what changed.
    told: Mutex<Option<Held>>,
}

/// What looking at the file came to so far.
#[derive(Debug, Default)]
struct Looked {
    held: Option<Held>,
    /// The file as it is now where that is not what is held, and when it was first seen so.
    unread: Option<(Stamp, Instant)>,
}

/// What was read of the file, and of which state of it.
#[derive(Debug, Clone)]
struct Held {
    stamp: Stamp,
    /// When the file was last seen to be in this state.
    seen_at: Timestamp,
    /// Whether it still was when it was looked at just now.
    is_current: bool,
    /// SHA-256 of what is in it.
    digest: [u8; 32],
    roster: Arc<Roster>,
}

/// What shows that a file is another one than before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    bytes: u64,
    changed_at: Option<Timestamp>,
    /// A file that was put in its place has another number.
    number: u64,
}

impl DirectoryFile {
    /// The directory in the file at `path`, which messages call `name`.
    pub fn new(
        path: impl Into<PathBuf>,
        name: impl Into<String>,
        format: FileFormat,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let (path, name) = (path.into(), name.into());
        Self { path, name, format, clock, held: Mutex::default(), told: Mutex::default() }
    }

    /// The people and groups of the file as it is.
    async fn roster(&self) -> Result<Arc<Roster>, CallError> {
        Ok(self.held().await?.roster)
    }

    async fn held(&self) -> Result<Held, CallError> {
        let mut looked = self.held.lock().await;
        let mut stamp = self.stamp().await?;
        if let Some(known) = looked.held.as_mut().filter(|known| known.stamp == stamp) {
            known.seen_at = self.clock.now();
            let known = known.clone();
            looked.unread = None;
            return Ok(known);
        }
        for _ in 0..LOOKS {
            if !self.is_settled(stamp, &mut looked.unread) {
                if let Some(known) = looked.held.as_ref() {
                    // Whoever writes it has a moment to end.
                    return Ok(Held { is_current: false, ..known.clone() });
                }
                tokio::time::sleep(SETTLED).await;
            }
            let before = std::mem::replace(&mut stamp, self.stamp().await?);
            if before != stamp {
                continue;
            }
            let seen_at = self.clock.now();
            let (roster, digest) = self.read().await?;
            stamp = self.stamp().await?;
            if before == stamp {
                let roster = Arc::new(roster);
                let read = Held { stamp, seen_at, is_current: true, digest, roster };
                *looked = Looked { held: Some(read.clone()), unread: None };
                return Ok(read);
            }
        }
        let what = "it goes on changing while it is read".to_owned();
        let remedy = "write it beside and rename it into its place".to_owned();
        Err(self.malformed(vec![Problem { line: 0, what, remedy }]))
    }

    /// Whether the file has been left alone for long enough: by its own time, or because it was seen
    /// as it is for so long. One whose time is yet to come may have been written just now or long ago.
    fn is_settled(&self, stamp: Stamp, unread: &mut Option<(Stamp, Instant)>) -> bool {
        let (_, since) = match *unread {
            Some(known) if known.0 == stamp => known,
            _ => *unread.insert((stamp, Instant::now())),
        };
        let own = stamp.changed_at.map(|at| self.clock.now().duration_since(at));
        let own = own.and_then(|age| Duration::try_from(age).ok());
        own.is_some_and(|age| age >= SETTLED) || since.elapsed() >= SETTLED
    }

    async fn stamp(&self) -> Result<Stamp, CallError> {
        let path = self.path.clone();
        let read = tokio::task::spawn_blocking(move || fs::metadata(path)).await;
        let metadata = read.map_err(io::Error::other).flatten();
        let metadata = metadata.map_err(|error| self.unreadable(&error))?;
        if !metadata.is_file() {
            return Err(self.unreadable(&io::Error::other("it is no file")));
        }
        let modified = metadata.modified().ok();
        Ok(Stamp {
            bytes: metadata.len(),
            changed_at: modified.and_then(|time| Timestamp::try_from(time).ok()),
            number: number(&metadata),
        })
    }

    async fn read(&self) -> Result<(Roster, [u8; 32]), CallError> {
        let (path, format) = (self.path.clone(), self.format);
        let read = tokio::task::spawn_blocking(move || {
            let bytes = bounded(&path)?;
            let digest = Sha256::digest(&bytes).into();
            Ok::<_, io::Error>(parse(bytes, format).map(|roster| (roster, digest)))
        });
        let read = read.await.map_err(io::Error::other).flatten();
        let parsed = read.map_err(|error| self.unreadable(&error))?;
        parsed.map_err(|found| self.malformed(found))
    }

    fn unreadable(&self, error: &io::Error) -> CallError {
        let kind = match error.kind() {
            ErrorKind::NotFound => FailureKind::NotFound,
            ErrorKind::PermissionDenied => FailureKind::AccessDenied,
            _ => FailureKind::Unreachable,
        };
        self.error(kind, format!("{}: {error}", self.name))
    }

    fn malformed(&self, found: Vec<Problem>) -> CallError {
        let problems = Problems { file: self.name.clone(), found };
        self.error(FailureKind::Rejected, problems.to_string())
    }

    #[expect(clippy::unused_self, reason = "reads as the file's own error")]
    fn error(&self, kind: FailureKind, message: String) -> CallError {
        CallError { service: SERVICE, operation: "Read", kind, aws_code: None, message }
    }
}

/// All bytes of a file, or one more than may be.
fn bounded(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(unix)]
fn number(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
const fn number(_: &Metadata) -> u64 {
    0
}

/// The people and groups of a file's bytes, or all that is wrong with them.
fn parse(bytes: Vec<u8>, format: FileFormat) -> Result<Roster, Vec<Problem>> {
    let mut reporter = Reporter::default();
    if bytes.len() > MAX_BYTES {
        reporter.report(0, "it has more than 64 MiB", "use a directory service");
        return Err(reporter.found);
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let before = error.as_bytes().iter().take(valid);
        let line = 1 + before.filter(|byte| **byte == b'\n').count() as u64;
        reporter.report(line, "it is not UTF-8", "save it as UTF-8");
        std::mem::take(&mut reporter.found)
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    if !text.ends_with('\n') {
        let line = 1 + text.matches('\n').count() as u64;
        let what = "the last line does not end, so more of it may be to come";
        reporter.report(line, what, "write the file to its end, the last line's end too");
        return Err(reporter.found);
    }
    let draft = match format {
        FileFormat::Yaml => yaml_file::read(text, &mut reporter),
        FileFormat::Csv => csv_file::read(text, &mut reporter),
        FileFormat::Ldif => ldif_file::read(text, &mut reporter),
    };
    if reporter.is_clean() {
        let roster = Roster::new(draft, &mut reporter);
        if reporter.is_clean() {
            return Ok(roster);
        }
    }
    reporter.found.sort_by_key(|problem| problem.line);
    Err(reporter.found)
}

#[async_trait]
impl Directory for DirectoryFile {
    async fn everybody(&self, groups: &WantedGroups) -> Result<DirectoryReading, CallError> {
        let (roster, now) = (self.roster().await?, self.clock.now());
        let mut all = BTreeMap::new();
        let mut wanted = BTreeMap::new();
        for (id, group) in &roster.groups {
            let is_wanted = groups.want(id, &group.display_name);
            let members = if is_wanted { Some(memberships(group)?) } else { None };
            let display_name = group.display_name.clone();
            all.insert(id.clone(), GroupReading { display_name, members });
            if is_wanted {
                wanted.insert(id.clone(), group.clone());
            }
        }
        let people = roster.people.keys();
        let people = people.filter_map(|id| Some((id.clone(), roster.person(id, now)?))).collect();
        Ok(DirectoryReading {
            snapshot: Snapshot {
                people,
                groups: wanted,
                coverage: Coverage::Complete,
                offboarded: BTreeMap::new(),
                barred: BTreeMap::new(),
                temporary: BTreeMap::new(),
            },
            memberships: Memberships::Complete(all),
            particulars: roster.particulars.clone(),
            aliases: BTreeMap::new(),
        })
    }

    async fn people(
        &self,
        people: &BTreeSet<PersonId>,
        groups: &WantedGroups,
    ) -> Result<DirectoryReading, CallError> {
        let (roster, now) = (self.roster().await?, self.clock.now());
        let mut some = Vec::new();
        let mut found: BTreeMap<GroupId, Group> = BTreeMap::new();
        for person in people {
            for id in roster.groups_of.get(person).into_iter().flatten() {
                let Some(group) = roster.groups.get(id) else { continue };
                if !groups.want(id, &group.display_name) {
                    continue;
                }
                let own = found.entry(id.clone()).or_insert_with(|| Group {
                    id: id.clone(),
                    display_name: group.display_name.clone(),
                    members: BTreeSet::new(),
                });
                own.members.insert(person.clone());
                let (group, person) = (id.clone(), person.clone());
                let id = membership(&group, &person)?;
                some.push(Membership { id, group, person });
            }
        }
        let own = people.iter().filter_map(|id| Some((id.clone(), roster.person(id, now)?)));
        let particulars = people
            .iter()
            .filter_map(|id| Some((id.clone(), roster.particulars.get(id)?.clone())))
            .collect();
        Ok(DirectoryReading {
            snapshot: Snapshot {
                people: own.collect(),
                groups: found,
                coverage: Coverage::People(people.clone()),
                offboarded: BTreeMap::new(),
                barred: BTreeMap::new(),
                temporary: BTreeMap::new(),
            },
            memberships: Memberships::Some(some),
            particulars,
            aliases: BTreeMap::new(),
        })
    }

    async fn find(&self, person: &PersonLookup) -> Result<Option<PersonId>, CallError> {
        let roster = self.roster().await?;
        Ok(match person {
            PersonLookup::Id(id) => roster.people.get(id).map(|person| person.id.clone()),
            PersonLookup::UserName(name) => roster.of_user_name(name).cloned(),
        })
    }

    async fn who_has(&self, key: MatchKey, value: &str) -> Result<BTreeSet<PersonId>, CallError> {
        let roster = self.roster().await?;
        Ok(match key {
            MatchKey::UserName => roster.of_user_name(value).cloned().into_iter().collect(),
            MatchKey::Email => roster.of_email(value),
            MatchKey::ExternalId => roster.of_external_id(value),
        })
    }

    async fn find_group(&self, display_name: &str) -> Result<Option<GroupId>, CallError> {
        Ok(self.roster().await?.group_of_name.get(display_name).cloned())
    }

    async fn group_name(&self, group: &GroupId) -> Result<Option<String>, CallError> {
        Ok(self.roster().await?.groups.get(group).map(|group| group.display_name.clone()))
    }

    async fn members(
        &self,
        group: &GroupId,
    ) -> Result<Option<BTreeMap<MembershipId, PersonId>>, CallError> {
        self.roster().await?.groups.get(group).map(memberships).transpose()
    }

    async fn standing(&self) -> Result<Standing, CallError> {
        let Held { stamp, seen_at, is_current, roster, .. } = self.held().await?;
        let concern = (!is_current).then(|| ports::Concern {
            code: ReasonCode::DirectoryStale,
            text: format!(
                "{} was changed, and is not read before it has been left alone for a second",
                self.name
            ),
        });
        let mut details = BTreeMap::from([
            ("people".to_owned(), roster.people.len().to_string()),
            ("groups".to_owned(), roster.groups.len().to_string()),
            ("bytes".to_owned(), stamp.bytes.to_string()),
        ]);
        if roster.strangers > 0 {
            let strangers = roster.strangers.to_string();
            details.insert("members that are not in the file".to_owned(), strangers);
        }
        Ok(Standing {
            place: self.name.clone(),
            read_at: Some(seen_at),
            changed_at: stamp.changed_at,
            concerns: concern.into_iter().collect(),
            details,
        })
    }
}

#[async_trait]
impl Changes for DirectoryFile {
    /// Whoever is different, or in other groups, than when it was last asked. A process that was not
    /// asked before knows only that the file is another one, so that is everybody.
    async fn since(&self, cookie: Option<&Cookie>) -> Result<Changed, CallError> {
        let now = self.held().await?;
        let mut told = self.told.lock().await;
        let was = told.replace(now.clone());
        let same = |held: &Held| cookie.is_some_and(|cookie| cookie.as_bytes() == held.digest);
        let concerns = match was.filter(|was| same(was)) {
            _ if same(&now) => BTreeSet::new(),
            Some(was) => BTreeSet::from([Concern::People(was.roster.differences(&now.roster))]),
            None => BTreeSet::from([Concern::Everybody]),
        };
        Ok(Changed { concerns, cookie: Some(Cookie::new(now.digest.to_vec())) })
    }
}

fn memberships(group: &Group) -> Result<BTreeMap<MembershipId, PersonId>, CallError> {
    let members = group.members.iter();
    members.map(|person| Ok((membership(&group.id, person)?, person.clone()))).collect()
}

fn membership(group: &GroupId, person: &PersonId) -> Result<MembershipId, CallError> {
    membership_id(group, person).map_err(|why| CallError {
        service: SERVICE,
        operation: "Read",
        kind: FailureKind::Rejected,
        aws_code: None,
        message: why.to_string(),
    })
}

#[cfg(test)]
mod tests;
