//! A demo identity provider, so that Stagedoor can be tried without one. **Never for production:**
//! whoever opens it is whoever they click on. There are no passwords and no accounts, and its key
//! lives as long as its process.
//!
//! What it does is genuine all the same: it reads SAML requests (HTTP-Redirect) and answers with
//! signed responses (HTTP-POST), started by the service provider (`/sso`) or here (`/start`). It
//! shares no code with the verifier it demonstrates: responses are *written* in canonical form, so
//! it needs no canonicalisation of its own.
//!
//! | path | what |
//! |---|---|
//! | `GET /` | the tiles, each of which starts a sign-in here |
//! | `GET /metadata` | SAML metadata with the signing certificate |
//! | `GET /sso?SAMLRequest=…&RelayState=…` | login page: one button for each person |
//! | `GET /start?team=…` | login page for a sign-in that starts here, without a request |
//! | `POST /login` | a page whose form carries the response to the service provider |

mod canonical;
mod idp;
mod logout;
mod pages;
mod request;
mod response;
mod server;
mod signer;

pub use idp::{DemoClock, DemoIdp, DemoIdpConfig, DemoPerson, DemoSp, DemoTile};
pub use logout::DemoLogout;
pub use response::{DemoResponse, Signing};
pub use signer::DemoIdpError;
