//! Which statements nearly allowed a request.

use super::decide::Stage;
use super::{Answer, Failed, Finding, NearMiss, Policies};
use crate::document::Effect;
use crate::request::Request;

/// How many statements are told of each layer.
const MOST: usize = 3;

impl Policies {
    /// [`Self::decide`], and of layers that do not allow the statements that came nearest: those
    /// that are about the action.
    pub fn explain(&self, request: &Request) -> Answer {
        let mut answer = self.decide(request);
        for because in &mut answer.because {
            if let Finding::NoAllow { nearest } = &mut because.finding {
                let stage = self.stages(because.layer).nth(because.level);
                *nearest = stage.map(|stage| near_misses(stage, request)).unwrap_or_default();
            }
        }
        answer
    }
}

fn near_misses(stage: Stage<'_>, request: &Request) -> Vec<NearMiss> {
    let mut misses = Vec::new();
    for (document, compiled) in stage.documents.iter().enumerate() {
        for (index, statement) in compiled.statements.iter().enumerate() {
            if statement.effect == Effect::Deny {
                continue;
            }
            let failed = statement.failures(request, stage.attachment);
            if !failed.is_empty() && !failed.contains(&Failed::Action) {
                let sid = statement.sid.clone();
                misses.push(NearMiss { document, statement: index, sid, failed });
            }
        }
    }
    misses.sort_by_key(|miss| miss.failed.len());
    misses.truncate(MOST);
    misses
}
