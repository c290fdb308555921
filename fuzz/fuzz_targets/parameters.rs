//! Parameters of bundles: parsed parameters come back from their own JSON.
#![no_main]

use daypass::Parameters;
use libfuzzer_sys::fuzz_target;

fn write(parameters: &Parameters) -> String {
    serde_json::to_string(parameters).expect("parameters are JSON")
}

fuzz_target!(|text: &str| {
    if let Ok(mut parameters) = Parameters::from_json(text) {
        let once = write(&parameters);
        let again = Parameters::from_json(&once).expect("it was written");
        assert_eq!(write(&again), once);
        parameters.set("session", text);
        assert_eq!(parameters.get::<String>("session").as_deref(), Some(text));
    }
});
