//! What was typed.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

/// The help text.
pub const HELP: &str = "\
cargo bench --bench overhead -- [options] [row...]

A row is measured if its name contains one of the words given, or if none is given.

  --rounds N         rounds of each row (default 7)
  --json             one JSON object a row instead of a table
  --gatekeeper PATH  measure this binary
";

/// What to measure and how to print it.
#[derive(Debug)]
pub struct Options {
    /// How often each contender has its turn in a row.
    pub rounds: usize,
    /// JSON lines instead of a table.
    pub json: bool,
    /// The binary to measure.
    pub gatekeeper: PathBuf,
    filters: Vec<String>,
}

impl Options {
    /// Reads the words; `None` when help is asked for.
    pub fn parse(mut words: impl Iterator<Item = String>) -> Result<Option<Self>> {
        let mut options = Self {
            rounds: 7,
            json: false,
            gatekeeper: PathBuf::from(env!("CARGO_BIN_EXE_gatekeeper")),
            filters: Vec::new(),
        };
        while let Some(word) = words.next() {
            match word.as_str() {
                "-h" | "--help" => return Ok(None),
                // cargo says it to every bench.
                "--bench" => {}
                "--json" => options.json = true,
                "--rounds" => {
                    let number = words.next().context("--rounds needs a number")?;
                    options.rounds = number.parse().context("--rounds")?;
                    if options.rounds == 0 {
                        bail!("--rounds: at least 1");
                    }
                }
                "--gatekeeper" => {
                    let path = words.next().context("--gatekeeper needs a path")?;
                    options.gatekeeper = std::fs::canonicalize(&path).context(path)?;
                }
                flag if flag.starts_with('-') => bail!("unknown option {flag}; see --help"),
                _ => options.filters.push(word),
            }
        }
        Ok(Some(options))
    }

    /// Whether the row called `name` is to be measured.
    pub fn wants(&self, name: &str) -> bool {
        self.filters.is_empty() || self.filters.iter().any(|filter| name.contains(filter.as_str()))
    }
}
