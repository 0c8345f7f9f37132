//! What must hold of several replicas, seen from outside: by the directory, by Studio, by the calls
//! that AWS got, and by the audit log.

use crate::cloud::{Cloud, Scene};
use crate::company::{DOMAIN, INSTANCE, Person, Team, is_foreign, profile};
use control::ports::{AuditEntry, AuditEvent};
use sandbox::{CallRecord, ProfileView};
use std::collections::{BTreeMap, BTreeSet};

/// What was found.
#[derive(Debug, Default)]
pub struct Verdict {
    /// Somebody has what is not theirs, or has not what is; or an audit entry is missing.
    pub lost: Vec<String>,
    /// A call was made, or an entry written, once more than it should.
    pub doubled: Vec<String>,
    /// What is written down as about to be done, and was not: a replica was killed in between, and
    /// then it was not wanted any more.
    pub announced: usize,
    /// Passes that changed something.
    pub passes: usize,
}

impl Verdict {
    /// Whether all is well.
    pub fn is_good(&self) -> bool {
        self.lost.is_empty() && self.doubled.is_empty()
    }
}

/// What of Studio does not agree with the directory.
pub(crate) fn disagreement(scene: &Scene, truth: &BTreeSet<(Person, Team)>) -> Vec<String> {
    let mut wanted: BTreeMap<String, (Person, Team)> =
        truth.iter().map(|of| (profile(of.0, of.1), *of)).collect();
    let mut wrong = Vec::new();
    for found in scene.profiles.iter().filter(|found| !is_foreign(&found.name)) {
        match wanted.remove(&found.name) {
            Some(of) if is_right(found, of) => {}
            Some(_) => wrong.push(format!("{} is not as it should be: {found:?}", found.name)),
            None => wrong.push(format!("{} ({}) has no right", found.name, found.status)),
        }
    }
    wrong.extend(wanted.into_keys().map(|name| format!("{name} is missing")));
    wrong
}

fn is_right(found: &ProfileView, (person, team): (Person, Team)) -> bool {
    let has = |key: &str, value: &str| found.tags.get(key).is_some_and(|v| v == value);
    found.status == "InService"
        && found.execution_role == Some(team.role())
        && has("stagedoor:instance", INSTANCE)
        && has("stagedoor:person", &person.id())
        && has("stagedoor:team", team.key())
        && !found.tags.contains_key("stagedoor:leaving-since")
}

/// Judges a run that has settled. `before` is Studio as it was at the start; so many times a replica
/// was killed.
pub fn judge(
    cloud: &Cloud,
    entries: &[AuditEntry],
    truth: &BTreeSet<(Person, Team)>,
    before: &ForeignThings,
    kills: usize,
) -> Verdict {
    let scene = cloud.scene();
    let mut verdict = Verdict { lost: disagreement(&scene, truth), ..Verdict::default() };
    let after = ForeignThings::of(&scene);
    if &after != before {
        verdict.lost.push(format!("what is not ours was touched: {before:?}, {after:?}"));
    }
    let deeds = cloud.deeds();
    verdict.doubled = repeated(&deeds);
    compare(&deeds, entries, kills, &mut verdict);
    let changes = entries.iter().filter_map(|entry| entry.change.as_ref());
    verdict.passes = changes.collect::<BTreeSet<_>>().len();
    verdict
}

/// Profiles that are none of this installation's, and their apps.
#[derive(Debug, PartialEq, Eq)]
pub struct ForeignThings {
    profiles: Vec<ProfileView>,
    apps: Vec<sandbox::AppView>,
}

impl ForeignThings {
    /// As they are now.
    pub fn now(cloud: &Cloud) -> Self {
        Self::of(&cloud.scene())
    }

