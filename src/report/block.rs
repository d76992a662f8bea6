//! What is said about one outcome or violation, in plain lines. The terminal
//! and JUnit print the same block, so that a failure reads the same in both.

use std::io::{self, Write};
use std::ops::Range;

use super::again;
use super::collected::Report;
use super::figures;
use super::palette::{Palette, Tone};
use super::script::is_plain;
use super::shown;
use crate::protocol::clause::Clause;
use crate::verdict::{ExchangeEvidence, Reproduction, RuleOutcome, Verdict, Violation, share};

/// Characters of a body that are shown.
const BODY_LIMIT: usize = 240;
/// Characters of a change that are shown, and of what stands around it.
const CHANGE_LIMIT: usize = 120;
const AROUND_CHANGE: usize = 24;
/// Rows of a hexdump that are shown.
const DUMP_ROWS: usize = 8;

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

/// A rule's outcome: what was found, what the clause says, what was expected
/// and what came, the first exchange, and how to see it again.
pub(crate) fn write_rule(
    outcome: &RuleOutcome,
    report: &Report,
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
    let detail = &outcome.detail;
    for (name, text) in [("expected", &detail.expected), ("actual", &detail.actual)] {
        if let Some(text) = text {
            writeln!(out, "  {name:<9} {}", shown::line(text))?;
        }
    }
    let telling = again::telling(outcome);
    if let Some(exchange) = telling {
        write_exchange(exchange, outcome.evidence.len(), palette, out)?;
    }
    if let Some(found) = &detail.drained {
        writeln!(out, "  drained   {}", shown::line(found))?;
    }
    write_repetition(outcome, report, out)?;
    let sending = telling.and_then(|exchange| again::exchange(exchange, report));
    if let Some(sending) = &sending {
        writeln!(out, "  curl      {}", sending.curl)?;
    }
    let proof = detail.proof.as_ref();
    if let Some(certificate) = proof.and_then(|proof| proof.violation.certificate.as_ref()) {
        writeln!(out, "  proof     {}", shown::line(certificate))?;
    }
    match (again::proof(outcome), sending) {
        // One request of several shows little.
        (Some(least), _) => {
            let share = reproducer_share(least);
            writeln!(out, "  traffic   {}: {share}", least.traffic)?;
            writeln!(out, "  replay    {}", shown::line(&least.command))
        }
        (None, Some(sending)) => writeln!(out, "  replay    {}", sending.replay),
        (None, None) => Ok(()),
    }
}

/// Seed and clock, how often it failed, and the command that tries it again.
fn write_repetition(outcome: &RuleOutcome, report: &Report, out: &mut dyn Write) -> io::Result<()> {
    if let Some(seed) = again::seed_line(outcome, report) {
        writeln!(out, "  seed      {seed}")?;
    }
    if let Some(times) = again::reproduced(outcome) {
        writeln!(out, "  reproduced {times}")?;
    }
    if let Some(command) = again::rule(outcome, report) {
        writeln!(out, "  again     {command}")?;
        if let Some(flags) = again::beside(report) {
            writeln!(out, "            {flags}")?;
        }
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
        format!(" (the last of {of})")
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
    let quiet = |name: &str, bytes: &[u8], out: &mut dyn Write| {
        let text = match bytes.trim_ascii() {
            [] => "nothing".to_owned(),
            bytes => shown::shortened(&shown::byte_line(bytes), BODY_LIMIT),
        };
        writeln!(out, "    {name:<9} {}", palette.paint(Tone::Quiet, &text))
    };
    if !is_plain(exchange) {
        quiet("head", exchange.sent_head(), out)?;
    }
    if std::str::from_utf8(exchange.sent_body()).is_ok() {
        quiet("sent", exchange.sent_body(), out)?;
        write_change(exchange, out)?;
    } else {
        writeln!(out, "    sent      bytes that are no text:")?;
        let dump = shown::marked_dump(exchange.sent_body(), changed_body(exchange), DUMP_ROWS);
        for row in dump.lines() {
            writeln!(out, "      {}", palette.paint(Tone::Quiet, row))?;
        }
    }
    quiet("received", &answer, out)?;
    if !exchange.ending.is_empty() {
        writeln!(out, "    ended     {}", shown::line(&exchange.ending))?;
    }
    Ok(())
}

/// Where the body differs from that of the valid request it was made from.
pub(crate) fn changed_body(exchange: &ExchangeEvidence) -> Option<Range<usize>> {
    let changed = exchange.changed.clone()?;
    let start = changed.start.checked_sub(exchange.body_start)?;
    Some(start..start + changed.len())
}

/// The changed bytes between marks, with a little of what is around them.
fn write_change(exchange: &ExchangeEvidence, out: &mut dyn Write) -> io::Result<()> {
    let body = exchange.sent_body();
    let Some(changed) = changed_body(exchange).filter(|changed| changed.end <= body.len()) else {
        return Ok(());
    };
    let before = &body[changed.start.saturating_sub(AROUND_CHANGE)..changed.start];
    let after = &body[changed.end..body.len().min(changed.end + AROUND_CHANGE)];
    let shown = |bytes: &[u8]| {
        // A cut through a character is no byte that was sent.
        shown::line(String::from_utf8_lossy(bytes).trim_matches(char::REPLACEMENT_CHARACTER))
    };
    let change = shown::shortened(&shown(&body[changed.clone()]), CHANGE_LIMIT);
    writeln!(
        out,
        "    changed   {}»{change}«{} (bytes {} to {} of the body)",
        shown(before),
        shown(after),
        changed.start,
        changed.end,
    )
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
    if let Some(certificate) = &violation.certificate {
        writeln!(out, "  proof: {}", shown::line(certificate))?;
    }
    if let Some(reproducer) = &violation.reproducer {
        let (traffic, share) = (&reproducer.traffic, reproducer_share(reproducer));
        writeln!(out, "  reproducer: {traffic}: {share}")?;
        writeln!(out, "  replay: {}", shown::line(&reproducer.command))?;
    }
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

/// How often a reproducer showed its violation.
pub(crate) fn reproducer_share(reproducer: &Reproduction) -> String {
    share(reproducer.failed, reproducer.rounds)
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
        let text = to_text(|out| write_rule(&outcome, &sample::green(), Palette::None, out));
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
        let text = to_text(|out| write_rule(&outcome, &sample::green(), Palette::None, out));
        assert!(!text.contains(['\u{1b}', '\u{7}']), "{text}");
        assert!(text.contains("␛[31mred"));
    }
}
