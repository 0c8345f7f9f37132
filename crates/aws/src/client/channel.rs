//! One signed, retried exchange with one service, on the SDK's own runtime.
//!
//! Everything a generated client does around a call is put together here once: signing, the identity
//! cache, standard retries with AWS's classifiers, time-outs, connection poisoning, the user agent,
//! the `amz-sdk-*` headers, clock skew correction and the recursion guard of Lambda. Bodies go
//! through as bytes that do not print, so no trace level can show one.

use super::endpoint::{Endpoint, Service, resolve};
use super::error::ApiError;
use crate::failure;
use aws_runtime::auth::SigV4OperationSigningConfig;
use aws_runtime::auth::sigv4::{SCHEME_ID, SigV4AuthScheme};
use aws_runtime::invocation_id::InvocationIdInterceptor;
use aws_runtime::recursion_detection::RecursionDetectionInterceptor;
use aws_runtime::request_info::RequestInfoInterceptor;
use aws_runtime::retries::classifiers::AwsErrorCodeClassifier;
use aws_runtime::service_clock_skew::{ServiceClockSkewClassifier, ServiceClockSkewInterceptor};
use aws_runtime::user_agent::{ApiMetadata, UserAgentInterceptor};
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime::client::retries::classifiers::{
    HttpStatusCodeClassifier, TransientErrorClassifier,
};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::auth::AuthSchemeOptionResolverParams;
use aws_smithy_runtime_api::client::auth::SharedAuthSchemeOptionResolver;
use aws_smithy_runtime_api::client::auth::static_resolver::StaticAuthSchemeOptionResolver;
use aws_smithy_runtime_api::client::orchestrator::{
    HttpRequest, HttpResponse, OrchestratorError, SensitiveOutput,
};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_runtime_api::client::runtime_plugin::{SharedRuntimePlugin, StaticRuntimePlugin};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::Layer;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::SigningName;
use aws_types::region::{Region, SigningRegion};
use aws_types::service_config::ServiceConfigKey;
use control::ports::{Answered, CallError, FailureKind, answered};
use std::fmt;

/// A request that is encoded already. Its body does not print.
pub(crate) struct Encoded {
    pub(crate) content_type: &'static str,
    /// `x-amz-target`, for the JSON protocols.
    pub(crate) target: Option<String>,
    pub(crate) body: String,
    /// For a service whose operations are methods and paths.
    pub(crate) rest: Option<Rest>,
}

/// What a request of S3 has besides its body.
pub(crate) struct Rest {
    pub(crate) method: &'static str,
    /// The path, and the query after a `?`, encoded.
    pub(crate) path: String,
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl fmt::Debug for Encoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoded").field("target", &self.target).finish_non_exhaustive()
    }
}

/// The body of a good answer, which does not print, and by what the service's log names the call.
pub(crate) struct Reply(pub(crate) Vec<u8>, pub(super) Option<String>);

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reply({} bytes)", self.0.len())
    }
}

/// A connection to one service in one Region as one principal. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Channel {
    service: Service,
    endpoint: Result<Endpoint, String>,
    plugin: SharedRuntimePlugin,
    retries: RetryConfig,
    timeouts: TimeoutConfig,
    region: String,
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel")
            .field("service", &self.service)
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

impl Channel {
    /// Takes Region, credentials, endpoint settings, time-outs and retries from `sdk`. A setting
    /// that cannot work shows as the error of every call.
    pub(crate) fn new(service: Service, sdk: &SdkConfig) -> Self {
        let region = sdk.region().map_or_else(String::new, |r| r.as_ref().to_owned());
        let endpoint = if region.is_empty() {
            Err("no AWS Region is set".to_owned())
        } else {
            resolve(
                service,
                &region,
                sdk.use_fips().unwrap_or(false),
                sdk.use_dual_stack().unwrap_or(false),
                custom_endpoint(service, sdk).as_deref(),
            )
        };
        let signing_region = endpoint.as_ref().map_or(region.clone(), |e| e.signing_region.clone());
        Self {
            service,
            endpoint,
            plugin: SharedRuntimePlugin::new(
                StaticRuntimePlugin::new()
                    .with_config(settings(service, &signing_region, sdk).freeze())
                    .with_runtime_components(components(sdk)),
            ),
            retries: sdk.retry_config().cloned().unwrap_or_else(RetryConfig::standard),
            timeouts: sdk.timeout_config().cloned().unwrap_or_else(TimeoutConfig::disabled),
            region,
        }
    }

    /// Where the service is, if the settings make sense.
    pub(crate) fn endpoint(&self) -> Option<&Endpoint> {
        self.endpoint.as_ref().ok()
    }

