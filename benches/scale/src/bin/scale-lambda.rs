//! Drives functions as Lambda does, over a Runtime API on loopback, and measures their processes.
//!
//! `scale-lambda --stagedoor PATH --python PATH --function PATH --store NAME --latency MS --cold N
//! --warm N`
//!
//! Three functions get the news that somebody joined a group: the boto3 handler makes the profile at
//! once; Stagedoor's `Events` puts the person into the table and the queue, and its `Work` reads the
//! truth, plans, checks and makes the profile. What each did is looked up in the simulated AWS.
//! Prints `sample SIDE WHAT VALUE` lines.

use anyhow::{Context, Result, bail, ensure};
use scale_bench::{Cloud, Company, Person, Runtime, Table, Team};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Instant;

/// Events of a batch: in flight at a time.
const BATCH: usize = 32;

/// Certificates of public authorities in one file, as Amazon Linux has them. Debian has this file and a
/// folder of single ones, which is read too where nothing names a file.
const AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// The one team, whose group the handler knows.
const FRAUD: Team = Team(0);

/// What is asked for.
#[derive(Debug, Default)]
struct Options {
    stagedoor: PathBuf,
    python: PathBuf,
    function: PathBuf,
    store: String,
    latency: usize,
    cold: usize,
    warm: usize,
}

/// Whose function it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Handler,
    Events,
    Work,
}

impl Side {
    const ALL: [Self; 3] = [Self::Handler, Self::Events, Self::Work];

    const fn name(self) -> &'static str {
        match self {
            Self::Handler => "handler",
            Self::Events => "events",
            Self::Work => "work",
        }
    }
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match options(&words).and_then(|options| run(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _closed = writeln!(std::io::stderr().lock(), "error: {error:#}");
            ExitCode::from(1)
        }
    }
}

fn options(words: &[String]) -> Result<Options> {
    let mut options = Options { cold: 10, warm: 200, ..Options::default() };
    for pair in words.chunks(2) {
        let [name, value] = pair else { bail!("{pair:?} has no value") };
        let number = || value.parse::<usize>().with_context(|| format!("{name} {value}"));
        match name.as_str() {
            "--stagedoor" => options.stagedoor = value.into(),
            "--python" => options.python = value.into(),
            "--function" => options.function = value.into(),
            "--store" => options.store.clone_from(value),
            "--latency" => options.latency = number()?,
            "--cold" => options.cold = number()?.max(1),
            "--warm" => options.warm = number()?.max(BATCH),
            _ => bail!("there is no {name}"),
        }
    }
    let (stagedoor, python, function) = (&options.stagedoor, &options.python, &options.function);
    for path in [stagedoor, python, function, &PathBuf::from(AUTHORITIES)] {
        ensure!(path.is_file(), "{} is not there", path.display());
    }
    Ok(options)
}

/// What a run needs.
struct Bench<'a> {
    options: &'a Options,
    folder: PathBuf,
    cloud: Cloud,
    table: Table,
    /// The queues of work: at once, and later.
    queues: [String; 2],
    next: usize,
    /// Whom `Events` has put into the table, for `Work`.
    announced: VecDeque<Person>,
}

fn run(options: &Options) -> Result<()> {
    let folder = tempfile::tempdir().context("a folder")?;
    // Cold starts, both rates, and what warms up, of those who get the news first.
    let people = 2 * (options.cold + 3 * options.warm + 8 * BATCH);
    let company = Company { people, teams: 1, is_settled: false };
    let cloud = Cloud::start(&company.seed())?;
    let table = Table::of(&options.store, folder.path())?;
    fs::write(folder.path().join("access.yaml"), company.map_without_providers())?;
    let queues = [cloud.make_queue("work.fifo")?, cloud.make_queue("later")?];
    let folder = folder.path().to_owned();
    let mut bench =
        Bench { options, folder, cloud, table, queues, next: 0, announced: VecDeque::new() };
    bench.tick().context("the first full pass")?;
    if options.latency > 0 {
        bench.cloud.go_wrong(&format!("rules: [{{ latency_ms: {} }}]", options.latency))?;
    }
    for side in Side::ALL {
        // Files are in memory, and Python's are compiled, before anything counts.
        bench.cold(side).with_context(|| side.name())?;
    }
    for _ in 0..options.cold {
        for side in Side::ALL {
            let (milliseconds, mebibytes) = bench.cold(side).with_context(|| side.name())?;
            sample(side, "cold-ms", milliseconds);
            sample(side, "cold-mib", mebibytes);
        }
    }
    for batch in [1, BATCH] {
        for side in Side::ALL {
            bench.warm(side, batch).with_context(|| format!("{}, {batch} a batch", side.name()))?;
        }
    }
    Ok(())
}

