//! Parameters of bundles: what is read is written so that it reads the same.
#![no_main]

use daypass::Parameters;
use libfuzzer_sys::fuzz_target;

fn written(parameters: &Parameters) -> String {
    serde_json::to_string(parameters).expect("parameters are JSON")
}

fuzz_target!(|text: &str| {
    if let Ok(mut parameters) = Parameters::from_json(text) {
        let once = written(&parameters);
        let again = Parameters::from_json(&once).expect("it was written");
        assert_eq!(written(&again), once);
        parameters.set("session", text);
        assert_eq!(parameters.get::<String>("session").as_deref(), Some(text));
    }
});
