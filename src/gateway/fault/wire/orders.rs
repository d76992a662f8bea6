//! Payments and queries that are read or answered wrongly.

use super::message::{Believed, Claim, Message, set, token_of};
use crate::gateway::answer::{Answer, Body};
use crate::gateway::calls::Gateway;
use crate::protocol::{Api, Code, OrderNo, OrderState};

/// A query with both numbers, without the one that decides.
pub(super) fn without_order_no(message: &Message) -> Option<Message> {
    let is_given = |name| !matches!(message.token(name), None | Some("\"\"" | "null"));
    if !is_given("orderNo") || !is_given("partnerOrderNo") {
        return None;
    }
    let mut copy = message.clone();
    copy.body.retain(|(name, _)| name != "orderNo");
    Some(copy)
}

/// A payment without a shop, with one.
pub(super) fn with_a_store(message: &Message) -> Option<Message> {
    if !matches!(message.token("storeNo"), None | Some("\"\"" | "null")) {
        return None;
    }
    let mut copy = message.clone();
    set(&mut copy.body, "storeNo", "\"0\"");
    Some(copy)
}

/// A message that names an order by a pattern, with the latest of `orders`
/// that matches it.
pub(super) fn with_matching_order<'o>(
    message: &Message,
    orders: impl Iterator<Item = &'o OrderNo> + Clone,
) -> Option<Message> {
    let pattern = message.text("partnerOrderNo")?;
    let is_pattern = pattern.contains(['%', '_']);
    if !is_pattern || orders.clone().any(|order| order.as_str() == pattern) {
        return None;
    }
    let mut orders = orders.filter(|order| is_like(order.as_str(), &pattern));
    let mut copy = message.clone();
    set(
        &mut copy.body,
        "partnerOrderNo",
        token_of(orders.next()?.as_str()),
    );
    Some(copy)
}

/// SQL's `LIKE`: `%` is any text, `_` any character.
fn is_like(text: &str, pattern: &str) -> bool {
    let mut characters = text.chars();
    match pattern.chars().next() {
        None => text.is_empty(),
        Some('%') => {
            let rest = &pattern[1..];
            let mut places = text.char_indices().map(|(place, _)| place);
            is_like("", rest) || places.any(|place| is_like(&text[place..], rest))
        }
        Some(wanted) => {
            let found = characters.next();
            let matches = found.is_some_and(|found| wanted == '_' || wanted == found);
            matches && is_like(characters.as_str(), &pattern[wanted.len_utf8()..])
        }
    }
}

/// What the query of an order that is not the partner's shows of it.
pub(super) async fn of_another_partner(
    gateway: &Gateway,
    document: &[u8],
    answer: &Answer<'_>,
) -> Option<Body> {
    if answer.body.code() != Code::ORDER_UNKNOWN {
        return None;
    }
    let asked = Believed::of(document, &gateway.partners)?;
    for other in gateway.partners.iter() {
        let mut message = asked.message.clone();
        set(
            &mut message.header,
            "partnerNo",
            token_of(other.no.as_str()),
        );
        let shown = gateway
            .answer(Api::Query, &message.sealed(&other.key))
            .await;
        if shown.body.code() == Code::SUCCESS {
            return Some(shown.body);
        }
    }
    None
}

/// Makes a query's answer say that what is wholly refunded is paid.
pub(super) fn stuck(body: &mut Body) {
    if let Body::Order(response) = body
        && let Some(order) = &mut response.order
        && order.status == OrderState::Refunded.number()
    {
        order.status = OrderState::Paid.number();
    }
}

/// Makes the answer to a payment with an optional member say that it is not
/// paid.
pub(super) fn unpaid(document: &[u8], body: &mut Body) {
    const OPTIONAL: [&str; 4] = ["orderTitle", "operatorId", "terminalNo", "notifyUrl"];
    let message = Claim::of(document).and_then(|claim| Message::of(claim.raw));
    let has = |name| {
        message
            .as_ref()
            .is_some_and(|message| message.token(name).is_some())
    };
    if let Body::Order(response) = body
        && let Some(order) = &mut response.order
        && OPTIONAL.into_iter().any(has)
    {
        order.status = OrderState::ToBePaid.number();
        order.pay_time = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_sql() {
        for (text, pattern) in [("abc", "%"), ("abc", "a%"), ("abc", "%c"), ("aéc", "a_c")] {
            assert!(is_like(text, pattern), "{text} {pattern}");
        }
        for (text, pattern) in [("abc", "b%"), ("abc", "__"), ("abc", "ABC"), ("", "_")] {
            assert!(!is_like(text, pattern), "{text} {pattern}");
        }
    }
}
