//! The program as a graph of comparisons that ends in answers, before it has an order.

use std::collections::HashMap;

/// A node of a [`Graph`]. A node's successors have smaller ids than itself.
pub(super) type NodeId = usize;

/// What the accumulator holds: a word of `struct seccomp_data`, all or some of its bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Reg {
    /// Where in `struct seccomp_data` the word is, in bytes.
    pub offset: u32,
    /// The bits that are kept.
    pub mask: u32,
}

impl Reg {
    /// `nr`.
    pub const NUMBER: Reg = Reg::word(0);
    /// `arch`.
    pub const ARCH: Reg = Reg::word(4);

    /// The whole 32-bit word at `offset`.
    pub const fn word(offset: u32) -> Reg {
        Reg { offset, mask: u32::MAX }
    }
}

/// The comparisons of the accumulator with a constant, unsigned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Op {
    /// Equal.
    Eq,
    /// Greater or equal.
    Ge,
    /// Any bit in common.
    Set,
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Test {
    /// The left side.
    pub reg: Reg,
    /// How it is compared.
    pub op: Op,
    /// The right side.
    pub k: u32,
}

impl Test {
    fn on(self, accumulator: u32) -> bool {
        match self.op {
            Op::Eq => accumulator == self.k,
            Op::Ge => accumulator >= self.k,
            Op::Set => accumulator & self.k != 0,
        }
    }

    /// What `self` must give once `before` has given `result`, where that is certain.
    fn implied_by(self, before: Test, result: bool) -> Option<bool> {
        if self.reg != before.reg {
            return None;
        }
        match (before.op, result, self.op) {
            _ if self == before => Some(result),
            (Op::Eq, true, _) => Some(self.on(before.k)),
            (Op::Ge, true, Op::Ge) if self.k <= before.k => Some(true),
            (Op::Ge, true, Op::Eq) if self.k < before.k => Some(false),
            (Op::Ge, false, Op::Ge | Op::Eq) if self.k >= before.k => Some(false),
            _ => None,
        }
    }
}

/// A step of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Node {
    /// Ends with this value.
    Answer(u32),
    /// Goes on at one of two nodes.
    Branch {
        /// What is asked.
        test: Test,
        /// Where it holds.
        yes: NodeId,
        /// Where it does not.
        no: NodeId,
    },
}

/// Nodes, each different one once.
#[derive(Default)]
pub(super) struct Graph {
    nodes: Vec<Node>,
    ids: HashMap<Node, NodeId>,
}

impl Graph {
    /// The nodes by id.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The node that returns `value`.
    pub fn answer(&mut self, value: u32) -> NodeId {
        self.intern(Node::Answer(value))
    }

    /// The node that asks `test`, or a later one where there is nothing to ask.
    pub fn branch(&mut self, test: Test, yes: NodeId, no: NodeId) -> NodeId {
        let yes = self.follow(test, true, yes);
        let no = self.follow(test, false, no);
        if yes == no {
            return yes;
        }
        self.intern(Node::Branch { test, yes, no })
    }

    fn intern(&mut self, node: Node) -> NodeId {
        *self.ids.entry(node).or_insert_with(|| {
            self.nodes.push(node);
            self.nodes.len() - 1
        })
    }

    /// The first node from `to` whose answer `test` has not settled.
    fn follow(&self, test: Test, result: bool, mut to: NodeId) -> NodeId {
        while let Node::Branch { test: next, yes, no } = self.nodes[to] {
            match next.implied_by(test, result) {
                Some(true) => to = yes,
                Some(false) => to = no,
                None => break,
            }
        }
        to
    }
}
