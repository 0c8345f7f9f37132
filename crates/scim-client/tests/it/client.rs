//! What is read, written and refused.

use crate::endpoint::{self, Endpoint};
use access::ids::{MirrorGroupId, MirrorUserId};
use access::mirror::{Mark, MirrorPerson};
use async_trait::async_trait;
use control::ports::{CallError, FailureKind, KeptSecret, MirrorTarget, SecretWord};
use scim_client::ScimTarget;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A place of secrets that gives these one after the other, and the last for good.
#[derive(Debug)]
struct Kept {
    words: Vec<String>,
    reads: AtomicUsize,
}

impl Kept {
    fn of(words: &[&str]) -> Self {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        Self { words, reads: AtomicUsize::new(0) }
    }
}

#[async_trait]
impl KeptSecret for Kept {
    async fn secret(&self) -> Result<SecretWord, CallError> {
        let read = self.reads.fetch_add(1, Ordering::Relaxed);
        Ok(SecretWord::new(self.words[read.min(self.words.len() - 1)].clone()))
    }
}

fn person(name: &str) -> MirrorPerson {
    MirrorPerson {
        user_name: name.to_owned(),
        display_name: format!("{name} Ek"),
        given_name: name.to_owned(),
        family_name: "Ek".to_owned(),
        email: Some(format!("{name}@example.com")),
        enabled: true,
    }
}

fn target(endpoint: &Endpoint) -> ScimTarget {
    ScimTarget::new(&endpoint.url, Arc::new(Kept::of(&[endpoint::TOKEN]))).unwrap()
}

#[tokio::test]
async fn what_was_made_is_read_page_by_page() {
    let endpoint = Endpoint::start().await;
    let target = target(&endpoint);
    let mark = Mark::of("default");
    let mut users = Vec::new();
    for n in 0..205 {
        let name = format!("p{n}");
        users.push(target.create_user(&person(&name), &mark.text(&name)).await.unwrap());
    }
    let group = target.create_group("ml-fraud", &mark.text("g1")).await.unwrap();
    let other = target.create_group("other", "somebody else's").await.unwrap();
    // 150 changes go in two requests: the endpoint refuses more than a hundred.
    target.add_members(&group, &users[..150]).await.unwrap();
    target.add_members(&other, &users[..1]).await.unwrap();

    let read = target.read(&mark).await.unwrap();
    assert_eq!((read.users.len(), read.groups.len()), (205, 2));
    let seventh = &read.users[&users[7]];
    assert_eq!(seventh.person, person("p7"));
    assert_eq!(seventh.mark.as_deref(), Some("stagedoor:default:p7"));
    let members: BTreeSet<MirrorUserId> = users[..150].iter().cloned().collect();
    assert_eq!(read.groups[&group].members, Some(members));
    assert_eq!(read.groups[&other].members, None, "not ours");
    assert_eq!(endpoint.calls("PATCH /Groups"), 3);
    assert_eq!(endpoint.calls("GET /Users"), 3 + 2, "everybody, and the members of one group");
}

#[tokio::test]
async fn changes_say_only_what_differs() {
    let endpoint = Endpoint::start().await;
    let target = target(&endpoint);
    let mark = Mark::of("default");
    let ana = target.create_user(&person("ana"), &mark.text("ana")).await.unwrap();
    let group = target.create_group("ml", &mark.text("ml")).await.unwrap();
    let to = MirrorPerson {
        user_name: "anna".to_owned(),
        email: Some("anna@example.com".to_owned()),
        enabled: false,
        ..person("ana")
    };
    target.update_user(&ana, &person("ana"), &to).await.unwrap();
    target.update_user(&ana, &to, &to).await.unwrap();
    assert_eq!(endpoint.calls("PATCH /Users"), 1, "nothing differs the second time");
    target.rename_group(&group, "ml-2").await.unwrap();
    target.add_members(&group, std::slice::from_ref(&ana)).await.unwrap();
    let read = target.read(&mark).await.unwrap();
    assert_eq!(read.users[&ana].person, to);
    assert_eq!(read.groups[&group].display_name, "ml-2");
    assert_eq!(read.groups[&group].members, Some(BTreeSet::from([ana.clone()])));

    target.remove_members(&group, std::slice::from_ref(&ana)).await.unwrap();
    target.delete_group(&group).await.unwrap();
    target.delete_user(&ana).await.unwrap();
    // Gone is gone.
    target.delete_group(&group).await.unwrap();
    target.delete_user(&ana).await.unwrap();
    let read = target.read(&mark).await.unwrap();
    assert!(read.users.is_empty() && read.groups.is_empty());
}

