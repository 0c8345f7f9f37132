//! People and groups of Active Directory, `OpenLDAP` and other LDAP servers.
//!
//! A reading is made at one server from beginning to end, or it is an error: a limit of the server, a
//! time-out, a connection that is lost and a reference to another server never make a smaller
//! snapshot. What others wrote goes into filters and DNs as values only ([`dn::escape`]).
//!
//! What is in `pool` chooses the server, `session` reads from it, `schema` and `people` know what
//! entries look like, `tree` finds who is in which group, `hidden` whether
//! that can be seen at all, `changes` who is to be read again.

mod ber;
mod changes;
mod config;
mod directory;
pub mod dn;
mod entry;
mod failure;
mod filter;
mod hidden;
mod people;
mod pool;
mod schema;
mod session;
mod tls;
mod tree;
mod value;

pub use config::{
    Attributes, Bind, ClientIdentity, Config, ConfigError, Increments, KeptIdentity,
    LONGEST_FILTER, Limits, Nesting, Secret, Trust,
};
pub use directory::LdapDirectory;
