use super::super::interpret::{self, Data};
use super::super::rule::Outcome::{Allow, Errno, Hold as Held};
use super::super::rule::Width::{U32, U64};
use super::super::rule::{Cond, Decision, Outcome, Test, Width};
use super::*;
use proptest::prelude::*;

const ALLOW: u32 = 0x7fff_0000;
const NOTIFY: u32 = 0x7fc0_0000;
const TRACE: u32 = 0x7ff0_0000;
const I386: u32 = 0x4000_0003;

fn returned(outcome: Outcome) -> u32 {
    match outcome {
        Allow => ALLOW,
        Held => NOTIFY,
        Errno(errno) => 0x0005_0000 + u32::from(errno),
    }
}

fn always(outcome: Outcome) -> Decision {
    Decision::Always(outcome)
}

fn when(any: Vec<Vec<Cond>>) -> Decision {
    let (then, otherwise) = (Allow, Held);
    Decision::When { any, then, otherwise }
}

fn cond(arg: u8, width: Width, test: Test) -> Cond {
    Cond { arg, width, test }
}

fn masked(mask: u64, value: u64) -> Test {
    Test::Masked { mask, value }
}

/// A program that the kernel would install.
fn program(decisions: &[Decision]) -> Program {
    let program = compile(decisions, Hold::Notify).unwrap();
    assert_eq!(interpret::check(program.instructions()), Ok(()), "{program}");
    program
}

fn call(program: &Program, arch: u32, nr: u32, args: [u64; 6]) -> u32 {
    let data = Data { nr, arch, instruction_pointer: 0x7fff_1234_5678, args };
    interpret::run(program.instructions(), &data).0
}

fn native(program: &Program, nr: u32, args: [u64; 6]) -> u32 {
    call(program, NATIVE_ARCH, nr, args)
}

/// What a filter with this one condition on call 0 answers to the values of an argument.
fn admits(width: Width, test: Test, value: u64) -> bool {
    let program = program(&[when(vec![vec![cond(2, width, test)]])]);
    let mut args = [!value; 6];
    args[2] = value;
    native(&program, 0, args) == ALLOW
}

fn listing(decisions: &[Decision]) -> Vec<String> {
    let text = program(decisions).to_string();
    text.lines().map(|line| line[6..].to_owned()).collect()
}

#[test]
fn nothing_decided_holds_everything_in_one_instruction() {
    assert_eq!(listing(&[]), ["return notify"]);
    assert_eq!(listing(&vec![always(Held); 400]), ["return notify"]);
}

#[test]
#[cfg(target_arch = "x86_64")]
fn a_program_reads_like_its_decisions() {
    let open_read_only = when(vec![vec![cond(1, U32, masked(3, 0))]]);
    let decisions = [always(Allow), always(Errno(38)), open_read_only];
    assert_eq!(
        listing(&decisions),
        [
            "load   arch",
            "if     == 0xc000003e goto 2 else 10",
            "load   nr",
            "if     >= 2 goto 4 else 5",
            "if     >= 3 goto 10 else 6",
            "if     >= 1 goto 8 else 9",
            "load   args[1].low",
            "if     & 3 goto 10 else 9",
            "return errno 38",
            "return allow",
            "return notify",
        ]
    );
}

#[test]
fn a_held_call_goes_where_the_gate_is() {
    let answer = |hold| call(&compile(&[always(Held)], hold).unwrap(), I386, 0, [0; 6]);
    assert_eq!(answer(Hold::Notify), NOTIFY);
    assert_eq!(answer(Hold::Trace), TRACE);
}

#[test]
fn foreign_calls_are_held() {
    let program = program(&vec![always(Allow); 470]);
    assert_eq!(native(&program, 0, [0; 6]), ALLOW);
    assert_eq!(native(&program, 469, [0; 6]), ALLOW);
    assert_eq!(native(&program, 470, [0; 6]), NOTIFY);
    assert_eq!(native(&program, 0x4000_0000, [0; 6]), NOTIFY);
    assert_eq!(native(&program, 0x4000_0000 + 59, [0; 6]), NOTIFY);
    assert_eq!(native(&program, u32::MAX, [0; 6]), NOTIFY);
    assert_eq!(call(&program, I386, 1, [0; 6]), NOTIFY);
    assert_eq!(call(&program, 0, 1, [0; 6]), NOTIFY);
    assert_eq!(call(&program, !NATIVE_ARCH, 1, [0; 6]), NOTIFY);
}

