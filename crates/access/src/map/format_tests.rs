//! Tests of the forms of text.

use super::*;
