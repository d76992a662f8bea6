//! What is no valid request, and the code that it is refused with.

use recoup::protocol::{Direction, SignKey, envelope};

use crate::client::{Session, caller, shop, start};

const REFUND: &str = "/api/common/refund";

/// A valid request value, the one that every row changes.
const GOOD: &str = r#"{"header":{"requestTime":"2018-07-25T18:06:05+08:00","partnerNo":"10001","signType":"SHA256","version":"1.0","reqMsgId":"fd03f269-3180-4575-8af0-8f6cf324fb0f"},"body":{"partnerOrderNo":"o","refundNo":"r","orderAmount":100,"operatorId":"211918"}}"#;

/// What a change of the request value, signed as it then stands, is answered
/// with.
const CHANGES: &[(&str, &str, i64)] = &[
    // The header.
    (r#""partnerNo":"10001","#, "", 4),
    (r#""10001""#, r#""""#, 4),
    (r#""10001""#, "null", 4),
    (r#""10001""#, "10001", 5),
    (r#""10001""#, r#""1000100010001000""#, 5),
    (r#""10001""#, r#""10003""#, 3),
    (r#""10001""#, r#""10001 ""#, 3),
    (r#""10001""#, r#""10001","partnerNo":"10002""#, 5),
    (r#""10001""#, r#""10001","p\u0061rtnerNo":"10002""#, 5),
    (r#""requestTime":"2018-07-25T18:06:05+08:00","#, "", 4),
    ("2018-07-25T18:06:05+08:00", "", 5),
    ("2018-07-25T18:06:05+08:00", "2018-02-30T18:06:05+08:00", 5),
    ("2018-07-25T18:06:05+08:00", "2018-07-25T18:06:05", 5),
    (r#""2018-07-25T18:06:05+08:00""#, "1532513165", 5),
    (r#","version":"1.0""#, "", 4),
    (r#""version":"1.0""#, r#""version":"2.0""#, 5),
    (r#""SHA256""#, r#""MD5""#, 5),
    (
        r#","reqMsgId":"fd03f269-3180-4575-8af0-8f6cf324fb0f""#,
        "",
        4,
    ),
    ("fd03f269-", "fd03f269-0", 5),
    // The body.
    (r#""partnerOrderNo":"o","#, "", 4),
    (r#""partnerOrderNo":"o""#, r#""partnerOrderNo":"""#, 4),
    (r#""partnerOrderNo":"o""#, r#""partnerOrderNo":null"#, 4),
    (r#""partnerOrderNo":"o""#, r#""partnerOrderNo":["o"]"#, 5),
    (
        r#""partnerOrderNo":"o""#,
        r#""partnerOrderNo":"o\u0000""#,
        5,
    ),
    (r#""partnerOrderNo":"o""#, r#""partnerOrderNo":"\ud800""#, 5),
    (
        r#""partnerOrderNo":"o""#,
        r#""partnerOrderNo":"012345678901234567890123456789012""#,
        5,
    ),
    (r#""partnerOrderNo":"o""#, r#""partnerOrderNo":"O""#, 30),
    (r#""partnerOrderNo":"o""#, r#""partnerOrderNo":"o ""#, 30),
    (r#""refundNo":"r","#, "", 4),
    (r#""refundNo":"r","#, r#""refundNo":"r","refundNo":"s","#, 5),
    (r#""refundNo""#, r#"" refundNo ""#, 4),
    (r#","orderAmount":100"#, "", 4),
    (":100", ":null", 4),
    (":100", ":0", 5),
    (":100", ":-0", 5),
    (":100", ":-100", 5),
    (":100", ":1e2", 5),
    (":100", ":100.0", 5),
    (":100", ":100.000000000000000000000000000001", 5),
    (":100", r#":"100""#, 5),
    (":100", ":true", 5),
    (":100", ":{}", 5),
    (":100", ":9223372036854775808", 5),
    (":100", ":1e400", 5),
    (":100", ":100,\"orderAmount\":1", 5),
    (":100", ":101", 35),
    (":100", ":9223372036854775807", 35),
    (":100", ":0100", 6),
    (":100", ":+100", 6),
    (":100", ":NaN", 6),
    (":100", ":100,", 6),
    (r#""211918""#, r#""012345678901234567890""#, 5),
    (r#""211918""#, "211918", 5),
    (r#""211918""#, "\"\t\"", 6),
    // The envelope's value.
    (r#""body""#, r#""Body""#, 4),
    (r#""header""#, r#""Header""#, 4),
];

#[tokio::test]
async fn a_malformed_request_is_refused_with_its_code_and_moves_nothing() {
    let gateway = start(|_| {}).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    for (from, to, code) in CHANGES {
        assert!(GOOD.contains(from), "{from} is not there to be changed");
        let request = GOOD.replacen(from, to, 1);
        let document = session.caller.seal_raw(&request);
        let answer = session.call(REFUND, &document).await;
        assert_eq!(answer.code(), *code, "{from} -> {to}: {answer:?}");
        assert_eq!(answer.status, 200);
        assert!(answer.member("msg").as_str().unwrap().len() <= 100);
        assert!(answer.member("orderAmount").is_null(), "{answer:?}");
    }
    // All of it is still there, and the number is still free.
    let document = session.caller.seal_raw(GOOD);
    assert_eq!(session.call(REFUND, &document).await.code(), 1);
}

/// Whole documents, which are no envelopes of a request.
fn documents() -> Vec<(Vec<u8>, i64)> {
    let signed = |request: &str| shop().seal_raw(request);
    let text = |text: &str| text.as_bytes().to_vec();
    let good = String::from_utf8(signed(GOOD)).unwrap();
    let signature = good[good.len() - 66..good.len() - 2].to_owned();
    let with_signature = |other: &str| text(&good.replace(&signature, other));
    let mut not_utf8 = text(&good);
    not_utf8[100] = 0xff;
    let mut response = Vec::new();
    envelope::seal_raw(
        Direction::Response,
        GOOD.as_bytes(),
        &SignKey::new("123456").unwrap(),
        &mut response,
    );
    vec![
        (Vec::new(), 6),
        (text("  "), 6),
        (text("{"), 6),
        (text(&good[..good.len() - 1]), 6),
        (text(&format!("{good}x")), 6),
        (text(&format!("{good}{good}")), 6),
        (text(&format!("\u{feff}{good}")), 6),
        (text(&good.replace('"', "'")), 6),
        (not_utf8, 6),
        (text(&"[".repeat(30_000)), 6),
        (text(&("[".repeat(30_000) + &"]".repeat(30_000))), 6),
        (text("[]"), 5),
        (text("null"), 5),
        (text("\"request\""), 5),
        (text("{}"), 4),
        (text(&format!("[{good}]")), 5),
        (response, 4),
        (text(&good.replace("\"signature\"", "\"Signature\"")), 4),
        (text(&good.replace("\"request\"", "\"Request\"")), 4),
        (signed("null"), 4),
        (signed("{}"), 4),
        (signed("[]"), 5),
        (signed("\"{}\""), 5),
        (signed(r#"{"header":null,"body":{}}"#), 4),
        (signed(r#"{"header":[],"body":{}}"#), 5),
        (
            signed(&GOOD.replace(r#""body":{"#, r#""body":null,"b":{"#)),
            4,
        ),
        (
            signed(&GOOD.replace(r#""body":{"#, r#""body":[],"b":{"#)),
            5,
        ),
        (signed(&format!(r#"{{"header":{{}},{}"#, &GOOD[1..])), 5),
        (with_signature(""), 4),
        (with_signature(&signature[..63]), 8),
        (with_signature(&format!("{signature}0")), 8),
        (with_signature(&signature.to_uppercase()), 8),
        (with_signature(&"0".repeat(64)), 8),
        (text(&good.replace(&format!("\"{signature}\""), "17")), 5),
        (text(&good.replace(":100", ":101")), 8),
        (text(&good.replace(":100", ": 100")), 8),
        (text(&good.replace("211918", "21191\\u0038")), 8),
        // The signed value, and another one beside it.
        (text(&format!(r#"{{"request":{{}},{}"#, &good[1..])), 5),
        (text(&format!(r#"{{"\u0072equest":{{}},{}"#, &good[1..])), 5),
        (
            text(&format!(
                r#"{{"signature":"","signature":"",{}"#,
                &good[1..]
            )),
            5,
        ),
        // Somebody else's key.
        (caller("10001", "654321").seal_raw(GOOD), 8),
        (caller("10001", "123456\n").seal_raw(GOOD), 8),
    ]
}

#[tokio::test]
async fn a_document_that_is_no_signed_envelope_is_refused_with_its_code() {
    let gateway = start(|_| {}).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    for (document, code) in documents() {
        let answer = session.call(REFUND, &document).await;
        let shown = String::from_utf8_lossy(&document[..document.len().min(600)]);
        assert_eq!(answer.code(), code, "{shown}");
    }
    assert_eq!(session.drain("o").await, 100);
}

#[tokio::test]
async fn a_bad_signature_reveals_nothing_of_what_else_is_wrong() {
    let gateway = start(|_| {}).await;
    let mut session = Session::open(&gateway, shop()).await;
    let forger = caller("10001", "guessed");
    for (from, to) in [
        (r#""refundNo":"r","#, ""),
        (":100", ":-100"),
        (":100", ":100,\"orderAmount\":1"),
        (r#""o""#, r#""nowhere""#),
        (r#""version":"1.0""#, r#""version":"9""#),
    ] {
        let document = forger.seal_raw(&GOOD.replacen(from, to, 1));
        assert_eq!(session.call(REFUND, &document).await.code(), 8, "{to}");
    }
}

#[tokio::test]
async fn any_spelling_of_a_valid_request_is_good_where_it_is_the_one_that_was_signed() {
    let gateway = start(|_| {}).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    let replay = |text: String| session.caller.seal_raw(&text);
    let good = String::from_utf8(replay(GOOD.to_owned())).unwrap();
    let documents = [
        replay(GOOD.replace(",\"", " ,\r\n\t\"")),
        replay(GOOD.replace("211918", "2\\u0031\\/1918")),
        replay(GOOD.replace("requestTime", "reqTime")),
        replay(GOOD.replace(r#""signType":"SHA256","#, "")),
        replay(GOOD.replace("fd03f269-3180-4575-8af0-8f6cf324fb0f", "")),
        replay(GOOD.replace(
            r#""operatorId":"211918""#,
            r#""tradeSummary":false,"operatorId":null"#,
        )),
        good.replace("{\"request\":", " { \"request\" : ")
            .into_bytes(),
        good.replace("{\"request\":", "{\"meta\":{\"request\":{}},\"request\":")
            .into_bytes(),
    ];
    for document in documents {
        let answer = session.call(REFUND, &document).await;
        assert_eq!(answer.code(), 1, "{}", String::from_utf8_lossy(&document));
    }
    assert_eq!(session.drain("o").await, 0);
}

#[tokio::test]
async fn an_answer_names_its_partner_and_has_a_fresh_message_id() {
    let gateway = start(|_| {}).await;
    let mut session = Session::open(&gateway, shop()).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        let answer = session.refund("none", "r", 1).await;
        assert_eq!(answer.header_member("partnerNo"), "10001");
        assert_eq!(answer.header_member("version"), "1.0");
        ids.push(
            answer
                .header_member("reqMsgId")
                .as_str()
                .unwrap()
                .to_owned(),
        );
    }
    assert!(ids.iter().all(|id| id.len() == 32));
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 3);

    // Who is not known is not named, and the first partner's key signs.
    let answer = session.call(REFUND, b"nonsense").await;
    assert_eq!(answer.header_member("partnerNo"), "");
    let stranger = caller("99999", "123456").seal_raw(&GOOD.replace("10001", "99999"));
    assert_eq!(session.call(REFUND, &stranger).await.code(), 3);
}

#[tokio::test]
async fn a_query_without_a_number_and_a_payment_of_nothing_have_their_codes() {
    let gateway = start(|_| {}).await;
    let mut session = Session::open(&gateway, shop()).await;
    let body = GOOD.find("\"body\":").unwrap() + 7;
    for (path, changed, code) in [
        ("/api/common/payQuery", r#"{"storeNo":"1"}"#, 7),
        (
            "/api/common/payQuery",
            r#"{"partnerOrderNo":"","orderNo":null}"#,
            7,
        ),
        ("/api/common/payQuery", r#"{"orderNo":5}"#, 5),
        ("/api/common/payQuery", r#"{"orderNo":"o"}"#, 30),
        ("/api/common/payQuery", r#"{"partnerOrderNo":"o"}"#, 30),
        (
            "/api/offline/pay",
            r#"{"storeNo":"1","partnerOrderNo":"o","barcode":"1","orderAmount":0}"#,
            5,
        ),
        (
            "/api/offline/pay",
            r#"{"storeNo":"1","partnerOrderNo":"o","barcode":"1","orderAmount":-5}"#,
            5,
        ),
        (
            "/api/offline/pay",
            r#"{"storeNo":"1","partnerOrderNo":"o","orderAmount":5}"#,
            4,
        ),
    ] {
        let request = format!("{}{changed}}}", &GOOD[..body]);
        let document = session.caller.seal_raw(&request);
        assert_eq!(
            session.call(path, &document).await.code(),
            code,
            "{changed}"
        );
    }
}
