//! What people and admins do while the loop runs, step by step.

use crate::deed::mark_of;
use crate::stage::Stage;
use crate::verdict::MadeSpace;
use crate::watch::{is_ours, right};
use crate::weather::Weather;
use crate::world::{Group, HUB, IDENTITY_STORE, OTHER_ROLE, Person, REGION, Temporary};
use access::ids::{PersonId, TeamKey, TemporaryId};
use access::temporary::{Ending, TemporaryGrant, TemporaryKind};
use control::ports::{Freeze, Switch as _, TemporaryGrants, WorkKey, WorkQueue as _};
use fastrand::Rng;
use futures::FutureExt as _;
use jiff::SignedDuration;
use sandbox::ProfileView;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::future::Future;
use store::SqliteStore;

const DIRECTORY: (&str, &str) = ("identitystore", "AWSIdentityStore");
const STUDIO: (&str, &str) = ("sagemaker", "SageMaker");

/// One step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Somebody joins a group.
    Join,
    /// Somebody leaves a group.
    Leave,
    /// Somebody moves from one group to another.
    Move,
    /// Somebody may not, or may again, sign in.
    Switch,
    /// Somebody is deleted.
    Delete,
    /// Somebody new arrives and joins a group.
    Arrive,
    /// Somebody gets another user name.
    Rename,
    /// A group gets another name, or its old one back.
    RenameGroup,
    /// A group is deleted.
    DeleteGroup,
    /// Somebody starts an app in a profile.
    StartApp,
    /// Somebody makes a space, and starts an app in it.
    MakeSpace,
    /// An admin changes a profile by hand.
    Drift,
    /// An admin deletes a profile by hand.
    DeleteProfile,
    /// The admin changes the map; the processes start anew with it.
    ChangeMap,
    /// The weather changes.
    Weather,
    /// A process is killed.
    Kill,
    /// A process is killed, and its store is gone.
    LoseStore,
    /// The clock of a machine jumps, or is put right.
    ClockJump,
    /// An admin stops every change, or lets changes be made again.
    Freeze,
    /// Somebody gets a team for a time.
    Give,
    /// An admin ends somebody's access for a time before its end.
    Revoke,
}

/// How often each step is drawn, in proportion.
const MIX: &[(Step, u32)] = &[
    (Step::Join, 14),
    (Step::Leave, 14),
    (Step::Move, 8),
    (Step::Switch, 6),
    (Step::Delete, 3),
    (Step::Arrive, 5),
    (Step::Rename, 3),
    (Step::RenameGroup, 2),
    (Step::DeleteGroup, 1),
    (Step::StartApp, 12),
    (Step::MakeSpace, 8),
    (Step::Drift, 5),
    (Step::DeleteProfile, 2),
    (Step::ChangeMap, 3),
    (Step::Weather, 10),
    (Step::Kill, 12),
    (Step::LoseStore, 1),
    (Step::ClockJump, 2),
    (Step::Freeze, 2),
    (Step::Give, 8),
    (Step::Revoke, 3),
];

impl Step {
    pub(crate) fn draw(random: &mut Rng) -> Self {
        let total: u32 = MIX.iter().map(|(_, weight)| weight).sum();
        let mut left = random.u32(..total.max(1));
        for (step, weight) in MIX {
            match left.checked_sub(*weight) {
                Some(rest) => left = rest,
                None => return *step,
            }
        }
        Self::Join
    }
}

