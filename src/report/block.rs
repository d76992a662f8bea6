//! What is said about one outcome or violation, in plain lines. The terminal
//! and JUnit print the same block, so that a failure reads the same in both.

use std::io::{self, Write};

use super::figures;
use super::palette::{Palette, Tone};
use super::shown;
use crate::protocol::clause::Clause;
use crate::verdict::{ExchangeEvidence, RuleOutcome, Verdict, Violation};

/// Characters of a body that are shown.
const BODY_LIMIT: usize = 240;

/// Steps of a witness that are shown.
const WITNESS_LIMIT: usize = 12;

/// The tone that a verdict is printed in.
pub(crate) const fn tone_of(verdict: Verdict) -> Tone {
    match verdict {
        Verdict::Pass => Tone::Good,
        Verdict::Fail | Verdict::Error => Tone::Bad,
        Verdict::Warn | Verdict::Blocked | Verdict::Inconclusive => Tone::Caution,
        Verdict::Observed | Verdict::Skip => Tone::Quiet,
    }
}

/// A rule's outcome: what was found, what the clause says, the first exchange.
pub(crate) fn write_rule(
    outcome: &RuleOutcome,
    palette: Palette,
    out: &mut dyn Write,
) -> io::Result<()> {
    let word = outcome.verdict.word().to_uppercase();
    let money = if outcome.is_money {
        "  money at risk"
    } else {
        ""
    };
    writeln!(
        out,
        "{}  {}  {}{}",
        palette.paint(tone_of(outcome.verdict), &word),
        palette.paint(Tone::Strong, &shown::line(&outcome.id)),
        palette.paint(Tone::Quiet, &outcome.level.to_string()),
        palette.paint(Tone::Bad, money),
    )?;
    if !outcome.message.is_empty() {
        writeln!(out, "  {}", shown::line(&outcome.message))?;
    }
    writeln!(out, "  asks      {}", shown::line(&outcome.title))?;
    for id in &outcome.clauses {
        writeln!(out, "  clause    {}", clause_line(id))?;
    }
    if let Some(exchange) = outcome.evidence.first() {
        write_exchange(exchange, outcome.evidence.len(), palette, out)?;
    }
    Ok(())
}

/// A clause by its id: what it says and where that comes from.
pub(crate) fn clause_line(id: &str) -> String {
    match Clause::find(id) {
        Some(clause) => format!("{id} ({}): {}", clause.source, clause.sentence),
        None => shown::line(id),
    }
}

fn write_exchange(
    exchange: &ExchangeEvidence,
    of: usize,
    palette: Palette,
    out: &mut dyn Write,
) -> io::Result<()> {
    let which = if of > 1 {
        format!(" (1 of {of})")
    } else {
        String::new()
    };
    writeln!(
        out,
        "  exchange  {} → {}{which}",
        shown::line(&exchange.label),
        shown::line(&exchange.url),
    )?;
    let (head, body) = split_answer(&exchange.received);
    let answer = [first_line(head), body].join(&b' ');
    for (name, bytes) in [("sent", exchange.sent_body()), ("received", &answer[..])] {
        let text = match bytes.trim_ascii() {
            [] => "nothing".to_owned(),
            bytes => shown::shortened(&shown::byte_line(bytes), BODY_LIMIT),
        };
        writeln!(out, "    {name:<9} {}", palette.paint(Tone::Quiet, &text))?;
    }
    if !exchange.ending.is_empty() {
        writeln!(out, "    ended     {}", shown::line(&exchange.ending))?;
    }
    if let Some(file) = &exchange.file {
        writeln!(
            out,
            "    again     sh exchanges/{}.sh (in the run's folder)",
            shown::line(file)
        )?;
    }
    Ok(())
}

/// An answer's head and its body, as far as it has got them.
pub(crate) fn split_answer(received: &[u8]) -> (&[u8], &[u8]) {
    received
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .map_or((received, &[]), |end| {
            (&received[..end], &received[end + 4..])
        })
}

fn first_line(head: &[u8]) -> &[u8] {
    head.split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default()
        .trim_ascii_end()
}

/// A violation: the claim, then the operations that prove it.
pub(crate) fn write_violation(
    violation: &Violation,
    palette: Palette,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(
        out,
        "{}  {}",
        palette.paint(Tone::Bad, &violation.invariant),
        palette.paint(Tone::Strong, &violation_heading(violation)),
    )?;
    writeln!(out, "  {}", shown::line(&violation.message))?;
    if violation.witness.is_empty() {
        return Ok(());
    }
    let width = violation
        .witness
        .iter()
        .map(|step| shown::line(&step.refund).chars().count())
        .fold("refund".len(), usize::max);
    let header = format!(
        "{:<width$}  {:>10}  {:>8}  {:>8}  outcome",
        "refund", "amount", "sent", "answered"
    );
    writeln!(out, "  {}", palette.paint(Tone::Quiet, &header))?;
    for step in violation.witness.iter().take(WITNESS_LIMIT) {
        let answered = step
            .answered
            .map_or_else(|| "never".to_owned(), |place| place.to_string());
        writeln!(
            out,
            "  {:<width$}  {:>10}  {:>8}  {answered:>8}  {}",
            shown::line(&step.refund),
            step.amount,
            step.sent,
            shown::line(&step.outcome),
        )?;
    }
    let hidden = violation.witness.len().saturating_sub(WITNESS_LIMIT) as u64;
    if hidden > 0 {
        writeln!(out, "  … and {}", figures::counted(hidden, "step"))?;
    }
    Ok(())
}

/// Severity, order and timing in one line.
pub(crate) fn violation_heading(violation: &Violation) -> String {
    format!(
        "{} · order {}, paid {} · {}",
        violation.severity,
        shown::line(&violation.order),
        violation.paid,
        violation.timing,
    )
}

/// What `write` writes, as text.
pub(crate) fn to_text(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> String {
    let mut bytes = Vec::new();
    write(&mut bytes).expect("writing to memory does not fail");
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_block_cites_the_clause_in_full_and_shortens_the_body() {
        let mut outcome = sample::outcome("refunding.total", Verdict::Fail);
        outcome.clauses = vec!["refund.total".into()];
        outcome.evidence = vec![ExchangeEvidence {
            sent: vec![b'x'; 10_000],
            ..ExchangeEvidence::default()
        }];
        let text = to_text(|out| write_rule(&outcome, Palette::None, out));
        assert!(text.contains("refund.total (refund page): A refund can be partial"));
        assert!(text.contains("… (9760 bytes more)"), "{text}");
        assert!(text.contains("received  nothing"), "{text}");
    }

    #[test]
    fn what_a_gateway_answers_can_not_paint_on_the_terminal() {
        let mut outcome = sample::outcome("json.nul", Verdict::Warn);
        outcome.message = "answered \u{1b}[31mred".into();
        outcome.evidence = vec![ExchangeEvidence {
            received: b"HTTP/1.1 200 \x1b[2J\r\n\r\n\x1b]0;owned\x07".to_vec(),
            ..ExchangeEvidence::default()
        }];
        let text = to_text(|out| write_rule(&outcome, Palette::None, out));
        assert!(!text.contains(['\u{1b}', '\u{7}']), "{text}");
        assert!(text.contains("␛[31mred"));
    }
}
