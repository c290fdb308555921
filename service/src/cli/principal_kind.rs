//! The kinds of principals on the command line: their words, options and help texts.

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use daypass::api::{PrincipalKind, Role};

use super::oauth_client::{ClientChange, ClientOptions};

/// A kind of principal, by which the commands of [`principal`](super::principal) differ.
pub(super) trait Kind: Sized {
    const KIND: PrincipalKind;
    /// The command.
    const WORD: &'static str;
    /// The name in a sentence.
    const NOUN: &'static str;
    const ADD: &'static str;
    const ADD_EXAMPLES: &'static str;
    const LIST: &'static str;
    const LIST_EXAMPLES: &'static str;
    const SHOW: &'static str;
    const SHOW_EXAMPLES: &'static str;
    const EDIT: &'static str;
    const EDIT_LONG: &'static str;
    const EDIT_EXAMPLES: &'static str;
    const REMOVE: &'static str;
    const REMOVE_LONG: &'static str;
    const REMOVE_EXAMPLES: &'static str;
    /// What an edit without options lacks.
    const NOTHING: &'static str;
    /// The options of `add`.
    type New: Args;
    /// The options of `edit`.
    type Change: Args;

    fn email_and_role(new: &Self::New) -> (Option<String>, Option<Role>);

    fn new_role(change: &Self::Change) -> Option<Role>;

    /// Returns what makes a new principal an OAuth client.
    fn new_client(_: Self::New) -> Option<ClientOptions> {
        None
    }

    /// Returns what changes of the OAuth client that a principal is.
    fn client_change(_: Self::Change) -> Option<ClientChange> {
        None
    }
}

pub(super) struct User;

#[derive(Args)]
pub(super) struct NewUser {
    /// The email address, which no other user of the organization has
    #[arg(long)]
    email: String,
    /// What the user may do in the organization
    #[arg(long, value_parser = roles())]
    role: Role,
}

#[derive(Args)]
pub(super) struct UserChange {
    /// What the user may do in the organization from now on
    #[arg(long, value_parser = roles())]
    role: Option<Role>,
}

impl Kind for User {
    const KIND: PrincipalKind = PrincipalKind::User;
    const WORD: &'static str = "user";
    const NOUN: &'static str = "user";
    const ADD: &'static str = "Add a user to an organization";
    const ADD_EXAMPLES: &'static str = "\
Example:
  daypass user add --name \"Ada Lovelace\" --email ada@example.com --role developer";
    const LIST: &'static str = "List the users of an organization, oldest first: id, role, name, email address";
    const LIST_EXAMPLES: &'static str = "\
Example:
  daypass user list --organization org_6kIYBmP8S3Ww0GAfX2B6sw";
    const SHOW: &'static str = "Show a user: id, role, name, email address";
    const SHOW_EXAMPLES: &'static str = "\
Example:
  daypass user show usr_6kIYBmP8S3Ww0GAfX2B6sw";
    const EDIT: &'static str = "Edit a user: the name, the role";
    const EDIT_LONG: &'static str = "Edit a user: the name, the role\n\n\
        A lower role takes effect at once: the user's tokens that grant more than it may keep are revoked, after a \
        question that tells their number. Of tokens that are not personal, the scopes of Daypass decide.";
    const EDIT_EXAMPLES: &'static str = "\
Examples:
  daypass user edit usr_6kIYBmP8S3Ww0GAfX2B6sw --name \"Ada King\"
  daypass user edit usr_6kIYBmP8S3Ww0GAfX2B6sw --role viewer --yes";
    const REMOVE: &'static str = "Remove a user from an organization, and revoke the user's tokens";
    const REMOVE_LONG: &'static str = "Remove a user from an organization, and revoke the user's tokens\n\n\
        All tokens that belong to the user are revoked, and with them all that was made from them. There is no way back. \
        The same person can be added again, as another user.";
    const REMOVE_EXAMPLES: &'static str = "\
Examples:
  daypass user remove usr_6kIYBmP8S3Ww0GAfX2B6sw
  daypass user remove usr_6kIYBmP8S3Ww0GAfX2B6sw --yes";
    const NOTHING: &'static str = "give the user a --name or a --role";
    type New = NewUser;
    type Change = UserChange;

    fn email_and_role(new: &NewUser) -> (Option<String>, Option<Role>) {
        (Some(new.email.clone()), Some(new.role))
    }

    fn new_role(change: &UserChange) -> Option<Role> {
        change.role
    }
}

/// No options beside those of every kind.
#[derive(Args)]
pub(super) struct NoMore {}

pub(super) struct ServiceAccount;