impl Stage {
    /// Does what people and admins do. What needs the processes is done by whoever runs them.
    pub(crate) fn perform(&mut self, step: Step, random: &mut Rng) {
        let now = self.now();
        self.say(&format!("step: {step:?}"));
        match step {
            Step::Join => drop(self.join(random)),
            Step::Leave => drop(self.leave(random)),
            Step::Move => {
                self.leave(random);
                self.join(random);
            }
            Step::Switch => self.switch(random),
            Step::Delete => self.delete(random),
            Step::Arrive => self.arrive(random),
            Step::Rename => self.rename(random),
            Step::RenameGroup => self.rename_group(random),
            Step::DeleteGroup => self.delete_group(random),
            Step::StartApp => self.start_app(random),
            Step::MakeSpace => self.make_space(random),
            Step::Drift => self.drift(random),
            Step::DeleteProfile => self.delete_profile(random),
            Step::ChangeMap => {
                self.change_map(random);
                self.truth.map_changed = now;
            }
            Step::Weather => self.change_weather(random),
            Step::Freeze => self.freeze(self.watch.frozen_since.is_none()),
            Step::Give => drop(self.give(random)),
            Step::Revoke => drop(self.revoke(random)),
            Step::Kill | Step::LoseStore | Step::ClockJump => {}
        }
        self.truth.observe(now);
        self.truth.groups_changed = now;
    }

    fn in_directory(&mut self, operation: &str, mut body: Value) -> Option<Value> {
        if let Some(body) = body.as_object_mut() {
            body.insert("IdentityStoreId".to_owned(), IDENTITY_STORE.into());
        }
        self.ask(HUB, DIRECTORY, operation, &body)
    }

    fn anybody(&self, random: &mut Rng) -> Option<String> {
        random.choice(self.truth.directory.people.keys()).cloned()
    }

    fn any_group(&self, random: &mut Rng) -> Option<String> {
        random.choice(self.truth.directory.groups.keys()).cloned()
    }

    fn join(&mut self, random: &mut Rng) -> Option<()> {
        let (person, group) = (self.anybody(random)?, self.any_group(random)?);
        self.enter(&person, &group)
    }

    fn enter(&mut self, person: &str, group: &str) -> Option<()> {
        let body = json!({"GroupId": group, "MemberId": {"UserId": person}});
        self.in_directory("CreateGroupMembership", body)?;
        self.truth.directory.groups.get_mut(group)?.members.insert(person.to_owned());
        Some(())
    }

    fn leave(&mut self, random: &mut Rng) -> Option<()> {
        let members = self.truth.directory.groups.iter().flat_map(|(id, group)| {
            group.members.iter().map(move |person| (person.clone(), id.clone()))
        });
        let (person, group) = random.choice(members.collect::<Vec<_>>())?;
        let body = json!({"GroupId": group, "MemberId": {"UserId": person}});
        let found = self.in_directory("GetGroupMembershipId", body)?;
        let id = found.get("MembershipId")?.clone();
        self.in_directory("DeleteGroupMembership", json!({"MembershipId": id}))?;
        self.truth.directory.groups.get_mut(&group)?.members.remove(&person);
        Some(())
    }

    fn switch(&mut self, random: &mut Rng) {
        let Some(id) = self.anybody(random) else { return };
        let Some(enabled) = self.truth.directory.people.get(&id).map(|p| !p.enabled) else {
            return;
        };
        let status = if enabled { "ENABLED" } else { "DISABLED" };
        let operations = json!([{"AttributePath": "userStatus", "AttributeValue": status}]);
        let body = json!({"UserId": id, "Operations": operations});
        if self.in_directory("UpdateUser", body).is_some()
            && let Some(person) = self.truth.directory.people.get_mut(&id)
        {
            person.enabled = enabled;
        }
    }

    fn delete(&mut self, random: &mut Rng) {
        let Some(id) = self.anybody(random) else { return };
        if self.in_directory("DeleteUser", json!({"UserId": id})).is_some() {
            self.truth.directory.people.remove(&id);
            for group in self.truth.directory.groups.values_mut() {
                group.members.remove(&id);
            }
        }
    }

    fn arrive(&mut self, random: &mut Rng) {
        let name = format!("new-{}", random.u32(..1_000));
        let body = json!({
            "UserName": name,
            "DisplayName": name,
            "Name": {"GivenName": name, "FamilyName": "New"},
        });
        let made = self.in_directory("CreateUser", body);
        let Some(id) = made.as_ref().and_then(|made| made.get("UserId")?.as_str()) else { return };
        let person = Person { user_name: name, enabled: true };
        self.truth.directory.people.insert(id.to_owned(), person);
        if let Some(group) = self.any_group(random) {
            self.enter(id, &group);
        }
    }

