//! Telling people what needs them while the server runs: the map says whom, secrets come from where
//! it says, and [`control::notify`] decides what and when.

use crate::codes;
use crate::compose::{self, Parts};
use crate::exit::BadConfiguration;
use crate::idp_metadata::{self, Copies};
use crate::secret_source::SecretSource;
use access::map::{AccessMap, MailSettings, Notifications, Topic, WebhookSettings};
use anyhow::{Context, Result};
use control::directory::pushing;
use control::door::{Door, KeyStatus, TrustStatus};
use control::notify::{Channel, Channels, Facts, Notifier, Seen, conditions};
use jiff::{SignedDuration, Timestamp};
use notify::{Login, Mail, MailRoute, Secret, Webhook};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// A reading that is older says nothing of now: the loop of this process makes none.
const OLD: SignedDuration = SignedDuration::from_mins(30);

/// A look at the audit log that is older says nothing of now: checkpoints were switched off where nothing else
/// looks. It is one each hour, or as seldom as somebody wants.
const LONG_PAST: SignedDuration = SignedDuration::from_hours(24);

/// Ways to people by name, and those that cannot be used, with why.
#[derive(Debug, Default)]
pub(crate) struct Ways {
    pub(crate) channels: Channels,
    /// With what each would be told of.
    pub(crate) unusable: BTreeMap<String, (anyhow::Error, BTreeSet<Topic>)>,
}

/// What looks again and again, for as long as the server runs.
#[derive(Debug)]
pub(crate) struct Telling {
    parts: Parts,
    ends: Ends,
    /// The map, and its folder: files with secrets are named from there.
    map: PathBuf,
    folder: PathBuf,
    /// From one look to the next.
    every: Duration,
    /// Where the portal is, without a slash at its end, if that is known.
    address: Option<String>,
}

/// What knows how long identity providers and our own keys are good for.
#[derive(Debug)]
pub(crate) enum Ends {
    /// The door of this process.
    Door(Door),
    /// The map's files, and what another process left in the store.
    Kept(Copies),
}

impl Ends {
    async fn told(
        &self,
        map: &AccessMap,
        at: &Path,
        now: Timestamp,
    ) -> (Vec<TrustStatus>, Vec<KeyStatus>) {
        match self {
            Self::Door(door) => (door.trust(), door.keys()),
            Self::Kept(copies) => {
                let sources = idp_metadata::sources(map, at);
                let trust = idp_metadata::trust(map, &sources, copies, now).await;
                (trust, copies.own_keys().await.unwrap_or_default())
            }
        }
    }
}

/// The ways to people that were made, and for which settings.
pub(crate) type Known = Option<(Notifications, Ways)>;

impl Telling {
    /// Tells what goes on with these parts, whose map is there.
    pub(crate) fn new(
        parts: &Parts,
        ends: Ends,
        map: &Path,
        public_url: Option<&str>,
        every: Duration,
    ) -> Self {
        let folder = if map.is_dir() { Some(map) } else { map.parent() };
        Self {
            parts: parts.clone(),
            ends,
            map: map.to_owned(),
            every,
            folder: folder.unwrap_or(Path::new(".")).to_owned(),
            address: public_url.map(|url| url.trim_end_matches('/').to_owned()),
        }
    }

    /// Looks until `stop` resolves. A message under way is cut off; another look tells it anew.
    pub(crate) async fn run(self, stop: impl Future<Output = ()>) {
        tokio::pin!(stop);
        let mut known = Known::None;
        loop {
            tokio::select! {
                () = &mut stop => return,
                () = tokio::time::sleep(self.every) => {}
            }
            tokio::select! {
                () = &mut stop => return,
                () = self.look(&mut known) => {}
            }
        }
    }

