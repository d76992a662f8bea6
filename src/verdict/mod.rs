//! The words that the rooms speak to each other: verdicts, evidence, events.
//!
//! Whoever finds something out says it in these types; whoever shows it to a
//! person or to a machine reads nothing else. No room above needs to know
//! which rule, run or history a verdict came from to print it.

pub mod audit;
pub mod certificate;
pub mod dialect;
pub mod event;
pub mod exchange;
pub mod exit_code;
pub mod failure;
pub mod load;
pub mod power;
pub mod proof;
pub mod reproducer;
pub mod rule;
pub mod scene;
pub mod shard;

pub use audit::{AuditSummary, Exhibit, Exposure, Severity, Timing, Violation, WitnessStep};
pub use certificate::{
    CERTIFICATE_SCHEMA, Certificate, CertifiedRecord, CertifiedTerms, Claim, Inequality, Relation,
    Role, Sums,
};
pub use dialect::{Dialect, DialectChange, DialectPoint};
pub use event::{Event, Observer, Observers, RunPlan};
pub use exchange::ExchangeEvidence;
pub use exit_code::{ExitCode, RunVerdict};
pub use failure::{FailureDetail, Known, Reproduced};
pub use load::{
    Comparison, KindProgress, KindSummary, Latency, LatencyCounts, LoadProgress, LoadSummary,
    PercentilePoint, Released, ThresholdOutcome, TimelinePoint,
};
pub use power::{CalibratedWindow, Calibration, Power, Races, WINDOWS_MICROS, WindowPower};
pub use proof::Proof;
pub use reproducer::{
    REPRODUCER_SCHEMA, ReleaseForm, Reproducer, ReproducerError, Reproduction, Traffic, Volley,
    VolleyRequest, leave_apart, share,
};
pub use rule::{Level, RuleOutcome, Verdict};
pub use scene::{Lane, LaneKind, Mark, MoneyPoint, Scene};
pub use shard::{Shard, ShardError};
