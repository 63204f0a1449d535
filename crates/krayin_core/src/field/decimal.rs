use serde_json::Value;

use crate::krayin::Amount;

/// The amount that a value is: JSON's number, or text in its form. `None` for what is no
/// amount, or is none that the server takes: less than nothing, or too much for its column.
pub(super) fn of(value: &Value) -> Option<Amount> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.trim().to_owned(),
        _ => return None,
    };
    let plain = plain(&text)?;
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    let fraction: String = fraction.chars().chain("0000".chars()).take(4).collect();
    let units = format!("0{whole}{fraction}").parse::<u64>().ok()?;
    Amount::from_ten_thousandths(units)
}

/// The same without sign and exponent, which JSON writes for very small and very large numbers.
fn plain(text: &str) -> Option<String> {
    let text = text
        .strip_prefix("-0")
        .filter(|rest| rest.bytes().all(|byte| matches!(byte, b'0' | b'.')))
        .map_or(text.strip_prefix('+').unwrap_or(text), |_| "0");
    if !text.contains(['e', 'E']) {
        return Some(text.to_owned());
    }
    let number: f64 = text.parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0)?;
    Some(format!("{number:.8}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::of;

    #[test]
    fn reads_every_form_of_one_amount_alike() {
        for value in [json!(1000.5), json!("1000.5"), json!("1000.5000"), json!(" 1000.50 "), json!("01000.50009")] {
            assert_eq!(of(&value).map(|amount| amount.to_string()).as_deref(), Some("1000.5000"), "{value}");
        }
        let table = [
            (json!(0), Some(0)),
            (json!(-0.0), Some(0)),
            (json!(0.57), Some(5_700)),
            (json!(1e-7), Some(0)),
            (json!(99_999_999.999_9), Some(999_999_999_999)),
            (json!(100_000_000), None),
            (json!(1e300), None),
            (json!(-5), None),
            (json!("5,0"), None),
            (json!(""), None),
            (json!("."), None),
            (json!(null), None),
        ];
        for (value, expected) in table {
            assert_eq!(of(&value).map(|amount| amount.ten_thousandths()), expected, "{value}");
        }
    }
}