#[test]
fn an_int_is_compared_without_the_upper_half_of_its_register() {
    let tiocsti = || Test::In(vec![0x5412]);
    assert!(admits(U32, tiocsti(), 0x5412));
    assert!(admits(U32, tiocsti(), 0xdead_beef_0000_5412));
    assert!(admits(U32, Test::Range(1, 3), 0x1_0000_0003));
    assert!(admits(U32, masked(0xff, 7), 0xffff_ffff_ffff_ff07));
    assert!(admits(U32, masked(u64::MAX, 7), 0x8_0000_0007));
    assert!(!admits(U32, tiocsti(), 0x5413));
}

#[test]
fn a_pointer_is_compared_with_both_halves() {
    assert!(admits(U64, masked(u64::MAX, 0), 0));
    assert!(!admits(U64, masked(u64::MAX, 0), 0x1_0000_0000));
    assert!(!admits(U64, masked(u64::MAX, 0), 1));
    assert!(admits(U64, Test::In(vec![5, 0x7_0000_0005]), 0x7_0000_0005));
    assert!(!admits(U64, Test::In(vec![5, 0x7_0000_0006]), 0x7_0000_0005));
    let range = || Test::Range(0x1_ffff_fff0, 0x4_0000_0010);
    assert!(!admits(U64, range(), 0x1_ffff_ffef));
    assert!(admits(U64, range(), 0x1_ffff_fff0));
    assert!(admits(U64, range(), 0x2_0000_0000));
    assert!(admits(U64, range(), 0x3_ffff_ffff));
    assert!(admits(U64, range(), 0x4_0000_0010));
    assert!(!admits(U64, range(), 0x4_0000_0011));
    assert!(admits(U64, Test::Range(7, 0x2_0000_0007), 0x1_0000_0000));
    assert!(admits(U64, Test::Range(0, u64::MAX), u64::MAX));
}

#[test]
fn a_test_that_cannot_fail_or_cannot_hold_costs_nothing() {
    let len = |width, test| program(&[when(vec![vec![cond(0, width, test)]])]).len();
    let (always, never) = (program(&[when(vec![vec![]])]), program(&[when(vec![])]));
    assert_eq!(native(&always, 0, [0; 6]), ALLOW);
    assert_eq!(native(&never, 0, [0; 6]), NOTIFY);
    assert_eq!(len(U32, masked(0, 0)), always.len());
    assert_eq!(len(U64, Test::Range(0, u64::MAX)), always.len());
    assert_eq!(len(U32, masked(3, 4)), never.len());
    assert_eq!(len(U64, Test::Range(2, 1)), never.len());
}

#[test]
fn ill_formed_decisions_are_errors() {
    let error = |decision| compile(&[always(Held), decision], Hold::Trace).unwrap_err();
    let one = |arg, test| when(vec![vec![], vec![cond(arg, U32, test)]]);
    let (call, arg) = (1, 6);
    assert_eq!(error(one(6, masked(0, 0))), CompileError::NoSuchArgument { call, arg });
    assert_eq!(error(one(5, Test::In(vec![]))), CompileError::EmptyList { call, arg: 5 });
    for errno in [0, 4096] {
        assert_eq!(error(always(Errno(errno))), CompileError::InvalidErrno { call, errno });
    }
    let text = error(one(6, masked(0, 0))).to_string();
    assert_eq!(text, "call 1: there is no argument 6, only 0 to 5");
}

#[test]
fn a_program_beyond_the_kernels_limit_is_an_error() {
    let even = |count| Test::In((0..count).map(|n| 2 * n).collect());
    let with = |count| compile(&[when(vec![vec![cond(0, U32, even(count))]])], Hold::Notify);
    let longest = with(3500).unwrap();
    assert_eq!(interpret::check(longest.instructions()), Ok(()));
    // Its jumps have every length that there is.
    for value in 0..7002 {
        let answer = if value % 2 == 0 && value < 7000 { ALLOW } else { NOTIFY };
        assert_eq!(native(&longest, 0, [value; 6]), answer, "{value}");
    }
    assert!(matches!(with(4100), Err(CompileError::TooLong(4101..))));
}

