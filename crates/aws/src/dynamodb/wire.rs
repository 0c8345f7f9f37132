//! The calls that the ports are made of.

use super::DynamoStore;
use super::failure::{contended, failed, unbuildable, unusable};
use super::item::Item;
use super::keys::{AT, INDEX, Key, LOOKUP, PK, SK, VERSION};
use crate::backoff::backoff;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, DeleteRequest, Put, PutRequest, ReturnValue,
    ReturnValuesOnConditionCheckFailure, Select, TransactWriteItem, Update, WriteRequest,
};
use control::ports::StoreError;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use std::collections::{BTreeMap, BTreeSet};

/// The most items that one `TransactWriteItems` takes.
pub(crate) const TRANSACTION: usize = 100;

/// The most items that one `BatchWriteItem` takes.
const BATCH_WRITE: usize = 25;

/// How many calls one operation has under way.
pub(crate) const AT_ONCE: usize = 16;

/// How often what a batch left undone is asked for again.
const BATCH_TRIES: u32 = 12;

/// What an item must have been before it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Over {
    /// Nothing.
    Nothing,
    /// An item, whichever.
    Something,
    /// The item with this version.
    Version(u64),
    /// The item with this number under this name.
    Number(&'static str, i64),
    /// Whatever.
    Anything,
}

impl Over {
    /// This one.
    pub(crate) fn of(item: &Item) -> Self {
        item.version().map_or(Self::Anything, Self::Version)
    }

    fn condition(self) -> Option<&'static str> {
        match self {
            Self::Nothing => Some("attribute_not_exists(#n)"),
            Self::Something => Some("attribute_exists(#n)"),
            Self::Version(_) | Self::Number(..) => Some("#n = :v"),
            Self::Anything => None,
        }
    }

    fn names(self) -> Option<BTreeMap<String, String>> {
        let name = match self {
            Self::Nothing | Self::Something => PK,
            Self::Version(_) => VERSION,
            Self::Number(name, _) => name,
            Self::Anything => return None,
        };
        Some(BTreeMap::from([("#n".to_owned(), name.to_owned())]))
    }

    fn values(self) -> Option<BTreeMap<String, AttributeValue>> {
        let number = match self {
            Self::Version(version) => version.to_string(),
            Self::Number(_, number) => number.to_string(),
            Self::Nothing | Self::Something | Self::Anything => return None,
        };
        Some(BTreeMap::from([(":v".to_owned(), AttributeValue::N(number))]))
    }
}

/// Whether a conditional write was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    /// It was.
    Done,
    /// The item was something else by then.
    Lost,
}

/// One write of several that are made together or not at all.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Step {
    /// Writes the item, with a version of its own.
    Put(Item, Over),
    /// Writes the item with the version that it was given ([`Item::with_new_version`]).
    PutAs(Item, Over),
    /// Removes it.
    Delete(Key, Over),
    /// Adds texts to a set of the item, which is made if it is missing.
    AddTexts(Key, &'static str, BTreeSet<String>),
    /// Adds to a number of the item, which is made if it is missing.
    Count(Key, &'static str, i64),
    /// Only makes sure that the item is still so.
    Check(Key, Over),
}

/// Which items of a partition, in the order of their sort keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Query {
    pub(crate) partition: String,
    pub(crate) sort: Sort,
    /// Last first.
    pub(crate) backwards: bool,
    pub(crate) most: Option<u32>,
}

/// Which sort keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sort {
    All,
    /// Those that begin so.
    Prefix(String),
    /// Those before this one.
    Below(String),
    /// Those after this one.
    Above(String),
    /// In the index: up to this number.
    UpTo(i64),
    /// In the index, whatever the number. What it says may be late.
    Index,
}

impl Query {
    /// All items of a partition.
    pub(crate) fn all(partition: impl Into<String>) -> Self {
        Self { partition: partition.into(), sort: Sort::All, backwards: false, most: None }
    }

    /// Items of a partition of the index.
    pub(crate) fn index(partition: impl Into<String>, sort: Sort) -> Self {
        Self { sort, ..Self::all(partition) }
    }

    const fn is_index(&self) -> bool {
        matches!(self.sort, Sort::UpTo(_) | Sort::Index)
    }

