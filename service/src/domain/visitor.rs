//! What a temporary token says of its visitor, and where it may be used.

use std::collections::BTreeMap;

use daypass::{Error, OriginPattern};

use super::hidden;
use super::token_fields::normalize_origins;

/// Longest subject, in characters.
const MAX_SUBJECT: usize = 256;
/// Most claims, in bytes of their JSON.
const MAX_CLAIMS: usize = 2048;

/// Normalizes the origins that may use a token, as those of a publishable one; none if it is for any origin.
///
/// SECURITY: an empty list is refused. A backend that computes the list, and has none for a visitor, does not mean any
/// origin.
///
/// # Errors
/// [`Error::InvalidRequest`] for an empty list, and for a text that is not an origin.
pub(crate) fn origins(origins: Option<&[String]>, accepts_shared: bool) -> Result<Vec<OriginPattern>, Error> {
    match origins {
        None => Ok(vec![]),
        Some([]) => refuse("The `origins` must have at least one; leave them out for a token that any origin may use."),
        Some(origins) => normalize_origins(origins, accepts_shared, &[]).map_err(|error| match error {
            Error::InvalidRequest(cause) => Error::InvalidRequest(format!("In `origins`: {cause}")),
            error => error,
        }),
    }
}

/// Checks a subject.
///
/// # Errors
/// [`Error::InvalidRequest`].
pub(crate) fn subject(subject: Option<String>) -> Result<Option<String>, Error> {
    match subject {
        Some(subject) if !(1..=MAX_SUBJECT).contains(&subject.chars().count()) => {
            refuse(format!("The `subject` must be 1 to {MAX_SUBJECT} characters."))
        }
        Some(subject) => hidden::refuse_in("`subject`", &subject).map(|()| Some(subject)),
        None => Ok(None),
    }
}

/// Checks the claims.
///
/// # Errors
/// [`Error::InvalidRequest`].
pub(crate) fn claims(claims: BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Error> {
    let length = serde_json::to_string(&claims).map_or(usize::MAX, |json| json.len());
    if length <= MAX_CLAIMS {
        Ok(claims)
    } else {
        refuse(format!("The `claims` must be at most {MAX_CLAIMS} bytes as JSON, and have {length}."))
    }
}

fn refuse<T>(why: impl Into<String>) -> Result<T, Error> {
    Err(Error::InvalidRequest(why.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_has_1_to_256_characters() {
        for (text, is_right) in
            [("v", true), (&*"é".repeat(256), true), ("", false), (&*"v".repeat(257), false), ("a\nb", false)]
        {
            let checked = subject(Some(text.into()));
            assert_eq!(checked.is_ok(), is_right, "{text}");
            assert!(checked.is_ok() || checked.is_err_and(|error| error.to_string().contains("`subject`")));
        }
        assert_eq!(subject(None), Ok(None));
    }

    #[test]
    fn claims_have_2048_bytes_at_most() {
        let of_length = |length: usize| BTreeMap::from([("k".to_owned(), "v".repeat(length - r#"{"k":""}"#.len()))]);
        assert!(claims(of_length(2048)).is_ok() && claims(BTreeMap::new()).is_ok());
        let error = claims(of_length(2049)).expect_err("too many").to_string();
        assert!(error.contains("`claims`") && error.contains("2049"), "{error}");
    }

    #[test]
    fn an_empty_list_of_origins_does_not_mean_any() {
        assert_eq!(origins(None, false), Ok(vec![]));
        assert!(origins(Some(&[]), false).is_err_and(|error| error.to_string().contains("`origins`")));
        let patterns =
            origins(Some(&["*.EXAMPLE.com".into(), "https://a.example:8443".into()]), false).expect("origins");
        assert_eq!(
            patterns.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["*.example.com", "https://a.example:8443"]
        );
        assert!(origins(Some(&vec!["a.example".into(); 100]), false).is_ok());
        let error = origins(Some(&vec!["a.example".into(); 101]), false).expect_err("too many").to_string();
        assert!(error.contains("at most 100 `origins`") && error.contains("101"), "{error}");
        let shared = ["*--shop.netlify.app".to_owned()];
        let error = origins(Some(&shared), false).expect_err("shared").to_string();
        assert!(error.contains("In `origins`: Anyone may take a name"), "{error}");
        assert!(origins(Some(&shared), true).is_ok());
        for wrong in ["*", "*.com", "https://a.example/path", ""] {
            let error = origins(Some(&[wrong.into()]), false).expect_err(wrong).to_string();
            assert!(error.contains("`origins`"), "{error}");
        }
    }
}
