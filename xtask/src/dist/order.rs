//! Which functions a cold start runs, and how that is found out.

use crate::{bench, workspace};
use anyhow::{Context, Result, ensure};
use object::Endianness;
use object::elf::{FileHeader64, STT_FUNC};
use object::read::elf::{FileHeader, Sym};
use rustc_demangle::demangle;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Functions in the order of their first call, each by its [`Name`]. `cargo xtask dist --learn` writes it.
const COLD_START: &str = include_str!("cold-start.txt");

/// What valgrind's files of calls begin with.
const CALLS: &str = "calls";

/// The symbols of the functions in an executable, with their sizes in bytes.
fn functions(executable: &[u8]) -> Result<Vec<(&str, u64)>> {
    let header = FileHeader64::<Endianness>::parse(executable).context("no 64-bit ELF file")?;
    let endian = header.endian()?;
    let sections = header.sections(endian, executable)?;
    let symbols = sections.symbols(endian, executable, object::elf::SHT_SYMTAB)?;
    let functions = symbols.iter().filter(|symbol| symbol.st_type() == STT_FUNC);
    let named = functions.filter_map(|symbol| {
        let name = symbols.symbol_name(endian, symbol).ok()?;
        Some((std::str::from_utf8(name).ok()?, symbol.st_size(endian)))
    });
    Ok(named.collect())
}

/// A function's name, shortened by hashing, for there are thousands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    /// What it is called in every build: without the hashes of crates, which tell versions, targets and
    /// compilers apart.
    key: String,
    /// Tells those of one key apart, as long as those hashes stay: a generic function that several crates
    /// use is there as often, and one of them runs.
    exact: String,
}

impl Name {
    fn of(symbol: &str) -> Self {
        // LLVM appends numbers, other ones in each build. Names in C end in digits of their own.
        let numbers = |end: char| end.is_ascii_digit() || end == '.';
        let name = match symbol.trim_end_matches(numbers) {
            short if symbol.starts_with("_R") && symbol.contains('.') => short,
            _ => symbol,
        };
        Self { key: hashed(&format!("{:#}", demangle(name)), 8), exact: hashed(name, 2) }
    }
}

fn hashed(text: &str, bytes: usize) -> String {
    Sha256::digest(text).iter().take(bytes).fold(String::new(), |mut text, byte| {
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}

/// The symbols of an executable that are to lie in front, in order.
pub(super) fn in_front(executable: &[u8]) -> Result<Vec<&str>> {
    let functions = functions(executable)?;
    Ok(placed(COLD_START, functions.iter().map(|(symbol, _)| *symbol)))
}

/// The symbols that a list names. Where it names none of a key exactly, for this is another target or
/// compiler, all of the key stand for it.
fn placed<'a>(list: &str, symbols: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut listed: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    for (line, place) in list.lines().zip(0..) {
        if let Some((key, exact)) = line.split_once(' ') {
            listed.entry(key).or_default().insert(exact, place);
        }
    }
    let mut of_key: BTreeMap<&str, Vec<(Option<usize>, &str)>> = BTreeMap::new();
    for symbol in symbols {
        let name = Name::of(symbol);
        if let Some((key, exact)) = listed.get_key_value(&*name.key) {
            let place = exact.get(&*name.exact).copied();
            of_key.entry(*key).or_default().push((place, symbol));
        }
    }
    let mut placed = Vec::new();
    for (key, mut found) in of_key {
        if found.iter().any(|(place, _)| place.is_some()) {
            found.retain(|(place, _)| place.is_some());
        }
        let first = listed.get(key).and_then(|exact| exact.values().min().copied());
        placed.extend(found.into_iter().map(|(place, symbol)| (place.or(first), symbol)));
    }
    placed.sort_unstable();
    placed.dedup();
    placed.into_iter().map(|(_, symbol)| symbol).collect()
}