    fn condition(&self) -> &'static str {
        match self.sort {
            Sort::All | Sort::Index => "#p = :p",
            Sort::Prefix(_) => "#p = :p AND begins_with(#s, :s)",
            Sort::Below(_) => "#p = :p AND #s < :s",
            Sort::Above(_) => "#p = :p AND #s > :s",
            Sort::UpTo(_) => "#p = :p AND #s <= :s",
        }
    }
}

impl DynamoStore {
    /// The items that the query names: those of the table strongly consistent.
    pub(crate) async fn query(
        &self,
        operation: &'static str,
        query: Query,
    ) -> Result<Vec<Item>, StoreError> {
        let (mut found, mut start) = (Vec::new(), None);
        loop {
            let left = query.most.map(|most| {
                i32::try_from(most).unwrap_or(i32::MAX).saturating_sub(length(found.len()))
            });
            if left.is_some_and(|left| left <= 0) {
                return Ok(found);
            }
            let answer = self
                .asked(&query)
                .set_limit(left)
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(|error| failed(&self.table, operation, "Query", &error))?;
            found.extend(answer.items.unwrap_or_default().into_iter().map(Item::from_wire));
            start = answer.last_evaluated_key;
            if start.is_none() {
                return Ok(found);
            }
        }
    }

    /// How many items the query names. Costs as much as reading them.
    pub(crate) async fn count(
        &self,
        operation: &'static str,
        query: &Query,
    ) -> Result<u64, StoreError> {
        let (mut count, mut start) = (0, None);
        loop {
            let answer = self
                .asked(query)
                .select(Select::Count)
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(|error| failed(&self.table, operation, "Query", &error))?;
            count += u64::try_from(answer.count).unwrap_or(0);
            start = answer.last_evaluated_key;
            if start.is_none() {
                return Ok(count);
            }
        }
    }

    /// The sort key of the last of the first so many items that the query names; `None`: there are no
    /// more than that. Costs as much as reading them, and holds none.
    pub(crate) async fn pass_over(
        &self,
        operation: &'static str,
        query: &Query,
        count: u64,
    ) -> Result<Option<String>, StoreError> {
        let (mut left, mut start) = (count, None);
        loop {
            let answer = self
                .asked(query)
                .select(Select::Count)
                .limit(i32::try_from(left).unwrap_or(i32::MAX))
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(|error| failed(&self.table, operation, "Query", &error))?;
            left = left.saturating_sub(u64::try_from(answer.count).unwrap_or(0));
            let Some(last) = answer.last_evaluated_key else { return Ok(None) };
            if left == 0 {
                return Ok(Key::of(&Item::from_wire(last)).map(|key| key.sk));
            }
            start = Some(last);
        }
    }

    fn asked(
        &self,
        query: &Query,
    ) -> aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder {
        let (partition, sort) = if query.is_index() { (LOOKUP, AT) } else { (PK, SK) };
        let mut asked = self
            .client
            .query()
            .table_name(&*self.table)
            .key_condition_expression(query.condition())
            .expression_attribute_names("#p", partition)
            .expression_attribute_values(":p", AttributeValue::S(query.partition.clone()))
            .scan_index_forward(!query.backwards);
        asked =
            if query.is_index() { asked.index_name(INDEX) } else { asked.consistent_read(true) };
        let value = match &query.sort {
            Sort::All | Sort::Index => return asked,
            Sort::Prefix(text) | Sort::Below(text) | Sort::Above(text) => {
                AttributeValue::S(text.clone())
            }
            Sort::UpTo(number) => AttributeValue::N(number.to_string()),
        };
        asked.expression_attribute_names("#s", sort).expression_attribute_values(":s", value)
    }

    /// Writes an item with a new version, on condition.
    pub(crate) async fn put(
        &self,
        operation: &'static str,
        item: Item,
        over: Over,
    ) -> Result<Written, StoreError> {
        self.put_as(operation, item.with_new_version(), over).await
    }