    fn rename(&mut self, random: &mut Rng) {
        let Some(id) = self.anybody(random) else { return };
        let name = format!("renamed.{}", random.u32(..1_000));
        let operations = json!([{"AttributePath": "userName", "AttributeValue": name}]);
        let body = json!({"UserId": id, "Operations": operations});
        if self.in_directory("UpdateUser", body).is_some()
            && let Some(person) = self.truth.directory.people.get_mut(&id)
        {
            person.user_name = name;
        }
    }

    fn rename_group(&mut self, random: &mut Rng) {
        let Some(id) = self.any_group(random) else { return };
        let Some(name) = self.truth.directory.groups.get(&id).map(|g| g.name.clone()) else {
            return;
        };
        let name = match name.strip_prefix("former-") {
            Some(name) => name.to_owned(),
            None => format!("former-{name}"),
        };
        let operations = json!([{"AttributePath": "displayName", "AttributeValue": name}]);
        let body = json!({"GroupId": id, "Operations": operations});
        if self.in_directory("UpdateGroup", body).is_some()
            && let Some(group) = self.truth.directory.groups.get_mut(&id)
        {
            group.name = name;
        }
    }

    fn delete_group(&mut self, random: &mut Rng) {
        let Some(id) = self.any_group(random) else { return };
        if self.in_directory("DeleteGroup", json!({"GroupId": id})).is_some()
            && let Some(group) = self.truth.directory.groups.remove(&id)
        {
            // Its name comes back as another group, as after a mistake.
            let body = json!({"DisplayName": group.name});
            let made = self.in_directory("CreateGroup", body);
            if let Some(id) = made.as_ref().and_then(|made| made.get("GroupId")?.as_str()) {
                let group = Group { members: BTreeSet::new(), ..group };
                self.truth.directory.groups.insert(id.to_owned(), group);
            }
        }
    }

    /// One of this installation's profiles, with its domain's account and id.
    fn any_profile(&mut self, random: &mut Rng) -> Option<(String, String, ProfileView)> {
        let places: Vec<(String, String)> =
            self.truth.map.domains.iter().map(|d| (d.account.clone(), d.id.clone())).collect();
        let mut found = Vec::new();
        for (account, id) in places {
            let profiles = self.scene(&id).profiles;
            let ours = profiles.into_iter().filter(|profile| is_ours(&profile.tags));
            found.extend(ours.map(|profile| (account.clone(), id.clone(), profile)));
        }
        random.choice(found)
    }

    fn start_app(&mut self, random: &mut Rng) {
        let Some((account, domain, profile)) = self.any_profile(random) else { return };
        let (kind, name) = *random
            .choice(&[("JupyterServer", "default"), ("KernelGateway", "kernel-1")])
            .unwrap_or(&("JupyterServer", "default"));
        let body = json!({
            "DomainId": domain, "UserProfileName": profile.name, "AppType": kind, "AppName": name,
        });
        if self.ask(&account, STUDIO, "CreateApp", &body).is_some() {
            let now = self.now();
            self.watch.made.insert(mark_of(&domain, &profile.name, name), now);
        }
    }

    fn make_space(&mut self, random: &mut Rng) {
        let Some((account, domain, profile)) = self.any_profile(random) else { return };
        let sharing = if random.u8(..6) == 0 { "Shared" } else { "Private" };
        let space = format!("lab-{}", random.u32(..10_000));
        let body = json!({
            "DomainId": domain,
            "SpaceName": space,
            "OwnershipSettings": {"OwnerUserProfileName": profile.name},
            "SpaceSharingSettings": {"SharingType": sharing},
        });
        if self.ask(&account, STUDIO, "CreateSpace", &body).is_none() {
            return;
        }
        let now = self.now();
        self.spaces.push(MadeSpace {
            domain: domain.clone(),
            name: space.clone(),
            shared: sharing == "Shared",
            owner: right(&profile.tags, "").map(|r| (r.person.to_owned(), r.team.to_owned())),
            made: now,
        });
        self.watch.made.insert(mark_of(&domain, &profile.name, &space), now);
        // The app is started when the space is there, a few seconds later.
        self.starting.push((account, domain, space));
    }

