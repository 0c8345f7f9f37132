//! How many decisions the proofs about a full role take. `cargo xtask bench policy` prints what this
//! says.

#[path = "../tests/it/full_role.rs"]
mod full_role;

use full_role::{documents, owner, role, scope};
use iam_policy::prove::{Claim, Subject, Verdict, prove};
use std::io::{self, Write as _};

fn main() -> io::Result<()> {
    let scope = scope();
    let subject = Subject::new(scope.role_arn.as_str());
    let documents = documents(role(&scope));
    let mut out = io::stdout();
    for (name, claim) in [
        ("team-wall", Claim::team_apart("fraud", &owner(&scope))),
        ("networks", Claim::presign_only_from("office", &scope.own_links)),
    ] {
        match prove(&subject, &documents, &claim, 1) {
            Verdict::Proved { calls, .. } => writeln!(out, "{name} {calls}")?,
            verdict => return Err(io::Error::other(format!("{name} is not proved: {verdict:?}"))),
        }
    }
    Ok(())
}
