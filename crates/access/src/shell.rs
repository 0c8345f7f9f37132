//! Commands that people are told to paste into a shell.

/// A command line of `stagedoor` with these words, each so written that a POSIX shell takes it for one
/// and runs nothing in it. Names of people and files may hold what a shell acts on.
pub fn command(words: &[&str]) -> String {
    let words: Vec<String> =
        std::iter::once(&"stagedoor").chain(words).map(|word| quoted(word)).collect();
    words.join(" ")
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
    use super::command;

    #[test]
    fn a_command_is_read_back_by_a_shell_as_it_was_meant() {
        assert_eq!(command(&["why", "ana@example.com"]), "stagedoor why ana@example.com");
        assert_eq!(command(&["why", "o'neil; rm -rf /"]), r"stagedoor why 'o'\''neil; rm -rf /'");
        assert_eq!(command(&["why", "", "$HOME", "Grüße"]), "stagedoor why '' '$HOME' 'Grüße'");
    }
}
