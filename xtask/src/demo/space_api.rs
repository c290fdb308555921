//! Space API: a product with its embed, and a customer's site that shows what Daypass does.

use anyhow::Result;

use super::Started;
use super::parts::{Setting, scopes};

/// Starts its servers.
pub(super) fn start(setting: &Setting) -> Result<Started> {
    let (service, at) = setting.service(&["--temporary-min-seconds", "5"])?;

    let publishable = setting.token("publishable", "Host page", &["--origin", "127.0.0.1"])?;
    let foreign = setting.token("publishable", "Somebody else's page", &["--origin", "*.northlight.example"])?;
    let revoked = setting.token("publishable", "Revoked", &["--origin", "127.0.0.1"])?;
    setting.revoke(&revoked)?;
    let secret = setting.token("secret", "Customer's backend", &[])?;
    let manager = scopes(&["token:create", "token:revoke", "floor:readPrivate"]);
    let manager = setting.token("secret", "Customer's backend, to create and revoke", &manager)?;
    let introspection = setting.token("secret", "Floor API", &scopes(&["token:introspect", "token:report"]))?;
    let partner = [
        vec!["--id", "northlight-editor"],
        scopes(&["bundle:create", "floor:readPublic", "floor:readPrivate", "floor:update"]),
    ];
    let partner = setting.token("application", "Northlight editor", &partner.concat())?;

    let (floor_api, product) = setting.floor_api(&at, &introspection)?;
    let variables = [
        ("FLOOR_API", &*product.api),
        ("EMBED", &product.embed),
        ("SECRET_TOKEN", &secret.token),
        ("MANAGER_TOKEN", &manager.token),
        ("PARTNER_KEY", &partner.token),
        ("PUBLISHABLE_TOKEN", &publishable.token),
        ("FOREIGN_TOKEN", &foreign.token),
        ("REVOKED_TOKEN", &revoked.token),
    ];
    let (site, customer) = setting.site("examples/customer-site/server.mjs", &at, &variables)?;

    let variables = vec![
        ("SECRET_TOKEN", secret.token.clone()),
        ("MANAGER_TOKEN", manager.token.clone()),
        ("PARTNER_KEY", partner.token.clone()),
    ];
    let tokens = [
        ("secretToken", secret.token),
        ("managerToken", manager.token),
        ("partnerKey", partner.token),
        ("introspectionToken", introspection.token),
        ("publishableToken", publishable.token),
        ("foreignToken", foreign.token),
        ("revokedToken", revoked.token),
    ];
    let info = setting.info(customer, at, [("api", product.api), ("embed", product.embed)], tokens);
    Ok(Started { servers: vec![site, floor_api, service], info, variables })
}
