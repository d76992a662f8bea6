//! The orders that the traffic is about.

use crate::protocol::Amount;

/// The orders that the traffic is about.
#[derive(Debug, Clone, PartialEq)]
pub struct Orders {
    /// How many are under way at a time.
    pub count: usize,
    /// The least and the most that is paid for one; each amount between is
    /// as likely.
    pub amount: (Amount, Amount),
    /// The largest partial refund, as a share of what was paid.
    pub part: f64,
    /// How the requests spread over the orders.
    pub popularity: Popularity,
    /// How many orders are hot, and the share of all requests that is about
    /// them.
    pub hot: Option<(usize, f64)>,
}

/// How requests spread over the orders that are not hot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Popularity {
    /// Each order as often as any other.
    Uniform,
    /// The n-th order in proportion to 1/nˢ.
    Zipf(f64),
}

impl Default for Orders {
    fn default() -> Self {
        Self {
            count: 128,
            amount: (Amount::new(20_000), Amount::new(20_000)),
            part: 0.02,
            popularity: Popularity::Uniform,
            hot: None,
        }
    }
}

impl Orders {
    /// What is wrong with them, and what to do.
    pub(super) fn fault(&self) -> Option<&'static str> {
        let (least, most) = self.amount;
        if self.count == 0 {
            return Some("orders.count must be at least 1 (128, say)");
        }
        if least < Amount::new(2) || most < least {
            return Some(
                "orders.amount must be at least 2, and a range must end where it begins or above (write amount = 20000, or amount = [1000, 50000])",
            );
        }
        if !(self.part > 0.0 && self.part <= 1.0) {
            return Some("orders.part must be above 0 and at most 1 (0.02 is a fiftieth)");
        }
        if let Popularity::Zipf(exponent) = self.popularity
            && !(exponent > 0.0 && exponent <= 5.0)
        {
            return Some(
                "the exponent of orders.popularity must be above 0 and at most 5 (write popularity = { zipf = 1.1 })",
            );
        }
        match self.hot {
            Some((0, _)) => Some("orders.hot must be at least 1 (leave it out for no hot orders)"),
            Some((hot, _)) if hot > self.count => {
                Some("orders.hot must be at most orders.count (raise the count, or lower hot)")
            }
            Some((_, share)) if !(share > 0.0 && share <= 1.0) => {
                Some("orders.hot-share must be above 0 and at most 1 (0.5 is half of the requests)")
            }
            _ => None,
        }
    }

    /// Whether each order is drawn as often as any other.
    pub(in crate::load) fn are_equally_popular(&self) -> bool {
        self.hot.is_none() && self.popularity == Popularity::Uniform
    }

    /// How often each order is drawn, in proportion.
    pub(in crate::load) fn weights(&self) -> Vec<f64> {
        let (hot, share) = self.hot.unwrap_or((0, 0.0));
        let others = self.count - hot;
        let weight = |place: usize| match self.popularity {
            Popularity::Uniform => 1.0,
            #[expect(clippy::cast_precision_loss, reason = "counts are far below 2⁵²")]
            Popularity::Zipf(exponent) => ((place + 1) as f64).powf(-exponent),
        };
        let sum: f64 = (0..others).map(weight).sum();
        let left = if hot == 0 { 1.0 } else { 1.0 - share };
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2⁵²")]
        let each_hot = if others == 0 { 1.0 } else { share } / hot.max(1) as f64;
        std::iter::repeat_n(each_hot, hot)
            .chain((0..others).map(|place| left * weight(place) / sum))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn orders(count: usize) -> Orders {
        Orders {
            count,
            ..Orders::default()
        }
    }

    #[test]
    fn hot_orders_take_their_share_and_the_others_the_rest() {
        let weights = Orders {
            hot: Some((2, 0.8)),
            ..orders(6)
        }
        .weights();
        assert_eq!(weights.len(), 6);
        assert!((weights[..2].iter().sum::<f64>() - 0.8).abs() < 1e-9);
        assert!((weights[5] - 0.05).abs() < 1e-9);
    }

    #[test]
    fn a_zipf_population_prefers_its_first_orders_by_the_exponent() {
        let weights = Orders {
            popularity: Popularity::Zipf(1.0),
            ..orders(4)
        }
        .weights();
        assert!((weights[0] / weights[3] - 4.0).abs() < 1e-9);
        assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn orders_that_make_no_sense_are_told_with_the_cure() {
        for (wrong, word) in [
            (orders(0), "orders.count"),
            (
                Orders {
                    amount: (Amount::new(9), Amount::new(8)),
                    ..orders(1)
                },
                "orders.amount",
            ),
            (
                Orders {
                    hot: Some((2, 0.5)),
                    ..orders(1)
                },
                "orders.hot",
            ),
            (
                Orders {
                    hot: Some((1, 1.5)),
                    ..orders(1)
                },
                "orders.hot-share",
            ),
            (
                Orders {
                    popularity: Popularity::Zipf(f64::NAN),
                    ..orders(1)
                },
                "zipf",
            ),
            (
                Orders {
                    part: 0.0,
                    ..orders(1)
                },
                "orders.part",
            ),
        ] {
            assert!(
                wrong.fault().is_some_and(|fault| fault.contains(word)),
                "{word}"
            );
        }
        assert_eq!(orders(1).fault(), None);
    }
}
