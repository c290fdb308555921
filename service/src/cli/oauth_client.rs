//! The options of `daypass application` for OAuth clients, and how a client is printed.

use std::collections::BTreeMap;
use std::io::{self, Write};

use anyhow::ensure;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use daypass::api::{PrincipalKind, PrincipalRecord};
use daypass::{Error, Scope, ScopeSet};
use serde::Serialize;

use super::confirmation::Confirmation;
use super::failure::Subject;
use super::options::{Common, print_json};
use super::principal;
use super::principal_kind::{Application, Kind};
use crate::domain::oauth::client::{GrantType, MeantFor};
use crate::domain::oauth::registration::{self, ClientRecord, Registration};
use crate::domain::oauth::removal::ClientEnd;
use crate::store::Store;
use crate::usecase::oauth::clients;

/// What makes an application an OAuth client.
#[derive(Args)]
pub(super) struct ClientOptions {
    /// Where answers to its authorization requests may go: an https address, http://127.0.0.1 or http://[::1] with any
    /// port, or the scheme of an app such as com.example.app:/callback; repeat it for more
    #[arg(long = "redirect-uri", value_name = "URI")]
    redirect_uris: Vec<String>,
    /// It is an OAuth client that keeps no secret, such as an app in a browser or on a person's device
    #[arg(long)]
    public: bool,
    /// It is an OAuth client that keeps a secret: an application token that belongs to it
    #[arg(long, conflicts_with = "public")]
    confidential: bool,
    /// A scope of the product that it may ask for by OAuth; repeat it for more
    #[arg(long = "scope", value_name = "RESOURCE:ACTION")]
    scopes: Vec<Scope>,
    /// A way on which it may get tokens; repeat it for more [default: those that its other options allow]
    #[arg(long = "grant-type", value_parser = grant_types())]
    grant_types: Vec<GrantType>,
}

impl ClientOptions {
    /// Returns whether one is given.
    pub(super) fn has_any(&self) -> bool {
        let ClientOptions { redirect_uris, public, confidential, scopes, grant_types } = self;
        *public || *confidential || !(redirect_uris.is_empty() && scopes.is_empty() && grant_types.is_empty())
    }

    /// Returns the settings of a client: the earlier ones, if it has some, except for what is given.
    fn registration(self, earlier: Option<ClientRecord>) -> anyhow::Result<Registration> {
        let ClientOptions { redirect_uris, public, confidential, scopes, grant_types } = self;
        let earlier = earlier.map(|client| client.settings().clone());
        ensure!(
            public || confidential || earlier.is_some(),
            "an OAuth client is --public or --confidential: say whether it keeps a secret"
        );
        ensure!(
            !scopes.is_empty() || earlier.is_some(),
            "an OAuth client needs --scope: a scope of the product that it may ask for, such as --scope floor:export"
        );
        let mut settings = earlier.unwrap_or(Registration {
            confidential,
            redirect_uris: vec![],
            scopes: ScopeSet::default(),
            grant_types: None,
        });
        if public || confidential {
            settings.confidential = confidential;
        }
        if !redirect_uris.is_empty() {
            settings.redirect_uris = redirect_uris;
        }
        if !scopes.is_empty() {
            settings.scopes = scopes.into_iter().collect();
        }
        if !grant_types.is_empty() {
            settings.grant_types = Some(grant_types);
        }
        Ok(settings)
    }
}

/// What changes of the OAuth client that an application is.
#[derive(Args)]
pub(super) struct ClientChange {
    #[command(flatten)]
    options: ClientOptions,
    /// It is an OAuth client no more: what users let it have ends
    #[arg(long, conflicts_with_all = ["redirect_uris", "public", "confidential", "scopes", "grant_types"])]
    no_client: bool,
}

/// What an edit does with the OAuth client that an application is.
pub(super) enum ClientEdit {
    /// It gets other settings.
    Set(CheckedClient),
    /// It loses them.
    Remove,
}

impl ClientChange {
    /// Checks what changes, and asks whether what ends may end.
    pub(super) async fn check(
        self,
        store: &dyn Store,
        organization: &str,
        id: &str,
        confirmation: &Confirmation,
        common: &Common,
    ) -> anyhow::Result<Option<ClientEdit>> {
        if !self.no_client {
            let checked = CheckedClient::new(self.options, store, organization, Some(id), common).await?;
            return Ok(checked.map(ClientEdit::Set));
        }
        ensure!(find(store, organization, id, common).await?.is_some(), "{id} is no OAuth client");
        let ending = clients::count_ending(store, organization, id).await;
        let ClientEnd { consents, families } = ending.map_err(|error| common.explain(error, None))?;
        confirmation.require(&format!(
            "This removes the OAuth client {id} from the organization {organization} in {}; the application stays. What ends:\n\
             - users who let it have something: {consents}\n\
             - sign-ins with their refresh tokens: {families}\n\
             - every access token made from them",
            common.store
        ))?;
        Ok(Some(ClientEdit::Remove))
    }

