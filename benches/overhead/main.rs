//! What gatekeeper costs, beside what strace costs: `cargo bench --bench overhead -- [options] [rows]`.
//!
//! Every row is run natively and under each contender, interleaved round by round, so that whatever
//! else the machine does meets all of them. A figure is the median over the rounds of the ratio to the
//! native run of the same round. Nothing is asserted: the table says what was measured and what was
//! aimed at.

mod contender;
mod options;
mod rows;
mod sample;
mod table;
mod tasks;

use anyhow::{Context as _, Result};

use contender::Contender;
use options::Options;
use rows::{Kind, Row};
use sample::Samples;
use table::Line;
use tasks::Place;

fn main() -> Result<()> {
    let Some(options) = Options::parse(std::env::args().skip(1))? else {
        print!("{}", options::HELP);
        return Ok(());
    };
    let place = Place::prepare().context("cannot prepare the workloads")?;
    let contenders = contender::all(&options.gatekeeper);
    let mut lines = Vec::new();
    for row in rows::all(&place) {
        if options.wants(row.name) {
            eprintln!("{} …", row.name);
            lines.push(measure(&row, &contenders, &options, &place));
        }
    }
    if options.json {
        table::print_json(&contenders, &lines);
    } else {
        table::print_markdown(&contenders, &lines, options.rounds);
    }
    Ok(())
}

fn measure(row: &Row, contenders: &[Contender], options: &Options, place: &Place) -> Line {
    let mut samples = Samples::new(contenders.len());
    let rounds = match row.kind {
        Kind::Memory | Kind::Size => 1,
        _ => options.rounds,
    };
    for round in 0..rounds {
        // Nobody is always the one that comes after the slowest.
        for turn in 0..contenders.len() {
            let who = (round + turn) % contenders.len();
            let contender = &contenders[who];
            if !contender.installed() || !row.includes(contender) || samples.is_done(who) {
                continue;
            }
            samples.add(who, round, || row.sample(contender, place));
        }
    }
    Line::new(row, contenders, &samples)
}