    fn of(scene: &Scene) -> Self {
        let profiles = scene.profiles.iter().filter(|profile| is_foreign(&profile.name));
        let of_foreign = |app: &&sandbox::AppView| app.profile.as_deref().is_some_and(is_foreign);
        Self {
            profiles: profiles.cloned().collect(),
            apps: scene.apps.iter().filter(of_foreign).cloned().collect(),
        }
    }
}

/// What was asked of AWS again though AWS had done it.
fn repeated(deeds: &[CallRecord]) -> Vec<String> {
    let mut exists: BTreeMap<String, bool> = BTreeMap::new();
    let mut found = Vec::new();
    for deed in deeds {
        let Some(resource) = deed.resource.as_deref() else { continue };
        let (kind, makes) = match deed.operation {
            "CreateUserProfile" => ("profile", true),
            "DeleteUserProfile" => ("profile", false),
            "DeleteSpace" => ("space", false),
            "DeleteApp" => ("app", false),
            _ => continue,
        };
        let key = format!("{kind} {resource}");
        match (deed.error.as_deref(), exists.get(&key)) {
            (None, Some(is)) if *is == makes => {
                found.push(format!("{} {resource} once more", deed.operation));
            }
            (None, _) => drop(exists.insert(key, makes)),
            (Some("ResourceInUse" | "ResourceNotFound"), Some(is)) if *is == makes => {
                found.push(format!("{} {resource} once more, refused", deed.operation));
            }
            (Some(_), _) => {}
        }
    }
    found
}

/// Holds what AWS did against what is written down, which comes first: whoever is killed in between
/// leaves an entry. Mostly the next pass does it then, and writes nothing more. It does not where the
/// person has come or gone meanwhile: then one entry of a profile is of nothing, for one kill.
fn compare(deeds: &[CallRecord], entries: &[AuditEntry], kills: usize, verdict: &mut Verdict) {
    let mut done: BTreeMap<(&str, String), usize> = BTreeMap::new();
    for deed in deeds.iter().filter(|deed| deed.error.is_none()) {
        let event = match deed.operation {
            "CreateUserProfile" => AuditEvent::CreatingProfile,
            "DeleteUserProfile" => AuditEvent::DeletingProfile,
            "DeleteSpace" => AuditEvent::DeletingSpace,
            "DeleteApp" => AuditEvent::StoppingApp,
            _ => continue,
        };
        // What stands in or under a profile is counted by itself, whatever it is called.
        let of = match deed.operation {
            "CreateUserProfile" | "DeleteUserProfile" => deed.resource.clone().unwrap_or_default(),
            _ => String::new(),
        };
        *done.entry((event.as_str(), of)).or_default() += 1;
    }
    let mut written: BTreeMap<(&str, String), usize> = BTreeMap::new();
    for entry in entries {
        let of = match AuditEvent::parse(&entry.event) {
            Some(AuditEvent::CreatingProfile | AuditEvent::DeletingProfile) => {
                let profile = entry.details.get("profile").map(String::as_str).unwrap_or_default();
                format!("{DOMAIN}/{profile}")
            }
            Some(AuditEvent::DeletingSpace | AuditEvent::StoppingApp) => String::new(),
            _ => continue,
        };
        *written.entry((entry.event.as_str(), of)).or_default() += 1;
    }
    let keys: BTreeSet<_> = done.keys().chain(written.keys()).cloned().collect();
    for key in keys {
        let (calls, lines) =
            (done.get(&key).copied().unwrap_or(0), written.get(&key).copied().unwrap_or(0));
        let what = format!("{} {}: {calls} calls, {lines} audit entries", key.0, key.1);
        match lines.cmp(&calls) {
            std::cmp::Ordering::Less => verdict.lost.push(what),
            std::cmp::Ordering::Greater
                if lines == calls + 1 && !key.1.is_empty() && verdict.announced < kills =>
            {
                verdict.announced += 1;
            }
            std::cmp::Ordering::Greater => verdict.doubled.push(what),
            std::cmp::Ordering::Equal => {}
        }
    }
}