impl Bench<'_> {
    /// So many people of whom the function gets the news: they have just joined the group, or, for
    /// `Work`, `Events` has announced them.
    fn people(&mut self, side: Side, count: usize) -> Result<Vec<Person>> {
        if side == Side::Work {
            ensure!(self.announced.len() >= count, "too few people were announced");
            return Ok(self.announced.drain(..count).collect());
        }
        let people: Vec<Person> = (self.next..self.next + count).map(Person).collect();
        self.next += count;
        for person in &people {
            self.cloud.join(*person, FRAUD)?;
        }
        if side == Side::Events {
            self.announced.extend(&people);
        }
        Ok(people)
    }

    /// The domain is read once in full, as `Timer` does when it is set up.
    fn tick(&self) -> Result<()> {
        let file = self.folder.join("tick.json");
        fs::write(&file, "{\"stagedoor\":\"tick\"}")?;
        let mut command = self.command(Side::Work, 1);
        let run = command.arg("--event").arg(&file).output().context("cannot run it")?;
        ensure!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        Ok(())
    }

    fn command(&self, side: Side, threads: usize) -> Command {
        let mut command = match side {
            Side::Handler => {
                let mut command = Command::new(&self.options.python);
                command.arg(&self.options.function).arg(threads.to_string());
                command
            }
            Side::Events | Side::Work => {
                let mut command = Command::new(&self.options.stagedoor);
                command.arg("lambda");
                command
            }
        };
        command
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .env("HOME", &self.folder)
            .env("AWS_ENDPOINT_URL", self.cloud.url())
            .env("AWS_REGION", "eu-west-1")
            .env("AWS_DEFAULT_REGION", "eu-west-1")
            .env("AWS_ACCESS_KEY_ID", "AKIABENCHEXAMPLE0000")
            .env("AWS_SECRET_ACCESS_KEY", "anything")
            .env("AWS_SESSION_TOKEN", "of-the-function's-role")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("SSL_CERT_FILE", AUTHORITIES)
            .env("STUDIO_DOMAIN_ID", "d-research")
            .env("STAGEDOOR_MAP", self.folder.join("access.yaml"))
            .env("STAGEDOOR_STORE", self.table.location())
            .env("STAGEDOOR_LOG", "warn")
            .envs(self.table.environment(self.table.address()))
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        if side != Side::Handler {
            let [work, later] = &self.queues;
            command.env("STAGEDOOR_WORK_QUEUE", work).env("STAGEDOOR_LATER_QUEUE", later);
        }
        command
    }

    fn start(&self, side: Side, threads: usize, runtime: &Runtime) -> Result<Function> {
        let log = fs::File::create(self.folder.join(format!("{}.log", side.name())))?;
        let mut command = self.command(side, threads);
        command.env("AWS_LAMBDA_RUNTIME_API", runtime.address().to_string()).stderr(log);
        Ok(Function(command.spawn().context("cannot start it")?))
    }

    /// A process, from its making until it has said that it did one event: milliseconds, MiB.
    fn cold(&mut self, side: Side) -> Result<(f64, f64)> {
        let people = self.people(side, 1)?;
        let runtime = Runtime::start()?;
        runtime.send(event(side, &people))?;
        let start = Instant::now();
        let function = self.start(side, 1, &runtime)?;
        let answered = runtime.answer().with_context(|| self.log(side))?;
        let milliseconds = start.elapsed().as_secs_f64() * 1_000.0;
        let mebibytes = function.peak_kib()? / 1_024.0;
        drop(function);
        self.check(side, &people, &answered)?;
        Ok((milliseconds, mebibytes))
    }

    /// Events a second of one process, so many of them in an invocation.
    fn warm(&mut self, side: Side, batch: usize) -> Result<()> {
        let runtime = Runtime::start()?;
        let function = self.start(side, batch, &runtime)?;
        for _ in 0..2 {
            let people = self.people(side, batch)?;
            runtime.send(event(side, &people))?;
            runtime.answer().with_context(|| self.log(side))?;
        }
        let rounds = self.options.warm.div_ceil(batch);
        let invocations: Vec<Vec<Person>> =
            (0..rounds).map(|_| self.people(side, batch)).collect::<Result<_>>()?;
        let events: Vec<String> = invocations.iter().map(|people| event(side, people)).collect();
        let (calls, cpu) = (self.cloud.calls(), function.cpu_seconds()?);
        let start = Instant::now();
        let mut answers = Vec::with_capacity(rounds);
        for event in events {
            runtime.send(event)?;
            answers.push(runtime.answer().with_context(|| self.log(side))?);
        }
        let seconds = start.elapsed().as_secs_f64();
        let count = f64_of(rounds * batch);
        sample(side, &format!("warm-{batch}-rate"), count / seconds);
        let cpu = function.cpu_seconds()? - cpu;
        sample(side, &format!("warm-{batch}-cpu-ms"), cpu * 1_000.0 / count);
        let calls = u32::try_from(self.cloud.calls() - calls).map_or(f64::NAN, f64::from);
        sample(side, &format!("warm-{batch}-calls"), calls / count);
        sample(side, &format!("warm-{batch}-mib"), function.peak_kib()? / 1_024.0);
        drop(function);
        for (people, answered) in invocations.iter().zip(&answers) {
            self.check(side, people, answered)?;
        }
        Ok(())
    }

    /// Whether the work was done.
    fn check(&self, side: Side, people: &[Person], answered: &str) -> Result<()> {
        ensure!(!answered.contains("itemIdentifier"), "it did not do everything: {answered}");
        for person in people {
            let name = match side {
                Side::Handler => person.user_name(),
                Side::Work => format!("{}--{}", person.user_name(), FRAUD.key()),
                Side::Events => continue,
            };
            let found = self.cloud.has_profile(&name);
            ensure!(found, "there is no profile {name}: {answered}; {}", self.log(side));
        }
        Ok(())
    }

    fn log(&self, side: Side) -> String {
        let path: &Path = &self.folder.join(format!("{}.log", side.name()));
        fs::read_to_string(path).unwrap_or_default()
    }
}

