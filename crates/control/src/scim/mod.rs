//! The SCIM 2.0 server: an identity provider pushes people and groups, and whoever is touched is
//! looked at again at once.
//!
//! [`Desk::scim`] finds the directory that a request is about and looks whether the caller may write
//! it; [`Tenant::answer`] does what the request says. What SCIM means stands in the crate `scim`; here
//! it meets the records: read, changed by version, written down in the audit log with the change, and
//! the people concerned put into the queue.

mod answer;
mod bulk;
mod find;
mod list;
mod render;
mod route;
mod touched;
mod traffic;
mod write;

pub use ::scim::bounds::MAX_BODY_BYTES;
pub use answer::{ScimAnswer, ScimMethod, ScimRequest, Toll, refusal};
pub use traffic::Room;
pub(crate) use traffic::Traffic;

use crate::desk::{Caller, Desk, Refused, RefusedKind, Right};
use crate::plane::Plane;
use crate::ports::ScimRecords;
use access::ids::DirectoryName;
use access::map::{AccessMap, DirectoryKind};
use access::reason::ReasonCode;
use std::sync::Arc;

/// Where the server is, below the public URL.
pub const ROOT: &str = "/scim/v2";

/// A directory that is pushed, and somebody who may push to it.
#[derive(Debug, Clone)]
pub struct Tenant {
    /// With the map of the start: nothing here hangs on the map once a tenant is made.
    plane: Arc<Plane>,
    store: Arc<dyn ScimRecords>,
    caller: Caller,
    directory: DirectoryName,
    /// Whether ids stay as they are in the plane: those of the first directory of a map do.
    is_first: bool,
    /// Whether the map has no other directory.
    is_alone: bool,
    /// Address of the server for this directory.
    base: String,
    traffic: Traffic,
}

impl Desk {
    /// The directory that a path below [`ROOT`] is about, and what is left of the path. One that stands
    /// alone need not be named.
    ///
    /// # Errors
    /// `not-found`: the map has no such directory, or several and none is named; `right-missing`: the
    /// caller has no right to it.
    pub fn scim<'p>(
        &self,
        caller: &Caller,
        origin: &str,
        path: &'p str,
    ) -> Result<(Tenant, &'p str), Refused> {
        caller.require(Right::Scim)?;
        let map = self.outset().current_map();
        let pushed = pushed(&map);
        let path = path.trim_start_matches('/');
        let (first, rest) = path.split_once('/').unwrap_or((path, ""));
        let named = pushed.iter().find(|(_, name)| name.as_str() == first).cloned();
        let (found, rest) = match (named, pushed.as_slice()) {
            (Some(named), _) => (named, rest),
            (None, [only]) => (only.clone(), path),
            (None, []) => {
                let why = "No directory of the access map is pushed by SCIM.";
                return Err(Refused::not_found(why));
            }
            (None, _) => {
                let why =
                    "Several directories are pushed by SCIM, and the address names none of them.";
                return Err(Refused::not_found(why));
            }
        };
        let (nth, directory) = found;
        let may = match caller.directory() {
            Some(name) => name == directory.as_str(),
            // Whoever made the token knew of one directory.
            None => pushed.len() == 1,
        };
        if !may {
            return Err(Refused::new(
                RefusedKind::Denied,
                ReasonCode::RightMissing,
                "The token is not for this directory.",
                format!(
                    "Make one with `stagedoor token create --scope scim --directory {directory}`."
                ),
            ));
        }
        let base = if pushed.len() == 1 {
            format!("{origin}{ROOT}")
        } else {
            format!("{origin}{ROOT}/{directory}")
        };
        let (is_first, is_alone) = (nth == 0, map.directories.sources.len() == 1);
        let tenant = Tenant {
            plane: Arc::clone(self.outset()),
            store: Arc::clone(self.records()),
            caller: caller.clone(),
            directory,
            is_first,
            is_alone,
            base,
            traffic: self.traffic().clone(),
        };
        Ok((tenant, rest))
    }
}

impl Tenant {
    /// Takes room for a change of so many bytes, before they are read; to be kept until it is carried
    /// through.
    ///
    /// # Errors
    /// Too much is held already: what to answer.
    pub fn room(&self, bytes: usize) -> Result<Room, ScimAnswer> {
        self.traffic.room(self.directory.as_str(), bytes).map_err(answer::Failed::into_answer)
    }
}

/// The directories of a map that are pushed, each with its place among all.
pub fn pushed(map: &AccessMap) -> Vec<(usize, DirectoryName)> {
    let all = map.directories.sources.iter().enumerate();
    all.filter(|(_, source)| matches!(source.kind, DirectoryKind::Scim(_)))
        .map(|(place, source)| (place, source.name.clone()))
        .collect()
}