    async fn put_as(
        &self,
        operation: &'static str,
        item: Item,
        over: Over,
    ) -> Result<Written, StoreError> {
        let version = item.version();
        let put = self
            .client
            .put_item()
            .table_name(&*self.table)
            .set_item(Some(item.into_wire()))
            .set_condition_expression(over.condition().map(str::to_owned))
            .set_expression_attribute_names(over.names().map(|names| names.into_iter().collect()))
            .set_expression_attribute_values(over.values().map(|v| v.into_iter().collect()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let Err(error) = put else { return Ok(Written::Done) };
        match error.as_service_error() {
            // The answer to a first try that did write was lost.
            Some(PutItemError::ConditionalCheckFailedException(met)) => {
                let found = met.item().cloned().map(Item::from_wire);
                let is_mine =
                    found.is_some_and(|item| version.is_some() && item.version() == version);
                Ok(if is_mine { Written::Done } else { Written::Lost })
            }
            Some(PutItemError::TransactionConflictException(_)) => Ok(Written::Lost),
            _ => Err(failed(&self.table, operation, "PutItem", &error)),
        }
    }

    /// Removes an item, on condition.
    pub(crate) async fn delete(
        &self,
        operation: &'static str,
        key: &Key,
        over: Over,
    ) -> Result<Written, StoreError> {
        let deleted = self
            .client
            .delete_item()
            .table_name(&*self.table)
            .set_key(Some(key.attributes().into()))
            .set_condition_expression(over.condition().map(str::to_owned))
            .set_expression_attribute_names(over.names().map(|names| names.into_iter().collect()))
            .set_expression_attribute_values(over.values().map(|v| v.into_iter().collect()))
            .send()
            .await;
        let Err(error) = deleted else { return Ok(Written::Done) };
        match error.as_service_error() {
            Some(
                DeleteItemError::ConditionalCheckFailedException(_)
                | DeleteItemError::TransactionConflictException(_),
            ) => Ok(Written::Lost),
            _ => Err(failed(&self.table, operation, "DeleteItem", &error)),
        }
    }

    /// Removes an item and says what it was, in one atomic step.
    pub(crate) async fn remove(
        &self,
        operation: &'static str,
        key: &Key,
    ) -> Result<Option<Item>, StoreError> {
        let answer = self
            .client
            .delete_item()
            .table_name(&*self.table)
            .set_key(Some(key.attributes().into()))
            .return_values(ReturnValue::AllOld)
            .send()
            .await
            .map_err(|error| failed(&self.table, operation, "DeleteItem", &error))?;
        Ok(answer.attributes.map(Item::from_wire))
    }

    /// Adds to a number of an item, which is made if it is missing, and says what it is then.
    pub(crate) async fn add(
        &self,
        operation: &'static str,
        key: &Key,
        name: &'static str,
        by: i64,
    ) -> Result<Item, StoreError> {
        let answer = self
            .client
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(key.attributes().into()))
            .update_expression("ADD #n :by")
            .expression_attribute_names("#n", name)
            .expression_attribute_values(":by", AttributeValue::N(by.to_string()))
            .return_values(ReturnValue::AllNew)
            .send()
            .await
            .map_err(|error| failed(&self.table, operation, "UpdateItem", &error))?;
        Ok(Item::from_wire(answer.attributes.unwrap_or_default()))
    }

    /// Makes all steps or none. Not more than [`TRANSACTION`], each for another item.
    pub(crate) async fn transact(
        &self,
        operation: &'static str,
        steps: &[Step],
    ) -> Result<Written, StoreError> {
        match steps {
            [] => return Ok(Written::Done),
            [Step::Put(item, over)] => return self.put(operation, item.clone(), *over).await,
            [Step::PutAs(item, over)] => return self.put_as(operation, item.clone(), *over).await,
            [Step::Delete(key, over)] => return self.delete(operation, key, *over).await,
            _ => {}
        }
        let steps: Vec<TransactWriteItem> = steps
            .iter()
            .map(|step| wire_step(&self.table, step))
            .collect::<Result<_, BuildError>>()
            .map_err(|error| unbuildable(operation, &error))?;
        let sent = self.client.transact_write_items().set_transact_items(Some(steps)).send().await;
        let Err(error) = sent else { return Ok(Written::Done) };
        match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                let codes: BTreeSet<&str> = cancelled
                    .cancellation_reasons()
                    .iter()
                    .filter_map(|reason| reason.code())
                    .collect();
                if codes.iter().all(|code| PASSING.contains(code)) {
                    return Ok(Written::Lost);
                }
                let codes: Vec<&str> = codes.into_iter().filter(|code| *code != "None").collect();
                let message = cancelled.message().unwrap_or_default();
                let message = format!(
                    "DynamoDB cancelled a transaction on the table `{}` for {}: {message}",
                    self.table,
                    codes.join(", ")
                );
                Err(unusable(operation, message))
            }
            Some(TransactWriteItemsError::TransactionInProgressException(_)) => Ok(Written::Lost),
            _ => Err(failed(&self.table, operation, "TransactWriteItems", &error)),
        }
    }

    /// Writes and removes items, whatever they were before, in any order.
    pub(crate) async fn write_all(
        &self,
        operation: &'static str,
        puts: Vec<Item>,
        deletes: Vec<Key>,
    ) -> Result<(), StoreError> {
        let mut requests = Vec::with_capacity(puts.len() + deletes.len());
        for item in puts {
            let put = PutRequest::builder().set_item(Some(item.into_wire())).build();
            let put = put.map_err(|error| unbuildable(operation, &error))?;
            requests.push(WriteRequest::builder().put_request(put).build());
        }
        for key in deletes {
            let delete = DeleteRequest::builder().set_key(Some(key.attributes().into())).build();
            let delete = delete.map_err(|error| unbuildable(operation, &error))?;
            requests.push(WriteRequest::builder().delete_request(delete).build());
        }
        let chunks: Vec<Vec<WriteRequest>> =
            requests.chunks(BATCH_WRITE).map(<[WriteRequest]>::to_vec).collect();
        stream::iter(chunks)
            .map(|chunk| self.write_chunk(operation, chunk))
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await
    }

    async fn write_chunk(
        &self,
        operation: &'static str,
        mut left: Vec<WriteRequest>,
    ) -> Result<(), StoreError> {
        for tried in 0..BATCH_TRIES {
            let answer = self
                .client
                .batch_write_item()
                .request_items(&*self.table, left)
                .send()
                .await
                .map_err(|error| failed(&self.table, operation, "BatchWriteItem", &error))?;
            let mut unprocessed = answer.unprocessed_items.unwrap_or_default();
            left = unprocessed.remove(&*self.table).unwrap_or_default();
            if left.is_empty() {
                return Ok(());
            }
            backoff(tried).await;
        }
        Err(contended(&self.table, operation, "it is throttled"))
    }
}

