//! What a person is told of an exchange that was sent again.

use std::io::{self, Write};

use super::block::split_answer;
use super::palette::{Palette, Tone};
use super::recorded::RecordedExchange;
use super::shown;
use crate::verdict::ExchangeEvidence;

/// Characters of a body that are shown.
const BODY_LIMIT: usize = 2_000;

/// An exchange that was sent again, and what came of it.
#[derive(Debug, Clone)]
pub struct Replayed {
    /// What had been recorded.
    pub recorded: RecordedExchange,
    /// How the bytes that went out came about: `as recorded`.
    pub making: String,
    /// What was sent and received now.
    pub now: ExchangeEvidence,
    /// Whether the answer's signature holds, in words.
    pub signature: String,
    /// What to know about it.
    pub remarks: Vec<String>,
}

impl Replayed {
    /// Whether the answer amounts to the same as the recorded one; `None`
    /// where nobody asked what that one amounted to.
    pub fn is_same(&self) -> Option<bool> {
        let recorded = self.recorded.about.outcome.as_deref()?;
        Some(self.now.outcome.as_deref() == Some(recorded))
    }

    /// Writes it for a person.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&self, palette: Palette, out: &mut dyn Write) -> io::Result<()> {
        let about = &self.recorded.about;
        writeln!(
            out,
            "{}  {}",
            palette.paint(Tone::Strong, &shown::line(&about.rule)),
            shown::line(&about.label),
        )?;
        let size = self.now.sent.len();
        let mut line = |name: &str, text: &str| writeln!(out, "  {name:<9} {}", shown::line(text));
        line("recorded", &about.url)?;
        line("to", &self.now.url)?;
        line("sent", &format!("{size} bytes, {}", self.making))?;
        let (head, body) = split_answer(&self.now.received);
        line(
            "received",
            &text_of(head.split(|byte| *byte == b'\n').next().unwrap_or_default()),
        )?;
        if !body.is_empty() {
            line("", &shown::shortened(&text_of(body), BODY_LIMIT))?;
        }
        line("ended", &self.now.ending)?;
        line("signature", &self.signature)?;
        for remark in &self.remarks {
            line("remark", remark)?;
        }
        let then = amounted(about.outcome.as_deref(), about.answer.as_deref());
        let now = amounted(self.now.outcome.as_deref(), self.now.answer.as_deref());
        let (tone, verdict) = match self.is_same() {
            Some(true) => (Tone::Good, format!("the same as recorded: {now}")),
            Some(false) => (Tone::Bad, format!("recorded {then}; now {now}")),
            None => (
                Tone::Caution,
                format!("{now}; the recorded answer was not classed"),
            ),
        };
        writeln!(out, "{}", palette.paint(tone, &shown::line(&verdict)))
    }
}

fn amounted(outcome: Option<&str>, answer: Option<&str>) -> String {
    [outcome, answer]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(", ")
}

fn text_of(bytes: &[u8]) -> String {
    match bytes.trim_ascii() {
        [] => "nothing".to_owned(),
        bytes => shown::byte_line(bytes),
    }
}
