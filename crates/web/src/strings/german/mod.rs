//! German. What is missing here does not compile.

use super::Frame;

pub(crate) const FRAME: Frame =
    Frame { skip: "Zum Inhalt", sign_out: "Abmelden", signed_in_as: "Angemeldet als" };
