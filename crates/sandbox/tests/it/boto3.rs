//! boto3 judges the wire format: it drives every operation against the sandbox on TCP.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use jiff::Timestamp;
use sandbox::{Faults, Sandbox, Seed, SharedSandbox, serve, share};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// The time the tests start at; they move it forward themselves.
const START: &str = "2026-11-21T09:00:00Z";

/// The interpreter which has boto3: `cargo xtask test` makes it.
fn python() -> PathBuf {
    #[expect(clippy::disallowed_methods, reason = "the test runner says which interpreter to use")]
    let named = std::env::var("STAGEDOOR_TEST_PYTHON").ok();
    named.map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/test-venv/bin/python"),
        PathBuf::from,
    )
}

fn python_with_boto3() -> PathBuf {
    let python = python();
    let found = Command::new(&python).args(["-c", "import boto3"]).output();
    assert!(
        found.is_ok_and(|output| output.status.success()),
        "{} has no boto3: run `cargo xtask test`, which installs it, \
         or name an interpreter in STAGEDOOR_TEST_PYTHON",
        python.display()
    );
    python
}

/// Runs one Python module against a fresh sandbox whose clock stands still.
async fn run(module: &str, seed: &str) -> (SharedSandbox, Output) {
    let python = python_with_boto3();
    let sandbox = share(Sandbox::new(Seed::from_yaml(seed).unwrap(), Faults::default()).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let start: Timestamp = START.parse().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(serve(listener, sandbox.clone(), move || start, async {
        stopped.await.ok();
    }));
    let output = tokio::process::Command::new(python)
        .args(["-W", "error::DeprecationWarning:__main__", "-m", "unittest", "-v", module])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/boto3"))
        .env("AWS_ENDPOINT_URL", &endpoint)
        .env("AWS_ACCESS_KEY_ID", "AKIASANDBOXEXAMPLE00")
        .env("AWS_SECRET_ACCESS_KEY", "anything")
        .env("AWS_DEFAULT_REGION", "eu-west-1")
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_MAX_ATTEMPTS", "1")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env_remove("AWS_SESSION_TOKEN")
        .env_remove("AWS_PROFILE")
        .output()
        .await
        .unwrap();
    stop.send(()).unwrap();
    server.await.unwrap().unwrap();
    (sandbox, output)
}

const SEED: &str = include_str!("../boto3/seed.yaml");

#[track_caller]
fn passed(output: &Output) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("\nOK"), "{text}");
}

macro_rules! judged_by_boto3 {
    ($($test:ident: $module:literal, $operations:literal operations of $services:expr;)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $test() {
            let (sandbox, output) = run($module, SEED).await;
            passed(&output);
            let sandbox = sandbox.lock().unwrap();
            let services: &[&str] = &$services;
            let driven: Vec<&String> = sandbox
                .call_counts()
                .keys()
                .filter(|name| services.iter().any(|s| name.starts_with(&format!("{s}:"))))
                .collect();
            assert_eq!(driven.len(), $operations, "{driven:?}");
        }
    )*};
}

// The numbers say that each operation was driven: a new operation needs a test.
judged_by_boto3! {
    sagemaker: "test_sagemaker", 23 operations of ["sagemaker"];
    identity_center: "test_identity_center", 26 operations of ["identitystore", "sso"];
    accounts: "test_accounts", 24 operations of
        ["sts", "iam", "servicequotas", "secretsmanager", "ssm"];
    queues: "test_queues", 8 operations of ["sqs"];
    shapes: "test_shapes", 0 operations of ["sagemaker"];
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unmodified_script_meets_the_default_seed() {
    let (sandbox, output) = run("test_unmodified_script", Seed::default_yaml()).await;
    passed(&output);
    let sandbox = sandbox.lock().unwrap();
    let refused: Vec<_> = sandbox.calls().filter(|call| call.error.is_some()).collect();
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].operation, "DeleteUserProfile");
    assert_eq!(refused[0].error.as_deref(), Some("ResourceInUse"));
    assert_eq!(refused[0].status, 400);
}
