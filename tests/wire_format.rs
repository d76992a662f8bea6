//! The signed bytes of every message, pinned: one snapshot a message, of the
//! whole document.
//!
//! A gateway signs and verifies what stands on the wire, byte for byte. So a
//! member that moves, an escape that changes or a blank that appears is a
//! change of the protocol, even where the JSON value stays the same, and must
//! be seen in review.

#[path = "support/pin.rs"]
mod pin;
#[path = "support/second_opinion.rs"]
mod second_opinion;

use pin::{pin_order_response, pin_refund_response, pin_request};
use recoup::protocol::header::TimeField;
use recoup::protocol::query::{OrderResponse, OrderView};
use recoup::protocol::refund::RefundResponse;
use recoup::protocol::{
    Amount, Barcode, Code, MessageId, OrderNo, OrderState, PartnerNo, PaymentRequest, QueryRequest,
    RefundNo, RefundRequest, RefundStatus, RequestHeader, ResponseHeader, StoreNo, Timestamp,
};

// --- Refund, request ---

#[test]
fn a_refund_request_of_the_required_members() {
    pin_refund_request("refund_request_minimal", &request_header(), &refund());
}

#[test]
fn a_refund_request_with_every_member() {
    let body = RefundRequest {
        operator_id: Some("211918".to_owned()),
        terminal_no: Some("123456".to_owned()),
        ..refund()
    };
    pin_refund_request("refund_request_full", &request_header(), &body);
}

#[test]
fn a_refund_request_whose_time_is_called_req_time() {
    let header = RequestHeader {
        time_field: TimeField::ReqTime,
        ..request_header()
    };
    pin_refund_request("refund_request_req_time", &header, &refund());
}

#[test]
fn a_refund_request_without_a_message_id() {
    let header = RequestHeader {
        message_id: MessageId::new("").unwrap(),
        ..request_header()
    };
    pin_refund_request("refund_request_empty_message_id", &header, &refund());
}

