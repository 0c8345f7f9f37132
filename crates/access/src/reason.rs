//! The one table of reason codes that the planner and the door use.
//!
//! CLI, API, pages, metrics and audit print [`ReasonCode::as_str`]; codes are stable. What SAML
//! itself can refuse has its own table in the SAML crate, and failed calls to AWS have theirs in
//! the ports.

use serde::{Serialize, Serializer};
use std::fmt;

macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal;)+) => {
        /// Why something is done, left alone or refused.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum ReasonCode { $($(#[doc = $doc])+ $name,)+ }

        impl ReasonCode {
            /// Every code with its meaning.
            pub const ALL: &'static [(ReasonCode, &'static str)] =
                &[$((ReasonCode::$name, concat!($($doc),+)),)+];

            /// The stable text of the code.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }
        }
    };
}

reasons! {
    /// A grant gives the person the team: by a group of theirs, or for a time.
    Entitled = "entitled";
    /// The profile has another execution role than its team.
    RoleDrift = "role-drift";
    /// The profile names no execution role and so has the domain's.
    RoleInherited = "role-inherited";
    /// Shared spaces of the domain run as a role that may do something and is not just one team's.
    SpaceRole = "space-role";
    /// The profile lacks tags of its team, or has other values.
    TagDrift = "tag-drift";
    /// The profile lacks user settings of its team, or has other values.
    SettingsDrift = "settings-drift";
    /// The person got the team back while the profile was on hold.
    Returned = "returned";
    /// The last update of the profile failed; it is sent again.
    UpdateFailed = "update-failed";
    /// The profile failed to be made or deleted and is of no use; it is removed, then made anew.
    ProfileFailed = "profile-failed";
    /// The person moved to another team; in an SSO-mode domain the profile moves along.
    TeamChanged = "team-changed";
    /// The profile was made by somebody else, and the map lets Stagedoor take it over.
    Adopted = "adopted";
    /// No grant gives the person this team any longer.
    EntitlementLost = "entitlement-lost";
    /// A temporary grant of the person to this team has ended, as was announced when it was made.
    TemporaryEnded = "temporary-ended";
    /// The directory does not know the person any longer.
    PersonGone = "person-gone";
    /// The directory does not let the person sign in.
    PersonDisabled = "person-disabled";
    /// An admin offboarded the person by command.
    Offboarded = "offboarded";
    /// The map does not know the team any longer.
    TeamGone = "team-gone";
    /// The team has moved to another domain.
    TeamMoved = "team-moved";
    /// The profile already is as the map wants it.
    InAgreement = "in-agreement";
    /// SageMaker is still working on the profile.
    Busy = "busy";
    /// The profile is kept, apps stopped, until its hold is over.
    OnHold = "on-hold";
    /// The person owns a space that others work in; it has to be handed over or deleted by somebody.
    SharedSpace = "shared-space";
    /// The profile does not carry Stagedoor's tags; it is never touched.
    NotOurs = "not-ours";
    /// The profile belongs to another installation of Stagedoor.
    OtherInstance = "other-instance";
    /// A second profile of the same person and team; a person has to decide which one goes.
    Duplicate = "duplicate";
    /// The directory was not read far enough to take anything away from this person.
    PartialSnapshot = "partial-snapshot";
    /// Not every profile of the domain was read, so none can be made yet.
    PartialDomain = "partial-domain";
    /// The domain could not be read.
    DomainUnreadable = "domain-unreadable";
    /// The domain is not in service.
    DomainNotInService = "domain-not-in-service";
    /// The domain signs people in by Identity Center: they go to the domain's address, not through
    /// the door.
    SsoDomain = "sso-domain";
    /// A person can have one profile in an SSO-mode domain, and another team comes first.
    Outranked = "outranked";
    /// Somebody has to be assigned by hand in the SageMaker console: a group, since the domain does
    /// not tell its Identity Center application (it is from before 1 October 2023), or a person whom
    /// only a temporary grant lets in, since no group of theirs is assigned.
    AssignmentManual = "assignment-manual";
    /// The group is of another directory than Identity Center, and so cannot be assigned to the
    /// domain's application: assign a group of Identity Center with the same people.
    GroupElsewhere = "group-elsewhere";
    /// A group or a person is assigned to the domain's application, and no grant gives them a team
    /// there: whoever signs in so gets a profile with the domain's own role.
    AssignmentExtra = "assignment-extra";
    /// The profile signs in a user name which is not the person's any longer.
    SsoUserChanged = "sso-user-changed";
    /// Another profile signs in the person's user name; a domain takes one for each.
    SsoUserTaken = "sso-user-taken";
    /// The profile's apps run; it is corrected when none does.
    AppsRunning = "apps-running";
    /// The profile is corrected when those of the canary team agree with the map.
    CanaryFirst = "canary-first";
    /// The map does not let Stagedoor change profiles of this team yet (`rollout.enforce`).
    NotEnforced = "not-enforced";
    /// The profile is as the map wants it, and is taken over as soon as its team is enforced.
    Adoptable = "adoptable";
    /// A profile that is not Stagedoor's has the name.
    NameTaken = "name-taken";
    /// The team's execution role does not exist.
    RoleMissing = "role-missing";
    /// The execution role's trust policy does not let SageMaker assume it.
    RoleUntrusted = "role-untrusted";
    /// The execution role could not be read.
    RoleUnreadable = "role-unreadable";
    /// A policy of AWS that gives everything in SageMaker is attached to the execution role.
    RoleFullAccess = "role-full-access";
    /// The execution role may do what the map does not say, or is not denied what the map denies.
    RoleGrantsMore = "role-grants-more";
    /// The execution role may not do what the map says, or is denied what the map does not deny.
    RoleGrantsLess = "role-grants-less";
    /// What the execution role may do hangs on other conditions than the map's.
    RoleConditions = "role-conditions";
    /// A policy of AWS that the map does not know is attached to the execution role.
    RolePolicyUnknown = "role-policy-unknown";
    /// The execution role has not the permissions boundary that the map says.
    RoleBoundary = "role-boundary";
    /// Others may assume the execution role than the map says, or under other conditions.
    RoleTrustDrift = "role-trust-drift";
    /// The execution role has not the tags by which its policies tell teams apart.
    RoleTagDrift = "role-tag-drift";
    /// Somebody else than SageMaker may assume the execution role.
    RoleAssumable = "role-assumable";
    /// Somebody else than Stagedoor may ask for links into Studio.
    LinkElsewhere = "link-elsewhere";
    /// Whoever has an execution role may open other people's spaces from outside of Studio.
    RemoteElsewhere = "remote-elsewhere";
    /// Sessions of the execution role may last longer than the map says.
    RoleSession = "role-session";
    /// The account may have no more profiles in this Region.
    QuotaReached = "quota-reached";
    /// A grant names a group that the directory does not have.
    GroupMissing = "group-missing";
    /// A group's name fits the pattern of a grant for more than one team.
    GrantAmbiguous = "grant-ambiguous";
    /// A grant is not in force at this time.
    GrantNotInForce = "grant-not-in-force";
    /// A grant is in force at this time.
    GrantInForce = "grant-in-force";
    /// The person is in a group that a grant names.
    GroupMember = "group-member";
    /// The person is not in the group that a grant names.
    NotAMember = "not-a-member";
    /// No grant of the map gives the team.
    NoGrant = "no-grant";
    /// The directory knows the person and lets them sign in.
    PersonKnown = "person-known";
    /// The team is placed in a domain of the map.
    Placed = "placed";
    /// The team's execution role exists, and SageMaker may assume it.
    RoleTrusted = "role-trusted";
    /// A statement of the execution role's policies allows what people do.
    PolicyAllows = "policy-allows";
    /// The execution role's policies allow nothing of what people do first in Studio.
    PolicyAllowsNothing = "policy-allows-nothing";
    /// A statement of the execution role's policies denies what is another team's.
    PolicyWalls = "policy-walls";
    /// Nothing of the execution role's policies denies what is another team's.
    PolicyLacksWall = "policy-lacks-wall";
    /// The role of that name has another ARN, because of its path or its account.
    RoleElsewhere = "role-elsewhere";
    /// The domain is reached in another account than the map says.
    AccountMismatch = "account-mismatch";
    /// The domain signs people in by Identity Center and is in another Region than it.
    RegionMismatch = "region-mismatch";
    /// Apps of the domain reach the internet without passing its VPC.
    NotVpcOnly = "not-vpc-only";
    /// Sessions of an execution role do not say whose they are.
    NoSourceIdentity = "no-source-identity";
    /// The team's network rule is not enforced: people of SSO-mode domains do not pass the door.
    RuleNotEnforced = "rule-not-enforced";
    /// The team's network rule says from where it may be opened.
    NetworkRule = "network-rule";
    /// The plan would take away more than the guard allows.
    GuardTripped = "guard-tripped";
    /// The plan was made from other facts than there are now.
    PlanStale = "plan-stale";
    /// The plan breaks a rule that no plan may break.
    PlanInvalid = "plan-invalid";
    /// An admin has said that nothing may be changed for now.
    Frozen = "frozen";
    /// An admin gave a group a team, or an execution role, in the grant table.
    GrantWritten = "grant-written";
    /// An admin took a row from the grant table.
    GrantDeleted = "grant-deleted";
    /// An admin gave a person a team for a time.
    TemporaryGranted = "temporary-granted";
    /// A temporary grant was revoked before its end.
    TemporaryRevoked = "temporary-revoked";
    /// A temporary grant is in force at this time.
    TemporaryInForce = "temporary-in-force";
    /// A temporary grant is still to begin.
    TemporaryToBegin = "temporary-to-begin";
    /// A person asked for a team for a time.
    AccessRequested = "access-requested";
    /// A request for access was approved.
    RequestApproved = "request-approved";
    /// A request for access was refused.
    RequestRefused = "request-refused";
    /// The person took a request for access back.
    RequestWithdrawn = "request-withdrawn";
    /// Somebody else decided on the request before, or it lapsed.
    RequestDecided = "request-decided";
    /// The map does not let the person ask for this team.
    RequestNotAllowed = "request-not-allowed";
    /// A request for the same team waits already.
    RequestOpen = "request-open";
    /// Nobody decides on their own request, or gives access to themselves.
    OwnRequest = "own-request";
    /// The map does not let the person decide on requests for this team.
    NotAnApprover = "not-an-approver";
    /// The access that is asked for lasts longer than the map allows.
    TooLong = "too-long";
    /// A reason is missing, or is too long.
    ReasonMissing = "reason-missing";
    /// Somebody took access to a team in an emergency.
    BreakGlass = "break-glass";
    /// The map does not let the person break glass for this team.
    BreakGlassNotAllowed = "break-glass-not-allowed";
    /// The map asks for a second person to agree to break-glass.
    SecondPersonNeeded = "second-person-needed";
    /// It was not told what was done under a break-glass grant that is over.
    AfterNoteMissing = "after-note-missing";
    /// It was told what was done under a break-glass grant.
    AfterNoteWritten = "after-note-written";
    /// There is no such temporary grant or request.
    NoSuchGrant = "no-such-grant";
    /// The process only observes: it reads and plans, and changes nothing.
    ObserveOnly = "observe-only";
    /// The time that this process has is up; what is left is done by the next one.
    TimeUp = "time-up";
    /// Whoever asks has neither a role nor a scope that allows it.
    RightMissing = "right-missing";
    /// The API token is unknown, was revoked or has ended.
    TokenRefused = "token-refused";
    /// An API token was made.
    TokenCreated = "token-created";
    /// An API token was revoked.
    TokenRevoked = "token-revoked";
    /// An identity provider pushed a change of people or groups by SCIM.
    Pushed = "pushed";
    /// Another person or group of the pushed directory has this name.
    PushTaken = "push-taken";
    /// What was to be changed by SCIM was changed by somebody else meanwhile.
    PushStale = "push-stale";
    /// A token with which an identity provider pushes ends soon or has ended, or there is none.
    TokenEnds = "token-ends";
    /// What is asked for cannot be meant: a value is missing or malformed.
    RequestInvalid = "request-invalid";
    /// There is no such thing.
    NotFound = "not-found";
    /// A request came with the idempotency key of another one.
    IdempotencyKeyReused = "idempotency-key-reused";
    /// Two people of one directory have the key by which directories tell that they mean the same
    /// person; they are matched with nobody.
    DirectoryKeyShared = "directory-key-shared";
    /// The person lacks the key by which directories tell that they mean the same person, and is
    /// matched with nobody.
    DirectoryKeyMissing = "directory-key-missing";
    /// People whom directories do not take for one have one user name, so nobody is let in by it.
    UserNameShared = "user-name-shared";
    /// What the directory gives was read from where it is kept too long ago.
    DirectoryStale = "directory-stale";
    /// An admin agreed to what the guard had refused.
    Approved = "approved";
    /// There is nothing to agree to, or it is something else by now.
    NothingToApprove = "nothing-to-approve";
    /// An admin had everybody read again whom the events of a window had reached.
    EventsReplayed = "events-replayed";
    /// An admin asked for something to be read again.
    SyncRequested = "sync-requested";
    /// A user, a group or a membership is made as the directory has it that is mirrored.
    Mirrored = "mirrored";
    /// The directory that is mirrored has it no longer, or the map does not mirror it any longer.
    MirrorEnded = "mirror-ended";
    /// A user or group that Stagedoor did not make is in the way of one that is to be mirrored.
    MirrorCollision = "mirror-collision";
    /// A mirrored user or group still has the name; it gives it up first.
    MirrorNameHeld = "mirror-name-held";
    /// The disabled user of somebody who left has the name, and keeps it until that user is deleted.
    MirrorNameOfLeaver = "mirror-name-of-leaver";
    /// Identity Center does not take a user or group of this name.
    MirrorUnfit = "mirror-unfit";
    /// A call that mirrors something failed.
    MirrorFailed = "mirror-failed";
    /// Another process is mirroring; one does at a time.
    MirrorBusy = "mirror-busy";
    /// Nobody is signed in, or the session is over.
    SignedOut = "signed-out";
    /// The identity provider that opened a session is not in the map any more, is for one team now, or is
    /// not believed any more what it signs with the key that it signed with then.
    TrustEnded = "trust-ended";
    /// The form was not made for this session.
    FormKey = "form-key";
    /// The identity provider is not in the map.
    UnknownIdp = "unknown-idp";
    /// The identity provider's metadata says that it is not valid any more.
    IdpMetadataExpired = "idp-metadata-expired";
    /// The identity provider's metadata was never read.
    IdpMetadataMissing = "idp-metadata-missing";
    /// The identity provider's metadata names other signing keys than before.
    IdpKeysChanged = "idp-keys-changed";
    /// A server works by this access map from now on.
    MapLoaded = "map-loaded";
    /// Somebody had a plan made.
    PlanMade = "plan-made";
    /// A plan was carried out, as far as it went.
    PlanApplied = "plan-applied";
    /// Another access map was read from disk and is in force.
    MapReplaced = "map-replaced";
    /// It was done, and the audit log does not tell of it.
    AuditUnwritten = "audit-unwritten";
    /// How far the audit log goes was signed and kept.
    AuditCheckpoint = "audit-checkpoint";
    /// The beginning of the audit log was removed, as far as a checkpoint goes.
    AuditPruned = "audit-pruned";
    /// Entries of the audit log of an older version were sealed as they were found.
    AuditSealed = "audit-sealed";
    /// The audit log is not what was written.
    AuditBroken = "audit-broken";
    /// AWS answered a call that changes something.
    AwsAnswered = "aws-answered";
    /// What is on disk was refused as configuration; what was in force before still is.
    MapRefused = "map-refused";
    /// The answer belongs to a sign-in that was not begun here, or too long ago.
    UnknownLogin = "unknown-login";
    /// The answer belongs to a sign-in that another browser began.
    OtherBrowser = "other-browser";
    /// The answer belongs to a sign-in that was begun with another identity provider.
    OtherIdp = "other-idp";
    /// The assertion was used before.
    Replayed = "replayed";
    /// The directory does not know the person of the assertion, or of the profile.
    PersonUnknown = "person-unknown";
    /// More than one person of the directory may be meant.
    PersonAmbiguous = "person-ambiguous";
    /// The assertion does not name the person in the agreed way.
    PersonUnnamed = "person-unnamed";
    /// The subject's name has another format than is agreed with the identity provider.
    NameIdFormat = "name-id-format";
    /// The way in is that of one team, and another one is asked for.
    TeamMismatch = "team-mismatch";
    /// The assertion names a team that the map does not have.
    TeamUnknown = "team-unknown";
    /// The assertion names a SageMaker domain that the map does not have.
    DomainUnknown = "domain-unknown";
    /// More requests than are allowed came from one place or one person.
    TooManyRequests = "too-many-requests";
    /// The person may not open this team.
    NotEntitled = "not-entitled";
    /// The team may not be opened from this network.
    NetworkRefused = "network-refused";
    /// The profile cannot be made ready; an admin has to look.
    ProfileBlocked = "profile-blocked";
    /// Something that the decision hangs on cannot be read now.
    Unavailable = "unavailable";
    /// The person signed in.
    SignedIn = "signed-in";
    /// The identity provider ended the person's sessions.
    LoggedOut = "logged-out";
    /// The identity provider ended the session that the assertion is of, after it was issued.
    LoggedOutMeanwhile = "logged-out-meanwhile";
    /// The person opened Studio.
    Opened = "opened";
    /// The person stopped apps of their own.
    OwnApps = "own-apps";
    /// The person ended sessions of their own.
    OwnSessions = "own-sessions";
    /// An admin ended sessions.
    SessionsRevoked = "sessions-revoked";
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ReasonCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl ReasonCode {
    /// What the code means: a sentence without its full stop.
    pub fn meaning(self) -> &'static str {
        let text = Self::ALL.iter().find(|(code, _)| *code == self).map_or("", |(_, text)| text);
        text.trim().trim_end_matches('.')
    }

    /// The code with this text.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().map(|(code, _)| *code).find(|code| code.as_str() == text)
    }
}

impl<'de> serde::Deserialize<'de> for ReasonCode {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text)
            .ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not a reason code")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_unique_kebab_case_and_come_back() {
        let texts: BTreeSet<&str> = ReasonCode::ALL.iter().map(|(c, _)| c.as_str()).collect();
        assert_eq!(texts.len(), ReasonCode::ALL.len());
        for (code, meaning) in ReasonCode::ALL {
            assert!(crate::ids::is_slug(code.as_str()), "{code}");
            assert!(meaning.trim().ends_with('.'), "{code}");
            assert_eq!(ReasonCode::parse(code.as_str()), Some(*code));
        }
        assert_eq!(ReasonCode::parse("no-such-code"), None);
    }
}
