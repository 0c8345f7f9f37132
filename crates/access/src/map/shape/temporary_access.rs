//! Temporary access: who may ask for which team, who decides, and who may break glass.

use super::{
    Choice, Default, Optional, Record, Required, Rule, Shape, Together, field, of_directory,
};
use crate::map::{BreakGlassNeeds, format};

pub(super) static TEMPORARY_ACCESS: Record = Record {
    title: "Temporary access",
    rule: Rule::EachField,
    fields: &[
        field(
            "longest",
            Default("12h"),
            &Shape::Text(&format::ACCESS),
            "How long a temporary grant may last at most.",
        ),
        field(
            "priority",
            Default("0"),
            &Shape::Integer { least: i32::MIN as i64, most: i32::MAX as i64 },
            "The priority of temporary grants where a person can have only one profile. Of equal \
             priorities the grants of the map come first.",
        ),
        field(
            "requests",
            Default("[]"),
            &Shape::List(&Shape::Record(&REQUEST)),
            "Who may ask for which team in the portal. Nobody else may.",
        ),
        field(
            "break_glass",
            Default("[]"),
            &Shape::List(&Shape::Record(&BREAK_GLASS)),
            "Who may take which team in an emergency. Nobody else may.",
        ),
    ],
};

static REQUEST: Record = Record {
    title: "Access requests",
    rule: Rule::Together(&[Together::OnlyWith("approvers_directory", "approvers")]),
    fields: &[
        field(
            "group",
            Required,
            &Shape::Text(&format::ADMIN_GROUP),
            "The directory group whose members may ask, by its display name.",
        ),
        of_directory("directory"),
        field(
            "teams",
            Optional,
            &Shape::List(&Shape::Text(&format::TEAM_REFERENCE)),
            "For which teams; absent: for every team.",
        ),
        field(
            "approvers",
            Optional,
            &Shape::Text(&format::ADMIN_GROUP),
            "The directory group whose members decide on what is asked for by this rule, such as the \
             owners of the team. \
             Administrators always may; absent: only they do. Nobody decides on their own request.",
        ),
        of_directory("approvers_directory"),
        field(
            "longest",
            Optional,
            &Shape::Text(&format::ACCESS),
            "How long it may last at most; absent: as long as every temporary grant.",
        ),
    ],
};

static BREAK_GLASS: Record = Record {
    title: "Break-glass",
    rule: Rule::EachField,
    fields: &[
        field(
            "group",
            Required,
            &Shape::Text(&format::ADMIN_GROUP),
            "The directory group whose members may, by its display name.",
        ),
        of_directory("directory"),
        field(
            "teams",
            Optional,
            &Shape::List(&Shape::Text(&format::TEAM_REFERENCE)),
            "For which teams; absent: for every team.",
        ),
        field(
            "needs",
            Default("two-people"),
            &Shape::Choice(Choice {
                names: || BreakGlassNeeds::ALL.iter().map(|(name, _)| *name).collect(),
                unsupported: &[],
            }),
            "What it takes. `reason`: a reason. `two-people`: a reason, and that another member of \
             the group or an administrator agrees.",
        ),
        field(
            "longest",
            Default("1h"),
            &Shape::Text(&format::ACCESS),
            "How long it lasts. It ends by itself, and what was done is to be told afterwards.",
        ),
    ],
};
