//! The systems whose protocols the service speaks: [`Protocol`].

use std::fmt;
use std::str::FromStr;

use daypass::{Catalog, ForeignFormat, OpaqueToken};

/// A system that Daypass replaces, and whose clients the service answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// The Space API of Archilogic.
    SpaceApi,
    /// The session tokens of ARES Kudo.
    Kudo,
    /// The access tokens of Crafter Profile.
    Crafter,
    /// The personal access tokens of Speckle.
    Speckle,
    /// The access tokens of Threekit.
    Threekit,
}

impl Protocol {
    /// Every protocol.
    pub(crate) const ALL: [Protocol; 5] =
        [Protocol::SpaceApi, Protocol::Kudo, Protocol::Crafter, Protocol::Speckle, Protocol::Threekit];

    /// Returns the name on the command line.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Protocol::SpaceApi => "space-api",
            Protocol::Kudo => "kudo",
            Protocol::Crafter => "crafter",
            Protocol::Speckle => "speckle",
            Protocol::Threekit => "threekit",
        }
    }

    /// Returns the system's scopes; `None` for one that has no scopes.
    fn catalog(self) -> Option<Catalog> {
        match self {
            Protocol::SpaceApi => Some(Catalog::space_api()),
            Protocol::Kudo => None,
            Protocol::Crafter => Some(Catalog::crafter()),
            Protocol::Speckle => Some(Catalog::speckle()),
            Protocol::Threekit => Some(Catalog::threekit()),
        }
    }
}

/// Returns the formats of tokens that are not Daypass's own, of several systems.
pub(crate) fn foreign_formats(protocols: &[Protocol]) -> Vec<ForeignFormat> {
    let format = |protocol: &Protocol| match protocol {
        Protocol::SpaceApi | Protocol::Threekit => None,
        Protocol::Kudo => Some(ForeignFormat::Uuid),
        Protocol::Crafter => Some(ForeignFormat::ChosenId),
        Protocol::Speckle => Some(ForeignFormat::Speckle),
    };
    protocols.iter().filter_map(format).collect()
}

/// Returns the stored tokens that a text may be: one of Daypass's own, or one in each of these formats that it has.
pub(crate) fn readings(text: &str, formats: &[ForeignFormat]) -> Vec<OpaqueToken> {
    match text.parse() {
        Ok(token) => vec![token],
        Err(_) => formats.iter().filter_map(|format| OpaqueToken::foreign(*format, text).ok()).collect(),
    }
}

/// Returns the scopes of several systems as one catalogue. A system without scopes leaves it empty.
pub(crate) fn catalog(protocols: &[Protocol]) -> Catalog {
    let catalogs: Vec<_> = protocols.iter().filter_map(|protocol| protocol.catalog()).collect();
    let names: Vec<_> = catalogs.iter().map(|catalog| &*catalog.name).collect();
    Catalog {
        name: if names.is_empty() { "No scopes".into() } else { names.join(", ") },
        scopes: catalogs.iter().flat_map(|catalog| catalog.scopes.iter().cloned()).collect(),
        aliases: catalogs.iter().flat_map(|catalog| catalog.aliases.iter().cloned()).collect(),
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Protocol {
    type Err = String;

    fn from_str(text: &str) -> Result<Protocol, String> {
        let names = Protocol::ALL.map(Protocol::as_str).join(", ");
        let found = Protocol::ALL.into_iter().find(|protocol| protocol.as_str() == text);
        found.ok_or_else(|| format!("{text:?} is not one of {names}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::catalogs::Catalogs;

    #[test]
    fn the_scopes_of_all_systems_are_one_correct_catalogue() {
        let all = catalog(&Protocol::ALL);
        assert_eq!(all.scopes.len(), 16 + 6 + 23 + 8);
        assert_eq!(all.name, "Space API, Crafter Profile, Speckle, Threekit");
        Catalogs::checked(all).expect("a correct catalogue");
        assert_eq!(catalog(&[Protocol::SpaceApi]), Catalog::space_api());
        Catalogs::checked(catalog(&[Protocol::Kudo])).expect("a correct catalogue");
    }

    #[test]
    fn a_text_is_read_in_each_format_that_it_has() {
        let formats = foreign_formats(&Protocol::ALL);
        for (text, expected) in [
            ("0c4dd5b6-52a4-4c3a-9f2e-5f8f6a1d2b3c", &[ForeignFormat::Uuid, ForeignFormat::ChosenId][..]),
            ("0123456789abcdef0123456789abcdef0123456789", &[ForeignFormat::ChosenId, ForeignFormat::Speckle]),
            ("engine", &[ForeignFormat::ChosenId]),
            ("dp_sec_engine", &[]),
            ("eyJh.b.c", &[]),
            ("with a space", &[]),
            ("", &[]),
        ] {
            let read: Vec<_> = readings(text, &formats).iter().filter_map(OpaqueToken::format).collect();
            assert_eq!(read, expected, "{text}");
            assert!(readings(text, &[]).is_empty(), "{text}");
        }
        let own = OpaqueToken::generate(daypass::TokenKind::Secret, |bytes| bytes.fill(7)).expect("an opaque kind");
        let read = readings(own.expose_secret(), &formats);
        assert!(matches!(&read[..], [token] if token.format().is_none()));
    }

    #[test]
    fn a_protocol_is_known_by_its_name() {
        for protocol in Protocol::ALL {
            assert_eq!(protocol.as_str().parse(), Ok(protocol));
        }
        "Kudo".parse::<Protocol>().expect_err("another name");
    }
}
