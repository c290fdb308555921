//! What ends with a removal, which a form repeats: a person agrees to what the page said.

use maud::{Markup, html};

use super::fields::Fields;

const ENDING: &str = "ending";
/// Repeated instead of what ends, by a person who has been told that it changes.
const ANY: &str = "any";

/// Returns whether a form agrees to what ends now.
pub(super) fn is_agreed(fields: &Fields, ending: &str) -> bool {
    [ending, ANY].contains(&fields.raw(ENDING))
}

/// Makes the form agree to what the page says that ends.
///
/// SECURITY: after one warning the form accepts any. Otherwise a client that signs in all the time, or a member who makes
/// tokens, could keep the own removal from ever being done.
pub(super) fn agreement(ending: &str, has_changed: bool) -> Markup {
    html! { input type="hidden" name=(ENDING) value=(if has_changed { ANY } else { ending }); }
}
