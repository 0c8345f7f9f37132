//! Asks a directory what changed, and wakes the loop for whom it concerns.
//!
//! The cookie is kept only after the wake-up is on disk, so what was told is never lost; told twice,
//! it costs a reading. What a directory does not tell, the timer finds.

use crate::event::{Concern, Wake};
use crate::plane::Plane;
use crate::ports::{CallError, Changes, Cookie, MetadataCopies};
use access::ids::DirectoryName;
use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// How often a directory is asked, if nobody says otherwise.
pub const LOOK: Duration = Duration::from_secs(10);

/// A directory that is asked again and again.
#[derive(Debug, Clone)]
pub struct ChangeWatch {
    /// The directory's name in the map.
    pub name: DirectoryName,
    /// Whether its ids are those that all of Stagedoor uses, as only the first directory's are.
    pub is_first: bool,
    /// The directory.
    pub changes: Arc<dyn Changes>,
    /// Where the cookie is kept.
    pub copies: Arc<dyn MetadataCopies>,
    /// From one look to the next.
    pub every: Duration,
}

impl ChangeWatch {
    /// Asks until `stop` resolves, or for good if the directory cannot tell.
    pub async fn run(&self, plane: &Plane, stop: impl Future<Output = ()>) {
        tokio::pin!(stop);
        loop {
            let current = plane.current();
            let looked = tokio::select! {
                () = &mut stop => return,
                looked = self.look(&current) => looked,
            };
            match looked {
                Ok(true) => {}
                Ok(false) => {
                    let name = self.name.as_str();
                    tracing::info!(name, "the directory cannot tell what changes: the timer does");
                    return;
                }
                Err(error) => {
                    let name = self.name.as_str();
                    tracing::warn!(name, %error, "the directory cannot be asked what changed");
                }
            }
            tokio::select! {
                () = &mut stop => return,
                () = tokio::time::sleep(self.every) => {}
            }
        }
    }

    /// One look; whether the directory can tell at all.
    ///
    /// # Errors
    /// The directory cannot be asked, or the store cannot be read or written. What changed is then
    /// told at the next look.
    pub async fn look(&self, plane: &Plane) -> Result<bool, CallError> {
        let copy = format!("directory-changes/{}", self.name);
        let kept = self.copies.metadata_copy(&copy).await?.map(Cookie::new);
        let changed = self.changes.since(kept.as_ref()).await?;
        let Some(cookie) = changed.cookie else { return Ok(false) };
        let wake = self.whom(plane, changed.concerns).await;
        if !wake.is_nobody() {
            tracing::info!(name = self.name.as_str(), %wake, "the directory changed");
            plane.wake(&wake).await?;
        }
        if kept.as_ref() != Some(&cookie) {
            self.copies.keep_metadata(&copy, cookie.as_bytes()).await?;
        }
        Ok(true)
    }

    async fn whom(&self, plane: &Plane, concerns: BTreeSet<Concern>) -> Wake {
        let mut whole = Wake::People(BTreeSet::new());
        for concern in &concerns {
            whole = whole.and(match (self.is_first, concern) {
                (true, concern) => plane.resolve(concern).await,
                (false, Concern::People(people)) => {
                    // Somebody of a further directory may be somebody of an earlier one.
                    match plane.directory.known_as(&self.name, people).await {
                        Ok(Some(known)) => Wake::People(known),
                        Ok(None) | Err(_) => Wake::Everything,
                    }
                }
                (false, _) => Wake::Everything,
            });
        }
        whole
    }
}
