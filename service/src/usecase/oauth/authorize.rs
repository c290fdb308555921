//! Answers authorization requests (RFC 6749, section 4.1), with codes that users let clients have.

use std::sync::Arc;

use daypass::{Error, ScopeSet};

use super::kept_requests;
use crate::crypto::secret::Secret;
use crate::domain::account::Account;
use crate::domain::catalogs::Catalogs;
use crate::domain::membership::Membership;
use crate::domain::oauth::authorization::{self, AuthorizationRequest, Denial, ReturnAddress, Step};
use crate::domain::oauth::client::{Client, GrantType};
use crate::domain::oauth::code::{self, NewCode};
use crate::domain::oauth::consent::{self, ConsentFacts, Parties};
use crate::domain::oauth::parameters::Parameters;
use crate::domain::oauth::scope;
use crate::domain::role;
use crate::store::Store;
use crate::usecase::clock::now;

/// The parameter by which the sign-in tells that the person has seen it.
pub(crate) const SIGN_IN_SEEN: (&str, &str) = ("sign_in", "seen");

/// What authorization requests are answered with.
pub(crate) struct Authorizer<'a> {
    pub(crate) store: &'a dyn Store,
    pub(crate) catalogs: &'a Catalogs,
    /// The audience of access tokens.
    pub(crate) audience: &'a str,
}

/// An authorization request that is right, of a client that may send it.
pub(crate) struct Asked {
    pub(crate) client: Arc<Client>,
    pub(crate) request: AuthorizationRequest,
    /// The text by which the request is kept, if it was pushed.
    kept: Option<String>,
    has_seen_sign_in: bool,
}

/// What comes next for a person who is signed in.
pub(crate) enum Next {
    /// To sign in, as another person too.
    SignIn,
    /// To be asked for these scopes, as this user of the client's organization.
    Ask(Membership, ScopeSet),
    /// To go back with a code for these scopes.
    Answer(Membership, ScopeSet),
}

/// Why a request is not answered with a code.
pub(crate) enum Problem {
    /// The person is told, because nobody knows where the client is.
    Person(Error),
    /// The client is told, at its address.
    Client(ReturnAddress, Denial),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Problem {
        Problem::Person(error)
    }
}

impl Asked {
    /// Makes a problem of the client's from an error that came up after its address was known.
    fn fail(&self, error: Error) -> Problem {
        let denial = match error {
            Error::Unavailable => Denial::UNAVAILABLE,
            Error::NotFound | Error::InvalidScope(_) | Error::InvalidRequest(_) => Denial::ACCESS_DENIED,
            _ => Denial::FAILED,
        };
        self.deny(denial)
    }

    /// Makes the problem that the client is denied what it asks for.
    pub(crate) fn deny(&self, denial: Denial) -> Problem {
        Problem::Client(self.request.address.clone(), denial)
    }

    fn parties(&self, membership: &Membership) -> Parties {
        Parties {
            organization: membership.organization.clone(),
            owner: membership.principal.clone(),
            client: self.client.id().to_owned(),
        }
    }
}

