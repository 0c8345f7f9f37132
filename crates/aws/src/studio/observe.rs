//! Reading a domain.

use super::spoke::Spoke;
use super::{
    SERVICE, Studio, absent_as_none, app_status, auth_mode, quota, required, role_in, status,
};
use crate::assignments::{Assignee, Assignments};
use crate::client::SageMaker;
use crate::client::sagemaker::{
    AppDetails, DescribeDomain, DescribeUserProfile, Document, ListApps, ListSpaces, ListTags,
    ListUserProfiles, SpaceDetails,
};
use crate::failure::unreadable;
use access::ArcStr;
use access::ids::{DomainId, ProfileName, RoleArn};
use access::observed::{
    AppStatus, AuthMode, DomainState, ObservedApp, ObservedApplication, ObservedDomain,
    ObservedProfile, ObservedRole, ObservedSpace, ProfileStatus, Seen, Unread,
};
use access::pool::Pool;
use async_trait::async_trait;
use control::ports::{CallError, DomainTarget, Observe, ProfileScope};
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::sync::Arc;

/// Calls in flight at once for one domain. More only meets the service's throttling sooner.
const CONCURRENCY: usize = 8;

/// Up to so many profiles, apps are asked for by owner; beyond, the domain's list is fewer calls.
const FEW: usize = 3;

#[async_trait]
impl Observe for Studio {
    async fn domain(
        &self,
        domain: &DomainTarget,
        scope: &ProfileScope,
    ) -> Result<ObservedDomain, CallError> {
        let spoke = self.spokes.of(domain);
        let assignments = self.assignments(domain);
        let domain_id = domain.domain_id.as_str();
        let reading = Reading { spoke: &spoke, assignments, domain_id };
        match scope {
            ProfileScope::All => Box::pin(reading.all(Listed::Domain)).await,
            ProfileScope::Account => Box::pin(reading.all(Listed::Account)).await,
            ProfileScope::Named(names) => {
                let names = names.iter().map(|name| name.as_str().to_owned()).collect();
                Box::pin(reading.named(names)).await
            }
        }
    }

    async fn role(&self, domain: &DomainTarget, role: &RoleArn) -> Result<ObservedRole, CallError> {
        self.read_role(domain, role).await
    }
}

impl Studio {
    /// When each profile of a domain was made, by case-folded name, as far as the service says.
    pub async fn made(
        &self,
        domain: &DomainTarget,
    ) -> Result<BTreeMap<ArcStr, Timestamp>, CallError> {
        let request = ListUserProfiles {
            domain_id_equals: Some(domain.domain_id.to_string()),
            ..ListUserProfiles::default()
        };
        let listed = self.spokes.of(domain).sagemaker.all(&request).await?;
        let made = listed.into_iter().filter_map(|profile| {
            let name = ProfileName::parse(profile.user_profile_name?).ok()?;
            Some((name.folded(), time(profile.creation_time?)?))
        });
        Ok(made.collect())
    }
}

/// Profiles by case-folded name.
type Profiles = BTreeMap<ArcStr, ObservedProfile>;

/// What a domain is besides its profiles.
struct About {
    auth_mode: AuthMode,
    state: DomainState,
    application: Option<ObservedApplication>,
    url: Option<String>,
    default_role: Option<String>,
    home_file_system: Option<String>,
}

/// Whose profiles are listed for a reading of a domain.
#[derive(Clone, Copy)]
enum Listed {
    /// Its own.
    Domain,
    /// Those of all of the account's domains in the Region.
    Account,
}

/// One reading of one domain.
struct Reading<'a> {
    spoke: &'a Spoke,
    assignments: Assignments,
    domain_id: &'a str,
}