/// A process of a function. It ends with the value.
#[derive(Debug)]
struct Function(Child);

impl Function {
    fn peak_kib(&self) -> Result<f64> {
        scale_bench::peak_kib(self.0.id())
    }

    fn cpu_seconds(&self) -> Result<f64> {
        scale_bench::cpu_seconds(self.0.id())
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        // It may have ended; then there is nothing to kill.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a queue hands to a function about these people.
fn event(side: Side, people: &[Person]) -> String {
    let records: Vec<Value> = people
        .iter()
        .map(|person| {
            let (body, queue) = match side {
                Side::Handler | Side::Events => (joined(*person), "events"),
                Side::Work => (json!({"person": person.id()}), "work.fifo"),
            };
            json!({
                "messageId": format!("19dd0b57-b21e-4ac1-bd88-{:012}", person.0),
                "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
                "body": body.to_string(),
                "attributes": {
                    "ApproximateReceiveCount": "1",
                    "SentTimestamp": "1795248000000",
                    "SenderId": "AIDAIENQZJOLO23YVJ4VO",
                    "ApproximateFirstReceiveTimestamp": "1795248000001",
                    "MessageGroupId": person.id(),
                    "MessageDeduplicationId": person.id(),
                    "SequenceNumber": format!("{:020}", person.0),
                },
                "messageAttributes": {},
                "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
                "eventSource": "aws:sqs",
                "eventSourceARN": format!("arn:aws:sqs:eu-west-1:111122223333:{queue}"),
                "awsRegion": "eu-west-1",
            })
        })
        .collect();
    json!({"Records": records}).to_string()
}

/// `AddMemberToGroup`, in EventBridge's envelope.
fn joined(person: Person) -> Value {
    json!({
        "version": "0",
        "id": format!("8c1e2a34-0000-4000-8000-{:012}", person.0),
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.sso-directory",
        "account": "111122223333",
        "time": "2026-11-20T08:30:00Z",
        "region": "eu-west-1",
        "resources": [],
        "detail": {
            "eventVersion": "1.08",
            "userIdentity": {"type": "Unknown", "accountId": "111122223333"},
            "eventTime": "2026-11-20T08:30:00Z",
            "eventSource": "sso-directory.amazonaws.com",
            "eventName": "AddMemberToGroup",
            "awsRegion": "eu-west-1",
            "requestParameters": {
                "identityStoreId": "d-906716eb24",
                "groupId": FRAUD.group_id(),
                "member": {"memberId": person.id()},
            },
            "responseElements": null,
            "eventID": format!("5d4b2f1c-0000-4000-8000-{:012}", person.0),
            "readOnly": false,
            "eventType": "AwsApiCall",
            "managementEvent": true,
            "recipientAccountId": "111122223333",
            "eventCategory": "Management",
        },
    })
}

fn f64_of(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::NAN, f64::from)
}

fn sample(side: Side, what: &str, value: f64) {
    let _closed = writeln!(std::io::stdout().lock(), "sample {} {what} {value:.4}", side.name());
}
