//! Which JWT was exchanged for which, as their ids tell: [`lineage`].

/// What separates the id of a JWT from what the id of one that it was exchanged for adds (RFC 8693).
const SEPARATOR: char = '.';

/// Returns the ids of the JWTs that this one descends from by exchange, the oldest first, and its own id as the last.
///
/// SECURITY: an entry of the revocation feed that names any of them revokes this one: a token never outlives the one that
/// it was exchanged for.
pub fn lineage(jti: &str) -> impl Iterator<Item = &str> {
    jti.match_indices(SEPARATOR).map(|(end, _)| &jti[..end]).chain([jti])
}

/// Returns the id of a JWT for which the JWT with the id `jti` is exchanged; `random` is what tells it from others.
#[must_use]
pub fn exchanged_id(jti: &str, random: &str) -> String {
    format!("{jti}{SEPARATOR}{random}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jwt_descends_from_those_whose_ids_begin_its_own() {
        let ids = |jti| lineage(jti).collect::<Vec<_>>();
        assert_eq!(ids("a"), ["a"]);
        let child = exchanged_id(&exchanged_id("a", "b"), "c");
        assert_eq!(ids(&child), ["a", "a.b", "a.b.c"]);
    }
}
