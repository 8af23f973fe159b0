//! One condition on one argument → comparisons of the argument's 32-bit words.

use super::super::rule::{Cond, Test as Compare, Width};
use super::graph::{Graph, NodeId, Op, Reg, Test};
use super::switch::Arm;

/// `args` in `struct seccomp_data`, in bytes; six of them of eight bytes each.
const ARGS_OFFSET: u32 = 16;

/// Why a condition cannot be checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Invalid {
    /// The argument is not one of 0 to 5.
    Argument,
    /// The list of values is empty.
    EmptyList,
}

/// The node that goes to `yes` where the condition holds and to `no` where it does not.
pub(super) fn check(
    graph: &mut Graph,
    cond: &Cond,
    yes: NodeId,
    no: NodeId,
) -> Result<NodeId, Invalid> {
    if cond.arg > 5 {
        return Err(Invalid::Argument);
    }
    // Both supported machines are little-endian: the low word comes first.
    let low = ARGS_OFFSET + 8 * u32::from(cond.arg);
    let high = match cond.width {
        Width::U32 => None,
        Width::U64 => Some(low + 4),
    };
    let truncate = |value| cond.width.truncate(value);
    let ranges = match &cond.test {
        Compare::Masked { mask, value } => {
            let (mask, value) = (truncate(*mask), truncate(*value));
            return Ok(masked(graph, (low, high), mask, value, (yes, no)));
        }
        Compare::In(values) if values.is_empty() => return Err(Invalid::EmptyList),
        Compare::In(values) => merge(values.iter().copied().map(truncate).collect()),
        Compare::Range(first, last) => vec![(truncate(*first), truncate(*last))],
    };
    Ok(match high {
        None => {
            let ranges: Vec<_> = (ranges.iter().map(|r| (r.0 as u32, r.1 as u32))).collect();
            within(graph, low, &ranges, (yes, no))
        }
        Some(high) => within_wide(graph, (low, high), &ranges, (yes, no)),
    })
}

fn masked(
    graph: &mut Graph,
    (low, high): (u32, Option<u32>),
    mask: u64,
    value: u64,
    (yes, no): (NodeId, NodeId),
) -> NodeId {
    let yes = masked_word(graph, low, mask as u32, value as u32, (yes, no));
    let Some(high) = high else { return yes };
    let (mask, value) = ((mask >> 32) as u32, (value >> 32) as u32);
    masked_word(graph, high, mask, value, (yes, no))
}

fn masked_word(
    graph: &mut Graph,
    offset: u32,
    mask: u32,
    value: u32,
    (yes, no): (NodeId, NodeId),
) -> NodeId {
    let whole = Reg::word(offset);
    let any = Test { reg: whole, op: Op::Set, k: mask };
    match value {
        _ if value & !mask != 0 => no,
        _ if mask == 0 => yes,
        // One bit, or none of several, needs no AND.
        0 if mask != u32::MAX => graph.branch(any, no, yes),
        _ if mask.is_power_of_two() => graph.branch(any, yes, no),
        _ => {
            let (reg, op) = (Reg { offset, mask }, Op::Eq);
            graph.branch(Test { reg, op, k: value }, yes, no)
        }
    }
}

/// Sorts the values and joins neighbours into ranges, both ends included.
fn merge(mut values: Vec<u64>) -> Vec<(u64, u64)> {
    values.sort_unstable();
    values.dedup();
    let mut ranges: Vec<(u64, u64)> = Vec::with_capacity(values.len());
    for value in values {
        match ranges.last_mut() {
            Some(last) if value - last.1 == 1 => last.1 = value,
            _ => ranges.push((value, value)),
        }
    }
    ranges
}

/// Whether the word lies in one of the ranges (ascending, disjoint; one that ends before
/// it begins has no member).
fn within(
    graph: &mut Graph,
    offset: u32,
    ranges: &[(u32, u32)],
    (yes, no): (NodeId, NodeId),
) -> NodeId {
    let members = ranges.iter().filter(|range| range.0 <= range.1);
    let arms: Vec<_> = members.map(|&(first, last)| Arm { first, last, to: yes }).collect();
    graph.switch(Reg::word(offset), &arms, no)
}

/// The same for a 64-bit value: its upper word picks the ranges that its lower word
/// must lie in.
fn within_wide(
    graph: &mut Graph,
    (low, high): (u32, u32),
    ranges: &[(u64, u64)],
    (yes, no): (NodeId, NodeId),
) -> NodeId {
    let members = ranges.iter().filter(|range| range.0 <= range.1);
    let mut pieces: Vec<Piece> = Vec::new();
    for piece in members.flat_map(|&(first, last)| split(first, last)).flatten() {
        match pieces.last_mut() {
            Some(last) if last.first == piece.first => last.lows.extend(piece.lows),
            _ => pieces.push(piece),
        }
    }
    let arms: Vec<_> = pieces
        .iter()
        .map(|piece| Arm {
            first: piece.first,
            last: piece.last,
            to: within(graph, low, &piece.lows, (yes, no)),
        })
        .collect();
    graph.switch(Reg::word(high), &arms, no)
}

/// Upper words that admit the same lower words.
struct Piece {
    first: u32,
    last: u32,
    lows: Vec<(u32, u32)>,
}

/// Cuts a range where its upper word changes the lower words it admits.
fn split(first: u64, last: u64) -> [Option<Piece>; 3] {
    let piece = |first, last, low_first, low_last| {
        Some(Piece { first, last, lows: vec![(low_first, low_last)] })
    };
    let (from, to) = ((first >> 32) as u32, (last >> 32) as u32);
    let (low_from, low_to) = (first as u32, last as u32);
    if from == to {
        return [piece(from, to, low_from, low_to), None, None];
    }
    let between = if to - from > 1 { piece(from + 1, to - 1, 0, u32::MAX) } else { None };
    [piece(from, from, low_from, u32::MAX), between, piece(to, to, 0, low_to)]
}
