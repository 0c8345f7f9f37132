//! Before signing in, on the way, and after signing out.

texts! {
    /// The welcome, the departure to an identity provider, the farewell.
    Entry {
        welcome_title: "Sign in",
        welcome: "Come in by the stage door.",
        welcome_what: "One sign-in, and the studios of your teams are a click away. Nothing to install, \
                       no password to keep.",
        welcome_no_idp: "No identity provider is set up yet, so nobody can sign in. Ask whoever runs \
                         this Stagedoor to name one in its settings.",
        welcome_note: "Every sign-in is checked and recorded.",
        sign_in_with: "Sign in with {name}",
        departure_title: "Signing in",
        departure: "On to your identity provider",
        departure_what: "You are being sent there to sign in. If nothing happens, press the button.",
        go_on: "Continue",
        signed_out: "You are signed out",
        signed_out_what: "This browser cannot open a team any more. Your identity provider may still \
                          know you: sign out there too if others use this browser.",
        signed_out_studio: "A Studio that is open stays open until its own session ends; close its \
                            tab, or sign out in it.",
        to_start: "To the first page",
    }
}
