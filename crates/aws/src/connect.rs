//! Finding AWS: the standard credential chain, or an endpoint given by hand.

use crate::assignments::Assignments;
use crate::checkpoints::{MacKey, S3Checkpoints};
use crate::client::SageMaker;
use crate::client::parameters::ParameterStore;
use crate::client::secrets::SecretsManager;
use crate::dynamodb::DynamoStore;
use crate::failure;
use crate::identity_center::IdentityCenter;
use crate::in_process::{GivenTime, InProcess, Wire};
use crate::pacing::{Manner, Paced, Patience};
use crate::queue::SqsQueue;
use crate::reminders::SqsReminders;
use crate::studio::Studio;
use access::ids::{IdentityStoreId, Region};
use aws_config::BehaviorVersion;
use aws_config::environment::{
    EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider,
};
use aws_config::meta::region::ProvideRegion as _;
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_runtime::env_config::file::EnvConfigFiles;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_async::time::{SharedTimeSource, SystemTimeSource};
use aws_smithy_runtime::client::defaults::default_http_client_plugin_v2;
use aws_smithy_runtime::client::identity::IdentityCache;
use aws_smithy_runtime_api::client::http::{HttpClient as _, SharedHttpClient};
use aws_smithy_runtime_api::client::identity::SharedIdentityCache;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_runtime_api::client::runtime_plugin::RuntimePlugin;
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::os_shim_internal::{Env, Fs};
use control::ports::{CallCounts, CallError, CallMeter, CallerIdentity, Clock};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// How often a call is tried where the environment does not say otherwise. A call that AWS refuses
/// as too many takes [`SIGNED`] each time: all in all it is tried for twelve minutes.
const ATTEMPTS: u32 = 6;

/// How long a first connection may take: two lost packets, as in AWS's own defaults.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(3_100);

/// How long one attempt may take. A long poll of a queue takes 20 seconds by itself.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(40);

/// How long a request may wait after it was signed. AWS refuses signatures of five minutes ago, by
/// its own clock.
const SIGNED: Duration = Duration::from_mins(2);

/// An endpoint given by hand, for a simulator: every service is there, with these credentials.
#[derive(Clone, PartialEq, Eq)]
pub struct Simulator {
    /// Scheme, host and port.
    pub url: String,
    /// The Region requests are signed for where none is named.
    pub region: Region,
    /// Access key id.
    pub access_key_id: String,
    /// Secret access key.
    pub secret_access_key: String,
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator")
            .field("url", &self.url)
            .field("region", &self.region)
            .field("access_key_id", &self.access_key_id)
            .finish_non_exhaustive()
    }
}

/// AWS, as the process's own principal sees it. Cheap to clone; clones share connections,
/// credentials and assumed roles.
#[derive(Debug, Clone)]
pub struct Aws {
    sdk: SdkConfig,
    studio: Studio,
    http: Option<Paced>,
}

impl CallMeter for Aws {
    fn call_counts(&self) -> BTreeMap<String, CallCounts> {
        self.http.as_ref().map(Paced::counts).unwrap_or_default()
    }
}

impl Aws {
    /// Looks for Region, credentials, endpoints and retry settings where every AWS tool does:
    /// environment, profile, SSO login, container, instance. What is missing shows as the error of
    /// the first call that needs it.
    ///
    /// Calls that AWS refuses because there are too many are repeated at the pace that AWS allows,
    /// for minutes. Whoever sets `AWS_MAX_ATTEMPTS` or `max_attempts` gets that number.
    pub async fn connect() -> Self {
        let given = given_attempts().await;
        let manner = if given { Manner::Pace } else { Manner::Insist };
        let http = http_client().map(|http| Paced::over(http, patience(SIGNED, manner)));
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .timeout_config(timeouts())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .identity_cache(identity_cache());
        if let Some(http) = http.clone() {
            loader = loader.http_client(http);
        }
        // The first place to look. Where they are there, as on Lambda, a process need not first set up
        // clients for all the other places.
        let environment = EnvironmentVariableCredentialsProvider::new();
        if environment.provide_credentials().await.is_ok() {
            loader = loader.credentials_provider(environment);
        }
        let environment = EnvironmentVariableRegionProvider::new();
        if environment.region().await.is_some() {
            loader = loader.region(environment);
        }
        let mut sdk = loader.load().await;
        if !given && let Some(retries) = sdk.retry_config().cloned() {
            let retries = retries.with_max_attempts(ATTEMPTS);
            sdk = sdk.into_builder().retry_config(retries).build();
        }
        Self::over(sdk, http)
    }

