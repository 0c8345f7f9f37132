//! What a reason code means and what to do about it, whichever table it is from.
//!
//! The planner and the door have theirs in `access`, SAML's checks in `saml-sp`, failed calls in the
//! ports. Whoever shows a code to an admin asks here; the page of the reference is made of it too.

use crate::ports::FailureKind;
use access::reason::ReasonCode;
use saml_sp::Check;
use serde::Serialize;

/// A code with what there is to know about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Explained {
    /// The code.
    pub code: String,
    /// What it means: a sentence. Empty for a code of an older or newer version.
    pub meaning: String,
    /// What an admin does about it, if there is something to do.
    pub remedy: Option<String>,
}

/// What this code means, and what to do about it.
pub fn explained(code: &str) -> Explained {
    let (meaning, remedy) = if let Some(known) = ReasonCode::parse(code) {
        (format!("{}.", known.meaning()), remedy(known))
    } else if let Some(known) = saml_code(code) {
        (known.meaning().to_owned(), Some(saml_remedy(known.check())))
    } else if let Some(kind) = FailureKind::ALL
        .into_iter()
        .find(|kind| code.starts_with("directory-") && kind.directory_code() == code)
    {
        ("The directory could not be read.".to_owned(), Some(kind.directory_remedy()))
    } else if let Some(kind) = FailureKind::ALL.into_iter().find(|kind| kind.code() == code) {
        ("A call to AWS, or to the store, failed.".to_owned(), Some(kind.remedy()))
    } else {
        (String::new(), None)
    };
    Explained { code: code.to_owned(), meaning, remedy: remedy.map(str::to_owned) }
}

/// Every code that [`explained`] knows: those that entries of the audit log have.
pub fn codes() -> impl Iterator<Item = &'static str> {
    let calls = FailureKind::ALL.into_iter();
    let calls = calls.flat_map(|kind| [kind.code(), kind.directory_code()]);
    let saml = saml_sp::ReasonCode::ALL.iter().map(|code| code.as_str());
    ReasonCode::ALL.iter().map(|(code, _)| code.as_str()).chain(saml).chain(calls)
}

fn saml_code(code: &str) -> Option<saml_sp::ReasonCode> {
    saml_sp::ReasonCode::ALL.iter().copied().find(|known| known.as_str() == code)
}

/// What to do where a check of SAML refuses.
pub const fn saml_remedy(check: Check) -> &'static str {
    match check {
        Check::Size => {
            "Let the identity provider send fewer groups and attributes: only the name, and what \
             names a team."
        }
        Check::Encoding | Check::Xml | Check::Structure => {
            "Take the response from the browser's developer tools and look at it with `stagedoor saml \
             decode`. A proxy that rewrites pages, or a provider that speaks another protocol, sends \
             this."
        }
        Check::Status => {
            "The provider itself refused. Its own sign-in log says why; most often the person is not \
             assigned to the application there."
        }
        Check::Issuer => {
            "Compare the entity id in the provider's metadata with what it sends, and fetch its \
             metadata anew."
        }
        Check::Decryption => {
            "Give the provider our present certificate: `stagedoor saml metadata` has it."
        }
        Check::SignatureForm => {
            "Let the provider sign the assertion or the response (`stagedoor saml setup` says where)."
        }
        Check::Algorithm => {
            "Let the provider sign with RSA and SHA-256, and with a key of 2048 bits or more."
        }
        Check::Signature => {
            "The provider signs with another key than its metadata says, or the answer was changed \
             on the way. Fetch its metadata anew."
        }
        Check::Audience => {
            "Enter our entity id as the audience at the provider (`stagedoor saml setup` prints it)."
        }
        Check::Destination | Check::Recipient => {
            "Enter our assertion consumer URL at the provider (`stagedoor saml setup` prints it), and \
             compare it with --public-url."
        }
        Check::Time => {
            "Compare the clocks of the provider and of this machine; both should take their time from \
             NTP."
        }
        Check::InResponseTo => {
            "Start the sign-in from the portal. To let people start at the provider's tile, allow it \
             in the map (`allow_unsolicited`)."
        }
        Check::Statement => "Let the provider send a NameID that names the person.",
        Check::Attributes => {
            "Let the provider send the attribute that the map names, once and as text."
        }
        _ => "Look at the answer with `stagedoor saml verify`.",
    }
}

