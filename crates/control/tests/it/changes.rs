//! What a directory tells of changes, and whom it wakes.

use crate::world::{MAP, World, person_id};
use access::ids::DirectoryName;
use async_trait::async_trait;
use control::changes::{ChangeWatch, LOOK};
use control::event::Concern;
use control::ports::{
    CallError, Changed, Changes, Cookie, FailureKind, MetadataCopies as _, WorkKey, WorkQueue as _,
};
use jiff::SignedDuration;
use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};

/// Answers one after the other, and the cookies it was asked with.
#[derive(Debug, Default)]
struct Told {
    answers: Mutex<VecDeque<Result<Changed, CallError>>>,
    asked: Mutex<Vec<Option<String>>>,
}

#[async_trait]
impl Changes for Told {
    async fn since(&self, cookie: Option<&Cookie>) -> Result<Changed, CallError> {
        let cookie = cookie.map(|cookie| String::from_utf8(cookie.as_bytes().to_vec()).unwrap());
        self.asked.lock().unwrap().push(cookie);
        self.answers.lock().unwrap().pop_front().unwrap()
    }
}

impl Told {
    fn tell(&self, concerns: &[Concern], cookie: Option<&str>) {
        let concerns = concerns.iter().cloned().collect();
        let cookie = cookie.map(|text| Cookie::new(text.as_bytes().to_vec()));
        self.answers.lock().unwrap().push_back(Ok(Changed { concerns, cookie }));
    }
}

fn watch(world: &World, told: &Arc<Told>, is_first: bool) -> ChangeWatch {
    ChangeWatch {
        name: DirectoryName::parse("ldap").unwrap(),
        is_first,
        changes: Arc::clone(told) as _,
        copies: Arc::clone(&world.store) as _,
        every: LOOK,
    }
}

fn somebody(names: &[&str]) -> Concern {
    Concern::People(names.iter().map(|name| person_id(name)).collect())
}

/// Who waits in the queue.
async fn waiting(world: &World) -> BTreeSet<WorkKey> {
    let now = "2026-11-21T10:00:00Z".parse().unwrap();
    let lease = SignedDuration::from_mins(1);
    let mut keys = BTreeSet::new();
    loop {
        let taken = world.store.take("test", now, lease, 10).await.unwrap();
        if taken.is_empty() {
            return keys;
        }
        let leases: Vec<_> = taken.into_iter().map(|work| work.lease).collect();
        keys.extend(leases.iter().map(|lease| lease.key.clone()));
        world.store.done(&leases).await.unwrap();
    }
}

#[tokio::test]
async fn exactly_who_is_concerned_is_read_again() {
    let world = World::of(&["ada", "bob", "cyd"]);
    let (plane, told) = (world.plane(MAP), Arc::new(Told::default()));
    let watch = watch(&world, &told, true);
    told.tell(&[Concern::Everybody], Some("1"));
    assert!(watch.look(&plane).await.unwrap());
    assert_eq!(waiting(&world).await, BTreeSet::from([WorkKey::Everything]));
    told.tell(&[], Some("2"));
    assert!(watch.look(&plane).await.unwrap());
    assert!(waiting(&world).await.is_empty());
    told.tell(&[somebody(&["bob", "cyd"])], Some("3"));
    assert!(watch.look(&plane).await.unwrap());
    let both = ["bob", "cyd"].map(|name| WorkKey::Person(person_id(name)));
    assert_eq!(waiting(&world).await, BTreeSet::from(both));
    let asked = [None, Some("1".to_owned()), Some("2".to_owned())];
    assert_eq!(*told.asked.lock().unwrap(), asked);
    let kept = world.store.metadata_copy("directory-changes/ldap").await.unwrap();
    assert_eq!(kept.as_deref(), Some(&b"3"[..]));
}

#[tokio::test]
async fn what_could_not_be_told_is_asked_for_again() {
    let world = World::of(&["ada"]);
    let (plane, told) = (world.plane(MAP), Arc::new(Told::default()));
    let watch = watch(&world, &told, true);
    told.tell(&[], Some("1"));
    watch.look(&plane).await.unwrap();
    let message = "the connection was lost".to_owned();
    let (service, operation, aws_code) = ("ldap", "search", None);
    let kind = FailureKind::Unreachable;
    let lost = CallError { service, operation, kind, aws_code, message };
    told.answers.lock().unwrap().push_back(Err(lost));
    assert_eq!(watch.look(&plane).await.unwrap_err().code(), "directory-unreachable");
    told.tell(&[somebody(&["ada"])], Some("2"));
    watch.look(&plane).await.unwrap();
    let asked = [None, Some("1".to_owned()), Some("1".to_owned())];
    assert_eq!(*told.asked.lock().unwrap(), asked);
    assert_eq!(waiting(&world).await, BTreeSet::from([WorkKey::Person(person_id("ada"))]));
}

#[tokio::test]
async fn somebody_of_a_further_directory_is_whom_all_of_them_take_them_for() {
    let world = World::of(&["ada"]);
    let (plane, told) = (world.plane(MAP), Arc::new(Told::default()));
    let watch = watch(&world, &told, false);
    told.tell(&[somebody(&["ada"])], Some("1"));
    watch.look(&plane).await.unwrap();
    assert_eq!(waiting(&world).await, BTreeSet::from([WorkKey::Person(person_id("ada"))]));
}

#[tokio::test]
async fn a_directory_that_cannot_tell_is_not_asked_again() {
    let world = World::of(&["ada"]);
    let (plane, told) = (world.plane(MAP), Arc::new(Told::default()));
    told.tell(&[], None);
    watch(&world, &told, true).run(&plane, std::future::pending()).await;
    assert_eq!(told.asked.lock().unwrap().len(), 1);
    assert!(waiting(&world).await.is_empty());
}
