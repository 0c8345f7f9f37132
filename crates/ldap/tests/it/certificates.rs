//! An authority, and certificates that it issues.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

pub(crate) struct Authority {
    /// Its certificate, in PEM.
    pub(crate) pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate with its key, in PEM.
pub(crate) struct Issued {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { pem, issuer: Issuer::new(params, key) }
    }

    /// A certificate for a server on this machine.
    pub(crate) fn server(&self) -> Issued {
        let names = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
        self.issue(CertificateParams::new(names).unwrap(), "server")
    }

    /// A certificate for a client of this name.
    pub(crate) fn client(&self, name: &str) -> Issued {
        self.issue(CertificateParams::new(Vec::new()).unwrap(), name)
    }

    fn issue(&self, mut params: CertificateParams, name: &str) -> Issued {
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap().pem();
        Issued { certificate, key: key.serialize_pem() }
    }
}
