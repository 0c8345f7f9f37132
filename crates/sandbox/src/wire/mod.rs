//! What goes over the wire: request decoding, member validation, errors, the shape of signatures.

pub(crate) mod answer;
pub(crate) mod error;
pub(crate) mod input;
pub(crate) mod page;
pub(crate) mod pattern;
pub(crate) mod query;
pub(crate) mod shape;
pub(crate) mod sigv4;
pub(crate) mod xml;

use serde_json::{Value, json};

/// A time as the JSON protocols send it: seconds since 1970, with milliseconds as a fraction.
pub(crate) fn epoch_seconds(at: jiff::Timestamp) -> Value {
    let millis = at.as_millisecond();
    #[expect(clippy::cast_precision_loss, reason = "times of this era in ms are far below 2^53")]
    let seconds = millis as f64 / 1000.0;
    json!(seconds)
}
