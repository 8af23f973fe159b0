//! The kernel's side of a seccomp filter, for tests: what it accepts, what it answers,
//! and which calls it would remember as always allowed.
//!
//! After `bpf_check_classic` of net/core/filter.c and `seccomp_check_filter` and
//! `seccomp_is_const_allow` of kernel/seccomp.c. It knows only the instructions that
//! this project uses, fewer than the kernel admits; any other is an error.

#![allow(clippy::unwrap_used)]

use libc::sock_filter;

/// `struct seccomp_data` of linux/seccomp.h.
#[derive(Debug, Clone, Copy)]
pub struct Data {
    /// Call number.
    pub nr: u32,
    /// `AUDIT_ARCH_…` of the ABI the call was made through.
    pub arch: u32,
    /// Where it was made.
    pub instruction_pointer: u64,
    /// The argument registers.
    pub args: [u64; 6],
}

impl Data {
    const SIZE: u32 = 64;

    fn word(&self, offset: u32) -> u32 {
        let long = |value: u64| match offset % 8 {
            0 => value as u32,
            _ => (value >> 32) as u32,
        };
        match offset {
            0 => self.nr,
            4 => self.arch,
            8..16 => long(self.instruction_pointer),
            _ => long(self.args[(offset as usize - 16) / 8]),
        }
    }
}

/// An instruction that [`check`] let through.
enum Insn {
    Load(u32),
    And(u32),
    Goto(usize),
    If { holds: fn(u32, u32) -> bool },
    Return(u32),
}

fn decode(insn: &sock_filter) -> Option<Insn> {
    Some(match insn.code {
        0x20 => Insn::Load(insn.k),
        0x54 => Insn::And(insn.k),
        0x05 => Insn::Goto(insn.k as usize),
        0x15 => Insn::If { holds: |a, k| a == k },
        0x25 => Insn::If { holds: |a, k| a > k },
        0x35 => Insn::If { holds: |a, k| a >= k },
        0x45 => Insn::If { holds: |a, k| a & k != 0 },
        0x06 => Insn::Return(insn.k),
        _ => return None,
    })
}

/// What the kernel demands before it installs a filter.
pub fn check(program: &[sock_filter]) -> Result<(), String> {
    let len = program.len();
    if !(1..=4096).contains(&len) {
        return Err(format!("{len} instructions"));
    }
    for (at, insn) in program.iter().enumerate() {
        let behind = len - at - 1;
        let sound = match decode(insn) {
            None => return Err(format!("{at}: unknown code {:#x}", insn.code)),
            Some(Insn::Load(offset)) => offset < Data::SIZE && offset % 4 == 0,
            Some(Insn::Goto(offset)) => offset < behind,
            Some(Insn::If { .. }) => usize::from(insn.jt.max(insn.jf)) < behind,
            Some(Insn::And(_) | Insn::Return(_)) => true,
        };
        if !sound {
            return Err(format!("{at}: operand out of bounds"));
        }
    }
    match program.last().and_then(decode) {
        Some(Insn::Return(_)) => Ok(()),
        _ => Err("runs off its end".to_owned()),
    }
}

/// The filter's return value, and the offsets of the words it loaded on the way.
///
/// Panics on a program that [`check`] refuses.
pub fn run(program: &[sock_filter], data: &Data) -> (u32, Vec<u32>) {
    let (mut accumulator, mut at, mut loaded) = (0, 0, Vec::new());
    loop {
        let insn = &program[at];
        at += 1;
        match decode(insn).unwrap() {
            Insn::Load(offset) => {
                accumulator = data.word(offset);
                loaded.push(offset);
            }
            Insn::And(mask) => accumulator &= mask,
            Insn::Goto(offset) => at += offset,
            Insn::If { holds } if holds(accumulator, insn.k) => at += usize::from(insn.jt),
            Insn::If { .. } => at += usize::from(insn.jf),
            Insn::Return(value) => return (value, loaded),
        }
    }
}

/// Whether the kernel finds, knowing only number and ABI, that the call is allowed.
pub fn is_const_allow(program: &[sock_filter], nr: u32, arch: u32) -> bool {
    let data = Data { nr, arch, instruction_pointer: 0, args: [0; 6] };
    // The kernel stops at the first other load. Whatever is run up to there is the
    // same, so it is enough to see that there was none.
    let (answer, loaded) = run(program, &data);
    answer == 0x7fff_0000 && loaded.iter().all(|&offset| offset < 8)
}

#[test]
fn what_the_kernel_refuses_is_refused() {
    let insn = |code, jt, jf, k| sock_filter { code, jt, jf, k };
    let allow = insn(0x06, 0, 0, 0x7fff_0000);
    let refused = |head: sock_filter| check(&[head, allow]).is_err();
    assert_eq!(check(&[allow]), Ok(()));
    assert!(check(&[]).is_err());
    assert_eq!(check(&vec![allow; 4096]), Ok(()));
    assert!(check(&vec![allow; 4097]).is_err());
    assert!(!refused(insn(0x20, 0, 0, 60)));
    assert!(refused(insn(0x20, 0, 0, 64)), "load beyond the data");
    assert!(refused(insn(0x20, 0, 0, 18)), "unaligned load");
    assert!(refused(insn(0x28, 0, 0, 0)), "load of half a word");
    assert!(!refused(insn(0x05, 0, 0, 0)));
    assert!(refused(insn(0x05, 0, 0, 1)), "jump beyond the end");
    assert!(refused(insn(0x05, 0, 0, u32::MAX)), "jump backwards");
    assert!(!refused(insn(0x15, 0, 0, 0)));
    assert!(refused(insn(0x15, 1, 0, 0)), "jump beyond the end");
    assert!(refused(insn(0x35, 0, 1, 0)), "jump beyond the end");
    assert!(check(&[allow, insn(0x20, 0, 0, 0)]).is_err(), "no return");
}
