//! The fields of an OAuth client's settings, as a page has them and as a form sends them.

use daypass::{CatalogScope, Error, Scope};
use maud::{Markup, html};

use super::super::fields::Fields;
use super::super::flaw::Flaw;
use super::super::tokens::{described_by, scope_field};
use super::settings::purpose;
use crate::domain::catalogs::Catalogs;
use crate::domain::oauth::client::{ClientSettings, GrantType};
use crate::domain::oauth::registration::Registration;

/// Returns the fields for settings, or those of a new client.
pub(super) fn fields(settings: Option<&ClientSettings>, tag: String) -> Fields {
    let confidential = if settings.is_some_and(|settings| settings.is_confidential) { "yes" } else { "no" };
    let uris = settings.map(|settings| settings.redirect_uris.join("\n"));
    let mut fields = Fields::of([
        ("shown", tag),
        ("confidential", confidential.to_owned()),
        ("redirectUris", uris.unwrap_or_default()),
    ]);
    for scope in settings.iter().flat_map(|settings| settings.scopes.iter()) {
        fields.add("scope", scope.as_str());
    }
    let of_people = [GrantType::AuthorizationCode, GrantType::RefreshToken];
    for grant_type in settings.map_or(&of_people[..], |settings| &settings.grant_types) {
        fields.add("grantType", grant_type.as_str());
    }
    fields
}

/// Reads the settings that a form is.
///
/// # Errors
/// A [`Flaw`] for what no browser sends. The use case checks the rest.
pub(super) fn read(fields: &Fields) -> Result<Registration, Flaw> {
    let scopes = fields.all("scope").map(|text| {
        text.parse::<Scope>().map_err(|cause| Flaw::of("scopes", format!("{cause}. Choose scopes from the list.")))
    });
    let grant_types = fields.all("grantType").map(|text| {
        let why = || format!("There is no grant type `{text}`. Choose some from the list.");
        GrantType::named(text).ok_or_else(|| Flaw::of("grantTypes", why()))
    });
    Ok(Registration {
        confidential: match fields.raw("confidential") {
            "yes" => true,
            "no" => false,
            _ => return Err(Flaw::of("confidential", "Say whether it keeps a secret.")),
        },
        redirect_uris: fields.lines("redirectUris").map(str::to_owned).collect(),
        scopes: scopes.collect::<Result<_, _>>()?,
        grant_types: Some(grant_types.collect::<Result<_, _>>()?),
    })
}

/// Returns what the use case found wrong, beside its field.
pub(super) fn flaw(error: Error) -> Flaw {
    let field = match &error {
        Error::InvalidRequest(text) if text.starts_with("The grant type") => "grantTypes",
        Error::InvalidRequest(text) if text.contains("redirect URI") => "redirectUris",
        _ => return error.into(),
    };
    Flaw::of(field, error.to_string())
}

/// Shows the fields.
pub(super) fn show(
    catalogs: &Catalogs,
    settings: Option<&ClientSettings>,
    fields: &Fields,
    flaw: Option<&Flaw>,
) -> Markup {
    let others = others(catalogs, settings);
    let offered: Vec<_> = catalogs.product().scopes.iter().chain(&others).collect();
    html! {
        input type="hidden" name="shown" value=(fields.raw("shown"));
        fieldset.field id="confidential" tabindex="-1"
            aria-describedby=[Flaw::is_in(flaw, "confidential").map(|_| "confidential-problem")] {
            legend { "Does it keep a secret?" }
            (Flaw::beside(flaw, "confidential"))
            (choice(fields, "no", "No, it is public", "A page, or an app on a person's device: it shows who it is by PKCE."))
            (choice(fields, "yes", "Yes, it is confidential", "A backend. Its secret is an application token that belongs to it."))
        }
        div.field {
            label for="redirectUris" { "Redirect URIs" }
            p.note id="redirectUris-note" {
                "Where people come back to, one on a line, compared exactly: " code { "https://app.example.com/callback" } ", "
                code { "http://127.0.0.1/callback" } " with any port, or the scheme of an app such as "
                code { "com.example.app:/callback" } "."
            }
            textarea id="redirectUris" name="redirectUris" rows="3" spellcheck="false" autocapitalize="none"
                autocomplete="off" aria-describedby=(described_by(flaw, "redirectUris"))
                aria-invalid=[Flaw::is_in(flaw, "redirectUris")] { "\n" (fields.raw("redirectUris")) }
            (Flaw::beside(flaw, "redirectUris"))
        }
        fieldset.field id="grantTypes" tabindex="-1"
            aria-describedby=[Flaw::is_in(flaw, "grantTypes").map(|_| "grantTypes-problem")] {
            legend { "Grant types: how it gets tokens" }
            (Flaw::beside(flaw, "grantTypes"))
            @for grant_type in GrantType::ALL { (grant_type_field(grant_type, fields)) }
        }
        (scope_field("Scopes: what it may ask for", &offered, fields, flaw))
    }
}

fn choice(fields: &Fields, value: &str, name: &str, note: &str) -> Markup {
    html! {
        label.check {
            input type="radio" name="confidential" value=(value) checked[fields.raw("confidential") == value];
            span { (name) span.note { (note) } }
        }
    }
}

fn grant_type_field(grant_type: GrantType, fields: &Fields) -> Markup {
    let name = grant_type.as_str();
    html! {
        label.check {
            input type="checkbox" name="grantType" value=(name) checked[fields.has("grantType", name)];
            span { code { (name) } span.note { (purpose(grant_type)) } }
        }
    }
}

/// Returns the scopes of a client that the catalogue does not list: `resource:*`, or one that it no longer has.
fn others(catalogs: &Catalogs, settings: Option<&ClientSettings>) -> Vec<CatalogScope> {
    let is_listed = |scope: &Scope| catalogs.product().scopes.iter().any(|entry| entry.scope == *scope);
    let held = settings.iter().flat_map(|settings| settings.scopes.iter());
    let entry = |scope: &Scope| CatalogScope {
        scope: scope.clone(),
        description: "It has this now; the catalogue does not list it by itself.".into(),
        publishable: false,
    };
    held.filter(|scope| !is_listed(scope)).map(entry).collect()
}
