//! Envelopes and headers that are read too kindly, or too strictly.

use super::proof::{GOOD, changed, claimed, proofs, signature_of};
use crate::client::{caller, shop};

/// A request that nobody signed: half of the order, under another number.
fn evil() -> String {
    GOOD.replace(":100", ":50").replace("\"r\"", "\"evil\"")
}

fn good_signature() -> String {
    signature_of(GOOD)
}

proofs! {
    decoy_believed_before_the_request:
        DecoyBelieved, format!("{{\"meta\":{{\"request\":{GOOD}}},{}", &claimed(&evil(), &good_signature())[1..]), 1, 8;
    decoy_believed_behind_the_request:
        DecoyBelieved, format!("{{\"request\":{},\"signature\":\"{}\",\"list\":[{{\"request\":{GOOD}}}]}}", evil(), good_signature()), 1, 8;
    first_request_verified_and_the_last_applied:
        FirstRequestVerified, format!("{{\"request\":{GOOD},{}", &claimed(&evil(), &good_signature())[1..]), 1, 5;
    first_request_verified_under_an_escaped_name:
        FirstRequestVerified, format!("{{\"request\":{GOOD},\"\\u0072equest\":{},\"signature\":\"{}\"}}", evil(), good_signature()), 1, 5;
    parts_unchecked_without_a_header:
        PartsUnchecked, shop().seal_raw(&format!("{{{}", &GOOD[GOOD.find("\"body\"").unwrap()..])), 1, 4;
    parts_unchecked_with_a_body_in_an_array:
        PartsUnchecked, shop().seal_raw(&GOOD.replace("\"body\":{", "\"body\":[{").replace("}}", "}]}")), 1, 5;
    parts_unchecked_with_header_and_body_swapped:
        PartsUnchecked, shop().seal_raw(&GOOD.replace("\"body\"", "\"x\"").replace("\"header\"", "\"body\"").replace("\"x\"", "\"header\"")), 1, 4;
    member_names_folded_in_the_envelope:
        MemberNamesFolded, claimed(GOOD, &good_signature()).replace("\"request\"", "\"Request\""), 1, 4;
    member_names_folded_in_the_body:
        MemberNamesFolded, changed("\"refundNo\"", "\"REFUNDNO\""), 1, 4;
    signature_first_refused_though_it_is_an_object:
        SignatureFirstRefused, format!("{{\"signature\":\"{}\",\"request\":{GOOD}}}", good_signature()), 8, 1;
    unknown_member_trusted_more_than_the_amount:
        UnknownMemberTrusted, changed(":100", ":100,\"amount\":101"), 35, 1;
    amount_twice_mixed_refunds_the_last:
        AmountTwiceMixed, changed(":100", ":100,\"orderAmount\":5"), 1, 5;
    version_unchecked_is_any_version:
        VersionUnchecked, changed("\"1.0\"", "\"9.9\""), 1, 5;
    version_unchecked_is_none:
        VersionUnchecked, changed(",\"version\":\"1.0\"", ""), 1, 4;
    time_unchecked_is_no_time:
        TimeUnchecked, changed("2018-07-25T18:06:05+08:00", "yesterday"), 1, 5;
    message_id_unchecked_is_too_long:
        MessageIdUnchecked, changed("aaaa", "aaaaaaaaa"), 1, 5;
    message_id_unchecked_is_a_number:
        MessageIdUnchecked, changed("\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"", "1"), 1, 5;
    sign_type_none_switches_verification_off:
        SignTypeNone, claimed(&GOOD.replace("SHA256", "NONE"), "0"), 1, 8;
    sign_type_none_leaves_the_others_verified:
        SignTypeNone, claimed(GOOD, "0"), 8, 8;
    partner_unknown_served_as_the_first_one:
        PartnerUnknownServed, caller("99999", "123456").seal_raw(&GOOD.replace("10001", "99999")), 1, 3;
}

#[tokio::test]
async fn amount_twice_mixed_answers_the_first() {
    let gateway = super::start_with(recoup::gateway::Fault::AmountTwiceMixed).await;
    let mut session = crate::client::Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    let document = changed(":100", ":5,\"orderAmount\":60");
    let answer = session.call(super::proof::REFUND, &document).await;
    assert_eq!(answer.member("orderAmount"), 5);
    assert_eq!(session.drain("o").await, 40);
}
