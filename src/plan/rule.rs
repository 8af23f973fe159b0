//! What the seccomp program does with each call, before it is a program.

/// The three things the program can answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The call runs and nobody is told.
    Allow,
    /// The call is held for the supervisor.
    Hold,
    /// The call fails with this errno and nobody is told.
    Errno(u16),
}

/// How many bits of a register the kernel looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// An `int` or `unsigned int`: the upper half of the register means nothing.
    U32,
    /// A pointer, `size_t` or `unsigned long`.
    U64,
}

/// What a register is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// `arg & mask == value`
    Masked {
        /// Bits that count.
        mask: u64,
        /// What they must be.
        value: u64,
    },
    /// `arg` is one of these (never empty).
    In(Vec<u64>),
    /// `arg` is within these bounds, both included, compared unsigned.
    Range(u64, u64),
}

/// One comparison of one argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cond {
    /// Which argument, 0 to 5.
    pub arg: u8,
    /// How much of it counts.
    pub width: Width,
    /// With what it is compared. Values are truncated to `width`.
    pub test: Test,
}

/// What to do with one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Always the same.
    Always(Outcome),
    /// `then` where all conditions of any one clause hold, `otherwise` where none does.
    When {
        /// Clauses (or), each a list of conditions (and).
        any: Vec<Vec<Cond>>,
        /// The outcome where a clause holds.
        then: Outcome,
        /// The outcome where none does.
        otherwise: Outcome,
    },
}

impl Width {
    /// The bits of `register` that count.
    pub(super) fn truncate(self, register: u64) -> u64 {
        match self {
            Width::U32 => u64::from(register as u32),
            Width::U64 => register,
        }
    }
}

impl Cond {
    /// Whether a call with these argument registers fulfils the condition. A condition
    /// on an argument that does not exist, or on an empty list, never holds.
    pub fn holds(&self, args: &[u64; 6]) -> bool {
        let Some(&register) = args.get(usize::from(self.arg)) else {
            return false;
        };
        let of = |value: u64| self.width.truncate(value);
        let arg = of(register);
        match &self.test {
            Test::Masked { mask, value } => arg & of(*mask) == of(*value),
            Test::In(values) => values.iter().any(|&value| of(value) == arg),
            Test::Range(first, last) => (of(*first)..=of(*last)).contains(&arg),
        }
    }
}

impl Decision {
    /// What the call comes to with these argument registers.
    pub fn evaluate(&self, args: &[u64; 6]) -> Outcome {
        match self {
            Decision::Always(outcome) => *outcome,
            Decision::When { any, then, otherwise } => {
                let holds = |clause: &Vec<Cond>| clause.iter().all(|cond| cond.holds(args));
                if any.iter().any(holds) { *then } else { *otherwise }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Width::{U32, U64};
    use super::*;

    fn holds(width: Width, test: Test, arg: u64) -> bool {
        let cond = Cond { arg: 1, width, test };
        cond.holds(&[!arg, arg, !arg, !arg, !arg, !arg])
    }

    #[test]
    fn a_condition_looks_at_its_width() {
        let masked = |mask, value| Test::Masked { mask, value };
        assert!(holds(U32, masked(3, 1), 0x5));
        assert!(!holds(U32, masked(3, 1), 0x6));
        assert!(holds(U32, masked(u64::MAX, 5), 0xdead_0000_0005));
        assert!(!holds(U64, masked(u64::MAX, 5), 0xdead_0000_0005));
        assert!(!holds(U64, masked(3, 4), 4));
        assert!(holds(U32, Test::In(vec![1, 7]), 0xffff_ffff_0000_0007));
        assert!(!holds(U64, Test::In(vec![1, 7]), 0xffff_ffff_0000_0007));
        assert!(!holds(U64, Test::In(vec![]), 0));
        assert!(holds(U32, Test::Range(2, 4), 0x9_0000_0004));
        assert!(!holds(U64, Test::Range(2, 4), 0x9_0000_0004));
        assert!(!holds(U64, Test::Range(4, 2), 3));
    }

    #[test]
    fn an_argument_that_does_not_exist_fulfils_nothing() {
        let test = Test::Masked { mask: 0, value: 0 };
        let cond = |arg| Cond { arg, width: U64, test: test.clone() };
        assert!(cond(5).holds(&[0; 6]));
        assert!(!cond(6).holds(&[0; 6]));
    }

    #[test]
    fn any_clause_decides_and_all_of_its_conditions_must_hold() {
        let is = |arg, value| Cond { arg, width: U32, test: Test::In(vec![value]) };
        let when = |any| Decision::When { any, then: Outcome::Allow, otherwise: Outcome::Hold };
        let either = when(vec![vec![is(0, 1), is(1, 2)], vec![is(2, 3)]]);
        assert_eq!(either.evaluate(&[1, 2, 0, 0, 0, 0]), Outcome::Allow);
        assert_eq!(either.evaluate(&[0, 0, 3, 0, 0, 0]), Outcome::Allow);
        assert_eq!(either.evaluate(&[1, 0, 0, 0, 0, 0]), Outcome::Hold);
        assert_eq!(when(vec![]).evaluate(&[0; 6]), Outcome::Hold);
        assert_eq!(when(vec![vec![]]).evaluate(&[0; 6]), Outcome::Allow);
        let errno = Outcome::Errno(38);
        assert_eq!(Decision::Always(errno).evaluate(&[0; 6]), errno);
    }
}