impl Reading<'_> {
    fn client(&self) -> &SageMaker {
        &self.spoke.sagemaker
    }

    async fn all(&self, listed: Listed) -> Result<ObservedDomain, CallError> {
        let everyone = async {
            let (names, elsewhere) = self.names(listed).await?;
            Ok((self.profiles(names).await?, elsewhere))
        };
        let (about, (mut profiles, elsewhere), spaces, apps, profile_quota) = futures::try_join!(
            self.about(),
            everyone,
            self.spaces(),
            self.apps_of_domain(),
            async { Ok(quota::profile_quota(self.spoke).await) },
        )?;
        assemble(&mut profiles, spaces, apps)?;
        Ok(ObservedDomain {
            auth_mode: about.auth_mode,
            state: about.state,
            application: about.application,
            url: about.url,
            default_role: about.default_role,
            home_file_system: about.home_file_system,
            profiles,
            seen: Seen::Everybody,
            unread: Unread::default(),
            profile_quota,
            elsewhere,
        })
    }

    /// The names of the domain's profiles; and how many other domains have, where they were listed.
    async fn names(
        &self,
        listed: Listed,
    ) -> Result<(Vec<String>, BTreeMap<DomainId, usize>), CallError> {
        const OPERATION: &str = "ListUserProfiles";
        let domain_id_equals = match listed {
            Listed::Domain => Some(self.domain_id.to_owned()),
            Listed::Account => None,
        };
        let request = ListUserProfiles { domain_id_equals, ..ListUserProfiles::default() };
        let (mut names, mut elsewhere) = (Vec::new(), BTreeMap::new());
        for profile in self.client().all(&request).await? {
            let id = required(OPERATION, "DomainId", profile.domain_id)?;
            if id == self.domain_id {
                names.extend(profile.user_profile_name);
            } else {
                let id = DomainId::parse(id)
                    .map_err(|e| unreadable(SERVICE, OPERATION, e.to_string()))?;
                *elsewhere.entry(id).or_default() += 1;
            }
        }
        Ok((names, elsewhere))
    }

    /// Reads some profiles. The quota is not asked for: one profile more or less says nothing
    /// without a count of the others.
    async fn named(&self, names: Vec<String>) -> Result<ObservedDomain, CallError> {
        let (about, mut profiles) = futures::try_join!(self.about(), self.profiles(names))?;
        if !profiles.is_empty() {
            let (spaces, apps) = if profiles.len() <= FEW {
                let spaces = self.spaces().await?;
                let apps = self.apps_of_owners(&profiles, &spaces).await?;
                (spaces, apps)
            } else {
                futures::try_join!(self.spaces(), self.apps_of_domain())?
            };
            assemble(&mut profiles, spaces, apps)?;
        }
        Ok(ObservedDomain {
            auth_mode: about.auth_mode,
            state: about.state,
            application: about.application,
            url: about.url,
            default_role: about.default_role,
            home_file_system: about.home_file_system,
            profiles,
            // Names do not tell whose all of the profiles are; whoever chose them knows.
            seen: Seen::People(BTreeSet::new()),
            unread: Unread::default(),
            profile_quota: None,
            elsewhere: BTreeMap::new(),
        })
    }

    async fn about(&self) -> Result<About, CallError> {
        const OPERATION: &str = "DescribeDomain";
        let request = DescribeDomain { domain_id: self.domain_id.to_owned() };
        let found = self.client().call(&request).await?;
        let what = format!("domain {}", self.domain_id);
        let status = status(OPERATION, &what, found.status.as_deref())?;
        let auth_mode = auth_mode(OPERATION, &what, found.auth_mode.as_deref())?;
        let state = match status {
            ProfileStatus::InService => DomainState::InService,
            ProfileStatus::Pending | ProfileStatus::Updating => DomainState::Changing,
            ProfileStatus::UpdateFailed => DomainState::UpdateFailed,
            ProfileStatus::Deleting | ProfileStatus::Failed | ProfileStatus::DeleteFailed => {
                DomainState::Ending
            }
        };
        let application = match found.single_sign_on_application_arn {
            Some(arn) if auth_mode == AuthMode::Sso => Some(self.application(arn).await?),
            _ => None,
        };
        let default_role = role_in(found.default_user_settings.as_ref());
        let home_file_system = found.home_efs_file_system_id;
        Ok(About { auth_mode, state, application, url: found.url, default_role, home_file_system })
    }

    /// Who is assigned to the domain's application.
    async fn application(&self, arn: String) -> Result<ObservedApplication, CallError> {
        let (mut groups, mut people) = (BTreeSet::new(), BTreeSet::new());
        for assignee in self.assignments.list(&arn).await? {
            match assignee {
                Assignee::Group(id) => groups.insert(id),
                Assignee::Person(id) => people.insert(id),
            };
        }
        Ok(ObservedApplication { arn, groups, people })
    }

    async fn profiles(&self, names: Vec<String>) -> Result<Profiles, CallError> {
        let reads = stream::iter(names).map(|name| self.profile(name));
        let mut reads = pin!(reads.buffer_unordered(CONCURRENCY));
        let (mut profiles, mut pool) = (Profiles::new(), Pool::default());
        while let Some(found) = reads.try_next().await? {
            // A profile that vanished since it was listed is not there.
            let Some(mut profile) = found else { continue };
            profile.share(&mut pool);
            profiles.insert(profile.name.folded(), profile);
        }
        Ok(profiles)
    }

    async fn profile(&self, name: String) -> Result<Option<ObservedProfile>, CallError> {
        const OPERATION: &str = "DescribeUserProfile";
        let request = DescribeUserProfile {
            domain_id: self.domain_id.to_owned(),
            user_profile_name: name.clone(),
        };
        let Some(found) = absent_as_none(self.client().call(&request).await)? else {
            return Ok(None);
        };
        let resource_arn = required(OPERATION, "UserProfileArn", found.user_profile_arn)?;
        let request = ListTags { resource_arn, ..ListTags::default() };
        let Some(tags) = absent_as_none(self.client().all(&request).await)? else {
            return Ok(None);
        };
        let name = ProfileName::parse(found.user_profile_name.unwrap_or(name))
            .map_err(|e| unreadable(SERVICE, OPERATION, e.to_string()))?;
        let what = format!("user profile {name}");
        let (execution_role, user_settings) = split_settings(found.user_settings);
        Ok(Some(ObservedProfile {
            status: status(OPERATION, &what, found.status.as_deref())?,
            name,
            execution_role: execution_role.map(ArcStr::from),
            user_settings: Arc::new(user_settings),
            tags: tags.into_iter().map(|tag| (tag.key, tag.value)).collect(),
            sso_user: found.single_sign_on_user_value.map(ArcStr::from),
            home_efs_uid: found.home_efs_file_system_uid.map(ArcStr::from),
            modified: found.last_modified_time.and_then(time),
            apps: Vec::new(),
            spaces: Vec::new(),
        }))
    }

    async fn spaces(&self) -> Result<Vec<SpaceDetails>, CallError> {
        let domain_id_equals = Some(self.domain_id.to_owned());
        self.client().all(&ListSpaces { domain_id_equals, ..ListSpaces::default() }).await
    }

    async fn apps_of_domain(&self) -> Result<Vec<AppDetails>, CallError> {
        let domain_id_equals = Some(self.domain_id.to_owned());
        self.client().all(&ListApps { domain_id_equals, ..ListApps::default() }).await
    }

    /// Apps of these profiles and of the spaces they own; the service filters by one or the other.
    async fn apps_of_owners(
        &self,
        profiles: &Profiles,
        spaces: &[SpaceDetails],
    ) -> Result<Vec<AppDetails>, CallError> {
        let domain_id_equals = Some(self.domain_id.to_owned());
        let of_profiles = profiles.values().map(|profile| ListApps {
            domain_id_equals: domain_id_equals.clone(),
            user_profile_name_equals: Some(profile.name.as_str().to_owned()),
            ..ListApps::default()
        });
        let of_spaces = spaces
            .iter()
            .filter(|space| owner(space).is_some_and(|owner| profiles.contains_key(owner.as_str())))
            .map(|space| ListApps {
                domain_id_equals: domain_id_equals.clone(),
                space_name_equals: space.space_name.clone(),
                ..ListApps::default()
            });
        let requests: Vec<ListApps> = of_profiles.chain(of_spaces).collect();
        let lists: Vec<Vec<AppDetails>> = stream::iter(requests)
            .map(|request| async move { self.client().all(&request).await })
            .buffered(CONCURRENCY)
            .try_collect()
            .await?;
        Ok(lists.into_iter().flatten().collect())
    }
}

