//! Remedies that several refusals share.

pub(super) const TRY_AGAIN: &str =
    "Start again from the portal or from your identity provider's tile.";
pub(super) const ASK_ADMIN: &str = "Ask your administrator, and quote the reference.";
