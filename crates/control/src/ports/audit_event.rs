//! What an entry of the audit log can be about: one table of events.

use std::fmt;

macro_rules! events {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal;)+) => {
        /// What happened. The text of an event stands in the log and is stable.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum AuditEvent { $($(#[doc = $doc])+ $name,)+ }

        impl AuditEvent {
            /// Every event.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The text in the log.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }
        }
    };
}

events! {
    /// Somebody was let in.
    SignIn = "sign-in";
    /// Somebody was not let in, or may not open something.
    Refused = "refused";
    /// Somebody ended their session.
    SignOut = "sign-out";
    /// An identity provider ended somebody's sessions.
    LogOut = "log-out";
    /// Sessions ended: by their owner, or because the person is gone.
    SessionsEnded = "sessions-ended";
    /// A link into Studio was given.
    OpenStudio = "open-studio";
    /// Somebody stopped one of their own apps.
    StoppingOwnApp = "stopping-own-app";
    /// A profile is about to be made.
    CreatingProfile = "creating-profile";
    /// A profile is about to be taken over.
    AdoptingProfile = "adopting-profile";
    /// A profile is about to be changed.
    UpdatingProfile = "updating-profile";
    /// A profile is put on its way out.
    OffboardingBegun = "offboarding-begun";
    /// An app is asked to stop.
    StoppingApp = "stopping-app";
    /// A shared space is made anew for somebody else.
    HandingSpaceOver = "handing-space-over";
    /// The deletion of a space is asked for.
    DeletingSpace = "deleting-space";
    /// The deletion of a profile is asked for.
    DeletingProfile = "deleting-profile";
    /// AWS took the calls of a step.
    AwsAnswered = "aws-answered";
    /// A group was assigned to an application.
    GroupAssigned = "group-assigned";
    /// A plan was made at the command line.
    PlanMade = "plan-made";
    /// A plan was carried out, and something changed.
    PlanApplied = "plan-applied";
    /// A plan, or a part of it, was refused.
    PlanRefused = "plan-refused";
    /// Somebody agreed to removals that the guard refuses.
    RemovalsApproved = "removals-approved";
    /// What was agreed to was carried out.
    ApprovalHonoured = "approval-honoured";
    /// An admin took everything, or one team, from somebody.
    PersonOffboarded = "person-offboarded";
    /// An admin took that back.
    PersonRestored = "person-restored";
    /// Access for a time was given.
    TemporaryGranted = "temporary-granted";
    /// Access for a time was ended before its time.
    TemporaryRevoked = "temporary-revoked";
    /// Somebody broke the glass.
    BreakGlassOpened = "break-glass-opened";
    /// Somebody wrote down what a break-glass was for.
    AfterNote = "after-note";
    /// Somebody asked for access for a time.
    AccessRequested = "access-requested";
    /// Somebody decided on such a request.
    AccessDecided = "access-decided";
    /// A grant was put into the grant table, or changed there.
    GrantWritten = "grant-written";
    /// A grant was taken out of the grant table.
    GrantDeleted = "grant-deleted";
    /// A process began to work by a map.
    MapLoaded = "map-loaded";
    /// A process follows another map.
    MapReplaced = "map-replaced";
    /// A map on disk is refused.
    MapRefused = "map-refused";
    /// An identity provider has other keys.
    IdpKeysChanged = "idp-keys-changed";
    /// Somebody had the metadata of identity providers fetched.
    MetadataFetchOrdered = "metadata-fetch-ordered";
    /// Changes were stopped.
    Frozen = "frozen";
    /// Changes may be made again.
    Thawed = "thawed";
    /// Somebody had people, or everything, read again.
    SyncRequested = "sync-requested";
    /// Somebody had events heard once more.
    EventsReplayed = "events-replayed";
    /// A token was made.
    TokenCreated = "token-created";
    /// A token was ended.
    TokenRevoked = "token-revoked";
    /// An identity provider pushed a person or a group.
    DirectoryPush = "directory-push";
    /// A group is about to be mirrored, and nobody loses anything by it.
    Mirroring = "mirroring";
    /// The mirror is about to take somebody or something away.
    MirrorTaking = "mirror-taking";
    /// The mirror was carried out, as far as that went.
    MirrorApplied = "mirror-applied";
    /// The mirror's plan, or a part of it, was refused.
    MirrorRefused = "mirror-refused";
    /// A step of the mirror failed.
    MirrorFailed = "mirror-failed";
    /// A checkpoint of the log was kept.
    AuditCheckpoint = "audit-checkpoint";
    /// The beginning of the log is about to be removed.
    AuditPruned = "audit-pruned";
    /// What a version left that did not seal was sealed as it was found.
    AuditSealed = "audit-sealed";
    /// The log does not hold.
    AuditBroken = "audit-broken";
}

impl AuditEvent {
    /// The event of this text; `None` for one of another version.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|event| event.as_str() == text)
    }
}

impl fmt::Display for AuditEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<AuditEvent> for String {
    fn from(event: AuditEvent) -> Self {
        event.as_str().to_owned()
    }
}

impl PartialEq<AuditEvent> for String {
    fn eq(&self, event: &AuditEvent) -> bool {
        self == event.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_event_has_a_text_of_its_own_that_is_read_back() {
        let texts: BTreeSet<&str> = AuditEvent::ALL.iter().map(|event| event.as_str()).collect();
        assert_eq!(texts.len(), AuditEvent::ALL.len());
        for event in AuditEvent::ALL {
            assert_eq!(AuditEvent::parse(event.as_str()), Some(*event));
        }
        assert_eq!(AuditEvent::parse("no-such-event"), None);
    }

    /// What the log may hold is what its page says.
    #[test]
    fn every_event_stands_in_docs_audit_md() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/audit.md");
        let page = std::fs::read_to_string(page).unwrap();
        let missing: Vec<_> =
            AuditEvent::ALL.iter().filter(|event| !page.contains(&format!("`{event}`"))).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