#[tokio::test]
async fn failures_have_their_kinds_and_say_nothing_of_the_token() {
    let endpoint = Endpoint::start().await;
    let mark = Mark::of("default");
    let other = ScimTarget::new(&endpoint.url, Arc::new(Kept::of(&["an0ther"]))).unwrap();
    let refused = other.read(&mark).await.unwrap_err();
    assert_eq!((refused.kind, refused.operation), (FailureKind::Credentials, "ListUsers"));
    assert!(refused.message.contains("good for a year"), "{refused}");
    assert!(!refused.to_string().contains("an0ther"));

    let target = target(&endpoint);
    target.create_user(&person("ana"), "m").await.unwrap();
    let twice = target.create_user(&person("ANA"), "m").await.unwrap_err();
    assert_eq!((twice.kind, twice.aws_code.as_deref()), (FailureKind::InUse, Some("http-409")));
    let nobody = MirrorUserId::parse("nobody").unwrap();
    let gone = target.update_user(&nobody, &person("ana"), &person("ben")).await.unwrap_err();
    assert_eq!(gone.kind, FailureKind::NotFound);
    let strange = MirrorGroupId::parse("../Users").unwrap();
    let lost = target.rename_group(&strange, "x").await.unwrap_err();
    assert_eq!(lost.kind, FailureKind::NotFound, "an id is one segment of a path");
    drop(endpoint);
}

#[tokio::test]
async fn where_the_endpoint_asks_for_patience_it_gets_it() {
    let endpoint = Endpoint::start().await;
    let target = target(&endpoint);
    endpoint.refuse(2, "0");
    let made = target.create_group("ml", "m").await;
    assert!(made.is_ok(), "{made:?}");
    assert_eq!(endpoint.calls("POST /Groups"), 3);
    endpoint.refuse(6, "0");
    let refused = target.create_group("ml-2", "m").await.unwrap_err();
    assert_eq!(refused.kind, FailureKind::Throttled);
    assert_eq!(endpoint.calls("POST /Groups"), 9);
}

#[tokio::test]
async fn a_list_that_does_not_go_on_is_no_list() {
    let endpoint = Endpoint::start().await;
    let target = target(&endpoint);
    for n in 0..101 {
        target.create_user(&person(&format!("p{n}")), "m").await.unwrap();
    }
    endpoint.without_cursors();
    let refused = target.read(&Mark::of("default")).await.unwrap_err();
    assert_eq!(refused.message, "the endpoint gives only the first page");
    endpoint.with_one_cursor();
    let refused = target.read(&Mark::of("default")).await.unwrap_err();
    assert_eq!(refused.message, "the same cursor came twice");
}

#[tokio::test]
async fn a_token_that_was_changed_is_read_again_once() {
    let endpoint = Endpoint::start().await;
    let kept = Arc::new(Kept::of(&["0ld", endpoint::TOKEN]));
    let target = ScimTarget::new(&endpoint.url, kept.clone()).unwrap();
    assert_eq!(kept.reads.load(Ordering::Relaxed), 0, "not before it is needed");
    target.reach().await.unwrap();
    target.reach().await.unwrap();
    assert_eq!(kept.reads.load(Ordering::Relaxed), 2);
    // A token that is simply wrong is not tried again and again.
    let wrong = Arc::new(Kept::of(&["wr0ng", "wr0ng-t00", "wr0ng-thr33"]));
    let target = ScimTarget::new(&endpoint.url, wrong.clone()).unwrap();
    assert_eq!(target.reach().await.unwrap_err().kind, FailureKind::Credentials);
    assert_eq!(wrong.reads.load(Ordering::Relaxed), 2);
}
