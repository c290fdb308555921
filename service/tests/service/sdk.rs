use reqwest::header::HeaderMap;

use crate::running::Daypass;
#[cfg(not(sdk))]
use crate::running::expect_error;

fn allows_any_page(headers: &HeaderMap) -> bool {
    headers.get("access-control-allow-origin").is_some_and(|value| value == "*")
}

/// Built without the npm package's files, since `pkg/dist` was missing.
#[cfg(not(sdk))]
#[tokio::test]
async fn a_service_without_the_sdk_says_so_to_any_page() {
    let daypass = Daypass::start();
    for path in ["/sdk/", concat!("/sdk/", env!("CARGO_PKG_VERSION"), "/daypass.js")] {
        let message = expect_error(daypass.get(path), 404, "not_found").await;
        assert_eq!(message, "This service was built without the browser SDK.");
        assert!(allows_any_page(daypass.get(path).send().await.expect("a response").headers()));
    }
}

/// Built with the npm package's files.
#[cfg(sdk)]
#[tokio::test]
async fn a_page_loads_the_files_that_were_built() {
    let daypass = Daypass::start();
    let index = daypass.get("/sdk/").send().await.expect("a response");
    assert!(allows_any_page(index.headers()));
    let index: serde_json::Value = index.json().await.expect("JSON");
    let files: [(&str, &[u8]); 2] = [
        ("module", include_bytes!(concat!(env!("OUT_DIR"), "/index.js"))),
        ("script", include_bytes!(concat!(env!("OUT_DIR"), "/global.js"))),
    ];
    assert_eq!(index["files"].as_array().map(Vec::len), Some(files.len()));
    for (entry, (kind, bytes)) in index["files"].as_array().expect("a list").iter().zip(files) {
        assert_eq!((&entry["type"], &entry["bytes"]), (&kind.into(), &bytes.len().into()));
        let url = entry["url"].as_str().expect("a URL");
        let path = url.strip_prefix(&daypass.url).expect("it is of this service");
        let plain = daypass.get(path).send().await.expect("a response");
        assert!(allows_any_page(plain.headers()));
        assert_eq!(plain.bytes().await.expect("a body"), bytes);
        let zipped = daypass.get(path).header("accept-encoding", "gzip").send().await.expect("a response");
        assert_eq!(zipped.headers()["content-encoding"], "gzip");
        let zipped = zipped.bytes().await.expect("a body");
        assert!(zipped.starts_with(&[0x1f, 0x8b]) && zipped.len() != bytes.len());
    }
}

/// The path of each file has the version.
#[test]
fn the_package_and_the_service_have_one_version() {
    let package = include_str!("../../../pkg/package.json");
    let package: serde_json::Value = serde_json::from_str(package).expect("JSON");
    assert_eq!(package["version"], env!("CARGO_PKG_VERSION"));
}
