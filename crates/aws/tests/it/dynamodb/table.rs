//! The table itself.

use super::{TABLE, fresh_table, handle, named};
use access::ids::PersonId;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType,
    ScalarAttributeType,
};
use control::ports::{Claims as _, SessionId, Sessions as _};
use store_contract::micros;

pub(super) fn client(endpoint: &str) -> Client {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .region(Region::new("eu-west-1"))
        .credentials_provider(Credentials::new("AKIATEST", "secret", None, None, "test"))
        .build();
    Client::from_conf(config)
}

/// Writes which version the schema has.
pub(super) async fn version(client: &Client, number: &str) {
    let text = || AttributeValue::S("schema".to_owned());
    client
        .put_item()
        .table_name(TABLE)
        .item("pk", text())
        .item("sk", text())
        .item("number", AttributeValue::N(number.to_owned()))
        .send()
        .await
        .unwrap();
}

#[tokio::test]
async fn a_table_is_made_once_billed_on_demand_and_cleans_up() {
    let (peer, store) = fresh_table().await;
    assert_eq!(store.schema_version().await, Ok((Some(2), 2)));
    store.prepare().await.unwrap();
    let client = client(&peer.endpoint);
    let table = client.describe_table().table_name(TABLE).send().await.unwrap().table.unwrap();
    let billing = table.billing_mode_summary.and_then(|summary| summary.billing_mode);
    assert_eq!(billing, Some(BillingMode::PayPerRequest));
    let ttl = client.describe_time_to_live().table_name(TABLE).send().await.unwrap();
    let attribute = ttl.time_to_live_description.and_then(|ttl| ttl.attribute_name);
    assert_eq!(attribute.as_deref(), Some("ttl"));
    let again = store.create_table().await.unwrap_err().to_string();
    assert!(again.starts_with("cannot make the table in the store: "), "{again}");
}

#[tokio::test]
async fn a_session_that_does_not_say_who_opened_it_is_over() {
    let (peer, store) = fresh_table().await;
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let put = |pk: &str, sk: &str| {
        let put = client(&peer.endpoint).put_item().table_name(TABLE);
        put.item("pk", text(pk)).item("sk", text(sk))
    };
    // As an older version wrote it.
    put("session#s1", "session")
        .item("person", text("ana"))
        .item("begun", AttributeValue::N("1".to_owned()))
        .item("expires", AttributeValue::N("1000".to_owned()))
        .item("subject", text("digest"))
        .send()
        .await
        .unwrap();
    put("person#ana", "session#s1").send().await.unwrap();
    let (id, ana) = (SessionId("s1".to_owned()), PersonId::parse("ana").unwrap());
    assert_eq!(store.get(&id, micros(10)).await, Ok(None));
    assert_eq!(store.sessions_of(&ana, micros(10)).await, Ok(vec![]));
    assert_eq!(store.close_all(&ana).await, Ok(1));
}

#[tokio::test]
async fn a_table_that_is_not_there_says_how_to_get_one() {
    let (peer, _) = fresh_table().await;
    let error = named(&peer.endpoint, "other").prepare().await.unwrap_err().to_string();
    assert_eq!(
        error,
        "cannot prepare the table in the store: there is no table `other` in this account and \
         Region; check the name and AWS_REGION, or make it with the hub's template"
    );
}

#[tokio::test]
async fn a_table_of_another_program_is_refused() {
    let peer = dynamodb_peer::start().unwrap();
    let client = client(&peer.endpoint);
    let attribute =
        AttributeDefinition::builder().attribute_name("id").attribute_type(ScalarAttributeType::S);
    let key = KeySchemaElement::builder().attribute_name("id").key_type(KeyType::Hash);
    client
        .create_table()
        .table_name(TABLE)
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(attribute.build().unwrap())
        .key_schema(key.build().unwrap())
        .send()
        .await
        .unwrap();
    let error = handle(&peer.endpoint).prepare().await.unwrap_err().to_string();
    assert!(error.contains("has other keys than `pk` and `sk`"), "{error}");
}

#[tokio::test]
async fn a_table_of_a_newer_version_is_refused_and_stays_as_it_is() {
    let (peer, store) = fresh_table().await;
    version(&client(&peer.endpoint), "9").await;
    let error = store.prepare().await.unwrap_err().to_string();
    assert_eq!(
        error,
        "cannot bring the table's schema up to date in the store: the table `stagedoor` was written \
         by a newer Stagedoor (schema 9, this one knows up to 2); run that version or later, or name \
         another table"
    );
    assert_eq!(store.schema_version().await, Ok((Some(9), 2)));
}

#[tokio::test]
async fn replicas_may_prepare_a_table_at_the_same_time() {
    let peer = dynamodb_peer::start().unwrap();
    handle(&peer.endpoint).create_table().await.unwrap();
    let prepared = (0..8).map(|_| {
        let store = handle(&peer.endpoint);
        async move { store.prepare().await }
    });
    for prepared in futures::future::join_all(prepared).await {
        assert_eq!(prepared, Ok(()));
    }
    assert_eq!(handle(&peer.endpoint).schema_version().await, Ok((Some(2), 2)));
}

#[tokio::test]
async fn a_damaged_item_is_named() {
    let (peer, store) = fresh_table().await;
    let text = || AttributeValue::S("tally".to_owned());
    let put = client(&peer.endpoint).put_item().table_name(TABLE).item("pk", text());
    let put = put.item("sk", text()).item("number", AttributeValue::S("seven".to_owned()));
    put.send().await.unwrap();
    let error = store.ticket(micros(1)).await.unwrap_err().to_string();
    assert!(
        error.contains("the item `tally` `tally` of the table `stagedoor`")
            && error.contains("its attribute `number` cannot be read"),
        "{error}"
    );
}

#[tokio::test]
async fn the_endpoint_that_the_environment_gives_for_dynamodb_is_used() {
    let (peer, _) = fresh_table().await;
    let test = "dynamodb::table::whoever_is_told_where_the_table_is_finds_it";
    let ran = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored"])
        .env("AWS_ENDPOINT_URL_DYNAMODB", &peer.endpoint)
        .env("AWS_REGION", "eu-west-1")
        .env("AWS_ACCESS_KEY_ID", "AKIATEST")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success() && said.contains("1 passed"), "{said}");
}

#[tokio::test]
#[ignore = "run by the test above, in a process whose environment says where the table is"]
async fn whoever_is_told_where_the_table_is_finds_it() {
    aws::Aws::connect().await.store(TABLE).prepare().await.unwrap();
}
