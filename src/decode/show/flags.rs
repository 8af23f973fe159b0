//! Named bits and named values.

/// Names of bits or of values, in the order in which they are written.
///
/// Values of 32 bits, the width at which the kernel takes nearly every flag argument. A name for
/// several bits stands before those for fewer of them.
#[derive(Debug)]
pub(super) struct Set {
    /// What is written for an unknown value: `O_???`.
    pub(super) unknown: &'static str,
    /// Value and name.
    pub(super) names: &'static [(u32, &'static str)],
}

/// A [`Set`] of libc's constants and, after a semicolon, of those that libc has not (on every target).
macro_rules! set {
    ($unknown:literal; $($name:ident),* $(,)? $(; $($value:literal = $own:ident),* $(,)?)?) => {
        $crate::decode::show::flags::Set {
            unknown: $unknown,
            names: &[
                $((libc::$name as u32, stringify!($name)),)*
                $($(($value, stringify!($own)),)*)?
            ],
        }
    };
}
pub(super) use set;

impl Set {
    /// `A|B`, with what has no name in hex; for 0 the name of 0, where there is one.
    pub(super) fn bits(&self, value: u32) -> String {
        let mut left = value;
        let mut parts = Vec::new();
        for &(bits, name) in self.names {
            if bits != 0 && left & bits == bits {
                parts.push(name.to_string());
                left &= !bits;
            }
        }
        if parts.is_empty() {
            return match left {
                0 => self.name(0).unwrap_or("0").to_string(),
                _ => format!("{left:#x} /* {} */", self.unknown),
            };
        }
        if left != 0 {
            parts.push(format!("{left:#x}"));
        }
        parts.join("|")
    }

    /// The value's name, or its number.
    pub(super) fn one(&self, value: u32) -> String {
        match self.name(value) {
            Some(name) => name.to_string(),
            None => format!("{value:#x} /* {} */", self.unknown),
        }
    }

    /// The value's name.
    pub(super) fn name(&self, value: u32) -> Option<&'static str> {
        self.names.iter().find(|(known, _)| *known == value).map(|(_, name)| *name)
    }
}
