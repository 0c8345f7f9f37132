//! What stands round every page.

texts! {
    /// The frame of a page.
    Frame {
        skip: "Skip to content",
        sign_out: "Sign out",
        signed_in_as: "Signed in as",
    }
}
