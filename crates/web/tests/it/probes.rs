//! Assets, probes, and the log, whatever the route.

use crate::house::{House, TOKEN, cookie, get, post};
use axum::body::Body;
use std::cell::RefCell;
use std::io::Write;
use std::sync::{Arc, Mutex, Once};
use tracing_subscriber::fmt::MakeWriter;

/// What tracing says on one thread during a test.
#[derive(Debug, Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

thread_local! {
    static COLLECTING: RefCell<Option<Log>> = const { RefCell::new(None) };
}

/// Ends collecting when it goes.
pub(crate) struct Collecting;

impl Drop for Collecting {
    fn drop(&mut self) {
        COLLECTING.set(None);
    }
}

/// Sends what tracing says to whoever collects on the thread that says it.
///
/// There is one subscriber for the process, and every house calls this first: with a subscriber for
/// each test, a callsite that another test met first could stay silent.
pub(crate) fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(ThisThread)
            .init();
    });
}

struct ThisThread;

impl<'a> MakeWriter<'a> for ThisThread {
    type Writer = Log;

    fn make_writer(&'a self) -> Log {
        COLLECTING.with_borrow(Clone::clone).unwrap_or_default()
    }
}

impl Log {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// Collects everything, of every level, on this thread.
    pub(crate) fn start(&self) -> Collecting {
        COLLECTING.set(Some(self.clone()));
        Collecting
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn probes_answer_in_plain_words() {
    let house = House::new();
    let (live, ready) = (house.get("/livez").await, house.get("/readyz").await);
    assert_eq!((live.status.as_u16(), live.body.as_str()), (200, "live\n"));
    assert_eq!((ready.status.as_u16(), ready.body.as_str()), (200, "ready\n"));
}

#[tokio::test]
async fn an_asset_may_be_kept_for_a_year_under_the_address_the_pages_use() {
    let house = House::new();
    let page = house.get("/").await.body;
    let linked = page.split('"').find(|part| part.starts_with("/assets/stagedoor.css?v="));
    let answer = house.get(linked.unwrap()).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "text/css; charset=utf-8");
    assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable");
    // Paper is white, whatever the reader's colours.
    let dark = "@media screen and (prefers-color-scheme: dark)";
    assert_eq!(
        answer.body.matches("prefers-color-scheme").count(),
        answer.body.matches(dark).count()
    );
    assert!(answer.body.contains(dark));

    let stale = house.get("/assets/stagedoor.css?v=0").await;
    assert_eq!(stale.header("cache-control"), "no-cache");
    for icon in ["/assets/mark.svg", "/favicon.ico"] {
        let answer = house.get(icon).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "image/svg+xml"));
    }
}

#[tokio::test]
async fn the_log_names_the_route_and_never_what_it_carried() {
    let house = House::new();
    let log = Log::default();
    let guard = log.start();
    house.visit("/opening/fraud?key=QUERY-SECRET").await;
    house.get("/no/PATH-SECRET").await;
    let form = format!("key={}", house.key("open:fraud"));
    house.submit("/open/fraud", &form).await;
    let login = post("/saml/acs")
        .header("cookie", cookie())
        .body(Body::from("SAMLResponse=FORM-SECRET"))
        .unwrap();
    house.send(login).await;
    house.send(get("/").method("X-METHOD-SECRET").body(Body::empty()).unwrap()).await;
    drop(guard);

    let text = log.text();
    let lines: Vec<&str> = text.lines().filter(|line| line.contains("answered")).collect();
    assert_eq!(lines.len(), 5, "{text}");
    assert!(
        lines[0].contains(r#"method="GET" route="/opening/{team}" status=403 code="form-key""#)
    );
    assert!(lines[1].contains(r#"method="GET" route="-" status=404 code="not-found""#));
    assert!(lines[2].contains(r#"method="POST" route="/open/{team}" status=303 code="ok""#));
    assert!(
        lines[3].contains(r#"method="POST" route="/saml/acs" status=403 code="base64-malformed""#),
        "{text}"
    );
    assert!(lines[4].contains(r#"method="other" route="/" status=405"#), "{text}");
    for secret in ["SECRET", TOKEN, &house.key("open:fraud")] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
}