    /// Starts the apps of spaces that were made.
    pub(crate) fn start_in_spaces(&mut self) {
        for (account, domain, space) in std::mem::take(&mut self.starting) {
            let body = json!({
                "DomainId": domain, "SpaceName": space, "AppType": "JupyterLab",
                "AppName": "default",
            });
            if self.ask(&account, STUDIO, "CreateApp", &body).is_some() {
                let now = self.now();
                self.watch.made.insert(mark_of(&domain, &space, "default"), now);
            }
        }
    }

    fn drift(&mut self, random: &mut Rng) {
        let Some((account, domain, profile)) = self.any_profile(random) else { return };
        let name = profile.name.to_lowercase();
        let arn = format!("arn:aws:sagemaker:{REGION}:{account}:user-profile/{domain}/{name}");
        let role = format!("arn:aws:iam::{account}:role/{OTHER_ROLE}");
        match random.u8(..3) {
            0 => {
                let body = json!({
                    "DomainId": domain,
                    "UserProfileName": profile.name,
                    "UserSettings": {"ExecutionRole": role},
                });
                self.ask(&account, STUDIO, "UpdateUserProfile", &body);
            }
            1 => {
                let body = json!({"ResourceArn": arn, "TagKeys": ["CostCenter"]});
                self.ask(&account, STUDIO, "DeleteTags", &body);
            }
            _ => {
                let tags = json!([{"Key": "Note", "Value": "by hand"}]);
                let body = json!({"ResourceArn": arn, "Tags": tags});
                self.ask(&account, STUDIO, "AddTags", &body);
            }
        }
    }

    fn delete_profile(&mut self, random: &mut Rng) {
        let Some((account, domain, profile)) = self.any_profile(random) else { return };
        let body = json!({"DomainId": domain, "UserProfileName": profile.name});
        self.ask(&account, STUDIO, "DeleteUserProfile", &body);
    }

    fn change_map(&mut self, random: &mut Rng) {
        let map = &mut self.truth.map;
        let domains: Vec<String> = map.domains.iter().map(|d| d.key.clone()).collect();
        let count = map.teams.len();
        let Some(team) = map.teams.get_mut(random.usize(..count.max(1))) else { return };
        match random.u8(..4) {
            0 => team.cost_center = Some(random.u32(100..200)),
            1 => team.portal = !team.portal,
            2 => {
                // A role that every account has.
                let key = team.key.clone();
                let others = ["studio-fraud", "studio-churn", "studio-ads"];
                random.choice(others).unwrap_or_default().clone_into(&mut team.role);
                self.say(&format!("map: {key} gets another role"));
            }
            _ => {
                if let Some(domain) = random.choice(domains) {
                    team.domain = domain;
                }
            }
        }
        let yaml = self.truth.map.yaml();
        self.say(&format!("map: {yaml}"));
    }

    fn change_weather(&mut self, random: &mut Rng) {
        let accounts: Vec<String> =
            self.truth.map.domains.iter().map(|d| d.account.clone()).collect();
        let weather = Weather::draw(random, &accounts);
        self.set_weather(weather, random.u64(..));
    }

