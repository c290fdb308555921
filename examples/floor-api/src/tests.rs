//! What a token may do here: each request as its holder sends it, through the layer and the handlers.

use axum::Router;
use axum::body::to_bytes;
use axum::http::Request;
use axum::response::Response;
use daypass::Catalog;
use daypass::TokenKind::{Publishable, Secret};
use daypass::verify::testing::{TestToken, Testing};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::api::{Building, router};
use crate::floors::Floors;

const ORGANIZATION: &str = "org_northlight";

/// The API, and a token for each of its callers.
struct Product {
    api: Router,
    page: TestToken,
    reader: TestToken,
    lister: TestToken,
    editor: TestToken,
    one_floor: TestToken,
    elsewhere: TestToken,
    other_scopes: TestToken,
}

impl Product {
    fn new() -> Product {
        let testing = Testing::new();
        let building = Building { organization: ORGANIZATION.into(), floors: Floors::load().unwrap() };
        let ours = |kind| testing.token(kind).tenant(ORGANIZATION);
        Product {
            api: router(building, testing.verifier().catalog(Catalog::space_api()).into()),
            page: ours(Publishable).scope("floor:readPublic").scope("floor:queryPublic").create(),
            reader: ours(Secret).scope("floor:readPublic").scope("floor:readPrivate").create(),
            lister: ours(Secret).scope("floor:queryPublic").scope("floor:queryPrivate").create(),
            editor: ours(Secret).scope("floor:update").create(),
            one_floor: ours(Secret).scope("floor:*").resource("floor", "first").create(),
            elsewhere: testing.token(Secret).tenant("org_other").scope("*").create(),
            other_scopes: ours(Secret).scope("extension:query").create(),
        }
    }

    async fn send(&self, request: Request<String>) -> Response {
        self.api.clone().oneshot(request).await.unwrap()
    }

    async fn get(&self, path: &str, token: &TestToken) -> (u16, Value) {
        read(self.send(token.request("GET", path)).await).await
    }

    async fn rename(&self, floor: &str, token: &TestToken, body: String) -> (u16, Value) {
        let mut request = token.request("PUT", &format!("/v2/floor/{floor}/name")).map(|_| body);
        request.headers_mut().insert("content-type", "application/json".parse().unwrap());
        read(self.send(request).await).await
    }
}

async fn read(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn a_floor_needs_the_scope_for_its_visibility_and_an_unknown_one_the_scope_for_private_floors() {
    let product = Product::new();
    let cases = [
        (&product.page, "ground", Ok(13)),
        (&product.page, "first", Err("floor:readPrivate")),
        (&product.page, "no-such-floor", Err("floor:readPrivate")),
        (&product.reader, "ground", Ok(13)),
        (&product.reader, "first", Ok(14)),
        (&product.reader, "second", Ok(13)),
        (&product.reader, "no-such-floor", Err("")),
        (&product.one_floor, "first", Ok(14)),
        (&product.one_floor, "second", Err("floor:readPrivate")),
        (&product.one_floor, "no-such-floor", Err("floor:readPrivate")),
        (&product.one_floor, "ground", Err("floor:readPublic")),
        (&product.lister, "ground", Err("floor:readPublic")),
        (&product.editor, "first", Err("floor:readPrivate")),
        (&product.elsewhere, "ground", Err("floor:readPublic")),
        (&product.elsewhere, "first", Err("floor:readPrivate")),
    ];
    for (token, floor, expected) in cases {
        let (status, body) = product.get(&format!("/v2/floor/{floor}"), token).await;
        match expected {
            Ok(rooms) => {
                assert_eq!((status, &body["id"]), (200, &json!(floor)), "{token:?}");
                assert_eq!(body["rooms"].as_array().unwrap().len(), rooms, "{token:?} {floor}");
            }
            Err("") => assert_eq!((status, &body["error"]), (404, &json!("not_found")), "{token:?} {floor}"),
            Err(scope) => assert_eq!(
                (status, &body["error"], &body["scope"]),
                (403, &json!("insufficient_scope"), &json!(scope)),
                "{token:?} {floor}"
            ),
        }
    }
}

#[tokio::test]
async fn a_floor_has_the_documented_fields() {
    let product = Product::new();
    let (_, floor) = product.get("/v2/floor/ground", &product.page).await;
    let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&floor), ["depth", "id", "name", "properties", "public", "rooms", "width"]);
    assert_eq!(names(&floor["rooms"][0]), ["area", "id", "name", "polygon", "usage"]);
    let (_, list) = product.get("/v2/floor", &product.page).await;
    assert_eq!(list, json!({ "floors": [{ "id": "ground", "name": floor["name"], "public": true }] }));
}

