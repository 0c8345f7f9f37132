//! Says what one verification takes from the allocator: `NAME ALLOCATIONS BYTES`, one line each.
//!
//! Apart from the one that measures time, because counting takes some.

use std::alloc::System;
use std::io::{self, Write as _};

use anyhow::{Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use saml_bench::{Genuine, REQUEST};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() -> Result<()> {
    #[expect(clippy::disallowed_methods, reason = "as in the other program")]
    let genuine = Genuine::new(Timestamp::now())?;
    let verifier = genuine.verifier()?;
    let mut out = io::stdout().lock();
    for (name, xml) in [("assertion", &genuine.assertion_signed), ("both", &genuine.both_signed)] {
        let form = STANDARD.encode(xml);
        let verify = || verifier.verify_form(&form, genuine.now, Some(REQUEST)).is_ok();
        // The crypto library sets itself up at its first use.
        ensure!(verify(), "{name} was not accepted");
        let region = Region::new(ALLOCATOR);
        let accepted = verify();
        let used = region.change();
        ensure!(accepted, "{name} was not accepted");
        // A growing buffer is given anew each time, so its growth counts too.
        let count = used.allocations + used.reallocations;
        writeln!(out, "{name} {count} {}", used.bytes_allocated)?;
    }
    Ok(())
}
