//! Where the demo's people are: in the simulated Identity Center, in a file, in an LDAP server of
//! this machine, or pushed by SCIM.

use super::provider::Provider;
use crate::cli::DemoDirectory;
use anyhow::{Context, Result, anyhow, ensure};
use sandbox::Seed;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

/// What the demo's map says of its directory, and of how assertions name people.
const IN_MAP: &str = "identity_center: { region: eu-west-1, identity_store_id: d-906716eb24 }";
const BY_ID: &str = "person: { attribute: ssouserid, matches: id }";
const BY_NAME: &str = "person: { attribute: username, matches: user_name }";

/// The file of the demo's people, beside the map.
const FILE: &str = "people.yaml";

/// Programs of `OpenLDAP`, where distributions put them.
const SLAPD: [&str; 2] = ["/usr/sbin/slapd", "/usr/libexec/slapd"];
const SLAPADD: [&str; 2] = ["/usr/sbin/slapadd", "/usr/bin/slapadd"];
const LDAPMODIFY: [&str; 2] = ["/usr/bin/ldapmodify", "/usr/local/bin/ldapmodify"];
const BASE: &str = "dc=demo,dc=example";
/// Of a server that only this machine reaches and that goes with the demo.
const PASSWORD: &str = "demo";

/// Where the demo's people are.
#[derive(Debug)]
pub(super) enum People {
    /// In the simulated Identity Center.
    IdentityCenter,
    /// In a file.
    InFile(Mutex<Listed>),
    /// In an LDAP server.
    InLdap(Server),
    /// Pushed by SCIM, once somebody did.
    Pushed { listed: Listed, provider: OnceLock<Provider> },
}

impl People {
    /// Puts the people of the seed where they are to be, and makes the map say so.
    pub(super) fn place(
        kind: DemoDirectory,
        map: &str,
        seed: &Seed,
        folder: &Path,
    ) -> Result<(Self, String)> {
        let listed = Listed::of(seed, folder);
        match kind {
            DemoDirectory::IdentityCenter => Ok((Self::IdentityCenter, map.to_owned())),
            DemoDirectory::File => {
                listed.write()?;
                // Whole, since the map's own folder is no part of what it is called.
                let path = serde_json::Value::from(listed.path.display().to_string());
                let map = said(map, IN_MAP, &format!("file: {path}"))?;
                Ok((Self::InFile(Mutex::new(listed)), map))
            }
            DemoDirectory::Scim => {
                let map = said(&said(map, IN_MAP, "scim: {}")?, BY_ID, BY_NAME)?;
                Ok((Self::Pushed { listed, provider: OnceLock::new() }, map))
            }
            DemoDirectory::Ldap => {
                let server = Server::start(&listed, folder)?;
                let map = said(map, IN_MAP, &server.in_map())?;
                Ok((Self::InLdap(server), said(&map, BY_ID, BY_NAME)?))
            }
        }
    }

    /// Where that is, for people.
    pub(super) fn told(&self) -> String {
        match self {
            Self::IdentityCenter => "in the simulated Identity Center".to_owned(),
            Self::InFile(listed) => {
                let listed = listed.lock().unwrap_or_else(PoisonError::into_inner);
                format!("{} (edit it)", listed.path.display())
            }
            Self::Pushed { provider, .. } => {
                provider.get().map_or_else(|| "pushed by SCIM".to_owned(), Provider::told)
            }
            Self::InLdap(server) => format!("ldap://127.0.0.1:{} below {BASE}", server.port),
        }
    }

    /// Puts a person into a group or takes one out. Whether it was done: the simulated Identity Center
    /// is asked by its API.
    pub(super) async fn membership(&self, group: &str, user_name: &str, add: bool) -> Result<bool> {
        match self {
            Self::IdentityCenter => Ok(false),
            Self::InFile(listed) => {
                let mut listed = listed.lock().unwrap_or_else(PoisonError::into_inner);
                listed.change(group, user_name, add)?;
                listed.write().map(|()| true)
            }
            Self::InLdap(server) => server.change(group, user_name, add).map(|()| true),
            Self::Pushed { provider, .. } => {
                let provider = provider.get().context("nobody was pushed yet")?;
                provider.change(group, user_name, add).await.map(|()| true)
            }
        }
    }
}

