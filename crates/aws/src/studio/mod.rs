//! `SageMaker` Studio, in whichever account and Region a domain is.

mod handover;
mod inspect;
mod observe;
mod presign;
mod provision;
mod quota;
mod role;
mod session;
mod spoke;

use crate::assignments::Assignments;
use crate::client::SageMaker;
use crate::client::sagemaker::Document;
use crate::failure::unreadable;
use crate::pacing::Paced;
use access::observed::{AppStatus, AuthMode, ProfileStatus};
use aws_types::SdkConfig;
use control::ports::{CallError, FailureKind};
pub(crate) use presign::host_source;
use spoke::Spokes;
use std::sync::Arc;

const SERVICE: &str = "sagemaker";

/// Studio: the ports `Observe`, `Provision`, `Presign` and `Inspect`. Cheap to clone; clones share the roles
/// they have assumed.
#[derive(Debug, Clone)]
pub struct Studio {
    spokes: Arc<Spokes>,
}

impl Studio {
    pub(crate) fn new(sdk: SdkConfig, http: Option<Paced>) -> Self {
        Self { spokes: Arc::new(Spokes::new(sdk, http)) }
    }

    /// Assignments to applications, which belong to the organization: made and read as the hub
    /// itself, whatever account the domain is in. An SSO-mode domain and the Identity Center
    /// instance are in one Region.
    fn assignments(&self, domain: &control::ports::DomainTarget) -> Assignments {
        Assignments::new(&self.spokes.hub(domain))
    }

    fn sagemaker(&self, domain: &control::ports::DomainTarget) -> SageMaker {
        self.spokes.of(domain).sagemaker.clone()
    }
}

/// `None` where the service says that the thing is not there.
fn absent_as_none<T>(answer: Result<T, CallError>) -> Result<Option<T>, CallError> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(e) if e.kind == FailureKind::NotFound => Ok(None),
        Err(e) => Err(e),
    }
}

/// A member the service always sends.
fn required<T>(operation: &'static str, member: &str, value: Option<T>) -> Result<T, CallError> {
    value.ok_or_else(|| unreadable(SERVICE, operation, format!("the answer has no {member}")))
}

/// State of a domain, a profile or a space; they share their names. One that is not known is an
/// error: what cannot be understood must not be acted on.
fn status(
    operation: &'static str,
    what: &str,
    status: Option<&str>,
) -> Result<ProfileStatus, CallError> {
    Ok(match status {
        Some("Pending") => ProfileStatus::Pending,
        Some("InService") => ProfileStatus::InService,
        Some("Updating") => ProfileStatus::Updating,
        Some("Deleting") => ProfileStatus::Deleting,
        Some("Failed") => ProfileStatus::Failed,
        Some("Update_Failed") => ProfileStatus::UpdateFailed,
        Some("Delete_Failed") => ProfileStatus::DeleteFailed,
        other => return Err(unknown_status(operation, what, other)),
    })
}

/// The execution role that settings name.
fn role_in(settings: Option<&Document>) -> Option<String> {
    settings?.get("ExecutionRole")?.as_str().map(str::to_owned)
}

/// How a domain authenticates people.
fn auth_mode(
    operation: &'static str,
    what: &str,
    mode: Option<&str>,
) -> Result<AuthMode, CallError> {
    match mode {
        Some("IAM") => Ok(AuthMode::Iam),
        Some("SSO") => Ok(AuthMode::Sso),
        Some(other) => {
            let message = format!("{what} has the unknown auth mode `{other}`");
            Err(unreadable(SERVICE, operation, message))
        }
        None => Err(unreadable(SERVICE, operation, format!("{what} has no auth mode"))),
    }
}

/// State of an app.
fn app_status(
    operation: &'static str,
    what: &str,
    status: Option<&str>,
) -> Result<AppStatus, CallError> {
    Ok(match status {
        Some("Pending") => AppStatus::Pending,
        Some("InService") => AppStatus::InService,
        Some("Deleting") => AppStatus::Deleting,
        Some("Deleted") => AppStatus::Deleted,
        Some("Failed") => AppStatus::Failed,
        other => return Err(unknown_status(operation, what, other)),
    })
}

fn unknown_status(operation: &'static str, what: &str, status: Option<&str>) -> CallError {
    let message = match status {
        Some(status) => format!("{what} has the unknown status `{status}`"),
        None => format!("{what} has no status"),
    };
    unreadable(SERVICE, operation, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_known_by_the_services_spelling() {
        let read = |text| status("DescribeUserProfile", "profile `a`", Some(text)).ok();
        assert_eq!(read("Update_Failed"), Some(ProfileStatus::UpdateFailed));
        assert_eq!(read("Delete_Failed"), Some(ProfileStatus::DeleteFailed));
        assert_eq!(read("UpdateFailed"), None);
        assert_eq!(app_status("ListApps", "app `a`", Some("Deleted")), Ok(AppStatus::Deleted));
    }

    #[test]
    fn an_unknown_state_is_an_error_that_names_it() {
        let error = status("DescribeUserProfile", "profile `a`", Some("Paused")).unwrap_err();
        assert_eq!(error.kind, FailureKind::Service);
        assert_eq!(
            error.to_string(),
            "sagemaker:DescribeUserProfile failed: profile `a` has the unknown status `Paused` \
             (aws-service-error)"
        );
        let error = app_status("ListApps", "app `a`", None).unwrap_err();
        assert_eq!(error.message, "app `a` has no status");
    }
}