    /// Returns whether one is given.
    pub(super) fn has_any(&self) -> bool {
        self.no_client || self.options.has_any()
    }
}

impl ClientEdit {
    /// Edits the client, and returns what it is after that.
    pub(super) async fn save(
        self,
        store: &dyn Store,
        organization: &str,
        id: &str,
        common: &Common,
    ) -> anyhow::Result<Option<ClientRecord>> {
        match self {
            ClientEdit::Set(client) => client.set(store, organization, id, common).await.map(Some),
            ClientEdit::Remove => {
                let removed = clients::remove(store, organization, id, MeantFor::Any).await;
                removed.map_err(|error| common.explain(error, Some(Subject::Principal(Application::WORD, id))))?;
                Ok(None)
            }
        }
    }
}

fn grant_types() -> impl TypedValueParser<Value = GrantType> {
    let names = GrantType::ALL.map(GrantType::as_str);
    PossibleValuesParser::new(names).try_map(|name| GrantType::named(&name).ok_or("expected a grant type"))
}

/// A new or changed client, checked before anything is written.
pub(super) struct CheckedClient(Registration);

impl CheckedClient {
    /// Checks the options for the application with this id, or for a new one.
    pub(super) async fn new(
        options: ClientOptions,
        store: &dyn Store,
        organization: &str,
        id: Option<&str>,
        common: &Common,
    ) -> anyhow::Result<Option<CheckedClient>> {
        if !options.has_any() {
            return Ok(None);
        }
        let earlier = match id {
            Some(id) => find(store, organization, id, common).await?,
            None => None,
        };
        let registration = options.registration(earlier)?;
        let catalogs = common.catalogs(store).await?;
        registration::check(registration.clone(), &catalogs).map_err(|error| common.explain(error, None))?;
        Ok(Some(CheckedClient(registration)))
    }

    /// Makes the application a client.
    pub(super) async fn set(
        self,
        store: &dyn Store,
        organization: &str,
        id: &str,
        common: &Common,
    ) -> anyhow::Result<ClientRecord> {
        let catalogs = common.catalogs(store).await?;
        let set = clients::set(store, &catalogs, organization, id, self.0, MeantFor::Any).await;
        set.map_err(|error| common.explain(error, Some(Subject::Principal(Application::WORD, id))))
    }
}

/// Returns the client that an application is, if it is one.
pub(super) async fn find(
    store: &dyn Store,
    organization: &str,
    id: &str,
    common: &Common,
) -> anyhow::Result<Option<ClientRecord>> {
    match clients::find(store, organization, id).await {
        Ok(client) => Ok(Some(client)),
        Err(Error::NotFound) => Ok(None),
        Err(error) => Err(common.explain(error, None)),
    }
}

/// Prints a principal, and the client that it is, if it is one.
pub(super) fn print(principal: PrincipalRecord, client: Option<ClientRecord>, common: &Common) -> anyhow::Result<()> {
    let principal = WithClient { principal, oauth_client: client };
    if common.is_json() { print_json(&principal) } else { principal.print(&mut io::stdout().lock()) }
}

/// A principal, and the client that it is, if it is one.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WithClient {
    #[serde(flatten)]
    principal: PrincipalRecord,
    #[serde(skip_serializing_if = "Option::is_none")]
    oauth_client: Option<ClientRecord>,
}

impl WithClient {
    /// Adds their clients to an organization's principals of a kind.
    pub(super) async fn all<K: Kind>(
        principals: Vec<PrincipalRecord>,
        store: &dyn Store,
        organization: &str,
        common: &Common,
    ) -> anyhow::Result<Vec<WithClient>> {
        let clients = match K::KIND {
            PrincipalKind::Application => clients::list(store, organization).await,
            PrincipalKind::User | PrincipalKind::ServiceAccount => Ok(vec![]),
        };
        let clients = clients.map_err(|error| common.explain(error, None))?;
        let clients = clients.into_iter().map(ClientRecord::from);
        let mut clients: BTreeMap<_, _> = clients.map(|client| (client.client_id.clone(), client)).collect();
        let add = |principal: PrincipalRecord| {
            let oauth_client = clients.remove(&principal.id);
            WithClient { principal, oauth_client }
        };
        Ok(principals.into_iter().map(add).collect())
    }

    pub(super) fn print(&self, out: &mut impl Write) -> anyhow::Result<()> {
        principal::print_line(out, &self.principal)?;
        let Some(client) = &self.oauth_client else { return Ok(()) };
        let Registration { confidential, redirect_uris, scopes, grant_types } = client.settings();
        writeln!(out, "  client    {}", if *confidential { "confidential" } else { "public" })?;
        for uri in redirect_uris {
            writeln!(out, "  redirect  {uri}")?;
        }
        writeln!(out, "  scopes    {scopes}")?;
        let names: Vec<_> = grant_types.iter().flatten().map(|grant_type| grant_type.as_str()).collect();
        Ok(writeln!(out, "  grants    {}", names.join(" "))?)
    }
}
