//! What a person is told of a reproducer that was tried again.

use std::io::{self, Write};

use super::palette::{Palette, Tone};
use super::shown;
use crate::verdict::{Reproducer, share};

/// A reproducer that was tried again, and what came of it.
#[derive(Debug, Clone)]
pub struct ReplayedRounds {
    /// What was tried.
    pub reproducer: Reproducer,
    /// The gateway's URL.
    pub url: String,
    /// The seed that its numbers follow from.
    pub seed: u64,
    /// How many rounds there were.
    pub rounds: u32,
    /// How many violated an invariant of money.
    pub failed: u32,
    /// How many decide nothing.
    pub undecided: u32,
    /// What the first that failed showed.
    pub shows: Option<String>,
    /// Why there were not as many rounds as were asked for.
    pub stopped: Option<String>,
}

impl ReplayedRounds {
    /// Writes it for a person.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&self, palette: Palette, out: &mut dyn Write) -> io::Result<()> {
        let found = &self.reproducer;
        writeln!(
            out,
            "{}  {}",
            palette.paint(Tone::Strong, &shown::line(&found.invariant)),
            shown::line(&format!("found with order {}", found.found_with)),
        )?;
        let mut line = |name: &str, text: &str| writeln!(out, "  {name:<9} {}", shown::line(text));
        line("to", &self.url)?;
        line("a round", &found.traffic.to_string())?;
        line("recorded", &format!("{}: {}", found.share(), found.shows))?;
        line("seed", &self.seed.to_string())?;
        let (tone, verdict) = self.verdict();
        writeln!(out, "{}", palette.paint(tone, &shown::line(&verdict)))
    }

    fn verdict(&self) -> (Tone, String) {
        let share = match &self.stopped {
            Some(reason) if self.rounds == 0 => {
                return (Tone::Caution, format!("not tried: {reason}"));
            }
            Some(reason) => {
                let share = share(self.failed, self.rounds);
                format!("{share}, and then no more ({reason})")
            }
            None => share(self.failed, self.rounds),
        };
        match &self.shows {
            Some(shows) => (Tone::Bad, format!("{share}: {shows}")),
            None if self.undecided > 0 => (
                Tone::Caution,
                format!("{share}, and {} decide nothing", self.undecided),
            ),
            None if self.stopped.is_some() => (Tone::Caution, share),
            None => (Tone::Good, share),
        }
    }
}
