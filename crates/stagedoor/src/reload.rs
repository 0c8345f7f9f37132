//! Reading the configuration anew while the server runs.
//!
//! What is on disk goes the whole way that it goes at the start: parse, prove the invariants, read
//! the metadata of identity providers and our own keys, hang the door. Only then does it take the
//! place of what was in force, in one step; whatever fails before leaves everything as it was. Files
//! are looked at again and again, rather than watched: that sees a file that an editor or a mounted
//! `ConfigMap` swaps, on every file system. SIGHUP looks at once, and reads secrets anew as well.
//! What failed is tried again, though no file has changed: its reason may lie elsewhere, such as in
//! metadata that comes later than the map, or a store or a secret that cannot be read just now.
//! SIGHUP fetches the metadata of identity providers anew as well.

use crate::cli::{MapArg, SpKeyArgs};
use crate::codes;
use crate::commands::studio_targets;
use crate::compose::{self, Parts};
use crate::exit::BadConfiguration;
use crate::idp_metadata::{self, Copies, Keeper};
use crate::secret_source::SecretSource;
use crate::signals::HangUp;
use crate::{mapfile, sp_keys};
use access::map::{AccessMap, GrantsFrom};
use access::reason::ReasonCode;
use anyhow::Result;
use control::door::Door;
use control::event::Wake;
use control::ports::{AuditEntry, AuditEvent};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use web::{Condition, WebConfig};

/// How long at most until what failed is tried again.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// What a server is configured by, and what follows when that changes.
#[derive(Debug)]
pub(crate) struct Reload {
    pub(crate) map: MapArg,
    pub(crate) sp_keys: SpKeyArgs,
    pub(crate) parts: Parts,
    pub(crate) door: Door,
    /// Shares the policy that names Studio's hosts with the pages.
    pub(crate) pages: WebConfig,
    pub(crate) condition: Condition,
    /// How often files are looked at.
    pub(crate) every: Duration,
    /// What the keeper of metadata goes by.
    pub(crate) metadata_check: Duration,
    pub(crate) hang_up: HangUp,
    /// What the files looked like when they were last read.
    pub(crate) seen: Vec<Stamp>,
}

/// What tells a file from what it was before. Follows links, so a swapped link is another file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stamp {
    path: PathBuf,
    /// The file behind it, when that or what is known of it changed (by its inode, in seconds and
    /// nanoseconds: a time that was set back, or that it may be read now, counts too), and its
    /// length. `None` if it cannot be looked at.
    file: Option<(PathBuf, (i64, i64), u64)>,
}

impl Stamp {
    fn of(path: PathBuf) -> Self {
        let file = fs::canonicalize(&path).ok().and_then(|real| {
            let about = fs::metadata(&real).ok()?;
            Some((real, (about.ctime(), about.ctime_nsec()), about.len()))
        });
        Self { path, file }
    }
}

/// The files of a configuration as they are now.
pub(crate) fn stamps(map: &Path, sp_keys: &SpKeyArgs) -> Vec<Stamp> {
    let sources = sp_keys::sources(sp_keys);
    let keys = sources.iter().filter_map(SecretSource::file).map(Path::to_owned);
    let maps = mapfile::files(map).unwrap_or_else(|_| vec![map.to_owned()]);
    maps.into_iter().chain(keys).map(Stamp::of).collect()
}

impl Reload {
    /// Keeps the configuration and the metadata of its identity providers fresh until `end`.
    pub(crate) async fn run(mut self, keeper: Option<Keeper>, end: impl Future<Output = ()>) {
        tokio::pin!(end);
        let mut keeping = keeper.map(Keeping::begin);
        let mut grants = version(&self.parts.plane.current().map);
        let mut failed: Option<Failed> = None;
        loop {
            let asked = tokio::select! {
                () = &mut end => break,
                () = self.hang_up.heard() => true,
                () = tokio::time::sleep(self.every) => false,
            };
            let now = stamps(&self.map.map, &self.sp_keys);
            let table = self.table().await;
            let is_the_same = now == self.seen && (table.is_none() || table == grants);
            let is_due = failed.as_ref().is_some_and(|failed| failed.again <= Instant::now());
            if !asked && is_the_same && !is_due {
                continue;
            }
            grants = table;
            // Stamps are from before the reading: a change meanwhile is seen the next time.
            self.seen = now;
            // Of what changed it is told anew why it will not do.
            failed = failed.filter(|_| is_the_same);
            match self.look(asked, failed.as_ref()).await {
                Looked::Taken(keeper) => {
                    failed = None;
                    if let Some(keeper) = keeper
                        && let Some(former) = keeping.replace(Keeping::begin(keeper))
                    {
                        former.task.abort();
                    }
                }
                Looked::Failed(why) => failed = Some(Failed::once_more(failed, why, self.every)),
            }
            // Whatever came of the map: keys may have changed at a provider.
            if let Some(keeping) = keeping.as_ref().filter(|_| asked) {
                keeping.asking.send_replace(());
            }
        }
        if let Some(keeping) = keeping {
            keeping.task.abort();
        }
    }

