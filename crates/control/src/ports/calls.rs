//! What the calls to the provider came to, for whoever runs Stagedoor.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::time::Duration;

/// Calls to one service since the process began.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CallCounts {
    /// Requests that were sent, by operation and by the code of the answer: `ok`, the service's own
    /// error code, or `no-answer`. One that is sent again counts again.
    pub answers: BTreeMap<(String, String), u64>,
    /// Those of them that the service refused because there were too many.
    pub throttled: u64,
    /// How long requests were kept back so that the service would take them, added up.
    pub waited: Duration,
}

impl CallCounts {
    /// Requests that were sent.
    pub fn calls(&self) -> u64 {
        self.answers.values().sum()
    }
}

/// Counts calls.
pub trait CallMeter: Send + Sync + fmt::Debug {
    /// The counts of each service, by its name in signatures (`sagemaker`, `identitystore`).
    fn call_counts(&self) -> BTreeMap<String, CallCounts>;
}

/// That the provider took a call which changes or gives something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The service, by its name in signatures.
    pub service: &'static str,
    /// Its operation.
    pub operation: &'static str,
    /// By what the provider's own log names the call.
    pub request_id: String,
}

tokio::task_local! {
    /// What was answered in the work that this task is at.
    static ANSWERED: RefCell<Vec<Answered>>;
}

/// Does some work and tells which calls the provider took in it, so that the audit log can name them
/// as the provider's own log does. Calls that only read, and those of other tasks, are not told.
pub async fn answers<F: Future>(work: F) -> (F::Output, Vec<Answered>) {
    let told = async {
        let output = work.await;
        (output, ANSWERED.with(RefCell::take))
    };
    ANSWERED.scope(RefCell::default(), told).await
}

/// For adapters: a call was taken. Nothing is kept where nobody asked by [`answers`].
pub fn answered(answer: Answered) {
    let _ = ANSWERED.try_with(|all| all.borrow_mut().push(answer));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_calls_of_some_work_are_told_and_no_others() {
        let call =
            |operation| Answered { service: "sagemaker", operation, request_id: "r".to_owned() };
        answered(call("DeleteApp"));
        let (output, told) = answers(async {
            answered(call("CreateUserProfile"));
            7
        })
        .await;
        assert_eq!((output, told), (7, vec![call("CreateUserProfile")]));
    }
}
