//! Duels for their own sake: how often volleys show that a gateway races.

use super::probe::{Probe, Setting};
use super::raced::CONTENDERS;
use super::rule::Stop;
use super::volley::{Contenders, Shot};
use crate::audit::{Money, Recorder};

/// What a number of duels came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Duels {
    /// How many were fired.
    pub fired: u32,
    /// Of how many more than one refund was accepted, where one fits.
    pub seen: u32,
    /// How their requests left.
    pub release: &'static str,
}

/// Fires `count` duels at fresh orders, in the way of the rule
/// `races.over-subscription`, and counts those of which more than one refund was
/// accepted.
///
/// # Errors
/// [`Stop`] where a connection or an order can't be had.
pub async fn fire_duels(setting: &Setting, count: u32) -> Result<Duels, Stop> {
    const PAID: i64 = 10_000;
    let mut probe = Probe::new(setting.clone(), "calibration");
    let recorder = Recorder::new(&setting.caller.profile, None);
    let mut contenders = Contenders::open(&mut probe, CONTENDERS).await?;
    let raced = probe.raced();
    let release = raced.choice(&mut probe).await.release();
    let mut seen = 0;
    for _ in 0..count {
        let order = probe.paid(PAID).await?;
        let shots: Vec<Shot> = (1..)
            .take(CONTENDERS)
            .map(|place| Shot::fresh(&probe, &order, PAID / 2 + place))
            .collect();
        let replies = contenders
            .fire(&mut probe, &recorder, &shots, release)
            .await?;
        let accepted = replies
            .iter()
            .filter(|reply| reply.evidence.money == Money::Yes);
        seen += u32::from(accepted.count() > 1);
    }
    Ok(Duels {
        fired: count,
        seen,
        release: release.name(),
    })
}
