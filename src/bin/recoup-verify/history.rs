//! The raw history, read by nobody's code but this.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Check, binary, ensure};

const REFUND: [&str; 7] = [
    "accepted",
    "exceeds",
    "state",
    "duplicate",
    "refused",
    "unknown",
    "not-sent",
];
const QUERY: [&str; 2] = ["refunded", "not-refunded"];

/// A refund or a query.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) order: String,
    /// The refund's number; `None` for a query.
    pub(crate) refund: Option<String>,
    pub(crate) amount: i128,
    pub(crate) sent: u64,
    pub(crate) answered: Option<u64>,
    pub(crate) outcome: String,
}

/// A whole history.
pub(crate) struct History {
    /// What a repeated number is answered with: `replay`, `refuse`, `either`.
    pub(crate) duplicates: String,
    pub(crate) may_fail_later: bool,
    pub(crate) paid: BTreeMap<String, i128>,
    pub(crate) entries: Vec<Entry>,
    /// Orders that other machines refunded as well, whose refunds are not here.
    pub(crate) shared: BTreeSet<String>,
    /// Orders of which a refund was accepted as one that is dealt with later.
    pub(crate) dealing: BTreeSet<String>,
    /// Which entry was sent or answered at a place,
    places: BTreeMap<u64, usize>,
    /// which are of an order,
    of_order: BTreeMap<String, Vec<usize>>,
    /// and which are of a refund number, whichever order it names.
    of_number: BTreeMap<String, Vec<usize>>,
}

pub(crate) fn text(value: &Value, name: &str) -> Check<String> {
    let found = value[name].as_str().map(str::to_owned);
    found.ok_or_else(|| format!("{name} is missing or no text"))
}

pub(crate) fn whole(value: &Value, name: &str) -> Check<i128> {
    let found = value[name].as_i64().map(i128::from);
    found.ok_or_else(|| format!("{name} is missing or no whole number"))
}

impl Entry {
    /// Reads what records of histories and of certificates have in common.
    pub(crate) fn read(value: &Value) -> Check<Self> {
        let refund = value["refund"].as_str().map(str::to_owned);
        let answered = &value["answered"];
        ensure(
            answered.is_null() || answered.is_u64(),
            "answered at no place",
        )?;
        Ok(Self {
            order: text(value, "order")?,
            amount: refund.as_ref().map_or(Ok(0), |_| whole(value, "amount"))?,
            refund,
            sent: value["sent"].as_u64().ok_or("sent at no place")?,
            answered: answered.as_u64(),
            outcome: text(value, "outcome")?,
        })
    }

    pub(crate) fn is(&self, outcome: &str) -> bool {
        self.outcome == outcome
    }
}

impl History {
    /// Reads a history of either form, and refuses one that is not whole.
    pub(crate) fn read(source: &[u8]) -> Check<Self> {
        let mut history: Option<Self> = None;
        if source.first() == Some(&binary::FIRST) {
            binary::read(source, |line| match &mut history {
                Some(history) => history.add(&line),
                None => {
                    history = Some(Self::begin(&line)?);
                    Ok(())
                }
            })?;
        } else {
            let source = std::str::from_utf8(source).map_err(|_| "the history is no text")?;
            let lines = source.lines().zip(1..);
            for (line, number) in lines.filter(|(line, _)| !line.trim().is_empty()) {
                let at = |reason| format!("line {number} of the history: {reason}");
                let value = serde_json::from_str(line);
                let Some(history) = &mut history else {
                    let head = value.map_err(|error| error.to_string())?;
                    history = Some(Self::begin(&head)?);
                    continue;
                };
                let value = value.map_err(|_| at("cut off, or no JSON".into()))?;
                history.add(&value).map_err(at)?;
            }
        }
        let history = history.ok_or("the history is empty")?;
        let declared = |entry: &Entry| history.paid.contains_key(&entry.order);
        ensure(
            history.entries.iter().all(declared),
            "an order is never declared",
        )?;
        Ok(history)
    }

