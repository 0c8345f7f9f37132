//! S3, as far as it is called: keeping small objects that are never written over, and reading them.

use super::channel::{Channel, Encoded, Rest};
use super::endpoint::Service;
use crate::failure::unreadable;
use aws_smithy_types::base64;
use aws_types::SdkConfig;
use control::ports::CallError;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest as _, Sha256};

/// What stands for itself in a path or a query (RFC 3986, unreserved).
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// How often a conditional request is made that meets another one for its key.
const CONFLICTS: u32 = 3;

const LIST: &str = "ListObjectsV2";

/// S3 in one account and Region.
#[derive(Debug, Clone)]
pub(crate) struct S3(Channel);

impl S3 {
    pub(crate) fn new(sdk: &SdkConfig) -> Self {
        Self(Channel::new(Service::S3, sdk))
    }

    /// Makes an object, unless there is another one of this key. That there is just this one is what a
    /// repeated call finds whose first answer was lost.
    pub(crate) async fn put_new(
        &self,
        bucket: &str,
        key: &str,
        body: &str,
    ) -> Result<(), CallError> {
        let mut tries = 0;
        loop {
            tries += 1;
            let Err(error) = self.try_to_put(bucket, key, body.to_owned()).await else {
                return Ok(());
            };
            match error.aws_code.as_deref() {
                Some("PreconditionFailed") => {
                    let there = self.get(bucket, key).await;
                    return if there.is_ok_and(|there| there == body) {
                        Ok(())
                    } else {
                        Err(error)
                    };
                }
                // Another request for the key was under way; S3's guide says to try again.
                Some("ConditionalRequestConflict") if tries < CONFLICTS => {}
                _ => return Err(error),
            }
        }
    }

    /// The checksum is what S3 asks for where the bucket locks objects by default.
    async fn try_to_put(&self, bucket: &str, key: &str, body: String) -> Result<(), CallError> {
        let checksum = base64::encode(Sha256::digest(body.as_bytes()));
        let headers = vec![("if-none-match", "*".to_owned()), ("x-amz-checksum-sha256", checksum)];
        let rest = Rest { method: "PUT", path: path(bucket, key), headers };
        let request =
            Encoded { content_type: "application/json", target: None, body, rest: Some(rest) };
        self.0.send("PutObject", request).await.map(drop)
    }

    /// The text of an object.
    pub(crate) async fn get(&self, bucket: &str, key: &str) -> Result<String, CallError> {
        let reply = self.read("GetObject", path(bucket, key)).await?;
        String::from_utf8(reply)
            .map_err(|_| unreadable("s3", "GetObject", "the object is no text".to_owned()))
    }

    /// The keys below a prefix, in their order.
    pub(crate) async fn keys(&self, bucket: &str, prefix: &str) -> Result<Vec<String>, CallError> {
        let (mut keys, mut next) = (Vec::new(), None::<String>);
        loop {
            let mut query = format!("/{}?list-type=2&prefix={}", encoded(bucket), encoded(prefix));
            if let Some(token) = &next {
                query = format!(
                    "/{}?continuation-token={}&list-type=2&prefix={}",
                    encoded(bucket),
                    encoded(token),
                    encoded(prefix)
                );
            }
            let reply = self.read(LIST, query).await?;
            let text = String::from_utf8_lossy(&reply);
            let page = roxmltree::Document::parse(&text)
                .map_err(|error| unreadable("s3", LIST, error.to_string()))?;
            let found = page.descendants().filter(|node| node.tag_name().name() == "Key");
            keys.extend(found.filter_map(|node| node.text()).map(str::to_owned));
            let token = page.descendants().find(|n| n.tag_name().name() == "NextContinuationToken");
            next = token.and_then(|node| node.text()).map(str::to_owned);
            if next.is_none() {
                return Ok(keys);
            }
        }
    }

    async fn read(&self, operation: &'static str, path: String) -> Result<Vec<u8>, CallError> {
        let rest = Rest { method: "GET", path, headers: Vec::new() };
        let request = Encoded {
            content_type: "application/octet-stream",
            target: None,
            body: String::new(),
            rest: Some(rest),
        };
        Ok(self.0.send(operation, request).await?.0)
    }
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}

fn path(bucket: &str, key: &str) -> String {
    let key: Vec<String> = key.split('/').map(encoded).collect();
    format!("/{}/{}", encoded(bucket), key.join("/"))
}
