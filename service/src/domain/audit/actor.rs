//! Who acts: [`Actor`].

/// Who makes a request or gives a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Actor {
    /// A client that is not authenticated.
    Anonymous,
    /// The service itself.
    Service,
    /// The command line, by the name of the system's user.
    CommandLine(String),
    /// The holder of a token.
    Token {
        /// The token's id.
        id: String,
        /// The serial number of the stored token that it is, or descends from.
        serial: u64,
        /// The token's organization.
        organization: String,
    },
    /// An OAuth client.
    Client {
        /// The `client_id`, which is the id of an application.
        id: String,
        /// Its organization.
        organization: String,
    },
    /// A person who is signed in.
    Person {
        /// The account's id.
        account: String,
        /// The account's email.
        email: String,
        /// The person's users: for each an organization, and an id in it.
        users: Vec<(String, String)>,
    },
}

/// What the store has of an actor.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ActorColumns<'a> {
    /// What it is.
    pub(crate) kind: &'static str,
    /// Its id.
    pub(crate) id: Option<&'a str>,
    /// Its name, if it is known.
    pub(crate) name: Option<&'a str>,
    /// The serial number of its token, which has the name and the owner.
    pub(crate) serial: Option<u64>,
}

impl Actor {
    /// Returns the actor of an entry that concerns an organization: a person is the user in it.
    pub(crate) fn columns(&self, organization: Option<&str>) -> ActorColumns<'_> {
        let (kind, id, name, serial) = match self {
            Actor::Anonymous => ("anonymous", None, None, None),
            Actor::Service => ("service", None, None, None),
            Actor::CommandLine(name) => ("commandLine", None, Some(&**name), None),
            Actor::Token { id, serial, .. } => ("token", Some(&**id), None, Some(*serial)),
            Actor::Client { id, .. } => ("application", Some(&**id), None, None),
            Actor::Person { account, email, users } => match users.iter().find(|(of, _)| Some(&**of) == organization) {
                Some((_, user)) => ("user", Some(&**user), Some(&**email), None),
                None => ("account", Some(&**account), Some(&**email), None),
            },
        };
        ActorColumns { kind, id, name, serial }
    }

    /// Returns the organization that a refusal of the actor's request concerns, if the request names no other.
    pub(crate) fn organization(&self) -> Option<&str> {
        match self {
            Actor::Token { organization, .. } | Actor::Client { organization, .. } => Some(organization),
            Actor::Person { users, .. } => match &users[..] {
                [(organization, _)] => Some(organization),
                _ => None,
            },
            Actor::Anonymous | Actor::Service | Actor::CommandLine(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_the_user_in_the_organization_that_an_entry_concerns() {
        let users = vec![("a".to_owned(), "usr_1".to_owned()), ("b".to_owned(), "usr_2".to_owned())];
        let person = Actor::Person { account: "acc_1".into(), email: "ada@example.com".into(), users };
        for (organization, kind, id) in
            [(Some("b"), "user", "usr_2"), (Some("c"), "account", "acc_1"), (None, "account", "acc_1")]
        {
            let columns = person.columns(organization);
            assert_eq!((columns.kind, columns.id, columns.name), (kind, Some(id), Some("ada@example.com")));
        }
        assert_eq!(person.organization(), None, "one of two is not chosen");
    }
}
