//! ARNs, compared segment by segment.

use crate::pattern::{Pattern, Syntax};

/// Segments of an ARN: `arn`, partition, service, Region, account, resource.
const SEGMENTS: usize = 6;

/// A value of `ArnEquals`, `ArnLike` and their opposites. Each of the six segments is compared by
/// itself, so a `*` never reaches over a colon, except in the last segment, which is all the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArnPattern {
    whole: Pattern,
    /// Cut before evaluation where no variable can add colons.
    segments: Vec<Pattern>,
}

impl ArnPattern {
    /// Reads a value; `variables` as in [`Syntax`].
    pub fn parse(text: &str, variables: bool) -> Self {
        let whole = Pattern::parse(text, Syntax { wildcards: true, variables });
        let cut = !whole.has_variables();
        let segments = if cut { whole.split_at_colons(SEGMENTS) } else { Vec::new() };
        Self { whole, segments }
    }

    /// The value as one pattern.
    pub fn whole(&self) -> &Pattern {
        &self.whole
    }

    /// Whether it matches the ARN. What is not six segments long, on either side, matches nothing.
    pub fn matches<'a>(&self, arn: &str, lookup: impl Fn(&str) -> Option<&'a str> + Copy) -> bool {
        if !self.whole.has_variables() {
            return segments_match(&self.segments, arn);
        }
        self.whole
            .resolve(lookup)
            .is_some_and(|resolved| segments_match(&resolved.split_at_colons(SEGMENTS), arn))
    }
}

fn segments_match(segments: &[Pattern], arn: &str) -> bool {
    let mut texts = arn.splitn(SEGMENTS, ':');
    segments.len() == SEGMENTS
        && segments
            .iter()
            .all(|segment| texts.next().is_some_and(|text| segment.matches_text(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(key: &str) -> Option<&'static str> {
        match key {
            "aws:principalaccount" => Some("111122223333"),
            "aws:principalarn" => Some("arn:aws:iam::111122223333:role/a"),
            _ => None,
        }
    }

    #[track_caller]
    fn check(pattern: &str, matching: &[&str], others: &[&str]) {
        let parsed = ArnPattern::parse(pattern, true);
        for text in matching {
            assert!(parsed.matches(text, values), "`{pattern}` should match `{text}`");
        }
        for text in others {
            assert!(!parsed.matches(text, values), "`{pattern}` should not match `{text}`");
        }
    }

    #[test]
    fn a_star_stays_in_its_segment() {
        check(
            "arn:aws:s*:*:1111:b*",
            &["arn:aws:s3:eu-west-1:1111:b", "arn:aws:sns::1111:b:c"],
            &["arn:aws:s3:eu:west:1111:b", "arn:aws:s3::1111:a", "arn:aws:s3:x:1:1111:b"],
        );
        check("arn:aws:s3:::*", &["arn:aws:s3:::a/b:c"], &["arn:aws:s3::1:a", "arn:aws:s3::"]);
        check("arn:*:role/a", &[], &["arn:aws:iam::111122223333:role/a"]);
    }

    #[test]
    fn what_is_no_arn_matches_nothing() {
        check("*", &[], &["arn:aws:s3:::a", "*", ""]);
        check("arn:aws:s3:::a", &["arn:aws:s3:::a"], &["a", "", "arn:aws:s3:::A", "arn:aws:s3::a"]);
    }

    #[test]
    fn variables_are_put_in_before_the_cut() {
        check(
            "arn:aws:iam::${aws:PrincipalAccount}:role/*",
            &["arn:aws:iam::111122223333:role/b"],
            &["arn:aws:iam::444455556666:role/b"],
        );
        check("${aws:PrincipalArn}", &["arn:aws:iam::111122223333:role/a"], &["arn:aws:iam:::a"]);
        check("arn:aws:iam::${aws:userid}:role/*", &[], &["arn:aws:iam:::role/b"]);
    }
}
