//! Reads what an answer left of its request.
//!
//! A refusal seldom takes the body: who may not push is told so by the head alone. Closing a
//! connection on which more arrives resets it, and the reset can overtake the answer (RFC 9112,
//! section 9.6), so that a proxy or a client sees a broken connection in place of the refusal. What
//! is left is therefore read and thrown away first, within bounds.

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::header::EXPECT;
use control::scim::MAX_BODY_BYTES;
use futures::StreamExt;
use hyper::body::{Frame, Incoming, SizeHint};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::sync::oneshot;

/// The most bytes of one request that are thrown away: the largest body that is taken anywhere.
const MOST: usize = MAX_BODY_BYTES;

/// How long an answer waits for them.
const WITHIN: Duration = Duration::from_secs(10);

/// Has the request answered, and reads what that left of its body.
pub(crate) async fn answered<F: Future>(
    request: Request<Incoming>,
    answer: impl FnOnce(Request<Lent>) -> F,
) -> F::Output {
    let (back, mut returned) = oneshot::channel();
    let (head, body) = request.into_parts();
    let waits = expects_continue(&head.headers);
    let lent = Lent { body: Some(body), waits, ended: false, back: Some(back) };
    let answer = answer(Request::from_parts(head, lent)).await;
    // Whoever answered dropped the body: if there is something left, it is here by now.
    if let Ok(rest) = returned.try_recv() {
        let _ = tokio::time::timeout(WITHIN, throw_away(rest)).await;
    }
    answer
}

fn expects_continue(headers: &HeaderMap) -> bool {
    headers.get(EXPECT).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}

async fn throw_away(body: Incoming) {
    if body.size_hint().lower() > MOST as u64 {
        return;
    }
    let mut left = MOST;
    let mut rest = Body::new(body).into_data_stream();
    while let Some(Ok(bytes)) = rest.next().await {
        let Some(fewer) = left.checked_sub(bytes.len()) else { return };
        left = fewer;
    }
}

/// A body that comes back if it is dropped before its end.
#[derive(Debug)]
pub(crate) struct Lent {
    /// None once it went back.
    body: Option<Incoming>,
    /// Whether the client sends the body only once it is asked for (RFC 9110, section 10.1.1).
    waits: bool,
    ended: bool,
    back: Option<oneshot::Sender<Incoming>>,
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        self.waits = false;
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let frame = ready!(Pin::new(body).poll_frame(context));
        self.ended = !matches!(frame, Some(Ok(_)));
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.ended || self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(SizeHint::default, HttpBody::size_hint)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if self.waits || self.is_end_stream() {
            return;
        }
        if let (Some(body), Some(back)) = (self.body.take(), self.back.take()) {
            // Nobody waits for it where the connection is gone.
            let _ = back.send(body);
        }
    }
}
