//! What is no JSON and taken all the same, and JSON that is not.

use super::proof::{GOOD, changed, proofs, signature_of};
use crate::client::shop;

proofs! {
    json_comments_taken_between_members:
        JsonCommentsTaken, changed(",\"body\"", "/* paid \"*/,// x\n\"body\""), 1, 6;
    json_commas_forgiven_where_one_is_trailing:
        JsonCommasForgiven, changed("}}", ",},}"), 1, 6;
    json_commas_forgiven_where_one_is_missing:
        JsonCommasForgiven, changed("\"10001\",", "\"10001\" "), 1, 6;
    json_commas_forgiven_where_one_is_doubled:
        JsonCommasForgiven, changed("\"10001\",", "\"10001\",,"), 1, 6;
    json_commas_forgiven_in_the_envelope:
        JsonCommasForgiven, [&shop().seal_raw(GOOD)[..], b"}"].concat().split_at(good().len() - 1).0.iter().copied().chain(*b",}").collect::<Vec<u8>>(), 1, 6;
    json_quotes_forgiven_where_there_are_none:
        JsonQuotesForgiven, changed("\"body\"", "body"), 1, 6;
    json_quotes_forgiven_where_they_are_single:
        JsonQuotesForgiven, changed("\"refundNo\":\"r\"", "'refundNo':'r'"), 1, 6;
    json_numbers_forgiven_with_a_leading_zero:
        JsonNumbersForgiven, changed(":100", ":0100"), 1, 6;
    json_numbers_forgiven_with_a_sign:
        JsonNumbersForgiven, changed(":100", ":+100"), 1, 6;
    json_numbers_forgiven_in_hexadecimal:
        JsonNumbersForgiven, changed(":100", ":0x64"), 1, 6;
    json_numbers_forgiven_and_nan_is_zero:
        JsonNumbersForgiven, changed(":100", ":NaN"), 5, 6;
    json_escapes_forgiven_that_are_none:
        JsonEscapesForgiven, changed("211918", "2\\x41\\u12"), 1, 6;
    json_control_characters_taken_as_spaces:
        JsonControlCharactersTaken, changed("211918", "21\n1\0918"), 1, 6;
    json_utf_8_repaired_where_a_byte_is_none:
        JsonUtf8Repaired, with_byte(), 1, 6;
    json_behind_ignored_be_it_garbage:
        JsonBehindIgnored, [good(), b"x".to_vec()].concat(), 1, 6;
    json_behind_ignored_be_it_a_document:
        JsonBehindIgnored, [good(), good()].concat(), 1, 6;
    json_mark_skipped_before_the_document:
        JsonMarkSkipped, [b"\xef\xbb\xbf".to_vec(), good()].concat(), 1, 6;
    json_ending_added_to_a_document_without_its_last_brace:
        JsonEndingAdded, good()[..good().len() - 1].to_vec(), 1, 6;
    json_ending_added_to_a_document_without_its_last_quote:
        JsonEndingAdded, good()[..good().len() - 2].to_vec(), 1, 6;
    json_ending_added_to_a_document_without_its_last_digit_is_still_forged:
        JsonEndingAdded, good()[..good().len() - 3].to_vec(), 6, 6;
    json_escapes_refused_though_they_are_json:
        JsonEscapesRefused, changed("211918", "2\\u0031\\/"), 6, 1;
    json_text_refused_with_a_line_separator:
        JsonTextRefused, changed("211918", "2\u{2028}"), 6, 1;
    json_text_refused_with_a_character_beyond_16_bits:
        JsonTextRefused, changed("211918", "\\ud834\\udd1e"), 6, 1;
    json_comments_taken_only_where_the_signature_holds:
        JsonCommentsTaken, super::proof::claimed(&GOOD.replace("}}", "}/**/}"), &signature_of(GOOD)), 6, 6;
}

fn good() -> Vec<u8> {
    shop().seal_raw(GOOD)
}

/// A document with a byte that is no UTF-8, signed as it stands.
fn with_byte() -> Vec<u8> {
    let place = GOOD.find("211918").unwrap();
    let mut value = GOOD.as_bytes().to_vec();
    value[place] = 0xff;
    let signature = signature_of(&value);
    let tail = format!(",\"signature\":\"{signature}\"}}");
    [b"{\"request\":", &value[..], tail.as_bytes()].concat()
}
