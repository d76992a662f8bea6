//! What a gateway verifies: the text of a request as it was sent, or what it
//! made of it.
//!
//! One text is sent that no serialiser writes, signed over itself and over
//! what serialisers make of it. Which signatures are taken tells which text
//! the gateway hashes.

use crate::generate::Part;
use crate::protocol::signature::sign;
use crate::protocol::{OrderNo, Rewriting};
use crate::verdict::dialect::REQUEST_SIGNATURE;

use super::interview::Interview;
use super::reaction::Reaction;
use super::topic::{Question, Silence, Topic};

pub(super) const TOPIC: Topic = Topic {
    name: "dialect.request-signature",
    questions: &[Question {
        point: REQUEST_SIGNATURE,
        text: "Which text is the signature of a request verified over?",
    }],
    ask: |interview| Box::pin(ask(interview)),
};

/// What an operatorId may be to tell escapes apart; and, for a gateway that
/// refuses such a text, one that can't.
const OPERATORS: [&str; 2] = ["\"a\\/\u{e9}\"", "\"ab\""];

async fn ask(interview: &mut Interview) -> Result<(), Silence> {
    let order = interview.paid(100).await?.number;
    for operator in OPERATORS {
        if let Some((word, sentence)) = listen(interview, &order, operator).await? {
            interview.note(REQUEST_SIGNATURE, word, sentence);
            return Ok(());
        }
    }
    Err(Silence(
        "no signature was taken, neither over the raw text nor over any re-serialised one"
            .to_owned(),
    ))
}

/// The answer and its sentence; `None` where no signature at all was taken.
async fn listen(
    interview: &mut Interview,
    order: &OrderNo,
    operator: &str,
) -> Result<Option<(String, String)>, Silence> {
    let raw = is_taken(interview, order, operator, None).await?;
    let mut anew = Vec::new();
    let rewritings = distinct(&raw_text(interview, order, operator));
    let usual = rewritings
        .iter()
        .filter(|rewriting| Rewriting::USUAL.contains(rewriting))
        .count();
    for (place, rewriting) in rewritings.into_iter().enumerate() {
        // Where something was taken, the rarer ones need no question.
        let is_needed = place < usual || (!raw && anew.is_empty());
        if is_needed && is_taken(interview, order, operator, Some(rewriting)).await? {
            anew.push(rewriting);
        }
    }
    let words: Vec<&str> = anew.iter().map(|rewriting| rewriting.word).collect();
    let descriptions: Vec<&str> = anew.iter().map(|rewriting| rewriting.description).collect();
    let descriptions = descriptions.join("; or ");
    Ok(match (raw, &anew[..]) {
        (false, []) => None,
        (true, []) => Some((
            "raw".to_owned(),
            "verifies the raw text of a request, byte for byte".to_owned(),
        )),
        (true, all) if all.len() == usual => Some((
            "anything".to_owned(),
            "takes a signature over each text that was tried, and seems to verify none".to_owned(),
        )),
        (true, _) => Some((
            format!("raw,{}", words.join(",")),
            format!(
                "verifies the raw text of a request, and takes a signature over a re-serialised copy too: {descriptions}"
            ),
        )),
        (false, _) => Some((
            words.join(","),
            format!(
                "verifies a re-serialised copy of a request, and not its raw text: {descriptions}"
            ),
        )),
    })
}

/// Whether a refund of 1 is taken that is signed over its text written anew;
/// over the text as it stands where no rewriting is given.
async fn is_taken(
    interview: &mut Interview,
    order: &OrderNo,
    operator: &str,
    rewriting: Option<&Rewriting>,
) -> Result<bool, Silence> {
    let raw = raw_text(interview, order, operator);
    let (name, signed) = match rewriting {
        None => ("its raw text", raw.clone()),
        Some(rewriting) => (
            rewriting.word,
            rewriting.of(&raw).expect("the value is valid"),
        ),
    };
    let signature = sign(signed.as_bytes(), &interview.probe().caller().partner.key);
    let document = format!("{{\"request\":{raw},\"signature\":\"{signature}\"}}");
    let label = format!("a refund signed over {name}");
    let reply = interview.send(&label, document.as_bytes()).await?;
    Ok(Reaction::of(&reply) == Reaction::Taken)
}

/// A refund of 1 as no serialiser writes it.
fn raw_text(interview: &Interview, order: &OrderNo, operator: &str) -> String {
    let draft = interview
        .draft(order, 1)
        .with_last(Part::Body, "operatorId", operator);
    unusual(&draft.text())
}

/// The rewritings that make different texts of `raw`.
fn distinct(raw: &str) -> Vec<&'static Rewriting> {
    let mut texts = Vec::new();
    Rewriting::ALL
        .iter()
        .filter(|rewriting| {
            let text = rewriting.of(raw);
            let is_new = !texts.contains(&text);
            texts.push(text);
            is_new
        })
        .collect()
}

/// A spelling that no serialiser writes: two spaces behind the first brace.
fn unusual(compact: &str) -> String {
    compact.replacen('{', "{  ", 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(operator: &str) -> String {
        unusual(&format!(
            r#"{{"header":{{"version":"1.0"}},"body":{{"refundNo":"r","operatorId":{operator}}}}}"#
        ))
    }

    #[test]
    fn no_serialiser_writes_the_text_that_is_sent() {
        for raw in OPERATORS.map(raw) {
            for rewriting in Rewriting::ALL {
                assert_ne!(rewriting.of(&raw).unwrap(), raw, "{}", rewriting.word);
            }
        }
    }

    #[test]
    fn only_with_something_to_escape_can_all_serialisers_be_told_apart() {
        assert_eq!(distinct(&raw(OPERATORS[0])).len(), Rewriting::ALL.len());
        let plain: Vec<&str> = distinct(&raw(OPERATORS[1]))
            .iter()
            .map(|rewriting| rewriting.word)
            .collect();
        assert_eq!(
            plain[..4],
            ["compact", "sorted", "spaced", "indented"],
            "{plain:?}"
        );
    }
}
