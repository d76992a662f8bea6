//! A rule, and the ways in which trying it can end.

use std::future::Future;
use std::pin::Pin;

use crate::protocol::Clause;
use crate::verdict::{ExchangeEvidence, Level};

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
    /// Whether it needs the gateway for itself: races do.
    pub is_alone: bool,
    /// Tries it.
    pub attempt: for<'a> fn(&'a mut Probe) -> Trial<'a>,
}

impl Rule {
    /// The clauses that it is tied to.
    pub fn clauses(&self) -> impl Iterator<Item = &'static Clause> {
        self.clauses.iter().filter_map(|id| Clause::find(id))
    }
}

/// Why a rule did not simply hold.
#[derive(Debug)]
pub enum Stop {
    /// It is broken.
    Failed(Box<Failure>),
    /// After what this rule did the gateway stopped answering others, which
    /// fails a run whatever the rule's level.
    Outage(Box<Failure>),
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
#[derive(Debug)]
pub struct Failure {
    /// What is wrong, in one line.
    pub message: String,
    /// Whether money moved, or can move, that should not.
    pub is_money: bool,
    /// The exchanges that show it.
    pub evidence: Vec<ExchangeEvidence>,
}

impl Stop {
    /// The rule is broken, as this exchange shows.
    pub fn failed(message: impl Into<String>, reply: &Reply) -> Self {
        Self::Failed(Box::new(Failure {
            message: message.into(),
            is_money: false,
            evidence: vec![reply.exhibit()],
        }))
    }

    /// The gateway stopped answering others: `hostile` was sent, and `canary`
    /// was not answered any more.
    pub fn outage(message: impl Into<String>, hostile: &Reply, canary: &Reply) -> Self {
        Self::Outage(Box::new(Failure {
            message: message.into(),
            is_money: false,
            evidence: vec![hostile.exhibit(), canary.exhibit()],
        }))
    }

    /// A refund invariant is broken, as these exchanges show.
    pub fn money<'a>(
        message: impl Into<String>,
        replies: impl IntoIterator<Item = &'a Reply>,
    ) -> Self {
        Self::Failed(Box::new(Failure {
            message: message.into(),
            is_money: true,
            evidence: replies.into_iter().map(Reply::exhibit).collect(),
        }))
    }
}
