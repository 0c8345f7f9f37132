//! What a policy document does other than is meant, found without any request.
//!
//! Each [`Rule`] has a stable code, a severity, why it matters and what to write instead. Names of
//! actions, resources and condition keys are those of the [service reference](crate::service_reference).
//! The lint looks at one document, or at documents that work together ([`lint_all`]); what only shows
//! in how requests are decided is for the prover.
//!
//! ```
//! use iam_policy::lint::{Kind, lint};
//! use iam_policy::Document;
//!
//! let document = Document::parse(
//!     r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow",
//!         "Action": "sagemaker:CreateApps", "Resource": "*"}}"#,
//! )
//! .unwrap();
//! let findings = lint(&document, Kind::Identity);
//! assert_eq!(findings[0].rule.code(), "unknown-action");
//! assert_eq!(findings[0].pointer, "/Statement/0/Action/0");
//! assert_eq!(
//!     findings[0].message,
//!     "`sagemaker` has no action `CreateApps`: did you mean `sagemaker:CreateApp`?"
//! );
//! ```

mod actions;
mod attachments;
mod conditions;
mod grants;
mod kind;
mod network;
mod organization;
mod principals;
mod resources;
mod rule;
mod shape;
mod studio;
#[cfg(test)]
mod tests;
mod types;
mod variables;
mod view;

pub use attachments::lint_attachments;
pub use kind::Kind;
pub use rule::{Rule, Severity, reference};

use crate::document::Document;
use view::View;

/// Something found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// Where, as a JSON pointer that counts what stands without a list as its first item:
    /// `/Statement/0/Action/0`. [`Source::place`](crate::document::Source::place) takes it.
    pub pointer: String,
    /// What is found there.
    pub message: String,
}

/// Looks at one document.
pub fn lint(document: &Document, kind: Kind) -> Vec<Finding> {
    lint_all(&[(document, kind)]).into_iter().flatten().collect()
}

/// Looks at documents that are in force together, such as all of one role with the SCPs above it. A
/// Deny in one can answer for an Allow in another; tags that one goes by can be set by another. The
/// answer has the findings of each document, in their order.
pub fn lint_all(documents: &[(&Document, Kind)]) -> Vec<Vec<Finding>> {
    let views: Vec<Vec<View<'_>>> = documents
        .iter()
        .map(|(document, kind)| {
            let statements = document.statements.iter().enumerate();
            statements.map(|(index, statement)| View::new(*kind, index, statement)).collect()
        })
        .collect();
    let together: Vec<&View<'_>> = views.iter().flatten().collect();
    documents
        .iter()
        .zip(&views)
        .map(|((document, kind), own)| {
            let mut findings = shape::document(document, *kind);
            findings.extend(organization::document(own, *kind));
            for view in own {
                findings.extend(statement(document, view, &together));
            }
            findings
        })
        .collect()
}

fn statement(document: &Document, view: &View<'_>, together: &[&View<'_>]) -> Vec<Finding> {
    [
        shape::statement(view),
        actions::check(view),
        resources::check(view),
        conditions::check(view),
        types::check(view),
        variables::check(view, document.language()),
        network::check(view, together),
        studio::check(view, together),
        grants::check(view),
        principals::check(view),
        organization::check(view),
    ]
    .into_iter()
    .flatten()
    .collect()
}