/// Reasons for which a transaction is cancelled that may be gone the next time.
const PASSING: [&str; 5] = [
    "None",
    "ConditionalCheckFailed",
    "TransactionConflict",
    "ThrottlingError",
    "ProvisionedThroughputExceeded",
];

fn wire_step(table: &str, step: &Step) -> Result<TransactWriteItem, BuildError> {
    let item = TransactWriteItem::builder();
    Ok(match step {
        Step::Put(put, over) | Step::PutAs(put, over) => {
            let put = match step {
                Step::PutAs(..) => put.clone(),
                _ => put.clone().with_new_version(),
            };
            let put = Put::builder()
                .table_name(table)
                .set_item(Some(put.into_wire()))
                .set_condition_expression(over.condition().map(str::to_owned))
                .set_expression_attribute_names(over.names().map(|n| n.into_iter().collect()))
                .set_expression_attribute_values(over.values().map(|v| v.into_iter().collect()));
            item.put(put.build()?)
        }
        Step::Delete(key, over) => {
            let delete = Delete::builder()
                .table_name(table)
                .set_key(Some(key.attributes().into()))
                .set_condition_expression(over.condition().map(str::to_owned))
                .set_expression_attribute_names(over.names().map(|n| n.into_iter().collect()))
                .set_expression_attribute_values(over.values().map(|v| v.into_iter().collect()));
            item.delete(delete.build()?)
        }
        Step::Check(key, over) => {
            let check = ConditionCheck::builder()
                .table_name(table)
                .set_key(Some(key.attributes().into()))
                .set_condition_expression(over.condition().map(str::to_owned))
                .set_expression_attribute_names(over.names().map(|n| n.into_iter().collect()))
                .set_expression_attribute_values(over.values().map(|v| v.into_iter().collect()));
            item.condition_check(check.build()?)
        }
        Step::AddTexts(key, name, texts) => {
            let texts = AttributeValue::Ss(texts.iter().cloned().collect());
            item.update(addition(table, key, name, texts)?)
        }
        Step::Count(key, name, by) => {
            item.update(addition(table, key, name, AttributeValue::N(by.to_string()))?)
        }
    }
    .build())
}

fn addition(
    table: &str,
    key: &Key,
    name: &str,
    value: AttributeValue,
) -> Result<Update, BuildError> {
    Update::builder()
        .table_name(table)
        .set_key(Some(key.attributes().into()))
        .update_expression("ADD #n :by")
        .expression_attribute_names("#n", name)
        .expression_attribute_values(":by", value)
        .build()
}

fn length(length: usize) -> i32 {
    i32::try_from(length).unwrap_or(i32::MAX)
}