#[tokio::test]
async fn a_token_that_may_not_read_private_floors_cannot_find_out_which_exist() {
    let product = Product::new();
    let mut responses = Vec::new();
    for floor in ["first", "no-such-floor"] {
        let path = format!("/v2/floor/{floor}");
        let response = product.send(product.page.request("GET", &path)).await;
        let (parts, body) = response.into_parts();
        responses.push((parts.status, parts.headers, to_bytes(body, 1 << 20).await.unwrap()));
    }
    assert_eq!(responses[0], responses[1]);
}

#[tokio::test]
async fn a_list_has_what_the_token_may_query() {
    let product = Product::new();
    let cases = [
        (&product.page, Ok(vec!["ground"])),
        (&product.lister, Ok(vec!["ground", "first", "second"])),
        (&product.one_floor, Ok(vec!["first"])),
        (&product.reader, Err("floor:queryPublic")),
        (&product.other_scopes, Err("floor:queryPublic")),
        (&product.elsewhere, Err("floor:queryPublic")),
    ];
    for (token, expected) in cases {
        let (status, body) = product.get("/v2/floor", token).await;
        match expected {
            Ok(ids) => {
                let listed = body["floors"].as_array().unwrap();
                let listed: Vec<_> = listed.iter().map(|floor| floor["id"].as_str().unwrap()).collect();
                assert_eq!((status, listed), (200, ids), "{token:?}");
            }
            Err(scope) => assert_eq!((status, &body["scope"]), (403, &json!(scope)), "{token:?}"),
        }
    }
}

#[tokio::test]
async fn a_token_with_the_scope_changes_a_name_to_a_valid_one() {
    let product = Product::new();
    let long = "é".repeat(101);
    let cases = [
        (&product.editor, "first", json!({ "name": "  Studio <b>&\"' 工作室  " }), 200, ""),
        (&product.editor, "first", json!({ "name": "é".repeat(100) }), 200, ""),
        (&product.one_floor, "first", json!({ "name": "Studio" }), 200, ""),
        (&product.one_floor, "second", json!({ "name": "Studio" }), 403, "insufficient_scope"),
        (&product.one_floor, "no-such-floor", json!({ "name": "Studio" }), 403, "insufficient_scope"),
        (&product.reader, "first", json!({ "name": "Studio" }), 403, "insufficient_scope"),
        (&product.reader, "first", json!("the scope is checked before the body"), 403, "insufficient_scope"),
        (&product.page, "ground", json!({ "name": "Studio" }), 403, "insufficient_scope"),
        (&product.editor, "no-such-floor", json!({ "name": "Studio" }), 404, "not_found"),
        (&product.editor, "first", json!({ "name": "" }), 400, "invalid_body"),
        (&product.editor, "first", json!({ "name": "   " }), 400, "invalid_body"),
        (&product.editor, "first", json!({ "name": long }), 400, "invalid_body"),
        (&product.editor, "first", json!({ "name": "two\r\nlines" }), 400, "invalid_body"),
        (&product.editor, "first", json!({ "name": 7 }), 400, "invalid_body"),
        (&product.editor, "first", json!({ "name": "Studio", "public": true }), 400, "invalid_body"),
        (&product.editor, "first", json!({}), 400, "invalid_body"),
        (&product.editor, "first", json!([]), 400, "invalid_body"),
        (&product.editor, "first", json!({ "name": "x".repeat(5000) }), 413, "body_too_large"),
    ];
    for (token, floor, body, status, error) in cases {
        let (seen, response) = product.rename(floor, token, body.to_string()).await;
        assert_eq!((seen, response["error"].as_str().unwrap_or_default()), (status, error), "{token:?} {floor} {body}");
        if status == 200 {
            let name = json!(body["name"].as_str().unwrap().trim());
            assert_eq!(response, json!({ "id": floor, "name": name, "public": false }));
            assert_eq!(product.get("/v2/floor/first", &product.reader).await.1["name"], name);
        }
    }
    assert_eq!(product.rename("first", &product.editor, "{".into()).await.0, 400);
}

#[tokio::test]
async fn an_unknown_path_is_404_with_a_token_and_401_without_one() {
    let product = Product::new();
    for path in ["/", "/v2", "/v2/floor/", "/v2/floor/ground/rooms", "/config.json"] {
        let (status, body) = product.get(path, &product.reader).await;
        assert_eq!((status, &body["error"]), (404, &json!("not_found")), "{path}");
        let (status, body) = read(product.send(Request::get(path).body(String::new()).unwrap()).await).await;
        assert_eq!((status, &body["error"]), (401, &json!("missing_token")), "{path}");
    }
    let response = product.send(product.reader.request("DELETE", "/v2/floor/ground")).await;
    assert_eq!(response.headers()["allow"], "GET,HEAD");
    let (status, body) = read(response).await;
    assert_eq!((status, &body["error"]), (405, &json!("method_not_allowed")));
}
