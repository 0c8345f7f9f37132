//! One evaluation a line.

use super::input::{self, Documents, InputError, MAX_BYTES};
use iam_policy::evaluate::{Answer, Because, Decision};
use serde::Serialize;
use serde_json::value::RawValue;
use std::io::{self, BufRead, BufReader, Read, Write};

/// How many lines there were.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) allowed: usize,
    pub(super) denied: usize,
    /// Lines that could not be understood.
    pub(super) failed: usize,
}

#[derive(Debug, Serialize)]
struct Answered<'a> {
    id: Option<&'a RawValue>,
    decision: Decision,
    because: &'a [Because],
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct Refused<'a> {
    id: Option<&'a RawValue>,
    error: Problem<'a>,
}

#[derive(Debug, Serialize)]
struct Problem<'a> {
    code: &'a str,
    message: &'a str,
}

/// Answers each line with a line, and empty ones not at all. What was answered is written as soon as
/// there is nothing left to read at once. A reader that went away ends it.
pub(super) fn answer<R: Read>(
    mut input: BufReader<R>,
    mut output: impl Write,
) -> io::Result<Tally> {
    let mut tally = Tally::default();
    let mut documents = Documents::default();
    let mut line = Vec::new();
    while let Some(whole) = next(&mut input, &mut line)? {
        let written = if whole {
            one(&line, &mut documents, &mut tally, &mut output)
        } else {
            tally.failed += 1;
            let message = format!("the line has more than {MAX_BYTES} bytes");
            refuse(None, &InputError::input(message), &mut output)
        };
        let flushed =
            written.and_then(|()| if input.buffer().is_empty() { output.flush() } else { Ok(()) });
        match flushed {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(tally),
            other => other?,
        }
    }
    output.flush()?;
    Ok(tally)
}

fn one(
    line: &[u8],
    documents: &mut Documents,
    tally: &mut Tally,
    output: &mut impl Write,
) -> io::Result<()> {
    let text = match std::str::from_utf8(line) {
        Ok(text) if text.trim().is_empty() => return Ok(()),
        Ok(text) => text,
        Err(error) => {
            tally.failed += 1;
            return refuse(None, &InputError::input(error.to_string()), output);
        }
    };
    let (id, read) = input::read(text, documents);
    match read {
        Ok(evaluation) => {
            let answer = evaluation.policies.explain(&evaluation.request);
            let counter = if answer.is_allowed() { &mut tally.allowed } else { &mut tally.denied };
            *counter += 1;
            let Answer { decision, because } = &answer;
            let note = evaluation.note.as_deref();
            put(&Answered { id, decision: *decision, because, note }, output)
        }
        Err(error) => {
            tally.failed += 1;
            refuse(id, &error, output)
        }
    }
}

fn refuse(id: Option<&RawValue>, error: &InputError, output: &mut impl Write) -> io::Result<()> {
    let error = Problem { code: error.code.as_str(), message: &error.message };
    put(&Refused { id, error }, output)
}

fn put(value: &impl Serialize, output: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer(&mut *output, value)?;
    output.write_all(b"\n")
}

/// Reads the next line into `line`. `false` if it is too long; then it is skipped.
fn next(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Option<bool>> {
    line.clear();
    let most = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    let count = input.by_ref().take(most).read_until(b'\n', line)?;
    if count == 0 {
        return Ok(None);
    }
    if line.last() == Some(&b'\n') || line.len() <= MAX_BYTES {
        return Ok(Some(true));
    }
    loop {
        let buffer = input.fill_buf()?;
        let (used, ended) = match buffer.iter().position(|byte| *byte == b'\n') {
            Some(at) => (at + 1, true),
            None => (buffer.len(), buffer.is_empty()),
        };
        input.consume(used);
        if ended {
            return Ok(Some(false));
        }
    }
}

#[cfg(test)]
mod tests;
