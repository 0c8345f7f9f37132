//! No change of a signed response is ever accepted with other claims.

use proptest::prelude::*;

use crate::genuine::genuine;
use crate::support::*;

#[test]
fn flipping_any_single_bit_changes_no_accepted_claim() {
    let document = Document::default();
    for xml in [document.signed_assertion(), document.signed_response()] {
        let genuine = claims(&verify(&xml).unwrap());
        let verifier = verifier();
        let mut accepted = 0_u32;
        for place in 0..xml.len() {
            let mut bytes = xml.clone().into_bytes();
            bytes[place] ^= 1 << (place % 7);
            if let Ok(assertion) = verifier.verify_xml(&bytes, now(), Some(REQUEST)) {
                accepted += 1;
                assert_eq!(claims(&assertion), genuine, "byte {place}");
            }
        }
        // Only the unsigned IDs and times of the Response around a signed assertion may change.
        assert!(accepted < 100, "{accepted} of {} changes accepted", xml.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_mutation_of_a_genuine_response_is_accepted_with_other_claims(
        which in 0..genuine().len(),
        place in any::<prop::sample::Index>(),
        length in 0_usize..12,
        replacement in prop::collection::vec(prop_oneof![
            any::<u8>(), Just(b'<'), Just(b'>'), Just(b'"'), Just(b'&'), Just(b'\r'), b'a'..=b'z',
        ], 0..12),
    ) {
        let genuine = &genuine()[which];
        let mut mutated = genuine.xml.0.clone().into_bytes();
        let start = place.index(mutated.len());
        let end = (start + length).min(mutated.len());
        mutated.splice(start..end, replacement);
        if let Ok(assertion) = genuine.verify(&mutated) {
            prop_assert_eq!(claims(&assertion), genuine.claims());
        }
    }

    #[test]
    fn arbitrary_bytes_are_refused_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        prop_assert!(verifier().verify_xml(&bytes, now(), Some(REQUEST)).is_err());
    }

    #[test]
    fn moved_pieces_of_a_genuine_response_are_never_accepted_with_other_claims(
        which in 0..genuine().len(),
        from in any::<prop::sample::Index>(),
        to in any::<prop::sample::Index>(),
        elements in 1_usize..6,
    ) {
        let genuine = &genuine()[which];
        let text = genuine.xml.0.as_str();
        // Cuts only at the start of markup, so that many results are well-formed.
        let cuts: Vec<_> = text.match_indices('<').map(|(at, _)| at).collect();
        let start = from.index(cuts.len());
        let end = (start + elements).min(cuts.len() - 1);
        let piece = &text[cuts[start]..cuts[end]];
        let at = cuts[to.index(cuts.len())];
        let mutated = format!("{}{piece}{}", &text[..at], &text[at..]);
        if let Ok(assertion) = genuine.verify(mutated.as_bytes()) {
            prop_assert_eq!(claims(&assertion), genuine.claims());
        }
    }
}
