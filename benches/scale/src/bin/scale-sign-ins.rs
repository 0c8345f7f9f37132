//! Signs people in through whole servers.
//!
//! `scale-sign-ins --stagedoor PATH --store sqlite|dynamodb [--seconds N] [--replicas N] [--senders N]`
//!
//! First as fast as answers come, for a sixth of the time; then at half that rate. Responses are
//! genuine and each is good once; they are signed beforehand. Prints `figure NAME VALUE` lines.

use anyhow::{Context, Result, bail, ensure};
use demo_idp::{DemoIdp, DemoIdpConfig, DemoPerson, DemoResponse, Signing};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use scale_bench::{
    Answers, Cloud, Company, Person, Replica, Schedule, Setup, Skew, Table, drive, now,
};
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

const PUBLIC: &str = "https://door.example.com";

/// So many sign-ins a second and replica are prepared where nobody knows how many it takes; the
/// measurement ends when they are used up.
const MOST: f64 = 800.0;

/// What is asked for.
#[derive(Debug)]
struct Options {
    stagedoor: PathBuf,
    store: String,
    seconds: u64,
    replicas: usize,
    senders: usize,
    people: usize,
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
    let mut options = Options {
        stagedoor: PathBuf::new(),
        store: "sqlite".to_owned(),
        seconds: 60,
        replicas: 1,
        senders: 16,
        people: 400,
    };
    for pair in words.chunks(2) {
        let [name, value] = pair else { bail!("{pair:?} has no value") };
        let number = || value.parse::<usize>().with_context(|| format!("{name} {value}"));
        match name.as_str() {
            "--stagedoor" => options.stagedoor = value.into(),
            "--store" => options.store.clone_from(value),
            "--seconds" => options.seconds = u64::try_from(number()?)?.max(1),
            "--replicas" => options.replicas = number()?.max(1),
            "--senders" => options.senders = number()?.max(1),
            "--people" => options.people = number()?.max(2),
            _ => bail!("there is no {name}"),
        }
    }
    ensure!(options.stagedoor.is_file(), "--stagedoor names the binary");
    Ok(options)
}

/// Servers under load, and who is let in.
struct World {
    company: Company,
    idp: DemoIdp,
    replicas: Vec<Replica>,
    servers: Vec<SocketAddr>,
}

fn run(options: &Options) -> Result<()> {
    let folder = tempfile::tempdir().context("a folder")?;
    let company = Company { people: options.people, teams: 1, is_settled: true };
    let cloud = Cloud::start(&company.seed())?;
    let table = Table::of(&options.store, folder.path())?;
    let idp = identity_provider(company)?;
    let words = ["--map", "access.yaml", "--public-url", PUBLIC, "--trusted-proxy", "127.0.0.1"];
    let mut arguments: Vec<String> = words.map(str::to_owned).to_vec();
    arguments.extend(["--resync", "12h", "--log", "warn", "--store"].map(str::to_owned));
    arguments.push(table.location());
    let mut environment = table.environment(table.address());
    environment.push(("AWS_ENDPOINT_URL".to_owned(), cloud.url().to_owned()));
    let setup = Setup {
        stagedoor: options.stagedoor.clone(),
        folder: folder.path().to_owned(),
        environment,
        arguments,
    };
    setup.write("access.yaml", &company.map())?;
    setup.write("corp.xml", &idp.metadata_xml())?;
    let replicas: Vec<Replica> = (0..options.replicas)
        .map(|number| setup.start(number, Skew::default(), Some(number)))
        .collect::<Result<_>>()?;
    let servers = replicas.iter().map(|replica| replica.address).collect();
    let mut world = World { company, idp, replicas, servers };
    let name = match options.replicas {
        1 => options.store.clone(),
        more => format!("{}-{more}-replicas", options.store),
    };
    world.measure(options, &name)
}

