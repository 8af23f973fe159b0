//! One word, many values, few destinations: a search with few comparisons.

use super::graph::{Graph, NodeId, Op, Reg, Test};

/// The values `first..=last` lead to `to`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arm {
    /// Smallest value.
    pub first: u32,
    /// Largest value.
    pub last: u32,
    /// Where they lead.
    pub to: NodeId,
}

impl Arm {
    /// The one value `at` leads to `to`.
    pub fn single(at: u32, to: NodeId) -> Arm {
        Arm { first: at, last: at, to }
    }
}

/// Values from `first` up to the next segment: all lead to `to` but for the exceptions.
struct Segment {
    first: u32,
    to: NodeId,
    exceptions: Vec<(u32, NodeId)>,
}

/// How many comparisons for equality stand in a row before they are halved by one more.
const LONGEST_CHAIN: usize = 8;

impl Graph {
    /// The node that sends each value of `reg` where the arm says that contains it
    /// (ascending, disjoint), any other to `default`.
    pub fn switch(&mut self, reg: Reg, arms: &[Arm], default: NodeId) -> NodeId {
        let segments = segments(arms, default);
        self.search(reg, &segments)
    }

    fn search(&mut self, reg: Reg, segments: &[Segment]) -> NodeId {
        match segments {
            [one] => self.chain(reg, one.to, &one.exceptions),
            _ => {
                let middle = middle(segments);
                let no = self.search(reg, &segments[..middle]);
                let yes = self.search(reg, &segments[middle..]);
                let (op, k) = (Op::Ge, segments[middle].first);
                self.branch(Test { reg, op, k }, yes, no)
            }
        }
    }

    fn chain(&mut self, reg: Reg, to: NodeId, exceptions: &[(u32, NodeId)]) -> NodeId {
        if exceptions.len() > LONGEST_CHAIN {
            let (low, high) = exceptions.split_at(exceptions.len() / 2);
            let no = self.chain(reg, to, low);
            let yes = self.chain(reg, to, high);
            let (op, k) = (Op::Ge, high[0].0);
            return self.branch(Test { reg, op, k }, yes, no);
        }
        exceptions.iter().rev().fold(to, |no, &(k, yes)| {
            let op = Op::Eq;
            self.branch(Test { reg, op, k }, yes, no)
        })
    }
}

/// Covers all values with as few comparisons as it takes: single values between two
/// equal ranges become exceptions within one range, which saves a comparison.
fn segments(arms: &[Arm], default: NodeId) -> Vec<Segment> {
    let mut stack: Vec<Segment> = Vec::new();
    for Arm { first, to, .. } in cover(arms, default) {
        let same = (0..stack.len())
            .rev()
            .scan(first, |next, at| {
                let single = *next - stack[at].first == 1;
                *next = stack[at].first;
                (stack[at].to == to || single).then_some(at)
            })
            .find(|&at| stack[at].to == to);
        match same {
            Some(at) => {
                let between = stack.drain(at + 1..);
                let exceptions: Vec<_> = between.map(|single| (single.first, single.to)).collect();
                stack[at].exceptions.extend(exceptions);
            }
            None => stack.push(Segment { first, to, exceptions: Vec::new() }),
        }
    }
    stack
}

/// The arms with the gaps between them filled, from 0 to the largest value.
fn cover(arms: &[Arm], default: NodeId) -> Vec<Arm> {
    let gap = |first, end: u32| {
        let last = end.checked_sub(1)?;
        (first <= last).then_some(Arm { first, last, to: default })
    };
    let mut covered = Vec::with_capacity(2 * arms.len() + 1);
    let mut next = Some(0);
    for arm in arms {
        covered.extend(next.and_then(|next| gap(next, arm.first)));
        covered.push(*arm);
        next = arm.last.checked_add(1);
    }
    covered.extend(next.map(|first| Arm { first, last: u32::MAX, to: default }));
    covered
}

/// Where to cut so that both halves have about as many comparisons; `segments` has two
/// or more elements and so have neither half none.
fn middle(segments: &[Segment]) -> usize {
    let weight = |segment: &Segment| 1 + segment.exceptions.len();
    let total: usize = segments.iter().map(weight).sum();
    let mut below = 0;
    (1..segments.len())
        .min_by_key(|&at| {
            below += weight(&segments[at - 1]);
            below.abs_diff(total - below)
        })
        .unwrap_or(1)
}
