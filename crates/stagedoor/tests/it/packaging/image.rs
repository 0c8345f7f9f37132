//! The container image, built by buildah and run as Kubernetes would run it: as nobody, over a root
//! file system that cannot be written.
//!
//! No registry of images is in reach of these tests. So the shipped stage is built from the binary of
//! these tests, over a stand-in for the distroless base that is made of the same parts: the C library
//! and the certificates of Debian. The stage that compiles is not run.
//!
//! Needs root, so it is not run by `cargo test`: `cargo xtask image`, a step of `cargo xtask test`.

use super::{content, repository};
use crate::house::{identity_provider, map};
use crate::process::Running;
use crate::world::{World, settled};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

const BASE: &str = "localhost/distroless-stand-in";
const IMAGE: &str = "localhost/stagedoor";

/// Images of this test alone.
struct Builder {
    folder: TempDir,
}

impl Builder {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn buildah(&self, words: &[&str]) -> Command {
        let mut buildah = Command::new("buildah");
        buildah
            .args(["--storage-driver", "vfs", "--root"])
            .arg(self.path("root"))
            .arg("--runroot")
            .arg(self.path("run"))
            .args(words)
            .current_dir(repository());
        buildah
    }

    fn say(&self, words: &[&str]) -> String {
        content(&mut self.buildah(words)).trim().to_owned()
    }
}

/// What distroless/cc has of the binary's needs.
fn base(folder: &Path) {
    let ldd = content(Command::new("ldd").arg(env!("CARGO_BIN_EXE_stagedoor")));
    let libraries = ldd.split_whitespace().filter(|word| word.starts_with('/'));
    let parts: Vec<&str> = libraries.chain(["/etc/ssl/certs/ca-certificates.crt"]).collect();
    assert!(parts.iter().any(|part| part.contains("libc.so")), "{ldd}");
    for part in parts {
        let to = folder.join(part.trim_start_matches('/'));
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(part, to).unwrap();
    }
}

fn built() -> Builder {
    let builder = Builder { folder: tempfile::tempdir().unwrap() };
    base(&builder.path("base"));
    let out = builder.path("build/out");
    fs::create_dir_all(out.join("usr/local/bin")).unwrap();
    fs::copy(env!("CARGO_BIN_EXE_stagedoor"), out.join("usr/local/bin/stagedoor")).unwrap();
    let mut state = Command::new("install");
    state.args(["-d", "-m", "0700", "-o", "65532", "-g", "65532"]);
    content(state.arg(out.join("var/lib/stagedoor")));
    let container = builder.say(&["from", "scratch"]);
    let files = builder.path("base");
    builder.say(&["copy", "--quiet", &container, files.to_str().unwrap(), "/"]);
    builder.say(&["commit", "--quiet", &container, BASE]);
    let compiled = format!("build={}", builder.path("build").display());
    builder.say(&[
        "build",
        "--isolation=chroot",
        "--pull-never",
        "--format=docker",
        "--build-context",
        &compiled,
        "--build-arg",
        &format!("RUN_IMAGE={BASE}"),
        "--build-arg",
        "VERSION=1.2.3",
        "--file=deploy/container/Dockerfile",
        &format!("--tag={IMAGE}"),
        ".",
    ]);
    builder
}

#[test]
#[ignore = "takes root and buildah: cargo xtask image"]
fn the_image_serves_as_nobody_over_a_root_that_cannot_be_written() {
    let builder = built();
    let told = builder.say(&["inspect", "--type=image", IMAGE]);
    let told: Value = serde_json::from_str(&told).unwrap();
    let config = &told["Docker"]["config"];
    assert_eq!(config["User"], "65532:65532");
    assert_eq!(config["Entrypoint"], json!(["/usr/local/bin/stagedoor"]));
    assert_eq!(config["Cmd"], json!(["serve"]));
    assert_eq!(config["Healthcheck"]["Test"], json!(["CMD", "/usr/local/bin/stagedoor", "probe"]));
    assert_eq!(config["Labels"]["org.opencontainers.image.version"], "1.2.3");

    let container = builder.say(&["from", "--pull-never", IMAGE]);
    let root = builder.say(&["mount", &container]);
    let world = World::new(&settled(), &map());
    world.write("corp.xml", &identity_provider().metadata_xml());
    // The container's user is nobody here.
    fs::set_permissions(world.path(""), fs::Permissions::from_mode(0o755)).unwrap();
    let environment = config["Env"].as_array().unwrap().iter().map(|pair| pair.as_str().unwrap());
    let environment: Vec<(&str, &str)> =
        environment.filter_map(|pair| pair.split_once('=')).collect();
    let within = |words: &[&str]| {
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-ec", RUN, &root]).arg(world.path("")).args(words);
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        command.envs(world.command(&[]).get_envs().filter_map(|(k, v)| Some((k, v?))));
        command.envs(environment.iter().copied()).stdin(Stdio::null());
        // Free ports: the tests of others run beside this one.
        command.env("STAGEDOOR_LISTEN", "127.0.0.1:0").env("STAGEDOOR_OPS_LISTEN", "127.0.0.1:0");
        command
    };
    let mut server = Running::start(within(&["serve"]));
    server.word_after("Stagedoor listens on ");
    let ops = server.word_after("Health and metrics on http://");
    for probe in [&["probe"][..], &["probe", "--ready"]] {
        let mut probe = within(probe);
        content(probe.env("STAGEDOOR_OPS_LISTEN", &ops));
    }
    let refused = within(&["saml", "key", "new", "--out", "/key.pem"]).output().unwrap();
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && said.contains("Read-only file system"), "{said}");
    assert!(server.terminate().success(), "{}", server.said());
    let nobody = within(&["probe"]).env("STAGEDOOR_OPS_LISTEN", &ops).output().unwrap();
    assert_eq!(nobody.status.code(), Some(1), "who has stopped is not well");
    builder.say(&["rm", &container]);
}

/// The image's root, read-only, with the map at its place and a state folder of its own.
const RUN: &str = r#"
root=$0 map=$1; shift
mkdir -p "$root/etc/stagedoor"
mount --bind "$root" "$root"
mount --bind "$map" "$root/etc/stagedoor"
mount -t tmpfs -o uid=65532,gid=65532,mode=0700 state "$root/var/lib/stagedoor"
mount -o remount,bind,ro "$root"
exec chroot --userspec=65532:65532 "$root" /usr/local/bin/stagedoor "$@"
"#;
