//! The faults that a gateway is started with.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::catalogue::{Fault, Seat};
use crate::gateway::name::UnknownName;

/// A fault, and its window: for how long its race is open, or how much later it
/// does what it does. Written `NAME` or `NAME=µs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChosenFault {
    /// What to do wrong.
    pub fault: Fault,
    /// Its window; means nothing for a fault that has none.
    pub window: Duration,
}

/// Why a text is no [`ChosenFault`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChosenFaultError {
    /// No fault has this name.
    #[error(transparent)]
    Unknown(#[from] UnknownName),
    /// A window that is no whole number of microseconds.
    #[error("the window of {0} is not a whole number of microseconds")]
    Window(Fault),
    /// A window for a fault that is no question of time.
    #[error("{0} is no question of time and has no window")]
    NoWindow(Fault),
}

impl From<Fault> for ChosenFault {
    fn from(fault: Fault) -> Self {
        Self {
            fault,
            window: fault.window().unwrap_or_default(),
        }
    }
}

impl FromStr for ChosenFault {
    type Err = ChosenFaultError;

    fn from_str(text: &str) -> Result<Self, ChosenFaultError> {
        let Some((name, window)) = text.split_once('=') else {
            return Ok(text.parse::<Fault>()?.into());
        };
        let fault: Fault = name.parse()?;
        if fault.window().is_none() {
            return Err(ChosenFaultError::NoWindow(fault));
        }
        let window = window
            .parse()
            .map(Duration::from_micros)
            .map_err(|_| ChosenFaultError::Window(fault))?;
        Ok(Self { fault, window })
    }
}

impl fmt::Display for ChosenFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.fault.window() {
            None => write!(formatter, "{}", self.fault),
            Some(_) => write!(formatter, "{}={}", self.fault, self.window.as_micros()),
        }
    }
}

/// All that a gateway is to do wrong; by default nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults(BTreeMap<Fault, Duration>);

impl Faults {
    /// Whether `fault` is one of them.
    pub fn has(&self, fault: Fault) -> bool {
        self.0.contains_key(&fault)
    }

    /// The window of `fault`; `None` where it is not one of them.
    pub fn window(&self, fault: Fault) -> Option<Duration> {
        self.0.get(&fault).copied()
    }

    /// The longest window of those of `faults` that are among them; `None`
    /// where none is.
    pub(super) fn longest_window(&self, faults: &[Fault]) -> Option<Duration> {
        faults.iter().filter_map(|fault| self.window(*fault)).max()
    }

    /// The first of them that keeps money wrong, and so needs the faulty
    /// ledger in memory.
    pub fn first_of_ledger(&self) -> Option<Fault> {
        self.at(Seat::Ledger).next()
    }

    /// Those that sit there, in the order of the catalogue.
    pub(super) fn at(&self, seat: Seat) -> impl Iterator<Item = Fault> {
        let faults = self.0.keys().copied();
        faults.filter(move |fault| fault.seat() == seat)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<F: Into<ChosenFault>> FromIterator<F> for Faults {
    fn from_iter<I: IntoIterator<Item = F>>(faults: I) -> Self {
        let pair = |chosen: ChosenFault| (chosen.fault, chosen.window);
        Self(faults.into_iter().map(Into::into).map(pair).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_race_can_be_given_its_window() {
        let chosen: ChosenFault = "check-then-act=5000".parse().unwrap();
        assert_eq!(chosen.window, Duration::from_millis(5));
        assert_eq!(chosen.to_string(), "check-then-act=5000");
        let default: ChosenFault = "lost-update".parse().unwrap();
        assert_eq!(default.window, Duration::from_micros(200));
    }

    #[test]
    fn what_is_misspelt_is_named() {
        for (text, said) in [
            (
                "chek-then-act",
                "there is no fault \"chek-then-act\"; did you mean \"check-then-act\"?",
            ),
            (
                "lost-update=1ms",
                "the window of lost-update is not a whole number of microseconds",
            ),
            (
                "unpaid-order=5",
                "unpaid-order is no question of time and has no window",
            ),
        ] {
            assert_eq!(text.parse::<ChosenFault>().unwrap_err().to_string(), said);
        }
    }
}