    /// The name AWS's tools give the service.
    pub(crate) const fn service_name(&self) -> &'static str {
        self.service.signing_name()
    }

    /// Sends the request, as often as the retry settings allow.
    pub(crate) async fn send(
        &self,
        operation: &'static str,
        request: Encoded,
    ) -> Result<Reply, CallError> {
        let service = self.service_name();
        let endpoint = self.endpoint.as_ref().map_err(|message| CallError {
            service,
            operation,
            kind: FailureKind::Rejected,
            aws_code: None,
            message: message.clone(),
        })?;
        let exchange = Operation::builder()
            // The name is also the key of the retry quota, which the SDK keeps by Region.
            .service_name(format!("{}-{}", self.service.id(), self.region))
            .operation_name(operation)
            .endpoint_url(&endpoint.url)
            .timeout_config(self.timeouts.clone())
            .standard_retry(&self.retries)
            .with_connection_poisoning()
            .runtime_plugin(self.plugin.clone())
            .serializer(encode)
            .deserializer(decode)
            .build();
        let reply: Reply = exchange
            .invoke(request)
            .await
            .map_err(|error| failure::call_error(service, operation, &error))?;
        if let Some(request_id) = reply.1.clone().filter(|_| !reads(operation)) {
            answered(Answered { service, operation, request_id });
        }
        Ok(reply)
    }
}

/// Whether an operation changes and gives nothing.
fn reads(operation: &str) -> bool {
    ["Describe", "List", "Get"].iter().any(|word| operation.starts_with(word))
}

fn encode(request: Encoded) -> Result<HttpRequest, BoxError> {
    let rest = request.rest.unwrap_or_else(|| Rest {
        method: "POST",
        path: "/".to_owned(),
        headers: Vec::new(),
    });
    let mut http = http::Request::builder()
        .method(rest.method)
        .uri(rest.path)
        .header("content-type", request.content_type)
        .header("content-length", request.body.len());
    for (name, value) in rest.headers {
        http = http.header(name, value);
    }
    if let Some(target) = request.target {
        http = http.header("x-amz-target", target);
    }
    Ok(HttpRequest::try_from(http.body(SdkBody::from(request.body))?)?)
}

fn decode(response: &HttpResponse) -> Result<Reply, OrchestratorError<ApiError>> {
    let body = response.body().bytes().unwrap_or_default();
    if response.status().is_success() {
        let id = ["x-amzn-requestid", "x-amz-request-id"]
            .into_iter()
            .find_map(|name| response.headers().get(name));
        return Ok(Reply(body.to_vec(), id.map(str::to_owned)));
    }
    let type_header = response.headers().get("x-amzn-errortype");
    let error = ApiError::read(response.status().as_u16(), type_header, body);
    Err(OrchestratorError::operation(error))
}

fn settings(service: Service, signing_region: &str, sdk: &SdkConfig) -> Layer {
    let mut layer = Layer::new("stagedoor");
    layer.store_put(AuthSchemeOptionResolverParams::new(()));
    let mut signing = SigV4OperationSigningConfig::default();
    if service == Service::S3 {
        // Keys are signed as they are sent, and the body's hash is a header.
        signing.signing_options.double_uri_encode = false;
        signing.signing_options.normalize_uri_path = false;
        signing.signing_options.content_sha256_header = true;
    }
    layer.store_put(signing);
    layer.store_put(SigningName::from_static(service.signing_name()));
    layer.store_put(SigningRegion::from(Region::new(signing_region.to_owned())));
    layer.store_put(ApiMetadata::new(service.signing_name(), env!("CARGO_PKG_VERSION")));
    layer.store_put(SensitiveOutput);
    if let Some(name) = sdk.app_name() {
        layer.store_put(name.clone());
    }
    layer
}

fn components(sdk: &SdkConfig) -> RuntimeComponentsBuilder {
    let mut components = RuntimeComponentsBuilder::new("stagedoor");
    components
        .set_auth_scheme_option_resolver(Some(SharedAuthSchemeOptionResolver::new(
            StaticAuthSchemeOptionResolver::new(vec![SCHEME_ID]),
        )))
        .push_auth_scheme(SigV4AuthScheme::new())
        .set_identity_cache(sdk.identity_cache())
        .set_http_client(sdk.http_client())
        .set_sleep_impl(sdk.sleep_impl())
        .set_time_source(sdk.time_source())
        .push_interceptor(ServiceClockSkewInterceptor::new())
        .push_interceptor(RequestInfoInterceptor::new())
        .push_interceptor(UserAgentInterceptor::new())
        .push_interceptor(InvocationIdInterceptor::new())
        .push_interceptor(RecursionDetectionInterceptor::new())
        .push_retry_classifier(HttpStatusCodeClassifier::default())
        .push_retry_classifier(TransientErrorClassifier::<ApiError>::new())
        .push_retry_classifier(AwsErrorCodeClassifier::<ApiError>::new())
        .push_retry_classifier(ServiceClockSkewClassifier::<ApiError>::new());
    if let Some(credentials) = sdk.credentials_provider() {
        components.set_identity_resolver(SCHEME_ID, credentials);
    }
    components
}

