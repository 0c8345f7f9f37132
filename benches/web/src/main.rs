//! What the pages cost. The last lines are the comparisons that `cargo xtask bench web` shows.
//!
//! `web-bench [--quick]`

mod house;
mod pages;

use anyhow::{Context, Result, ensure};
use house::House;
use std::io::{self, Write as _};
use std::time::{Duration, Instant};

/// People in the directory of the small company and of the large one.
const PEOPLE: [usize; 2] = [100, 100_000];
const QUICK_PEOPLE: [usize; 2] = [100, 2_000];

/// How often *My work* is asked for, in turns: both companies within the eight hours of a session.
const ROUNDS: usize = 200;
const QUICK_ROUNDS: usize = 20;

/// A page may hold so many bytes, before compression.
const PAGE_BYTES: usize = 100_000;

fn main() -> Result<()> {
    let quick = std::env::args().any(|word| word == "--quick");
    let (people, rounds) = if quick { (QUICK_PEOPLE, QUICK_ROUNDS) } else { (PEOPLE, ROUNDS) };
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build()?;
    runtime.block_on(measure(people, rounds))
}

async fn measure(people: [usize; 2], rounds: usize) -> Result<()> {
    let mut houses = Vec::new();
    for people in people {
        houses.push((House::of(people).await?, Times::default()));
    }
    for _ in 0..rounds {
        for (house, times) in &mut houses {
            // Long enough that running apps are read anew.
            tokio::time::advance(Duration::from_secs(61)).await;
            times.read.push(timed(house).await?);
            times.kept.push(timed(house).await?);
        }
    }
    let mut out = io::stdout().lock();
    writeln!(out, "{:<24} {:>16} {:>16}", "My work, ms", "apps read", "apps kept")?;
    let mut medians = Vec::new();
    for ((_, times), people) in houses.iter_mut().zip(people) {
        let (read, kept) = (median(&mut times.read)?, median(&mut times.kept)?);
        writeln!(out, "{people:<24} {:>16.3} {:>16.3}", ms(read), ms(kept))?;
        medians.push((read, kept));
    }
    let (large, _) = houses.last().context("two companies")?;
    writeln!(out, "\n{:<48} {:>8} {:>7} {:>7}", "page", "bytes", "styles", "scripts")?;
    let weighed = pages::weigh(large).await?;
    for page in &weighed {
        writeln!(
            out,
            "{:<48} {:>8} {:>7} {:>7}",
            page.path, page.bytes, page.blocking_styles, page.blocking_scripts
        )?;
    }
    writeln!(out)?;
    let [(small_read, small_kept), (large_read, large_kept)] =
        medians.try_into().ok().context("two companies")?;
    for (name, large, small) in
        [("web-my-work", large_read, small_read), ("web-my-work-kept", large_kept, small_kept)]
    {
        writeln!(
            out,
            "ratio {name} {:.3} (limit 2.0) ({} people {:.3}, {} people {:.3}, ms)",
            large.as_secs_f64() / small.as_secs_f64(),
            people[1],
            ms(large),
            people[0],
            ms(small)
        )?;
    }
    let largest = weighed.iter().max_by_key(|page| page.bytes).context("there are pages")?;
    #[expect(clippy::cast_precision_loss, reason = "pages are small")]
    let share = largest.bytes as f64 / PAGE_BYTES as f64;
    writeln!(
        out,
        "ratio web-page-bytes {share:.3} (limit 1.0) (largest {} of {}, limit {PAGE_BYTES}, bytes)",
        largest.bytes, largest.path
    )?;
    let trips = weighed.iter().map(pages::Page::round_trips).max().unwrap_or_default();
    writeln!(
        out,
        "ratio web-blocking-round-trips {trips}.000 (limit 1.0) (most {trips}, limit 1, after the \
         page itself)"
    )?;
    Ok(())
}

/// Times of one company's *My work*.
#[derive(Debug, Default)]
struct Times {
    /// With a reading of running apps.
    read: Vec<Duration>,
    /// With the one before.
    kept: Vec<Duration>,
}

/// How long *My work* takes, simulated AWS included.
async fn timed(house: &House) -> Result<Duration> {
    let begun = Instant::now();
    let page = house.visit("/").await?;
    let took = begun.elapsed();
    ensure!(page.status == 200, "My work answered {}", page.status);
    ensure!(page.body.contains("Open Studio"), "My work has no team: {}", page.body);
    Ok(took)
}

fn median(times: &mut [Duration]) -> Result<Duration> {
    times.sort_unstable();
    times.get(times.len() / 2).copied().context("nothing was measured")
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
