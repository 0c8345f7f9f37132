//! Calls that change something, as they are seen on the way to AWS.

use sandbox::{AppView, ProfileView, SpaceView};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// One call that changes something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Deed {
    /// Which replica asks for it.
    pub(crate) replica: usize,
    /// `SageMaker`'s id of the domain.
    pub(crate) domain: String,
    pub(crate) what: What,
}

/// What is to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum What {
    Create { profile: String, tags: BTreeMap<String, String> },
    Update { profile: String, role: Option<String> },
    Tag { profile: String, tags: BTreeMap<String, String> },
    Untag { profile: String, keys: BTreeSet<String> },
    StopApp { owner: Owner },
    DeleteSpace { space: String },
    DeleteProfile { profile: String },
    MakeSpace { space: String, owner: String },
}

/// What an app belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Owner {
    Profile(String),
    Space(String),
}

/// A domain at the moment of a call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Scene {
    pub(crate) profiles: Vec<ProfileView>,
    pub(crate) apps: Vec<AppView>,
    pub(crate) spaces: Vec<SpaceView>,
    /// People who may use the application of an SSO-mode domain.
    pub(crate) assigned: BTreeSet<String>,
}

impl Deed {
    /// The deed of a call to `SageMaker`; `None` if it only reads, or is none of a domain.
    pub(crate) fn read(replica: usize, operation: &str, body: &Value) -> Option<Self> {
        let text = |key: &str| Some(body.get(key)?.as_str()?.to_owned());
        let name = |key: &str| text(key).unwrap_or_default();
        let mut domain = text("DomainId");
        let what = match operation {
            "CreateUserProfile" => {
                What::Create { profile: name("UserProfileName"), tags: tags(body) }
            }
            "UpdateUserProfile" => {
                let role = body.pointer("/UserSettings/ExecutionRole").and_then(Value::as_str);
                What::Update { profile: name("UserProfileName"), role: role.map(str::to_owned) }
            }
            "DeleteUserProfile" => What::DeleteProfile { profile: name("UserProfileName") },
            "DeleteSpace" => What::DeleteSpace { space: name("SpaceName") },
            "CreateSpace" => {
                let owner = body.pointer("/OwnershipSettings/OwnerUserProfileName");
                let owner = owner.and_then(Value::as_str).unwrap_or_default().to_owned();
                What::MakeSpace { space: name("SpaceName"), owner }
            }
            "DeleteApp" => What::StopApp {
                owner: match text("SpaceName") {
                    Some(space) => Owner::Space(space),
                    None => Owner::Profile(name("UserProfileName")),
                },
            },
            "AddTags" | "DeleteTags" => {
                let arn = name("ResourceArn");
                let mut parts = arn.rsplit(':').next()?.splitn(3, '/');
                let (kind, at, profile) = (parts.next()?, parts.next()?, parts.next()?.to_owned());
                if kind != "user-profile" {
                    return None;
                }
                domain = Some(at.to_owned());
                match operation {
                    "AddTags" => What::Tag { profile, tags: tags(body) },
                    _ => What::Untag { profile, keys: keys(body) },
                }
            }
            _ => return None,
        };
        Some(Self { replica, domain: domain?, what })
    }

    /// The profile that is made, changed, or owns what is changed. `None` if there is none any more.
    pub(crate) fn profile<'a>(&self, scene: &'a Scene) -> Option<&'a ProfileView> {
        match &self.what {
            What::Create { profile, .. }
            | What::Update { profile, .. }
            | What::Tag { profile, .. }
            | What::Untag { profile, .. }
            | What::DeleteProfile { profile }
            | What::StopApp { owner: Owner::Profile(profile) }
            | What::MakeSpace { owner: profile, .. } => scene.profile(profile),
            What::StopApp { owner: Owner::Space(space) } | What::DeleteSpace { space } => {
                scene.space(space).and_then(|space| scene.profile(space.owner.as_deref()?))
            }
        }
    }

    /// The directory id of the person concerned.
    pub(crate) fn person(&self, scene: &Scene) -> Option<String> {
        let tags = match &self.what {
            What::Create { tags, .. } => tags,
            _ => &self.profile(scene)?.tags,
        };
        tags.get(access::observed::TAG_PERSON).cloned()
    }
}

impl Scene {
    pub(crate) fn profile(&self, name: &str) -> Option<&ProfileView> {
        self.profiles.iter().find(|profile| profile.name.eq_ignore_ascii_case(name))
    }

    pub(crate) fn space(&self, name: &str) -> Option<&SpaceView> {
        self.spaces.iter().find(|space| space.name.eq_ignore_ascii_case(name))
    }

    /// Spaces that a profile owns.
    pub(crate) fn spaces_of<'a>(
        &'a self,
        profile: &'a ProfileView,
    ) -> impl Iterator<Item = &'a SpaceView> {
        self.spaces.iter().filter(|space| {
            space.owner.as_ref().is_some_and(|owner| owner.eq_ignore_ascii_case(&profile.name))
        })
    }

    /// Apps of a profile itself that run, start or stop.
    pub(crate) fn apps_of<'a>(
        &'a self,
        profile: &'a ProfileView,
    ) -> impl Iterator<Item = &'a AppView> {
        self.apps.iter().filter(|app| {
            is_alive(app)
                && app.profile.as_ref().is_some_and(|o| o.eq_ignore_ascii_case(&profile.name))
        })
    }

    /// Apps in a space that run, start or stop.
    pub(crate) fn apps_in<'a>(&'a self, space: &'a SpaceView) -> impl Iterator<Item = &'a AppView> {
        self.apps.iter().filter(|app| {
            is_alive(app) && app.space.as_ref().is_some_and(|o| o.eq_ignore_ascii_case(&space.name))
        })
    }
}

/// Whether the space is for more than its owner.
pub(crate) fn is_shared(space: &SpaceView) -> bool {
    space.sharing.as_deref() != Some("Private")
}

fn is_alive(app: &AppView) -> bool {
    matches!(app.status, "Pending" | "InService" | "Deleting")
}

/// What an app or a space is known by while it lasts.
pub(crate) fn mark_of(domain: &str, owner: &str, name: &str) -> String {
    format!("{domain}/{owner}/{name}").to_ascii_lowercase()
}

fn tags(body: &Value) -> BTreeMap<String, String> {
    let all = body.get("Tags").and_then(Value::as_array).into_iter().flatten();
    all.filter_map(|tag| {
        Some((tag.get("Key")?.as_str()?.to_owned(), tag.get("Value")?.as_str()?.to_owned()))
    })
    .collect()
}

fn keys(body: &Value) -> BTreeSet<String> {
    let all = body.get("TagKeys").and_then(Value::as_array).into_iter().flatten();
    all.filter_map(|key| key.as_str().map(str::to_owned)).collect()
}
