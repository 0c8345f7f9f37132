//! Which address leads to which handler, and who may go there: one table for the router, for the
//! API's document, and for the test that tries every address as everybody.

use crate::routes::Portal;
use axum::extract::DefaultBodyLimit;
use axum::handler::Handler;
use axum::routing::{MethodFilter, MethodRouter, get, on, post};
use axum::{Extension, Router};
use control::desk::Right;

/// Who may use an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Whoever asks.
    Anybody,
    /// Whoever is signed in, about themselves.
    SignedIn,
    /// Whoever has a role or a token at all.
    Known,
    /// Whoever has this right, about everybody.
    May(Right),
}

/// An address, and who may use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address {
    /// `GET` or `POST`; also `PUT`, `PATCH` or `DELETE` of SCIM.
    pub method: &'static str,
    /// The path, with its parameters in braces.
    pub path: &'static str,
    /// Who may use it.
    pub who: Who,
}

/// An address with its handler.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) address: Address,
    handler: MethodRouter<Portal>,
}

impl Row {
    /// What is read there.
    pub(crate) fn get<H, T>(path: &'static str, who: Who, handler: H) -> Self
    where
        H: Handler<T, Portal>,
        T: 'static,
    {
        Self { address: Address { method: "GET", path, who }, handler: get(handler) }
    }

    /// What is done there.
    pub(crate) fn post<H, T>(path: &'static str, who: Who, handler: H) -> Self
    where
        H: Handler<T, Portal>,
        T: 'static,
    {
        Self { address: Address { method: "POST", path, who }, handler: post(handler) }
    }

    /// What is done there by another method.
    pub(crate) fn on<H, T>(
        (method, filter): (&'static str, MethodFilter),
        path: &'static str,
        who: Who,
        handler: H,
    ) -> Self
    where
        H: Handler<T, Portal>,
        T: 'static,
    {
        Self { address: Address { method, path, who }, handler: on(filter, handler) }
    }
}

/// The router of some rows, and the most bytes that a body of theirs may have.
pub(crate) fn router(rows: impl IntoIterator<Item = Row>, bytes: usize) -> Router<Portal> {
    let route = |router: Router<Portal>, Row { address, handler }: Row| {
        // Who may go there is known before anything of the request is read. Both in one layer: each is
        // boxed anew for a request.
        let before = (Extension(address), DefaultBodyLimit::max(bytes));
        router.route(address.path, handler.layer(before))
    };
    rows.into_iter().fold(Router::new(), route)
}