/// What an admin does where a decision has this reason.
#[expect(clippy::too_many_lines, reason = "a table: a line for each reason")]
pub const fn remedy(code: ReasonCode) -> Option<&'static str> {
    use ReasonCode as R;
    Some(match code {
        R::UnknownIdp => {
            "Put the provider into the map (`identity_providers`), with the metadata whose entity id \
             it sends."
        }
        R::IdpMetadataExpired | R::IdpMetadataMissing => {
            "Give the provider's present metadata to the map: a file, or a URL that this machine \
             reaches."
        }
        R::IdpKeysChanged => "Ask the people who run the provider whether they changed its keys.",
        R::UnknownLogin => {
            "Let the person start again from the portal: the sign-in took too long, or was answered \
             before."
        }
        R::OtherBrowser => {
            "Let the person begin and end the sign-in in one browser, and no more than five at a time."
        }
        R::OtherIdp => "Let the person start again with the provider they have an account at.",
        R::Replayed => {
            "Nothing, if the person reloaded the page. Otherwise somebody sent a used answer again: \
             look where it came from."
        }
        R::LoggedOutMeanwhile => {
            "Nothing, if the person logged out at the provider just then. If it comes again and again, look \
             whether the clocks of the provider's machines agree."
        }
        R::PersonUnknown => {
            "Let the identity provider provision the person into the directory, or compare `person` \
             of the provider in the map with the name it sends."
        }
        R::PersonAmbiguous => "Give each person of the directory a user name of their own.",
        R::PersonUnnamed | R::NameIdFormat => {
            "Compare `name_id_format` and `person` of the provider in the map with what it sends."
        }
        R::PersonDisabled => "Enable the person in the directory, if they should get in.",
        R::PersonGone => "Nothing, if the person left. Otherwise provision them anew.",
        R::Offboarded => "`stagedoor restore` lets the person in again.",
        R::TeamMismatch => "Let the person use the tile of the team they want.",
        R::TeamUnknown | R::DomainUnknown => {
            "Correct the value that the provider sends, or add it to the map."
        }
        R::NotEntitled | R::EntitlementLost | R::NotAMember => {
            "Put the person into a group that a grant names; `stagedoor why` says which."
        }
        R::NoGrant => "Write a grant for the team in the map.",
        R::NetworkRefused => {
            "Let the person come from where the team's network rule says, or widen the rule in the map."
        }
        R::TooManyRequests => "Wait. If it goes on, look who asks so often.",
        R::Unavailable => "Look at Health: directory, AWS or the store does not answer.",
        R::RoleMissing => "Make the role, or correct `execution_role` in the map.",
        R::RoleUntrusted => {
            "Let the role's trust policy allow sts:AssumeRole to sagemaker.amazonaws.com."
        }
        R::RoleUnreadable => "Allow iam:GetRole on the role to Stagedoor.",
        R::NotOurs => {
            "Take the profile over (`adopt` in the map), or say that it is to be ignored \
             (`unmanaged: ignore`)."
        }
        R::OtherInstance => "Nothing: another installation of Stagedoor looks after the profile.",
        R::NameTaken | R::Duplicate => "Delete one of the profiles in the SageMaker console.",
        R::RoleInherited => "Give the profile an execution role of its own, or delete it.",
        R::SpaceRole => {
            "Give the domain's shared spaces (`DefaultSpaceSettings`) a role that is allowed nothing."
        }
        R::AssignmentExtra => {
            "Take the assignment away in the SageMaker console, or write a grant for the group, or for one \
             that the person is in."
        }
        R::AssignmentManual => "Assign the group to the domain in the SageMaker console.",
        R::SsoUserTaken => {
            "Delete the profile that signs in this user name once its data was saved; one on hold goes when \
             its hold is over."
        }
        R::SsoUserChanged => "Delete the profile once its data was saved; it is made anew.",
        R::SharedSpace => {
            "Hand the space over or delete it; `shared_spaces: hand-over` in the map does it by itself."
        }
        R::DomainNotInService => "Look at the domain in the SageMaker console.",
        R::DomainUnreadable => "Look at Health: it says which call fails and why.",
        R::QuotaReached => {
            "Ask Service Quotas for more user profiles, or place teams in another account."
        }
        R::AppsRunning => "Nothing: it is corrected when none of its apps runs.",
        R::CanaryFirst => "Nothing: it is corrected once the canary team agrees with the map.",
        R::NotEnforced => "Add the team to `rollout.enforce` in the map.",
        R::DirectoryKeyShared | R::UserNameShared => {
            "Correct one of the people in their directory, or match people by another key \
             (`directory.match`)."
        }
        R::DirectoryKeyMissing => {
            "Give the person the key in the directory, or match people by another one \
             (`directory.match`)."
        }
        R::DirectoryStale => "See with `stagedoor directory test` why it is not read anew.",
        R::GroupElsewhere => {
            "Assign a group of Identity Center that has the same people, in the SageMaker console."
        }
        R::GroupMissing => "Make the group in the directory, or correct the grant.",
        R::GrantAmbiguous => "Write a grant for each of these teams instead of the pattern.",
        R::GuardTripped => {
            "Look at the plan, and agree to its removals by number if they are meant."
        }
        R::Frozen => "`stagedoor thaw` lets changes be made again.",
        R::MapRefused => "Correct the map on disk; what is wrong with it stands beside this.",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use saml_sp::Check;

    #[test]
    fn a_code_of_any_table_is_explained() {
        let replayed = explained("replayed");
        assert_eq!(replayed.meaning, "The assertion was used before.");
        assert!(replayed.remedy.is_some_and(|remedy| remedy.contains("reloaded")));
        let audience = explained("audience-mismatch");
        let meaning = "An audience restriction does not name this service provider.";
        assert_eq!(audience.meaning, meaning);
        assert_eq!(audience.remedy.as_deref(), Some(saml_remedy(Check::Audience)));
        let throttled = explained("aws-throttled");
        assert_eq!(throttled.remedy.as_deref(), Some(FailureKind::Throttled.remedy()));
        let rejected = explained("directory-rejected");
        assert_eq!(rejected.meaning, "The directory could not be read.");
        assert_eq!(rejected.remedy.as_deref(), Some(FailureKind::Rejected.directory_remedy()));
        for code in codes() {
            assert_ne!(explained(code).meaning, "", "{code}");
        }
        let unknown = explained("no-such-code");
        assert_eq!((unknown.meaning.as_str(), unknown.remedy), ("", None));
    }

    #[test]
    fn whatever_refuses_a_sign_in_tells_what_to_do() {
        for code in saml_sp::ReasonCode::ALL {
            let told = explained(code.as_str());
            assert!(told.meaning.ends_with('.') && told.remedy.is_some(), "{told:?}");
        }
        for code in [
            ReasonCode::UnknownIdp,
            ReasonCode::IdpMetadataExpired,
            ReasonCode::IdpMetadataMissing,
            ReasonCode::UnknownLogin,
            ReasonCode::OtherBrowser,
            ReasonCode::OtherIdp,
            ReasonCode::Replayed,
            ReasonCode::LoggedOutMeanwhile,
            ReasonCode::PersonUnknown,
            ReasonCode::PersonAmbiguous,
            ReasonCode::PersonUnnamed,
            ReasonCode::NameIdFormat,
            ReasonCode::PersonDisabled,
            ReasonCode::Offboarded,
            ReasonCode::TeamMismatch,
            ReasonCode::TeamUnknown,
            ReasonCode::DomainUnknown,
            ReasonCode::Unavailable,
        ] {
            assert!(remedy(code).is_some(), "{code}");
        }
    }
}
