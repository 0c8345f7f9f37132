//! Entries as lines that others can read and verify, a part of the log at a time.

use super::canonical;
use super::keeping::rises;
use super::ocsf::ocsf;
use crate::ports::{AuditFilter, AuditLog, ChainHead, ChainId, SealedEntry, StoreError};
use std::fmt;
use std::str::FromStr;

/// Rows that are read at a time.
const ROWS: u32 = 1_000;

/// The most rows that are looked through for one part, whether the filter admits them or not.
const LOOKED_THROUGH: u32 = 20_000;

/// A part ends with the entry that makes it so long. A load balancer takes 1 MB of JSON from Lambda, of
/// which the quotes that JSON escapes, headers and the last entry take their share.
const PART_BYTES: usize = 640 * 1024;

/// What a line of an export is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ExportForm {
    /// Each entry as it was sealed, with its seal ([`json_line`]): what `audit verify` takes.
    #[default]
    JsonLines,
    /// Each entry as an event of OCSF.
    Ocsf,
}

impl ExportForm {
    /// Its name, as the command line and the API have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::JsonLines => "jsonl",
            Self::Ocsf => "ocsf",
        }
    }

    /// The form with this name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::JsonLines, Self::Ocsf].into_iter().find(|form| form.as_str() == text)
    }

    fn line(self, sealed: &SealedEntry) -> String {
        match self {
            Self::JsonLines => json_line(sealed),
            Self::Ocsf => ocsf(sealed).to_string(),
        }
    }
}

/// How far an export went: `CHAIN/NUMBER` of the last entry that it looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportCursor {
    chain: ChainId,
    seq: u64,
}

impl fmt::Display for ExportCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.chain, self.seq)
    }
}

/// A text that is no cursor of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the cursor is none that an export gave")]
pub struct NoExportCursor;

impl FromStr for ExportCursor {
    type Err = NoExportCursor;

    fn from_str(text: &str) -> Result<Self, NoExportCursor> {
        let (chain, seq) = text.rsplit_once('/').ok_or(NoExportCursor)?;
        let is_number = !seq.is_empty() && seq.bytes().all(|byte| byte.is_ascii_digit());
        let seq = seq.parse().ok().filter(|_| is_number).ok_or(NoExportCursor)?;
        if chain.is_empty() || chain.len() > 64 {
            return Err(NoExportCursor);
        }
        Ok(Self { chain: ChainId(chain.to_owned()), seq })
    }
}

/// A part of a log. The parts of one export, one after the other, are the export.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExportPart {
    /// An entry a line, each line with its end; oldest first within each chain, chain by chain.
    pub lines: String,
    /// How many entries that is. May be fewer than were asked for although there is more.
    pub entries: u32,
    /// What the store has in places of the chains that is no entry: `CHAIN/NUMBER`, and why.
    pub unreadable: Vec<String>,
    /// Where the next part begins; `None`: this was the last.
    pub next: Option<ExportCursor>,
}

/// The next part of an export, at most `most` entries of those that the filter admits, and some 640 KiB.
///
/// Without a filter, what [`ExportForm::JsonLines`] makes of the parts is the whole log, as
/// [`super::Verification::take_line`] takes it.
///
/// # Errors
/// The log cannot be read.
pub async fn export(
    log: &dyn AuditLog,
    filter: &AuditFilter,
    form: ExportForm,
    after: Option<&ExportCursor>,
    most: u32,
) -> Result<ExportPart, StoreError> {
    let mut heads = log.chains().await?;
    heads.sort_by(|a, b| a.chain.cmp(&b.chain));
    heads.retain(|head| after.is_none_or(|after| head.chain >= after.chain));
    let mut part = ExportPart::default();
    let mut left = LOOKED_THROUGH;
    let mut heads = heads.into_iter().peekable();
    while let Some(ChainHead { chain, seq: end, .. }) = heads.next() {
        let begun = after.filter(|after| after.chain == chain);
        let mut seq = begun.map_or(0, |after| after.seq);
        loop {
            let room = most.saturating_sub(part.entries).min(left);
            if room == 0 || part.lines.len() >= PART_BYTES {
                let more = seq < end || heads.peek().is_some();
                part.next = more.then_some(ExportCursor { chain, seq });
                return Ok(part);
            }
            let rows = log.chain(&chain, seq, room.min(ROWS)).await?;
            let before = seq;
            for row in &rows {
                seq = row.seq;
                left = left.saturating_sub(1);
                match &row.entry {
                    Ok(sealed) if !filter.admits(&sealed.entry) => {}
                    Ok(sealed) => {
                        part.lines.push_str(&form.line(sealed));
                        part.lines.push('\n');
                        part.entries += 1;
                    }
                    Err(why) => part.unreadable.push(format!("{chain}/{}: {why}", row.seq)),
                }
                if part.lines.len() >= PART_BYTES {
                    break;
                }
            }
            if !rises(before, seq) {
                break;
            }
        }
    }
    Ok(part)
}

/// The canonical bytes of an entry with its hash and its MAC as two more members, without a line end.
/// Whoever takes those two out again and writes the rest by RFC 8785 has what was sealed.
pub fn json_line(sealed: &SealedEntry) -> String {
    let SealedEntry { entry, seal } = sealed;
    let mut line = canonical::of_entry(entry, seal.into());
    line.pop();
    line + &format!(",\"hash\":\"{}\",\"mac\":\"{}\"}}", seal.hash, seal.mac)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{ChainKey, Head, seal};
    use crate::ports::{AuditEntry, AuditEvent};

    fn key() -> ChainKey {
        ChainKey::new(&[1; 32])
    }

    #[test]
    fn a_line_comes_back_as_the_entry_it_was() {
        let at = "2026-11-21T09:00:00.5Z".parse().unwrap();
        let entry =
            AuditEntry::new(at, AuditEvent::SignIn, "signed-in").with("from", "192.0.2.1\n\"x\"");
        let chain = ChainId("main".to_owned());
        let seal = seal(&entry, &chain, &mut Head::empty(), &key());
        let sealed = SealedEntry { entry, seal };
        let line = json_line(&sealed);
        assert!(!line.contains('\n'));
        assert_eq!(serde_json::from_str::<SealedEntry>(&line).unwrap(), sealed);
    }

    #[test]
    fn a_cursor_is_a_chain_and_a_number() {
        for text in ["main/0", "7/18204", "a/b/3"] {
            assert_eq!(text.parse::<ExportCursor>().unwrap().to_string(), text);
        }
        let long = format!("{}/1", "c".repeat(65));
        for text in ["", "main", "main/", "/1", "main/-1", "main/+1", "main/x", long.as_str()] {
            assert_eq!(text.parse::<ExportCursor>(), Err(NoExportCursor), "{text}");
        }
    }
}
