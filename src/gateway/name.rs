//! Looking a name up in a catalogue, with a near one suggested where there is
//! no such name.

use std::fmt;

/// A name that a catalogue does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct UnknownName {
    /// What the catalogue lists: `fault` or `variant`.
    pub kind: &'static str,
    /// The name that was asked for.
    pub asked: String,
    /// The name that was probably meant.
    pub nearest: Option<&'static str>,
}

impl fmt::Display for UnknownName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            kind,
            asked,
            nearest,
        } = self;
        write!(formatter, "there is no {kind} {asked:?}")?;
        match nearest {
            Some(nearest) => write!(formatter, "; did you mean {nearest:?}?"),
            None => write!(formatter, "; --list-{kind}s lists them"),
        }
    }
}

impl UnknownName {
    /// The error for `asked`, with the nearest of `names` where one is near.
    pub(super) fn new(
        kind: &'static str,
        asked: &str,
        names: impl Iterator<Item = &'static str>,
    ) -> Self {
        // A third of the letters may be wrong; beyond that a suggestion
        // confuses more than it helps.
        let farthest = asked.chars().count().div_ceil(3);
        let nearest = names
            .map(|name| (distance(asked, name), name))
            .filter(|(distance, _)| *distance <= farthest)
            .min()
            .map(|(_, name)| name);
        Self {
            kind,
            asked: asked.to_owned(),
            nearest,
        }
    }
}

/// Levenshtein's distance: how many letters must be added, dropped or changed.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, letter) in from.chars().enumerate() {
        let mut diagonal = index;
        row[0] = index + 1;
        for (column, other) in to.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *other);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_added_dropped_and_changed_letters() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("same", "same"), 0);
    }

    #[test]
    fn a_near_name_is_suggested_and_a_far_one_is_not() {
        let names = || ["lost-update", "check-then-act"].into_iter();
        let near = UnknownName::new("fault", "lost-updte", names());
        assert_eq!(near.nearest, Some("lost-update"));
        assert_eq!(
            near.to_string(),
            "there is no fault \"lost-updte\"; did you mean \"lost-update\"?"
        );
        let far = UnknownName::new("fault", "everything", names());
        assert_eq!(
            far.to_string(),
            "there is no fault \"everything\"; --list-faults lists them"
        );
    }
}
