//! Whom to trust, and what to show.

use crate::config::{Config, ConfigError, Trust};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;

/// TLS as the configuration has it, by the one cryptography that the product has.
pub(crate) fn client(config: &Config) -> Result<Arc<ClientConfig>, ConfigError> {
    let failed = |what: &str| ConfigError::Certificates(what.to_owned());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(&error.to_string()))?
        .with_root_certificates(roots(&config.trust)?);
    let Some(identity) = &config.identity else {
        return Ok(Arc::new(builder.with_no_client_auth()));
    };
    let chain = certificates(&identity.certificate).ok_or_else(|| {
        failed("the client certificate is no certificate in PEM: it begins with BEGIN CERTIFICATE")
    })?;
    let key = PrivateKeyDer::from_pem_slice(identity.key.reveal().as_bytes()).map_err(|_| {
        failed("the key of the client certificate is no private key in PEM: BEGIN PRIVATE KEY")
    })?;
    let with_identity = builder.with_client_auth_cert(chain, key).map_err(|error| {
        failed(&format!("the client certificate and its key do not go together: {error}"))
    })?;
    Ok(Arc::new(with_identity))
}

fn roots(trust: &Trust) -> Result<RootCertStore, ConfigError> {
    let mut roots = RootCertStore::empty();
    match trust {
        Trust::System => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
        Trust::Pinned(pem) => {
            let found = certificates(pem).ok_or_else(|| {
                let message =
                    "`ca_file` holds no certificate in PEM: one begins with BEGIN CERTIFICATE";
                ConfigError::Certificates(message.to_owned())
            })?;
            for certificate in found {
                roots.add(certificate).map_err(|error| {
                    let message =
                        format!("`ca_file` holds a certificate that is no authority: {error}");
                    ConfigError::Certificates(message)
                })?;
            }
        }
    }
    Ok(roots)
}

/// The certificates of a text; `None` if there is none, or one cannot be read.
fn certificates(pem: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    found.ok().filter(|found| !found.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{ClientIdentity, Secret};
    use access::ids::LdapUrl;

    fn config() -> Config {
        Config::new(vec![LdapUrl::parse("ldaps://dc1.corp.example").unwrap()], "DC=corp,DC=example")
    }

    #[test]
    fn what_is_no_certificate_is_refused() {
        for pem in
            [&b""[..], b"no PEM", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
        {
            let trust = Trust::Pinned(pem.to_vec());
            assert!(client(&Config { trust, ..config() }).is_err(), "{pem:?}");
        }
        assert!(client(&config()).is_ok());
    }

    #[test]
    fn a_client_certificate_goes_with_its_own_key() {
        let [one, other] = [(); 2]
            .map(|()| rcgen::generate_simple_self_signed(vec!["stagedoor".to_owned()]).unwrap());
        let with_key = |key: String| {
            let certificate = one.cert.pem().into_bytes();
            let identity = Some(ClientIdentity { certificate, key: Secret::new(key) });
            client(&Config { identity, ..config() })
        };
        assert!(with_key(one.signing_key.serialize_pem()).is_ok());
        assert!(with_key(other.signing_key.serialize_pem()).is_err());
        assert!(with_key("no key".to_owned()).is_err());
    }
}
