//! The vocabulary of actions: [`Action`].
//!
//! `cargo xtask codegen` writes the table in `docs/guides/audit.md` from it.

macro_rules! actions {
    ($($variant:ident: $name:literal, $meaning:literal;)*) => {
        /// What an entry of the audit trail says was done.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub(crate) enum Action {
            $(#[doc = $meaning] $variant,)*
        }

        impl Action {
            /// Every action, in the order of the table.
            pub(crate) const ALL: &'static [Action] = &[$(Action::$variant),*];

            /// Returns the name on the wire.
            pub(crate) const fn as_str(self) -> &'static str {
                match self {
                    $(Action::$variant => $name,)*
                }
            }

            /// Returns what it means, for the reference.
            pub(crate) const fn meaning(self) -> &'static str {
                match self {
                    $(Action::$variant => $meaning,)*
                }
            }
        }
    };
}

actions! {
    TokenCreate: "token.create", "A token was created, or a family of refresh tokens began";
    TokenEdit: "token.edit", "A token's name, expiry or origins were edited";
    TokenRevoke: "token.revoke", "A token was revoked, or a temporary token or signed bundle by its text";
    TokenRead: "token.read", "Tokens were listed or shown; only refusals are entries";
    OrganizationCreate: "organization.create", "An organization was created";
    OrganizationRename: "organization.rename", "An organization was renamed";
    OrganizationLimit: "organization.limit", "An organization's limits were set";
    OrganizationSuspend: "organization.suspend", "An organization was suspended";
    OrganizationResume: "organization.resume", "An organization was resumed";
    OrganizationRevoke: "organization.revoke", "An organization was revoked";
    OrganizationRevokeIssuedBefore: "organization.revoke_issued_before",
        "An organization's tokens that were issued before a time were revoked";
    OrganizationRead: "organization.read", "Organizations were listed or shown; only refusals are entries";
    PrincipalAdd: "principal.add", "A user, service account or application was added";
    PrincipalEdit: "principal.edit", "The name or the role of one was edited";
    PrincipalRemove: "principal.remove", "One was removed";
    PrincipalRead: "principal.read", "They were listed or shown; only refusals are entries";
    ClientSet: "client.set", "An application was made an OAuth client, or its settings were set";
    ClientRemove: "client.remove", "The settings of an OAuth client were removed";
    ClientRead: "client.read", "An OAuth client's settings were shown; only refusals are entries";
    InvitationCreate: "invitation.create", "A user was invited";
    InvitationAccept: "invitation.accept", "A person accepted an invitation";
    SessionSignIn: "session.sign_in", "A person signed in, or failed to";
    SessionSignOut: "session.sign_out", "A person signed out";
    SessionChangePassword: "session.change_password", "A person changed the password";
    SessionLinkIdentity: "session.link_identity", "A person linked an identity of an OpenID Connect provider";
    SessionUnlinkIdentity: "session.unlink_identity", "A person unlinked it";
    ConsentGrant: "consent.grant", "A user let an OAuth client have scopes";
    ConsentWithdraw: "consent.withdraw", "A user withdrew that";
    ConsentRead: "consent.read", "A user's consents were listed; only refusals are entries";
    KeyRotate: "key.rotate", "A signing key was added";
    KeyPromote: "key.promote", "A signing key signs from another time on, since the one before was revoked";
    KeySeal: "key.seal", "A signing key was sealed by a master key, or by another one";
    KeyRevoke: "key.revoke", "A signing key was revoked";
    CatalogSet: "catalog.set", "The product's scopes were set";
    CatalogRead: "catalog.read", "The product's scopes were shown; only refusals are entries";
    StoreRestore: "store.restore", "The store was restored from a backup: what follows is not what followed the backup";
    AuditRead: "audit.read", "The audit trail was listed; only refusals are entries";
    AuditExport: "audit.export", "The audit trail was exported";
    AuditDelete: "audit.delete", "Entries of the audit trail were deleted because of their age";
}

impl Action {
    /// Returns whether a filter for a name includes the action with another: the name itself, or its part before the point.
    pub(crate) fn is_in(name: &str, filter: &str) -> bool {
        name == filter || name.split_once('.').is_some_and(|(group, _)| group == filter)
    }

    /// Returns whether a filter names an action, or the part of one before the point.
    pub(crate) fn is_known(filter: &str) -> bool {
        Action::ALL.iter().any(|action| Action::is_in(action.as_str(), filter))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_action_has_a_name_of_its_own_in_one_form() {
        let names: BTreeSet<_> = Action::ALL.iter().map(|action| action.as_str()).collect();
        assert_eq!(names.len(), Action::ALL.len());
        for name in names {
            let is_word = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c == '_');
            assert!(name.split_once('.').is_some_and(|(group, rest)| is_word(group) && is_word(rest)), "{name}");
        }
    }

    #[test]
    fn a_filter_is_an_action_or_a_group_of_actions() {
        assert!(Action::is_in("token.create", "token.create") && Action::is_in("token.create", "token"));
        assert!(!Action::is_in("token.create", "tok") && !Action::is_in("token.create", "token.edit"));
        assert!(Action::is_known("session") && Action::is_known("key.rotate"));
        assert!(!Action::is_known("") && !Action::is_known("key.") && !Action::is_known("login"));
    }
}
