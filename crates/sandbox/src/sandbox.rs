//! The simulator: requests and times in, answers out.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use http::{Method, Request, Response, StatusCode};
use jiff::{SignedDuration, Timestamp};

use crate::faults::{FaultEngine, Faults};
use crate::inspect::CallRecord;
use crate::plant::plant;
use crate::seed::{Seed, SeedError};
use crate::services::s3;
use crate::state::World;
use crate::{admin, api, studio_page};

/// Calls that are remembered one by one; older ones are only counted.
const REMEMBERED_CALLS: usize = 100_000;

/// How long the TCP server should take for an answer; in the extensions of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delay {
    /// Wait so long before answering.
    pub latency: Duration,
    /// The answer is an empty `ReceiveMessage`, and the caller would wait so long for messages.
    pub long_poll: Duration,
}

/// A simulated AWS.
///
/// It does no I/O and reads no clock: time comes with each request, and identifiers from a
/// generator that the seed starts. The same seed, requests and times give the same answers.
pub struct Sandbox {
    pub(crate) world: World,
    pub(crate) seed: Seed,
    pub(crate) engine: FaultEngine,
    /// How far the virtual clock is ahead of the times given.
    pub(crate) offset: SignedDuration,
    pub(crate) calls: VecDeque<CallRecord>,
    pub(crate) counts: BTreeMap<String, u64>,
}

impl std::fmt::Debug for Sandbox {
    /// Without the world: it holds tokens of presigned URLs and of sessions.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sandbox")
            .field("domains", &self.world.domains.len())
            .field("offset", &self.offset)
            .field("calls", &self.counts)
            .finish_non_exhaustive()
    }
}

impl Sandbox {
    /// Plants a seed. Fails when the seed refers to something it does not have.
    pub fn new(seed: Seed, faults: Faults) -> Result<Self, SeedError> {
        let mut world = plant(&seed)?;
        let engine = FaultEngine::new(faults);
        world.event_faults = engine.events();
        let offset = SignedDuration::ZERO;
        Ok(Self { world, seed, engine, offset, calls: VecDeque::new(), counts: BTreeMap::new() })
    }

    /// Answers one HTTP request at a time of the caller's clock.
    pub fn handle<B: AsRef<[u8]>>(
        &mut self,
        now: Timestamp,
        request: &Request<B>,
    ) -> Response<Vec<u8>> {
        let now = self.virtual_time(now);
        self.world.settle(now);
        let path = request.uri().path();
        if path.starts_with("/_sandbox/") {
            return admin::answer(self, now, request.method(), path, request.body().as_ref());
        }
        if path.starts_with("/studio/") {
            return studio_page::answer(&mut self.world, now, request.method(), request.uri());
        }
        if request.method() != Method::POST && !s3::is_meant(request) {
            return plain(
                StatusCode::NOT_FOUND,
                "This is Stagedoor's AWS sandbox. See /_sandbox/state.\n",
            );
        }
        api::answer(self, now, request, api::Turn::First)
    }

    /// Looks again for a long poll: no new call, so it is not counted and no fault happens to it.
    pub(crate) fn look_again<B: AsRef<[u8]>>(
        &mut self,
        now: Timestamp,
        request: &Request<B>,
    ) -> Response<Vec<u8>> {
        let now = self.virtual_time(now);
        self.world.settle(now);
        api::answer(self, now, request, api::Turn::Again)
    }

    /// Moves the virtual clock forward, for this and every later request.
    pub fn advance(&mut self, by: Duration) {
        let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
        self.offset = self.offset.saturating_add(by);
    }

    /// Replaces the faults. Deletions which the old ones held up end at once.
    pub fn set_faults(&mut self, faults: Faults, now: Timestamp) {
        let now = self.virtual_time(now);
        self.replace_faults_at(faults, now);
    }

    /// [`Sandbox::set_faults`] at a time of the virtual clock.
    pub(crate) fn replace_faults_at(&mut self, faults: Faults, now: Timestamp) {
        self.engine = FaultEngine::new(faults);
        self.world.event_faults = self.engine.events();
        self.world.unstick(now);
        self.world.settle(now);
    }

    /// Starts over with the seed; the virtual clock, the faults and the record of calls stay.
    pub fn reset(&mut self) -> Result<(), SeedError> {
        self.world = plant(&self.seed)?;
        self.world.event_faults = self.engine.events();
        Ok(())
    }

    /// Does everything that is due, as any request would do first.
    pub fn settle(&mut self, now: Timestamp) {
        let now = self.virtual_time(now);
        self.world.settle(now);
    }

    /// The time of the simulated AWS at a time of the caller's clock.
    pub fn virtual_time(&self, now: Timestamp) -> Timestamp {
        now.checked_add(self.offset).unwrap_or(Timestamp::MAX)
    }

    pub(crate) fn remember(&mut self, record: CallRecord) {
        *self.counts.entry(format!("{}:{}", record.service, record.operation)).or_default() += 1;
        if self.calls.len() == REMEMBERED_CALLS {
            self.calls.pop_front();
        }
        self.calls.push_back(record);
    }
}

/// A short answer for people.
pub(crate) fn plain(status: StatusCode, text: &str) -> Response<Vec<u8>> {
    let mut response = Response::new(text.as_bytes().to_vec());
    *response.status_mut() = status;
    let kind = http::HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(http::header::CONTENT_TYPE, kind);
    response
}
