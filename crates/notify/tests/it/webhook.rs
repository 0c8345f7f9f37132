//! Webhooks.

use crate::message;
use crate::servers::Server;
use aws_lc_rs::hmac;
use control::notify::{Channel, Message};
use notify::{Secret, Webhook};
use serde_json::Value;

fn webhook(server: &Server, key: Option<&str>) -> Webhook {
    let url = Secret::new(format!("http://{}/services/T0/B0/s3cret", server.address));
    Webhook::new(url, key.map(|key| Secret::new(key.to_owned()))).unwrap()
}

#[tokio::test]
async fn a_message_arrives_in_the_json_of_slack() {
    let server = Server::http("200 OK", "ok");
    webhook(&server, None).tell(&message()).await.unwrap();
    let told_it = server.told();
    assert!(told_it.starts_with("POST /services/T0/B0/s3cret HTTP/1.1\r\n"), "{told_it}");
    assert!(!told_it.to_ascii_lowercase().contains("stagedoor-signature"));
    let (_, body) = told_it.split_once("\r\n\r\n").unwrap();
    let body: Value = serde_json::from_str(body).unwrap();
    let text = body["text"].as_str().unwrap();
    assert_eq!(
        text,
        "*<https://door.example/admin/offboarding|The offboarding of &lt;!channel&gt;  Bcc: \
         all@example.com is stuck>*"
    );
    let attachment = &body["attachments"][0];
    assert_eq!(attachment["text"], "Zoë &amp; &lt;bob&gt; own a space.");
    assert_eq!(attachment["color"], "#b3261e");
    let fields: Vec<(&str, &str)> = attachment["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|field| (field["title"].as_str().unwrap(), field["value"].as_str().unwrap()))
        .collect();
    assert_eq!(
        fields,
        [
            ("Installation", "demo"),
            ("Topic", "offboarding-stuck"),
            ("State", "begins"),
            ("Since", "2026-11-21T10:00:00Z"),
            ("What to do", "Look at it."),
        ]
    );
}

#[tokio::test]
async fn with_a_key_a_message_is_signed() {
    let server = Server::http("204 No Content", "");
    webhook(&server, Some("k")).tell(&Message::test("demo", message().at)).await.unwrap();
    let told_it = server.told();
    let (head, body) = told_it.split_once("\r\n\r\n").unwrap();
    let header = head
        .lines()
        .find_map(|line| {
            line.to_ascii_lowercase().strip_prefix("stagedoor-signature: ").map(str::to_owned)
        })
        .unwrap();
    let (time, tag) = header.split_once(",v1=").unwrap();
    assert_eq!(time, "t=1795262400");
    let signed = format!("1795262400.{body}");
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"k");
    assert!(hmac::verify(&key, signed.as_bytes(), &hex::decode(tag).unwrap()).is_ok());
}

#[tokio::test]
async fn what_went_wrong_is_said_without_the_address() {
    let refused = Server::http("404 Not Found", "no_team\r\nX: y");
    let told = webhook(&refused, None).tell(&message()).await.unwrap_err().to_string();
    assert_eq!(told, "it cannot be told: the server answered 404: no_team  X: y");
    // What repeats the address is not repeated, however it is written.
    for echo in [
        "Cannot POST /services/T0/B0/s3cret",
        "<pre>Cannot POST &#x2F;services&#x2F;T0&#x2F;B0&#x2F;S3CRET</pre>",
        "{\"error\":\"no such hook\",\"token\":\"%733cret\"}",
    ] {
        let refused = Server::http("404 Not Found", echo);
        let told = webhook(&refused, None).tell(&message()).await.unwrap_err().to_string();
        assert_eq!(told, "it cannot be told: the server answered 404");
    }
    // Nobody is led elsewhere.
    let moved = Server::http("302 Found", "");
    let told = webhook(&moved, None).tell(&message()).await.unwrap_err().to_string();
    assert_eq!(told, "it cannot be told: the server answered 302");
    let gone = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let url = Secret::new(format!("http://{gone}/services/s3cret"));
    let webhook = Webhook::new(url, None).unwrap();
    let told = webhook.tell(&message()).await.unwrap_err().to_string();
    assert_eq!(told, "it cannot be told: the connection was refused");
    assert!(!format!("{webhook:?}").contains("s3cret"));
}
