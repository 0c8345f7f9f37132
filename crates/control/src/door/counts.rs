//! What came of everything since the start, as plain numbers for metrics.

use super::{Opening, Refusal};
use crate::meter::Histogram;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// How often what happened at the door since the process started. Refusals are counted by reason
/// code; a limit that was reached has the code `too-many-requests`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoorCounts {
    /// Sign-ins that were begun here.
    pub begun: u64,
    /// Sign-ins that opened a session.
    pub accepted: u64,
    /// Of those, how many only because the map allows the provider weak algorithms.
    pub accepted_weak: u64,
    /// Sign-ins that were refused, when begun or when answered.
    pub refused: BTreeMap<&'static str, u64>,
    /// Answers of identity providers that were refused, by the check that failed.
    pub rejected: BTreeMap<String, u64>,
    /// How long it took to decide about answers of identity providers.
    pub sign_in_took: Histogram,
    /// Openings that led into Studio.
    pub opened: u64,
    /// Openings that found the profile not ready yet.
    pub preparing: u64,
    /// Openings that were refused.
    pub openings_refused: BTreeMap<&'static str, u64>,
    /// Of those, how many because no presigned URL was given.
    pub presign_failed: u64,
    /// How long it took to answer to *Open Studio*.
    pub opening_took: Histogram,
    /// Log-outs that identity providers asked for and got.
    pub logged_out: u64,
}

impl Default for DoorCounts {
    fn default() -> Self {
        Self {
            begun: 0,
            accepted: 0,
            accepted_weak: 0,
            refused: BTreeMap::new(),
            rejected: BTreeMap::new(),
            sign_in_took: Histogram::of_answers(),
            opened: 0,
            preparing: 0,
            openings_refused: BTreeMap::new(),
            presign_failed: 0,
            opening_took: Histogram::of_answers(),
            logged_out: 0,
        }
    }
}

/// The counts as they grow.
#[derive(Debug, Default)]
pub(super) struct Counter(Mutex<DoorCounts>);

impl Counter {
    pub(super) fn read(&self) -> DoorCounts {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn count(&self, add: impl FnOnce(&mut DoorCounts)) {
        add(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Counts what a beginning or an answered sign-in came to.
    pub(super) fn sign_in<T>(&self, outcome: &Result<T, Refusal>, done: fn(&mut DoorCounts)) {
        self.count(|counts| match outcome {
            Ok(_) => done(counts),
            Err(refusal) => *counts.refused.entry(refusal.code).or_default() += 1,
        });
    }

    pub(super) fn opening(&self, outcome: &Result<Opening, Refusal>) {
        self.count(|counts| match outcome {
            Ok(Opening::Ready(_)) => counts.opened += 1,
            Ok(Opening::Preparing(_)) => counts.preparing += 1,
            Err(refusal) => *counts.openings_refused.entry(refusal.code).or_default() += 1,
        });
    }
}
