//! Passwords: which a person may set.

use daypass::Error;

/// The shortest password, in characters.
const LEAST: usize = 12;
/// The longest password, in bytes. What is sent to be compared is not longer either.
const MOST: usize = 1024;

/// Checks a new password. Its characters are the person's choice (NIST SP 800-63B, section 3.1.1.2).
///
/// # Errors
/// [`Error::InvalidRequest`], which does not repeat the password.
pub(crate) fn check(password: &str, email: &str) -> Result<(), Error> {
    let refuse = |why: String| Err(Error::InvalidRequest(why));
    if password.chars().count() < LEAST || password.len() > MOST {
        return refuse(format!("The password must have {LEAST} characters at least, and {MOST} bytes at most."));
    }
    let mut characters = password.chars();
    let first = characters.next();
    if characters.all(|character| Some(character) == first) {
        return refuse("The password must not be one character again and again.".into());
    }
    if password.to_lowercase().contains(&email.to_lowercase()) {
        return refuse("The password must not contain the email.".into());
    }
    Ok(())
}

/// Returns whether a text can be a password, so that it is worth comparing.
pub(crate) fn is_possible(password: &str) -> bool {
    password.len() <= MOST
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_long_and_not_the_email() {
        let longest = "ab".repeat(MOST / 2);
        for (password, is_right) in [
            ("correct horse", true),
            ("äöüßäöüßäöüß", true),
            ("            ", false),
            ("short", false),
            ("elevenchars", false),
            ("aaaaaaaaaaaaaaaa", false),
            ("Ada@Example.com1", false),
            ("ada@example.com", false),
            (&longest, true),
            (&format!("{longest}c"), false),
        ] {
            let checked = check(password, "ada@example.com");
            assert_eq!(checked.is_ok(), is_right, "{password}");
            if let Err(error) = checked {
                assert!(!error.to_string().contains(password));
            }
        }
        assert!(is_possible("short") && is_possible(&longest) && !is_possible(&format!("{longest}c")));
    }
}
