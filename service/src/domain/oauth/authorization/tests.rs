use daypass::{Catalog, Scope};

use super::super::client::ClientSettings;
use super::super::client::tests::{client, scopes};
use super::*;

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const AUDIENCE: &str = "https://api.example.com";

fn registered() -> Vec<String> {
    ["https://app.example.com/cb", "http://127.0.0.1/cb", "com.example.app:/cb"].map(str::to_owned).to_vec()
}

fn parameters(text: &str) -> Parameters {
    Parameters::read(text).expect("UTF-8")
}

/// Reads a request with these parameters beside those that are always right.
fn request(more: &str) -> Result<AuthorizationRequest, Denial> {
    request_to("https://app.example.com/cb", more)
}

fn request_to(redirect_uri: &str, more: &str) -> Result<AuthorizationRequest, Denial> {
    let given = parameters(&format!("redirect_uri={redirect_uri}&{more}"));
    let address = ReturnAddress::find(&given, &registered()).expect("an address");
    read(&given, address, &client(), &Catalogs::new(Catalog::space_api()), AUDIENCE)
}

fn right() -> String {
    format!("response_type=code&code_challenge={CHALLENGE}&code_challenge_method=S256")
}

#[test]
fn an_answer_goes_to_a_registered_address_alone() {
    let one = &registered()[..1];
    for (text, registered, expected) in [
        ("redirect_uri=https://app.example.com/cb", &registered()[..], Some(("https://app.example.com/cb", true))),
        ("redirect_uri=http://127.0.0.1:4000/cb", &registered()[..], Some(("http://127.0.0.1:4000/cb", true))),
        (
            "redirect_uri=https%3A%2F%2Fapp.example.com%2Fcb",
            &registered()[..],
            Some(("https://app.example.com/cb", true)),
        ),
        ("", one, Some(("https://app.example.com/cb", false))),
        ("redirect_uri=", one, Some(("https://app.example.com/cb", false))),
        ("", &registered()[..], None),
        ("", &[], None),
        ("redirect_uri=https://app.example.com/cb", &[], None),
        ("redirect_uri=https://app.example.com/cb/", one, None),
        ("redirect_uri=https://app.example.com/cb%23", one, None),
        ("redirect_uri=https://evil.example/cb", one, None),
        ("redirect_uri=javascript:alert(1)", one, None),
        ("redirect_uri=https://app.example.com/cb&redirect_uri=https://app.example.com/cb", one, None),
        ("redirect_uri=https://app.example.com/cb&redirect_uri=https://evil.example/", one, None),
    ] {
        let found = ReturnAddress::find(&parameters(text), registered).ok();
        let found = found.map(|found| (found.redirect_uri.to_string(), found.is_named));
        assert_eq!(found.as_ref().map(|(uri, is_named)| (&**uri, *is_named)), expected, "{text}");
    }
}

#[test]
fn the_state_comes_back_as_it_was_sent_with_the_issuer() {
    let address = |state: &str| {
        let given = parameters(&format!("redirect_uri=https://app.example.com/cb&{state}"));
        ReturnAddress::find(&given, &registered()).expect("an address")
    };
    let issuer = "https://tokens.example.com";
    assert_eq!(
        address("state=a+b%2B%22%3C%C3%A9").with_code("c1", issuer),
        "https://app.example.com/cb?code=c1&state=a%20b%2B%22%3C%C3%A9&iss=https%3A%2F%2Ftokens.example.com"
    );
    assert_eq!(
        address("").with_denial(Denial::ACCESS_DENIED, issuer),
        "https://app.example.com/cb?error=access_denied&error_description=The%20user%20did%20not%20allow%20it.\
         &iss=https%3A%2F%2Ftokens.example.com"
    );
    assert_eq!(
        address("response_mode=access_code").with_code("c1", issuer),
        "https://app.example.com/cb?access_code=c1&iss=https%3A%2F%2Ftokens.example.com"
    );
    // Of two, neither is the right one.
    assert_eq!(address("state=1&state=2").state, None);
    assert_eq!(address(&format!("state={}", "a".repeat(2001))).state, None);
}

#[test]
fn a_request_is_read_or_refused_with_the_error_of_the_standard() {
    let right = right();
    for (more, expected) in [
        ("", Ok("floor:readPrivate floor:readPublic")),
        ("&scope=", Ok("floor:readPrivate floor:readPublic")),
        ("&scope=floor:readPublic", Ok("floor:readPublic")),
        ("&scope=floor:readPublic+floor:readPublic", Ok("floor:readPublic")),
        ("&scope=floor:read", Ok("floor:readPrivate floor:readPublic")),
        ("&scope=floor:readPrivate:f1&state=1&unknown=2", Ok("floor:readPrivate:f1")),
        (
            "&resource=https://api.example.com&resource=https://api.example.com",
            Ok("floor:readPrivate floor:readPublic"),
        ),
        ("&response_mode=query&prompt=consent+login", Ok("floor:readPrivate floor:readPublic")),
        ("&response_mode=access_code", Ok("floor:readPrivate floor:readPublic")),
        ("&scope=floor:export", Err("invalid_scope")),
        ("&scope=floor:*", Err("invalid_scope")),
        ("&scope=*", Err("invalid_scope")),
        ("&scope=openid", Err("invalid_scope")),
        ("&scope=nothing:such", Err("invalid_scope")),
        ("&scope=token:create", Err("invalid_scope")),
        ("&scope=floor:readPublic%0Afloor:export", Err("invalid_scope")),
        ("&scope=floor:readPublic&scope=floor:readPublic", Err("invalid_request")),
        ("&state=1&state=1", Err("invalid_request")),
        ("&unknown=1&unknown=2", Err("invalid_request")),
        ("&response_type=code", Err("invalid_request")),
        ("&response_mode=fragment", Err("invalid_request")),
        ("&response_mode=form_post", Err("invalid_request")),
        ("&request=eyJ", Err("request_not_supported")),
        ("&resource=https://other.example", Err("invalid_target")),
        ("&resource=https://api.example.com&resource=https://other.example", Err("invalid_target")),
        ("&prompt=none+login", Err("invalid_request")),
        ("&prompt=create", Err("invalid_request")),
        ("&dpop_jkt=short", Err("invalid_request")),
    ] {
        let read = request(&format!("{right}{more}"));
        let read = read.as_ref().map(|request| request.scopes.iter().map(Scope::as_str).collect::<Vec<_>>().join(" "));
        assert_eq!(read.as_deref().map_err(|denial| denial.error.as_str()), expected, "{more}");
    }
    let long = format!("{right}&state={}", "a".repeat(2001));
    assert_eq!(request(&long).map_err(|denial| denial.error.as_str()), Err("invalid_request"));
}

