//! Our own keys: what is signed with them, and what identity providers are told.

use crate::door::{DOOR, House, idp_key, metadata, metadata_of, ports, settings};
use crate::world::{MAP, START, World};
use access::network::Origin;
use control::door::{Begun, Departure, Door, DoorError, DoorSettings, KeyStatus};
use saml_sp::{IdentityProvider, MetadataFlavour, ServiceProviderKey};
use std::collections::BTreeMap;

fn key(pem: &str) -> ServiceProviderKey {
    ServiceProviderKey::from_pem(pem).unwrap()
}

/// The key that signs, and the next one.
fn keys() -> Vec<ServiceProviderKey> {
    vec![
        key(include_str!("../../../saml-sp/tests/fixtures/sp.pem")),
        key(include_str!("../../../saml-sp/tests/fixtures/sp-next.pem")),
    ]
}

fn with_keys() -> DoorSettings {
    DoorSettings { keys: keys(), ..settings() }
}

/// `MAP` with more said of `corp`.
fn map_with(more: &str) -> String {
    MAP.replace("corp: { metadata: corp.xml }", &format!("corp: {{ metadata: corp.xml, {more} }}"))
}

async fn begin(map: &str, settings: DoorSettings, corp: IdentityProvider) -> Begun {
    let house = House::with(World::of(&[]), map, settings, [(idp_key("corp"), corp)]);
    house.door.begin(&idp_key("corp"), None, &Origin::default()).await.unwrap()
}

#[track_caller]
fn redirect(begun: &Begun) -> &str {
    match &begun.departure {
        Departure::Redirect(url) => url,
        Departure::Post(form) => panic!("{form:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn requests_are_signed_where_the_map_says_so_or_the_provider_asks() {
    let corp = metadata("corp").1;
    let asking = IdentityProvider { wants_signed_requests: true, ..corp.clone() };
    let signing = map_with("sign_requests: true");
    for (map, settings, corp, signed) in [
        (MAP, with_keys(), corp.clone(), false),
        (&signing, with_keys(), corp.clone(), true),
        (MAP, with_keys(), asking.clone(), true),
        // There is no key, and the map does not insist: the provider may have the last word.
        (MAP, settings(), asking, false),
    ] {
        let begun = begin(map, settings, corp).await;
        let url = redirect(&begun);
        let algorithm = "&SigAlg=http%3A%2F%2Fwww.w3.org%2F2001%2F04%2Fxmldsig-more%23rsa-sha256";
        assert_eq!(url.contains(&format!("{algorithm}&Signature=")), signed, "{url}");
        assert!(!format!("{begun:?}").contains("SAMLRequest"));
    }
    let world = World::of(&[]);
    let known = BTreeMap::from([(idp_key("corp"), corp)]);
    let door = Door::new(world.plane(&signing), ports(&world), settings(), known);
    assert_eq!(door.unwrap_err(), DoorError::NoSigningKey(idp_key("corp")));
}

#[tokio::test(start_paused = true)]
async fn a_request_goes_by_a_form_where_the_map_says_so() {
    let post = Some("https://corp.example/sso/post".to_owned());
    let corp = IdentityProvider { sso_post_url: post.clone(), ..metadata("corp").1 };
    let map = map_with("request_binding: post");
    let begun = begin(&map, with_keys(), corp.clone()).await;
    let Departure::Post(form) = &begun.departure else { panic!("{begun:?}") };
    assert_eq!(Some(&form.action), post.as_ref());
    let names: Vec<_> = form.fields.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["SAMLRequest"]);

    let world = World::of(&[]);
    let known =
        BTreeMap::from([(idp_key("corp"), IdentityProvider { sso_post_url: None, ..corp })]);
    let door = Door::new(world.plane(&map), ports(&world), settings(), known);
    assert_eq!(door.unwrap_err(), DoorError::NoAddress(idp_key("corp")));
}

#[tokio::test(start_paused = true)]
async fn our_metadata_names_keys_and_where_log_outs_go() {
    let house = House::with(World::of(&[]), MAP, with_keys(), [metadata("corp")]);
    let xml = house.door.sp_metadata(MetadataFlavour::Generic);
    for key in keys() {
        // To sign with, and to encrypt for.
        assert_eq!(xml.matches(&key.certificate_base64()).count(), 2);
    }
    assert_eq!(xml.matches(&format!(" Location=\"{DOOR}/saml/logout\"")).count(), 2, "{xml}");
    assert!(xml.contains(" AuthnRequestsSigned=\"false\"") && !xml.contains("-cbc\""), "{xml}");

    let map = map_with("sign_requests: true, allow_cbc: true");
    let house = House::with(World::of(&[]), &map, with_keys(), [metadata("corp")]);
    let xml = house.door.sp_metadata(MetadataFlavour::Generic);
    assert!(xml.contains(" AuthnRequestsSigned=\"true\"") && xml.contains("-cbc\""), "{xml}");
    let plain = House::new().door.sp_metadata(MetadataFlavour::Generic);
    assert!(!plain.contains("KeyDescriptor"), "{plain}");
}

#[tokio::test(start_paused = true)]
async fn the_ends_of_all_certificates_are_told() {
    let house = House::with(World::of(&[]), MAP, with_keys(), [metadata("corp")]);
    let ours = house.door.keys();
    let expected: Vec<_> = keys()
        .iter()
        .map(|key| KeyStatus {
            fingerprint: key.fingerprint().to_owned(),
            not_after: key.not_after(),
        })
        .collect();
    assert_eq!(ours, expected);
    assert!(ours.iter().all(|key| key.not_after.is_some()));
    let corp = metadata_of(house.corp);
    let theirs = &house.door.trust()[0].keys;
    assert_eq!(theirs[0].fingerprint, corp.keys[0].fingerprint());
    assert_eq!(theirs[0].not_after, corp.keys[0].not_after());
    assert!(theirs[0].not_after > START.parse().ok());
}
