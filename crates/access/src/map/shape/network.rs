//! From where something may be opened.

use super::super::format;
use super::{Optional, Record, Required, Rule, Shape, Together, field};

pub(super) static NETWORK: Record = Record {
    title: "Network",
    rule: Rule::EachField,
    fields: &[
        field(
            "any_of",
            Required,
            &Shape::List(&Shape::Record(&NETWORK_MATCH)),
            "What lets a request in; one match is enough, and an empty list lets nothing in.",
        ),
        field(
            "explain",
            Optional,
            &Shape::Text(&format::PROSE),
            "What to tell a person who is refused: what would work.",
        ),
    ],
};

static NETWORK_MATCH: Record = Record {
    title: "Network match",
    rule: Rule::Together(&[
        Together::AtLeastOne(&["cidr", "vpc", "vpce"]),
        Together::AtMostOne(&["vpce", "cidr"]),
        Together::AtMostOne(&["vpce", "vpc"]),
    ]),
    fields: &[
        field(
            "cidr",
            Optional,
            &Shape::Text(&format::CIDR),
            "The source address lies in it. A private range says nothing by itself, for every VPC \
             may use it: policies know it only together with `vpc`.",
        ),
        field(
            "vpc",
            Optional,
            &Shape::Text(&format::VPC),
            "The request came through an endpoint of this VPC; with `cidr`: from that range in it.",
        ),
        field(
            "vpce",
            Optional,
            &Shape::Text(&format::VPCE),
            "The request came through this VPC endpoint.",
        ),
    ],
};