/// Hands apps to their owners and spaces to theirs. What belongs to none of the profiles is left
/// out.
fn assemble(
    profiles: &mut Profiles,
    spaces: Vec<SpaceDetails>,
    apps: Vec<AppDetails>,
) -> Result<(), CallError> {
    let mut of_spaces: BTreeMap<String, Vec<ObservedApp>> = BTreeMap::new();
    for app in apps {
        let (profile, space) = (app.user_profile_name.clone(), app.space_name.clone());
        let Some(app) = observed_app(app)? else { continue };
        match (space, profile) {
            (Some(space), _) => of_spaces.entry(space.to_ascii_lowercase()).or_default().push(app),
            (None, Some(profile)) => {
                if let Some(owner) = profiles.get_mut(profile.to_ascii_lowercase().as_str()) {
                    owner.apps.push(app);
                }
            }
            (None, None) => {
                let message = format!("app {} belongs to nothing", app.name);
                return Err(unreadable(SERVICE, "ListApps", message));
            }
        }
    }
    for space in spaces {
        let Some(owner) = owner(&space).and_then(|owner| profiles.get_mut(owner.as_str())) else {
            continue;
        };
        let name = required("ListSpaces", "SpaceName", space.space_name.clone())?;
        let apps = of_spaces.remove(&name.to_ascii_lowercase()).unwrap_or_default();
        owner.spaces.push(observed_space(name, &space, apps)?);
    }
    for profile in profiles.values_mut() {
        profile.apps.sort_by(|a, b| (&a.app_type, &a.name).cmp(&(&b.app_type, &b.name)));
        profile.spaces.sort_by(|a, b| a.name.cmp(&b.name));
    }
    Ok(())
}

