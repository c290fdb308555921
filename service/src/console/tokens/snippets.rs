//! What a person can do at once with a new token: commands and code that are filled in.

use daypass::api::TokenRecord;
use daypass::{OriginPattern, TokenKind};

/// A piece of code with the token in it.
pub(super) struct Snippet {
    /// Where it runs.
    pub(super) title: &'static str,
    /// What it does.
    pub(super) note: &'static str,
    /// The code.
    pub(super) text: String,
}

/// The version of the SDK that the service offers.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Returns the snippets of a token that was just created, for a service at this URL.
pub(super) fn of(record: &TokenRecord, token: &str, issuer: &str) -> Vec<Snippet> {
    let issuer = issuer.trim_end_matches('/');
    match record.kind {
        TokenKind::Publishable => of_page(record, token, issuer),
        _ => of_backend(record, token, issuer),
    }
}

fn of_page(record: &TokenRecord, token: &str, issuer: &str) -> Vec<Snippet> {
    let origin = record.origins.first().map(example).unwrap_or_default();
    let request = format!("{issuer}/v2/access-token/self");
    vec![
        Snippet {
            title: "Browser",
            note: "In your page. Put the address of your product's API in.",
            text: format!(
                "<script type=\"module\">\n  import {{ connect }} from '{issuer}/sdk/{VERSION}/daypass.js';\n\n  \
                 const embed = await connect({{\n    api: 'https://api.example.com',\n    service: '{issuer}',\n    \
                 publishableToken: '{token}',\n  }});\n  const response = await embed.fetch('/');\n</script>"
            ),
        },
        Snippet {
            title: "curl",
            note: "What the token is, and whether a page of this origin may use it.",
            text: format!("curl {request} \\\n  -H 'Authorization: Bearer {token}' \\\n  -H 'Origin: {origin}'"),
        },
        Snippet {
            title: "Rust",
            note: "In a program that acts as a page does, with the crate reqwest.",
            text: format!(
                "let answer = reqwest::Client::new()\n    .get(\"{request}\")\n    .bearer_auth(\"{token}\")\n    \
                 .header(\"origin\", \"{origin}\")\n    .send()\n    .await?;\nprintln!(\"{{}}\", answer.text().await?);"
            ),
        },
        Snippet {
            title: "Node",
            note: "In a program that acts as a page does.",
            text: format!(
                "const answer = await fetch('{request}', {{\n  headers: {{ authorization: 'Bearer {token}', \
                 origin: '{origin}' }},\n}});\nconsole.log(await answer.json());"
            ),
        },
    ]
}

fn of_backend(record: &TokenRecord, token: &str, issuer: &str) -> Vec<Snippet> {
    let scopes: Vec<_> = record.grants.iter().flat_map(|grant| grant.scopes.iter()).collect();
    // A page gets no scopes of Daypass.
    let scope = scopes.iter().find(|scope| !scope.is_of_daypass()).map(|scope| scope.as_str());
    let Some(scope) = scope.filter(|_| record.kind == TokenKind::Secret) else { return of_program(token, issuer) };
    let request = format!("{issuer}/v2/temporary-access-token/create");
    vec![
        Snippet {
            title: "curl",
            note: "A temporary token for one visitor.",
            text: format!(
                "curl {request} \\\n  -H 'Authorization: Bearer {token}' \\\n  --json '{{\"scopes\":[\"{scope}\"]}}'"
            ),
        },
        Snippet {
            title: "Browser",
            note: "A secret token never goes to a browser. The page asks your backend, at a path of yours.",
            text: format!(
                "import {{ connect }} from '{issuer}/sdk/{VERSION}/daypass.js';\n\nconst embed = await connect({{\n  \
                 api: 'https://api.example.com',\n  provider: '/token',\n  scopes: ['{scope}'],\n}});"
            ),
        },
        Snippet {
            title: "Rust",
            note: "In your backend, with the crate reqwest: a temporary token for one visitor.",
            text: format!(
                "let answer = reqwest::Client::new()\n    .post(\"{request}\")\n    .bearer_auth(\"{token}\")\n    \
                 .json(&serde_json::json!({{\"scopes\": [\"{scope}\"]}}))\n    .send()\n    .await?;"
            ),
        },
        Snippet {
            title: "Node",
            note: "In your backend: a temporary token for one visitor.",
            text: format!(
                "const answer = await fetch('{request}', {{\n  method: 'POST',\n  headers: {{\n    authorization: \
                 'Bearer {token}',\n    'content-type': 'application/json',\n  }},\n  body: JSON.stringify({{ \
                 scopes: ['{scope}'] }}),\n}});"
            ),
        },
    ]
}

fn of_program(token: &str, issuer: &str) -> Vec<Snippet> {
    let request = format!("{issuer}/v2/access-token/self");
    vec![
        Snippet {
            title: "curl",
            note: "What the token is. Your product's API takes it in the same header.",
            text: format!("curl {request} \\\n  -H 'Authorization: Bearer {token}'"),
        },
        Snippet {
            title: "Rust",
            note: "In a program, with the crate reqwest.",
            text: format!(
                "let answer = reqwest::Client::new()\n    .get(\"{request}\")\n    .bearer_auth(\"{token}\")\n    \
                 .send()\n    .await?;\nprintln!(\"{{}}\", answer.text().await?);"
            ),
        },
        Snippet {
            title: "Node",
            note: "In a program.",
            text: format!(
                "const answer = await fetch('{request}', {{\n  headers: {{ authorization: 'Bearer {token}' }},\n}});\n\
                 console.log(await answer.json());"
            ),
        },
    ]
}

/// Returns an origin that a pattern matches.
fn example(pattern: &OriginPattern) -> String {
    let scheme = pattern.scheme().unwrap_or("https");
    let port = pattern.port().map(|port| format!(":{port}")).unwrap_or_default();
    match pattern.host() {
        "" => format!("{scheme}:"),
        host => format!("{scheme}://{}{port}", host.replace('*', "www")),
    }
}
