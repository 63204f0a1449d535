use serde_json::Value;

/// The rules of a setting, one a line or after a semicolon, or a list of them, each read by `rule`; `None` where one is none.
pub(super) fn read<T>(value: &Value, rule: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    let lines: Vec<&str> = match value {
        Value::String(text) => text.split([';', '\n']).collect(),
        Value::Array(list) => list.iter().map(Value::as_str).collect::<Option<_>>()?,
        _ => return None,
    };
    lines.into_iter().map(str::trim).filter(|line| !line.is_empty()).map(rule).collect()
}
