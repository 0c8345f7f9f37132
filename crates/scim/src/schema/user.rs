//! The User schema (RFC 7643 section 4.1).

use super::{Attribute, Mutability, Returned, Schema};

/// A person.
pub static USER: Schema = Schema {
    urn: "urn:ietf:params:scim:schemas:core:2.0:User",
    name: "User",
    description: "A person.",
    attributes: &[
        Attribute::string("userName", "The name that the person signs in with.")
            .required()
            .unique(),
        Attribute::complex("name", NAME, "The parts of the person's name."),
        Attribute::string("displayName", "The name to show."),
        Attribute::string("nickName", "What the person is called."),
        Attribute::reference("profileUrl", &["external"], "A page about the person."),
        Attribute::string("title", "The person's position, such as \"Vice President\"."),
        Attribute::string("userType", "How the person stands to the organization."),
        Attribute::string("preferredLanguage", "The language to write and speak."),
        Attribute::string("locale", "How to print dates, numbers and currency."),
        Attribute::string("timezone", "The time zone, as the Olson database names it."),
        Attribute::boolean("active", "Whether the person may use anything at all."),
        Attribute::string("password", "Accepted and thrown away.")
            .exact()
            .mutability(Mutability::WriteOnly)
            .returned(Returned::Never),
        Attribute::complex("emails", EMAILS, "E-mail addresses.").many(),
        Attribute::complex("phoneNumbers", PHONE_NUMBERS, "Telephone numbers.").many(),
        Attribute::complex("ims", IMS, "Addresses for instant messages.").many(),
        Attribute::complex("photos", PHOTOS, "Links to pictures.").many(),
        Attribute::complex("addresses", ADDRESSES, "Postal addresses.").many(),
        Attribute::complex("groups", GROUPS, "Groups that the person is in.").many().read_only(),
        Attribute::complex("entitlements", VALUES, "What the person is entitled to.").many(),
        Attribute::complex("roles", VALUES, "Roles of the person.").many(),
        Attribute::complex("x509Certificates", CERTIFICATES, "Certificates of the person.").many(),
    ],
};

const NAME: &[Attribute] = &[
    Attribute::string("formatted", "The whole name."),
    Attribute::string("familyName", "The family name."),
    Attribute::string("givenName", "The given name."),
    Attribute::string("middleName", "Names in between."),
    Attribute::string("honorificPrefix", "What stands before it, such as \"Ms.\"."),
    Attribute::string("honorificSuffix", "What stands after it, such as \"III\"."),
];

const DISPLAY: Attribute = Attribute::string("display", "What to show.");
const TYPE: Attribute = Attribute::string("type", "What it is for.");
const PRIMARY: Attribute = Attribute::boolean("primary", "Whether it is the preferred one.");

const EMAILS: &[Attribute] = &[
    Attribute::string("value", "The address."),
    DISPLAY,
    TYPE.usual(&["work", "home", "other"]),
    PRIMARY,
];

const PHONE_NUMBERS: &[Attribute] = &[
    Attribute::string("value", "The number."),
    DISPLAY,
    TYPE.usual(&["work", "home", "mobile", "fax", "pager", "other"]),
    PRIMARY,
];

const IMS: &[Attribute] = &[
    Attribute::string("value", "The address."),
    DISPLAY,
    TYPE.usual(&["aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo"]),
    PRIMARY,
];

const PHOTOS: &[Attribute] = &[
    Attribute::reference("value", &["external"], "The link."),
    DISPLAY,
    TYPE.usual(&["photo", "thumbnail"]),
    PRIMARY,
];

const ADDRESSES: &[Attribute] = &[
    Attribute::string("formatted", "The whole address."),
    Attribute::string("streetAddress", "Street, number, apartment."),
    Attribute::string("locality", "The city."),
    Attribute::string("region", "The state or region."),
    Attribute::string("postalCode", "The postal code."),
    Attribute::string("country", "The country, by its two letters."),
    TYPE.usual(&["work", "home", "other"]),
    PRIMARY,
];

const GROUPS: &[Attribute] = &[
    Attribute::string("value", "The id of the group.").exact().read_only(),
    Attribute::reference("$ref", &["Group"], "The URI of the group.").read_only(),
    Attribute::string("display", "The name of the group.").read_only(),
    Attribute::string("type", "Whether the person is in it directly.")
        .usual(&["direct", "indirect"])
        .read_only(),
];

const VALUES: &[Attribute] = &[Attribute::string("value", "The value."), DISPLAY, TYPE, PRIMARY];

const CERTIFICATES: &[Attribute] =
    &[Attribute::binary("value", "The certificate, DER in Base64."), DISPLAY, TYPE, PRIMARY];
