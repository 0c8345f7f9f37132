//! A replica: the real loop over the real client, which can be killed at any moment.

use crate::clock::{DrawnBytes, MachineClock};
use crate::line::Line;
use crate::stage::Shared;
use crate::world::{IDENTITY_STORE, QUEUE, REGION};
use access::ids::{IdentityStoreId, Region};
use access::map::{AccessMap, Source, parse};
use anyhow::{Context as _, Result, anyhow};
use async_trait::async_trait;
use aws::{Aws, Simulator, SqsQueue};
use control::meter::Meter;
use control::plane::{Bell, LiveMap, Plane, Takeover};
use control::ports::{Actor, CallError, Delivery, WakeQueue};
use control::reconciler::Rhythm;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use store::SqliteStore;
use tokio::sync::watch;

/// How often the loop looks by itself: as seldom as a test of a few hours allows.
const RHYTHM: Rhythm = Rhythm {
    resync: Duration::from_mins(20),
    recheck: Duration::from_secs(5),
    look: Duration::from_secs(15),
};

/// What the processes are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// Run; a higher number than before means: end in good order and begin anew.
    Run(u64),
    /// End in good order.
    Stop,
}

/// One replica, over all its lives.
#[derive(Debug)]
pub(crate) struct Replica {
    pub(crate) shared: Shared,
    pub(crate) number: usize,
    pub(crate) clock: Arc<MachineClock>,
    pub(crate) orders: watch::Receiver<Order>,
    /// Seconds from a death to the next life.
    pub(crate) down_seconds: u64,
}

impl Replica {
    /// Lives, dies and lives again until it is told to stop.
    pub(crate) async fn run(mut self) -> Result<()> {
        let mut life = 0;
        loop {
            let order = *self.orders.borrow_and_update();
            if order == Order::Stop {
                return Ok(());
            }
            life += 1;
            if self.live(life).await? == End::Killed {
                self.shared.lock().fault(&format!("replica {} is dead", self.number));
                tokio::time::sleep(Duration::from_secs(self.down_seconds)).await;
            }
        }
    }

    async fn live(&self, life: u64) -> Result<End> {
        let (plane, queue) = self.begin(life)?;
        let struck = self.shared.lock().lives.get(self.number).map(|life| life.struck.clone());
        let struck = struck.context("no such replica")?;
        let (mut ends, mut hears) = (self.orders.clone(), self.orders.clone());
        let work = async {
            let ends = async { drop(ends.changed().await) };
            let hears = async { drop(hears.changed().await) };
            futures::join!(plane.run(RHYTHM, ends), plane.listen(&queue, hears));
        };
        let mortal =
            Mortal { work: Box::pin(work), shared: self.shared.clone(), replica: self.number };
        Ok(tokio::select! {
            biased;
            () = struck.notified() => End::Killed,
            end = mortal => end,
        })
    }

    /// What a process makes when it starts.
    fn begin(&self, life: u64) -> Result<(Plane, Mailbox)> {
        let (yaml, store) = {
            let mut stage = self.shared.lock();
            stage.say(&format!("r{}: life {life}", self.number));
            (stage.truth.map.yaml(), stage.store.clone())
        };
        let map = read_map(&yaml)?;
        let aws = connect(&self.shared, self.number, self.clock.clone())?;
        let plane = plane(map, &aws, &store, self.clock.clone(), self.number)?;
        let queue = aws.queue(&region()?, QUEUE);
        Ok((plane, Mailbox { queue, shared: self.shared.clone() }))
    }
}

/// How a life ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Stopped,
    Killed,
}

/// Work that ends at a certain poll, whatever it is at.
struct Mortal<W> {
    work: Pin<Box<W>>,
    shared: Shared,
    replica: usize,
}

impl<W: Future<Output = ()>> Future for Mortal<W> {
    type Output = End;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<End> {
        let mut stage = self.shared.lock();
        if let Some(life) = stage.lives.get_mut(self.replica)
            && let Some(left) = &mut life.polls
        {
            *left = left.saturating_sub(1);
            if *left == 0 {
                life.polls = None;
                return Poll::Ready(End::Killed);
            }
        }
        drop(stage);
        self.work.as_mut().poll(context).map(|()| End::Stopped)
    }
}

/// The queue of events. Nobody asks AWS every twenty seconds of virtual time whether there is one.
#[derive(Debug)]
struct Mailbox {
    queue: SqsQueue,
    shared: Shared,
}

#[async_trait]
impl WakeQueue for Mailbox {
    async fn receive(&self, wait_seconds: u32) -> Result<Vec<Delivery>, CallError> {
        loop {
            let mail = self.shared.mail().notified();
            let depth = self.shared.lock().sandbox.queue_depth(QUEUE);
            if depth > 0 {
                let found = self.queue.receive(0).await?;
                if found.is_empty() {
                    // What is there is late, or in somebody else's hands.
                    tokio::time::sleep(Duration::from_secs(wait_seconds.into())).await;
                }
                return Ok(found);
            }
            mail.await;
        }
    }

    async fn done(&self, delivery: &Delivery) -> Result<(), CallError> {
        self.queue.done(delivery).await
    }
}

/// The map as the product reads it.
pub(crate) fn read_map(yaml: &str) -> Result<AccessMap> {
    let source = Source { name: "access.yaml".into(), text: yaml.to_owned() };
    parse(&[source]).map_err(|problems| anyhow!("the map: {problems:?}\n{yaml}"))
}

/// The real client over the line of a replica.
pub(crate) fn connect(shared: &Shared, replica: usize, clock: Arc<MachineClock>) -> Result<Aws> {
    let simulator = Simulator {
        // The limits that AWS publishes hold for its own hosts.
        url: "http://sandbox.amazonaws.com".to_owned(),
        region: region()?,
        access_key_id: "AKIASTAGEDOOR".to_owned(),
        secret_access_key: "none".to_owned(),
    };
    let line = Arc::new(Line { shared: shared.clone(), replica });
    Ok(Aws::in_process(&simulator, line, clock))
}

/// The plane of a process.
pub(crate) fn plane(
    map: AccessMap,
    aws: &Aws,
    store: &SqliteStore,
    clock: Arc<MachineClock>,
    replica: usize,
) -> Result<Plane> {
    let identity_store = IdentityStoreId::parse(IDENTITY_STORE)?;
    let studio = Arc::new(aws.studio());
    let store = Arc::new(store.clone());
    Ok(Plane {
        map: Arc::new(map),
        live: LiveMap::default(),
        directory: Arc::new(aws.identity_center(&region()?, &identity_store)),
        mirror: None,
        observe: studio.clone(),
        provision: studio,
        sessions: store.clone(),
        queue: store.clone(),
        claims: store.clone(),
        switch: store.clone(),
        index: store.clone(),
        bell: Bell::default(),
        meter: Meter::default(),
        readings: control::desk::Readings::default(),
        askers: control::askers::Askers::default(),
        errands: control::errands::Errands::default(),
        observe_only: false,
        takeover: Takeover::default(),
        memberships: store.clone(),
        events: Arc::default(),
        chronicle: store.clone(),
        departures: store.clone(),
        actor: Actor::System,
        temporary: store.clone(),
        approvals: store.clone(),
        mirror_records: store.clone(),
        audit: store,
        clock,
        entropy: Arc::new(DrawnBytes::new(u64::try_from(replica)?)),
    })
}

fn region() -> Result<Region> {
    Ok(Region::parse(REGION)?)
}