impl Kind for ServiceAccount {
    const KIND: PrincipalKind = PrincipalKind::ServiceAccount;
    const WORD: &'static str = "service-account";
    const NOUN: &'static str = "service account";
    const ADD: &'static str = "Add a service account: a program of the organization, such as its website or backend";
    const ADD_EXAMPLES: &'static str = "\
Example:
  daypass service-account add --name \"Web shop\"";
    const LIST: &'static str = "List the service accounts of an organization, oldest first";
    const LIST_EXAMPLES: &'static str = "\
Example:
  daypass service-account list --organization org_6kIYBmP8S3Ww0GAfX2B6sw";
    const SHOW: &'static str = "Show a service account";
    const SHOW_EXAMPLES: &'static str = "\
Example:
  daypass service-account show svc_6kIYBmP8S3Ww0GAfX2B6sw";
    const EDIT: &'static str = "Rename a service account";
    const EDIT_LONG: &'static str = "Rename a service account; its id and its tokens stay";
    const EDIT_EXAMPLES: &'static str = "\
Example:
  daypass service-account edit svc_6kIYBmP8S3Ww0GAfX2B6sw --name \"Web shop\"";
    const REMOVE: &'static str = "Remove a service account, and revoke its tokens";
    const REMOVE_LONG: &'static str = "Remove a service account, and revoke its tokens\n\n\
        All tokens that belong to it are revoked, and with them all that was made from them. There is no way back.";
    const REMOVE_EXAMPLES: &'static str = "\
Examples:
  daypass service-account remove svc_6kIYBmP8S3Ww0GAfX2B6sw
  daypass service-account remove svc_6kIYBmP8S3Ww0GAfX2B6sw --yes";
    const NOTHING: &'static str = "give the service account a --name";
    type New = NoMore;
    type Change = NoMore;

    fn email_and_role(_: &NoMore) -> (Option<String>, Option<Role>) {
        (None, None)
    }

    fn new_role(_: &NoMore) -> Option<Role> {
        None
    }
}

pub(super) struct Application;

impl Kind for Application {
    const KIND: PrincipalKind = PrincipalKind::Application;
    const WORD: &'static str = "application";
    const NOUN: &'static str = "application";
    const ADD: &'static str = "Add an application: a program of a partner, or one that many organizations use";
    const ADD_EXAMPLES: &'static str = "\
Examples:
  daypass application add --name Partner
  daypass application add --name App --public --redirect-uri com.example:/cb --scope floor:export";
    const LIST: &'static str = "List the applications of an organization, oldest first";
    const LIST_EXAMPLES: &'static str = "\
Example:
  daypass application list --organization org_6kIYBmP8S3Ww0GAfX2B6sw";
    const SHOW: &'static str = "Show an application, and the OAuth client that it is";
    const SHOW_EXAMPLES: &'static str = "\
Example:
  daypass application show app_6kIYBmP8S3Ww0GAfX2B6sw";
    const EDIT: &'static str = "Edit an application: the name, the OAuth client that it is";
    const EDIT_LONG: &'static str = "Edit an application: the name, the OAuth client that it is\n\n\
        Its id and its tokens stay. Options of the OAuth client replace the earlier ones: name all redirect URIs or all \
        scopes to change one.\n\n\
        With --no-client the application is an OAuth client no more: what users let it have ends at once, after a question \
        that tells how much that is.";
    const EDIT_EXAMPLES: &'static str = "\
Examples:
  daypass application edit app_6kIYBmP8S3Ww0GAfX2B6sw --name Partner
  daypass application edit app_6kIYBmP8S3Ww0GAfX2B6sw --redirect-uri https://app.example.com/cb
  daypass application edit app_6kIYBmP8S3Ww0GAfX2B6sw --no-client --yes";
    const REMOVE: &'static str = "Remove an application, and revoke its tokens";
    const REMOVE_LONG: &'static str = "Remove an application, and revoke its tokens\n\n\
        All tokens that belong to it are revoked, and with them all that was made from them. There is no way back.";
    const REMOVE_EXAMPLES: &'static str = "\
Examples:
  daypass application remove app_6kIYBmP8S3Ww0GAfX2B6sw
  daypass application remove app_6kIYBmP8S3Ww0GAfX2B6sw --yes";
    const NOTHING: &'static str = "give the application a --name, or options of an OAuth client";
    type New = ClientOptions;
    type Change = ClientChange;

    fn email_and_role(_: &ClientOptions) -> (Option<String>, Option<Role>) {
        (None, None)
    }

    fn new_role(_: &ClientChange) -> Option<Role> {
        None
    }

    fn new_client(new: ClientOptions) -> Option<ClientOptions> {
        Some(new)
    }

    fn client_change(change: ClientChange) -> Option<ClientChange> {
        Some(change)
    }
}

/// Reads a role.
fn roles() -> impl TypedValueParser<Value = Role> {
    let names = Role::ALL.map(|role| {
        let help = match role {
            Role::Viewer => "Reads lists and details, and has the product's publishable scopes",
            Role::Developer => "Creates, edits and revokes tokens with the product's scopes too",
            Role::Admin => "Manages users, service accounts and applications too, but no owners",
            Role::Owner => "Does everything in the organization",
        };
        PossibleValue::new(role.as_str()).help(help)
    });
    PossibleValuesParser::new(names)
        .try_map(|name| Role::ALL.into_iter().find(|role| role.as_str() == name).ok_or("expected a role"))
}
