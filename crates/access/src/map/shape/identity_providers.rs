//! The shape of an identity provider.

use super::Presence::{Default, Optional};
use super::{Choice, Record, Rule, Shape, Together, field};
use crate::map::{NameIdFormat, format};

pub(super) static IDENTITY_PROVIDER: Record = Record {
    title: "Identity provider",
    rule: Rule::Together(&[
        Together::ExactlyOne(&["metadata", "metadata_url"]),
        Together::OnlyWith("metadata_refresh", "metadata_url"),
        Together::AtMostOne(&["team", "team_attribute", "domain_attribute"]),
    ]),
    fields: &[
        field(
            "metadata",
            Optional,
            &Shape::Text(&format::METADATA),
            "The provider's SAML metadata, as a file beside the map. It pins the keys.",
        ),
        field(
            "metadata_url",
            Optional,
            &Shape::Text(&format::METADATA_URL),
            "Where the provider publishes its SAML metadata. It is fetched when the server starts \
             and again and again; should that fail, the last good one is kept while it is valid.",
        ),
        field(
            "metadata_refresh",
            Default("12h"),
            &Shape::Text(&format::REFRESH),
            "How often the metadata is fetched again; sooner if it ends before.",
        ),
        field(
            "entity_id",
            Optional,
            &Shape::Text(&format::ENTITY_ID),
            "The provider's entity id. The metadata must hold it; of metadata that lists several \
             entities it chooses one.",
        ),
        field(
            "certificate_fingerprints",
            Optional,
            &Shape::List(&Shape::Text(&format::FINGERPRINT)),
            "The only signing certificates that are trusted, by their SHA-256 fingerprints, \
             wherever the metadata came from. Absent: every signing certificate of the metadata.",
        ),
        field(
            "clock_skew",
            Default("60s"),
            &Shape::Text(&format::CLOCK_SKEW),
            "By how much the provider's clock may differ from ours.",
        ),
        field(
            "allow_weak_algorithms",
            Default("false"),
            &Shape::Boolean,
            "Whether SHA-1 and RSA keys under 2,048 bits are accepted. Signatures like that can be \
             forged: for a provider that can do no better, and for as short as possible.",
        ),
        field(
            "allow_cbc",
            Default("false"),
            &Shape::Boolean,
            "Whether assertions may be encrypted with AES-CBC, and then only inside a signed \
             response. AES-GCM is always accepted.",
        ),
        field(
            "sign_requests",
            Default("false"),
            &Shape::Boolean,
            "Whether requests to sign in are signed. That needs a key of the server.",
        ),
        field(
            "request_binding",
            Default("redirect"),
            &Shape::Choice(Choice { names: || vec!["redirect", "post"], unsupported: &[] }),
            "How the browser carries a request to sign in to the provider.",
        ),
        field(
            "name_id_format",
            Optional,
            &Shape::Choice(Choice {
                names: || NameIdFormat::ALL.iter().map(|(name, _)| *name).collect(),
                unsupported: &[],
            }),
            "The format that the subject's NameID must have; absent: any. Transient is not among \
             them, since it names nobody.",
        ),
        field(
            "person",
            Default("{}"),
            &Shape::Record(&PERSON),
            "How an assertion names the person.",
        ),
        field(
            "directories",
            Optional,
            &Shape::List(&Shape::Text(&format::DIRECTORY_NAME)),
            "The only directories whose people this provider may name, where there are several: a \
             partner's provider then signs in nobody of the company's. Whom an earlier directory \
             has too is of that one. Absent: those of all.",
        ),
        field(
            "team",
            Optional,
            &Shape::Text(&format::TEAM_REFERENCE),
            "The one team that this provider is the application of, as in IAM Identity Center: who \
             signs in through it gets to this team or nowhere, and has no role in the \
             administration there. It grants nothing.",
        ),
        field(
            "team_attribute",
            Optional,
            &Shape::Text(&format::ATTRIBUTE),
            "The attribute by which an application tile selects a team. It selects among what the \
             person has and grants nothing.",
        ),
        field(
            "domain_attribute",
            Optional,
            &Shape::Text(&format::DOMAIN_ATTRIBUTE),
            "The attribute by which an application tile names a SageMaker domain id, and so the one \
             team that the person has there. It grants nothing.",
        ),
        field(
            "allow_unsolicited",
            Default("false"),
            &Shape::Boolean,
            "Whether responses that nobody here asked for are accepted (IdP-initiated sign-in). \
             Somebody who gets a person to follow a link can then sign that person in as another.",
        ),
    ],
};

static PERSON: Record = Record {
    title: "Person of an assertion",
    rule: Rule::EachField,
    fields: &[
        field(
            "attribute",
            Optional,
            &Shape::Text(&format::ATTRIBUTE),
            "The attribute that holds the name; absent: the subject's NameID.",
        ),
        field(
            "matches",
            Default("user_name"),
            &Shape::Choice(Choice { names: || vec!["id", "user_name"], unsupported: &[] }),
            "What of the directory's person it must equal.",
        ),
    ],
};
