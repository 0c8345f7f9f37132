//! What the map says of mirroring groups into another directory.

use super::check::Item;
use super::codes;
use super::decode::{guard, owned};
use super::diagnostic::Reporter;
use super::{Directories, Guard};
use crate::ids::{IdentityStoreId, Region};
use crate::mirror::{Leavers, Mark, MirrorPolicy, Strangers};

/// Groups of the directory that are mirrored into another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirroring {
    /// Where to.
    pub to: MirrorTo,
    /// The display names of the groups; empty: those that grants name.
    pub groups: Vec<String>,
    /// What becomes of users without groups.
    pub leavers: Leavers,
    /// What is done where somebody else's user has the name.
    pub strangers: Strangers,
    /// How much one run may take away, and the runs of a day.
    pub guard: Guard,
}

/// Where groups are mirrored to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MirrorTo {
    /// An identity store, by its API.
    IdentityCenter {
        /// The home Region of the Identity Center instance.
        region: Region,
        /// Its identity store.
        identity_store_id: IdentityStoreId,
    },
    /// Identity Center's SCIM endpoint.
    Scim {
        /// Its address.
        url: String,
        /// Where its token is kept.
        token_from: String,
    },
}

impl Mirroring {
    /// The rules, for the installation of this name.
    pub fn policy(&self, instance: &str) -> MirrorPolicy {
        MirrorPolicy {
            mark: Mark::of(instance),
            leavers: self.leavers,
            strangers: self.strangers,
            guard: self.guard,
        }
    }
}

/// Names of [`Leavers`] in the map.
pub(super) const LEAVERS: [&str; 2] = ["disable", "delete"];

/// Names of [`Strangers`] in the map.
pub(super) const STRANGERS: [&str; 2] = ["report", "join"];

/// Decodes it. A directory that would be mirrored into itself is reported.
pub(super) fn mirroring(
    item: &Item,
    directories: Option<&Directories>,
    reporter: &mut Reporter<'_>,
) -> Option<Mirroring> {
    let to = to(item)?;
    let read = directories.and_then(Directories::identity_center);
    if let (MirrorTo::IdentityCenter { identity_store_id, .. }, Some((_, own))) = (&to, read)
        && identity_store_id == own
    {
        let at = item.field("identity_center").map_or(item.at, |item| item.at);
        reporter
            .report(
                codes::MIRRORED_INTO_ITSELF,
                at,
                "the identity store would be mirrored into itself",
            )
            .help("people are read there already: leave `mirror` out");
        return None;
    }
    let groups: Vec<Option<String>> = item.field("groups")?.list().iter().map(owned).collect();
    Some(Mirroring {
        to,
        groups: groups.into_iter().collect::<Option<_>>()?,
        leavers: match item.field("leavers")?.text()? {
            "delete" => Leavers::Delete,
            _ => Leavers::Disable,
        },
        strangers: match item.field("strangers")?.text()? {
            "join" => Strangers::Join,
            _ => Strangers::Report,
        },
        guard: guard(item.field("guard")?)?,
    })
}

fn to(item: &Item) -> Option<MirrorTo> {
    if let Some(center) = item.field("identity_center") {
        let store = center.field("identity_store_id")?.text()?;
        return Some(MirrorTo::IdentityCenter {
            region: Region::parse(center.field("region")?.text()?).ok()?,
            identity_store_id: IdentityStoreId::parse(store).ok()?,
        });
    }
    let scim = item.field("scim")?;
    let (url, token_from) = (owned(scim.field("url")?)?, owned(scim.field("token_from")?)?);
    Some(MirrorTo::Scim { url, token_from })
}
