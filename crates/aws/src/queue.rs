//! The queue that EventBridge fills, in SQS.

use crate::failure::{self, unreadable};
use async_trait::async_trait;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;
use aws_types::SdkConfig;
use control::ports::{CallError, Delivery, WakeQueue};
use std::fmt;
use tokio::sync::OnceCell;

const SERVICE: &str = "sqs";

/// The most messages one call can fetch.
const BATCH: i32 = 10;

/// A queue of the caller's account, by name.
pub struct SqsQueue {
    client: Client,
    name: String,
    url: OnceCell<String>,
}

impl fmt::Debug for SqsQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqsQueue").field("name", &self.name).finish_non_exhaustive()
    }
}

impl SqsQueue {
    pub(crate) fn new(sdk: &SdkConfig, name: &str) -> Self {
        Self { client: Client::new(sdk), name: name.to_owned(), url: OnceCell::new() }
    }

    /// Makes sure that there is a queue of this name.
    pub async fn find(&self) -> Result<(), CallError> {
        self.url().await.map(|_| ())
    }

    /// Who may do what with the queue: its policy as JSON text, if it has one.
    pub async fn policy(&self) -> Result<Option<String>, CallError> {
        let answer = self
            .client
            .get_queue_attributes()
            .queue_url(self.url().await?)
            .attribute_names(QueueAttributeName::Policy)
            .send()
            .await
            .map_err(|e| failure::call_error(SERVICE, "GetQueueAttributes", &e))?;
        let attributes = answer.attributes.unwrap_or_default();
        Ok(attributes.get(&QueueAttributeName::Policy).cloned())
    }

    /// The queue's URL, asked for once.
    async fn url(&self) -> Result<&String, CallError> {
        const OPERATION: &str = "GetQueueUrl";
        self.url
            .get_or_try_init(|| async {
                let answer = self
                    .client
                    .get_queue_url()
                    .queue_name(&self.name)
                    .send()
                    .await
                    .map_err(|e| failure::call_error(SERVICE, OPERATION, &e))?;
                answer.queue_url.ok_or_else(|| {
                    unreadable(SERVICE, OPERATION, "the answer names no URL".to_owned())
                })
            })
            .await
    }
}

#[async_trait]
impl WakeQueue for SqsQueue {
    async fn receive(&self, wait_seconds: u32) -> Result<Vec<Delivery>, CallError> {
        let wait = i32::try_from(wait_seconds.min(20)).unwrap_or(20);
        let answer = self
            .client
            .receive_message()
            .queue_url(self.url().await?)
            .max_number_of_messages(BATCH)
            .wait_time_seconds(wait)
            .send()
            .await
            .map_err(|e| failure::call_error(SERVICE, "ReceiveMessage", &e))?;
        let messages = answer.messages.unwrap_or_default().into_iter();
        // A message without a receipt could never be acknowledged; the service does not send any.
        Ok(messages
            .filter_map(|m| {
                let receipt = m.receipt_handle?;
                Some(Delivery { body: m.body.unwrap_or_default(), receipt })
            })
            .collect())
    }

    async fn done(&self, delivery: &Delivery) -> Result<(), CallError> {
        self.client
            .delete_message()
            .queue_url(self.url().await?)
            .receipt_handle(&delivery.receipt)
            .send()
            .await
            .map_err(|e| failure::call_error(SERVICE, "DeleteMessage", &e))?;
        Ok(())
    }
}
