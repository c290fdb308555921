//! The principals that tokens belong to: their names, and which can be chosen.

use std::collections::BTreeMap;

use daypass::Error;
use daypass::api::PrincipalRecord;
use maud::{Markup, html};

use super::super::text::outside;
use crate::domain::page_limit::PageLimit;
use crate::store::Store;
use crate::usecase::principals;

/// How many principals a choice lists. An organization with more has a field for the id.
const MOST: usize = 200;

/// The principals of an organization that can be chosen: all, if they are few.
pub(super) struct Owners {
    all: Option<Vec<PrincipalRecord>>,
    /// One that is not among them, since it was removed, but was chosen.
    other: Option<PrincipalRecord>,
}

impl Owners {
    /// Finds the principals of an organization.
    pub(super) async fn find(store: &dyn Store, organization: &str) -> Result<Owners, Error> {
        let page = principals::list(store, organization, None, PageLimit::at_most(MOST), None).await?;
        Ok(Owners { all: page.next_cursor.is_none().then_some(page.principals), other: None })
    }

    /// Finds the principal that was chosen, also one that was removed. Returns whether there is one.
    pub(super) async fn choose(&mut self, store: &dyn Store, organization: &str, id: &str) -> Result<bool, Error> {
        if self.all.iter().flatten().any(|principal| principal.id == id) {
            return Ok(true);
        }
        match principals::find(store, organization, id).await {
            Ok(principal) => self.other = Some(principal),
            Err(Error::NotFound) => return Ok(false),
            Err(error) => return Err(error),
        }
        Ok(true)
    }

    /// Returns the names of some principals by their ids.
    pub(super) async fn names<'a>(
        &self,
        store: &dyn Store,
        organization: &str,
        ids: impl Iterator<Item = &'a str>,
    ) -> Result<BTreeMap<&'a str, String>, Error> {
        let mut names = BTreeMap::new();
        for id in ids {
            let known = self.all.iter().flatten().find(|principal| principal.id == id).map(|own| own.name.clone());
            let name = match known {
                Some(name) => name,
                None if names.contains_key(id) => continue,
                None => principals::find(store, organization, id).await?.name,
            };
            names.insert(id, name);
        }
        Ok(names)
    }

    /// Shows the field for a principal. Without a value it stands for `none`.
    pub(super) fn field(&self, id: &str, value: &str, none: &str) -> Markup {
        match &self.all {
            Some(all) => html! {
                select id=(id) name=(id) {
                    option value="" selected[value.is_empty()] { (none) }
                    @for principal in all {
                        option value=(principal.id) selected[principal.id == value] {
                            (principal.name) " (" (kind(principal)) ")"
                        }
                    }
                    @if !value.is_empty() && all.iter().all(|principal| principal.id != value) {
                        option value=(value) selected {
                            @match self.other.as_ref().filter(|other| other.id == value) {
                                Some(other) => { (other.name) " (removed " (kind(other)) ")" },
                                None => { (value) " (unknown)" },
                            }
                        }
                    }
                }
            },
            None => html! { input id=(id) name=(id) value=(value) placeholder=(none) autocomplete="off"; },
        }
    }
}

/// Returns what a principal is, in words.
fn kind(principal: &PrincipalRecord) -> &'static str {
    match principal.kind {
        daypass::api::PrincipalKind::User => "user",
        daypass::api::PrincipalKind::ServiceAccount => "service account",
        daypass::api::PrincipalKind::Application => "application",
    }
}

/// Shows the principal with this id, by its name.
pub(super) fn name(names: &BTreeMap<&str, String>, id: &str) -> Markup {
    match names.get(id) {
        Some(name) => html! { span title=(id) { (outside(name)) } },
        None => html! { code { (outside(id)) } },
    }
}
