//! Colours of the terminal.

/// Whether and how text is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Palette {
    /// Plain text.
    #[default]
    None,
    /// ANSI escape sequences, the sixteen colours that every terminal has.
    Ansi,
}

/// What a piece of text means; the palette decides how that looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// It holds.
    Good,
    /// It is broken.
    Bad,
    /// Look at it.
    Caution,
    /// Of less interest than what stands around it.
    Quiet,
    /// A heading.
    Strong,
}

impl Palette {
    /// The text in that tone.
    pub fn paint(self, tone: Tone, text: &str) -> String {
        match self {
            Self::None => text.to_owned(),
            Self::Ansi => format!("\u{1b}[{}m{text}\u{1b}[0m", tone.code()),
        }
    }
}

impl Tone {
    const fn code(self) -> &'static str {
        match self {
            Self::Good => "32",
            Self::Bad => "1;31",
            Self::Caution => "33",
            Self::Quiet => "2",
            Self::Strong => "1",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_palette_none_adds_nothing_and_ansi_ends_what_it_starts() {
        assert_eq!(Palette::None.paint(Tone::Bad, "fail"), "fail");
        assert_eq!(
            Palette::Ansi.paint(Tone::Bad, "fail"),
            "\u{1b}[1;31mfail\u{1b}[0m"
        );
    }
}
