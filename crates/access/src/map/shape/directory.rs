//! The shape of where people and groups come from.

use super::super::format;
use super::Presence::{Default, Optional, Required};
use super::mirror::MIRROR;
use super::{Choice, Field, Record, Rule, Shape, Together, field};
use crate::map::MatchKey;

pub(super) static DIRECTORY: Record = Record {
    title: "Directory",
    rule: Rule::Together(&[
        Together::ExactlyOne(&["identity_center", "scim", "ldap", "file", "sources"]),
        Together::OnlyWith("match", "sources"),
    ]),
    fields: &[
        IDENTITY_CENTER_FIELD,
        SCIM_FIELD,
        LDAP_FIELD,
        FILE_FIELD,
        field(
            "sources",
            Optional,
            &Shape::List(&Shape::Record(&SOURCE)),
            "Several directories, in the order of precedence: somebody whom an earlier one knows is \
             that person, with the groups of all. Ids of every further one begin with its name, so \
             adding one renames nobody. If one of them cannot be read, nothing was read.",
        ),
        field(
            "match",
            Default("user-name"),
            &Shape::Choice(Choice {
                names: || MatchKey::ALL.iter().map(|(name, _)| *name).collect(),
                unsupported: &[],
            }),
            "What tells that two directories mean the same person. Who lacks it, or shares it with \
             another person of the same directory, is reported and matched with nobody.",
        ),
        field(
            "mirror",
            Optional,
            &Shape::Record(&MIRROR),
            "Groups are mirrored into Identity Center by `stagedoor directory mirror`, so that \
             domains which sign people in through it know them.",
        ),
    ],
};

static SOURCE: Record = Record {
    title: "One of several directories",
    rule: Rule::Together(&[Together::ExactlyOne(&["identity_center", "scim", "ldap", "file"])]),
    fields: &[
        field(
            "name",
            Required,
            &Shape::Text(&format::DIRECTORY_NAME),
            "Its name. Ids of its people and groups begin with it, unless it is the first.",
        ),
        IDENTITY_CENTER_FIELD,
        SCIM_FIELD,
        LDAP_FIELD,
        FILE_FIELD,
    ],
};

static IDENTITY_CENTER_SHAPE: Shape = Shape::Record(&IDENTITY_CENTER);
static SCIM_SHAPE: Shape = Shape::Record(&SCIM);
static LDAP_SHAPE: Shape = Shape::Record(&LDAP);
static FILE_SHAPE: Shape = Shape::Text(&format::DIRECTORY_FILE);
static ATTRIBUTE: Shape = Shape::Text(&format::LDAP_ATTRIBUTE);

const IDENTITY_CENTER_FIELD: Field = field(
    "identity_center",
    Optional,
    &IDENTITY_CENTER_SHAPE,
    "People and groups are read from IAM Identity Center's identity store.",
);

const SCIM_FIELD: Field = field(
    "scim",
    Optional,
    &SCIM_SHAPE,
    "People and groups are pushed to Stagedoor's SCIM server, `/scim/v2`. It has no keys yet: \
     write `scim: {}`.",
);

const LDAP_FIELD: Field = field(
    "ldap",
    Optional,
    &LDAP_SHAPE,
    "People and groups are read from an LDAP server, such as Active Directory or OpenLDAP.",
);

const FILE_FIELD: Field = field(
    "file",
    Optional,
    &FILE_SHAPE,
    "People and groups are read from a file beside the map, which is read again when it changes.",
);

pub(super) static IDENTITY_CENTER: Record = Record {
    title: "Identity Center",
    rule: Rule::EachField,
    fields: &[
        field(
            "region",
            Required,
            &Shape::Text(&format::REGION),
            "The home Region of the Identity Center instance.",
        ),
        field(
            "identity_store_id",
            Required,
            &Shape::Text(&format::IDENTITY_STORE_ID),
            "The identity store of that instance.",
        ),
    ],
};

static SCIM: Record = Record { title: "SCIM", rule: Rule::EachField, fields: &[] };

static LDAP: Record = Record {
    title: "LDAP",
    rule: Rule::Together(&[
        Together::OnlyWith("bind_dn", "password_from"),
        Together::OnlyWith("password_from", "bind_dn"),
        Together::OnlyWith("client_certificate", "client_key_from"),
        Together::OnlyWith("client_key_from", "client_certificate"),
    ]),
    fields: &[
        field(
            "urls",
            Required,
            &Shape::List(&Shape::Text(&format::LDAP_URL)),
            "Its servers. They are tried in this order; all must hold the same directory.",
        ),
        field(
            "base_dn",
            Required,
            &Shape::Text(&format::DN),
            "Where in the tree people and groups are.",
        ),
        field(
            "bind_dn",
            Optional,
            &Shape::Text(&format::DN),
            "As whom to bind: a DN, or in Active Directory `name@domain`. Absent: anonymously, or as \
             whom the client certificate names.",
        ),
        field(
            "password_from",
            Optional,
            &Shape::Text(&format::SECRET_REFERENCE),
            "Where the password to bind with is kept.",
        ),
        field(
            "start_tls",
            Default("false"),
            &Shape::Boolean,
            "Whether a connection to `ldap://` is encrypted by StartTLS before anything else is said. \
             Without it only `ldaps://` is taken, except on a loopback address.",
        ),
        field(
            "ca_file",
            Optional,
            &Shape::Text(&format::BESIDE_THE_MAP),
            "The certificate authorities by which the servers are trusted, in PEM, as a file beside \
             the map. Absent: those of the operating system.",
        ),
        field(
            "client_certificate",
            Optional,
            &Shape::Text(&format::BESIDE_THE_MAP),
            "The certificate that Stagedoor shows to the server, in PEM, as a file beside the map. \
             Google Secure LDAP asks for one.",
        ),
        field(
            "client_key_from",
            Optional,
            &Shape::Text(&format::SECRET_REFERENCE),
            "Where the key of that certificate is kept.",
        ),
        field(
            "people_filter",
            Optional,
            &Shape::Text(&format::LDAP_FILTER),
            "Which entries are people; absent: those that the server's kind has for people.",
        ),
        field(
            "groups_filter",
            Optional,
            &Shape::Text(&format::LDAP_FILTER),
            "Which entries are groups; absent: those that the server's kind has for groups.",
        ),
        field(
            "attributes",
            Default("{}"),
            &Shape::Record(&ATTRIBUTES),
            "Attributes that are named differently than usual in a directory of its kind.",
        ),
        field(
            "timeout",
            Default("30s"),
            &Shape::Text(&format::LDAP_TIMEOUT),
            "How long one answer may take. A reading that breaks off counts as none.",
        ),
        field(
            "page_size",
            Default("500"),
            &Shape::Integer { least: 1, most: 10_000 },
            "How many entries a page of an answer holds. Active Directory gives 1,000 at most.",
        ),
    ],
};

const fn attribute(key: &'static str, doc: &'static str) -> Field {
    field(key, Optional, &ATTRIBUTE, doc)
}

static ATTRIBUTES: Record = Record {
    title: "LDAP attributes",
    rule: Rule::EachField,
    fields: &[
        attribute("id", "The id that never changes, of people and groups."),
        attribute("user_name", "The user name."),
        attribute("display_name", "The name to show of a person."),
        attribute("email", "The e-mail address."),
        attribute("external_id", "The id that a common source gave a person."),
        attribute("given_name", "The given name."),
        attribute("family_name", "The family name."),
        attribute("group_name", "The name of a group, which grants match."),
        attribute("member", "The members of a group, by their DNs or user names."),
    ],
};
