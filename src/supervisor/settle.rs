//! One held call from arrival to answer.

use std::io;

use super::judge::{Action, Judge};
use crate::decode::Live;
use crate::gate::HeldCall;

/// Judges `held`, reports where there is something to report, and answers it.
pub fn settle(judge: &Judge, held: impl HeldCall) {
    let tid = held.tid();
    let guest = Live::new(&judge.host, tid);
    let ruling = match held.begun() {
        // It was judged when it was first made; what was judged is all that the attempt knows.
        Some(attempt) => Action::OnBehalf(attempt).into(),
        None => judge.rule(held.entry(), &guest, tid, &|| held.is_waiting()),
    };
    // Whatever was read may have been another task's if the caller is gone. An answer alone then reaches
    // nobody, by its id; everything else would be done to somebody else.
    let only_answers = matches!(ruling.action, Action::Resume | Action::Return(_));
    if (ruling.denial.is_some() || !only_answers) && !held.is_waiting() {
        return held.abandon();
    }
    if let Some((call, denial)) = &ruling.denial {
        judge.tell(call, denial, &ruling.action, &guest, tid);
    }
    if let Err(error) = answer(judge, held, ruling.action, &guest) {
        // The caller stays held: it can only be killed now.
        log::error!("cannot answer a held call of {tid}: {error}");
        judge.kill(tid, &guest);
    }
}

fn answer(judge: &Judge, held: impl HeldCall, action: Action, guest: &Live<'_>) -> io::Result<()> {
    match action {
        Action::Resume => held.resume(),
        Action::OnBehalf(mut attempt) => match attempt.advance(&|| held.is_waiting()) {
            Some(value) => held.answer(value),
            None => held.finish(attempt),
        },
        Action::Return(value) => held.answer(value),
        Action::DeadEnd(kind) => held.dead_end(kind),
        Action::Kill => {
            judge.kill(held.tid(), guest);
            held.abandon();
            Ok(())
        }
    }
}
