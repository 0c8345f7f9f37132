//! The handle to a table, and the table itself: made, and checked before it is used.

use super::audit::Appends;
use super::claims::Holds;
use super::failure::{failed, unusable};
use super::keys::{AT, INDEX, LOOKUP, PK, SK, TTL};
use super::reads::Reads;
use super::schema;
use super::stamp::Stamps;
use super::work::{Backlog, Leased};
use crate::pacing::Paced;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType, TableDescription, TableStatus, TimeToLiveSpecification,
};
use aws_smithy_runtime::client::retries::{RetryPartition, TokenBucket};
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use control::ports::StoreError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// How long one exchange may take. `DynamoDB` answers in milliseconds; a scan's page in less than
/// one second.
const EXCHANGE: Duration = Duration::from_secs(5);

/// The longest pause between two tries of a call. Somebody may be waiting to sign in.
const LONGEST_BACKOFF: Duration = Duration::from_secs(1);

/// Tokens that the SDK may spend on repeating calls, a second; one costs five or ten.
const RETRIES_A_SECOND: f32 = 50.0;

/// How often it is asked whether a new table is there.
const LOOK: Duration = Duration::from_millis(500);

/// How many times. A table takes some seconds.
const LOOKS: u32 = 240;

const PREPARE: &str = "prepare the table";
const CREATE: &str = "make the table";

/// A store in one table. Clones share the client; several processes may use one table.
#[derive(Clone)]
pub struct DynamoStore {
    pub(super) client: Client,
    pub(super) table: Arc<str>,
    pub(super) backlog: Arc<Backlog>,
    /// The order of what this handle appends.
    pub(super) stamps: Arc<Stamps>,
    /// What waits to be appended to the audit log.
    pub(super) appends: Arc<Appends>,
    /// What waits to be read.
    pub(super) reads: Arc<Reads>,
    /// The work that this process took, as it wrote it.
    pub(super) leased: Arc<Leased>,
    /// The people whom passes of this process have, as it wrote that.
    pub(super) holds: Arc<Holds>,
}

impl fmt::Debug for DynamoStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynamoStore").field("table", &self.table).finish_non_exhaustive()
    }
}

impl DynamoStore {
    /// The SDK repeats what was throttled, unreachable or failed on AWS's side, as often as
    /// `AWS_MAX_ATTEMPTS` says, with short pauses.
    pub(crate) fn new(sdk: &SdkConfig, http: Option<&Paced>, table: &str) -> Self {
        let given = sdk.retry_config().cloned().unwrap_or_else(RetryConfig::standard);
        let backoff = given.max_backoff().min(LONGEST_BACKOFF);
        // The rest stays as it is for all: other time-outs would be another pool of connections, with
        // trusted roots of its own.
        let timeouts =
            sdk.timeout_config().map_or_else(TimeoutConfig::builder, TimeoutConfig::to_builder);
        let timeouts = timeouts.operation_attempt_timeout(EXCHANGE).build();
        let mut config = aws_sdk_dynamodb::config::Builder::from(sdk)
            .retry_config(given.with_max_backoff(backoff))
            .retry_partition(retries())
            .timeout_config(timeouts);
        if let Some(http) = http {
            config = config.http_client(http.at_once(EXCHANGE));
        }
        Self {
            client: Client::from_conf(config.build()),
            table: table.into(),
            backlog: Arc::default(),
            stamps: Arc::default(),
            appends: Arc::default(),
            reads: Arc::default(),
            leased: Arc::default(),
            holds: Arc::default(),
        }
    }

    /// The table's name.
    pub fn table(&self) -> &str {
        &self.table
    }

    /// Makes sure that the table is there and has the right keys, and brings its schema up to date.
    ///
    /// # Errors
    /// There is no such table, its keys are other ones, or it was written by a newer Stagedoor;
    /// then nothing of it is changed.
    pub async fn prepare(&self) -> Result<(), StoreError> {
        // Whoever wrote the version has looked at the table; it keeps its keys for life.
        if let Ok(Some(schema::KNOWN)) = schema::version(self).await {
            return Ok(());
        }
        self.check().await?;
        schema::migrate(self, schema::STEPS).await
    }

    /// Which version the table's schema has, and which one this program knows. `None`: the table
    /// was never used.
    pub async fn schema_version(&self) -> Result<(Option<u32>, u32), StoreError> {
        Ok((schema::version(self).await?, schema::KNOWN))
    }

