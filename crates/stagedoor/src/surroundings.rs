//! Clock, store, queue and map, as doctor looks at them.

use crate::idp_metadata::{self, Copies};
use crate::{compose, mapfile};
use access::map::AccessMap;
use async_trait::async_trait;
use aws::Aws;
use control::doctor::{Around, StoreState, Surroundings};
use control::door::TrustStatus;
use control::grants::rows_taken;
use control::ports::{Clock, Store};
use std::path::PathBuf;
use std::sync::Arc;

/// What a process has around its plane.
#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) aws: Arc<Aws>,
    pub(crate) clock: Arc<dyn Clock>,
    /// The store by name, or why it could not be opened.
    pub(crate) store: (String, Result<Arc<dyn Store>, String>),
    /// Whether there is a store of that name; if not, the one at hand forgets.
    pub(crate) is_there: bool,
    /// Where the map was read from; absent where it came with the program.
    pub(crate) map: Option<PathBuf>,
}

#[async_trait]
impl Surroundings for Machine {
    async fn look(&self, map: &AccessMap) -> Around {
        let (name, store) = &self.store;
        let answer = match store {
            Ok(_) if !self.is_there => StoreState::Absent,
            Ok(store) => match store.frozen().await {
                Ok(_) => StoreState::Usable,
                Err(error) => StoreState::Unusable(error.to_string()),
            },
            Err(error) => StoreState::Unusable(error.clone()),
        };
        let invariants = (!map.invariants.is_empty()).then(|| {
            let path = self.map.clone().unwrap_or_default();
            let proved = mapfile::prove_invariants(map, &path);
            proved.err().map(|error| error.to_string()).into_iter().collect()
        });
        Around {
            ahead_seconds: self.ahead_seconds(),
            store: (name.clone(), answer),
            grants: self.grants(map).await,
            providers: self.providers(map).await,
            now: self.clock.now(),
            queue: self.queue(map).await,
            invariants,
            cautions: map.cautions().iter().map(ToString::to_string).collect(),
        }
    }
}

impl Machine {
    /// What time AWS says it is, less what this machine says.
    fn ahead_seconds(&self) -> Option<i64> {
        let (date, ago) = self.aws.date()?;
        let then = jiff::fmt::rfc2822::parse(&date).ok()?.timestamp();
        let ago = i64::try_from(ago.as_secs()).ok()?;
        Some(then.as_second() + ago - self.clock.now().as_second())
    }

    /// How many rows of the store's table the map takes; a store that cannot be opened is told by
    /// itself.
    async fn grants(&self, map: &AccessMap) -> Option<Result<usize, String>> {
        let store = self.store.1.as_ref().ok()?;
        rows_taken(map, &**store).await.map_err(|error| error.to_string()).transpose()
    }

    /// What is known of the map's identity providers, where files of the map can be found and the store is
    /// open.
    async fn providers(&self, map: &AccessMap) -> Vec<TrustStatus> {
        let (Some(path), Ok(store)) = (&self.map, &self.store.1) else { return Vec::new() };
        let sources = idp_metadata::sources(map, path);
        idp_metadata::trust(map, &sources, &Copies::of(store), self.clock.now()).await
    }

    /// The events queue of the map, with its policy.
    async fn queue(
        &self,
        map: &AccessMap,
    ) -> Option<(String, Result<Option<String>, control::ports::CallError>)> {
        let arn = map.hub.as_ref()?.queue.as_deref()?;
        let name = arn.rsplit(':').next().unwrap_or(arn).to_owned();
        let policy = self.aws.queue(compose::home_region(map)?, &name).policy().await;
        Some((name, policy))
    }
}
