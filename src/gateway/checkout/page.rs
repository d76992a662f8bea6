//! The page as HTML. It works without script, and has none.

use std::fmt::Write as _;

use super::money;
use crate::gateway::order::{Means, Order};
use crate::protocol::OrderState;

const FRAME: &str = include_str!("page.html");

const FORM: &str = "\
<form method=\"post\">
<button class=\"pay\" name=\"choice\" value=\"pay\">Pay</button>
<button name=\"choice\" value=\"decline\">Decline</button>
</form>";

/// The page of an order: to pay it, or what became of it.
pub(super) fn of(order: &Order) -> String {
    let amount = money::shown(order.amount, &order.currency);
    let (title, heading, is_open) = match order.state() {
        OrderState::ToBePaid => ("Pay", format!("Pay {amount}"), true),
        OrderState::Failed => ("Declined", "The payment was declined".to_owned(), false),
        OrderState::Paid => ("Paid", format!("{amount} is paid"), false),
        OrderState::Refunded => ("Refunded", format!("{amount} was refunded"), false),
    };
    let mut content = facts(order, &amount);
    if is_open {
        content.push_str(FORM);
    } else if let Means::Page(checkout) = &order.means
        && let Some(url) = &checkout.return_url
    {
        let url = escaped(url.as_str());
        content.extend([
            "<a class=\"button\" href=\"",
            &url,
            "\">Back to the shop</a>",
        ]);
    }
    framed(title, &heading, &content)
}

fn facts(order: &Order, amount: &str) -> String {
    let mut facts = vec![("Order", order.number.as_str())];
    if let Means::Page(checkout) = &order.means {
        facts.extend(checkout.title.as_deref().map(|title| ("For", title)));
        facts.push(("Wallet", &checkout.wallet));
    }
    facts.push(("Amount", amount));
    let mut list = "<dl>\n".to_owned();
    for (name, value) in facts {
        let value = escaped(value);
        writeln!(list, "<div><dt>{name}</dt><dd>{value}</dd></div>")
            .expect("a string takes every character");
    }
    list + "</dl>\n"
}

/// There is no such page.
pub(super) fn unknown() -> String {
    let content = "<p>Nothing is to be paid here. The link may be incomplete.</p>";
    framed("Not found", "There is no such page", content)
}

/// The form said neither yes nor no.
pub(super) fn unclear() -> String {
    let content = "<p>Go back, and choose Pay or Decline.</p>";
    framed("Not understood", "Nothing was chosen", content)
}

/// The store does not answer.
pub(super) fn unavailable() -> String {
    let content = "<p>Load the page again in a moment: it will show what happened.</p>";
    framed("Try again", "This can't be done now", content)
}

/// Puts escaped text into the frame, each piece once and none into another.
fn framed(title: &str, heading: &str, content: &str) -> String {
    let mut page = String::with_capacity(FRAME.len() + content.len() + 64);
    let mut rest = FRAME;
    let pieces = [
        ("{title}", escaped(title)),
        ("{heading}", escaped(heading)),
        ("{content}", content.to_owned()),
    ];
    for (place, piece) in pieces {
        let (before, after) = rest
            .split_once(place)
            .expect("the frame has a place for each piece");
        page.push_str(before);
        page.push_str(&piece);
        rest = after;
    }
    page + rest
}

/// A text as HTML shows it, between tags and in a quoted attribute.
fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            // These turn the direction of what follows: an amount could be read
            // from its other end.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => html.push('\u{fffd}'),
            other => html.push(other),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::order::{Checkout, OrderId, Payment};
    use crate::protocol::{Amount, OrderNo, PartnerNo, StoreNo};

    fn order(title: &str) -> Order {
        let checkout = Checkout {
            key: "0".repeat(32),
            wallet: "<wallet>".to_owned(),
            title: Some(title.to_owned()),
            return_url: Some("http://shop.example/?a=1&b='\"".parse().unwrap()),
        };
        let payment = Payment {
            partner: PartnerNo::new("10001").unwrap(),
            number: OrderNo::new("</dd>{content}").unwrap(),
            store: StoreNo::new("1").unwrap(),
            means: Means::Page(Box::new(checkout)),
            amount: Amount::new(123_456),
            currency: "USD".to_owned(),
            paid_at: None,
            notify_url: None,
        };
        Order::new(OrderId(1), payment)
    }

    #[test]
    fn what_a_merchant_wrote_is_text_and_no_markup() {
        let page = of(&order("<script>alert(1)</script> \u{202e}& \"more\""));
        assert!(
            page.contains("&lt;script&gt;alert(1)&lt;/script&gt; \u{fffd}&amp; &quot;more&quot;")
        );
        assert!(page.contains("<dd>&lt;/dd&gt;{content}</dd>"));
        assert!(page.contains("&lt;wallet&gt;"));
        assert!(!page.contains("<script"));
        assert_eq!(page.matches("<form").count(), 1);
        assert!(page.contains("Pay USD 1,234.56"));
    }

    #[test]
    fn a_page_that_is_over_has_no_form_and_leads_back() {
        let mut order = order("t");
        order.declined = true;
        let page = of(&order);
        assert!(!page.contains("<form"));
        assert!(
            page.contains("href=\"http://shop.example/?a=1&amp;b=%27%22\""),
            "{page}"
        );
    }
}
