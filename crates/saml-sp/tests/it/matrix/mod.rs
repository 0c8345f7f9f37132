//! The attack matrix: every class of attack, made from every genuine response of every identity
//! provider stack, however it is signed.
//!
//! A case that needs a signature of the provider over edited content is signed anew with a key of
//! ours, pinned in place of the provider's. Everything else is cut from what the provider sent.

mod assertions;
mod binding;
mod bytes;
mod cost;
mod key_info;
mod names;
mod profile;
mod signed_info;
mod text;
mod wrapping;

use std::collections::BTreeSet;

use jiff::SignedDuration;
use saml_sp::{AlgorithmPolicy, ReasonCode, Unsolicited, VerifiedAssertion};

use crate::fixtures::certificate;
use crate::genuine::{Genuine, genuine};
use crate::support::{REQUEST, Signature, claims, key, other_key, pinned};
use crate::surgery::Xml;

/// The attacker's person.
const MALLORY: &str = "mallory@example.com";
const ANA: &str = "ana@example.com";

/// One document, the question that is asked about it, and the answer it must get.
struct Case {
    name: String,
    xml: Vec<u8>,
    pins: Pins,
    /// Seconds to add to the time at which the response was genuine.
    later: i64,
    request: Option<&'static str>,
    unsolicited: Unsolicited,
    algorithms: AlgorithmPolicy,
    want: Want,
}

/// Whose keys the door trusts.
#[derive(Debug, Clone, Copy)]
enum Pins {
    /// The identity provider's.
    Provider,
    /// Ours, in the provider's place.
    Ours,
    /// A short key, in the provider's place.
    Short,
    None,
}

enum Want {
    /// One of these codes: several where a stack's way of writing decides which check sees it.
    Refused(Vec<ReasonCode>),
    /// Accepted with the genuine claims, and nothing else: the change is outside them or only
    /// another spelling.
    Genuine,
    /// Accepted with this NameID.
    Named(&'static str),
    /// Accepted with this value of the attribute `ssouserid`.
    User(&'static str),
}

/// Collects the cases of one class for one genuine response.
struct Cases<'g> {
    genuine: &'g Genuine,
    list: Vec<Case>,
}

impl<'g> Cases<'g> {
    fn of(class: &Class, genuine: &'g Genuine) -> Vec<Case> {
        let mut cases = Self { genuine, list: Vec::new() };
        (class.attack)(&mut cases);
        // Nothing is counted twice, and nothing that changes nothing.
        let mut seen = BTreeSet::new();
        for case in &cases.list {
            let name = format!("{} {}", genuine.name(), case.name);
            assert!(seen.insert((&case.xml, case.question())), "{name} is there already");
            let changes = case.xml != genuine.xml.0.as_bytes();
            assert!(changes || !matches!(case.want, Want::Genuine), "{name} changes nothing");
        }
        cases.list
    }

    fn xml(&self) -> &'g Xml {
        &self.genuine.xml
    }

    fn push(&mut self, name: impl Into<String>, xml: impl Into<Vec<u8>>, want: Want) -> &mut Case {
        self.list.push(Case {
            name: name.into(),
            xml: xml.into(),
            pins: Pins::Provider,
            later: 0,
            request: Some(REQUEST),
            unsolicited: Unsolicited::Refuse,
            algorithms: AlgorithmPolicy::Strict,
            want,
        });
        self.list.last_mut().unwrap()
    }

    fn refused(
        &mut self,
        name: impl Into<String>,
        xml: impl Into<Vec<u8>>,
        code: ReasonCode,
    ) -> &mut Case {
        self.push(name, xml, Want::Refused(vec![code]))
    }

    fn either(
        &mut self,
        name: impl Into<String>,
        xml: impl Into<Vec<u8>>,
        codes: &[ReasonCode],
    ) -> &mut Case {
        self.push(name, xml, Want::Refused(codes.to_vec()))
    }

    fn harmless(&mut self, name: impl Into<String>, xml: impl Into<Vec<u8>>) -> &mut Case {
        self.push(name, xml, Want::Genuine)
    }

    /// The provider itself signed the edited response.
    #[track_caller]
    fn signed(&mut self, name: impl Into<String>, edited: &Xml, code: ReasonCode) -> &mut Case {
        let xml = self.genuine.signed_by(edited, &Signature::default());
        let case = self.refused(name, xml, code);
        case.pins = Pins::Ours;
        case
    }
}

impl Case {
    /// What is asked of the document.
    fn question(&self) -> String {
        let Self { pins, later, request, unsolicited, algorithms, .. } = self;
        format!("{pins:?} {later} {request:?} {unsolicited:?} {algorithms:?}")
    }

    fn run(&self, genuine: &Genuine) -> Result<(), String> {
        let mut provider = genuine.provider.clone();
        match self.pins {
            Pins::Provider => {}
            Pins::Ours => provider.keys = vec![pinned(key())],
            Pins::Short => {
                provider.keys = vec![certificate(include_bytes!("../../fixtures/rsa1024.crt"))];
            }
            Pins::None => provider.keys = Vec::new(),
        }
        let sp = genuine.verifier().service_provider().clone();
        let verifier = saml_sp::Verifier::new(sp, provider)
            .with_unsolicited(self.unsolicited)
            .with_algorithms(self.algorithms);
        let now = genuine.now() + SignedDuration::from_secs(self.later);
        let result = verifier.verify_xml(&self.xml, now, self.request);
        let said = |what: &dyn Fn(&VerifiedAssertion) -> String| match &result {
            Ok(assertion) => what(assertion),
            Err(rejection) => format!("refused: {}", rejection.code()),
        };
        let (got, wanted) = match &self.want {
            Want::Refused(codes) => match &result {
                Err(rejection) if codes.contains(&rejection.code()) => return Ok(()),
                _ => (said(&claims), format!("refusal by {codes:?}")),
            },
            Want::Genuine => (said(&claims), genuine.claims()),
            Want::Named(name) => (said(&|a| a.name_id().value().to_owned()), (*name).to_owned()),
            Want::User(user) => (
                said(&|a| a.attributes().single("ssouserid").unwrap().to_owned()),
                (*user).to_owned(),
            ),
        };
        if got == wanted {
            return Ok(());
        }
        let name = format!("{} {}", genuine.name(), self.name);
        Err(format!("{name}: expected {wanted}, got {got}"))
    }
}

