//! The tenants and profiles, in memory.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::error::ApiError;

/// A tenant.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Tenant {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) verify_new_profiles: bool,
}

/// A profile: a person, within a tenant.
#[derive(Clone, Serialize)]
pub(crate) struct Profile {
    pub(crate) id: String,
    pub(crate) username: String,
    pub(crate) email: String,
    pub(crate) tenant: String,
}

/// Everything.
#[derive(Default)]
pub(crate) struct Data {
    tables: Mutex<Tables>,
}

#[derive(Default)]
struct Tables {
    tenants: BTreeMap<String, Tenant>,
    profiles: BTreeMap<String, Profile>,
    created: u64,
}

impl Data {
    /// Starts with tenants of these names.
    pub(crate) fn with_tenants(names: &[String]) -> Data {
        let tenant = |name: &String| (name.clone(), Tenant { name: name.clone(), verify_new_profiles: false });
        let tenants = names.iter().map(tenant).collect();
        Data { tables: Mutex::new(Tables { tenants, ..Tables::default() }) }
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn tenants(&self) -> Vec<Tenant> {
        self.tables().tenants.values().cloned().collect()
    }

    pub(crate) fn tenant(&self, name: &str) -> Result<Tenant, ApiError> {
        self.tables().tenants.get(name).cloned().ok_or(ApiError::NoSuchTenant)
    }

    pub(crate) fn add_tenant(&self, tenant: Tenant) -> Result<Tenant, ApiError> {
        let tenants = &mut self.tables().tenants;
        if tenants.contains_key(&tenant.name) {
            return Err(ApiError::TenantExists);
        }
        tenants.insert(tenant.name.clone(), tenant.clone());
        Ok(tenant)
    }

    pub(crate) fn update_tenant(&self, tenant: Tenant) -> Result<Tenant, ApiError> {
        *self.tables().tenants.get_mut(&tenant.name).ok_or(ApiError::NoSuchTenant)? = tenant.clone();
        Ok(tenant)
    }

    pub(crate) fn delete_tenant(&self, name: &str) {
        let mut tables = self.tables();
        tables.tenants.remove(name);
        tables.profiles.retain(|_, profile| profile.tenant != name);
    }

    pub(crate) fn profiles(&self, tenant: &str) -> Vec<Profile> {
        self.tables().profiles.values().filter(|profile| profile.tenant == tenant).cloned().collect()
    }

    pub(crate) fn profile(&self, id: &str) -> Option<Profile> {
        self.tables().profiles.get(id).cloned()
    }

    pub(crate) fn add_profile(&self, tenant: &str, username: String, email: String) -> Result<Profile, ApiError> {
        let mut tables = self.tables();
        if !tables.tenants.contains_key(tenant) {
            return Err(ApiError::NoSuchTenant);
        }
        if tables.profiles.values().any(|profile| profile.tenant == tenant && profile.username == username) {
            return Err(ApiError::ProfileExists);
        }
        tables.created += 1;
        let id = format!("profile-{}", tables.created);
        let profile = Profile { id: id.clone(), username, email, tenant: tenant.to_owned() };
        tables.profiles.insert(id, profile.clone());
        Ok(profile)
    }

    pub(crate) fn set_email(&self, id: &str, email: String) -> Result<Profile, ApiError> {
        let mut tables = self.tables();
        let profile = tables.profiles.get_mut(id).ok_or(ApiError::NoSuchProfile)?;
        profile.email = email;
        Ok(profile.clone())
    }

    pub(crate) fn delete_profile(&self, id: &str) {
        self.tables().profiles.remove(id);
    }
}
