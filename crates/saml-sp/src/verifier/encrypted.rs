//! The order of the checks for an encrypted assertion.
//!
//! A signed Response first: its signature covers the ciphertext, and only what it covers is
//! decrypted. An unsigned one has its assertion decrypted on nobody's word, so that must be
//! AES-GCM, and the assertion inside must be signed. Either way the plaintext passes the bounds,
//! the one parser and the structural checks, and claims are read from authenticated bytes only:
//! the canonical form of the signed assertion, or the plaintext of a signed ciphertext.

use jiff::Timestamp;

use super::{Signed, Verifier, not_canonical, verify_signatures};
use crate::assertion::{SignedBy, VerifiedAssertion};
use crate::bounds;
use crate::dom::{self, Node};
use crate::encryption::{self, EncryptedForm};
use crate::profile::{Proof, Question, SignedTree};
use crate::rejection::Rejection;
use crate::response::{EncryptedTree, Shape};

/// What the plaintext is judged against.
struct Asked<'a, 'x> {
    now: Timestamp,
    expected: Option<&'a str>,
    unsigned_response: Node<'a, 'x>,
}

impl Verifier {
    pub(super) fn verify_encrypted(
        &self,
        sent: &EncryptedTree<'_, '_>,
        now: Timestamp,
        expected: Option<&str>,
    ) -> Result<VerifiedAssertion, Rejection> {
        let asked = Asked { now, expected, unsigned_response: sent.response };
        sent.check_status()?;
        sent.check_issuer(&self.identity_provider.entity_id)?;
        let forms = sent.signature_forms()?;
        if forms.response.is_none() {
            return self.decrypt(sent, None, &asked);
        }
        let outer = verify_signatures(&forms, &self.suites(&forms)?)?;

        // From here on nothing of the Response is read but what was signed.
        let document = dom::parse(&outer.xml, &bounds::RESPONSE).map_err(|_| not_canonical())?;
        let Shape::Encrypted(tree) = Shape::read(&document)? else { return Err(not_canonical()) };
        tree.check_status()?;
        tree.check_issuer(&self.identity_provider.entity_id)?;
        self.decrypt(&tree, Some(&outer), &asked)
    }

    fn decrypt(
        &self,
        tree: &EncryptedTree<'_, '_>,
        outer: Option<&Signed<'_>>,
        asked: &Asked<'_, '_>,
    ) -> Result<VerifiedAssertion, Rejection> {
        let form = EncryptedForm::read(tree.encrypted)?;
        let plaintext = encryption::decrypt(
            form,
            &self.decryption_keys,
            self.encryption_policy,
            outer.is_some(),
        )?;
        let text = encryption::in_context(&plaintext, tree.encrypted);
        self.judge(&text, tree, outer, asked).map_err(Rejection::after_decryption)
    }

    /// Judges the decrypted assertion as any other. `outer` is the Response's verified signature.
    fn judge(
        &self,
        text: &str,
        tree: &EncryptedTree<'_, '_>,
        outer: Option<&Signed<'_>>,
        asked: &Asked<'_, '_>,
    ) -> Result<VerifiedAssertion, Rejection> {
        let text = bounds::admit(text.as_bytes(), &bounds::RESPONSE)?;
        let document = dom::parse(&text, &bounds::RESPONSE)?;
        let tree = tree.with_decrypted(&document)?;
        tree.check_issuers(&self.identity_provider.entity_id)?;
        let forms = tree.signature_forms()?;
        let is_proven = outer.is_some() && forms.assertion.is_none();
        let inner =
            if is_proven { None } else { Some(verify_signatures(&forms, &self.suites(&forms)?)?) };

        let canonical;
        let assertion = match &inner {
            Some(signed) => {
                canonical =
                    dom::parse(&signed.xml, &bounds::RESPONSE).map_err(|_| not_canonical())?;
                canonical.root_element()
            }
            None => tree.assertion,
        };
        let mut signatures = outer.into_iter().chain(&inner);
        let is_weak = signatures.clone().any(|signed| signed.is_weak);
        let key = signatures.next().map(|signed| signed.key.fingerprint().to_owned());
        let question = Question {
            verifier: self,
            now: asked.now,
            expected: asked.expected,
            tree: SignedTree { response: outer.map(|_| tree.response), assertion },
            unsigned_response: asked.unsigned_response,
        };
        question.answer(Proof {
            signed_by: SignedBy { response: outer.is_some(), assertion: inner.is_some() },
            key_fingerprint: key.unwrap_or_default(),
            used_weak_algorithms: is_weak,
            was_encrypted: true,
        })
    }
}