/// A class of attack.
struct Class {
    name: &'static str,
    attack: fn(&mut Cases<'_>),
    /// How many cases there are over all genuine responses.
    count: usize,
}

impl Class {
    #[track_caller]
    fn check(&self) {
        let (mut faults, mut count) = (Vec::new(), 0);
        for genuine in genuine() {
            let cases = Cases::of(self, genuine);
            count += cases.len();
            faults.extend(cases.iter().filter_map(|case| case.run(genuine).err()));
        }
        assert!(
            faults.is_empty(),
            "{} faults in {}:\n{}",
            faults.len(),
            self.name,
            faults.join("\n")
        );
        assert_eq!(count, self.count, "cases of {}", self.name);
    }
}

/// Names each class, how to make its cases, and how many there are; each is a test.
macro_rules! classes {
    ($($name:ident: $attack:path, $count:literal;)*) => {
        const CLASSES: &[Class] =
            &[$(Class { name: stringify!($name), attack: $attack, count: $count },)*];

        $(#[test]
        fn $name() {
            CLASSES.iter().find(|class| class.name == stringify!($name)).unwrap().check();
        })*
    };
}

classes! {
    signature_wrapping_xsw1: wrapping::xsw1, 40;
    signature_wrapping_xsw2: wrapping::xsw2, 60;
    signature_wrapping_xsw3: wrapping::xsw3, 30;
    signature_wrapping_xsw4: wrapping::xsw4, 80;
    signature_wrapping_xsw5: wrapping::xsw5, 20;
    signature_wrapping_xsw6: wrapping::xsw6, 20;
    signature_wrapping_xsw7: wrapping::xsw7, 40;
    signature_wrapping_xsw8: wrapping::xsw8, 104;
    signature_wrapping_other_places: wrapping::other_places, 370;
    signature_moved: wrapping::signature_moved, 163;
    several_assertions: assertions::several, 302;
    nested_assertions: assertions::nested, 236;
    encrypted_decoys: assertions::encrypted_decoys, 290;
    duplicate_ids: assertions::ids, 900;
    signature_excluded: assertions::signature_excluded, 147;
    content_changed: assertions::content_changed, 310;
    text_split_by_comments_and_cdata: text::split, 810;
    processing_instructions: text::processing_instructions, 710;
    doctype_and_entities: text::doctype, 910;
    key_info_forged: key_info::key_info, 663;
    foreign_keys: key_info::foreign_keys, 335;
    hmac_confusion: key_info::hmac, 500;
    signature_value_truncated: key_info::truncated, 440;
    weak_algorithms: key_info::weak, 664;
    transforms: signed_info::transforms, 624;
    canonicalization_methods: signed_info::canonicalization_methods, 182;
    signed_info_ambiguous: signed_info::ambiguous, 1_369;
    smuggled_digests: signed_info::smuggled_digests, 300;
    references: signed_info::references, 442;
    void_canonicalization: names::void_canonicalization, 2_010;
    namespace_games: names::games, 2_140;
    name_and_type_spoofing: names::spoofing, 690;
    roots_and_trailing_bytes: bytes::roots, 407;
    encodings: bytes::encodings, 900;
    wrong_audience: profile::audience, 320;
    wrong_issuer: profile::issuer, 434;
    wrong_recipient: profile::recipient, 650;
    wrong_destination: profile::destination, 306;
    confirmation_method: profile::confirmation, 130;
    times: profile::times, 1_142;
    status: profile::status, 410;
    statements: profile::statements, 140;
    in_response_to: binding::in_response_to, 466;
    unsolicited: binding::unsolicited, 116;
    denial_of_service: cost::shapes, 690;
}

/// Prints the table for `cargo test -- --nocapture`. Each class counts its cases in its own test.
#[test]
#[expect(clippy::print_stdout, reason = "the table is what the test shows")]
fn counts_by_class() {
    for Class { name, count, .. } in CLASSES {
        println!("{count:>6}  {name}");
    }
    let cases: usize = CLASSES.iter().map(|class| class.count).sum();
    println!("{cases:>6}  from {} genuine responses", genuine().len());
    assert_eq!((CLASSES.len(), cases), (45, 22_012));
}

/// What makes the refusals of edited and re-signed responses meaningful.
#[test]
fn a_response_signed_anew_is_accepted_under_the_new_key_only() {
    for genuine in genuine() {
        let xml = genuine.signed_by(&genuine.xml, &Signature::default());
        let case = |pins, want| Case {
            name: "signed anew".to_owned(),
            xml: xml.clone().into(),
            pins,
            later: 0,
            request: Some(REQUEST),
            unsolicited: Unsolicited::Refuse,
            algorithms: AlgorithmPolicy::Strict,
            want,
        };
        case(Pins::Ours, Want::Genuine).run(genuine).unwrap();
        let refused = Want::Refused(vec![ReasonCode::SignatureInvalid]);
        case(Pins::Provider, refused).run(genuine).unwrap();
    }
}

/// A signature by the attacker's key.
fn forged() -> Signature<'static> {
    Signature { key: other_key(), ..Signature::default() }
}
