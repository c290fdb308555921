//! The form that asks why a request was refused, and what it tells of the request: [`Question`].

use daypass::verify::TokenLocation;
use daypass::{ErrorBody, ForeignFormat, OpaqueToken, Scope, TokenKind};
use maud::{Markup, html};

use super::super::fields::Fields;
use super::super::flaw::Flaw;
use super::super::tokens::described_by;
use super::super::visitor::Visitor;

/// The places of a token in a request, as people find them there: the value of the choice, and the place in words.
const LOCATIONS: [(TokenLocation, &str, &str); 9] = [
    (TokenLocation::Bearer, "bearer", "Header Authorization: Bearer …"),
    (TokenLocation::Dpop, "dpop", "Header Authorization: DPoP …"),
    (TokenLocation::AlSecretToken, "al-secret-token", "Header Authorization: AL-Secret-Token …"),
    (TokenLocation::Bare, "bare", "Header Authorization, the token alone"),
    (TokenLocation::Cookie, "cookie", "Cookie authn"),
    (TokenLocation::Query, "query", "Query parameter, such as pubtoken or bearer_token"),
    (TokenLocation::AccessTokenId, "access-token-id", "Parameter accessTokenId"),
    (TokenLocation::ApiKey, "api-key", "Header x-api-key"),
    (TokenLocation::ApiToken, "api-token", "Header x-api-token"),
];

/// The fields with what is typed of a request, which the page repeats.
const REPEATED: [&str; 4] = ["origin", "scope", "tenant", "resources"];

/// What is told of a request.
#[derive(Debug, Default)]
pub(super) struct Question {
    pub(super) location: Option<TokenLocation>,
    pub(super) origin: Option<String>,
    pub(super) scope: Option<Scope>,
    pub(super) tenant: Option<String>,
    /// The resources by their types and ids.
    pub(super) resources: Vec<(String, String)>,
}

impl Question {
    /// Reads the form. What is empty in it is taken from the answer.
    pub(super) fn read(fields: &Fields, answer: Option<&ErrorBody>) -> Result<Question, Flaw> {
        let location = fields.get("location").and_then(|name| LOCATIONS.iter().find(|(_, own, _)| *own == name));
        let scope = match fields.get("scope") {
            Some(text) => Some(text.parse().map_err(|cause| {
                Flaw::of(
                    "scope",
                    format!("The scope `{text}` cannot be one: {cause}. Write it as `floor:readPrivate`."),
                )
            })?),
            None => answer.and_then(|answer| answer.scope.clone()),
        };
        let resources = fields.lines("resources").map(|line| match line.split_once(':') {
            Some((kind, id)) => Ok((kind.trim().to_owned(), id.trim().to_owned())),
            None => Err(Flaw::of("resources", format!("Write the resource `{line}` as its type, a colon and its id."))),
        });
        let or_answer = |name, own: Option<&String>| fields.get(name).map(str::to_owned).or_else(|| own.cloned());
        Ok(Question {
            location: location.map(|(location, ..)| *location),
            origin: or_answer("origin", answer.and_then(|answer| answer.origin.as_ref())),
            scope,
            tenant: or_answer("tenant", answer.and_then(|answer| answer.tenant.as_ref())),
            resources: resources.collect::<Result<_, _>>()?,
        })
    }
}

/// Returns where a token was, in words.
pub(super) fn place(location: TokenLocation) -> &'static str {
    LOCATIONS.iter().find(|(own, ..)| *own == location).map_or("somewhere else", |(_, _, words)| *words)
}

/// Requires that the fields that the page repeats have no token.
///
/// # Errors
/// A [`Flaw`] of the field that may have one.
pub(super) fn check_pasted(fields: &Fields, formats: &[ForeignFormat], organization: &str) -> Result<(), Flaw> {
    let wrong = REPEATED.into_iter().find(|name| may_have_token(fields.raw(name), formats, organization));
    let why = "This may be a token, and is not shown again. A token goes into the field for the token.";
    wrong.map_or(Ok(()), |name| Err(Flaw::of(name, why)))
}

/// Returns whether a text may have a token in it: one of Daypass's, also one that was cut off, or one in a format of
/// another system. An id that somebody chose is no secret on these pages, and neither is that of the organization.
fn may_have_token(text: &str, formats: &[ForeignFormat], organization: &str) -> bool {
    let begins = |part: &str| TokenKind::ALL.into_iter().filter_map(TokenKind::prefix).any(|own| part.contains(own));
    let is_foreign = |part: &str| {
        let formats = formats.iter().filter(|format| **format != ForeignFormat::ChosenId);
        part != organization && formats.into_iter().any(|format| OpaqueToken::foreign(*format, part).is_ok())
    };
    let mut parts = text.split(|c: char| c == ':' || c.is_whitespace());
    parts.any(|part| begins(part) || part.starts_with("eyJ") || is_foreign(part))
}

/// Returns what the form shows again of what was in it.
///
/// SECURITY: of the fields into which people paste, nothing: instead of a token, the id that was found by it. Of the
/// others, only what [`check_pasted`] takes.
pub(super) fn kept(fields: &Fields, formats: &[ForeignFormat], organization: &str, token: Option<&str>) -> Fields {
    let mut again = Fields::of([("token", token.unwrap_or_default().to_owned())]);
    again.add("location", fields.raw("location"));
    let kept = REPEATED.into_iter().filter(|name| !may_have_token(fields.raw(name), formats, organization));
    kept.for_each(|name| again.add(name, fields.raw(name)));
    again
}

