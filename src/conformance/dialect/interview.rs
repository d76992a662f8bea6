//! An interview: a gateway is asked, and what it answers is noted.

use std::collections::BTreeMap;

use crate::conformance::probe::{Probe, Reply, Setting};
use crate::conformance::rule::Stop;
use crate::generate::{Draft, mutate};
use crate::protocol::{Amount, OrderNo, RefundNo};
use crate::target::{PaidOrder, Schedule};
use crate::verdict::DialectPoint;

use super::reaction::Reaction;
use super::topic::{Question, Silence, Topic};

/// A topic's questions being asked.
#[derive(Debug)]
pub(super) struct Interview {
    probe: Probe,
    heard: Vec<Reply>,
    notes: BTreeMap<&'static str, (Option<String>, String)>,
}

/// What came of an interview.
#[derive(Debug, Default)]
pub(super) struct Protocol {
    /// The points of its topic, each with its answer or the reason for none.
    pub(super) points: Vec<DialectPoint>,
    /// Every answer to a call of the API that was heard on the way.
    pub(super) heard: Vec<Reply>,
}

impl Interview {
    /// Asks all of a topic.
    pub(super) async fn about(setting: Setting, topic: &'static Topic) -> Protocol {
        let mut interview = Self {
            probe: Probe::new(setting, topic.name),
            heard: Vec::new(),
            notes: BTreeMap::new(),
        };
        let reason = match (topic.ask)(&mut interview).await {
            Ok(()) => "no answer told".to_owned(),
            Err(Silence(reason)) => reason,
        };
        let points = topic.questions.iter().map(|question| {
            let (answer, note) = interview
                .notes
                .remove(question.point)
                .unwrap_or_else(|| (None, reason.clone()));
            point(question, answer, note)
        });
        Protocol {
            points: points.collect(),
            heard: interview.heard,
        }
    }

    /// The probe, for what only it knows.
    pub(super) const fn probe(&self) -> &Probe {
        &self.probe
    }

    /// Notes the answer at a point, and more about it.
    pub(super) fn note(
        &mut self,
        point: &'static str,
        answer: impl Into<String>,
        more: impl Into<String>,
    ) {
        self.notes.insert(point, (Some(answer.into()), more.into()));
    }

    /// The answer that was noted at a point.
    pub(super) fn noted(&self, point: &str) -> Option<&str> {
        self.notes.get(point)?.0.as_deref()
    }

    /// Notes that a point has no answer, and why.
    pub(super) fn note_silence(&mut self, point: &'static str, reason: impl Into<String>) {
        self.notes.insert(point, (None, reason.into()));
    }

    /// Notes whether a request was taken or refused.
    pub(super) fn note_reaction(&mut self, point: &'static str, reply: &Reply) {
        match Reaction::of(reply) {
            Reaction::Taken => self.note(point, "taken", ""),
            Reaction::Refused(refusal) => self.note(point, "refused", refusal.phrase()),
            Reaction::Open(what) => self.note_silence(point, left_open(&what)),
        }
    }

    /// A fresh paid order.
    ///
    /// # Errors
    /// [`Silence`] where none can be had.
    pub(super) async fn paid(&mut self, amount: i64) -> Result<PaidOrder, Silence> {
        self.probe.paid(amount).await.map_err(|stop| match stop {
            Stop::Blocked(reason, _) | Stop::Skipped(reason) | Stop::Inconclusive(reason) => {
                Silence(format!("no order could be had: {reason}"))
            }
            Stop::Failed(_) | Stop::Observed(_) => Silence("no order could be had".to_owned()),
        })
    }

    /// A valid refund, taken apart to be changed: a fresh number, this order,
    /// this amount.
    pub(super) fn draft(&self, order: &OrderNo, amount: i64) -> Draft {
        Draft::of(&self.probe.value(order, amount)).expect("the value is valid")
    }

    /// Signs a request's text as it stands and sends it.
    ///
    /// # Errors
    /// See [`Self::send`].
    pub(super) async fn send_text(
        &mut self,
        label: &str,
        text: impl AsRef<[u8]>,
    ) -> Result<Reply, Silence> {
        let document = mutate::sealed(text, &self.probe.caller().partner.key);
        self.send(label, &document).await
    }

    /// Asks for a refund under this number.
    ///
    /// # Errors
    /// See [`Self::send`].
    pub(super) async fn refund(
        &mut self,
        label: &str,
        order: &OrderNo,
        number: &RefundNo,
        amount: i64,
    ) -> Result<Reply, Silence> {
        let document = self
            .probe
            .caller()
            .refund(order, number, Amount::new(amount));
        self.send(label, &document).await
    }

    /// Sends a document to the refund call.
    ///
    /// # Errors
    /// [`Silence`] where nothing came in time: who did not answer once is not
    /// asked again.
    pub(super) async fn send(&mut self, label: &str, document: &[u8]) -> Result<Reply, Silence> {
        let reply = self.probe.send(label, document).await;
        answered(label, &reply)?;
        self.heard.push(reply.clone());
        Ok(reply)
    }

    /// Sends the bytes of a whole request; what comes back may be below the
    /// protocol.
    ///
    /// # Errors
    /// See [`Self::send`].
    pub(super) async fn send_bytes(&mut self, label: &str, bytes: &[u8]) -> Result<Reply, Silence> {
        let reply = self
            .probe
            .send_schedule(label, Schedule::whole(bytes.to_vec()))
            .await;
        answered(label, &reply)?;
        Ok(reply)
    }
}

/// A point as a report shows it.
pub(super) fn point(question: &Question, answer: Option<String>, note: String) -> DialectPoint {
    DialectPoint {
        point: question.point,
        question: question.text,
        answer,
        note,
    }
}

/// Why a point stays open after an answer like this.
pub(super) fn left_open(what: &str) -> String {
    format!("the answer left it open ({what})")
}

fn answered(label: &str, reply: &Reply) -> Result<(), Silence> {
    if reply.timed_out() {
        return Err(Silence(format!("{label} was not answered in time")));
    }
    Ok(())
}
