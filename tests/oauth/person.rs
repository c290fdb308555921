//! The person in front of a browser: [`Person`].

use reqwest::header::{COOKIE, LOCATION, ORIGIN};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, Url};

/// A person who is signed in at the service, and consents to whatever is asked.
pub(crate) struct Person {
    browser: Client,
    issuer: String,
    cookie: String,
}

impl Person {
    /// The person with this cookie of a session.
    pub(crate) fn new(issuer: &str, cookie: String) -> Person {
        let browser = Client::builder().redirect(Policy::none()).build().unwrap();
        Person { browser, issuer: issuer.to_owned(), cookie }
    }

    /// Opens an authorization URL, consents, and returns the URL to which the client is sent back.
    pub(crate) async fn visit(&self, url: &str) -> String {
        let mut url = Url::parse(url).unwrap();
        // The page of consent, and redirects between the service's own pages.
        for _ in 0..4 {
            let response = self.browser.get(url.clone()).header(COOKIE, &self.cookie).send().await.unwrap();
            let next = match location(&response) {
                Some(next) => url.join(&next).unwrap(),
                None => self.consent(&url, response).await,
            };
            if !next.as_str().starts_with(&format!("{}/", self.issuer)) {
                return next.into();
            }
            url = next;
        }
        panic!("the authorization went in a circle at {}", url.path());
    }

    /// Sends the form of the page of consent, and returns where the response leads.
    async fn consent(&self, url: &Url, page: Response) -> Url {
        assert_eq!(page.status(), 200, "{}", url.path());
        let html = page.text().await.unwrap();
        let form = Form::parse(&html);
        let request = self.browser.post(url.join(&form.action).unwrap()).header(COOKIE, &self.cookie);
        let response = request.header(ORIGIN, &self.issuer).form(&form.fields).send().await.unwrap();
        let next = location(&response).unwrap_or_else(|| panic!("consent was answered {}", response.status()));
        url.join(&next).unwrap()
    }
}

fn location(response: &Response) -> Option<String> {
    Some(response.headers().get(LOCATION)?.to_str().unwrap().to_owned())
}

/// The form of a page, as its button `Allow` sends it.
struct Form {
    action: String,
    fields: Vec<(String, String)>,
}

impl Form {
    fn parse(html: &str) -> Form {
        let start = html.find("<form").expect("the page has a form");
        let form = &html[start..start + html[start..].find("</form>").expect("the form ends")];
        let hidden = tags(form, "input").filter(|tag| attribute(tag, "type").as_deref() == Some("hidden"));
        let allow = form.split("<button").skip(1).find(|button| button.contains("Allow"));
        let fields = hidden.chain(allow).filter_map(|tag| Some((attribute(tag, "name")?, attribute(tag, "value")?)));
        Form { action: attribute(form, "action").unwrap_or_default(), fields: fields.collect() }
    }
}

fn tags<'a>(html: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    html.split('<').filter(move |tag| tag.starts_with(name)).map(|tag| tag.split('>').next().unwrap_or_default())
}

/// Returns an attribute of the first tag in a text.
fn attribute(html: &str, name: &str) -> Option<String> {
    let tag = html.trim_start_matches('<').split('>').next()?;
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    let text = rest.split('"').next()?;
    let text = text.replace("&quot;", "\"").replace("&#39;", "'").replace("&lt;", "<").replace("&gt;", ">");
    Some(text.replace("&amp;", "&"))
}
