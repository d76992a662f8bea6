//! Each fault is real: the gateway that has it does the wrong thing, and what
//! it does wrong is what its name says.

mod answers;
mod cap;
mod catalogue;
mod envelope;
mod fields;
mod http;
mod json;
mod numbers;
mod orders;
mod proof;
mod races;
mod settlement;
mod signature;

use std::time::Duration;

use recoup::gateway::{ChosenFault, Fault, Running};

use crate::client::start;

const REFUND: &str = "/api/common/refund";

async fn start_with(fault: Fault) -> Running {
    start(|settings| settings.faults = [fault].into_iter().collect()).await
}

/// A gateway whose fault has this window.
async fn start_within(fault: Fault, window: Duration) -> Running {
    let chosen = ChosenFault { fault, window };
    start(|settings| settings.faults = [chosen].into_iter().collect()).await
}
