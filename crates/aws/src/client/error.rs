//! What a service says when it refuses, in both of its dialects.

use aws_smithy_types::error::ErrorMetadata;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use std::fmt;

/// A refusal by the service.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: u16,
    meta: ErrorMetadata,
}

impl ApiError {
    /// Reads a refusal. `type_header` is `x-amzn-errortype`.
    pub(crate) fn read(status: u16, type_header: Option<&str>, body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        let (code, message) = match text.trim_start().chars().next() {
            Some('{') => from_json(&text),
            Some('<') => from_xml(&text),
            _ => (None, None),
        };
        let code = code.or_else(|| type_header.map(bare_code));
        let mut meta = ErrorMetadata::builder();
        if let Some(code) = code {
            meta = meta.code(code);
        }
        meta = meta.message(
            message.unwrap_or_else(|| format!("HTTP status {status} without an explanation")),
        );
        Self { status, meta: meta.build() }
    }

    /// The service's code, without namespace.
    pub(crate) fn code(&self) -> Option<&str> {
        self.meta.code()
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HTTP status {}: {}", self.status, self.meta)
    }
}

impl std::error::Error for ApiError {}

impl ProvideErrorMetadata for ApiError {
    fn meta(&self) -> &ErrorMetadata {
        &self.meta
    }
}

/// `com.amazonaws.sagemaker#ResourceInUse` and `ResourceInUse:http://…` are both `ResourceInUse`.
fn bare_code(code: &str) -> String {
    let code = code.rsplit_once('#').map_or(code, |(_, code)| code);
    code.split_once(':').map_or(code, |(code, _)| code).to_owned()
}

fn from_json(text: &str) -> (Option<String>, Option<String>) {
    let Ok(serde_json::Value::Object(fields)) = serde_json::from_str(text) else {
        return (None, None);
    };
    let text = |names: &[&str]| {
        names.iter().find_map(|name| fields.get(*name).and_then(serde_json::Value::as_str))
    };
    let code = text(&["__type", "code", "Code"]).map(bare_code);
    (code, text(&["message", "Message", "errorMessage"]).map(str::to_owned))
}

fn from_xml(text: &str) -> (Option<String>, Option<String>) {
    let Ok(document) = roxmltree::Document::parse(text) else { return (None, None) };
    let Some(error) = document.descendants().find(|n| n.tag_name().name() == "Error") else {
        return (None, None);
    };
    let child = |name: &str| {
        error
            .children()
            .find(|n| n.tag_name().name() == name)
            .and_then(|n| n.text())
            .map(|t| t.trim().to_owned())
    };
    (child("Code"), child("Message"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(type_header: Option<&str>, body: &str) -> (Option<String>, String) {
        let error = ApiError::read(400, type_header, body.as_bytes());
        (error.code().map(str::to_owned), error.meta.message().unwrap_or_default().to_owned())
    }

    #[test]
    fn codes_come_bare_prefixed_or_in_the_header() {
        let expected = (Some("ResourceInUse".to_owned()), "busy".to_owned());
        assert_eq!(read(None, r#"{"__type":"ResourceInUse","message":"busy"}"#), expected);
        assert_eq!(
            read(None, r#"{"__type":"com.amazonaws.sagemaker#ResourceInUse","Message":"busy"}"#),
            expected
        );
        assert_eq!(read(Some("ResourceInUse:http://internal/"), r#"{"message":"busy"}"#), expected);
    }

    #[test]
    fn query_errors_are_read_in_any_namespace() {
        let body = r#"<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error>
            <Type>Sender</Type><Code>NoSuchEntity</Code><Message> no role </Message>
            </Error><RequestId>1</RequestId></ErrorResponse>"#;
        assert_eq!(read(None, body), (Some("NoSuchEntity".to_owned()), "no role".to_owned()));
    }

    #[test]
    fn a_page_of_a_proxy_has_no_code() {
        let expected = (None, "HTTP status 400 without an explanation".to_owned());
        for body in ["<html><body>Bad gateway</body></html>", "oops", "", "{", "<html>"] {
            assert_eq!(read(None, body), expected, "{body}");
        }
    }
}