/// Case-folded name of the profile that owns the space.
fn owner(space: &SpaceDetails) -> Option<String> {
    let settings = space.ownership_settings_summary.as_ref()?;
    settings.owner_user_profile_name.as_ref().map(|name| name.to_ascii_lowercase())
}

fn observed_space(
    name: String,
    space: &SpaceDetails,
    mut apps: Vec<ObservedApp>,
) -> Result<ObservedSpace, CallError> {
    const OPERATION: &str = "ListSpaces";
    let what = format!("space {name}");
    let sharing = space.space_sharing_settings_summary.as_ref();
    let shared = match sharing.and_then(|s| s.sharing_type.as_deref()) {
        Some("Private") => false,
        // A space from before there were private ones says nothing, and is shared.
        Some("Shared") | None => true,
        Some(other) => {
            let message = format!("{what} has the unknown sharing type `{other}`");
            return Err(unreadable(SERVICE, OPERATION, message));
        }
    };
    apps.sort_by(|a, b| (&a.app_type, &a.name).cmp(&(&b.app_type, &b.name)));
    let status = status(OPERATION, &what, space.status.as_deref())?;
    let storage = space.space_settings_summary.as_ref();
    let volume =
        storage.and_then(|s| s.space_storage_settings.as_ref()?.ebs_storage_settings.as_ref());
    let volume_gib = volume.map(|volume| volume.ebs_volume_size_in_gb);
    Ok(ObservedSpace { name, status, shared, volume_gib, apps })
}

/// `None` for an app that is deleted: it stays listed for a day.
fn observed_app(app: AppDetails) -> Result<Option<ObservedApp>, CallError> {
    const OPERATION: &str = "ListApps";
    let name = required(OPERATION, "AppName", app.app_name)?;
    let app_type = required(OPERATION, "AppType", app.app_type)?;
    let status = app_status(OPERATION, &format!("app {app_type}/{name}"), app.status.as_deref())?;
    let instance_type = app.resource_spec.and_then(|spec| spec.instance_type);
    let since = app.creation_time.and_then(time);
    let app = ObservedApp { app_type, name, status, instance_type, since };
    Ok((status != AppStatus::Deleted).then_some(app))
}

/// The service gives times as seconds since 1970, with a fraction. One that is no time is not known.
fn time(seconds: f64) -> Option<Timestamp> {
    let since_1970 = SignedDuration::try_from_secs_f64(seconds).ok()?;
    Timestamp::from_duration(since_1970).ok()
}

/// The execution role, and the settings besides.
fn split_settings(settings: Option<Document>) -> (Option<String>, Document) {
    let mut settings = settings.unwrap_or_default();
    let role = settings.remove("ExecutionRole");
    (role.and_then(|role| role.as_str().map(str::to_owned)), settings)
}
