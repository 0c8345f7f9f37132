//! The identity providers' screens, in their own words.
//!
//! Names of menus and fields are those of the providers' documentation. Consoles are renamed now
//! and then; the values are what counts.

use super::guide::{Application, AttributeMapping, Guide, Site};
use crate::cli::Provider;
use crate::exit::BadConfiguration;
use access::reason::ReasonCode;
use anyhow::Result;
use std::fmt::Write;

const EMAIL: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";
const TEAM_ATTRIBUTE: &str = "teamid";

/// The guide of a provider.
///
/// # Errors
/// [`BadConfiguration`] if the provider needs an application for each team, and none is known.
pub(super) fn guide(provider: Provider, site: &Site) -> Result<Guide> {
    Ok(match provider {
        Provider::IdentityCenter => identity_center(site)?,
        Provider::Entra => entra(site),
        Provider::Okta => okta(site),
        Provider::Adfs => adfs(site),
        Provider::Keycloak => keycloak(site),
        Provider::Google => google(site),
        Provider::Generic => generic(site),
    })
}

/// One application for each team, and one identity provider of the map for each application.
fn identity_center_applications(site: &Site) -> (Vec<Application>, String) {
    let mut snippet = "identity_providers:".to_owned();
    let mut applications = Vec::new();
    for team in &site.teams {
        let key = format!("identity-center-{}", team.key);
        let metadata = format!("idp/{key}.xml");
        let _ = write!(
            snippet,
            "\n  {key}:\n    metadata: {metadata}\n    team: {}\n    person: {{ attribute: \
             ssouserid, matches: id }}",
            team.key
        );
        applications.push(Application {
            name: format!("SageMaker Studio: {}", team.title),
            start_url: site.start_url(&key, Some(&team.key)),
            team: Some(team.key.clone()),
            attributes: vec![
                AttributeMapping::new("Subject", "${user:email}", "emailAddress"),
                AttributeMapping::new("ssouserid", "${user:AD_GUID}", "unspecified"),
                AttributeMapping::new(TEAM_ATTRIBUTE, team.key.as_str(), "unspecified"),
            ],
            groups: team.groups.clone(),
            metadata: format!("save as {metadata} beside the map"),
        });
    }
    (applications, snippet)
}

fn identity_center(site: &Site) -> Result<Guide> {
    if site.teams.is_empty() {
        let message = "Identity Center has one application for each team: name a map with teams \
                       by --map PATH, or a team by --team TEAM";
        return Err(BadConfiguration::new(ReasonCode::TeamUnknown, message).into());
    }
    let (applications, snippet) = identity_center_applications(site);
    Ok(Guide {
        title: "AWS IAM Identity Center, for each application below",
        name_id_format: EMAIL,
        steps: vec![
            "Open the IAM Identity Center console and choose Applications, then the tab Customer \
             managed, then Add application."
                .into(),
            "Setup preference: I have an application I want to set up. Application type: SAML \
             2.0. Choose Next."
                .into(),
            "Display name: the application's name below.".into(),
            "Under IAM Identity Center metadata, download the IAM Identity Center SAML metadata \
             file, and save it as the application's `metadata` below says."
                .into(),
            "Under Application properties, Application start URL: the start URL below. Leave \
             Relay state empty."
                .into(),
            format!(
                "Under Application metadata, choose to type the values.\nApplication ACS URL: \
                 {}\nApplication SAML audience: {}",
                site.acs_url(),
                site.entity_id()
            ),
            "Choose Submit. Then Actions, Edit attribute mappings: enter the attributes below, \
             each with its value and its format, and save."
                .into(),
            "Assign users and groups: those of `assign to` below, which are the groups of the \
             map's grants."
                .into(),
            "Paste the lines for the access map, and run `stagedoor validate`.".into(),
        ],
        applications,
        snippet,
        notes: vec![
            "No public API creates SAML applications in Identity Center (CreateApplication makes \
             OAuth 2.0 ones only), so these steps are by hand."
                .into(),
            "With the start URL, a tile starts the sign-in here and the answer is bound to the \
             browser. If you leave it empty, tiles send answers that nobody asked for; they need \
             `allow_unsolicited: true`."
                .into(),
            "Each application has an entity id and keys of its own, so an answer of one team's \
             application cannot be used for another team."
                .into(),
            "${user:AD_GUID} is the immutable id of the person. Check one answer with `stagedoor \
             saml verify`: `ssouserid` must be the UserId of the identity store. Where it is \
             not, map `ssouserid` to ${user:preferredUsername} and write `matches: user_name`."
                .into(),
            "A person who is refused by Identity Center itself with 403 has no value for a mapped \
             attribute, or the format is wrong."
                .into(),
        ],
    })
}