/// The map with something else in the place of what it says.
fn said(map: &str, what: &str, instead: &str) -> Result<String> {
    ensure!(map.contains(what), "the demo's map does not say `{what}`");
    Ok(map.replace(what, instead))
}

/// The demo's people and groups.
#[derive(Debug)]
pub(super) struct Listed {
    path: PathBuf,
    /// Id, user name, display name, and whether enabled.
    pub(super) people: Vec<(String, String, String, bool)>,
    pub(super) groups: BTreeMap<String, BTreeSet<String>>,
}

impl Listed {
    fn of(seed: &Seed, folder: &Path) -> Self {
        let directory = || seed.directory.iter();
        let people = directory().flat_map(|directory| &directory.users).map(|user| {
            let display = user.display_name.as_ref().unwrap_or(&user.user_name).clone();
            (user.id.clone().unwrap_or_default(), user.user_name.clone(), display, user.enabled)
        });
        let groups = directory().flat_map(|directory| &directory.groups);
        let groups =
            groups.map(|group| (group.name.clone(), group.members.iter().cloned().collect()));
        Self { path: folder.join(FILE), people: people.collect(), groups: groups.collect() }
    }

    fn change(&mut self, group: &str, user_name: &str, add: bool) -> Result<()> {
        let members = self.groups.get_mut(group);
        let members = members.with_context(|| format!("the demo has no group {group}"))?;
        if add {
            members.insert(user_name.to_owned());
        } else {
            members.remove(user_name);
        }
        Ok(())
    }

    /// Writes the file beside and renames it into its place, as whoever looks after one should.
    fn write(&self) -> Result<()> {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let mut text =
            String::from("# The people of the demo. Edit it, and watch the loop.\npeople:\n");
        for (id, user_name, display, enabled) in &self.people {
            let display = quoted(display);
            let state = if *enabled { "" } else { ", enabled: false" };
            let _ = writeln!(
                text,
                "  - {{ id: {id}, user_name: {user_name}, display_name: {display}{state} }}"
            );
        }
        text.push_str("groups:\n");
        for (name, members) in &self.groups {
            let members: Vec<&str> = members.iter().map(String::as_str).collect();
            let _ = writeln!(text, "  - {{ name: {name}, members: [{}] }}", members.join(", "));
        }
        let beside = self.path.with_extension("new");
        let context = || format!("cannot write {}", self.path.display());
        let mut file = File::create(&beside).with_context(context)?;
        file.write_all(text.as_bytes()).with_context(context)?;
        // It is whole: nobody need wait for more of it.
        #[expect(clippy::disallowed_methods, reason = "the file's own time is the machine's")]
        let settled = SystemTime::now() - Duration::from_secs(2);
        file.set_modified(settled).with_context(context)?;
        fs::rename(&beside, &self.path).with_context(context)
    }
}

/// An LDAP server with the demo's people, which goes with the demo.
#[derive(Debug)]
pub(super) struct Server {
    child: Mutex<Child>,
    port: u16,
    modify: PathBuf,
}

