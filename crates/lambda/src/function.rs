//! What a function does with a payload.

use crate::batch::{Batch, Message};
use crate::chores::Chores;
use crate::http;
use crate::payload::{Gateway, Payload, PayloadError, QueueName, Record};
use access::ids::PersonId;
use axum::Router;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use control::changes::ChangeWatch;
use control::event::Wake;
use control::grants::GrantWatch;
use control::pass::Deadline;
use control::plane::Plane;
use control::ports::{MOST_TAKEN_BY_NAME, StoreError};
use control::reconciler::{Rhythm, Worked, Worker};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OnceCell;
use tokio::time::Instant;
use tower_service::Service;
use web::Invoker;

/// So long before the end of an invocation all work is over: what is left is written down then.
const RESERVE: Duration = Duration::from_secs(2);

/// So long a directory may take to say what changed: the work of the tick waits for it.
const LONGEST_LOOK: Duration = Duration::from_secs(20);

/// What tells functions apart besides their payloads.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// How often the loop looks.
    pub rhythm: Rhythm,
    /// The queues whose messages are reminders. All others bring events.
    pub reminders: Vec<QueueName>,
    /// Whether a load balancer adds its peer to `X-Forwarded-For`.
    pub load_balancer_appends: bool,
    /// What follows the grant table, which may change while a process stays warm.
    pub grants: Option<Arc<GrantWatch>>,
    /// Directories that a tick asks what changed.
    pub watches: Vec<ChangeWatch>,
    /// What a tick does besides.
    pub chores: Option<Arc<dyn Chores>>,
    /// What is looked after when an invocation is answered.
    pub afterwards: Option<Arc<dyn Chores>>,
}

/// The code of every function.
#[derive(Debug)]
pub struct Function<'a> {
    plane: &'a Plane,
    worker: OnceCell<Worker<'a>>,
    door: Option<Router>,
    settings: Settings,
}

/// A payload was not dealt with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FunctionError {
    /// It is not one that is known.
    #[error("{0}")]
    Payload(String),
    /// It is a request, and this function has no door.
    #[error("this function has no door: set STAGEDOOR_PUBLIC_URL to the address that people type")]
    NoDoor,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It would take longer than there is time.
    #[error("there is not enough time left for this invocation")]
    TimeUp,
    /// A defect.
    #[error("the invocation panicked; the log says where")]
    Panicked,
}

impl FunctionError {
    /// Its type, as Lambda's metrics and logs show it.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Payload(_) => "payload-unknown",
            Self::NoDoor => "door-missing",
            Self::Store(_) => "store-failed",
            Self::TimeUp => "time-up",
            Self::Panicked => "panicked",
        }
    }
}

impl From<PayloadError> for FunctionError {
    fn from(error: PayloadError) -> Self {
        Self::Payload(error.to_string())
    }
}

/// What a tick did, for whoever invokes by hand.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TickAnswer {
    passes: u32,
    people: usize,
    everything: u32,
    complete: u32,
    done: u32,
    mirrors: u32,
    time_up: bool,
}

impl<'a> Function<'a> {
    /// A function on this plane; with a door it takes requests.
    pub fn new(plane: &'a Plane, door: Option<Router>, settings: Settings) -> Self {
        Self { plane, worker: OnceCell::new(), door, settings }
    }

    /// Deals with a payload, and has it over shortly before `end`, when the process is stopped.
    /// The answer is JSON.
    ///
    /// # Errors
    /// The payload is unknown, or the store failed so that it has to come again as a whole.
    pub async fn handle(&self, payload: &[u8], end: Instant) -> Result<Vec<u8>, FunctionError> {
        let until = Deadline::at(end.checked_sub(RESERVE).unwrap_or(end));
        match Payload::read(payload)? {
            Payload::Request(gateway, context) => self.answer(gateway, context, payload).await,
            Payload::Messages(records) => Ok(json(&self.work_through(records, until).await)),
            Payload::Tick => {
                self.ask_directories(until).await;
                let worked = self.worker().await.work_off_queue(until).await?;
                let Worked { passes, people, everything, complete, done, mirrors, time_up } =
                    worked;
                tracing::info!(
                    passes, people, everything, complete, done, mirrors, time_up, "tick"
                );
                self.see_to_chores(until).await;
                Ok(json(&TickAnswer {
                    passes,
                    people,
                    everything,
                    complete,
                    done,
                    mirrors,
                    time_up,
                }))
            }
            Payload::Event(body) => {
                self.see_to_grants().await;
                if let Some(wake) = self.hear_one(body, until).await? {
                    self.plane.wake(&wake).await?;
                }
                Ok(b"null".to_vec())
            }
        }
    }

    /// After an answer was taken: waits for whatever was begun beside it, which would stand still until
    /// the next invocation. No longer than until shortly before `end`: what takes longer goes on then.
    pub async fn wind_up(&self, end: Instant) {
        let until = Deadline::at(end.checked_sub(RESERVE).unwrap_or(end));
        let looked_after = async {
            if let Some(chores) = &self.settings.afterwards {
                chores.look().await;
            }
        };
        tokio::select! {
            biased;
            _ = async { tokio::join!(looked_after, self.plane.errands.ended()) } => {}
            () = until.passed() => {
                tracing::info!("what was begun takes longer than there is time; it goes on later");
            }
        }
    }

