//! A scenario: how much traffic, of which kinds, for how long, and what must
//! hold. `docs/scenarios.md` describes the files.

mod course;
mod error;
mod kind;
mod model;
mod orders;
mod read;
mod settings;
mod stage;

pub use course::{Course, Leg};
pub use error::ScenarioError;
pub use kind::{Kind, Mix};
pub use model::{Law, Scenario};
pub use orders::{Orders, Popularity};
pub use stage::{Level, Shape, Stage};
