//! What a run left behind, and assertions that show all of it when they fail.

use std::fmt;

/// Output and status of a run that has ended.
pub struct Out {
    /// Everything on stdout.
    pub stdout: String,
    /// Everything on stderr.
    pub stderr: String,
    /// The exit code; 128+N where signal N ended gatekeeper itself.
    pub code: i32,
    /// The command line, for messages.
    pub command: String,
}

impl fmt::Display for Out {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "\n$ {}\n-- exit code {}\n-- stdout\n{}-- stderr\n{}--",
            self.command,
            self.code,
            shortened(&self.stdout),
            shortened(&self.stderr)
        )
    }
}

fn shortened(text: &str) -> String {
    const MOST: usize = 4000;
    let mut shown: String = text.chars().take(MOST).collect();
    if text.len() > MOST {
        shown += &format!("[… {} bytes in all]", text.len());
    }
    if !shown.is_empty() && !shown.ends_with('\n') {
        shown.push('\n');
    }
    shown
}

impl Out {
    /// Demands this exit code.
    #[track_caller]
    pub fn code(&self, code: i32) -> &Self {
        assert_eq!(self.code, code, "exit code{self}");
        self
    }

    /// Demands exactly this stdout.
    #[track_caller]
    pub fn stdout(&self, text: &str) -> &Self {
        assert_eq!(self.stdout, text, "stdout{self}");
        self
    }

    /// Demands exactly these lines on stdout.
    #[track_caller]
    pub fn lines(&self, lines: &[&str]) -> &Self {
        assert_eq!(self.stdout.lines().collect::<Vec<_>>(), lines, "stdout{self}");
        self
    }

    /// Demands this line, whole, on stdout.
    #[track_caller]
    pub fn says(&self, line: &str) -> &Self {
        assert!(self.stdout.lines().any(|found| found == line), "no line {line:?} on stdout{self}");
        self
    }

    /// Demands that stdout holds this.
    #[track_caller]
    pub fn shows(&self, text: &str) -> &Self {
        assert!(self.stdout.contains(text), "no {text:?} on stdout{self}");
        self
    }

    /// Demands that this is nowhere in the output.
    #[track_caller]
    pub fn lacks(&self, text: &str) -> &Self {
        assert!(
            !self.stdout.contains(text) && !self.stderr.contains(text),
            "{text:?} in the output{self}"
        );
        self
    }

    /// Demands that stderr holds this.
    #[track_caller]
    pub fn complains(&self, text: &str) -> &Self {
        assert!(self.stderr.contains(text), "no {text:?} on stderr{self}");
        self
    }

    /// Demands that nothing is on stderr.
    #[track_caller]
    pub fn quiet(&self) -> &Self {
        assert_eq!(self.stderr, "", "stderr{self}");
        self
    }

    /// Demands one line on stderr, gatekeeper's own, and returns it.
    #[track_caller]
    pub fn one_line(&self) -> &str {
        let lines: Vec<&str> = self.stderr.lines().collect();
        assert!(
            matches!(lines[..], [line] if line.starts_with("gatekeeper: ")),
            "not one line of gatekeeper's on stderr{self}"
        );
        lines[0]
    }

    /// The lines that report a denial.
    pub fn denials(&self) -> Vec<&str> {
        self.stderr.lines().filter(|line| line.starts_with("gatekeeper: denied ")).collect()
    }

    /// Demands that no denial was reported.
    #[track_caller]
    pub fn undenied(&self) -> &Self {
        assert!(self.denials().is_empty(), "denials{self}");
        self
    }

    /// Demands exactly one denial, and that all of `parts` stand in its line in this order.
    #[track_caller]
    pub fn denied(&self, parts: &[&str]) -> &Self {
        let denials = self.denials();
        assert_eq!(denials.len(), 1, "not one denial{self}");
        assert!(in_order(denials[0], parts), "not in order in the denial: {parts:?}{self}");
        self
    }

    /// Demands a denial whose line has all of `parts` in this order; there may be others.
    #[track_caller]
    pub fn some_denial(&self, parts: &[&str]) -> &Self {
        assert!(
            self.denials().iter().any(|line| in_order(line, parts)),
            "no denial with {parts:?}{self}"
        );
        self
    }

    /// What `key=NUMBER` on stdout says.
    #[track_caller]
    pub fn number(&self, key: &str) -> u64 {
        self.stdout
            .split_whitespace()
            .find_map(|word| word.strip_prefix(key)?.strip_prefix('=')?.parse().ok())
            .unwrap_or_else(|| panic!("no {key}=NUMBER on stdout{self}"))
    }
}

fn in_order(line: &str, parts: &[&str]) -> bool {
    let mut rest = line;
    parts.iter().all(|part| match rest.find(part) {
        Some(at) => {
            rest = &rest[at + part.len()..];
            true
        }
        None => false,
    })
}
