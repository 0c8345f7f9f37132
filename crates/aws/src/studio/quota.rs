//! How many profiles there may be.

use super::spoke::Spoke;
use crate::client::quotas::GetServiceQuota;

/// "Maximum number of Studio user profiles allowed per account", which counts by Region.
const PROFILES: &str = "L-AC46C40F";

/// The quota, where it can be read. It only serves to warn early, so no failure here is worth
/// failing a reading of the domain: many roles may not read quotas, and from a closed network the
/// service cannot be reached.
pub(super) async fn profile_quota(spoke: &Spoke) -> Option<u32> {
    let request =
        GetServiceQuota { service_code: "sagemaker".to_owned(), quota_code: PROFILES.to_owned() };
    match spoke.quotas.get(&request).await {
        Ok(answer) => answer.quota.and_then(|q| q.value).and_then(whole),
        Err(error) => {
            tracing::debug!(%error, "no quota of user profiles");
            None
        }
    }
}

/// The service gives quotas as floating point numbers.
fn whole(value: f64) -> Option<u32> {
    let fits = value.is_finite() && (0.0..=f64::from(u32::MAX)).contains(&value);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the range was checked, and a quota is a whole number"
    )]
    fits.then_some(value as u32)
}

#[cfg(test)]
mod tests {
    use super::whole;

    #[test]
    fn only_numbers_that_fit_are_quotas() {
        assert_eq!(whole(60.0), Some(60));
        assert_eq!(whole(0.0), Some(0));
        assert_eq!(whole(-1.0), None);
        assert_eq!(whole(f64::NAN), None);
        assert_eq!(whole(1e12), None);
    }
}
