//! What an error of the database means, and how it is told.

use std::error::Error;

use tokio_postgres::error::SqlState;

/// What is known of a statement that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It had no effect and may be tried again: it stood in another's way.
    Undone,
    /// The connection is gone, and the statement may have had its effect, or
    /// may have it yet.
    Lost,
    /// A number that it would have written is taken; it had no effect.
    NumberTaken,
    /// It had no effect, and trying again would change nothing.
    Refused,
}

impl Fate {
    /// The fate of the statement that `error` was given for.
    pub(super) fn of(error: &tokio_postgres::Error) -> Self {
        let Some(state) = error.code() else {
            // No word from the database: the connection broke.
            return Self::Lost;
        };
        if *state == SqlState::UNIQUE_VIOLATION {
            return Self::NumberTaken;
        }
        match &state.code()[..2] {
            // Connections that break, and servers that are shut down.
            "08" => Self::Lost,
            "57" if *state != SqlState::QUERY_CANCELED => Self::Lost,
            // Serialisation failures, deadlocks, locks that are not had in time.
            "40" if *state != SqlState::T_R_STATEMENT_COMPLETION_UNKNOWN => Self::Undone,
            "40" => Self::Lost,
            _ if *state == SqlState::LOCK_NOT_AVAILABLE => Self::Undone,
            _ => Self::Refused,
        }
    }
}

/// An error and what is behind it, in one line. The client's own words stop at
/// the first of them.
pub(super) fn in_one_line(error: &(dyn Error + 'static)) -> String {
    let mut line = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let words = error.to_string().replace('\n', " ");
        // Some only announce the next one, or repeat it.
        if words != "db error" && !line.ends_with(&words) {
            line = if line.is_empty() {
                words
            } else {
                format!("{line}: {words}")
            };
        }
        next = error.source();
    }
    line
}
