//! Kudo: a partner's site that opens an editor with a session token.

use anyhow::Result;

use super::Started;
use super::parts::{Setting, scopes};

/// Starts its servers.
pub(super) fn start(setting: &Setting) -> Result<Started> {
    // The editor's files are floors: their catalogue is the product's, since Kudo has no scopes.
    let catalog = ["--catalog", "catalogs/space-api.json"];
    let (service, at) = setting.service(&[&["--protocols", "kudo", "--kudo-uuid"][..], &catalog].concat())?;
    let introspection = setting.token("secret", "Floor API", &scopes(&["token:introspect", "token:report"]))?;
    let partner = [
        vec!["--id", "northlight-editor"],
        scopes(&["bundle:create", "floor:readPublic", "floor:readPrivate", "floor:update"]),
    ];
    let partner = setting.token("application", "Northlight, a partner", &partner.concat())?;

    let (floor_api, product) = setting.floor_api(&at, &introspection)?;
    let variables = [("EDITOR", &*product.embed), ("FLOOR_API", &product.api), ("ACCESS_KEY", &partner.token)];
    let (site, customer) = setting.site("examples/customer-site/systems/kudo.mjs", &at, &variables)?;

    let variables = vec![("ACCESS_KEY", partner.token.clone())];
    let addresses = [("api", product.api), ("editor", product.embed)];
    let info = setting.info(customer, at, addresses, [("accessKey", partner.token)]);
    Ok(Started { servers: vec![site, floor_api, service], info, variables })
}
