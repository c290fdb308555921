//! The document as a page, without scripts: [`render`].

use std::fmt::Write;

use serde_json::Value;

use super::super::page::escape;
use super::type_text::type_of;

/// The methods, in the order of the page.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// Returns the page of a document. Its paths are relative, so that a proxy may put the service below a path.
pub(super) fn render(document: &Value) -> String {
    let info = &document["info"];
    let tags = || document["tags"].as_array().into_iter().flatten().filter_map(|tag| tag["name"].as_str());
    let menu: String = tags().map(|tag| menu_of(document, tag)).collect();
    let parts: String = tags().map(|tag| part(document, tag)).collect();
    let schemas = document["components"]["schemas"].as_object().into_iter().flatten();
    let types: String = schemas.map(|(name, schema)| named_type(name, schema)).collect();
    let schemes = document["components"]["securitySchemes"].as_object().into_iter().flatten();
    let schemes: String = schemes.map(|(name, scheme)| security_scheme(name, scheme)).collect();
    format!(
        include_str!("../../../pages/api.html"),
        title = text(&info["title"]),
        version = text(&info["version"]),
        introduction = markdown(&info["description"]),
        menu = menu,
        parts = parts,
        types = types,
        schemes = schemes,
    )
}

fn text(value: &Value) -> String {
    escape(value.as_str().unwrap_or_default())
}

/// Returns the operations of a tag, each as its method, its path and itself.
fn operations<'a>(document: &'a Value, tag: &str) -> Vec<(&'a str, &'a str, &'a Value)> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let all = paths.flat_map(|(path, item)| METHODS.map(|method| (method, path.as_str(), &item[method])));
    all.filter(|(_, _, operation)| operation["tags"][0] == tag).collect()
}

fn anchor(tag: &str) -> String {
    tag.to_lowercase().replace(' ', "-")
}

fn menu_of(document: &Value, tag: &str) -> String {
    let item = |(_, _, operation): (_, _, &Value)| {
        format!("<li><a href=\"#{}\">{}</a></li>\n", text(&operation["operationId"]), text(&operation["summary"]))
    };
    let items: String = operations(document, tag).into_iter().map(item).collect();
    format!("<li><a href=\"#{}\">{}</a>\n<ul>\n{items}</ul></li>\n", anchor(tag), escape(tag))
}

fn part(document: &Value, tag: &str) -> String {
    let tags = document["tags"].as_array().into_iter().flatten();
    let description = tags.filter(|known| known["name"] == tag).map(|known| markdown(&known["description"]));
    let description: String = description.collect();
    let operations: String = operations(document, tag).into_iter().map(operation).collect();
    let (anchor, tag) = (anchor(tag), escape(tag));
    format!(
        "<section aria-labelledby=\"{anchor}\">\n<h2 id=\"{anchor}\">{tag}</h2>\n{description}{operations}</section>\n"
    )
}

fn operation((method, path, operation): (&str, &str, &Value)) -> String {
    let mut html = format!(
        "<article id=\"{id}\">\n<h3>{summary}</h3>\n\
         <p class=\"path\"><b class=\"{method}\">{name}</b> <code>{path}</code></p>\n",
        id = text(&operation["operationId"]),
        summary = text(&operation["summary"]),
        name = method.to_uppercase(),
        path = breakable(path),
    );
    html += &markdown(&operation["description"]);
    let parameters: String = operation["parameters"].as_array().into_iter().flatten().map(parameter).collect();
    add_list(&mut html, "Parameters", &parameters);
    for (media_type, content) in operation["requestBody"]["content"].as_object().into_iter().flatten() {
        let schema = &content["schema"];
        let _ = writeln!(html, "<h4>Body <small>{}</small></h4>", escape(media_type));
        html += &if schema["properties"].is_null() { format!("<p>{}</p>\n", type_of(schema)) } else { fields(schema) };
    }
    let (refused, done): (Vec<_>, Vec<_>) =
        operation["responses"].as_object().into_iter().flatten().partition(|(status, _)| is_error(status));
    add_list(&mut html, "Responses", &done.into_iter().map(response).collect::<String>());
    if !refused.is_empty() {
        let statuses: Vec<_> = refused.iter().map(|(status, _)| status.as_str()).collect();
        let responses: String = refused.iter().copied().map(response).collect();
        let _ = writeln!(
            html,
            "<details><summary>Errors: {}</summary>\n<dl>\n{responses}</dl></details>",
            escape(&statuses.join(", "))
        );
    }
    html + "</article>\n"
}

fn is_error(status: &str) -> bool {
    status.starts_with(['4', '5'])
}

fn add_list(html: &mut String, title: &str, rows: &str) {
    if !rows.is_empty() {
        let _ = writeln!(html, "<h4>{title}</h4>\n<dl>\n{rows}</dl>");
    }
}

