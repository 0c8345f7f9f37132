//! A directory that groups are mirrored into.

use super::CallError;
use access::ids::{MirrorGroupId, MirrorUserId};
use access::mirror::{Mark, MirrorPerson, TargetReading};
use async_trait::async_trait;
use std::fmt;

/// Users who could not be put into a group, or taken out of it. All others of the call were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MembersLeft {
    /// Who: at least one.
    pub users: Vec<MirrorUserId>,
    /// Why, of the first that failed, or of the one that ended it.
    pub error: CallError,
}

/// A directory that groups are mirrored into. Whoever calls it has planned from a complete reading
/// and changes only what carries the mark; every change may be repeated.
#[async_trait]
pub trait MirrorTarget: Send + Sync + fmt::Debug {
    /// Where it is, for people. It holds no secret.
    fn place(&self) -> String;

    /// Whether it can be read at all, by one small call.
    ///
    /// # Errors
    /// It cannot.
    async fn reach(&self) -> Result<(), CallError>;

    /// Reads every user and every group, and the members of the groups that carry the mark.
    ///
    /// # Errors
    /// A reading that breaks off is an error, never a smaller reading.
    async fn read(&self, mark: &Mark) -> Result<TargetReading, CallError>;

    /// Makes a user that carries this text as its mark.
    async fn create_user(
        &self,
        person: &MirrorPerson,
        mark: &str,
    ) -> Result<MirrorUserId, CallError>;

    /// Changes what of a user differs.
    async fn update_user(
        &self,
        user: &MirrorUserId,
        from: &MirrorPerson,
        to: &MirrorPerson,
    ) -> Result<(), CallError>;

    /// Deletes a user; it may be gone already.
    async fn delete_user(&self, user: &MirrorUserId) -> Result<(), CallError>;

    /// Makes a group that carries this text as its mark.
    async fn create_group(
        &self,
        display_name: &str,
        mark: &str,
    ) -> Result<MirrorGroupId, CallError>;

    /// Gives a group another name.
    async fn rename_group(&self, group: &MirrorGroupId, to: &str) -> Result<(), CallError>;

    /// Deletes a group; it may be gone already.
    async fn delete_group(&self, group: &MirrorGroupId) -> Result<(), CallError>;

    /// Puts users into a group, at most [`access::mirror::MAX_MEMBERS`]; some may be in it already.
    ///
    /// # Errors
    /// Whoever could not be put into it.
    async fn add_members(
        &self,
        group: &MirrorGroupId,
        users: &[MirrorUserId],
    ) -> Result<(), MembersLeft>;

    /// Takes users out of a group, at most [`access::mirror::MAX_MEMBERS`]; some may be out already.
    ///
    /// # Errors
    /// Whoever could not be taken out.
    async fn remove_members(
        &self,
        group: &MirrorGroupId,
        users: &[MirrorUserId],
    ) -> Result<(), MembersLeft>;
}
