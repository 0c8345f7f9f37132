//! Work that was begun for somebody who may be gone before it ends.

use std::sync::Arc;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What goes on by itself, also where nobody waits for it any more. A process that may be stopped between two
/// answers, as on Lambda, waits until all of it has ended. Clones are the same.
#[derive(Debug, Clone)]
pub struct Errands(Arc<watch::Sender<()>>);

impl Default for Errands {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(())))
    }
}

impl Errands {
    /// Has it go on by itself.
    pub fn run<T: Send + 'static>(
        &self,
        errand: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        let under_way = self.0.subscribe();
        tokio::spawn(async move {
            let _under_way = under_way;
            errand.await
        })
    }

    /// Waits until none is under way, also none that was begun meanwhile.
    pub async fn ended(&self) {
        self.0.closed().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;
    use tokio::sync::oneshot;

    #[tokio::test]
    async fn they_have_ended_when_the_last_one_has_however_it_did() {
        let errands = Errands::default();
        assert_eq!(errands.ended().now_or_never(), Some(()));
        let (end, wait) = oneshot::channel::<()>();
        let first = errands.run(wait);
        let second = errands.clone().run(async { panic!("a defect") });
        assert!(second.await.is_err());
        assert_eq!(errands.ended().now_or_never(), None);
        end.send(()).unwrap();
        assert_eq!(first.await.unwrap(), Ok(()));
        assert_eq!(errands.ended().now_or_never(), Some(()));
    }
}
