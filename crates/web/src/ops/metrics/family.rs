//! Metrics as data, before they are text.

use control::meter::Histogram;
use prometheus::proto;

/// What kind of number it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// How long things took.
    Histogram,
}

impl Kind {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

#[derive(Debug, Clone)]
enum Value {
    Number(f64),
    Histogram(Histogram),
}

/// All samples of one name.
#[derive(Debug, Clone)]
pub(super) struct Family {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    pub(super) kind: Kind,
    pub(super) labels: &'static [&'static str],
    samples: Vec<(Vec<String>, Value)>,
}

impl Family {
    pub(super) fn new(
        kind: Kind,
        name: &'static str,
        help: &'static str,
        labels: &'static [&'static str],
    ) -> Self {
        Self { name, help, kind, labels, samples: Vec::new() }
    }

    /// Adds a sample, or to the sample that has these labels. `labels` has a value for each label.
    pub(super) fn add(&mut self, labels: &[&str], number: f64) {
        let known = self.samples.iter_mut().find(|(known, _)| known == labels);
        match known {
            Some((_, Value::Number(sum))) => *sum += number,
            Some(_) => {}
            None => {
                let labels = labels.iter().map(|&label| label.to_owned()).collect();
                self.samples.push((labels, Value::Number(number)));
            }
        }
    }

    /// Adds a count. Counts beyond 2^53 lose their last digits, as every scraper does.
    #[expect(clippy::cast_precision_loss, reason = "samples are floating-point numbers")]
    pub(super) fn count(&mut self, labels: &[&str], number: u64) {
        self.add(labels, number as f64);
    }

    /// Adds a time in seconds since 1970.
    #[expect(clippy::cast_precision_loss, reason = "samples are floating-point numbers")]
    pub(super) fn time(&mut self, labels: &[&str], at: jiff::Timestamp) {
        self.add(labels, at.as_second() as f64);
    }

    pub(super) fn durations(&mut self, labels: &[&str], histogram: &Histogram) {
        let labels = labels.iter().map(|&label| label.to_owned()).collect();
        self.samples.push((labels, Value::Histogram(histogram.clone())));
    }

    /// As the encoder takes it; `None` without samples, for there is nothing to write.
    pub(super) fn encoded(&self) -> Option<proto::MetricFamily> {
        if self.samples.is_empty() {
            return None;
        }
        let mut family = proto::MetricFamily::default();
        family.set_name(self.name.to_owned());
        family.set_help(self.help.to_owned());
        family.set_field_type(match self.kind {
            Kind::Counter => proto::MetricType::COUNTER,
            Kind::Gauge => proto::MetricType::GAUGE,
            Kind::Histogram => proto::MetricType::HISTOGRAM,
        });
        let metrics = self.samples.iter().map(|(labels, value)| self.metric(labels, value));
        family.set_metric(metrics.collect());
        Some(family)
    }

    fn metric(&self, labels: &[String], value: &Value) -> proto::Metric {
        let mut pairs: Vec<_> = self.labels.iter().zip(labels).collect();
        pairs.sort();
        let pairs = pairs.into_iter().map(|(name, value)| {
            let mut pair = proto::LabelPair::default();
            pair.set_name((*name).to_owned());
            pair.set_value(value.clone());
            pair
        });
        let mut metric = proto::Metric::from_label(pairs.collect());
        match value {
            Value::Number(number) if self.kind == Kind::Counter => {
                let mut counter = proto::Counter::default();
                counter.set_value(*number);
                metric.set_counter(counter);
            }
            Value::Number(number) => {
                let mut gauge = proto::Gauge::default();
                gauge.set_value(*number);
                metric.set_gauge(gauge);
            }
            Value::Histogram(histogram) => metric.set_histogram(encoded(histogram)),
        }
        metric
    }
}

fn encoded(histogram: &Histogram) -> proto::Histogram {
    let mut encoded = proto::Histogram::default();
    encoded.set_sample_count(histogram.count());
    encoded.set_sample_sum(histogram.sum().as_secs_f64());
    let buckets = histogram.buckets().into_iter().map(|(bound, count)| {
        let mut bucket = proto::Bucket::default();
        bucket.set_upper_bound(bound);
        bucket.set_cumulative_count(count);
        bucket
    });
    encoded.set_bucket(buckets.collect());
    encoded
}
