//! Every sentence of the pages, in one place: a file an area.
//!
//! `texts!` makes a struct of an area's names and English words. Another language is a constant of that
//! struct (`german/`), so that one which lacks a text does not compile; [`Language`] chooses. A page
//! holds the texts it was made with. Names, reasons of the map and codes are data and stay as they are.

/// Declares the texts of an area: a struct, and its English.
macro_rules! texts {
    ($(#[$meta:meta])* $area:ident { $($name:ident: $english:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug)]
        pub(crate) struct $area {
            $(pub(crate) $name: &'static str,)+
        }

        impl $area {
            pub(crate) const ENGLISH: Self = Self { $($name: $english,)+ };
        }
    };
}

mod frame;
mod german;
mod language;

pub(crate) use frame::Frame;
pub(crate) use language::Language;

/// The frame of pages that are in English only.
pub(crate) const FRAME: Frame = Frame::ENGLISH;

use crate::origin::{NotForwarded, Seen};
use crate::refused::Problem;

pub(crate) const PRODUCT: &str = "Stagedoor";
pub(crate) const BACK: &str = "Back to my work";
pub(crate) const TO_START: &str = "To the first page";

pub(crate) const WELCOME_TITLE: &str = "Sign in";
pub(crate) const WELCOME: &str = "Come in by the stage door.";
pub(crate) const WELCOME_WHAT: &str = "One sign-in, and the studios of your teams are a click away. Nothing to install, no password \
     to keep.";
pub(crate) const WELCOME_NO_IDP: &str = "No identity provider is set up yet, so nobody can sign in. Ask whoever runs this Stagedoor to \
     name one in its settings.";
pub(crate) const WELCOME_NOTE: &str = "Every sign-in is checked and recorded.";

pub(crate) const DEPARTURE_TITLE: &str = "Signing in";
pub(crate) const DEPARTURE: &str = "On to your identity provider";
pub(crate) const DEPARTURE_WHAT: &str =
    "You are being sent there to sign in. If nothing happens, press the button.";
pub(crate) const CONTINUE: &str = "Continue";

pub(crate) const SIGNED_OUT_TITLE: &str = "You are signed out";
pub(crate) const SIGNED_OUT_WHAT: &str = "This browser cannot open a team any more. Your identity provider may still know you: sign out \
     there too if others use this browser.";
pub(crate) const SIGNED_OUT_STUDIO: &str = "A Studio that is open stays open until its own session ends; close its tab, or sign out in it.";

pub(crate) const MY_WORK: &str = "My work";
pub(crate) const OPEN_STUDIO: &str = "Open Studio";
pub(crate) const OPEN_NOTE: &str = "Studio opens by a link that works once and for seconds only. There is nothing to bookmark: \
     come back here whenever you want in again.";
pub(crate) const NO_TEAMS: &str = "No team is open to you yet";
pub(crate) const NO_TEAMS_WHY: &str =
    "You are known here, but no grant gives a team to any of your groups.";
pub(crate) const NO_TEAMS_REMEDY: &str = "Ask the owner of the team you work with to add you to its directory group. Once you are in, \
     reload this page; there is nothing else to do.";
pub(crate) const OWNER: &str = "Owner";
pub(crate) const DATA: &str = "Data";
pub(crate) const PERSONA: &str = "Persona";
pub(crate) const REGION: &str = "Region";
pub(crate) const UNTIL: &str = "Access until";
pub(crate) const NOT_FROM_HERE: &str = "Not from where you are";

pub(crate) const OPENING: &str = "Getting your studio ready";
pub(crate) const OPENING_LONG: &str = "This takes longer than usual. You can leave this page: the work goes on, and opening the team \
     again finds it done.";
pub(crate) const OPENING_REFRESH: &str =
    "This page checks again by itself, and takes you in when all is done.";
pub(crate) const LOOK_NOW: &str = "Check now";
pub(crate) const STEP_IDENTITY: &str = "Identity checked";
pub(crate) const STEP_RULE: &str = "Rule matched";
pub(crate) const STEP_PROFILE: &str = "Profile being prepared";
pub(crate) const STEP_PROFILE_REQUESTED: &str = "SageMaker is at it";
pub(crate) const STEP_PROFILE_AWAITED: &str = "Waiting for a change that is under way";
pub(crate) const STEP_LINK: &str = "Link made";
pub(crate) const DONE: &str = "done";
pub(crate) const NOW: &str = "under way";
pub(crate) const NEXT: &str = "to come";

pub(crate) const BAD_REQUEST: &str = "That request could not be read";
pub(crate) const SIGNED_OUT: &str = "Please sign in";
pub(crate) const DENIED: &str = "Not allowed";
pub(crate) const TOO_MANY_REQUESTS: &str = "Too often";
pub(crate) const NOT_FOUND: &str = "There is no such thing";
pub(crate) const CONFLICT: &str = "Not as things are now";
pub(crate) const UNAVAILABLE: &str = "Not possible right now";
pub(crate) const WHAT_WOULD_WORK: &str = "What would work";
pub(crate) const REFERENCE: &str = "Reference";
pub(crate) const REASON: &str = "Reason";
pub(crate) const ADDRESS: &str = "Your address, as seen here";
pub(crate) const VPCE: &str = "VPC endpoint";
pub(crate) const HOW_SEEN: &str = "Known from";
pub(crate) const QUOTE: &str = "Quote the reference when you ask for help.";

/// The label of a sign-in button.
pub(crate) fn sign_in_with(name: &str) -> String {
    format!("Sign in with {name}")
}

/// What stands under *My work*.
pub(crate) fn team_count(open: usize, blocked: usize) -> String {
    let teams = |n: usize| if n == 1 { "1 team".to_owned() } else { format!("{n} teams") };
    match (open, blocked) {
        (1, 0) => "One team is open to you.".to_owned(),
        (open, 0) => format!("{} are open to you.", teams(open)),
        (0, 1) => "Your team cannot be opened from here.".to_owned(),
        (0, _) => "None of your teams can be opened from here.".to_owned(),
        (open, blocked) => {
            format!("{} of your {} can be opened from here.", open, teams(open + blocked))
        }
    }
}

/// The title of the waiting page.
pub(crate) fn opening_team(team: &str) -> String {
    format!("Opening {team}")
}

/// What the waiting page waits for.
pub(crate) fn opening_what(team: &str) -> String {
    format!("Your profile for {team} is being made ready. It usually takes less than a minute.")
}

/// How the address of a refused person is known, or why it is not.
pub(crate) fn seen(seen: &Seen) -> String {
    match seen {
        Seen::Connection => {
            "the connection itself, which does not come from a trusted proxy".to_owned()
        }
        Seen::Forwarded(header) => format!("{} of a trusted proxy", header.name()),
        Seen::RequestContext => "the request context of API Gateway".to_owned(),
        Seen::Nowhere => "nothing: the connection has no address".to_owned(),
        Seen::NotForwarded(header, why) => {
            let name = header.name();
            let why = match why {
                NotForwarded::Absent => "is missing",
                NotForwarded::TooLong => "is longer than any chain of proxies",
                NotForwarded::Malformed => "holds something else than an address",
                NotForwarded::OnlyProxies => "names trusted proxies only",
            };
            format!("nothing: {name} of a trusted proxy {why}")
        }
        Seen::NoRequestContext => {
            "nothing: the request context of API Gateway is missing".to_owned()
        }
        Seen::BadRequestContext(error) => format!("nothing: {error}"),
    }
}

const PAGE_PART: (&str, &str, &str) = (
    DENIED,
    "A part of another page asked for this, not you.",
    "Open the portal in a window of its own and sign in there.",
);

const FOREIGN_FORM: (&str, &str, &str) = (
    DENIED,
    "The browser says that this was sent by a page of another site.",
    "Start from your work and press the button there.",
);

/// Headline, what happened and why, and what would work.
pub(crate) const fn problem(problem: Problem) -> (&'static str, &'static str, &'static str) {
    match problem {
        Problem::NotFound => (
            "There is nothing here",
            "No page has this address.",
            "Start from your work; everything that is open to you is there.",
        ),
        Problem::WrongMethod => (
            "That is not how this page works",
            "This address takes another kind of request.",
            "Start from your work and use its buttons.",
        ),
        Problem::TooLarge => (
            "That is too much at once",
            "What was sent is larger than any form or sign-in answer that is read here.",
            "Sign in again. If it happens again, ask the people who run your identity provider to \
             send fewer groups or attributes.",
        ),
        Problem::NoForm => (
            BAD_REQUEST,
            "What was sent is not a form, or did not arrive whole.",
            "Go back and try once more.",
        ),
        Problem::FieldTwice => (
            BAD_REQUEST,
            "A field was sent more than once, or there were too many fields. Which one counts would \
             be a guess.",
            "Go back and try once more.",
        ),
        Problem::NoResponse => (
            BAD_REQUEST,
            "This address takes the answer of an identity provider, and there was none.",
            "Start the sign-in from the first page, or from the tile of your identity provider.",
        ),
        Problem::NoTeam => (
            BAD_REQUEST,
            "The address names a team by something that no team can be called.",
            "Start from your work and choose the team there.",
        ),
        Problem::NoFlavour => (
            BAD_REQUEST,
            "The address asks for metadata in a way that is not known here.",
            "Leave `for` away, or name the identity provider as `stagedoor saml setup` does.",
        ),
        Problem::SignedOut => (
            SIGNED_OUT,
            "You are not signed in in this browser, or no longer.",
            "Sign in and try again.",
        ),
        Problem::PagePart => PAGE_PART,
        Problem::ForeignForm => FOREIGN_FORM,
        Problem::FormKey => (
            DENIED,
            "The page this was sent from was not made for this session; most often it is an old \
             one, from before the last sign-in.",
            "Go back to your work, which makes a fresh page, and press the button again.",
        ),
        Problem::TooSlow => (
            UNAVAILABLE,
            "A service this needs did not answer in time. What was begun is not lost.",
            "Try again in a moment.",
        ),
        Problem::Defect => (
            "Something broke here",
            "The answer could not be written. This is our defect, not yours.",
            "Try again; if it stays so, tell whoever runs this Stagedoor.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn teams_are_counted_in_plain_words() {
        assert_eq!(team_count(1, 0), "One team is open to you.");
        assert_eq!(team_count(3, 0), "3 teams are open to you.");
        assert_eq!(team_count(0, 1), "Your team cannot be opened from here.");
        assert_eq!(team_count(0, 2), "None of your teams can be opened from here.");
        assert_eq!(team_count(2, 1), "2 of your 3 teams can be opened from here.");
    }
}