impl Authorizer<'_> {
    /// Reads the query of an authorization request: its parameters, or where they are kept (RFC 9126, section 4).
    pub(crate) async fn read(&self, query: &str) -> Result<Asked, Problem> {
        let given = parameters(query)?;
        // A client may have a parameter of that name too.
        let has_seen_sign_in = given.all(SIGN_IN_SEEN.0).any(|value| value == SIGN_IN_SEEN.1);
        let (id, kept) = (client_id(&given)?, given.find_once("request_uri").unwrap_or_default().map(str::to_owned));
        let parameters = match &kept {
            None => given.without(SIGN_IN_SEEN.0),
            Some(uri) => kept_requests::find(self.store, uri, &id).await?,
        };
        let client = self.client(&id).await?;
        let address = ReturnAddress::find(&parameters, &client.settings.redirect_uris)?;
        let deny = |denial| Problem::Client(address.clone(), denial);
        if client.require_grant_type(GrantType::AuthorizationCode).is_err() {
            return Err(deny(Denial::UNAUTHORIZED_CLIENT));
        }
        let request = authorization::read(&parameters, address.clone(), &client, self.catalogs, self.audience);
        Ok(Asked { client, request: request.map_err(deny)?, kept, has_seen_sign_in })
    }

    /// Checks a request that a client pushes, as if a person had come with it.
    ///
    /// # Errors
    /// What is wrong, for the client.
    pub(crate) fn check(&self, parameters: &Parameters, client: &Client) -> Result<(), Denial> {
        if parameters.find_once("request_uri") != Ok(None) {
            return Err(Denial::NOT_PUSHED);
        }
        let address =
            ReturnAddress::find(parameters, &client.settings.redirect_uris).map_err(|_| Denial::NO_ADDRESS)?;
        if client.require_grant_type(GrantType::AuthorizationCode).is_err() {
            return Err(Denial::UNAUTHORIZED_CLIENT);
        }
        authorization::read(parameters, address, client, self.catalogs, self.audience).map(|_| ())
    }

    async fn client(&self, id: &str) -> Result<Arc<Client>, Problem> {
        let client = self.store.oauth_client(id).await?.filter(|client| client.principal.removed_at.is_none());
        let client = client.ok_or_else(|| invalid("No application has this client_id: ask its makers."))?;
        if client.require_active().is_err() {
            return Err(invalid("The organization of the application is not active.").into());
        }
        Ok(client)
    }

    /// Decides what comes next for the person who is signed in.
    pub(crate) async fn next(&self, asked: &Asked, account: &Account) -> Result<Next, Problem> {
        let fail = |error| asked.fail(error);
        let memberships = self.store.memberships(account.number).await.map_err(fail)?;
        let organization = &asked.client.principal.organization;
        let Some(user) = memberships.into_iter().find(|membership| membership.organization == *organization) else {
            // The person may have another account.
            let may_sign_in = !asked.has_seen_sign_in && !asked.request.prompt.is_none;
            return if may_sign_in { Ok(Next::SignIn) } else { Err(asked.deny(Denial::NO_MEMBER)) };
        };
        let given = self.store.oauth_consent(asked.parties(&user)).await.map_err(fail)?.given.unwrap_or_default();
        let held = role::product(user.role, self.catalogs);
        let given = scope::current(&given, self.catalogs);
        let step = authorization::next(&asked.request, &asked.client, &held, &given, asked.has_seen_sign_in);
        Ok(match step.map_err(|denial| asked.deny(denial))? {
            Step::SignIn => Next::SignIn,
            Step::Consent(scopes) => Next::Ask(user, scopes),
            Step::Answer(scopes) => Next::Answer(user, scopes),
        })
    }

    /// Remembers that a user lets the client have these scopes.
    pub(crate) async fn consent(&self, asked: &Asked, user: &Membership, scopes: &ScopeSet) -> Result<(), Problem> {
        let (parties, given) = (asked.parties(user), scopes.clone());
        let catalogs = self.catalogs.clone();
        let rule = move |facts: &ConsentFacts| consent::give(facts, &given, &catalogs);
        let done = self.store.give_oauth_consent(parties, now(), Box::new(rule)).await;
        done.map_err(|error| asked.fail(error))?;
        tracing::info!(client = asked.client.id(), user = user.principal, "consent given");
        Ok(())
    }

    /// Issues a code for scopes that the user has let the client have, and returns the address that takes it there.
    pub(crate) async fn issue(
        &self,
        asked: &Asked,
        user: &Membership,
        scopes: &ScopeSet,
        issuer: &str,
    ) -> Result<String, Problem> {
        self.close(asked).await?;
        let code = Secret::generate();
        let AuthorizationRequest { address, challenge, jkt, .. } = &asked.request;
        let new = NewCode {
            hash: code.hash(),
            parties: asked.parties(user),
            redirect_uri: address.is_named.then(|| address.redirect_uri.to_string()),
            challenge: challenge.clone(),
            scopes: scopes.clone(),
            jkt: jkt.clone(),
            created_at: now(),
        };
        let (scopes, catalogs) = (scopes.clone(), self.catalogs.clone());
        let rule = move |facts: &ConsentFacts| code::may_issue(facts, &scopes, &catalogs);
        self.store.add_oauth_code(new, Box::new(rule)).await.map_err(|error| asked.fail(error))?;
        Ok(address.with_code(code.expose(), issuer))
    }

    /// Ends a pushed request, which gets one answer alone.
    ///
    /// # Errors
    /// For the person, if it has one.
    pub(crate) async fn close(&self, asked: &Asked) -> Result<(), Problem> {
        match &asked.kept {
            Some(uri) => kept_requests::take(self.store, uri).await.map_err(Problem::Person),
            None => Ok(()),
        }
    }
}

fn invalid(why: &str) -> Error {
    Error::InvalidRequest(why.into())
}

fn parameters(query: &str) -> Result<Parameters, Error> {
    Parameters::read(query).ok_or_else(|| invalid("The parameters of the request are not UTF-8."))
}

fn client_id(parameters: &Parameters) -> Result<String, Error> {
    match parameters.find_once("client_id") {
        Ok(Some(id)) => Ok(id.to_owned()),
        Ok(None) => Err(invalid("The application did not say which one it is: client_id is missing.")),
        Err(_) => Err(invalid("The application sent the parameter client_id twice.")),
    }
}
