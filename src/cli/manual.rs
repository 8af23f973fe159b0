//! The manual page.

use std::io;

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::command::{COMMAND, USAGE, command};
use super::pages::{ENVIRONMENT, EXAMPLES_OF_RUN, EXAMPLES_OF_TRACE, exit_rows};

/// The manual page, gatekeeper(1), in roff.
pub fn page() -> io::Result<String> {
    let mut whole = command();
    whole.build();
    let man = Man::new(whole.clone()).title("GATEKEEPER").manual("User Commands");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    synopsis(&whole).to_writer(&mut page)?;
    man.render_description_section(&mut page)?;
    for name in ["run", "trace"] {
        if let Some(sub) = whole.find_subcommand(name) {
            subcommand(sub, &mut page)?;
        }
    }
    closing_sections().to_writer(&mut page)?;
    String::from_utf8(page).map_err(io::Error::other)
}

/// The section of a subcommand with all its flags.
fn subcommand(sub: &Command, page: &mut Vec<u8>) -> io::Result<()> {
    let title = format!("GATEKEEPER {}", sub.get_name().to_uppercase());
    let about = sub.get_long_about().or(sub.get_about());
    let about = about.map(ToString::to_string).unwrap_or_default();
    let mut intro = Roff::new();
    intro.control("SH", [title.as_str()]);
    for paragraph in about.split("\n\n") {
        intro.control("PP", []).text([roman(paragraph)]);
    }
    intro.to_writer(page)?;
    let mut options = Vec::new();
    let sub = sub.clone().mut_arg(COMMAND, |arg| arg.hide(true));
    Man::new(sub).render_options_section(&mut options)?;
    // Below the section of its subcommand a heading is one level down.
    let options = String::from_utf8_lossy(&options).replace(".SH", ".SS");
    page.extend_from_slice(options.as_bytes());
    Ok(())
}

fn synopsis(whole: &Command) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["SYNOPSIS"]);
    for sub in whole.get_subcommands() {
        let arguments = match sub.get_name() {
            "run" | "trace" => USAGE,
            "completions" => "SHELL",
            "help" => "[COMMAND]",
            _ => "",
        };
        roff.text([bold(format!("gatekeeper {}", sub.get_name())), roman(format!(" {arguments}"))]);
        roff.control("br", []);
    }
    roff
}

fn closing_sections() -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["ENVIRONMENT"]);
    for paragraph in ENVIRONMENT {
        roff.control("PP", []).text([roman(paragraph)]);
    }
    roff.control("SH", ["EXIT STATUS"]);
    for (code, meaning) in exit_rows() {
        roff.control("TP", []).text([bold(code)]).text([roman(meaning)]);
    }
    roff.control("SH", ["EXAMPLES"]);
    for (what, line) in EXAMPLES_OF_RUN.iter().chain(&EXAMPLES_OF_TRACE) {
        roff.control("PP", []).text([roman(format!("{what}:"))]);
        roff.control("PP", []).control("EX", []);
        for part in line.lines() {
            roff.text([roman(format!("    {part}"))]);
        }
        roff.control("EE", []);
    }
    roff.control("SH", ["SEE ALSO"]);
    roff.text([roman("seccomp(2), ptrace(2), landlock(7), strace(1)")]);
    roff
}
