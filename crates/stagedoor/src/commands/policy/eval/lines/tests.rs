//! Tests of answering line by line.
