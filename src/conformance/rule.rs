//! A rule, and the ways in which trying it can end.

use std::future::Future;
use std::pin::Pin;

use crate::protocol::Clause;
use crate::verdict::{ExchangeEvidence, FailureDetail, Level};

use super::probe::{Probe, Reply};

/// How trying a rule ends: it holds, or a [`Stop`] says otherwise.
pub type Trial<'a> = Pin<Box<dyn Future<Output = Result<(), Stop>> + Send + 'a>>;

/// One rule of the catalogue.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Its stable id, `area.name`.
    pub id: &'static str,
    /// What it asks, in one sentence.
    pub title: &'static str,
    /// How it is tried and why it matters, for `recoup rules --explain`.
    pub explanation: &'static str,
    /// The ids of the clauses that it is tied to.
    pub clauses: &'static [&'static str],
    /// How much it binds.
    pub level: Level,
    /// The known bugs that it must catch, by the names of `recoup serve --fault`.
    pub catches: &'static [&'static str],
    /// When it runs.
    pub turn: Turn,
    /// Tries it.
    pub attempt: for<'a> fn(&'a mut Probe) -> Trial<'a>,
}

impl Rule {
    /// The clauses that it is tied to.
    pub fn clauses(&self) -> impl Iterator<Item = &'static Clause> {
        self.clauses.iter().filter_map(|id| Clause::find(id))
    }
}

/// When a rule runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Turn {
    /// At once with others.
    Together,
    /// With the gateway for itself: races.
    Alone,
    /// When all others have ended: it reports what they met.
    Last,
}

/// Why a rule did not simply hold.
#[derive(Debug)]
pub enum Stop {
    /// It is broken.
    Failed(Box<Failure>),
    /// An open point: what the gateway does.
    Observed(String),
    /// It can't be tried here, because of this.
    Skipped(String),
    /// What it needs could not be had.
    Blocked(String, Option<Box<ExchangeEvidence>>),
    /// What came back decides nothing.
    Inconclusive(String),
}

/// What shows that a rule is broken.
#[derive(Debug, Default)]
pub struct Failure {
    /// What is wrong, in one line.
    pub message: String,
    /// Whether money moved, or can move, that should not.
    pub is_money: bool,
    /// Whether it fails the run however little its rule binds: the gateway
    /// gives its keys away, or no longer serves anybody.
    pub is_grave: bool,
    /// The exchanges that show it.
    pub evidence: Vec<ExchangeEvidence>,
    /// What was expected, what came, and what the drain found.
    pub detail: FailureDetail,
}

impl Stop {
    /// The reason, in one line.
    pub fn reason(&self) -> &str {
        match self {
            Self::Failed(failure) => &failure.message,
            Self::Observed(text)
            | Self::Skipped(text)
            | Self::Blocked(text, _)
            | Self::Inconclusive(text) => text,
        }
    }

    /// The rule is broken, as this exchange shows.
    pub fn failed(message: impl Into<String>, reply: &Reply) -> Self {
        Self::Failed(Box::new(Failure {
            message: message.into(),
            evidence: vec![reply.exhibit()],
            detail: came(Some(reply)),
            ..Failure::default()
        }))
    }

    /// The rule is broken, as this evidence shows.
    pub fn failed_by(message: impl Into<String>, evidence: ExchangeEvidence) -> Self {
        Self::Failed(Box::new(Failure {
            message: message.into(),
            evidence: vec![evidence],
            ..Failure::default()
        }))
    }

    /// The rule is broken so that it fails the run at every level.
    pub fn grave(message: impl Into<String>, evidence: ExchangeEvidence) -> Self {
        Self::Failed(Box::new(Failure {
            message: message.into(),
            is_grave: true,
            evidence: vec![evidence],
            ..Failure::default()
        }))
    }

    /// The gateway stopped answering others: `hostile` was sent, and `canary`
    /// was not answered any more.
    pub fn outage(message: impl Into<String>, hostile: &Reply, canary: &Reply) -> Self {
        Self::Failed(Box::new(Failure {
            message: message.into(),
            is_grave: true,
            evidence: vec![hostile.exhibit(), canary.exhibit()],
            detail: came(Some(canary)),
            ..Failure::default()
        }))
    }

    /// A refund invariant is broken, as these exchanges show.
    pub fn money<'a>(
        message: impl Into<String>,
        replies: impl IntoIterator<Item = &'a Reply>,
    ) -> Self {
        let replies: Vec<&Reply> = replies.into_iter().collect();
        Self::Failed(Box::new(Failure {
            message: message.into(),
            is_money: true,
            evidence: replies.iter().map(|reply| reply.exhibit()).collect(),
            detail: came(replies.last().copied()),
            ..Failure::default()
        }))
    }

    /// The same with what should have come instead.
    #[must_use]
    pub fn expecting(mut self, expected: impl Into<String>) -> Self {
        if let Self::Failed(failure) = &mut self {
            failure.detail.expected = Some(expected.into());
        }
        self
    }

    /// The same with what the drain found.
    #[must_use]
    pub fn drained(mut self, found: impl Into<String>) -> Self {
        if let Self::Failed(failure) = &mut self {
            failure.detail.drained = Some(found.into());
        }
        self
    }
}

/// What is known of a failure whose last answer is this one.
fn came(reply: Option<&Reply>) -> FailureDetail {
    FailureDetail {
        actual: reply.map(|reply| format!("{}, {}", reply.outcome(), reply.summary())),
        ..FailureDetail::default()
    }
}
