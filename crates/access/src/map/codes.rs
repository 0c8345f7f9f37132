//! The codes of everything that can be wrong with a map, and of what a valid one should be warned
//! of: the one table of each.

macro_rules! codes {
    ($(#[$table_doc:meta])* $table:ident, $($name:ident = $code:literal: $meaning:literal;)*) => {
        $(
            #[doc = $meaning]
            pub const $name: &str = $code;
        )*

        $(#[$table_doc])*
        pub const $table: &[(&str, &str)] = &[$(($code, $meaning)),*];
    };
}

codes! {
    /// Every code of an error with what it means, in the order of the reference.
    ALL,
    NOT_UTF8 = "map-not-utf8": "The file is not UTF-8 text.";
    TOO_LARGE = "map-too-large": "The file is larger than 1 MiB.";
    SYNTAX = "map-syntax": "The file is not YAML.";
    TOO_DEEP = "map-too-deep": "Values are nested more than 32 levels deep.";
    TOO_MANY_NODES = "map-too-many-nodes": "The file holds more than 200,000 values.";
    EMPTY = "map-empty": "There is no map in the file, or no file at all.";
    MANY_DOCUMENTS = "map-many-documents": "The file holds more than one YAML document.";
    ANCHOR = "map-anchor": "Anchors and aliases are not allowed.";
    TAG = "map-tag": "YAML tags are not allowed.";
    KEY_NOT_TEXT = "map-key-not-text": "A key is empty, a list or a mapping.";
    DUPLICATE_KEY = "map-duplicate-key": "A key is given twice, in one file or in two.";
    MISSING_VERSION = "map-missing-version": "A file does not say `version: 1`.";
    UNSUPPORTED_VERSION = "map-unsupported-version": "A file is of another version of the format.";
    UNKNOWN_KEY = "map-unknown-key": "The format has no such key in this place.";
    MISSING_KEY = "map-missing-key": "A required key is absent.";
    ONE_OF = "map-one-of": "Of several keys one is needed, or only one can be given.";
    ONLY_WITH = "map-only-with": "A key is given without the one it belongs to.";
    UNSUPPORTED = "map-unsupported": "The format knows it, this version of Stagedoor does not.";
    WRONG_TYPE = "map-wrong-type": "A value is of another type than the key asks for.";
    INVALID_VALUE = "map-invalid-value": "A value has the right type and the wrong form.";
    OUT_OF_RANGE = "map-out-of-range": "A number, duration or count is outside its bounds.";
    HOST_BITS = "map-host-bits": "A CIDR block names an address inside the network, not the network.";
    RESERVED_NETWORK = "map-reserved-network": "The network `anywhere` is built in.";
    RESERVED_TAG = "map-reserved-tag": "Tags of Stagedoor and of AWS cannot be set by the map, nor `team_tag` in another case where a persona goes by it.";
    RESERVED_SETTING = "map-reserved-setting": "User settings cannot hold an execution role.";
    UNKNOWN_DIRECTORY = "map-unknown-directory": "No such directory is named.";
    UNKNOWN_DOMAIN = "map-unknown-domain": "No such domain is defined.";
    UNKNOWN_NETWORK = "map-unknown-network": "No such network is defined.";
    UNKNOWN_PERSONA = "map-unknown-persona": "No such persona is defined.";
    UNKNOWN_ISOLATION = "map-unknown-isolation": "No domain has the isolation class.";
    NO_DOMAIN = "map-no-domain": "A team names no domain, or one twice.";
    DUPLICATE_ADOPTION = "map-duplicate-adoption": "A profile is adopted twice.";
    ADOPTION_ELSEWHERE = "map-adoption-elsewhere": "A profile is adopted in a domain which its team is not in.";
    UNKNOWN_TEAM = "map-unknown-team": "No such team is defined.";
    DUPLICATE_DOMAIN = "map-duplicate-domain": "Two domains of the map are one SageMaker domain.";
    ACCOUNT_MISMATCH = "map-account-mismatch": "A role is in another account than the domain.";
    UNKNOWN_PLACEHOLDER = "map-unknown-placeholder": "A template holds a placeholder that has no meaning there.";
    MISSING_PERSONA = "map-missing-persona": "A template asks for the persona of a team that has none.";
    INVALID_ROLE = "map-invalid-role": "A role template gives no valid role ARN.";
    CAPTURED_TEAM = "map-captured-team": "`{team}` stands in the group or in the team of a grant, not in both.";
    EMPTY_PERIOD = "map-empty-period": "A grant ends before it begins.";
    DUPLICATE_GRANT = "map-duplicate-grant": "A grant is written twice.";
    SHARED_ROLE = "map-shared-role": "What must be two roles is one for IAM: of two teams, of a team and Stagedoor, or two of Stagedoor's.";
    SHARED_TEAM_TAG = "map-shared-team-tag": "Teams of one account, one with a persona, tag their resources alike.";
    SHARED_SPACE = "map-shared-space": "Teams of one domain, one with a persona, name the same shared space.";
    ROLE_TOO_LARGE = "map-role-too-large": "What a team may do does not fit into a role.";
    DUPLICATE_DIRECTORY = "map-duplicate-directory": "Two directories have one name.";
    DIRECTORY_ORDER = "map-directory-order": "Identity Center is one of several directories and not the first.";
    MIRRORED_INTO_ITSELF = "map-mirrored-into-itself": "An identity store would be mirrored into itself.";
    HUB_ACCOUNT = "map-hub-account": "A domain that is reached without a role is in another account than the hub.";
    POLICY_TOO_LARGE = "map-policy-too-large": "What the map means for Stagedoor itself does not fit into a policy of AWS.";
    INVALID_POLICY = "map-invalid-policy": "A policy document in the map is none.";
    INVARIANT_REFUTED = "map-invariant-refuted": "Some request breaks an invariant of the map.";
    INVARIANT_UNPROVED = "map-invariant-unproved": "An invariant of the map can neither be proved nor refuted.";
}

codes! {
    /// Every code of a caution with what it means, in the order of the reference.
    CAUTIONS,
    PLAIN_METADATA = "map-plain-metadata": "Metadata comes over plain http: whatever on this machine can take that port chooses the keys to trust.";
    WEAK_ALGORITHMS = "map-weak-algorithms": "SHA-1 and RSA keys under 2,048 bits are accepted: signatures made with them can be forged.";
    CBC = "map-cbc": "Assertions encrypted with AES-CBC, which by itself notices no tampering, are accepted inside a signed response.";
    UNBOUND_GRANT = "map-unbound-grant": "There are several directories, and some grants take a group of their name from any of them, so that whoever keeps one can give its people these teams: the key `directory` of a grant says from which, `group_id` names one group.";
    UNBOUND = "map-unbound-provider": "There are several identity providers and several directories, and this provider may name anybody of all of them, admins too: its key `directories` says whom it may name.";
    NOTHING_TO_USE = "map-nothing-to-use": "An activity of the team grants nothing: neither the team nor its persona says what it may use.";
    COMMON_BUCKET = "map-common-bucket": "The team may use a bucket that another team may use as well.";
    UNSOLICITED = "map-unsolicited": "Responses that nobody here asked for are accepted: a link can sign its reader in as whoever sent it (login CSRF).";
    ENDED_GRANT = "map-ended-grant": "The grant has ended: it gives nothing any more.";
    FILE_MISSING = "map-file-missing": "A file of a directory is not there: a server that does not find it either reads nobody, or does not start.";
    PRIVATE_RANGE = "map-private-range": "A private range names no VPC: every VPC may use it, so policies leave it out. Nobody there gets a link by the rendered execution roles, from inside Studio; only the door looks at it.";
}
