//! The description of the API, `GET /openapi.json`, and the page to read it.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::Value;

use crate::operations;
use crate::running::{Daypass, send};

/// The routes of files and pages for people, which are not operations.
const FILES: &str = "/pages/";

fn document() -> Value {
    daypass_service::openapi("https://tokens.example.com")
}

/// Returns each operation as its method and its path.
fn described(document: &Value) -> BTreeSet<String> {
    let paths = document["paths"].as_object().expect("paths").iter();
    let operations = paths.flat_map(|(path, item)| {
        item.as_object().expect("operations").keys().map(move |method| format!("{} {path}", method.to_uppercase()))
    });
    operations.collect()
}

#[test]
fn every_route_is_described_and_every_operation_has_a_route() {
    let described = described(&document());
    let declared: BTreeSet<_> = operations::declared().into_iter().collect();
    assert!(declared.len() > 50, "{declared:?}");
    let missing: Vec<_> = declared.difference(&described).collect();
    assert!(missing.is_empty(), "describe these in `operations()` of their modules: {missing:?}");
    let gone: Vec<_> = described.difference(&declared).collect();
    assert!(gone.is_empty(), "there are no routes of these: {gone:?}");
}

#[tokio::test]
async fn the_methods_of_every_path_are_those_that_the_router_allows() {
    let daypass = Daypass::start();
    let (_, document) = send(daypass.get("/openapi.json")).await;
    for (path, item) in document["paths"].as_object().expect("paths") {
        let url = path.replace(['{', '}'], "");
        let none = Method::from_bytes(b"PURGE").expect("a method");
        let response = daypass.request(none, &url).send().await.expect("a response");
        assert_eq!(response.status(), 405, "{path}");
        let allowed = response.headers()["allow"].to_str().expect("a text").to_owned();
        let allowed: BTreeSet<_> = allowed.split(',').map(str::trim).filter(|method| *method != "HEAD").collect();
        let described: Vec<_> = item.as_object().expect("operations").keys().map(|name| name.to_uppercase()).collect();
        assert_eq!(allowed, described.iter().map(String::as_str).collect(), "{path}");
    }
}

/// Calls a function with every object in a value, and its place.
fn visit(value: &Value, call: &mut impl FnMut(&Value)) {
    match value {
        Value::Object(object) => {
            call(value);
            object.values().for_each(|value| visit(value, call));
        }
        Value::Array(values) => values.iter().for_each(|value| visit(value, call)),
        _ => {}
    }
}

#[test]
fn the_document_is_whole() {
    let document = document();
    assert_eq!(
        (&document["openapi"], &document["servers"][0]["url"]),
        (&"3.1.0".into(), &"https://tokens.example.com".into())
    );
    let (mut used, mut ids) = (BTreeSet::new(), BTreeSet::new());
    visit(&document, &mut |object| {
        if let Some(path) = object["$ref"].as_str() {
            let pointer = path.strip_prefix('#').expect("a reference within the document");
            assert!(document.pointer(pointer).is_some(), "{path} is not there");
            used.insert(path.to_owned());
        }
        if let Some(id) = object["operationId"].as_str() {
            assert!(ids.insert(id.to_owned()), "{id} is there twice");
            assert!(object["responses"].as_object().is_some_and(|responses| !responses.is_empty()), "{id}");
        }
        if let Some(description) = object["description"].as_str() {
            assert!(!description.contains("[`") && !description.contains("`None`"), "{description}");
        }
    });
    for kind in ["schemas", "headers"] {
        for name in document["components"][kind].as_object().expect("components").keys() {
            assert!(used.contains(&format!("#/components/{kind}/{name}")), "nothing has {name}");
        }
    }
    // Times say what they count.
    let created = document["components"]["schemas"]["TokenRecord"]["properties"]["createdAt"]["description"].clone();
    assert!(created.as_str().is_some_and(|text| text.contains("Unix time, in seconds")), "{created}");
}

#[tokio::test]
async fn any_page_may_read_the_document_and_a_cache_may_keep_it() {
    let daypass = Daypass::start();
    let response = daypass.get("/openapi.json").header("origin", "https://elsewhere.example").send().await;
    let response = response.expect("a response");
    let header = |name| response.headers()[name].to_str().expect("a text").to_owned();
    assert_eq!((response.status().as_u16(), &*header("content-type")), (200, "application/json"));
    assert_eq!(header("access-control-allow-origin"), "*");
    let tag = header("etag");
    let body: Value = response.json().await.expect("JSON");
    assert_eq!(body["servers"][0]["url"], daypass.url);
    let again = daypass.get("/openapi.json").header("if-none-match", &tag).send().await.expect("a response");
    assert_eq!((again.status().as_u16(), &*again.text().await.expect("a body")), (304, ""));
}

#[tokio::test]
async fn the_page_has_every_operation_and_no_script() {
    let daypass = Daypass::start();
    let response = daypass.get("/docs/api").send().await.expect("a response");
    let policy = response.headers()["content-security-policy"].to_str().expect("a text").to_owned();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    let page = response.text().await.expect("a page");
    visit(&document(), &mut |object| {
        if let Some(id) = object["operationId"].as_str() {
            assert!(page.contains(&format!("<article id=\"{id}\">")), "{id}");
        }
    });
    for other in ["<script", " style=", "<style", " onclick", "http://", "https://"] {
        assert!(!page.contains(other), "the page has {other}");
    }
    let ids: BTreeSet<_> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    for link in page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(ids.contains(link), "#{link} leads nowhere");
    }
    for file in ["page.css", "api.css"] {
        let css = daypass.get(&format!("{FILES}{file}")).send().await.expect("a response");
        assert_eq!(css.headers()["content-type"], "text/css; charset=utf-8", "{file}");
    }
}