    /// Makes the table, billed on demand, and waits until it is there. The template of a real
    /// installation adds its encryption key and point-in-time recovery.
    ///
    /// # Errors
    /// There is such a table already, or it cannot be made.
    pub async fn create_table(&self) -> Result<(), StoreError> {
        let wrong = |error: BuildError| unusable(CREATE, error.to_string());
        let attribute = |name, kind| {
            AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build()
        };
        let key =
            |name, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
        let index = GlobalSecondaryIndex::builder()
            .index_name(INDEX)
            .key_schema(key(LOOKUP, KeyType::Hash).map_err(wrong)?)
            .key_schema(key(AT, KeyType::Range).map_err(wrong)?)
            .projection(Projection::builder().projection_type(ProjectionType::All).build())
            .build()
            .map_err(wrong)?;
        self.client
            .create_table()
            .table_name(&*self.table)
            .billing_mode(BillingMode::PayPerRequest)
            .attribute_definitions(attribute(PK, ScalarAttributeType::S).map_err(wrong)?)
            .attribute_definitions(attribute(SK, ScalarAttributeType::S).map_err(wrong)?)
            .attribute_definitions(attribute(LOOKUP, ScalarAttributeType::S).map_err(wrong)?)
            .attribute_definitions(attribute(AT, ScalarAttributeType::N).map_err(wrong)?)
            .key_schema(key(PK, KeyType::Hash).map_err(wrong)?)
            .key_schema(key(SK, KeyType::Range).map_err(wrong)?)
            .global_secondary_indexes(index)
            .send()
            .await
            .map_err(|error| failed(&self.table, CREATE, "CreateTable", &error))?;
        self.active().await?;
        let ttl = TimeToLiveSpecification::builder().attribute_name(TTL).enabled(true).build();
        self.client
            .update_time_to_live()
            .table_name(&*self.table)
            .time_to_live_specification(ttl.map_err(wrong)?)
            .send()
            .await
            .map_err(|error| failed(&self.table, CREATE, "UpdateTimeToLive", &error))?;
        Ok(())
    }

    async fn active(&self) -> Result<(), StoreError> {
        for _ in 0..LOOKS {
            if self.describe(CREATE).await?.table_status == Some(TableStatus::Active) {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
        let message = format!("the table `{}` was asked for and is not there yet", self.table);
        Err(unusable(CREATE, message))
    }

    pub(super) async fn describe(
        &self,
        operation: &'static str,
    ) -> Result<TableDescription, StoreError> {
        let answer = self
            .client
            .describe_table()
            .table_name(&*self.table)
            .send()
            .await
            .map_err(|error| failed(&self.table, operation, "DescribeTable", &error))?;
        answer.table.ok_or_else(|| {
            unusable(operation, format!("nothing is said about the table `{}`", self.table))
        })
    }

    /// Whether the table can be used.
    async fn check(&self) -> Result<(), StoreError> {
        let described = self.describe(PREPARE).await?;
        let table = &self.table;
        if matches!(described.table_status, Some(TableStatus::Creating | TableStatus::Deleting)) {
            let message = format!("the table `{table}` is being made or deleted; try again later");
            return Err(unusable(PREPARE, message));
        }
        if keys(described.key_schema()) != [(PK, KeyType::Hash), (SK, KeyType::Range)] {
            let message = format!(
                "the table `{table}` has other keys than `{PK}` and `{SK}`; name another table, or \
                 make one with the hub's template"
            );
            return Err(unusable(PREPARE, message));
        }
        let index = described.global_secondary_indexes();
        let index = index.iter().find(|index| index.index_name.as_deref() == Some(INDEX));
        let expected = [(LOOKUP, KeyType::Hash), (AT, KeyType::Range)];
        if index.is_none_or(|index| keys(index.key_schema()) != expected) {
            let message = format!(
                "the table `{table}` has no index `{INDEX}` on `{LOOKUP}` and `{AT}`; bring the hub's \
                 template up to date"
            );
            return Err(unusable(PREPARE, message));
        }
        Ok(())
    }
}

/// What may be spent on repeating calls. Left to itself, the SDK gives nothing back while calls fail:
/// after an outage of some seconds it would repeat nothing for long.
fn retries() -> RetryPartition {
    let bucket = TokenBucket::builder().success_reward(1.0).refill_rate(RETRIES_A_SECOND);
    RetryPartition::custom("stagedoor-store").token_bucket(bucket.build()).build()
}

fn keys(schema: &[KeySchemaElement]) -> Vec<(&str, KeyType)> {
    schema.iter().map(|key| (key.attribute_name(), key.key_type().clone())).collect()
}
