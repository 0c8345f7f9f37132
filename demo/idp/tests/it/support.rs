//! One identity provider and the verifier that trusts it.

use std::sync::{Arc, LazyLock};

use demo_idp::{DemoIdp, DemoIdpConfig, DemoPerson, DemoResponse, DemoSp, DemoTile, Signing};
use jiff::Timestamp;
use saml_sp::{IdentityProvider, ServiceProvider, Verifier};

pub(crate) const BASE: &str = "http://127.0.0.1:4801";
pub(crate) const SP: &str = "http://127.0.0.1:4800/saml/metadata";
pub(crate) const ACS: &str = "http://127.0.0.1:4800/saml/acs";

/// Making a key takes a moment, so the tests share one.
static IDP: LazyLock<Arc<DemoIdp>> = LazyLock::new(|| Arc::new(make()));

pub(crate) fn now() -> Timestamp {
    "2026-11-21T10:00:00Z".parse().unwrap()
}

pub(crate) fn make() -> DemoIdp {
    let person = |user_name: &str, display_name: &str, user_id: &str| DemoPerson {
        user_name: user_name.to_owned(),
        display_name: display_name.to_owned(),
        user_id: user_id.to_owned(),
        email: format!("{user_name}@example.com"),
        about: "ml-fraud & \"more\"".to_owned(),
    };
    let config = DemoIdpConfig {
        base_url: BASE.to_owned(),
        people: vec![
            person("ana", "Ana <Ruiz> & Söhne", "u-1001"),
            person("bo", "Bo Lind", "u-1002"),
        ],
        service_providers: vec![DemoSp { entity_id: SP.to_owned(), acs_url: ACS.to_owned() }],
        tiles: vec![DemoTile { team: "fraud".to_owned(), title: "Fraud models".to_owned() }],
    };
    DemoIdp::new(config, Arc::new(now)).unwrap()
}

pub(crate) fn idp() -> Arc<DemoIdp> {
    Arc::clone(&IDP)
}

pub(crate) fn verifier() -> Verifier {
    let idp = IdentityProvider::from_metadata(idp().metadata_xml().as_bytes(), None).unwrap();
    Verifier::new(ServiceProvider { entity_id: SP.to_owned(), acs_url: ACS.to_owned() }, idp)
}

/// A right answer to `_request1` about Ana.
pub(crate) fn right(idp: &DemoIdp) -> DemoResponse<'_> {
    DemoResponse {
        person: idp.person("ana").unwrap(),
        team: Some("fraud"),
        in_response_to: Some("_request1"),
        acs_url: ACS,
        audience: SP,
        issued_at: now(),
        response_id: "_response1",
        assertion_id: "_assertion1",
        signing: Signing::Assertion,
    }
}