    /// Uses a simulator and reads nothing from the environment. Retries wait only milliseconds, and
    /// no call is kept back.
    pub fn simulated(simulator: &Simulator) -> Self {
        let retries = RetryConfig::standard()
            .with_max_attempts(ATTEMPTS)
            .with_initial_backoff(Duration::from_millis(10))
            .with_max_backoff(Duration::from_millis(100));
        let http = http_client().map(|http| Paced::over(http, patience(SIGNED, Manner::Count)));
        let mut sdk = by_hand(simulator)
            .time_source(SharedTimeSource::new(SystemTimeSource::new()))
            .timeout_config(timeouts())
            .retry_config(retries);
        sdk.set_http_client(http.clone().map(SharedHttpClient::new));
        Self::over(sdk.build(), http)
    }

    /// Uses `handler` in place of the network and reads nothing from the environment. Signatures go
    /// by `clock`; whatever waits, waits in tokio's time, which may be paused.
    ///
    /// `simulator.url` is only what requests name as their host. The SDK spreads the renewal of
    /// assumed credentials at random, by `fastrand`'s generator of the thread: whoever wants to
    /// replay a run exactly sets it off with `fastrand::seed`.
    pub fn in_process(
        simulator: &Simulator,
        handler: Arc<dyn InProcess>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let wire = SharedHttpClient::new(Wire::new(handler, ATTEMPTS, ATTEMPT_TIMEOUT));
        // The handler's own patience ends an exchange; here that of all its repetitions.
        let patience = Patience {
            exchange: Duration::MAX,
            request: SIGNED * ATTEMPTS,
            manner: Manner::Insist,
        };
        let http = Paced::over(wire, patience);
        let sdk = by_hand(simulator)
            .time_source(SharedTimeSource::new(GivenTime(clock)))
            .timeout_config(TimeoutConfig::disabled())
            .retry_config(RetryConfig::disabled())
            .http_client(http.clone());
        Self::over(sdk.build(), Some(http))
    }

    fn over(sdk: SdkConfig, http: Option<Paced>) -> Self {
        Self { studio: Studio::new(sdk.clone(), http.clone()), sdk, http }
    }

    /// The Region that environment or profile names.
    pub fn region(&self) -> Option<&str> {
        self.sdk.region().map(AsRef::as_ref)
    }

    /// Studio, in whatever account and Region a domain is: `Observe`, `Provision` and `Presign`.
    pub fn studio(&self) -> Studio {
        self.studio.clone()
    }

    /// Identity Center's identity store: `Directory`.
    pub fn identity_center(&self, region: &Region, store: &IdentityStoreId) -> IdentityCenter {
        IdentityCenter::new(&self.in_region(region), store)
    }

    /// Assignments of people and groups to Identity Center applications.
    pub fn assignments(&self, region: &Region) -> Assignments {
        Assignments::new(&self.in_region(region))
    }

    /// The queue of this name in the caller's account: `WakeQueue`.
    pub fn queue(&self, region: &Region, name: &str) -> SqsQueue {
        SqsQueue::new(&self.in_region(region), name)
    }

    /// The store in this table of the caller's account, in the process's own Region.
    pub fn store(&self, table: &str) -> DynamoStore {
        DynamoStore::new(&self.sdk, self.http.as_ref(), table)
    }

    /// The queues with these URLs, in the process's own Region: `Reminders`. What is due goes to
    /// `now`, a FIFO queue, and what must wait to `later`, a standard one.
    pub fn reminders(&self, now: Option<String>, later: Option<String>) -> SqsReminders {
        SqsReminders::new(&self.sdk, now, later)
    }

    /// Secrets Manager where the secret is: an ARN says its Region, a name is looked for in the
    /// process's own Region or else in `region`.
    pub fn secrets(&self, secret_id: &str, region: Option<&Region>) -> SecretsManager {
        SecretsManager::new(&self.where_it_is(secret_id, region))
    }

    /// Parameter Store where the parameter is: found as [`Self::secrets`] finds a secret.
    pub fn parameters(&self, name: &str, region: Option<&Region>) -> ParameterStore {
        ParameterStore::new(&self.where_it_is(name, region))
    }

    /// The KMS key of this id, alias or ARN, for MACs.
    pub fn mac_key(&self, id: &str) -> MacKey {
        MacKey::new(&self.where_it_is(id, None), id)
    }

    /// Checkpoints of the audit log in a bucket of the process's own Region, below a prefix.
    pub fn checkpoints(&self, bucket: &str, prefix: &str) -> S3Checkpoints {
        S3Checkpoints::new(&self.sdk, bucket, prefix)
    }