/// One application for all teams; who may open which is the map's business.
fn one(site: &Site, idp: &str, attributes: Vec<AttributeMapping>, metadata: &str) -> Application {
    Application {
        name: "SageMaker Studio".to_owned(),
        team: None,
        start_url: site.start_url(idp, None),
        attributes,
        groups: site.teams.iter().flat_map(|team| team.groups.clone()).collect(),
        metadata: metadata.to_owned(),
    }
}

fn by_url(idp: &str, url: &str) -> String {
    format!(
        "identity_providers:\n  {idp}:\n    metadata_url: {url}\n    person: {{ matches: \
         user_name }}"
    )
}

fn by_file(idp: &str) -> String {
    format!(
        "identity_providers:\n  {idp}:\n    metadata: idp/{idp}.xml\n    person: {{ matches: \
         user_name }}"
    )
}

/// How a tile can lead to one team, by a start URL or by an attribute.
fn tiles(site: &Site, idp: &str, literal: &str) -> String {
    let team = site.teams.first().map_or("TEAM".to_owned(), |team| team.key.to_string());
    format!(
        "A tile for one team: a bookmark to {}?team={team}, or an application of its own that \
         sends the attribute `{TEAM_ATTRIBUTE}` ({literal}), with `team_attribute: \
         {TEAM_ATTRIBUTE}` in the map. It selects among what the person has and grants nothing.",
        site.start_url(idp, None)
    )
}

const USER_NAME: &str = "The subject's name must be the user name of the person in the directory; \
                         else name another attribute with \
                         `person: { attribute: NAME, matches: user_name }`.";

fn entra(site: &Site) -> Guide {
    let metadata = "copy the App Federation Metadata Url";
    let attributes = vec![AttributeMapping::new(
        "Unique User Identifier (Name ID)",
        "user.userprincipalname",
        "Email address",
    )];
    Guide {
        title: "Microsoft Entra ID",
        name_id_format: EMAIL,
        steps: vec![
            "In the Microsoft Entra admin center choose Enterprise applications, New application, \
             Create your own application, and Integrate any other application you don't find in \
             the gallery (Non-gallery)."
                .into(),
            "Choose Single sign-on, then SAML.".into(),
            format!(
                "Basic SAML Configuration, Edit.\nIdentifier (Entity ID): {}\nReply URL (Assertion \
                 Consumer Service URL): {}\nSign on URL: {}\nRelay State: empty",
                site.entity_id(),
                site.acs_url(),
                site.start_url("entra", None)
            ),
            "Attributes & Claims: leave Unique User Identifier (Name ID) at \
             user.userprincipalname."
                .into(),
            "SAML Certificates: copy the App Federation Metadata Url into the map. Leave the \
             signing option at Sign SAML assertion and the algorithm at SHA-256."
                .into(),
            "Users and groups: assign those of `assign to` below.".into(),
        ],
        applications: vec![one(site, "entra", attributes, metadata)],
        snippet: by_url("entra", "PASTE-THE-APP-FEDERATION-METADATA-URL"),
        notes: vec![
            USER_NAME.into(),
            "Attribute names of Entra are URIs, such as \
             http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress; name them whole \
             in the map. A claim of your own with an empty Namespace has just its name."
                .into(),
            "A user principal name changes when a person is renamed. \
             http://schemas.microsoft.com/identity/claims/objectidentifier does not, but it must \
             be what the directory has."
                .into(),
            "Group claims are not needed: groups come from the directory. Above 150 groups Entra \
             sends a link in their place."
                .into(),
            tiles(site, "entra", "a claim with a constant as its source"),
            "Token encryption is not needed: answers go over https. If you turn it on, give the \
             server a key (--sp-key), choose Sign SAML response and assertion, and set `allow_cbc: \
             true` if `stagedoor saml verify` says that AES-CBC was used."
                .into(),
        ],
    }
}