#[test]
fn equal_checks_are_shared_between_calls() {
    let check = || when(vec![vec![cond(1, U32, Test::In(vec![3, 9, 11]))]]);
    let once = program(&[always(Held), check()]);
    let mut decisions = vec![always(Held); 40];
    for call in [1, 20, 39] {
        decisions[call] = check();
    }
    // Two more comparisons of the call number, nothing else.
    assert_eq!(program(&decisions).len(), once.len() + 2);
}

#[test]
fn a_word_is_loaded_once_while_it_is_asked() {
    let clause = |test| vec![cond(0, U32, test)];
    let both = when(vec![
        vec![
            cond(0, U32, Test::Range(2, 90)),
            cond(0, U32, masked(0xf0, 0)),
            cond(0, U32, masked(0x0f, 9)),
        ],
        clause(Test::In(vec![1, 100])),
    ]);
    let text = program(&[both]).to_string();
    // Once more where the mask has left but four bits.
    assert_eq!(text.matches("load   args[0].low").count(), 2, "{text}");
    let masks = when(vec![clause(masked(7, 1)), clause(masked(7, 6))]);
    let text = program(&[masks]).to_string();
    assert_eq!(text.matches("load   args[0].low").count(), 1, "{text}");
    assert_eq!(text.matches("and    0x7").count(), 1, "{text}");
}

#[test]
fn a_word_and_its_masked_bits_are_kept_apart() {
    let both = [masked(6, 2), Test::In(vec![2])].map(|test| cond(0, U32, test));
    let either = both.clone().map(|cond| vec![cond]).to_vec();
    let digits = [Test::Range(2, 90), masked(0xf0, 0x30), masked(0x0f, 9)];
    let digits = digits.map(|test| cond(0, U32, test)).to_vec();
    let decisions = [
        when(vec![both.to_vec()]),
        when(either),
        when(vec![digits.clone()]),
        when(digits.into_iter().map(|cond| vec![cond]).collect()),
    ];
    let program = program(&decisions);
    for (nr, decision) in (0..).zip(&decisions) {
        for value in 0..256 {
            let decided = decision.evaluate(&[value; 6]);
            assert_eq!(native(&program, nr, [value; 6]), returned(decided));
        }
    }
}

#[test]
fn single_calls_in_a_row_keep_apart() {
    let mut decisions = vec![always(Allow); 60];
    for (errno, decision) in (1..).zip(&mut decisions[20..40]) {
        *decision = always(Errno(errno));
    }
    let program = program(&decisions);
    for (nr, decision) in (0..).zip(&decisions) {
        let decided = returned(decision.evaluate(&[0; 6]));
        assert_eq!(native(&program, nr, [0; 6]), decided, "{nr}");
    }
}

#[test]
fn targets_beyond_the_reach_of_a_byte_are_reached() {
    // One check behind all others, which leave the word it needs unloaded, whole or
    // masked already.
    let last = || vec![cond(0, U32, masked(0xfff, 0x7ff))];
    let decisions: Vec<_> = (0..480)
        .map(|n| match n % 4 {
            0 => always(Errno(1 + n as u16)),
            1 => when(vec![vec![cond(0, U32, Test::In(vec![n]))], last()]),
            2 => when(vec![vec![cond(1, U64, Test::In(vec![n << 32, n]))], last()]),
            _ => when(vec![vec![cond(0, U32, masked(0xfff, n))], last()]),
        })
        .collect();
    let program = program(&decisions);
    assert!(program.to_string().contains("goto   "), "no long jump");
    for (nr, decision) in (0..).zip(&decisions) {
        let n = u64::from(nr);
        for first in [n, n | 1 << 12, n | 1 << 40, 0x7ff, 0x17ff, 0x7fe, !n] {
            for second in [n, n << 32, n + 1, !n] {
                let args = [first, second, 0, 0, 0, 0];
                let decided = returned(decision.evaluate(&args));
                assert_eq!(native(&program, nr, args), decided, "{nr} {args:x?}");
            }
        }
    }
}