/// Has an executable that has its symbols do a function's work under valgrind, and writes down what ran.
pub(super) fn learn(executable: &Path) -> Result<String> {
    let folder = workspace::target().join("dist-order");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    // A function is killed when it has answered, and tells nothing at its end: so it tells all along.
    let watched = folder.join("stagedoor");
    let script = format!(
        "#!/bin/sh\nexec valgrind --quiet --tool=callgrind --demangle=no --compress-strings=no \
         --dump-every-bb=1000000 --callgrind-out-file='{}/{CALLS}.%p' '{}' \"$@\"\n",
        folder.display(),
        executable.display()
    );
    fs::write(&watched, script)?;
    fs::set_permissions(&watched, fs::Permissions::from_mode(0o755))?;
    bench::drive_functions(&watched)?;
    let bytes = fs::read(executable)?;
    let there = functions(&bytes)?;
    let sizes: BTreeMap<&str, u64> = there.iter().copied().collect();
    let mut files = Vec::new();
    for file in fs::read_dir(&folder)? {
        let file = file?;
        if file.file_name().to_string_lossy().starts_with(CALLS) {
            files.push((file.metadata()?.modified()?, file.path()));
        }
    }
    files.sort();
    let (mut lines, mut seen, mut size) = (Vec::new(), BTreeSet::new(), 0);
    for (_, file) in files {
        for name in called(&String::from_utf8_lossy(&fs::read(file)?)) {
            let Some(bytes) = sizes.get(name) else { continue };
            let name = Name::of(name);
            if seen.insert(name.clone()) {
                lines.push(format!("{} {}\n", name.key, name.exact));
                size += bytes;
            }
        }
    }
    ensure!(!lines.is_empty(), "valgrind saw none of the functions of `{}`", executable.display());
    let list = workspace::root().join("xtask/src/dist/cold-start.txt");
    fs::write(&list, lines.concat())?;
    let whole: u64 = there.iter().map(|(_, size)| size).sum();
    Ok(format!("{} of {} functions run, {size} of {whole} bytes", lines.len(), there.len()))
}

/// The functions that a file of callgrind says were called, once more where they called themselves.
fn called(file: &str) -> impl Iterator<Item = &str> {
    let names = file.lines().filter_map(|line| line.strip_prefix("fn="));
    names.map(|name| name.split_once('\'').map_or(name, |(name, _depth)| name).trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `foo::bar` of two versions of a crate, and another function.
    const OLD: &str = "_RNvCskwGfYPst2Cb_3foo3bar";
    const NEW: &str = "_RNvCs9ltgdHTiPiY_3foo3bar";
    const OTHER: &str = "_RNvCskwGfYPst2Cb_3foo3baz";

    fn line(symbol: &str) -> String {
        let Name { key, exact } = Name::of(symbol);
        format!("{key} {exact}\n")
    }

    #[test]
    fn a_function_has_one_key_in_every_build() {
        let (old, new) = (Name::of(OLD), Name::of(NEW));
        assert_eq!((old.key.len(), old.exact.len()), (16, 4));
        assert_eq!(old.key, new.key);
        assert_ne!(old.exact, new.exact);
        assert_eq!(Name::of(&format!("{OLD}.llvm.1234")), Name::of(&format!("{OLD}.llvm.86952")));
        assert_eq!(Name::of(&format!("{OLD}.86952")), old);
        assert_ne!(Name::of(OTHER).key, old.key);
        assert_ne!(Name::of("sha256"), Name::of("sha"), "digits at the end are a name's own in C");
    }

    #[test]
    fn the_one_that_ran_is_placed_and_in_other_builds_all_of_its_name() {
        let list = line(OTHER) + &line(OLD);
        assert_eq!(placed(&list, [NEW, OLD, "main", OTHER].into_iter()), [OTHER, OLD]);
        assert_eq!(placed(&list, [NEW, "main"].into_iter()), [NEW]);
        let both = line(NEW) + &line(OTHER) + &line(OLD);
        assert_eq!(placed(&both, [OLD, OTHER, NEW].into_iter()), [NEW, OTHER, OLD]);
    }

    #[test]
    fn what_was_called_stands_behind_fn() {
        let file = "version: 1\nfn=main\n0 12\ncfn=inner\ncalls=1 0\nfn=inner'2\n0 3\n";
        assert_eq!(called(file).collect::<Vec<_>>(), ["main", "inner"]);
    }

    #[test]
    fn the_list_holds_each_name_once() {
        let lines: Vec<&str> = COLD_START.lines().collect();
        assert!(lines.len() > 1_000, "{}", lines.len());
        assert!(lines.iter().all(|line| line.len() == 21 && line.get(16..17) == Some(" ")));
        let hex = |line: &str| line.chars().filter(char::is_ascii_hexdigit).count() == 20;
        assert!(lines.iter().all(|line| hex(line)));
        assert_eq!(lines.iter().collect::<BTreeSet<_>>().len(), lines.len());
    }
}