    /// The version of the grant table now, if the map takes grants from it. One that cannot be read
    /// leaves the grants as they are: nothing can be changed without the store anyway.
    async fn table(&self) -> Option<u64> {
        version(&self.parts.plane.current().map)?;
        self.parts.store.grants_version().await.ok()
    }

    /// Reads what is on disk and puts it in force. `failed` is how the look before
    /// this one failed, which is told once unless somebody asks.
    async fn look(&self, asked: bool, failed: Option<&Failed>) -> Looked {
        let before = self.parts.plane.current().map;
        match self.take(&before).await {
            Ok((map, keys)) => {
                self.condition.configured(&map.digest, self.parts.plane.clock.now());
                if map.digest == before.digest && !keys {
                    let asked = if asked { ", as was asked" } else { "" };
                    tracing::info!(digest = %map.digest, "configuration read anew{asked}: nothing has changed");
                    return Looked::Taken(None);
                }
                Looked::Taken(Some(self.follow(&before, &map).await))
            }
            Err(error) => {
                let why = format!("{error:#}");
                if asked || failed.is_none_or(|failed| failed.why != why) {
                    self.refuse(&before, &why).await;
                }
                Looked::Failed(why)
            }
        }
    }

    /// Reads, proves and puts in force. Whether our own keys are others than before.
    async fn take(&self, before: &AccessMap) -> Result<(Arc<AccessMap>, bool)> {
        let path = self.map.map.clone();
        let read = tokio::task::spawn_blocking(move || {
            let map = mapfile::load(&path)?;
            mapfile::prove_invariants(&map, &path)?;
            Ok::<_, anyhow::Error>(map)
        });
        let map = Arc::new(compose::merged(read.await??, &*self.parts.store).await?);
        changeable(before, &map)?;
        let region = compose::home_region(&map);
        let keys = sp_keys::load(&self.sp_keys, &self.parts.aws, region).await?;
        let sources = idp_metadata::sources(&map, &self.map.map);
        let mut metadata = idp_metadata::read_files(&sources)?;
        let copies = Copies::of(&self.parts.store);
        metadata.extend(idp_metadata::read_copies(&sources, &copies).await);
        let former = self.door.keys();
        self.door
            .replace(Arc::clone(&map), keys, metadata)
            .map_err(|error| BadConfiguration::new(codes::DOOR_INVALID, error.to_string()))?;
        self.pages
            .lead_to(&studio_targets(&self.parts, &map))
            .map_err(|error| BadConfiguration::new(codes::DOOR_INVALID, error.to_string()))?;
        Ok((map, self.door.keys() != former))
    }

    /// What follows from another map: it is written down, everything is read again, and metadata of
    /// its identity providers is kept fresh.
    async fn follow(&self, before: &AccessMap, map: &Arc<AccessMap>) -> Keeper {
        let plane = self.parts.plane.current();
        let code = ReasonCode::MapReplaced;
        tracing::info!(%code, from = %before.digest, to = %map.digest, "another access map is in force");
        for caution in map.cautions() {
            let (code, key) = (caution.code, &caution.key);
            tracing::warn!(code, %key, "{}", caution.message);
        }
        let entry = AuditEntry::new(plane.clock.now(), AuditEvent::MapReplaced, code.as_str());
        plane.record(entry.changing("digest", Some(&before.digest), Some(&map.digest))).await;
        if let Err(error) = plane.wake(&Wake::Everything).await {
            tracing::error!(%error, "the next full pass takes the new map up");
        }
        let sources = idp_metadata::sources(map, &self.map.map);
        let copies = Copies::of(&self.parts.store);
        Keeper::begin(sources, &self.door, &plane, &copies, self.metadata_check).await
    }

