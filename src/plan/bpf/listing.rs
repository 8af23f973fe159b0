//! A program as text.

use super::Program;
use libc::sock_filter;
use std::fmt;

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, insn) in self.insns.iter().enumerate() {
            writeln!(f, "{at:4}: {}", Line { at, insn })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Program of {} instructions\n{self}", self.len())
    }
}

struct Line<'a> {
    at: usize,
    insn: &'a sock_filter,
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sock_filter { code, jt, jf, k } = *self.insn;
        let code = u32::from(code);
        let target = |offset: u32| self.at as u64 + 1 + u64::from(offset);
        let comparison = match code & 0xf0 {
            libc::BPF_JEQ => "==",
            libc::BPF_JGE => ">=",
            _ => "&",
        };
        match code & 0x07 {
            libc::BPF_LD => write!(f, "load   {}", Field(k)),
            libc::BPF_ALU => write!(f, "and    {k:#x}"),
            libc::BPF_RET => write!(f, "return {}", Action(k)),
            _ if code & 0xf0 == libc::BPF_JA => write!(f, "goto   {}", target(k)),
            _ => {
                let (yes, no) = (target(jt.into()), target(jf.into()));
                write!(f, "if     {comparison} {} goto {yes} else {no}", Constant(k))
            }
        }
    }
}

/// Call numbers and small values as they are written in tables, flags and requests as
/// they are written in headers.
struct Constant(u32);

impl fmt::Display for Constant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            small @ ..1024 => write!(f, "{small}"),
            large => write!(f, "{large:#x}"),
        }
    }
}

/// A word of `struct seccomp_data` by its offset.
struct Field(u32);

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("nr"),
            4 => f.write_str("arch"),
            offset @ 16..64 if offset % 8 == 0 => write!(f, "args[{}].low", (offset - 16) / 8),
            offset @ 16..64 => write!(f, "args[{}].high", (offset - 16) / 8),
            offset => write!(f, "[{offset}]"),
        }
    }
}

/// A return value of linux/seccomp.h.
struct Action(u32);

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            libc::SECCOMP_RET_ALLOW => f.write_str("allow"),
            libc::SECCOMP_RET_USER_NOTIF => f.write_str("notify"),
            libc::SECCOMP_RET_TRACE => f.write_str("trace"),
            value if value & !0xffff == libc::SECCOMP_RET_ERRNO => {
                write!(f, "errno {}", value & 0xffff)
            }
            value => write!(f, "{value:#x}"),
        }
    }
}
