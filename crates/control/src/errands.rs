//! Work that was begun for somebody who may be gone before it ends.

use std::sync::Arc;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What goes on by itself, also where nobody waits for it any more. A process that may be stopped between two
/// answers, as on Lambda, waits until all of it has ended; one that ends, for what changes something. Clones are
/// the same.
#[derive(Debug, Clone)]
pub struct Errands {
    all: Arc<watch::Sender<()>>,
    /// Those that change something.
    work: Arc<watch::Sender<()>>,
}

impl Default for Errands {
    fn default() -> Self {
        let [all, work] = [(), ()].map(|()| Arc::new(watch::Sender::new(())));
        Self { all, work }
    }
}

impl Errands {
    /// Has it go on by itself to its end.
    pub fn run<T: Send + 'static>(
        &self,
        errand: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        let work = self.work.subscribe();
        self.look(async move {
            let _work = work;
            errand.await
        })
    }

    /// Has something read by itself: were it cut off, only what is kept would be older.
    pub fn look<T: Send + 'static>(
        &self,
        errand: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        let under_way = self.all.subscribe();
        tokio::spawn(async move {
            let _under_way = under_way;
            errand.await
        })
    }

    /// Waits until none is under way, also none that was begun meanwhile.
    pub async fn ended(&self) {
        self.all.closed().await;
    }

    /// The same of those that change something.
    pub async fn work_ended(&self) {
        self.work.closed().await;
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
        assert_eq!(errands.work_ended().now_or_never(), None);
        end.send(()).unwrap();
        assert_eq!(first.await.unwrap(), Ok(()));
        assert_eq!(errands.ended().now_or_never(), Some(()));
        assert_eq!(errands.work_ended().now_or_never(), Some(()));
    }

    #[tokio::test]
    async fn whoever_waits_for_work_does_not_wait_for_what_only_looks() {
        let errands = Errands::default();
        let (end, wait) = oneshot::channel::<()>();
        let looking = errands.look(wait);
        assert_eq!(errands.work_ended().now_or_never(), Some(()));
        assert_eq!(errands.ended().now_or_never(), None);
        end.send(()).unwrap();
        assert_eq!(looking.await.unwrap(), Ok(()));
        assert_eq!(errands.ended().now_or_never(), Some(()));
    }
}
