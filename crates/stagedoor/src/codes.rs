//! The codes of what the command line and the process itself refuse or tell: one table.
//!
//! What the planner, the door, SAML and calls to AWS say has tables of its own.

use access::reason::ReasonCode;
use std::fmt;

/// A stable code. It stands in a table: here, or in that of the planner and the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Code(&'static str);

impl Code {
    pub(crate) const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl From<ReasonCode> for Code {
    fn from(code: ReasonCode) -> Self {
        Self(code.as_str())
    }
}

macro_rules! codes {
    ($(#[$table_doc:meta])* $table:ident, $($name:ident = $code:literal: $meaning:literal;)*) => {
        $(
            #[doc = $meaning]
            pub(crate) const $name: Code = Code($code);
        )*

        $(#[$table_doc])*
        pub(crate) const $table: &[(Code, &str)] = &[$(($name, $meaning)),*];
    };
}

codes! {
    /// What keeps a command, or a server, from being done or begun, with what it means.
    REFUSALS,
    USAGE = "usage": "The command line is not one that the command takes.";
    FAILED = "failed": "Something failed that has no code of its own; the message says what.";
    LOG_INVALID = "log-invalid": "The log levels make no sense.";
    TELEMETRY_INVALID = "telemetry-invalid": "The collector that `OTEL_…` variables name cannot be used.";
    MAP_UNREADABLE = "map-unreadable": "The access map cannot be read from disk.";
    MAP_INVALID = "map-invalid": "The access map has errors; each has a code of its own in the reference of the map.";
    MAP_SILENT = "map-silent": "The map does not say what the question hangs on.";
    RESTART_NEEDED = "restart-needed": "The map on disk changes what a server takes up only at its start.";
    DIRECTORY_INVALID = "directory-invalid": "What the map says of a directory cannot be used here.";
    DIRECTORY_SECRET = "directory-secret": "The secret of a directory, or of the endpoint that is mirrored into, cannot be read.";
    MIRROR_MISSING = "mirror-missing": "The map mirrors nothing.";
    MIRROR_TOKEN = "mirror-token": "The map does not name the token of the endpoint that is mirrored into.";
    MIRROR_ENDPOINT = "mirror-endpoint": "The endpoint that is mirrored into is no address that can be used.";
    NOTIFICATION_SECRET = "notification-secret": "A secret of notifications cannot be read.";
    IDP_METADATA_UNREADABLE = "idp-metadata-unreadable": "The file of an identity provider's metadata cannot be read.";
    IDP_METADATA_INVALID = "idp-metadata-invalid": "The metadata of an identity provider cannot be used.";
    IDP_METADATA_UNREACHABLE = "idp-metadata-unreachable": "The address of an identity provider's metadata does not answer.";
    SP_KEY_MISSING = "sp-key-missing": "There is no SAML key of our own, and the command needs one.";
    SP_KEY_UNREADABLE = "sp-key-unreadable": "A SAML key of our own cannot be read from its place.";
    SP_KEY_INVALID = "sp-key-invalid": "What is kept as a SAML key of our own is none.";
    AUDIT_KEY_MISSING = "audit-key-missing": "Nothing says with which key the audit log was sealed.";
    AUDIT_KEY_UNREADABLE = "audit-key-unreadable": "The key of the audit log cannot be read from its place.";
    AUDIT_KEY_INVALID = "audit-key-invalid": "What is kept as the key of the audit log is none.";
    AUDIT_KEY_OTHER = "audit-key-other": "The audit log was sealed with a key that was not given.";
    CHECKPOINTS_LOST = "checkpoints-lost": "Checkpoints of the audit log would be kept in a file that ends with the process.";
    CHECKPOINT_MISSING = "checkpoint-missing": "There is no checkpoint of the audit log where they are said to be kept.";
    EXPORT_EMPTY = "export-empty": "The file holds no entry of the audit log.";
    STORE_MISSING = "store-missing": "There is no store of this name.";
    STORE_EXISTS = "store-exists": "There is a store of this name already.";
    STORE_BACKUP_ELSEWHERE = "store-backup-elsewhere": "The store is a table, which AWS backs up.";
    GRANTS_INVALID = "grants-invalid": "The grants of the store's table do not fit the map.";
    GRANTS_UNUSED = "grants-unused": "The map takes no grants from the store.";
    GRANT_REFUSED = "grant-refused": "A row of the grant table cannot be meant.";
    GRANT_UNKNOWN = "grant-unknown": "The grant table has no such row.";
    DOOR_INVALID = "door-invalid": "What the door is made of, such as its public URL, cannot be used.";
    LISTEN_FAILED = "listen-failed": "The address cannot be listened on.";
    EVENTS_QUEUE_MISSING = "events-queue-missing": "There is no queue of events of this name.";
    EVENTS_QUEUE_USELESS = "events-queue-useless": "No directory of the map sends events.";
    QUEUE_INVALID = "queue-invalid": "The queue of work cannot be used.";
    DOOR_MISSING = "door-missing": "A function was asked for a page, and has no public URL.";
    PAYLOAD_UNKNOWN = "payload-unknown": "A function was invoked with what it does not know.";
    PANICKED = "panicked": "A function ended in a defect.";
    RUNTIME_API_MISSING = "runtime-api-missing": "The process does not run on Lambda.";
    TOKEN_INVALID = "token-invalid": "The API token cannot be made as it was asked for.";
    FILE_EXISTS = "file-exists": "There is a file of this name already.";
    INIT_INVALID = "init-invalid": "What was read of the account gives no valid map.";
    PLAN_UNREADABLE = "plan-unreadable": "The file holds no plan that this version can read.";
    TIMED_OUT = "timed-out": "AWS was still at work when the time was up.";
    CONFIRMATION_NEEDED = "confirmation-needed": "Something would be taken away, and nobody is there to be asked.";
    NOT_CONFIRMED = "not-confirmed": "Whoever was asked did not confirm.";
    PROFILE_UNKNOWN = "profile-unknown": "The person has no profile, and had none that the audit log tells of.";
    CHECK_UNKNOWN = "check-unknown": "Doctor has no such check.";
    REPORT_INVALID = "report-invalid": "What was read for the report gives no valid map.";
    SPOKE_INVALID = "spoke-invalid": "A template of a spoke cannot be written for what was asked.";
    READING_INVALID = "reading-invalid": "The file holds no reading of a directory.";
    READING_MISSING = "reading-missing": "There is nothing to compare the reading with.";
    EVENT_UNREADABLE = "event-unreadable": "A file of events cannot be read.";
    EVENT_INVALID = "event-invalid": "There is no event in what was given.";
    RULES_UNREADABLE = "rules-unreadable": "A file of event rules cannot be read.";
    RULES_INVALID = "rules-invalid": "The file holds no event rules.";
    POLICY_UNREADABLE = "policy-unreadable": "A file with a policy cannot be read.";
    POLICY_INVALID = "policy-invalid": "A policy document is none.";
    INPUT_UNREADABLE = "input-unreadable": "What is to be evaluated cannot be read.";
    INPUT_INVALID = "input-invalid": "What is to be evaluated has not the right form.";
    CLAIM_MISSING = "claim-missing": "There are policies to prove something of, and nothing is claimed.";
    TAG_INVALID = "tag-invalid": "A tag is not of the form KEY=VALUE.";
    ACCOUNT_UNKNOWN = "account-unknown": "Nothing of the map is in this AWS account.";
    RENDER_NAME = "render-name": "A role or policy has a name that no file can have.";
    RENDER_IN_THE_WAY = "render-in-the-way": "Files are in the way that `policy render` did not write.";
    RENDER_SEVERAL = "render-several": "Several templates do not fit into one output.";
    RESPONSE_UNREADABLE = "response-unreadable": "There is no SAML response in what was given.";
    SANDBOX_CONFIGURATION = "sandbox-configuration": "What the simulated AWS is to hold cannot be read.";
}

codes! {
    /// What only the log says, with what it means.
    LOGGED,
    SECRET_READABLE = "secret-readable": "Others on this machine can read the file of a secret.";
    IDP_METADATA_COPY = "idp-metadata-copy": "No copy of an identity provider's metadata can be kept or had.";
    NOT_NOTIFIED = "not-notified": "A message to people could not be sent.";
    PROXY_NOT_TRUSTED = "proxy-not-trusted": "Requests come through a proxy that nothing names as trusted.";
    PROXY_RANGE = "proxy-range": "Whoever has an address in a range of trusted proxies may be able to claim any other address.";
    CA_CERTIFICATES = "ca-certificates": "A certificate of the system's trust store cannot be read.";
    TRACES_LOST = "traces-lost": "Traces could not be sent to the collector.";
    TRACES_LATE = "traces-late": "The collector takes its time.";
    DRAINING = "draining": "The server begins no new work and ends.";
    CUT_OFF = "cut-off": "The server ended before all of its work was done.";
}
