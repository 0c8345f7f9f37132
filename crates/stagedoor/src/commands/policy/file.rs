//! Reading policy documents from files.

use crate::codes;
use crate::exit::BadConfiguration;
use crate::output::visible;
use iam_policy::Source;
use iam_policy::document::bounds::MAX_BYTES;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Reads a document; `-` is standard input. What is wrong with it is said as `FILE:LINE:COLUMN`.
pub(super) fn read(file: &Path) -> anyhow::Result<Source> {
    let name = visible(&file.display().to_string());
    let source = Source::parse(&text(file)?).map_err(|error| {
        let place = error.place;
        let fault = visible(&error.fault.to_string());
        let message = format!("{name}:{}:{}: {fault} (policy-invalid)", place.line, place.column);
        BadConfiguration::new(codes::POLICY_INVALID, message)
    })?;
    Ok(source)
}

/// Reads what may be a document, no more of it than the parser needs to refuse it; `-` is standard
/// input.
pub(super) fn text(file: &Path) -> anyhow::Result<String> {
    let name = visible(&file.display().to_string());
    let mut text = String::new();
    // One byte more than is taken, so that the parser refuses what is too long.
    let most = u64::try_from(MAX_BYTES)? + 1;
    let read = if file.as_os_str() == "-" {
        io::stdin().lock().take(most).read_to_string(&mut text)
    } else {
        File::open(file).and_then(|file| file.take(most).read_to_string(&mut text))
    };
    read.map_err(|error| {
        BadConfiguration::new(codes::POLICY_UNREADABLE, format!("cannot read {name}: {error}"))
    })?;
    Ok(text)
}
