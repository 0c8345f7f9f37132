//! Calls at the pace that the service allows, in virtual time.

use crate::in_process::in_process;
use crate::support::{BASE, failure, region, target};
use access::ids::{DomainId, IdentityStoreId, PersonId};
use aws::Aws;
use aws::assignments::Assignee;
use control::ports::{
    CallMeter as _, Directory as _, DomainTarget, FailureKind, Observe as _, PersonLookup,
    ProfileScope,
};
use futures::stream::{self, StreamExt as _};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::Instant;

async fn describe(aws: &Aws) -> bool {
    let nobody = ProfileScope::Named(BTreeSet::new());
    aws.studio().domain(&target(), &nobody).await.is_ok()
}

/// Makes so many calls, a few at a time; how many came to something, and in what time.
async fn many(aws: &Aws, calls: usize) -> (usize, Duration) {
    let begun = Instant::now();
    let done: Vec<bool> =
        stream::iter(0..calls).map(|_| describe(aws)).buffer_unordered(8).collect().await;
    (done.into_iter().filter(|good| *good).count(), begun.elapsed())
}

#[tokio::test(start_paused = true)]
async fn a_service_that_refuses_nothing_is_never_waited_for() {
    let (aws, plug) = in_process(BASE, "{}", vec![]);
    assert_eq!(many(&aws, 500).await, (500, Duration::ZERO));
    assert_eq!(plug.calls("sagemaker:DescribeDomain"), 500);
    let counts = aws.call_counts()["sagemaker"].clone();
    let described = ("DescribeDomain".to_owned(), "ok".to_owned());
    assert_eq!(counts.answers, std::collections::BTreeMap::from([(described, 500)]));
    assert_eq!((counts.calls(), counts.throttled, counts.waited), (500, 0, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn no_call_is_lost_at_ten_a_second_and_little_time() {
    let (aws, plug) = in_process(BASE, "rate_limits: { sagemaker: 10 }", vec![]);
    let (done, took) = many(&aws, 1000).await;
    assert_eq!(done, 1000);
    // A hundred windows of a second let 1,000 calls through, the first ten at once.
    assert!(took <= Duration::from_secs(99).mul_f64(1.1), "{took:?}");
    let counts = aws.call_counts()["sagemaker"].clone();
    assert_eq!(counts.calls(), plug.calls("sagemaker:DescribeDomain"));
    assert_eq!(counts.calls(), 1000 + counts.throttled);
    assert!(counts.throttled <= 30, "{counts:?}");
    assert!(counts.waited >= took, "{counts:?}");
}

#[tokio::test(start_paused = true)]
async fn throttling_for_minutes_loses_no_call() {
    let rule = "rules: [{ operation: DescribeDomain, first: 30, throttle: true }]";
    let (aws, plug) = in_process(BASE, rule, vec![]);
    let (done, took) = many(&aws, 1).await;
    assert_eq!(done, 1);
    assert_eq!(plug.calls("sagemaker:DescribeDomain"), 31);
    // Pauses of 1, 2, 4, 8 and 16 seconds, then of 20.
    let expected = Duration::from_secs(31 + 25 * 20);
    assert!(took.abs_diff(expected) < Duration::from_secs(1), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn throttling_without_end_ends_after_twelve_minutes() {
    let rule = "rules: [{ operation: DescribeDomain, throttle: true }]";
    let (aws, _plug) = in_process(BASE, rule, vec![]);
    let begun = Instant::now();
    let nobody = ProfileScope::Named(BTreeSet::new());
    let answer = aws.studio().domain(&target(), &nobody).await;
    let code = Some("ThrottlingException".to_owned());
    assert_eq!(failure(answer), ("sagemaker", "DescribeDomain", FailureKind::Throttled, code));
    assert_eq!(begun.elapsed(), Duration::from_mins(12));
}

#[tokio::test(start_paused = true)]
async fn a_service_is_left_alone_for_as_long_as_it_says() {
    let seed = format!("{BASE}\ndirectory: {{ identity_store_id: d-906716eb24 }}");
    let rule = "rules: [{ service: identitystore, first: 1, throttle: true }]";
    let (aws, plug) = in_process(&seed, rule, vec![]);
    let store = IdentityStoreId::parse("d-906716eb24").unwrap();
    let center = aws.identity_center(&region(), &store);
    let nobody = PersonLookup::Id(PersonId::parse("0b1e2d3c-4444-5555-6666-77778888ffff").unwrap());
    assert_eq!(center.find(&nobody).await, Ok(None));
    // The sandbox says one second in `RetryAfterSeconds`.
    let arrivals = plug.arrivals();
    assert_eq!(arrivals.len(), 2);
    assert!((1000..1100).contains(&arrivals[1]), "{arrivals:?}");
}

/// The most arrivals of any second, however it is laid.
fn most_a_second(arrivals: &[u128]) -> usize {
    let within = |begun: &u128| {
        let second = *begun..*begun + 1000;
        arrivals.iter().filter(|at| second.contains(at)).count()
    };
    arrivals.iter().map(within).max().unwrap_or(0)
}

/// Looks so many people up and assigns them, many at once; how many came to something.
async fn look_up_and_assign(aws: &Aws, people: usize) -> usize {
    let store = IdentityStoreId::parse("d-906716eb24").unwrap();
    let center = aws.identity_center(&region(), &store);
    let domain = DomainTarget { domain_id: DomainId::parse("d-sso").unwrap(), ..target() };
    let read = aws.studio().domain(&domain, &ProfileScope::Named(BTreeSet::new())).await.unwrap();
    let application = read.application.unwrap().arn;
    let assignments = aws.assignments(&region());
    let one = |number: usize| {
        let (center, assignments, application) = (&center, &assignments, &application);
        async move {
            let name = PersonLookup::UserName(format!("p{number}"));
            let Ok(Some(person)) = center.find(&name).await else { return false };
            assignments.ensure(application, &Assignee::Person(person)).await.is_ok()
        }
    };
    let all: Vec<bool> = stream::iter(0..people).map(one).buffer_unordered(64).collect().await;
    all.into_iter().filter(|good| *good).count()
}

fn sso_seed(people: usize) -> String {
    let users: Vec<String> = (0..people).map(|n| format!("{{ user_name: p{n} }}")).collect();
    let directory = format!(
        "directory: {{ identity_store_id: d-906716eb24, users: [ {} ] }}\ndomains:\n  \
         - {{ id: d-sso, auth_mode: SSO }}",
        users.join(", ")
    );
    BASE.replace("domains:", &directory)
}

#[tokio::test(start_paused = true)]
async fn identity_store_and_assignments_share_twenty_a_second_and_none_is_lost() {
    let (aws, plug) = in_process(&sso_seed(150), "{}", vec![]);
    let begun = Instant::now();
    assert_eq!(look_up_and_assign(&aws, 150).await, 150);
    let arrivals = plug.arrivals_of(&["identitystore", "sso"]);
    assert!(arrivals.len() >= 300, "{}", arrivals.len());
    assert!(most_a_second(&arrivals) <= 20, "{}", most_a_second(&arrivals));
    // Nor are they much slower than they may be.
    let least = Duration::from_secs(arrivals.len() as u64 / 20);
    assert!(
        begun.elapsed() <= least.mul_f64(1.1) + Duration::from_secs(1),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_one_of_them_is_told_both_keep() {
    // The sandbox says one second in its refusals.
    let rule = "rules: [{ operation: GetUserId, first: 5, throttle: true }]";
    let (aws, plug) = in_process(&sso_seed(40), rule, vec![]);
    assert_eq!(look_up_and_assign(&aws, 40).await, 40, "none is lost");
    let arrivals = plug.arrivals_of(&["identitystore", "sso"]);
    assert!(most_a_second(&arrivals) <= 20, "{}", most_a_second(&arrivals));
    assert!(arrivals.len() >= 85, "{}", arrivals.len());
    let longest = arrivals.windows(2).map(|two| two[1] - two[0]).max().unwrap();
    assert!(longest >= 900, "nothing is sent for as long as was asked: {longest} ms");
}
