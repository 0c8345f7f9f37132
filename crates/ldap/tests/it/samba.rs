//! Samba as an Active Directory domain controller. Its ports are fixed, so it wants a network of its
//! own: `cargo xtask samba` makes one.

use crate::certificates::Authority;
use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, Mod};
use std::collections::BTreeSet;
use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

pub(crate) const DOMAIN: &str = "DC=peers,DC=test";
pub(crate) const ADMIN: &str = "administrator@peers.test";
pub(crate) const PASSWORD: &str = "Passw0rd!23";

pub(crate) struct Samba {
    child: Child,
    pub(crate) authority: Authority,
    folder: TempDir,
}

impl Samba {
    /// Makes a domain and starts its controller.
    pub(crate) fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let authority = Authority::new("peers");
        provision(folder.path(), &authority);
        let child = Command::new("samba")
            // A proxy reads what is asked of it, and so wants it in the clear.
            .arg("--option=ldap server require strong auth=no")
            .args(["-i", "-M", "single", "-d", "1", "-s"])
            .arg(folder.path().join("etc/smb.conf"))
            .env("TDB_NO_FSYNC", "1")
            .stdin(Stdio::null())
            .stdout(fs::File::create(folder.path().join("log/samba")).unwrap())
            .stderr(Stdio::null())
            .spawn()
            .expect("samba is there: `cargo xtask test --only peers` installs it");
        let mut samba = Self { child, authority, folder };
        while TcpStream::connect("127.0.0.1:636").is_err() {
            let ended = samba.child.try_wait().unwrap();
            assert!(ended.is_none(), "samba ended: {}", samba.log());
            std::thread::yield_now();
        }
        samba
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log/samba")).unwrap_or_default()
    }

    /// A connection of an admin.
    pub(crate) async fn admin(&self) -> Admin {
        let roots = {
            use rustls::pki_types::CertificateDer;
            use rustls::pki_types::pem::PemObject as _;
            let mut roots = rustls::RootCertStore::empty();
            roots
                .add(CertificateDer::from_pem_slice(self.authority.pem.as_bytes()).unwrap())
                .unwrap();
            roots
        };
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        let tls = rustls::ClientConfig::builder_with_provider(provider.into())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let settings = LdapConnSettings::new().set_config(tls.into());
        let (connection, mut ldap) =
            LdapConnAsync::with_settings(settings, "ldaps://127.0.0.1").await.unwrap();
        ldap3::drive!(connection);
        ldap.simple_bind(ADMIN, PASSWORD).await.unwrap().success().unwrap();
        Admin(ldap)
    }
}

