//! Nanoseconds of processor time of a decision, beside the limits and the peers, with Criterion.
//!
//! Every row is measured once in a round, and every second round runs backwards: rows that are compared are measured within
//! seconds of each other, and neither is always first. The ratio of two rows is the median of their ratios in the rounds.

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ED25519, ParsedPublicKey};
use axum::http::Request;
use axum::http::header::{HeaderName, ORIGIN, REFERER};
use base64ct::{Base64UrlUnpadded, Encoding};
use clap::Parser;
use criterion::{Bencher, Criterion};
use daypass::api::TokenRecord;
use daypass::verify::Verifier;
use daypass::{Grant, OriginPattern, TokenKind};
use daypass_bench::cpu_time::CpuTime;
use daypass_bench::fixture::{self, Issuer, SITE, Store, bearer, decide, requirement};
use daypass_bench::peers::{BiscuitAuth, JsonWebToken};
use daypass_bench::{Options, Results, node, write};

/// A page of [`SITE`], as browsers send `Referer` to another origin.
const PAGE: &str = "https://www.northlight.example/";

/// A row's name, and the function that runs its loop.
type Row = (String, Box<dyn Fn(&mut Bencher<'_, CpuTime>)>);

fn main() -> Result<()> {
    let options = Options::parse();
    let issuer = Issuer::new();
    let token = issuer.sign(&fixture::claims("tmp_1"));
    let mut rows = rows(&issuer, &token)?;

    let (rounds, time) = if options.quick { (3, 200) } else { (15, 400) };
    let folder = tempfile::tempdir()?;
    let mut criterion = Criterion::default()
        .with_measurement(CpuTime)
        .output_directory(folder.path())
        .without_plots()
        .sample_size(20)
        .nresamples(5_000)
        .warm_up_time(Duration::from_millis(time / 4))
        .measurement_time(Duration::from_millis(time));

    let mut results = Results::new();
    for round in 0..rounds {
        let group = format!("round {}", round + 1);
        for (row, run) in &rows {
            criterion.benchmark_group(&group).bench_function(row, run);
            results.entry(row.clone()).or_default().push(estimate(folder.path(), &group, row)?);
        }
        for (row, nanoseconds) in node::measure(&issuer, &token, options.quick)? {
            results.entry(row).or_default().push(nanoseconds);
        }
        rows.reverse();
    }
    write(&options, &results)
}

fn rows(issuer: &Issuer, token: &str) -> Result<Vec<Row>> {
    let jsonwebtoken = JsonWebToken::new(issuer)?;
    let biscuit = BiscuitAuth::new(&fixture::claims("tmp_1"))?;
    let ed25519 = ed25519(issuer, token)?;
    let (opaque, record) = fixture::opaque(TokenKind::Secret);
    let opaque_text = opaque.expose_secret().to_owned();
    let store = Store::from((opaque, record));
    let text = token.to_owned();

    let mut rows = vec![
        row("limit/ed25519", ed25519),
        decision("verify/jwt-cold", fixture::cold(issuer), token, None),
        row("peer/jsonwebtoken", move || jsonwebtoken.decode(black_box(&text)).is_ok()),
        row("peer/biscuit", move || biscuit.authorize().is_ok()),
        decision("verify/jwt-cached", fixture::cached(issuer, Store::default(), fixture::cache()), token, None),
        row("limit/sha256", || digest(&SHA256, black_box(&[b'x'; 52]))),
        decision("verify/opaque-cached", fixture::cached(issuer, store, fixture::cache()), &opaque_text, None),
    ];
    let reporting = fixture::reporting(fixture::cached(issuer, Store::default(), fixture::cache()));
    rows.push(decision("verify/jwt-reporting", reporting, token, Some(SITE)));
    let same = fixture::cached(issuer, Store::default(), fixture::cache());
    rows.push(decision("verify/jwt-origin", same, token, Some(SITE)));
    for count in [1, 10, 100] {
        rows.push(list_decision(
            &format!("verify/grants-{count}"),
            issuer,
            fixture::grants(count),
            fixture::origins(1),
        ));
        rows.push(list_decision(
            &format!("verify/origins-{count}"),
            issuer,
            fixture::grants(1),
            fixture::origins(count),
        ));
    }
    rows.push(page_decision("verify/origin", issuer, ORIGIN, SITE));
    rows.push(page_decision("verify/referer", issuer, REFERER, PAGE));
    Ok(rows)
}

/// Measures a decision for a page on an opaque token with these lists; a JWT with a hundred grants would be too long.
fn list_decision(name: &str, issuer: &Issuer, grants: Vec<Grant>, origins: Vec<OriginPattern>) -> Row {
    let (opaque, record) = fixture::opaque(TokenKind::Publishable);
    let token = opaque.expose_secret().to_owned();
    let store = Store::from((opaque, TokenRecord { grants, origins, ..record }));
    decision(name, fixture::cached(issuer, store, fixture::cache()), &token, Some(SITE))
}

/// Measures a decision on a publishable token by one header or another, which name the same page, as the layer reads them.
fn page_decision(name: &str, issuer: &Issuer, header: HeaderName, value: &'static str) -> Row {
    let (opaque, record) = fixture::opaque(TokenKind::Publishable);
    let uri = format!("/floor?pubtoken={}", opaque.expose_secret());
    let store = Store::from((opaque, TokenRecord { origins: fixture::origins(1), ..record }));
    let verifier = fixture::cached(issuer, store, fixture::cache());
    let request = Request::get(uri)
        .header(header, value)
        .header("sec-fetch-site", "cross-site")
        .header("sec-fetch-mode", "no-cors");
    let (parts, ()) = request.body(()).expect("a request").into_parts();
    let requirement = requirement();
    let run = move || decide(&verifier, &verifier.credentials(black_box(&parts)), black_box(&requirement));
    run();
    row(name, run)
}

fn row<T>(name: &str, run: impl Fn() -> T + 'static) -> Row {
    (name.to_owned(), Box::new(move |bencher| bencher.iter(&run)))
}

/// Measures a decision from the header's text to the access. The verifier has made the decision once before.
fn decision(name: &str, verifier: Verifier, token: &str, origin: Option<&'static str>) -> Row {
    let token = token.to_owned();
    let requirement = requirement();
    let run = move || {
        let credentials = match origin {
            Some(origin) => bearer(black_box(&token)).from_origin(black_box(origin)),
            None => bearer(black_box(&token)),
        };
        decide(&verifier, &credentials, black_box(&requirement))
    };
    run();
    row(name, run)
}

/// Verifies the same bytes as `verify/jwt-cold` with a parsed key and a decoded signature, and does nothing else.
fn ed25519(issuer: &Issuer, token: &str) -> Result<impl Fn() -> bool + use<>> {
    let key = ParsedPublicKey::new(&ED25519, issuer.public_key())?;
    let (input, signature) = token.rsplit_once('.').context("the token has three parts")?;
    let signature = Base64UrlUnpadded::decode_vec(signature).context("the signature is base64url")?;
    let input = input.to_owned();
    Ok(move || key.verify_sig(black_box(input.as_bytes()), black_box(&signature)).is_ok())
}

/// Returns Criterion's median in nanoseconds for the row just measured, from the file that Criterion writes.
fn estimate(folder: &Path, group: &str, row: &str) -> Result<f64> {
    let file = folder.join(group).join(row.replace('/', "_")).join("new/estimates.json");
    let text = fs::read(&file).with_context(|| format!("Criterion wrote no {}", file.display()))?;
    let estimates: serde_json::Value = serde_json::from_slice(&text)?;
    estimates["median"]["point_estimate"].as_f64().context("Criterion gave no median")
}
