//! `OpenLDAP`'s server with a directory of its own, which goes with its test.

use crate::certificates::Authority;
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

pub(crate) const BASE: &str = "dc=corp,dc=example";

/// The account that Stagedoor binds as.
pub(crate) const READER: &str = "cn=reader,dc=corp,dc=example";
pub(crate) const PASSWORD: &str = "open sesame";

/// An account for which the server stops after 100 entries.
pub(crate) const LIMITED: &str = "cn=limited,dc=corp,dc=example";

pub(crate) struct Slapd {
    child: Child,
    pub(crate) port: u16,
    pub(crate) tls_port: u16,
    pub(crate) authority: Authority,
    _folder: TempDir,
}

impl Slapd {
    /// Starts a server that holds these entries below [`BASE`].
    pub(crate) fn with(entries: &str) -> Self {
        Self::started(entries, None)
    }

    /// The same, whose root entry says this of `isSynchronized`, as a domain controller's does.
    pub(crate) fn synchronized(is: &str, entries: &str) -> Self {
        Self::started(entries, Some(is))
    }

    fn started(entries: &str, is_synchronized: Option<&str>) -> Self {
        let folder = TempDir::new().unwrap();
        let authority = Authority::new("corp");
        configure(folder.path(), &authority);
        if let Some(is) = is_synchronized {
            add_to_root(folder.path(), is);
        }
        load(folder.path(), entries);
        // Somebody else may take a port between our looking and the server's listening.
        for _ in 0..5 {
            let [port, tls_port] = free_ports();
            if let Some(child) = start(folder.path(), port, tls_port) {
                return Self { child, port, tls_port, authority, _folder: folder };
            }
        }
        panic!("slapd does not start");
    }
}

impl Drop for Slapd {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}

fn configure(folder: &Path, authority: &Authority) {
    let path = |name: &str| folder.join(name).display().to_string();
    fs::create_dir(folder.join("db")).unwrap();
    let server = authority.server();
    fs::write(path("ca.pem"), &authority.pem).unwrap();
    fs::write(path("server.pem"), server.certificate).unwrap();
    fs::write(path("server.key"), server.key).unwrap();
    let configuration = format!(
        "include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/nis.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
moduleload ppolicy
pidfile {pid}
TLSCACertificateFile {ca}
TLSCertificateFile {certificate}
TLSCertificateKeyFile {key}
TLSVerifyClient try
authz-regexp ^cn=([^,]*)$ cn=$1,{BASE}
database mdb
maxsize 104857600
suffix {BASE}
rootdn cn=admin,{BASE}
rootpw \"{PASSWORD}\"
directory {db}
index objectClass,uid,cn,member,entryUUID eq
limits dn.exact={LIMITED} size.soft=100 size.hard=100 size.prtotal=100
limits dn.exact={READER} size.soft=100 size.hard=100 size.prtotal=unlimited
overlay memberof
overlay ppolicy
access to attrs=userPassword by anonymous auth by * none
access to dn.subtree=\"ou=hidden,{BASE}\" by * none
access to dn.regex=\"^cn=secretive,\" attrs=member by * none
access to dn.subtree=\"ou=discreet,{BASE}\" attrs=member,uniqueMember,memberUid by * none
access to * by users read by anonymous auth
",
        pid = path("pid"),
        ca = path("ca.pem"),
        certificate = path("server.pem"),
        key = path("server.key"),
        db = path("db"),
    );
    fs::write(path("slapd.conf"), configuration).unwrap();
}

fn add_to_root(folder: &Path, is_synchronized: &str) {
    let root = folder.join("root.ldif");
    fs::write(&root, format!("dn:\nisSynchronized: {is_synchronized}\n")).unwrap();
    let configuration = fs::read_to_string(folder.join("slapd.conf")).unwrap();
    let more = format!(
        "attributetype ( 1.3.6.1.4.1.32473.1 NAME 'isSynchronized' SYNTAX \
         1.3.6.1.4.1.1466.115.121.1.15 )\nrootDSE {}\ndatabase mdb\n",
        root.display()
    );
    let configuration = configuration.replacen("database mdb\n", &more, 1);
    fs::write(folder.join("slapd.conf"), configuration).unwrap();
}

fn load(folder: &Path, entries: &str) {
    let account = |dn: &str| {
        let name = dn.split(',').next().unwrap().trim_start_matches("cn=");
        format!(
            "dn: {dn}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\ncn: \
             {name}\nuserPassword: {PASSWORD}\n\n"
        )
    };
    let root = format!(
        "dn: {BASE}\nobjectClass: dcObject\nobjectClass: organization\no: corp\ndc: corp\n\n"
    );
    let all = format!("{root}{}{}{entries}", account(READER), account(LIMITED));
    let file = folder.join("entries.ldif");
    fs::write(&file, all).unwrap();
    let loaded = Command::new("/usr/sbin/slapadd")
        .args(["-q", "-f"])
        .arg(folder.join("slapd.conf"))
        .arg("-l")
        .arg(&file)
        .output()
        .expect("slapadd is there: `cargo xtask test --only peers` installs it");
    assert!(loaded.status.success(), "{}", String::from_utf8_lossy(&loaded.stderr));
}

fn free_ports() -> [u16; 2] {
    let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}

/// Starts the server; `None` if a port is taken. With `-d`, it stays in the foreground.
fn start(folder: &Path, port: u16, tls_port: u16) -> Option<Child> {
    let mut child = Command::new("/usr/sbin/slapd")
        .args(["-d", "0", "-f"])
        .arg(folder.join("slapd.conf"))
        .args(["-h", &format!("ldap://127.0.0.1:{port} ldaps://127.0.0.1:{tls_port}")])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("slapd is there: `cargo xtask test --only peers` installs it");
    loop {
        if child.try_wait().unwrap().is_some() {
            return None;
        }
        // It listens before it writes its process id, and serves after.
        if std::net::TcpStream::connect(("127.0.0.1", tls_port)).is_ok() {
            return Some(child);
        }
        std::thread::yield_now();
    }
}