    async fn refuse(&self, before: &AccessMap, why: &str) {
        let code = ReasonCode::MapRefused;
        tracing::error!(
            %code,
            digest = %before.digest,
            error = why,
            "the configuration cannot be taken up; the last good one stays in force"
        );
        self.condition.refused(why, self.parts.plane.clock.now());
        let entry =
            self.entry(AuditEvent::MapRefused, code, [("kept", &before.digest), ("why", why)]);
        self.parts.plane.record(entry).await;
    }

    fn entry(&self, event: AuditEvent, code: ReasonCode, details: [(&str, &str); 2]) -> AuditEntry {
        let entry = AuditEntry::new(self.parts.plane.clock.now(), event, code.as_str());
        details.into_iter().fold(entry, |entry, (name, value)| entry.with(name, value))
    }
}

/// What came of a look at the configuration.
enum Looked {
    /// It is in force; with a new keeper if the map is another one.
    Taken(Option<Keeper>),
    /// It will not do, or not all of it could be read, for this reason.
    Failed(String),
}

/// A look that failed. The next one may not, though no file that was looked at has changed.
struct Failed {
    why: String,
    pause: Duration,
    again: Instant,
}

impl Failed {
    /// The next one after `before`: each pause is twice as long as the one before it.
    fn once_more(before: Option<Self>, why: String, every: Duration) -> Self {
        let pause = before.map_or(every, |before| before.pause.saturating_mul(2));
        let pause = pause.min(LONGEST_PAUSE.max(every));
        Self { why, pause, again: Instant::now() + pause }
    }
}

/// The version of the grant table that the map holds.
fn version(map: &AccessMap) -> Option<u64> {
    match map.grants_from {
        Some(GrantsFrom::StoreAt(version)) => Some(version),
        Some(GrantsFrom::Store) | None => None,
    }
}

/// A keeper at work.
struct Keeping {
    task: JoinHandle<()>,
    /// Has it look at everything at once.
    asking: watch::Sender<()>,
}

impl Keeping {
    fn begin(keeper: Keeper) -> Self {
        let asking = keeper.asking();
        Self { task: tokio::spawn(keeper.run(std::future::pending())), asking }
    }
}

/// What the parts were put together from cannot change under them.
fn changeable(before: &AccessMap, map: &AccessMap) -> Result<(), BadConfiguration> {
    let what = match () {
        () if !before.directories.same_as(&map.directories) => "`directory`",
        () if before.mirror.as_ref().map(|m| &m.to) != map.mirror.as_ref().map(|m| &m.to) => {
            "where `directory.mirror` leads"
        }
        () if before.instance != map.instance => "`instance`",
        () => return Ok(()),
    };
    let message =
        format!("{what} is another one than at the start: restart the server to take it up");
    Err(BadConfiguration::new(codes::RESTART_NEEDED, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_swapped_link_is_another_file() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for version in ["1", "2"] {
            fs::create_dir(at(version)).unwrap();
            fs::write(at(version).join("access.yaml"), "same").unwrap();
        }
        std::os::unix::fs::symlink("1", at("..data")).unwrap();
        std::os::unix::fs::symlink("..data/access.yaml", at("access.yaml")).unwrap();
        let before = Stamp::of(at("access.yaml"));
        assert_eq!(Stamp::of(at("access.yaml")), before);
        std::os::unix::fs::symlink("2", at("..new")).unwrap();
        fs::rename(at("..new"), at("..data")).unwrap();
        assert_ne!(Stamp::of(at("access.yaml")), before);
        fs::remove_dir_all(at("2")).unwrap();
        assert_eq!(Stamp::of(at("access.yaml")).file, None);
    }

    #[test]
    fn a_file_whose_time_was_set_back_is_another_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("access.yaml");
        fs::write(&path, "one").unwrap();
        let before = Stamp::of(path.clone());
        let then = fs::metadata(&path).unwrap().modified().unwrap();
        // The clock of a file system goes in steps.
        while Stamp::of(path.clone()) == before {
            fs::write(&path, "two").unwrap();
            fs::File::options().write(true).open(&path).unwrap().set_modified(then).unwrap();
        }
        assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), then);
    }
}
