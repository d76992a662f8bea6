//! From places in the order of events to places in the picture.

use std::collections::BTreeSet;

use super::sheet::{MARGIN, Size, WIDTH, columns};
use crate::verdict::{Lane, Scene};

/// Columns of a refund's number that are shown.
pub(super) const MOST_NAME: usize = 24;
/// Room for the words that stand in the column of numbers.
const LEAST_NAME: usize = 14;
const GAP: f64 = 12.0;

/// The columns of the picture, and the axis that all of its parts share.
pub(super) struct Axis {
    places: Vec<u64>,
    /// Where refund numbers end.
    pub(super) name_end: f64,
    /// Where amounts end.
    pub(super) amount_end: f64,
    /// Where the bars begin.
    pub(super) left: f64,
    /// Where they end.
    pub(super) right: f64,
}

/// A lane's number, with its order where that is another one.
pub(super) fn name(lane: &Lane) -> String {
    let refund = crate::report::shown::line(&lane.refund);
    match &lane.order {
        None => refund,
        Some(order) => format!("{refund} ({})", crate::report::shown::line(order)),
    }
}

impl Axis {
    pub(super) fn of(scene: &Scene, paid: i64) -> Self {
        let mut places = BTreeSet::new();
        places.extend(scene.lanes.iter().map(|lane| lane.sent));
        places.extend(scene.lanes.iter().filter_map(|lane| lane.answered));
        places.extend(scene.mark.iter().map(|mark| mark.place));
        let names = scene.lanes.iter().map(|lane| columns(&name(lane)));
        let name_columns = names.fold(LEAST_NAME, usize::max).min(MOST_NAME);
        let amounts = scene.lanes.iter().filter_map(|lane| lane.amount);
        let amounts = amounts.map(|amount| amount.to_string().len());
        let amount_columns = amounts.fold(paid.to_string().len(), usize::max);
        let most = scene.money.iter().map(|point| point.at_most).max();
        let label = format!("at least {}", most.unwrap_or(0).max(i128::from(paid)));
        let name_end = MARGIN + Size::Normal.width(&"0".repeat(name_columns));
        let amount_end = name_end + GAP + Size::Normal.width(&"0".repeat(amount_columns));
        Self {
            places: places.into_iter().collect(),
            name_end,
            amount_end,
            left: amount_end + GAP,
            right: WIDTH - MARGIN - Size::Normal.width(&label) - GAP,
        }
    }

    /// Where a place is: by rank, since only the order has a meaning.
    pub(super) fn x(&self, place: u64) -> f64 {
        let rank = self.places.partition_point(|known| *known < place);
        let step = (self.right - self.left) / (self.places.len() + 1) as f64;
        self.left + step * (rank as f64 + 0.5)
    }

    /// The first and the last place that is drawn.
    pub(super) fn span(&self) -> Option<(u64, u64)> {
        Some((*self.places.first()?, *self.places.last()?))
    }
}
