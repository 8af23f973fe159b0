//! The directory that everything happens in, and how a command is run there.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

use crate::contender::find;

/// A directory with the workloads compiled and something to work on; removed at the end.
#[derive(Debug)]
pub struct Place {
    dir: TempDir,
}

impl Place {
    /// Compiles the workloads and lays out the files.
    pub fn prepare() -> Result<Self> {
        let place = Self { dir: tempfile::Builder::new().prefix("overhead-").tempdir()? };
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/workloads");
        for name in ["operations", "crowd"] {
            let mut gcc = Command::new("gcc");
            gcc.args(["-O2", "-static", "-pthread", "-o"]).arg(place.path(name));
            gcc.arg(sources.join(format!("{name}.c")));
            success(&mut gcc)?;
        }
        fs::copy(sources.join("operations.c"), place.path("program.c"))?;
        for n in 1..10 {
            fs::create_dir(place.path(&format!("rule-{n}")))?;
        }
        fs::create_dir(place.path("work"))?;
        fs::write(place.path("work/data"), "data")?;
        place.fill_tree().context("cannot lay out a tree of files")?;
        Ok(place)
    }

    /// A path in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A thousand files of a few kilobytes, committed where there is git.
    fn fill_tree(&self) -> Result<()> {
        let tree = self.path("tree");
        let line =
            "A line as it stands in a source file, of the usual length and without meaning.\n";
        for dir in 0..40 {
            let dir = tree.join(format!("dir-{dir}"));
            fs::create_dir_all(&dir)?;
            for file in 0..25 {
                fs::write(dir.join(format!("file-{file}")), line.repeat(20 + 4 * file))?;
            }
        }
        fs::write(tree.join("last"), "needle\n")?;
        let identity = ["-c", "user.name=bench", "-c", "user.email=bench@localhost"];
        for words in [&["init", "-q"][..], &["add", "."], &["commit", "-q", "-m", "all"]] {
            if find("git").is_some() {
                success(self.command("git").args(identity).args(words).current_dir(&tree))?;
            }
        }
        Ok(())
    }

    fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.path("work")).stdin(Stdio::null());
        // Only the system's programs: the search for others would leave the path rules.
        command.env("PATH", "/usr/local/bin:/usr/bin:/bin").env("TMPDIR", self.dir.path());
        // cargo's own: loaders would look below it, outside every list.
        command.env_remove("LD_LIBRARY_PATH");
        command
    }

    fn command_of(&self, words: &[OsString]) -> Result<Command> {
        let (program, arguments) = words.split_first().context("no command")?;
        let mut command = self.command(program);
        command.args(arguments);
        Ok(command)
    }

    /// What a workload that ends by itself prints: a number.
    pub fn printed(&self, words: &[OsString]) -> Result<f64> {
        let output = self.command_of(words)?.output()?;
        if !output.status.success() {
            bail!("{}: {}", output.status, first_line(&output.stderr));
        }
        let text = String::from_utf8_lossy(&output.stdout);
        text.trim().parse().with_context(|| format!("no number: {text:?}"))
    }

    /// The nanoseconds from starting the command to its end, averaged over `times` runs. Its output goes
    /// to a file: some programs do less work if it is thrown away.
    pub fn timed(&self, words: &[OsString], times: u32) -> Result<f64> {
        let mut spent = 0.0;
        for _ in 0..times {
            let output = File::create(self.path("output"))?;
            let mut command = self.command_of(words)?;
            command.stdout(output).stderr(File::create(self.path("errors"))?);
            let begin = Instant::now();
            let status = command.status()?;
            spent += begin.elapsed().as_secs_f64() * 1e9;
            if !status.success() {
                bail!("{status}: {}", first_line(&fs::read(self.path("errors"))?));
            }
        }
        Ok(spent / f64::from(times))
    }

    /// The resident memory of the runner in MiB while the crowd it runs is complete.
    pub fn resident(&self, words: &[OsString]) -> Result<f64> {
        let mut command = self.command_of(words)?;
        let mut runner = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let resident = resident_when_ready(&mut runner);
        drop(runner.stdin.take());
        let status = runner.wait()?;
        if !status.success() {
            bail!("{status}");
        }
        resident
    }
}

fn resident_when_ready(runner: &mut Child) -> Result<f64> {
    let mut ready = String::new();
    let stdout = runner.stdout.take().context("no output")?;
    BufReader::new(stdout).read_line(&mut ready)?;
    if ready.trim() != "ready" {
        bail!("the crowd is not complete");
    }
    let mut status = String::new();
    File::open(format!("/proc/{}/status", runner.id()))?.read_to_string(&mut status)?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kib: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kib / 1024.0)
}

fn success(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| program.clone())?;
    if !output.status.success() {
        bail!("{program}: {}: {}", output.status, first_line(&output.stderr));
    }
    Ok(())
}

fn first_line(text: &[u8]) -> String {
    String::from_utf8_lossy(text).lines().next().unwrap_or_default().to_owned()
}
