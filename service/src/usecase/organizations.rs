//! The operator's view of the organizations.

use daypass::Error;

use crate::domain::organization::Organization;
use crate::store::Store;

/// Returns the organizations, oldest first.
pub(crate) async fn list(store: &dyn Store) -> Result<Vec<Organization>, Error> {
    store.organizations().await
}
