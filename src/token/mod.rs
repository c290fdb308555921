//! Tokens: their kinds ([`TokenKind`]), and the text of those that are stored ([`OpaqueToken`]).

mod foreign;
mod kind;
mod opaque;

pub use foreign::ForeignFormat;
pub use kind::{ParseKindError, TokenKind};
pub use opaque::{OpaqueToken, ParseTokenError};
