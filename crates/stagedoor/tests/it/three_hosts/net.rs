//! Machines of a network of our own: a network namespace each, around one router.

use std::net::Ipv4Addr;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Where Debian keeps what is run here: `ip`, `curl`, `nginx`, `caddy`.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A network that is gone with this value.
#[derive(Debug)]
pub(super) struct Net {
    prefix: String,
    namespaces: Vec<String>,
}

/// A machine with its addresses, all of one /24 whose first address is the router's.
#[derive(Debug, Clone)]
pub(super) struct Host {
    namespace: String,
    pub(super) addresses: Vec<Ipv4Addr>,
}

impl Net {
    /// An empty network: a router and nobody else.
    ///
    /// # Panics
    /// Without root, `ip` or network namespaces.
    pub(super) fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let prefix = format!("stagedoor-{}-{number}", std::process::id());
        let mut net = Self { prefix, namespaces: Vec::new() };
        let router = net.namespace("router");
        let forward = "echo 1 > /proc/sys/net/ipv4/ip_forward";
        succeed(inside(&router, "sh").args(["-c", forward]));
        net
    }

    /// Adds a machine in a subnet of its own.
    pub(super) fn host(&mut self, name: &str, addresses: &[&str]) -> Host {
        let namespace = self.namespace(name);
        let router = format!("{}-router", self.prefix);
        let addresses: Vec<Ipv4Addr> = addresses.iter().map(|a| a.parse().unwrap()).collect();
        let [a, b, c, _] = addresses[0].octets();
        let gateway = Ipv4Addr::new(a, b, c, 1);
        let port = format!("to-{name}");
        let link = ["type", "veth", "peer", "name", "eth0", "netns", &namespace].map(str::to_owned);
        ip(&[&["link", "add", &port, "netns", &router], &link.each_ref().map(String::as_str)[..]]
            .concat());
        ip(&["-n", &router, "addr", "add", &format!("{gateway}/24"), "dev", &port]);
        ip(&["-n", &router, "link", "set", &port, "up"]);
        for address in &addresses {
            ip(&["-n", &namespace, "addr", "add", &format!("{address}/24"), "dev", "eth0"]);
        }
        ip(&["-n", &namespace, "link", "set", "eth0", "up"]);
        ip(&["-n", &namespace, "link", "set", "lo", "up"]);
        ip(&["-n", &namespace, "route", "add", "default", "via", &gateway.to_string()]);
        Host { namespace, addresses }
    }

    fn namespace(&mut self, name: &str) -> String {
        let namespace = format!("{}-{name}", self.prefix);
        ip(&["netns", "add", &namespace]);
        self.namespaces.push(namespace.clone());
        namespace
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        for namespace in &self.namespaces {
            // The first failure would leave the others behind.
            let _ = Command::new("ip").args(["netns", "del", namespace]).status();
        }
    }
}

impl Host {
    /// Its first address.
    pub(super) fn address(&self) -> Ipv4Addr {
        self.addresses[0]
    }

    /// A program of this machine.
    pub(super) fn command(&self, program: &str) -> Command {
        let mut command = inside(&self.namespace, program);
        command.stdin(Stdio::null());
        command
    }

    /// A command as it would be on this machine, with its arguments, folder and environment.
    pub(super) fn runs(&self, command: &Command) -> Command {
        let mut here = self.command(command.get_program().to_str().unwrap());
        here.args(command.get_args()).env_clear().env("PATH", PATH);
        here.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        if let Some(folder) = command.get_current_dir() {
            here.current_dir(folder);
        }
        here
    }
}

fn inside(namespace: &str, program: &str) -> Command {
    let mut command = Command::new("ip");
    command.args(["netns", "exec", namespace, program]).env("PATH", PATH);
    command
}

fn ip(words: &[&str]) {
    succeed(Command::new("ip").args(words).env("PATH", PATH));
}

#[track_caller]
fn succeed(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{command:?}: {said}Network namespaces take root and a kernel that allows them: run \
         `cargo xtask netns`, which says what is missing"
    );
}
