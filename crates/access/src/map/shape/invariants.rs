//! What must hold of everything the map means in IAM.

use super::super::format;
use super::{Choice, Optional, Record, Rule, Shape, Together, field};

pub(super) static INVARIANT: Record = Record {
    title: "Invariant",
    rule: Rule::Together(&[
        Together::ExactlyOne(&["presign_only_from", "teams_apart", "persona", "never"]),
        Together::OnlyWith("persona", "inside"),
        Together::OnlyWith("inside", "persona"),
    ]),
    fields: &[
        field(
            "presign_only_from",
            Optional,
            &Shape::List(&Shape::Text(&format::NETWORK)),
            "No role makes a link into Studio from outside of these networks.",
        ),
        field(
            "teams_apart",
            Optional,
            &Shape::Choice(Choice { names: || vec!["all"], unsupported: &[] }),
            "No team's role acts on what is another team's, by the team tag or by the name of a \
             bucket, and none changes whose a resource is. Other teams are all there can ever be, \
             not only those of the map.",
        ),
        field(
            "persona",
            Optional,
            &Shape::Text(&format::PERSONA),
            "The roles of the teams with this persona may do nothing but what `inside` allows.",
        ),
        field(
            "inside",
            Optional,
            &DOCUMENT,
            "A policy document: the boundary of the persona. Without `Version` it is of 2012-10-17.",
        ),
        field(
            "never",
            Optional,
            &DOCUMENT,
            "A policy document: no role is allowed anything of what it would allow. Without \
             `Version` it is of 2012-10-17.",
        ),
    ],
};

static DOCUMENT: Shape = Shape::Json {
    forbidden: "Principal",
    help: "it is about the role itself; name it in no statement",
};