fn parameter(parameter: &Value) -> String {
    let place = format!("in the {}", parameter["in"].as_str().unwrap_or_default());
    let notes = [place, type_of(&parameter["schema"])];
    row(&text(&parameter["name"]), &notes, parameter["required"] == true, &markdown(&parameter["description"]))
}

/// Returns the fields of an object.
fn fields(schema: &Value) -> String {
    let required = schema["required"].as_array();
    let is_required = |name: &str| required.is_some_and(|names| names.iter().any(|required| required == name));
    let properties = schema["properties"].as_object().into_iter().flatten();
    let field = |(name, field): (&String, &Value)| {
        row(&escape(name), &[type_of(field)], is_required(name), &markdown(&field["description"]))
    };
    format!("<dl>\n{}</dl>\n", properties.map(field).collect::<String>())
}

fn row(name: &str, notes: &[String], is_required: bool, description: &str) -> String {
    let required = if is_required { " · required" } else { "" };
    format!("<dt><code>{name}</code> <small>{}{required}</small></dt>\n<dd>{description}</dd>\n", notes.join(" · "))
}

fn response((status, response): (&String, &Value)) -> String {
    let contents = response["content"].as_object().into_iter().flatten();
    let content = |(media_type, content): (&String, &Value)| {
        let schema = &content["schema"];
        match media_type.as_str() {
            // Errors say what they are by their codes.
            "application/json" if is_error(status) => String::new(),
            "application/json" => type_of(schema),
            media_type => escape(media_type),
        }
    };
    let notes: Vec<_> = contents.map(content).filter(|note| !note.is_empty()).collect();
    let description = markdown(&response["description"]);
    format!("<dt><code>{status}</code> <small>{}</small></dt>\n<dd>{description}</dd>\n", notes.join(" · "))
}

fn named_type(name: &str, schema: &Value) -> String {
    let name = escape(name);
    let mut html = format!("<article id=\"type-{name}\">\n<h3><code>{name}</code></h3>\n");
    html += &markdown(&schema["description"]);
    if !schema["properties"].is_null() {
        html += &fields(schema);
    }
    let forms = ["oneOf", "anyOf"].into_iter().filter_map(|key| schema[key].as_array()).flatten();
    let forms: String = forms.map(form).collect();
    if !forms.is_empty() {
        let _ = writeln!(html, "<h4>One of</h4>\n<ul class=\"forms\">\n{forms}</ul>");
    } else if schema["properties"].is_null() {
        let _ = writeln!(html, "<p>{}</p>", type_of(schema));
    }
    html + "</article>\n"
}

fn form(form: &Value) -> String {
    let what = if form["properties"].is_null() { format!("<p>{}</p>\n", type_of(form)) } else { fields(form) };
    format!("<li>{}{what}</li>\n", markdown(&form["description"]))
}

fn security_scheme(name: &str, scheme: &Value) -> String {
    let place = match scheme["type"].as_str() {
        Some("http") => format!("<code>Authorization: {}</code>", text(&scheme["scheme"])),
        _ => format!("{} <code>{}</code>", text(&scheme["in"]), text(&scheme["name"])),
    };
    row(&escape(name), &[place], false, &markdown(&scheme["description"]))
}

/// Returns a path that may be broken after each `/`.
fn breakable(path: &str) -> String {
    escape(path).replace('/', "/<wbr>")
}

/// Returns Markdown as HTML: paragraphs, lists, and code.
fn markdown(value: &Value) -> String {
    let mut html = String::new();
    for paragraph in value.as_str().unwrap_or_default().split("\n\n").filter(|paragraph| !paragraph.is_empty()) {
        if paragraph.starts_with("- ") {
            let items = paragraph.lines().map(|line| line.strip_prefix("- ").unwrap_or(line));
            let items: String = items.map(|item| format!("<li>{}</li>\n", with_code(item))).collect();
            let _ = writeln!(html, "<ul>\n{items}</ul>");
        } else {
            let _ = writeln!(html, "<p>{}</p>", with_code(paragraph));
        }
    }
    html
}

/// Returns a text whose parts between backticks are code.
fn with_code(text: &str) -> String {
    let part = |(index, part): (usize, &str)| {
        if index % 2 == 1 { format!("<code>{}</code>", escape(part)) } else { escape(part) }
    };
    text.split('`').enumerate().map(part).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn markdown_becomes_html_and_nothing_else_does() {
        for (text, expected) in [
            ("A `code` & <b>.", "<p>A <code>code</code> &amp; &lt;b&gt;.</p>\n"),
            ("One.\n\n- a\n- `b`", "<p>One.</p>\n<ul>\n<li>a</li>\n<li><code>b</code></li>\n</ul>\n"),
            ("", ""),
        ] {
            assert_eq!(markdown(&json!(text)), expected);
        }
    }
}
