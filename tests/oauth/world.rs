//! The running service with a user, two clients and the API: [`World`].

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use reqwest::header::{ORIGIN, SET_COOKIE};
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::person::Person;
use crate::{api, setting};

const PASSWORD: &str = "correct horse battery";
const SCOPES: [&str; 2] = ["floor:readPublic", "floor:readPrivate"];

/// A running service, and what the clients need of it. Dropping it stops the service.
pub(crate) struct World {
    pub(crate) issuer: String,
    pub(crate) api: String,
    pub(crate) person: Person,
    /// The `client_id` of the public client.
    pub(crate) public: String,
    /// The `client_id` and the secret of the confidential client.
    pub(crate) confidential: (String, String),
    /// The id and the text of the API's own token.
    pub(crate) introspector: (String, String),
    process: Child,
    _folder: TempDir,
}

impl World {
    /// Where answers to authorization requests go. Nothing listens there.
    pub(crate) const REDIRECT_URI: &str = "http://127.0.0.1/callback";

    pub(crate) async fn start() -> World {
        let folder = tempfile::tempdir().unwrap();
        let mut process = serve(&folder);
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let line: Value = serde_json::from_str(&line).unwrap();
        let [issuer, owner, organization] =
            ["listening", "ownerToken", "organization"].map(|name| line[name].as_str().unwrap().to_owned());
        let setup = Setup { http: Client::new(), issuer: issuer.clone(), owner, organization };
        let person = setup.person().await;
        let public = setup.client("Editor", false).await;
        let confidential = setup.client("Backend", true).await;
        let secret = setup
            .token(json!({"kind": "application", "name": "Secret", "owner": confidential, "scopes": SCOPES}))
            .await
            .1;
        let introspector = setup.token(json!({"kind": "secret", "name": "API", "scopes": ["token:introspect"]})).await;
        let api = api::start(&issuer, &setup.organization, introspector.1.parse().unwrap()).await;
        let confidential = (confidential, secret);
        World { issuer, api, person, public, confidential, introspector, process, _folder: folder }
    }

    /// Describes the world to a script.
    pub(crate) fn description(&self) -> Value {
        let client = |(id, secret): &(String, String)| json!({"id": id, "secret": secret});
        json!({
            "issuer": self.issuer,
            "api": self.api,
            "redirectUri": World::REDIRECT_URI,
            "publicClient": self.public,
            "confidentialClient": client(&self.confidential),
            "introspector": client(&self.introspector),
        })
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // It may have stopped already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn serve(folder: &TempDir) -> Child {
    let mut command = Command::new(setting("DAYPASS_SERVICE"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("DAYPASS_")) {
        command.env_remove(name);
    }
    command
        .args(["serve", "--json", "--listen", "127.0.0.1:0", "--store"])
        .arg(folder.path().join("daypass.db"))
        .stdout(Stdio::piped())
        .stderr(File::create(folder.path().join("log")).unwrap())
        .spawn()
        .unwrap()
}

/// The owner of the first organization, who prepares the world.
struct Setup {
    http: Client,
    issuer: String,
    owner: String,
    organization: String,
}

impl Setup {
    /// Adds a user who has accepted an invitation, and returns the signed-in person.
    async fn person(&self) -> Person {
        let principals = format!("/v2/organization/{}/principal", self.organization);
        let user = json!({"kind": "user", "name": "Ada", "email": "ada@example.com", "role": "developer"});
        let user = self.post(&principals, user).await;
        let invited = self.post(&format!("{principals}/{}/invitation", user["id"].as_str().unwrap()), json!({})).await;
        let (_, invitation) = invited["link"].as_str().unwrap().split_once('#').unwrap();
        let accept = json!({"invitation": invitation, "password": PASSWORD});
        let request = self.http.post(format!("{}/v2/invitation/accept", self.issuer)).header(ORIGIN, &self.issuer);
        let response = request.json(&accept).send().await.unwrap();
        let cookie = response.headers()[SET_COOKIE].to_str().unwrap();
        Person::new(&self.issuer, cookie.split(';').next().unwrap().to_owned())
    }

    /// Adds an application that is a client, and returns its `client_id`.
    async fn client(&self, name: &str, is_confidential: bool) -> String {
        let grant_types = [
            &["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:token-exchange"][..],
            if is_confidential { &["client_credentials"] } else { &[] },
        ];
        let client = json!({
            "confidential": is_confidential,
            "redirectUris": [World::REDIRECT_URI],
            "scopes": SCOPES,
            "grantTypes": grant_types.concat(),
        });
        let principals = format!("/v2/organization/{}/principal", self.organization);
        let application = self.post(&principals, json!({"kind": "application", "name": name})).await;
        let id = application["id"].as_str().unwrap();
        let request = self.http.put(format!("{}{principals}/{id}/oauth-client", self.issuer)).bearer_auth(&self.owner);
        expect(request.json(&client)).await["clientId"].as_str().unwrap().to_owned()
    }

    /// Creates a token, and returns its id and its text.
    async fn token(&self, token: Value) -> (String, String) {
        let created = self.post("/v2/access-token", token).await;
        let [id, text] = ["id", "token"].map(|name| created[name].as_str().unwrap().to_owned());
        (id, text)
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        expect(self.http.post(format!("{}{path}", self.issuer)).bearer_auth(&self.owner).json(&body)).await
    }
}

/// Sends a request that succeeds, and returns the JSON of the response.
async fn expect(request: RequestBuilder) -> Value {
    let response = request.send().await.unwrap();
    let (url, status) = (response.url().path().to_owned(), response.status());
    let body: Value = response.json().await.unwrap();
    assert!(status.is_success(), "{url}: {status} {}", body["message"]);
    body
}
