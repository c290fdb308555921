//! A schema in words, as a page shows it: [`type_of`].

use serde_json::Value;

use super::super::page::escape;

/// Returns what values of a schema are, as HTML. A schema with a name is a link to it.
pub(super) fn type_of(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        let name = escape(name);
        return format!("<a href=\"#type-{name}\">{name}</a>");
    }
    for (key, separator) in [("anyOf", " or "), ("oneOf", " or "), ("allOf", " with ")] {
        if let Some(parts) = schema[key].as_array() {
            let named = parts.iter().filter(|part| !part["$ref"].is_null() || key != "allOf");
            return named.map(type_of).collect::<Vec<_>>().join(separator);
        }
    }
    if let Some(values) = schema["enum"].as_array() {
        return values.iter().map(literal).collect::<Vec<_>>().join(", ");
    }
    if !schema["const"].is_null() {
        return literal(&schema["const"]);
    }
    match &schema["type"] {
        Value::Array(kinds) => {
            kinds.iter().filter_map(Value::as_str).map(|kind| of_kind(kind, schema)).collect::<Vec<_>>().join(" or ")
        }
        Value::String(kind) => of_kind(kind, schema),
        _ => "anything".to_owned(),
    }
}

fn of_kind(kind: &str, schema: &Value) -> String {
    match kind {
        "array" => format!("list of {}", type_of(&schema["items"])),
        "object" if schema["additionalProperties"].is_object() => {
            format!("object of {}", type_of(&schema["additionalProperties"]))
        }
        "integer" => match (schema["minimum"].as_u64(), schema["maximum"].as_u64()) {
            (Some(least), Some(most)) => format!("integer, {least} to {most}"),
            _ => "integer".to_owned(),
        },
        kind => escape(kind),
    }
}

fn literal(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    format!("<code>{}</code>", escape(&text))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_schema_is_told_in_words() {
        for (schema, expected) in [
            (json!({ "type": "string" }), "string"),
            (json!({ "type": ["integer", "null"] }), "integer or null"),
            (json!({ "type": "integer", "minimum": 1, "maximum": 9 }), "integer, 1 to 9"),
            (json!({ "type": "array", "items": { "type": "string" } }), "list of string"),
            (json!({ "$ref": "#/components/schemas/A" }), "<a href=\"#type-A\">A</a>"),
            (json!({ "anyOf": [{ "const": "x" }, { "type": "null" }] }), "<code>x</code> or null"),
            (json!({ "enum": ["<", "b"] }), "<code>&lt;</code>, <code>b</code>"),
            (json!({ "type": "object", "additionalProperties": { "type": "string" } }), "object of string"),
            (json!({}), "anything"),
        ] {
            assert_eq!(type_of(&schema), expected);
        }
    }
}
