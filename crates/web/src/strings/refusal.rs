//! Refusals: what happened, why, and what would work.

use super::Language;
use super::german;
use crate::origin::{NotForwarded, Seen};
use crate::refused::Problem;

texts! {
    /// What stands round the sentences of a refusal.
    Refusal {
        bad_request: "That request could not be read",
        signed_out: "Please sign in",
        denied: "Not allowed",
        too_many_requests: "Too often",
        not_found: "There is no such thing",
        conflict: "Not as things are now",
        unavailable: "Not possible right now",
        unwritten: "Done, but not in the audit log",
        what_would_work: "What would work",
        where_you_are: "Where you are",
        request_access: "Request access",
        reference: "Reference",
        reason: "Reason",
        address: "Your address, as seen here",
        vpce: "VPC endpoint",
        how_seen: "Known from",
        quote: "Quote the reference when you ask for help.",
        back: "Back to my work",
        to_start: "To the first page",
        by_connection: "the connection itself, which does not come from a trusted proxy",
        by_header: "{header} of a trusted proxy",
        by_context: "the request context of API Gateway",
        by_nothing: "nothing: the connection has no address",
        header_absent: "nothing: {header} of a trusted proxy is missing",
        header_long: "nothing: {header} of a trusted proxy is longer than any chain of proxies",
        header_malformed: "nothing: {header} of a trusted proxy holds something else than an address",
        header_proxies: "nothing: {header} of a trusted proxy names trusted proxies only",
        no_context: "nothing: the request context of API Gateway is missing",
        bad_context: "nothing: {error}",
    }
}

impl Refusal {
    /// How the address of a refused person is known, or why it is not.
    pub(crate) fn seen(&self, seen: &Seen) -> String {
        let of = |text: &str, header: &str| super::fill(text, &[("header", header)]);
        match seen {
            Seen::Connection => self.by_connection.to_owned(),
            Seen::Forwarded(header) => of(self.by_header, header.name()),
            Seen::RequestContext => self.by_context.to_owned(),
            Seen::Nowhere => self.by_nothing.to_owned(),
            Seen::NotForwarded(header, why) => {
                let text = match why {
                    NotForwarded::Absent => self.header_absent,
                    NotForwarded::TooLong => self.header_long,
                    NotForwarded::Malformed => self.header_malformed,
                    NotForwarded::OnlyProxies => self.header_proxies,
                };
                of(text, header.name())
            }
            Seen::NoRequestContext => self.no_context.to_owned(),
            Seen::BadRequestContext(error) => {
                super::fill(self.bad_context, &[("error", &error.to_string())])
            }
        }
    }
}

/// Why, and what would work, in other words than those of the door, which speaks English. The second
/// is absent where the door has it from the map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InOtherWords {
    pub(crate) why: &'static str,
    pub(crate) remedy: Option<&'static str>,
}

impl Language {
    /// What the desk's refusal with this code says in the language; `None`: what the desk said.
    pub(crate) fn refusal_at_desk(self, code: &str) -> Option<InOtherWords> {
        match self {
            Self::English => None,
            Self::German => german::refusal_at_desk(code),
        }
    }

    /// What the door's refusal with this code says in the language; `None`: what the door said.
    pub(crate) fn refusal_by_code(self, code: &str) -> Option<InOtherWords> {
        match self {
            Self::English => None,
            Self::German => german::refusal_by_code(code),
        }
    }

    /// What is refused without asking the door: headline, why, and what would work.
    pub(crate) const fn problem(self, problem: Problem) -> [&'static str; 3] {
        match self {
            Self::English => english(problem),
            Self::German => german::problem(problem),
        }
    }
}

const ENGLISH: Refusal = Refusal::ENGLISH;

const PAGE_PART: [&str; 3] = [
    ENGLISH.denied,
    "A part of another page asked for this, not you.",
    "Open the portal in a window of its own and sign in there.",
];

const FOREIGN_FORM: [&str; 3] = [
    ENGLISH.denied,
    "The browser says that this was sent by a page of another site.",
    "Start from your work and press the button there.",
];

const fn english(problem: Problem) -> [&'static str; 3] {
    match problem {
        Problem::NotFound => [
            "There is nothing here",
            "No page has this address.",
            "Start from your work; everything that is open to you is there.",
        ],
        Problem::WrongMethod => [
            "That is not how this page works",
            "This address takes another kind of request.",
            "Start from your work and use its buttons.",
        ],
        Problem::TooLarge => [
            "That is too much at once",
            "What was sent is larger than any form or sign-in answer that is read here.",
            "Sign in again. If it happens again, ask the people who run your identity provider to \
             send fewer groups or attributes.",
        ],
        Problem::NoForm => [
            ENGLISH.bad_request,
            "What was sent is not a form, or did not arrive whole.",
            "Go back and try once more.",
        ],
        Problem::FieldTwice => [
            ENGLISH.bad_request,
            "A field was sent more than once, or there were too many fields. Which one counts would \
             be a guess.",
            "Go back and try once more.",
        ],
        Problem::NoResponse => [
            ENGLISH.bad_request,
            "This address takes the answer of an identity provider, and there was none.",
            "Start the sign-in from the first page, or from the tile of your identity provider.",
        ],
        Problem::NoTeam => [
            ENGLISH.bad_request,
            "The address names a team by something that no team can be called.",
            "Start from your work and choose the team there.",
        ],
        Problem::NoFlavour => [
            ENGLISH.bad_request,
            "The address asks for metadata in a way that is not known here.",
            "Leave `for` away, or name the identity provider as `stagedoor saml setup` does.",
        ],
        Problem::SignedOut => [
            ENGLISH.signed_out,
            "You are not signed in in this browser, or no longer.",
            "Sign in and try again.",
        ],
        Problem::PagePart => PAGE_PART,
        Problem::ForeignForm => FOREIGN_FORM,
        Problem::FormKey => [
            ENGLISH.denied,
            "The page this was sent from was not made for this session; most often it is an old \
             one, from before the last sign-in.",
            "Go back to your work, which makes a fresh page, and press the button again.",
        ],
        Problem::TooSlow => [
            ENGLISH.unavailable,
            "A service this needs did not answer in time. What was begun is not lost.",
            "Try again in a moment.",
        ],
        Problem::Defect => [
            "Something broke here",
            "The answer could not be written. This is our defect, not yours.",
            "Try again; if it stays so, tell whoever runs this Stagedoor.",
        ],
    }
}