/// As many ranges and argument checks as a policy with most flags given has.
fn realistic() -> Vec<Decision> {
    let ioctl = Test::In((0..12).map(|n| 0x5401 + 3 * n).collect());
    let checks = [
        vec![vec![cond(2, U32, masked(0x200_443, 0))]],
        vec![vec![cond(1, U32, ioctl)]],
        vec![
            vec![
                cond(0, U32, Test::In(vec![2, 10])),
                cond(1, U32, masked(0xf, 1)),
                cond(2, U32, Test::In(vec![0, 6])),
            ],
            vec![cond(0, U32, Test::In(vec![2, 10])), cond(1, U32, masked(0xf, 2))],
            vec![cond(0, U32, Test::In(vec![16])), cond(2, U32, Test::In(vec![0]))],
        ],
        vec![vec![cond(0, U64, masked(0x7e02_0080, 0))]],
        vec![vec![cond(0, U32, Test::In(vec![1, 2, 4, 15, 16, 22, 38]))]],
        vec![vec![cond(4, U64, masked(u64::MAX, 0)), cond(3, U32, masked(0x2000_0000, 0))]],
        vec![vec![cond(0, U32, Test::In(vec![0]))]],
        vec![vec![cond(1, U32, Test::In(vec![0, 1, 2, 3, 4, 1030]))]],
    ];
    let mut decisions = vec![always(Held); 470];
    for range in 0..20 {
        decisions[range * 22..range * 22 + 9].fill(always(Allow));
    }
    for rule in 0..20 {
        decisions[rule * 22 + 4] = when(checks[rule % checks.len()].clone());
    }
    decisions[435] = always(Errno(38));
    decisions
}

#[test]
fn a_realistic_filter_is_short() {
    let program = program(&realistic());
    assert!(program.len() < 150, "{program}");
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![Just(Allow), Just(Held), (1u16..=4095).prop_map(Errno)]
}

fn constant() -> impl Strategy<Value = u64> {
    prop_oneof![
        3 => 0u64..12,
        1 => any::<u32>().prop_map(u64::from),
        1 => (0u64..4, 0u64..4).prop_map(|(high, low)| high << 32 | low),
        1 => (0u32..64).prop_map(|bit| 1 << bit),
        1 => Just(u64::from(u32::MAX)),
        1 => Just(u64::MAX),
        1 => any::<u64>(),
    ]
}

fn condition() -> impl Strategy<Value = Cond> {
    let test = prop_oneof![
        (constant(), constant()).prop_map(|(mask, value)| masked(mask, value & mask)),
        (constant(), constant()).prop_map(|(mask, value)| masked(mask, value)),
        prop::collection::vec(constant(), 1..20).prop_map(Test::In),
        (constant(), constant()).prop_map(|(a, b)| Test::Range(a.min(b), a.max(b))),
        (constant(), constant()).prop_map(|(a, b)| Test::Range(a, b)),
    ];
    // Few arguments, so that conditions meet.
    (0u8..3, prop_oneof![Just(U32), Just(U64)], test)
        .prop_map(|(a, w, t)| cond([0, 1, 5][usize::from(a)], w, t))
}

fn decision() -> impl Strategy<Value = Decision> {
    let clause = prop::collection::vec(condition(), 0..4);
    let clauses = prop::collection::vec(clause, 0..4);
    let checked = (clauses, outcome(), outcome())
        .prop_map(|(any, then, otherwise)| Decision::When { any, then, otherwise });
    prop_oneof![outcome().prop_map(always), checked]
}

/// Runs of a few decisions over up to 480 numbers.
fn table() -> impl Strategy<Value = Vec<Decision>> {
    let palette = prop::collection::vec(decision(), 1..16);
    let length = prop_oneof![Just(1), 1usize..30];
    let runs = prop::collection::vec((any::<prop::sample::Index>(), length), 0..70);
    (palette, runs).prop_map(|(palette, runs)| {
        let run = |(which, length): (prop::sample::Index, usize)| {
            vec![which.get(&palette).clone(); length]
        };
        runs.into_iter().flat_map(run).take(480).collect()
    })
}

/// The constants that a decision compares with.
fn constants(decision: &Decision) -> Vec<u64> {
    let of = |cond: &Cond| match &cond.test {
        Test::Masked { mask, value } => vec![*mask, *value, value | !mask],
        Test::In(values) => values.clone(),
        Test::Range(first, last) => vec![*first, *last, first.midpoint(*last)],
    };
    match decision {
        Decision::Always(_) => vec![],
        Decision::When { any, .. } => any.iter().flatten().flat_map(of).collect(),
    }
}

