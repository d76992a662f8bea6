//! Refund requests one after the other, for whoever writes many thousands a
//! second: what does not change from one to the next is written once.

use super::amount::Amount;
use super::envelope::{Direction, close, open};
use super::header::{SIGN_TYPE, TimeField, VERSION};
use super::identifier::{MessageId, OrderNo, PartnerNo, RefundNo};
use super::plain::push_text;
use super::signature::SignKey;
use super::time::Timestamp;

/// Writes the signed refund requests of one partner (clauses
/// `envelope.request`, `refund.request`), byte for byte as
/// [`seal`](super::envelope::seal) writes them.
#[derive(Debug, Clone)]
pub struct RefundWriter {
    partner: PartnerNo,
    time_field: TimeField,
    key: SignKey,
    /// The time that `head` says.
    time: Option<Timestamp>,
    /// The document up to the message id, its opening quote included.
    head: Vec<u8>,
}

impl RefundWriter {
    /// A writer for this partner, who calls the time of a request so and signs
    /// with this key.
    pub const fn new(partner: PartnerNo, time_field: TimeField, key: SignKey) -> Self {
        Self {
            partner,
            time_field,
            key,
            time: None,
            head: Vec::new(),
        }
    }

    /// Writes one request at the end of `out`.
    pub fn write(
        &mut self,
        time: Timestamp,
        message: &MessageId,
        (order, refund, amount): (&OrderNo, &RefundNo, Amount),
        out: &mut Vec<u8>,
    ) {
        if self
            .time
            .is_none_or(|written| !written.is_same_second(time))
        {
            self.write_head(time);
        }
        let start = out.len() + VALUE_FROM;
        out.extend_from_slice(&self.head);
        push_text(message.as_str(), out);
        out.extend_from_slice(b"\"},\"body\":{\"partnerOrderNo\":\"");
        push_text(order.as_str(), out);
        out.extend_from_slice(b"\",\"refundNo\":\"");
        push_text(refund.as_str(), out);
        out.extend_from_slice(b"\",\"orderAmount\":");
        serde_json::to_writer(&mut *out, &amount).expect("a vector takes every byte");
        out.extend_from_slice(b"}}");
        close(start, &self.key, out);
    }

    fn write_head(&mut self, time: Timestamp) {
        self.head.clear();
        self.time = Some(time);
        open(Direction::Request, &mut self.head);
        for part in [
            "{\"header\":{\"",
            self.time_field.name(),
            "\":\"",
            &time.to_string(),
            "\",\"partnerNo\":\"",
        ] {
            self.head.extend_from_slice(part.as_bytes());
        }
        push_text(self.partner.as_str(), &mut self.head);
        for part in [
            "\",\"signType\":\"",
            SIGN_TYPE,
            "\",\"version\":\"",
            VERSION,
            "\",\"reqMsgId\":\"",
        ] {
            self.head.extend_from_slice(part.as_bytes());
        }
    }
}

/// Where the signed value begins in a request.
const VALUE_FROM: usize = "{\"request\":".len();

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::envelope::seal;
    use super::super::header::RequestHeader;
    use super::super::refund::RefundRequest;
    use super::*;

    proptest! {
        #[test]
        fn a_request_is_written_byte_for_byte_as_it_is_sealed(
            partner in "[0-9\"é]{1,15}",
            message in "[a-z0-9\\\\-]{0,36}",
            numbers in prop::collection::vec(("[^\\pC]{1,32}", "[a-z\"/]{1,32}", any::<i64>()), 1..4),
            seconds in prop::collection::vec(0_u8..60, 4),
            later in any::<bool>(),
        ) {
            let partner_no = PartnerNo::new(partner).unwrap();
            let message_id = MessageId::new(message).unwrap();
            let key = SignKey::new("123456").unwrap();
            let time_field = if later { TimeField::ReqTime } else { TimeField::RequestTime };
            let mut writer = RefundWriter::new(partner_no.clone(), time_field, key.clone());
            for ((order, refund, amount), second) in numbers.into_iter().zip(seconds) {
                let time = Timestamp::parse(&format!("2026-01-02T03:04:{second:02}Z")).unwrap();
                let order = OrderNo::new(order).unwrap();
                let refund = RefundNo::new(refund).unwrap();
                let amount = Amount::new(amount);
                let mut written = b"kept".to_vec();
                writer.write(time, &message_id, (&order, &refund, amount), &mut written);
                let header = RequestHeader {
                    partner_no: partner_no.clone(),
                    message_id: message_id.clone(),
                    time,
                    time_field,
                };
                let mut sealed = b"kept".to_vec();
                let body = RefundRequest::new(order, refund, amount);
                seal(Direction::Request, &header, &body, &key, &mut sealed);
                prop_assert_eq!(written, sealed);
            }
        }
    }
}
