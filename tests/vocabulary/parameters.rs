//! `Parameters`.

use daypass::Parameters;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test;

fn parameters(json: &str) -> Parameters {
    Parameters::from_json(json).unwrap()
}

fn printed(parameters: &Parameters) -> String {
    serde_json::to_string(parameters).unwrap()
}

#[wasm_bindgen_test(unsupported = test)]
fn posted_parameters_come_back_unchanged() {
    let cases = [
        "{}",
        // The posted order, not the alphabetical one.
        r#"{"userId":"ana","file":"second","access":"edit","10":0,"9":0}"#,
        // The text of numbers, not what a double would print.
        r#"{"n":[1,1.0,1.50,-0,0.1e1,1E5,1e-7,12345678901234567890123,0.1000000000000000055511151231257827]}"#,
        // Escapes, unknown and empty keys, white space within values.
        r#"{"":"\u00e4\/\n","x":"ä工😀","a b":{ "deep" : [ true , null ] },"$":false}"#,
        // Below the top level, nothing is interpreted.
        r#"{"inner":{"k":1,"k":2}}"#,
        r#"{"__proto__":{"x":1},"constructor":2}"#,
    ];
    for json in cases {
        assert_eq!(printed(&parameters(json)), json);
        assert_eq!(printed(&serde_json::from_str(json).unwrap()), json);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn anything_but_one_json_object_is_refused() {
    let nested = |levels: usize| format!(r#"{{"a":{}{}}}"#, "[".repeat(levels), "]".repeat(levels));
    assert!(Parameters::from_json(&nested(100)).is_ok());
    let deep = nested(200);
    let abyss = nested(200_000);
    let cases = [
        "",
        " ",
        "null",
        "7",
        "[]",
        r#""text""#,
        r#"[{"a":1}]"#,
        "{",
        r#"{"a":1"#,
        r#"{"a":1,}"#,
        r#"{"a":1}x"#,
        r#"{"a":1}{"b":2}"#,
        "{'a':1}",
        "{a:1}",
        r#"{"a":01}"#,
        r#"{"a":+1}"#,
        r#"{"a":NaN}"#,
        r#"{"a":undefined}"#,
        r#"{"a":"\x"}"#,
        "{\"a\":\"\n\"}",
        r#"{"a":"\ud800"}"#,
        "{/**/}",
        "\u{feff}{}",
        r#"{"a":1,"a":1}"#,
        r#"{"a":1,"\u0061":2}"#,
        r#"{"a":1e400}"#,
        &deep,
        &abyss,
    ];
    for json in cases {
        assert!(Parameters::from_json(json).is_err(), "{}", json.chars().take(40).collect::<String>());
    }
    let twice = Parameters::from_json(r#"{"file":1,"file":2}"#).unwrap_err().to_string();
    assert!(twice.contains("the key `file` is there twice"), "{twice}");
}

#[wasm_bindgen_test(unsupported = test)]
fn one_parameter_is_read_as_what_it_is() {
    let parameters = parameters(r#"{"file":"second","pins":[[4.5,2]],"revision":12,"none":null}"#);
    assert_eq!(parameters.get::<String>("file").as_deref(), Some("second"));
    assert_eq!(parameters.get::<Vec<[f64; 2]>>("pins"), Some(vec![[4.5, 2.0]]));
    assert_eq!(parameters.get::<u8>("revision"), Some(12));
    assert_eq!(parameters.get::<String>("revision"), None);
    assert_eq!(parameters.get::<Value>("absent"), None);
    assert_eq!(parameters.get::<Value>("none"), Some(Value::Null));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_parameter_that_is_set_keeps_its_position() {
    let mut parameters = parameters(r#"{"auth":7,"file":"second"}"#);
    parameters.set("auth", "a\"b\n");
    parameters.set("new", "ü");
    assert_eq!(printed(&parameters), r#"{"auth":"a\"b\n","file":"second","new":"ü"}"#);
}

#[wasm_bindgen_test(unsupported = test)]
fn debug_shows_keys_and_no_values() {
    let shown = format!("{:?}", parameters(r#"{"server":"confidential","key":["confidential"]}"#));
    assert_eq!(shown, r#"{"server", "key"}"#);
}

fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        select(vec!["true", "false", "null", "\"\"", "\"\\u0041\"", "\"a\\\"b\""]).prop_map(String::from),
        (any::<i64>(), select(vec!["", ".0", ".50", "e0", "E+1", "e-12"]))
            .prop_map(|(whole, rest)| format!("{whole}{rest}")),
        proptest::collection::vec(any::<char>(), 0..6).prop_map(|chars| json!(String::from_iter(chars)).to_string()),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(","))),
            proptest::collection::vec((select(vec!["a", "b", "c"]).prop_map(String::from), inner), 0..4)
                .prop_map(|members| object(&members)),
        ]
    })
}

fn object(members: &[(String, String)]) -> String {
    let members: Vec<_> = members.iter().map(|(key, value)| format!("{}:{value}", json!(key))).collect();
    format!("{{{}}}", members.join(","))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[wasm_bindgen_test(unsupported = test)]
    fn unknown_keys_their_order_and_number_texts_survive(members in proptest::collection::vec((proptest::collection::vec(any::<char>(), 0..4), value()), 0..6)) {
        let mut seen = std::collections::HashSet::new();
        let members: Vec<_> = members
            .into_iter()
            .map(|(key, value)| (String::from_iter(key), value))
            .filter(|(key, _)| seen.insert(key.clone()))
            .collect();
        let json = object(&members);
        prop_assert_eq!(&printed(&parameters(&json)), &json);
        for (key, value) in &members {
            let raw: Box<serde_json::value::RawValue> = parameters(&json).get(key).unwrap();
            prop_assert_eq!(raw.get(), value);
        }
    }
}
