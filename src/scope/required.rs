//! Scopes as types: [`RequiredScope`], and the macro [`scopes`](crate::scopes).

use super::Scope;

/// A scope as a type, which a signature can name. [`scopes!`](crate::scopes) makes them.
pub trait RequiredScope {
    /// The scope.
    const SCOPE: &'static Scope;
}

/// Declares scopes: each a constant, and a type for signatures.
///
/// `daypass catalog types --language rust` writes them for a whole catalogue. Text that is not a scope does not
/// compile.
///
/// ```
/// use daypass::{RequiredScope, Scope};
///
/// daypass::scopes! {
///     /// Look at a chair
///     pub CHAIR_VIEW: ChairView = "chair:view";
/// }
///
/// assert_eq!(CHAIR_VIEW, Scope::literal("chair:view"));
/// assert_eq!(ChairView::SCOPE, &CHAIR_VIEW);
/// ```
///
/// ```compile_fail,E0080
/// daypass::scopes! {
///     /// Look at a chair
///     pub CHAIR_VIEW: ChairView = "chair";
/// }
/// ```
#[macro_export]
macro_rules! scopes {
    ($($(#[$attribute:meta])* $visibility:vis $constant:ident: $marker:ident = $scope:literal;)*) => {$(
        $(#[$attribute])*
        // A program need not use all of its product's scopes.
        #[allow(dead_code, unreachable_pub)]
        $visibility const $constant: $crate::Scope = $crate::Scope::literal($scope);

        $(#[$attribute])*
        #[allow(dead_code, unreachable_pub)]
        $visibility enum $marker {}

        impl $crate::RequiredScope for $marker {
            const SCOPE: &'static $crate::Scope = &$constant;
        }
    )*};
}