fn okta(site: &Site) -> Guide {
    let attributes = vec![AttributeMapping::new("Name ID", "Okta username", "EmailAddress")];
    let mut notes = vec![
        USER_NAME.into(),
        tiles(site, "okta", "an attribute statement with the team's key in quotes"),
        "Leave Assertion Encryption at Unencrypted. If it is on, Okta uses AES-256-CBC by default: \
         give the server a key (--sp-key), upload its certificate, keep Response at Signed, and \
         set `allow_cbc: true`."
            .into(),
        "Signed Requests need the certificate of --sp-key and `sign_requests: true`.".into(),
    ];
    if site.host().contains('_') {
        notes.insert(
            0,
            "Okta refuses a Single sign-on URL with an underscore: the public URL has \
                         one. Use another host name."
                .into(),
        );
    }
    Guide {
        title: "Okta",
        name_id_format: EMAIL,
        steps: vec![
            "In the Admin Console choose Applications, Applications, Create App Integration, SAML \
             2.0, Next. Enter an App name, Next."
                .into(),
            format!(
                "Configure SAML.\nSingle sign-on URL: {}\nUse this for Recipient URL and \
                 Destination URL: selected\nAudience URI (SP Entity ID): {}\nDefault RelayState: \
                 empty\nName ID format: EmailAddress\nApplication username: Okta username",
                site.acs_url(),
                site.entity_id()
            ),
            "Show Advanced Settings: Response Signed, Assertion Signature Signed, Signature \
             Algorithm RSA-SHA256, Digest Algorithm SHA256, Assertion Encryption Unencrypted."
                .into(),
            "Choose Next, then Finish. On the tab Sign On copy the Metadata URL into the map."
                .into(),
            "On the tab Assignments assign the groups of `assign to` below.".into(),
        ],
        applications: vec![one(
            site,
            "okta",
            attributes,
            "copy the Metadata URL of the tab Sign On",
        )],
        snippet: by_url("okta", "PASTE-THE-METADATA-URL"),
        notes,
    }
}

fn adfs(site: &Site) -> Guide {
    let attributes = vec![AttributeMapping::new("Name ID", "User-Principal-Name", "Email")];
    Guide {
        title: "Active Directory Federation Services",
        name_id_format: EMAIL,
        steps: vec![
            format!(
                "In AD FS Management choose Relying Party Trusts, Add Relying Party Trust, Claims \
                 aware, Start.\nImport data about the relying party published online or on a \
                 local network: {}\nWhere AD FS cannot reach it, import the file that `stagedoor \
                 saml metadata` prints.",
                site.metadata_url()
            ),
            "Choose an access control policy that permits the groups of `assign to` below, and \
             finish."
                .into(),
            "Edit Claim Issuance Policy, Add Rule, Send LDAP Attributes as Claims. Attribute \
             store: Active Directory. LDAP attribute User-Principal-Name, outgoing claim type UPN."
                .into(),
            "Add Rule, Transform an Incoming Claim. Incoming claim type: UPN. Outgoing claim \
             type: Name ID. Outgoing name ID format: Email. Pass through all claim values. Without \
             this rule there is no subject, and the answer is refused with `subject-missing`."
                .into(),
            "The metadata is at \
             https://<adfs-host>/FederationMetadata/2007-06/FederationMetadata.xml; put the \
             address into the map, or save it as a file where the server cannot reach it."
                .into(),
        ],
        applications: vec![one(site, "adfs", attributes, "the address of step 5")],
        snippet: by_url(
            "adfs",
            "https://<adfs-host>/FederationMetadata/2007-06/FederationMetadata.xml",
        ),
        notes: vec![
            USER_NAME.into(),
            "AD FS takes no relying party over plain http.".into(),
            "AD FS encrypts as soon as our metadata has an encryption certificate (--sp-key). To \
             keep that, run `Set-AdfsRelyingPartyTrust -TargetName NAME -SamlResponseSignature \
             MessageAndAssertion` and set `allow_cbc: true` if `stagedoor saml verify` says that \
             AES-CBC was used; to stop it, add `-EncryptClaims $false`."
                .into(),
            "If answers are refused with `not-yet-valid`, set the clocks right; at worst run \
             `Set-AdfsRelyingPartyTrust -TargetName NAME -NotBeforeSkew 2` or raise `clock_skew`."
                .into(),
            tiles(site, "adfs", "the custom rule `=> issue(Type = \"teamid\", Value = \"TEAM\");`"),
        ],
    }
}

