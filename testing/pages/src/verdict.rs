//! What was found on which page.

use std::fmt;

/// Something wrong with a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule, by axe's name or ours.
    pub rule: String,
    /// How bad it is.
    pub impact: Impact,
    /// What it is, and where on the page.
    pub text: String,
    /// In which colours, at which width.
    pub place: String,
}

/// How bad it is, in axe's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Impact {
    /// Hardly anybody is kept from anything.
    Minor,
    /// Somebody is slowed down.
    Moderate,
    /// Somebody is kept from something.
    Serious,
    /// Somebody is kept out.
    Critical,
}

impl Impact {
    /// axe's word. A word that is not known is taken for the worst.
    pub fn read(word: &str) -> Self {
        match word {
            "minor" => Self::Minor,
            "moderate" => Self::Moderate,
            "serious" => Self::Serious,
            _ => Self::Critical,
        }
    }
}

impl Finding {
    /// Something that a page must not have.
    pub fn serious(rule: &str, text: &str) -> Self {
        Self {
            rule: rule.to_owned(),
            impact: Impact::Serious,
            text: text.to_owned(),
            place: String::new(),
        }
    }

    /// The same, in these colours, at this width.
    #[must_use]
    pub fn at(self, place: &str) -> Self {
        Self { place: place.to_owned(), ..self }
    }
}

/// What was found on all pages.
#[derive(Debug, Default)]
pub struct Verdict {
    journeys: usize,
    looks: usize,
    pages: Vec<(String, u64, Vec<Finding>)>,
}

impl Verdict {
    /// Somebody got where they wanted.
    pub fn journey(&mut self) {
        self.journeys += 1;
    }

    /// Adds a page that axe looked at so often.
    pub fn add(&mut self, page: &str, bytes: u64, looks: usize, findings: Vec<Finding>) {
        self.looks += looks;
        self.pages.push((page.to_owned(), bytes, findings));
    }

    fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.pages.iter().flat_map(|(_, _, findings)| findings)
    }

    /// Whether nothing serious was found, and something was looked at.
    pub fn is_good(&self) -> bool {
        !self.pages.is_empty() && self.findings().all(|found| found.impact < Impact::Serious)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (page, bytes, findings) in &self.pages {
            writeln!(f, "  {page:<24} {bytes:>7} bytes")?;
            for found in findings {
                let Finding { rule, impact, text, place } = found;
                let sign = if *impact >= Impact::Serious { "✗" } else { "·" };
                writeln!(f, "    {sign} {impact:?} {rule} ({place}): {text}")?;
            }
        }
        let serious = self.findings().filter(|found| found.impact >= Impact::Serious).count();
        let largest = self.pages.iter().map(|(_, bytes, _)| *bytes).max().unwrap_or_default();
        write!(
            f,
            "{} journeys, {} pages, {} axe runs: {serious} serious findings, the heaviest page {largest} bytes",
            self.journeys,
            self.pages.len(),
            self.looks
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_serious_or_unknown_fails_and_nothing_seen_is_not_good() {
        assert!(!Verdict::default().is_good());
        for (word, good) in [
            ("minor", true),
            ("moderate", true),
            ("serious", false),
            ("critical", false),
            ("", false),
        ] {
            let mut verdict = Verdict::default();
            let found = Finding { impact: Impact::read(word), ..Finding::serious("rule", "text") };
            verdict.add("page", 1, 1, vec![found]);
            assert_eq!(verdict.is_good(), good, "{word}");
        }
        let mut verdict = Verdict::default();
        verdict.add("page", 7, 4, Vec::new());
        verdict.journey();
        assert!(verdict.is_good());
        let told = "1 journeys, 1 pages, 4 axe runs: 0 serious findings, the heaviest page 7 bytes";
        assert!(verdict.to_string().ends_with(told), "{verdict}");
    }
}
