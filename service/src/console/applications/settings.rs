//! The settings of an OAuth client: found, shown, and compared with those that a form is meant for.

use daypass::Error;
use daypass::api::{PrincipalKind, PrincipalRecord};
use maud::{Markup, html};

use super::super::fields::Fields;
use super::super::text::outside;
use super::super::visitor::Visitor;
use crate::domain::oauth::client::{ClientSettings, GrantType};
use crate::domain::oauth::registration::Registration;
use crate::domain::token_owner::ADMINISTER;
use crate::http::{SharedApp, etag};
use crate::usecase::oauth::clients;
use crate::usecase::principals;

/// An application that can be a client, and the settings that it has if it is one.
pub(super) struct Found {
    pub(super) application: PrincipalRecord,
    pub(super) settings: Option<ClientSettings>,
}

impl Found {
    /// Finds an application for a person who may edit it.
    ///
    /// # Errors
    /// Also [`Error::NotFound`] for another member, and for an application that was removed.
    pub(super) async fn find(app: &SharedApp, visitor: &Visitor, id: &str) -> Result<Found, Error> {
        let organization = visitor.caller.require(&ADMINISTER)?;
        let application = principals::find(&*app.store, organization, id).await?;
        if application.kind != PrincipalKind::Application || application.removed_at.is_some() {
            return Err(Error::NotFound);
        }
        let settings = clients::settings(&*app.store, organization, id).await?;
        Ok(Found { application, settings })
    }

    /// Returns what a form repeats, so that it is meant for the settings that its page showed.
    pub(super) fn tag(&self) -> String {
        let Some(settings) = self.settings.clone() else { return "none".into() };
        let json = serde_json::to_vec(&Registration::from(settings)).unwrap_or_default();
        etag::of(&json).to_str().unwrap_or_default().trim_matches('"').to_owned()
    }

    /// Returns whether a form is meant for these settings.
    pub(super) fn is_shown_by(&self, fields: &Fields) -> bool {
        fields.raw("shown") == self.tag()
    }
}

/// Shows the settings of a client.
pub(super) fn facts(settings: &ClientSettings) -> Markup {
    let ClientSettings { is_confidential, redirect_uris, scopes, grant_types } = settings;
    html! {
        dt { "Secret" }
        dd {
            @if *is_confidential { "It keeps one: an application token that belongs to it." }
            @else { "It keeps none: a page or an app on a device, with PKCE." }
        }
        dt { "Redirect URIs" }
        dd {
            @if redirect_uris.is_empty() { span.none { "–" } }
            ul { @for uri in redirect_uris { li { code { (outside(uri)) } } } }
        }
        dt { "May ask for" }
        dd { @for (at, scope) in scopes.iter().enumerate() { @if at > 0 { ", " } code { (scope) } } }
        dt { "By" }
        dd {
            @if grant_types.is_empty() { "No grant type: it gets no tokens." }
            (grant_types.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", "))
        }
    }
}

/// Shows the OAuth client that an application is, on the application's page, with what can be done with it.
pub(in crate::console) fn of_application(
    visitor: &Visitor,
    application: &PrincipalRecord,
    settings: Option<&ClientSettings>,
) -> Markup {
    let to = |action| visitor.to(&["applications", &application.id, action]);
    html! {
        section.panel {
            h2 { "OAuth client" }
            @match settings {
                Some(settings) => dl.facts { (facts(settings)) },
                None => p.none { "Not an OAuth client: it asks nobody for tokens." },
            }
            @if visitor.may(&ADMINISTER) {
                div.buttons {
                    @if settings.is_some() {
                        a.button.quiet href=(to("edit")) { "Edit OAuth settings" }
                        a.button.quiet.danger href=(to("remove")) { "Remove OAuth settings" }
                    } @else {
                        a.button.quiet href=(to("edit")) { "Make it an OAuth client" }
                    }
                }
            }
        }
    }
}

/// Returns what a grant type is for, in a sentence.
pub(super) fn purpose(grant_type: GrantType) -> &'static str {
    match grant_type {
        GrantType::AuthorizationCode => "A person signs in and lets it have tokens. It needs a redirect URI.",
        GrantType::RefreshToken => "It gets new tokens for that person, without asking again.",
        GrantType::ClientCredentials => "It gets tokens for itself. It needs a secret.",
        GrantType::TokenExchange => "It exchanges a token that it holds for a narrower one.",
    }
}
