//! Debian packages: software of others that the tests talk to, so that they need no network.

use crate::say;
use anyhow::{Context, Result, bail, ensure};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

/// The packages that the tests use by name.
const PACKAGES: &[&str] = &[
    // Builds container images without a daemon.
    "buildah",
    // Reverse proxies that the guides configure.
    "caddy",
    // A browser for the pages, what drives it, and letters to draw.
    "chromium",
    "chromium-driver",
    "fonts-dejavu-core",
    // A client of other machines.
    "curl",
    // libFuzzer is C++.
    "g++",
    // Machines, as network namespaces.
    "iproute2",
    "nginx",
    // A real identity provider, and what it asks of PHP.
    "php-cli",
    "php-curl",
    "php-mbstring",
    "php-sqlite3",
    "php-xml",
    "simplesamlphp",
    // `OpenLDAP`, and its tools for the demo.
    "ldap-utils",
    "slapd",
    // An Active Directory domain controller.
    "samba",
    "samba-ad-dc",
    "samba-ad-provision",
    // `promtool` judges metrics and alert rules.
    "prometheus",
    // The environment of the Python tests.
    "python3-venv",
    // What judges the unit of the service, and boots a machine that runs it.
    "systemd",
    "systemd-container",
    // A second opinion on XML signatures.
    "xmlsec1",
];

/// SimpleSAMLphp depends on some web server and some way for it to run PHP. These satisfy it
/// without Apache, and Debian leaves this server switched off.
const INSTEAD_OF_APACHE: &[&str] = &["mini-httpd", "php-cgi"];

/// Keeps Debian's packages from starting daemons while it exists and exits 101.
const POLICY: &str = "/usr/sbin/policy-rc.d";

/// Installs what is missing. Quick if nothing is.
pub(crate) fn prepare() -> Result<()> {
    say_what_is_not_checked();
    install(missing)
}

/// Installs a package that no test needs, if it is missing.
pub(crate) fn add(package: &'static str) -> Result<()> {
    install(|known| if is_installed(known, package) { Vec::new() } else { vec![package] })
}

fn install(missing: impl Fn(&str) -> Vec<&'static str>) -> Result<()> {
    let Ok(query) =
        Command::new("dpkg-query").args(["-W", "-f", "${Package} ${db:Status-Status}\n"]).output()
    else {
        bail!("{}", by_hand("this is not Debian", PACKAGES));
    };
    let missing = missing(&String::from_utf8_lossy(&query.stdout));
    if missing.is_empty() {
        return Ok(());
    }
    let user = output(Command::new("id").arg("-u"))?;
    if String::from_utf8_lossy(&user.stdout).trim() != "0" {
        bail!("{}", by_hand("installing Debian packages takes root", &missing));
    }
    say::line(&format!("    apt-get install {}", missing.join(" ")));
    let _no_daemons = NoDaemons::begin()?;
    apt_get(&["update"])?;
    apt_get(&[&["install", "-y", "--no-install-recommends"], missing.as_slice()].concat())
        .with_context(|| by_hand("apt-get failed", &missing))
}

/// Debian has no Terraform, and no package index of the tests has the AWS provider.
fn say_what_is_not_checked() {
    if Command::new("terraform").arg("version").output().is_err() {
        say::line("    terraform is not installed: deploy/terraform is NOT checked");
    } else if std::env::var_os("STAGEDOOR_TERRAFORM_PLUGINS").is_none() {
        say::line(
            "    STAGEDOOR_TERRAFORM_PLUGINS names no folder with the AWS provider: the resources of \
             deploy/terraform are NOT validated by it",
        );
    }
}

/// The packages to install, given one line `NAME STATUS` for each package that dpkg knows.
fn missing(known: &str) -> Vec<&'static str> {
    let installed = |name: &&str| is_installed(known, name);
    let mut missing: Vec<_> = PACKAGES.iter().copied().filter(|name| !installed(name)).collect();
    if missing.contains(&"simplesamlphp") && !installed(&"apache2") {
        missing.extend(INSTEAD_OF_APACHE.iter().filter(|name| !installed(name)));
    }
    missing
}

fn is_installed(known: &str, package: &str) -> bool {
    known.lines().any(|line| line == format!("{package} installed"))
}

fn by_hand(why: &str, packages: &[&str]) -> String {
    format!(
        "{why}. The tests need these packages of Debian 12 (or what they hold):\n\n    \
         apt-get install --no-install-recommends {}\n",
        packages.join(" ")
    )
}

fn apt_get(words: &[&str]) -> Result<()> {
    output(
        Command::new("apt-get")
            .args(["-qq", "-o", "DPkg::Lock::Timeout=600", "-o", "Acquire::Retries=3"])
            .args(words)
            .env("DEBIAN_FRONTEND", "noninteractive"),
    )
    .map(drop)
}

/// Runs a command and shows what it said only if it fails.
fn output(command: &mut Command) -> Result<Output> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("cannot run {name}"))?;
    ensure!(
        output.status.success(),
        "{name} ended with {}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(output)
}

/// No package starts a daemon while this lives. A policy that was there before stays as it was.
struct NoDaemons {
    ours: bool,
}

impl NoDaemons {
    fn begin() -> Result<Self> {
        if Path::new(POLICY).exists() {
            return Ok(Self { ours: false });
        }
        let guard = Self { ours: true };
        fs::write(POLICY, "#!/bin/sh\nexit 101\n")
            .and_then(|()| fs::set_permissions(POLICY, fs::Permissions::from_mode(0o755)))
            .with_context(|| format!("cannot write `{POLICY}`"))?;
        Ok(guard)
    }
}

impl Drop for NoDaemons {
    fn drop(&mut self) {
        if self.ours {
            let _gone_already = fs::remove_file(POLICY);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(packages: &[&str]) -> String {
        packages.iter().flat_map(|name| [*name, " installed\n"]).collect()
    }

    #[test]
    fn nothing_is_missing_where_all_is_installed() {
        assert!(missing(&known(PACKAGES)).is_empty());
    }

    #[test]
    fn what_was_removed_or_is_named_alike_is_missing() {
        let known = known(PACKAGES)
            .replace("xmlsec1 installed", "xmlsec1 config-files\nxmlsec1-doc installed");
        assert_eq!(missing(&known), ["xmlsec1"]);
    }

    #[test]
    fn simplesamlphp_comes_without_apache_unless_that_is_there() {
        let others = known(PACKAGES).replace("simplesamlphp installed\n", "");
        assert_eq!(missing(&others), ["simplesamlphp", "mini-httpd", "php-cgi"]);
        assert_eq!(
            missing(&format!("{others}php-cgi installed\n")),
            ["simplesamlphp", "mini-httpd"]
        );
        assert_eq!(missing(&format!("{others}apache2 installed\n")), ["simplesamlphp"]);
        assert_eq!(missing("").len(), PACKAGES.len() + INSTEAD_OF_APACHE.len());
    }

    #[test]
    fn who_cannot_install_is_told_what_to_install() {
        assert_eq!(
            by_hand("this is not Debian", &["php-cli", "xmlsec1"]),
            "this is not Debian. The tests need these packages of Debian 12 (or what they hold):\
             \n\n    apt-get install --no-install-recommends php-cli xmlsec1\n"
        );
    }
}