    fn where_it_is(&self, id: &str, region: Option<&Region>) -> SdkConfig {
        let named = id.strip_prefix("arn:").and_then(|arn| arn.split(':').nth(2));
        match named.and_then(|name| Region::parse(name).ok()) {
            Some(named) => self.in_region(&named),
            None => match region.filter(|_| self.region().is_none()) {
                Some(region) => self.in_region(region),
                None => self.sdk.clone(),
            },
        }
    }

    /// `SageMaker` in the caller's own account, call by call.
    pub fn sagemaker(&self, region: &Region) -> SageMaker {
        SageMaker::new(&self.in_region(region))
    }

    /// Where presigned URLs of a Region lead, as a host source for a Content-Security-Policy.
    pub fn studio_host_source(&self, region: &Region) -> String {
        crate::studio::host_source(region, self.sagemaker(region).endpoint())
    }

    /// What time AWS said it was in its last answer (HTTP `Date`), and how long ago that was. `None`
    /// before the first answer that came within a second.
    pub fn date(&self) -> Option<(String, Duration)> {
        self.http.as_ref().and_then(Paced::date)
    }

    /// Asks STS who makes the calls, for messages.
    pub async fn caller(&self) -> Result<CallerIdentity, CallError> {
        caller(&self.sdk).await
    }

    fn in_region(&self, region: &Region) -> SdkConfig {
        in_region(&self.sdk, region)
    }
}

/// Asks STS whose credentials these settings have.
pub(crate) async fn caller(sdk: &SdkConfig) -> Result<CallerIdentity, CallError> {
    const OPERATION: &str = "GetCallerIdentity";
    let answer = aws_sdk_sts::Client::new(sdk)
        .get_caller_identity()
        .send()
        .await
        .map_err(|e| failure::call_error("sts", OPERATION, &e))?;
    answer.account.zip(answer.arn).map(|(account, arn)| CallerIdentity { account, arn }).ok_or_else(
        || failure::unreadable("sts", OPERATION, "the answer names no account".to_owned()),
    )
}

/// Settings for a simulator, without a way to it.
fn by_hand(simulator: &Simulator) -> aws_types::sdk_config::Builder {
    let credentials = Credentials::new(
        simulator.access_key_id.clone(),
        simulator.secret_access_key.clone(),
        None,
        None,
        "simulator",
    );
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(aws_types::region::Region::new(simulator.region.as_str().to_owned()))
        .endpoint_url(simulator.url.clone())
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .identity_cache(identity_cache())
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
}

/// Keeps credentials until they lapse. The SDK would wait five seconds for new ones, which is too
/// little where STS has to be asked at its own pace.
pub(crate) fn identity_cache() -> SharedIdentityCache {
    IdentityCache::lazy().load_timeout(SIGNED).build()
}

/// The same settings for another Region.
pub(crate) fn in_region(sdk: &SdkConfig, region: &Region) -> SdkConfig {
    sdk.to_builder().region(aws_types::region::Region::new(region.as_str().to_owned())).build()
}

/// Whether the environment or the profile says how often a call may be tried. The SDK's settings
/// do not tell a number that was given from the default.
async fn given_attempts() -> bool {
    let (env, fs) = (Env::real(), Fs::real());
    if env.get("AWS_MAX_ATTEMPTS").is_ok() {
        return true;
    }
    let profile = aws_config::profile::load(&fs, &env, &EnvConfigFiles::default(), None).await;
    profile.is_ok_and(|profile| profile.get("max_attempts").is_some())
}

/// Time-outs of a connection. Those of an attempt are [`Patience`]'s: what a request waits for its
/// turn does not count.
fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).read_timeout(ATTEMPT_TIMEOUT).build()
}

const fn patience(request: Duration, manner: Manner) -> Patience {
    Patience { exchange: ATTEMPT_TIMEOUT, request, manner }
}

/// The SDK's own HTTP client, made once so that all services share its connections: left to
/// itself, every client and every operation makes one of its own.
fn http_client() -> Option<SharedHttpClient> {
    let plugin = default_http_client_plugin_v2(BehaviorVersion::latest())?;
    plugin.runtime_components(&RuntimeComponentsBuilder::new("http")).http_client()
}

/// Reads the certificates of public authorities, for which the first call of the process would wait.
/// The SDK keeps them: a process that has something else to do at its start does this beside it, on a
/// thread of its own.
pub fn read_authorities() {
    if let Some(http) = http_client() {
        // The client looks whether it can be used, and reads them for that. What it could not read shows
        // as the error of the first call.
        let _looked = http.validate_base_client_config(
            &RuntimeComponentsBuilder::new("http"),
            &ConfigBag::base(),
        );
    }
}
