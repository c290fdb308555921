//! The product's API, at the paths that Threekit's clients use. `VerifyLayer` lets only requests with an active token
//! through; each handler says what the token must allow.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::multipart::MultipartRejection;
use axum::extract::rejection::JsonRejection;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Multipart, Path, State};
use axum::http::request::Parts;
use axum::routing::{get, post};
use axum::{Json, Router};
use daypass::verify::http::VerifyLayer;
use daypass::verify::{Scoped, Verifier};
use daypass::{Error, RequiredScope};
use serde_json::{Map, Value, json};

use crate::records::{Records, chair, short_id};
use crate::scopes::{
    AnalyticsCreate, AnalyticsRead, ConfigurationCreate, ConfigurationRead, ConfiguratorRead, OrderCreate,
};

/// The longest body, in bytes.
const MAX_BODY: usize = 64 * 1024;

/// The product: the organization that owns the configurator, and its records.
struct Product {
    organization: String,
    records: Records,
}

type SharedProduct = State<Arc<Product>>;

impl Product {
    /// Requires that a token has its scope in the product's organization.
    fn require<S: RequiredScope>(&self, scoped: &Scoped<S>) -> Result<(), Error> {
        scoped.tenant(&self.organization).check().map(drop)
    }
}

pub(crate) fn router(organization: String, records: Records, verifier: Arc<Verifier>) -> Router {
    Router::new()
        .route("/api/products/{id}", get(product))
        .route("/api/assets/translations", get(translations))
        .route("/api/orgs/{organization}/pricebooks", get(pricebooks))
        .route("/api/configurations", get(configurations).post(save))
        .route("/api/configurations/{id}", get(configuration))
        .route("/api/analytics/events", get(events).post(send))
        .route("/api/orders", post(order))
        .fallback(async || Error::NotFound)
        .method_not_allowed_fallback(async || Error::MethodNotAllowed)
        .with_state(Arc::new(Product { organization, records }))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(VerifyLayer::new(verifier).client(client))
}

/// Returns the address of the connection, since no proxy stands in front of this program.
fn client(parts: &Parts) -> Option<IpAddr> {
    parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip())
}

// #region read
/// Shows what can be configured.
async fn product(
    scoped: Scoped<ConfiguratorRead>,
    State(product): SharedProduct,
    Path(id): Path<String>,
) -> Result<Json<Value>, Error> {
    product.require(&scoped)?;
    let chair = chair();
    if chair["id"] == id { Ok(Json(chair)) } else { Err(Error::NotFound) }
}
// #endregion

/// Returns the words of the configurator in other languages.
async fn translations(scoped: Scoped<ConfiguratorRead>, State(product): SharedProduct) -> Result<Json<Value>, Error> {
    product.require(&scoped)?;
    Ok(Json(json!({ "Seat": "Sitz", "Frame": "Gestell", "Arms": "Armlehnen" })))
}

/// Returns the price books of an organization.
async fn pricebooks(
    scoped: Scoped<ConfiguratorRead>,
    State(product): SharedProduct,
    Path(organization): Path<String>,
) -> Result<Json<Value>, Error> {
    scoped.tenant(&organization).check()?;
    product.require(&scoped)?;
    Ok(Json(json!({ "pricebooks": [{ "id": "list", "name": "List prices", "currencies": ["EUR"] }] })))
}

/// Shows a saved configuration to a visitor who knows its id.
async fn configuration(
    scoped: Scoped<ConfiguratorRead>,
    State(product): SharedProduct,
    Path(id): Path<String>,
) -> Result<Json<Value>, Error> {
    product.require(&scoped)?;
    product.records.configurations.find(&id).map(Json).ok_or(Error::NotFound)
}

/// Saves a visitor's configuration, a form as Threekit's clients send it.
async fn save(
    scoped: Scoped<ConfigurationCreate>,
    State(product): SharedProduct,
    form: Result<Multipart, MultipartRejection>,
) -> Result<Json<Value>, Error> {
    product.require(&scoped)?;
    let fields = read_fields(form.map_err(|cause| Error::InvalidBody(cause.body_text()))?).await?;
    let text = |name: &str| fields.get(name).cloned().unwrap_or_default();
    let parse = |name: &str| match fields.get(name).and_then(Value::as_str) {
        Some(text) => serde_json::from_str(text).map_err(|cause| Error::InvalidBody(format!("`{name}`: {cause}"))),
        None => Ok(Value::Null),
    };
    let record = json!({
        "shortId": short_id(),
        "orgId": product.organization,
        "productId": text("productId"),
        "productVersion": text("productVersion"),
        "variant": parse("variant")?,
        "metadata": parse("metadata")?,
        "customerId": text("customerId"),
    });
    Ok(Json(product.records.configurations.add(record)))
}

/// Reads the texts of a form. It has no files: a configuration of this product needs none.
async fn read_fields(mut form: Multipart) -> Result<Map<String, Value>, Error> {
    let invalid = |cause: axum::extract::multipart::MultipartError| Error::InvalidBody(cause.body_text());
    let mut fields = Map::new();
    while let Some(field) = form.next_field().await.map_err(invalid)? {
        let name = field.name().unwrap_or_default().to_owned();
        fields.insert(name, json!(field.text().await.map_err(invalid)?));
    }
    Ok(fields)
}

/// Stores an event of a visitor.
async fn send(
    scoped: Scoped<AnalyticsCreate>,
    State(product): SharedProduct,
    body: Result<Json<Map<String, Value>>, JsonRejection>,
) -> Result<Json<Value>, Error> {
    product.require(&scoped)?;
    let Json(event) = body.map_err(|cause| Error::InvalidBody(cause.body_text()))?;
    if !event.get("eventType").is_some_and(Value::is_string) {
        return Err(Error::InvalidBody("`eventType` must be a text".into()));
    }
    Ok(Json(product.records.events.add(event.into())))
}

/// Lists what all customers saved.
async fn configurations(
    scoped: Scoped<ConfigurationRead>,
    State(product): SharedProduct,
) -> Result<Json<Value>, Error> {
    product.require(&scoped)?;
    Ok(Json(json!({ "configurations": product.records.configurations.all() })))
}

/// Lists the events of all visitors.
async fn events(scoped: Scoped<AnalyticsRead>, State(product): SharedProduct) -> Result<Json<Value>, Error> {
    product.require(&scoped)?;
    Ok(Json(json!({ "events": product.records.events.all() })))
}

/// Places an order.
async fn order(
    scoped: Scoped<OrderCreate>,
    State(product): SharedProduct,
    body: Result<Json<Map<String, Value>>, JsonRejection>,
) -> Result<Json<Value>, Error> {
    product.require(&scoped)?;
    let Json(order) = body.map_err(|cause| Error::InvalidBody(cause.body_text()))?;
    Ok(Json(product.records.orders.add(order.into())))
}
