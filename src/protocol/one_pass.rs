//! The short way through an answer: envelope, header and body in one pass.
//!
//! A load reads an answer for every request, and reading each object by itself
//! goes over most of it three times. What is not plain, or has anything twice,
//! is left to [`Envelope::parse`](super::Envelope::parse) and
//! [`Answer::read`], which can say what is wrong: what is read here they read
//! as well, and find the same.

use std::borrow::Cow;

use super::answer::{Answer, BodyTexts, HeaderTexts};
use super::object::text_of;
use super::plain::Scanner;

/// An answer that nothing is wrong with but, perhaps, its values.
#[derive(Debug, Clone)]
pub struct PlainAnswer<'a> {
    /// The signed text.
    pub raw: &'a str,
    /// The signature, as it stands.
    pub signature: Cow<'a, str>,
    /// What it says.
    pub answer: Answer<'a>,
}

impl<'a> PlainAnswer<'a> {
    /// Reads the document of a response; `None` where it takes the long way to
    /// see what it is.
    pub fn read(document: &'a [u8]) -> Option<Self> {
        let text = std::str::from_utf8(document).ok()?;
        let mut parts = Parts::default();
        Scanner::new(text).document(|scanner| parts.envelope(scanner))?;
        let (Some(header), Some(body)) = (parts.header, parts.body) else {
            return None;
        };
        Some(Self {
            raw: parts.raw?,
            signature: text_of(parts.signature?).ok()?,
            answer: Answer::of(&header, &body),
        })
    }
}

#[derive(Default)]
struct Parts<'a> {
    raw: Option<&'a str>,
    signature: Option<&'a str>,
    header: Option<HeaderTexts<'a>>,
    body: Option<BodyTexts<'a>>,
}

impl<'a> Parts<'a> {
    fn envelope(&mut self, scanner: &mut Scanner<'a>) -> Option<()> {
        let mut strangers = Strangers::default();
        scanner.object(|scanner, name| match name {
            "response" => {
                let raw = scanner.text_of(|scanner| self.response(scanner))?;
                put(&mut self.raw, raw)
            }
            "signature" => put(&mut self.signature, scanner.text_of(Scanner::value)?),
            _ => strangers.meet(name).and_then(|()| scanner.value()),
        })
    }

    fn response(&mut self, scanner: &mut Scanner<'a>) -> Option<()> {
        let mut strangers = Strangers::default();
        scanner.object(|scanner, name| match name {
            "header" => put(
                &mut self.header,
                texts(scanner, |name| match name {
                    "partnerNo" => Some(0),
                    "respTime" => Some(1),
                    "signType" => Some(2),
                    "version" => Some(3),
                    "reqMsgId" => Some(4),
                    "respMsgId" => Some(5),
                    _ => None,
                })?,
            ),
            "body" => put(
                &mut self.body,
                texts(scanner, |name| match name {
                    "code" => Some(0),
                    "msg" => Some(1),
                    "orderAmount" => Some(2),
                    "status" => Some(3),
                    "currency" => Some(4),
                    "orderNo" => Some(5),
                    "partnerOrderNo" => Some(6),
                    _ => None,
                })?,
            ),
            _ => strangers.meet(name).and_then(|()| scanner.value()),
        })
    }
}

/// Goes over an object and gives the texts of those members that `place` has
/// one for.
fn texts<'a, const N: usize>(
    scanner: &mut Scanner<'a>,
    place: impl Fn(&str) -> Option<usize>,
) -> Option<[Option<&'a str>; N]> {
    let mut found = [None; N];
    let mut strangers = Strangers::default();
    scanner.object(|scanner, name| {
        let text = scanner.text_of(Scanner::value)?;
        match place(name) {
            Some(place) => put(&mut found[place], text),
            None => strangers.meet(name),
        }
    })?;
    Some(found)
}

/// Puts what was found in its place, unless something stands there.
fn put<T>(place: &mut Option<T>, found: T) -> Option<()> {
    if place.is_some() {
        return None;
    }
    *place = Some(found);
    Some(())
}

/// The members of an object that the protocol does not know: there may be
/// some, but none twice.
#[derive(Default)]
struct Strangers<'a> {
    met: [&'a str; 8],
    count: usize,
}

impl<'a> Strangers<'a> {
    /// `None` where this one was met before, or there are too many to tell.
    fn meet(&mut self, name: &'a str) -> Option<()> {
        if self.met[..self.count].contains(&name) {
            return None;
        }
        *self.met.get_mut(self.count)? = name;
        self.count += 1;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::answer::{BODY, HEADER};
    use super::super::envelope::{Direction, Envelope};
    use super::*;

    fn member(names: &'static [&'static str]) -> impl Strategy<Value = String> {
        let value = prop::sample::select(vec![
            "1",
            "-7",
            "1.0",
            "\"\"",
            "\"x\"",
            "\"\\u0041\"",
            "\"\\ud800\"",
            "null",
            "[]",
            "{\"code\":2}",
            "true",
            "tru",
        ]);
        (prop::sample::select(names), value).prop_map(|(name, value)| format!("\"{name}\":{value}"))
    }

