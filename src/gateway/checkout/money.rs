//! Amounts as people read them.

use crate::protocol::Amount;

/// Whether a text can be the code of a currency.
pub(super) fn is_currency(text: &str) -> bool {
    (3..=5).contains(&text.len()) && text.bytes().all(|letter| letter.is_ascii_uppercase())
}

/// How many digits the minor unit of a currency has (ISO 4217); two, as most
/// have, for one that is not known here.
const fn minor_digits(currency: &str) -> usize {
    match currency.as_bytes() {
        b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG" | b"RWF"
        | b"UGX" | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
        b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
        _ => 2,
    }
}

/// An amount in the currency's own unit: `JPY 1,000`, `CNY 10.00`.
pub(super) fn shown(amount: Amount, currency: &str) -> String {
    let digits = minor_digits(currency);
    let units = amount.minor_units();
    let sign = if units < 0 { "-" } else { "" };
    let all = format!("{:0>width$}", units.unsigned_abs(), width = digits + 1);
    let (whole, minor) = all.split_at(all.len() - digits);
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let point = if digits == 0 { "" } else { "." };
    format!("{currency} {sign}{grouped}{point}{minor}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_has_as_many_minor_digits_as_its_currency() {
        for (units, currency, expected) in [
            (1, "JPY", "JPY 1"),
            (1_000, "JPY", "JPY 1,000"),
            (123_456, "KRW", "KRW 123,456"),
            (1, "CNY", "CNY 0.01"),
            (10, "RMB", "RMB 0.10"),
            (1_000, "USD", "USD 10.00"),
            (123_456_789, "EUR", "EUR 1,234,567.89"),
            (5, "KWD", "KWD 0.005"),
            (i64::MAX, "JPY", "JPY 9,223,372,036,854,775,807"),
        ] {
            assert_eq!(shown(Amount::new(units), currency), expected);
        }
    }

    #[test]
    fn a_currency_is_a_short_word_of_capital_letters() {
        assert!(is_currency("JPY") && is_currency("USDT"));
        for other in ["", "JP", "jpy", "JPYJPY", "J<Y", "円円円"] {
            assert!(!is_currency(other), "{other}");
        }
    }
}