impl World {
    fn measure(&mut self, options: &Options, name: &str) -> Result<()> {
        // Connections stand, and what is made at first use is made.
        let warm = Duration::from_secs(2);
        self.load(options, Schedule { rate: None, duration: warm, senders: options.senders }, "w")?;
        let short = Duration::from_secs((options.seconds / 6).max(1));
        let before = self.cpu_seconds()?;
        let all =
            Schedule { rate: None, duration: short, senders: options.senders * options.replicas };
        let full = self.load(options, all, "f")?;
        let cpu = self.cpu_seconds()? - before;
        figure(&format!("sign-ins-{name}-rate"), full.rate());
        figure(&format!("sign-ins-{name}-cores"), cpu / full.seconds);
        figure(&format!("sign-ins-{name}-per-core"), full.rate() * full.seconds / cpu);
        figure(&format!("sign-ins-{name}-full-p50-ms"), full.per_mille(500));
        figure(&format!("sign-ins-{name}-full-p99-ms"), full.per_mille(990));
        if options.replicas > 1 {
            return Ok(());
        }
        let half = Schedule {
            rate: Some(full.rate() / 2.0),
            duration: Duration::from_secs(options.seconds),
            senders: options.senders * 2,
        };
        let half = self.load(options, half, "h")?;
        figure(&format!("sign-ins-{name}-half-rate"), half.rate());
        figure(&format!("sign-ins-{name}-half-p50-ms"), half.per_mille(500));
        figure(&format!("sign-ins-{name}-half-p90-ms"), half.per_mille(900));
        figure(&format!("sign-ins-{name}-half-p99-ms"), half.per_mille(990));
        figure(&format!("sign-ins-{name}-half-p999-ms"), half.per_mille(999));
        let peak = self.replicas.first().context("no replica")?.peak_kib()?;
        figure(&format!("sign-ins-{name}-peak-mib"), peak / 1024.0);
        Ok(())
    }

    fn load(&self, options: &Options, schedule: Schedule, label: &str) -> Result<Answers> {
        let seconds = schedule.duration.as_secs_f64();
        let rate = schedule.rate.unwrap_or(MOST * f64_of(options.replicas));
        let requests = self.requests(whole(rate * seconds) + options.senders * 2, label)?;
        let answers = drive(&self.servers, schedule, &requests, "303")?;
        if let Some(complaint) = &answers.complaint {
            bail!("{} sign-ins failed, the first with `{complaint}`", answers.failed);
        }
        Ok(answers)
    }

    /// Requests with a genuine response each, signed on all cores.
    fn requests(&self, count: usize, label: &str) -> Result<Vec<Vec<u8>>> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let share = count.div_ceil(cores);
        std::thread::scope(|scope| {
            let parts: Vec<_> = (0..cores)
                .map(|core| {
                    let numbers = core * share..((core + 1) * share).min(count);
                    scope.spawn(move || {
                        numbers.map(|n| self.request(n, label)).collect::<Result<Vec<_>>>()
                    })
                })
                .collect();
            let mut all = Vec::with_capacity(count);
            for part in parts {
                all.extend(part.join().ok().context("a signer panicked")??);
            }
            Ok(all)
        })
    }

    fn request(&self, number: usize, label: &str) -> Result<Vec<u8>> {
        let members = self.company.people / 2;
        let person = Person((number % members) * 2);
        let known = self.idp.person(&person.user_name()).context("no such person")?;
        let response = self.idp.issue_response(&DemoResponse {
            person: known,
            team: None,
            in_response_to: None,
            acs_url: &format!("{PUBLIC}/saml/acs"),
            audience: &format!("{PUBLIC}/saml/metadata"),
            issued_at: now(),
            response_id: &format!("_r{label}{number}"),
            assertion_id: &format!("_a{label}{number}"),
            signing: Signing::Assertion,
        })?;
        let body = format!("SAMLResponse={}", utf8_percent_encode(&response, NON_ALPHANUMERIC));
        // Each from an address of its own: one address may sign in so many times a minute.
        let from = format!("10.{}.{}.{}", number >> 16 & 255, number >> 8 & 255, number & 255);
        let head = format!(
            "POST /saml/acs HTTP/1.1\r\nHost: door.example.com\r\nContent-Type: \
             application/x-www-form-urlencoded\r\nX-Forwarded-For: {from}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        Ok([head.as_bytes(), body.as_bytes()].concat())
    }

    fn cpu_seconds(&self) -> Result<f64> {
        self.replicas.iter().map(Replica::cpu_seconds).sum()
    }
}

fn identity_provider(company: Company) -> Result<DemoIdp> {
    let people = company.everybody().map(|person| DemoPerson {
        user_id: person.id(),
        user_name: person.user_name(),
        display_name: person.user_name(),
        email: format!("{}@example.com", person.user_name()),
        about: String::new(),
    });
    let config = DemoIdpConfig {
        base_url: "http://127.0.0.1:9".to_owned(),
        people: people.collect(),
        service_providers: Vec::new(),
        tiles: Vec::new(),
    };
    DemoIdp::new(config, Arc::new(now)).context("the identity provider")
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts of requests, far below where either matters"
)]
fn whole(value: f64) -> usize {
    value.max(0.0).ceil() as usize
}

fn f64_of(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::NAN, f64::from)
}

fn figure(name: &str, value: f64) {
    let _closed = writeln!(std::io::stdout().lock(), "figure {name} {value:.3}");
}
