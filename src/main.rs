//! The `gatekeeper` command: parse, run, exit.

use std::process::ExitCode;

use gatekeeper::cli::{self, Invocation};
use gatekeeper::exit::ExitCode as Code;

fn main() -> ExitCode {
    match cli::parse(std::env::args_os(), std::env::vars_os()) {
        Ok(Invocation::Start(config)) => match gatekeeper::run(&config) {
            Ok(code) => code.into(),
            Err(error) => {
                eprintln!("gatekeeper: {error}");
                error.code().into()
            }
        },
        Ok(Invocation::Print(text)) => match text.print() {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("gatekeeper: cannot write: {error}");
                Code::Internal.into()
            }
        },
        Err(failure) => {
            eprintln!("{failure}");
            Code::Usage.into()
        }
    }
}