/// Where a random call falls: resolved against a table by `number` and `arguments`.
#[derive(Debug, Clone)]
struct Shot {
    nr: prop::sample::Index,
    foreign: bool,
    args: [(prop::sample::Index, u64, bool); 6],
}

fn shot() -> impl Strategy<Value = Shot> {
    let garbage = prop_oneof![Just(0u64), Just(0xffff_ffff), any::<u32>().prop_map(u64::from)];
    let arg = (any::<prop::sample::Index>(), garbage, any::<bool>());
    let args = prop::array::uniform6(arg);
    (any::<prop::sample::Index>(), prop::bool::weighted(0.05), args)
        .prop_map(|(nr, foreign, args)| Shot { nr, foreign, args })
}

/// ABI and number: mostly native, at the edges of ranges and outside of the table.
fn number(shot: &Shot, table: &[Decision]) -> (u32, u32) {
    let len = table.len() as u32;
    let mut numbers = vec![len, len + 1, 0x4000_0000, 0x4000_0001, 1 << 31, u32::MAX];
    let edge = |&n: &usize| n == 0 || table[n] != table[n - 1];
    let edges = (0..table.len()).filter(edge).map(|n| n as u32);
    numbers.extend(edges.flat_map(|n| [n.saturating_sub(1), n, n + 1]));
    let arch = if shot.foreign { I386 } else { NATIVE_ARCH };
    (arch, *shot.nr.get(&numbers))
}

/// Arguments at the constants of the decision and next to them, some with garbage in
/// the upper half.
fn arguments(shot: &Shot, decision: &Decision) -> [u64; 6] {
    let mut values = constants(decision);
    values.extend([0, u64::MAX]);
    let near = |&v: &u64| [v, v, v.wrapping_sub(1), v.wrapping_add(1)];
    let near: Vec<_> = values.iter().flat_map(near).collect();
    shot.args.map(|(which, garbage, keep)| {
        let value = *which.get(&near);
        if keep { value } else { value & 0xffff_ffff | garbage << 32 }
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 300,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn program_and_decisions_agree(
        table in table(),
        shots in prop::collection::vec(shot(), 60),
    ) {
        let program = program(&table);
        for shot in &shots {
            let (arch, nr) = number(shot, &table);
            let beyond = always(Held);
            let decision = table.get(nr as usize).unwrap_or(&beyond);
            let args = arguments(shot, decision);
            let decided = match arch {
                NATIVE_ARCH => decision.evaluate(&args),
                _ => Held,
            };
            prop_assert_eq!(
                call(&program, arch, nr, args), returned(decided),
                "{}: {:x?}\n{}", nr, args, program
            );
        }
    }

    #[test]
    fn the_kernel_remembers_what_is_always_allowed_and_nothing_else(
        table in table(),
        shots in prop::collection::vec(shot(), 20),
    ) {
        let program = program(&table);
        let remembered = |arch, nr| interpret::is_const_allow(program.instructions(), nr, arch);
        for nr in 0..table.len() as u32 + 8 {
            let decision = table.get(nr as usize);
            if decision == Some(&Decision::Always(Allow)) {
                prop_assert!(remembered(NATIVE_ARCH, nr));
            }
            prop_assert!(!remembered(I386, nr));
            if remembered(NATIVE_ARCH, nr) {
                let Some(decision) = decision else {
                    return Err(TestCaseError::fail(format!("{nr} is beyond the table")));
                };
                for shot in &shots {
                    prop_assert_eq!(decision.evaluate(&arguments(shot, decision)), Allow);
                }
            }
        }
    }

    #[test]
    fn only_argument_checks_load_arguments(table in table()) {
        let program = program(&table);
        for (nr, decision) in (0..).zip(&table) {
            let (arch, args) = (NATIVE_ARCH, [0; 6]);
            let data = Data { nr, arch, instruction_pointer: 0, args };
            let (_, loaded) = interpret::run(program.instructions(), &data);
            prop_assert!(loaded.is_empty() || loaded.starts_with(&[4]));
            if matches!(decision, Decision::Always(_)) {
                prop_assert!(loaded.is_empty() || loaded == [4] || loaded == [4, 0]);
            }
        }
    }
}