    /// Looks once, and tells what is new. `known` is what the look before left.
    pub(crate) async fn look(&self, known: &mut Known) {
        let plane = self.parts.plane.current();
        let settings = &plane.map.notifications;
        if settings.is_empty() {
            *known = None;
            return;
        }
        let ways = match known.take() {
            // What could not be made, or not be reached, is made anew: a secret may be another one.
            Some((of, ways)) if of == *settings && ways.unusable.is_empty() => ways,
            _ => self.ways(&plane.map).await,
        };
        for (name, (error, _)) in &ways.unusable {
            tracing::warn!(channel = %name, code = codes::NOT_NOTIFIED.as_str(), "{error:#}");
        }
        let now = plane.clock.now();
        let status = plane.loop_status().await.ok();
        // Of two processes the one that read last tells: what the other one has may be over.
        let last_full = status.as_ref().and_then(|status| status.queue.last_full);
        let reading = plane.readings.newest(last_full);
        let reading = reading.filter(|reading| now.duration_since(reading.at) < OLD);
        let (trust, keys) = self.ends.told(&plane.map, &self.map, now).await;
        let pushing = pushing(&plane.map, &*self.parts.store, now).await.ok();
        let looked = plane.meter.read();
        let watched = self.parts.store.audit_watched().await.ok().flatten();
        let mirror = plane.mirror_seen().await;
        let temporary = plane.temporary.temporary_grants(None).await.ok();
        let facts = Facts {
            reading: reading.as_deref().map(Seen::from),
            temporary: temporary.as_deref(),
            trust: Some((&trust, &keys)),
            pushing: pushing.as_deref(),
            status: status.as_ref(),
            audit: looked.audit.as_ref().map(|seen| seen.fault.as_deref()),
            watched: watched.as_ref().filter(|seen| now.duration_since(seen.at) < LONG_PAST),
            mirror: mirror.as_ref().filter(|seen| now.duration_since(seen.at) < OLD),
        };
        let judged = conditions(&facts, now);
        let remind = i64::try_from(settings.remind_seconds).unwrap_or(i64::MAX);
        let unusable = ways.unusable.iter().map(|(name, (_, about))| (name.clone(), about.clone()));
        let notifier = Notifier {
            notices: &*self.parts.store,
            channels: &ways.channels,
            unusable: &unusable.collect(),
            instance: &plane.map.instance,
            address: self.address.as_deref(),
            remind: SignedDuration::from_secs(remind),
        };
        match notifier.look(&judged, now).await {
            Ok(round) if round.failed.is_empty() => *known = Some((settings.clone(), ways)),
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, code = codes::NOT_NOTIFIED.as_str(), "what was told cannot be kept");
                *known = Some((settings.clone(), ways));
            }
        }
    }

    async fn ways(&self, map: &AccessMap) -> Ways {
        ways(&self.parts, map, &self.folder).await
    }
}

/// The ways that the map names.
pub(crate) async fn ways(parts: &Parts, map: &AccessMap, folder: &Path) -> Ways {
    let mut ways = Ways::default();
    for (name, settings) in &map.notifications.webhooks {
        let made = webhook(parts, map, settings, folder).await;
        ways.add(format!("webhook/{name}"), made, &settings.about);
    }
    for (name, settings) in &map.notifications.mail {
        let made = mail(parts, map, settings, folder).await;
        ways.add(format!("mail/{name}"), made, &settings.about);
    }
    ways
}

impl Ways {
    fn add(&mut self, name: String, made: Result<Arc<dyn Channel>>, about: &BTreeSet<Topic>) {
        match made {
            Ok(channel) => drop(self.channels.insert(name, (channel, about.clone()))),
            Err(error) => drop(self.unusable.insert(name, (error, about.clone()))),
        }
    }
}

async fn webhook(
    parts: &Parts,
    map: &AccessMap,
    settings: &WebhookSettings,
    folder: &Path,
) -> Result<Arc<dyn Channel>> {
    let url = secret(parts, map, &settings.url_from, folder).await?;
    let key = match &settings.sign_with {
        Some(reference) => Some(secret(parts, map, reference, folder).await?),
        None => None,
    };
    let webhook = Webhook::new(url, key)
        .with_context(|| format!("what {} holds is no address of a webhook", settings.url_from))?;
    Ok(Arc::new(webhook))
}

async fn mail(
    parts: &Parts,
    map: &AccessMap,
    settings: &MailSettings,
    folder: &Path,
) -> Result<Arc<dyn Channel>> {
    let login = match &settings.login {
        Some((user, reference)) => {
            let password = secret(parts, map, reference, folder).await?;
            Some(Login { user: user.clone(), password })
        }
        None => None,
    };
    let route = MailRoute {
        from: settings.from.clone(),
        to: settings.to.clone(),
        server: settings.server.clone(),
        encryption: settings.encryption,
        login,
    };
    Ok(Arc::new(Mail::new(route)?))
}

/// The secret that a reference of the map names.
async fn secret(parts: &Parts, map: &AccessMap, reference: &str, folder: &Path) -> Result<Secret> {
    let bad = |message: String| BadConfiguration::new(codes::NOTIFICATION_SECRET, message);
    let source = match reference.strip_prefix("file:") {
        Some(path) => SecretSource::File(folder.join(path)),
        None => SecretSource::parse(reference).map_err(|why| bad(format!("{reference}: {why}")))?,
    };
    let region = compose::home_region(map);
    let found = source.read(&parts.aws, region).await;
    let found = found.map_err(|why| {
        let place = format_args!("the secret {reference} cannot be read");
        why.at(codes::NOTIFICATION_SECRET, place)
    })?;
    let current = found.into_iter().next();
    let current = current.ok_or_else(|| bad(format!("{reference} is empty")))?;
    Ok(Secret::new(current.reveal().to_owned()))
}
