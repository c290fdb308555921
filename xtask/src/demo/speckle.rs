//! Speckle: the token service, and a page in the words of Speckle.

use anyhow::Result;

use super::Started;
use super::parts::Setting;

/// Starts its servers.
pub(super) fn start(setting: &Setting) -> Result<Started> {
    let (service, at) = setting.service(&["--protocols", "speckle"])?;
    let (site, customer) = setting.site("examples/customer-site/systems/speckle.mjs", &at, &[])?;
    let info = setting.info(customer, at, [], []);
    Ok(Started { servers: vec![site, service], info, variables: vec![] })
}