fn keycloak(site: &Site) -> Guide {
    let attributes = vec![AttributeMapping::new("Name ID", "user name", "username")];
    Guide {
        title: "Keycloak",
        name_id_format: "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
        steps: vec![
            format!(
                "In the realm choose Clients, Create client. Client type: SAML.\nClient ID: \
                 {}\nOr choose Import client with the file that `stagedoor saml metadata` prints.",
                site.entity_id()
            ),
            format!(
                "Settings.\nValid redirect URIs: {0}\nMaster SAML Processing URL: {0}\nName ID \
                 format: username\nForce name ID format: On\nSign documents: On\nSign assertions: \
                 On\nSignature algorithm: RSA_SHA256",
                site.acs_url()
            ),
            "Keys. Client signature required: Off, unless the map says `sign_requests: true` for \
             this provider and the certificate of --sp-key is imported here. Encrypt assertions: \
             Off."
                .into(),
            "Put the realm's metadata address into the map: \
             https://<keycloak-host>/realms/<realm>/protocol/saml/descriptor"
                .into(),
        ],
        applications: vec![one(site, "keycloak", attributes, "the address of step 4")],
        snippet: by_url(
            "keycloak",
            "https://<keycloak-host>/realms/<realm>/protocol/saml/descriptor",
        ),
        notes: vec![
            USER_NAME.into(),
            tiles(site, "keycloak", "a mapper of the kind Hardcoded attribute"),
            "Role attributes that Keycloak adds do no harm: nothing is granted by them.".into(),
        ],
    }
}

fn google(site: &Site) -> Guide {
    let attributes =
        vec![AttributeMapping::new("Name ID", "Basic Information > Primary email", "EMAIL")];
    Guide {
        title: "Google Workspace",
        name_id_format: EMAIL,
        steps: vec![
            "In the Admin console choose Apps, Web and mobile apps, Add app, Add custom SAML app. \
             Enter an App name, Continue."
                .into(),
            "Download metadata, and save the file as idp/google.xml beside the map. Continue."
                .into(),
            format!(
                "Service provider details.\nACS URL: {}\nEntity ID: {}\nStart URL: empty\nSigned \
                 response: selected\nName ID format: EMAIL\nName ID: Basic Information > Primary \
                 email",
                site.acs_url(),
                site.entity_id()
            ),
            "Continue; no attributes are needed; Finish.".into(),
            "User access: turn the app on for the groups of `assign to` below.".into(),
        ],
        applications: vec![one(
            site,
            "google",
            attributes,
            "save as idp/google.xml beside the map",
        )],
        snippet: by_file("google"),
        notes: vec![
            USER_NAME.into(),
            format!(
                "The app's tile at Google sends an answer that nobody asked for; it needs \
                 `allow_unsolicited: true`. People who start at {} need no such thing.",
                site.start_url("google", None)
            ),
            "Google publishes no address with the metadata. When you make a new certificate \
             there, download the metadata again and replace the file: the server notices, and \
             believes both while both are in it."
                .into(),
        ],
    }
}

fn generic(site: &Site) -> Guide {
    let attributes = vec![AttributeMapping::new("NameID", "the user name", "any but transient")];
    Guide {
        title: "Any SAML 2.0 identity provider",
        name_id_format: "any but transient",
        steps: vec![
            format!(
                "Register a service provider: import {}, or the file that `stagedoor saml \
                 metadata` prints.",
                site.metadata_url()
            ),
            format!(
                "By hand: entity id {}, assertion consumer service {} with the binding HTTP-POST.",
                site.entity_id(),
                site.acs_url()
            ),
            "Sign the assertion, the response or both, with SHA-256 or better and RSA of at least \
             2048 bits or ECDSA on P-256 or P-384. Send the Destination with signed responses, an \
             audience, and NotOnOrAfter."
                .into(),
            "Put the address of the provider's metadata into the map, or save the file beside the \
             map and write `metadata: idp/corp.xml`."
                .into(),
            "Sign in once. If it is refused, `stagedoor saml verify` says by which check.".into(),
        ],
        applications: vec![one(site, "corp", attributes, "its address, or a file beside the map")],
        snippet: by_url("corp", "PASTE-THE-METADATA-URL"),
        notes: vec![
            USER_NAME.into(),
            tiles(site, "corp", "with the team's key as its value"),
            "SimpleSAMLphp and LemonLDAP::NG sign and encrypt by what our metadata says; both \
             encrypt with AES-128-CBC, which needs `allow_cbc: true` and a signed response."
                .into(),
            "pysaml2 signs with SHA-1 unless told otherwise: set its `signing_algorithm` and \
             `digest_algorithm`, rather than `allow_weak_algorithms: true`."
                .into(),
        ],
    }
}
