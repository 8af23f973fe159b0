//! The figures as a table for people, or as JSON.

use crate::contender::Contender;
use crate::rows::{Kind, Row};
use crate::sample::Samples;

/// A row with its figures.
#[derive(Debug)]
pub struct Line {
    name: &'static str,
    /// What a native operation takes, in nanoseconds.
    native: Option<f64>,
    /// How the other columns' figures are meant.
    unit: &'static str,
    cells: Vec<Cell>,
    target: f64,
}

#[derive(Debug)]
enum Cell {
    Figure(f64),
    Failed(String),
    NotInstalled,
    NotMeasured,
}

impl Line {
    /// The figures of `row`: ratios to native, or what its kind has.
    pub fn new(row: &Row, contenders: &[Contender], samples: &Samples) -> Self {
        let figure = |who| match row.kind {
            Kind::Operation | Kind::Program => {
                samples.against_native(who, |it, native| it / native)
            }
            Kind::Start => samples.against_native(who, |it, native| (it - native) / 1e6),
            Kind::Memory | Kind::Size => samples.median(who),
        };
        let cell = |(who, contender): (usize, &Contender)| match (samples.failure(who), figure(who))
        {
            _ if !contender.installed() => Cell::NotInstalled,
            (Some(failure), _) => Cell::Failed(failure.to_owned()),
            (None, Some(figure)) => Cell::Figure(figure),
            (None, None) => Cell::NotMeasured,
        };
        let unit = match row.kind {
            Kind::Operation | Kind::Program => "×",
            Kind::Start => " ms added",
            Kind::Memory | Kind::Size => " MiB",
        };
        Self {
            name: row.name,
            native: samples.median(0),
            unit,
            cells: contenders.iter().enumerate().skip(1).map(cell).collect(),
            target: row.target,
        }
    }

    /// Whether gatekeeper with its usual gate reaches the target.
    fn outcome(&self) -> &'static str {
        match self.cells.first() {
            // As it is printed, so that no line contradicts itself.
            Some(Cell::Figure(figure)) if (figure * 100.0).round() / 100.0 <= self.target => "ok",
            Some(Cell::Figure(_)) => "missed",
            _ => "not measured",
        }
    }
}

/// Prints the table as Markdown.
pub fn print_markdown(contenders: &[Contender], lines: &[Line], rounds: usize) {
    print!("| | native |");
    for contender in &contenders[1..] {
        print!(" {} |", contender.name);
    }
    println!(" target | |");
    print!("|---|---:|");
    for _ in &contenders[1..] {
        print!("---:|");
    }
    println!("---:|---|");
    for line in lines {
        print!("| {} | {} |", line.name, line.native.map_or("–".to_owned(), duration));
        for cell in &line.cells {
            print!(" {} |", show(cell, line.unit));
        }
        println!(" ≤ {}{} | {} |", line.target, line.unit, line.outcome());
    }
    println!();
    println!(
        "Medians of up to {rounds} interleaved rounds; a peer that takes seconds for a row has fewer."
    );
    for line in lines {
        for (cell, contender) in line.cells.iter().zip(&contenders[1..]) {
            if let Cell::Failed(why) = cell {
                println!("{}, {}: {why}", line.name, contender.name);
            }
        }
    }
}

fn show(cell: &Cell, unit: &str) -> String {
    match cell {
        Cell::Figure(figure) => format!("{figure:.2}{unit}"),
        Cell::Failed(_) => "failed".to_owned(),
        Cell::NotInstalled => "not installed".to_owned(),
        Cell::NotMeasured => "–".to_owned(),
    }
}

fn duration(nanoseconds: f64) -> String {
    match nanoseconds {
        ns if ns < 1e3 => format!("{ns:.0} ns"),
        ns if ns < 1e6 => format!("{:.1} µs", ns / 1e3),
        ns => format!("{:.2} ms", ns / 1e6),
    }
}

/// Prints one JSON object a row. Names and failures are plain text; quotes are escaped as Rust does,
/// which for such text is what JSON wants.
pub fn print_json(contenders: &[Contender], lines: &[Line]) {
    for line in lines {
        let native = line.native.map_or("null".to_owned(), |ns| format!("{ns:.1}"));
        let mut figures = String::new();
        for (cell, contender) in line.cells.iter().zip(&contenders[1..]) {
            let value = match cell {
                Cell::Figure(figure) => format!("{figure:.4}"),
                Cell::Failed(why) => format!("{why:?}"),
                Cell::NotInstalled => "\"not installed\"".to_owned(),
                Cell::NotMeasured => "null".to_owned(),
            };
            figures.push_str(&format!(",{:?}:{value}", contender.name));
        }
        println!(
            "{{\"row\":{:?},\"native_ns\":{native}{figures},\"unit\":{:?},\"target\":{},\"outcome\":{:?}}}",
            line.name,
            line.unit.trim(),
            line.target,
            line.outcome()
        );
    }
}
