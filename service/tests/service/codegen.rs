use std::fs;
use std::path::Path;

#[test]
fn generated_files_are_up_to_date() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for generated in daypass_service::codegen::files(&daypass_service::command()) {
        let path = generated.path;
        let contents = fs::read_to_string(root.join(path)).unwrap_or_default();
        let expected = generated.apply(&contents).expect("the file has its markers");
        assert!(contents == expected, "{path} is stale: run cargo xtask codegen");
        let long = contents.lines().find(|line| line.chars().count() > 120 && path.starts_with("docs/"));
        assert_eq!(long, None, "{path}");
    }
}