    /// A history with this first line.
    fn begin(head: &Value) -> Check<Self> {
        let schema = "recoup.history/1";
        ensure(head["schema"] == schema, "the history has another schema")?;
        let late = head["lateFailure"].as_bool();
        Ok(Self {
            duplicates: text(head, "duplicates")?,
            may_fail_later: late.ok_or("the history says nothing of late failure")?,
            paid: BTreeMap::new(),
            entries: Vec::new(),
            shared: BTreeSet::new(),
            dealing: BTreeSet::new(),
            places: BTreeMap::new(),
            of_order: BTreeMap::new(),
            of_number: BTreeMap::new(),
        })
    }

    fn add(&mut self, value: &Value) -> Check<()> {
        let kind = text(value, "type")?;
        if kind == "order" {
            let order = text(value, "order")?;
            if value["shared"] == true {
                self.shared.insert(order.clone());
            }
            let before = self.paid.insert(order, whole(value, "paid")?);
            return ensure(before.is_none(), "the order is declared twice");
        }
        let entry = Entry::read(value)?;
        let (is_refund, is_answered) = (entry.refund.is_some(), entry.answered.is_some());
        let known = match kind.as_str() {
            "refund" => is_refund && REFUND.contains(&entry.outcome.as_str()),
            "query" => !is_refund && QUERY.contains(&entry.outcome.as_str()),
            _ => false,
        };
        ensure(known, "no record of a history")?;
        ensure(
            is_answered || entry.is("unknown") || entry.is("not-sent"),
            "no answer",
        )?;
        ensure(
            !is_answered || !entry.is("not-sent"),
            "an answer to nothing",
        )?;
        ensure(
            entry.answered.is_none_or(|place| place > entry.sent),
            "answered before sent",
        )?;
        let index = self.entries.len();
        for place in [Some(entry.sent), entry.answered].into_iter().flatten() {
            let taken = self.places.insert(place, index);
            ensure(taken.is_none(), "its place is taken already")?;
        }
        let order = entry.order.clone();
        self.of_order.entry(order).or_default().push(index);
        if let Some(number) = entry.refund.clone() {
            self.of_number.entry(number).or_default().push(index);
        }
        if entry.is("accepted") && value["status"] == 0 {
            self.dealing.insert(entry.order.clone());
        }
        self.entries.push(entry);
        Ok(())
    }

    /// The entry that was sent, or answered, at a place.
    pub(crate) fn at(&self, place: u64) -> Option<&Entry> {
        self.places.get(&place).map(|&index| &self.entries[index])
    }

    /// What of an order reached the gateway.
    pub(crate) fn sent_for(&self, order: &str) -> impl Iterator<Item = &Entry> {
        let entries = self.listed(self.of_order.get(order));
        entries.filter(|entry| !entry.is("not-sent"))
    }

    /// What of a refund number reached the gateway, whichever order it named.
    pub(crate) fn sent_as(&self, number: &str) -> impl Iterator<Item = &Entry> {
        self.named(number).filter(|entry| !entry.is("not-sent"))
    }

    /// Every attempt under a refund number.
    pub(crate) fn named(&self, number: &str) -> impl Iterator<Item = &Entry> {
        self.listed(self.of_number.get(number))
    }

    fn listed(&self, indices: Option<&Vec<usize>>) -> impl Iterator<Item = &Entry> {
        let indices = indices.map_or(&[][..], Vec::as_slice);
        indices.iter().map(|&index| &self.entries[index])
    }

    /// Whether other attempts for its order were under way at the same time.
    pub(crate) fn overlaps(&self, entry: &Entry) -> bool {
        self.sent_for(&entry.order).any(|other| {
            other.refund.is_some()
                && other.sent != entry.sent
                && entry.answered.is_none_or(|answered| other.sent < answered)
                && other.answered.is_none_or(|answered| answered > entry.sent)
        })
    }
}
