//! Figures of one row: per contender, per round.

use std::time::{Duration, Instant};

use anyhow::Result;

/// Once a contender has taken this long in a row it has had its turns: whatever traces every call takes
/// minutes for what is a matter of milliseconds natively.
const PATIENCE: Duration = Duration::from_secs(8);

/// What one contender has shown in a row.
#[derive(Debug, Default)]
struct Column {
    figures: Vec<(usize, f64)>,
    taken: Duration,
    failure: Option<String>,
}

/// What all contenders have shown in a row.
#[derive(Debug)]
pub struct Samples(Vec<Column>);

impl Samples {
    /// No figures yet for so many contenders, of which the first is the native run.
    pub fn new(contenders: usize) -> Self {
        Self((0..contenders).map(|_| Column::default()).collect())
    }

    /// Takes one figure of contender `who`.
    pub fn add(&mut self, who: usize, round: usize, measure: impl FnOnce() -> Result<f64>) {
        let begin = Instant::now();
        let column = &mut self.0[who];
        match measure() {
            Ok(figure) => column.figures.push((round, figure)),
            Err(error) => column.failure = Some(format!("{error:#}")),
        }
        column.taken += begin.elapsed();
    }

    /// Whether the contender has no more turns in this row.
    pub fn is_done(&self, who: usize) -> bool {
        let column = &self.0[who];
        column.failure.is_some() || (who > 0 && column.taken > PATIENCE)
    }

    /// Why the contender could not be measured.
    pub fn failure(&self, who: usize) -> Option<&str> {
        self.0[who].failure.as_deref()
    }

    /// The median of its figures.
    pub fn median(&self, who: usize) -> Option<f64> {
        median(self.0[who].figures.iter().map(|&(_, figure)| figure).collect())
    }

    /// The median over the rounds of `compare(its figure, the native one of that round)`.
    pub fn against_native(&self, who: usize, compare: fn(f64, f64) -> f64) -> Option<f64> {
        let native = &self.0[0].figures;
        let in_round = |round| native.iter().find(|(r, _)| *r == round).map(|&(_, figure)| figure);
        let pairs = self.0[who].figures.iter().filter_map(|&(round, figure)| {
            in_round(round).map(|of_native| compare(figure, of_native))
        });
        median(pairs.collect())
    }
}

fn median(mut figures: Vec<f64>) -> Option<f64> {
    figures.sort_by(f64::total_cmp);
    let middle = figures.len() / 2;
    match figures.len() {
        0 => None,
        n if n % 2 == 1 => Some(figures[middle]),
        _ => Some((figures[middle - 1] + figures[middle]) / 2.0),
    }
}