impl Server {
    fn start(listed: &Listed, folder: &Path) -> Result<Self> {
        let (slapd, slapadd) = (program(&SLAPD)?, program(&SLAPADD)?);
        let modify = program(&LDAPMODIFY)?;
        let folder = folder.join("ldap");
        fs::create_dir_all(folder.join("db")).context("a folder for the LDAP server")?;
        let configuration = folder.join("slapd.conf");
        let entries = folder.join("entries.ldif");
        fs::write(&configuration, self::configuration(&folder)).context("slapd.conf")?;
        fs::write(&entries, listed.ldif()).context("entries.ldif")?;
        let added = Command::new(slapadd)
            .args(["-q", "-f"])
            .arg(&configuration)
            .arg("-l")
            .arg(&entries)
            .output()
            .context("slapadd")?;
        let said = String::from_utf8_lossy(&added.stderr);
        ensure!(added.status.success(), "slapadd: {}", said.trim());
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let child = Command::new(slapd)
            .args(["-d", "0", "-f"])
            .arg(&configuration)
            .args(["-h", &format!("ldap://127.0.0.1:{port}")])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("slapd")?;
        Ok(Self { child: Mutex::new(child), port, modify })
    }

    fn in_map(&self) -> String {
        format!("ldap: {{ urls: [\"ldap://127.0.0.1:{}\"], base_dn: \"{BASE}\" }}", self.port)
    }

    fn change(&self, group: &str, user_name: &str, add: bool) -> Result<()> {
        let what = if add { "add" } else { "delete" };
        let change = format!(
            "dn: cn={group},{BASE}\nchangetype: modify\n{what}: member\nmember: \
             uid={user_name},{BASE}\n-\n"
        );
        let mut child = Command::new(&self.modify)
            .args(["-x", "-H", &format!("ldap://127.0.0.1:{}", self.port)])
            .args(["-D", &format!("cn=admin,{BASE}"), "-w", PASSWORD])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .context("ldapmodify")?;
        let stdin = child.stdin.take().ok_or_else(|| anyhow!("ldapmodify takes no input"))?;
        { stdin }.write_all(change.as_bytes()).context("ldapmodify")?;
        let ended = child.wait_with_output().context("ldapmodify")?;
        let said = String::from_utf8_lossy(&ended.stderr);
        ensure!(ended.status.success(), "ldapmodify: {}", said.trim());
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let child = self.child.get_mut().unwrap_or_else(PoisonError::into_inner);
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// Where a program of `OpenLDAP` is.
fn program(places: &[&str]) -> Result<PathBuf> {
    let found = places.iter().map(PathBuf::from).find(|path| path.is_file());
    let wanted = places.first().copied().unwrap_or_default();
    found.with_context(|| {
        format!(
            "there is no {wanted}: `--directory ldap` runs an OpenLDAP server of this machine; \
             install it (Debian and Ubuntu: apt-get install slapd ldap-utils), or take `--directory \
             file`"
        )
    })
}

fn configuration(folder: &Path) -> String {
    let path = |name: &str| folder.join(name).display().to_string();
    format!(
        "include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
pidfile {pid}
database mdb
maxsize 104857600
suffix {BASE}
rootdn cn=admin,{BASE}
rootpw {PASSWORD}
directory {db}
index objectClass,uid,cn,member,entryUUID eq
overlay ppolicy
access to * by * read
",
        pid = path("pid"),
        db = path("db"),
    )
}

impl Listed {
    fn ldif(&self) -> String {
        let mut text = format!(
            "dn: {BASE}\nobjectClass: dcObject\nobjectClass: organization\no: demo\ndc: demo\n\n"
        );
        for (_, user_name, display, enabled) in &self.people {
            let _ = write!(
                text,
                "dn: uid={user_name},{BASE}\nobjectClass: inetOrgPerson\nuid: {user_name}\nsn: \
                 {user_name}\ncn: {display}\n"
            );
            if !enabled {
                text.push_str("pwdAccountLockedTime: 000001010000Z\n");
            }
            text.push('\n');
        }
        for (name, members) in &self.groups {
            // A group of OpenLDAP always has a member.
            let _ = write!(
                text,
                "dn: cn={name},{BASE}\nobjectClass: groupOfNames\ncn: {name}\nmember: cn=admin,{BASE}\n"
            );
            for member in members {
                let _ = writeln!(text, "member: uid={member},{BASE}");
            }
            text.push('\n');
        }
        text
    }
}