    fn object(members: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
        prop::collection::vec(members, 0..10)
            .prop_map(|members| format!("{{{}}}", members.join(", ")))
    }

    fn named(
        name: &'static str,
        value: impl Strategy<Value = String>,
    ) -> impl Strategy<Value = String> {
        value.prop_map(move |value| format!("\"{name}\" : {value}"))
    }

    /// Documents of which many are right, and the others nearly.
    fn document() -> impl Strategy<Value = String> {
        const KNOWN: &[&str] = &[
            "partnerNo",
            "respTime",
            "signType",
            "version",
            "reqMsgId",
            "respMsgId",
            "code",
            "msg",
            "orderAmount",
            "status",
            "currency",
            "orderNo",
            "partnerOrderNo",
            "a",
            "b",
            "c",
            "d",
            "e",
            "f",
            "g",
            "h",
            "i",
            "\\u0061",
            "header",
            "response",
        ];
        let odd = || member(&["header", "body", "signature", "response", "x"]);
        let response = (
            named("header", object(member(KNOWN))),
            named("body", object(member(KNOWN))),
            prop::collection::vec(odd(), 0..2),
        )
            .prop_map(|(header, body, odd)| {
                let mut members = vec![header, body];
                members.extend(odd);
                format!("{{{}}}", members.join(","))
            });
        (
            named("response", response),
            prop::collection::vec(odd(), 0..2),
            prop::option::weighted(0.9, Just("\"signature\":\"s\"".to_owned())),
        )
            .prop_map(|(response, odd, signature)| {
                let mut members = odd;
                members.push(response);
                members.extend(signature);
                format!("{{{}}}", members.join(","))
            })
    }

    proptest! {
        #[test]
        fn what_is_read_in_one_pass_is_read_alike_the_long_way(document in document()) {
            if let Some(plain) = PlainAnswer::read(document.as_bytes()) {
                let envelope = Envelope::parse(document.as_bytes(), Direction::Response).unwrap();
                prop_assert_eq!(plain.raw, envelope.raw);
                prop_assert_eq!(&plain.signature, &envelope.signature);
                let answer = Answer::read(envelope.raw).unwrap();
                prop_assert_eq!(format!("{:?}", plain.answer), format!("{answer:?}"));
            }
        }
    }

    const ANSWER: &str = r#"{"response":{"header":{"partnerNo":"1","new":[1]},"body":{"code":1,"status":0}},"signature":"s"}"#;

    #[test]
    fn an_answer_of_the_protocol_is_read_in_one_pass() {
        let plain = PlainAnswer::read(ANSWER.as_bytes()).expect("it is plain");
        assert_eq!(plain.signature, "s");
        assert_eq!(plain.answer.status.value(), Some(&0));
    }

    #[test]
    fn what_is_twice_absent_or_no_object_takes_the_long_way() {
        for (what, with) in [
            ("\"code\":1", "\"code\":1,\"code\":1"),
            ("\"new\":[1]", "\"new\":1,\"new\":2"),
            ("\"status\":0}", "\"status\":0},\"body\":{}"),
            (
                "\"signature\":\"s\"",
                "\"signature\":\"s\",\"signature\":\"s\"",
            ),
            (",\"signature\":\"s\"", ""),
            ("\"body\"", "\"Body\""),
            ("\"header\":{", "\"header\":[{"),
        ] {
            let changed = ANSWER.replace(what, with);
            assert_ne!(changed, ANSWER, "{what}");
            assert!(PlainAnswer::read(changed.as_bytes()).is_none(), "{changed}");
        }
    }

    #[test]
    fn each_member_has_its_own_place() {
        let members = |names: &[&str]| {
            let members = names.iter().map(|name| format!("\"{name}\":\"{name}\""));
            members.collect::<Vec<_>>().join(",")
        };
        let raw = format!(
            "{{\"header\":{{{}}},\"body\":{{{}}}}}",
            members(&HEADER),
            members(&BODY)
        );
        let document = format!("{{\"response\":{raw},\"signature\":\"\"}}");
        let plain = PlainAnswer::read(document.as_bytes()).expect("it is plain");
        let answer = Answer::read(&raw).unwrap();
        assert_eq!(format!("{:?}", plain.answer), format!("{answer:?}"));
    }
}
