//! Which groups may see and change what in the admin screens and in the API.

use super::super::{AdminRole, format};
use super::{Choice, Record, Required, Rule, Shape, field};

pub(super) static ADMINISTRATION: Record = Record {
    title: "Administration",
    rule: Rule::EachField,
    fields: &[
        field(
            "group",
            Required,
            &Shape::Text(&format::ADMIN_GROUP),
            "The directory group, compared exactly. Who is in several has the role that may most.",
        ),
        super::of_directory("directory"),
        field(
            "role",
            Required,
            &Shape::Choice(Choice {
                names: || AdminRole::ALL.iter().map(|(name, _)| *name).collect(),
                unsupported: &[],
            }),
            "`reader` sees who has what, the plan and the state of everything; `auditor` sees the \
             audit log, sign-ins and what people did, too; `admin` freezes, approves, offboards, \
             restores and grants, too.",
        ),
    ],
};
