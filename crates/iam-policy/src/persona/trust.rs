//! Who may assume an execution role.

use super::Scope;
use crate::document::{Document, PrincipalKind, Statement};
use crate::trust::{ASSUME_ROLE, SET_SOURCE_IDENTITY};

/// The service that runs people's apps and jobs.
pub const SAGEMAKER: &str = "sagemaker.amazonaws.com";

/// `SageMaker`, on behalf of resources of the role's own account and Regions, and nobody else.
///
/// A single domain's ARN would be too narrow: the role is also assumed for jobs, models and
/// pipelines, on whose behalf `SageMaker` then names those. With source identity the domain names
/// the person in the session, for which it needs to be allowed besides.
pub fn trust(scope: &Scope) -> Document {
    let identity = scope.source_identity.then_some(SET_SOURCE_IDENTITY);
    let statement = Statement::allow("SageMakerOfThisAccount")
        .principals(PrincipalKind::Service, [SAGEMAKER])
        .actions([ASSUME_ROLE].into_iter().chain(identity))
        .when("StringEquals", "aws:SourceAccount", [scope.account_id.as_str()])
        .when("ArnLike", "aws:SourceArn", scope.arns("sagemaker", "*"));
    Document::new([statement])
}
