//! E-mail.

use crate::message;
use crate::servers::Server;
use access::map::Encryption;
use control::notify::Channel;
use notify::{Login, Mail, MailError, MailRoute, Secret};

fn route(server: &Server) -> MailRoute {
    MailRoute {
        from: "stagedoor@example.com".to_owned(),
        to: vec!["ops@example.com".to_owned(), "ana@example.com".to_owned()],
        server: (server.address.ip().to_string(), server.address.port()),
        encryption: Encryption::None,
        login: None,
    }
}

#[tokio::test]
async fn a_message_arrives_as_plain_text_and_nothing_is_smuggled_into_its_head() {
    let server = Server::smtp("");
    Mail::new(route(&server)).unwrap().tell(&message()).await.unwrap();
    let told_it = server.told();
    for line in [
        "EHLO stagedoor.invalid",
        "MAIL FROM:<stagedoor@example.com>",
        "RCPT TO:<ops@example.com>",
        "RCPT TO:<ana@example.com>",
        "Auto-Submitted: auto-generated",
        "X-Stagedoor-Topic: offboarding-stuck",
        "X-Stagedoor-State: begins",
    ] {
        assert!(told_it.contains(&format!("{line}\r\n")), "{line}\n{told_it}");
    }
    let (head, body) = told_it.split_once("\r\n\r\n").unwrap();
    assert!(!head.lines().any(|line| line.starts_with("Bcc:")), "{head}");
    assert!(head.contains("Subject: [Stagedoor demo] The offboarding of <!channel>"), "{head}");
    let body = body.replace("=\r\n", "").replace("=C3=AB", "ë");
    for told in [
        "Zoë & <bob> own a space.",
        "What to do: Look at it.",
        "https://door.example/admin/offboarding",
        "installation demo: offboarding-stuck begins, since 21 Nov 2026, 10:00 UTC.",
    ] {
        assert!(body.contains(told), "{told}\n{body}");
    }
}

#[tokio::test]
async fn with_a_login_it_logs_in() {
    // `\0ops\0hunter2` in base64.
    let server = Server::smtp("AG9wcwBodW50ZXIy");
    let login = |password: &str| {
        Some(Login { user: "ops".to_owned(), password: Secret::new(password.to_owned()) })
    };
    let mail = Mail::new(MailRoute { login: login("hunter2\n"), ..route(&server) }).unwrap();
    mail.tell(&message()).await.unwrap();
    assert!(server.told().contains("AUTH PLAIN AG9wcwBodW50ZXIy\r\n"));
    assert!(!format!("{mail:?}").contains("hunter2"));
    let wrong = Mail::new(MailRoute { login: login("hunter3"), ..route(&server) }).unwrap();
    let told = wrong.tell(&message()).await.unwrap_err().to_string();
    assert_eq!(told, "it cannot be told: the server refused it with 535");
}

#[tokio::test]
async fn a_server_that_refuses_or_cannot_encrypt_is_told_apart() {
    let server = Server::smtp("");
    let to = vec!["nobody@refused.example".to_owned()];
    let mail = Mail::new(MailRoute { to, ..route(&server) }).unwrap();
    let told = mail.tell(&message()).await.unwrap_err().to_string();
    assert_eq!(told, "it cannot be told: the server refused it with 550");
    // STARTTLS that the server does not offer is no reason to go on without.
    let route = MailRoute { encryption: Encryption::StartTls, ..route(&server) };
    let told = Mail::new(route).unwrap().tell(&message()).await.unwrap_err().to_string();
    assert!(told.contains("STARTTLS"), "{told}");
    let told_it = [server.told(), server.told()].concat();
    assert!(!told_it.contains("DATA"), "{told_it}");
}

#[tokio::test]
async fn a_recipient_who_is_refused_keeps_it_from_nobody_else() {
    let server = Server::smtp("");
    let to = ["ops@example.com", "gone@refused.example", "ana@example.com"];
    let to = to.map(str::to_owned).to_vec();
    Mail::new(MailRoute { to, ..route(&server) }).unwrap().tell(&message()).await.unwrap();
    let told: [String; 4] = std::array::from_fn(|_| server.told());
    assert!(!told[0].contains("DATA"), "{}", told[0]);
    for (at, to, taken) in [
        (1, "ops@example.com", true),
        (2, "gone@refused.example", false),
        (3, "ana@example.com", true),
    ] {
        let rcpt: Vec<&str> = told[at].lines().filter(|line| line.starts_with("RCPT")).collect();
        assert_eq!(rcpt, [format!("RCPT TO:<{to}>")]);
        assert_eq!(told[at].contains("DATA\r\n"), taken, "{}", told[at]);
    }
    // Nobody took it.
    let to = vec!["a@refused.example".to_owned(), "b@refused.example".to_owned()];
    let none = Mail::new(MailRoute { to, ..route(&server) }).unwrap();
    let told = none.tell(&message()).await.unwrap_err().to_string();
    assert_eq!(told, "it cannot be told: the server refused it with 550");
    let told: [String; 3] = std::array::from_fn(|_| server.told());
    assert!(!told.concat().contains("DATA"), "{told:?}");
}

#[tokio::test]
async fn a_wrong_password_is_tried_once_however_many_recipients_there_are() {
    let server = Server::smtp("AG9wcwBodW50ZXIy");
    let login = Login { user: "ops".to_owned(), password: Secret::new("no".to_owned()) };
    let wrong = Mail::new(MailRoute { login: Some(login), ..route(&server) }).unwrap();
    wrong.tell(&message()).await.unwrap_err();
    assert_eq!(server.told().matches("AUTH").count(), 1);
    assert!(server.has_told_all());
}

#[test]
fn what_is_no_address_is_refused() {
    let server = Server::smtp("");
    let route = MailRoute { to: vec!["ops".to_owned()], ..route(&server) };
    assert!(matches!(Mail::new(route), Err(MailError::Address(text)) if text == "ops"));
}
