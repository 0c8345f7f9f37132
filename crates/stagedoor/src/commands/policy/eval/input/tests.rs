//! Tests of reading evaluations.
