//! A certificate beside the history that it is about.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::claims::{Case, Cited, Finding};
use super::history::{Entry, History, text, whole};
use super::{Check, ensure};

/// Whether the history bears out the certificate; the claim in words.
///
/// # Errors
/// Why it does not.
pub(crate) fn verify(history: &History, certificate: &str) -> Check<String> {
    let cited: Value = serde_json::from_str(certificate).map_err(|error| error.to_string())?;
    let schema = "recoup.certificate/1";
    ensure(
        cited["schema"] == schema,
        "the certificate has another schema",
    )?;
    let terms = &cited["terms"];
    let is_same = terms["duplicates"] == history.duplicates.as_str()
        && terms["lateFailure"] == history.may_fail_later;
    ensure(is_same, "the history was recorded under other terms")?;
    let order = text(&cited, "order")?;
    let declared = history.paid.get_key_value(&order);
    let (order, &paid) = declared.ok_or("the history has no such order")?;
    ensure(
        whole(&cited, "paid")? == paid,
        "something else was paid for the order",
    )?;
    let case = Case {
        history,
        order,
        paid,
        effects: history.effects(order),
        records: find(&cited["records"], history)?,
    };
    let claim = text(&cited, "claim")?;
    let finding = case.judge(&claim)?;
    compare(&cited, &finding)?;
    let words = finding.inequality.map_or(claim, |(sum, relation, bound)| {
        let sum: Vec<String> = sum.iter().map(i128::to_string).collect();
        format!("{} {relation} {bound}", sum.join(" + "))
    });
    Ok(format!("{} of order {order}: {words}", finding.invariant))
}

/// The records of the history that a certificate cites, with their roles.
fn find<'h>(records: &Value, history: &'h History) -> Check<Vec<Cited<'h>>> {
    let mut found = Vec::new();
    let mut places = BTreeSet::new();
    for record in records.as_array().ok_or("no records are cited")? {
        let cited = Entry::read(record)?;
        let entry = history.at(cited.sent).filter(|entry| **entry == cited);
        let entry = entry.ok_or_else(|| format!("there is no such record at {}", cited.sent))?;
        ensure(places.insert(entry.sent), "a record is cited twice")?;
        found.push((text(record, "role")?, entry));
    }
    Ok(found)
}

/// Every figure of the certificate must be the one that the history gives.
fn compare(cited: &Value, finding: &Finding) -> Check<()> {
    let narrow = |units: &i128| i64::try_from(*units).map_or(Value::Null, Value::from);
    let timing = if finding.is_concurrent {
        "concurrency only"
    } else {
        "sequential"
    };
    let sums = finding.sums.as_ref().map_or(Value::Null, |sums| {
        let [accepted, unknown, wanted] = sums.each_ref().map(narrow);
        json!({ "accepted": accepted, "unknown": unknown, "wanted": wanted })
    });
    let inequality = finding.inequality.as_ref();
    let inequality = inequality.map_or(Value::Null, |(sum, relation, bound)| {
        let sum: Vec<Value> = sum.iter().map(narrow).collect();
        json!({ "sum": sum, "relation": relation, "bound": narrow(bound) })
    });
    for (name, found) in [
        ("invariant", Value::from(finding.invariant)),
        ("timing", Value::from(timing)),
        ("sums", sums),
        ("inequality", inequality),
    ] {
        let what = format!("by the history, {name} is {found}");
        ensure(cited[name] == found, &what)?;
    }
    Ok(())
}