    /// Before the work, so that whoever changed is worked on by the same tick. What a directory told is
    /// in the store, and is not told again; one that does not answer is asked by the next tick.
    async fn ask_directories(&self, until: Deadline) {
        let plane = self.plane.current();
        for watch in &self.settings.watches {
            let look = tokio::time::timeout(LONGEST_LOOK, watch.look(&plane));
            let name = watch.name.as_str();
            tokio::select! {
                biased;
                looked = look => match looked {
                    Ok(Ok(_)) => {}
                    Ok(Err(error)) => {
                        tracing::warn!(name, %error, "the directory cannot be asked what changed");
                    }
                    Err(_) => tracing::warn!(name, "the directory takes long to say what changed"),
                },
                () = until.passed() => return,
            }
        }
    }

    /// After the work, as long as there is time.
    async fn see_to_chores(&self, until: Deadline) {
        let Some(chores) = &self.settings.chores else { return };
        if until.is_near() {
            return;
        }
        tokio::select! {
            biased;
            () = chores.look() => {}
            () = until.passed() => tracing::warn!("the timer's chores take longer than there is time"),
        }
    }

    /// Before a request is answered or an event is heard; passes look by themselves.
    async fn see_to_grants(&self) {
        if let Some(grants) = &self.settings.grants {
            grants.look().await;
        }
    }

    /// Made when it is needed first: a door never needs it.
    async fn worker(&self) -> &Worker<'a> {
        let make = || async {
            let worker = self.plane.worker(self.settings.rhythm).await;
            worker.watching(self.settings.grants.clone())
        };
        self.worker.get_or_init(make).await
    }

    async fn answer(
        &self,
        gateway: Gateway,
        context: &str,
        payload: &[u8],
    ) -> Result<Vec<u8>, FunctionError> {
        let mut door = self.door.clone().ok_or(FunctionError::NoDoor)?;
        let (mut request, form) = match http::read(gateway, payload) {
            Ok(read) => read,
            Err(error) => {
                tracing::warn!(%error, "a request is refused");
                let refused = (StatusCode::BAD_REQUEST, "The request cannot be read.\n");
                let form = http::Form::usual(gateway);
                return Ok(http::write(refused.into_response(), gateway, form).await);
            }
        };
        request.extensions_mut().insert(match gateway {
            Gateway::LoadBalancer => {
                Invoker::LoadBalancer { appends: self.settings.load_balancer_appends }
            }
            Gateway::Rest | Gateway::HttpV1 | Gateway::HttpV2 => Invoker::Api(context.to_owned()),
        });
        self.see_to_grants().await;
        let response = match door.call(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        Ok(http::write(response, gateway, form).await)
    }

    async fn work_through(
        &self,
        records: Vec<Record>,
        until: Deadline,
    ) -> crate::batch::BatchAnswer {
        let mut batch = Batch::new(records, &self.settings.reminders);
        let mut work: BTreeMap<PersonId, Vec<usize>> = BTreeMap::new();
        let mut events: Vec<(usize, String)> = Vec::new();
        for (place, message) in batch.messages() {
            match message {
                Message::Work(reminder) => {
                    work.entry(reminder.person.clone()).or_default().push(place);
                }
                Message::Event(body) => events.push((place, body.clone())),
                Message::Broken => {}
            }
        }
        let unheard = self.hear(&events, until).await;
        batch.fail(unheard);
        let undone = self.work_for(&work, until).await;
        batch.fail(undone);
        batch.answer()
    }

    /// Hears events, and wakes for all of them at once. Says which are not kept.
    async fn hear(&self, events: &[(usize, String)], until: Deadline) -> Vec<usize> {
        let mut undone = Vec::new();
        let mut waking = Vec::new();
        if !events.is_empty() {
            self.see_to_grants().await;
        }
        let mut wake = Wake::People(BTreeSet::new());
        for (place, body) in events {
            match self.hear_one(body, until).await {
                Ok(Some(more)) => {
                    wake = wake.and(more);
                    waking.push(*place);
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(%error, "an event is not heard yet; it comes again");
                    undone.push(*place);
                }
            }
        }
        if !waking.is_empty()
            && let Err(error) = self.plane.wake(&wake).await
        {
            tracing::error!(%error, "events cannot be kept; they come again");
            undone.extend(waking);
        }
        undone
    }

    /// Hears an event, for which the directory may have to be asked.
    async fn hear_one(&self, body: &str, until: Deadline) -> Result<Option<Wake>, FunctionError> {
        if until.is_near() {
            return Err(FunctionError::TimeUp);
        }
        let plane = self.plane.current();
        tokio::select! {
            biased;
            heard = plane.hear(body) => Ok(heard),
            () = until.passed() => Err(FunctionError::TimeUp),
        }
    }

    /// Makes passes for people. Says which messages have to come again.
    async fn work_for(&self, work: &BTreeMap<PersonId, Vec<usize>>, until: Deadline) -> Vec<usize> {
        let mut undone = Vec::new();
        let people: Vec<&PersonId> = work.keys().collect();
        for some in people.chunks(MOST_TAKEN_BY_NAME) {
            let some: BTreeSet<PersonId> = some.iter().copied().cloned().collect();
            let worked = self.worker().await.work_for(&some, until).await;
            let is_done = match worked {
                Ok(worked) => worked.passes > 0 || !worked.time_up,
                Err(error) => {
                    tracing::error!(%error, "people cannot be taken; their messages come again");
                    false
                }
            };
            if !is_done {
                undone.extend(some.iter().filter_map(|person| work.get(person)).flatten());
            }
        }
        undone
    }
}

/// Nothing of ours fails to be written as JSON.
fn json(answer: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(answer).unwrap_or_else(|_| b"null".to_vec())
}
