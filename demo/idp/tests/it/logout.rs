//! Its requests to log somebody out are believed, and a forger's are not.

use demo_idp::{DemoIdp, DemoLogout};
use saml_sp::{
    AlgorithmPolicy, ClockSkew, IdentityProvider, ReasonCode, ReceivedLogoutRequest,
    VerifiedLogoutRequest,
};

use crate::support::*;

const SLO: &str = "http://127.0.0.1:4800/saml/logout";

/// Both ways, as the one who trusts the shared identity provider takes them.
fn verified(
    by: &DemoIdp,
    logout: &DemoLogout<'_>,
) -> [Result<VerifiedLogoutRequest, ReasonCode>; 2] {
    let trusted = IdentityProvider::from_metadata(idp().metadata_xml().as_bytes(), None).unwrap();
    let query = ReceivedLogoutRequest::from_query(&by.logout_query(logout).unwrap()).unwrap();
    assert_eq!(query.relay_state(), logout.relay_state);
    let form = ReceivedLogoutRequest::from_form(&by.logout_form(logout).unwrap(), None).unwrap();
    [query, form].map(|received| {
        let skew = ClockSkew::default();
        let verified = received.verify(&trusted, SLO, now(), skew, AlgorithmPolicy::Strict);
        verified.map_err(|rejection| rejection.code())
    })
}

#[test]
fn requests_to_log_out_are_signed_by_either_binding() {
    let logout = DemoLogout {
        name_id: "ana&bo@example.com",
        session_index: Some("_assertion<1>"),
        destination: SLO,
        id: "_logout1",
        issued_at: now(),
        relay_state: Some("a b&c=ü"),
    };
    for request in verified(&idp(), &logout) {
        let request = request.unwrap();
        assert_eq!(request.name_id().value(), "ana&bo@example.com");
        assert_eq!(request.session_indexes().iter().collect::<Vec<_>>(), ["_assertion<1>"]);
        assert_eq!((request.id(), request.issuer()), ("_logout1", idp().entity_id().as_str()));
    }
    let all = DemoLogout { session_index: None, relay_state: None, ..logout.clone() };
    for request in verified(&idp(), &all) {
        assert!(request.unwrap().session_indexes().is_empty());
    }
    let elsewhere = DemoLogout { destination: ACS, ..logout.clone() };
    assert_eq!(
        verified(&idp(), &elsewhere),
        [(); 2].map(|()| Err(ReasonCode::DestinationMismatch))
    );
    assert_eq!(verified(&make(), &logout), [(); 2].map(|()| Err(ReasonCode::SignatureInvalid)));
}