/// Shows the form.
pub(super) fn shown(visitor: &Visitor, fields: &Fields, flaw: Option<&Flaw>) -> Markup {
    html! {
        form method="post" action=(visitor.to(&["refusal"])) novalidate {
            (Flaw::summary(flaw, "That could not be explained"))
            div.field {
                label for="answer" { "The answer (optional)" }
                p.note id="answer-note" { "The JSON that the API answered with, or the request id (X-Request-Id)." }
                textarea id="answer" name="answer" rows="3" spellcheck="false" autocapitalize="none" autocomplete="off"
                    aria-describedby=(described_by(flaw, "answer")) aria-invalid=[Flaw::is_in(flaw, "answer")] {}
                (Flaw::beside(flaw, "answer"))
            }
            div.field {
                label for="token" { "The token" }
                p.note id="token-note" {
                    "Its id, its beginning and end as lists show it (" code { "dp_pub_…Ab3d" } "), or the whole token: "
                    "that is compared by its fingerprint, and neither kept nor shown again."
                }
                input id="token" name="token" value=(fields.raw("token")) spellcheck="false" autocapitalize="none"
                    autocomplete="off" aria-describedby=(described_by(flaw, "token"))
                    aria-invalid=[Flaw::is_in(flaw, "token")];
                (Flaw::beside(flaw, "token"))
            }
            fieldset.field {
                legend { "The request, as far as you know it" }
                div.filter {
                    div.wide { (place_field(fields)) }
                    div.wide { (field(fields, flaw, "origin", "Origin of the page", "https://shop.example.com")) }
                    div { (field(fields, flaw, "scope", "Scope needed", "floor:readPublic")) }
                    div { (field(fields, flaw, "tenant", "Tenant", &visitor.organization)) }
                    div { (field(fields, flaw, "resources", "Resource", "floor:ground")) }
                }
            }
            div.buttons { button type="submit" { "Explain" } }
        }
    }
}

fn place_field(fields: &Fields) -> Markup {
    html! {
        label for="location" { "Where the token was" }
        select id="location" name="location" {
            option value="" { "I do not know" }
            @for (_, value, words) in LOCATIONS {
                option value=(value) selected[fields.raw("location") == value] { (words) }
            }
        }
    }
}

fn field(fields: &Fields, flaw: Option<&Flaw>, name: &'static str, label: &str, example: &str) -> Markup {
    html! {
        label for=(name) { (label) }
        input id=(name) name=(name) value=(fields.raw(name)) placeholder=(example) spellcheck="false"
            autocapitalize="none" autocomplete="off" aria-invalid=[Flaw::is_in(flaw, name)]
            aria-describedby=[Flaw::is_in(flaw, name).map(|_| format!("{name}-problem"))];
        (Flaw::beside(flaw, name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_goes_before_the_answer_and_shows_nothing_again_that_was_pasted() {
        let body = r#"{"error":"insufficient_scope","message":"m","scope":"floor:export","tenant":"t"}"#;
        let body: ErrorBody = serde_json::from_str(body).expect("an answer");
        let fields = Fields::of([
            ("answer", "pasted".to_owned()),
            ("token", "pasted".to_owned()),
            ("tenant", "other".to_owned()),
            ("resources", "floor:f1".to_owned()),
        ]);
        let question = Question::read(&fields, Some(&body)).ok().expect("a question");
        assert_eq!(question.scope.as_ref().map(Scope::as_str), Some("floor:export"));
        assert_eq!(question.tenant.as_deref(), Some("other"));
        assert_eq!(question.resources, [("floor".to_owned(), "f1".to_owned())]);
        let again = kept(&fields, &[], "o", Some("tok_1"));
        assert_eq!((again.raw("token"), again.raw("answer"), again.raw("tenant")), ("tok_1", "", "other"));
        assert_eq!(kept(&fields, &[], "o", None).raw("token"), "");
        assert!(Question::read(&Fields::of([("scope", "no scope".to_owned())]), None).is_err());
    }

    #[test]
    fn a_token_in_another_field_is_not_shown_again() {
        let speckle = "0123456789abcdef0123456789abcdef0123456789";
        let uuid = "0198c2a4-93fd-7d2b-a1b2-0123456789ab";
        for name in REPEATED {
            for (text, may_be) in [
                ("dp_sec_cut", true),
                ("floor:dp_pub_cut", true),
                ("Bearer eyJhbGciOi", true),
                (speckle, true),
                (uuid, true),
                ("https://shop.example.com:8443", false),
                ("floor:readPublic", false),
                ("tenant-1", false),
            ] {
                let fields = Fields::of([(name, text.to_owned())]);
                let formats = ForeignFormat::ALL;
                assert_eq!(check_pasted(&fields, &formats, "o").is_err(), may_be, "{name} {text}");
                assert_eq!(kept(&fields, &formats, "o", None).raw(name).is_empty(), may_be, "{name} {text}");
            }
            // An organization's id may be a UUID.
            let own = Fields::of([(name, uuid.to_owned())]);
            assert!(check_pasted(&own, &ForeignFormat::ALL, uuid).is_ok(), "{name}");
        }
    }

    #[test]
    fn every_place_can_be_chosen() {
        for location in TokenLocation::ALL {
            assert!(LOCATIONS.iter().any(|(own, ..)| *own == location), "{location:?}");
        }
    }
}
