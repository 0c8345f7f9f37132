//! SimpleSAMLphp, of Debian's package, as an identity provider: PHP's own server on a free port, with
//! everything that it writes in a temporary folder.

use super::forms::{Form, forms};
use crate::browser::{Answer, Browser};
use crate::process::Running;
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use serde_json::json;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;
use url::Url;

/// Where Debian's package puts the pages.
const PAGES: &str = "/usr/share/simplesamlphp/www";
const CONFIG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/data/simplesamlphp");

/// How the identity provider answers, and what it demands.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of SimpleSAMLphp")]
pub(crate) struct Settings {
    pub(crate) sign_response: bool,
    pub(crate) sign_assertion: bool,
    /// AES-128-CBC, its key by RSA-OAEP: all that this version can do.
    pub(crate) encrypt: bool,
    /// Whether it refuses requests to sign in that nobody signed.
    pub(crate) demand_signed_requests: bool,
    /// The key that signs, of [`KEYS`].
    pub(crate) key: &'static str,
    /// The key that will sign next: announced in the metadata already.
    pub(crate) next_key: Option<&'static str>,
}

/// Names of the keys that there are.
pub(crate) const KEYS: [&str; 2] = ["first", "second"];

impl Default for Settings {
    fn default() -> Self {
        Self {
            sign_response: true,
            sign_assertion: true,
            encrypt: false,
            demand_signed_requests: false,
            key: "first",
            next_key: None,
        }
    }
}

/// The identity provider. It ends with the test.
#[derive(Debug)]
pub(crate) struct SimpleSamlPhp {
    _server: Running,
    /// Scheme, host and port.
    pub(crate) origin: String,
    home: TempDir,
}

impl SimpleSamlPhp {
    pub(crate) fn start(settings: &Settings) -> Self {
        assert!(
            Path::new(PAGES).is_dir(),
            "SimpleSAMLphp is not installed: cargo xtask test --only peers"
        );
        let home = tempfile::tempdir().unwrap();
        let path = home.path();
        for folder in ["pages", "sessions", "tmp"] {
            fs::create_dir(path.join(folder)).unwrap();
        }
        symlink(PAGES, path.join("pages/simplesaml")).unwrap();
        for key in KEYS {
            make_key(path, key);
        }
        let mut command = Command::new("php");
        command
            .env("SIMPLESAMLPHP_CONFIG_DIR", CONFIG)
            .env("STAGEDOOR_TEST_IDP", path)
            .arg("-d")
            .arg(format!("session.save_path={}", path.join("sessions").display()))
            .args(["-S", "127.0.0.1:0", "-t"])
            .arg(path.join("pages"))
            .stdin(Stdio::null());
        let mut server = Running::start(command);
        let port = server.word_after("Development Server (http://127.0.0.1:");
        let port = port.trim_end_matches(')');
        let idp = Self { _server: server, origin: format!("http://127.0.0.1:{port}"), home };
        idp.set(settings);
        idp
    }

    /// Behaves so from the next request on.
    pub(crate) fn set(&self, settings: &Settings) {
        let mut hosted = json!({
            "privatekey": format!("{}.key", settings.key),
            "certificate": format!("{}.crt", settings.key),
            "saml20.sign.response": settings.sign_response,
            "saml20.sign.assertion": settings.sign_assertion,
            "assertion.encryption": settings.encrypt,
            "validate.authnrequest": settings.demand_signed_requests,
        });
        if let Some(next) = settings.next_key {
            hosted["new_privatekey"] = format!("{next}.key").into();
            hosted["new_certificate"] = format!("{next}.crt").into();
        }
        fs::write(self.home.path().join("settings.json"), hosted.to_string()).unwrap();
    }

    /// Takes up a service provider, by its metadata.
    pub(crate) fn know(&self, sp_metadata: &str) {
        fs::write(self.home.path().join("sp-stagedoor.xml"), sp_metadata).unwrap();
    }

    /// An address of its own.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}/simplesaml/saml2/idp/{path}", self.origin)
    }

    pub(crate) fn metadata(&self) -> String {
        let answer = Browser::default().get(&self.url("metadata.php"));
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    }

    /// What it wrote into its log.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.home.path().join("simplesamlphp.log")).unwrap_or_default()
    }

    /// Signs a person in, beginning at an address that leads here, up to the form with the answer.
    #[track_caller]
    pub(crate) fn sign_in(&self, browser: &Browser, start: &str, person: &str) -> Form {
        let (page, answer) = follow(browser, start);
        let mut login = self.form(&page, &answer, "password");
        login.fill("username", person);
        login.fill("password", &format!("{person}-password"));
        let answer = browser.post(login.action.as_str(), &login.fields());
        self.form(&login.action, &answer, "SAMLResponse")
    }

    /// The form of a page that has this field.
    #[track_caller]
    pub(crate) fn form(&self, page: &Url, answer: &Answer, field: &str) -> Form {
        let form = forms(page, &answer.body).into_iter().find(|form| form.value(field).is_some());
        form.unwrap_or_else(|| {
            panic!("{page}: no form with {field}:\n{}\n{}", answer.body, self.log())
        })
    }
}

/// Gets an address and follows redirects to a page.
#[track_caller]
pub(crate) fn follow(browser: &Browser, start: &str) -> (Url, Answer) {
    let mut url = Url::parse(start).unwrap();
    for _ in 0..6 {
        let answer = browser.get(url.as_str());
        if answer.location().is_empty() {
            return (url, answer);
        }
        url = url.join(answer.location()).unwrap();
    }
    panic!("redirects without end, the last to {url}");
}

fn make_key(folder: &Path, name: &str) {
    let (key, certificate) = key_pair();
    fs::write(folder.join(format!("{name}.key")), key).unwrap();
    fs::write(folder.join(format!("{name}.crt")), certificate).unwrap();
}

/// A new RSA key and a certificate for it, as PEM.
pub(crate) fn key_pair() -> (String, String) {
    let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
    let certificate = CertificateParams::default().self_signed(&key).unwrap();
    (key.serialize_pem(), certificate.pem())
}
