//! The graph → instructions, in an order in which every jump goes forward.

use super::graph::{Graph, Node, NodeId, Op, Reg, Test};
use libc::sock_filter;

/// The farthest target of a conditional jump: its offsets are bytes.
const REACH: usize = u8::MAX as usize;

const LOAD: u32 = libc::BPF_LD | libc::BPF_W | libc::BPF_ABS;
const AND: u32 = libc::BPF_ALU | libc::BPF_AND | libc::BPF_K;
const JUMP: u32 = libc::BPF_JMP | libc::BPF_JA;
const RETURN: u32 = libc::BPF_RET | libc::BPF_K;

/// Where a node is entered: what of its load the accumulator does not hold yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Entry {
    /// Nothing of use: the word must be loaded.
    Load = 0,
    /// The whole word: it must be masked.
    Mask = 1,
    /// The masked word, or no accumulator is needed.
    Ready = 2,
}

/// The instructions that run the graph from `start`, which expects nothing of the
/// accumulator.
pub(super) fn assemble(graph: &Graph, start: NodeId) -> Vec<sock_filter> {
    let nodes = graph.nodes();
    let used = entries(nodes, start);
    let mut layout = Layout {
        nodes,
        reversed: Vec::new(),
        placed: vec![[0; 3]; nodes.len()],
        nearest: vec![[0; 3]; nodes.len()],
    };
    // Successors have smaller ids, so written from the last instruction to the first
    // each node finds its targets placed.
    for (id, used) in used.iter().enumerate() {
        if used.contains(&true) {
            layout.node(id, *used);
        }
    }
    layout.reversed.reverse();
    layout.reversed
}

/// Which entries of each node are taken; none of a node that is not reached.
fn entries(nodes: &[Node], start: NodeId) -> Vec<[bool; 3]> {
    let mut used = vec![[false; 3]; nodes.len()];
    let first = match nodes[start] {
        Node::Answer(_) => Entry::Ready,
        Node::Branch { .. } => Entry::Load,
    };
    used[start][first as usize] = true;
    for id in (0..=start).rev() {
        if let (true, Node::Branch { test, yes, no }) = (used[id].contains(&true), nodes[id]) {
            for to in [yes, no] {
                used[to][entry(nodes, test.reg, to) as usize] = true;
            }
        }
    }
    used
}

/// Where `to` is entered by a node that leaves `held` in the accumulator.
fn entry(nodes: &[Node], held: Reg, to: NodeId) -> Entry {
    match nodes[to] {
        Node::Answer(_) => Entry::Ready,
        Node::Branch { test, .. } if test.reg == held => Entry::Ready,
        Node::Branch { test, .. } if Reg::word(test.reg.offset) == held => Entry::Mask,
        Node::Branch { .. } => Entry::Load,
    }
}

/// Instructions counted from the end of the program.
struct Layout<'a> {
    nodes: &'a [Node],
    reversed: Vec<sock_filter>,
    /// Where each entry of each node is.
    placed: Vec<[usize; 3]>,
    /// The same, or the foremost instruction that only leads there.
    nearest: Vec<[usize; 3]>,
}

impl Layout<'_> {
    fn node(&mut self, id: NodeId, [load, mask, _]: [bool; 3]) {
        let (test, yes, no) = match self.nodes[id] {
            Node::Answer(value) => {
                self.push(RETURN, value);
                return self.place(id, Entry::Ready);
            }
            Node::Branch { test, yes, no } => (test, yes, no),
        };
        self.conditional(test, yes, no);
        self.place(id, Entry::Ready);
        let masked = test.reg.mask != u32::MAX;
        if masked && (load || mask) {
            self.push(AND, test.reg.mask);
            self.place(id, Entry::Mask);
        }
        if load {
            self.push(LOAD, test.reg.offset);
            self.place(id, Entry::Load);
        }
    }

    /// A conditional jump, with whatever carries it to a target out of its reach right
    /// behind it; one such step can push the other target out of reach.
    fn conditional(&mut self, test: Test, yes: NodeId, no: NodeId) {
        let targets = [yes, no].map(|to| (to, entry(self.nodes, test.reg, to) as usize));
        while let Some(&far) = targets.iter().find(|&&to| self.distance(to) > REACH) {
            self.relay(far);
        }
        let op = match test.op {
            Op::Eq => libc::BPF_JEQ,
            Op::Ge => libc::BPF_JGE,
            Op::Set => libc::BPF_JSET,
        };
        let [jt, jf] = targets.map(|to| self.distance(to) as u8);
        self.reversed.push(sock_filter {
            code: (libc::BPF_JMP | op | libc::BPF_K) as u16,
            jt,
            jf,
            k: test.k,
        });
    }

    /// A second way in: a copy of an answer, a jump to anything else. Later nodes use it
    /// as well.
    fn relay(&mut self, (to, entry): (NodeId, usize)) {
        match self.nodes[to] {
            Node::Answer(value) => self.push(RETURN, value),
            Node::Branch { .. } => {
                let offset = self.reversed.len() - self.placed[to][entry] - 1;
                self.push(JUMP, offset as u32);
            }
        }
        self.nearest[to][entry] = self.reversed.len() - 1;
    }

    /// How many instructions the next one would skip to get there.
    fn distance(&self, (to, entry): (NodeId, usize)) -> usize {
        self.reversed.len() - self.nearest[to][entry] - 1
    }

    fn place(&mut self, id: NodeId, entry: Entry) {
        self.placed[id][entry as usize] = self.reversed.len() - 1;
        self.nearest[id] = self.placed[id];
    }

    fn push(&mut self, code: u32, k: u32) {
        let (jt, jf) = (0, 0);
        self.reversed.push(sock_filter { code: code as u16, jt, jf, k });
    }
}