#[test]
fn pkce_with_s256_is_required() {
    for (text, error) in [
        ("", "invalid_request"),
        ("response_type=token", "unsupported_response_type"),
        ("response_type=code+id_token", "unsupported_response_type"),
        ("response_type=code", "invalid_request"),
        ("response_type=code&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "invalid_request"),
        (
            "response_type=code&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=plain",
            "invalid_request",
        ),
        (
            "response_type=code&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=s256",
            "invalid_request",
        ),
        ("response_type=code&code_challenge=short&code_challenge_method=S256", "invalid_request"),
        (
            "response_type=code&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM%3D&code_challenge_method=S256",
            "invalid_request",
        ),
        ("response_type=code&code_challenge_method=S256", "invalid_request"),
    ] {
        assert_eq!(request(text).map_err(|denial| denial.error.as_str()), Err(error), "{text}");
    }
    let request = request(&format!("{}&dpop_jkt={CHALLENGE}", right())).expect("a request");
    assert_eq!((&*request.challenge, request.jkt.as_deref()), (CHALLENGE, Some(CHALLENGE)));
}

#[test]
fn a_person_is_asked_unless_the_same_was_allowed_before() {
    let consent = |text: &str| Ok(Step::Consent(scopes(text)));
    let answer = |text: &str| Ok(Step::Answer(scopes(text)));
    let both = "floor:readPublic floor:readPrivate";
    for (prompt, held, given, expected) in [
        ("", both, "", consent(both)),
        ("", both, both, answer(both)),
        ("", both, "floor:*", answer(both)),
        ("", both, "floor:readPublic", consent(both)),
        ("", "floor:readPublic", "floor:readPublic", answer("floor:readPublic")),
        ("", "floor:readPublic floor:export", "floor:export", consent("floor:readPublic")),
        ("", "floor:export", both, Err(Denial::NO_SCOPE)),
        ("&prompt=consent", both, both, consent(both)),
        ("&prompt=none", both, both, answer(both)),
        ("&prompt=none", both, "", Err(Denial::CONSENT_REQUIRED)),
        ("&prompt=login", both, both, Ok(Step::SignIn)),
        ("&prompt=select_account", both, both, Ok(Step::SignIn)),
    ] {
        let request = request(&format!("{}{prompt}", right())).expect("a request");
        assert_eq!(
            next(&request, &client(), &scopes(held), &scopes(given), false),
            expected,
            "{prompt} {held} {given}"
        );
    }
}

#[test]
fn a_person_who_has_seen_the_sign_in_is_not_sent_there_again() {
    let held = scopes("floor:readPublic floor:readPrivate");
    let request = request(&format!("{}&prompt=login", right())).expect("a request");
    assert_eq!(next(&request, &client(), &held, &held, true), Ok(Step::Answer(held.clone())));
}

#[test]
fn a_person_is_asked_each_time_if_another_program_could_take_the_code() {
    let held = scopes("floor:readPublic floor:readPrivate");
    let device = "http://127.0.0.1:4000/cb";
    for (redirect_uri, is_confidential, is_asked) in [
        ("https://app.example.com/cb", false, false),
        (device, false, true),
        (device, true, false),
        ("com.example.app:/cb", false, true),
        ("com.example.app:/cb", true, false),
    ] {
        let Client { settings, .. } = client();
        let client = Client { settings: ClientSettings { is_confidential, ..settings }, ..client() };
        let step = |prompt: &str| {
            let request = request_to(redirect_uri, &format!("{}{prompt}", right())).expect("a request");
            next(&request, &client, &held, &held, false)
        };
        let (asked, denied) = (Ok(Step::Consent(held.clone())), Err(Denial::CONSENT_REQUIRED));
        let answered = Ok(Step::Answer(held.clone()));
        assert_eq!(step(""), if is_asked { asked } else { answered.clone() }, "{redirect_uri} {is_confidential}");
        assert_eq!(step("&prompt=none"), if is_asked { denied } else { answered }, "{redirect_uri} {is_confidential}");
    }
}

#[test]
fn descriptions_have_the_characters_that_the_standard_allows() {
    let all = [
        Denial::ACCESS_DENIED,
        Denial::NO_MEMBER,
        Denial::NO_SCOPE,
        Denial::LOGIN_REQUIRED,
        Denial::CONSENT_REQUIRED,
        Denial::UNAVAILABLE,
        Denial::FAILED,
    ];
    for Denial { description, .. } in all {
        assert!(description.bytes().all(|byte| matches!(byte, 0x20..=0x7e) && !matches!(byte, b'"' | b'\\')));
    }
}
