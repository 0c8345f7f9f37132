//! What an executable is, by its ELF headers.

use anyhow::{Context, Result};
use object::Endianness;
use object::elf::{FileHeader64, PT_INTERP, SHT_SYMTAB};
use object::read::elf::{FileHeader, ProgramHeader, SectionHeader};

/// What is asked of an executable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Elf {
    /// `e_machine`: 62 is x86-64, 183 is aarch64.
    pub(super) machine: u16,
    /// Whether it starts without a dynamic linker.
    pub(super) is_static: bool,
    /// Whether it holds no symbol table.
    pub(super) is_stripped: bool,
}

/// Reads the headers of a 64-bit executable.
pub(super) fn read(bytes: &[u8]) -> Result<Elf> {
    let header = FileHeader64::<Endianness>::parse(bytes).context("no 64-bit ELF file")?;
    let endian = header.endian()?;
    let segments = header.program_headers(endian, bytes)?;
    let sections = header.section_headers(endian, bytes)?;
    Ok(Elf {
        machine: header.e_machine(endian).0,
        is_static: segments.iter().all(|segment| segment.p_type(endian) != PT_INTERP),
        is_stripped: sections.iter().all(|section| section.sh_type(endian) != SHT_SYMTAB),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn an_executable_is_known_by_its_headers() {
        let own = fs::read(std::env::current_exe().unwrap()).unwrap();
        let found = read(&own).unwrap();
        let machine = if cfg!(target_arch = "aarch64") { 183 } else { 62 };
        assert_eq!(found.machine, machine);
        assert!(!found.is_stripped, "tests keep their symbols");
        assert_eq!(found.is_static, cfg!(target_env = "musl"));
        assert!(read(b"#!/bin/sh\n").is_err());
        assert!(read(&own[..40]).is_err());
    }
}
