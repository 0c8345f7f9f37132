//! Links into Studio.

use super::{SERVICE, Studio, required};
use crate::client::endpoint::{Endpoint, studio_suffix};
use crate::client::sagemaker::CreatePresignedDomainUrl;
use crate::failure::unreadable;
use access::ids::Region;
use async_trait::async_trait;
use control::ports::{CallError, DomainTarget, Presign, PresignRequest, PresignedUrl};
use url::Url;

const OPERATION: &str = "CreatePresignedDomainUrl";

#[async_trait]
impl Presign for Studio {
    async fn presign(
        &self,
        domain: &DomainTarget,
        request: &PresignRequest,
    ) -> Result<PresignedUrl, CallError> {
        let client = self.spokes.on_behalf_of(domain, &request.person);
        let answer = client
            .call(&CreatePresignedDomainUrl {
                domain_id: domain.domain_id.as_str().to_owned(),
                user_profile_name: request.profile.as_str().to_owned(),
                session_expiration_duration_in_seconds: Some(request.session_seconds),
                expires_in_seconds: Some(request.expires_seconds),
                space_name: request.space.as_ref().map(|space| space.as_str().to_owned()),
                landing_uri: request.landing.as_ref().map(|uri| uri.as_str().to_owned()),
            })
            .await?;
        let url = required(OPERATION, "AuthorizedUrl", answer.authorized_url)?;
        if leads_into_studio(&url, &domain.region, client.endpoint()) {
            Ok(PresignedUrl::new(url))
        } else {
            // The link is a secret even when it is wrong.
            let message = "the link does not lead to a Studio host of the domain's Region";
            Err(unreadable(SERVICE, OPERATION, message.to_owned()))
        }
    }
}

/// Where links lead, as a host source for a Content-Security-Policy: the Studio hosts of the Region,
/// or the endpoint that configuration names.
pub(crate) fn host_source(region: &Region, endpoint: Option<&Endpoint>) -> String {
    endpoint.filter(|e| e.overridden).and_then(|e| Url::parse(&e.url).ok()).map_or_else(
        || format!("https://*{}", studio_suffix(region.as_str())),
        |url| url.origin().ascii_serialization(),
    )
}

/// Whether a browser may be sent there: to a Studio host of the Region over TLS; or, only where
/// configuration names `SageMaker`'s endpoint, to that endpoint.
fn leads_into_studio(url: &str, region: &Region, endpoint: Option<&Endpoint>) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    let plain = url.username().is_empty() && url.password().is_none();
    let host = url.host_str().unwrap_or_default();
    let in_studio = url.scheme() == "https"
        && url.port().is_none()
        && host
            .strip_suffix(&studio_suffix(region.as_str()))
            .is_some_and(|label| !label.is_empty() && !label.contains('.'));
    let at_override = endpoint
        .filter(|e| e.overridden)
        .and_then(|e| Url::parse(&e.url).ok())
        .is_some_and(|e| e.origin().is_tuple() && e.origin() == url.origin());
    plain && (in_studio || at_override)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leads(url: &str, region: &str, custom: Option<&str>) -> bool {
        let endpoint = Endpoint {
            url: custom.unwrap_or("https://api.sagemaker.eu-west-1.amazonaws.com").to_owned(),
            signing_region: region.to_owned(),
            overridden: custom.is_some(),
        };
        leads_into_studio(url, &Region::parse(region).unwrap(), Some(&endpoint))
    }

    #[test]
    fn only_studio_hosts_of_the_region_over_tls_pass() {
        assert!(leads(
            "https://d-abc.studio.eu-west-1.sagemaker.aws/auth?token=x",
            "eu-west-1",
            None
        ));
        assert!(leads("https://d-abc.studio.cn-north-1.sagemaker.com.cn/auth", "cn-north-1", None));
        for bad in [
            "http://d-abc.studio.eu-west-1.sagemaker.aws/auth",
            "https://d-abc.studio.us-east-1.sagemaker.aws/auth",
            "https://studio.eu-west-1.sagemaker.aws/auth",
            "https://.studio.eu-west-1.sagemaker.aws/auth",
            "https://a.b.studio.eu-west-1.sagemaker.aws/auth",
            "https://d-abc.studio.eu-west-1.sagemaker.aws.evil.example/auth",
            "https://d-abc.studio.eu-west-1.sagemaker.aws:8443/auth",
            "https://evil@d-abc.studio.eu-west-1.sagemaker.aws/auth",
            "https://evil.example/d-abc.studio.eu-west-1.sagemaker.aws",
            "https://evil.example#.studio.eu-west-1.sagemaker.aws",
            "javascript:alert(1)//.studio.eu-west-1.sagemaker.aws",
            "/auth",
            "",
        ] {
            assert!(!leads(bad, "eu-west-1", None), "{bad}");
        }
    }

    #[test]
    fn the_endpoints_own_origin_passes_only_where_it_was_overridden() {
        let custom = Some("http://127.0.0.1:4566");
        assert!(leads("http://127.0.0.1:4566/studio/auth?token=x", "eu-west-1", custom));
        assert!(leads("https://d-abc.studio.eu-west-1.sagemaker.aws/auth", "eu-west-1", custom));
        assert!(!leads("http://127.0.0.1:4567/studio/auth", "eu-west-1", custom));
        assert!(!leads("https://127.0.0.1:4566/studio/auth", "eu-west-1", custom));
        assert!(!leads("http://x@127.0.0.1:4566/studio/auth", "eu-west-1", custom));
        assert!(!leads("https://api.sagemaker.eu-west-1.amazonaws.com/auth", "eu-west-1", None));
    }
}
