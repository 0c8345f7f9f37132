//! The systemd unit, started by systemd: a machine of its own (systemd-nspawn) over a copy of this one
//! that is thrown away, with simulated AWS beside it.
//!
//! Needs root, so it is not run by `cargo test`: `cargo xtask image`, a step of `cargo xtask test`.

use super::{content, read};
use crate::cloud::until;
use crate::house::{identity_provider, map};
use crate::process::Running;
use crate::world::settled;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A file system that looks like this machine's and keeps nothing.
struct Overlay {
    folder: TempDir,
}

impl Overlay {
    fn new() -> Self {
        let overlay = Self { folder: tempfile::tempdir().unwrap() };
        let path = overlay.folder.path();
        mount(&["-t", "tmpfs", "-o", "mode=0755", "stagedoor-machine"], path);
        for name in ["upper", "work", "root"] {
            fs::create_dir(path.join(name)).unwrap();
        }
        let layers = format!("lowerdir=/,upperdir={0}/upper,workdir={0}/work", path.display());
        mount(&["-t", "overlay", "-o", &layers, "stagedoor-machine"], &overlay.root());
        overlay
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("root")
    }

    fn write(&self, path: &str, text: &str, mode: u32) {
        let file = self.root().join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
    }
}

impl Drop for Overlay {
    fn drop(&mut self) {
        for path in [self.root(), self.folder.path().to_owned()] {
            // The first failure would leave the other one mounted.
            let _ = Command::new("umount").arg("--lazy").arg(path).status();
        }
    }
}

fn mount(words: &[&str], at: &Path) {
    content(Command::new("mount").args(words).arg(at));
}

/// What the machine does and tells.
const TRIAL: &str = r#"
for try in $(seq 60); do /usr/local/bin/stagedoor probe --ready && break; sleep 0.5; done
main=$(systemctl show stagedoor --property MainPID --value)
grep -E '^(Uid|CapEff|NoNewPrivs|Seccomp):' /proc/$main/status
stat --format 'store %U %a' /var/lib/private/stagedoor/stagedoor.db
echo keys $(curl --silent http://127.0.0.1:8080/saml/metadata | grep -c 'use="signing"')
systemctl stop stagedoor
systemctl show stagedoor --property Result --property ExecMainStatus
echo 'version: 2' > /etc/stagedoor/access.yaml
systemctl start stagedoor
for try in $(seq 60); do systemctl is-failed --quiet stagedoor && break; sleep 0.5; done
systemctl show stagedoor --property Result --property ExecMainStatus --property NRestarts
echo end
"#;

#[test]
#[ignore = "takes root and systemd-nspawn: cargo xtask image"]
fn systemd_runs_the_service_without_privileges_and_stops_it_gently() {
    let overlay = Overlay::new();
    let binary = overlay.root().join("usr/local/bin/stagedoor");
    fs::copy(env!("CARGO_BIN_EXE_stagedoor"), binary).unwrap();
    let units = "etc/systemd/system";
    for (file, to) in [
        ("stagedoor.service", "stagedoor.service"),
        ("sp-key.conf", "stagedoor.service.d/sp-key.conf"),
        ("aws-credentials.conf", "stagedoor.service.d/aws-credentials.conf"),
    ] {
        overlay.write(&format!("{units}/{to}"), &read(&format!("deploy/systemd/{file}")), 0o644);
    }
    let environment = read("deploy/systemd/stagedoor.env");
    let environment = format!("{environment}AWS_ENDPOINT_URL=http://127.0.0.1:4566\n");
    overlay.write("etc/stagedoor/stagedoor.env", &environment, 0o644);
    overlay.write("etc/stagedoor/access.yaml", &map(), 0o644);
    overlay.write("etc/stagedoor/corp.xml", &identity_provider().metadata_xml(), 0o644);
    let credentials = "[default]\naws_access_key_id = AKIATEST\naws_secret_access_key = any\n";
    overlay.write("etc/stagedoor/aws-credentials", credentials, 0o600);
    overlay.write("etc/stagedoor/sp.pem", &key(), 0o600);
    overlay.write("root/seed.yaml", &settled(), 0o644);
    overlay.write("root/trial.sh", TRIAL, 0o755);
    overlay.write(&format!("{units}/aws.service"), AWS, 0o644);
    overlay.write(&format!("{units}/trial.service"), RUN, 0o644);

    // Whoever is killed leaves its machine running, unless the processes of both are one namespace.
    let mut machine = Command::new("unshare");
    machine.args(["--pid", "--fork", "--kill-child", "--mount-proc", "systemd-nspawn"]);
    machine.args(["--quiet", "--boot", "--register=no", "--keep-unit", "--private-network"]);
    machine.args(["--link-journal=no", "--console=pipe", "--machine"]);
    machine.arg(format!("stagedoor-{}", std::process::id())).arg("--directory");
    machine.arg(overlay.root()).args(["--", "--unit=trial.service", "--log-target=console"]);
    let machine = Running::start({
        machine.stdin(Stdio::null());
        machine
    });
    let told = ["store ", "keys ", "Result=", "end\n"].map(|mark| {
        until(&format!("the machine tells {mark:?}"), || {
            let told = fs::read_to_string(overlay.root().join("root/told")).ok()?;
            told.contains(mark).then_some(told)
        })
    });
    let told = told.last().unwrap();
    drop(machine);
    let has = |line: &str| assert!(told.lines().any(|told| told == line), "{line}:\n{told}");
    has("NoNewPrivs:\t1");
    has("Seccomp:\t2");
    has("CapEff:\t0000000000000000");
    has("store stagedoor 600");
    has("keys 1");
    assert!(!told.contains("Uid:\t0"), "{told}");
    let ends: Vec<&str> = told.lines().filter(|line| line.contains('=')).collect();
    assert_eq!(
        ends,
        [
            "Result=success",
            "ExecMainStatus=0",
            "Result=exit-code",
            "NRestarts=0",
            "ExecMainStatus=3"
        ],
        "{told}"
    );
}

/// A key of our own with its certificate, as `stagedoor saml key new` writes them.
fn key() -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut command = crate::process::command(folder.path());
    command.args(["saml", "key", "new", "--out", "sp.pem"]);
    crate::process::run(command).exits(0);
    fs::read_to_string(folder.path().join("sp.pem")).unwrap()
}

const AWS: &str = "[Service]
ExecStart=/usr/local/bin/stagedoor sandbox --listen 127.0.0.1:4566 --seed /root/seed.yaml
";

const RUN: &str = "[Unit]
Requires=basic.target
Wants=aws.service stagedoor.service
After=basic.target aws.service stagedoor.service

[Service]
Type=oneshot
StandardOutput=file:/root/told
StandardError=inherit
ExecStart=/bin/sh /root/trial.sh
";
