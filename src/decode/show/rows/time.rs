//! Calls on clocks and timers.

use crate::decode::show::sets::files::TIMERFD as TIMERFD_CREATE;
use crate::decode::show::sets::system::*;
use crate::decode::show::signature::Kind::{
    Bits, Fd, Int, Itimerspec, Itimerval, One, Ptr, Timespec, Timeval, Uint,
};
use crate::decode::show::signature::Row;

/// The rows.
#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    ("time", &[Ptr]),
    ("gettimeofday", &[Ptr, Ptr]),
    ("settimeofday", &[Timeval, Ptr]),
    ("adjtimex", &[Ptr]),
    ("clock_gettime", &[One(&CLOCK), Ptr]),
    ("clock_getres", &[One(&CLOCK), Ptr]),
    ("clock_settime", &[One(&CLOCK), Timespec]),
    ("clock_adjtime", &[One(&CLOCK), Ptr]),
    ("clock_nanosleep", &[One(&CLOCK), Bits(&TIMER), Timespec, Ptr]),
    ("nanosleep", &[Timespec, Ptr]),
    ("alarm", &[Uint]),
    ("getitimer", &[One(&ITIMER), Ptr]),
    ("setitimer", &[One(&ITIMER), Itimerval, Ptr]),
    ("timer_create", &[One(&CLOCK), Ptr, Ptr]),
    ("timer_settime", &[Int, Bits(&TIMER), Itimerspec, Ptr]),
    ("timer_gettime", &[Int, Ptr]),
    ("timer_getoverrun", &[Int]),
    ("timer_delete", &[Int]),
    ("timerfd_create", &[One(&CLOCK), Bits(&TIMERFD_CREATE)]),
    ("timerfd_settime", &[Fd, Bits(&TIMERFD), Itimerspec, Ptr]),
    ("timerfd_gettime", &[Fd, Ptr]),
    ("times", &[Ptr]),
];
