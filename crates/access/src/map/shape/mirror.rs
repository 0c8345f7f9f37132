//! The shape of what is mirrored into another directory.

use super::super::format;
use super::super::mirroring::{LEAVERS, STRANGERS};
use super::Presence::{Default, Optional, Required};
use super::directory::IDENTITY_CENTER;
use super::{Choice, GUARD, Record, Rule, Shape, Together, field};

pub(super) static MIRROR: Record = Record {
    title: "Mirror",
    rule: Rule::Together(&[Together::ExactlyOne(&["identity_center", "scim"])]),
    fields: &[
        field(
            "identity_center",
            Optional,
            &Shape::Record(&IDENTITY_CENTER),
            "Groups are written into an identity store, by its API. What is mirrored carries its \
             mark in the user's profile URL and in the group's description.",
        ),
        field(
            "scim",
            Optional,
            &Shape::Record(&SCIM_ENDPOINT),
            "Groups are written to Identity Center's SCIM endpoint. What is mirrored carries its \
             mark in `externalId`.",
        ),
        field(
            "groups",
            Default("[]"),
            &Shape::List(&Shape::Text(&format::MIRRORED_GROUP)),
            "The display names of the groups to mirror, with everybody who is in one of them. Empty: \
             the groups that grants name.",
        ),
        field(
            "leavers",
            Default("disable"),
            &Shape::Choice(Choice { names: || LEAVERS.to_vec(), unsupported: &[] }),
            "What becomes of a mirrored user who is in none of the groups any more. Its memberships \
             end either way.",
        ),
        field(
            "strangers",
            Default("report"),
            &Shape::Choice(Choice { names: || STRANGERS.to_vec(), unsupported: &[] }),
            "What is done with a person whose user name a user has that Stagedoor did not make: it \
             is reported, or that user joins the mirrored groups in the person's place and is itself \
             left as it is. Whoever can make users there then decides who gets in.",
        ),
        field(
            "guard",
            Default("{}"),
            &Shape::Record(&GUARD),
            "Limits on what one run, and all runs of 24 hours together, may take away: memberships, \
             and users that are disabled or deleted.",
        ),
    ],
};

static SCIM_ENDPOINT: Record = Record {
    title: "SCIM endpoint",
    rule: Rule::EachField,
    fields: &[
        field(
            "url",
            Required,
            &Shape::Text(&format::SCIM_ENDPOINT),
            "Its address, as Identity Center shows it under Settings, Automatic provisioning.",
        ),
        field(
            "token_from",
            Required,
            &Shape::Text(&format::SECRET_REFERENCE),
            "Where its token is kept. It is good for a year.",
        ),
    ],
};
