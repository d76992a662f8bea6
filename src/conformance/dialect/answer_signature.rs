//! What a gateway signs: the text of its answer as it is sent, or another one;
//! and how that text is written.

use crate::conformance::probe::Reply;
use crate::protocol::explain::{Explanation, explain};
use crate::protocol::signature::sign;
use crate::protocol::{Direction, Envelope, Rewriting, SignKey};
use crate::verdict::DialectPoint;
use crate::verdict::dialect::ANSWER_SIGNATURE;

use super::interview::point;
use super::topic::Question;

const SIGNATURE: Question = Question {
    point: ANSWER_SIGNATURE,
    text: "Which text is the signature of an answer over?",
};

const SPELLING: Question = Question {
    point: "answer-spelling",
    text: "How is the JSON of an answer written?",
};

/// Both points, from all the answers that were heard.
pub(super) fn points(heard: &[Reply], key: &SignKey) -> [DialectPoint; 2] {
    let envelopes: Vec<Envelope<'_>> = heard
        .iter()
        .filter_map(|reply| reply.exchange.body())
        .filter_map(|body| Envelope::parse(body, Direction::Response).ok())
        .collect();
    [signature(&envelopes, key), spelling(&envelopes)]
}

fn signature(envelopes: &[Envelope<'_>], key: &SignKey) -> DialectPoint {
    let signed: Vec<&Envelope<'_>> = envelopes
        .iter()
        .filter(|envelope| !envelope.signature.is_empty())
        .collect();
    let Some(first) = signed.first() else {
        return point(&SIGNATURE, None, "no answer was signed".to_owned());
    };
    let unsigned = match envelopes.len() - signed.len() {
        0 => String::new(),
        some => format!("; {some} of {} answers are not signed", envelopes.len()),
    };
    let (word, sentence) = if signed.iter().all(|one| one.verify(key).is_ok()) {
        (
            "raw",
            "signs the raw text of its answer, byte for byte".to_owned(),
        )
    } else if let Some(rewriting) = common(&signed, key) {
        (
            rewriting.word,
            format!(
                "signs a re-serialised copy of its answer, and not the text that it sends: {}",
                rewriting.description
            ),
        )
    } else {
        let wrong = signed.iter().find(|one| one.verify(key).is_err());
        match wrong.and_then(|wrong| explain(wrong, key)) {
            Some(Explanation(what)) => (
                "other",
                format!(
                    "signs something else than its answer's raw text, at least at times: {what}"
                ),
            ),
            None => (
                "unknown",
                format!(
                    "signs something that is not known, at least at times ({} characters of signature)",
                    wrong.unwrap_or(first).signature.chars().count()
                ),
            ),
        }
    };
    let word = match unsigned.as_str() {
        "" => word.to_owned(),
        _ => format!("{word},unsigned"),
    };
    point(&SIGNATURE, Some(word), sentence + &unsigned)
}

/// The rewriting that every signature is over.
fn common(signed: &[&Envelope<'_>], key: &SignKey) -> Option<&'static Rewriting> {
    Rewriting::ALL.iter().find(|rewriting| {
        signed.iter().all(|envelope| {
            rewriting
                .of(envelope.raw)
                .is_some_and(|text| sign(text.as_bytes(), key).as_str() == envelope.signature)
        })
    })
}

fn spelling(envelopes: &[Envelope<'_>]) -> DialectPoint {
    if envelopes.is_empty() {
        return point(&SPELLING, None, "no answer was a response".to_owned());
    }
    let found = Rewriting::ALL.iter().find(|rewriting| {
        envelopes
            .iter()
            .all(|envelope| rewriting.of(envelope.raw).as_deref() == Some(envelope.raw))
    });
    match found {
        Some(rewriting) => point(
            &SPELLING,
            Some(rewriting.word.to_owned()),
            rewriting.description.to_owned(),
        ),
        None => point(
            &SPELLING,
            Some("other".to_owned()),
            "as no usual serialiser writes it".to_owned(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SignKey {
        SignKey::new("123456").unwrap()
    }

    fn document(raw: &str, signed: &str) -> String {
        let signature = sign(signed.as_bytes(), &key());
        format!("{{\"response\":{raw},\"signature\":\"{signature}\"}}")
    }

    fn seen(documents: &[String]) -> (Option<String>, String) {
        let envelopes: Vec<_> = documents
            .iter()
            .map(|one| Envelope::parse(one.as_bytes(), Direction::Response).unwrap())
            .collect();
        let found = signature(&envelopes, &key());
        (found.answer, found.note)
    }

    #[test]
    fn a_gateway_that_signs_another_spelling_is_found_out_by_the_one_that_fits_all() {
        // The first one is the same in every compact spelling.
        let plain = "{\"msg\":\"no\"}";
        let umlaut = "{\"msg\":\"nicht m\u{f6}glich\"}";
        let php = "{\"msg\":\"nicht m\\u00f6glich\"}";
        let (word, note) = seen(&[document(plain, plain), document(umlaut, php)]);
        assert_eq!(word.as_deref(), Some("compact-escaped"));
        assert!(note.contains("as PHP writes it"), "{note}");
        let (word, note) = seen(&[document(plain, plain), document(umlaut, umlaut)]);
        assert_eq!(word.as_deref(), Some("raw"));
        assert!(note.contains("byte for byte"), "{note}");
    }

    #[test]
    fn other_slips_are_named_and_unsigned_answers_counted() {
        let raw = "{\"msg\":\"no\"}";
        let newline = document(raw, "{\"msg\":\"no\"}\n");
        let unsigned = format!("{{\"response\":{raw},\"signature\":\"\"}}");
        let (word, note) = seen(&[newline, unsigned.clone()]);
        assert_eq!(word.as_deref(), Some("other,unsigned"));
        assert!(note.contains("a newline"), "{note}");
        assert!(note.contains("1 of 2 answers are not signed"), "{note}");
        assert_eq!(seen(&[unsigned]).0, None);
        assert_eq!(seen(&[document(raw, "else")]).0.as_deref(), Some("unknown"));
    }
}