#[test]
fn a_refund_request_whose_operator_needs_escapes() {
    let body = RefundRequest {
        operator_id: Some(r#"é订单𝄞 "a/b\c" <&>"#.to_owned()),
        ..refund()
    };
    pin_refund_request("refund_request_escapes", &request_header(), &body);
}

#[test]
fn a_refund_request_of_the_largest_common_amount() {
    let body = RefundRequest {
        order_amount: Amount::LARGEST_COMMON,
        ..refund()
    };
    pin_refund_request("refund_request_largest_amount", &request_header(), &body);
}

fn pin_refund_request(name: &str, header: &RequestHeader, body: &RefundRequest) {
    pin_request(name, header, body, RefundRequest::read);
}

// --- Payment and query, request ---

#[test]
fn a_payment_request_of_the_required_members() {
    pin_request(
        "pay_request_minimal",
        &request_header(),
        &payment(),
        PaymentRequest::read,
    );
}

#[test]
fn a_payment_request_with_every_member() {
    let body = PaymentRequest {
        order_title: Some("Matcha & 抹茶".to_owned()),
        operator_id: Some("211918".to_owned()),
        terminal_no: Some("123456".to_owned()),
        notify_url: Some("https://shop.example/notify?a=1&b=2".to_owned()),
        ..payment()
    };
    pin_request(
        "pay_request_full",
        &request_header(),
        &body,
        PaymentRequest::read,
    );
}

#[test]
fn a_query_by_the_merchants_number() {
    let body = QueryRequest::by_partner_order_no(None, order_no());
    pin_query_request("query_request_by_partner_order_no", &body);
}

#[test]
fn a_query_by_the_gateways_number() {
    let body = QueryRequest {
        store_no: None,
        partner_order_no: None,
        order_no: Some(OrderNo::new(GATEWAY_ORDER_NO).unwrap()),
    };
    pin_query_request("query_request_by_order_no", &body);
}

#[test]
fn a_query_by_both_numbers_of_a_named_shop() {
    let body = QueryRequest {
        store_no: Some(store_no()),
        partner_order_no: Some(order_no()),
        order_no: Some(OrderNo::new(GATEWAY_ORDER_NO).unwrap()),
    };
    pin_query_request("query_request_by_both", &body);
}

fn pin_query_request(name: &str, body: &QueryRequest) {
    pin_request(name, &request_header(), body, QueryRequest::read);
}

// --- Refund, response ---

#[test]
fn a_refund_response_for_each_status() {
    for (name, status) in [
        ("refund_response_dealing", RefundStatus::Dealing),
        ("refund_response_cancelled", RefundStatus::Cancelled),
        ("refund_response_failed", RefundStatus::Failed),
    ] {
        let body = RefundResponse::accepted(Amount::new(100), status, "JPY");
        pin_refund_response(name, &response_header(), &body);
    }
}

#[test]
fn a_refund_response_for_each_kind_of_failure() {
    for (name, code) in [
        ("parameter_empty", Code::PARAMETER_EMPTY),
        ("signature_invalid", Code::SIGNATURE_INVALID),
        ("system_error", Code::SYSTEM_ERROR),
        ("upstream_timeout", Code::UPSTREAM_TIMEOUT),
        ("order_unknown", Code::ORDER_UNKNOWN),
        ("duplicate", Code::DUPLICATE),
        ("refund_exceeds", Code::REFUND_EXCEEDS),
    ] {
        let body = RefundResponse::failure(code, code.meaning().unwrap());
        pin_refund_response(
            &format!("refund_response_{name}"),
            &response_header(),
            &body,
        );
    }
}

#[test]
fn a_refund_response_to_nobody_in_particular() {
    let header = ResponseHeader {
        partner_no: String::new(),
        message_id: MessageId::new("").unwrap(),
        ..response_header()
    };
    let body = RefundResponse::failure(Code::NOT_JSON, Code::NOT_JSON.meaning().unwrap());
    pin_refund_response("refund_response_not_json", &header, &body);
}

#[test]
fn a_refund_response_in_the_words_of_the_page() {
    let body = RefundResponse::failure(Code::ORDER_UNKNOWN, "订单不存在");
    pin_refund_response("refund_response_page_sample", &response_header(), &body);
}

// --- Payment and query, response ---

#[test]
fn an_order_response_for_each_state() {
    for (name, state) in [
        ("to_be_paid", OrderState::ToBePaid),
        ("paid", OrderState::Paid),
        ("failed", OrderState::Failed),
        ("refunded", OrderState::Refunded),
    ] {
        let unpaid = order(state, None);
        pin_order_response(
            &format!("order_response_{name}_without_pay_time"),
            &response_header(),
            &OrderResponse::success(unpaid),
        );
        let paid = order(state, Some("2018-07-25T18:05:59+08:00"));
        pin_order_response(
            &format!("order_response_{name}_with_pay_time"),
            &response_header(),
            &OrderResponse::success(paid),
        );
    }
}

#[test]
fn an_order_response_for_each_kind_of_failure() {
    for (name, code) in [
        ("numbers_empty", Code::ORDER_NUMBERS_EMPTY),
        ("order_unknown", Code::ORDER_UNKNOWN),
        ("duplicate", Code::DUPLICATE),
    ] {
        let body = OrderResponse::failure(code, code.meaning().unwrap());
        pin_order_response(&format!("order_response_{name}"), &response_header(), &body);
    }
}

// --- The messages' parts, always the same ---

const GATEWAY_ORDER_NO: &str = "2018072518060500001";

fn request_header() -> RequestHeader {
    RequestHeader {
        partner_no: PartnerNo::new("10001").expect("a partner's number"),
        message_id: MessageId::new("fd03f269318045758af08f6cf324fb0f").expect("a message's id"),
        time: Timestamp::parse("2018-07-25T18:06:05+08:00").expect("a date-time"),
        time_field: TimeField::RequestTime,
    }
}

fn response_header() -> ResponseHeader {
    ResponseHeader {
        partner_no: "10001".to_owned(),
        message_id: MessageId::new("fd03f269318045758af08f6cf324fb0f").expect("a message's id"),
        time: Timestamp::parse("2018-07-25T18:06:12+08:00").expect("a date-time"),
    }
}

fn order_no() -> OrderNo {
    OrderNo::new("p20180725180605466813").expect("an order's number")
}

fn store_no() -> StoreNo {
    StoreNo::new("s00001").expect("a shop's number")
}

fn refund() -> RefundRequest {
    let refund_no = RefundNo::new("201807251800023").expect("a refund's number");
    RefundRequest::new(order_no(), refund_no, Amount::new(100))
}

fn payment() -> PaymentRequest {
    let barcode = Barcode::new("134567890123456789").expect("a barcode");
    PaymentRequest::new(store_no(), order_no(), barcode, Amount::new(100))
}

fn order(state: OrderState, pay_time: Option<&str>) -> OrderView {
    OrderView {
        order_no: GATEWAY_ORDER_NO.to_owned(),
        partner_order_no: order_no(),
        order_amount: Amount::new(100),
        wallet: "WeChat".to_owned(),
        status: state.number(),
        pay_time: pay_time.map(str::to_owned),
        currency: "JPY".to_owned(),
    }
}