/// The endpoint URL that code, the environment or the profile names, most specific first.
fn custom_endpoint(service: Service, sdk: &SdkConfig) -> Option<String> {
    let general = sdk.endpoint_url().map(str::to_owned);
    if sdk.get_origin("endpoint_url").is_client_config() {
        return general;
    }
    let key = ServiceConfigKey::builder()
        .service_id(service.id())
        .env("AWS_ENDPOINT_URL")
        .profile("endpoint_url")
        .build()
        .ok();
    key.and_then(|key| sdk.service_config().and_then(|config| config.load_config(key))).or(general)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_credential_types::provider::error::CredentialsError;
    use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
    use aws_smithy_async::rt::sleep::TokioSleep;
    use aws_smithy_async::time::SharedTimeSource;
    use aws_types::origin::Origin;
    use aws_types::service_config::LoadServiceConfig;

    /// A profile or environment that names an endpoint for `SageMaker` alone.
    #[derive(Debug)]
    struct Named;

    impl LoadServiceConfig for Named {
        fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
            let asked = (key.service_id(), key.env(), key.profile());
            (asked == ("SageMaker", "AWS_ENDPOINT_URL", "endpoint_url"))
                .then(|| "http://sagemaker.example".to_owned())
        }
    }

    /// A credential chain in which nothing is found.
    #[derive(Debug)]
    struct Empty;

    impl ProvideCredentials for Empty {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            future::ProvideCredentials::ready(Err(CredentialsError::not_loaded(
                "no profile is set",
            )))
        }
    }

    fn sdk() -> aws_types::sdk_config::Builder {
        SdkConfig::builder()
            .region(Region::from_static("eu-west-1"))
            .endpoint_url("http://all.example")
            .service_config(Named)
    }

    #[test]
    fn the_most_specific_endpoint_url_wins() {
        let url = |service, sdk: &SdkConfig| {
            Channel::new(service, sdk).endpoint().map(|e| e.url.clone()).unwrap()
        };
        let environment = sdk().build();
        assert_eq!(url(Service::SageMaker, &environment), "http://sagemaker.example");
        assert_eq!(url(Service::Iam, &environment), "http://all.example");
        let mut code = sdk();
        code.insert_origin("endpoint_url", Origin::shared_config());
        assert_eq!(url(Service::SageMaker, &code.build()), "http://all.example");
    }

    async fn refusal(sdk: &SdkConfig) -> CallError {
        let request =
            Encoded { content_type: "text/plain", target: None, body: String::new(), rest: None };
        Channel::new(Service::Iam, sdk).send("GetRole", request).await.unwrap_err()
    }

    #[tokio::test]
    async fn without_credentials_nothing_is_sent() {
        let sdk = sdk()
            .endpoint_url("http://127.0.0.1:9")
            .time_source(SharedTimeSource::default())
            .sleep_impl(TokioSleep::new())
            .credentials_provider(SharedCredentialsProvider::new(Empty))
            .build();
        let error = refusal(&sdk).await;
        assert_eq!(error.kind, FailureKind::Credentials, "{error}");
        assert!(error.message.contains("no profile is set"), "{error}");
    }

    #[tokio::test]
    async fn settings_that_cannot_work_are_told() {
        let error = refusal(&sdk().use_fips(true).build()).await;
        assert_eq!(error.kind, FailureKind::Rejected);
        assert!(error.message.starts_with("FIPS or dual-stack"), "{error}");
        let error = refusal(&SdkConfig::builder().build()).await;
        assert_eq!(error.message, "no AWS Region is set");
    }

    #[test]
    fn bodies_do_not_print() {
        let body = r#"{"Secret":"hunter2"}"#;
        let request =
            Encoded { content_type: "x", target: None, body: body.to_owned(), rest: None };
        assert!(!format!("{request:?}").contains("hunter2"));
        assert_eq!(format!("{:?}", Reply(body.into(), None)), "Reply(20 bytes)");
    }
}
