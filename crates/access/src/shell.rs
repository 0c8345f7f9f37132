//! Commands that people are told to paste into a shell.

use std::fmt;

/// A command line of `stagedoor` with these words, each so written that a POSIX shell takes it for one
/// and runs nothing in it.
pub fn command(words: &[&str]) -> String {
    CommandLine::of(words).to_string()
}

/// A command line of `stagedoor` that is about somebody or something. Names of people and files may hold
/// what a shell acts on, and begin as options do.
#[derive(Debug, Clone)]
pub struct CommandLine<'a> {
    words: Vec<Word<'a>>,
}

#[derive(Debug, Clone, Copy)]
enum Word<'a> {
    /// One of ours.
    Own(&'a str),
    /// An option and its value.
    Option(&'a str, &'a str),
    /// What the command is about.
    About(&'a str),
}

impl<'a> CommandLine<'a> {
    /// With these words, all of which are ours.
    pub fn of(words: &[&'a str]) -> Self {
        Self { words: words.iter().copied().map(Word::Own).collect() }
    }

    /// About this.
    #[must_use]
    pub fn about(mut self, what: &'a str) -> Self {
        self.words.push(Word::About(what));
        self
    }

    /// With this option, `--team`, of this value.
    #[must_use]
    pub fn with(mut self, option: &'a str, value: &'a str) -> Self {
        self.words.push(Word::Option(option, value));
        self
    }

    /// With this flag, `--status`.
    #[must_use]
    pub fn flag(mut self, flag: &'a str) -> Self {
        self.words.push(Word::Own(flag));
        self
    }
}

impl fmt::Display for CommandLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Behind `--` nothing is taken for an option.
        let is_about = |word: &&Word<'_>| matches!(word, Word::About(_));
        let apart = self.words.iter().any(|w| matches!(w, Word::About(what) if is_option(what)));
        f.write_str("stagedoor")?;
        for word in self.words.iter().filter(|word| !(apart && is_about(word))) {
            match word {
                Word::Own(word) | Word::About(word) => write!(f, " {}", quoted(word))?,
                Word::Option(name, value) if is_option(value) => {
                    write!(f, " {}", quoted(&format!("{name}={value}")))?;
                }
                Word::Option(name, value) => write!(f, " {name} {}", quoted(value))?,
            }
        }
        if apart {
            f.write_str(" --")?;
            for word in self.words.iter().filter(is_about) {
                let Word::About(what) = word else { continue };
                write!(f, " {}", quoted(what))?;
            }
        }
        Ok(())
    }
}

/// Whether the command line would take it for an option.
fn is_option(word: &str) -> bool {
    word.starts_with('-')
}

/// A word as a POSIX shell reads it back.
fn quoted(word: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_./:=@,+%".contains(&b);
    if !word.is_empty() && word.bytes().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_read_back_by_a_shell_as_it_was_meant() {
        let why = |who| CommandLine::of(&["why"]).about(who).to_string();
        assert_eq!(why("ana@example.com"), "stagedoor why ana@example.com");
        assert_eq!(why("o'neil; rm -rf /"), r"stagedoor why 'o'\''neil; rm -rf /'");
        let odd = CommandLine::of(&["why"]).about("").about("$HOME").about("Grüße");
        assert_eq!(odd.to_string(), "stagedoor why '' '$HOME' 'Grüße'");
        assert_eq!(command(&["grant", "list", "--all"]), "stagedoor grant list --all");
    }

    #[test]
    fn a_name_that_begins_as_options_do_is_taken_for_a_name() {
        let restore = |who| CommandLine::of(&["restore"]).about(who).with("--team", "fraud");
        assert_eq!(restore("ana").to_string(), "stagedoor restore ana --team fraud");
        assert_eq!(restore("--all").to_string(), "stagedoor restore --team fraud -- --all");
        let grant = CommandLine::of(&["grant"]).about("-x y").about("fraud").with("--for", "4h");
        assert_eq!(
            grant.flag("--dry-run").to_string(),
            "stagedoor grant --for 4h --dry-run -- '-x y' fraud"
        );
        let sync = CommandLine::of(&["sync"]).with("--person", "-x");
        assert_eq!(sync.to_string(), "stagedoor sync --person=-x");
        let sync = CommandLine::of(&["sync"]).with("--person", "-x y");
        assert_eq!(sync.to_string(), "stagedoor sync '--person=-x y'");
    }
}