    /// Gives somebody a team for some minutes, as the command does on the same store.
    fn give(&mut self, random: &mut Rng) -> Option<()> {
        let (person, minutes) = (self.anybody(random)?, random.i64(5..90));
        let team = random.choice(&self.truth.map.teams)?.key.clone();
        let (from, id) = (self.now(), format!("{:012x}", random.u64(..1 << 48)));
        let until = from + SignedDuration::from_mins(minutes);
        let user_name = self.truth.directory.people.get(&person)?.user_name.clone();
        let grant = TemporaryGrant {
            id: TemporaryId::parse(&id).ok()?,
            person: PersonId::parse(&person).ok()?,
            user_name: Some(user_name),
            team: TeamKey::parse(&team).ok()?,
            from,
            until,
            kind: TemporaryKind::Grant,
            reason: "a look around".to_owned(),
            ticket: None,
            by: "cli:admin".to_owned(),
            approved_by: None,
            made: from,
            ended: None,
            note: None,
        };
        self.say(&format!("temporary: {person} gets {team} until {until}"));
        let work = WorkKey::Person(grant.person.clone());
        let given = self.on_a_good_disk(|store| async move {
            let is_new = store.give(&grant).await.is_ok_and(|is_new| is_new);
            is_new && store.push(&BTreeSet::from([work]), from).await.is_ok()
        });
        let temporary = Temporary { id, person, team, from, until };
        given.then(|| self.truth.map.temporary.push(temporary))
    }

    fn revoke(&mut self, random: &mut Rng) -> Option<()> {
        let at = self.now();
        let open = self.truth.map.temporary.iter_mut().filter(|grant| at < grant.until);
        let grant = random.choice(open.collect::<Vec<_>>())?;
        grant.until = at;
        let (person, id) = (PersonId::parse(&grant.person).ok()?, grant.id.clone());
        let id = TemporaryId::parse(&id).ok()?;
        let ending = Ending { at, by: "cli:admin".to_owned(), why: None };
        self.say(&format!("temporary: revoked of {person}"));
        let work = WorkKey::Person(person.clone());
        let revoked = self.on_a_good_disk(|store| async move {
            let revoked = TemporaryGrants::revoke(&store, &person, &id, &ending).await;
            revoked.is_ok() && store.push(&BTreeSet::from([work]), at).await.is_ok()
        });
        revoked.then_some(())
    }

    /// Does something with the store that does not fail. A store in memory does not wait.
    fn on_a_good_disk<F: Future<Output = bool>>(
        &self,
        work: impl FnOnce(SqliteStore) -> F,
    ) -> bool {
        let chance = self.disk.set(0);
        let done = work(self.store.clone()).now_or_never();
        self.disk.set(chance);
        done == Some(true)
    }

    /// Freezes or thaws the installation, by the command line on the same store.
    pub(crate) fn freeze(&mut self, freeze: bool) {
        let at = self.now();
        let chance = self.disk.set(0);
        // A store in memory does not wait.
        let done = if freeze {
            let freeze = Freeze { by: "admin".into(), reason: "a look around".into(), at };
            matches!(self.store.freeze(&freeze).now_or_never(), Some(Ok(_)))
        } else {
            // Whoever thaws has everything read, as the command does.
            let everything = BTreeSet::from([WorkKey::Everything]);
            drop(self.store.push(&everything, at).now_or_never());
            match self.store.frozen().now_or_never() {
                Some(Ok(Some(freeze))) => {
                    matches!(self.store.thaw(&freeze).now_or_never(), Some(Ok(_)))
                }
                known => matches!(known, Some(Ok(None))),
            }
        };
        self.disk.set(chance);
        if done {
            self.watch.frozen_since = freeze.then_some(at);
        }
    }

    /// Lets the weather be so from now on.
    pub(crate) fn set_weather(&mut self, weather: Weather, random: u64) {
        let now = self.now();
        self.say(&format!("weather: {weather:?}"));
        self.faults += weather.standing();
        self.sandbox.set_faults(weather.faults(random), now);
        self.watch.directory_half = weather.half;
        self.disk.set(weather.store);
        self.weather = weather;
    }
}

/// How long after a space was asked for its app is started.
pub(crate) const SPACE_READY: SignedDuration = SignedDuration::from_secs(5);