impl Drop for Samba {
    fn drop(&mut self) {
        // With one process there is nobody else to end.
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}

fn provision(folder: &Path, authority: &Authority) {
    let path = |name: &str| folder.join(name).display().to_string();
    for name in ["etc", "run/ncalrpc", "run/wb", "run/ntp", "log"] {
        fs::create_dir_all(folder.join(name)).unwrap();
    }
    let mode = |name: &str, mode| {
        fs::set_permissions(folder.join(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    mode("run/ntp", 0o750);
    let server = authority.server();
    fs::write(path("ca.pem"), &authority.pem).unwrap();
    fs::write(path("server.pem"), server.certificate).unwrap();
    fs::write(path("server.key"), server.key).unwrap();
    mode("server.key", 0o600);
    let options = [
        "interfaces=lo".to_owned(),
        "bind interfaces only=yes".to_owned(),
        "vfs objects=".to_owned(),
        format!("log file={}", path("log/log.%m")),
        format!("pid directory={}", path("run")),
        format!("ncalrpc dir={}", path("run/ncalrpc")),
        format!("ntp signd socket directory={}", path("run/ntp")),
        format!("winbindd socket directory={}", path("run/wb")),
        format!("tls keyfile={}", path("server.key")),
        format!("tls certfile={}", path("server.pem")),
        format!("tls cafile={}", path("ca.pem")),
        "nbt client socket address=127.0.0.1".to_owned(),
        "server services=ldap".to_owned(),
        "disable netbios=yes".to_owned(),
    ];
    let provisioned = Command::new("samba-tool")
        .args(["domain", "provision", "--realm=PEERS.TEST", "--domain=PEERS", "--server-role=dc"])
        .args(["--dns-backend=NONE", "--host-name=dc1", "--host-ip=127.0.0.1"])
        .arg(format!("--adminpass={PASSWORD}"))
        .arg(format!("--targetdir={}", folder.display()))
        .args(options.iter().map(|option| format!("--option={option}")))
        .env("TDB_NO_FSYNC", "1")
        .output()
        .expect("samba-tool is there: `cargo xtask test --only peers` installs it");
    assert!(provisioned.status.success(), "{}", String::from_utf8_lossy(&provisioned.stderr));
}

/// What an admin does.
#[derive(Clone)]
pub(crate) struct Admin(Ldap);

impl Admin {
    /// Adds an entry below the domain; whatever stands in its name and class is given.
    pub(crate) async fn add(&mut self, dn: &str, attributes: &[(&str, &str)]) {
        let mut all: Vec<(&str, BTreeSet<&str>)> = Vec::new();
        for (name, value) in attributes {
            match all.iter_mut().find(|(known, _)| known == name) {
                Some((_, values)) => drop(values.insert(value)),
                None => all.push((name, BTreeSet::from([*value]))),
            }
        }
        let all = all.into_iter().map(|(name, values)| (name, values.into_iter().collect()));
        self.0.add(dn, all.collect()).await.unwrap().success().unwrap();
    }

    pub(crate) async fn user(&mut self, name: &str, more: &[(&str, &str)]) {
        let principal = format!("{name}@peers.test");
        let own = [
            ("objectClass", "user"),
            ("sAMAccountName", name),
            ("userPrincipalName", principal.as_str()),
        ];
        // A normal account that needs no password.
        let usual = [("userAccountControl", "544")];
        let usual = if more.iter().any(|(name, _)| *name == "userAccountControl") {
            &[]
        } else {
            &usual[..]
        };
        self.add(&dn(name), &[&own[..], usual, more].concat()).await;
    }

    pub(crate) async fn group(&mut self, name: &str, members: &[&str]) {
        let members: Vec<String> = members.iter().map(|name| dn(name)).collect();
        let members = members.iter().map(|dn| ("member", dn.as_str()));
        let own = [("objectClass", "group"), ("sAMAccountName", name)];
        self.add(&dn(name), &own.into_iter().chain(members).collect::<Vec<_>>()).await;
    }

    pub(crate) async fn join(&mut self, member: &str, group: &str) {
        let member = dn(member);
        self.modify(group, Mod::Add("member", [member.as_str()].into())).await;
    }

    pub(crate) async fn leave(&mut self, member: &str, group: &str) {
        let member = dn(member);
        self.modify(group, Mod::Delete("member", [member.as_str()].into())).await;
    }

    pub(crate) async fn set(&mut self, name: &str, attribute: &str, value: &str) {
        self.modify(name, Mod::Replace(attribute, [value].into())).await;
    }

    /// Sets a password, as only encrypted connections may.
    pub(crate) async fn set_password(&mut self, name: &str, password: &str) {
        let quoted = format!("\"{password}\"");
        let bytes: Vec<u8> = quoted.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let values = [bytes].into();
        let change = Mod::Replace(b"unicodePwd".to_vec(), values);
        self.0.modify(&dn(name), vec![change]).await.unwrap().success().unwrap();
    }

    async fn modify(&mut self, name: &str, change: Mod<&str>) {
        self.0.modify(&dn(name), vec![change]).await.unwrap().success().unwrap();
    }

    pub(crate) async fn delete(&mut self, name: &str) {
        self.0.delete(&dn(name)).await.unwrap().success().unwrap();
    }

    /// Gives an entry another name, and its account none.
    pub(crate) async fn rename(&mut self, name: &str, to: &str) {
        let (dn, rdn) = (dn(name), format!("CN={to}"));
        self.0.modifydn(&dn, &rdn, true, None).await.unwrap().success().unwrap();
    }

    /// Moves an account out of the tests' own part of the tree.
    pub(crate) async fn move_to(&mut self, name: &str, parent: &str) {
        let (dn, rdn) = (dn(name), format!("CN={name}"));
        self.0.modifydn(&dn, &rdn, true, Some(parent)).await.unwrap().success().unwrap();
    }

    /// The name of the account that the server itself finds by this id, as Microsoft writes it.
    pub(crate) async fn name_with_guid(&mut self, guid: &str) -> Option<String> {
        let base = format!("<GUID={guid}>");
        let asked = vec!["sAMAccountName"];
        let found =
            self.0.search(&base, ldap3::Scope::Base, "(objectClass=*)", asked).await.unwrap();
        let entry = found.0.into_iter().next().map(ldap3::SearchEntry::construct)?;
        entry.attrs.get("sAMAccountName")?.first().cloned()
    }

    /// The last number of a group's security identifier.
    pub(crate) async fn relative_id(&mut self, name: &str) -> String {
        let asked = vec!["primaryGroupToken"];
        let found = self.0.search(&dn(name), ldap3::Scope::Base, "(objectClass=*)", asked).await;
        let entry = ldap3::SearchEntry::construct(found.unwrap().0.remove(0));
        entry.attrs.get("primaryGroupToken").unwrap().first().unwrap().clone()
    }
}

/// The DN of an account or a group of the tests.
pub(crate) fn dn(name: &str) -> String {
    format!("CN={name},{STUDIO}")
}

/// Where the tests' accounts and groups are.
pub(crate) const STUDIO: &str = "OU=Studio,DC=peers,DC=test";
